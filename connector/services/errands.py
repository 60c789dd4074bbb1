"""Errands: what a record still has due at another plane, done in order, again and again until it is done.

What lives here: finding records with something due (also after a restart), one errand a record at a time, back-off.
What does not: what an errand is, and what follows from it: the caller's `run` does one and writes down that it is done.

INVARIANT: what is due stands in the store, written in the transaction that made it due. A process that ends at any
moment takes it up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import structlog
from msgspec import Struct

from connector.errors import NodeError
from connector.ports import Clock, Store

log = structlog.get_logger()
R = TypeVar("R", bound=Struct)
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds between two tries of the same errand."""
PAGE = 500


class Errands(Generic[R]):
    """Runs what is due for records of one kind, which are found by `waiting`. `run(record)` does the first thing that
    is due and raises `NodeError` where it could not be done now."""

    def __init__(self, kind: type[R], *, store: Store, clock: Clock, run: Callable[[R], Awaitable[None]]) -> None:
        self._kind, self._store, self._clock, self._run = kind, store, clock, run
        self._woken = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take up what is due. To be called on the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._go_on())
        self._woken.set()

    def wake(self) -> None:
        """Something has become due."""
        self._woken.set()

    def soon(self, id: str) -> None:
        """Something has become due for this record, or the other side is there again: do not wait out a back-off."""
        self._failures.pop(id, None)
        if (resting := self._busy.get(id)) is not None and resting.get_name() == "resting":
            resting.cancel()
        self._woken.set()

    async def close(self) -> None:
        """Stop; what is due stays in the store."""
        tasks = [*self._busy.values(), *((self._task,) if self._task else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._look()
            except NodeError as error:
                log.warning("errands.unread", code=error.reason.code)
                await self._clock.sleep(FIRST_WAIT)
                self._woken.set()

    async def _look(self) -> None:
        after = ""
        while found := await self._page(after):
            for record in found:
                self._take(record)
            after = _id(found[-1])

    async def _page(self, after: str) -> list[R]:
        return await self._store.read(lambda view: view.select(self._kind, waiting=True, after=after, limit=PAGE))

    def _take(self, record: R) -> None:
        id = _id(record)
        if id not in self._busy:
            self._busy[id] = asyncio.get_running_loop().create_task(self._one(record))

    async def _one(self, record: R) -> None:
        id = _id(record)
        try:
            await self._tried(record)
        finally:
            del self._busy[id]
            self._woken.set()

    async def _tried(self, record: R) -> None:
        id = _id(record)
        try:
            await self._run(record)
        except NodeError as error:
            log.info("errand.failed", record=id, code=error.reason.code)
            await self._rest(id)
        except Exception:
            log.exception("errand.broken", record=id)  # INVARIANT: a defect loses nothing; it is tried again
            await self._rest(id)
        else:
            self._failures.pop(id, None)

    async def _rest(self, id: str) -> None:
        """Keep the record's place for a while, so that nobody tries it again."""
        failures = self._failures[id] = self._failures.get(id, 0) + 1
        await self.pause(min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT))

    async def pause(self, seconds: float) -> None:
        """For `run`: it is too early for what is due. `soon` ends the waiting."""
        task = asyncio.current_task()
        assert task is not None
        task.set_name("resting")
        await self._clock.sleep(min(seconds, LONGEST_WAIT))


def _id(record: Any) -> str:
    return str(record.id)
