"""A consistent copy of a database while it is written to, as rows; and a new database from such rows.

What lives here: reading every table in one snapshot, writing them again. What does not: where the rows go
(`connector.backup`), what they mean. A reader in WAL mode holds up no writer (SQLite, "Write-Ahead Logging"), so a copy
needs no pause, no second file on the disk, and no knowledge of the schema's version: the statements that made the
tables go with the rows, and whoever opens the new database brings it up to date.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, cast

from msgspec import Struct

from connector.errors import StoreError
from connector.store.connection import connect, translated

BATCH = 500
"""Rows that are read at once."""
LARGEST = 8 * 1024 * 1024
"""Bytes of texts and blobs after which a part ends, whatever its rows: peers fill rows with messages of up to 1 MiB."""
_MAKING = re.compile(r"CREATE (?:TABLE \w+ ?\(|(?:UNIQUE )?INDEX \w+ ON \w+ ?\()", re.ASCII)
"""How every statement of a layout begins. A copy makes tables and indexes in its own file and does nothing else."""


class Layout(Struct, frozen=True, tag="layout"):
    """The statements that make tables and indexes, and `PRAGMA user_version`."""

    version: int
    tables: tuple[str, ...]
    indexes: tuple[str, ...]


class Rows(Struct, frozen=True, tag="rows"):
    """Some rows of a table, with all their columns in order."""

    table: str
    rows: tuple[tuple[Any, ...], ...]


def copied(path: str) -> Iterator[Layout | Rows]:
    """The database at `path` as it was at one moment. Raises `StoreError` where it cannot be read."""
    try:
        connection = cast(sqlite3.Connection, connect(path))
    except sqlite3.Error as error:
        raise translated(error) from None
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("BEGIN")
        yield from _snapshot(connection)
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translated(error) from None
    finally:
        connection.close()


def _snapshot(connection: sqlite3.Connection) -> Iterator[Layout | Rows]:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    made = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
    tables = {name: sql for kind, name, sql in made if kind == "table"}
    indexes = tuple(sql for kind, _, sql in made if kind == "index")
    yield Layout(version, tuple(tables.values()), indexes)
    for name in tables:
        cursor = connection.execute(f"SELECT * FROM {name}")  # noqa: S608 - a name of our own schema
        yield from (Rows(name, rows) for rows in _batches(cursor))


def _batches(cursor: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """The rows in parts of at most `BATCH`, none of them much larger than `LARGEST`."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in cursor:
        rows.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(rows) == BATCH or size >= LARGEST:
            yield tuple(rows)
            rows, size = [], 0
    if rows:
        yield tuple(rows)


class Builder:
    """A new database at `path`, row by row, which nobody uses before `finish`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._indexes: tuple[str, ...] = ()
        self._version = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Until it is finished it is thrown away after any failure, so nothing is kept for a way back.
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("BEGIN")

    def take(self, part: Layout | Rows) -> None:
        """The next part of a copy. Raises `StoreError` (disk full, a part that fits nothing)."""
        try:
            match part:
                case Layout(version, tables, indexes):
                    if not all(map(_MAKING.match, (*tables, *indexes))):
                        raise StoreError("store.damaged")
                    for statement in tables:
                        self._connection.execute(statement)
                    self._version, self._indexes = version, indexes
                case Rows(table, rows):
                    places = ", ".join("?" * len(rows[0]))
                    self._connection.executemany(f"INSERT INTO {_name(table)} VALUES({places})", rows)
        except (IndexError, OverflowError):  # no rows at all, or a number that no column holds
            raise StoreError("store.damaged") from None
        except sqlite3.Error as error:
            raise translated(error) from None

    def finish(self) -> None:
        """Indexes, version number, and everything on disk. Raises `StoreError`."""
        try:
            for statement in self._indexes:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={self._version}")
            self._connection.execute("COMMIT")
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise StoreError("store.damaged")
        except sqlite3.Error as error:
            raise translated(error) from None
        finally:
            self.close()
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Give the file up as it is. May be called twice."""
        self._connection.close()


def _name(table: str) -> str:
    """A table's name, which may be nothing else. Raises `StoreError`."""
    if not table.isidentifier():
        raise StoreError("store.damaged")
    return table
