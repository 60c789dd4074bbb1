"""JSON to rows and back: arrays of objects, one object a line, and feature collections (RFC 7946).

What lives here: taking one element after the other out of a text of any length, and writing elements the same way. What
does not: what is done to them (`rows`). Numbers keep their digits.

Of a feature collection its features leave, and the name of its reference system where it stands in front of them; its
box and other members do not, because they are made from all features, before anything was done to these.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from policies.model import PolicyError, Reason
from policies.transforms.delimited import Opened
from policies.transforms.numbers import usual
from policies.transforms.rows import Plan, Schema

_LARGEST: Final = 1 << 23
"""Octets of one element."""
_PIECE: Final = 1 << 18
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},:]', re.DOTALL)
_BLANK: Final = b" \t\r\n"

_decode = msgspec.json.Decoder(float_hook=lambda text: usual(Decimal(text))).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Elements:
    """Values one after the other out of a JSON text, in pieces. Raises `ValueError` for what is no JSON."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._buffer, self._at = pieces, b"", 0
        self._more()
        if self._buffer.startswith(codecs.BOM_UTF8):
            self._at = len(codecs.BOM_UTF8)

    def peek(self) -> bytes:
        """The next sign that is no blank; empty at the end."""
        while True:
            while self._at < len(self._buffer):
                sign = self._buffer[self._at : self._at + 1]
                if sign not in _BLANK:
                    return sign
                self._at += 1
            if not self._more():
                return b""

    def take(self, *signs: bytes) -> bytes:
        """One of these signs."""
        found = self.peek()
        if found not in signs or not found:
            raise ValueError("not the sign that has to stand here")
        self._at += 1
        return found

    def value(self) -> bytes:
        """The text of one value, whatever it is."""
        self.peek()
        start, at, depth = self._at, self._at, 0
        while True:
            found = _TOKEN.search(self._buffer, at)
            # A quotation mark alone is a string whose end has not come yet.
            if found is None or found[0] == b'"':
                seen = (len(self._buffer) if found is None else found.start()) - start
                if len(self._buffer) - start > _LARGEST:
                    raise ValueError("an element that is too large")
                self._buffer, self._at = self._buffer[start:], 0
                start, at = 0, seen
                if not self._more():
                    if found is None and depth == 0:
                        return self._cut(0, len(self._buffer))
                    raise ValueError("a text that ends early")
                continue
            sign = found[0][:1]
            if depth == 0 and sign in b",]}:":
                return self._cut(start, found.start())
            depth += (sign in b"[{") - (sign in b"]}")
            at = found.end()

    def _cut(self, start: int, end: int) -> bytes:
        self._at = end
        return self._buffer[start:end]

    def _more(self) -> bool:
        """Put the next piece behind what is left."""
        piece = next(self._pieces, b"")
        if self._at:
            self._buffer, self._at = self._buffer[self._at :], 0
        self._buffer += piece
        return bool(piece)


def _listed(text: _Elements) -> Iterator[bytes]:
    """The elements of an array."""
    text.take(b"[")
    if text.peek() == b"]":
        text.take(b"]")
        return
    while True:
        yield text.value()
        if text.take(b",", b"]") == b"]":
            return


def _at_end(text: _Elements) -> None:
    if text.peek():
        raise ValueError("something behind the end")


def _row(data: bytes) -> Any:
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ValueError("no JSON") from None


class Lines:
    """One object a line."""

    media_type = "application/x-ndjson"
    schema = Schema(tree=True)

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def __iter__(self) -> Iterator[Any]:
        """Every row. Raises `ValueError` for what is none."""
        left, first = b"", True
        for piece in self._opened():
            *lines, left = (left + piece).split(b"\n")
            if len(left) > _LARGEST:
                raise ValueError("a line that is too long")
            for line in lines:
                plain = line.removeprefix(codecs.BOM_UTF8) if first else line
                first = False
                if plain.strip():
                    yield _row(plain)
        plain = left.removeprefix(codecs.BOM_UTF8) if first else left
        if plain.strip():
            yield _row(plain)

    def written(self, rows: Iterable[Any], plan: Plan) -> Iterator[bytes]:
        """The bytes of what leaves."""
        return _gathered((_encode(row) + b"\n" for row in rows), b"", b"", b"")


class Array:
    """One array of objects."""

    media_type = "application/json"
    schema = Schema(tree=True)

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def __iter__(self) -> Iterator[Any]:
        """Every row. Raises `ValueError` for what is none."""
        text = _Elements(self._opened())
        for data in _listed(text):
            yield _row(data)
        _at_end(text)

    def written(self, rows: Iterable[Any], plan: Plan) -> Iterator[bytes]:
        """The bytes of what leaves."""
        return _gathered(map(_encode, rows), b"[", b",\n", b"]\n")


class Features:
    """One feature collection. Statistics of it are no features: they leave as an array."""

    media_type = "application/geo+json"
    schema = Schema(tree=True)

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._reference: Any = None

    @property
    def reference(self) -> str:
        """The name of the reference system, as far as it was read and is told; "" for that of RFC 7946."""
        return str(self._reference["properties"]["name"]) if self._reference else ""

    def __iter__(self) -> Iterator[Any]:
        """Every feature. Raises `ValueError` for what is none."""
        text = _Elements(self._opened())
        text.take(b"{")
        members: dict[str, Any] = {}
        met = False
        while True:
            name = _row(text.value())
            text.take(b":")
            if name == "features" and not met and text.peek() == b"[":
                met = True
                self._reference = _reference(members.get("crs"))
                yield from (_feature(data) for data in _listed(text))
            else:
                members[str(name)] = _row(text.value())
            if text.take(b",", b"}") == b"}":
                break
        _at_end(text)
        if not met or members.get("type") != "FeatureCollection":
            raise ValueError("no feature collection")

    def written(self, rows: Iterable[Any], plan: Plan) -> Iterator[bytes]:
        """The bytes of what leaves."""
        if plan.summarises:
            yield from _gathered(map(_encode, rows), b"[", b",\n", b"]\n")
            return
        left = iter(rows)
        first = next(left, None)
        # Only now has the beginning been read.
        reference = b'"crs":' + _encode(self._reference) + b"," if self._reference else b""
        begin = b'{"type":"FeatureCollection",' + reference + b'"features":['
        some = [] if first is None else [first]
        yield from _gathered((_encode(row) for part in (some, left) for row in part), begin, b",\n", b"]}\n")


def _feature(data: bytes) -> Any:
    row = _row(data)
    if not isinstance(row, dict) or row.get("type") != "Feature":
        raise ValueError("no feature")
    return row


def _reference(crs: Any) -> Any:
    """A reference system by its name alone, as files before RFC 7946 have it."""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return {"type": "name", "properties": {"name": name}} if isinstance(name, str) and len(name) <= 200 else None


def _gathered(rows: Iterable[bytes], begin: bytes, between: bytes, end: bytes) -> Iterator[bytes]:
    """Rows as pieces of a fair size."""
    parts, size, first = [begin], 0, True
    for row in rows:
        if not first and between:
            parts.append(between)
        first = False
        parts.append(row)
        size += len(row)
        if size >= _PIECE:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join([*parts, end])


def text_of(opened: Opened) -> Array | Features:
    """What kind of JSON this is: an array or a feature collection. Raises `PolicyError` for others."""
    try:
        first = _Elements(opened()).peek()
    except ValueError:
        first = b""
    if first == b"[":
        return Array(opened)
    if first == b"{":
        return Features(opened)
    raise PolicyError(Reason("transform.shape"))
