"""What the management API reads and writes: one Struct per body, and one per set of query parameters.

What lives here: the shapes. What does not: how a kept record becomes one (`showing`), who may ask (`management`), what
an act does (`connector.services`). No secret has a field here, but a credential that is shown once when issued.

Instants are integers of microseconds UTC. Names are what people type: `assets`, `policies` and `peers` are found by
name; negotiations, contracts and transfers by id or by a unique tail of at least eight characters. Unknown fields are
refused, so that a misspelt setting is never taken for an absent one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from connector.records import Outside, Right
from policies.terms import Terms

T = TypeVar("T")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="A short name")]
Text = Annotated[str, Meta(max_length=4000)]
Iri = Annotated[str, Meta(min_length=1, max_length=2048)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2048)]
Limit = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(ge=0, le=60)]


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body or the query of a request."""


class View(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """An answer."""


class Page(View, Generic[T], frozen=True, kw_only=True):
    """One page of a list; `next` goes into `after` for the following one."""

    items: tuple[T, ...]
    next: str | None = None


class ReasonView(View, frozen=True, kw_only=True):
    """Why: a stable code, its parameters, and a sentence in the reader's language (Accept-Language: de or en)."""

    code: str
    params: Mapping[str, str]
    sentence: str


class Problem(View, frozen=True, kw_only=True):
    """Why a request failed (RFC 9457 with the members `code`, `params`, `sentence`)."""

    status: int
    title: str
    code: str
    params: Mapping[str, str]
    sentence: str


# --- Queries ----------------------------------------------------------------------------------------------------------


class PageQuery(Input, frozen=True, kw_only=True):
    """Where a page begins and how long it is."""

    after: str = ""
    limit: Limit = 100


class ProcessQuery(PageQuery, frozen=True, kw_only=True):
    """Which processes to list."""

    state: str | None = None
    role: str | None = None
    peer: str | None = None


class WaitQuery(Input, frozen=True, kw_only=True):
    """Long poll: answer as soon as the record is newer than `version`, or after `wait` seconds as it is."""

    wait: Seconds = 0.0
    version: int | None = None


class CatalogQuery(Input, frozen=True, kw_only=True):
    """Where a page of a peer's catalogue begins."""

    after: str = ""


class DataQuery(Input, frozen=True, kw_only=True):
    """What to fetch: a member of a folder, and the purpose and place of use of this one access (IRIs)."""

    member: str = ""
    purpose: str | None = None
    spatial: str | None = None


class AuditQuery(Input, frozen=True, kw_only=True):
    """Audit entries behind a leaf index."""

    after: int = -1
    limit: Limit = 100


# --- The node ---------------------------------------------------------------------------------------------------------


class CheckView(View, frozen=True, kw_only=True):
    """One thing that is looked after; `reason` says what is wrong, None where it is well."""

    name: str
    reason: ReasonView | None = None


class HealthView(View, frozen=True, kw_only=True):
    """`ok` or `degraded`, and why."""

    status: str
    checks: tuple[CheckView, ...] = ()


class QueueView(View, frozen=True, kw_only=True):
    """A peer's outgoing messages: how many wait, since when (microseconds UTC), and why."""

    peer: str
    name: str | None
    waiting: int
    in_flight: int
    oldest: int | None
    attempts: int
    reason: ReasonView | None


class StatusView(View, frozen=True, kw_only=True):
    """The node at a glance."""

    id: str
    public_url: str
    version: str
    words: str
    health: HealthView
    outbox: tuple[QueueView, ...]
    counts: Mapping[str, int]


# --- Operators --------------------------------------------------------------------------------------------------------


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


# --- Peers ------------------------------------------------------------------------------------------------------------


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
    """A peer to pin. With `words` the keys found must have this fingerprint, else it is refused.

    `facts` are what the operator states about the peer (left operand IRI -> values).
    """

    url: Url
    name: Name
    words: str | None = None
    private: bool = False
    facts: Mapping[str, tuple[str, ...]] = {}


class PeerView(View, frozen=True, kw_only=True):
    """A pinned peer."""

    id: str
    name: str
    url: str
    base: str
    words: str
    private: bool
    facts: Mapping[str, tuple[str, ...]]
    added: int
    added_by: str


# --- Assets, policies, offers -----------------------------------------------------------------------------------------


class NewAsset(Input, frozen=True, kw_only=True):
    """Something to share. `kind` names the source (`file`, `folder`, `live` ...), `settings` are the source's own."""

    name: Name
    kind: Name
    settings: Mapping[str, Any] = {}
    title: Text = ""
    description: Text = ""
    media_type: Annotated[str, Meta(pattern=r"^[\w.+-]+/[\w.+-]+(;.*)?$", max_length=200)] = "application/octet-stream"


class AssetView(View, frozen=True, kw_only=True):
    """An asset; `id` is the dataset's IRI in the catalogue."""

    id: str
    name: str
    kind: str
    settings: Mapping[str, Any]
    title: str
    description: str
    media_type: str
    created: int
    created_by: str


class NewPolicy(Input, frozen=True, kw_only=True):
    """A policy: `terms` in the short form, or a whole `document` in the form of the protocol; one of the two."""

    name: Name
    terms: Terms | None = None
    document: Mapping[str, Any] | None = None


class PolicyView(View, frozen=True, kw_only=True):
    """One version of a policy, as rules and as sentences."""

    id: str
    name: str
    version: int
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    created: int
    created_by: str


class NewOffer(Input, frozen=True, kw_only=True):
    """Publish an asset under a policy. `outside`: what a request outside these terms is answered with."""

    asset: Name
    policy: Annotated[str, Meta(min_length=1, max_length=80)]
    outside: Outside = Outside.COUNTER


class OfferView(View, frozen=True, kw_only=True):
    """A published offer. `asset` is the dataset's IRI, `policy` the version in force (`name@version`)."""

    id: str
    asset: str
    policy: str
    outside: Outside
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    published: int
    published_by: str
    retired: int | None
    live: bool


class SendOffer(Input, frozen=True, kw_only=True):
    """Send an offer to a peer (name or DID) without being asked."""

    peer: Iri


# --- A peer's catalogue -----------------------------------------------------------------------------------------------


class TermsView(View, frozen=True, kw_only=True):
    """An offer in a peer's catalogue, as rules and as sentences (or the reason why it is not understood)."""

    id: str
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    reason: ReasonView | None = None


class DatasetView(View, frozen=True, kw_only=True):
    """A dataset in a peer's catalogue."""

    id: str
    title: str
    description: str
    formats: tuple[str, ...]
    offers: tuple[TermsView, ...]


# --- Negotiations -----------------------------------------------------------------------------------------------------


class NewNegotiation(Input, frozen=True, kw_only=True):
    """Ask a peer for a dataset.

    `offer` picks one of several offers by id. `terms` in the short form restates what is wanted; without it the offer
    is taken as it stands.
    """

    peer: Iri
    dataset: Iri
    offer: Iri | None = None
    terms: Terms | None = None


class CounterRequest(Input, frozen=True, kw_only=True):
    """Answer with other terms: `terms` in the short form restate what lies on the table."""

    terms: Terms


class Seen(Input, frozen=True, kw_only=True):
    """What a decision is about: the `version` that was looked at. Without it the newest is decided upon unseen."""

    version: int | None = None


class Ending(Input, frozen=True, kw_only=True):
    """Why a process is ended or suspended, for the peer to read."""

    reason: Annotated[str, Meta(max_length=500)] = ""


class Nothing(Input, frozen=True, kw_only=True):
    """An empty object."""


class DifferenceView(View, frozen=True, kw_only=True):
    """One way in which what was asked exceeds what is offered."""

    reason: ReasonView
    asked: str | None
    offered: str | None


class NegotiationView(View, frozen=True, kw_only=True):
    """A negotiation. `pending` is a move of ours that the peer has not acknowledged; `version` grows with each change.

    `asked` and `offered` are the two sides' last words, `differences` what lies between them; `contract` is the
    agreement's id once there is one. `ending` is a wish of ours to end it that waits for the pending move.
    """

    id: str
    peer: str
    peer_name: str | None
    peer_pid: str
    role: str
    state: str | None
    pending: str | None
    version: int
    dataset: str
    asked: Mapping[str, Any] | None
    offered: Mapping[str, Any] | None
    differences: tuple[DifferenceView, ...]
    contract: str | None
    reason: ReasonView | None
    ending: ReasonView | None
    created: int
    updated: int


# --- Contracts and transfers ------------------------------------------------------------------------------------------


class ContractView(View, frozen=True, kw_only=True):
    """An agreement. `hash` is SHA-256 over RFC 8785 of the agreement object; both sides hold the same."""

    id: str
    negotiation: str
    role: str
    peer: str
    peer_name: str | None
    dataset: str
    hash: str
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    concluded: int
    in_force: bool
    ended: ReasonView | None


class NewTransfer(Input, frozen=True, kw_only=True):
    """Ask for a transfer under a contract (id or unique tail)."""

    contract: Annotated[str, Meta(min_length=8, max_length=2048)]


class TransferView(View, frozen=True, kw_only=True):
    """A transfer; fields as in a negotiation."""

    id: str
    peer: str
    peer_name: str | None
    peer_pid: str
    role: str
    state: str | None
    pending: str | None
    version: int
    contract: str
    dataset: str
    format: str
    reason: ReasonView | None
    ending: ReasonView | None
    created: int
    updated: int


# --- Audit ------------------------------------------------------------------------------------------------------------


class EntryView(View, frozen=True, kw_only=True):
    """One audit entry: its leaf index and hash (hex), what happened, by whom, when."""

    index: int
    at: int
    event: str
    actor: str
    params: Mapping[str, str]
    leaf: str


class VerdictView(View, frozen=True, kw_only=True):
    """Whether the audit is whole: recomputed from the entries, against the own head and those that peers hold.

    `agreeing` are the peers whose kept head is borne out, `silent` those that could not be asked.
    """

    ok: bool
    entries: int
    root: str
    findings: tuple[ReasonView, ...]
    agreeing: tuple[str, ...]
    silent: tuple[str, ...]
