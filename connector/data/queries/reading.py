"""The parameters of a URL, read: from text to what is asked.

What lives here: `properties`, `filter`, `datetime`, `bbox`, `limit`, `resolution`, `f` and their bounds. What does not:
whether the data have such fields (`fitting`), the answer's form itself (`connector.data.formats`). Sources: OGC API -
Features Part 1 (17-069r4, 7.15), Part 2 (18-058r1, 6.2.2: the axes of `bbox-crs`), Part 3 (19-079r2); CQL2 (21-065r2),
of which `filtering` has the subset.

INVARIANT: what is not understood is refused with its parameter and place, none is left out. Everything is bounded:
nobody's question costs more than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct

from connector.data import formats
from connector.data.queries.filtering import condition, is_box, refused
from connector.data.queries.model import Condition
from policies import instants
from policies.transforms import fields, places, times

PARAMETERS: Final = frozenset(
    {"properties", "filter", "filter-lang", "datetime", "bbox", "bbox-crs", "limit", "resolution", "f"}
)
_LONGEST: Final = 8192
"""Signs of all parameters together."""
_MOST_PROPERTIES: Final = 256
_MOST_ROWS: Final = 10**12
_LANGUAGES: Final = frozenset({"", "cql2-text"})
_CRS84: Final = frozenset(
    {"", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "https://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84"}
)
_LATITUDE_FIRST: Final = frozenset(
    {"http://www.opengis.net/def/crs/EPSG/0/4326", "https://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:4326"}
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,13}", re.ASCII)

Box = tuple[float, float, float, float]


class Span(Struct, frozen=True):
    """A span of time, both ends in it, microseconds UTC; None where it is open. `days` are the same ends for fields
    that hold days."""

    start: int | None
    stop: int | None
    days: tuple[date | None, date | None] = (None, None)


class Asked(Struct, frozen=True, kw_only=True):
    """What the parameters say, before anybody looked whether there are such fields. `form` is a media type."""

    properties: tuple[str, ...] = ()
    where: Condition | None = None
    datetime: Span | None = None
    bbox: Box | None = None
    limit: int | None = None
    resolution: tuple[str, ...] = ()
    form: str = ""


NOTHING: Final = Asked()


def read(params: Mapping[str, str] | str, *, accept: str = "", others: frozenset[str] = frozenset()) -> Asked:
    """What is asked. `params` is a query string as it stands in the URL, or its parameters; `accept` the header of this
    name, which counts where there is no `f`; `others` are parameters that somebody else reads.

    Raises `MessageError` `query.*`, with the parameter and, where there is one, the place (signs from its beginning).
    """
    given = _parameters(params, others)
    lang = given.get("filter-lang", "")
    if lang not in _LANGUAGES:
        raise refused("query.language", parameter="filter-lang", value=lang)
    if "filter" not in given and "filter-lang" in given:
        raise refused("query.alone", parameter="filter-lang", needs="filter")
    if "bbox" not in given and "bbox-crs" in given:
        raise refused("query.alone", parameter="bbox-crs", needs="bbox")
    form = given.get("f")
    return Asked(
        properties=_of(given, "properties", _properties, ()),
        where=_of(given, "filter", condition, None),
        datetime=_of(given, "datetime", span, None),
        bbox=_of(given, "bbox", lambda text: box(text, given.get("bbox-crs", "")), None),
        limit=_of(given, "limit", _limit, None),
        resolution=_of(given, "resolution", _resolution, ()),
        form=formats.of(form) if form is not None else formats.accepted(accept),
    )


def _of(given: Mapping[str, str], name: str, reader: Callable[[str], Any], default: Any) -> Any:
    return reader(given[name]) if name in given else default


def _parameters(params: Mapping[str, str] | str, others: frozenset[str]) -> dict[str, str]:
    """By name, each once, none that nobody reads, all of them text that a person could write."""
    if isinstance(params, str):
        if len(params) > 3 * _LONGEST:
            raise refused("query.long", parameter="", most=str(_LONGEST))
        try:
            pairs = parse_qsl(
                params, keep_blank_values=True, strict_parsing=bool(params), errors="strict", max_num_fields=64
            )
        except ValueError:
            raise refused("query.unreadable") from None
    else:
        pairs = list(params.items())
    if sum(len(name) + len(value) for name, value in pairs) > _LONGEST:
        raise refused("query.long", parameter="", most=str(_LONGEST))
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in others:
            continue
        if name not in PARAMETERS:
            raise refused("query.parameter", parameter=name, known=" ".join(sorted(PARAMETERS)))
        if name in given:
            raise refused("query.twice", parameter=name)
        if "\0" in value:
            raise refused("query.value", parameter=name, value=value.replace("\0", ""))
        given[name] = value
    return given


def _properties(text: str) -> tuple[str, ...]:
    """Names with commas between them, each once, in the order that is asked for."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(names) > _MOST_PROPERTIES or not all(fields.is_field(name) for name in names):
        raise refused("query.value", parameter="properties", value=text)
    return names


def _limit(text: str) -> int:
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= _MOST_ROWS:
        raise refused("query.value", parameter="limit", value=text)
    return int(text)


def _resolution(text: str) -> tuple[str, ...]:
    """One of times and one of places at most."""
    parts = tuple(part.strip() for part in text.split(","))
    kinds = [_scale(part) for part in parts]
    if len(set(kinds)) != len(kinds):
        raise refused("query.value", parameter="resolution", value=text)
    return parts


def _scale(text: str) -> str:
    for kind, check in (("time", times.grid), ("place", places.level)):
        try:
            check(text)
        except ValueError:
            continue
        return kind
    raise refused("query.value", parameter="resolution", value=text)


def span(text: str) -> Span:
    """An instant (RFC 3339 with an offset), a day (of the calendar in Europe/Berlin), or two of them with `/` between;
    `..` or nothing is an open end. Raises `MessageError`."""
    start, slash, stop = text.partition("/")
    try:
        first, last = _end(start), _end(stop if slash else start)
    except (ValueError, OverflowError):
        raise refused("query.value", parameter="datetime", value=text) from None
    found = Span(
        start=first[0] if first else None,
        stop=last[1] if last else None,
        days=(first[2] if first else None, last[2] if last else None),
    )
    if found.start is None and found.stop is None:
        raise refused("query.value", parameter="datetime", value=text)
    if found.start is not None and found.stop is not None and found.start > found.stop:
        raise refused("query.span", parameter="datetime", value=text)
    return found


def _end(text: str) -> tuple[int, int, date] | None:
    return None if text in ("", "..") else _moment(text)


def _moment(text: str) -> tuple[int, int, date]:
    """The first and the last microsecond of it, and its day. Raises `ValueError`."""
    begin, end = instants.span(instants.read(text.upper()))
    return begin, end - 1, instants.local(begin).date()


def box(text: str, crs: str = "") -> Box:
    """West, south, east, north in degrees of WGS 84; with EPSG:4326 the text has the latitude first (its axes).

    West beyond east goes over the antimeridian. Raises `MessageError`, also for one with heights.
    """
    parts = text.split(",")
    if crs not in _CRS84 | _LATITUDE_FIRST:
        raise refused("query.crs", parameter="bbox-crs", value=crs)
    if len(parts) != 4 or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise refused("query.value", parameter="bbox", value=text)
    west, south, east, north = (float(part) for part in parts)
    if crs in _LATITUDE_FIRST:
        west, south, east, north = south, west, north, east
    if not is_box((west, south, east, north)):
        raise refused("query.box", parameter="bbox", value=text)
    return west, south, east, north
