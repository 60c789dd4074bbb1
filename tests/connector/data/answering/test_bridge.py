"""Bytes of the event loop in threads: nothing is read ahead, everything is closed, nobody waits for nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.data.answering.bridge import Passes, StoppedError

POOL = ThreadPoolExecutor(2)


class Silo:
    def __init__(self) -> None:
        self.given = self.open = 0
        self.silent = asyncio.Event()
        self.silent.set()

    async def read(self) -> AsyncGenerator[bytes, None]:
        self.open += 1
        try:
            for n in range(5):
                await self.silent.wait()
                self.given += 1
                yield b"%d" % n
        finally:
            self.open -= 1


async def test_each_pass_begins_anew_and_nothing_is_read_ahead() -> None:
    silo = Silo()
    passes = Passes(silo.read, POOL)
    first = passes.opened()
    assert await passes.run(lambda: next(first)) == b"0"
    assert silo.given == 1
    assert await passes.run(lambda: list(first)) == [b"1", b"2", b"3", b"4"]
    again = passes.opened()
    assert await passes.run(lambda: b"".join(again)) == b"01234"
    await passes.close()
    assert silo.open == 0


async def test_who_is_stopped_waits_for_nothing() -> None:
    silo = Silo()
    silo.silent.clear()
    passes = Passes(silo.read, POOL)
    waiting, over = threading.Event(), threading.Event()

    def work() -> None:
        waiting.set()
        try:
            next(passes.opened())
        except StoppedError:
            over.set()
            raise

    task = asyncio.create_task(passes.run(work))
    await asyncio.to_thread(waiting.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert over.is_set()
    await passes.close()
    assert silo.open == 0


async def test_what_the_stream_raises_comes_through() -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"one"
        raise ValueError("broken")

    passes = Passes(broken, POOL)
    pieces = passes.opened()
    assert await passes.run(lambda: next(pieces)) == b"one"
    with pytest.raises(ValueError, match="broken"):
        await passes.run(lambda: next(pieces))
    await passes.close()
