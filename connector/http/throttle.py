"""How often one peer may call: a token bucket a caller.

What lives here: counting calls in monotonic time, bounded in memory. What does not: who calls (`dsp` asks after the
caller is proved, so that nobody uses up another's share).
"""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import TooOftenError

MOST = 4_096
"""Callers that are remembered; one who is forgotten begins with a full bucket."""


class Throttle:
    """`rate` calls a second on the long run, `burst` at once. `monotonic` is in seconds."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """One call. Raises `TooOftenError` with the seconds after which there is room; that one does not count."""
        now = self._monotonic()
        left, at = self._left.get(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < 1.0:
            raise TooOftenError("rate.exceeded", seconds=str(max(1, round((1.0 - left) / self._rate + 0.5))))
        if caller not in self._left and len(self._left) >= MOST:
            del self._left[next(iter(self._left))]
        self._left[caller] = (left - 1.0, now)
