"""Bytes of a peer -> plain JSON, or a refusal; nothing that two parsers could read differently gets through.

What lives here: what is asked of the JSON text itself: UTF-8, one value, no key twice, no lone surrogate, no number
beyond a double, bounded depth and number of values (RFC 8259, sections 4, 6, 8, 9; RFC 7493). What does not: the size
limit (the caller's), the form of messages (`lenient`, `shapes`).

Keys that occur twice are found without a second parser: outside its strings, JSON holds exactly one colon a key. So a
text in which a key occurred twice has more of them than the same value written anew.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from connector.errors import MessageError

MAX_DEPTH = 64
"""Nested arrays and objects. The deepest official example has 9."""

MAX_VALUES = 20_000
"""Values in one message. The largest agreements seen have a few hundred."""

MAX_VALUES_REPLY = 200_000
"""Values in an answer to a request of our own, where a catalogue page may be long."""

_HUGE = re.compile(rb"(?<![0-9.])[0-9]{17,}")
"""An integer beyond what every reader of JSON represents (RFC 7493, 2.2), told by its length: 2**53 has 16 digits."""

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read(body: bytes, *, max_values: int = MAX_VALUES) -> Any:
    """The plain value of a JSON text.

    Raises `MessageError`: `message.values` (too many), `message.encoding` (not UTF-8), `message.number` (not
    representable), `message.depth`, `message.json` (malformed), `message.duplicate` (a key twice in one object).
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > max_values:
        raise MessageError("message.values", limit=str(max_values))
    value = _decoded(body)
    outside = _outside_strings(body)
    if _depth(outside) > MAX_DEPTH:
        raise MessageError("message.depth", limit=str(MAX_DEPTH))
    if _HUGE.search(outside):
        raise MessageError("message.number")
    if outside.count(b":") != _outside_strings(_encoded(value)).count(b":"):
        raise MessageError("message.duplicate")
    return value


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise MessageError("message.encoding") from None
    except RecursionError:
        raise MessageError("message.depth", limit=str(MAX_DEPTH)) from None
    except msgspec.ValidationError:  # the only thing that can be invalid where no type is asked for
        raise MessageError("message.number") from None
    except msgspec.DecodeError:
        raise MessageError("message.json") from None


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (RecursionError, ValueError):  # unreachable for a value that msgspec has just read; refuse all the same
        raise MessageError("message.json") from None


def _outside_strings(text: bytes) -> bytes:
    r"""A valid JSON text without its strings. Escapes pair up from the left, so `\\` goes before `\"`."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(text.split(b'"')[::2])


def _depth(outside: bytes) -> int:
    """How deep brackets nest, counted up to one beyond the limit: each pass takes the innermost pairs away."""
    brackets = outside.translate(_BRACKETS, _NOT_BRACKETS)
    for depth in range(MAX_DEPTH + 1):
        if not brackets:
            return depth
        brackets = brackets.replace(b"[]", b"")
    return MAX_DEPTH + 1
