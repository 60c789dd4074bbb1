"""What the buffer knows beside the readings: closed segments, what consumers hold, gaps, and small things kept by name.

What lives here: the one SQLite database of a device, and the only user of sqlite3 here. What does not: readings, which
stand in files of their own, so that neither harms the other: a database that is broken is put aside, and all but what
consumers hold (they say it again) is found in the files.

Durability: WAL with synchronous=FULL; a commit that has returned survives a power cut (with NORMAL it may not).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct, msgpack

from connector.data.readings.model import Gap
from connector.data.readings.ranges import Ranges
from edge_node.errors import KeepingError

FILE: Final = "index.sqlite"
BROKEN: Final = "index.broken"
PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-512",
    "PRAGMA journal_size_limit=1048576",
    "PRAGMA trusted_schema=OFF",
    # Keys of pseudonyms that are given up are overwritten.
    "PRAGMA secure_delete=FAST",
)
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS segment(number INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS held(consumer TEXT, series INTEGER, body BLOB NOT NULL, "
    "PRIMARY KEY(consumer, series)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS gap(number INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kept(name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
)
_SEGMENT: Final = ("INSERT OR REPLACE INTO segment VALUES (?, ?)", "DELETE FROM segment WHERE number = ?")
_GAP: Final = ("INSERT OR REPLACE INTO gap VALUES (?, ?)", "DELETE FROM gap WHERE number = ?")
_KEPT: Final = ("INSERT OR REPLACE INTO kept VALUES (?, ?)", "DELETE FROM kept WHERE name = ?")


class Part(Struct, frozen=True, array_like=True):
    """What a segment holds of a series, taken between `begin` and `end`."""

    series: int
    ranges: Ranges
    begin: int
    end: int


class Row(Struct, frozen=True, array_like=True):
    """A closed segment: its file has the `revision` in its name. `first` and `last` are when its readings were taken
    in, `level` how often it was thinned out; `gone`: its file is to be deleted."""

    number: int
    revision: int
    bytes: int
    first: int
    last: int
    parts: tuple[Part, ...]
    level: int = 0
    gone: bool = False

    @property
    def name(self) -> str:
        """Its file."""
        return f"{self.number:012d}.{self.revision}.seg"


class Change(Struct, kw_only=True):
    """What one transaction writes; `None` deletes."""

    rows: Mapping[int, Row | None] = {}
    held: Mapping[tuple[str, int], Ranges | None] = {}
    gaps: Mapping[int, Gap | None] = {}
    kept: Mapping[str, bytes | None] = {}


class Known(Struct):
    """Everything in the database."""

    rows: dict[int, Row]
    held: dict[tuple[str, int], Ranges]
    gaps: dict[int, Gap]
    kept: dict[str, bytes]


class Connection(Protocol):
    """What is used of a connection."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any:
        """Run a statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Any:
        """Run it for each."""

    def close(self) -> None:
        """Close it."""


Connect = Callable[[str], Connection]


def connect(path: str) -> Connection:
    """A connection that begins transactions when it is told to, and may move between threads."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


class Index:
    """The database. INVARIANT: one thread at a time uses it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, directory: Path, connect: Connect = connect) -> tuple[Index, Known, bool]:
        """The database, what is in it, and whether it is new: where there is none, or none that can be read, which is
        then put aside as `index.broken`. Raises `KeepingError` `buffer.index` where none can be made."""
        path = directory / FILE
        if path.exists():
            try:
                return (*cls._tried(path, connect), False)
            except (sqlite3.DatabaseError, msgspec.DecodeError):
                _put_aside(directory)
        try:
            path.touch(mode=0o600)
            return (*cls._tried(path, connect), True)
        except (sqlite3.DatabaseError, OSError) as error:
            raise KeepingError("buffer.index") from error

    @classmethod
    def _tried(cls, path: Path, connect: Connect) -> tuple[Index, Known]:
        connection = connect(str(path))
        try:
            for statement in (*PRAGMAS, *_TABLES):
                connection.execute(statement)
            _checked(connection)
            return cls(connection), _known(connection)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
            raise

    def write(self, change: Change) -> None:
        """All of it, durable when this returns. Raises `KeepingError` `buffer.index`; then nothing of it was done."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._write(_SEGMENT, change.rows)
            self._write(_GAP, change.gaps)
            self._write(_KEPT, change.kept)
            self._held(change.held)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise KeepingError("buffer.index") from error

    def _write(self, table: tuple[str, str], values: Mapping[Any, Any]) -> None:
        put, delete = table
        for one, value in values.items():
            if value is None:
                self._connection.execute(delete, (one,))
            else:
                self._connection.execute(put, (one, value if isinstance(value, bytes) else msgpack.encode(value)))

    def _held(self, held: Mapping[tuple[str, int], Ranges | None]) -> None:
        for key, ranges in held.items():
            if ranges is None:
                self._connection.execute("DELETE FROM held WHERE consumer = ? AND series = ?", key)
            else:
                body = msgpack.encode(ranges)
                self._connection.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", (*key, body))

    def checkpoint(self) -> None:
        """Bring the log into the database and make it short. Raises nothing: it is tried again the next time."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Done."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()


def _checked(connection: Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("damaged")


def _known(connection: Connection) -> Known:
    rows = connection.execute("SELECT number, body FROM segment ORDER BY number").fetchall()
    held = connection.execute("SELECT consumer, series, body FROM held").fetchall()
    gaps = connection.execute("SELECT number, body FROM gap ORDER BY number").fetchall()
    kept = connection.execute("SELECT name, body FROM kept").fetchall()
    return Known(
        {number: msgpack.decode(body, type=Row) for number, body in rows},
        {(consumer, series): msgpack.decode(body, type=Ranges) for consumer, series, body in held},
        {number: msgpack.decode(body, type=Gap) for number, body in gaps},
        {name: bytes(body) for name, body in kept},
    )


def _put_aside(directory: Path) -> None:
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            (directory / (FILE + end)).rename(directory / (BROKEN + end))
