"""Readings of devices as a silo (`readings`): what this node's own devices have brought, or others under a contract.

What lives here: collections (series), shapes, and rows out of sealed batches. What does not: receiving and keeping
(`connector.data.readings`).

A row has its number in the order in which readings came (`n`, the key), the device and thing, when it was measured, and
whether the device's clock was not set then (`unsure`: the time may be too early); then its fields. What devices that
call a series the same have in common makes one collection: a field that a device does not have is null.

A watermark is `EPOCH:N`, the number of the last reading that was seen. Nothing that was seen is seen again, and a
reading that comes late, out of a backlog, has a later number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from connector.data.ports import Around, Setting
from connector.data.queries.model import (
    All,
    Budget,
    Compare,
    Comparison,
    Condition,
    Event,
    Pushed,
    Selection,
    Shape,
    Split,
    Work,
)
from connector.data.queries.splitting import split
from connector.data.readings.keeping import Window
from connector.data.readings.rows import AT, OWN, behind, fields_of, lines, mark
from connector.data.readings.shelf import Known, Rows, Shelf
from connector.errors import SourceError
from connector.records import Silo
from policies import instants

PIECE: Final = 1 << 18
_LARGEST: Final = 1 << 20
_EARLIEST: Final = {Comparison.GT, Comparison.GTEQ, Comparison.EQ}
_LATEST: Final = {Comparison.LT, Comparison.LTEQ, Comparison.EQ}


class ReadingsReader:
    """See `ports.Reader`. Nothing is open between two questions."""

    kind = "readings"
    settings: Sequence[Setting] = (
        Setting(
            "contract",
            "The contract under which readings come; without it, readings of this node's own devices.",
            "Der Vertrag, unter dem Messungen kommen; ohne Angabe die der eigenen Geräte.",
            example="urn:uuid:0199c3f2-6f63-7b7e-9d3a-0f4f5b1c2d3e",
        ),
        Setting(
            "device",
            "Only readings of this device (its DID).",
            "Nur Messungen dieses Gerätes (sein DID).",
            example="did:web:city.example:edge:cabinet-7",
        ),
    )

    def __init__(self, around: Around) -> None:
        self._shelf = around.readings

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings}
        found = [f"{name}: unknown setting" for name in sorted(set(silo.settings) - known)]
        found += [f"{name}: is no text" for name, value in silo.settings.items() if not isinstance(value, str)]
        return found

    async def collections(self, silo: Silo) -> Sequence[str]:
        """The names of series."""
        return (await self._there(silo).series(_scope(silo)))[:1000]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says; fields are those that the devices have told."""
        known = await self._known(silo, selection.collection)
        every = (*OWN, *fields_of(known, selection.collection, str(silo.settings.get("device", ""))))
        by_name = {one.name: one for one in every}
        if missing := [name for name in selection.fields if name not in by_name]:
            raise SourceError("source.drift", silo=silo.id, field=", ".join(missing)[:200])
        chosen = tuple(by_name[name] for name in selection.fields) or every
        names = {one.name for one in chosen}
        return Shape(
            fields=chosen,
            key=("n",) if "n" in names else (),
            time=AT if AT in names else "",
            title=selection.collection,
            live=True,
        )

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Batches that lie outside of a time are passed over; all is done again at the node."""
        return split(shape, work, _is_of_time)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows that are here now, in the order in which they came."""
        known = await self._known(silo, selection.collection)
        seen, _ = behind(known, pushed.after) if pushed.after else (0, False)
        window = _window(pushed.where, seen, known.log.next - 1)
        rows = self._rows(silo, known, window)
        write = _Writing(silo, shape, pushed, budget)
        try:
            while True:
                piece = await asyncio.to_thread(write.piece, rows, seen)
                if piece:
                    yield piece
                if write.is_over:
                    return
        finally:
            rows.close()

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """As the port says; nothing is ever missing, unless the log has been begun anew."""
        known = await self._known(silo, selection.collection)
        at, gap = behind(known, after) if after else (known.log.next - 1, False)
        fields = pushed.fields or tuple(one.name for one in shape.fields)
        yield Event(b"", mark(known, at), gap)
        while True:
            window = _window(pushed.where, at, known.log.next - 1)
            rows = self._rows(silo, known, window)
            try:
                while (some := await asyncio.to_thread(next, rows, None)) is not None:
                    for n, row in lines(some, fields, at):
                        yield Event(row, mark(known, n))
            finally:
                rows.close()
            at = known.log.next - 1
            await self._there(silo).growing(known.log)
            known = await self._known(silo, selection.collection)

    async def close(self) -> None:
        """Nothing is open."""

    def _there(self, silo: Silo) -> Shelf:
        if self._shelf is None:
            raise SourceError("source.unreachable", silo=silo.id)
        return self._shelf

    async def _known(self, silo: Silo, collection: str) -> Known:
        known = await self._there(silo).known(_scope(silo), collection)
        if known is None:
            raise SourceError("source.drift", silo=silo.id, field="", problem=f"no collection {collection[:100]}")
        return known

    def _rows(self, silo: Silo, known: Known, window: Window) -> Any:
        return self._there(silo).rows(known, window, str(silo.settings.get("device", "")))


class _Writing:
    """Rows into pieces, on a thread: one call makes one piece."""

    def __init__(self, silo: Silo, shape: Shape, pushed: Pushed, budget: Budget) -> None:
        self._silo, self._budget = silo, budget
        self._fields = pushed.fields or tuple(one.name for one in shape.fields)
        self._left = pushed.limit
        self._rows = self._bytes = 0
        self._kept = bytearray()
        self.is_over = False

    def piece(self, rows: Iterator[Rows], seen: int) -> bytes:
        """The next piece, or b"" where nothing is left. Raises `SourceError` `source.budget`."""
        piece, done = self._kept, False
        while len(piece) < PIECE and not done:
            some = next(rows, None) if self._left is None or self._left > 0 else None
            if some is None:
                done = True
            else:
                self._take(piece, some, seen)
        # A batch may be larger than what fits into a piece.
        cut = len(piece) if len(piece) <= _LARGEST else piece.rfind(b"\n", 0, _LARGEST) + 1
        self._kept = piece[cut:]
        self.is_over = done and not self._kept
        return bytes(piece[:cut])

    def _take(self, piece: bytearray, some: Rows, seen: int) -> None:
        before = len(piece)
        for _, line in islice(lines(some, self._fields, seen), self._left):
            piece += line
            piece += b"\n"
            self._rows += 1
            if self._left is not None:
                self._left -= 1
        self._bytes += len(piece) - before
        if self._rows > self._budget.rows or self._bytes > self._budget.bytes:
            raise SourceError("source.budget", silo=self._silo.id, of="rows")


def _is_of_time(part: Condition) -> bool:
    return isinstance(part, Compare) and part.field == AT and part.comparison is not Comparison.NEQ


def _window(where: Condition | None, behind: int, last: int) -> Window:
    """The readings up to a number that a condition may be about."""
    since: int | None = None
    until: int | None = None
    for part in where.parts if isinstance(where, All) else () if where is None else (where,):
        if not isinstance(part, Compare) or not _is_of_time(part):
            continue
        at = instants.instant(str(part.value))
        if part.comparison in _EARLIEST:
            since = at if since is None else max(since, at)
        if part.comparison in _LATEST:
            until = at if until is None else min(until, at)
    return Window(behind=behind, last=last, since=since, until=until)


def _scope(silo: Silo) -> str:
    return str(silo.settings.get("contract", ""))
