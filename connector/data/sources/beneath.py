"""Opening files below a root by descriptor, and telling one version of a file from another.

What lives here: the only code that turns a member path into an open file. What does not: what is done with it.
Nothing outside the root can be reached: each component is opened relative to the one before it, without following
symbolic links, and must not be `.`, `..`, empty or hidden. Only regular files are opened.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple, cast

from connector.errors import OurError, SourceError, UnknownError

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOWAIT: int = getattr(os, "RWF_NOWAIT", 0)


class Version(NamedTuple):
    """What tells one version of a file from another."""

    device: int
    inode: int
    size: int
    modified: int


def version(status: os.stat_result) -> Version:
    """The version that a status speaks of."""
    return Version(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def is_named(part: str) -> bool:
    """True for a component that may be shared: not hidden, and nothing that a path could mean otherwise."""
    return bool(part) and not part.startswith(".") and "/" not in part and "\0" not in part


def open_root(path: str) -> int:
    """A descriptor of the shared folder. Links in the operator's own path are followed. Raises `OurError`."""
    try:
        return os.open(path, _FOLDER)
    except (OSError, ValueError):
        raise SourceError("source.unreadable") from None


def look(path: str) -> Version | None:
    """The version of a file without opening it; None where it cannot be told."""
    try:
        return version(os.stat(path, follow_symlinks=False))
    except (OSError, ValueError):
        return None


def open_file(path: str) -> tuple[int, Version]:
    """The one file that an operator has named. Raises `OurError` where it is none, or cannot be read."""
    try:
        return _regular(path, None)
    except (OSError, ValueError):
        raise SourceError("source.unreadable") from None


def open_member(root: int, member: str) -> tuple[int, Version]:
    """A regular file below `root`. Raises `UnknownError` for everything else, whatever it is."""
    parts = member.split("/")
    if not all(is_named(part) for part in parts):
        raise UnknownError("data.unknown")
    folder = root
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            if folder != root:
                os.close(folder)
            folder = below
        return _regular(parts[-1], folder)
    except (OSError, ValueError):
        raise UnknownError("data.unknown") from None
    finally:
        if folder != root:
            os.close(folder)


def _regular(name: str, folder: int | None) -> tuple[int, Version]:
    """Open what is a regular file before and after: opening a device or a pipe can already do something."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise OSError
    file = os.open(name, _FILE, dir_fd=folder)
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise OSError
    return file, version(status)


def read(file: int, start: int, length: int) -> bytes:
    """Exactly `length` bytes. Raises `OurError`, `data.changed` where the file has become shorter."""
    parts: list[bytes] = []
    while length > 0:
        try:
            data = os.pread(file, length, start)
        except OSError:
            raise SourceError("source.unreadable") from None
        if not data:
            raise OurError("data.changed")
        parts.append(data)
        start, length = start + len(data), length - len(data)
    return b"".join(parts)


def read_now(file: int, start: int, length: int) -> bytes | None:
    """The same where it lies in memory as a whole, without waiting for the disk (preadv2(2), RWF_NOWAIT); else None."""
    if not _NOWAIT:
        return None
    into = bytearray(length)
    try:
        # Nobody keeps the buffer, so that nobody minds that it could be changed.
        return cast(bytes, into) if os.preadv(file, [into], start, _NOWAIT) == length else None
    except OSError:
        return None


def check_unchanged(file: int, known: Version) -> None:
    """Raises `OurError` (`data.changed`) where the file is not the version that it was; asked after each read."""
    try:
        unchanged = version(os.fstat(file)) == known
    except OSError:
        unchanged = False
    if not unchanged:
        raise OurError("data.changed")
