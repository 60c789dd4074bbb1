"""Rows as they come, and subscriptions to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Iri, ReasonView, View
from connector.http.views.queries import PageQuery

Text = Annotated[str, Meta(max_length=8192)]


class WatchQuery(Input, frozen=True, kw_only=True):
    """What is to be watched, by the names of OGC API - Features; `after` is the mark behind which to begin. Purpose,
    place and what else the access states are as for fetching."""

    member: str = ""
    after: Annotated[str, Meta(max_length=400_000)] = ""
    properties: Text = ""
    filter: Text = ""
    datetime: Text = ""
    bbox: Text = ""
    resolution: Text = ""
    limit: Annotated[int, Meta(ge=1)] | None = None
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""


class SubscriptionQuery(PageQuery, frozen=True, kw_only=True):
    """Which subscriptions to list."""

    state: str | None = None


class NewSubscription(Input, frozen=True, kw_only=True):
    """Put what comes under a contract (id or unique tail) `into` a sink, `KIND:TARGET` or a URL; `settings` are further
    ones of the sink, with references to secrets and never a secret."""

    contract: Iri
    into: Text
    settings: Mapping[str, str] = {}
    properties: Text = ""
    filter: Text = ""
    bbox: Text = ""
    resolution: Text = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""


class SubscriptionView(View, frozen=True, kw_only=True):
    """A subscription: `rows` were put in `batches`; `gaps` is how often rows may be missing; `moved` is when something
    was put last; `reason` is why nothing comes now, or why it has ended."""

    id: str
    contract: str
    peer: str
    into: str
    settings: Mapping[str, Any]
    state: str
    rows: int
    batches: int
    gaps: int
    moved: int | None
    created: int
    created_by: str
    reason: ReasonView | None
