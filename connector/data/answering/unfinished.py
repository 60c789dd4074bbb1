"""Answers that are made on the way, remembered for as long as their reader may come back for the rest.

What lives here: how far each of them got and the hash up to there, within bounds and in memory alone. What does not:
making an answer, or making it again (`answers`), whether its use goes on (`data.gate`).

Such an answer has no version: asked again, a silo may say something else. INVARIANT: of one use every byte is told
once. A continuation begins within what was told before, tells that part again only where it is the same, and nothing of
an answer is told by two connections at once. So whoever breaks off and comes back reads the rest of what he has drawn,
never news in place of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct

from connector.ports import Clock

KEPT = 3600.0
"""Seconds since it was last under way that an answer can be continued, or asked for its length."""
_MOST = 1024
_MOST_OF_ONE = 64
_LEAVING = 2.0


class Known(Struct, frozen=True, kw_only=True):
    """An answer: of which transfer, to which question (all that it depends on, as text), as of when (microseconds UTC).

    `told` bytes may have reached its reader, and `sha256` is the hash of them. `size` is how many there are where it
    came to its end, and `fields` what is said of it then.
    """

    etag: str
    transfer: str
    question: str
    now: int
    told: int = 0
    sha256: bytes = b""
    size: int | None = None
    fields: tuple[tuple[str, str], ...] = ()


class Running:
    """An answer that is under way. `end` when it is not any more."""

    def __init__(self, known: Known, kept: Callable[[Known], None]) -> None:
        self.known, self._kept = known, kept
        self.over = asyncio.Event()
        self.cut: Callable[[], None] = lambda: None

    def end(self, told: int, sha256: bytes, *, complete: bool = False, fields: Mapping[str, str] | None = None) -> None:
        """It got so far. What was told before stays told where this did not get as far. Once; later calls are none."""
        if self.over.is_set():
            return
        known = self.known
        if told >= known.told:
            size = told if complete else known.size
            more = tuple((fields or {}).items()) or known.fields
            known = Known(
                etag=known.etag,
                transfer=known.transfer,
                question=known.question,
                now=known.now,
                told=told,
                sha256=sha256,
                size=size,
                fields=more,
            )
        self._kept(known)
        self.over.set()


class Unfinished:
    """The answers that are remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Known]] = {}
        self._running: dict[str, Running] = {}

    def begin(self, known: Known) -> Running:
        """An answer is under way from now on. INVARIANT: it is the only one of its kind."""
        running = Running(known, self._keep)
        self._known.pop(known.etag, None)
        self._running[known.etag] = running
        return running

    def look(self, etag: str, transfer: str) -> Known | None:
        """An answer that is over or broken off; None where none is known, or it is somebody else's."""
        self._sweep()
        _, known = self._known.get(etag, (0.0, None))
        return known if known is not None and known.transfer == transfer else None

    async def resumable(self, etag: str, transfer: str) -> Known | None:
        """The same, where it may still seem to be under way: whoever comes back for the rest has left it."""
        running = self._running.get(etag)
        if running is not None and running.known.transfer == transfer:
            running.cut()
            try:
                async with asyncio.timeout(_LEAVING):
                    await running.over.wait()
            except TimeoutError:
                return None
        return self.look(etag, transfer)

    def forget(self, etag: str) -> None:
        """It cannot be continued any more."""
        self._known.pop(etag, None)

    def _keep(self, known: Known) -> None:
        self._running.pop(known.etag, None)
        self._sweep()
        same = [etag for etag, (_, one) in self._known.items() if one.transfer == known.transfer]
        for etag in same[: max(0, len(same) - _MOST_OF_ONE + 1)]:
            del self._known[etag]
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[known.etag] = (self._clock.monotonic() + KEPT, known)

    def _sweep(self) -> None:
        """Forget what is too old; the oldest are in front."""
        now = self._clock.monotonic()
        while self._known and next(iter(self._known.values()))[0] <= now:
            del self._known[next(iter(self._known))]
