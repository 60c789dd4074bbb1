"""The file system as an update uses it: few calls, each of which a power cut may follow.

What lives here: the calls, and those that are put together so that a cut leaves the old or the new, never half. What
does not: in which order an update makes them (`updating`). Tests pass a disk that forgets what was not synced.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class Disk:
    """The real one."""

    # --- single calls -----------------------------------------------------------------------------------------------

    def write(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """A new file, or a file over another; not yet on the medium."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, mode)

    def copy(self, source: Path, target: Path) -> None:
        """A copy of a file with its owner and mode; not yet on the medium."""
        shutil.copy2(source, target)
        found = source.stat()
        if os.geteuid() == 0:
            os.chown(target, found.st_uid, found.st_gid)

    def link(self, path: Path, target: str) -> None:
        """A new symbolic link."""
        path.symlink_to(target)

    def folder(self, path: Path, mode: int = 0o755) -> None:
        """A folder, with those above it, where it is not there."""
        path.mkdir(mode=mode, parents=True, exist_ok=True)

    def rename(self, old: Path, new: Path) -> None:
        """A name for another, in one step."""
        old.rename(new)

    def unlink(self, path: Path) -> None:
        """One name less; it may be gone already."""
        path.unlink(missing_ok=True)

    def clear(self, path: Path) -> None:
        """A folder with everything in it; it may be gone already."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)

    def sync(self, path: Path) -> None:
        """The content of a file, or the names in a folder, onto the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_all(self) -> None:
        """Everything that was written onto the medium."""
        os.sync()

    # --- put together -----------------------------------------------------------------------------------------------

    def put(self, path: Path, text: str) -> None:
        """A small file, whole: on the medium when this returns; cut on the way, what stood there before."""
        draft = path.with_name(f".{path.name}.new")
        self.write(draft, text.encode())
        self.sync(draft)
        self.rename(draft, path)
        self.sync(path.parent)

    def point(self, path: Path, target: str) -> None:
        """A symbolic link to `target`, where it was pointing elsewhere; the same promise as `put`."""
        draft = path.with_name(f".{path.name}.new")
        self.unlink(draft)
        self.link(draft, target)
        self.rename(draft, path)
        self.sync(path.parent)

    def drop(self, path: Path) -> None:
        """A file less, for good when this returns."""
        self.unlink(path)
        self.sync(path.parent)
