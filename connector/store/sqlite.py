"""The Store port on SQLite: opening with every check, writing through the one writer, reading from a snapshot.

What lives here: opening, refusing and closing a database. What does not: transactions (`writer`), SQL (`view`, `log`),
tables (`schema`, `migrations`). Reads run on the event loop too, on a connection of their own: a snapshot in WAL mode
waits for nobody, and a hop to a thread and back costs several times what a read does. Long readers go page by page.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection
from types import ModuleType
from typing import TypeVar

from msgspec import Struct

from connector.errors import StoreError
from connector.ports import Clock, Fault, Reading, Transaction, no_fault
from connector.store import connection as sql
from connector.store import schema
from connector.store.connection import Connect, Connection, is_full, translated
from connector.store.lock import DirectoryLock
from connector.store.log import Log, SignHead
from connector.store.view import FORGOTTEN, Act, Desk, View
from connector.store.writer import Follower, Limits, Writer
from policies.model import Reason

T = TypeVar("T")

CHECKED_WHOLE = 16 * 1024 * 1024
"""Databases up to this many bytes are checked page by page when they are opened (some 15 ms)."""

_RESTORE = "allmende restore FILE DIR"
"""With the newest backup; nothing is repaired here, and nothing starts empty by itself."""


class SqliteStore:
    """Durable state in one file. INVARIANT: one process, one writing connection."""

    def __init__(
        self, path: str, connect: Connect, lock: DirectoryLock, connection: Connection, desk: Desk, writer: Writer
    ) -> None:
        self._path, self._connect, self._lock = path, connect, lock
        self._connection, self._desk, self._writer = connection, desk, writer
        self._reader: Connection | None = None
        self._limits = Limits()
        self._origin = ""

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: Clock,
        sign_head: SignHead,
        connect: Connect = sql.connect,
        fault: Fault = no_fault,
        threaded: bool = True,
        random: Callable[[int], bytes] = os.urandom,
        limits: Limits | None = None,
        failed: Callable[[Reason], None] = lambda reason: None,
    ) -> SqliteStore:
        """Open the database at `path`, making it where nothing of it is there. Locks its directory.

        `threaded=False` commits on the event loop, for simulations in virtual time. `failed` is told where the
        disk has failed so that nothing may be written until the database is opened again. Raises `StoreError`:
        `store.locked`, `store.damaged`, `store.newer`. A log that does not fit its signed head opens for
        reading; writes are refused.
        """
        bounds, path = limits or Limits(), os.fspath(path)
        lock = DirectoryLock(os.path.dirname(path) or ".")
        connection: Connection | None = None
        try:
            _made_ready(path)
            connection = _opened(path, connect)
            sql.configure(connection)
            _check(connection, os.path.getsize(path))
            _settled(connection)
            desk = Desk(clock, _tokens(connection), bounds.tokens, View(connection).drawn(FORGOTTEN))
            log = Log(connection, sign_head, random)
        except (sqlite3.Error, StoreError) as error:
            if connection is not None:
                connection.close()
            lock.release()
            raise (_refused(error, path) if isinstance(error, sqlite3.Error) else error) from None
        writer = Writer(connection, desk=desk, log=log, fault=fault, threaded=threaded, limits=bounds, failed=failed)
        store = cls(path, connect, lock, connection, desk, writer)
        store._limits = bounds
        store._origin = log.origin
        return store

    @property
    def suspect(self) -> Reason | None:
        """Why nothing is written any more, or None where all is well."""
        return self._writer.suspect

    @property
    def full(self) -> bool:
        """True while the disk has no room: reading goes on, and so does writing when there is room again."""
        return self._writer.full

    def behind(self, now: int) -> int | None:
        """Until when callers are refused because the clock has gone back, or None where it has not."""
        return self._desk.forgotten if self._desk.forgotten >= now else None

    @property
    def origin(self) -> str:
        """The origin of our newest signed head when the store was opened; "" where there was none."""
        return self._origin

    def stop(self, why: Reason) -> None:
        """Write nothing any more: what is here is not what the peers know. Reading goes on."""
        self._writer.stop(why)

    async def write(self, act: Callable[[Transaction], T]) -> T:
        """Run `act` in a transaction; its result when that is on disk. Raises what it raises, nothing kept."""
        return await self._writer.write(act)

    async def read(self, act: Callable[[Reading], T]) -> T:
        """Run `act` on a consistent view of what has been committed."""
        return self.committed(act)

    def committed(self, act: Callable[[Reading], T]) -> T:
        """Run `act` on a consistent view of what has been committed, also while a transaction is being made."""
        try:
            reader = self._reading()
            reader.execute("BEGIN")
            try:
                return act(View(reader))
            finally:
                reader.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise translated(error) from error

    def follow(self, kinds: Collection[type[Struct]], act: Follower) -> None:
        """Run `act` at the end of every transaction that writes records of these kinds, inside it."""
        for kind in kinds:
            self._writer.followers.setdefault(kind, []).append(act)

    async def sweep(self, now: int) -> int:
        """Forget some of the tokens that have ended and of the answers that are old; how many. 0: nothing is left."""
        limits = self._limits

        def act(tx: Act) -> int:
            return tx.sweep(now, now - limits.answers_kept, limits.swept)

        return await self._writer.write(act)

    async def close(self) -> None:
        """Finish what is queued and close. May be called twice."""
        await self._writer.close()
        for connection in (self._reader, self._connection):
            if connection is not None:
                connection.close()
        self._lock.release()

    def _reading(self) -> Connection:
        """The reading connection, opened when it is first needed."""
        if self._reader is None:
            self._reader = self._connect(self._path)
            self._reader.execute("PRAGMA query_only=ON")
            self._reader.execute("PRAGMA busy_timeout=1000")
        return self._reader


def _made_ready(path: str) -> None:
    """Make a new database where there is no trace of one; raise `StoreError` where there is less than one."""
    try:
        size = os.path.getsize(path)
    except FileNotFoundError:
        if os.path.exists(f"{path}-wal"):
            raise _damaged(path, "only its -wal is there") from None
        _migrations().create(path)
        return
    if size == 0:
        raise _damaged(path, "the file is empty")
    with open(path, "rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\x00"):
        raise _damaged(path, "the file does not begin like a database")


def _opened(path: str, connect: Connect) -> Connection:
    """A connection to a database of this version, brought up to date first where it is older.

    Raises `StoreError` for one that is newer than this program.
    """
    connection = connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    if version == schema.VERSION:
        return connection
    connection.close()
    if version > schema.VERSION:
        do = "start the newer program, or restore a backup made before the upgrade"
        raise StoreError("store.newer", found=str(version), known=str(schema.VERSION), do=do)
    _migrations().migrate(path)
    return connect(path)


def _check(connection: Connection, size: int) -> None:
    """Raises `sqlite3.DatabaseError` or `StoreError` where tables are missing or pages cannot be read."""
    for name in schema.tables():
        connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()  # noqa: S608
    if size <= CHECKED_WHOLE:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise StoreError("store.damaged", do=_RESTORE)


def _settled(connection: Connection) -> None:
    """Bring what an earlier process has left in the WAL into the database, synced.

    After an fsync that failed the system may take pages for written that are not on disk: they are read back here, but
    a power cut would lose them, and with them whatever is acknowledged on top. Where the disk is full this has to wait.
    """
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        if not is_full(error):
            raise


def _tokens(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM token").fetchone()[0])


def _refused(error: sqlite3.Error, path: str) -> StoreError:
    """Why a database cannot be opened. A missing table is damage too: the version number said it was there."""
    code = translated(error).reason.code
    if code in ("store.failed", "store.damaged"):
        return _damaged(path, "it cannot be read")
    return StoreError(code, file=os.path.basename(path))


def _damaged(path: str, found: str) -> StoreError:
    return StoreError("store.damaged", file=os.path.basename(path), found=found, do=_RESTORE)


def _migrations() -> ModuleType:
    """Imported only when the schema is behind: sqlite-utils takes longer to import than the store to open."""
    from connector.store import migrations

    return migrations
