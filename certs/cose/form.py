"""How COSE messages are written, each in one way only (RFC 9052, 3 and 4): what the kinds of messages have in common.

What lives here: bounds, headers, byte strings, sequences of messages, the error that every failure is. What does not:
signatures, tags and keys.

Narrower than the standard: the tag is there, lengths are definite and in their shortest form (RFC 8949, 4.1), the
algorithm is protected, no label occurs twice, nothing stands behind the end, and a critical header that is not
understood is refused, which all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal

import cbor2
from msgspec import Struct

from certs import cbor
from certs.cbor import CborError

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of a message; a longer one is not looked at."""
MAX_HEADER: Final = 512
ALG, CONTENT, KID, IV, CLAIMS = 1, 3, 4, 5, 15
_SHORT: Final = tuple(bytes((0x40 | length,)) for length in range(24))
_LONG: Final = {1: b"\x58", 2: b"\x59", 4: b"\x5a"}
COMMON: Final = frozenset({ALG, CONTENT, KID})

SecretAlgorithm = Literal["A128GCM", "A192GCM", "A256GCM", "ChaCha20/Poly1305", "HMAC 256/256"]


class CoseError(Exception):
    """A message or key that proves nothing. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Secret(Struct, frozen=True, eq=False):
    """A key that both sides have; `algorithm` is the only one that it may be used with."""

    algorithm: SecretAlgorithm
    key: bytes

    def __repr__(self) -> str:
        return f"Secret({self.algorithm})"


def bounded(message: bytes, start: bytes) -> int:
    """The place behind the beginning that this kind of message has. Raises `CoseError`: `cose.too_large`,
    `cose.malformed`."""
    if len(message) > MAX_MESSAGE:
        raise CoseError("cose.too_large")
    if not message.startswith(start):
        raise CoseError("cose.malformed")
    return len(start)


def take(message: bytes, at: int) -> tuple[bytes, int]:
    """A byte string of definite, shortest length at this place, and the place behind it. Raises `CoseError`
    `cose.malformed`."""
    first = message[at] if at < len(message) else 0
    short, width = first & 0x1F, 0
    if first >> 5 != 2 or short > 27:
        raise CoseError("cose.malformed")
    if short >= 24:
        width = 1 << (short - 24)
        length = int.from_bytes(message[at + 1 : at + 1 + width])
        if length < (24 if width == 1 else 1 << (width * 4)):
            raise CoseError("cose.malformed")
    else:
        length = short
    start = at + 1 + width
    if start + length > len(message):
        raise CoseError("cose.malformed")
    return message[start : start + length], start + length


def given(data: bytes) -> bytes:
    """These bytes as a byte string. (The library takes a tenth of the time of a signature for it.)"""
    length = len(data)
    if length < 24:
        return _SHORT[length] + data
    width = 1 if length < 1 << 8 else 2 if length < 1 << 16 else 4
    return _LONG[width] + length.to_bytes(width) + data


def ended(message: bytes, at: int) -> None:
    """Return if nothing is left; raises `CoseError` `cose.malformed`."""
    if at != len(message):
        raise CoseError("cose.malformed")


def unprotected(message: bytes, at: int, labels: tuple[int, ...] = (KID,)) -> tuple[dict[int, bytes], int]:
    """The unprotected header: nothing but byte strings under these labels (below 24), in order. Raises `CoseError`:
    `cose.header`, `cose.malformed`."""
    count = message[at] - 0xA0 if at < len(message) else -1
    if not 0 <= count <= len(labels):
        raise CoseError("cose.header")
    found: dict[int, bytes] = {}
    at += 1
    for _ in range(count):
        label = message[at] if at < len(message) else -1
        if label not in labels or any(label <= known for known in found):
            raise CoseError("cose.header")
        found[label], at = take(message, at + 1)
    return found, at


@lru_cache(maxsize=512)
def protected(data: bytes, labels: frozenset[int] = COMMON) -> Mapping[int, Any]:
    """The protected header; whatever is written in another way than we would write it is refused. Raises `CoseError`:
    `cose.malformed`, `cose.header`, `cose.algorithm` (no number)."""
    if len(data) > MAX_HEADER:
        raise CoseError("cose.header")
    try:
        header = cbor2.loads(data, max_depth=8)
        same = type(header) is dict and cbor2.dumps(header) == data
    except Exception as error:  # whatever a decoder of foreign bytes may raise
        raise CoseError("cose.malformed") from error
    if not same or not all(type(label) is int and label in labels for label in header):
        raise CoseError("cose.header")
    if type(header.get(ALG)) is not int:
        raise CoseError("cose.algorithm")
    if type(header.get(CONTENT, "")) not in (int, str) or type(header.get(KID, b"")) is not bytes:
        raise CoseError("cose.header")
    return MappingProxyType(header)


def kid_in(header: Mapping[int, Any], outside: Mapping[int, bytes]) -> bytes:
    """The key id. Raises `CoseError` `cose.header`: a label may stand in one of the two only (RFC 9052, 3)."""
    if KID in outside and KID in header:
        raise CoseError("cose.header")
    kid: bytes = header.get(KID, outside.get(KID, b""))
    return kid


def split(body: bytes) -> list[bytes]:
    """The messages of a sequence (RFC 8742), unread. Raises `CoseError`: `cose.too_large`, `cose.malformed`."""
    try:
        return cbor.split(body, most=MAX_MESSAGE)
    except CborError as error:
        raise CoseError("cose.too_large" if error.code == "cbor.size" else "cose.malformed") from None
