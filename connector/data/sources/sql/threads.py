"""Databases whose clients block: their rows as CSV, made in a thread and handed to the loop.

What lives here: one thread a stream, pieces through a short queue, and ending it from either side. What does not: what
is asked and how a database stops working (`mariadb`, `sqlite`).
"""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from connector.data.queries.model import Budget
from connector.data.sources.sql.values import Value
from connector.errors import SourceError

_QUEUE: Final = 32
_ROWS: Final = 1000
_PIECE: Final = 1 << 20
T = TypeVar("T")
PAUSE: Final = b""
"""Between two pieces: what comes next is made when all before it were taken."""
_BETWEEN_SECONDS: Final = 60
"""How long a snapshot waits for the second time that it is read."""
Fetch = Callable[[int], Sequence[Sequence[Any]]]
"""The next rows, at most so many; none at the end."""


class Counted:
    """Rows that go by: how many, and the last of them."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.rows, self.last = 0, list[Any]()

    def __call__(self, most: int) -> Sequence[Sequence[Any]]:
        """As `Fetch`."""
        found = self._fetch(most)
        if found:
            self.rows, self.last = self.rows + len(found), list(found[-1])
        return found


def table(
    names: Sequence[str], values: Sequence[Value], fetch: Fetch, most: int, *, headed: bool = True
) -> Iterator[bytes]:
    """Rows as CSV, headings first where it is `headed`. Raises `SourceError` `source.budget` beyond so many rows."""
    converts = [one.convert or plain for one in values]
    out = io.StringIO()
    # Only a sign that ends lines is put in quotes; both of them have to be (RFC 4180, 2.6).
    writer = csv.writer(out, lineterminator="\r\n")
    if headed:
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


class Kept:
    """A connection in a transaction that is read in twice; the first time there is none yet."""

    def __init__(self, keep: Callable[[Kept], None]) -> None:
        self.connection: Any = None
        self.stack = ExitStack()
        self.keep = partial(keep, self)
        """It was read in once, and waits for the second time."""


class Held:
    """What waits to be read a second time, by who reads what."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._kept: dict[Hashable, Kept] = {}

    def of(self, key: Hashable) -> Kept:
        """What waits for this reading, and for nobody else from now on; else something new."""
        loop = asyncio.get_running_loop()

        def keep(one: Kept) -> None:
            if (other := self._kept.pop(key, None)) is not None:
                other.stack.close()
            self._kept[key] = one
            loop.call_soon_threadsafe(loop.call_later, _BETWEEN_SECONDS, self._over, key, one)

        return self._kept.pop(key, None) or Kept(keep)

    def _over(self, key: Hashable, kept: Kept) -> None:
        """Nobody has come a second time."""
        if self._kept.get(key) is kept:
            self._kept.pop(key)
            self._threads.submit(kept.stack.close)

    def close(self) -> None:
        """Nobody comes any more."""
        for key in [*self._kept]:
            self._kept.pop(key).stack.close()


@contextmanager
def once_or_twice(kept: Kept | None, opened: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    """A connection; what is read twice has the same one the second time, unless the first went wrong."""
    if kept is None:
        with opened() as connection:
            yield connection
        return
    second = kept.connection is not None
    try:
        if not second:
            kept.connection = kept.stack.enter_context(opened())
        yield kept.connection
    except BaseException:
        # What was opened first says what an error means.
        kept.stack.__exit__(*sys.exc_info())
        raise
    if second:
        kept.stack.close()
    else:
        kept.keep()


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
                try:
                    yield piece
                finally:
                    self._queue.task_done()
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
                self._queue.task_done()
            await asyncio.wait({working}, timeout=0.05)
        await asyncio.gather(working, stopping, return_exceptions=True)

    def _work(self) -> None:
        try:
            for piece in self._make():
                if piece:
                    self._put(piece)
                else:
                    self._done(self._queue.join())
        finally:
            self._put(None)

    def _put(self, piece: bytes | None) -> None:
        if self._stopped:
            raise SourceError("source.slow")
        self._done(self._queue.put(piece))

    def _done(self, waiting: Coroutine[Any, Any, None]) -> None:
        try:
            asyncio.run_coroutine_threadsafe(waiting, self._loop).result()
        except CancelledError:
            raise SourceError("source.slow") from None
