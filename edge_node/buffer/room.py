"""When there is no room any more: which segment makes place, and how long what is left will do.

What lives here: decisions over values. What does not: deleting and writing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

from connector.data.readings.ranges import Ranges, covers, joined, missing
from edge_node.buffer.index import Part, Row

Held = Mapping[tuple[str, int], Ranges]
Needed = Mapping[int, Collection[str]]
"""By series, the consumers that are to have it."""
MOST_THINNED: Final = 6
"""So often a segment is thinned out (1 of 64 readings is left); then it is forgotten."""
_DAY: Final = 86_400_000_000
_HOUR: Final = 3_600_000_000
_SHORTEST: Final = 60_000_000


def delivered(series: int, held: Held, needed: Needed) -> Ranges:
    """What all of those have that are to have it; nothing where nobody is to have it."""
    consumers = needed.get(series, ())
    if not consumers:
        return ()
    found: Ranges | None = None
    for consumer in consumers:
        theirs = held.get((consumer, series), ())
        found = theirs if found is None else common(found, theirs)
    return found or ()


def common(one: Ranges, other: Ranges) -> Ranges:
    """The numbers in both."""
    return joined((max(a, c), min(b, d)) for a, b in one for c, d in other if a <= d and c <= b)


def without(ranges: Ranges, other: Ranges) -> Ranges:
    """The numbers in the first and not in the second."""
    return joined(pair for first, last in ranges for pair in missing(other, first, last))


def all_there(parts: Iterable[Part], have: Mapping[int, Ranges]) -> bool:
    """Has everything been delivered that a segment holds?"""
    return all(covers(have.get(part.series, ()), first, last) for part in parts for first, last in part.ranges)


def victim(rows: Sequence[Row], policy: Literal["oldest", "thin", "refuse"]) -> tuple[Row, bool] | None:
    """Which segment makes room, and whether it is thinned out rather than forgotten; None: none does."""
    if policy == "refuse" or not rows:
        return None
    if policy == "thin":
        least = min(rows, key=lambda row: (row.level, row.number))
        if least.level < MOST_THINNED:
            return least, True
    return min(rows, key=lambda row: row.number), False


def hours(spans: Iterable[tuple[int, int, int]], now: int, left: int) -> float | None:
    """For how many hours `left` bytes are enough at the pace of the last day. `spans` are (from, to, bytes) of what was
    taken in; None where that is less than a minute's worth."""
    recent = [(first, size) for first, last, size in spans if last >= now - _DAY]
    began = min((first for first, _ in recent), default=now)
    took = now - began
    size = sum(size for _, size in recent)
    if took < _SHORTEST or not size:
        return None
    return left * took / size / _HOUR
