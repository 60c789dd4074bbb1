"""Files and folders as sources (`file`, `folder`), read where they lie.

What lives here: one file, a member of a folder, and a folder as a whole: a tar archive (POSIX.1-2001 pax) made on the
way, whose bytes depend only on names, contents and modification times, so that it has a size, a hash and ranges like a
file. What does not: opening safely (`beneath`), the archive's layout (`archive`), HTTP.

Settings: `path`, absolute. Hidden names (with a leading dot) are not shared, neither are links, devices and pipes. The
ETag is made from the content's hash: touching a file changes nothing, any other byte does. What is small is read at
once; the rest is read and hashed beside the event loop. A file that changes while it is read ends the stream.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from connector.data.sources import archive, beneath
from connector.errors import UnknownError
from connector.ports import Clock, Content, Held
from connector.records import Asset

SMALL = 1 << 16
PIECE = 1 << 20
_KEPT = 8192
_KEPT_SMALL = 128
_AT_ONCE = 2
_TICK = 2_000_000
"""Microseconds after which no file system takes a change for the same instant."""
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".zip": "application/zip",
}


class Contents:
    """Small contents, by version. INVARIANT: what was modified just now is not kept, for the next change may fall into
    the same tick of the file system's clock and look like none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[beneath.Version, str], Content] = {}

    def of(self, known: beneath.Version | None, media_type: str) -> Content | None:
        """The content of this version as this type, where it is kept."""
        return None if known is None else self._known.get((known, media_type))

    def keep(self, known: beneath.Version, content: Content) -> Content:
        """Keep it, within bounds."""
        if self.is_settled(known):
            if len(self._known) >= _KEPT_SMALL:
                del self._known[next(iter(self._known))]
            self._known[known, content.media_type] = content
        return content

    def is_settled(self, known: beneath.Version) -> bool:
        """True where a later change is sure to show in the modification time."""
        return 0 < known.modified < (self._clock.now() - _TICK) * 1000


class Digests:
    """SHA-256 by version of a content: made once, beside the event loop, two at a time."""

    def __init__(self) -> None:
        self._known: dict[Hashable, bytes] = {}
        self._making: dict[Hashable, asyncio.Task[bytes]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def of(self, key: Hashable, make: Callable[[], bytes], *, keep: bool) -> bytes:
        """The hash of the content that `key` tells from any other; who asks meanwhile waits for the same. Without
        `keep` it is forgotten: the key may not tell the next change."""
        if (known := self._known.get(key)) is not None:
            return known
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.get_running_loop().create_task(self._make(key, make, keep))
        return await asyncio.shield(task)

    async def _make(self, key: Hashable, make: Callable[[], bytes], keep: bool) -> bytes:
        try:
            async with self._turn:
                made = await asyncio.to_thread(make)
        finally:
            del self._making[key]
        if keep:
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = made
        return made


def check_path(settings: Mapping[str, Any], closed: Sequence[Path], exists: Callable[[Path], bool]) -> list[str]:
    """What is wrong with the settings of a file or folder."""
    path = settings.get("path")
    if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
        return ["path: an absolute path is needed"]
    if unknown := sorted(set(settings) - {"path"}):
        return [f"{name}: unknown setting" for name in unknown]
    real = Path(path).resolve()
    if any(real.is_relative_to(own) or own.is_relative_to(real) for own in closed):
        return ["path: the node's own directory is never shared"]
    if not exists(real) or not os.access(real, os.R_OK):
        return ["path: not there, or not readable for the node"]
    return []


class _Opened:
    """An open file of one version."""

    def __init__(self, file: int, known: beneath.Version) -> None:
        self.file, self.version = file, known

    def piece(self, start: int, length: int) -> bytes:
        """Bytes of this version and no other: the check comes after the read."""
        data = beneath.read(self.file, start, length)
        self.check()
        return data

    def sha256(self) -> bytes:
        """Hash of the whole."""
        return _hashed(self.piece, self.version.size)

    def piece_now(self, start: int, length: int) -> bytes | None:
        """The same, where it lies in memory; else None."""
        data = beneath.read_now(self.file, start, length)
        self.check()
        return data

    def check(self) -> None:
        """Raises `OurError` where it is another version by now."""
        beneath.check_unchanged(self.file, self.version)

    def close(self) -> None:
        os.close(self.file)


def _hashed(piece: Callable[[int, int], bytes], size: int) -> bytes:
    made = hashlib.sha256()
    for start in range(0, size, PIECE):
        made.update(piece(start, min(PIECE, size - start)))
    return made.digest()


async def _pieces(piece: Callable[[int, int], bytes], size: int, start: int, stop: int | None) -> AsyncIterator[bytes]:
    end = size if stop is None else stop
    while start < end:
        data = await asyncio.to_thread(piece, start, min(PIECE, end - start))
        yield data
        start += len(data)


async def _read(opened: _Opened, start: int, stop: int | None) -> AsyncIterator[bytes]:
    """The bytes of an open file. What lies in memory is copied at once: a thread would cost more than the copy."""
    end = opened.version.size if stop is None else stop
    while start < end:
        length = min(PIECE, end - start)
        data = opened.piece_now(start, length)
        if data is None:
            data = await asyncio.to_thread(opened.piece, start, length)
        yield data
        start += len(data)


async def _bytes(body: bytes, start: int, stop: int | None) -> AsyncIterator[bytes]:
    yield body[start:stop]


def _held(body: bytes, media_type: str, modified: int | None) -> Content:
    """A content that is in memory as a whole."""
    sha256 = hashlib.sha256(body).digest()
    return Content(
        media_type=media_type,
        etag=_etag(sha256),
        chunks=partial(_bytes, body),
        small=lambda: body,
        size=len(body),
        sha256=sha256,
        modified=modified,
    )


def _etag(sha256: bytes) -> str:
    return f'"{sha256[:16].hex()}"'


async def _content(opened: _Opened, media_type: str, digests: Digests, small: Contents) -> Content:
    """The content of an open file, closed with it. Raises `OurError` where the file will not hold still."""
    size = opened.version.size
    try:
        if size <= SMALL:
            body = opened.piece(0, size)
            opened.close()
            return small.keep(opened.version, _held(body, media_type, opened.version.modified // 1000))
        settled = small.is_settled(opened.version)
        sha256 = await digests.of(opened.version, opened.sha256, keep=settled)
    except BaseException:
        opened.close()
        raise
    return Content(
        media_type=media_type,
        etag=_etag(sha256),
        chunks=partial(_read, opened),
        close=opened.close,
        size=size,
        sha256=sha256,
        modified=opened.version.modified // 1000,
        held=Held(opened.file, opened.check) if settled else None,
    )


class FileSource:
    """One file; it has no members."""

    kind = "file"

    def __init__(self, *, clock: Clock, closed: Sequence[Path] = ()) -> None:
        self._closed = tuple(path.resolve() for path in closed)
        self._digests, self._small = Digests(), Contents(clock)

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        return check_path(settings, self._closed, Path.is_file)

    async def open(self, asset: Asset, path: str) -> Content:
        """As the port says."""
        if path:
            raise UnknownError("data.unknown")
        file = asset.settings["path"]
        if (known := self._small.of(beneath.look(file), asset.media_type)) is not None:
            return known
        opened = _Opened(*beneath.open_file(file))
        return await _content(opened, asset.media_type, self._digests, self._small)


class FolderSource:
    """A folder: the whole as one archive, its files as members."""

    kind = "folder"

    def __init__(self, *, clock: Clock, closed: Sequence[Path] = ()) -> None:
        self._closed = tuple(path.resolve() for path in closed)
        self._digests, self._small = Digests(), Contents(clock)

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        return check_path(settings, self._closed, Path.is_dir)

    async def open(self, asset: Asset, path: str) -> Content:
        """As the port says."""
        root = beneath.open_root(asset.settings["path"])
        try:
            if path:
                opened = _Opened(*beneath.open_member(root, path))
                return await _content(opened, _media_type(path), self._digests, self._small)
            return await self._whole(root)
        finally:
            os.close(root)

    async def _whole(self, root: int) -> Content:
        held = os.dup(root)
        try:
            layout = await asyncio.to_thread(archive.survey, held)
            piece = partial(archive.piece, held, layout)
            if layout.size <= SMALL:
                body = await asyncio.to_thread(piece, 0, layout.size)
                os.close(held)
                return _held(body, "application/x-tar", None)
            sha256 = await self._digests.of(
                layout.key, partial(_hashed, piece, layout.size), keep=self._is_settled(layout)
            )
        except BaseException:
            os.close(held)
            raise
        return Content(
            media_type="application/x-tar",
            etag=_etag(sha256),
            chunks=partial(_pieces, piece, layout.size),
            close=partial(os.close, held),
            size=layout.size,
            sha256=sha256,
        )

    def _is_settled(self, layout: archive.Layout) -> bool:
        return all(self._small.is_settled(part.version) for part in layout.parts if part.version is not None)


def _media_type(path: str) -> str:
    return _MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
