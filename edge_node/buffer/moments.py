"""What time it is, on a board whose clock begins anew with each start: never before what is known to have passed.

What lives here: the lower bound, kept over starts; whether the clock is to be believed; asking the system whether it
has been set. What does not: who is believed (the node's own signed answers, by `edge_node.network.link`).
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

NAME: Final = "clock.bound"
"""Under this name the buffer keeps the bound."""
KEEP_EVERY: Final = 600_000_000
"""Microseconds after which it is kept again: so much may be forgotten at a power cut."""
_NEAR: Final = 5_000_000
_SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 256


class Moments:
    """The device's clock. INVARIANT: `now` never goes back, except where the node says that the clock was ahead."""

    def __init__(
        self,
        *,
        wall: Callable[[], int] = lambda: time.time_ns() // 1000,
        elapsed: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        is_set: Callable[[], bool] | None = None,
    ) -> None:
        self._wall, self._elapsed, self._is_set = wall, elapsed, is_set or synchronized
        self._bound, self._since = 0, elapsed()
        self._shift = 0
        self._sure = False
        self.since = 0
        """When the clock became sure (0: it is not); what was taken before may have times that are too early."""
        self._kept = 0

    def __call__(self) -> int:
        """`now`."""
        return self.now()

    def now(self) -> int:
        """Microseconds UTC: what the clock says, but no less than the bound and what has passed since."""
        found = max(self._wall() + self._shift, self._least())
        if self.sure:
            self._raise(found)
        return found

    @property
    def sure(self) -> bool:
        """Has the clock been set since the start, by the network or by what the node says? And not behind the bound."""
        if not self._sure and self._is_set() and self._wall() >= self._least() - _NEAR:
            self._sure = True
            self.since = max(self._wall() + self._shift, self._least())
        return self._sure

    def at_least(self, instant: int) -> None:
        """So late it is already: something trusted was written then."""
        self._raise(instant)

    def told(self, instant: int) -> None:
        """What the node says that it is now, in an answer that cannot be an old one. It is believed against the clock
        and against the bound."""
        wall = self._wall()
        self._shift = instant - wall if abs(instant - wall) > _NEAR else 0
        if instant < self._least() - _NEAR:
            self._bound, self._since = instant, self._elapsed()
        if not self._sure:
            self._sure, self.since = True, instant
        self._raise(instant)

    def restore(self, kept: bytes | None) -> None:
        """Take up the bound that the start before this one has kept; what is no bound is none."""
        if kept is not None and kept.isdigit():
            self._kept = int(kept)
            self._raise(self._kept)

    def to_keep(self, *, ending: bool = False) -> bytes | None:
        """The bound, where it is time to keep it again, as it is at the end. While the clock is not sure, only what has
        passed counts."""
        bound = self.now() if self.sure else self._least()
        if bound == self._kept or (not ending and abs(bound - self._kept) < KEEP_EVERY):
            return None
        self._kept = bound
        return str(bound).encode()

    def _least(self) -> int:
        return self._bound + self._elapsed() - self._since

    def _raise(self, instant: int) -> None:
        if instant > self._least():
            self._bound, self._since = instant, self._elapsed()


def synchronized() -> bool:
    """Does the system say that its clock has been set by the network? Where a service may not ask the kernel (seccomp),
    what systemd-timesyncd leaves behind decides."""
    return _SYNCHRONIZED.exists() or (not _confined() and _kernel_says())


def _confined() -> bool:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    return "\nSeccomp:\t0\n" not in status


def _kernel_says() -> bool:
    """adjtimex(2) without changing anything: its state is not TIME_ERROR."""
    library = ctypes.CDLL(None, use_errno=True)
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)  # struct timex with modes = 0; larger than any of them
    state: int = library.adjtimex(asked) if os.uname().sysname == "Linux" else -1
    return 0 <= state < _TIME_ERROR
