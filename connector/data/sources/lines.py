"""Rows of web services as lines of JSON: values by their kind, rows that come twice, pieces, the budget of rows.

What lives here: what readers of foreign services have in common once a page is read. What does not: asking for pages
(the readers), what is done to rows afterwards (the node).

A foreign service is believed nothing: a value that is not of its field's kind is `source.broken`, never passed on.
"""

from __future__ import annotations

import json
import math
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from connector.data.ports import Setting
from connector.data.queries.model import Budget, Field, Kind, Shape
from connector.data.sources import web
from connector.data.sources.web import Web
from connector.errors import SourceError
from connector.records import Silo
from policies import instants

PIECE: Final = 1 << 20
_REMEMBERED: Final = 200_000
"""Rows that paging may bring again: a page that moves is a page away, not a million rows."""
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_TRUE: Final = {"true": True, "1": True, "false": False, "0": False}
_ENCODER: Final = msgspec.json.Encoder()

Page = Iterable[tuple[str, Mapping[str, Any]]]
"""Rows with what tells each from any other ("" where nothing does)."""


class Repeated:
    """Which rows came before, of the last ones."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def __call__(self, key: str) -> bool:
        """Did a row of this key come before? Now it did."""
        if not key:
            return False
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return False


async def written(pages: AsyncGenerator[Page, None], budget: Budget) -> AsyncGenerator[bytes, None]:
    """Rows as lines of JSON, in pieces, each key once. Raises `SourceError` `source.budget`."""
    repeated, rows, piece = Repeated(), 0, bytearray()
    async with aclosing(pages):
        async for page in pages:
            for key, row in page:
                if repeated(key):
                    continue
                rows += 1
                if rows > budget.rows:
                    raise SourceError("source.budget", of="rows")
                piece += _ENCODER.encode(row) + b"\n"
                while len(piece) >= PIECE:
                    yield bytes(piece[:PIECE])
                    del piece[:PIECE]
            if piece:
                yield bytes(piece)
                piece.clear()


def settings(page: int) -> Sequence[Setting]:
    """The settings of pages and times; so many rows are a page where none is said."""
    return (
        Setting("page", f"Rows that are asked for at once ({page}).", f"Zeilen je Anfrage ({page}).", example="500"),
        Setting(
            "zone",
            "Zone of times that are given without one.",
            "Zeitzone von Zeiten, die ohne eine angegeben sind.",
            example="Europe/Berlin",
        ),
    )


def check(silo: Silo) -> list[str]:
    """What is wrong with the settings of pages and times, in plain sentences."""
    found = []
    for name, read in (("page", lambda: web.number(silo, "page", 1)), ("zone", lambda: zone(silo))):
        try:
            read()
        except (ValueError, OSError, ZoneInfoNotFoundError):
            found.append(f"{name}: " + {"page": "must be a whole number above 0"}.get(name, "no such zone"))
    return found


def zone(silo: Silo) -> ZoneInfo | None:
    """The zone of times that are given without one. Raises as `ZoneInfo` does."""
    named = silo.settings.get("zone")
    return ZoneInfo(str(named)) if named else None


def selected(shape: Shape, fields: Sequence[str], service: Web) -> Shape:
    """The shape with these fields alone, all where none is named. Raises `SourceError` `source.drift`."""
    missing = [name for name in fields if shape.field(name) is None]
    if missing:
        raise service.drift(", ".join(missing))
    chosen = tuple(field for name in fields if (field := shape.field(name)) is not None) or shape.fields
    names = {one.name for one in chosen}
    return msgspec.structs.replace(
        shape,
        fields=chosen,
        key=shape.key if names.issuperset(shape.key) else (),
        time=shape.time if shape.time in names else "",
        geometry=shape.geometry if shape.geometry in names else "",
    )


def lacks(features: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> bool:
    """Is there a field that none of these features has, not even with nothing in it?"""
    there = {name for one in features for name in (*one, *(one.get("properties") or ()))}
    return bool(features) and not there.issuperset(fields)


def feature(shape: Shape, fields: Sequence[str], values: Mapping[str, Any], zone: ZoneInfo | None) -> dict[str, Any]:
    """A GeoJSON feature of these fields and no others: `id` and `geometry` beside the properties. Raises `SourceError`
    as `cast` does."""
    row: dict[str, Any] = {"type": "Feature", "properties": {}}
    if "geometry" in fields:
        row["geometry"] = None
    for name in fields:
        field = shape.field(name) or Field(name)
        value = cast(field, values.get(name), zone)
        if name in ("id", "geometry"):
            row[name] = value
        else:
            row["properties"][name] = value
    return row


def cast(field: Field, value: Any, zone: ZoneInfo | None = None) -> Any:
    """A value as its kind has it; `zone` is where times without an offset are meant. Raises `SourceError`
    `source.broken`."""
    if value is None:
        return None
    try:
        return _CASTS[field.kind](value, zone)
    except (ValueError, TypeError, OverflowError):
        problem = f"{field.name[:100]}: no {field.kind}"
        if field.kind is Kind.INSTANT and isinstance(value, str) and _NAIVE.fullmatch(value):
            problem = f"{field.name[:100]}: times without an offset; say which zone they are in (zone=Europe/Berlin)"
        raise SourceError("source.broken", problem=problem) from None


def _text(value: Any, _zone: ZoneInfo | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError


def _number(value: Any, _zone: ZoneInfo | None) -> int | float:
    if isinstance(value, str):
        value = int(value) if _WHOLE.fullmatch(value.strip()) else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return value


def _boolean(value: Any, _zone: ZoneInfo | None) -> bool:
    found = _TRUE.get(str(value).strip().lower())
    if found is None:
        raise ValueError
    return found


def _instant(value: Any, zone: ZoneInfo | None) -> str:
    """In UTC, with Z."""
    text = str(value).strip()
    if _NAIVE.fullmatch(text):
        if zone is None:
            raise ValueError
        return instants.stamp((datetime.fromisoformat(text).replace(tzinfo=zone) - _EPOCH) // _TICK)
    if len(text) > 10 and text[10] == " ":
        text = f"{text[:10]}T{text[11:]}"
    return instants.stamp(instants.instant(text))


def _day(value: Any, _zone: ZoneInfo | None) -> str:
    found = _DAY.fullmatch(str(value).strip())
    if found is None:
        raise ValueError
    return date.fromisoformat(found[1]).isoformat()


def _geometry(value: Any, _zone: ZoneInfo | None) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise TypeError
    return value


_CASTS: Final[Mapping[Kind, Callable[[Any, ZoneInfo | None], Any]]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.INSTANT: _instant,
    Kind.DATE: _day,
    Kind.GEOMETRY: _geometry,
    Kind.JSON: lambda value, _zone: value,
}


def guessed(values: Iterable[Any]) -> Kind:
    """The kind of a field by some of its values."""
    kinds = {_kind(value) for value in values if value is not None}
    if len(kinds) == 1:
        return kinds.pop()
    return Kind.JSON if Kind.JSON in kinds else Kind.TEXT


def _kind(value: Any) -> Kind:
    match value:
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER
        case str() if _DAY.fullmatch(value) and len(value) == 10:
            return Kind.DATE
        case str():
            try:
                instants.instant(value)
            except ValueError:
                return Kind.TEXT
            return Kind.INSTANT
        case dict() if "coordinates" in value or "geometries" in value:
            return Kind.GEOMETRY
        case _:
            return Kind.JSON
