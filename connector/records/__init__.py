"""What a node keeps: frozen Structs, one per thing. Processes (`Negotiation`, `Transfer`) are in `connector.protocol`.

What lives here: the shape of stored things, a module per subject, and every name of them. What does not: how they are
stored (`connector.store`), who may change them (`connector.services`). Instants are microseconds UTC. `INDEXED` names,
per record, the attributes that the store can find it by; every record is found by its `id`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from connector.protocol.dataflow import DataFlow
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records.catalog import CatalogMark, CatalogPlace, Harvest, Listing, Portrait, SavedSearch
from connector.records.contracts import Agreement, Ask, Endpoint, Question, QuestionState, Vote
from connector.records.edge import Device, DeviceKey, DeviceRelease, Sending
from connector.records.egress import Cells, Pseudonyms, Release
from connector.records.flows import Delivery, Reception, Subscription, TokenUse
from connector.records.log import Cursor, Entry, Generation, Head, Logged, Written
from connector.records.mail import Answer, Notice, Outgoing
from connector.records.parties import Barred, Handover, Operator, Participant, Right, Vouch
from connector.records.proof import Reconciliation, SeenDocument, Signed, Tombstone
from connector.records.readings import DeviceReadings, ReadingFile, ReadingLog
from connector.records.region import Certificate, Invite, Issuance, Issued, Member, Neighbour, Revocations, TakenBack
from connector.records.sharing import (
    Approval,
    Asset,
    Frame,
    Outside,
    PolicyVersion,
    PublishedOffer,
    Sanction,
    Silo,
    Statement,
)
from connector.records.signaling import Due, Flow, Plane
from connector.records.trust import Description, HeldCredential, Particulars, Presented, Region, StatusCopy, Wish

__all__ = [
    "INDEXED",
    "Agreement",
    "Answer",
    "Approval",
    "Ask",
    "Asset",
    "Barred",
    "CatalogMark",
    "CatalogPlace",
    "Cells",
    "Certificate",
    "Cursor",
    "Delivery",
    "Description",
    "Device",
    "DeviceKey",
    "DeviceReadings",
    "DeviceRelease",
    "Due",
    "Endpoint",
    "Entry",
    "Flow",
    "Frame",
    "Generation",
    "Handover",
    "Harvest",
    "Head",
    "HeldCredential",
    "Invite",
    "Issuance",
    "Issued",
    "Listing",
    "Logged",
    "Member",
    "Neighbour",
    "Notice",
    "Operator",
    "Outgoing",
    "Outside",
    "Participant",
    "Particulars",
    "Plane",
    "PolicyVersion",
    "Portrait",
    "Presented",
    "Pseudonyms",
    "PublishedOffer",
    "Question",
    "QuestionState",
    "ReadingFile",
    "ReadingLog",
    "Reception",
    "Reconciliation",
    "Region",
    "Release",
    "Revocations",
    "Right",
    "Sanction",
    "SavedSearch",
    "SeenDocument",
    "Sending",
    "Signed",
    "Silo",
    "Statement",
    "StatusCopy",
    "Subscription",
    "TakenBack",
    "TokenUse",
    "Tombstone",
    "Vote",
    "Vouch",
    "Wish",
    "Written",
]

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
    Barred: ("name",),
    Statement: (),
    Pseudonyms: (),
    Release: (),
    Cells: (),
    Silo: (),
    TokenUse: (),
    Delivery: ("state",),
    Reception: (),
    Subscription: ("contract", "state"),
    DeviceReadings: ("scope",),
    ReadingLog: ("scope",),
    Plane: (),
    Flow: ("waiting", "plane"),
    DataFlow: ("waiting", "plane", "process"),
    Device: ("name",),
    Sending: ("device",),
    Portrait: (),
    Listing: ("asset", "audience", "sequence", "until", "digest", "changed"),
    CatalogMark: (),
    Harvest: (),
    SavedSearch: (),
    CatalogPlace: (),
}
"""Every kept kind and what it is found by."""
