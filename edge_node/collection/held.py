"""What is held in memory, where it outlives the process: files on a file system that is memory itself.

What lives here: a log of frames in such a file, and finding out whether a directory is memory. What does not: what the
frames say (`duties`). Nothing is synced: there is no disk below, and after a power cut nothing of it is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge_node.errors import KeepingError

MOUNTS: Final = Path("/proc/self/mountinfo")
_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_MOST: Final = 64 << 20
_LENGTH: Final = 4


def is_memory(directory: Path, mounts: Path = MOUNTS) -> bool:
    """Is a directory on a file system that is memory? False where nobody can say (proc(5), mountinfo)."""
    try:
        lines = mounts.read_text("utf-8").splitlines()
        here = directory.resolve(strict=True)
    except (OSError, UnicodeDecodeError):
        return False
    kind, longest = "", -1
    for line in lines:
        place, _, rest = line.partition(" - ")
        point = Path(place.split(" ")[4].encode().decode("unicode_escape"))
        # Of two on the same point the later one lies on top.
        if (here == point or point in here.parents) and len(point.parts) >= longest:
            kind, longest = rest.split(" ")[0], len(point.parts)
    return kind in _MEMORY


class Held:
    """One file of frames. Raises `KeepingError` `windows.memory` where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = 0

    def load(self) -> Iterator[bytes]:
        """The frames that are whole; what a killed process had begun to write is cut off."""
        try:
            data = self._path.read_bytes()[:_MOST]
        except FileNotFoundError:
            data = b""
        except OSError as error:
            raise KeepingError("windows.memory") from error
        at = 0
        while at + _LENGTH <= len(data):
            end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH])
            if end > len(data):
                break
            yield data[at + _LENGTH : end]
            at = end
        self.size = at
        if at < len(data):
            os.truncate(self._path, at)

    def add(self, frame: bytes) -> None:
        """One more; when this returns, a killed process has not lost it."""
        self._write(self._path, self.size, frame)
        self.size += _LENGTH + len(frame)

    def put(self, frame: bytes) -> None:
        """This one in place of all."""
        draft = self._path.with_suffix(".draft")
        self._write(draft, 0, frame)
        os.replace(draft, self._path)
        self.size = _LENGTH + len(frame)

    def drop(self) -> None:
        """Nothing is held any more."""
        self._path.unlink(missing_ok=True)
        self.size = 0

    @staticmethod
    def _write(path: Path, at: int, frame: bytes) -> None:
        """INVARIANT: behind `at` there is this frame or nothing."""
        data = len(frame).to_bytes(_LENGTH) + frame
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(fd, at)
                if at + len(data) > _MOST or os.pwrite(fd, data, at) != len(data):
                    raise KeepingError("windows.memory")
            finally:
                os.close(fd)
        except OSError as error:
            raise KeepingError("windows.memory") from error
