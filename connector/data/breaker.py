"""How often a silo is troubled: a few questions at once, and a rest where it does not answer.

What lives here: a circuit breaker with one probe at a time, and seats with a bounded queue before them. What does not:
what counts as a failure (`connector.data.silos`), any question. A municipal server is not to be overrun by this node,
neither while it works nor in the moment when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from connector.errors import BusyError, SourceError
from connector.ports import Clock

FAILURES: Final = 5
"""In a row, after which a silo is left alone."""
REST: Final = 5.0
"""Seconds that it is left alone at first; twice as long after each probe that fails."""
LONGEST: Final = 300.0
"""Seconds that it is left alone at most."""
WAITING: Final = 64
"""Questions that may wait for a seat."""
PATIENCE: Final = 30.0
"""Seconds that they wait."""


class Breaker:
    """Opens after `FAILURES` in a row. While it is open nobody gets through; after a rest one probe does, and what
    becomes of it decides. What began before it opened or closed decides nothing any more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures, self._turn = 0, 0
        self._until: float | None = None
        self._rest, self._probing = REST, False

    @property
    def is_open(self) -> bool:
        """Is the silo being left alone, but for a probe?"""
        return self._until is not None

    def enter(self) -> int:
        """Ask to get through; what is returned goes to `worked`, `failed` or `left`, one of them, later.

        Raises `SourceError` `source.resting`.
        """
        if self._until is not None:
            left = self._until - self._clock.monotonic()
            if left > 0 or self._probing:
                raise SourceError("source.resting", seconds=str(max(1, round(left))))
            self._probing = True
        return self._turn

    def worked(self, turn: int) -> None:
        """The silo has answered."""
        if turn != self._turn:
            return
        self._failures = 0
        if self._until is not None:
            self._until, self._rest, self._probing = None, REST, False
            self._turn += 1

    def failed(self, turn: int) -> None:
        """It has not."""
        if turn != self._turn:
            return
        if self._until is not None:
            self._rest = min(self._rest * 2, LONGEST)
        else:
            self._failures += 1
            if self._failures < FAILURES:
                return
            self._turn += 1
        self._until, self._probing = self._clock.monotonic() + self._rest, False

    def left(self, turn: int) -> None:
        """Whoever asked went away before it could be told."""
        if turn == self._turn:
            self._probing = False


class Seats:
    """So many questions at once; some more wait a while for their turn, in order. Raises `BusyError` `source.busy`."""

    def __init__(self, at_once: int, *, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self.at_once = at_once
        self._free = asyncio.Semaphore(at_once)
        self._waiting, self._most, self._patience = 0, waiting, patience

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None, None]:
        """Holds a seat."""
        await self._take()
        try:
            yield
        finally:
            self._free.release()

    async def _take(self) -> None:
        if self._waiting >= self._most:
            raise BusyError("source.busy")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError("source.busy") from None
        finally:
            self._waiting -= 1
