"""What is shared, and a peer's catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, ReasonView, Text, View
from connector.records import Outside


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


class ApprovalRule(Input, frozen=True, kw_only=True):
    """Who has to agree to a contract: with `frame` (a frame contract's name) nobody where it covers the peer; else
    `persons` people, none of whom has drafted the terms, within `days`."""

    persons: Annotated[int, Meta(ge=1, le=9)] = 1
    frame: Name | None = None
    days: Annotated[float, Meta(gt=0, le=366)] = 14.0


class NewOffer(Input, frozen=True, kw_only=True):
    """Publish an asset under a policy. `outside`: what a request outside these terms is answered with; `bounds`: a
    policy in the short form, within which such a request is first answered with what comes closest to it; `received`:
    the contract under which the data came here, whose terms for passing on then have to be kept."""

    asset: Name
    policy: Annotated[str, Meta(min_length=1, max_length=80)]
    outside: Outside = Outside.COUNTER
    approval: ApprovalRule = ApprovalRule()
    bounds: Annotated[str, Meta(max_length=100_000)] = ""
    received: Annotated[str, Meta(max_length=200)] = ""


class OfferView(View, frozen=True, kw_only=True):
    """A published offer. `asset` is the dataset's IRI, `policy` the version in force (`name@version`), `replaces` the
    offer whose next `version` it is."""

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
    approval: ApprovalRule
    version: int
    replaces: str | None
    bounds: str
    received: str


class SendOffer(Input, frozen=True, kw_only=True):
    """Send an offer to a peer (name or DID) without being asked."""

    peer: Iri


class TermsView(View, frozen=True, kw_only=True):
    """An offer in a peer's catalogue, as rules and as sentences (or the reason why it is not understood)."""

    id: str
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    reason: ReasonView | None = None


class AskableField(View, frozen=True, kw_only=True):
    """A field that leaves, and what stands in it."""

    name: str
    type: str


class AskableView(View, frozen=True, kw_only=True):
    """What can be asked of a dataset with rows, as its provider says: `fields` that leave under one of the offers,
    those that tell rows apart, when and where a row is, in which system (`crs`); `formats` and `parameters` of
    questions. `live`: rows can be had as they come."""

    fields: tuple[AskableField, ...] = ()
    key: tuple[str, ...] = ()
    time: str = ""
    geometry: str = ""
    crs: str = ""
    formats: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    live: bool = False


class DatasetView(View, frozen=True, kw_only=True):
    """A dataset in a peer's catalogue; `rows` where the provider says which there are."""

    id: str
    title: str
    description: str
    formats: tuple[str, ...]
    offers: tuple[TermsView, ...]
    rows: AskableView | None = None
