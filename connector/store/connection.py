"""SQLite below the store: what is asked of a connection, how one is opened, what its errors mean.

What lives here: the `Connection` that a fault harness can stand in for, the pragmas, the mapping of SQLite's result
codes to errors of the node. What does not: tables (`schema`), transactions (`writer`).
Source: SQLite "Result and Error Codes", "PRAGMA synchronous", "Write-Ahead Logging".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from connector.errors import BusyError, OurError, StoreError


class Cursor(Protocol):
    """Rows of a statement."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """The part of `sqlite3.Connection` that the store uses, in autocommit mode; errors are `sqlite3.Error`."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor: ...

    def close(self) -> None: ...


Connect = Callable[[str], Connection]
"""Opens the database at a path that exists. The store closes what it opened."""


def connect(path: str) -> Connection:
    """The product's way to open a database. INVARIANT: never makes a file, so that a lost one is noticed."""
    return sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        uri=True,
        timeout=0,  # a wait inside SQLite would hold up the event loop
        isolation_level=None,
        check_same_thread=False,  # the committing thread has the connection to itself while it commits
        cached_statements=512,
    )


def configure(connection: Connection) -> None:
    """Settings of every connection. FULL: a commit is on disk when it returns, also through a power cut."""
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-8192")
    # What a savepoint needs to be undone is small; a file for it could not be had where descriptors run out.
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint=2000")


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error was not SQLite's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


_GRAVE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN}
_WHOLE = _GRAVE | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT}


def is_grave(error: sqlite3.Error) -> bool:
    """Is it unknown what the disk holds now? Nothing may be written then until the store is opened again."""
    return primary_code(error) in _GRAVE


def is_full(error: sqlite3.Error) -> bool:
    """Was there no room on the disk? Nothing is damaged by that."""
    return primary_code(error) == sqlite3.SQLITE_FULL


def is_final(error: sqlite3.Error) -> bool:
    """Has the disk failed in a way that only opening the database anew can mend, as after an fsync?"""
    return primary_code(error) in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def spoils_group(error: sqlite3.Error) -> bool:
    """Does this error end the whole transaction, rather than one statement of it?"""
    return primary_code(error) in _WHOLE


_CODES = {
    sqlite3.SQLITE_IOERR: "store.io",
    sqlite3.SQLITE_CANTOPEN: "store.io",
    sqlite3.SQLITE_CORRUPT: "store.damaged",
    sqlite3.SQLITE_NOTADB: "store.damaged",
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_READONLY: "store.read_only",
}
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(error: sqlite3.Error) -> OurError:
    """The error of the node for an error of SQLite. Its text is left out: it may hold names and paths."""
    code = primary_code(error)
    if code in _BUSY:
        return BusyError("store.busy")
    return StoreError(_CODES.get(code, "store.failed"), result=str(getattr(error, "sqlite_errorname", "")))
