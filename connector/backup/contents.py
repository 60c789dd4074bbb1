"""What is in a backup, as a stream of items: who it is of, files, the database's layout and rows, and an end.

What lives here: items <-> bytes. What does not: encryption (`archive`), reading and writing files and databases.
Each item is its length in four bytes (big endian) and MessagePack; the stream is zstd (RFC 8878).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import zstandard
from msgspec import Struct

from connector.errors import InputError
from connector.store.copying import Layout, Rows

FORMAT = 1
_LARGEST = 256 * 1024 * 1024
"""Bytes of the longest item that is read: a batch of rows is far below."""
_SLICE = 512
"""Compressed bytes that are expanded at once: a block takes 4 and makes up to 128 KiB, so these make 16 MiB at most."""


class Manifest(Struct, frozen=True, kw_only=True, tag="manifest"):
    """The first item: whose backup this is, when it was begun (microseconds UTC), by which version of the program."""

    did: str
    public_url: str
    at: int
    program: str
    format: int = FORMAT


class File(Struct, frozen=True, kw_only=True, tag="file"):
    """A file of the node's directory, by its path below it."""

    path: str
    content: bytes


class End(Struct, frozen=True, kw_only=True, tag="end"):
    """The last item: how many rows there were. A stream without it is not whole."""

    rows: int


Item = Manifest | File | Layout | Rows | End
_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder[Item](Item).decode


def written(items: Iterable[Item]) -> Iterator[bytes]:
    """The bytes of a stream of items."""
    squeeze = zstandard.ZstdCompressor(level=3).compressobj()
    for item in items:
        body = _write(item)
        if made := squeeze.compress(len(body).to_bytes(4, "big") + body):
            yield made
    yield squeeze.flush()


def read(parts: Iterable[bytes]) -> Iterator[Item]:
    """The items of a stream. Raises `InputError` `backup.contents` where it is not one, or has no end."""
    buffer = bytearray()
    ended = False
    for plain in _expanded(parts):
        buffer += plain
        for body in _bodies(buffer):
            if ended:
                raise InputError("backup.contents", what="behind the end")
            item = _item(body)
            ended = isinstance(item, End)
            yield item
    if not ended or buffer:
        raise InputError("backup.contents", what="no end")


def _expanded(parts: Iterable[bytes]) -> Iterator[bytes]:
    expand = zstandard.ZstdDecompressor().decompressobj()
    for part in parts:
        for start in range(0, len(part), _SLICE):
            try:
                yield expand.decompress(part[start : start + _SLICE])
            except zstandard.ZstdError:
                raise InputError("backup.contents", what="compression") from None


def _bodies(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete items off the front of a buffer."""
    start = 0
    while len(buffer) >= start + 4:
        size = int.from_bytes(buffer[start : start + 4], "big")
        if size > _LARGEST:
            raise InputError("backup.contents", what="an item that is too long")
        if len(buffer) < start + 4 + size:
            break
        yield bytes(buffer[start + 4 : start + 4 + size])
        start += 4 + size
    del buffer[:start]


def _item(body: bytes) -> Item:
    try:
        item: Item = _read(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError("backup.contents", what="an unknown item") from None
    return item
