"""Rows as they come, under a contract: watched where the silo can be, asked for again and again where it cannot.

What lives here: what may leave of each row that comes (the contract's chain, then the query), and the watermark by
which a stream is taken up again. What does not: judging the access (`data.gate`), Server-Sent Events and WebSocket
(`connector.http.live`), asking again and again (`polling`).

A chain is done to single rows. What needs all of them (statistics, groups, noise, a signature) refuses the stream:
there is no end to wait for. Rows that may leave later only are asked for when they may, where their silo is asked again
and again and the delay goes by their time; what is watched keeps nothing for later, and is refused.

INVARIANT: a watermark leaves sealed. It may hold a key that the contract suppresses, and it opens only for the
agreement and the dataset that it was made for.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from itertools import count
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs.keys import SealError
from connector.data.answering.polling import polled
from connector.data.egress import TRANSFORMS, Leaving
from connector.data.ledgers import Ledgers
from connector.data.queries import fitting, holding, naming
from connector.data.queries.model import Event, Kind, Pushed, Query, Shape, Work
from connector.data.queries.reading import Asked
from connector.data.queries.splitting import split
from connector.data.silos.opened import Opened
from connector.data.silos.registry import Silos
from connector.data.sources import Sources
from connector.errors import MessageError, RefusedError, UnknownError
from connector.ports import Clock, Content, Store
from connector.protocol.transfer import Transfer
from connector.records import Asset
from policies.model import PolicyError, Reason
from policies.transforms import Given
from policies.transforms.chain import of_steps
from policies.transforms.documents import Lines
from policies.transforms.steps import CoarsenPlace, CoarsenTime, Delay, Keep, Pseudonymise, Replace, Suppress
from policies.transforms.times import ZONE, before

BEAT: Final = 15.0
"""Seconds of silence after which a sign of life is given."""
_AHEAD: Final = 64
"""Rows that one stream may be ahead of who reads it; what comes then waits in its silo, or in its spool."""
_ROW_BY_ROW: Final = (Keep, Delay, Suppress, Replace, Pseudonymise, CoarsenTime, CoarsenPlace)
_STREAM: Final = "stream"
_LONGEST: Final = 1 << 18

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Mark(Struct, frozen=True, array_like=True):
    """A watermark as it is sealed: the stream that it belongs to, and a position in its silo."""

    etag: str
    position: str


class Told(Struct, frozen=True):
    """What is told at once: rows with the mark behind each, and the mark behind everything that was looked at. `gap`:
    rows may be missing before them. No rows: a sign of life."""

    rows: Sequence[tuple[bytes, str]]
    mark: str
    gap: bool = False


class Watching(Struct, frozen=True):
    """A stream that could be opened. `resumes`: it continues the stream `etag`; `told` are header fields; `events`
    gives what comes, once, and is closed by whoever reads it."""

    etag: str
    resumes: bool
    told: Sequence[tuple[str, str]]
    events: Callable[[], AsyncGenerator[Told, None]]


class Live:
    """Opens streams. `seal` and `unseal` keep watermarks; `interval` is how often a silo is asked that cannot be
    watched."""

    def __init__(
        self,
        *,
        store: Store,
        silos: Silos,
        sources: Sources,
        ledgers: Ledgers,
        clock: Clock,
        seal: Callable[[bytes, bytes], bytes],
        unseal: Callable[[bytes, bytes], bytes],
        interval: float = 5.0,
    ) -> None:
        self._store, self._silos, self._sources, self._ledgers, self._clock = store, silos, sources, ledgers, clock
        self._seal, self._unseal, self._interval = seal, unseal, interval
        self._drawn = count()

    async def open(
        self, asset: Asset | None, member: str, pid: str, leaving: Leaving | None, asked: Asked, after: str
    ) -> Watching:
        """A stream of an asset's rows for a transfer, behind the mark `after` ("" with what comes next).

        Raises `MessageError` (`query.*`, `live.watermark`), `RefusedError` (`transform.*`, `live.unwatchable`),
        `UnknownError`, `SourceError`.
        """
        if asset is None:
            raise UnknownError("asset.withdrawn")
        if leaving is not None and not all(isinstance(step, _ROW_BY_ROW) for step in leaving.chain.steps):
            raise RefusedError("transform.endless")
        moved = await self._store.read(lambda view: view.get(Transfer, pid))
        if moved is None:
            raise UnknownError("transfer.unknown")
        about = f"live {moved.agreement} {asset.id}".encode()
        mark = self._read(after, about) if after else Mark(f'"live-{self._clock.now():x}-{next(self._drawn):x}"', "")
        rows, treat = await self._rows(asset, member, leaving, asked, mark.position)
        sealed = _Marks(mark.etag, about, self._seal)
        told = () if leaving is None else ((TRANSFORMS, leaving.chain.text),)
        return Watching(mark.etag, bool(after), told, lambda: self._told(rows(), treat, sealed, asked.limit))

    def _read(self, after: str, about: bytes) -> Mark:
        """Raises `MessageError` for a mark that was made by nobody, or for something else."""
        try:
            sealed = urlsafe_b64decode(after.encode() + b"=" * (-len(after) % 4)) if len(after) < _LONGEST else b""
            return msgspec.msgpack.decode(self._unseal(sealed, about), type=Mark)
        except (SealError, ValueError, msgspec.MsgspecError):
            raise MessageError("live.watermark") from None

    async def _rows(
        self, asset: Asset, member: str, leaving: Leaving | None, asked: Asked, position: str
    ) -> tuple[Callable[[], AsyncGenerator[Event, None]], _Treatment]:
        """What comes, and what is done to it."""
        key = await self._key(leaving)
        delays = [step for step in leaving.chain.steps if isinstance(step, Delay)] if leaving is not None else []
        if not self._silos.is_of(asset):
            if delays:
                raise RefusedError("transform.endless")
            content = await self._sources.open(asset, member or _STREAM)
            if content.size is not None or content.media_type != "application/x-ndjson":
                content.close()
                raise RefusedError("live.unwatchable")
            shape = Shape(fields=())
            query = fitting.fit(asked, shape, leaving.chain if leaving else None)
            return lambda: _lines(content), _Treatment(leaving, shape, query, key, self._clock)
        if member:
            raise UnknownError("data.unknown")
        opened = await self._silos.open(asset)
        query = replace(fitting.fit(asked, opened.shape, leaving.chain if leaving else None), limit=None)
        treat = _Treatment(leaving, opened.shape, query, key, self._clock)
        if not opened.shape.live and not (opened.shape.time and opened.shape.key):
            raise RefusedError("live.unwatchable")
        if not all(_goes_by_time(step, opened.shape) for step in delays):
            raise RefusedError("transform.endless")
        return lambda: self._of_silo(opened, leaving, query, position, delays), treat

    async def _key(self, leaving: Leaving | None) -> bytes | None:
        if leaving is None or not any(isinstance(step, Pseudonymise) for step in leaving.chain.steps):
            return None
        return await self._ledgers.key(leaving.agreement)

    def _of_silo(
        self, opened: Opened, leaving: Leaving | None, query: Query, position: str, delays: Sequence[Delay]
    ) -> AsyncGenerator[Event, None]:
        """Asked of the silo is what the contract keeps and what the query wants of it; both are done again here."""
        shape, now = opened.shape, self._clock.now()
        # How old a row has to be is asked by the time of each question, not by that of the first one.
        steps = [step for step in leaving.chain.steps if not isinstance(step, Delay)] if leaving else []
        work = Work(chain=of_steps(steps) if steps else None, query=query, now=now)
        if not shape.live:
            where = split(shape, work, lambda part: True).pushed.where
            return polled(self._silos, opened, where, position, self._clock, self._interval, _old_enough(delays))
        pushed = opened.split(work).pushed
        fields = tuple(one.name for one in shape.fields)
        return self._silos.watch(opened, Pushed(fields=fields, where=pushed.where), position)

    async def _told(
        self, events: AsyncGenerator[Event, None], treat: _Treatment, sealed: _Marks, limit: int | None
    ) -> AsyncGenerator[Told, None]:
        ahead: asyncio.Queue[Event | BaseException | None] = asyncio.Queue(_AHEAD)
        pump = asyncio.get_running_loop().create_task(_pump(events, ahead))
        position, left, due, marked = "", limit, self._clock.monotonic() + BEAT, False
        try:
            while left is None or left > 0:
                some = await self._some(ahead, due)
                gap = any(one.gap for one in some)
                position = some[-1].watermark if some else position
                made = [(row, sealed.of(at)) for row, at in treat.rows([one for one in some if one.row])]
                if left is not None:
                    made, left = made[:left], left - len(made)
                # INVARIANT: of rows that do not leave nobody learns when they came, or how many: a mark by itself is
                # told at the beginning and after so much silence, whatever came meanwhile.
                begins = bool(position) and not marked
                if made or gap or begins or due <= self._clock.monotonic():
                    marked = marked or begins
                    yield Told(made, sealed.of(position) if position else "", gap)
                    due = self._clock.monotonic() + BEAT
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def _some(self, ahead: asyncio.Queue[Event | BaseException | None], due: float) -> list[Event]:
        """What has come, or nothing after a while. Raises what ended the events."""
        if ahead.empty():
            first = asyncio.ensure_future(ahead.get())
            pause = asyncio.ensure_future(self._clock.sleep(due - self._clock.monotonic()))
            try:
                await asyncio.wait({first, pause}, return_when=asyncio.FIRST_COMPLETED)
                if not first.done():
                    return []
                found = [first.result()]
            finally:
                pause.cancel()
                first.cancel()
        else:
            found = [ahead.get_nowait()]
        # One that has ended is told after the rows before it.
        while not ahead.empty() and isinstance(found[-1], Event):
            found.append(ahead.get_nowait())
        last = found[-1]
        if isinstance(last, Event):
            return [one for one in found if isinstance(one, Event)]
        if len(found) == 1:
            raise last if last is not None else RefusedError("live.ended")
        ahead.put_nowait(last)
        return [one for one in found if isinstance(one, Event)]


def _goes_by_time(step: Delay, shape: Shape) -> bool:
    """Can rows be held back by asking for them later?"""
    field = shape.field(shape.time) if shape.time and not shape.live else None
    named = naming.whole(step.field, shape) if step.field else ()
    return field is not None and field.kind is Kind.INSTANT and named == (field,)


def _old_enough(delays: Sequence[Delay]) -> Callable[[int], int] | None:
    """Which time a row may have at most to leave, by what time it is."""
    if not delays:
        return None
    return lambda now: min(before(now, step.period, step.zone or ZONE) for step in delays)


class _Marks:
    """Makes the marks of one stream."""

    def __init__(self, etag: str, about: bytes, seal: Callable[[bytes, bytes], bytes]) -> None:
        self._etag, self._about, self._seal = etag, about, seal

    def of(self, position: str) -> str:
        sealed = self._seal(msgspec.msgpack.encode(Mark(self._etag, position)), self._about)
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()


class _Treatment:
    """What is done to each row: the chain, then the query."""

    def __init__(self, leaving: Leaving | None, shape: Shape, query: Query, key: bytes | None, clock: Clock) -> None:
        self._chain = leaving.chain if leaving else None
        self._as_it_is = self._chain is None and query.is_whole
        self._shape, self._query, self._key, self._clock = shape, query, key, clock

    def rows(self, events: Sequence[Event]) -> Sequence[tuple[bytes, str]]:
        """What leaves of them, with the watermark behind it. Raises `RefusedError` for a row that cannot be treated."""
        if self._as_it_is:
            return [(event.row, event.watermark) for event in events]
        now = self._clock.now()
        body = _Counted(events)
        made: list[tuple[bytes, str]] = []
        try:
            work = Work(chain=self._chain, query=self._query, now=now)
            for row in holding.over(body, self._shape, work, Given(now=now, key=self._key)).rows:
                made.append((_encode(row), events[body.at].watermark))
        except PolicyError as error:
            if not self._is_harmless(error.reason, made):
                params = {name: value for name, value in error.reason.params.items() if name != "row"}
                raise RefusedError(error.reason.code, **params) from None
        return made

    def _is_harmless(self, why: Reason, made: Sequence[tuple[bytes, str]]) -> bool:
        """That no row had a field is no mistake in the terms where none was kept, or where the data have this field,
        but not each of their rows."""
        field = why.params.get("field", "").removeprefix("/")
        return why.code == "transform.column" and (not made or self._shape.field(field) is not None)


class _Counted(Lines):
    """Rows of events, which says the row of which event was asked for last."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__(lambda: iter([b"\n".join(event.row for event in events)]))
        self.at = 0

    def __iter__(self) -> Iterator[Any]:
        for self.at, row in enumerate(super().__iter__()):
            yield row


async def _pump(events: AsyncGenerator[Event, None], ahead: asyncio.Queue[Event | BaseException | None]) -> None:
    end: BaseException | None = None
    try:
        async with aclosing(events):
            async for event in events:
                await ahead.put(event)
    except Exception as error:
        end = error
    await ahead.put(end)


async def _lines(content: Content) -> AsyncGenerator[Event, None]:
    """A source of lines that has no memory: what was missed is missed."""
    chunks: AsyncIterator[bytes] = content.chunks(0, None)
    left = b""
    try:
        async for piece in chunks:
            *lines, left = (left + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    yield Event(line, "")
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()
        content.close()
