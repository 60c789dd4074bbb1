"""Rows in groups: statistics, how many stand behind each, and the fingerprint of what is in it.

What lives here: one cell, and all cells of a run, within bounds. What does not: which of them may be told (`ledger`),
how groups come about (`rows`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from policies.model import PolicyError, Reason
from policies.transforms import numbers

MOST: Final = 100_000
"""Cells of one run; they are what a run keeps in memory."""
MOST_UNITS: Final = 1_000_000
"""Different units that a run counts, in all cells together."""
_HASH: Final = 16

Key = tuple[Any, ...]
"""The values of the group's fields."""


class Measure:
    """What is known of one field in one cell: of the rows that have a value there, and how many have none."""

    __slots__ = ("count", "highest", "lowest", "missing", "total", "units", "without")

    def __init__(self) -> None:
        self.count, self.missing = 0, 0
        self.total = Decimal(0)
        self.lowest: Decimal | None = None
        self.highest: Decimal | None = None
        self.units: set[Any] = set()
        self.without: set[Any] = set()

    def add(self, number: Decimal) -> None:
        """One more value."""
        self.count += 1
        self.total = numbers.add(self.total, number)
        self.lowest = number if self.lowest is None else min(self.lowest, number)
        self.highest = number if self.highest is None else max(self.highest, number)


class Cell:
    """One group of rows. `units` holds no more of them than are needed to reach the threshold."""

    __slots__ = ("measures", "print", "rows", "units")

    def __init__(self, fields: int) -> None:
        self.rows, self.print = 0, 0
        self.units: set[Any] = set()
        self.measures = [Measure() for _ in range(fields)]


class Cells:
    """All cells of a run. With `by_unit` different units are counted up to `least`, otherwise rows."""

    def __init__(self, *, fields: int, least: int, by_unit: bool) -> None:
        self.by_key: dict[Key, Cell] = {}
        self._fields, self._least, self._by_unit = fields, least, by_unit
        self._held = 0

    def cell(self, key: Key) -> Cell:
        """The cell of a group. Raises `PolicyError` where there are too many."""
        found = self.by_key.get(key)
        if found is None:
            if len(self.by_key) >= MOST:
                raise PolicyError(Reason("transform.many", {"limit": str(MOST)}))
            found = self.by_key[key] = Cell(self._fields)
        return found

    def add(self, key: Key, unit: Any, values: Sequence[Decimal | None], row: bytes = b"") -> None:
        """One row with the values of the measured fields, None where it has none, and as it was before anything was
        done to it; the order of rows does not matter for the fingerprint."""
        cell = self.cell(key)
        cell.rows += 1
        self._stand(cell.units, unit)
        for measure, number in zip(cell.measures, values, strict=True):
            if number is None:
                measure.missing += 1
                self._stand(measure.without, unit)
            else:
                measure.add(number)
                self._stand(measure.units, unit)
        if row:
            made = int.from_bytes(hashlib.blake2b(row, digest_size=_HASH).digest())
            cell.print = (cell.print + made) % (1 << 8 * _HASH)

    def units(self, cell: Cell) -> int:
        """How many stand behind everything that can be known of a cell: behind its thinnest statistic, and behind the
        rows that one leaves out, where there are any."""
        by_unit = self._by_unit
        counts = [len(cell.units) if by_unit else cell.rows]
        for one in cell.measures:
            counts.append(len(one.units) if by_unit else one.count)
            if one.missing:
                counts.append(len(one.without) if by_unit else one.missing)
        return min(counts)

    def _stand(self, units: set[Any], unit: Any) -> None:
        # Nobody stands behind a row without a unit.
        if self._by_unit and len(units) < self._least and unit not in ("", None) and unit not in units:
            self._held += 1
            if self._held > MOST_UNITS:
                raise PolicyError(Reason("transform.many", {"limit": str(MOST_UNITS)}))
            units.add(unit)


def statistics(cell: Cell, asked: Sequence[str]) -> list[Decimal | None]:
    """The statistics of a cell: the count of rows, then those of each field, in the order of `names`. None where no row
    has a value."""
    made: list[Decimal | None] = [Decimal(cell.rows)] if "count" in asked else []
    for measure in cell.measures:
        made += [_OF[one](measure) if measure.count else None for one in asked if one != "count"]
    return made


def names(fields: Sequence[str], asked: Sequence[str]) -> list[str]:
    """What the statistics are called: `count`, `sum_energy`."""
    last = [field.rpartition("/")[2] for field in fields]
    return [
        *(["count"] if "count" in asked else []),
        *(f"{one}_{field}" for field in last for one in asked if one != "count"),
    ]


_OF: Final[dict[str, Callable[[Measure], Decimal | None]]] = {
    "sum": lambda measure: measure.total,
    "mean": lambda measure: numbers.mean(measure.total, measure.count),
    "min": lambda measure: measure.lowest,
    "max": lambda measure: measure.highest,
}


def text(key: Key) -> str:
    """A group's values as canonical text, which the ledger knows it by: what is equal as a number is one text."""
    plain = [numbers.write(Decimal(one)) if isinstance(one, (int, Decimal)) else one for one in key]
    kinds = ["n" if isinstance(one, (int, Decimal)) else "" for one in key]
    return msgspec.json.encode([plain, kinds] if any(kinds) else plain).decode()
