"""Whether a bit in a status list is set, read without unpacking the list as a whole.

What lives here: one bit. What does not: lists as they are made and published (`certs.status`), which bits count
(`decisions`). Source: W3C Bitstring Status List 1.0, 2 and 4 (GZIP, multibase base64url, the first bit is the highest).

A list has at least 16 KiB and may have many megabytes; the device reads as far as the bit, and remembers the answer.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final

from certs.strict import StrictError, from_base64url

_PIECE: Final = 1 << 16
_MOST: Final = 16 << 20
_LEAST: Final = 131_072 // 8


@lru_cache(maxsize=256)
def is_set(bits: str, index: int) -> bool:
    """The bit at `index` of a packed list. Raises `ValueError` for what is no such list, for one that is shorter than a
    list may be, and for an index beyond its end."""
    try:
        packed = from_base64url(bits.removeprefix("u").encode("ascii"))
    except (StrictError, UnicodeEncodeError):
        raise ValueError("no packed list") from None
    at, reader, seen = index >> 3, zlib.decompressobj(wbits=31), 0
    wanted, found = max(at + 1, _LEAST), 0
    while not reader.eof and seen < wanted:
        try:
            piece = reader.decompress(packed, _PIECE)
        except zlib.error:
            raise ValueError("no packed list") from None
        packed = reader.unconsumed_tail
        if not piece and not packed and not reader.eof:
            break
        if seen <= at < seen + len(piece):
            found = piece[at - seen]
        seen += len(piece)
    if index < 0 or seen < wanted or wanted > _MOST:
        raise ValueError("not that long")
    return bool(found & (0x80 >> (index & 7)))
