"""What an endpoint of the management API is: a line of the route table, and a visit to it.

What lives here: the shapes that the table (`v1`), its runner (`management`) and its description (`openapi`) share. What
does not: any endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from connector.data.consuming.fetching import Fetching
from connector.data.consuming.following import Following
from connector.data.delivery.deliveries import Deliveries
from connector.data.silos.registry import Silos
from connector.http.exchange import Headers
from connector.http.views import Input
from connector.ports import Clock, Store
from connector.records import Right
from connector.sentences import Language
from connector.services.approval.approvals import Approvals
from connector.services.approval.frames import Frames
from connector.services.approval.proposals import Proposals
from connector.services.discovery import Discovery
from connector.services.edge.fleet import Fleet
from connector.services.federation.federation import Federation
from connector.services.federation.targets import Places
from connector.services.harvests import Harvests
from connector.services.life.contracts import Contracts
from connector.services.life.endings import Endings
from connector.services.life.renewals import Renewals
from connector.services.negotiations import Negotiations
from connector.services.notices import Notices
from connector.services.offers import Offers
from connector.services.operators import Operators
from connector.services.outbox import Outbox
from connector.services.peers import Peers
from connector.services.planes import RegisteredPlanes
from connector.services.policies.coverage import Coverage
from connector.services.policies.statements import Statements
from connector.services.policies.versions import Policies
from connector.services.portal import Portal
from connector.services.portraits import Portraits
from connector.services.proof.audit import Audit
from connector.services.proof.evidence import Evidence
from connector.services.proof.keyring import Keyring
from connector.services.proof.reconcile import Reconcile
from connector.services.quality import Qualities
from connector.services.region.comply import Compliance
from connector.services.region.countersigning import Countersigning
from connector.services.region.domain import Domain
from connector.services.region.members import Members
from connector.services.region.overview import Overview
from connector.services.region.revocation import Revocation
from connector.services.region.vouching import Vouching
from connector.services.saved import Saved
from connector.services.search import Search
from connector.services.silos import SiloRegister
from connector.services.subscriptions import Subscriptions
from connector.services.transfers import Transfers
from connector.services.trust.clearing import ClearingHouse
from connector.services.trust.continuing import Handovers
from connector.services.trust.descriptions import Descriptions
from connector.services.trust.explaining import Explaining
from connector.services.trust.joining import Joining
from connector.services.trust.looking import Looking
from connector.services.trust.regions import Regions
from connector.services.trust.succession import Successions
from connector.services.trust.vouched import Vouched
from connector.services.trust.wallet import Wallet
from connector.services.watch.figures import Figures
from connector.services.watch.happenings import Happenings
from connector.services.watch.probes import Probes
from connector.telemetry import Health, Metrics
from policies.model import Reason


class Examined(Protocol):
    """What was found wrong with the node, the first to mend first."""

    @property
    def findings(self) -> Sequence[Reason]: ...

    @property
    def running(self) -> bool: ...


class Examines(Protocol):
    """The doctor (`connector.doctor`)."""

    async def examine(self) -> Examined: ...


class RegionServices(Struct, frozen=True, kw_only=True):
    """A region that this node keeps."""

    members: Members
    vouching: Vouching
    revocation: Revocation
    overview: Overview
    domain: Domain


class TrustServices(Struct, frozen=True, kw_only=True):
    """What is about trust; `region` is None where this node keeps none."""

    clock: Clock
    regions: Regions
    vouched: Vouched
    joining: Joining
    explaining: Explaining
    wallet: Wallet
    region: RegionServices | None = None


class DescriptionServices(Struct, frozen=True, kw_only=True):
    """What this node describes of itself, and what others do; `compliance` is None where it keeps no region."""

    descriptions: Descriptions
    looking: Looking
    clearing: ClearingHouse
    compliance: Compliance | None = None


class Handing(Struct, frozen=True, kw_only=True):
    """Keys and names of others that have changed; `countersigning` is None where this node keeps no region."""

    handovers: Handovers
    successions: Successions
    countersigning: Countersigning | None = None


class CatalogServices(Struct, frozen=True, kw_only=True):
    """What is about catalogues: this node's own beside its offers, those of others, searching."""

    portraits: Portraits
    search: Search
    saved: Saved
    quality: Qualities
    federation: Federation
    places: Places
    portal: Portal
    harvests: Harvests


class Services(Struct, frozen=True, kw_only=True):
    """What the management API stands on. `words` gives this node's own fingerprint; `fleet` is None where this node
    keeps no region, and so has no devices."""

    did: str
    words: Callable[[], str]
    public_url: str
    version: str
    store: Store
    operators: Operators
    peers: Peers
    offers: Offers
    silos: Silos
    register: SiloRegister
    planes: RegisteredPlanes
    catalog: CatalogServices
    policies: Policies
    coverage: Coverage
    statements: Statements
    frames: Frames
    discovery: Discovery
    proposals: Proposals
    negotiations: Negotiations
    approvals: Approvals
    transfers: Transfers
    contracts: Contracts
    endings: Endings
    renewals: Renewals
    notices: Notices
    evidence: Evidence
    fetching: Fetching
    deliveries: Deliveries
    following: Following
    subscriptions: Subscriptions
    outbox: Outbox
    audit: Audit
    reconcile: Reconcile
    keyring: Keyring
    happenings: Happenings
    figures: Figures
    doctor: Examines
    probes: Probes
    health: Health
    metrics: Metrics
    trust: TrustServices
    fleet: Fleet | None
    handing: Handing
    describing: DescriptionServices


class Visit(Struct, frozen=True):
    """One request that has been read: by whom, in which language, with the path's values, body and query."""

    operator: str
    language: Language
    values: tuple[str, ...]
    body: Any
    query: Any
    headers: Headers


class Endpoint(Struct, frozen=True, kw_only=True):
    """A line of the table. `right` None is open to everybody; `answer` is a View, or a media type for other bodies.

    `serve` returns what `answer` says, or a whole `Response`.
    """

    method: str
    path: str
    right: Right | None
    about: str
    serve: Callable[[Visit], Awaitable[Any]]
    answer: Any = None
    body: type[Input] | None = None
    query: type[Input] | None = None
    status: int = 200
    also: Mapping[int, str] = {}
