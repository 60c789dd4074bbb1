"""A chain over the columns of a table, as expressions.

What lives here: which columns a step's field names (as `policies.transforms.table` has it), the order of steps, filters
that come before everything. What does not: a step's expression (`postgres_steps`), what is asked of the rows besides
(`statement`), statistics (`summary`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from connector.data.queries.model import Field, Kind, Shape
from connector.data.sources.sql import postgres_steps, text_steps
from connector.data.sources.sql.filters import Filter
from connector.data.sources.sql.postgres_words import Postgres
from connector.data.sources.sql.quoting import Say
from connector.data.sources.sql.values import Dialect, Value, Values
from connector.errors import SourceError
from policies.transforms import cells
from policies.transforms.chain import Chain
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Delay, Keep, Replace, Step, Suppress
from policies.transforms.table import alike, similar


class Touched(Struct, frozen=True):
    """What a chain does to which columns, by their names in the table: those that are `read` to filter, that `leave`
    (before an aggregate, in order) and are `changed`; `released` is the shape of what comes out."""

    read: tuple[str, ...]
    leave: tuple[str, ...]
    changed: frozenset[str]
    released: tuple[Field, ...]


Does = Callable[[Step, Mapping[str, Field]], bool]
"""Does a database do a step exactly, for fields by the names that it has for them?"""


def touched(chain: Chain, shape: Shape, does: Does) -> Touched | None:
    """What a chain that is done exactly here touches; None where it is not, be it that a field is not there."""
    fields = {one.name: one for one in shape.fields}
    read: list[str] = []
    lost: set[str] = set()
    changed: dict[str, Step] = {}
    for step in chain.steps:
        found = _named(step, list(fields))
        if found is None or not does(step, {name: fields[one] for name, one in found.items()}):
            return None
        match step:
            case Keep(field=field) | Delay(field=field):
                read.append(found[field])
            case Suppress():
                lost.update(_all_of(step, list(fields)))
            case Replace() | CoarsenTime() | CoarsenPlace():
                for name in found.values():
                    if name in changed:
                        return None
                    changed[name] = step
            case Aggregate(groups=groups):
                if not groups or lost.intersection(found.values()) or any(found[one] in changed for one in step.fields):
                    return None
    leave = tuple(name for name in fields if name not in lost)
    # INVARIANT: what is taken away or changed is so within documents as well, into which the node alone reaches.
    if (lost or changed) and any(fields[one].kind is Kind.JSON and one not in changed for one in leave):
        return None
    return Touched(tuple(read), leave, frozenset(changed), _released(chain, [fields[name] for name in leave], changed))


def _released(chain: Chain, fields: Sequence[Field], changed: dict[str, Step]) -> tuple[Field, ...]:
    kept = tuple(Field(one.name, Kind.TEXT) if isinstance(changed.get(one.name), Replace) else one for one in fields)
    last = chain.steps[-1] if chain.steps else None
    if not isinstance(last, Aggregate):
        return kept
    groups = _named(last, [one.name for one in kept]) or {}
    kinds = {one.name: one.kind for one in kept}
    return tuple(Field(name, kinds[groups[name]]) for name in last.groups) + tuple(
        Field(name, Kind.NUMBER) for name in cells.names(last.fields, last.statistics)
    )


def _named(step: Step, columns: Sequence[str]) -> dict[str, str] | None:
    """The one column of each field of a step; None where there is none, or more than one may be meant."""
    match step:
        case Keep(field=field) | Delay(field=field):
            asked: tuple[str, ...] = (field,) if field else ()
        case Suppress(fields=asked):
            return {} if all(any(alike(one) == alike(field) for one in columns) for field in asked) else None
        case Aggregate(groups=groups, fields=measured):
            asked = (*groups, *measured)
        case Replace(fields=asked) | CoarsenTime(fields=asked) | CoarsenPlace(fields=asked):
            pass
        case _:
            return None
    found = {}
    for field in asked:
        same = [one for one in columns if similar(one) == similar(field)]
        if len(same) != 1 or alike(same[0]) != alike(field):
            return None
        found[field] = same[0]
    return found


def _all_of(step: Suppress, columns: Sequence[str]) -> list[str]:
    return [one for one in columns for field in step.fields if similar(one) == similar(field)]


def gone(chain: Chain, names: Sequence[str]) -> set[str]:
    """Which of these columns do not leave."""
    return {name for step in chain.steps if isinstance(step, Suppress) for name in _all_of(step, names)}


def column(field: str, columns: Sequence[str]) -> str:
    """The column of a field that `touched` has found."""
    return next(one for one in columns if similar(one) == similar(field))


# --- expressions ------------------------------------------------------------------------------------------------------


class Treated(Struct, frozen=True):
    """What leaves of rows, by name, and the filters before it, in their order."""

    values: Values
    filters: tuple[Filter, ...]


def treated(chain: Chain, values: Values, words: Dialect, say: Say, now: int) -> Treated:
    """A chain that `touched` has a place for, over these values; steps for others are left out."""
    made, filters = dict(values), list[Filter]()
    for step in chain.steps:
        found = {field: name for field, name in (_named_in(step, values)).items() if name in values}
        match step:
            case Keep(field=field) if isinstance(words, Postgres):
                filters.append(postgres_steps.keep(values[found[field]], step, words, say))
            case Keep(field=field):
                filters.append(text_steps.keep(values[found[field]], step, words, say))
            case Delay(field=field):
                filters.append(postgres_steps.delay(values[found[field]], step, now))
            case Suppress():
                for name in _all_of(step, list(values)):
                    made.pop(name)
            case Replace(by=by):
                for name in found.values():
                    made[name] = _always(by, words, say)
            case CoarsenTime() if isinstance(words, Postgres):
                for name in found.values():
                    made[name] = postgres_steps.coarse_time(made[name], step, words)
            case CoarsenPlace() if isinstance(words, Postgres):
                for name in found.values():
                    made[name] = postgres_steps.coarse_key(made[name], step, words)
            case CoarsenTime() | CoarsenPlace():
                raise SourceError("source.broken", problem="a step for another database")
    return Treated(made, tuple(filters))


def _named_in(step: Step, values: Values) -> dict[str, str]:
    """As `_named`, of the columns that are read alone."""
    match step:
        case Keep(field=field) | Delay(field=field):
            asked: tuple[str, ...] = (field,)
        case Replace(fields=asked) | CoarsenTime(fields=asked) | CoarsenPlace(fields=asked):
            pass
        case _:
            return {}
    return {field: one for field in asked for one in values if similar(one) == similar(field)}


def _always(by: str, words: Dialect, say: Say) -> Value:
    if not isinstance(words, Postgres):
        return Value(kind=Kind.TEXT, sql=say(by), text=say(by), type="constant", nullable=not by)
    text = f"{say(by)}::text"
    return Value(kind=Kind.TEXT, sql=text, text=f"NULLIF({text}, '')", type="constant", nullable=not by)


def conditions(filters: Sequence[Filter]) -> list[str]:
    """Filters as conditions that an index serves. Where one cannot be told of a row, that row ends the statement,
    unless a filter before has left it out."""
    narrow = [f"({one.exact} OR {one.bad})" if one.bad else one.exact for one in filters]
    checks = []
    for n, one in enumerate(filters):
        if one.bad:
            before = " AND ".join(["true", *(f"({earlier.exact})" for earlier in filters[:n])])
            told = f"CASE WHEN {one.bad} THEN {one.fails} = 1 ELSE true END"
            checks.append(f"(CASE WHEN {before} THEN {told} ELSE false END)")
    return [*narrow, *checks]
