"""What a node keeps as a region: places, members, what was issued to them and taken back.

What does not live here: regions that this node believes (`trust.Region`).
"""

from __future__ import annotations

from msgspec import Struct


class Invite(Struct, frozen=True, kw_only=True):
    """Region's side: a place in the region that waits for its node or device. `id` is the short name of the place.

    `code` is the SHA-256 of the one-time code in hex, `role` is `node` or `device`, `key` the official municipality key
    (AGS or ARS), `did` who has used the code: nobody else can use it again. `listed`: everybody may see that it is a
    member.
    """

    id: str
    title: str
    role: str
    code: str
    created: int
    created_by: str
    until: int
    key: str = ""
    private: bool = False
    did: str = ""
    used: int | None = None
    listed: bool = True


class Member(Struct, frozen=True, kw_only=True):
    """Region's side: a participant or device of the region. `id` is its DID, or `urn:` name of a device.

    `state` is `active`, `suspended`, `left` or `stolen`; only an active one gets anything. `listed`: the region's
    public document names it while it is active.
    """

    id: str
    name: str
    title: str
    role: str
    state: str
    since: int
    key: str = ""
    private: bool = False
    reason: str = ""
    listed: bool = True


class Neighbour(Struct, frozen=True, kw_only=True):
    """Region's side: another region that this one vouches for. `id` is its DID; `token` is the signed credential that
    says so, for `types` of credentials and `scopes`."""

    id: str
    title: str
    url: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    token: str
    issued: int
    issued_by: str
    ends: int


class Issuance(Struct, frozen=True, kw_only=True):
    """Issuer's side: a request for credentials. `id` is our pid of it, `process` the holder's; `state` is `received`,
    `issued` or `rejected`; `delivered` is when the holder has taken what was issued. `kinds` are the ids of what was
    asked for, from the issuer's metadata, `credentials` those of what was issued for it, in the same order. `token` is
    what the holder wants to be shown on delivery, `private` allows it an address in a private network."""

    id: str
    holder: str
    process: str
    kinds: tuple[str, ...]
    state: str
    created: int
    token: str = ""
    delivered: int | None = None
    rejected: str = ""
    credentials: tuple[str, ...] = ()
    private: bool = False


class Issued(Struct, frozen=True, kw_only=True):
    """Issuer's side: a credential that was issued. `id` is the credential's own id; `place` its number in the status
    lists, `profile` its form. `revoked` is when it was taken back, `suspended` when it was paused, `offered` when its
    holder was offered the next one."""

    id: str
    holder: str
    kind: str
    profile: str
    place: int
    issued: int
    ends: int
    revoked: int | None = None
    suspended: int | None = None
    reason: str = ""
    offered: int | None = None


class Certificate(Struct, frozen=True, kw_only=True):
    """Region's side: an X.509 certificate that was issued. `id` is its serial number in hex, `member` whose it is,
    `profile` what it is for (`node`, `signing`, `device`), `key` the SHA-256 of its public key, `authority` is the name
    of who has signed it."""

    id: str
    member: str
    profile: str
    key: str
    issued: int
    ends: int
    pem: str
    authority: str = ""
    revoked: int | None = None
    reason: str = ""


class TakenBack(Struct, frozen=True, kw_only=True):
    """An entry of a list of revocations: serial number in hex, since when, until when the certificate would have
    counted, and why (`member.stolen`, `member.left`, `member.suspended` or an operator's own word)."""

    serial: str
    at: int
    ends: int
    reason: str


class Revocations(Struct, frozen=True, kw_only=True):
    """The latest list of revocations of an authority. `id` is the authority's name, made from its key; `body` the
    signed list. `region` is the DID of the region that it was had from, "" for a list of our own, of which `entries`
    say what stands in it. A number never comes twice."""

    id: str
    number: int
    made: int
    until: int
    body: bytes
    region: str = ""
    entries: tuple[TakenBack, ...] = ()
