"""What comes next, and when: ids in the order of their instants.

What lives here: the order and the waiting. What does not: what is to be done. It lives in memory alone; everything in
it follows from the store and is put here again at every start.
"""

from __future__ import annotations

import asyncio
import contextlib
from heapq import heappop, heappush

from connector.ports import Clock

LONGEST = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""


class Agenda:
    """One instant per id; a later word about an id takes the place of the earlier one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._at)

    def set(self, id: str, at: int | None) -> None:
        """Something is due about `id` at the instant `at`; None: nothing any more."""
        if at is None:
            self._at.pop(id, None)
            return
        self._at[id] = at
        heappush(self._heap, (at, id))
        self._changed.set()

    def due(self, limit: int = 100) -> list[str]:
        """Take out what is due by now, the earliest first."""
        found: list[str] = []
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now and len(found) < limit:
            at, id = heappop(self._heap)
            if self._at.get(id) == at:
                del self._at[id]
                found.append(id)
        return found

    def next(self) -> int | None:
        """The earliest instant at which something is due."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    async def wait(self) -> None:
        """Return when something is due, when something new was said, or after a while."""
        self._changed.clear()
        at = self.next()
        left = LONGEST if at is None else min(LONGEST, (at - self._clock.now()) / 1_000_000)
        if left <= 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._changed.wait()
