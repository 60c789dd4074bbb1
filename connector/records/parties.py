"""Participants and people: who is known here, and who works at this node.

What does not live here: whether somebody is believed (`connector.services.trust`), the regions that vouch (`trust`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from connector.protocol.messages import JsonObject
from policies.model import Reason


class Vouch(Struct, frozen=True, kw_only=True):
    """That the credentials of a participant were judged, and what came of it.

    `region` is the DID of the issuer that vouches ("" where none does), `checked` when it was judged, `until` the
    instant from which it has to be judged again: nothing is done with the participant before that has happened. `facts`
    are what the credentials say of it (left operand IRI -> values), `scopes` what the region is believed for,
    `refused` why it is not trusted any more; `proved` is False where that is because what it has shown proves nothing
    (a signature, an end, a list of revocations), `shown` when the credentials were last shown.
    """

    region: str
    checked: int
    until: int
    facts: Mapping[str, tuple[str, ...]] = {}
    scopes: tuple[str, ...] = ()
    refused: Reason | None = None
    proved: bool = True
    shown: int = 0


class Participant(Struct, frozen=True, kw_only=True):
    """A peer that an operator has added, or that a trusted region vouches for. `id` is its DID.

    `url` is its root, `base` the DSP endpoint below it; `keys` are its public JWKs by key id as pinned, `tokens` the
    ids of those that may sign message tokens; `words` is the fingerprint of the pinned keys as words. `private` allows
    addresses in private networks for this peer. `facts` are what the operator states about it (left operand IRI ->
    values). `document` is the SHA-256 of its DID document as it was pinned (`SeenDocument`); `signs` the instant of its
    first signed message, 0 where none came yet: from then on an unsigned one is refused. `notices` is where it takes
    notices about contracts, "" where it takes none. `pinned`: an operator has compared its keys; else `vouch` says who
    vouches for it, and until when that is known. `credentials` is where it shows credentials, "" where nowhere.
    `changed` is why nothing may happen with it until a person has looked: its keys are others, and nobody vouched for
    the change. `seen` is when its document was last had. `change` is the number of the last change of its keys that
    counted here.
    """

    id: str
    name: str
    url: str
    base: str
    keys: Mapping[str, JsonObject]
    words: str
    added: int
    added_by: str
    tokens: tuple[str, ...] = ()
    private: bool = False
    facts: Mapping[str, tuple[str, ...]] = {}
    document: str = ""
    signs: int = 0
    notices: str = ""
    pinned: bool = True
    vouch: Vouch | None = None
    credentials: str = ""
    changed: Reason | None = None
    seen: int = 0
    change: int = 0

    def barred(self, now: int) -> Reason | None:
        """Why nothing may happen with it at `now`; None where it is pinned, or vouched for."""
        if self.changed is not None or self.pinned:
            return self.changed
        if self.vouch is None:
            return Reason("trust.unknown", {"peer": self.id})
        if self.vouch.refused is not None:
            return self.vouch.refused
        return Reason("trust.lapsed", {"peer": self.id}) if now >= self.vouch.until else None

    def shown(self, now: int) -> Mapping[str, tuple[str, ...]]:
        """What its credentials say of it (left operand IRI -> values), as long as that stands."""
        vouch = self.vouch
        return {} if vouch is None or vouch.refused is not None or now >= vouch.until else vouch.facts

    def proved(self, now: int) -> frozenset[str]:
        """The left operands that its credentials speak of, and no operator here has spoken of instead."""
        return frozenset(self.shown(now)) - self.facts.keys()

    def may(self, scope: str) -> bool:
        """Is it believed for `scope` (`catalog`, `negotiate`)? Whoever was pinned is for all."""
        return self.pinned or (self.vouch is not None and scope in self.vouch.scopes)


class Barred(Struct, frozen=True, kw_only=True):
    """Somebody whom an operator has removed although a region vouches, or may come to vouch, for it: it stays out until
    an operator adds it again. `id` is its DID; `keys` and `tokens` are those that it was known by, as in `Participant`,
    so that its calls are refused for what they are and nobody is asked about them."""

    id: str
    name: str
    url: str
    keys: Mapping[str, JsonObject]
    tokens: tuple[str, ...]
    at: int
    by: str


class Handover(Struct, frozen=True, kw_only=True):
    """A participant going on under another DID: `id` is the old one, `successor` the new. `state` is `proposed`,
    `agreed` or `declined`; `statement` is what was signed, `ours`: it is this node that moves."""

    id: str
    successor: str
    state: str
    statement: str
    at: int
    ours: bool = False
    decided_by: str = ""


class Right(StrEnum):
    """Roles of an operator, from the narrowest up."""

    AUDITOR = "auditor"
    APPROVER = "approver"
    STEWARD = "steward"
    ADMIN = "admin"


class Operator(Struct, frozen=True, kw_only=True):
    """A person at the management API. `id` is the name; `token_hash` is SHA-256 of the credential, in hex."""

    id: str
    role: Right
    token_hash: str
    created: int
