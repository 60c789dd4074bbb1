"""policies/transforms/times.py: windows on a calendar, with days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.instants import instant
from policies.transforms import times
from policies.transforms.times import Coarse, before, grid, latest, period

BERLIN = "Europe/Berlin"
RESOLUTIONS = ("PT15M", "PT30M", "PT1H", "PT2H", "PT6H", "P1D", "P7D", "P1M", "P3M", "P1Y")
ZONES = (BERLIN, "UTC", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe")
AROUND = [instant(text) for text in ("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-12-31T23:00:00Z")]
near_changes = st.sampled_from(AROUND).flatmap(
    lambda at: st.integers(at - 90_000_000_000, at + 90_000_000_000)
) | st.integers(0, 4_000_000_000_000_000)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "resolution", "coarse"),
    [
        ("2026-07-01T14:35:12Z", "PT15M", "2026-07-01T14:30:00Z"),
        ("2026-07-01T14:35:12.999Z", "PT1H", "2026-07-01T14:00:00Z"),
        ("2026-07-01T14:35Z", "PT1H", "2026-07-01T14:00Z"),
        ("2026-07-01 14:35:12+02:00", "P1D", "2026-07-01 00:00:00+02:00"),
        ("2026-07-01T14:35:12+0200", "P1M", "2026-07-01T00:00:00+0200"),
        ("2026-07-01T00:30:00Z", "P1D", "2026-06-30T22:00:00Z"),
        ("2026-07-01T14:35:12-05:00", "PT1H", "2026-07-01T14:00:00-05:00"),
        ("2026-07-01T14:35:12", "P7D", "2026-06-29T00:00:00"),
        ("01.07.2026 14:35", "PT15M", "01.07.2026 14:30"),
        ("1.7.2026, 14:35:12 Uhr", "PT1H", "01.07.2026, 14:00:00 Uhr"),
        ("01.07.2026", "P1M", "01.07.2026"),
        ("2026-07-15", "P1M", "2026-07-01"),
        ("2026-07-15", "PT1H", "2026-07-15"),
        (1_782_916_512, "PT1H", 1_782_914_400),
        ("1782916512123", "PT1H", "1782914400000"),
        ("2026-08-15T10:00:00Z", "P1Y", "2025-12-31T23:00:00Z"),
        # The hour that the clock goes through twice is two windows.
        ("2026-10-25T02:30:00+02:00", "PT1H", "2026-10-25T02:00:00+02:00"),
        ("2026-10-25T02:30:00+01:00", "PT1H", "2026-10-25T02:00:00+01:00"),
        # Days begin on the clock: this one at +02:00 has 25 hours, that one at +01:00 has 23.
        ("2026-10-25T23:30:00+01:00", "P1D", "2026-10-25T00:00:00+02:00"),
        ("2026-03-29T23:30:00+02:00", "P1D", "2026-03-29T00:00:00+01:00"),
        # What would be 02:00 on the clock does not exist that day.
        ("2026-03-29T03:30:00+02:00", "PT2H", "2026-03-29T03:00:00+02:00"),
        ("", "PT1H", ""),
        (None, "PT1H", None),
    ],
)
def test_texts_of_time(value: object, resolution: str, coarse: object) -> None:
    assert Coarse(resolution, BERLIN)(value) == coarse


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01T00:00:00Z", "2026-07-01T25:00Z", "31.02.2026", "14:35", True, 1.5, [], {}]
)
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(ValueError):
        Coarse("PT1H", BERLIN)(value)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "PT0S", "P0D", "-P1D", "P1.5D", "P1200Y", "PT1H "])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError):
        period(text)


@pytest.mark.parametrize("text", ["PT7M", "PT5H", "P2D", "P5M", "P1M1D", "PT90M", "P14D"])
def test_windows_that_nobody_would_agree_on(text: str) -> None:
    with pytest.raises(ValueError):
        grid(text)


@given(at=near_changes, resolution=st.sampled_from(RESOLUTIONS), zone=st.sampled_from(ZONES))
def test_every_instant_lies_in_one_window_that_begins_on_the_grid(at: int, resolution: str, zone: str) -> None:
    windows = grid(resolution)
    start = windows.start(at, zone)
    assert start <= at < windows.end(start, zone)
    assert windows.start(start, zone) == start
    assert windows.start(windows.end(start, zone) - 1, zone) == start
    assert windows.start(windows.end(start, zone), zone) == windows.end(start, zone)


@given(at=near_changes, zone=st.sampled_from(ZONES))
def test_days_are_days_of_the_calendar(at: int, zone: str) -> None:
    start = grid("P1D").start(at, zone)
    local = datetime.fromtimestamp(start / 1e6, UTC).astimezone(ZoneInfo(zone))
    wanted = datetime.fromtimestamp(at / 1e6, UTC).astimezone(ZoneInfo(zone)).date()
    assert local.date() == wanted
    assert (local.hour, local.minute, local.second) == (0, 0, 0)


@given(
    at=near_changes,
    more=st.lists(st.integers(0, 7200), max_size=12),
    resolution=st.sampled_from(RESOLUTIONS),
    zone=st.sampled_from(ZONES),
    offset=st.sampled_from([0, 60, 120, -300, 345]),
)
def test_what_is_remembered_is_what_is_read(
    at: int, more: list[int], resolution: str, zone: str, offset: int
) -> None:  # fmt: skip
    """Texts of one minute are looked up, others are read: nobody can tell which."""
    shared = Coarse(resolution, zone)
    for seconds in [0, *more]:
        moment = datetime.fromtimestamp((at // 10**6) + seconds, UTC) + timedelta(minutes=offset)
        suffix = "Z" if not offset else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
        for text in (f"{moment:%Y-%m-%dT%H:%M:%S}{suffix}", f"{moment:%Y-%m-%dT%H:%M:%S}", f"{moment:%Y-%m-%dT%H:%M}Z"):
            assert shared(text) == Coarse(resolution, zone)(text) == shared(text)


@given(at=near_changes, resolution=st.sampled_from(RESOLUTIONS), zone=st.sampled_from(ZONES))
def test_a_coarse_text_names_the_beginning_of_the_window_and_knows_its_end(
    at: int, resolution: str, zone: str
) -> None:  # fmt: skip
    whole = at // 10**6 * 10**6
    coarse = Coarse(resolution, zone)
    text = coarse(f"{datetime.fromtimestamp(whole / 1e6, UTC):%Y-%m-%dT%H:%M:%S}Z")
    start = grid(resolution).start(whole, zone)
    assert instant(text) == start
    assert coarse.ends(text) == grid(resolution).end(start, zone)


def test_a_clock_time_that_comes_twice_has_ended_when_the_later_one_has() -> None:
    assert Coarse("PT1H", BERLIN).ends("25.10.2026 02:00") == instant("2026-10-25T02:00:00Z")


@pytest.mark.parametrize(
    ("now", "back", "bound"),
    [
        ("2026-03-31T10:00:00Z", "P1M", "2026-02-28T11:00:00Z"),
        ("2026-07-15T10:00:00Z", "P1M", "2026-06-15T10:00:00Z"),
        ("2026-07-15T10:00:00Z", "PT36H", "2026-07-13T22:00:00Z"),
        ("2026-01-15T10:00:00Z", "P1Y", "2025-01-15T10:00:00Z"),
    ],
)
def test_a_period_before_an_instant(now: str, back: str, bound: str) -> None:
    assert before(instant(now), back, BERLIN) == instant(bound)


@given(at=near_changes, back=st.sampled_from(["P1D", "P1M", "P1Y", "PT1H", "P3M"]), zone=st.sampled_from(ZONES))
def test_a_period_before_is_before(at: int, back: str, zone: str) -> None:
    assert before(at, back, zone) < at


def test_the_latest_that_a_text_can_mean() -> None:
    assert latest("2026-07-01T14:00:00Z", BERLIN) == instant("2026-07-01T14:00:00Z")
    assert latest("2026-10-25T02:30:00", BERLIN) == instant("2026-10-25T01:30:00Z"), "the second time"
    assert latest("01.07.2026", BERLIN) == instant("2026-07-01T22:00:00Z"), "the day's end"


def test_zones() -> None:
    assert times.zone(BERLIN).key == BERLIN
    for name in ("", "Bonn", "../../etc/passwd", "/etc/passwd"):
        with pytest.raises(ValueError):
            times.zone(name)
