"""The way in: readings are checked, freed of copies, treated as the duties demand, sealed and kept; then acknowledged.

What lives here: the order of these, and when a group is committed. What does not: each of them (`checking`, `copies`,
`duties`, `naming`, `seal`, `buffer`).

A group is committed when it has as many rows as a batch, when it has waited `commit_seconds` (less what the disk
needs), or when all sources that gave something seem to wait for their answer: a broker that lets few messages be under
way sends none until those are acknowledged. While one group is written the next one gathers; when that is too large,
`take` waits.

INVARIANT: `take` returns when its readings are on disk. A copy of a reading that is not on disk yet waits with it. The
exception is a duty that forbids storing: readings of a window are acknowledged when they are in it (see `duties`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol

from msgspec import Struct

from connector.data.readings.model import Batch, Legend, Rows, Series
from connector.data.readings.ranges import Ranges
from edge_node.buffer.model import Sealed, Sealing
from edge_node.collection.duties import Duties
from edge_node.collection.treating import Columns
from edge_node.config import Settings
from edge_node.errors import DecodeError, DutyError, EdgeError, FullError, KeepingError
from edge_node.ingest import copies, naming
from edge_node.ingest.checking import Aside, Checked, Shape, picked, writable
from edge_node.ingest.copies import Copies
from edge_node.ingest.naming import Names
from edge_node.ingest.pending import Group, Kept, cut
from edge_node.ports import Arrival, Spoiled

_SHARE: Final = 0.8
"""Of `commit_seconds`; the rest is for sealing and the disk."""
_MANY: Final = 8
"""Waiting arrivals that may be all that a source lets be under way: then silence is looked for."""
_SILENCE, _GAPS = 0.01, 5
"""Silence is so many seconds without an arrival, and so many times what usually lies between two of them."""
_IDLE: Final = 5.0
_TURN: Final = 1000
"""Rows that are sealed in one go."""
_AGAIN: Final = 0.5
_SHORTEST: Final = 0.05
_MOST_BATCHES, _MOST_WAITING = 8, 4_000
"""Batches and rows that may gather before `take` waits."""
_WINDOWS: Final = "windows"
"""Stands where a source's name does for what windows have become."""
_SETTLED: Final = frozenset({"field", "min", "max", "most", "size", "port", "unit", "wanted"})
"""Parameters of reasons that come from settings or say how long something is, not what."""
_MOST_SAMPLES: Final = 16
"""Of what is put aside out of one arrival; all of it is counted."""
_REMEMBERED: Final = copies.MOST
_REMEMBERED_BYTES: Final = 1 << 18


class Moments(Protocol):
    """The device's clock."""

    def now(self) -> int:
        """Microseconds UTC; while it is not `sure`, no later than the truth."""

    @property
    def sure(self) -> bool:
        """Has the clock been set since the start?"""


class Keeping(Protocol):
    """The buffer, as far as it is written to; see `edge_node.buffer`."""

    def next(self, series: int) -> int: ...

    def legend(self) -> list[bytes]: ...

    def append(self, sealed: Sequence[Sealed], legend: Sequence[bytes] = ()) -> Awaitable[None]: ...

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]: ...

    async def spoil(self, found: Sequence[Spoiled]) -> None: ...


class Counts(Struct):
    """Of one source since the process began: readings taken, copies left out, parts put aside, bytes that came, and
    when the last reading did (microseconds UTC, 0: none)."""

    readings: int = 0
    copies: int = 0
    spoiled: int = 0
    bytes: int = 0
    last: int = 0


Watcher = Callable[[Series, Columns], None]


class Intake:
    """Implements `edge_node.ports.Taking`. `run` has to be running."""

    def __init__(
        self,
        settings: Settings,
        *,
        sealing: Sealing,
        buffer: Keeping,
        duties: Duties,
        moments: Moments,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        self._shapes = {name: Shape(one.fields) for name, one in settings.series.items()}
        self._series = {name: one.series for name, one in settings.sources.items()}
        self._rows = settings.buffer.batch
        self._most = max(self._rows * 2, min(self._rows * _MOST_BATCHES, _MOST_WAITING))
        self._seconds = settings.buffer.commit_seconds * _SHARE
        self._open = not settings.buffer.encrypt
        self._sealing, self._buffer, self._duties, self._moments = sealing, buffer, duties, moments
        self._turned = turned
        self._copies = Copies()
        legend = naming.known(buffer.legend(), sealing)
        self._names = Names(legend)
        self._group = Group()
        self._writing: Group | None = None
        self._more = asyncio.Event()
        self._less = asyncio.Event()
        self._stopped = False
        self.counts: dict[str, Counts] = {}
        self.watchers: list[Watcher] = []
        self._remember(settings, legend)

    # --- what sources call --------------------------------------------------------------------------------------------

    async def take(self, arrival: Arrival) -> None:
        """See `edge_node.ports.Taking`. Raises `FullError`, `KeepingError`."""
        await self._room()
        now, sure = self._moments.now(), self._moments.sure
        found = self._shapes[arrival.series].readings(arrival.readings, now, sure=sure)
        await self._checked(arrival.source, arrival.series, found, arrival.size)

    async def take_json(self, source: str, series: str, body: bytes) -> DecodeError | None:
        """See `edge_node.ports.Taking`. Raises `DecodeError` `decode.json`, `FullError`, `KeepingError`."""
        await self._room()
        now, sure = self._moments.now(), self._moments.sure
        found = self._shapes[series].json(body, now, sure=sure)
        await self._checked(source, series, found, len(body))
        if found.rows.times or not found.aside:
            return None
        return DecodeError(found.aside[0].code, **found.aside[0].params)

    async def spoiled(self, found: Spoiled) -> None:
        """See `edge_node.ports.Taking`. Raises `KeepingError`."""
        self._of(found.source).spoiled += 1
        series = self._series.get(found.source)
        plain = self._open and all(self._duties.of(name).idle for name in ([series] if series else self._shapes))
        await self._buffer.spoil([found if plain else _discreet(found)])

    async def _room(self) -> None:
        while self._group.rows >= self._most and not self._stopped:
            self._less.clear()
            await self._less.wait()
        if self._stopped:
            raise KeepingError("intake.stopped")

    async def _checked(self, source: str, series: str, found: Checked, size: int) -> None:
        counts = self._of(source)
        counts.bytes += size
        for group in self._added(counts, series, found):
            await group.over()
        if found.aside:
            await self._put_aside(source, series, found.aside)

    async def _put_aside(self, source: str, series: str, found: Sequence[Aside]) -> None:
        self._of(source).spoiled += len(found)
        told = [Spoiled(source, one.code, one.params, one.sample) for one in found[:_MOST_SAMPLES]]
        plain = self._open and self._duties.of(series).idle
        await self._buffer.spoil(told if plain else [*map(_discreet, told)])

    def _of(self, source: str) -> Counts:
        return self.counts.setdefault(source, Counts())

    # --- from what is checked to the group ----------------------------------------------------------------------------

    def _added(self, counts: Counts, series: str, found: Checked) -> list[Group]:
        """Puts readings into the group that gathers; gives the groups that have to be over before the answer."""
        places, marks = self._copies.fresh(series, found)
        waits: set[Group] = set()
        if places is not None:
            counts.copies += len(found.rows.times) - len(places)
            # Which group its first one is in nobody knows any more: it is over when both are.
            waits |= {one for one in (self._writing, self._group) if one is not None and one.rows}
        if self._put(series, found, places, counts, marks):
            waits.add(self._group)
            self._came()
        return [one for one in (self._writing, self._group) if one in waits]

    def _put(self, series: str, found: Checked, places: list[int] | None, counts: Counts, marks: list[int]) -> bool:
        """Duties, and into the group; False where that leaves nothing to wait for. Raises `FullError`."""
        rows = picked(found.rows, places)
        count, collection = len(rows.times), self._duties.of(series)
        if not count:
            return False
        if collection.idle:
            lots = self._by_clock(rows, found, places)
        else:
            kept = _fitting(collection.apply(rows, self._moments.now()), found)
            lots = [(kept, bool(found.timeless) and not self._moments.sure)]
        stored = [self._into_group(collection.series, lot, unsure, found) for lot, unsure in lots if lot.times]
        self._copies.wait(marks)

        def over(durable: bool) -> None:
            if not durable:
                self._copies.forget(marks)
                return
            self._copies.keep(marks)
            counts.readings += count
            counts.last = self._moments.now()

        if not any(stored):
            over(True)  # Nothing of them is to be stored, or not yet.
            return False
        self._group.afterwards(over)
        return True

    def _by_clock(self, rows: Columns, found: Checked, places: list[int] | None) -> list[tuple[Columns, bool]]:
        """Those that the device gave a time before its clock was set, and the others."""
        if not found.timeless or self._moments.sure:
            return [(rows, False)]
        timeless = set(found.timeless)
        those = [place in timeless for place in (range(len(found.rows.times)) if places is None else places)]
        return [(picked(rows, [n for n, one in enumerate(those) if one is unsure]), unsure) for unsure in (False, True)]

    def _into_group(self, series: Series, rows: Columns, unsure: bool, found: Checked) -> bool:
        # INVARIANT: what is stored is what the series says that it is, and no column more.
        if len(rows.columns) != len(series.fields):
            raise DutyError("duty.fields", series=series.name)
        try:
            things = self._names.things(rows.things)
        except FullError as error:
            left = self._names.nameable(rows.things)
            found.aside += [Aside(error.code, error.params, b"")] * (len(rows.times) - len(left))
            rows = picked(rows, left)
            things = self._names.things(rows.things)
        if not things:
            return False
        self._group.add(series, Rows(rows.times, things, rows.columns), unsure=unsure)
        if self.watchers:
            self._group.afterwards(partial(_if, lambda: self._watched(series, rows)))
        return True

    def _watched(self, series: Series, rows: Columns) -> None:
        for watcher in self.watchers:
            watcher(series, rows)

    # --- the loop that commits ----------------------------------------------------------------------------------------

    def _came(self) -> None:
        group = self._group
        group.arrivals += 1
        if group.arrivals in (1, _MANY) or group.rows >= self._rows:
            self._more.set()

    async def run(self) -> None:
        """Commits groups until cancelled. `turned` is called once each turn, unless the disk has failed."""
        try:
            while True:
                await self._due()
                await self._windows()
                if not self._group.rows or await self._commit():
                    self._turned()
        finally:
            self._stopped = True
            self._less.set()
            self._group.end(KeepingError("intake.stopped"))

    async def settle(self) -> None:
        """Returns when what has come is committed, or cannot be; for the end, when nothing more comes."""
        for group in (self._writing, self._group):
            if group is not None and group.rows:
                with contextlib.suppress(EdgeError):
                    await group.over()

    async def _due(self) -> None:
        """Returns when the group is to be committed, a window is to be told, or nothing has come for a while."""
        begun = asyncio.get_running_loop().time()
        gathering = bool(self._group.rows)
        while self._group.rows < self._rows:
            arrivals = self._group.arrivals
            if arrivals and not gathering:
                begun, gathering = asyncio.get_running_loop().time(), True
            passed = asyncio.get_running_loop().time() - begun
            left = (self._seconds if gathering else self._patience()) - passed
            if left <= 0:
                return
            listening = arrivals >= _MANY
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, max(_SILENCE, _GAPS * passed / arrivals)) if listening else left):
                    await self._more.wait()
            if listening and self._group.arrivals == arrivals:
                return

    def _patience(self) -> float:
        """Seconds until the loop turns though nothing comes."""
        due = self._duties.due()
        return _IDLE if due is None else max(_SHORTEST, min(_IDLE, (due - self._moments.now()) / 1_000_000))

    async def _windows(self) -> None:
        """What has become of readings whose window has ended."""
        for collection, rows in list(self._duties.ended(self._moments.now())):
            found = Checked(rows, [], [], [])
            if self._into_group(collection.series, _fitting(rows, found), False, found):
                self._group.afterwards(partial(_if, collection.told))
            else:
                collection.told()
            if found.aside:
                with contextlib.suppress(KeepingError):
                    await self._put_aside(_WINDOWS, collection.series.name, found.aside)

    async def _commit(self) -> bool:
        """Makes the group durable; says whether the disk is well."""
        group, self._group = self._group, Group()
        self._writing = group
        self._less.set()
        kept = [(self._names.series(one.series), one) for one in group.kept()]
        legend, number = self._names.more(), self._names.number
        try:
            batches = await self._sealed(kept, number)
            await self._buffer.append(batches, [self._sealing.legend(legend)] if legend else [])
        except EdgeError as error:
            group.end(error)
            await asyncio.sleep(_AGAIN)
            return isinstance(error, FullError)
        except BaseException:
            group.end(KeepingError("intake.stopped"))
            raise
        finally:
            self._writing = None
        if legend is not None:
            self._names.wrote(legend)
        group.end()
        return True

    async def _sealed(self, found: Sequence[tuple[int, Kept]], legend: int) -> list[Sealed]:
        made: list[Sealed] = []
        following: dict[int, int] = {}
        worked = 0
        for number, kept in found:
            for rows in cut(kept.rows, self._rows):
                first = following.get(number) or self._buffer.next(number)
                made.append(self._sealing.batch(Batch(number, legend, first, rows, kept.unsure)))
                following[number] = first + len(rows.times)
                worked += len(rows.times)
                if worked >= _TURN:
                    worked = 0
                    await asyncio.sleep(0)  # Sources go on meanwhile.
        return made

    # --- the start ----------------------------------------------------------------------------------------------------

    def _remember(self, settings: Settings, legend: Legend) -> None:
        """Fills the window for copies from what the buffer holds."""
        series, things = dict(legend.series), dict(legend.things)
        idle = {name: self._duties.of(name) for name in settings.series}
        idle = {name: one for name, one in idle.items() if one.idle}
        for name, collection in idle.items():
            number = next((number for number, one in series.items() if one == collection.series), None)
            if number is None:
                continue
            last = self._buffer.next(number) - 1
            wanted = ((max(1, last - _REMEMBERED // len(idle) + 1), last),)
            for sealed in self._buffer.read(number, wanted, _REMEMBERED_BYTES, newest=True) if last else []:
                batch = self._sealing.opened(sealed.data)
                if isinstance(batch, Batch):
                    rows = batch.rows
                    names = [things.get(one, "") for one in rows.things]
                    self._copies.keep(copies.marks(name, Columns(names, rows.times, rows.columns)))


def _discreet(found: Spoiled) -> Spoiled:
    """Without anything of what was measured: INVARIANT: what duties change is nowhere on the disk as it came, and with
    a buffer that is encrypted nothing that was measured is there to be read."""
    params = {name: value if name in _SETTLED else "-" for name, value in found.params.items()}
    return Spoiled(found.source, found.code, params, b"")


def _fitting(rows: Columns, found: Checked) -> Columns:
    """The rows that can be written; the others are put aside."""
    places = writable(rows)
    if places is not None:
        found.aside += [Aside("reading.treated", {}, b"")] * (len(rows.times) - len(places))
    return picked(rows, places)


def _if(act: Callable[[], None], durable: bool) -> None:
    if durable:
        act()
