"""What stands in the fields of files: kinds told from some of their rows, and values made those of their kind.

What lives here: guessing (`shape`), and writing a text of a table as its kind has it (`writers`). What does not:
opening files (`tables`), what a German table looks like at all (`policies.transforms.delimited`).

A guess is made of rows at the beginning. INVARIANT: a value that is not of the kind that was guessed is never passed on
as one: it raises `ValueError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from connector.data import formats
from connector.data.formats import geometries
from connector.data.queries import values
from connector.data.queries.model import Field, Kind, Shape
from policies import instants
from policies.transforms import Schema, media, numbers, times
from policies.transforms.documents import Features


class RowError(ValueError):
    """Rows that nobody can share. The text says why, and nothing of what stands in them."""


SAMPLE: Final = 1000
"""Rows that are looked at."""
_CODE = re.compile(r"\s*[+-]?0[0-9]", re.ASCII)
"""A number that begins with a zero is none: `05515` is a key."""
_DAY = re.compile(r"\s*(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})\s*", re.ASCII)
_TIME = re.compile(r"\s*(?:\d{4}-\d{2}-\d{2}[T ]|\d{1,2}\.\d{1,2}\.\d{4},? +)\d{1,2}:\d{2}", re.ASCII)
_PLACE = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\b", re.IGNORECASE)
_TRUTH: Final = frozenset({"true", "false"})
_WGS84: Final = frozenset({"", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84", "EPSG:4326"})


def shape(body: media.Body, texts: frozenset[str] = frozenset()) -> Shape:
    """The shape of the rows of a body; `texts` are fields that are taken as text whatever they look like.

    Raises `PolicyError` and `ValueError` for what is no text of its form, or is not in WGS 84.
    """
    rows = list(islice(iter(body), SAMPLE))
    if not body.schema.tree:
        return _roles(Shape(fields=_columns(rows, body.schema, texts), media_type=formats.CSV, guessed=True))
    if not isinstance(body, Features):
        return _roles(Shape(fields=_members(rows, texts), media_type=formats.NDJSON, guessed=True))
    if body.reference not in _WGS84:
        raise RowError(f"places in {body.reference[:60]}, not in WGS 84")
    inner = [row["properties"] for row in rows if isinstance(row.get("properties"), dict)]
    fields = (*_members(inner, texts), Field("geometry", Kind.GEOMETRY))
    if any("id" in row for row in rows):
        kind = Kind.NUMBER if all(isinstance(row.get("id", 0), int) for row in rows) else Kind.TEXT
        fields = (Field("id", kind), *(field for field in fields if field.name != "id"))
    return _roles(Shape(fields=fields, media_type=formats.NDJSON, features=True, guessed=True))


def _roles(found: Shape) -> Shape:
    """With the time and the geometry that are clear: the only one of its kind."""
    instant = [field.name for field in found.fields if field.kind is Kind.INSTANT]
    days = [field.name for field in found.fields if field.kind is Kind.DATE]
    places = [field.name for field in found.fields if field.kind is Kind.GEOMETRY]
    time = instant if instant else days
    return Shape(
        fields=found.fields,
        media_type=found.media_type,
        features=found.features,
        time=time[0] if len(time) == 1 else "",
        geometry="geometry" if found.features else places[0] if len(places) == 1 else "",
        guessed=True,
    )


def _columns(rows: Sequence[Sequence[str]], schema: Schema, texts: frozenset[str]) -> tuple[Field, ...]:
    made = []
    for n, name in enumerate(schema.columns):
        found = [row[n].strip() for row in rows if n < len(row) and row[n].strip()]
        kind = Kind.JSON if name in schema.documents else of_texts(found, schema.read(name))
        kind = Kind.TEXT if name in texts and kind is not Kind.JSON else kind
        made.append(Field(name, kind))
    return tuple(made)


def of_texts(found: Sequence[str], read: numbers.Read) -> Kind:
    """The kind of a column by its texts; text where there is none, or they do not agree."""
    tests: tuple[tuple[Kind, Callable[[str], bool]], ...] = (
        (Kind.NUMBER, lambda text: _CODE.match(text) is None and _reads(read, text)),
        (Kind.BOOLEAN, lambda text: text.lower() in _TRUTH),
        (Kind.DATE, lambda text: _DAY.fullmatch(text) is not None and _reads(values.day, text)),
        (Kind.INSTANT, lambda text: _TIME.match(text) is not None and _reads(values.instant, text)),
        (Kind.GEOMETRY, lambda text: _PLACE.match(text) is not None and _reads(geometries.read, text)),
    )
    return next((kind for kind, test in tests if found and all(map(test, found))), Kind.TEXT)


def _reads(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except (ValueError, ArithmeticError, RecursionError):
        return False
    return True


def _members(rows: Iterable[Any], texts: frozenset[str]) -> tuple[Field, ...]:
    """The members of objects, in the order in which they are met."""
    met: dict[str, list[Any]] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise RowError("a row is no object")
        for name, value in row.items():
            met.setdefault(name, []).append(value)
    return tuple(Field(name, Kind.TEXT if name in texts else of_json(found)) for name, found in met.items())


def of_json(found: Iterable[Any]) -> Kind:
    """The kind of a member by its values."""
    kinds = {_of(value) for value in found if value is not None}
    if len(kinds) == 1:
        return kinds.pop()
    return Kind.TEXT if kinds and kinds <= {Kind.TEXT, Kind.DATE, Kind.INSTANT} else Kind.JSON


def _of(value: Any) -> Kind:
    match value:
        case bool():
            return Kind.BOOLEAN
        case int() | float() | Decimal():
            return Kind.NUMBER
        case str():
            kind = of_texts([value.strip()], _no_number)
            return kind if kind in (Kind.DATE, Kind.INSTANT) else Kind.TEXT
        case {"type": str(), "coordinates": _} | {"type": str(), "geometries": _}:
            return Kind.GEOMETRY
        case _:
            return Kind.JSON


def _no_number(value: Any) -> Decimal:
    raise ValueError("a text")


def writers(fields: Sequence[Field], schema: Schema, zone: str) -> Mapping[int, Callable[[str], str]]:
    """How cells are written so that everybody can read them: a decimal point, days and instants in ISO 8601, instants
    in UTC. By the place of the column; what is not in it stays as it is. They raise `ValueError`."""
    made: dict[int, Callable[[str], str]] = {}
    for n, field in enumerate(fields):
        match field.kind:
            case Kind.NUMBER:
                made[n] = _number(schema.read(field.name))
            case Kind.DATE:
                made[n] = lambda text: date.fromordinal(values.day(text)).isoformat()
            case Kind.INSTANT:
                made[n] = utc(zone)
            case Kind.BOOLEAN:
                made[n] = _truth
            case _:
                continue
    return made


def _number(read: numbers.Read) -> Callable[[str], str]:
    def written(text: str) -> str:
        found = read(text)
        return text.strip() if read is numbers.plain else format(found, "f")

    return written


def _truth(text: str) -> str:
    found = text.strip().lower()
    if found not in _TRUTH:
        raise ValueError("no truth value")
    return found


def utc(zone: str) -> Callable[[Any], str]:
    """Writes an instant in UTC; a time without an offset is one on the clock of the zone."""

    def written(text: Any) -> str:
        if text.__class__ is str and len(text) == 20 and text[19] == "Z" and text[10] == "T":
            values.instant(text)
            return str(text)
        try:
            at = instants.instant(text) if isinstance(text, str) else times.latest(text, zone)
        except ValueError:
            at = times.latest(text, zone)
        return instants.stamp(at)

    return written
