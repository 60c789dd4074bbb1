"""Telling the index what was seen at one participant: all of it becomes visible at once, or none.

What lives here: one crawl, its steps laid aside until it is over. What does not: the network (the connector's
federation), statements (`writing`).

INVARIANT: a reader sees what a participant told before a crawl, or what it told with it, never a part. Steps wait in
memory, and beyond a bound in the file, where nobody looks for them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Protocol

import msgspec
import zstandard
from msgspec import Struct

from catalog.index.file import DamagedError, FullError
from catalog.index.forms import Entry, Origin, Standing
from catalog.index.rows import Row, row
from catalog.index.writing import Writing

HELD: Final = 1 << 20
"""Bytes of steps that wait in memory."""
ROOM: Final = 512 << 20
"""Bytes that what one participant has told of may take, over all its crawls."""


class Put(Struct, frozen=True, array_like=True, tag=1):
    """A dataset as it is now."""

    row: Row


class Keep(Struct, frozen=True, array_like=True, tag=2):
    """A dataset is as it was."""

    id: str
    seen: int


class Gone(Struct, frozen=True, array_like=True, tag=3):
    """A dataset is there no longer."""

    id: str
    at: int


Step = Put | Keep | Gone
_DECODER: Final = msgspec.msgpack.Decoder(Step)


class Write(Protocol):
    """One transaction of the index. Raises `IndexFileError`; nothing of it is written then."""

    def __call__(self, what: Callable[[sqlite3.Connection], Any], /) -> Any: ...


class Crawl:
    """A context: what was said within is written at its end, unless it ends by an error. Not for several threads."""

    def __init__(self, participant: str, number: int, write: Write) -> None:
        self._participant = participant
        self._number = number
        self._write = write
        self._steps: list[bytes] = []
        self._bytes = 0
        self._spilled = 0
        self._standing: Standing | None = None
        self._open = True

    def put(self, entry: Entry) -> None:
        """A dataset was seen, new or changed. Who tells of another's is a broker: raises `ValueError` where the entry
        says otherwise."""
        if (entry.participant != self._participant) is not (entry.origin is Origin.BROKER):
            raise ValueError("a participant tells of its own datasets, a broker of others'")
        self.lay(row(entry, pack(entry)))

    def lay(self, row: Row) -> None:
        """`put`, where somebody else has made the row of the entry: that takes longer than laying it aside."""
        self._lay(Put(row))

    def keep(self, id: str, seen: int) -> None:
        """A dataset was seen again as it was."""
        self._lay(Keep(id, seen))

    def gone(self, id: str, at: int) -> None:
        """A dataset was not there any more."""
        self._lay(Gone(id, at))

    def standing(self, standing: Standing) -> None:
        """How the crawl went. INVARIANT: `seen` speaks for all entries of the participant, also for those not named."""
        self._standing = standing

    def commit(self) -> None:
        """Make it all visible, and go on with nothing laid aside. Raises `IndexFileError`, and `FullError` where the
        participant would have more than `ROOM`: nothing is visible then."""
        assert self._open
        self._write(self._apply)
        self._steps, self._bytes, self._spilled, self._standing = [], 0, 0, None

    def abort(self) -> None:
        """Forget what was laid aside."""
        self._open = False
        if self._spilled:
            self._spilled = 0
            self._write(self._unstage)

    def __enter__(self) -> Crawl:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.abort()

    def _lay(self, step: Step) -> None:
        assert self._open
        packed = msgspec.msgpack.encode(step)
        self._steps.append(packed)
        self._bytes += len(packed)
        if self._bytes > HELD:
            self._write(self._stage)
            self._steps, self._bytes = [], 0

    def _stage(self, connection: sqlite3.Connection) -> None:
        rows = [(self._number, self._spilled + at, step) for at, step in enumerate(self._steps)]
        connection.executemany("INSERT INTO staged VALUES (?, ?, ?)", rows)
        self._spilled += len(rows)

    def _unstage(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM staged WHERE crawl = ?", (self._number,))

    def _laid(self, connection: sqlite3.Connection) -> Iterator[bytes]:
        if self._spilled:
            staged = connection.execute("SELECT body FROM staged WHERE crawl = ? ORDER BY number", (self._number,))
            yield from (body for (body,) in staged)
        yield from self._steps

    def _apply(self, connection: sqlite3.Connection) -> None:
        writing, any_put, any_gone = Writing(connection), False, False
        for packed in self._laid(connection):
            match _DECODER.decode(packed):
                case Put(one):
                    writing.put(self._participant, one)
                    any_put = True
                case Keep(id, seen):
                    writing.keep(self._participant, id, seen)
                case Gone(id, at):
                    writing.gone(self._participant, id, at)
                    any_gone = True
        if any_gone:
            writing.forget_gone(self._participant)
        if any_put and writing.weight(self._participant) > ROOM:
            raise FullError
        if self._standing is not None:
            writing.standing(self._standing)
        if self._spilled:
            self._unstage(connection)


_LARGEST: Final = 64 << 20
_ENTRY: Final = msgspec.msgpack.Decoder(Entry)


def pack(entry: Entry) -> bytes:
    """An entry as it is kept."""
    packed: bytes = _compressor().compress(msgspec.msgpack.encode(entry))
    return packed


_HELD = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """This thread's: making one costs more than using it."""
    if not hasattr(_HELD, "compressor"):
        _HELD.compressor = zstandard.ZstdCompressor(level=1)
    held: zstandard.ZstdCompressor = _HELD.compressor
    return held


def unpack(body: bytes) -> Entry:
    """The entry that was packed. Raises `DamagedError`."""
    try:
        return _ENTRY.decode(expand(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError("an entry cannot be read") from error


def expand(packed: bytes) -> bytes:
    """What was packed. Raises `DamagedError`."""
    try:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST)
    except (zstandard.ZstdError, MemoryError) as error:
        raise DamagedError("what was packed cannot be read") from error
