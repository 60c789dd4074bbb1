"""Steps that are done to one reading at a time, for many readings at once, column by column.

What lives here: readings in columns by the names of their things, and the steps of a chain made into changes of
columns. What does not: what a step means for a value (`policies.transforms`), windows (`windows`), which steps are done
where (`duties`, `delivering`).

A reading is a flat row to a policy, as it is where a node gives readings out: `thing`, `at`, and its fields by name. A
reading without a time cannot be kept in order, so a step that takes `at` away is refused. INVARIANT: a reading that
cannot be treated is left out and counted; it goes nowhere as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from connector.data.readings.model import Field, Kind, Value
from policies.model import PolicyError, Reason
from policies.transforms import numbers, places, pseudonyms, times
from policies.transforms.rows import predicate
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Noise,
    Pseudonymise,
    Replace,
    Sign,
    Step,
    Suppress,
    Threshold,
)
from policies.transforms.table import alike, similar

THING, AT = "thing", "at"
NOTHING: Final = "-"
"""The name of a thing that is not told."""
_PLACES: Final = 6
"""Decimal places of a coordinate that is the middle of a square."""
_KEPT: Final = 1 << 14
_SECOND: Final = 10**6
_MINUTE: Final = 60 * _SECOND
_UNREADABLE: Final = (ValueError, ArithmeticError, RecursionError, TypeError)


class Columns(Struct):
    """Readings of one series in columns of equal length: names of things, microseconds UTC, one list a field."""

    things: list[str]
    times: list[int]
    columns: list[list[Value]]


class Treated(Struct):
    """What is left: `kept` are the places that the rows had before (None: all of them are there), `unfit` how many
    could not be treated."""

    rows: Columns
    kept: list[int] | None = None
    unfit: int = 0


class Given(Struct, frozen=True):
    """What treating needs from outside: the time (microseconds UTC; an early one is safe) and a key for pseudonyms."""

    now: int
    key: bytes = b""


class Treatment:
    """The steps for readings with these fields. `fields` are those afterwards; `delays` are periods, with their zones,
    that a reading has to be old before it leaves, which `run` does not look at.

    Raises `PolicyError` where a step cannot be done for these fields; `treat.step` for one that is not done to a
    reading alone.
    """

    def __init__(self, steps: Iterable[Step], fields: Sequence[Field]) -> None:
        self._names = [THING, AT, *(field.name for field in fields)]
        self._fields: list[Field | None] = list(fields)
        self._steps: list[Callable[[_Work, Given], None]] = []
        self._makers: dict[str, tuple[bytes, Callable[[Any], Any]]] = {}
        self.needs_key = False
        self.delays: list[tuple[str, str]] = []
        for step in steps:
            self._plan(step)
        self.fields = tuple(field for field in self._fields if field is not None)

    def __bool__(self) -> bool:
        """Is there anything to do?"""
        return bool(self._steps) or None in self._fields  # a field that goes needs no step of its own

    def run(self, rows: Columns, given: Given) -> Treated:
        """The rows as they may go on. Raises `PolicyError` `transform.key` where a key is needed and not there."""
        if self.needs_key and not given.key:
            raise PolicyError(Reason("transform.key"))
        work = _Work(rows)
        for step in self._steps:
            step(work, given)
        left = [column for column, field in zip(work.columns, self._fields, strict=True) if field is not None]
        return Treated(Columns(work.things, work.times, left), work.kept, work.unfit)

    # --- what a step means for columns --------------------------------------------------------------------------------

    def _plan(self, step: Step) -> None:
        match step:
            case Keep():
                self._keep(step)
            case Delay():
                if step.field and self._one(step.field) != 1:
                    raise PolicyError(Reason("treat.delay", {"field": step.field}))
                self.delays.append((step.period, step.zone or times.ZONE))
            case Suppress():
                for field in step.fields:
                    self._suppress(field)
            case Replace():
                for field in step.fields:
                    self._change(field, lambda now, key: lambda value: step.by)
            case Pseudonymise():
                self.needs_key = True
                for field in step.fields:
                    self._change(field, self._masking(step.period), masks=True)
            case CoarsenTime():
                for field in step.fields:
                    self._coarsen(field, step)
            case CoarsenPlace():
                self._place(step)
            case Sign():
                pass  # What a device gives away carries its own signature, each batch of it.
            case Aggregate() | Threshold() | Noise():
                raise PolicyError(Reason("treat.step", {"step": str(step.__struct_config__.tag)}))
            case _:
                assert_never(step)

    def _all(self, field: str) -> list[int]:
        """Everything that a person would take for this name, where there is one that is it. Raises `PolicyError`."""
        name = alike(field[1:] if field.startswith("/") and field.count("/") == 1 else field)
        found = [n for n, one in enumerate(self._names) if similar(one) == similar(name) and self._is_there(n)]
        if not any(self._names[n] == name for n in found):
            raise PolicyError(Reason("transform.column", {"field": field}))
        return found

    def _is_there(self, n: int) -> bool:
        return n < 2 or self._fields[n - 2] is not None

    def _one(self, field: str) -> int:
        found = [n for n in self._all(field) if self._names[n] == alike(field.removeprefix("/"))]
        return found[0]

    def _of(self, n: int) -> Field:
        """What a column that is neither thing nor time holds."""
        found = self._fields[n - 2]
        assert found is not None  # INVARIANT: `_all` gives columns that are there
        return found

    def _keep(self, step: Keep) -> None:
        n = self._one(step.field)
        if n == 1:
            raise PolicyError(Reason("treat.filter", {"field": step.field}))
        plain, fits = _plain(Field(THING, kind=Kind.TEXT) if n == 0 else self._of(n)), predicate(step, numbers.plain)
        holds = _remembered(lambda value: fits(plain(value)))
        self._steps.append(lambda work, given: work.filter(n, holds))

    def _suppress(self, field: str) -> None:
        for n in self._all(field):
            if n == 1:
                raise PolicyError(Reason("treat.time", {"field": field}))
            if n == 0:
                self._steps.append(lambda work, given: work.put(0, [NOTHING] * len(work.times)))
            else:
                self._fields[n - 2] = None

    def _change(self, field: str, make: Callable[[int, bytes], Callable[[Any], Any]], *, masks: bool = False) -> None:
        """The field becomes text."""
        for n in self._all(field):
            if n == 1:
                raise PolicyError(Reason("treat.time", {"field": field}))
            plain: Callable[[Any], Any] = _same
            if n > 1:
                was = self._of(n)
                if masks and was.kind is Kind.FLAG:
                    raise PolicyError(Reason("treat.kind", {"field": field}))
                plain = _plain(was)
                self._fields[n - 2] = Field(was.name, "", 0, Kind.TEXT)

            def act(work: _Work, given: Given, n: int = n, plain: Callable[[Any], Any] = plain) -> None:
                change = make(given.now, given.key)
                work.change(n, change if plain is _same else lambda value: change(plain(value)))

            self._steps.append(act)

    def _masking(self, period: str) -> Callable[[int, bytes], Callable[[Any], Any]]:
        """Makes pseudonyms; what is remembered of a period goes with it."""

        def masking(now: int, key: bytes) -> Callable[[Any], Any]:
            of_period = pseudonyms.of_period(key, now, period)
            known = self._makers.get(period)
            if known is None or known[0] != of_period:
                known = self._makers[period] = (of_period, pseudonyms.maker(of_period))
            return known[1]

        return masking

    def _coarsen(self, field: str, step: CoarsenTime) -> None:
        for n in self._all(field):
            if n == 1:
                start = floor(step.resolution, step.zone)
                self._steps.append(lambda work, given, start=start: work.change(1, start))  # type: ignore[misc]
            elif n == 0:
                raise PolicyError(Reason("treat.kind", {"field": field}))
            else:
                self._on_text(field, n, times.Coarse(step.resolution, step.zone))

    def _on_text(self, field: str, n: int, change: Callable[[Any], Any]) -> None:
        """A change that keeps the form of the value, which has to be text."""
        if n > 1 and self._of(n).kind is not Kind.TEXT:
            raise PolicyError(Reason("treat.kind", {"field": field}))
        self._steps.append(lambda work, given: work.change(n, change))

    def _place(self, step: CoarsenPlace) -> None:
        level = places.level(step.resolution)
        if level.digits or len(step.fields) == 1:
            change = places.key(level.digits) if level.digits else places.point(level.metres)
            for field in step.fields:
                for n in self._all(field):
                    if n == 1:
                        raise PolicyError(Reason("treat.time", {"field": field}))
                    self._on_text(field, n, change)
            return
        axes = places.axes(*step.fields) if len(step.fields) == 2 else None
        if axes is None:
            raise PolicyError(Reason("transform.axes", {"fields": " ".join(step.fields)}))
        self._pair(*axes, level.metres)

    def _pair(self, first: str, second: str, metres: int) -> None:
        for field in (first, second):
            if len(self._all(field)) > 1:
                raise PolicyError(Reason("transform.ambiguous", {"field": field}))
        x, y = self._one(first), self._one(second)
        if min(x, y) < 2 or any(self._of(n).kind is not Kind.NUMBER for n in (x, y)):
            raise PolicyError(Reason("treat.kind", {"field": f"{first} {second}"}))
        snapped = _snapping(self._of(x).places, self._of(y).places, metres)
        self._steps.append(lambda work, given: work.change_pair(x, y, snapped))
        for n in (x, y):
            self._fields[n - 2] = replace(self._of(n), places=_PLACES)


class _Work:
    """Columns while they are worked on."""

    def __init__(self, rows: Columns) -> None:
        self.things, self.times, self.columns = rows.things, rows.times, list(rows.columns)
        self.kept: list[int] | None = None
        self.unfit = 0

    def column(self, n: int) -> Sequence[Any]:
        return self.things if n == 0 else self.times if n == 1 else self.columns[n - 2]

    def put(self, n: int, column: list[Any]) -> None:
        if n == 0:
            self.things = column
        elif n == 1:
            self.times = column
        else:
            self.columns[n - 2] = column

    def filter(self, n: int, holds: Callable[[Any], bool]) -> None:
        """Rows go on whose value holds."""
        found, bad = _each(holds, self.column(n))
        self.unfit += len(bad)
        if not all(found):
            self._pick([place for place, one in enumerate(found) if one])

    def change(self, n: int, change: Callable[[Any], Any]) -> None:
        """Every value of a column changed; rows whose value cannot be do not go on."""
        found, bad = _each(change, self.column(n))
        self.put(n, found)
        self._leave_out(bad)

    def change_pair(self, x: int, y: int, change: Callable[[tuple[Any, Any]], tuple[Any, Any]]) -> None:
        """Two columns changed together."""
        found, bad = _each(change, list(zip(self.column(x), self.column(y), strict=True)))
        self.put(x, [one[0] if one else None for one in found])
        self.put(y, [one[1] if one else None for one in found])
        self._leave_out(bad)

    def _leave_out(self, bad: list[int]) -> None:
        self.unfit += len(bad)
        if bad:
            gone = set(bad)
            self._pick([place for place in range(len(self.times)) if place not in gone])

    def _pick(self, chosen: list[int]) -> None:
        self.things = [self.things[n] for n in chosen]
        self.times = [self.times[n] for n in chosen]
        self.columns = [[column[n] for n in chosen] for column in self.columns]
        self.kept = chosen if self.kept is None else [self.kept[n] for n in chosen]


def _each(change: Callable[[Any], Any], column: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Every value changed, and the places of those that cannot be."""
    try:
        return [change(value) for value in column], []
    except _UNREADABLE:
        pass
    made: list[Any] = []
    bad: list[int] = []
    for n, value in enumerate(column):
        try:
            made.append(change(value))
        except _UNREADABLE:
            made.append(None)
            bad.append(n)
    return made, bad


def _same(value: Any) -> Any:
    return value


def _plain(field: Field) -> Callable[[Any], Any]:
    """A value as a policy sees it: a number is the number itself and not its steps."""
    if field.kind is not Kind.NUMBER or not field.places:
        return _same
    scale = -field.places

    def plain(value: Any) -> Any:
        return None if value is None else Decimal(numbers.write(Decimal(value).scaleb(scale)))

    return plain


def _remembered(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same for values that come again and again. INVARIANT: values of a column are of one type, so that no two that
    differ are equal."""
    known: dict[Any, Any] = {}

    def again(value: Any) -> Any:
        if value in known:
            return known[value]
        made = change(value)
        if len(known) < _KEPT:
            known[value] = made
        return made

    return again


def floor(resolution: str, zone: str) -> Callable[[int], int]:
    """The beginning of the window of an instant. INVARIANT: no window begins within a second, and since 1972, when the
    last offset with seconds was given up, none of a minute or more within a minute."""
    grid, known = times.grid(resolution), dict[int, int]()
    unit = _MINUTE if grid.length >= _MINUTE else _SECOND

    def start(at: int) -> int:
        part = at // unit
        found = known.get(part)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            found = known[part] = grid.start(part * unit, zone)
        return found

    return start


def _snapping(x_places: int, y_places: int, metres: int) -> Callable[[tuple[Any, Any]], tuple[Any, Any]]:
    """The middle of the square of a point, both in steps of the last decimal place that is told."""
    x_plain, y_plain = _plain(Field("x", places=x_places)), _plain(Field("y", places=y_places))

    def snapped(point: tuple[Any, Any]) -> tuple[Any, Any]:
        x, y = point
        if x is None and y is None:
            return point
        across, up = places.snap(float(numbers.plain(x_plain(x))), float(numbers.plain(y_plain(y))), metres)
        return tuple(int(places.rounded(one).scaleb(_PLACES)) for one in (across, up))  # type: ignore[return-value]

    return _remembered(snapped)
