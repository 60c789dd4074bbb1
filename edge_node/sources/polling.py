"""Sources that are asked: one question after the other, at a pace, for ever.

What lives here: the pace, coming back after trouble, waiting while there is no room. What does not: what is asked
(`modbus`, `pins`, `host`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from edge_node.errors import EdgeError, FullError
from edge_node.ports import Arrival, Reading, Taking
from edge_node.sources import Place

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_MOST_SLOWER: Final = 8


class AskError(EdgeError):
    """Nothing could be read this time."""


class Asked(Protocol):
    """Something that gives readings when it is asked."""

    async def ask(self) -> list[Reading]:
        """What is measured now. Raises `AskError` where nothing can be read at all."""

    def close(self) -> None:
        """Nothing is asked any more, or not for a while."""

    def trouble(self) -> str:
        """What went wrong with a part of the last question; "" where nothing did."""


class PollingSource:
    """See `ports.Source`. It is asked every `seconds`, and less often while it gives nothing. A time for asking that is
    missed, because the question before took so long or there was no room, is left out and counted in `missed`."""

    def __init__(
        self,
        place: Place,
        kind: str,
        seconds: float,
        asked: Asked,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.name, self.kind = place.name, kind
        self.missed = 0
        self._place, self._seconds, self._asked, self._sleep = place, seconds, asked, sleep
        self._now = now
        self._trouble = ""

    def trouble(self) -> str:
        """As the port says."""
        return self._trouble

    async def run(self, taking: Taking) -> None:
        """As the port says."""
        now = self._now or asyncio.get_running_loop().time
        due, failures = now(), 0
        try:
            while True:
                failures = 0 if await self._once(taking) else failures + 1
                due += self._seconds * min(2 ** max(0, failures - 1), _MOST_SLOWER)
                late = int((now() - due) // self._seconds) + 1
                if late > 0:
                    self.missed += late
                    due += late * self._seconds
                await self._sleep(max(0.0, due - now()))
        finally:
            self._asked.close()

    async def _once(self, taking: Taking) -> bool:
        """Ask, and bring what came to disk; says whether anything came."""
        try:
            found = await self._asked.ask()
        except AskError as error:
            self._trouble = error.code
            self._asked.close()
            return False
        self._trouble = self._asked.trouble()
        if not found:
            return False
        arrival, pause = Arrival(self._place.name, self._place.series, found), _FIRST_PAUSE
        while True:
            try:
                await taking.take(arrival)
            except FullError as error:
                self._trouble = error.code
                await self._sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._trouble = self._asked.trouble()
                return True
