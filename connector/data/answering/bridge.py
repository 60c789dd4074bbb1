"""Bytes that come on the event loop, read from beside it: rows are treated in threads, silos and files speak asyncio.

What lives here: handing pieces from an asynchronous source to a thread that asks for them, and ending both. What does
not: what is done with them (`egress`, `passage`).

A thread asks for the next piece only when it has used up the last one: nothing is read ahead, whoever reads slowly
holds one piece. INVARIANT: what is read is closed at every end, and nobody waits in a thread for what nobody wants.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import TypeVar

from connector.ports import Content

T = TypeVar("T")


class StoppedError(Exception):
    """Nobody wants the rest any more."""


class Bridge:
    """A content, read from beside the event loop, as often as it is asked for."""

    def __init__(self, source: Content) -> None:
        self._source, self._loop, self._stopped = source, asyncio.get_running_loop(), False
        self._closing: set[asyncio.Task[None]] = set()

    def opened(self) -> Iterator[bytes]:
        """The bytes from the beginning; each call begins anew. Beside the loop alone."""
        if self._source.small is not None:
            yield self._source.small()
            return
        chunks = self._source.chunks(0, None)
        try:
            while not self._stopped:
                piece = asyncio.run_coroutine_threadsafe(_next(chunks), self._loop).result()
                if piece is None:
                    return
                yield piece
            raise StoppedError
        finally:
            # Not waited for: whoever collects this generator may be the loop itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._close, chunks)

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._stopped = True

    async def run(self, work: Callable[[], T]) -> T:
        """Do something beside the loop. INVARIANT: it is over when this returns or raises, also when it is cancelled:
        what it reads is closed then."""
        return await _run(None, work, self.stop)

    def _close(self, chunks: AsyncIterator[bytes]) -> None:
        if isinstance(chunks, AsyncGenerator):
            task = self._loop.create_task(_closed(chunks))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class Passes:
    """A stream of bytes, read from beside the event loop in threads of `pool`: `read` begins it, once a pass."""

    def __init__(self, read: Callable[[], AsyncGenerator[bytes, None]], pool: concurrent.futures.Executor) -> None:
        self._read, self._pool, self._loop = read, pool, asyncio.get_running_loop()
        self._begun = [read()]
        self._asked: concurrent.futures.Future[bytes | None] | None = None
        self._first: list[bytes | None] = []
        self._entered = self._stopped = False

    def opened(self) -> Iterator[bytes]:
        """The bytes of the next pass. Beside the loop alone. Raises what the stream raises, and `StoppedError`."""
        if self._entered:
            self._begun.append(self._read())
        self._entered = True
        while (piece := self._first.pop() if self._first else self._wait()) is not None:
            yield piece

    async def prepare(self) -> None:
        """Wait for the first piece. INVARIANT: no thread waits for its turn with a silo, which others could only end by
        being given a thread."""
        self._first.append(await _next(self._begun[0]))

    async def run(self, work: Callable[[], T]) -> T:
        """As `Bridge.run`."""
        return await _run(self._pool, work, self.stop)

    def stop(self) -> None:
        """Nobody wants the rest: a thread that waits for it waits no longer."""
        self._stopped = True
        if (asked := self._asked) is not None:
            asked.cancel()

    async def close(self) -> None:
        """End the stream's own work. After `run` has returned."""
        self.stop()
        for one in self._begun:
            with contextlib.suppress(RuntimeError):
                await one.aclose()

    def _wait(self) -> bytes | None:
        if self._stopped:
            raise StoppedError
        self._asked = asked = asyncio.run_coroutine_threadsafe(_next(self._begun[-1]), self._loop)
        if self._stopped:  # between the two lines above
            asked.cancel()
        try:
            return asked.result()
        except (concurrent.futures.CancelledError, asyncio.CancelledError):
            raise StoppedError from None
        finally:
            self._asked = None


async def _run(pool: concurrent.futures.Executor | None, work: Callable[[], T], stop: Callable[[], None]) -> T:
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait({future})
        if not future.cancelled():
            future.exception()  # nobody asks for it any more
        raise


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _closed(chunks: AsyncGenerator[bytes, None]) -> None:
    with contextlib.suppress(RuntimeError):  # one that is being read ends by itself
        await chunks.aclose()
