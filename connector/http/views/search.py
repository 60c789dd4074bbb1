"""Searching the catalogues of others, saved searches, how good what this node shows of itself is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, ReasonView, View

_Text = Annotated[str, Meta(max_length=1000)]


class SearchFor(Input, frozen=True, kw_only=True):
    """What somebody looks for; empty parts ask for nothing, lists are divided by commas.

    `near` is latitude and longitude, `within` a distance from there (`20km`), `box` west, south, east, north. `place`:
    official keys (AGS, ARS), NUTS codes, names of states and towns. `theme`: codes or names. `licence`: codes, or
    `open`. `peer`: names or DIDs, `own` for this node. `since`: what has changed since a day, or in so long (`7d`).
    `purpose` and `used_at`: what the data are for and where; `mine`: only what this node could use. `fresh`: only what
    is as new as it promises to be; `hvd`: only high-value datasets.
    """

    words: _Text = ""
    near: _Text = ""
    within: _Text = ""
    box: _Text = ""
    place: _Text = ""
    theme: _Text = ""
    format: _Text = ""
    licence: _Text = ""
    peer: _Text = ""
    since: _Text = ""
    purpose: _Text = ""
    used_at: _Text = ""
    mine: bool = False
    fresh: bool = False
    hvd: bool = False
    order: Literal["fitting", "newest", "nearest"] = "fitting"


class SearchQuery(SearchFor, frozen=True, kw_only=True):
    """A page of what fits a question; `why`: how many are shown of what could not be used, with `mine`."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: _Text = ""
    facets: bool = True
    why: Annotated[int, Meta(ge=0, le=100)] = 0


class RunQuery(Input, frozen=True, kw_only=True):
    """A page of what a saved search finds."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: _Text = ""


class SeenQuery(Input, frozen=True, kw_only=True):
    """Which dataset: its id, and whose it is where several have it; `purpose` as in a search."""

    id: Iri
    peer: _Text = ""
    purpose: _Text = ""


class NewSearch(Input, frozen=True, kw_only=True):
    """A question to be asked again and again."""

    name: Name
    query: SearchFor


class UsableView(View, frozen=True, kw_only=True):
    """Could this node use it under these terms? `why` is the one reason that is counted, `reasons` say it in detail;
    `given` what the provider has to state as well; from when and until when."""

    usable: bool
    why: ReasonView | None
    reasons: tuple[ReasonView, ...]
    given: tuple[ReasonView, ...]
    begins: int | None
    ends: int | None


class HitView(View, frozen=True, kw_only=True):
    """A dataset that was found, as it was last `seen`, with the offer that comes nearest to being usable. `peer` is
    whose it is, `peer_name` what operators call it; `late`: by how many seconds it is older than promised, None where
    nothing is promised; `terms` in one sentence; `use` is None for what is this node's own; `metres` from the point
    that was asked about; `faults`: what was wrong with it as it came."""

    id: str
    title: str
    description: str
    peer: str
    peer_name: str
    own: bool
    themes: tuple[str, ...]
    formats: tuple[str, ...]
    licence: str
    access: str
    places: tuple[str, ...]
    modified: int | None
    frequency: str
    late: float | None
    seen: int
    changed: int
    origin: str
    via: str
    trust: str
    score: int
    metres: float | None
    terms: str
    understood: bool
    use: UsableView | None
    offer: str
    offers: int
    faults: tuple[ReasonView, ...]


class WhyView(View, frozen=True, kw_only=True):
    """A reason, and how often it was met."""

    why: ReasonView
    count: int


class OthersView(View, frozen=True, kw_only=True):
    """What fits the question too but could not be used: how many, of how many the reasons were counted (`looked`), and
    as many of them as were wanted."""

    total: int
    looked: int
    reasons: tuple[WhyView, ...]
    items: tuple[HitView, ...]


class ReachView(View, frozen=True, kw_only=True):
    """Whose catalogues were searched: how many, how many of them did not answer lately, and of these when the longest
    silent one last did."""

    catalogs: int
    silent: int
    oldest: int | None


class SearchView(View, frozen=True, kw_only=True):
    """One page of hits; `next` goes into `after`. `total` is counted up to a bound (`capped`: there are more); `facets`
    by kind and value; `also`: words that were looked for besides; `unjudged`: kinds of terms that were too many to be
    looked at, and count as not usable; `names`: what operators call the participants in `facets`."""

    items: tuple[HitView, ...]
    next: str
    total: int
    capped: bool
    facets: Mapping[str, Mapping[str, int]]
    also: tuple[str, ...]
    reach: ReachView
    others: OthersView | None
    unjudged: int
    names: Mapping[str, str]


class SeenOfferView(View, frozen=True, kw_only=True):
    """An offer of a dataset, in sentences, with what this node could do with it; `reason`: why it is not understood."""

    id: str
    sentences: tuple[str, ...]
    reason: ReasonView | None
    use: UsableView


class KnownView(View, frozen=True, kw_only=True):
    """A dataset as it was last seen: `metadata` in the words of `catalog.model`, without what it does not say."""

    id: str
    peer: str
    peer_name: str
    metadata: Mapping[str, Any]
    formats: tuple[str, ...]
    offers: tuple[SeenOfferView, ...]
    late: float | None
    seen: int
    changed: int
    origin: str
    via: str
    trust: str
    score: int
    faults: tuple[ReasonView, ...]


class SavedView(View, frozen=True, kw_only=True):
    """A saved search: what it asks, since when, and when something new was last found."""

    name: str
    query: Mapping[str, Any]
    created: int
    created_by: str
    asked: int | None


class BrokenView(View, frozen=True, kw_only=True):
    """An address that does not answer: why, since when, when it was last looked at."""

    address: str
    why: ReasonView | None
    since: int | None
    at: int


class QualityView(View, frozen=True, kw_only=True):
    """How good the description of an asset is: `score` of 100 and what would help most (`mends`); `violations` are
    reasons for which portals refuse it. `late`: by how many seconds a promised update is over, `due` when it was.
    `shown`: portals see it. Of its `addresses` so many were `looked` at, where that is switched on (`probing`)."""

    asset: str
    name: str
    title: str
    score: int
    mends: tuple[ReasonView, ...]
    violations: int
    warnings: int
    frequency: str
    modified: int | None
    due: int | None
    late: float
    shown: bool
    probing: bool
    addresses: int
    looked: int
    broken: tuple[BrokenView, ...]
