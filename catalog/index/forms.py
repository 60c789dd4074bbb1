"""What goes into the index and comes out of it: plain values, so that who fills it and who asks it know no SQL.

What lives here: entries, questions, hits. What does not: SQL (the other modules of this package).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from catalog.model import Box, Metadata


class Origin(StrEnum):
    """How an entry came here."""

    OWN = "own"
    DIRECT = "direct"
    BROKER = "broker"


class Trust(StrEnum):
    """What stands behind an entry: signed in a manifest of a participant that is trusted, told by one that is trusted,
    told by one for whom nobody vouches, or contradicting what the same participant has signed."""

    SIGNED = "signed"
    TOLD = "told"
    UNVOUCHED = "unvouched"
    DOUBTFUL = "doubtful"


class Terms(Struct, frozen=True):
    """One offer of an entry: its id, and the digest of what it says (`policies.canonical`) whoever offers it, by which
    equal terms are judged once. `document` is the offer as it was seen."""

    offer: str
    digest: str
    document: bytes


class Entry(Struct, frozen=True, kw_only=True):
    """A dataset as this node has seen it. `document` is the JSON as it came, `digest` the SHA-256 of its canonical form
    (RFC 8785), `participant` the DID of who offers it; instants are microseconds UTC."""

    id: str
    participant: str
    document: bytes
    digest: bytes
    metadata: Metadata
    terms: tuple[Terms, ...]
    seen: int
    changed: int
    origin: Origin = Origin.DIRECT
    via: str = ""
    """The broker that told of it."""
    trust: Trust = Trust.TOLD
    formats: tuple[str, ...] = ()
    """Of transfers (`HttpData-PULL`)."""
    score: int = 0
    """Completeness, 0 to 100 (`profile.score`)."""
    faults: tuple[str, ...] = ()
    """Codes of what was wrong with it: it was rendered harmless, or parts were left out."""
    restricted: bool = True
    """May it be told to others? Not where its terms say nothing of that."""


class Order(StrEnum):
    """What comes first."""

    FITTING = "fitting"
    NEWEST = "newest"
    NEAREST = "nearest"


class Query(Struct, frozen=True, kw_only=True):
    """What somebody looks for. Empty fields ask for nothing. `terms`: only entries with an offer of one of these
    digests. `now` is when it is asked: staleness is judged by it."""

    now: int
    words: str = ""
    box: Box | None = None
    near: tuple[float, float] | None = None
    """Latitude, longitude; with `within` in metres."""
    within: float = 0.0
    places: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    """Of files (`CSV`), not of transfers."""
    licences: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    changed_since: int | None = None
    seen_since: int | None = None
    fresh: bool = False
    """Only what is as new as its promised update interval says."""
    hvd: bool = False
    terms: frozenset[str] | None = None
    order: Order = Order.FITTING
    limit: int = 20
    after: str = ""
    """Opaque, from an earlier page."""
    facets: bool = True


class Hit(Struct, frozen=True, kw_only=True):
    """An entry that was found. `metres` from the point that was asked about, None where nobody asked or knows."""

    id: str
    participant: str
    title: str
    description: str
    themes: tuple[str, ...]
    formats: tuple[str, ...]
    licence: str
    access: str
    places: tuple[str, ...]
    modified: int | None
    frequency: str
    seen: int
    changed: int
    origin: Origin
    via: str
    trust: Trust
    terms: tuple[str, ...]
    score: int
    faults: tuple[str, ...]
    metres: float | None = None


class Found(Struct, frozen=True, kw_only=True):
    """One page of hits. `total` counts them all, up to a bound (`capped`); `facets` count, by kind and value."""

    hits: tuple[Hit, ...]
    total: int
    capped: bool
    facets: Mapping[str, Mapping[str, int]]
    next: str = ""
    also: tuple[str, ...] = ()
    """Words that were looked for besides (spellings, synonyms)."""


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of crawling one participant. `sequence` and `etag` are of its manifest ("" where it has none)."""

    participant: str
    url: str = ""
    sequence: int = 0
    etag: str = ""
    root: str = ""
    datasets: int = 0
    asked: int | None = None
    seen: int | None = None
    changed: int | None = None
    next: int = 0
    failures: int = 0
    reason: str = ""
    """The code of what went wrong last, "" where nothing did."""
    params: Mapping[str, str] = {}
    foreign: bool = False
    """Speaks no manifest: it is read page by page."""
