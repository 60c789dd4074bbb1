"""The breaker by itself: what opens it, who gets through, and that what is late decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from connector.data.silos.breaker import FAILURES, GRACE, LONGEST, REST, Breaker, Seats
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


class Work:
    """Rows that a silo gives; it notes when its work ended."""

    def __init__(self) -> None:
        self.open = True

    async def rows(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            await asyncio.sleep(0.01)
            self.open = False


async def reading(seats: Seats, work: Work, pause: float, pieces: int) -> int:
    """What `Silos.read` does, with a reader that takes a piece every so often; returns how many it got."""
    async with seats.taken() as seat, aclosing(work.rows()) as rows:
        try:
            for got in range(pieces):
                piece = await anext(rows)
                seat.given(len(piece), rows.aclose)
                await asyncio.sleep(pause)
                try:
                    await seat.back()
                except SourceError as error:
                    return got + 1 if error.reason.code == "source.paced" else -1
            return pieces
        finally:
            await seat.settled()


def test_who_reads_slowly_keeps_the_seat_as_long_as_nobody_wants_it() -> None:
    async def main() -> None:
        assert await reading(Seats(1), Work(), 30.0, 100) == 100

    run(main)


def test_who_reads_slowly_loses_the_seat_to_whom_wants_it() -> None:
    async def main() -> None:
        seats, slow = Seats(1), Work()
        loser = asyncio.create_task(reading(seats, slow, 100.0, 100))
        await asyncio.sleep(5)
        begun = asyncio.get_running_loop().time()
        assert await reading(seats, Work(), 0.001, 50) == 50
        assert GRACE - 5 <= asyncio.get_running_loop().time() - begun < GRACE
        assert not slow.open, "its work was over before the next began"
        assert await loser == 1

    run(main)


def test_who_reads_fast_enough_is_left_alone() -> None:
    async def main() -> None:
        seats = Seats(1)
        first = asyncio.create_task(reading(seats, Work(), 0.02, 5000))
        await asyncio.sleep(1)
        with pytest.raises(BusyError, match=r"source\.busy"):
            await reading(seats, Work(), 0.0, 1)
        assert await first == 5000

    run(main)


def test_the_slowest_goes_and_one_is_enough() -> None:
    async def main() -> None:
        seats, works = Seats(3), [Work(), Work(), Work()]
        tasks = [asyncio.create_task(reading(seats, work, 40.0 + n, 3)) for n, work in enumerate(works)]
        await asyncio.sleep(25)
        assert await reading(seats, Work(), 0.0, 5) == 5
        assert sum(not work.open for work in works) == 1
        await asyncio.gather(*tasks)

    run(main)


def test_who_goes_away_while_he_loses_the_seat() -> None:
    async def main() -> None:
        seats, slow = Seats(1), Work()
        loser = asyncio.create_task(reading(seats, slow, 1000.0, 2))
        await asyncio.sleep(25)
        wants = asyncio.create_task(reading(seats, Work(), 0.0, 1))
        await asyncio.sleep(0.005)
        loser.cancel()
        assert await wants == 1
        await asyncio.gather(loser, return_exceptions=True)
        assert await reading(seats, Work(), 0.0, 1) == 1, "no seat was given back twice, or lost"
        with pytest.raises(BusyError):
            async with seats.taken():
                await reading(seats, Work(), 0.0, 1)

    run(main)
