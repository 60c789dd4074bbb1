"""One process per data directory.

What lives here: the lock that the control process holds as long as it lives. The kernel gives it back when the process
ends, however it ends, so no stale lock has to be broken.
"""

from __future__ import annotations

import fcntl
import os

from connector.errors import StoreError


class DirectoryLock:
    """An exclusive `flock` on a directory. Raises `StoreError` `store.locked` where another process holds it."""

    def __init__(self, directory: str) -> None:
        self._descriptor: int | None = None
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StoreError("store.no_directory", result=error.strerror or "") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise StoreError("store.locked", do="stop the other node that runs on this directory") from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the directory back. May be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
