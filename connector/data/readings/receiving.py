"""Readings that devices deliver, kept once each: this node's own devices, and those of providers under contracts.

What lives here: which readings are new, the one transaction that keeps them, the answer. What does not: reading a
request (`connector.http.readings`), seals (`opening`), files (`keeping`), whose keys count (`senders`).

INVARIANT: of each number of a series of a device at most one reading is kept in a scope. A batch is taken whole or not
at all: if none of its numbers is here. The bytes are synced before the record counts them, and the numbers that are
held and the place in the file change in one transaction, before anybody is told: after a crash the device is told the
same and sends what is missing again.

A scope is the agreement, "" for own devices. What comes for one scope at the same time is kept by one write.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from certs.jwk import PublicKey
from connector.data import durable
from connector.data.readings import keeping, opening
from connector.data.readings.keeping import Body, Frame
from connector.data.readings.legends import joined as with_more
from connector.data.readings.model import FormError, Gap, Kind, Legend, Series
from connector.data.readings.opening import Came, Post
from connector.data.readings.outlines import Outline
from connector.data.readings.ranges import Ranges, add, covers, joined, missing, size, touches
from connector.errors import BusyError, MessageError, NodeError, RefusedError, StoreError, TransitionError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import DeviceReadings, Entry, ReadingLog
from connector.records.readings import readings_id
from connector.services.changes import Change, Changes

log = structlog.get_logger()
KIND: Final = "readings"
"""What a change is called that tells that readings have arrived; its id is that of the log."""
RESERVED: Final = frozenset({"n", "device", "thing", "at", "unsure"})
"""Names of columns that every row has; no field of a series is called so."""
MOST_RANGES: Final = 4096
"""Holes in the numbers of one series; more is refused until some are filled or reported as gone."""
MOST_PIECES: Final = 4 * MOST_RANGES
"""Holes in the numbers of all series of a device: its record is written with every post."""
MOST_SERIES: Final = 1000
PROVED: Final = 64
"""Batches of a device that a receipt is given for once more, because the answer was lost."""
NOTED: Final = 3_600_000_000
"""Microseconds between two audit entries that readings of a device come."""
_MOST_LEGEND: Final = 1 << 20
_DAY: Final = 86_400_000_000
_TYPES: Final[Mapping[Kind, frozenset[type]]] = {
    Kind.NUMBER: frozenset({int, type(None)}),
    Kind.TEXT: frozenset({str, type(None)}),
    Kind.FLAG: frozenset({bool, type(None)}),
}
POSTS: Final = 32
"""Posts that are in memory at a time; others wait before they are read."""
_AT_ONCE: Final = 4
"""Posts that are taken apart at a time, each of another device."""
UNDER_WAY: Final = 2
"""Posts of one device under way at a time: however slowly they come, there is room for those of others."""
SHARE: Final = 8
"""One device brings at most one part in so many of the quota within a day: it does not take the room of all others."""


class Sender(Struct, frozen=True, kw_only=True):
    """Who delivers: a device, for a scope; `transfer` is the one that has to run (""; an own device needs none). `keys`
    are those that may seal for it, by the id that stands in messages."""

    device: str
    keys: Mapping[bytes, PublicKey]
    scope: str = ""
    transfer: str = ""


class Taken(Struct, frozen=True):
    """What a device is told: by the numbers of series (those that it has sent of, or all) which readings are held; what
    was not taken as (series, first reading, code); the newest legend that is known; and the receipt."""

    held: Mapping[int, Ranges]
    refused: tuple[tuple[int, int, str], ...] = ()
    legend: int = 0
    receipt: bytes | None = None


class Receiving:
    """Receives for all scopes. `folder` is its own, of which `quota` bytes may be used, and what is older than `days`
    goes (0: nothing does); `countersign` gives the receipt for a message."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        changes: Changes,
        folder: Path,
        quota: int,
        days: int = 0,
        countersign: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._store, self._clock, self._changes = store, clock, changes
        self.folder, self._quota, self._days, self._countersign = folder, quota, days, countersign
        self._lanes: dict[str, _Lane] = {}
        self._posts = asyncio.Semaphore(POSTS)
        self._seats = asyncio.Semaphore(_AT_ONCE)
        self._used: int | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._coming: Counter[str] = Counter()
        self._brought: dict[str, tuple[int, int]] = {}

    @asynccontextmanager
    async def coming(self, sender: Sender) -> AsyncIterator[None]:
        """A post of this sender, from before its body is read to its answer; waits until there is room for one more in
        memory. Raises `BusyError` `readings.busy`: it has too many under way."""
        id = _id(sender)
        if self._coming[id] >= UNDER_WAY:
            raise BusyError("readings.busy")
        self._coming[id] += 1
        try:
            async with self._posts:
                yield
        finally:
            self._coming[id] -= 1
            if not self._coming[id]:
                del self._coming[id]

    async def take(self, sender: Sender, body: bytes) -> Taken:
        """Return when every reading that is new is on disk for good. Only after the sender was proved.

        Raises `MessageError` (`readings.form`, `readings.legend_other`), `RefusedError` (`readings.seal`,
        `transfer.state`), `TransitionError` `readings.legend` (a legend is missing that batches are to be read with),
        `TooLargeError`, `BusyError` `readings.full`, `StoreError`; nothing is kept then.
        """
        turn = self._turns.setdefault(_id(sender), asyncio.Lock())
        async with turn, self._seats:
            post = await asyncio.to_thread(opening.opened, body, sender.keys)
        waiting = _Waiting(sender, post)
        lane = self._lanes.setdefault(sender.scope, _Lane())
        lane.waiting.append(waiting)
        # Whoever hangs up takes nothing with it of what others wait for.
        await asyncio.shield(asyncio.ensure_future(self._drain(lane)))
        return self._proved(waiting)

    def _proved(self, waiting: _Waiting) -> Taken:
        """The answer, with its receipt. INVARIANT: a receipt is given for what is kept, all of it, as it was kept: not
        for other readings under numbers that are here already."""
        if waiting.error is not None:
            raise waiting.error
        assert waiting.taken is not None
        message = waiting.post.provable
        if self._countersign is None or message is None or not waiting.proved:
            return waiting.taken
        return replace(waiting.taken, receipt=self._countersign(message))

    async def held(self, sender: Sender) -> Taken:
        """What is here of a device. Raises `RefusedError` `transfer.state`."""

        def act(view: Reading) -> DeviceReadings | None:
            _check_runs(view, sender.transfer)
            return view.get(DeviceReadings, readings_id(sender.scope, sender.device))

        found = await self._store.read(act)
        return Taken({}) if found is None else Taken(found.held, (), found.known)

    async def clear(self) -> None:
        """Delete files all of whose readings are older than what is kept, but the newest file of each log. Which
        numbers were here stays known: a device is not asked to bring them again."""
        if not self._days:
            return
        before = self._clock.now() - self._days * _DAY
        for scope in {log.scope for log in await self._store.read(every)}:
            async with self._lanes.setdefault(scope, _Lane()).turn:
                gone = await self._store.write(partial(self._forget, scope=scope, before=before))
            for path in gone:
                await asyncio.to_thread(path.unlink, missing_ok=True)
        self._used = None

    def _forget(self, tx: Transaction, scope: str, before: int) -> list[Path]:
        """INVARIANT: the record goes first: what is counted is there."""
        gone: list[Path] = []
        for log in every(tx, scope):
            # Readings that say that they are of the future keep no file longer.
            old = [one for one in log.files[:-1] if one.end < before or 0 < one.came < before]
            if old:
                tx.put(replace(log, files=tuple(one for one in log.files if one not in old)))
                gone += [keeping.place(self.folder, log, one.number) for one in old]
        return gone

    async def _drain(self, lane: _Lane) -> None:
        async with lane.turn:
            waiting, lane.waiting = lane.waiting, []
            if not waiting:
                return
            try:
                await self._keep(waiting)
            except NodeError as error:
                _fail(waiting, error)
            except Exception as error:
                log.exception("readings.failed", error=type(error).__name__)
                _fail(waiting, StoreError("store.io"))

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _keep(self, waiting: Sequence[_Waiting]) -> None:
        """Judge what came, write what is new, count it."""
        draft = _Draft(waiting[0].sender.scope, self._clock.now(), self._left)
        await self._store.read(lambda view: draft.load(view, waiting))
        # INVARIANT: what is judged may be large; it is done beside the loop, with nobody else of this scope.
        await asyncio.to_thread(draft.judge, waiting)
        kept = [one for one in waiting if one.error is None]
        if draft.frames:
            await self._room(draft.size)
            await asyncio.to_thread(draft.write, self.folder)
        if draft.changed:
            try:
                await self._store.write(lambda tx: draft.keep(tx, kept))
            except NodeError as error:
                _fail(kept, error)
                return
        self._bring(draft.brought)
        if self._used is not None:
            self._used += draft.size
        for id, series in draft.logs.items():
            if id in draft.frames:
                self._changes.publish(Change(KIND, id, series.next))
        for one in kept:
            one.taken = draft.answer(one)

    def _left(self, id: str) -> int:
        """Bytes that a device may still bring today."""
        day, brought = self._brought.get(id, (0, 0))
        return self._quota // SHARE - (brought if day == self._clock.now() // _DAY else 0)

    def _bring(self, more: Mapping[str, int]) -> None:
        today = self._clock.now() // _DAY
        self._brought = {id: one for id, one in self._brought.items() if one[0] == today}
        for id, brought in more.items():
            self._brought[id] = (today, self._brought.get(id, (today, 0))[1] + brought)

    async def _room(self, more: int) -> None:
        """Raises `BusyError` where there is none: nothing is lost, the device keeps it."""
        if self._used is None or self._used + more > self._quota:
            self._used = await asyncio.to_thread(keeping.usage, self.folder)
        if self._used + more > self._quota:
            raise BusyError("readings.full")


class _Lane:
    """One scope: what waits to be kept together, and whose turn it is."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting: list[_Waiting] = []


class _Waiting:
    """A post on its way to disk, and what came of it."""

    def __init__(self, sender: Sender, post: Post) -> None:
        self.sender, self.post = sender, post
        self.refused: list[tuple[int, int, str]] = []
        self.proved = False
        self.named: set[int] = set()
        self.taken: Taken | None = None
        self.error: NodeError | None = None


def _fail(waiting: Sequence[_Waiting], error: NodeError) -> None:
    for one in waiting:
        one.error = one.error or error


class _Draft:
    """The records of a scope as they will be. `left` says how many bytes a device may still bring."""

    def __init__(self, scope: str, now: int, left: Callable[[str], int]) -> None:
        self.scope, self.now, self._left = scope, now, left
        self.brought: Counter[str] = Counter()
        self.devices: dict[str, DeviceReadings] = {}
        self.logs: dict[str, ReadingLog] = {}
        self.frames: dict[str, list[Frame]] = {}
        self.entries: list[Entry] = []
        self._bytes: dict[str, bytes] = {}
        self.size = 0
        self.changed = False

    def load(self, view: Reading, waiting: Sequence[_Waiting]) -> None:
        """What is there; who comes by a transfer that does not run is refused."""
        for one in waiting:
            try:
                _check_runs(view, one.sender.transfer)
            except NodeError as error:
                one.error = error
            id = readings_id(self.scope, one.sender.device)
            found = view.get(DeviceReadings, id)
            self.devices[id] = found or DeviceReadings(id=id, scope=self.scope, device=one.sender.device)
        self.logs = {one.id: one for one in every(view, self.scope)}

    def judge(self, waiting: Sequence[_Waiting]) -> None:
        """Each post by itself: one that is wrong leaves nothing behind."""
        for one in waiting:
            if one.error is not None:
                continue
            try:
                self._post(one)
            except NodeError as error:
                one.error = error
        self._bytes = {id: b"".join(map(keeping.framed, frames)) for id, frames in self.frames.items()}
        self.size = sum(map(len, self._bytes.values()))

    def _post(self, one: _Waiting) -> None:
        id = readings_id(self.scope, one.sender.device)
        device, said = _taught(self.devices[id], one.post.legends)
        known, things = dict(said.series), {number for number, _ in said.things}
        fresh: list[tuple[str, Came]] = []
        for came in one.post.batches:
            series = known.get(came.batch.series)
            if series is None or came.batch.legend > device.known:
                raise TransitionError("readings.legend", known=str(device.known))
            code, device = _new(device, series, things, came.batch)
            one.named.add(came.batch.series)
            if code is None:
                fresh.append((series.name, came))
            elif code:
                one.refused.append((came.batch.series, came.batch.first, code))
        device, one.proved = _proved(device, one.post, [came for _, came in fresh], len(one.refused))
        entries = list[Entry]()
        for gap in _together(gap for report in one.post.gaps for gap in report.gaps):
            if gap.series not in known:
                raise TransitionError("readings.legend", known=str(device.known))
            one.named.add(gap.series)
            device, entry = _gone(device, known[gap.series].name, gap)
            entries += entry
        if fresh:
            more = sum(len(came.message) for _, came in fresh)
            if self.brought[id] + more > self._left(id):
                raise BusyError("readings.full")
            self.brought[id] += more
            device, entry = _counted(device, sum(came.batch.count for _, came in fresh), self.now)
            entries += entry
        self.changed = self.changed or device != self.devices[id]
        self.devices[id] = device
        self.entries += entries
        for name, came in fresh:
            self._add(one.sender.device, name, came)

    def _add(self, device: str, series: str, came: Came) -> None:
        id = readings_id(self.scope, series)
        if id not in self.logs:
            self.logs[id] = ReadingLog(id=id, scope=self.scope, series=series, epoch=self.now)
        frames = self.frames.setdefault(id, [])
        n = frames[-1].n + frames[-1].count if frames else self.logs[id].next
        batch = came.batch
        body = Body(device, batch.first, self.now, came.message)
        frames.append(Frame(n, batch.count, batch.begin, batch.end, body))

    def write(self, folder: Path) -> None:
        """Put what is new on disk for good. Raises `StoreError`."""
        for id, frames in self.frames.items():
            data = self._bytes[id]
            after, offset = keeping.grown(self.logs[id], frames, len(data))
            where = keeping.place(folder, after, after.files[-1].number)
            durable.write(where, offset, data, short=StoreError("readings.missing"), folders=3)
            self.logs[id] = after

    def keep(self, tx: Transaction, kept: Sequence[_Waiting]) -> None:
        """INVARIANT: a transfer that readings came by still runs in the transaction that acknowledges them."""
        for transfer in {one.sender.transfer for one in kept}:
            _check_runs(tx, transfer)
        for device in self.devices.values():
            tx.put(device)
        for id in self.frames:
            tx.put(self.logs[id])
        for entry in self.entries:
            tx.record(entry)

    def answer(self, one: _Waiting) -> Taken:
        device = self.devices[readings_id(self.scope, one.sender.device)]
        held = {series: ranges for series, ranges in device.held.items() if series in one.named}
        return Taken(held, tuple(one.refused), device.known)


def _id(sender: Sender) -> str:
    return readings_id(sender.scope, sender.device)


def every(view: Reading, scope: str | None = None) -> list[ReadingLog]:
    """All logs, or those of a scope."""
    found: list[ReadingLog] = []
    where = {} if scope is None else {"scope": scope}
    while page := view.select(ReadingLog, after=found[-1].id if found else "", limit=1000, **where):
        found += page
    return found


def _check_runs(view: Reading, transfer: str) -> None:
    if not transfer:
        return
    moved = view.get(Transfer, transfer)
    if moved is None or moved.state != TransferState.STARTED or moved.pending is not None or moved.ending is not None:
        raise RefusedError("transfer.state", state=(moved.state if moved is not None else "") or "-")


# --- what a device has said, and what is here of it -------------------------------------------------------------------


def meaning(device: DeviceReadings) -> Legend | None:
    """All that a device has said that its numbers mean; None where it has said nothing."""
    return msgspec.msgpack.decode(device.legend, type=Legend) if device.legend else None


def _taught(device: DeviceReadings, more: Sequence[Legend]) -> tuple[DeviceReadings, Legend]:
    """The device with what these legends say, and all that it has said. Raises `TransitionError` `readings.legend`
    where one adds to something that was never said, `MessageError` `readings.legend_other` where a number gets another
    meaning, and `readings.legend_size`, `readings.name`."""
    for _, series in (one for legend in more for one in legend.series):
        names = [series.name, *(one.name for one in series.fields)]
        if not all(map(str.isprintable, names)) or not RESERVED.isdisjoint(names[1:]):
            raise MessageError("readings.name", series=series.name[:100])
    known = meaning(device) or Legend(0)
    try:
        known = with_more(known, *more) if more else known
    except FormError as error:
        if error.code == "legend.unknown":
            raise TransitionError("readings.legend", known=str(device.known)) from None
        raise MessageError("readings.legend_other", number=str(more[-1].number)) from None
    if not more:
        return device, known
    said = msgspec.msgpack.encode(known)
    if len(said) > _MOST_LEGEND or len(known.series) > MOST_SERIES:
        raise MessageError("readings.legend_size")
    return replace(device, legend=said, known=known.number), known


def _fits(batch: Outline, series: Series, things: Set[int]) -> bool:
    """INVARIANT: what is kept can be read, for one batch that cannot makes all of its log unreadable: every thing in it
    has a name, and every value is of the kind of its field."""
    return (
        len(batch.types) == len(series.fields)
        and things >= batch.things
        and all(_TYPES[field.kind] >= types for field, types in zip(series.fields, batch.types, strict=True))
    )


def _new(device: DeviceReadings, series: Series, things: Set[int], batch: Outline) -> tuple[str | None, DeviceReadings]:
    """None where a batch is new, with the device that has it; else why it is not taken, "" where all of it is here."""
    held = device.held.get(batch.series, ())
    if covers(held, batch.first, batch.last):
        return "", device
    if touches(held, batch.first, batch.last):
        return "readings.partly", device
    if not _fits(batch, series, things):
        return "readings.shape", device
    after = {**device.held, batch.series: add(held, batch.first, batch.last)}
    if _scattered(after, batch.series):
        return "readings.scattered", device
    return None, replace(device, held=after)


def _scattered(numbers: Mapping[int, Ranges], series: int) -> bool:
    """Are there too many holes, in this series or in all?"""
    return len(numbers[series]) > MOST_RANGES or sum(map(len, numbers.values())) > MOST_PIECES


def _proved(device: DeviceReadings, post: Post, fresh: Sequence[Came], refused: int) -> tuple[DeviceReadings, bool]:
    """May this post have a receipt? Each of its batches has to be kept now, or to have been kept word for word."""
    new = [hashlib.sha256(came.message).digest() for came in fresh]
    fair = len(fresh) == len(post.batches) or all(
        hashlib.sha256(came.message).digest() in (*new, *device.proved) for came in post.batches
    )
    kept = replace(device, proved=(*device.proved, *new)[-PROVED:]) if new else device
    return kept, fair and not refused and bool(post.batches)


def _together(gaps: Iterable[Gap]) -> Iterable[Gap]:
    """One gap a series, with the last reason: each is audited."""
    found: dict[int, Gap] = {}
    for gap in gaps:
        known = found.get(gap.series)
        found[gap.series] = gap if known is None else replace(gap, ranges=(*known.ranges, *gap.ranges))
    return found.values()


def _counted(device: DeviceReadings, more: int, now: int) -> tuple[DeviceReadings, list[Entry]]:
    """The device with so many readings more. That they come is audited once an hour, with how many there were."""
    device = replace(device, latest=now, fresh=device.fresh + more)
    if 0 <= now - device.noted < NOTED:
        return device, []
    params = {"device": device.device, "agreement": device.scope, "readings": str(device.fresh)}
    return replace(device, fresh=0, noted=now), [Entry(event="readings.received", actor="node", params=params)]


def _gone(device: DeviceReadings, series: str, gap: Gap) -> tuple[DeviceReadings, list[Entry]]:
    """The device with what it says will never come, and what is audited of it: each reading once."""
    held, gone = device.held.get(gap.series, ()), device.gone.get(gap.series, ())
    known = joined((*held, *gone))
    more = [piece for first, last in gap.ranges for piece in missing(known, first, last)]
    if not more:
        return device, []
    after = {**device.gone, gap.series: joined((*gone, *more))}
    if _scattered(after, gap.series):
        raise MessageError("readings.scattered", series=series)
    why = "".join(filter(str.isprintable, gap.why[:100]))
    params = {
        "device": device.device,
        "agreement": device.scope,
        "series": series,
        "readings": str(size(joined(more))),
        "first": str(more[0][0]),
        "last": str(more[-1][1]),
        "why": why,
    }
    told = replace(device, gone=after, why={**device.why, gap.series: why})
    return told, [Entry(event="readings.gone", actor="node", params=params)]
