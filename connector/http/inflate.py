"""Content codings taken off a peer's answer in bounded pieces: identity, gzip, zstd (RFC 9110, 8.4; RFC 8878).

What lives here: decoders that never hand out, nor hold, more than one piece at a time, so that a few kilobytes which
inflate to gigabytes cost nothing beyond the piece at which somebody stops. What does not: how much is too much.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

PIECE = 65_536
"""Bytes of a piece of gzip at most."""
WINDOW = 8 * 1024 * 1024
"""Window that a zstd frame may ask for (RFC 8878, 3.1.1.1.2 recommends 8 MB)."""

ACCEPTED = "gzip, zstd"


class InflateError(Exception):
    """A coding that is not known, or content that does not follow it."""


class Decoder(Protocol):
    """Takes a coding off."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of what has come so far; must be exhausted before the next call. Raises `InflateError`."""

    def finish(self) -> None:
        """The content is at its end; `InflateError` where it was cut short."""


def decoder(coding: str) -> Decoder:
    """The decoder for the value of Content-Encoding. Raises `InflateError` for any that was not asked for."""
    match coding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Gzip()
        case "zstd":
            return Zstd()
        case _:
            raise InflateError(coding[:32])


class Plain:
    """No coding: what comes is handed on."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes themselves."""
        yield data

    def finish(self) -> None:
        """Always complete: the length is HTTP's business."""


class Gzip:
    """One gzip member; anything behind it is refused."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most `PIECE` bytes."""
        while data:
            if self._inflate.eof:
                raise InflateError("gzip")
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise InflateError("gzip") from error
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            if piece:
                yield piece

    def finish(self) -> None:
        """The member's checksum must have been seen."""
        if not self._inflate.eof:
            raise InflateError("gzip")


class Zstd:
    """One zstd frame; anything behind it is refused.

    `zstandard` cannot be told how much to put out. A block takes at least four bytes and gives at most 128 KiB (RFC
    8878, 3.1.1.2), so feeding `_SLICE` bytes at a time bounds a piece to 4 MiB.
    """

    _SLICE = 128

    def __init__(self) -> None:
        self._inflate = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most 4 MiB."""
        for at in range(0, len(data), self._SLICE):
            if self._inflate.eof:
                raise InflateError("zstd")
            try:
                piece = self._inflate.decompress(data[at : at + self._SLICE])
            except zstandard.ZstdError as error:
                raise InflateError("zstd") from error
            if self._inflate.unused_data:
                raise InflateError("zstd")
            if piece:
                yield piece

    def finish(self) -> None:
        """The frame must be complete."""
        if not self._inflate.eof:
            raise InflateError("zstd")
