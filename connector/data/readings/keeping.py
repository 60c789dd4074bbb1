"""Sealed readings in files: a log for each series of each scope, as they came, to be read again from any place.

What lives here: how a file is written and read. What does not: which readings are taken (`receiving`), how much of a
file counts (`connector.records.ReadingLog`). The messages lie there as their device has sealed them, so that each of
them can still be proved.

A file is a row of frames: a head of fixed size (length, CRC-32 of what follows it, the number of the first reading in
the log, how many there are, the earliest and latest instant) and a body (device, the number that the device gave to the
first reading, when it came, the message). What stands behind the counted bytes was never acknowledged and is written
over.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct as Layout
from typing import Final
from zlib import crc32

import msgspec
import structlog
from msgspec import Struct

from connector.errors import SourceError
from connector.records import ReadingFile, ReadingLog

log = structlog.get_logger()
FILE_BYTES: Final = 32 << 20
"""Bytes of a file behind which the next one is begun."""
_HEAD: Final = Layout("<IIQIqq")
_COVERED: Final = Layout("<QIqq")
_encode = msgspec.msgpack.Encoder().encode


class Body(Struct, frozen=True, array_like=True, gc=False):
    """What a frame holds: the message of a device, that begins with its reading `first`, and came at `received`."""

    device: str
    first: int
    received: int
    message: bytes


class Frame(Struct, frozen=True, gc=False):
    """Some readings of a log, the first of them its reading number `n`."""

    n: int
    count: int
    begin: int
    end: int
    body: Body


_bodies = msgspec.msgpack.Decoder(Body)


def framed(one: Frame) -> bytes:
    """A frame as it lies in a file."""
    body = _encode(one.body)
    covered = _COVERED.pack(one.n, one.count, one.begin, one.end)
    return _HEAD.pack(len(body), crc32(body, crc32(covered)), one.n, one.count, one.begin, one.end) + body


def place(folder: Path, log: ReadingLog, number: int) -> Path:
    """Where a file of a log is."""
    scope = hashlib.sha256(log.scope.encode()).hexdigest()[:32] if log.scope else "own"
    return folder / scope / hashlib.sha256(log.series.encode()).hexdigest()[:32] / f"{number:010d}"


def grown(before: ReadingLog, frames: Sequence[Frame], size: int) -> tuple[ReadingLog, int]:
    """The log with these frames, of `size` bytes together, in it, and the byte of its last file at which they begin. A
    file is never cut: what comes at once lies in one."""
    last = before.files[-1] if before.files else None
    if last is None or last.bytes >= FILE_BYTES:
        number = last.number + 1 if last is not None else 1
        last = ReadingFile(number, 0, before.next, 0, frames[0].begin, frames[0].end)
        files = (*before.files, last)
    else:
        files = before.files
    readings = sum(one.count for one in frames)
    after = ReadingFile(
        last.number,
        last.bytes + size,
        last.first,
        last.readings + readings,
        min(last.begin, *(one.begin for one in frames)),
        max(last.end, *(one.end for one in frames)),
        frames[-1].body.received,
    )
    return msgspec.structs.replace(before, files=(*files[:-1], after), next=before.next + readings), last.bytes


class Window(Struct, frozen=True, kw_only=True):
    """Which readings are wanted: behind the number `behind`, up to the number `last`, and from the instant `since` up
    to `until` (None: no bound)."""

    behind: int = 0
    last: int | None = None
    since: int | None = None
    until: int | None = None

    def misses(self, n: int, count: int, begin: int, end: int) -> bool:
        """Is none of a frame's readings wanted, by its head?"""
        return (
            n + count - 1 <= self.behind
            or (self.last is not None and n > self.last)
            or (self.since is not None and end < self.since)
            or (self.until is not None and begin > self.until)
        )


def frames(path: Path, size: int, window: Window) -> Iterator[Frame]:
    """The frames in the first `size` bytes of a file that may hold readings that are wanted; the others are passed over
    unread. Raises `SourceError` `source.broken` where the disk gives back something else than was written,
    `source.unreachable`."""
    try:
        with path.open("rb") as file:
            at = 0
            while at < size:
                length, crc, n, count, begin, end = _head(file.read(_HEAD.size))
                at += _HEAD.size + length
                if at > size:
                    raise _broken()
                if window.misses(n, count, begin, end):
                    file.seek(length, os.SEEK_CUR)
                    continue
                body = file.read(length)
                if crc32(body, crc32(_COVERED.pack(n, count, begin, end))) != crc:
                    raise _broken()
                yield Frame(n, count, begin, end, _bodies.decode(body))
    except OSError:
        raise SourceError("source.unreachable") from None
    except msgspec.MsgspecError:
        raise _broken() from None


def _head(data: bytes) -> tuple[int, int, int, int, int, int]:
    if len(data) < _HEAD.size:
        raise _broken()
    length, crc, n, count, begin, end = _HEAD.unpack(data)
    return length, crc, n, count, begin, end


def _broken() -> SourceError:
    return SourceError("source.broken", problem="readings on disk are not as they were written")


def usage(folder: Path) -> int:
    """Bytes of everything that lies below a folder."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) if folder.is_dir() else 0
