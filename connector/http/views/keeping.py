"""Comparing with a peer, and the node's own keys."""

from __future__ import annotations

from connector.http.views.forms import Input, ReasonView, View


class ComparedView(View, frozen=True, kw_only=True):
    """What a comparison with a peer has found and done. Lists of ids: contracts that were released or are held, that
    came back, and negotiations and transfers that were ended. `supported` False: the peer cannot be compared with."""

    peer: str
    supported: bool
    contracts: int
    differences: tuple[ReasonView, ...]
    released: tuple[str, ...]
    held: tuple[str, ...]
    reinstated: tuple[str, ...]
    ended: tuple[str, ...]


class KeyView(View, frozen=True, kw_only=True):
    """A key by its thumbprint; `destroyed` is the instant from which it must not be used, None for one in use.

    `state`: `signs`, `next` (published, signs from `since` on), `published` (until `until`), `used`, `gone`.
    """

    name: str
    thumbprint: str
    destroyed: int | None
    state: str
    form: str
    since: int | None
    until: int | None


class Rotating(Input, frozen=True, kw_only=True):
    """How a key is followed by the next one. `revoke`: the old one is believed no more at once; `form` is P-256 or
    Ed25519, for keys that sign messages."""

    revoke: bool = False
    form: str = "P-256"
