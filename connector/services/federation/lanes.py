"""How many crawls go on at a time, so that whoever answers slowly holds up nobody but itself.

What lives here: that. What does not: whose turn it is (`catalog.federation.plan`), bounds of one crawl (`crawling`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

FAST: Final = 2
"""Crawls at a time: while one is waiting for an answer, another one's is read."""
SLOW: Final = 12
"""Crawls beside those that have taken longer than is waited for."""
PATIENT: Final = 15.0
"""Seconds after which a crawl goes on beside the others."""


class Lanes:
    """Turns. INVARIANT: as long as fewer than `slow` participants take their time, everybody else's turn comes."""

    def __init__(self, *, fast: int = FAST, slow: int = SLOW, patient: float = PATIENT) -> None:
        self._fast, self._slow, self._patient = asyncio.Semaphore(fast), asyncio.Semaphore(slow), patient

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for its turn, and has it until the end."""
        await self._fast.acquire()
        held = [self._fast]
        moving = asyncio.get_running_loop().create_task(self._move(held))
        try:
            yield
        finally:
            moving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await moving
            held[0].release()

    async def _move(self, held: list[asyncio.Semaphore]) -> None:
        await asyncio.sleep(self._patient)
        await self._slow.acquire()
        held[0].release()
        held[0] = self._slow
