"""The system calls of SQLite, made to fail by number or for a while, in this process.

What lives here: a switch on the real unix VFS (`sqlite3_vfs.xSetSystemCall`), so that everything above the call is the
product's own: SQLite, its WAL, shared memory, every connection. What does not: calls that SQLite does not let anybody
replace, fsync among them (libfiu does those), and losing what was not synced (`powerloss`).
Source: SQLite, "The OS Backend (VFS)"; sqlite3.h, `sqlite3_vfs` version 3.
"""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import errno
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

_BEFORE = ("iVersion", "szOsFile", "mxPathname")
_AFTER = (
    "pAppData xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep xCurrentTime"
    " xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall"
)
_PWRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)


class _Vfs(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in _BEFORE),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in _AFTER.split()),
    ]


class Writes:
    """Every write of SQLite to a file below `folder` is counted, and fails with `failure` where `failing` says so of
    its number."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.failing: Callable[[int], bool] = lambda number: False
        self.count = self.failed = 0
        self.failure = errno.ENOSPC
        library: Any = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        found = library.sqlite3_vfs_find(None)
        self._vfs = ctypes.cast(found, ctypes.POINTER(_Vfs)).contents
        self._own = found
        get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(self._vfs.xGetSystemCall)
        self._set: Any = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
            self._vfs.xSetSystemCall
        )
        self._names = [name for name in (b"pwrite64", b"pwrite") if get(found, name)]
        self._real = _PWRITE(get(found, self._names[0]))
        self._ours = _PWRITE(self._pwrite)
        for name in self._names:
            self._set(found, name, ctypes.cast(self._ours, ctypes.c_void_p))
        atexit.register(self.restore)  # what Python can be called for ends before SQLite does

    def restore(self) -> None:
        """SQLite's own calls again."""
        for name in self._names:
            self._set(self._own, name, None)

    def _pwrite(self, descriptor: int, data: int, size: int, offset: int) -> int:
        if self._is_ours(descriptor):
            self.count += 1
            if self.failing(self.count):
                self.failed += 1
                ctypes.set_errno(self.failure)
                return -1
        done: int = self._real(descriptor, data, size, offset)
        return done

    def _is_ours(self, descriptor: int) -> bool:
        if self.folder is None:
            return True
        return Path(f"/proc/self/fd/{descriptor}").readlink().parent == self.folder


@cache
def writes() -> Writes | None:
    """The switch of this process, or None where Python's SQLite is not one that can be switched."""
    try:
        made = Writes()
    except (AttributeError, IndexError, OSError, TypeError):
        return None
    return made if _is_effective(made) else None


def _is_effective(made: Writes) -> bool:
    """Python may have been built with a SQLite of its own, which is another one than the library's."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "probe.db") as connection:
        connection.execute("CREATE TABLE probe(x)")
        connection.commit()
    effective = made.count > 0
    made.count = 0
    return effective
