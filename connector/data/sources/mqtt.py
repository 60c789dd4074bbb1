"""Silos of kind `mqtt`: a broker whose messages are rows (MQTT 3.1.1 and 5.0, OASIS).

What lives here: which topics are held, and rows out of messages. What does not: the connection
(`connector.data.broker`), keeping rows (`spool`), topics (`topics`). A collection is a pattern of topics; its rows have
the named levels, `received` (when the message came) and what stands in a JSON payload.

MQTT has no history, so each collection has a spool: `read` gives what is in it, `watch` goes on behind a position in
it. A silo's messages are taken once for all who want them: each reader walks through the spool at its own pace, a slow
one falls behind and is told of a gap, and never holds up another. INVARIANT: a message of QoS 1 is acknowledged when
its row is in the spool, and not before.

Only what somebody wants is subscribed to: a contract that keeps one district asks the broker for the topics of this
district. What was asked for once stays asked for until the node ends: who comes back wants what came meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from connector.data import broker
from connector.data.broker import Message, Secret, Session
from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Field, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.queries.splitting import split
from connector.data.sources import topics
from connector.data.sources.spool import Arrival, Bounds, Line, Page, Spool
from connector.errors import SourceError
from connector.records import Silo

log = structlog.get_logger()
RECEIVED: Final = "received"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_AT_ONCE: Final = 500
_LARGEST: Final = 1 << 18
"""Bytes of a payload; a larger one is no row."""
_PIECE: Final = 1 << 19
_SAMPLE: Final = 500
_AGAIN: Final = 256
"""So many of the first messages of a session may be some that were delivered before."""
_PATIENCE: Final = 12.0
"""Seconds within which a broker has to let us in."""
_FIRST_ROW: Final = 2.0
"""Seconds for which it is listened to a collection of which nothing is known."""

Connect = Callable[..., AbstractAsyncContextManager[Session]]


class Plan(Struct, frozen=True):
    """The settings of a silo, read. `fields` is where in a payload a field's value is (JSON Pointer, RFC 6901); {} for
    every member as it is called; `kinds` are those that were named. `id` are pointers to what tells a message from any
    other."""

    patterns: Mapping[str, topics.Pattern]
    fields: Mapping[str, str]
    kinds: Mapping[str, Kind]
    time: str
    id: tuple[str, ...]
    bounds: Bounds


class MqttReader:
    """See `ports.Reader`. `connect` opens a session, `draw` gives a spool's epoch and this client its name."""

    kind = "mqtt"
    settings: Sequence[Setting] = (
        *broker.SETTINGS,
        Setting(
            "topics",
            "Patterns of topics, with blanks between them; each is a collection.",
            "Muster von Topics, durch Leerzeichen getrennt; jedes ist eine Sammlung.",
            needed=True,
            example="sensors/{district}/{device}",
        ),
        Setting(
            "fields",
            "Where fields stand in a JSON payload; without it every member is one.",
            "Wo Felder in einem JSON-Inhalt stehen; ohne Angabe ist jedes Element eines.",
            example="value:number=/data/v unit=/data/u",
        ),
        Setting("time", "The field that says when a row was measured.", "Das Feld mit dem Zeitpunkt der Messung."),
        Setting(
            "id",
            "What tells a message from any other (JSON pointers); such a one is kept once.",
            "Was eine Nachricht von allen anderen unterscheidet (JSON-Zeiger); sie wird einmal behalten.",
            example="/deduplicationId",
        ),
        Setting(
            "rows", "How many rows are kept at most.", "Wie viele Zeilen höchstens behalten werden.", example="100000"
        ),
        Setting("bytes", "How many bytes are kept at most.", "Wie viele Bytes höchstens behalten werden."),
    )

    def __init__(
        self,
        around: Around,
        *,
        connect: Connect = broker.session,
        draw: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._around, self._connect, self._draw = around, connect, draw
        self._held: dict[str, _Held] = {}

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings} | {"password_credential"}
        found = [f"{name}: unknown setting" for name in sorted(set(silo.settings) - known)]
        found += broker.wrong(silo.settings)
        try:
            _plan(silo.settings)
        except ValueError as error:
            found.append(str(error))
        return found

    async def collections(self, silo: Silo) -> Sequence[str]:
        """The patterns; the broker is asked to let us in."""
        held = await self._of(silo)
        await held.let_in()
        return sorted(held.plan.patterns)

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says. Payloads tell their fields themselves: the newest rows are looked at, and where there are
        none and nobody has chosen fields yet, what comes within a moment."""
        held = await self._of(silo)
        pattern = _pattern(held, selection)
        spool = await held.kept(selection.collection)
        page = await spool.page(max(spool.first - 1, spool.next - 1 - _SAMPLE), most=_SAMPLE)
        lines = page.lines
        if not selection.fields and not lines:
            lines = await held.sample(pattern)
        elif not lines:
            await held.let_in()
        return _shape(held.plan, pattern, selection, [msgspec.json.decode(line.row) for line in lines])

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Levels of topics are asked of the broker; all is done again at the node. A level has no blanks around it."""
        patterns = _plan(silo.settings).patterns.values()
        return split(
            shape, work, lambda part: any(topics.decides(part, one) is not None for one in patterns), trimmed=True
        )

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows of the spool, up to the newest that is there now."""
        held = await self._of(silo)
        wanted = topics.allowed(pushed.where, _pattern(held, selection))
        _, spool = await held.spool(selection.collection, wanted)
        await held.let_in()
        at, end = (spool.behind(pushed.after)[0] if pushed.after else spool.first - 1), spool.next
        rows = size = 0
        while at < end - 1:
            page = await spool.page(at)
            if not page.lines:
                return
            lines = [one for one in page.lines if one.n < end]
            at = page.lines[-1].n
            made = [row for line in lines if (row := _row(line, wanted, pushed.fields)) is not None]
            if pushed.limit is not None:
                made = made[: pushed.limit - rows]
            rows += len(made)
            size += sum(map(len, made))
            if rows > budget.rows or size > budget.bytes:
                raise SourceError("source.budget", silo=silo.id)
            for piece in _pieces(made):
                yield piece
            if pushed.limit is not None and rows >= pushed.limit:
                return

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """As the port says. While the broker is away nothing comes."""
        held = await self._of(silo)
        wanted = topics.allowed(pushed.where, _pattern(held, selection))
        _, spool = await held.spool(selection.collection, wanted)
        at, gap = spool.behind(after) if after else (spool.next - 1, False)
        yield Event(b"", spool.position(at), gap)
        gap = False
        while True:
            page: Page = await spool.page(at)
            gap = gap or page.gap
            for line in page.lines:
                at = line.n
                row = _row(line, wanted, pushed.fields)
                if row is not None or gap:
                    yield Event(row or b"", spool.position(at), gap)
                    gap = False
            await spool.growing(at)

    async def close(self) -> None:
        """As the port says."""
        for held in self._held.values():
            await held.close()
        self._held.clear()

    async def _of(self, silo: Silo) -> _Held:
        held = self._held.get(silo.id)
        if held is not None and held.silo.settings != silo.settings:
            await held.close()
            held = None
        if held is None:
            held = self._held[silo.id] = _Held(silo, self._around, self._connect, self._draw)
        return held


class _Held:
    """One silo whose messages are taken: its connection, what it is asked for, its spools."""

    def __init__(self, silo: Silo, around: Around, connect: Connect, draw: Callable[[], str]) -> None:
        self.silo, self._around, self._connect, self._draw = silo, around, connect, draw
        self.plan = _plan(silo.settings)
        self._spools: dict[str, Spool] = {}
        self._filters: frozenset[str] = frozenset()
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._in = asyncio.Event()
        self._trouble: SourceError | None = None
        self._told, self._now = asyncio.Event(), asyncio.Event()

    async def kept(self, collection: str) -> Spool:
        """The spool of a collection as it is."""
        async with self._turn:
            return await self._kept(collection)

    async def _kept(self, collection: str) -> Spool:
        spool = self._spools.get(collection)
        if spool is None:
            spool = Spool(self._folder(collection), bounds=self.plan.bounds, draw=self._draw)
            await spool.load()
            self._spools[collection] = spool
        return spool

    async def sample(self, pattern: topics.Pattern) -> list[Line]:
        """What comes within a moment, by a connection of its own that leaves nothing behind at the broker."""
        found: list[Line] = []
        name = f"allmende-{self._draw()[:12]}"
        async with self._connect(self.silo.settings, self._around.secret, name, keep=False) as session:
            await session.subscribe(sorted(pattern.filters({})))
            taking = asyncio.ensure_future(self._take_some(session, pattern, found))
            pause = asyncio.ensure_future(self._around.clock.sleep(_FIRST_ROW))
            try:
                await asyncio.wait({taking, pause}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in (taking, pause):
                    one.cancel()
                await asyncio.gather(taking, pause, return_exceptions=True)
        return found

    async def _take_some(self, session: Session, pattern: topics.Pattern, found: list[Line]) -> None:
        while len(found) < _AT_ONCE:
            messages = await session.take(_AT_ONCE)
            session.acknowledge(messages)
            now = self._around.clock.now()
            found += [line for one in messages if (line := _line(self.plan, pattern, one, now)) is not None]

    async def spool(self, collection: str, allowed: topics.Allowed) -> tuple[topics.Pattern, Spool]:
        """The spool of a collection, whose messages that are wanted are asked for from now on."""
        pattern = self.plan.patterns[collection]
        async with self._turn:
            spool = await self._kept(collection)
            await self._ask_for(pattern.filters(allowed))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return pattern, spool

    def _folder(self, collection: str) -> Any:
        kept = self._around.kept
        return None if kept is None else kept / _digest(self.silo.id) / _digest(collection)

    async def _ask_for(self, filters: frozenset[str]) -> None:
        before, wanted = self._filters, topics.least(self._filters | filters)
        if wanted == before:
            return
        self._filters = wanted
        if self._session is not None:
            try:
                await self._session.subscribe(sorted(wanted - before))
                await self._session.unsubscribe(sorted(before - wanted))
            except Exception as error:  # asked for again with the next connection
                log.warning("mqtt.not_heard", silo=self.silo.id, error=type(error).__name__)

    async def let_in(self) -> None:
        """Returns when the broker has let us in; where it has not, it is asked now. Raises `SourceError` where it does
        not."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        if not self._in.is_set():
            self._told.clear()
            self._now.set()
        waiting = [asyncio.ensure_future(one.wait()) for one in (self._in, self._told)]
        pause = asyncio.ensure_future(self._around.clock.sleep(_PATIENCE))
        try:
            await asyncio.wait({*waiting, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (*waiting, pause):
                one.cancel()
        if not self._in.is_set():
            trouble = self._trouble or SourceError("source.slow", silo=self.silo.id)
            raise SourceError(trouble.reason.code, **{**trouble.reason.params, "silo": self.silo.id})

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._hold()
            except SourceError as error:
                self._trouble = error
                log.warning("mqtt.away", silo=self.silo.id, code=error.reason.code)
            except Exception as error:
                self._trouble = SourceError("source.broken", silo=self.silo.id)
                log.exception("mqtt.failed", silo=self.silo.id, error=type(error).__name__)
            pause = _FIRST_PAUSE if self._in.is_set() else min(pause * 2, _LONGEST_PAUSE)
            self._session = None
            self._in.clear()
            self._told.set()
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        """So long, or until somebody wants in now."""
        self._now.clear()
        waiting = [asyncio.ensure_future(self._around.clock.sleep(seconds)), asyncio.ensure_future(self._now.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _hold(self) -> None:
        """One connection, from its beginning to its end."""
        settings = self.silo.settings
        secret: Secret = self._around.secret
        async with self._connect(settings, secret, self._name(), keep=self._around.kept is not None) as session:
            if self._filters:
                await session.subscribe(sorted(self._filters))
            self._session = session
            self._in.set()
            self._told.clear()
            taken = 0
            while True:
                messages = await session.take(_AT_ONCE)
                await self._keep(messages, redelivered=taken < _AGAIN)
                session.acknowledge(messages)
                taken += len(messages)

    def _name(self) -> str:
        """Of this client: the same after a restart where rows are kept, so that the broker knows it again."""
        named = self.silo.settings.get("client_id")
        if named:
            return str(named)
        epochs = sorted(spool.epoch for spool in self._spools.values())
        return f"allmende-{_digest(self.silo.id + (epochs[0] if epochs else self._draw()))[:14]}"

    async def _keep(self, messages: Sequence[Message], *, redelivered: bool) -> None:
        now = self._around.clock.now()
        for name, spool in self._spools.items():
            pattern = self.plan.patterns[name]
            arrivals = [
                Arrival(line, redelivered and message.qos > 0, message.retained)
                for message in messages
                if (line := _line(self.plan, pattern, message, now)) is not None
            ]
            await spool.append(arrivals)


def _plan(settings: Mapping[str, Any]) -> Plan:
    """The settings, read. Raises `ValueError` with a sentence."""
    given = settings.get("topics") or ()
    texts = given.split() if isinstance(given, str) else list(given)
    if not texts:
        raise ValueError("topics: is missing")
    patterns = {}
    for text in texts:
        try:
            patterns[text] = topics.read(text)
        except ValueError:
            raise ValueError(f"topics: {text} is no pattern of topics") from None
    fields, kinds = _fields(settings.get("fields") or {})
    names = {RECEIVED} | {name for one in patterns.values() for name in one.names}
    if both := sorted(names & set(fields)):
        raise ValueError(f"fields: {both[0]} is the name of something else")
    time = str(settings.get("time") or "")
    if time and fields and time not in fields:
        raise ValueError(f"time: {time} is not among the fields")
    given_id = settings.get("id") or ()
    id = tuple(given_id.split() if isinstance(given_id, str) else given_id)
    for pointer in (*fields.values(), *id):
        if not str(pointer).startswith("/"):
            raise ValueError(f"{pointer}: a JSON pointer begins with /")
    return Plan(
        patterns,
        fields,
        kinds,
        time,
        id,
        Bounds(_count(settings, "rows", 100_000), _count(settings, "bytes", 64 << 20)),
    )


def _fields(given: Any) -> tuple[dict[str, str], dict[str, Kind]]:
    """Pointers and kinds by name, of `NAME=POINTER` or `NAME:KIND=POINTER`."""
    pairs = given.items() if isinstance(given, Mapping) else (part.split("=", 1) for part in str(given).split())
    found, kinds = {}, {}
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"fields: {pair[0]} is not NAME=POINTER")
        name, _, kind = str(pair[0]).partition(":")
        if not name or (kind and kind not in list(Kind)):
            raise ValueError(f"fields: {pair[0]} is neither NAME nor NAME:KIND, a kind being {', '.join(Kind)}")
        found[name] = str(pair[1])
        if kind:
            kinds[name] = Kind(kind)
    return found, kinds


def _count(settings: Mapping[str, Any], name: str, usual: int) -> int:
    value = str(settings.get(name, usual))
    if not value.isdecimal() or not 100 <= int(value) <= 1 << 40:
        raise ValueError(f"{name}: is no number from 100 on")
    return int(value)


def _pattern(held: _Held, selection: Selection) -> topics.Pattern:
    found = held.plan.patterns.get(selection.collection)
    if found is None:
        raise SourceError("source.drift", silo=held.silo.id, collection=selection.collection)
    return found


def _line(plan: Plan, pattern: topics.Pattern, message: Message, now: int) -> Line | None:
    """A message as it is kept; None where it is none of this collection, or its payload nothing that can be a row."""
    levels = pattern.values(message.topic)
    if levels is None or len(message.payload) > _LARGEST or (message.retained and not message.payload):
        return None
    try:
        payload = msgspec.json.decode(message.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        payload = None
    if payload is None or (not plan.fields and not isinstance(payload, dict)):
        log.debug("mqtt.unreadable", topic=message.topic)
        return None
    named = {name: _at(payload, pointer) for name, pointer in plan.fields.items()} if plan.fields else dict(payload)
    received = _text(now)
    if plan.time:
        named[plan.time] = _instant(named.get(plan.time)) or received
    row = msgspec.json.encode({**named, **levels, RECEIVED: received})
    id = "\0".join(str(_at(payload, pointer)) for pointer in plan.id)
    known = plan.id and all(_at(payload, pointer) is not None for pointer in plan.id)
    return Line(
        0,
        _digest(id) if known else "",
        message.packet,
        _digest(message.topic)[:16],
        hashlib.sha256(message.payload).hexdigest()[:16],
        msgspec.Raw(row),
    )


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to, or None."""
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _instant(value: Any) -> str | None:
    """RFC 3339 in UTC of a text with an offset, or of seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return None if read.tzinfo is None else _text(round(read.timestamp() * 1_000_000))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _text(round(value * (1_000 if value > 1e11 else 1_000_000)))
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(line: Line, wanted: topics.Allowed, fields: Sequence[str]) -> bytes | None:
    """A kept row with these fields, None in what it does not have; None where it is not wanted."""
    row = msgspec.json.decode(line.row)
    if any(row.get(name) not in values for name, values in wanted.items()):
        return None
    return msgspec.json.encode({name: row.get(name) for name in fields} if fields else row)


def _pieces(rows: Sequence[bytes]) -> Iterator[bytes]:
    """Lines in pieces of a size that a reader gives."""
    piece = bytearray()
    for row in rows:
        if len(piece) + len(row) >= _PIECE and piece:
            yield bytes(piece)
            piece.clear()
        piece += row + b"\n"
    if piece:
        yield bytes(piece)


def _shape(plan: Plan, pattern: topics.Pattern, selection: Selection, rows: Sequence[Mapping[str, Any]]) -> Shape:
    names = list(plan.fields) or sorted({name for row in rows for name in row} - {*pattern.names, RECEIVED})
    fields = [
        *(Field(name, Kind.TEXT, nullable=False) for name in pattern.names),
        Field(RECEIVED, Kind.INSTANT, nullable=False),
        *(Field(name, _kind_of(plan, name, rows)) for name in names),
    ]
    if selection.fields:
        known = {one.name: one for one in fields}
        for name in selection.fields:
            if name not in known and plan.fields:
                raise SourceError("source.drift", collection=selection.collection, field=name)
        # Without a table of fields a payload may leave one out for a while.
        fields = [known.get(name, Field(name, Kind.JSON)) for name in selection.fields]
    here = {one.name for one in fields}
    of_id = tuple(name for name, pointer in plan.fields.items() if pointer in plan.id)
    return Shape(
        fields=tuple(fields),
        key=of_id if len(of_id) == len(plan.id) and here.issuperset(of_id) else (),
        time=next((name for name in (plan.time, RECEIVED) if name in here), ""),
        title=pattern.text,
        live=True,
    )


def _kind_of(plan: Plan, name: str, rows: Sequence[Mapping[str, Any]]) -> Kind:
    """As it was named, else as it is seen."""
    if name == plan.time:
        return Kind.INSTANT
    return plan.kinds.get(name) or _kind(row.get(name) for row in rows)


def _kind(values: Any) -> Kind:
    """The kind of what stands in a field; JSON where it is of several."""
    found = {type(value) for value in values if value is not None}
    if found <= {int, float} and found:
        return Kind.NUMBER
    return {str: Kind.TEXT, bool: Kind.BOOLEAN}.get(found.pop(), Kind.JSON) if len(found) == 1 else Kind.JSON


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
