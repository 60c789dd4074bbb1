"""Bytes that are on disk for good: what arrives from others, before it is acknowledged.

What lives here: writing behind what is there, and the folders on the way. What does not: which bytes, and where.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from connector.errors import NodeError, StoreError

log = structlog.get_logger()


def write(path: Path, offset: int, data: bytes, *, short: NodeError, folders: int) -> None:
    """Put bytes on disk for good, from this byte of the file on, in the place of whatever stands behind it. Of a new
    file so many `folders` above it are new too.

    Raises `short` where the file does not reach as far as `offset`, and `StoreError` `store.io`.
    """
    try:
        is_new = not path.exists()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _put(handle, offset, data, short)
        finally:
            os.close(handle)
        for folder in list(path.parents)[:folders] if is_new else ():
            _sync(folder)
    except OSError as error:
        log.warning("data.unwritten", error=error.strerror)
        raise StoreError("store.io") from None


def _put(handle: int, offset: int, data: bytes, short: NodeError) -> None:
    if os.fstat(handle).st_size < offset:
        raise short
    os.ftruncate(handle, offset)
    os.lseek(handle, offset, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
