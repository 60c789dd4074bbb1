"""What a node keeps: frozen Structs, one per thing. Processes (`Negotiation`, `Transfer`) are in `connector.protocol`.

What lives here: the shape of stored things. What does not: how they are stored (`connector.store`), who may change them
(`connector.services`). Instants are microseconds UTC. `INDEXED` names, per record, the attributes that the store can
find it by; every record is found by its `id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from connector.protocol.messages import JsonObject
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from policies.model import Reason


class Participant(Struct, frozen=True, kw_only=True):
    """A peer that an operator has added, with its pinned key. `id` is its DID.

    `url` is its root, `base` the DSP endpoint below it; `keys` are its public JWKs by key id as pinned, `tokens` the
    ids of those that may sign message tokens; `words` is the fingerprint of the pinned keys as words. `private` allows
    addresses in private networks for this peer. `facts` are what the operator states about it (left operand IRI ->
    values).
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


class Asset(Struct, frozen=True, kw_only=True):
    """Something that can be shared. `id` is the dataset's IRI; `kind` names the source, `settings` are its own."""

    id: str
    name: str
    title: str
    kind: str
    settings: Mapping[str, Any]
    created: int
    created_by: str
    description: str = ""
    media_type: str = "application/octet-stream"


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """One version of a named policy; `id` is `name@version`, `document` the rules in the DSP form."""

    id: str
    name: str
    version: int
    document: JsonObject
    created: int
    created_by: str


class Outside(StrEnum):
    """What the owner wants where a request lies outside the published terms."""

    COUNTER = "counter"
    ASK = "ask"
    REFUSE = "refuse"


class PublishedOffer(Struct, frozen=True, kw_only=True):
    """An asset under a policy, as published. `id` is the offer's IRI, `document` the offer as in the catalogue."""

    id: str
    asset: str
    policy: str
    outside: Outside
    document: JsonObject
    published: int
    published_by: str
    retired: int | None = None
    live: bool = True


class Agreement(Struct, frozen=True, kw_only=True):
    """A contract in force or past. `hash` is SHA-256 over RFC 8785 of the agreement object as it went over the wire.

    `message` holds the exact bytes of the ContractAgreementMessage.
    """

    id: str
    negotiation: str
    role: str
    peer: str
    dataset: str
    document: JsonObject
    message: bytes
    hash: str
    concluded: int
    in_force: bool = True
    ended: Reason | None = None


class Endpoint(Struct, frozen=True, kw_only=True):
    """Consumer side: where the data of a transfer is to be had. `id` is the transfer's pid; `secret` is sealed."""

    id: str
    url: str
    kind: str
    secret: bytes


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message in the outbox. `id` is `pid#version`, unique; `process` is `negotiation` or `transfer`; `first` marks
    the one whose answer tells the peer's pid.

    How often it was tried, and why in vain, is known to the running outbox alone.
    """

    id: str
    peer: str
    process: str
    pid: str
    move: str
    kind: str
    url: str
    body: bytes
    created: int
    first: bool = False


class Answer(Struct, frozen=True):
    """What a peer's message was answered with; kept so that a byte-identical repeat gets the same."""

    status: int
    body: bytes


class Entry(Struct, frozen=True, kw_only=True):
    """One audit entry before it is numbered: what happened, by whom, with plain string parameters.

    `actor` is an operator's name, a peer's DID or `node`.
    """

    event: str
    actor: str
    params: Mapping[str, str] = {}


class Written(Struct, frozen=True, kw_only=True):
    """What the bytes of an audit entry say, as JSON."""

    at: int
    event: str
    actor: str
    params: Mapping[str, str] = {}


class Logged(Struct, frozen=True, kw_only=True):
    """An audit entry as kept: its leaf index, instant, exact bytes, salt and leaf hash (RFC 9162, 2.1)."""

    index: int
    at: int
    body: bytes
    salt: bytes
    leaf: bytes


class Head(Struct, frozen=True, kw_only=True):
    """A signed tree head: C2SP checkpoint text with its note signature. `id` is the origin, a DID.

    `shown` is kept of a peer's heads: the latest end of a token that brought one. A smaller head under an older token
    is no contradiction, it was only late.
    """

    id: str
    size: int
    root: bytes
    at: int
    note: str
    shown: int = 0


INDEXED: Mapping[type[Struct], tuple[str, ...]] = {
    Negotiation: ("peer", "peer_pid", "state", "role", "dataset", "updated"),
    Transfer: ("peer", "peer_pid", "state", "role", "agreement", "updated"),
    Participant: ("name",),
    Operator: ("token_hash",),
    Asset: ("name",),
    PolicyVersion: ("name", "version"),
    PublishedOffer: ("asset", "policy", "live"),
    Agreement: ("negotiation", "peer", "role", "dataset", "in_force", "concluded"),
    Endpoint: (),
    Outgoing: ("peer", "pid"),
    Head: (),
}
"""Every kept kind and what it is found by."""
