"""Pseudonyms: HMAC-SHA-256 of a value under a key of the agreement and the period.

What lives here: deriving keys (HKDF, RFC 5869) and making pseudonyms (RFC 2104, the first 128 bits in hex). What does
not: where keys lie and when they are destroyed (`connector.data.egress`).

The same value has the same pseudonym in every field of an agreement within a period, and another one in every other
agreement and period. Without the key nobody can say which value is behind one, and when the key is gone nobody can make
them again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from policies.transforms import times

_SUM: Final = "sha256"
_BYTES: Final = 16
_BLOCK: Final = 64
_INNER, _OUTER = bytes(n ^ 0x36 for n in range(256)), bytes(n ^ 0x5C for n in range(256))
_KEPT: Final = 1 << 14
"""Values whose pseudonyms are remembered: the first ones. Where there are many more, remembering gains nothing."""


def derive(secret: bytes, salt: bytes, about: str) -> bytes:
    """A key of 32 bytes out of a secret, for one use (HKDF-SHA-256 with one block)."""
    extracted = hmac.digest(salt, secret, _SUM)
    return hmac.digest(extracted, about.encode() + b"\x01", _SUM)


def of_period(key: bytes, now: int, period: str) -> bytes:
    """The key of the period that `now` falls in."""
    if not period:
        return derive(key, b"", "pseudonyms")
    start = times.grid(period).start(now, times.ZONE)
    return derive(key, b"", f"pseudonyms {period} {start}")


def maker(key: bytes) -> Callable[[Any], Any]:
    """Makes pseudonyms under a key; nothing (`""`, null) stays nothing. It raises `ValueError` for what is not one
    value."""
    known: dict[str, str] = {}
    make = _hmac(key)

    def pseudonym(value: Any) -> Any:
        if value.__class__ is not str:
            return None if value is None else make(_text(value))
        if (found := known.get(value)) is not None:
            return found
        if not value:
            return value
        made = make(value)
        if len(known) < _KEPT:
            known[value] = made
        return made

    return pseudonym


def _hmac(key: bytes) -> Callable[[str], str]:
    """HMAC-SHA-256 (RFC 2104, 4: with the two states after the key kept), cut and in hex."""
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = hashlib.sha256(block.translate(_INNER)).copy, hashlib.sha256(block.translate(_OUTER)).copy

    def make(text: str) -> str:
        one, two = inner(), outer()
        one.update(text.encode())
        two.update(one.digest())
        return two.digest()[:_BYTES].hex()

    return make


def _text(value: Any) -> str:
    """A number in JSON has the same pseudonym as its text."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError("not one value")  # noqa: TRY004 - a row that cannot be read, whatever its types
    return str(value)
