"""Readings that wait to be committed together, and those who wait for it.

What lives here: one group of rows by series, its waiters, its end. What does not: sealing, the disk (`intake`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from msgspec import Struct

from connector.data.readings.model import Rows, Series
from edge_node.errors import EdgeError


class Kept(Struct):
    """Rows of one series; `unsure`: the device gave them a time before its clock was set."""

    series: Series
    unsure: bool
    rows: Rows


class Group:
    """Rows that become durable together. INVARIANT: whoever waits hears of the end once, and all hear the same."""

    def __init__(self) -> None:
        self.rows = 0
        self.arrivals = 0
        self._kept: dict[tuple[int, bool], Kept] = {}
        self._after: list[Callable[[bool], None]] = []
        self._over = asyncio.Event()
        self._error: EdgeError | None = None

    def afterwards(self, act: Callable[[bool], None]) -> None:
        """Is called with whether the rows are durable, before anybody who waits goes on."""
        self._after.append(act)

    def add(self, series: Series, rows: Rows, *, unsure: bool) -> None:
        """Rows more, whose lists are the group's from now on."""
        self.rows += len(rows.times)
        # By identity, which is cheap; what is here keeps the series alive, so that no other one takes its place.
        there = self._kept.get((id(series), unsure))
        if there is None:
            self._kept[id(series), unsure] = Kept(series, unsure, rows)
            return
        there.rows.times += rows.times
        there.rows.things += rows.things
        for column, more in zip(there.rows.columns, rows.columns, strict=True):
            column += more

    def kept(self) -> Iterator[Kept]:
        """What is in it."""
        return iter(self._kept.values())

    async def over(self) -> None:
        """Returns when the rows are durable. Raises what has prevented it."""
        await self._over.wait()
        if self._error is not None:
            raise type(self._error)(self._error.code, **self._error.params)

    def end(self, error: EdgeError | None = None) -> None:
        """It is over, for everybody."""
        self._error = error
        for after in self._after:
            after(error is None)
        self._over.set()


def cut(rows: Rows, most: int) -> Iterator[Rows]:
    """Rows in parts of at most so many."""
    if len(rows.times) <= most:
        yield rows
        return
    for at in range(0, len(rows.times), most):
        end = at + most
        yield Rows(rows.times[at:end], rows.things[at:end], [column[at:end] for column in rows.columns])
