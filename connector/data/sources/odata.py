"""Conditions and entities of OGC SensorThings 1.1 (18-088, 9.3: its part of OData 4.0).

What lives here: which fields each set has and where they stand in its JSON, what is selected and expanded for them, and
conditions as `$filter`. What does not: asking (`sensorthings`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, assert_never

import msgspec
from msgspec import Struct

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Within,
)
from connector.data.sources import asking

LONGEST: Final = 4000
"""Signs of a filter: many servers take no longer addresses than 8 KiB."""
_OPERATORS: Final = {
    Comparison.EQ: "eq",
    Comparison.NEQ: "ne",
    Comparison.LT: "lt",
    Comparison.LTEQ: "le",
    Comparison.GT: "gt",
    Comparison.GTEQ: "ge",
}
_RESULTS: Final = {
    "OM_Measurement": Kind.NUMBER,
    "OM_CountObservation": Kind.NUMBER,
    "OM_TruthObservation": Kind.BOOLEAN,
    "OM_CategoryObservation": Kind.TEXT,
}


class Column(Struct, frozen=True, kw_only=True):
    """A field of a set: where its value is in an entity (`path`), which member is selected for it, what is expanded,
    and what it is called in a filter ("": it cannot be asked about). `fixed`: the same in every row, and known."""

    field: Field
    path: tuple[str | int, ...] = ()
    select: str = ""
    expand: str = ""
    called: str = ""
    fixed: Any = None


class Entities(Struct, frozen=True, kw_only=True):
    """A set of entities: `path` below the service's root, its columns by name, and in which order it is read: by time
    and then by id, or by id alone. `spans`: its times may have an end."""

    path: str
    columns: Mapping[str, Column]
    title: str = ""
    timed: bool = False
    spans: bool = False


def _column(name: str, kind: Kind, member: str = "", **more: Any) -> Column:
    member = member or name
    given: dict[str, Any] = {"path": (member,), "select": member, **more}
    return Column(field=Field(name, kind), **given)


def _expanded(name: str, kind: Kind, expand: str, path: tuple[str | int, ...], called: str = "") -> Column:
    return Column(field=Field(name, kind), path=path, expand=expand, called=called)


def _by_name(columns: Iterable[Column]) -> dict[str, Column]:
    return {one.field.name: one for one in columns}


_TEXTS: Final = (
    _column("name", Kind.TEXT, called="name"),
    _column("description", Kind.TEXT, called="description"),
)
_LOCATION: Final = _expanded("location", Kind.GEOMETRY, "Locations($select=location)", ("Locations", 0, "location"))
_OBSERVED: Final = (
    _column("time", Kind.INSTANT, "phenomenonTime", called="phenomenonTime"),
    _column("result", Kind.JSON, called="result"),
    _column("resultTime", Kind.INSTANT, called="resultTime"),
)


def identifier(id: Any) -> Column:
    """How entities are named: by a number or by a text, as their service does."""
    kind = Kind.NUMBER if isinstance(id, int) else Kind.TEXT
    return Column(field=Field("id", kind, nullable=False), path=("@iot.id",), select="id", called="id")


def entities(name: str, id: Any, sample: Mapping[str, Any]) -> Entities | None:
    """A set by its name; `id` is that of one of its entities, `sample` one of them. None where it is no set."""
    named = identifier(id)
    more: tuple[Column, ...]
    match name:
        case "Things":
            return Entities(path=name, columns=_by_name((named, *_TEXTS, _column("properties", Kind.JSON), _LOCATION)))
        case "Locations":
            place = _column("location", Kind.GEOMETRY)
            return Entities(path=name, columns=_by_name((named, *_TEXTS, place, _column("properties", Kind.JSON))))
        case "Datastreams":
            more = (
                _column("unit", Kind.TEXT, "unitOfMeasurement", path=("unitOfMeasurement", "symbol")),
                _expanded("property", Kind.TEXT, "ObservedProperty($select=name)", ("ObservedProperty", "name")),
                _expanded("thing", Kind.TEXT, "Thing($select=name)", ("Thing", "name"), "Thing/name"),
                _column("area", Kind.GEOMETRY, "observedArea"),
                _column("properties", Kind.JSON),
            )
            return Entities(path=name, columns=_by_name((named, *_TEXTS, *more)))
        case "Observations":
            stream = "Datastream($select=name,unitOfMeasurement)"
            more = (
                _expanded("datastream", Kind.TEXT, stream, ("Datastream", "name"), "Datastream/name"),
                _expanded("unit", Kind.TEXT, stream, ("Datastream", "unitOfMeasurement", "symbol")),
            )
            return _observations(name, (named, *_OBSERVED, *more), sample)
        case _:
            return None


def observations(path: str, stream: Mapping[str, Any], id: Any, sample: Mapping[str, Any]) -> Entities:
    """The observations of one datastream, with what is the same for all of them."""
    told = str(stream.get("observationType", "")).rpartition("/")[2]
    result = msgspec.structs.replace(_OBSERVED[1], field=Field("result", _RESULTS.get(told, Kind.JSON)))
    fixed = (
        Column(field=Field("datastream", Kind.TEXT), fixed=str(stream.get("name", ""))),
        Column(field=Field("property", Kind.TEXT), fixed=within(stream, ("ObservedProperty", "name"))),
        Column(field=Field("unit", Kind.TEXT), fixed=within(stream, ("unitOfMeasurement", "symbol"))),
        Column(field=Field("location", Kind.GEOMETRY), fixed=within(stream, ("Thing", "Locations", 0, "location"))),
    )
    columns = (identifier(id), _OBSERVED[0], result, _OBSERVED[2], *fixed)
    return msgspec.structs.replace(_observations(path, columns, sample), title=str(stream.get("name", ""))[:200])


def _observations(path: str, columns: Sequence[Column], sample: Mapping[str, Any]) -> Entities:
    spans = "/" in str(sample.get("phenomenonTime", ""))
    end = (_column("end", Kind.INSTANT, "phenomenonTime"),) if spans else ()
    return Entities(path=path, columns=_by_name((*columns, *end)), timed=True, spans=spans)


def within(entity: Any, path: Iterable[str | int]) -> Any:
    """What stands there, None where nothing does."""
    for step in path:
        match entity, step:
            case dict(), str():
                entity = entity.get(step)
            case list(), int():
                entity = entity[step] if step < len(entity) else None
            case _:
                return None
    return entity


# --- conditions -------------------------------------------------------------------------------------------------------


def can(condition: Condition, kinds: Callable[[str], Kind | None]) -> bool:
    """May a service be asked this at all? What it can depends on the set; `kinds` has the kind of a field."""
    match condition:
        case Compare(field=field, comparison=comparison):
            kind = kinds(field)
            equal = comparison in (Comparison.EQ, Comparison.NEQ)
            return kind in (Kind.NUMBER, Kind.INSTANT) or (equal and kind in (Kind.TEXT, Kind.BOOLEAN))
        case OneOf(field=field, values=values):
            return bool(values) and kinds(field) in (Kind.NUMBER, Kind.TEXT)
        case All(parts=parts) | Any_(parts=parts):
            return bool(parts) and all(can(part, kinds) for part in parts)
        case Missing() | Like() | Within() | Not():
            return False
        case _:
            assert_never(condition)


def filtered(condition: Condition, of: Entities) -> list[str]:
    """As much of a condition as the set can be asked and an address may be long."""
    kept: list[str] = []
    for part in asking.parts(condition):
        text = _text(part, of)
        if text and sum(map(len, kept)) + len(text) <= LONGEST:
            kept.append(text)
    return kept


def _text(condition: Condition, of: Entities) -> str:
    """ "" for what it cannot be asked."""
    match condition:
        case Compare(field=field, comparison=comparison, value=value):
            return _compared(of.columns.get(field), comparison, value, of)
        case OneOf(field=field, values=values):
            column = of.columns.get(field)
            return _joined("or", [_compared(column, Comparison.EQ, value, of) for value in values])
        case All(parts=parts):
            return _joined("and", [_text(part, of) for part in parts])
        case Any_(parts=parts):
            return _joined("or", [_text(part, of) for part in parts])
        case Missing() | Like() | Within() | Not():
            return ""
        case _:
            assert_never(condition)


def _joined(operator: str, parts: list[str]) -> str:
    return f"({f' {operator} '.join(parts)})" if parts and all(parts) else ""


def _compared(column: Column | None, comparison: Comparison, value: Literal, of: Entities) -> str:
    if column is None or not column.called or column.field.kind in (Kind.JSON, Kind.GEOMETRY):
        return ""
    since = comparison in (Comparison.GT, Comparison.GTEQ)
    # A span is before an instant only where it ends before it (9.3.3.5.2): asking so would leave spans out.
    if column.field.name == "time" and of.spans and not since:
        return ""
    return f"{column.called} {_OPERATORS[comparison]} {literal(value, column.field.kind)}"


def literal(value: Any, kind: Kind) -> str:
    """A value as OData writes it."""
    if kind is Kind.INSTANT:
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
