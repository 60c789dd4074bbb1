"""Sets of whole numbers as ranges: which readings of a series are there.

Pure. A set is a tuple of (from, to), both included, in order, with a gap between any two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]


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
    if known and known[-1][0] <= first <= known[-1][1] + 1:
        return (*known[:-1], (known[-1][0], max(known[-1][1], last)))
    return joined((*known, (first, last)))


def missing(known: Ranges, first: int, last: int) -> Iterator[tuple[int, int]]:
    """What of `first` to `last` is not in the set."""
    at = first
    for begin, end in known:
        if end < at:
            continue
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
    return any(begin <= last and first <= end for begin, end in known)


def size(known: Ranges) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in known)
