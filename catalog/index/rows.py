"""What the index keeps of an entry: what it is found by, taken from its metadata once, when it is written.

What lives here: rows, made of entries; bounds of what counts. What does not: SQL (`crawling`), the order of hits
(`ranking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, floor
from typing import Final

import msgspec
from msgspec import Struct

from catalog import geo
from catalog.index.forms import Entry, Trust
from catalog.index.words import spelled, stems
from catalog.model import Agent, Box, Metadata
from catalog.portal.file_types import file_type
from catalog.profile.completeness import freshness

TITLE, KEYS, BODY = 48, 160, 320
"""Different words that count of a title, of keywords and names, and of the rest."""
_TEXT: Final = 8_192
_NAME, _EACH = 256, 16
"""Signs of a value that entries are counted by, and how many of them count."""
MILLION: Final = 1_000_000
_FAR: Final = 1 << 62
TRUSTS: Final = tuple(Trust)

_THEMES: Final = {
    "AGRI": "Landwirtschaft Fischerei agriculture",
    "ECON": "Wirtschaft Finanzen economy finance",
    "EDUC": "Bildung Kultur Sport education",
    "ENER": "Energie energy",
    "ENVI": "Umwelt environment",
    "GOVE": "Regierung Verwaltung government",
    "HEAL": "Gesundheit health",
    "INTR": "Internationales international",
    "JUST": "Justiz Sicherheit justice safety",
    "REGI": "Regionen Städte regions cities",
    "SOCI": "Bevölkerung Gesellschaft population society",
    "TECH": "Wissenschaft Technologie science technology",
    "TRAN": "Verkehr transport",
}


class Row(Struct, frozen=True, array_like=True):
    """What is written of one entry. `sets` are themes, formats, licences and access;
    `words` are stems with one spelling each; `keys` of places are all that it lies
    in; `body` is the entry itself, packed."""

    id: str
    participant: str
    digest: bytes
    seen: int
    changed: int
    modified: int
    due: int
    score: int
    hvd: bool
    trust: int
    sets: tuple[str, str, str, str]
    title: str
    keys: str
    text: str
    words: dict[str, str]
    places: tuple[str, ...]
    boxes: tuple[tuple[float, float, float, float], ...]
    extent: tuple[int | None, ...]
    terms: tuple[tuple[str, bytes], ...]
    body: bytes


def row(entry: Entry, body: bytes) -> Row:
    """The row of an entry. Whatever its metadata hold: what cannot be used is left out."""
    said = entry.metadata
    title = spelled(_joined(said.title.values()), TITLE)
    keys = spelled(_joined(_keys(entry)), KEYS)
    text = stems(_joined(_text(said)), BODY)
    return Row(
        id=entry.id,
        participant=entry.participant,
        digest=entry.digest,
        seen=entry.seen,
        changed=entry.changed,
        modified=_told(newest(said), entry.changed),
        due=due(said),
        score=entry.score,
        hvd=bool(said.hvd),
        trust=TRUSTS.index(entry.trust),
        sets=(
            marks(said.themes),
            marks(formats(said)),
            marks(_licences(said)),
            marks((said.access,) if said.access else ()),
        ),
        title=" ".join(title),
        keys=" ".join(word for word in keys if word not in title),
        text=" ".join(word for word in text if word not in title and word not in keys),
        words=keys | title,
        places=tuple(dict.fromkeys(one for place in said.places for one in geo.around(place))),
        boxes=tuple(boxes(said.box)),
        extent=extent(said.box),
        terms=tuple({terms.digest: terms.document for terms in entry.terms}.items()),
        body=body,
    )


def _told(at: int | None, otherwise: int) -> int:
    return otherwise if at is None else max(-_FAR, min(at, _FAR))


def newest(said: Metadata) -> int | None:
    """When the data were changed last, as far as is said."""
    told = [one for one in (said.modified, *(form.modified for form in said.forms)) if one is not None]
    return max(told) if told else said.issued


def due(said: Metadata) -> int:
    """Until when the data are as new as was promised; 0 where nothing is promised or nobody knows how old they are."""
    return freshness(said, 0).due or 0


def formats(said: Metadata) -> tuple[str, ...]:
    """Of the files: by their media types where nothing else is said."""
    told = (form.format or file_type(form.media_type) or form.media_type for form in said.forms)
    return tuple(dict.fromkeys(code for code in told if code))


def licence(said: Metadata) -> str:
    """Of the dataset, else of its files."""
    return said.licence or next((form.licence for form in said.forms if form.licence), "")


def marks(values: Iterable[str]) -> str:
    """What entries are counted by and narrowed to, as one text that equal ones have in common: JSON."""
    held = tuple(values)
    return msgspec.json.encode(sorted({value[:_NAME] for value in held})[:_EACH]).decode() if held else "[]"


def _licences(said: Metadata) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in (said.licence, *(form.licence for form in said.forms)) if one))


def boxes(box: Box | None) -> Iterator[tuple[float, float, float, float]]:
    """West, east, south, north: two where a box goes across the antimeridian, none where it is no box on Earth."""
    if (
        box is None
        or not (-90 <= box.south <= box.north <= 90)
        or not (-180 <= box.west <= 180 and -180 <= box.east <= 180)
    ):
        return
    if box.west <= box.east:
        yield box.west, box.east, box.south, box.north
    else:
        yield box.west, 180.0, box.south, box.north
        yield -180.0, box.east, box.south, box.north


def extent(box: Box | None) -> tuple[int | None, ...]:
    """West, east, south, north in millionths of a degree, not smaller than the box; the east is west of the west
    where it goes across the antimeridian."""
    if box is None or not any(boxes(box)):
        return None, None, None, None
    return floor(box.west * MILLION), ceil(box.east * MILLION), floor(box.south * MILLION), ceil(box.north * MILLION)


def _keys(entry: Entry) -> Iterator[str]:
    """What a dataset is filed under: keywords, places, who made it, themes, formats."""
    said = entry.metadata
    for words in said.keywords.values():
        yield from words
    yield from said.place_names
    yield from (name for place in said.places for name in geo.names(place))
    yield from _names(said)
    yield from (_THEMES[code] for code in said.themes if code in _THEMES)
    yield from formats(said)
    yield from said.identifiers
    yield entry.participant.removeprefix("did:web:").replace(":", " ").replace(".", " ")


def _names(said: Metadata) -> Iterator[str]:
    agents: tuple[Agent | None, ...] = (said.publisher, *said.creators, *said.originators, *said.custodians)
    yield from (agent.name for agent in agents if agent is not None and agent.name)


def _text(said: Metadata) -> Iterator[str]:
    yield from said.description.values()
    for form in said.forms:
        yield from form.title.values()
    yield from said.provenance.values()
    yield from (contact.name for contact in said.contacts)


def _joined(texts: Iterable[str]) -> str:
    """Texts one after the other, as far as they count."""
    return " \n ".join(texts)[:_TEXT]
