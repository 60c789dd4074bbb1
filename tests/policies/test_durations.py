"""Covers policies/durations.py: months against days are a partial order."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import durations
from policies.claims import Claim
from policies.durations import DAY, SECOND, Durations, after, bounds, differ, lasted, length
from policies.model import Operator

VALUES: Final = Durations()
LEFT: Final = "urn:x"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "canonical", "length_"),
    [
        ("P1Y", "P1Y", (12, 0)),
        ("P12M", "P1Y", (12, 0)),
        ("P18M", "P18M", (18, 0)),
        ("P1Y2M3DT4H5M6S", "P14M" + "T273906S", (14, 273906 * SECOND)),
        ("P4W", "P28D", (0, 28 * DAY)),
        ("P0D", "PT0S", (0, 0)),
        ("PT24H", "P1D", (0, DAY)),
        ("PT90M", "PT90M", (0, 5400 * SECOND)),
        ("PT3600S", "PT1H", (0, 3600 * SECOND)),
        ("PT61S", "PT61S", (0, 61 * SECOND)),
        ("PT0.5S", "PT0.5S", (0, 500_000)),
        ("PT1.000001S", "PT1.000001S", (0, 1_000_001)),
        ("PT1.5000000S", "PT1.5S", (0, 1_500_000)),
        ("P1M1D", "P1M1D", (1, DAY)),
        ("P1MT12H", "P1MT12H", (1, 43200 * SECOND)),
        ("P100Y", "P100Y", (1200, 0)),
        ("P37200D", "P37200D", (0, 37200 * DAY)),
    ],
)
def test_a_duration_has_one_spelling(text: str, canonical: str, length_: tuple[int, int]) -> None:
    assert durations.read(text) == canonical
    assert durations.read(canonical) == canonical
    assert length(canonical) == length_
    assert durations.write(length_) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "-P1D",
        "P1H",
        "P1.5D",
        "PT1.S",
        "P1W1D",
        "P1201M",
        "P100Y1M",
        "P37201D",
        "P1S",
        "PT1.0000001S",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        durations.read(text)
    with pytest.raises(ValueError):
        durations.fact(text)


def test_a_length_is_that_of_a_duration() -> None:
    with pytest.raises(ValueError):
        length("soon")


@pytest.mark.parametrize(
    ("months", "least", "most"),
    [(0, 0, 0), (1, 28, 31), (2, 59, 62), (12, 365, 366), (48, 1460, 1461), (1200, 36524, 36525)],
)
def test_so_many_months_are_so_many_days(months: int, least: int, most: int) -> None:
    assert bounds(months) == (least, most)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("P1M", "P27D", 1),
        ("P1M", "P28D", None),
        ("P1M", "P30D", None),
        ("P1M", "P31D", None),
        ("P1M", "P31DT1S", -1),
        ("P1M", "P1M", 0),
        ("P1M", "P1MT1S", -1),
        ("P1Y", "P12M", 0),
        ("P1Y", "P364D", 1),
        ("P1Y", "P365D", None),
        ("P1Y", "P366D", None),
        ("P1Y", "P367D", -1),
        ("P2M", "P1M28D", None),
        ("P2M", "P1M27D", 1),
        ("P3M", "P1M62DT1S", -1),
        ("P30D", "PT720H", 0),
        ("PT1S", "PT2S", -1),
        ("PT0S", "P1M", -1),
        ("PT0S", "PT0S", 0),
    ],
)
def test_months_and_days_are_ordered_only_where_every_calendar_agrees(one: str, two: str, expected: int | None) -> None:
    found = differ(length(durations.read(one)), length(durations.read(two)))
    assert found == expected
    turned = differ(length(durations.read(two)), length(durations.read(one)))
    assert turned == (None if expected is None else -expected)
    right, fact = (durations.read(two),), durations.fact(one)
    judged = {
        Operator.LT: expected == -1,
        Operator.LTEQ: expected in (-1, 0),
        Operator.GT: expected == 1,
        Operator.GTEQ: expected in (0, 1),
        Operator.EQ: expected == 0,
        Operator.NEQ: expected in (-1, 1),
    }
    for operator, truth in judged.items():
        assert VALUES.holds(operator, right, fact) is (None if expected is None else truth), operator
    assert VALUES.holds(Operator.IS_A, right, fact) is None


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2027-01-31T12:00:00", "P1M", "2027-02-28T12:00:00"),
        ("2028-01-31T12:00:00", "P1M", "2028-02-29T12:00:00"),
        ("2027-01-31T12:00:00", "P2M", "2027-03-31T12:00:00"),
        ("2027-12-15T23:59:59", "P1M", "2028-01-15T23:59:59"),
        ("2027-11-30T00:00:00", "P1M", "2027-12-30T00:00:00"),
        ("2028-02-29T00:00:00", "P1Y", "2029-02-28T00:00:00"),
        ("2027-03-27T12:00:00", "P1D", "2027-03-28T12:00:00"),
        ("2027-01-31T23:00:00", "P1MT2H", "2027-03-01T01:00:00"),
        ("1969-12-31T23:00:00", "P1M", "1970-01-31T23:00:00"),
    ],
)
def test_months_go_by_the_calendar(start: str, duration: str, end: str) -> None:
    assert after(at(start), durations.read(duration)) == at(end)
    due = at(end)
    for end_at, order in ((due - 1, -1), (due, 0), (due + 1, 1)):
        fact = durations.fact(lasted(at(start), end_at))
        found = {
            op: VALUES.holds(op, (durations.read(duration),), fact)
            for op in (Operator.LT, Operator.LTEQ, Operator.EQ, Operator.GT, Operator.GTEQ, Operator.NEQ)
        }
        assert found == {
            Operator.LT: order < 0,
            Operator.LTEQ: order <= 0,
            Operator.EQ: order == 0,
            Operator.GT: order > 0,
            Operator.GTEQ: order >= 0,
            Operator.NEQ: order != 0,
        }


def test_an_interval_ends_no_earlier_than_it_starts() -> None:
    assert durations.fact("5/5") == "5/5"
    assert durations.fact("-5/4") == "-5/4"
    with pytest.raises(ValueError):
        durations.fact("5/4")


some = st.tuples(st.integers(0, 40), st.integers(0, 70 * 24).map(lambda hours: hours * 3600 * SECOND))
starts = st.integers(at("1899-01-01"), at("2199-01-01"))


@given(some, some, starts)
@settings(max_examples=100)
def test_what_is_longer_ends_later_wherever_it_begins(one: tuple[int, int], two: tuple[int, int], start: int) -> None:
    found = differ(one, two)
    if found is not None:
        first, second = after(start, durations.write(one)), after(start, durations.write(two))
        assert (first > second) - (first < second) == found


@given(some, some, st.lists(starts, min_size=8, max_size=8))
@settings(max_examples=60)
def test_what_is_shorter_here_and_longer_there_is_undecided(
    one: tuple[int, int], two: tuple[int, int], begin: list[int]
) -> None:
    ends = [(after(start, durations.write(one)), after(start, durations.write(two))) for start in begin]
    if len({(first > second) - (first < second) for first, second in ends}) > 1:
        assert differ(one, two) is None


def test_what_follows_from_durations() -> None:
    def claim(operator: Operator, right: str, holds: bool = True) -> Claim:
        return Claim(LEFT, operator, durations.read(right), holds)

    assert VALUES.implies([claim(Operator.LTEQ, "P28D")], claim(Operator.LTEQ, "P1M")) is False
    assert VALUES.implies([claim(Operator.LT, "P28D")], claim(Operator.LT, "P1M"))
    assert VALUES.implies([claim(Operator.LTEQ, "P30D")], claim(Operator.LT, "P31D"))
    assert not VALUES.implies([claim(Operator.LTEQ, "P1M")], claim(Operator.LTEQ, "P30D"))
    assert VALUES.implies([claim(Operator.LTEQ, "P1M")], claim(Operator.LTEQ, "P31DT1S"))
    assert not VALUES.possible([claim(Operator.GT, "P2M"), claim(Operator.LT, "P1M")])
    assert VALUES.possible([claim(Operator.GT, "P1M"), claim(Operator.LT, "P31DT2S")])
    assert not VALUES.possible([claim(Operator.LT, "PT0S")])
    assert VALUES.possible([claim(Operator.EQ, "PT0S")])
    assert VALUES.possible([])


def test_a_century_is_long_enough_for_all_calendars() -> None:
    """The years that bounds are taken from hold both sorts of centuries: with a leap day at its turn, and without."""
    assert {isleap(year) for year in (1900, 2000)} == {True, False}
    assert bounds(2) == (59, 62)
    assert bounds(12 * 8) == (2921, 2922)


CLAIMS = [
    Claim(LEFT, operator, durations.read(right), holds)
    for right in ("PT0S", "P1M", "P31D", "P59D", "P2M", "P1MT0.000001S")
    for operator in (Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ, Operator.EQ)
    for holds in (True, False)
]
DENSE = [
    durations.write((months, days * DAY + step))
    for months in range(4)
    for days in range(96)
    for step in (-1, 0, 1)
    if days or step >= 0
]


def test_what_follows_is_what_holds_of_every_duration() -> None:
    """By all durations of up to three months and 95 days, and a microsecond more and less."""
    met = {
        claim: {fact for fact in DENSE if VALUES.holds(claim.operator, (claim.right,), fact) is claim.holds}
        for claim in CLAIMS
    }
    for number, premise in enumerate(CLAIMS):
        assert VALUES.possible([premise]) is bool(met[premise]), premise
        for claim in CLAIMS[number % 3 :: 3]:
            both = met[premise] & met[claim]
            assert VALUES.implies([premise], claim) is (both == met[premise]), (premise, claim)
            assert VALUES.possible([premise, claim]) is bool(both), (premise, claim)


@pytest.mark.parametrize(
    ("premises", "expected"),
    [
        ([("gt", "P90D")], "P91D"),
        ([("gt", "P90D"), ("lt", "P91D")], "PT2161H"),
        ([("gt", "PT1S"), ("lt", "PT2S")], "PT1.000001S"),
        ([("lt", "PT1H")], "PT0S"),
        ([("gteq", "P3M")], "P3M"),
        ([("lteq", "PT36H")], "PT36H"),
        ([("gt", "P1D"), ("lt", "P1D")], None),
    ],
)
def test_a_witness_is_whole_where_a_whole_one_does(premises: list[tuple[str, str]], expected: str | None) -> None:
    claims = [Claim(LEFT, Operator(operator), right) for operator, right in premises]
    assert VALUES.witness(claims) == expected
