"""What of a contract and a query a silo may be told.

What lives here: the steps that only keep rows as a condition about values as they stand (`narrowing`), whether a
condition about what leaves means the same about what stands there (`commutes`), and else one that is wider (`widened`).
What does not: who does which part (`splitting`), languages of filters.

INVARIANT: no condition from here leaves out a row that the steps and the query, done at the node, would let go. Rows
that cannot be treated at all are outside of this: done at the node they refuse the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from connector.data.queries import naming
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
    Shape,
    Within,
)
from policies import instants
from policies.model import Operator
from policies.transforms import Chain, numbers, places, times
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Delay, Keep, Noise, Step, Threshold

_ORDER: Final = {
    Operator.LT: Comparison.LT,
    Operator.LTEQ: Comparison.LTEQ,
    Operator.GT: Comparison.GT,
    Operator.GTEQ: Comparison.GTEQ,
}
_MERIDIAN: Final = 110_574.0
_PARALLEL: Final = 111_319.0
_POLAR: Final = math.cos(math.radians(89.9))


class Narrowing(Struct, frozen=True):
    """What a chain keeps, about values as they stand in the silo; None: all. `exact`: these rows, else more of them."""

    where: Condition | None
    exact: bool


def narrowing(chain: Chain | None, shape: Shape, now: int, *, trimmed: bool = False) -> Narrowing:
    """The steps that only keep rows, as a condition. `trimmed`: the silo's texts have no blanks around them, or it
    compares without; else a text is looked for within the value, because the steps do not see the blanks."""
    found: list[tuple[Condition | None, bool]] = []
    for step in chain.steps if chain is not None else ():
        if isinstance(step, Keep):
            found.append(_kept(step, naming.one(step.field, shape), trimmed))
        elif isinstance(step, Delay) and step.field:
            found.append(_old(step, naming.one(step.field, shape), now))
    parts = tuple(condition for condition, _ in found if condition is not None)
    where = All(parts) if len(parts) > 1 else next(iter(parts), None)
    return Narrowing(where, all(condition is not None and exact for condition, exact in found))


def _kept(step: Keep, field: Field | None, trimmed: bool) -> tuple[Condition | None, bool]:
    if field is None:
        return None, False
    match step.operator:
        case Operator.EQ | Operator.IS_ANY_OF:
            return _one_of(field, step.values, trimmed)
        case Operator.NEQ | Operator.IS_NONE_OF:
            return _none_of(field, step.values, trimmed)
        case _:
            return _ordered(step, field)


def _one_of(field: Field, values: tuple[str, ...], trimmed: bool) -> tuple[Condition | None, bool]:
    """By their texts: a number's text is one of these only where the number is, but not the other way round."""
    parts: list[Condition] = [Missing(field.name)] if "" in values else []
    match field.kind:
        case Kind.TEXT if "" in values:
            return None, False  # a text of blanks alone is nothing to the steps, and a text to a silo
        case Kind.TEXT if trimmed:
            parts.append(OneOf(field.name, values))
        case Kind.TEXT:
            parts += [Like(field.name, f"%{_escaped(value)}%") for value in values]
        case Kind.NUMBER | Kind.INSTANT | Kind.DATE | Kind.BOOLEAN:
            made = [_value(field.kind, value) for value in values if value]
            if None in made:
                return None, False
            parts.append(OneOf(field.name, tuple(one for one in made if one is not None)))
        case _:
            return None, False
    return _any(parts), trimmed and field.kind is Kind.TEXT


def _none_of(field: Field, values: tuple[str, ...], trimmed: bool) -> tuple[Condition | None, bool]:
    """Of texts alone: another text of the same number goes on."""
    if field.kind is not Kind.TEXT:
        return None, False
    parts: list[Condition] = [Not(OneOf(field.name, values))]
    if "" not in values:
        parts.append(Missing(field.name))
    return _any(parts), trimmed


def _ordered(step: Keep, field: Field) -> tuple[Condition | None, bool]:
    comparison = _ORDER.get(step.operator)
    if comparison is None or field.kind is not Kind.NUMBER:
        return None, False
    value = _value(Kind.NUMBER, step.values[0])
    return (None, False) if value is None else (Compare(field.name, comparison, value), True)


def _old(step: Delay, field: Field | None, now: int) -> tuple[Condition | None, bool]:
    if field is None or field.kind not in (Kind.INSTANT, Kind.DATE):
        return None, False
    bound = times.before(now, step.period, step.zone)
    if field.kind is Kind.INSTANT:
        return Compare(field.name, Comparison.LTEQ, instants.stamp(bound)), True
    day = instants.local(bound).date() + timedelta(days=2)
    while times.latest(day.isoformat(), step.zone) > bound:
        day -= timedelta(days=1)
    return Compare(field.name, Comparison.LTEQ, day.isoformat()), True


def _any(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Any_(tuple(parts))


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "%_\\" else sign for sign in text)


def _value(kind: Kind, text: str) -> Literal | None:
    """A text of a policy as a literal of a kind; None where it is none, or a double would not hold it."""
    try:
        match kind:
            case Kind.NUMBER:
                return _held(numbers.plain(text))
            case Kind.INSTANT:
                return instants.stamp(instants.instant(text))
            case Kind.DATE:
                return date.fromisoformat(text).isoformat()
            case _:
                return {"true": True, "false": False}.get(text)
    except ValueError:
        return None


def _held(number: Decimal) -> int | float | None:
    value = float(number)
    if Decimal(repr(value)) != number:
        return None
    return int(value) if value.is_integer() else value


def commutes(condition: Condition, chain: Chain | None) -> bool:
    """Does it mean the same about what stands in the silo as about what leaves? Never where what leaves depends on how
    many rows there are, or on what was told before."""
    steps = chain.steps if chain is not None else ()
    if any(isinstance(step, (Threshold, Noise)) for step in steps):
        return False
    groups = [step.groups for step in steps if isinstance(step, Aggregate)]
    changed = [name for step in steps for name in naming.changed(step)]
    return all(
        not any(naming.touches(name, field, kind) for name in changed) and all(field in one for one in groups)
        for field, kind in _fields(condition)
    )


def _fields(condition: Condition) -> Iterable[tuple[str, Kind]]:
    match condition:
        case All(parts=parts) | Any_(parts=parts):
            for part in parts:
                yield from _fields(part)
        case Not(part=part):
            yield from _fields(part)
        case Within(field=field):
            yield field, Kind.GEOMETRY
        case Missing(field=field):
            # Nothing within a value makes it missing, but it may be any kind of value.
            yield from ((field, Kind.TEXT), (field, Kind.GEOMETRY))
        case _:
            yield condition.field, Kind.TEXT


def widened(condition: Condition, chain: Chain | None, shape: Shape) -> Condition | None:
    """A condition about what stands in the silo that each row fulfils from which comes one that fulfils this; None
    where there is none but all rows."""
    if commutes(condition, chain):
        return condition
    steps = chain.steps if chain is not None else ()
    if any(isinstance(step, (Threshold, Noise, Aggregate)) for step in steps):
        return None
    match condition:
        case All(parts=parts):
            made = tuple(one for part in parts if (one := widened(part, chain, shape)) is not None)
            return All(made) if made else None
        case Any_(parts=parts):
            found = [widened(part, chain, shape) for part in parts]
            return None if None in found else Any_(tuple(one for one in found if one is not None))
        case Compare():
            return _before_windows(condition, chain, shape)
        case Within():
            return _before_cells(condition, chain, shape)
        case _:
            return None


def _only(field: str, kind: Kind, chain: Chain | None) -> Step | None:
    """The one step that changes the field; None where several do."""
    steps = [
        step
        for step in (chain.steps if chain is not None else ())
        if any(naming.touches(name, field, kind) for name in naming.changed(step))
    ]
    return steps[0] if len(steps) == 1 else None


def _before_windows(asked: Compare, chain: Chain | None, shape: Shape) -> Condition | None:
    """Behind the step an instant is the beginning of its window, which is not later than it."""
    field, step = shape.field(asked.field), _only(asked.field, Kind.TEXT, chain)
    if field is None or field.kind is not Kind.INSTANT:
        return None
    if not isinstance(step, CoarsenTime) or not isinstance(asked.value, str):
        return None
    grid, at = times.grid(step.resolution), instants.instant(asked.value)
    end = instants.stamp(grid.end(grid.start(at, step.zone), step.zone))
    least = Compare(asked.field, Comparison.GTEQ, asked.value)
    most = Compare(asked.field, Comparison.LT, end)
    match asked.comparison:
        case Comparison.GT | Comparison.GTEQ:
            return least
        case Comparison.LT | Comparison.LTEQ:
            return most
        case Comparison.EQ:
            return All((least, most))
        case _:
            return None


def _before_cells(asked: Within, chain: Chain | None, shape: Shape) -> Condition | None:
    """Behind the step each corner of a shape is the middle of its cell: a box larger by a cell has the rest."""
    field, step = shape.field(asked.field), _only(asked.field, Kind.GEOMETRY, chain)
    if field is None or field.kind is not Kind.GEOMETRY or not isinstance(step, CoarsenPlace):
        return None
    metres = places.level(step.resolution).metres
    if not metres:
        return None
    west, south, east, north = asked.box
    # A shape may go on to where cells are the widest in degrees, which is where `places` stops counting.
    up, across = metres / _MERIDIAN, metres / (_PARALLEL * _POLAR) * 2
    width = (east - west) % 360 if west > east else east - west
    if width + 2 * across >= 360:
        west, east = -180.0, 180.0
    else:
        west, east = _round(west - across), _round(east + across)
    return Within(asked.field, (west, max(-90.0, south - up), east, min(90.0, north + up)))


def _round(degrees: float) -> float:
    """A longitude within -180 and 180."""
    return (degrees + 180) % 360 - 180
