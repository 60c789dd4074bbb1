"""What is asked, fitted to data: the shape as it leaves, and a query about it.

What lives here: `released` (which fields leave, and as what), `fit` (fields exist, literals are of their kind, times
and places can be asked for), `where` (a condition in text about a shape). What does not: what a condition means for a
row (`holding`), what of it a silo may be told (`narrowing`).

INVARIANT: a field that the contract takes away is answered like one that never was: both are unknown, and the names
that are offered instead are those of what leaves. The shape that is published to whoever has the contract is the same
one, so that nothing is told here that is not told there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches
from typing import Final, assert_never

import msgspec

from connector.data import formats
from connector.data.queries import naming
from connector.data.queries.filtering import Timed, condition, refused
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
    Query,
    Shape,
    Within,
)
from connector.data.queries.narrowing import Narrowing, commutes, narrowing, widened
from connector.data.queries.reading import Asked, Box, Span
from connector.data.queries.values import axes
from policies import instants
from policies.transforms import Chain, places, times
from policies.transforms.cells import names
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Pseudonymise, Replace, Step, Suppress

__all__ = ["Narrowing", "commutes", "fit", "narrowing", "released", "where", "widened"]

_ORDERED: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.INSTANT, Kind.DATE})
_SAME: Final = frozenset({Comparison.EQ, Comparison.NEQ})


def released(shape: Shape, chain: Chain | None) -> Shape:
    """The shape of what leaves when the chain is done."""
    for step in chain.steps if chain is not None else ():
        shape = _behind(step, shape)
    return shape


def _behind(step: Step, shape: Shape) -> Shape:
    """The shape behind one step."""
    match step:
        case Suppress(fields=fields):
            return _without(shape, {field.name for name in fields for field in naming.whole(name, shape)})
        case Replace(fields=fields) | Pseudonymise(fields=fields):
            return _as_text(shape, {field.name for name in fields for field in naming.whole(name, shape)})
        case CoarsenTime(fields=fields) | CoarsenPlace(fields=fields):
            met = {field.name for name in fields for field in naming.whole(name, shape)}
            return shape if met.isdisjoint(shape.key) else msgspec.structs.replace(shape, key=())
        case Aggregate():
            return _summary(step, shape)
        case _:
            return shape


def _without(shape: Shape, gone: set[str]) -> Shape:
    kept = tuple(field for field in shape.fields if field.name not in gone)
    return _roles(msgspec.structs.replace(shape, fields=kept), gone)


def _as_text(shape: Shape, made: set[str]) -> Shape:
    fields = tuple(msgspec.structs.replace(one, kind=Kind.TEXT) if one.name in made else one for one in shape.fields)
    return _roles(msgspec.structs.replace(shape, fields=fields), made)


def _roles(shape: Shape, lost: set[str]) -> Shape:
    """The shape without roles for fields that have none any more."""
    return msgspec.structs.replace(
        shape,
        key=() if lost.intersection(shape.key) else shape.key,
        time="" if shape.time in lost else shape.time,
        geometry="" if shape.geometry in lost else shape.geometry,
    )


def _summary(step: Aggregate, shape: Shape) -> Shape:
    """Statistics: the groups by the names that the contract has for them, and numbers."""
    groups = []
    for name in step.groups:
        found = naming.one(name, shape)
        groups.append(Field(name, found.kind if found is not None else Kind.TEXT))
    numbers = [Field(name, Kind.NUMBER) for name in names(step.fields, step.statistics)]
    kept = {group.name for group in groups}
    return msgspec.structs.replace(
        shape,
        fields=(*groups, *numbers),
        media_type=formats.JSON if shape.features else shape.media_type,
        features=False,
        key=step.groups,
        time=shape.time if shape.time in kept else "",
        geometry="",
        live=False,
    )


def fit(asked: Asked, shape: Shape, chain: Chain | None) -> Query:
    """The query that is asked, about what leaves; `shape` is as the silo gives it. Raises `MessageError` `query.*`."""
    left = released(shape, chain)
    for name in asked.properties:
        _field(name, left, "properties")
    parts: list[Condition] = []
    if asked.where is not None:
        parts.append(typed(asked.where, left))
    if asked.datetime is not None:
        parts.append(_during(asked.datetime, left))
    if asked.bbox is not None:
        parts.append(_inside(asked.bbox, left))
    for one in asked.resolution:
        _no_finer(one, left, chain)
    if asked.form == formats.GEOJSON and not left.features and not left.geometry and axes(left) is None:
        raise refused("query.form.places", parameter="f", value="geojson")
    return Query(
        properties=asked.properties,
        where=All(tuple(parts)) if len(parts) > 1 else next(iter(parts), None),
        limit=asked.limit,
        resolution=",".join(asked.resolution),
        form=asked.form,
    )


def where(text: str, shape: Shape) -> Condition:
    """A condition in CQL2 text about rows of a shape. Raises `MessageError` `query.*`."""
    return typed(condition(text), shape)


def typed(asked: Condition, shape: Shape) -> Condition:
    """The condition with its fields found and its literals as values of their kind. Raises `MessageError`."""
    match asked:
        case Compare(field=name, comparison=comparison, value=value):
            return _comparing(_field(name, shape), comparison, value)
        case OneOf(field=name, values=values):
            field = _field(name, shape)
            if field.kind is Kind.INSTANT:
                parts = tuple(_comparing(field, Comparison.EQ, value) for value in values)
                return Any_(parts) if len(parts) > 1 else parts[0]
            return OneOf(field.name, tuple(_value(field, value) for value in values))
        case Like(field=name, pattern=pattern):
            field = _field(name, shape)
            if field.kind is not Kind.TEXT:
                raise _unlike(field, pattern)
            if len(pattern.replace("\\\\", "")) and pattern.replace("\\\\", "").endswith("\\"):
                raise refused("query.value", parameter="filter", value=pattern)
            return asked
        case Missing(field=name):
            _field(name, shape)
            return asked
        case Within(field=name):
            if _field(name, shape).kind is not Kind.GEOMETRY:
                raise _unlike(_field(name, shape), "BBOX")
            return asked
        case All(parts=parts):
            return All(tuple(typed(part, shape) for part in parts))
        case Any_(parts=parts):
            return Any_(tuple(typed(part, shape) for part in parts))
        case Not(part=part):
            return Not(typed(part, shape))
        case _:
            assert_never(asked)


def _field(name: str, shape: Shape, parameter: str = "filter") -> Field:
    """The field of this name, among those that leave."""
    found = shape.field(name)
    if found is None:
        near = get_close_matches(name, [field.name for field in shape.fields], n=1)
        raise refused("query.field", parameter=parameter, field=name, **({"near": near[0]} if near else {}))
    return found


def _unlike(field: Field, value: Literal) -> Exception:
    return refused("query.kind", parameter="filter", field=field.name, kind=field.kind.value, value=str(value))


def _comparing(field: Field, comparison: Comparison, value: Literal) -> Condition:
    """A comparison that the field's kind has."""
    if field.kind not in _ORDERED and comparison not in _SAME:
        raise _unlike(field, value)
    if field.kind is Kind.INSTANT and isinstance(value, str) and len(value) == len("2026-12-31"):
        return _by_day(field, comparison, value)
    return Compare(field.name, comparison, _value(field, value))


def _value(field: Field, value: Literal) -> Literal:
    """The literal as a value of the field's kind. Raises `MessageError` where it is none."""
    match field.kind:
        case Kind.TEXT if isinstance(value, str) and not isinstance(value, Timed):
            return value
        case Kind.NUMBER if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        case Kind.BOOLEAN if isinstance(value, bool):
            return value
        case Kind.INSTANT if isinstance(value, str):
            return _converted(field, value, lambda text: instants.stamp(instants.instant(text.upper())))
        case Kind.DATE if isinstance(value, str):
            return _converted(field, value, lambda text: date.fromisoformat(text).isoformat())
        case _:
            raise _unlike(field, value)


def _converted(field: Field, value: str, make: Callable[[str], str]) -> str:
    try:
        return make(str(value))
    except (ValueError, OverflowError):
        raise _unlike(field, value) from None


def _by_day(field: Field, comparison: Comparison, value: str) -> Condition:
    """An instant beside a day, which lasts from its first instant to the first of the next (Europe/Berlin)."""
    try:
        begin, end = instants.span(instants.read(value))
    except (ValueError, OverflowError):
        raise _unlike(field, value) from None
    first, next_ = instants.stamp(begin), instants.stamp(end)
    match comparison:
        case Comparison.GTEQ | Comparison.LT:
            return Compare(field.name, comparison, first)
        case Comparison.GT:
            return Compare(field.name, Comparison.GTEQ, next_)
        case Comparison.LTEQ:
            return Compare(field.name, Comparison.LT, next_)
        case Comparison.EQ:
            parts = (Compare(field.name, Comparison.GTEQ, first), Compare(field.name, Comparison.LT, next_))
            return All(parts)
        case Comparison.NEQ:
            return Not(_by_day(field, Comparison.EQ, value))
        case _:
            assert_never(comparison)


def _during(span: Span, shape: Shape) -> Condition:
    """`datetime` as a condition on when a row was. Raises `MessageError` where nobody knows when that is."""
    field = shape.field(shape.time) if shape.time else None
    if field is None or field.kind not in (Kind.INSTANT, Kind.DATE):
        raise refused("query.time", parameter="datetime")
    begin: str | None
    end: str | None
    if field.kind is Kind.INSTANT:
        begin = instants.stamp(span.start) if span.start is not None else None
        end = instants.stamp(span.stop) if span.stop is not None else None
    else:
        begin, end = (day.isoformat() if day is not None else None for day in span.days)
    parts = [Compare(field.name, Comparison.GTEQ, begin)] if begin is not None else []
    parts += [Compare(field.name, Comparison.LTEQ, end)] if end is not None else []
    return All(tuple(parts)) if len(parts) > 1 else parts[0]


def _inside(box: Box, shape: Shape) -> Condition:
    """`bbox` as a condition on where a row is: its geometry, or two numbers whose names say what they are."""
    if shape.geometry:
        return Within(shape.geometry, box)
    found = axes(shape)
    if found is None:
        raise refused("query.place", parameter="bbox")
    west, south, east, north = box
    longitude = [Compare(found[0], Comparison.GTEQ, west), Compare(found[0], Comparison.LTEQ, east)]
    across: Condition = All(tuple(longitude)) if west <= east else Any_(tuple(longitude))
    return All((across, Compare(found[1], Comparison.GTEQ, south), Compare(found[1], Comparison.LTEQ, north)))


def _no_finer(resolution: str, shape: Shape, chain: Chain | None) -> None:
    """Refuses a resolution that nothing here can have, and one that the contract has made impossible."""
    steps = chain.steps if chain is not None else ()
    try:
        level = places.level(resolution)
    except ValueError:
        grid = times.grid(resolution)
        if not any(field.kind in (Kind.INSTANT, Kind.DATE) for field in shape.fields):
            raise refused("query.time", parameter="resolution") from None
        done: Iterable[str] = (one.resolution for one in steps if isinstance(one, CoarsenTime))
        if not all(grid.holds(times.grid(one)) for one in done):
            raise refused("query.finer", parameter="resolution", value=resolution) from None
        return
    areas = [(one, places.level(one.resolution)) for one in steps if isinstance(one, CoarsenPlace)]
    if level.digits:
        # Which fields hold official keys only the contract says.
        known = [one for _, one in areas if one.digits]
        if not known:
            raise refused("query.place", parameter="resolution")
        finer = any(one.digits < level.digits for one in known)
    else:
        if not shape.geometry and axes(shape) is None:
            raise refused("query.place", parameter="resolution")
        finer = any(one.metres > level.metres or (one.metres and level.metres % one.metres) for _, one in areas)
    if finer:
        raise refused("query.finer", parameter="resolution", value=resolution)
