"""What the management API reads and writes: one Struct per body, and one per set of query parameters.

What lives here: the shapes. What does not: how a kept record becomes one (`showing`), who may ask (`management`), what
an act does (`connector.services`). No secret has a field here, but a credential that is shown once when issued.

Instants are integers of microseconds UTC. Names are what people type: `assets`, `policies` and `peers` are found by
name; negotiations, contracts and transfers by id or by a unique tail of at least eight characters. Unknown fields are
refused, so that a misspelt setting is never taken for an absent one.
"""

from __future__ import annotations

from connector.http.views.audit import (
    EntryView,
    VerdictView,
)
from connector.http.views.contracts import (
    ContractView,
    NewTransfer,
    TransferView,
)
from connector.http.views.credentials import (
    CredentialView,
    IssuedView,
    NewRequest,
    OfferedView,
    RequestView,
    Revoking,
)
from connector.http.views.doctor import (
    ExaminedView,
    FindingView,
    ProbedView,
)
from connector.http.views.events import (
    EventsQuery,
    EventsView,
    EventView,
)
from connector.http.views.evidence import SignedView
from connector.http.views.forms import (
    Input,
    Iri,
    Limit,
    Name,
    Page,
    Problem,
    ReasonView,
    Seconds,
    Text,
    Url,
    View,
)
from connector.http.views.frames import (
    FrameView,
    NewFrame,
)
from connector.http.views.handover import (
    ComparedKeysView,
    ComparedWords,
)
from connector.http.views.keeping import (
    ComparedView,
    KeyView,
    Rotating,
)
from connector.http.views.lives import (
    Amendment,
    BegunView,
    Consenting,
    ContractQuery,
    EndContract,
    Holding,
    LifeView,
    NoticeView,
)
from connector.http.views.negotiations import (
    Approving,
    CounterRequest,
    Declining,
    DifferenceView,
    Ending,
    NegotiationView,
    NewNegotiation,
    Nothing,
    RoundView,
    VoteView,
    WaitingView,
)
from connector.http.views.node import (
    CheckView,
    HealthView,
    QueueView,
    StatusView,
)
from connector.http.views.offering import (
    ApprovalRule,
    AssetView,
    DatasetView,
    NewAsset,
    NewOffer,
    NewPolicy,
    OfferView,
    PolicyView,
    SendOffer,
    TermsView,
)
from connector.http.views.people import (
    IssuedOperator,
    LookRequest,
    NewOperator,
    NewPeer,
    OperatorView,
    PeerView,
    SightingView,
)
from connector.http.views.queries import (
    AuditQuery,
    CatalogQuery,
    DataQuery,
    NegotiationQuery,
    PageQuery,
    ProcessQuery,
    WaitQuery,
)
from connector.http.views.region import (
    InvitedView,
    InviteView,
    MemberView,
    MoveMember,
    NewInvite,
    NewVouch,
    RegionView,
    VouchView,
)
from connector.http.views.trust import (
    ExplainedView,
    ExplainQuery,
    JoinStepView,
    JoinView,
    LinkView,
    ListedView,
    LookAtRegion,
    NewJoin,
    NewTrust,
    RegionSightingView,
    TrustView,
)

__all__ = [
    "Amendment",
    "ApprovalRule",
    "Approving",
    "AssetView",
    "AuditQuery",
    "BegunView",
    "CatalogQuery",
    "CheckView",
    "ComparedKeysView",
    "ComparedView",
    "ComparedWords",
    "Consenting",
    "ContractQuery",
    "ContractView",
    "CounterRequest",
    "CredentialView",
    "DataQuery",
    "DatasetView",
    "Declining",
    "DifferenceView",
    "EndContract",
    "Ending",
    "EntryView",
    "EventView",
    "EventsQuery",
    "EventsView",
    "ExaminedView",
    "ExplainQuery",
    "ExplainedView",
    "FindingView",
    "FrameView",
    "HealthView",
    "Holding",
    "Input",
    "InviteView",
    "InvitedView",
    "Iri",
    "IssuedOperator",
    "IssuedView",
    "JoinStepView",
    "JoinView",
    "KeyView",
    "LifeView",
    "Limit",
    "LinkView",
    "ListedView",
    "LookAtRegion",
    "LookRequest",
    "MemberView",
    "MoveMember",
    "Name",
    "NegotiationQuery",
    "NegotiationView",
    "NewAsset",
    "NewFrame",
    "NewInvite",
    "NewJoin",
    "NewNegotiation",
    "NewOffer",
    "NewOperator",
    "NewPeer",
    "NewPolicy",
    "NewRequest",
    "NewTransfer",
    "NewTrust",
    "NewVouch",
    "Nothing",
    "NoticeView",
    "OfferView",
    "OfferedView",
    "OperatorView",
    "Page",
    "PageQuery",
    "PeerView",
    "PolicyView",
    "ProbedView",
    "Problem",
    "ProcessQuery",
    "QueueView",
    "ReasonView",
    "RegionSightingView",
    "RegionView",
    "RequestView",
    "Revoking",
    "Rotating",
    "RoundView",
    "Seconds",
    "SendOffer",
    "SightingView",
    "SignedView",
    "StatusView",
    "TermsView",
    "Text",
    "TransferView",
    "TrustView",
    "Url",
    "VerdictView",
    "View",
    "VoteView",
    "VouchView",
    "WaitQuery",
    "WaitingView",
]
