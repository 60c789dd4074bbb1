"""The breaker by itself: what opens it, who gets through, and that what is late decides nothing."""

from __future__ import annotations

import asyncio

import pytest

from connector.data.breaker import FAILURES, LONGEST, REST, Breaker, Seats
from connector.errors import BusyError, SourceError
from tests.harness.virtual import VirtualClock, run


class Clock(VirtualClock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed(breaker.enter())
    return breaker, clock


def rests(breaker: Breaker) -> bool:
    try:
        turn = breaker.enter()
    except SourceError as error:
        return error.reason.code == "source.resting"
    breaker.left(turn)
    return False


def test_failures_in_a_row_open_it_and_an_answer_in_between_does_not() -> None:
    breaker = Breaker(Clock())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.failed(breaker.enter())
        breaker.worked(breaker.enter())
    assert not rests(breaker)
    assert rests(opened()[0])


def test_one_probe_at_a_time_gets_through() -> None:
    breaker, clock = opened()
    assert rests(breaker)
    clock.at = REST
    probe = breaker.enter()
    assert rests(breaker)
    breaker.worked(probe)
    assert not rests(breaker)


def test_a_rest_grows_with_each_probe_that_fails_and_has_a_bound() -> None:
    breaker, clock = opened()
    rest, lengths = REST, []
    for _ in range(10):
        clock.at += rest - 1
        assert rests(breaker)
        clock.at += 1
        breaker.failed(breaker.enter())
        rest = min(2 * rest, LONGEST)
        lengths.append(rest)
    assert lengths[-1] == LONGEST
    clock.at += LONGEST
    breaker.worked(breaker.enter())
    for _ in range(FAILURES):
        breaker.failed(breaker.enter())
    clock.at += REST
    assert not rests(breaker), "it begins with a short rest again"


def test_what_began_before_decides_nothing() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    late = [breaker.enter() for _ in range(20)]
    for turn in late[:FAILURES]:
        breaker.failed(turn)
    assert rests(breaker)
    breaker.worked(late[-1])
    assert rests(breaker), "an answer to a question from before is no sign that it is well now"
    clock.at = REST
    probe = breaker.enter()
    breaker.failed(late[-2])
    breaker.left(late[-3])
    assert rests(breaker), "the probe is still under way"
    breaker.worked(probe)
    breaker.failed(probe)
    for turn in late:
        breaker.failed(turn)
    assert not rests(breaker)


def test_a_probe_that_is_left_lets_the_next_one_try() -> None:
    breaker, clock = opened()
    clock.at = REST
    breaker.left(breaker.enter())
    assert not rests(breaker)


def test_seats_are_given_back_also_by_those_who_went_away_while_waiting() -> None:
    async def main() -> None:
        seats = Seats(1, waiting=2, patience=5.0)

        async def sit(seconds: float) -> None:
            async with seats.taken():
                await asyncio.sleep(seconds)

        first, second, third = (asyncio.create_task(sit(1)) for _ in range(3))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match=r"source\.busy"):
            await sit(1)
        second.cancel()
        await asyncio.gather(first, third)
        await sit(1)
        long = asyncio.create_task(sit(20))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match=r"source\.busy"):
            await sit(1)
        await long

    run(main)
