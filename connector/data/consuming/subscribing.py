"""Subscriptions at work: rows are fetched as they come and put into sinks, as long as their contracts last.

What lives here: one task a subscription, batches, trying again. What does not: the records (`services.subscriptions`),
the stream (`following`), the sinks (`connector.data.sinks`).

INVARIANT: a batch's number and watermark are kept by the sink with its rows, and by the record after that. Killed in
between, the sink knows more than the record, and the next batch begins behind what the sink has: each row is there
once. A sink that cannot keep them (`at_least_once`) may get the last batch again.

Nothing ends a subscription but its contract, a person, or a limit of its own: whatever else is in the way is waited
for, longer each time, and at once where a transfer or contract moves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import structlog
from msgspec.structs import replace

from connector.data.consuming.arriving import Followed, Opens
from connector.data.consuming.following import Asking, Heard
from connector.data.ports import Batch, Sink
from connector.data.sinks import Sinks
from connector.errors import NodeError
from connector.ports import Clock, Fault, no_fault
from connector.records import Subscription
from connector.services.changes import Change, Changes
from connector.services.subscriptions import KIND, RUNNING, Subscriptions
from policies.model import Reason

log = structlog.get_logger()
MOST_ROWS, MOST_BYTES, LINGER = 500, 1 << 20, 1.0
"""A batch is put when it has so many rows or bytes, or its first row has waited so many seconds."""
MARK_SECONDS: Final = 60.0
"""How often a watermark is kept behind which nothing came."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
_MOVES: Final = frozenset({"transfer", "agreement", "participant"})
_PAGE: Final = 500
_LOOK_AGAIN: Final = 60.0


class Subscribing:
    """Runs the subscriptions of a node."""

    def __init__(
        self,
        *,
        subscriptions: Subscriptions,
        following: Opens,
        sinks: Sinks,
        changes: Changes,
        clock: Clock,
        fault: Fault = no_fault,
    ) -> None:
        self._subscriptions, self._following, self._sinks = subscriptions, following, sinks
        self._changes, self._clock, self._fault = changes, clock, fault
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failing: dict[str, str] = {}
        self._wake, self._moved = asyncio.Event(), asyncio.Event()

    def trouble(self) -> Reason | None:
        """A subscription to which nothing comes, for health: one of them, and how many there are."""
        if not self._failing:
            return None
        one, cause = next(iter(self._failing.items()))
        return Reason("subscription.failing", {"id": one, "cause": cause, "subscriptions": str(len(self._failing))})

    async def run(self) -> None:
        """Keep a task for each that runs, until this is cancelled."""
        stop: Callable[[], None] = self._changes.subscribe(self._on_change)
        try:
            while True:
                self._wake.clear()
                await self._look()
                await self._pause(_LOOK_AGAIN, self._wake)
        finally:
            stop()
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _on_change(self, change: Change) -> None:
        if change.kind == KIND:
            task = self._running.get(change.id)
            if task is not None and change.state != RUNNING:
                task.cancel()
            self._wake.set()
        elif change.kind in _MOVES:
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def _look(self) -> None:
        """Begin those that run, cut those that do not any more."""
        wanted: set[str] = set()
        after = ""
        while found := await self._subscriptions.select(after=after, limit=_PAGE, state=RUNNING):
            wanted.update(one.id for one in found)
            after = found[-1].id
        for id in [id for id, task in self._running.items() if task.done() or id not in wanted]:
            task = self._running.pop(id)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._failing.pop(id, None)
        for id in wanted - self._running.keys():
            self._running[id] = asyncio.get_running_loop().create_task(self._keep(id))

    async def _keep(self, id: str) -> None:
        """One subscription, to its end."""
        pause = FIRST_PAUSE
        while True:
            before = await self._subscriptions.get(id)
            try:
                why = await self._once(before)
            except NodeError as error:
                why = error.reason
            except Exception as error:
                log.exception("subscription.defect", id=id, error=type(error).__name__)
                why = Reason("internal")
            moved = self._moved
            if await self._subscriptions.note(id, why):
                self._failing.pop(id, None)
                return
            if id not in self._failing:
                log.warning("subscription.waits", id=id, code=why.code)
            self._failing[id] = why.code
            came = (await self._subscriptions.get(id)).number > before.number
            pause = FIRST_PAUSE if came else min(pause * 2, LONGEST_PAUSE)
            await self._clock.sleep(FIRST_PAUSE)  # However much moves, nobody is asked more often than that.
            await self._pause(pause, moved)

    async def _once(self, one: Subscription) -> Reason:
        """One stream, from where the sink is to where it ends; returns why."""
        sink = self._sinks.get(one.into)
        there = await sink.position(one.settings, one.id)
        if there is not None and there.number > one.number:
            one = replace(one, number=there.number, watermark=there.watermark)
            await self._subscriptions.put(one.id, one.number, one.watermark, 0, 0)
        asking = Asking(
            query=one.query, after=one.watermark, purpose=one.purpose, spatial=one.spatial, stated=one.stated
        )
        followed = await self._following.open(one.created_by, one.contract, asking)
        work = _Work(self._subscriptions, sink, one, self._clock, self._fault)
        return await self._taken(followed, work)

    async def _taken(self, followed: Followed, work: _Work) -> Reason:
        ahead: asyncio.Queue[Heard | None] = asyncio.Queue(2 * MOST_ROWS)
        pump = asyncio.get_running_loop().create_task(_pump(followed, ahead))
        try:
            while (heard := await ahead.get()) is not None:
                self._failing.pop(work.one.id, None)
                if not await self._batch(heard, ahead, work):
                    break
            await pump
            return followed.ended or Reason("peer.ended")
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError, NodeError):
                await pump

    async def _batch(self, first: Heard, ahead: asyncio.Queue[Heard | None], work: _Work) -> bool:
        """Gather what comes within a moment and put it; returns whether there is more to come."""
        work.take(first)
        end = self._clock.monotonic() + LINGER
        going = True
        while going and work.has_room and work.rows:
            heard, some = await self._next(ahead, end - self._clock.monotonic())
            if not some:
                break
            if heard is None:
                going = False
            else:
                work.take(heard)
        await work.put()
        return going

    async def _next(self, ahead: asyncio.Queue[Heard | None], seconds: float) -> tuple[Heard | None, bool]:
        """What comes within some seconds, and whether anything did."""
        if not ahead.empty():
            return ahead.get_nowait(), True
        if seconds <= 0:
            return None, False
        getting = asyncio.ensure_future(ahead.get())
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({getting, pause}, return_when=asyncio.FIRST_COMPLETED)
            return (getting.result(), True) if getting.done() else (None, False)
        finally:
            getting.cancel()
            pause.cancel()

    async def _pause(self, seconds: float, event: asyncio.Event) -> None:
        waiting = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(event.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


class _Work:
    """One stream of one subscription: the batch that is being gathered."""

    def __init__(self, subscriptions: Subscriptions, sink: Sink, one: Subscription, clock: Clock, fault: Fault) -> None:
        self._subscriptions, self._sink, self.one, self._clock, self._fault = subscriptions, sink, one, clock, fault
        self.rows: list[bytes] = []
        self._bytes = self._gaps = 0
        self._mark, self._number, self._kept = one.watermark, one.number, clock.monotonic()
        self._marked = bool(one.watermark)

    @property
    def has_room(self) -> bool:
        """May another row go into the batch?"""
        return len(self.rows) < MOST_ROWS and self._bytes < MOST_BYTES

    def take(self, heard: Heard) -> None:
        """Put it into the batch."""
        if heard.row:
            self.rows.append(heard.row)
            self._bytes += len(heard.row)
        self._gaps += heard.gap
        self._mark = heard.mark or self._mark

    async def put(self) -> None:
        """The batch is there for good when this returns; then it is empty."""
        if not self.rows:
            old = self._clock.monotonic() - self._kept >= MARK_SECONDS
            if self._mark and (old or self._gaps or not self._marked):
                await self._keep(0)
            return
        batch = Batch(self._number + 1, tuple(self.rows), self._mark)
        await self._sink.write(self.one.settings, self.one.id, batch)
        self._fault("subscription.put")
        self._number += 1
        await self._keep(len(self.rows))
        self.rows, self._bytes = [], 0

    async def _keep(self, rows: int) -> None:
        await self._subscriptions.put(self.one.id, self._number, self._mark, rows, self._gaps)
        self._gaps, self._kept, self._marked = 0, self._clock.monotonic(), True


async def _pump(followed: Followed, ahead: asyncio.Queue[Heard | None]) -> None:
    """Raises as the stream does, after what came before it was told."""
    try:
        async with aclosing(followed.rows()) as rows:
            async for heard in rows:
                await ahead.put(heard)
    except Exception:
        await ahead.put(None)
        raise
    await ahead.put(None)
