"""Telling people what has happened, each channel at its own pace: at least once, never in the way of the node.

What lives here: one channel's reader of the log with its durable cursor, gathering, patience. What does not: what is
worth telling (`happenings`), the channels themselves (`connector.notify`).

INVARIANT: the cursor moves after a delivery and never before, so what is told is told at least once; the id of a digest
names its entries, so that a repeated one can be known. What is gathered is bounded: like happenings are one line with a
number, and beyond `MOST` lines only the number of further ones is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import structlog
from msgspec import Struct

from connector.errors import NodeError
from connector.ports import Clock, Store
from connector.records import Cursor
from connector.services.watch.events import RANKS, Importance
from connector.services.watch.happenings import Happening, Happenings
from policies.model import Reason

log = structlog.get_logger()
MOST = 100
"""Lines of one digest."""
FORGOTTEN = 5_000
"""Entries without anything to tell after which the cursor is kept all the same."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3_600.0


class Line(Struct, frozen=True, kw_only=True):
    """Happenings that are alike: the first of them, when the last was, and how many."""

    index: int
    at: int
    last: int
    times: int
    event: str
    importance: Importance
    code: str
    params: Mapping[str, str]


class Digest(Struct, frozen=True, kw_only=True):
    """What one delivery tells: `id` names the node and the entries from `first` to `last`; `more` counts what found no
    room."""

    id: str
    node: str
    first: int
    last: int
    lines: tuple[Line, ...]
    more: int = 0

    @property
    def alarming(self) -> bool:
        """True where one of them cannot wait."""
        return any(one.importance is Importance.ALARM for one in self.lines)


class Channel(Protocol):
    """A way to people (`connector.notify`)."""

    name: str

    async def deliver(self, digest: Digest) -> None:
        """Returns when the other side has taken it over. Raises `DeliveryError` where it has not."""


class Messenger:
    """One channel. `least` is what is told at all; `gather` the seconds for which what is no alarm may wait."""

    def __init__(
        self,
        channel: Channel,
        *,
        node: str,
        happenings: Happenings,
        store: Store,
        clock: Clock,
        least: Importance,
        gather: float,
    ) -> None:
        self._channel, self._node, self._happenings = channel, node, happenings
        self._store, self._clock = store, clock
        self._least, self._gather = least, gather
        self._kept: int | None = None
        self._seen = -1
        self._lines: dict[tuple[str, ...], Line] = {}
        self._more = 0
        self._since = 0.0
        self._failures, self._not_before = 0, 0.0
        self._cause: Reason | None = None

    @property
    def trouble(self) -> Reason | None:
        """Why people are not told at the moment, for health."""
        if self._cause is None:
            return None
        return Reason("notify.failing", {"channel": self._channel.name, "cause": self._cause.code})

    async def work(self) -> None:
        """Read on, and deliver where it is time. To be called now and then, one call at a time."""
        await self._gathered()
        now = self._clock.monotonic()
        if not self._lines or now < self._not_before or not self._due(now):
            return
        digest = self._digest()
        try:
            await self._channel.deliver(digest)
        except NodeError as error:
            self._failed(error.reason, now)
            return
        await self._keep(digest.last)
        self._lines, self._more = {}, 0
        self._failures, self._not_before, self._cause = 0, 0.0, None

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _gathered(self) -> None:
        if self._kept is None:
            await self._begin()
        found = await self._happenings.read(self._seen, least=self._least)
        for one in found.happenings:
            self._take(one)
        self._seen = found.index
        assert self._kept is not None
        if not self._lines and self._seen - self._kept >= FORGOTTEN:
            await self._keep(self._seen)

    async def _begin(self) -> None:
        """Go on where the last process stopped. A channel that is new begins now: it is no history book."""
        kept = await self._store.read(lambda view: view.get(Cursor, self._name))
        if kept is None:
            await self._keep(await self._happenings.end())
        else:
            # A database that went back has less behind it than was told once; what comes now is told all the same.
            self._kept = min(kept.index, await self._happenings.end())
        assert self._kept is not None
        self._seen = self._kept

    def _take(self, one: Happening) -> None:
        key = (one.event, *sorted(f"{name}={value}" for name, value in one.params.items()))
        known = self._lines.get(key)
        if known is None and len(self._lines) >= MOST:
            self._more += 1
            return
        if not self._lines:
            self._since = self._clock.monotonic()
        first = known or one
        self._lines[key] = Line(
            index=first.index,
            at=first.at,
            last=one.at,
            times=1 if known is None else known.times + 1,
            event=one.event,
            importance=one.importance,
            code=one.code,
            params=one.params,
        )

    # --- delivering ---------------------------------------------------------------------------------------------------

    def _due(self, now: float) -> bool:
        alarm = any(one.importance is Importance.ALARM for one in self._lines.values())
        return alarm or now - self._since >= self._gather

    def _digest(self) -> Digest:
        lines = sorted(self._lines.values(), key=lambda one: (-RANKS.index(one.importance), one.index))
        first = min(one.index for one in lines)
        return Digest(
            id=f"{self._node}#{first}-{self._seen}",
            node=self._node,
            first=first,
            last=self._seen,
            lines=tuple(lines),
            more=self._more,
        )

    def _failed(self, reason: Reason, now: float) -> None:
        self._failures += 1
        self._cause = reason
        pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 20), LONGEST_PAUSE)
        self._not_before = now + pause
        log.warning("notify.failed", channel=self._channel.name, code=reason.code, again_in=pause)

    @property
    def _name(self) -> str:
        return f"notify.{self._channel.name}"

    async def _keep(self, index: int) -> None:
        await self._store.write(lambda tx: tx.put(Cursor(id=self._name, index=index)))
        self._kept = index
