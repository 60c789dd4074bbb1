"""Readings that came before: a broker that heard no acknowledgement sends again, and so does a radio.

What lives here: a window over what was taken last. What does not: the numbers by which a consumer knows what it has.

A copy has the same thing, time and values, or the same id where a source gives ids. Readings to which the device has
given the time are never copies of each other. The window is bounded: what comes again later than `most` readings is
taken once more. It is filled anew at the start from what the buffer holds, where that is what came: where duties change
things or times, it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from connector.data.readings.model import Value
from edge_node.collection.treating import Columns
from edge_node.ingest.checking import Checked

MOST: Final = 1 << 13
"""Readings that are remembered at least; at most twice as many."""


class Copies:
    """Two sets of marks, an older and a newer one. INVARIANT: a mark is in one of them only when its reading is
    durable; until that is known it is in `waiting`."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._old: set[int] = set()
        self._new: set[int] = set()
        self._waiting: set[int] = set()

    def fresh(self, series: str, found: Checked) -> tuple[list[int] | None, list[int]]:
        """The places of readings that are no copies (None: all of them), and their marks."""
        rows = found.rows
        made = marks(series, rows)
        if not found.timeless and not found.ids:
            known = self._known(made)
            if not known and len(set(made)) == len(made):
                return None, made
        return self._singly(series, found, made)

    def _known(self, made: Iterable[int]) -> set[int]:
        those = set(made)
        return (those & self._new) | (those & self._old) | (those & self._waiting)

    def _singly(self, series: str, found: Checked, made: list[int]) -> tuple[list[int] | None, list[int]]:
        rows, timeless = found.rows, set(found.timeless)
        by_id = [hash((series, one)) if one else None for one in found.ids] or [None] * len(made)
        known = self._known([*made, *(one for one in by_id if one is not None)])
        places: list[int] = []
        kept: set[int] = set()
        for place, (mark, other) in enumerate(zip(made, by_id, strict=True)):
            same = place not in timeless and (mark in known or mark in kept)
            if other in known or other in kept or (same and not _ambiguous([column[place] for column in rows.columns])):
                continue
            places.append(place)
            kept.update(() if place in timeless else (mark,), () if other is None else (other,))
        return (None if len(places) == len(made) else places), list(kept)

    def wait(self, made: Iterable[int]) -> None:
        """These came and are not durable yet."""
        self._waiting.update(made)

    def keep(self, made: Iterable[int]) -> None:
        """These are durable."""
        self._waiting.difference_update(made)
        self._new.update(made)
        if len(self._new) > self._most:
            self._old, self._new = self._new, set()

    def forget(self, made: Iterable[int]) -> None:
        """These were not kept: they may come again."""
        self._waiting.difference_update(made)


def marks(series: str, rows: Columns) -> list[int]:
    """What readings are known by: 61 bits of series, thing, time and values."""
    salt = hash(series)
    return [hash(row) ^ salt for row in zip(rows.things, rows.times, *rows.columns, strict=True)]


def _ambiguous(row: Sequence[Value]) -> bool:
    """May another row have the same mark without an accident? To Python's hash -1 and -2 are one: both are taken."""
    return any(type(value) is int and value in (-1, -2) for value in row)
