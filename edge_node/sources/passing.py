"""Messages of one connection to a broker on their way to disk, and which of them came before.

What lives here: batches under way, acknowledging them in their order, telling copies. What does not: the connection
(`connector.data.broker`), what is done with a message (`mqtt`). Source: MQTT 5.0 (OASIS), 4.4 delivery and 4.6 order.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from connector.data.broker import Message, Session
from edge_node.errors import EdgeError

_AT_ONCE: Final = 4
"""Batches that are being brought to disk at once."""
_BATCH: Final = 1000
_END: Final = 5.0
"""Seconds that what is under way has to come to disk when the source is ended."""


class Taken:
    """The newest messages that are on disk, by packet: copies of them are not taken again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._marks: dict[int, int] = {}

    def add(self, messages: Sequence[Message]) -> None:
        """These are on disk."""
        for one in messages:
            if one.qos:
                self._marks.pop(one.packet, None)
                self._marks[one.packet] = _mark(one)
        while len(self._marks) > self._most:
            del self._marks[next(iter(self._marks))]

    def has(self, one: Message) -> bool:
        """Is this a copy? A broker says so itself (5.0: 3.3.1.1); packets are used again for other messages."""
        return one.again and one.qos > 0 and self._marks.get(one.packet) == _mark(one)


def _mark(one: Message) -> int:
    """Of topic and content, and small."""
    of = hashlib.blake2b(one.topic.encode() + b"\0", digest_size=8)
    of.update(one.payload)
    return int.from_bytes(of.digest())


class Passing:
    """Messages of one connection on their way: taken in batches, brought to disk a few batches at once, acknowledged in
    their order."""

    def __init__(self, session: Session, taken: Taken, keep: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        self._session, self._taken, self._keep = session, taken, keep
        self._under_way: deque[tuple[asyncio.Future[None], Sequence[Message]]] = deque()

    async def run(self) -> None:
        """Until the connection ends, or what came cannot be brought to disk. Raises what ended it, when nothing is
        under way any more."""
        coming = self._next()
        try:
            while True:
                waited: set[asyncio.Future[Any]] = {self._under_way[0][0]} if self._under_way else set()
                if len(self._under_way) < _AT_ONCE:
                    waited.add(coming)
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                self._acknowledge()
                if coming.done() and len(self._under_way) < _AT_ONCE:
                    self._begin(coming.result())
                    coming = self._next()
        except asyncio.CancelledError:
            await self._leave()
            raise
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await self._end()

    def _next(self) -> asyncio.Task[list[Message]]:
        return asyncio.ensure_future(self._session.take(_BATCH))

    def _begin(self, messages: Sequence[Message]) -> None:
        fresh = [one for one in messages if not self._taken.has(one)]
        self._under_way.append((asyncio.ensure_future(self._keep(fresh)), messages))

    def _acknowledge(self) -> None:
        """What is on disk, up to the first that is not. Raises what kept one from getting there."""
        while self._under_way and self._under_way[0][0].done():
            done, messages = self._under_way.popleft()
            done.result()
            self._taken.add(messages)
            self._session.acknowledge(messages)

    async def _leave(self) -> None:
        """The source is ended: what is under way has a moment to come to disk, and is acknowledged."""
        if self._under_way:
            await asyncio.wait([done for done, _ in self._under_way], timeout=_END)
        with contextlib.suppress(EdgeError):
            self._acknowledge()
        for done, _ in self._under_way:
            done.cancel()

    async def _end(self) -> None:
        """The connection has ended: what is under way comes to disk, and is known when the broker sends it again."""
        left = [done for done, _ in self._under_way]
        try:
            await asyncio.gather(*left, return_exceptions=True)
        finally:
            for done in left:
                done.cancel()
        for done, messages in self._under_way:
            if not done.cancelled() and done.exception() is None:
                self._taken.add(messages)
        self._under_way.clear()
