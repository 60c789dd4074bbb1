"""connector/data/readings/ranges.py: against sets of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.readings.ranges import Ranges, add, covers, joined, missing, size, touches

numbers = st.frozensets(st.integers(1, 40))
pair = st.tuples(st.integers(1, 42), st.integers(0, 6)).map(lambda one: (one[0], one[0] + one[1]))


def ranges(of: frozenset[int]) -> Ranges:
    return joined((one, one) for one in of)


def members(of: Ranges) -> set[int]:
    assert all(first <= last for first, last in of)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(of)), "with a gap between any two"
    return {number for first, last in of for number in range(first, last + 1)}


@settings(max_examples=300)
@given(numbers, pair)
def test_they_are_sets(known: frozenset[int], more: tuple[int, int]) -> None:
    first, last = more
    asked, there = set(range(first, last + 1)), ranges(known)
    assert members(there) == known
    assert members(add(there, first, last)) == known | asked
    assert {n for a, b in missing(there, first, last) for n in range(a, b + 1)} == asked - known
    assert covers(there, first, last) is (asked <= known)
    assert touches(there, first, last) is bool(asked & known)
    assert size(there) == len(known)
