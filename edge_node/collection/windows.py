"""Readings that are kept as statistics alone: windows that are open in memory until they have ended.

What lives here: the windows of one series, which rows they become, within bounds. What does not: steps that are done to
one reading (`treating`), which statistics are asked for (`policies.transforms`).

A reading in an open window is nowhere but in memory: what is to be kept as a statistic only must not stand on a disk as
it was. INVARIANT: a row is told once for a window, and not before its end; what comes later for it is counted and gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.data.readings.model import Field, Kind, Value
from edge_node.collection.treating import AT, NOTHING, THING, Columns
from edge_node.errors import FullError
from policies.model import PolicyError, Reason
from policies.transforms import times
from policies.transforms.cells import names
from policies.transforms.steps import Aggregate, CoarsenTime, Step
from policies.transforms.table import alike

GRACE: Final = 60 * 10**6
"""A window is told so many microseconds after its end, and after the last reading that came for it: what was held up
on the way, also for hours, comes in a row."""
MOST: Final = 20_000
"""Windows that are open at a time, over all groups."""
_MEAN: Final = 2
"""Decimal places that a mean has more than its values."""
_MOST_PLACES: Final = 9

Key = tuple[Any, ...]


class Cell(Struct, array_like=True):
    """One window of one group: how many rows, when the last one came, and of each field the count of values, their sum,
    the lowest and the highest, in its smallest steps."""

    rows: int
    latest: int
    fields: list[list[int]]


class _Snapshot(Struct, array_like=True):
    open: list[tuple[Key, Cell]]
    past: list[Key]


class Windows:
    """The windows of a series that has these fields after all steps before the statistics. `fields` are those of the
    rows that windows become.

    Raises `PolicyError` `windows.endless` where a group has no window that ends, `windows.kind` for a field that is no
    number.
    """

    def __init__(self, steps: Sequence[Step], fields: Sequence[Field]) -> None:
        found = next(step for step in steps if isinstance(step, Aggregate))
        windows = [one for one in steps if isinstance(one, CoarsenTime) and AT in map(_bare, one.fields)]
        columns = {THING: 0, AT: 1, **{field.name: n + 2 for n, field in enumerate(fields)}}
        groups = [_column(columns, field) for field in found.groups]
        if not windows or 1 not in groups:
            raise PolicyError(Reason("windows.endless"))
        self._groups, self._statistics = groups, found.statistics
        self._measured = [_column(columns, field) for field in found.fields]
        for n in self._measured:
            if n < 2 or fields[n - 2].kind is not Kind.NUMBER:
                raise PolicyError(Reason("windows.kind", {"field": [*columns][n]}))
        self._grid, self._zone = times.grid(windows[-1].resolution), windows[-1].zone
        measured = [fields[n - 2] for n in self._measured]
        self._finer = [10 ** (_mean_places(field) - field.places) for field in measured]
        self.fields = (*(fields[n - 2] for n in groups if n > 1), *_told(measured, found.statistics))
        self.open: dict[Key, Cell] = {}
        self._past: dict[Key, None] = {}
        self.late = 0

    def keys(self, rows: Columns) -> list[Key]:
        """The window of each reading. Raises `FullError` `windows.full` where there is no room for further ones."""
        columns: list[Sequence[Any]] = [rows.things, rows.times, *rows.columns]
        found = list(zip(*(columns[n] for n in self._groups), strict=True))
        new = {key for key in found if key not in self.open and key not in self._past}
        if len(self.open) + len(new) > MOST:
            raise FullError("windows.full", limit=str(MOST))
        return found

    def add(self, keys: Sequence[Key], rows: Columns, now: int) -> None:
        """Takes the readings of these windows; those of windows that were told are late."""
        columns: list[Sequence[Any]] = [rows.things, rows.times, *rows.columns]
        measured = [columns[n] for n in self._measured]
        for place, key in enumerate(keys):
            if key in self._past:
                self.late += 1
                continue
            cell = self.open.get(key)
            if cell is None:
                cell = self.open[key] = Cell(0, 0, [[0, 0, 0, 0] for _ in measured])
            cell.rows += 1
            cell.latest = now
            for known, column in zip(cell.fields, measured, strict=True):
                _note(known, column[place])

    def snapshot(self) -> bytes:
        """Everything that is open, and what was told, to be restored."""
        return msgspec.msgpack.encode(_Snapshot(list(self.open.items()), list(self._past)))

    def restore(self, snapshot: bytes) -> None:
        """What is open is what was then. Raises `msgspec.DecodeError`."""
        found = msgspec.msgpack.decode(snapshot, type=_Snapshot)
        self.open = dict(found.open)
        self._past = dict.fromkeys(found.past)

    def ended(self, now: int) -> list[Key]:
        """The windows that are to be told by now, in the order of their time."""
        at = self._groups.index(1)
        found = [key for key, cell in self.open.items() if self._over(key[at], cell) <= now]
        return sorted(found, key=lambda key: key[at])

    def due(self) -> int | None:
        """When there is a window to be told (microseconds UTC); None where none is open."""
        at = self._groups.index(1)
        return min((self._over(key[at], cell) for key, cell in self.open.items()), default=None)

    def rows(self, keys: Sequence[Key]) -> Columns:
        """These windows as rows, the time of each being its beginning."""
        made = Columns([], [], [[] for _ in self.fields])
        for key in keys:
            named = dict(zip(self._groups, key, strict=True))
            made.things.append(named.get(0, NOTHING))
            made.times.append(named[1])
            rest = [value for n, value in named.items() if n > 1]
            for column, value in zip(made.columns, [*rest, *self._values(self.open[key])], strict=True):
                column.append(value)
        return made

    def close(self, keys: Sequence[Key]) -> None:
        """These were told, and are over."""
        for key in keys:
            del self.open[key]
            self._past[key] = None
        for key in list(self._past)[: max(0, len(self._past) - MOST)]:
            del self._past[key]

    def _over(self, start: int, cell: Cell) -> int:
        return max(self._grid.end(start, self._zone), cell.latest) + GRACE

    def _values(self, cell: Cell) -> list[Value]:
        made: list[Value] = [cell.rows] if "count" in self._statistics else []
        for known, finer in zip(cell.fields, self._finer, strict=True):
            made += [_OF[one](known, finer) if known[0] else None for one in self._statistics if one != "count"]
        return made


def _bare(field: str) -> str:
    """A pointer to a member of a row is that member's name."""
    return alike(field[1:] if field.startswith("/") and field.count("/") == 1 else field)


def _column(columns: Mapping[str, int], field: str) -> int:
    found = columns.get(_bare(field))
    if found is None:
        raise PolicyError(Reason("transform.column", {"field": field}))
    return found


def _note(known: list[int], value: Any) -> None:
    """One more value of a field."""
    if value is None:
        return
    count = known[0]
    known[0] = count + 1
    known[1] += value
    known[2] = value if not count else min(known[2], value)
    known[3] = value if not count else max(known[3], value)


def _told(measured: Sequence[Field], statistics: Sequence[str]) -> list[Field]:
    """The fields of statistics, in the order of `_values`."""
    made = [Field("count")] if "count" in statistics else []
    for field in measured:
        for one in statistics:
            if one != "count":
                places = _mean_places(field) if one == "mean" else field.places
                made.append(replace(field, name=names([field.name], [one])[0], places=places))
    return made


def _mean_places(field: Field) -> int:
    return min(field.places + _MEAN, _MOST_PLACES)


def _mean(known: list[int], finer: int) -> int:
    """To the nearest, and halves to the even one."""
    found, rest = divmod(known[1] * finer, known[0])
    return found + (2 * rest > known[0] or (2 * rest == known[0] and found % 2 == 1))


_OF: Final[Mapping[str, Callable[[list[int], int], int]]] = {
    "sum": lambda known, finer: known[1],
    "mean": _mean,
    "min": lambda known, finer: known[2],
    "max": lambda known, finer: known[3],
}
