"""A folder as a tar archive of known size that is never written anywhere: any range of it can be made on demand.

What lives here: surveying a folder, the layout of its archive, the bytes of a range. What does not: hashing, HTTP.
Source: POSIX.1-2001 pax interchange format. Order is by name in code points; owners, modes and devices are left out.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from bisect import bisect_right

from msgspec import Struct

from connector.data.sources import beneath
from connector.errors import OurError, SourceError, TooLargeError, UnknownError

MOST = 100_000
"""Files in one archive."""
_BLOCK = 512
_END = bytes(2 * _BLOCK)


class Part(Struct, frozen=True):
    """A stretch of the archive: header and padding as `data`, or the content of the file `name` in one version."""

    offset: int
    length: int
    data: bytes = b""
    name: str = ""
    version: beneath.Version | None = None


class Layout(Struct, frozen=True):
    """An archive before its bytes. `key` tells it from any other content."""

    size: int
    parts: tuple[Part, ...]
    offsets: tuple[int, ...]
    key: bytes


def survey(root: int) -> Layout:
    """The layout of a folder's archive. Raises `TooLargeError` beyond `MOST` files, `OurError` where unreadable."""
    try:
        return _layout(sorted(_files(root)))
    except OSError:
        raise SourceError("source.unreadable") from None


def _files(root: int) -> list[tuple[str, beneath.Version]]:
    """Every regular file below `root` by its name relative to it; links are neither followed nor listed."""
    found: list[tuple[str, beneath.Version]] = []
    for folder, below, names, descriptor in os.fwalk(".", dir_fd=root, follow_symlinks=False):
        below[:] = [name for name in below if beneath.is_named(name)]
        for name in filter(beneath.is_named, names):
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            path = f"{folder}/{name}".removeprefix("./")
            if stat.S_ISREG(status.st_mode) and _is_text(path):
                found.append((path, beneath.version(status)))
        if len(found) > MOST:
            raise TooLargeError("data.members", most=str(MOST))
    return found


def _is_text(path: str) -> bool:
    """False for a name that is no UTF-8: nobody could ask for it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _layout(files: list[tuple[str, beneath.Version]]) -> Layout:
    parts: list[Part] = []
    offset = 0

    def add(length: int, data: bytes = b"", name: str = "", version: beneath.Version | None = None) -> None:
        nonlocal offset
        if length:
            parts.append(Part(offset, length, data, name, version))
            offset += length

    key = hashlib.sha256()
    for name, version in files:
        key.update(repr((name, version)).encode())
        header = _header(name, version)
        add(len(header), header)
        add(version.size, name=name, version=version)
        padding = -version.size % _BLOCK
        add(padding, bytes(padding))
    add(len(_END), _END)
    return Layout(offset, tuple(parts), tuple(part.offset for part in parts), key.digest())


def _header(name: str, version: beneath.Version) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = version.size
    entry.mtime = version.modified // 1_000_000_000
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def piece(root: int, layout: Layout, start: int, length: int) -> bytes:
    """Bytes of the archive. Raises `OurError` (`data.changed`) where a file is not the version that was surveyed."""
    made: list[bytes] = []
    index = bisect_right(layout.offsets, start) - 1
    while length > 0:
        part = layout.parts[index]
        first = start - part.offset
        count = min(length, part.length - first)
        made.append(part.data[first : first + count] if part.version is None else _read(root, part, first, count))
        start, length, index = start + count, length - count, index + 1
    return b"".join(made)


def _read(root: int, part: Part, first: int, count: int) -> bytes:
    assert part.version is not None
    try:
        file, _ = beneath.open_member(root, part.name)
    except UnknownError:
        raise OurError("data.changed") from None
    try:
        data = beneath.read(file, first, count)
        beneath.check_unchanged(file, part.version)
    finally:
        os.close(file)
    return data
