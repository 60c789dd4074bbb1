"""What is done now and then: it goes on after a failure, and ends when it is told to."""

from __future__ import annotations

import asyncio

from connector.chores import Rounds
from connector.errors import InputError
from connector.system import SystemClock


async def test_a_work_that_fails_is_done_again() -> None:
    done = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 1:
            raise InputError("peer.unknown")
        if done == 2:
            raise ZeroDivisionError
        again.set()

    rounds = Rounds(SystemClock())
    rounds.start([(work, 0.0)])
    await asyncio.wait_for(again.wait(), 10)
    await rounds.close()


async def test_a_work_that_takes_the_cancelling_for_itself_ends_all_the_same() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    async def endless() -> None:
        await asyncio.Event().wait()

    rounds = Rounds(SystemClock())
    rounds.start([(work, 0.0)])
    rounds.keep(endless())
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.wait_for(rounds.close(), 10)
