"""The buffer: readings are in it for good when `append` returns, and are read from it as often as somebody wants them.

What lives here: what its users call. What does not: the loop that commits (`committing`), the form of files
(`segments`), what is known (`state`), the start (`recovery`).

INVARIANT: a number is given to one reading, and a reading that was acknowledged has a number that is never given again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from msgspec import structs

from connector.data.readings.model import Gap
from connector.data.readings.ranges import Ranges, touches
from edge_node.buffer import room
from edge_node.buffer.committing import Committing
from edge_node.buffer.files import Directory, Files
from edge_node.buffer.hiding import NOTHING, HiddenSealing, Hiding
from edge_node.buffer.index import Change, Connect, Index, Row, connect
from edge_node.buffer.model import BufferStatus, Limits, Sealed, Sealing
from edge_node.buffer.recovery import Found, recover
from edge_node.buffer.segments import LegendEntry
from edge_node.buffer.spoiled import Aside
from edge_node.buffer.state import State
from edge_node.buffer.tidying import Run
from edge_node.errors import KeepingError
from edge_node.ports import Spoiled

T = TypeVar("T")
_FLUSH_SECONDS: Final = 60.0
_MOST_SKIPPED: Final = 1 << 52
_SHARE: Final = 8
"""A segment is no larger than such a share of all that is kept."""


class _Thread:
    """In one thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "buffer")

    def __call__(self, act: Callable[[], T], /) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, act)


class Buffer:
    """See the module."""

    def __init__(
        self,
        found: Found,
        index: Index,
        files: Files,
        *,
        sealing: Sealing,
        limits: Limits,
        clock: Callable[[], int],
        run: Run,
        hiding: Hiding,
    ) -> None:
        self.limits = structs.replace(limits, segment=min(limits.segment, limits.bytes // _SHARE))
        self._state = State(found, files, self.limits, clock)
        self._index, self._clock, self._run = index, clock, run
        self._hiding = hiding
        self._committing = Committing(self._state, index, files, HiddenSealing(sealing, hiding), run)
        self._aside = Aside(files, limits.spoiled)
        self._flushing: asyncio.TimerHandle | None = None
        self._closed = False

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        sealing: Sealing,
        clock: Callable[[], int],
        limits: Limits | None = None,
        files: Files | None = None,
        connect: Connect = connect,
        run: Run | None = None,
        hiding: Hiding = NOTHING,
    ) -> Buffer:
        """The buffer in a directory, which is made where it is not there; whatever a stop, kill or power cut has left
        is brought in order first. Raises `KeepingError` `buffer.index`, `buffer.disk`, `buffer.locked` (`hiding` does
        not open what is there)."""
        files = files or Directory(directory)
        index, known, new = Index.open(directory, connect)
        try:
            found = recover(files, index, known, new=new, now=clock())
            messages = (*found.tail.legends, *(one.data for one in found.tail.batches[-1:]))
            hiding.check(messages, found.known.kept)
        except BaseException:
            index.close()
            raise
        limits = limits or Limits()
        run = run or _Thread()
        return cls(found, index, files, sealing=sealing, limits=limits, clock=clock, run=run, hiding=hiding)

    def next(self, series: int) -> int:
        """The number of the next reading of a series, behind all that was given to `append`."""
        return self._state.next.get(series, 1)

    def legend(self) -> list[bytes]:
        """The legends that all readings are read with, sealed: one that stands alone and those that add to it."""
        return [self._hiding.opened(one) for one in self._state.tail.legends]

    def append(self, sealed: Sequence[Sealed], legend: Sequence[bytes] = ()) -> Awaitable[None]:
        """Keep batches, and legends that they are the first to need. To be awaited: returns when they are durable.

        Raises at once `KeepingError` `buffer.closed`, the code of `status().suspect`, `buffer.number` (a batch does not
        begin with `next`). Awaiting raises `FullError` `buffer.full`, `buffer.disk` (no room, and none is to be made),
        or `KeepingError` `buffer.disk`. After a failure nothing of this or of a later call was kept, and `next` is as
        it was.
        """
        self._usable()
        after = dict(self._state.next)
        for one in sealed:
            if one.first != after.get(one.series, 1):
                raise KeepingError("buffer.number")
            after[one.series] = one.last + 1
        self._state.next = after
        legends = [LegendEntry(self._hiding.closed(one)) for one in legend]
        return self._committing.append([*legends, *map(self._hiding.close, sealed)])

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]:
        """Batches that hold any of the wanted readings, in order, as long as they fit into so many bytes, but one at
        least: from the oldest on, or the newest ones. A batch may hold others too."""
        found: list[Sealed] = []
        left = most_bytes
        for batches in self._state.places(series, wanted, newest):
            for one in reversed(batches) if newest else batches:
                if one.series != series or not touches(wanted, one.first, one.last):
                    continue
                left -= len(one.data)
                if found and left < 0:
                    break
                found.append(self._hiding.open(one))
            if left < 0:
                break
        if self._state.damage and not self._closed:
            self._committing.change(Change())
        return found[::-1] if newest else found

    def series(self) -> dict[int, Ranges]:
        """The numbers that are kept, by series."""
        return self._state.series()

    def held(self, consumer: str) -> dict[int, Ranges]:
        """What a consumer has, by series, as it last said."""
        return {series: ranges for (name, series), ranges in self._state.held.items() if name == consumer}

    async def held_now(self, consumer: str, series: int, ranges: Ranges) -> None:
        """What it says that it has now; numbers that were never given count for nothing. Written down within a minute:
        if that is lost, it says so again."""
        ranges = room.common(ranges, ((1, self.next(series) - 1),))
        if self._state.held.get((consumer, series), ()) == ranges:
            return
        self._state.held[consumer, series] = ranges
        self._flush_later()
        self._state.dirty.add((consumer, series))

    async def skip(self, series: int, number: int) -> None:
        """Give no number before this one any more: what this device has lost knowledge of, its own node has. Durable
        when this returns. Raises as `put`, and `KeepingError` `buffer.number`: readings are on their way."""
        self._usable()
        if self._committing.waiting or not self.next(series) <= number < _MOST_SKIPPED:
            raise KeepingError("buffer.number")
        self._state.numbers[series] = self._state.next[series] = number
        await self._committing.change(Change())

    async def dismiss(self, consumer: str) -> None:
        """A consumer that is none any more."""
        gone: dict[tuple[str, int], Ranges | None] = {key: None for key in self._state.held if key[0] == consumer}
        for key in gone:
            del self._state.held[key]
            self._state.dirty.discard(key)
        await self._committing.change(Change(held=gone))

    def gaps(self, after: int = 0) -> list[Gap]:
        """Reports with a higher number, in order."""
        return [gap for number, gap in sorted(self._state.gaps.items()) if number > after]

    def get(self, name: str) -> bytes | None:
        """What `put` has kept under this name."""
        return self._hiding.value(self._state.kept, name)

    async def put(self, name: str, value: bytes | None) -> None:
        """Keep something small, or nothing any more. Durable when this returns. Raises `KeepingError`."""
        self._usable()
        await self._committing.change(Change(kept=self._hiding.kept(name, value)))

    async def spoil(self, found: Sequence[Spoiled]) -> None:
        """Put aside what nobody can read: counted, and as much of it as is worth looking at is durable when this
        returns. Raises `KeepingError`."""
        self._usable()
        self._state.spoiled += len(found)
        lines = self._aside.chosen(found, self._clock())
        if lines:
            await self._committing.job(lambda: self._run(partial(self._aside.write, lines)))
        self._flush_later()

    async def forget_delivered(self, needed: Mapping[int, Collection[str]]) -> None:
        """Delete what all have that are to have it: `needed` says who, by series. What nobody is to have stays. Files
        shrink."""
        self._state.needed = needed
        if self._delivered():
            await self._committing.job(self._forget)

    async def _forget(self) -> None:
        await self._committing.forget(self._delivered(), Change())

    def _delivered(self) -> list[Row]:
        have, before = self._state.have(), self._clock() - self.limits.keep
        rows = self._state.rows.values()
        return [row for row in rows if row.last <= before and room.all_there(row.parts, have)]

    async def turn(self) -> None:
        """Returns when the loop that commits has come round: it lives."""
        await self._committing.job(_nothing)

    def status(self) -> BufferStatus:
        """How it stands."""
        return self._state.status()

    async def close(self) -> None:
        """Write what has come, and end."""
        self._flush()
        self._closed = True
        await self._committing.ended()
        self._state.tail.stop()
        self._index.checkpoint()
        self._index.close()

    def _usable(self) -> None:
        if self._closed or self._state.suspect:
            raise KeepingError(self._state.suspect or "buffer.closed")

    def _flush_later(self) -> None:
        """At most once a minute something is written that may as well be lost."""
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
            if not self._closed and not self._state.suspect:
                self._committing.change(Change())


async def _nothing() -> None:
    return
