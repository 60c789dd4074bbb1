"""Silos that cannot be watched, watched by asking again: what came since is what lies behind the newest that was seen.

What lives here: asking every few seconds, and a watermark out of time and key. What does not: reading (`silos`), what
may leave of it (`live`). A shape has to have a time and a key. A row is told once its time is at or behind the newest
told time and its key was not told of that very time; a row that is entered later with an earlier time is not seen. Rows
that are not old enough yet are not seen yet.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.data.queries.model import All, Compare, Comparison, Condition, Event, Kind, Pushed, Query, Shape, Work
from connector.data.silos.opened import Opened
from connector.data.silos.registry import Silos
from connector.errors import RefusedError
from connector.ports import Clock
from policies import instants
from policies.transforms.numbers import usual

INTERVAL: Final = 5.0
"""Seconds between two questions."""
LAST: Final = 1 << 62
_MOST_KEYS: Final = 256
"""Keys of the newest time that are remembered; a silo with more rows of one instant has some of them told again."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=lambda text: usual(Decimal(text))).decode


class Seen(Struct, frozen=True, array_like=True):
    """How far a silo was seen: the newest time that was told, and the digests of the keys that were told of it."""

    at: int
    keys: tuple[str, ...] = ()


async def polled(
    silos: Silos,
    opened: Opened,
    where: Condition | None,
    after: str,
    clock: Clock,
    interval: float = INTERVAL,
    newest_of: Callable[[int], int] | None = None,
) -> AsyncGenerator[Event, None]:
    """Rows as they are found, without end; with "" those that come from now on. `where` may be asked of the silo.
    `newest_of` says which time a row may have at most, by what time it is (both microseconds UTC): one that is younger
    is told when it is old enough.

    Raises `RefusedError` `live.unwatchable` where the rows have no time or no key; `SourceError` as reading does.
    """
    shape = opened.shape
    if not shape.time or not shape.key:
        raise RefusedError("live.unwatchable")
    limit = newest_of or (lambda now: LAST)
    seen = msgspec.json.decode(after, type=Seen) if after else Seen(min(clock.now(), limit(clock.now())))
    yield Event(b"", msgspec.json.encode(seen).decode())
    while True:
        newest: list[tuple[int, str, Mapping[str, Any]]] = []
        last = limit(clock.now())
        async with aclosing(silos.read(opened, _asked(opened, where, seen, clock.now()))) as pieces:
            async for row in rows_of(shape, pieces):
                at, key = _time(shape, row), _key(shape, row)
                if at is not None and at <= last and (at > seen.at or (at == seen.at and key not in seen.keys)):
                    newest.append((at, key, row))
        for at, key, row in sorted(newest, key=lambda one: one[:2]):
            seen = Seen(at, (*seen.keys, key)[-_MOST_KEYS:]) if at == seen.at else Seen(at, (key,))
            yield Event(_encode(row), msgspec.json.encode(seen).decode())
        await clock.sleep(interval)


def _asked(opened: Opened, where: Condition | None, seen: Seen, now: int) -> Pushed:
    """What the silo is asked for: as little beyond what is new as it can say."""
    parts: list[Condition] = [] if where is None else [where]
    time = opened.shape.field(opened.shape.time)
    if time is not None and time.kind is Kind.INSTANT:
        parts.append(Compare(time.name, Comparison.GTEQ, instants.stamp(seen.at)))
    both = All(tuple(parts)) if parts else None
    pushed = opened.split(Work(query=Query(where=both), now=now)).pushed
    return replace(pushed, fields=tuple(one.name for one in opened.shape.fields), limit=None)


async def rows_of(shape: Shape, pieces: AsyncIterator[bytes]) -> AsyncGenerator[Mapping[str, Any], None]:
    """The rows in a reader's bytes as JSON objects, whatever form they have."""
    made: Callable[[str], Mapping[str, Any]] | None = None if shape.media_type == "text/csv" else _decode
    async for line in _lines(pieces, quoted=made is None):
        if made is None:
            made = _table(shape, next(csv.reader([line])))
        elif line.strip():
            yield made(line)


async def _lines(pieces: AsyncIterator[bytes], *, quoted: bool) -> AsyncGenerator[str, None]:
    """Line by line; an end of line within quotation marks is none."""
    left = b""
    async for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        held = b""
        for line in lines:
            held = held + b"\n" + line if held else line
            if quoted and held.count(b'"') % 2:
                continue
            yield held.decode()
            held = b""
        if held:
            left = held + b"\n" + left
    if left:
        yield left.decode()


def _table(shape: Shape, names: list[str]) -> Callable[[str], Mapping[str, Any]]:
    kinds = [found.kind if (found := shape.field(name)) else Kind.TEXT for name in names]

    def row(line: str) -> Mapping[str, Any]:
        cells: Iterator[str] = iter(next(csv.reader([line])))
        return {name: _typed(kind, cell) for name, kind, cell in zip(names, kinds, cells, strict=True)}

    return row


def _typed(kind: Kind, cell: str) -> Any:
    if not cell:
        return None
    try:
        if kind is Kind.NUMBER:
            return usual(Decimal(cell))
        if kind is Kind.JSON:
            return _decode(cell)
    except (InvalidOperation, ValueError):
        return cell
    return cell == "true" if kind is Kind.BOOLEAN else cell


def _value(shape: Shape, row: Mapping[str, Any], name: str) -> Any:
    if not shape.features or name in ("id", "geometry"):
        return row.get(name)
    return (row.get("properties") or {}).get(name)


def _time(shape: Shape, row: Mapping[str, Any]) -> int | None:
    """When a row was (microseconds UTC); None where nobody can say."""
    value = _value(shape, row, shape.time)
    try:
        return instants.span(instants.read(value))[0] if isinstance(value, str) else None
    except ValueError:
        return None


def _key(shape: Shape, row: Mapping[str, Any]) -> str:
    return hashlib.sha256(_encode([_value(shape, row, name) for name in shape.key])).hexdigest()[:16]
