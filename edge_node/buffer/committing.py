"""The loop that makes things durable: what has come, group by group, and between that whatever else is for the disk.

What lives here: queue, group, sync, who is told what; room at the limit; closing the open segment. What does not: the
form of files, what is known (`state`).

Whatever waits for the disk is done in one thread, one thing at a time; what is known changes on the event loop, when
that has come back. While a group is written the next one gathers: a group needs no time of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct, structs

from edge_node.buffer import room, upkeep
from edge_node.buffer.files import Files
from edge_node.buffer.index import Change, Index, Row
from edge_node.buffer.model import FULL, Sealed, Sealing
from edge_node.buffer.recovery import LEGEND
from edge_node.buffer.segments import Entry, LegendEntry
from edge_node.buffer.state import State
from edge_node.buffer.tail import Tail
from edge_node.buffer.tidying import Run, Tidying, is_loose
from edge_node.buffer.upkeep import Loss
from edge_node.errors import EdgeError, FullError, KeepingError


class _Waiting(Struct):
    """Entries that are to be written, and who waits for it."""

    entries: list[Entry]
    size: int
    done: asyncio.Future[None]


class _Job(Struct):
    """Something else for the disk."""

    act: Callable[[], Awaitable[None]]
    done: asyncio.Future[None]


class Committing:
    """INVARIANT: whoever waits hears of success after the sync that his entries are in has returned, and hears of a
    failure in any case."""

    def __init__(self, state: State, index: Index, files: Files, sealing: Sealing, run: Run) -> None:
        self._state, self._index, self._files, self._sealing, self._run = state, index, files, sealing, run
        self._tidying = Tidying(state, index, files, sealing, run)
        self._queue: deque[_Waiting] = deque()
        self._jobs: deque[_Job] = deque()
        self._working: asyncio.Task[None] | None = None

    def append(self, entries: list[Entry]) -> Awaitable[None]:
        """To be durable when what this gives is awaited."""
        size = sum(len(one.data) for one in entries if isinstance(one, Sealed | LegendEntry))
        waiting = _Waiting(entries, size, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake()
        return waiting.done

    @property
    def waiting(self) -> bool:
        """Is something on its way?"""
        return bool(self._queue)

    def job(self, act: Callable[[], Awaitable[None]]) -> Awaitable[None]:
        """To be done when what this gives is awaited."""
        job = _Job(act, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._wake()
        return job.done

    def change(self, change: Change) -> Awaitable[None]:
        """To be in the database when what this gives is awaited."""
        return self.job(partial(self._changed, change))

    async def ended(self) -> None:
        """Nothing is left to do."""
        while self._working is not None:
            await asyncio.wait([self._working])

    def _wake(self) -> None:
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._turns())

    async def _turns(self) -> None:
        """One thing after the other until nothing is left to do."""
        loose = self._state.limits.loose
        try:
            while True:
                if self._queue:
                    await self._commit()
                if self._jobs:
                    await self._work(self._jobs.popleft())
                elif not self._queue and not await self._tidying.some(loose):
                    return
                elif self._queue and len(self._state.loose) > 2 * loose:
                    await self._tidying.some(loose)
        except BaseException:
            # Nobody knows what was done: nothing more is, and nobody waits in vain.
            self._fail([], KeepingError("buffer.disk"))
            raise
        finally:
            self._working = None

    async def _work(self, job: _Job) -> None:
        try:
            await job.act()
        except EdgeError as error:
            _told(job.done, error)
            return
        except BaseException:
            _told(job.done, KeepingError("buffer.disk"))
            raise
        if not job.done.done():
            job.done.set_result(None)

    async def _changed(self, change: Change) -> None:
        whole = self._state.whole(change)
        await self._run(partial(self._index.write, whole))
        self._state.apply(whole)

    # A group.

    async def _commit(self) -> None:
        """Write the next group and tell those who wait for it."""
        group = self._group()
        entries = [entry for waiting in group for entry in waiting.entries]
        state = self._state
        try:
            await self._make_room(sum(one.size for one in group))
            at = state.clock()
            written = await self._durable(at, entries)
        except EdgeError as error:
            self._fail(group, error)
            return
        except BaseException:
            self._fail(group, KeepingError("buffer.disk"))
            raise
        state.tail.took(at, entries, written)
        state.synced, state.commits, state.written = at, state.commits + 1, state.written + written
        for one in entries:
            if isinstance(one, Sealed):
                state.numbers[one.series] = one.last + 1
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(None)
        if state.tail.size >= state.limits.segment:
            await self._rotate()

    def _group(self) -> list[_Waiting]:
        group, size = [self._queue.popleft()], 0
        while self._queue and (size := size + group[-1].size) + self._queue[0].size <= self._state.limits.group:
            group.append(self._queue.popleft())
        return group

    async def _durable(self, at: int, entries: list[Entry]) -> int:
        """Bytes written. On a disk that is full before the limit is reached, room is made as at the limit."""
        while True:
            try:
                await self._opened()
                return await self._run(partial(self._state.tail.write, at, entries))
            except FullError:
                if not await self._freed():
                    raise

    def _fail(self, group: list[_Waiting], error: EdgeError) -> None:
        """Nobody in the queue can be served: their numbers begin behind those that have failed."""
        state = self._state
        if isinstance(error, KeepingError):
            state.suspect = error.code
            for job in self._jobs:
                _told(job.done, error)
            self._jobs.clear()
        for waiting in (*group, *self._queue):
            _told(waiting.done, error)
        self._queue.clear()
        state.next = dict(state.numbers)

    # Room.

    async def _make_room(self, more: int) -> None:
        """Until so many bytes fit. Raises `FullError` `buffer.full`."""
        state = self._state
        reserve = 2 * state.limits.segment  # a segment is written anew before the old one is deleted
        while state.used + more + reserve > state.limits.bytes:
            if await self._tidying.some(0):
                continue
            if not await self._freed():
                raise FullError("buffer.full")

    async def _freed(self) -> bool:
        """Make some room, as the owner has settled it; False: none is made."""
        state = self._state
        chosen = room.victim(list(state.rows.values()), state.limits.full)
        if chosen is None:
            return False
        row, thin = chosen
        if thin and await self._tidying.thin(row):
            return True
        row, have = state.rows[row.number], state.have()
        lost = [Loss(part.series, room.without(part.ranges, have.get(part.series, ()))) for part in row.parts]
        await self.forget([row], Change(gaps=state.report([loss for loss in lost if loss.ranges], FULL)))
        return True

    async def forget(self, rows: list[Row], change: Change) -> None:
        """Segments away: durably unknown first, then not known here, then their files. Raises `KeepingError`: nothing
        was forgotten."""
        if rows:
            gone = {row.number: upkeep.gone(row) for row in rows}
            await self._changed(structs.replace(change, rows={**change.rows, **gone}))
            self._state.forget(rows)
            await self._run(partial(upkeep.delete, self._files, rows))

    # The open segment.

    async def _opened(self) -> None:
        """There is an open segment."""
        state = self._state
        if state.tail.closed:
            legends = await self._run(partial(upkeep.compacted, state.tail.legends, self._sealing))
            begin = partial(Tail.begin, state.tail.number + 1, self._files, state.clock(), dict(state.numbers), legends)
            state.tail = await self._run(begin)

    async def _rotate(self) -> None:
        """Close the open segment, and open the next. Where there is no room for that, the next group tries again."""
        state = self._state
        change = state.whole(Change())
        try:
            row = await self._run(partial(self._shut, state.tail, change))
            state.apply(change)
            state.know(row)
            if is_loose(state.tail.batches, state.limits.batch):
                state.loose.add(row.number)
            await self._opened()
        except FullError:
            return
        except KeepingError as error:
            self._fail([], error)

    def _shut(self, tail: Tail, change: Change) -> Row:
        row = tail.close(self._state.clock())
        legends = {LEGEND: tail.legends[0]} if len(tail.legends) == 1 else {}
        self._index.write(
            structs.replace(change, rows={**change.rows, row.number: row}, kept={**change.kept, **legends})
        )
        return row


def _told(done: asyncio.Future[None], error: Exception) -> None:
    """Whoever waits hears of it; whoever has stopped waiting is not complained of."""
    if not done.done():
        done.set_exception(error)
        done.exception()
