"""Geometries as texts and octets (WKT, WKB: OGC 06-103r4) and as GeoJSON (RFC 7946, 3.1), one made from the other.

What lives here: all directions; in texts every number as it stands. What does not: reference systems; what is read is
taken as it is. Three numbers are a position with a height; measures (`M`) are left out.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from policies.transforms.numbers import usual, write

Geometry = dict[str, Any]

_TOKEN = re.compile(r"\s*([(),]|[A-Za-z]+|[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)")
_SRID = re.compile(r"\s*SRID=[0-9]{1,9};", re.IGNORECASE)
_NAMES: Final = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}
_DEPTHS: Final[Mapping[str, int]] = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How many lists stand around a position."""
_WORDS: Final = {name: word for word, name in _NAMES.items()}
_DEEPEST: Final = 4
_SIGNS: Final = frozenset("(),")


def read(text: str) -> Geometry:
    """GeoJSON of a well-known text. Raises `ValueError` for what is none."""
    prefix = _SRID.match(text)
    reader = _Text(text[prefix.end() :] if prefix else text)
    made = reader.geometry(0)
    reader.end()
    return made


class _Text:
    """A text, token for token."""

    def __init__(self, text: str) -> None:
        self._left = _tokens(text)
        self._next = next(self._left, "")

    def take(self) -> str:
        token, self._next = self._next, next(self._left, "")
        return token

    def need(self, *tokens: str) -> str:
        token = self.take().upper()
        if token not in tokens:
            raise ValueError("no well-known text")
        return token

    def end(self) -> None:
        self.need("")

    def geometry(self, depth: int) -> Geometry:
        kind = _NAMES.get(self.take().upper())
        if kind is None or depth > _DEEPEST:
            raise ValueError("no geometry that is known")
        measured = 4
        if self._next.upper() in ("Z", "M", "ZM"):
            measured = 2 if self.take().upper() == "M" else 3
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self._some(lambda: self.geometry(depth + 1))}
        return {"type": kind, "coordinates": self._nested(_DEPTHS[kind], measured)}

    def _some(self, one: Any) -> list[Any]:
        if self.need("(", "EMPTY") == "EMPTY":
            return []
        made = [one()]
        while self.need(",", ")") == ",":
            made.append(one())
        return made

    def _nested(self, depth: int, most: int) -> Any:
        if depth == 0:
            if self.need("(", "EMPTY") == "EMPTY":
                return []
            position = self._position(most)
            self.need(")")
            return position
        if depth == 1:
            return self._some(lambda: self._loose(most))
        return self._some(lambda: self._nested(depth - 1, most))

    def _loose(self, most: int) -> Any:
        """A position in a list of them; those of a MULTIPOINT may stand in brackets of their own."""
        return self._nested(0, most) if self._next == "(" else self._position(most)

    def _position(self, most: int) -> list[Any]:
        numbers = []
        while self._next not in (",", ")", ""):
            numbers.append(_number(self.take()))
        if not 2 <= len(numbers) <= 4:
            raise ValueError("no position")
        return numbers[: min(most, 3)]


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError("no well-known text")
        yield found[1]
        at = found.end()


def _number(token: str) -> Any:
    if token[:1].isalpha() or token in _SIGNS:
        raise ValueError("no number")
    value = usual(Decimal(token))
    return int(value) if token.lstrip("+-").isdigit() else value


def text(geometry: Any) -> str:
    """Well-known text of GeoJSON. Raises `ValueError` for what is no geometry."""
    return _said(geometry, 0)


def _said(geometry: Any, depth: int) -> str:
    kind = str(geometry.get("type")) if isinstance(geometry, dict) else ""
    if kind == "GeometryCollection" and depth <= _DEEPEST and isinstance(geometry.get("geometries"), list):
        inner = ", ".join(_said(one, depth + 1) for one in geometry["geometries"])
        return f"GEOMETRYCOLLECTION ({inner})" if inner else "GEOMETRYCOLLECTION EMPTY"
    if kind not in _DEPTHS:
        raise ValueError("no geometry")
    found = geometry.get("coordinates")
    if not isinstance(found, list):
        raise ValueError("no coordinates")  # noqa: TRY004 - the same for whoever reads a row
    high = _height(found)
    body = _body(found, _DEPTHS[kind]) if found else "EMPTY"
    return f"{_WORDS[kind]}{' Z' if high else ''} {body}"


def _height(found: Any) -> bool:
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[0]
    return isinstance(found, list) and len(found) > 2


def _body(found: Any, depth: int) -> str:
    if not isinstance(found, list):
        raise ValueError("no coordinates")  # noqa: TRY004 - the same for whoever reads a row
    if depth == 0:
        return f"({_position(found)})"
    if depth == 1:
        return "(" + ", ".join(_position(one) for one in found) + ")"
    return "(" + ", ".join(_body(one, depth - 1) for one in found) + ")"


def _position(found: Any) -> str:
    if not isinstance(found, list) or not 2 <= len(found) <= 4:
        raise ValueError("no position")
    return " ".join(_written(one) for one in found[:3])


def _written(number: Any) -> str:
    if isinstance(number, bool) or not isinstance(number, (int, float, Decimal)):
        raise ValueError("no number")  # noqa: TRY004 - the same for whoever reads a row
    return format(number, "f") if isinstance(number, Decimal) else write(usual(Decimal(repr(number))))


_CODES: Final = {
    "Point": 1,
    "LineString": 2,
    "Polygon": 3,
    "MultiPoint": 4,
    "MultiLineString": 5,
    "MultiPolygon": 6,
    "GeometryCollection": 7,
}
_KINDS: Final = {code: kind for kind, code in _CODES.items()}
_PARTS: Final = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


def binary(geometry: Any) -> bytes:
    """Well-known binary (OGC 06-103r4, clause 8), little endian, without heights. Raises `ValueError`."""
    kind = str(geometry.get("type")) if isinstance(geometry, dict) else ""
    if kind not in _CODES:
        raise ValueError("no geometry")
    head = struct.pack("<BI", 1, _CODES[kind])
    try:
        if kind == "GeometryCollection":
            return head + _counted([binary(one) for one in geometry["geometries"]])
        found = geometry["coordinates"]
        if kind in _PARTS:
            return head + _counted([binary({"type": _PARTS[kind], "coordinates": one}) for one in found])
        return head + _packed(found, _DEPTHS[kind])
    except (KeyError, TypeError, IndexError, struct.error):
        raise ValueError("no geometry") from None


def _counted(parts: list[bytes]) -> bytes:
    return struct.pack("<I", len(parts)) + b"".join(parts)


def _packed(found: Any, depth: int) -> bytes:
    if depth == 0:
        x, y = (found[0], found[1]) if found else (math.nan, math.nan)
        return struct.pack("<dd", float(x), float(y))
    return _counted([_packed(one, depth - 1) for one in found])


def of_binary(data: bytes) -> Geometry:
    """GeoJSON of a well-known binary, also with heights and in the extended form. Raises `ValueError`."""
    try:
        made, at = _unpacked(memoryview(data), 0, 0)
    except struct.error:
        raise ValueError("no well-known binary") from None
    if at != len(data):
        raise ValueError("something behind the end")
    return made


def _unpacked(data: memoryview, at: int, depth: int) -> tuple[Geometry, int]:
    order = "<" if bytes(data[at : at + 1]) == b"\x01" else ">"
    code = struct.unpack_from(order + "I", data, at + 1)[0]
    at += 9 if code & 0x20000000 else 5
    flat = code & 0x0FFFFFFF
    width = 2 + bool(code & 0x80000000 or flat // 1000 in (1, 3)) + bool(code & 0x40000000 or flat // 1000 in (2, 3))
    kind = _KINDS.get(flat % 1000)
    if kind is None or depth > _DEEPEST:
        raise ValueError("no geometry that is known")
    if kind in _PARTS or kind == "GeometryCollection":
        count = struct.unpack_from(order + "I", data, at)[0]
        at += 4
        parts = []
        for _ in range(count):
            part, at = _unpacked(data, at, depth + 1)
            parts.append(part)
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": parts}, at
        return {"type": kind, "coordinates": [part["coordinates"] for part in parts]}, at
    found, at = _numbers(data, at, order, width, _DEPTHS[kind])
    return {"type": kind, "coordinates": found}, at


def _numbers(data: memoryview, at: int, order: str, width: int, depth: int) -> tuple[Any, int]:
    if depth == 0:
        found = struct.unpack_from(f"{order}{width}d", data, at)
        return ([] if math.isnan(found[0]) else list(found[: min(width, 3)])), at + 8 * width
    count = struct.unpack_from(order + "I", data, at)[0]
    at += 4
    made = []
    for _ in range(count):
        one, at = _numbers(data, at, order, width, depth - 1)
        made.append(one)
    return made, at
