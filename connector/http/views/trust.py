"""Whom this node believes, joining a region, why a party is or is not trusted."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, ReasonView, Url, View
from connector.http.views.region import Kind

Names = Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=20)]


class LookAtRegion(Input, frozen=True, kw_only=True):
    """A region's root URL or DID, to see whose it is."""

    region: Iri
    private: bool = False


class ListedView(View, frozen=True, kw_only=True):
    """A member that a region names."""

    did: str
    name: str
    title: str
    url: str
    key: str


class RegionSightingView(View, frozen=True, kw_only=True):
    """Which region is at a place. `words` are to be compared with the region by telephone before it is believed;
    `types` are the credentials that it says it issues."""

    did: str
    title: str
    url: str
    words: str
    types: tuple[str, ...]
    members: tuple[ListedView, ...]


class NewTrust(Input, frozen=True, kw_only=True):
    """A region to believe, for these types of credentials and scopes; `vouches`: also about other regions."""

    region: Iri
    name: Name | None = None
    words: str | None = None
    types: Names = ("MembershipCredential",)
    scopes: Names = ("catalog", "negotiate")
    vouches: bool = False
    private: bool = False


class TrustView(View, frozen=True, kw_only=True):
    """A region that is believed. `vouched_by` is the name of the region on whose word, "" where an operator has decided
    it; `own`: this node is a member; `changed` why it is not believed at the moment."""

    did: str
    name: str
    title: str
    url: str
    words: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    private: bool
    vouches: bool
    vouched_by: str
    own: bool
    added: int
    added_by: str
    until: int | None
    changed: ReasonView | None


class NewJoin(Input, frozen=True, kw_only=True):
    """The region's root URL and the one-time code of an invitation; `private` allows an address in a private
    network."""

    url: Url
    code: Annotated[str, Meta(min_length=1, max_length=100)]
    private: bool = False


class JoinStepView(View, frozen=True, kw_only=True):
    """A step of joining, and whether it is done."""

    step: str
    done: bool
    sentence: str


class JoinView(View, frozen=True, kw_only=True):
    """How far joining has come; asked again, it goes on. `waiting` is why the next step is not done yet."""

    did: str
    name: str
    title: str
    steps: tuple[JoinStepView, ...]
    joined: bool
    waiting: ReasonView | None


class LinkView(View, frozen=True, kw_only=True):
    """A link of the chain: whether it holds, in words, and until when it does (None: no end)."""

    ok: bool
    code: str
    sentence: str
    ends: int | None


class ExplainedView(View, frozen=True, kw_only=True):
    """Why a party is or is not trusted. `how` is `self`, `pinned`, `vouched`, `barred` or `stranger`; `region` is
    the name of the region that vouches; `checked` when it was judged, `until` from when it has to be judged again."""

    did: str
    name: str
    trusted: bool
    how: str
    region: str
    links: tuple[LinkView, ...]
    checked: int | None
    until: int | None


class ExplainQuery(Input, frozen=True, kw_only=True):
    """`now`: ask everybody concerned again instead of telling what is known."""

    now: bool = False
