"""Recurring intervals: when they fall together, and whether that is within a window."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.model import ODRL, Atomic, Operator
from policies.recurrence import Moment, Series, meet, moment, series, within

DAY = 86_400_000_000
days = st.integers(min_value=-60, max_value=60)
lengths = st.integers(min_value=1, max_value=24)
BOUNDS = {Operator.LT: int.__lt__, Operator.LTEQ: int.__le__, Operator.GT: int.__gt__, Operator.GTEQ: int.__ge__}


def every(period: str, begin: str, name: str = "urn:allmende:anchor") -> Atomic:
    return Atomic(ODRL + "timeInterval", Operator.EQ, (period,), reference=f"{name} {begin}")


def occurrences(found: Series, until: int = 4000) -> set[int]:
    return set(range(found.first, until, found.period))


@given(days, lengths, days, lengths)
@settings(max_examples=60, deadline=None)
def test_what_two_series_have_in_common_is_what_stands_in_both(a: int, p: int, b: int, q: int) -> None:
    one, other = Series(a, p, 1, False), Series(b, q, 1, False)
    found = meet((one, other))
    assert (occurrences(found) if found else set()) == occurrences(one) & occurrences(other)


@given(days, lengths, st.lists(st.tuples(st.sampled_from(sorted(BOUNDS)), days), max_size=3))
@settings(max_examples=60, deadline=None)
def test_an_occurrence_falls_within_a_window_or_none_does(
    first: int, period: int, told: list[tuple[Operator, int]]
) -> None:
    found = Series(first, period, 1, True)
    window = [(operator, Moment(at, at + 1, True)) for operator, at in told]
    expected = any(all(BOUNDS[operator](at, bound) for operator, bound in told) for at in occurrences(found))
    assert within(found, window) is expected


def test_a_series_says_its_beginning_and_a_period_of_fixed_length() -> None:
    week = series(every("P1W", "2027-01-04"))
    assert week is not None
    assert (week.period, week.span, week.placed) == (7 * DAY, DAY, False)
    placed = series(every("PT12H", "2027-01-04T08:00:00+01:00"))
    assert placed is not None
    assert (placed.placed, placed.first) == (True, 1799046000000000)
    assert series(every("P1M", "2027-01-04")) is None, "months differ in length"
    assert series(every("P0D", "2027-01-04")) is None
    assert series(every("P1W", "soon")) is None
    assert series(every("P1W", "2027-01-04", name="urn:example:colour")) is None


def test_whether_a_day_of_no_named_place_lies_in_a_window_of_another_clock_is_sure_only_away_from_its_edges() -> None:
    weekly = series(every("P1W", "2027-01-04"))
    assert weekly is not None

    def between(first: str, last: str) -> bool | None:
        bounds = [(Operator.GTEQ, moment(first)), (Operator.LTEQ, moment(last))]
        return within(weekly, [(operator, at) for operator, at in bounds if at is not None])

    assert between("2027-01-10T00:00:00Z", "2027-01-12T00:00:00Z") is True
    assert between("2027-01-11T06:00:00Z", "2027-01-12T00:00:00Z") is None
    assert between("2027-01-06T12:00:00Z", "2027-01-09T12:00:00Z") is False
    assert between("2027-01-06", "2027-01-10") is False
    assert between("2027-01-06", "2027-01-11") is True
