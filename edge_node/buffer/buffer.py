"""The buffer: readings are in it for good when `append` returns, and are read from it as often as somebody wants them.

What lives here: one loop that commits what has come, and between that keeps the segments in order; what is known in
memory. What does not: the form of files (`segments`), what is done to them (`tail`, `upkeep`), the start (`recovery`).

Whatever waits for the disk is done in one thread, one thing at a time; what is known changes on the event loop, when
that has come back. While a group is written the next one gathers: a group needs no time of its own.

INVARIANT: a number is given to one reading, and a reading that was acknowledged has a number that is never given again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from msgspec import Struct, msgpack, structs

from connector.data.readings.model import Gap
from connector.data.readings.ranges import Ranges, joined, size, touches
from edge_node.buffer import batching, room, upkeep
from edge_node.buffer.files import Directory, Files
from edge_node.buffer.index import Change, Connect, Index, Row, connect
from edge_node.buffer.model import DAMAGED, FULL, BufferStatus, Limits, Sealed, Sealing
from edge_node.buffer.recovery import LEGEND, NUMBERS, Found, recover
from edge_node.buffer.segments import Entry, LegendEntry
from edge_node.buffer.spoiled import Aside
from edge_node.buffer.tail import Tail, parts
from edge_node.buffer.upkeep import Loss
from edge_node.errors import EdgeError, FullError, KeepingError
from edge_node.ports import Spoiled

T = TypeVar("T")
SPOILED: Final = "buffer.spoiled"
"""Under this name the count of what was put aside is kept."""
_FLUSH_SECONDS: Final = 60.0
_MOST_SKIPPED: Final = 1 << 52


class Run(Protocol):
    """How what waits for the disk is done."""

    def __call__(self, act: Callable[[], T], /) -> Awaitable[T]:
        """Its result."""


class _Thread:
    """In one thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "buffer")

    def __call__(self, act: Callable[[], T], /) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, act)


class _Waiting(Struct):
    """Entries that are to be written, and who waits for it."""

    entries: list[Entry]
    size: int
    done: asyncio.Future[None]


class _Job(Struct):
    """Something else for the disk: `act` in the thread, and then `known` on the event loop."""

    act: Callable[[], Any]
    known: Callable[[], None]
    done: asyncio.Future[None]


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
    ) -> None:
        self._index, self._files, self._sealing, self._clock, self._run = index, files, sealing, clock, run
        self.limits = structs.replace(limits, segment=min(limits.segment, limits.bytes // 8))
        self._tail, self._rows, self._numbers = found.tail, found.rows, found.numbers
        self._next = dict(found.numbers)
        self._held, self._gaps, self._kept = found.known.held, found.known.gaps, found.known.kept
        self._gap_numbers = count(max(self._gaps, default=0) + 1)
        self._gone: set[int] = set(found.gone)
        self._dirty: set[tuple[str, int]] = set()
        self._loose = {number for number, row in found.rows.items() if row.revision == 0}
        self._needed: room.Needed = {}
        self._queue: deque[_Waiting] = deque()
        self._jobs: deque[_Job] = deque()
        self._chore: tuple[int, Iterator[Row | None]] | None = None
        self._cache: tuple[str, list[Sealed]] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._aside = Aside(files, limits.spoiled)
        self._spoiled = int(found.known.kept.get(SPOILED, b"0"))
        self._closed = False
        self._suspect = ""
        self._synced = self._written = self._commits = 0

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
    ) -> Buffer:
        """The buffer in a directory, which is made where it is not there; whatever a stop, kill or power cut has left
        is brought in order first. Raises `KeepingError` `buffer.index`, `buffer.disk`."""
        files = files or Directory(directory)
        index, known, new = Index.open(directory, connect)
        try:
            found = recover(files, index, known, new=new, now=clock())
        except BaseException:
            index.close()
            raise
        limits = limits or Limits()
        return cls(found, index, files, sealing=sealing, limits=limits, clock=clock, run=run or _Thread())

    def next(self, series: int) -> int:
        """The number of the next reading of a series, behind all that was given to `append`."""
        return self._next.get(series, 1)

    def legend(self) -> list[bytes]:
        """The legends that all readings are read with, sealed: one that stands alone and those that add to it."""
        return list(self._tail.legends)

    def append(self, sealed: Sequence[Sealed], legend: Sequence[bytes] = ()) -> Awaitable[None]:
        """Keep batches, and legends that they are the first to need. To be awaited: returns when they are durable.

        Raises at once `KeepingError` `buffer.closed`, the code of `status().suspect`, `buffer.number` (a batch does not
        begin with `next`). Awaiting raises `FullError` `buffer.full`, `buffer.disk` (no room, and none is to be made),
        or `KeepingError` `buffer.disk`. After a failure nothing of this or of a later call was kept, and `next` is as
        it was.
        """
        self._usable()
        after = dict(self._next)
        for one in sealed:
            if one.first != after.get(one.series, 1):
                raise KeepingError("buffer.number")
            after[one.series] = one.last + 1
        self._next = after
        entries: list[Entry] = [*map(LegendEntry, legend), *sealed]
        waiting = _Waiting(
            entries, sum(len(one.data) for one in entries if isinstance(one, Sealed | LegendEntry)), _future()
        )
        self._queue.append(waiting)
        self._wake()
        return waiting.done

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]:
        """Batches that hold any of the wanted readings, in order, as long as they fit into so many bytes, but one at
        least: from the oldest on, or the newest ones. A batch may hold others too."""
        found: list[Sealed] = []
        room_left = most_bytes
        for batches in self._places(series, wanted, newest):
            for one in reversed(batches) if newest else batches:
                if one.series != series or not touches(wanted, one.first, one.last):
                    continue
                room_left -= len(one.data)
                if found and room_left < 0:
                    return found[::-1] if newest else found
                found.append(one)
        return found[::-1] if newest else found

    def _places(self, series: int, wanted: Ranges, newest: bool) -> Iterator[list[Sealed]]:
        """The segments that may hold them, one after the other, read when it is their turn."""
        rows = [
            row
            for row in sorted(self._rows.values(), key=lambda row: row.number)
            if any(touches(wanted, *pair) for part in row.parts if part.series == series for pair in part.ranges)
        ]
        tail = [] if self._tail.closed else [self._tail.batches]
        if newest:
            yield from tail
        for row in reversed(rows) if newest else rows:
            yield self._batches(row)
        if not newest:
            yield from tail

    def _batches(self, row: Row) -> list[Sealed]:
        if self._cache is None or self._cache[0] != row.name:
            found, lost = upkeep.scanned(self._files, row)
            batches = upkeep.batches_of(found)
            self._cache = (row.name, batches)
            if lost:
                self._damaged(structs.replace(row, parts=parts(batches)), lost)
        return self._cache[1]

    def _damaged(self, row: Row, lost: list[Loss]) -> None:
        """What is gone is known at once, and written down when the thread has time."""
        self._rows[row.number] = row
        change = Change(rows={row.number: row}, gaps=self._report(lost, DAMAGED))
        self._apply(change)
        self._change(change)

    def _report(self, lost: list[Loss], why: str) -> dict[int, Gap | None]:
        return upkeep.reports(self._gaps, lost, why, self._clock(), self._gap_numbers)

    def series(self) -> dict[int, Ranges]:
        """The numbers that are kept, by series."""
        found: dict[int, list[tuple[int, int]]] = {}
        for row in self._rows.values():
            for part in row.parts:
                found.setdefault(part.series, []).extend(part.ranges)
        for part in () if self._tail.closed else parts(self._tail.batches):
            found.setdefault(part.series, []).extend(part.ranges)
        return {series: joined(pairs) for series, pairs in found.items()}

    def held(self, consumer: str) -> dict[int, Ranges]:
        """What a consumer has, by series, as it last said."""
        return {series: ranges for (name, series), ranges in self._held.items() if name == consumer}

    async def held_now(self, consumer: str, series: int, ranges: Ranges) -> None:
        """What it says that it has now; numbers that were never given count for nothing. Written down within a minute:
        if that is lost, it says so again."""
        ranges = room.common(ranges, ((1, self.next(series) - 1),))
        if self._held.get((consumer, series), ()) == ranges:
            return
        self._held[consumer, series] = ranges
        self._flush_later()
        self._dirty.add((consumer, series))

    async def skip(self, series: int, number: int) -> None:
        """Give no number before this one any more: what this device has lost knowledge of, its own node has. Durable
        when this returns. Raises as `put`, and `KeepingError` `buffer.number`: readings are on their way."""
        self._usable()
        if self._queue or not self.next(series) <= number < _MOST_SKIPPED:
            raise KeepingError("buffer.number")
        self._numbers[series] = self._next[series] = number
        await self._change(Change(kept={NUMBERS: msgpack.encode(self._numbers)}))

    async def dismiss(self, consumer: str) -> None:
        """A consumer that is none any more."""
        gone: dict[tuple[str, int], Ranges | None] = {key: None for key in self._held if key[0] == consumer}
        for key in gone:
            del self._held[key]
            self._dirty.discard(key)
        await self._change(Change(held=gone))

    def gaps(self, after: int = 0) -> list[Gap]:
        """Reports with a higher number, in order."""
        return [gap for number, gap in sorted(self._gaps.items()) if number > after]

    def get(self, name: str) -> bytes | None:
        """What `put` has kept under this name."""
        return self._kept.get(name)

    async def put(self, name: str, value: bytes | None) -> None:
        """Keep something small, or nothing any more. Durable when this returns. Raises `KeepingError`."""
        self._usable()
        await self._change(Change(kept={name: value}))

    async def spoil(self, found: Sequence[Spoiled]) -> None:
        """Put aside what nobody can read: counted, and as much of it as is worth looking at is durable when this
        returns. Raises `KeepingError`."""
        self._usable()
        self._spoiled += len(found)
        lines = self._aside.chosen(found, self._clock())
        if lines:
            await self._job(partial(self._aside.write, lines), lambda: None)
        self._flush_later()

    async def forget_delivered(self, needed: Mapping[int, Collection[str]]) -> None:
        """Delete what all have that are to have it: `needed` says who, by series. What nobody is to have stays. Files
        shrink."""
        self._needed = needed
        have = self._have()
        before = self._clock() - self.limits.keep
        rows = [row for row in self._rows.values() if row.last <= before and room.all_there(row.parts, have)]
        if rows:
            await self._job(
                partial(upkeep.delete, self._files, self._index, rows, self._with(Change())), partial(self._went, rows)
            )

    def _have(self) -> dict[int, Ranges]:
        return {series: room.delivered(series, self._held, self._needed) for series in self._needed}

    async def turn(self) -> None:
        """Returns when the loop that commits has come round: it lives."""
        await self._job(lambda: None, lambda: None)

    def status(self) -> BufferStatus:
        """How it stands."""
        used, now = self._used(), self._clock()
        there = self.series()
        firsts = [row.first for row in self._rows.values()] + ([self._tail.first] if self._tail.first else [])
        spans = [(row.first, row.last, row.bytes) for row in self._rows.values()]
        if self._tail.first:
            spans.append((self._tail.first, self._tail.last, self._tail.size))
        return BufferStatus(
            bytes=used,
            limit=self.limits.bytes,
            readings=sum(size(ranges) for ranges in there.values()),
            segments=len(self._rows) + 1,
            oldest=min(firsts, default=0),
            synced=self._synced,
            hours=room.hours(spans, now, max(0, self.limits.bytes - used)),
            written=self._written,
            commits=self._commits,
            gaps=len(self._gaps),
            lost=sum(size(gap.ranges) for gap in self._gaps.values()),
            thinned=sum(size(part.ranges) for row in self._rows.values() if row.level for part in row.parts),
            spoiled=self._spoiled,
            suspect=self._suspect,
        )

    async def close(self) -> None:
        """Write what has come, and end."""
        self._flush()
        self._closed = True
        while self._pump is not None:
            await asyncio.wait([self._pump])
        self._tail.stop()
        self._index.checkpoint()
        self._index.close()

    def _usable(self) -> None:
        if self._closed or self._suspect:
            raise KeepingError(self._suspect or "buffer.closed")

    def _used(self) -> int:
        return sum(row.bytes for row in self._rows.values()) + self._tail.size

    # The loop.

    def _wake(self) -> None:
        if self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._turns())

    async def _turns(self) -> None:
        """One thing after the other until nothing is left to do."""
        try:
            while True:
                if self._queue:
                    await self._commit()
                if self._jobs:
                    await self._work(self._jobs.popleft())
                elif not self._queue and not await self._tidied(self.limits.loose):
                    return
                elif self._queue and len(self._loose) > 2 * self.limits.loose:
                    await self._tidied(self.limits.loose)
        except BaseException:
            self._suspect = "buffer.disk"  # nobody knows what was done: nothing more is, and nobody waits in vain
            self._fail([], KeepingError(self._suspect))
            raise
        finally:
            self._pump = None

    async def _commit(self) -> None:
        """Write the next group and tell those who wait for it."""
        group, entries = self._group()
        try:
            await self._make_room(sum(one.size for one in group))
            await self._opened()
            at = self._clock()
            written = await self._written_for_good(at, entries)
        except EdgeError as error:
            self._fail(group, error)
            return
        self._tail.took(at, entries, written)
        self._synced, self._commits, self._written = at, self._commits + 1, self._written + written
        for one in entries:
            if isinstance(one, Sealed):
                self._numbers[one.series] = one.last + 1
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(None)
        if self._tail.size >= self.limits.segment:
            await self._rotate()

    def _group(self) -> tuple[list[_Waiting], list[Entry]]:
        group, size = [self._queue.popleft()], 0
        while self._queue and (size := size + group[-1].size) + self._queue[0].size <= self.limits.group:
            group.append(self._queue.popleft())
        return group, [entry for waiting in group for entry in waiting.entries]

    async def _written_for_good(self, at: int, entries: list[Entry]) -> int:
        """On a disk that is full before the limit is reached, room is made as at the limit."""
        while True:
            try:
                return await self._run(partial(self._tail.write, at, entries))
            except FullError:
                if not await self._freed():
                    raise

    def _fail(self, group: list[_Waiting], error: EdgeError) -> None:
        """Nobody in the queue can be served: their numbers begin behind those that have failed."""
        if isinstance(error, KeepingError):
            self._suspect = error.code
        group += self._queue
        self._queue.clear()
        self._next = dict(self._numbers)
        for done in [waiting.done for waiting in group] + [job.done for job in self._jobs if self._suspect]:
            _told(done, error)
        if self._suspect:
            self._jobs.clear()

    # Room.

    async def _make_room(self, more: int) -> None:
        """Until so many bytes fit. Raises `FullError` `buffer.full`."""
        reserve = 2 * self.limits.segment  # a segment is written anew before the old one is deleted
        while self._used() + more + reserve > self.limits.bytes:
            if await self._tidied(0):
                continue
            if not await self._freed():
                raise FullError("buffer.full")

    async def _freed(self) -> bool:
        """Make some room, as the owner has settled it; False: none is made."""
        have = self._have()
        chosen = room.victim(list(self._rows.values()), self.limits.full)
        if chosen is None:
            return False
        row, thin = chosen
        if thin and await self._thinned(row):
            return True
        lost = [Loss(part.series, room.without(part.ranges, have.get(part.series, ()))) for part in row.parts]
        gaps = self._report([loss for loss in lost if loss.ranges], FULL)
        change = self._with(Change(gaps=gaps))
        await self._run(partial(upkeep.delete, self._files, self._index, [row], change))
        self._apply(change)
        self._went([row])
        return True

    async def _thinned(self, row: Row) -> bool:
        """Every second reading of a segment away. False: that made no room."""
        treat = partial(self._undelivered, have=self._have(), thin=True)
        self._chore = (row.number, self._rewriting(row, treat, row.level + 1))
        while self._chore is not None:
            await self._step()
        now = self._rows.get(row.number)
        return now is not None and now.bytes < row.bytes

    def _went(self, rows: Sequence[Row]) -> None:
        """These are deleted."""
        for row in rows:
            self._rows.pop(row.number, None)
            self._loose.discard(row.number)
            self._gone.add(row.number)
            if self._chore is not None and self._chore[0] == row.number:
                self._chore = None

    # Segments.

    async def _opened(self) -> None:
        """There is an open segment."""
        if self._tail.closed:
            legends = await self._run(partial(upkeep.compacted, self._tail.legends, self._sealing))
            begin = partial(Tail.begin, self._tail.number + 1, self._files, self._clock(), dict(self._numbers), legends)
            self._tail = await self._run(begin)

    async def _rotate(self) -> None:
        """Close the open segment. Where there is no room for its end, it stays open; that is tried again."""
        tail, change = self._tail, self._with(Change())
        try:
            row = await self._run(partial(self._shut, tail, change))
        except FullError:
            return
        except KeepingError as error:
            self._suspect = error.code
            return
        self._apply(change)
        self._rows[row.number] = row
        self._loose.add(row.number)
        await self._tell_opened()

    async def _tell_opened(self) -> None:
        try:
            await self._opened()
        except FullError:
            return  # the next group tries again
        except KeepingError as error:
            self._suspect = error.code

    def _shut(self, tail: Tail, change: Change) -> Row:
        row = tail.close(self._clock())
        legends = {LEGEND: tail.legends[0]} if len(tail.legends) == 1 else {}
        self._index.write(
            structs.replace(change, rows={**change.rows, row.number: row}, kept={**change.kept, **legends})
        )
        return row

    async def _tidied(self, left: int) -> bool:
        """A piece of putting small batches together; False: there is nothing to be done, but for so many segments."""
        if self._chore is None:
            if len(self._loose) <= left:
                return False
            number = min(self._loose)
            self._loose.discard(number)
            row = self._rows[number]
            if not self._worth(row):
                return True
            treat = partial(self._undelivered, have=self._have())
            self._chore = (number, self._rewriting(row, treat, row.level))
        await self._step()
        return True

    def _worth(self, row: Row) -> bool:
        """Are the batches of a segment so small that it is worth to write it anew?"""
        batches = self._batches(row)
        return sum(one.count for one in batches) < len(batches) * self.limits.batch // 2

    def _undelivered(self, found: list[Sealed], have: Mapping[int, Ranges], thin: bool = False) -> Iterator[Sealed]:
        kept = found if self.limits.keep else batching.without(found, have)
        return batching.together(kept, self.limits.together, self._sealing, thin=thin)

    def _rewriting(self, row: Row, treat: upkeep.Treat, level: int) -> Iterator[Row | None]:
        def record(done: Row) -> None:
            self._index.write(Change(rows={done.number: done}))

        return upkeep.rewritten(self._files, row, treat, level=level, record=record)

    async def _step(self) -> None:
        """A slice of writing a segment anew."""
        if self._chore is None:
            return
        number, work = self._chore
        try:
            done = await self._run(partial(next, work, None))
        except (OSError, KeepingError):
            self._chore = None  # the old one stands
            return
        if done is not None:
            self._rows[number] = done
            self._written += done.bytes
            self._chore = None

    # The database.

    def _with(self, change: Change) -> Change:
        """A change, with all that waits for one."""
        held: dict[tuple[str, int], Ranges | None] = {key: self._held[key] for key in self._dirty}
        rows: dict[int, Row | None] = dict.fromkeys(self._gone)
        counted = {NUMBERS: msgpack.encode(self._numbers), SPOILED: str(self._spoiled).encode()}
        self._dirty.clear()
        self._gone.clear()
        return structs.replace(
            change, rows={**rows, **change.rows}, held={**held, **change.held}, kept={**counted, **change.kept}
        )

    def _apply(self, change: Change) -> None:
        """This is durable."""
        for number, gap in change.gaps.items():
            if gap is None:
                self._gaps.pop(number, None)
            else:
                self._gaps[number] = gap
        for name, value in change.kept.items():
            if value is None:
                self._kept.pop(name, None)
            else:
                self._kept[name] = value

    def _change(self, change: Change) -> Awaitable[None]:
        whole = self._with(change)
        return self._job(partial(self._index.write, whole), partial(self._apply, whole))

    def _flush_later(self) -> None:
        """At most once a minute something is written that may as well be lost."""
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
            if not self._closed and not self._suspect:
                self._change(Change())

    def _job(self, act: Callable[[], Any], known: Callable[[], None]) -> Awaitable[None]:
        job = _Job(act, known, _future())
        self._jobs.append(job)
        self._wake()
        return job.done

    async def _work(self, job: _Job) -> None:
        try:
            await self._run(job.act)
        except EdgeError as error:
            _told(job.done, error)
            return
        job.known()
        if not job.done.done():
            job.done.set_result(None)


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def _told(done: asyncio.Future[None], error: Exception) -> None:
    """Whoever waits hears of it; whoever has stopped waiting is not complained of."""
    if not done.done():
        done.set_exception(error)
        done.exception()
