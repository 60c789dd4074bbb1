"""How often a silo is troubled: a few questions at once, and a rest where it does not answer.

What lives here: a circuit breaker with one probe at a time, and seats with a bounded queue before them. What does not:
what counts as a failure (`connector.data.silos.registry`), any question. A municipal server is not to be overrun by
this node, neither while it works nor in the moment when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
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
GRACE: Final = 20.0
"""Seconds that whoever holds a seat may let the silo wait, all in all, before it counts how fast he takes rows."""
SLOWEST: Final = 32 << 10
"""Bytes a second that he has to take, as long as somebody waits for his seat."""
_LOOK: Final = 1.0


class Breaker:
    """Opens after `FAILURES` in a row. While it is open nobody gets through; after a rest one probe does, and what
    becomes of it decides. What began before it opened or closed decides nothing any more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures, self._turn = 0, 0
        self._until: float | None = None
        self._rest, self._probing = REST, False

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


class Seat:
    """One seat while it is taken. Whoever reads slowly holds it at the expense of others, so that where somebody waits
    for it he loses it: the silo's work is stopped at once, and he is told when he comes for more.

    INVARIANT: `stop` is called only while nothing of the silo's work runs, for its rows are with the reader.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._bytes, self._waited = 0, 0.0
        self._since: float | None = None
        self._stop: Callable[[], Awaitable[None]] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._left = False

    def given(self, size: int, stop: Callable[[], Awaitable[None]]) -> None:
        """So many bytes are with the reader now; `stop` ends what they come from."""
        self._bytes += size
        self._since, self._stop = asyncio.get_running_loop().time(), stop

    async def back(self) -> None:
        """He comes for more. Raises `SourceError` `source.paced` where the seat is somebody else's by now."""
        self._waited += asyncio.get_running_loop().time() - (self._since or 0.0)
        self._since = None
        if self._leaving is not None:
            raise SourceError("source.paced")

    async def settled(self) -> None:
        """Return when nobody is about to stop it any more."""
        self._since = None
        if self._leaving is not None:
            await asyncio.wait({self._leaving})

    @property
    def is_leaving(self) -> bool:
        """Is it about to be given back?"""
        return self._leaving is not None and not self._left

    def pace(self, now: float) -> float | None:
        """Bytes a second that its reader takes; None where he may go on as he likes, or is waiting himself."""
        waited = self._waited + now - self._since if self._since is not None else 0.0
        return self._bytes / waited if waited > GRACE and not self._left else None

    def clear(self) -> None:
        """It is wanted by somebody else."""
        self._leaving = asyncio.get_running_loop().create_task(self._cleared())

    async def _cleared(self) -> None:
        try:
            if self._stop is not None:
                await self._stop()
        finally:
            self.leave()

    def leave(self) -> None:
        """Give it back, once."""
        if not self._left:
            self._left = True
            self._release()


class Seats:
    """So many questions at once; some more wait a while for their turn, in order. Raises `BusyError` `source.busy`."""

    def __init__(self, at_once: int, *, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self.at_once = at_once
        self._free = asyncio.Semaphore(at_once)
        self._waiting, self._most, self._patience = 0, waiting, patience
        self._seats: set[Seat] = set()

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[Seat, None]:
        """Holds a seat."""
        await self._take()
        seat = Seat(self._free.release)
        self._seats.add(seat)
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            seat.leave()

    async def _take(self) -> None:
        if self._waiting >= self._most:
            raise BusyError("source.busy")
        self._waiting += 1
        looking = asyncio.get_running_loop().create_task(self._look()) if self._free.locked() else None
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError("source.busy") from None
        finally:
            self._waiting -= 1
            if looking is not None:
                looking.cancel()

    async def _look(self) -> None:
        """See again and again whether somebody holds a seat whom it would not hurt; one at a time has to leave."""
        while True:
            now = asyncio.get_running_loop().time()
            slow = [(pace, one) for one in self._seats if (pace := one.pace(now)) is not None and pace < SLOWEST]
            if slow and self._free.locked() and not any(one.is_leaving for one in self._seats):
                min(slow, key=lambda one: one[0])[1].clear()
            await asyncio.sleep(_LOOK)
