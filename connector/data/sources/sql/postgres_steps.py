"""What PostgreSQL does of a chain: filters, delays, windows of time, keys of places and numbers to be measured.

What lives here: each step as an expression that gives what `policies.transforms` gives. What does not: which field a
step means and the order of steps (`steps`), statistics (`summary`).

A value that the node could not treat makes the statement fail (a division by zero that only such a row reaches).
INVARIANT: what cannot be said exactly is not said; `does` tells beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from connector.data.queries.model import Field, Kind
from connector.data.sources.sql.filters import BLANKS, FOUND, NOT_FOUND, Filter
from connector.data.sources.sql.postgres_words import Postgres, usual_time
from connector.data.sources.sql.quoting import Say, literal
from connector.data.sources.sql.values import Value
from policies.instants import stamp
from policies.model import Operator
from policies.places import GEOCODING, KINDS
from policies.transforms import numbers, places, times
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Delay, Keep, Replace, Step, Suppress

_ZONES: Final = frozenset({"UTC", "Europe/Berlin"})
"""Clocks that have differed from UTC by whole hours since 1900, and changed by one hour at a time."""
_SIGNS: Final = {Operator.LT: "<", Operator.LTEQ: "<=", Operator.GT: ">", Operator.GTEQ: ">="}
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_UNITS: Final = {1: "month", 3: "quarter", 12: "year"}


def does(step: Step, fields: Mapping[str, Field]) -> bool:
    """Is this step done exactly, for these fields by their names? Those of a step are all there."""
    match step:
        case Keep(field=field, operator=operator):
            if operator in FOUND or operator in NOT_FOUND:
                return fields[field].kind not in (Kind.GEOMETRY, Kind.JSON)
            return operator in _SIGNS and fields[field].kind is Kind.NUMBER
        case Delay(field=field):
            return bool(field) and fields[field].kind in (Kind.INSTANT, Kind.DATE)
        case Suppress() | Replace():
            return True
        case CoarsenTime(zone=zone):
            return zone in _ZONES and all(fields[one].kind in (Kind.INSTANT, Kind.DATE) for one in step.fields)
        case CoarsenPlace(resolution=resolution):
            return bool(places.level(resolution).digits) and all(fields[one].kind is Kind.TEXT for one in step.fields)
        case Aggregate():
            return all(fields[one].kind is Kind.NUMBER for one in step.fields)
        case _:
            return False


# --- filters ----------------------------------------------------------------------------------------------------------


def keep(value: Value, step: Keep, words: Postgres, say: Say) -> Filter:
    """Only rows with such a value."""
    if step.operator in FOUND:
        return Filter(_found(value, [one for one in step.values if one == one.strip()], say))
    if step.operator in NOT_FOUND:
        return Filter(f"({words.bare(value, say)} NOT IN ({', '.join(map(say, step.values))}))")
    right = format(numbers.plain(step.values[0]), "f")
    number = exact_number(value)
    return Filter(f"({number} {_SIGNS[step.operator]} {right})", _unreadable(value), failing(value))


def _found(value: Value, among: list[str], say: Say) -> str:
    """The text is one of these, and an index is of use where there is one."""
    said = [say(one) for one in among if one]
    parts = []
    if said:
        exact = f'{value.text} COLLATE "C" IN ({", ".join(said)})'
        parts.append(f"({first} AND {exact})" if (first := _served(value, among, said)) else exact)
    if "" in among:
        parts.append(f"{value.text} IS NULL")
        if value.kind is Kind.TEXT:
            parts.append(f"btrim({value.sql}::text, {literal(BLANKS)}) = ''")
    return f"({' OR '.join(parts)})" if parts else "(1 = 0)"


def _served(value: Value, among: list[str], said: list[str]) -> str:
    """The same or more, in a form that an index serves; "" where there is none."""
    if value.type in ("text", "varchar"):
        return f"{value.sql} IN ({', '.join(said)})"
    if value.type in ("int2", "int4", "int8") and all(_WHOLE.fullmatch(one) for one in among):
        return f"{value.sql} IN ({', '.join(among)})"
    return ""


def delay(value: Value, step: Delay, now: int) -> Filter:
    """Only rows that are old enough."""
    bound = times.before(now, step.period, step.zone)
    if value.kind is Kind.DATE:
        return Filter(f"({value.sql} <= '{_last_day(bound, step.zone)}'::date)", _unreadable(value), failing(value))
    return Filter(f"({value.sql} <= '{stamp(bound)}'::timestamptz)", _unreadable(value), failing(value))


def _last_day(bound: int, zone: str) -> date:
    """The last day that was over by then."""
    day = date(1970, 1, 1) + timedelta(microseconds=bound) + timedelta(days=2)
    while times.latest(day.isoformat(), zone) > bound:
        day -= timedelta(days=1)
    return day


def _unreadable(value: Value) -> str:
    """There is nothing that can be compared; "" where there always is."""
    return (
        f"(({value.readable}) IS NOT TRUE)" if value.readable else (f"({value.sql} IS NULL)" if value.nullable else "")
    )


def failing(value: Value) -> str:
    """Fails; a whole number for those who check types."""
    return f"(1 / (0 * length(COALESCE({value.sql}::text, ''))))"


def exact_number(value: Value) -> str:
    """The number that its text is."""
    return f"{value.text}::numeric" if value.type in ("float4", "float8") else value.sql


def number(value: Value) -> str:
    """The number to be measured, NULL for nothing; it fails for what is none."""
    exact = exact_number(value)
    if not value.readable:
        return f"{exact}::numeric"
    return f"(CASE WHEN {value.readable} THEN {exact}::numeric WHEN {value.sql} IS NOT NULL THEN {failing(value)} END)"


# --- times ------------------------------------------------------------------------------------------------------------


def coarse_time(value: Value, step: CoarsenTime, words: Postgres) -> Value:
    """The beginning of the window."""
    grid, sql = times.grid(step.resolution), value.sql
    if value.kind is Kind.DATE:
        floor = f"{_floor(f'{sql}::timestamp', grid)}::date" if grid.months or grid.length > 86400 * 10**6 else sql
        return words.typed(Kind.DATE, _or_fail(value, usual_time(sql), floor, "date"), "date")
    zone = literal(step.zone)
    local = f"({sql} AT TIME ZONE {zone})"
    if grid.is_short:
        since = f"({local} - date_bin({_interval(grid)}, {local}, timestamp '0001-01-01'))"
        fast = f"date_bin({_interval(grid)}, {sql}, timestamptz '0001-01-01 00:00:00Z')"
        made = f"CASE WHEN {sql} >= '1900-01-02' THEN {fast} ELSE {sql} - {since} END"
    else:
        floor = _floor(local, grid)
        start = f"({floor} AT TIME ZONE {zone})"
        # Of two such clocks the earlier one; the database takes the later.
        earlier = f"({start} - interval '1 hour')"
        made = f"CASE WHEN ({earlier} AT TIME ZONE {zone}) = {floor} THEN {earlier} ELSE {start} END"
    return words.typed(Kind.INSTANT, _or_fail(value, usual_time(sql), made, "timestamptz"), "timestamptz")


def _or_fail(value: Value, when: str, made: str, kind: str) -> str:
    """Nothing stays nothing, and what cannot be treated fails."""
    fails = f"to_timestamp({failing(value)})::{kind}"
    return f"(CASE WHEN {when} THEN {made} WHEN {value.sql} IS NOT NULL THEN {fails} END)"


def _interval(grid: times.Grid) -> str:
    return f"interval '{grid.micros // 10**6} seconds'"


def _floor(local: str, grid: times.Grid) -> str:
    """The beginning of a window on the clock."""
    if unit := _UNITS.get(grid.months):
        return f"date_trunc('{unit}', {local})"
    if grid.months:
        month = f"((extract(month FROM {local})::int - 1) / {grid.months} * {grid.months} + 1)"
        return f"make_date(extract(year FROM {local})::int, {month}, 1)::timestamp"
    if grid.micros == 7 * 86400 * 10**6:
        return f"date_trunc('week', {local})"
    return f"date_bin({_interval(grid)}, {local}, timestamp '0001-01-01')"


# --- places -----------------------------------------------------------------------------------------------------------


def coarse_key(value: Value, step: CoarsenPlace, words: Postgres) -> Value:
    """An official key, cut."""
    digits = places.level(step.resolution).digits
    bare = f"btrim({value.sql}::text, {literal(BLANKS)})"
    kind = next(kind for kind, length in KINDS.items() if length == digits)
    names = "|".join(f"{name}/[0-9]{{{length}}}" for name, length in KINDS.items())
    iri = literal(f"^{re.escape(GEOCODING)}({names})$")
    lengths = "|".join(f"[0-9]{{{length}}}" for length in _cuttable(digits))
    tail = f"split_part(substr({bare}, {len(GEOCODING) + 1}), '/', 2)"
    made = (
        f"(CASE WHEN {bare} ~ '^({lengths})$' THEN {_cut(bare, digits)}"
        f" WHEN {value.text} IS NULL THEN NULL"
        f" WHEN {bare} ~ {iri} AND {tail} ~ '^({lengths})$' THEN '{GEOCODING}{kind}/' || {_cut(tail, digits)}"
        f" ELSE {failing(value)}::text END)"
    )
    return Value(kind=Kind.TEXT, sql=made, text=made, type="cut")


def _cuttable(digits: int) -> list[int]:
    """Lengths of keys that lie in a place of this level."""
    return [one for one in sorted(KINDS.values()) if one >= digits and not (one == 9 and digits == 8)]


def _cut(bare: str, digits: int) -> str:
    if digits == places.KEYS["municipality"]:
        return f"(CASE length({bare}) WHEN 12 THEN left({bare}, 5) || substr({bare}, 10) ELSE {bare} END)"
    return f"left({bare}, {digits})"
