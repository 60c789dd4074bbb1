"""Power cuts for the store: a disk that forgets what was not synced, behind the store's own `connect`.

What lives here: `Disk`, an SQLite VFS (apsw) that notes every write and sync of the files beside a database, cuts the
power at a chosen operation, and gives the files as they may be found afterwards; `Thin`, the store's `Connection` over
apsw. What does not: what is written and what must not be lost (the tests).

Model: a synced byte stays. A write that was not synced is kept, lost, or torn at a sector of 512 bytes, each by itself.
A file that was never synced may not exist. SQLite keeps the WAL index in process memory here
(`locking_mode=EXCLUSIVE`), because a VFS in Python has no shared memory; so there is one connection only.
"""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
_names = itertools.count()


class Disk(apsw.VFS):
    """The disk below one database. `cut_at` is the operation (write, truncate, sync) at which the power goes.

    `pragmas` replaces statements of the store, to see what other settings would lose.
    """

    def __init__(self, *, cut_at: int, pragmas: Mapping[str, str] | None = None) -> None:
        self.name = f"disk{next(_names)}"
        self.pragmas = pragmas or {}
        self.cut_at, self.operations, self.syncs = cut_at, 0, 0
        self.kept: dict[str, bytearray] = {}
        """What is surely on disk, by file name."""
        self.loose: dict[str, list[tuple[int, bytes | None]]] = {}
        """What has been written since the last sync: (offset, bytes), or (size, None) for a truncation."""
        super().__init__(self.name, "")

    def connect(self, path: str) -> Thin:
        """The store's connect factory. What stands at `path` now counts as synced."""
        self.kept[os.path.basename(path)] = bytearray(Path(path).read_bytes())
        return Thin(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=self.name), self.pragmas)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> File:
        return File(self, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        self.operate()
        self.kept.pop(os.path.basename(name), None)
        self.loose.pop(os.path.basename(name), None)
        super().xDelete(name, sync)

    def operate(self) -> None:
        """One more operation, or none any more."""
        self.operations += 1
        if self.operations > self.cut_at:
            raise apsw.IOError("the power is off")

    def sync(self, name: str) -> None:
        """What was written to a file is kept from now on."""
        content = self.kept.setdefault(name, bytearray())
        for write in self.loose.pop(name, []):
            _apply(content, *write)

    def found(self, folder: Path, chance: random.Random) -> None:
        """Write the files as they are found after the cut into an empty folder."""
        for name in sorted(self.kept.keys() | self.loose.keys()):
            if name not in self.kept and chance.random() < 0.5:
                continue
            content = bytearray(self.kept.get(name, b""))
            for offset, data in self.loose.get(name, []):
                fate = chance.random()
                if data is None and fate < 0.5:
                    _apply(content, offset, None)
                elif data is not None and fate < 0.6:
                    torn = fate < 0.2 and len(data) > SECTOR
                    _apply(content, offset, data[: SECTOR * chance.randrange(len(data) // SECTOR)] if torn else data)
            (folder / name).write_bytes(content)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    """One write or truncation; a gap reads as zeros."""
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class File(apsw.VFSFile):
    """A file of the disk: passed through, so that reading works, and noted. It is never really synced."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        full = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = os.path.basename(full) if full else ""
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:
        self._note(offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._note(size, None)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.operate()
        self._disk.syncs += 1
        self._disk.sync(self._name)

    def _note(self, offset: int, data: bytes | None) -> None:
        self._disk.operate()
        if self._name:  # temporary files have none and are of no interest after a cut
            self._disk.loose.setdefault(self._name, []).append((offset, data))


class Rows:
    """The rows of a statement that has run to its end, as `sqlite3` leaves it."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)


class Thin:
    """`connector.store.connection.Connection` over apsw; its errors look like those of `sqlite3`."""

    def __init__(self, connection: apsw.Connection, pragmas: Mapping[str, str]) -> None:
        self._connection, self._pragmas = connection, pragmas
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        try:
            return Rows(self._connection.execute(self._pragmas.get(sql, sql), tuple(parameters)).fetchall())
        except apsw.Error as error:
            raise _alike(error) from error

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        try:
            return Rows(self._connection.executemany(sql, parameters).fetchall())
        except apsw.Error as error:
            raise _alike(error) from error

    def close(self) -> None:
        try:
            self._connection.close()
        except apsw.Error as error:
            raise _alike(error) from error


def _alike(error: apsw.Error) -> sqlite3.Error:
    """The error that `sqlite3` would have raised."""
    kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
    same = kind(str(error))
    same.sqlite_errorcode = getattr(error, "result", 0) or 0
    if isinstance(error, apsw.IOError):
        same.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return same
