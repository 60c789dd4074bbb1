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

    def may(self, scope: str) -> bool:
        """Is it believed for `scope` (`catalog`, `negotiate`)? Whoever was pinned is for all."""
        return self.pinned or (self.vouch is not None and scope in self.vouch.scopes)


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


class Approval(Struct, frozen=True, kw_only=True):
    """Who has to agree before an offer binds. With `frame` (the name of a `Frame`) it binds at once for the frame's
    parties; everybody else waits for `persons` people, none of whom has drafted the terms, for `days` at most."""

    persons: int = 1
    frame: str | None = None
    days: float = 14.0


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
    approval: Approval = Approval()


class Frame(Struct, frozen=True, kw_only=True):
    """A frame contract between institutions, on paper: what lets a node bind itself at once. `id` is its short name.

    `hash` is the SHA-256 of the signed document in hex. `parties` are the DIDs it covers; `anybody` where it is a
    decision to share with all (open data). `until` is the instant from which it carries nothing new.
    """

    id: str
    title: str
    file_number: str
    hash: str
    signatories: tuple[str, ...]
    added: int
    added_by: str
    parties: tuple[str, ...] = ()
    anybody: bool = False
    until: int | None = None
    retired: int | None = None


class Vote(Struct, frozen=True, kw_only=True):
    """What one person decided about a question, with the reason given."""

    operator: str
    approves: bool
    at: int
    reason: str = ""


class Ask(StrEnum):
    """What people are asked for: to agree as the provider, to accept a provider's offer, to let our request go out."""

    AGREE = "agree"
    ACCEPT = "accept"
    REQUEST = "request"


class QuestionState(StrEnum):
    """Where a question stands; all but `open` are final. `void`: the negotiation has moved on to something else."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    LATE = "late"
    VOID = "void"


class Question(Struct, frozen=True, kw_only=True):
    """Terms that people have to decide about. `id` is the negotiation's pid; `terms` the hash of what is asked, so that
    votes never count for other terms.

    `drafted_by` are the operators whose own words the terms are; they have no vote. `reminded` counts reminders.
    `draft` are the words of a request that has not gone out yet.
    """

    id: str
    ask: Ask
    state: QuestionState
    terms: str
    needed: int
    asked: int
    deadline: int
    drafted_by: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    reminded: int = 0
    draft: JsonObject | None = None


class Agreement(Struct, frozen=True, kw_only=True):
    """A contract in force or past. `hash` is SHA-256 over RFC 8785 of the agreement object as it went over the wire.

    `message` holds the exact bytes of the ContractAgreementMessage. `held` is why nothing may happen under it although
    it stands (a person has to look first). `expires` is the instant from which its terms permit nothing any more, None
    where they have no end; `ends` an earlier end that is certain, and `ending` why. `asked` is a notice of ours about
    its end that waits for the other side, `proposed` one of theirs that waits for our people. `replaces` and `replaced`
    are the contracts before and after it where it was amended or renewed, `amending` the negotiation that is to do so.
    `warned` counts the warnings of its end. `closed` is when it ended, with `ended` as the reason. `named` and `own`
    are the DIDs under which the other side and we stand in it, "" where these are `peer` and this node: a contract goes
    on with a successor and keeps its text.
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
    held: Reason | None = None
    ends: int | None = None
    replaces: str = ""
    replaced: str = ""
    warned: int = 0
    expires: int | None = None
    ending: Reason | None = None
    asked: str = ""
    proposed: str = ""
    amending: str = ""
    closed: int | None = None
    named: str = ""
    own: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """Something that one node tells another about a contract or a negotiation, outside the protocol's two machines.

    `about` is the agreement's id, or the receiver's pid of the negotiation. `state` is `open` (not delivered yet),
    `told` (the peer has it), `answered`, `undeliverable` (given up) or `unsupported` (the peer takes no notices).
    `answer` holds the exact bytes of the peer's answer.
    """

    id: str
    peer: str
    about: str
    kind: str
    params: Mapping[str, str]
    ours: bool
    state: str
    created: int
    settled: int | None = None
    answer: bytes = b""


class Signed(Struct, frozen=True, kw_only=True):
    """A message of a negotiation as it went over the wire, with the fields that its signature covers (RFC 9421).

    `id` is `pid#n`, `process` our pid. `headers` are the covered fields, Signature-Input and Signature; empty where the
    message was not signed. `document` is the SHA-256 of the signer's DID document as then seen (`SeenDocument`).
    """

    id: str
    process: str
    sender: str
    kind: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    document: str
    at: int


class SeenDocument(Struct, frozen=True, kw_only=True):
    """A DID document as it was seen: `id` is the SHA-256 of its exact bytes, in hex."""

    id: str
    did: str
    body: bytes
    at: int


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


class Particulars(Struct, frozen=True, kw_only=True):
    """What an operator has said of the participant behind this node, for its descriptions; `id` is always `own`.

    `register` says which register `number` is of (`catalog.description.Register`), both empty for what a membership
    credential says. `terms` is where the terms of service are and `terms_hash` the SHA-256 of that document in hex, both
    empty for this node's own. `published`: the descriptions are shown to everybody, and kept up to date.
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


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a reader of the audit log has come: `id` names the reader, `index` is the last leaf that it has done."""

    id: str
    index: int


class Generation(Struct, frozen=True, kw_only=True):
    """The log going on from an older state of itself, after a restore. `id` is `number` with leading zeros.

    `size` and `note` are the head that it goes on from ("" where the log was empty), `at` when it was restored, and
    `backup` when the backup was made, both microseconds UTC.
    """

    id: str
    number: int
    size: int
    note: str
    at: int
    backup: int


class Reconciliation(Struct, frozen=True, kw_only=True):
    """How far a comparison with a peer has come; `id` is the peer's DID.

    `state` is `open` (after a restore: nothing is done with this peer before), `done`, or `unsupported` (the peer
    cannot be asked). `differences` are what was found the last time, at the instant `at`.
    """

    id: str
    state: str
    at: int
    differences: tuple[Reason, ...] = ()


class Tombstone(Struct, frozen=True, kw_only=True):
    """A key that has been destroyed and must never be used again; `owner` is whose it was. `id` is its thumbprint, of a
    peer's key behind the peer's DID and a space."""

    id: str
    owner: str
    name: str
    at: int


class Endpoint(Struct, frozen=True, kw_only=True):
    """Consumer side: where the data of a transfer is to be had. `id` is the transfer's pid; `secret` is sealed."""

    id: str
    url: str
    kind: str
    secret: bytes


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message in the outbox. `id` is `pid#version`, unique; `process` is `negotiation`, `transfer` or `notice`;
    `first` marks the one whose answer tells the peer's pid.

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
    is no contradiction, it was only late. `generation` is that of a peer's log, 0 for the first; the last head of each
    older one is kept under the DID, a space and its generation.
    """

    id: str
    size: int
    root: bytes
    at: int
    note: str
    shown: int = 0
    generation: int = 0


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
    Frame: (),
    Question: ("state",),
    Notice: ("peer", "about", "state"),
    Signed: ("process",),
    SeenDocument: ("did",),
    Cursor: (),
    Generation: (),
    Reconciliation: ("state",),
    Tombstone: ("owner",),
    Presented: (),
    StatusCopy: (),
    Region: ("name",),
    HeldCredential: ("kind", "issuer"),
    Wish: ("issuer", "state"),
    Invite: ("code",),
    Member: ("name", "state"),
    Neighbour: (),
    Issuance: ("holder", "delivered"),
    Issued: ("holder", "place"),
    Certificate: ("member", "key"),
    Revocations: ("region",),
    Description: ("about", "kind"),
    Particulars: (),
    Handover: ("successor", "state"),
}
"""Every kept kind and what it is found by."""
