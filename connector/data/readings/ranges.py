"""Sets of whole numbers as ranges: which readings of a series are there.

Pure. A set is a tuple of (from, to), both included, in order, with a gap between any two of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
_first, _last = itemgetter(0), itemgetter(1)


def joined(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Any pairs as a set."""
    made: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if first > last:
            continue
        if made and first <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return tuple(made)


def add(known: Ranges, first: int, last: int) -> Ranges:
    """The set with these numbers in it."""
    begin, end = _near(known, first - 1), _beyond(known, last + 1)
    if begin < end:
        first, last = min(first, known[begin][0]), max(last, known[end - 1][1])
    return (*known[:begin], (first, last), *known[end:])


def _near(known: Ranges, number: int) -> int:
    """The place of the first range that does not end before this number."""
    return bisect_left(known, number, key=_last)


def _beyond(known: Ranges, number: int) -> int:
    """The place of the first range that begins behind this number."""
    return bisect_right(known, number, key=_first)


def missing(known: Ranges, first: int, last: int) -> Iterator[tuple[int, int]]:
    """What of `first` to `last` is not in the set."""
    at = first
    for begin, end in islice(known, _near(known, first), None):
        if begin > last:
            break
        if at < begin:
            yield at, begin - 1
        at = end + 1
    if at <= last:
        yield at, last


def covers(known: Ranges, first: int, last: int) -> bool:
    """Are all of these numbers in it?"""
    return next(missing(known, first, last), None) is None


def touches(known: Ranges, first: int, last: int) -> bool:
    """Is any of these numbers in it?"""
    return _near(known, first) < _beyond(known, last)


def size(known: Ranges) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in known)
