"""Operators and peers."""

from __future__ import annotations

from collections.abc import Mapping

from connector.http.views.forms import Input, Name, ReasonView, Url, View
from connector.records import Right


class NewOperator(Input, frozen=True, kw_only=True):
    """A person who may use the management API."""

    name: Name
    role: Right


class OperatorView(View, frozen=True, kw_only=True):
    """An operator, without the credential."""

    name: str
    role: Right
    created: int


class IssuedOperator(View, frozen=True, kw_only=True):
    """A new operator with the credential, which is shown this once and kept nowhere."""

    name: str
    role: Right
    created: int
    token: str


class LookRequest(Input, frozen=True, kw_only=True):
    """A node's root URL, to see whose it is. `private` allows an address in a private network."""

    url: Url
    private: bool = False


class SightingView(View, frozen=True, kw_only=True):
    """Who answers at an address. `words` are to be compared with the peer by telephone before adding it."""

    id: str
    url: str
    base: str
    words: str
    keys: tuple[str, ...]


class NewPeer(Input, frozen=True, kw_only=True):
    """A peer to pin. With `words` the keys found must have this fingerprint, else it is refused. Without `pin` nothing
    is compared: a region that this node believes has to vouch for it.

    `facts` are what the operator states about the peer (left operand IRI -> values).
    """

    url: Url
    name: Name
    words: str | None = None
    private: bool = False
    facts: Mapping[str, tuple[str, ...]] = {}
    pin: bool = True


class PeerView(View, frozen=True, kw_only=True):
    """A peer. `pinned`: somebody has compared its keys; `region` is the title of the region that vouches for it, ""
    where none does; `barred` why nothing happens with it at the moment. `kept_out` is told where a peer was removed (it
    is from now on) or added (it was until now)."""

    id: str
    name: str
    url: str
    base: str
    words: str
    private: bool
    facts: Mapping[str, tuple[str, ...]]
    added: int
    added_by: str
    pinned: bool
    region: str
    barred: ReasonView | None
    kept_out: bool = False


class BarredView(View, frozen=True, kw_only=True):
    """Somebody who was removed and is kept out until it is added again, whatever a region says of it."""

    id: str
    name: str
    url: str
    at: int
    by: str
