"""Whom this node believes, and what it shows of itself.

What does not live here: what it hands out as a region (`region`), the verdict on a participant (`parties.Vouch`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from connector.protocol.messages import JsonObject
from policies.model import Reason


class Region(Struct, frozen=True, kw_only=True):
    """An issuer of credentials that this node believes. `id` is its DID.

    `types` are the credential types that it is believed for, `scopes` what its members may do here (`catalog`,
    `negotiate`). `keys` are its public keys by key id as they were when they were accepted, `words` their fingerprint.
    `root` is the root certificate of its trust domain as PEM, "" where it has none. `private` lets its members have
    addresses in private networks. `vouched_by` is the DID of the region on whose word it is believed, "" where an
    operator has decided it, and `until` the instant at which that word ends. `vouches`: its own word about other
    regions is believed too. `own`: this node is a member. `change` is as in `Participant`.
    """

    id: str
    name: str
    title: str
    url: str
    words: str
    added: int
    added_by: str
    keys: Mapping[str, JsonObject] = {}
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    root: str = ""
    private: bool = False
    vouched_by: str = ""
    vouches: bool = False
    own: bool = False
    changed: Reason | None = None
    until: int | None = None
    change: int = 0


class Presented(Struct, frozen=True, kw_only=True):
    """The credentials that a participant has shown, as verified; `id` is its DID. Kept so that a region's list of
    revocations can be asked again without asking the participant. `tokens` are the signed credentials, `at` when they
    were shown, `until` the earliest end among them."""

    id: str
    tokens: tuple[str, ...]
    at: int
    until: int


class StatusCopy(Struct, frozen=True, kw_only=True):
    """The last good list of revocations of an issuer, as it is signed. `id` is its purpose and its URL."""

    id: str
    token: str
    at: int


class HeldCredential(Struct, frozen=True, kw_only=True):
    """A credential that this node holds and shows. `id` is the credential's own id; `token` the signed credential,
    `kind` its type, `profile` its form and kind of status list, `request` our pid of what it was asked for with.
    `revoked` is when it was found to be revoked or suspended: it is shown to nobody then."""

    id: str
    kind: str
    issuer: str
    profile: str
    token: str
    received: int
    begins: int
    ends: int
    request: str = ""
    revoked: int | None = None


class Wish(Struct, frozen=True, kw_only=True):
    """Holder's side: a request for credentials under way. `id` is our pid of it, `process` the issuer's.

    `state` is `open`, `issued` or `rejected`. `private` allows the issuer an address in a private network; `asked` is
    when the issuer has taken the request, None where it has not.
    """

    id: str
    issuer: str
    kinds: tuple[str, ...]
    state: str
    created: int
    process: str = ""
    code: str = ""
    rejected: str = ""
    private: bool = False
    asked: int | None = None


class Particulars(Struct, frozen=True, kw_only=True):
    """What an operator has said of the participant behind this node, for its descriptions; `id` is always `own`.

    `register` says which register `number` is of (`catalog.descriptions.description.Register`), both empty for what a
    membership credential says. `terms` is where the terms of service are and `terms_hash` the SHA-256 of that document
    in hex, both empty for this node's own. `published`: the descriptions are shown to everybody, and kept up to date.
    """

    id: str
    name: str = ""
    description: str = ""
    country: str = "DE"
    region: str = ""
    locality: str = ""
    postcode: str = ""
    street: str = ""
    register: str = ""
    number: str = ""
    terms: str = ""
    terms_hash: str = ""
    published: bool = False
    changed: int = 0
    changed_by: str = ""


class Description(Struct, frozen=True, kw_only=True):
    """A self-description of this node or another member, as published: `id` is its URL, `token` the signed credential,
    `about` what it is about."""

    id: str
    kind: str
    about: str
    token: str
    issued: int
    ends: int
    issuer: str = ""
