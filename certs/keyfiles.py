"""Files that hold private keys and what belongs to them: written whole, read only where nobody else can.

What lives here: one file or a folder of files on disk, with the mode that a secret needs. What does not: what is in
them (`keys`, `region`).
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from certs.keys import KeyFileError

PRIVATE, PUBLIC = 0o600, 0o644
LIMIT = 65_536
"""Bytes of a file; a longer one is cut, and then it is unreadable."""


def read_private(path: Path) -> bytes:
    """The content of a file that only this user may read. Links are not followed.

    Raises `KeyFileError`: `key.missing`, `key.unreadable`, `key.kind` (no regular file), `key.owner`, `key.mode`.
    """
    return _read(path, forbidden=0o177)


def read_public(path: Path) -> bytes:
    """The content of a file that nobody else may write. Raises as `read_private`."""
    return _read(path, forbidden=0o133)


def _read(path: Path, *, forbidden: int) -> bytes:
    """Judged on the open descriptor, so that nothing is exchanged in between."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileError("key.missing", path=str(path)) from error
    except OSError as error:
        raise KeyFileError("key.unreadable", path=str(path), error=error.strerror or "") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise KeyFileError("key.kind", path=str(path))
    with os.fdopen(descriptor, "rb") as file:
        if found.st_uid != os.geteuid():
            raise KeyFileError("key.owner", path=str(path), owner=str(found.st_uid), want=str(os.geteuid()))
        if found.st_mode & forbidden:
            want = f"{0o777 & ~forbidden:04o}"
            raise KeyFileError("key.mode", path=str(path), mode=f"{stat.S_IMODE(found.st_mode):04o}", want=want)
        return file.read(LIMIT)


def replace(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put `content` in the place of what is there, on disk when this returns. Raises `KeyFileError` `keys.write`."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        _write(fresh, content, mode)
        fresh.replace(path)
        sync(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise KeyFileError("keys.write", path=str(path), error=error.strerror or "") from error


def create_folder(folder: Path, files: Mapping[str, tuple[bytes, int]]) -> None:
    """A new folder with these files (content and mode), all or none of them, on disk when this returns.

    Raises `KeyFileError`: `keys.exist` where something lies there already, `keys.write`.
    """
    fresh = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    try:
        fresh.mkdir(mode=0o700)
        for name, (content, mode) in files.items():
            _write(fresh / name, content, mode)
        sync(fresh)
        # INVARIANT: a directory replaces an empty one or none; a crash leaves the whole set or nothing under this name.
        fresh.rename(folder)
        sync(folder.parent)
    except OSError as error:
        _discard(fresh, files)
        code = "keys.exist" if folder.is_dir() and any(folder.iterdir()) else "keys.write"
        raise KeyFileError(code, path=str(folder), error=error.strerror or "") from error


def sync(folder: Path) -> None:
    """Force a directory's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _discard(folder: Path, files: Mapping[str, tuple[bytes, int]]) -> None:
    for name in files:
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()
