"""Covers policies/instants.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import instants
from policies.vocabulary import XSD

DAY = 24 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T19:00:00-05:00", 0),
        ("1970-01-01T00:00:00.5Z", 500_000),
        ("1970-01-01T00:00:00.5000000000Z", 500_000),
        ("1970-01-01T24:00:00Z", DAY),
        ("1970-01-01T00:01Z", 60_000_000),
        ("1970-01-01T14:00:00+14:00", 0),
        ("1969-12-31T10:00:00-14:00", 0),
        ("1970-01-01T05:59:00+05:59", 0),
    ],
)
def test_reads_instants_with_an_offset(text: str, at: int) -> None:
    assert instants.instant(text) == at
    assert instants.read(text) == str(at)


@pytest.mark.parametrize(
    "text",
    [
        "2027-06-30T12:00:00",
        "2027-06-30T12:00:00+01",
        "2027-06-30T12:00:00+15:00",
        "2027-06-30T12:00:00+01:75",
        "2027-06-30T12:00:00.0000001Z",
        "2027-06-30T24:00:01Z",
        "2027-06-30T25:00:00Z",
        "2027-02-29",
        "2027-02-29T00:00:00Z",
        "0001-01-01",
        "0999-12-31",
        "0999-12-31T12:00:00Z",
        "9999-01-01",
        "2027-06-30T12:00:00+14:01",
        "2027-06-30T12:00:00+01:60",
        "9999-12-31T23:00:00Z",
        "30.06.2027",
        "2027-6-30",
        "2027-06-30\n",
        "２０２７-06-30",
        "",
        "now",
    ],
)
def test_refuses_what_is_no_instant_or_has_no_offset(text: str) -> None:
    with pytest.raises(ValueError):
        instants.read(text)


@pytest.mark.parametrize(("day", "hours"), [("2027-06-30", 24), ("2027-03-28", 23), ("2027-10-31", 25)])
def test_a_day_is_the_whole_calendar_day_in_berlin(day: str, hours: int) -> None:
    start, end = instants.span(instants.read(day))
    assert end - start == hours * 3600 * 1_000_000
    assert f"{instants.local(start):%Y-%m-%d %H:%M}" == f"{day} 00:00"


@given(st.integers(-(10**16), 10**17))
def test_an_instant_is_written_as_it_is_read(at: int) -> None:
    text, datatype = instants.write(str(at))
    assert instants.read(text) == str(at)
    assert datatype == XSD + "dateTime"


@given(st.dates().filter(lambda day: 1000 <= day.year <= 9998))
def test_a_day_stays_a_day(day: object) -> None:
    assert instants.write(instants.read(str(day))) == (str(day), XSD + "date")


def test_years_reach_from_1000_to_9998() -> None:
    for text in ("1000-01-01", "9998-12-31"):
        assert instants.read(text) == text
    assert int(instants.read("1000-01-01T00:00:00Z")) < 0 < int(instants.read("9998-12-31T23:59:59Z"))


def test_an_instant_covers_one_microsecond() -> None:
    assert instants.span("5") == (5, 6)
    assert instants.span("-5") == (-5, -4)
