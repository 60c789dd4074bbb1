"""Reading a JSON object that somebody else wrote, where a second meaning would be dangerous: tokens, key documents.

What lives here: one reader for an object of bounded size without duplicate names (RFC 8259 leaves their meaning open,
RFC 7515, 4 and RFC 7519, 4 want them refused), and canonical base64url (RFC 7515, 2). What does not: what the object
means.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"\s*(:?)')
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")


class StrictError(Exception):
    """Bytes that are not one well-formed JSON object, or not canonical base64url."""


def read_object(data: bytes) -> dict[str, Any]:
    """The object, or `StrictError`: not JSON, not an object, nested too deep, or with a name twice at any depth."""
    found = read_as(data, dict[str, Any])
    # INVARIANT: in valid JSON every name is a string followed by a colon, so the text holds as many of them as the
    # object keeps, unless one was overwritten by its double.
    if sum(map(bool, _STRINGS.findall(data))) != _names(found):
        raise StrictError
    return found


def read_as(data: bytes, kind: type[T]) -> T:
    """Decode as `kind`; every failure, also of depth and of encoding, is `StrictError`."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StrictError from error


def _names(value: Any) -> int:
    """How many names all objects in `value` hold together; the decoder has bounded the depth."""
    if isinstance(value, dict):
        return len(value) + sum(_names(item) for item in value.values() if isinstance(item, dict | list))
    return sum(_names(item) for item in value if isinstance(item, dict | list))


def from_base64url(text: bytes) -> bytes:
    """Bytes of unpadded base64url; `StrictError` for padding, foreign characters or spare bits that are not zero."""
    try:
        data = a2b_base64(text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4), strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise StrictError from error
    if to_base64url(data) != text:
        raise StrictError
    return data


def to_base64url(data: bytes) -> bytes:
    """Unpadded base64url."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")
