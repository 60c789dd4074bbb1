"""Streams under way: the decision on each is taken again, and what may not go on is cut.

What lives here: when to judge again (twice a second, because time alone can end a permission, and at once when a record
that a stream stands on changes) and the cut. What does not: judging (`data.gate`), the transport (`http.data`).
All streams are judged in one read of the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from connector.errors import NodeError
from connector.ports import Clock
from connector.services.changes import Change, Changes
from policies.model import Reason

log = structlog.get_logger()
INTERVAL = 0.5
"""Seconds between two decisions on the same stream; a change is followed by one at once."""


class Watch:
    """One stream, from before its admission until its end. `reasons` is why it was cut; empty while it may go on."""

    def __init__(self, running: Running, pid: str) -> None:
        self._running, self._ids = running, {pid}
        self._cut: Callable[[], None] | None = None
        self.admission: Any = None
        self.reasons: tuple[Reason, ...] = ()

    def judged(self, admission: object, *ids: str) -> None:
        """The stream was admitted; it stands on these records too. A change since it began is judged now."""
        self.admission = admission
        self._ids.update(ids)
        self._running.wake()

    def on_cut(self, cut: Callable[[], None]) -> None:
        """How to end the stream at once; called at most once, right away where it is cut already."""
        self._cut = cut
        if self.reasons:
            cut()

    def cut(self, reasons: tuple[Reason, ...]) -> None:
        """End the stream for these reasons."""
        if self.reasons:
            return
        self.reasons = reasons
        if self._cut is not None:
            self._cut()

    def stands_on(self, id: str) -> bool:
        """True where a change of this record concerns the stream."""
        return id in self._ids

    def end(self) -> None:
        """The stream is over, or was never admitted."""
        self._running.forget(self)


class Running:
    """All streams of a gate. `judge` tells of each admission why it may not go on, in the same order."""

    def __init__(
        self, clock: Clock, changes: Changes, judge: Callable[[list[Any]], Awaitable[list[tuple[Reason, ...]]]]
    ) -> None:
        self._clock, self._judge = clock, judge
        self._watches: set[Watch] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = changes.subscribe(self._on_change)

    def begin(self, pid: str) -> Watch:
        """Watch a stream of this transfer."""
        watch = Watch(self, pid)
        self._watches.add(watch)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return watch

    def forget(self, watch: Watch) -> None:
        """Watch it no longer."""
        self._watches.discard(watch)

    def wake(self) -> None:
        """Judge now."""
        self._changed.set()

    async def close(self) -> None:
        """Cut what is under way and stop. May be called twice."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        for watch in tuple(self._watches):
            watch.cut((Reason("node.closing"),))
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _on_change(self, change: Change) -> None:
        if any(watch.stands_on(change.id) for watch in self._watches):
            self.wake()

    async def _run(self) -> None:
        while self._watches:
            await self._pause()
            self._changed.clear()
            judged = [watch for watch in self._watches if watch.admission is not None and not watch.reasons]
            if not judged:
                continue
            for watch, reasons in zip(judged, await self._verdicts(judged), strict=True):
                if reasons:
                    watch.cut(reasons)

    async def _verdicts(self, judged: list[Watch]) -> list[tuple[Reason, ...]]:
        """Fail closed: where nothing can be read, nothing goes on."""
        try:
            return await self._judge([watch.admission for watch in judged])
        except NodeError as error:
            log.critical("streams.unjudged", code=error.reason.code, streams=len(judged))
            return [(error.reason,)] * len(judged)
        except Exception:
            log.exception("streams.unjudged", streams=len(judged))
            return [(Reason("internal"),)] * len(judged)

    async def _pause(self) -> None:
        waiting = {asyncio.ensure_future(self._clock.sleep(INTERVAL)), asyncio.ensure_future(self._changed.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
