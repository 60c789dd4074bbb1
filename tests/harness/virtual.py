"""Virtual time: an event loop whose clock jumps to the next timer, and Clock and Ids ports that a seed determines.

What lives here: time and randomness for simulations. A run of the loop does no waiting: when nothing is ready its clock
moves to the next timer. What does not: the network (`tests.simulation`). Everything must run inline on the loop: a
thread that answers later would find the clock moved on.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = 1_800_000_000_000_000
"""Where simulated time begins, in microseconds UTC."""


class StuckError(RuntimeError):
    """Nothing is ready and no timer is set: the simulated world would wait for ever."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: a time-out moves the loop's clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise StuckError("nothing is ready and no timer is set")
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual seconds."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        # After months a float no longer holds the loop's own resolution, and a timer would never be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._virtual.now


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end on virtual time. Raises `StuckError` where it can never end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


class VirtualClock:
    """The Clock port on the running loop's time; `shift` moves the calendar clock alone, in seconds."""

    def __init__(self) -> None:
        self.shift = 0.0

    def now(self) -> int:
        """Microseconds UTC."""
        return EPOCH + round((asyncio.get_running_loop().time() + self.shift) * 1_000_000)

    def monotonic(self) -> float:
        """Seconds that never run back."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Virtual seconds."""
        await asyncio.sleep(seconds)


class SeededIds:
    """The Ids port drawn from a seed: the same run gives the same ids, in the order of their making."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def pid(self) -> str:
        """A `urn:uuid:` version 7 whose time field is a counter."""
        self._count += 1
        tail = self._random.getrandbits(62)
        text = f"{self._count:012x}7{self._random.getrandbits(12):03x}{(0b10 << 62) | tail:016x}"
        return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def token(self) -> str:
        """As many bits as the product's."""
        return f"{self._random.getrandbits(192):048x}"
