"""Rows of a contract whose readings a device delivers: they are here already, and are followed here.

What lives here: the same as `following`, for what has arrived in this node. What does not: receiving
(`connector.data.readings`), everything that has to be asked of a provider (`following`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from connector.data.consuming.following import Asking, Heard
from connector.data.readings.keeping import Window
from connector.data.readings.rows import OWN, behind, fields_of, lines, mark
from connector.data.readings.shelf import Known, Shelf
from connector.errors import RefusedError
from connector.ports import Clock, Reading, Store
from connector.protocol.machine import Role
from connector.protocol.transfer import TRANSFER, Transfer
from connector.services.formats import READINGS_PUSH
from policies.model import Reason

_LOOK: Final = 5.0
"""Seconds before it is looked again whether something has arrived for the first time."""


class Followed(Protocol):
    """Rows that come, and why they ended; see `following.Followed`."""

    ended: Reason | None

    def rows(self) -> AsyncGenerator[Heard, None]: ...

    async def close(self) -> None: ...


class Opens(Protocol):
    """Opens streams of a contract's rows."""

    async def open(self, operator: str, contract: str, asking: Asking) -> Followed: ...


class Arriving:
    """Opens what has arrived, and for every other contract what its provider gives."""

    def __init__(self, *, following: Opens, shelf: Shelf, store: Store, clock: Clock) -> None:
        self._following, self._shelf, self._store, self._clock = following, shelf, store, clock

    async def open(self, operator: str, contract: str, asking: Asking) -> Followed:
        """As `Following.open`. What has arrived is followed from the first reading on where no watermark is given.
        Raises `RefusedError` `readings.query`: nothing is chosen from it here."""
        if not await self._store.read(lambda view: _running(view, contract)):
            return await self._following.open(operator, contract, asking)
        if asking.query:
            raise RefusedError("readings.query")
        return Arrived(contract, asking.after, shelf=self._shelf, store=self._store, clock=self._clock)


class Arrived:
    """The readings under one contract, as they arrive. `ended` is set when no device delivers them any more."""

    def __init__(self, contract: str, after: str, *, shelf: Shelf, store: Store, clock: Clock) -> None:
        self._contract, self._after = contract, after
        self._shelf, self._store, self._clock = shelf, store, clock
        self.ended: Reason | None = None

    async def rows(self) -> AsyncGenerator[Heard, None]:
        """What is here and what comes, each once."""
        while not (known := await self._known()):
            if await self._is_over():
                return
            await self._clock.sleep(_LOOK)
        at, gap = behind(known, self._after) if self._after else (0, False)
        yield Heard(b"", mark(known, at), gap)
        while True:
            async for heard in self._some(known, at):
                yield heard
            at = known.log.next - 1
            if await self._is_over():
                return
            await self._shelf.growing(known.log)
            known = await self._known() or known

    async def close(self) -> None:
        """Nothing is open."""

    async def _some(self, known: Known, at: int) -> AsyncGenerator[Heard, None]:
        series = known.log.series
        fields = [one.name for one in (*OWN, *fields_of(known, series, ""))]
        batches = self._shelf.rows(known, Window(behind=at, last=known.log.next - 1))
        while (some := await asyncio.to_thread(next, batches, None)) is not None:
            for n, row in lines(some, fields, at):
                yield Heard(row, mark(known, n))

    async def _known(self) -> Known | None:
        names = await self._shelf.series(self._contract)
        return await self._shelf.known(self._contract, names[0]) if names else None

    async def _is_over(self) -> bool:
        if await self._store.read(lambda view: _running(view, self._contract)):
            return False
        self.ended = Reason("peer.ended")
        return True


def _running(view: Reading, contract: str) -> bool:
    """Does a device deliver under this contract to us, or may it again?"""
    moved = view.select(Transfer, limit=1000, agreement=contract)
    return any(
        one.role is Role.CONSUMER and one.format == READINGS_PUSH and not TRANSFER.is_terminal(one.state)
        for one in moved
    )
