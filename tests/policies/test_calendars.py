"""Covers policies/calendars.py: hours, weekdays and seasons by the clock on the wall, also when it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendars import DAY, HOURS, SEASONS, WEEKDAYS, Recurring, moments
from policies.claims import Claim
from policies.model import Operator

BERLIN, EPOCH, TICK = ZoneInfo("Europe/Berlin"), datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
HOUR = 3600 * 1_000_000


def utc(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // TICK


instants = st.integers(utc("1990-01-01"), utc("2060-01-01"))


def within(kind: Recurring, right: str, instant: int) -> bool | None:
    return kind.holds(Operator.IS_PART_OF, (kind.read(right),), instant)


# --- daylight saving --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "hour"),
    [
        ("2027-03-28T00:59:59", 1),
        ("2027-03-28T01:00:00", 3),
        ("2027-10-31T00:00:00", 2),
        ("2027-10-31T00:59:59", 2),
        ("2027-10-31T01:00:00", 2),
        ("2027-10-31T01:59:59", 2),
        ("2027-10-31T02:00:00", 3),
        ("2027-01-15T07:00:00", 8),
        ("2027-07-15T06:00:00", 8),
        ("2027-07-14T22:00:00", 0),
    ],
)
def test_the_hour_is_the_one_on_the_wall(instant: str, hour: int) -> None:
    for other in range(24):
        assert HOURS.holds(Operator.EQ, (str(other),), utc(instant)) is (other == hour)
        assert HOURS.holds(Operator.LTEQ, (str(other),), utc(instant)) is (hour <= other)
        assert HOURS.holds(Operator.LT, (str(other),), utc(instant)) is (hour < other)
        assert HOURS.holds(Operator.GTEQ, (str(other),), utc(instant)) is (hour >= other)
        assert HOURS.holds(Operator.GT, (str(other),), utc(instant)) is (hour > other)
        assert HOURS.holds(Operator.NEQ, (str(other),), utc(instant)) is (other != hour)


@pytest.mark.parametrize(("day", "length"), [("2027-03-28", 0), ("2027-10-31", 2), ("2027-06-15", 1)])
def test_an_hour_is_left_out_in_march_and_comes_twice_in_october(day: str, length: int) -> None:
    start = utc(f"{day}T00:00:00") - 3 * HOUR
    covered = sum(HOURS.holds(Operator.EQ, ("2",), start + half * HOUR // 2) is True for half in range(48))
    assert covered == 2 * length


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2027-03-27T22:59:59", 6),
        ("2027-03-27T23:00:00", 7),
        ("2027-03-28T21:59:59", 7),
        ("2027-03-28T22:00:00", 1),
        ("2027-10-31T22:59:59", 7),
        ("2027-10-31T23:00:00", 1),
    ],
)
def test_a_day_of_the_week_begins_at_midnight_on_the_wall(instant: str, day: int) -> None:
    for other in range(1, 8):
        assert WEEKDAYS.holds(Operator.EQ, (str(other),), utc(instant)) is (other == day)
        assert WEEKDAYS.holds(Operator.LTEQ, (str(other),), utc(instant)) is (day <= other)
    assert within(WEEKDAYS, "1/5", utc(instant)) is (day <= 5)
    assert within(WEEKDAYS, "7/1", utc(instant)) is (day in (7, 1))


@given(instants)
@settings(max_examples=80)
def test_every_instant_is_where_the_clock_says(instant: int) -> None:
    wall = (EPOCH + instant * TICK).astimezone(BERLIN)
    clock = f"{wall:%H:%M:%S.%f}"
    assert within(HOURS, "08:00/18:00", instant) is ("08:00" <= clock < "18:00")
    assert within(HOURS, "22:00/06:00", instant) is (clock >= "22:00" or clock < "06:00")
    assert HOURS.holds(Operator.GTEQ, ("12:30",), instant) is (clock >= "12:30")
    assert HOURS.holds(Operator.LT, ("12:30",), instant) is (clock < "12:30")
    assert within(WEEKDAYS, "6/7", instant) is (wall.isoweekday() >= 6)
    today = f"{wall:%m-%d}"
    assert within(SEASONS, "11-01/03-31", instant) is (today >= "11-01" or today <= "03-31")
    assert within(SEASONS, "03-01/06-15", instant) is ("03-01" <= today <= "06-15")
    assert SEASONS.holds(Operator.EQ, (today,), instant) is True


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("8", "8"),
        ("08", "8"),
        ("0", "0"),
        ("23", "23"),
        ("08:30", "08:30"),
        ("08:30:00", "08:30"),
        ("08:30:01", "08:30:01"),
        ("08:30:00.500", "08:30:00.5"),
        ("23:59:59.999999", "23:59:59.999999"),
        ("24:00", "00:00"),
        ("24:00:00.0", "00:00"),
        ("22:00 / 06:00", "22:00/06:00"),
    ],
)
def test_hours_have_one_spelling(text: str, canonical: str) -> None:
    assert HOURS.read(text) == canonical
    assert HOURS.read(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "24", "-1", "8:30", "08:60", "24:01", "24:00:01", "24:00:00.1", "25:00", "08:30:60", "008", "٨", "8/", "x"],
)
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        HOURS.read(text)


def test_days_of_the_week_go_by_number_and_by_name() -> None:
    for texts in (
        ("1", "Montag", "monday", "Mo", "https://schema.org/Monday", "http://schema.org/Monday", "mon"),
        ("2", "Dienstag", "Tuesday", "di", "tu", "tue"),
        ("3", "Mittwoch", "Wednesday", "mi", "we", "wed"),
        ("4", "Donnerstag", "Thursday", "do", "th", "thu"),
        ("5", "Freitag", "Friday", "fr", "fri"),
        ("6", "Samstag", "Sonnabend", "Saturday", "sa", "sat"),
        ("7", "Sonntag", "Sunday", "so", "su", "sun"),
    ):
        assert {WEEKDAYS.read(text) for text in texts} == {texts[0]}
    assert WEEKDAYS.read("Montag/Freitag") == "1/5"
    for text in ("", "0", "8", "01", "Feiertag", "https://schema.org/", "https://evil.example/Monday"):
        with pytest.raises(ValueError):
            WEEKDAYS.read(text)
    with pytest.raises(ValueError):
        WEEKDAYS.fact("1/5")


def test_days_of_the_year_have_one_spelling() -> None:
    assert [SEASONS.read(text) for text in ("11-01", "--11-01", "02-29", "--11-01/--03-31")] == [
        "11-01",
        "11-01",
        "02-29",
        "11-01/03-31",
    ]
    for text in ("", "02-30", "13-01", "1-1", "00-01", "11-31", "2027-11-01"):
        with pytest.raises(ValueError):
            SEASONS.read(text)


# --- values that are stated -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "right", "operator", "expected"),
    [
        ("8", "08:00/18:00", Operator.IS_PART_OF, True),
        ("8", "08:30/18:00", Operator.IS_PART_OF, None),
        ("8", "09:00/18:00", Operator.IS_PART_OF, False),
        ("17", "08:00/18:00", Operator.IS_PART_OF, True),
        ("18", "08:00/18:00", Operator.IS_PART_OF, False),
        ("8", "08:30", Operator.LT, None),
        ("8", "09:00", Operator.LT, True),
        ("8", "08:00", Operator.LT, False),
        ("8", "08:00", Operator.GTEQ, True),
        ("8", "08:00", Operator.GT, None),
        ("8", "7", Operator.GT, True),
        ("8", "8", Operator.EQ, True),
        ("8", "08:00", Operator.EQ, None),
        ("08:00", "8", Operator.EQ, True),
        ("09:00", "8", Operator.EQ, False),
        ("8", "22:00/06:00", Operator.LT, None),
        ("8", "22:00/06:00", Operator.GTEQ, None),
        ("8", "08:00/18:00", Operator.LT, False),
        ("8", "08:00/18:00", Operator.LTEQ, True),
        ("18", "08:00/18:00", Operator.GT, True),
        ("18", "08:00/18:00", Operator.LTEQ, False),
        ("23", "00:00/24:00", Operator.IS_PART_OF, True),
        ("0", "00:00/24:00", Operator.IS_PART_OF, True),
        ("23", "22:00/24:00", Operator.IS_PART_OF, True),
        ("0", "22:00/24:00", Operator.IS_PART_OF, False),
        ("8", "08:00/18:00", Operator.IS_A, None),
    ],
)
def test_what_is_stated_of_an_hour_is_judged_all_through_it(
    fact: str, right: str, operator: Operator, expected: bool | None
) -> None:
    assert HOURS.holds(operator, (HOURS.read(right),), HOURS.fact(fact)) is expected


def test_several_stretches_cover_what_any_of_them_covers() -> None:
    assert HOURS.holds(Operator.IS_ANY_OF, ("8", "10"), "10") is True
    assert HOURS.holds(Operator.IS_ANY_OF, ("8", "10"), "9") is False
    assert HOURS.holds(Operator.IS_NONE_OF, ("8", "10"), "9") is True
    assert HOURS.holds(Operator.IS_NONE_OF, ("8", "10"), "8") is False
    assert HOURS.holds(Operator.LT, ("8", "10"), "7") is None
    assert HOURS.holds(Operator.EQ, ("8",), 1.5) is None


def test_stretches_and_edges() -> None:
    assert HOURS.stretches("22:00/06:00") == [(22 * HOUR, DAY), (0, 6 * HOUR)]
    assert HOURS.stretches(HOURS.read("00:00/24:00")) == [(0, DAY)]
    assert HOURS.stretches(HOURS.read("22:00/24:00")) == [(22 * HOUR, DAY)]
    assert HOURS.stretches("08:30") == [(8 * HOUR + HOUR // 2, 8 * HOUR + HOUR // 2 + 1)]
    assert HOURS.stretches("23") == [(23 * HOUR, DAY)]
    assert WEEKDAYS.stretches("6/1") == [(5, 7), (0, 1)]
    assert WEEKDAYS.stretches("1/7") == [(0, 7)]
    assert SEASONS.stretches("12-31") == [(365, 366)]
    assert SEASONS.stretches("01-01/12-31") == [(0, 366)]
    assert SEASONS.stretches("11-01/03-31") == [(305, 366), (0, 91)]
    assert HOURS.edges(["22:00/06:00"]) == {0, 6 * HOUR, 22 * HOUR}
    assert HOURS.edges([]) == {0}
    assert HOURS.of(utc("2027-01-15T07:30:15.000001")) == 8 * HOUR + 30 * 60_000_000 + 15_000_001


@pytest.mark.parametrize("kind", [HOURS, WEEKDAYS, SEASONS], ids=["hours", "weekdays", "seasons"])
def test_samples_are_values_that_can_be_stated(kind: Recurring) -> None:
    right = {HOURS: "08:00:30.25/18:00", WEEKDAYS: "6/7", SEASONS: "11-01/03-31"}[kind]
    claim = Claim("urn:x", Operator.IS_PART_OF, kind.read(right))
    found = list(kind.samples([claim]))
    assert [kind.fact(text) for text in found] == found
    assert {kind.holds(claim.operator, (claim.right,), text) for text in found} == {True, False}


# --- instants that stand for all --------------------------------------------------------------------------------------


def test_instants_stand_for_all_that_the_clock_can_say_together() -> None:
    found = list(moments([], ["08:00/18:00"], ["1/5"], ["11-01/03-31"]))
    ways = {
        (within(HOURS, "08:00/18:00", at), within(WEEKDAYS, "1/5", at), within(SEASONS, "11-01/03-31", at))
        for at in found
    }
    assert len(ways) == 8


def test_instants_lie_on_both_sides_of_what_the_time_decides() -> None:
    edge = utc("2027-06-15T00:00:00")
    found = list(moments([edge], ["8"], ["6"], []))
    for late in (True, False):
        ways = {(within(HOURS, "8", at), within(WEEKDAYS, "6", at)) for at in found if (at >= edge) is late}
        assert len(ways) == 4
    assert edge in found


def test_between_two_instants_that_are_close_there_is_only_what_fits() -> None:
    start = utc("2027-06-15T10:00:00")
    found = [at for at in moments([start, start + HOUR], ["12:30"], ["6"], []) if start <= at < start + HOUR]
    assert found[0] == start
    assert {HOURS.holds(Operator.GTEQ, ("12:30",), at) for at in found} == {True, False}
    assert {HOURS.holds(Operator.GT, ("12:30",), at) for at in found} >= {True, False}
    assert {within(WEEKDAYS, "6", at) for at in found} == {False}


def test_instants_are_asked_for_within_the_years_that_are_written() -> None:
    early, late = utc("1800-01-01T00:00:00"), utc("9995-01-01T00:00:00")
    assert all(utc("1899-12-31T00:00:00") < at < utc("9990-01-01T00:00:00") for at in moments([early, late], ["8"]))


def test_samples_are_where_an_answer_changes() -> None:
    def samples(kind: Recurring, right: str) -> list[str]:
        return list(kind.samples([Claim("urn:x", Operator.IS_PART_OF, kind.read(right))]))

    assert samples(HOURS, "08:00:30.25/18:00") == ["00:00", "08:00:30.25", "18:00"]
    assert samples(HOURS, "01:01:01/23:59:59.999999") == ["00:00", "01:01:01", "23:59:59.999999"]
    assert samples(HOURS, "13") == ["00:00", "13:00", "14:00"]
    assert samples(WEEKDAYS, "3/5") == ["1", "3", "6"]
    assert samples(SEASONS, "11-01/03-31") == ["01-01", "04-01", "11-01"]
    assert samples(SEASONS, "02-29") == ["01-01", "02-29", "03-01"]


def test_a_fraction_of_a_second_counts() -> None:
    start = 8 * HOUR + 30 * 60_000_000
    assert HOURS.stretches("08:30:00.5") == [(start + 500_000, start + 500_001)]
    assert HOURS.stretches("08:30:02.000001") == [(start + 2_000_001, start + 2_000_002)]
