"""The form of a segment file: groups, each whole or not there.

What lives here: bytes to entries and back. What does not: files, and which segments there are.

A group is what one sync makes durable: `b"AEgr"`, length of the body (u32), CRC-32 (u32) of the segment's number,
the instant and the body, the instant at which it was written (i64, microseconds UTC), the body; all numbers
little-endian. A body is a row of entries: a kind (u8), and what the kind says below. The segment's number is in the sum
so that bytes which another file has left on the disk are never taken for this one's.

A group is written after the one before it was synced. INVARIANT: so a spoiled group with a whole one behind it is
damage, and a spoiled group at the end is one that nobody was told about, or damage that cannot be told from it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, msgpack

from edge_node.buffer.model import Sealed

_MAGIC: Final = b"AEgr"
_HEAD = struct.Struct("<4sIIq")
_BATCH = struct.Struct("<BIQIqqBI")
_OTHER = struct.Struct("<BI")
_SUMMED = struct.Struct("<Qq")
_BATCH_KIND, _LEGEND_KIND, _START_KIND, _END_KIND = 1, 2, 3, 4
MOST: Final = 64 << 20
"""Bytes of a body; a longer one is none."""


class Start(Struct, frozen=True, array_like=True):
    """How a segment begins: the next number of every series when it was begun."""

    numbers: dict[int, int]


class End(Struct, frozen=True, array_like=True):
    """How a closed segment ends: there is no group behind it."""

    batches: int


class LegendEntry(Struct, frozen=True):
    """A legend, sealed."""

    data: bytes


Entry = Sealed | LegendEntry | Start | End


class Group(Struct, frozen=True):
    """What stands in a file from `offset` to `end`; `at` is when it was written."""

    offset: int
    end: int
    at: int
    entries: list[Entry]


class Spot(Struct, frozen=True, gc=False):
    """Where a batch is: in which group, and which of its entries."""

    first: int
    last: int
    offset: int
    end: int


class Scan(Struct):
    """A segment read from its beginning: whole groups, and what is between and behind them. `end` is the end of the
    last whole group; `spoiled` are (from, to) of bytes that are no group with a whole group behind them."""

    groups: list[Group]
    spoiled: list[tuple[int, int]]
    end: int

    def entries(self) -> Iterator[Entry]:
        """All of them, in order."""
        for group in self.groups:
            yield from group.entries

    @property
    def closed(self) -> bool:
        """Does it end as a closed one does?"""
        return bool(self.groups) and any(isinstance(entry, End) for entry in self.groups[-1].entries)


def group(segment: int, at: int, entries: Iterable[Entry]) -> bytes:
    """The bytes of a group."""
    body = b"".join(_parts(entries))
    return _HEAD.pack(_MAGIC, len(body), _sum(segment, at, body), at) + body


def _parts(entries: Iterable[Entry]) -> Iterator[bytes]:
    for entry in entries:
        if isinstance(entry, Sealed):
            yield _BATCH.pack(
                _BATCH_KIND,
                entry.series,
                entry.first,
                entry.count,
                entry.begin,
                entry.end,
                entry.unsure,
                len(entry.data),
            )
            yield entry.data
        else:
            kind, data = _other(entry)
            yield _OTHER.pack(kind, len(data))
            yield data


def _other(entry: LegendEntry | Start | End) -> tuple[int, bytes]:
    if isinstance(entry, LegendEntry):
        return _LEGEND_KIND, entry.data
    return _START_KIND if isinstance(entry, Start) else _END_KIND, msgpack.encode(entry)


def _sum(segment: int, at: int, body: bytes | memoryview) -> int:
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(segment, at)))


def scan(segment: int, data: bytes) -> Scan:
    """What a file of this segment holds. Never raises: what is no group is `spoiled`, or behind `end`."""
    found = Scan([], [], 0)
    at = 0
    while at < len(data):
        one = group_at(segment, data, at)
        if one is None:
            at = data.find(_MAGIC, at + 1)
            if at < 0:
                break
            continue
        if one.offset > found.end:
            found.spoiled.append((found.end, one.offset))
        found.groups.append(one)
        at = found.end = one.end
    return found


def group_at(segment: int, data: bytes, at: int, base: int = 0) -> Group | None:
    """The group that begins at `at`; None where none does. `base` is where in the file `data` begins."""
    if len(data) - at < _HEAD.size:
        return None
    magic, length, stated, instant = _HEAD.unpack_from(data, at)
    begin = at + _HEAD.size
    if magic != _MAGIC or length > MOST or begin + length > len(data):
        return None
    body = data[begin : begin + length]
    if _sum(segment, instant, body) != stated:
        return None
    try:
        return Group(base + at, base + begin + length, instant, list(_entries(body)))
    except (struct.error, ValueError):  # a sum that is right by chance, or another version of this program
        return None


def _entries(body: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(body):
        kind = body[at]
        if kind == _BATCH_KIND:
            _, series, first, count, begin, end, unsure, length = _BATCH.unpack_from(body, at)
            at += _BATCH.size
            yield Sealed(series, first, count, begin, end, bool(unsure), body[at : at + length])
        else:
            _, length = _OTHER.unpack_from(body, at)
            at += _OTHER.size
            yield _read(kind, body[at : at + length])
        at += length
        if at > len(body):
            raise ValueError("an entry goes beyond its group")


def _read(kind: int, data: bytes) -> Entry:
    if kind == _LEGEND_KIND:
        return LegendEntry(data)
    if kind == _START_KIND:
        return msgpack.decode(data, type=Start)
    if kind == _END_KIND:
        return msgpack.decode(data, type=End)
    raise ValueError("a kind of another version")
