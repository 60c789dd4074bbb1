"""Works that go on until they are done: each is named by the id of a record, which the store keeps.

What lives here: one task a work, waiting between its steps, and longer after each failure. What does not: what a work
does, and which there are (their owner takes up what the store holds when the node starts). So nothing is lost where the
process ends: what is kept here is only when to try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from connector.errors import NodeError
from connector.ports import Clock

log = structlog.get_logger()
FIRST_WAIT, LONGEST_WAIT = 0.5, 300.0
"""Seconds after the first failure, and at most."""
AT_ONCE = 8
"""Steps under way side by side."""

Step = Callable[[str], Awaitable[float | None]]
"""Does the next step of the work with this id; the seconds until there is more to do, or None where it is done. Raises
`NodeError` where it has to be tried again."""


class Errands:
    """Does `step` for every id that is taken, again and again, until it is done. `jitter` spreads what failed."""

    def __init__(self, *, clock: Clock, step: Step, name: str, jitter: Callable[[], float] = lambda: 1.0) -> None:
        self._clock, self._step, self._name, self._jitter = clock, step, name, jitter
        self._going: dict[str, asyncio.Task[None]] = {}
        self._busy: set[str] = set()
        self._repeat: set[str] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._open = False

    def start(self, ids: Iterable[str]) -> None:
        """Take up what is unfinished. Before this, and after `close`, nothing is done."""
        self._open = True
        for id in ids:
            self.take(id)

    def take(self, id: str) -> None:
        """Work on this now, also where it is being waited for. To be called on the event loop."""
        if not self._open:
            return
        if id in self._busy:
            self._repeat.add(id)
            return
        waiting = self._going.get(id)
        if waiting is not None:
            waiting.cancel()
        self._going[id] = asyncio.get_running_loop().create_task(self._work(id))

    async def close(self) -> None:
        """Stop where each one is."""
        self._open = False
        tasks = list(self._going.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._going.clear()

    async def _work(self, id: str) -> None:
        failures = 0
        while True:
            try:
                wait = await self._one(id)
                failures = 0
            except NodeError as error:
                wait = min(FIRST_WAIT * 2**failures, LONGEST_WAIT) * self._jitter()
                failures = min(failures + 1, 16)
                log.info("errand.again", errand=self._name, id=id, code=error.reason.code, seconds=round(wait, 1))
            except Exception:
                # A defect must not end the work for good without anybody knowing.
                wait = LONGEST_WAIT
                log.exception("errand.broken", errand=self._name, id=id)
            if id in self._repeat:
                self._repeat.discard(id)
            elif wait is None:
                del self._going[id]
                return
            else:
                await self._clock.sleep(wait)

    async def _one(self, id: str) -> float | None:
        async with self._room:
            self._busy.add(id)
            try:
                return await self._step(id)
            finally:
                self._busy.discard(id)
