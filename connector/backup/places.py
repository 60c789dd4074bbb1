"""A directory that is made whole or not at all, in an empty place: what restore, export and import have in common.

What lives here: building beside the place that is wanted, and the one rename at the end. What does not: what is built.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from connector.errors import InputError, StoreError
from connector.store.lock import DirectoryLock


@contextmanager
def beside(directory: Path) -> Iterator[Path]:
    """An empty directory on the same disk as the one that is wanted; what a killed restore left is cleared first.

    INVARIANT: only who holds the lock of the directory around it builds in it.
    """
    if _occupied(directory):
        raise InputError("restore.occupied", path=str(directory))
    around = directory.absolute().with_name(f".{directory.name}.restoring")
    try:
        around.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own(around)
        lock = DirectoryLock(str(around))
        shutil.rmtree(around / "node", ignore_errors=True)
        (around / "node").mkdir(mode=0o700)
    except OSError as error:
        raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None
    except StoreError:
        raise InputError("restore.busy", path=str(directory)) from None
    try:
        yield around / "node"
    finally:
        shutil.rmtree(around, ignore_errors=True)
        lock.release()


def _own(folder: Path) -> None:
    """Raises `OSError` where somebody else has made the directory, or leads us elsewhere: in it they could change what
    is built, or read keys."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(folder))


def _occupied(directory: Path) -> bool:
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None


def write(place: Path, name: str, content: bytes) -> None:
    """A file below `place` that only its owner may read, on disk when this returns."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or "\0" in name:
        raise InputError("backup.contents", what="a file that leads outside")
    path = place.joinpath(*parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def settle(place: Path, directory: Path) -> None:
    """INVARIANT: under its name the directory is there whole, and on disk, or not at all."""
    for folder, _, names in os.walk(place):
        for name in names:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))
    place.rename(directory)
    sync_folder(directory.absolute().parent)


def sync_folder(folder: Path) -> None:
    """Force a directory's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
