"""Files as the buffer needs them: appended to, synced, renamed, deleted.

What lives here: the port `Files`, which tests put a disk behind that forgets, and the real one. What does not: what
stands in the files.

POSIX: a file's bytes are durable after fsync of the file; that it is there, is called so or is gone, after fsync of its
directory (fsync(2)).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class Appending(Protocol):
    """A file that is written at its end."""

    def write(self, data: bytes) -> None:
        """All of it, or an `OSError`."""

    def sync(self) -> None:
        """Returns when all that was written is durable. After an `OSError` nothing is known about it."""

    def truncate(self, size: int) -> None:
        """Cut it; the next write comes there."""

    def close(self) -> None:
        """Does not sync."""


class Files(Protocol):
    """One directory. Everything raises `OSError` as the system does."""

    def names(self) -> list[str]:
        """The files in it."""

    def size(self, name: str) -> int:
        """Bytes of a file."""

    def read(self, name: str, offset: int = 0, size: int = -1) -> bytes:
        """Bytes of a file; fewer where it ends before."""

    def append(self, name: str) -> Appending:
        """A file to be written at its end, made where it is not there."""

    def rename(self, old: str, new: str) -> None:
        """In place of what is called so already."""

    def delete(self, name: str) -> None:
        """Gone."""

    def sync(self) -> None:
        """Returns when the names are durable."""


class _Open:
    """A real file; not buffered, so that nothing is left behind in the process."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes) -> None:
        done = 0
        while done < len(data):
            done += os.write(self._fd, memoryview(data)[done:])

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def close(self) -> None:
        os.close(self._fd)


class Directory:
    """A real directory, made where it is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=0o700, exist_ok=True)

    def names(self) -> list[str]:
        return os.listdir(self._path)

    def size(self, name: str) -> int:
        return os.stat(self._path / name).st_size

    def read(self, name: str, offset: int = 0, size: int = -1) -> bytes:
        with open(self._path / name, "rb", buffering=0) as file:
            if size < 0:
                file.seek(offset)
                return file.readall()
            return os.pread(file.fileno(), size, offset)

    def append(self, name: str) -> Appending:
        return _Open(self._path / name)

    def rename(self, old: str, new: str) -> None:
        os.replace(self._path / old, self._path / new)

    def delete(self, name: str) -> None:
        os.unlink(self._path / name)

    def sync(self) -> None:
        fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
