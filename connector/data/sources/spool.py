"""Rows of a silo that keeps none itself, for a while: the newest of them, within bounds, in files or in memory.

What lives here: appending with a number each, reading behind a number, leaving out what came twice, and forgetting the
oldest first. What does not: where rows come from (`mqtt`). A line of a file is `[number, id, packet, topic, content,
row]`; a file that ends in half a line was being written when the machine stopped, and is cut there.

A position is `EPOCH:NUMBER`, the number being that of the last row that was seen. Another epoch, or rows that are
forgotten, is a gap: told, never filled with silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from connector.errors import SourceError

SEGMENTS: Final = 8
"""A spool is kept in this many files; the oldest goes as a whole."""
_TAIL_ROWS, _TAIL_BYTES = 5_000, 4 << 20
_SEEN: Final = 1 << 16
_PAGE_BYTES: Final = 1 << 20
_AGAIN: Final = 256
"""Among so many of the newest rows a message is looked for that is delivered again."""


class Bounds(Struct, frozen=True):
    """How much is kept at most."""

    rows: int = 100_000
    bytes: int = 64 << 20


class Line(Struct, frozen=True, array_like=True):
    """A row as it is kept. `id` is what its sender calls it by ("": nothing); `packet`, `topic` and `content` tell a
    copy of the same message, the last two as digests."""

    n: int
    id: str
    packet: int
    topic: str
    content: str
    row: msgspec.Raw


class Arrival(Struct, frozen=True):
    """A message that came, its number not given yet: perhaps `redelivered` after a broken connection, perhaps
    `retained` by its broker."""

    line: Line
    redelivered: bool = False
    retained: bool = False


class Page(Struct, frozen=True):
    """Rows behind a position. `gap`: some are missing before the first."""

    lines: Sequence[Line]
    gap: bool


class _Segment:
    def __init__(self, path: Path, first: int) -> None:
        self.path, self.first, self.rows, self.size = path, first, 0, 0


class Spool:
    """One collection's rows. `folder` None keeps them in memory; `draw` names a new epoch. One task appends."""

    def __init__(self, folder: Path | None, *, bounds: Bounds, draw: Callable[[], str]) -> None:
        self._folder, self._bounds = folder, bounds
        self._segments: list[_Segment] = []
        self._tail: deque[tuple[Line, int]] = deque()
        self._tail_bytes = 0
        self._seen: dict[str, str] = {}
        self._latest: dict[str, str] = {}
        self._grown = asyncio.Event()
        self.first, self.next = 1, 1
        self.epoch = ""
        self._draw = draw

    # --- positions ----------------------------------------------------------------------------------------------------

    def position(self, n: int) -> str:
        """The position behind row `n`."""
        return f"{self.epoch}:{n}"

    def behind(self, position: str) -> tuple[int, bool]:
        """The number of the last row that was seen at a position, and whether rows are missing since."""
        epoch, _, number = position.rpartition(":")
        if epoch != self.epoch or not number.isdecimal() or int(number) >= self.next:
            return self.first - 1, True
        return int(number), int(number) + 1 < self.first

    async def growing(self, n: int) -> None:
        """Returns as soon as there is a row behind number `n`."""
        while self.next - 1 <= n:
            await self._grown.wait()

    # --- what comes ---------------------------------------------------------------------------------------------------

    async def append(self, arrivals: Sequence[Arrival]) -> int:
        """Keep what is not here yet; returns how many rows that were, when they are there for good. Raises
        `SourceError` `source.spool`, with the first of them kept, or none."""
        fresh: list[Line] = []
        ids: set[str] = set()
        latest: dict[str, str] = {}
        for one in arrivals:
            line = one.line
            if line.id in ids or self._is_known(one, latest.get(line.topic) or self._latest.get(line.topic)):
                continue
            fresh.append(msgspec.structs.replace(line, n=self.next + len(fresh)))
            latest[line.topic] = line.content
            if line.id:
                ids.add(line.id)
        for lines in self._divided(fresh):
            await self._keep(lines)
        return len(fresh)

    def _divided(self, lines: Sequence[Line]) -> Iterator[list[Line]]:
        """Parts of which each fits a file, so that the bounds hold however much comes at once."""
        part: list[Line] = []
        size = 0
        for line in lines:
            part.append(line)
            size += len(bytes(line.row))
            if len(part) >= self._bounds.rows // SEGMENTS or size >= self._bounds.bytes // SEGMENTS:
                yield part
                part, size = [], 0
        if part:
            yield part

    def _is_known(self, one: Arrival, latest: str | None) -> bool:
        """Its sender's id says so; or it is the copy of the newest of its topic that a broker keeps for new
        subscribers; or it was delivered again after a broken connection, with its packet's number."""
        line = one.line
        if line.id:
            return line.id in self._seen
        if one.retained:
            return latest == line.content
        return one.redelivered and any(
            (kept.packet, kept.topic, kept.content) == (line.packet, line.topic, line.content)
            for kept, _ in islice(reversed(self._tail), _AGAIN)
        )

    async def _keep(self, lines: Sequence[Line]) -> None:
        encoded = [msgspec.json.encode(line) + b"\n" for line in lines]
        if self._folder is not None:
            try:
                await asyncio.to_thread(self._write, self._folder, lines[0].n, encoded)
            except OSError:
                raise SourceError("source.spool") from None
        for line, text in zip(lines, encoded, strict=True):
            self._add(line, len(text))
        self._forget()
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def _add(self, line: Line, size: int) -> None:
        self._tail.append((line, size))
        self._tail_bytes += size
        self.next = line.n + 1
        if line.id:
            _remember(self._seen, line.id, "")
        _remember(self._latest, line.topic, line.content)

    def _write(self, folder: Path, first: int, encoded: Sequence[bytes]) -> None:
        """INVARIANT: a row is on disk before anybody is told that it was taken."""
        segment = self._segments[-1] if self._segments else None
        if (
            segment is None
            or segment.size >= self._bounds.bytes // SEGMENTS
            or (segment.rows >= max(1, self._bounds.rows // SEGMENTS))
        ):
            segment = _Segment(folder / f"{first:016d}.ndjson", first)
            self._segments.append(segment)
        body = b"".join(encoded)
        handle = os.open(segment.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(handle, segment.size)  # what an attempt that failed has left
            os.lseek(handle, segment.size, os.SEEK_SET)
            rest = memoryview(body)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        segment.size += len(body)
        segment.rows += len(encoded)

    def _forget(self) -> None:
        """The oldest goes first."""
        rows, size = (_TAIL_ROWS, _TAIL_BYTES) if self._folder is not None else (self._bounds.rows, self._bounds.bytes)
        while self._tail and (len(self._tail) > rows or self._tail_bytes > size):
            self._tail_bytes -= self._tail.popleft()[1]
        if self._folder is None:
            self.first = self._tail[0][0].n if self._tail else self.next
            return
        kept = self._segments
        while len(kept) > 1 and (
            sum(one.rows for one in kept) > self._bounds.rows or sum(one.size for one in kept) > self._bounds.bytes
        ):
            with contextlib.suppress(OSError):
                kept.pop(0).path.unlink()
        self.first = kept[0].first if kept else self.next

    # --- what was there -----------------------------------------------------------------------------------------------

    async def page(self, n: int, *, most: int = 1_000) -> Page:
        """The rows behind number `n`, at most so many and about 1 MiB of them; none where there are none."""
        gap = n + 1 < self.first
        start = max(n + 1, self.first)
        if start >= self.next:
            return Page((), gap)
        if self._tail and self._tail[0][0].n <= start:
            offset = start - self._tail[0][0].n
            return Page(_within(line for line, _ in _sliced(self._tail, offset, most)), gap)
        segments = tuple(self._segments)
        try:
            lines = await asyncio.to_thread(_read, segments, start, most)
        except (OSError, msgspec.MsgspecError):
            if self.first > start:  # forgotten meanwhile
                return await self.page(n, most=most)
            raise SourceError("source.spool") from None
        return Page(lines, gap)

    async def load(self) -> None:
        """Take up what is kept. Raises `SourceError` `source.spool`."""
        if self._folder is None:
            self.epoch = self._draw()
            return
        try:
            await asyncio.to_thread(self._load, self._folder)
        except OSError:
            raise SourceError("source.spool") from None

    def _load(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        named = folder / "epoch"
        self.epoch = named.read_text("ascii").strip() if named.exists() else ""
        if not self.epoch:
            self.epoch = self._draw()
            for old in folder.glob("*.ndjson"):
                old.unlink()
            _durably(named, self.epoch.encode())
        for path in sorted(folder.glob("*.ndjson")):
            self._take_up(path)
        if self._segments:
            self.first = self._segments[0].first
        self._forget()

    def _take_up(self, path: Path) -> None:
        segment, whole = _Segment(path, int(path.stem)), 0
        for text in path.read_bytes().splitlines(keepends=True):
            try:
                line = msgspec.json.decode(text, type=Line) if text.endswith(b"\n") else None
            except msgspec.MsgspecError:
                line = None
            if line is None:
                break
            whole += len(text)
            segment.rows += 1
            self._add(line, len(text))
        segment.size = whole
        self._segments.append(segment)


def _remember(known: dict[str, str], key: str, value: str) -> None:
    """Within bounds, the latest last."""
    known.pop(key, None)
    if len(known) >= _SEEN:
        del known[next(iter(known))]
    known[key] = value


def _sliced(tail: deque[tuple[Line, int]], offset: int, most: int) -> Iterable[tuple[Line, int]]:
    return (tail[place] for place in range(offset, min(len(tail), offset + most)))


def _within(lines: Iterable[Line]) -> list[Line]:
    """As many as make a page."""
    taken: list[Line] = []
    size = 0
    for line in lines:
        taken.append(line)
        size += len(bytes(line.row))
        if size >= _PAGE_BYTES:
            break
    return taken


def _read(segments: Sequence[_Segment], start: int, most: int) -> list[Line]:
    """Rows from number `start` on, out of the one file in which it is."""
    found = next((one for one in reversed(segments) if one.first <= start), None)
    if found is None:
        raise FileNotFoundError
    lines = []
    with found.path.open("rb") as file:
        left = found.size
        for text in file:
            left -= len(text)
            if left < 0:
                break
            if _number(text) >= start:
                lines.append(msgspec.json.decode(text, type=Line))
                if len(lines) >= most:
                    break
    return _within(lines)


def _number(text: bytes) -> int:
    return int(text[1 : text.index(b",")])


def _durably(path: Path, body: bytes) -> None:
    """Write a small file whole, or not at all."""
    half = path.with_name(path.name + ".new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, body)
        os.fsync(handle)
    finally:
        os.close(handle)
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
