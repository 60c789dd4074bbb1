"""How far this machine's clock is from those of the peers, seen in passing.

What lives here: the Date fields of answers that come anyhow, at most one a minute and origin, and their median. What
does not: whether that is too much (`connector.doctor`). Source: RFC 9110, 6.6.1.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from statistics import median

from connector.ports import Clock

EVERY = 60.0
"""Seconds between two looks at the same origin."""
MOST = 256


class Offsets:
    """What was seen last of each origin, as seconds that ours is ahead."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[float, float]] = {}

    def see(self, origin: str, date: str) -> None:
        """An answer has come from `origin` just now. What is no date tells nothing."""
        now = self._clock.monotonic()
        known = self._seen.get(origin)
        if known is not None and now - known[0] < EVERY:
            return
        try:
            ahead = self._clock.now() / 1e6 - parsedate_to_datetime(date).timestamp() - 0.5
        except (ValueError, TypeError):
            return
        if known is None and len(self._seen) >= MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[origin] = now, ahead

    def middle(self) -> float | None:
        """The median of what was seen, so that one wrong clock elsewhere does not matter; None where nothing was."""
        return median(ahead for _, ahead in self._seen.values()) if self._seen else None
