"""How often data was asked for: requests per agreement within the windows that its terms name (`100/PT1H`).

What lives here: counting admitted requests over sliding windows, in memory. What does not: what a rate means
(`policies`), the count of uses, which is durable (the gate's transaction). A node that starts anew has forgotten the
requests before; a rate protects a source from too many at once, and no contract ends by it.

A window is cut into slices. Every slice that touches the window counts whole, so that in no window, wherever it begins,
more requests are admitted than the terms allow; a request may have to wait one slice longer for that.
"""

from __future__ import annotations

import re
from typing import Final

_WINDOW: Final = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?", re.ASCII)
_SECONDS: Final = (86_400, 3_600, 60, 1)
SLICES: Final = 60
_KEPT: Final = 8192


class Rates:
    """Admitted requests by agreement and window. All instants are microseconds UTC."""

    def __init__(self) -> None:
        self._slices: dict[tuple[str, str], dict[int, int]] = {}

    def note(self, agreement: str, windows: tuple[str, ...], now: int) -> None:
        """One request was admitted."""
        for window in windows:
            length = _length(window)
            if length is None:
                continue
            if len(self._slices) >= _KEPT and (agreement, window) not in self._slices:
                self._forget(now)
            counted = self._slices.setdefault((agreement, window), {})
            slice_ = now * SLICES // length
            counted[slice_] = counted.get(slice_, 0) + 1

    def measured(self, agreement: str, windows: tuple[str, ...], now: int, ahead: int = 1) -> tuple[str, ...]:
        """For each window the requests in it (`37/PT1H`), with `ahead` more that are asked for; nothing for a window
        whose length is no fixed one."""
        found = []
        for window in windows:
            length = _length(window)
            if length is not None:
                found.append(f"{self._within((agreement, window), now, length) + ahead}/{window}")
        return tuple(found)

    def _within(self, key: tuple[str, str], now: int, length: int) -> int:
        counted = self._slices.get(key)
        if not counted:
            return 0
        oldest = (now - length) * SLICES // length
        for slice_ in [slice_ for slice_ in counted if slice_ < oldest]:
            del counted[slice_]
        return sum(counted.values())

    def _forget(self, now: int) -> None:
        """Make room: what lies before every window goes."""
        for key in list(self._slices):
            length = _length(key[1])
            if length is None or self._within(key, now, length) == 0:
                del self._slices[key]


def _length(window: str) -> int | None:
    """Microseconds of a window; None for one without a fixed length, such as a month."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        return None
    seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _SECONDS, strict=True))
    return seconds * 1_000_000 or None
