"""Databases whose clients block: their rows as CSV, made in a thread and handed to the loop.

What lives here: one thread a stream, pieces through a short queue, and ending it from either side. What does not: what
is asked and how a database stops working (`mariadb`, `sqlite`).
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, Final, TypeVar

from connector.data.queries.model import Budget
from connector.data.sources.sql.values import Value
from connector.errors import SourceError

_QUEUE: Final = 4
_ROWS: Final = 1000
_PIECE: Final = 1 << 20
T = TypeVar("T")
Fetch = Callable[[int], Sequence[Sequence[Any]]]
"""The next rows, at most so many; none at the end."""


def table(names: Sequence[str], values: Sequence[Value], fetch: Fetch, most: int) -> Iterator[bytes]:
    """Rows as CSV, headings first. Raises `SourceError` `source.budget` beyond so many rows."""
    converts = [one.convert or plain for one in values]
    out = io.StringIO()
    # Only a sign that ends lines is put in quotes; both of them have to be (RFC 4180, 2.6).
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    rows = 0
    while found := fetch(_ROWS):
        rows += len(found)
        if rows > most:
            raise SourceError("source.budget", of="rows")
        for row in found:
            writer.writerow([convert(value) for convert, value in zip(converts, row, strict=True)])
        yield from _cut(out.getvalue().encode())
        out.seek(0)
        out.truncate()
    if out.tell():
        yield from _cut(out.getvalue().encode())


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def plain(value: Any) -> str:
    """A text, "" for nothing; octets as hexadecimal digits."""
    if value is None:
        return ""
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


async def run(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """What is done in a thread."""
    return await asyncio.get_running_loop().run_in_executor(threads, work)


class Stream:
    """Pieces that a thread makes. `stop` makes whatever it waits for end; it is called in another thread."""

    def __init__(
        self, threads: ThreadPoolExecutor, make: Callable[[], Iterator[bytes]], stop: Callable[[], None]
    ) -> None:
        self._threads, self._make, self._stop = threads, make, stop
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
        self._stopped = False

    async def pieces(self, budget: Budget) -> AsyncGenerator[bytes, None]:
        """The pieces. Raises what making them raises, and `SourceError` `source.slow` after a silence."""
        working = self._loop.run_in_executor(self._threads, self._work)
        try:
            while True:
                try:
                    piece = await asyncio.wait_for(self._queue.get(), budget.idle)
                except TimeoutError:
                    raise SourceError("source.slow") from None
                if piece is None:
                    break
                yield piece
            await working
        finally:
            await self._end(working)

    async def _end(self, working: asyncio.Future[None]) -> None:
        if working.done():
            return
        self._stopped = True
        stopping = self._loop.run_in_executor(self._threads, self._stop)
        while not working.done():
            while not self._queue.empty():
                self._queue.get_nowait()
            await asyncio.wait({working}, timeout=0.05)
        await asyncio.gather(working, stopping, return_exceptions=True)

    def _work(self) -> None:
        try:
            for piece in self._make():
                self._put(piece)
        finally:
            self._put(None)

    def _put(self, piece: bytes | None) -> None:
        if self._stopped:
            raise SourceError("source.slow")
        try:
            asyncio.run_coroutine_threadsafe(self._queue.put(piece), self._loop).result()
        except CancelledError:
            raise SourceError("source.slow") from None
