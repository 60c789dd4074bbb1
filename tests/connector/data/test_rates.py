"""Covers connector/data/rates.py: no window, wherever it begins, has more requests than it says."""

from __future__ import annotations

from random import Random

import pytest

from connector.data.rates import SLICES, Rates

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NOW = 1_800_000_000 * SECOND


def within(rates: Rates, now: int, window: str = "PT1H", agreement: str = "a", ahead: int = 0) -> int:
    (text,) = rates.measured(agreement, (window,), now, ahead)
    number, _, said = text.partition("/")
    assert said == window
    return int(number)


def test_requests_count_for_their_agreement_and_each_of_its_windows() -> None:
    rates = Rates()
    for _ in range(3):
        rates.note("a", ("PT1H", "P1D"), NOW)
    assert rates.measured("a", ("P1D", "PT1H"), NOW) == ("4/P1D", "4/PT1H")
    assert rates.measured("b", ("PT1H",), NOW) == ("1/PT1H",)
    assert within(rates, NOW) == 3


def test_a_request_counts_for_a_window_and_at_most_one_slice_more() -> None:
    rates = Rates()
    rates.note("a", ("PT1H",), NOW)
    assert within(rates, NOW + HOUR) == 1
    assert within(rates, NOW + HOUR + HOUR // SLICES) == 0


def test_never_more_than_the_limit_in_any_window() -> None:
    random, rates, admitted = Random(3), Rates(), list[int]()
    now, limit, minute = NOW, 7, 60 * SECOND
    for _ in range(3_000):
        now += random.randrange(0, 20 * SECOND)
        if within(rates, now, "PT1M", ahead=1) <= limit:
            rates.note("a", ("PT1M",), now)
            admitted.append(now)
    most = max(
        sum(start <= other < start + minute for other in admitted[n : n + 20]) for n, start in enumerate(admitted)
    )
    assert most == limit


@pytest.mark.parametrize("window", ["P1M", "", "PT0S", "hour", "P1Y"])
def test_a_window_of_no_fixed_length_is_not_measured(window: str) -> None:
    rates = Rates()
    rates.note("a", (window,), NOW)
    assert rates.measured("a", (window,), NOW) == ()


def test_what_lies_before_every_window_makes_room() -> None:
    rates = Rates()
    for number in range(8_192):
        rates.note(f"a{number}", ("PT1M",), NOW)
    rates.note("one more", ("PT1M",), NOW + HOUR)
    assert within(rates, NOW + HOUR, "PT1M", "one more") == 1
    assert within(rates, NOW + HOUR, "PT1M", "a7") == 0
