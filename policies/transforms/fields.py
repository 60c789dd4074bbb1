"""Names of fields, and steps as a header field.

What lives here: which texts name a field, and the structured field (RFC 9651) that says what was done. What does not:
finding a field in a row (`table`, `tree`).

A field is named as in the data: a column's heading; in JSON a key, at whatever depth it occurs, or a JSON pointer from
the row on (RFC 6901, `/person/name`), which goes through every element of the arrays that it meets.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 200
_MOST: Final = 3000
"""Octets of a header field that every client and proxy takes."""


def is_field(text: str) -> bool:
    """Can this be a field's name?"""
    return 0 < len(text) <= _LONGEST and text.isprintable() and text == text.strip() and text != "/"


def structured(steps: Sequence[tuple[str, tuple[str, ...], dict[str, str]]], digest: bytes) -> str:
    """A list of inner lists, a step each, and at its end the digest; of a chain that is too long for a header field the
    digest alone."""
    said = [
        f"({' '.join([name, *map(_string, about)])})"
        + "".join(f";{key.replace('_', '-')}={_string(value)}" for key, value in more.items())
        for name, about, more in steps
    ]
    last = f"digest;sha-256=:{b64encode(digest).decode()}:"
    text = ", ".join([*said, last])
    return text if len(text) <= _MOST else last


def _string(text: str) -> str:
    """A string, or where ASCII is not enough a display string."""
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return '%"' + "".join(chr(b) if 0x20 <= b < 0x7F and b not in b'%"' else f"%{b:02x}" for b in text.encode()) + '"'
