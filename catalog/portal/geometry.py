"""The box around a geometry that is written as text: WKT or GeoJSON; and a box as WKT.

What lives here: finding west, south, east, north in degrees of WGS 84. What does not: other reference systems (no box
is read from them), geometry itself. Sources: OGC 12-063r5 (WKT), GeoSPARQL 1.0 (a CRS before the text; CRS84 without
one), RFC 7946 (GeoJSON).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from catalog.model import Box

MAX_TEXT: Final = 1 << 20
_MAX_DEPTH: Final = 12
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_CRS = re.compile(r"\s*<([^<>\s]{1,200})>\s*|\s*SRID=(\d{1,6});\s*", re.ASCII)
_WKT = re.compile(r"\s*(ENVELOPE|[A-Z]+)(\s+Z?M?)?\s*\(", re.ASCII | re.IGNORECASE)
_LATITUDE_FIRST = ("/EPSG/0/4326", "/EPSG/0/4258", ":EPSG::4326", ":EPSG::4258")
_LONGITUDE_FIRST = ("/OGC/1.3/CRS84", ":OGC:1.3:CRS84")


def box_of(text: str) -> Box | None:
    """The box around a geometry; None where it cannot be read for certain, or lies on no globe."""
    if len(text) > MAX_TEXT:
        return None
    return _of_geojson(text) if text.lstrip().startswith("{") else _of_wkt(text)


def wkt(box: Box) -> str:
    """A box as a polygon in CRS84: longitude first. One across the antimeridian is two."""
    if box.west <= box.east:
        return f"POLYGON({_ring(box.west, box.south, box.east, box.north)})"
    west, east = _ring(box.west, box.south, 180.0, box.north), _ring(-180.0, box.south, box.east, box.north)
    return f"MULTIPOLYGON(({west}),({east}))"


def _ring(west: float, south: float, east: float, north: float) -> str:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return "(" + ",".join(f"{x!r} {y!r}" for x, y in corners) + ")"


def _of_wkt(text: str) -> Box | None:
    crs = _CRS.match(text)
    rest = text[crs.end() :] if crs else text
    shape = _WKT.match(rest)
    swapped = _swapped(crs)
    if shape is None or swapped is None:
        return None
    numbers = [float(one) for one in _NUMBER.findall(rest[shape.end() :])]
    if shape[1].upper() == "ENVELOPE":
        return _checked(numbers[0], numbers[3], numbers[1], numbers[2]) if len(numbers) == 4 else None
    width = 2 + len((shape[2] or "").strip())
    if not numbers or len(numbers) % width:
        return None
    first, second = numbers[::width], numbers[1::width]
    return _around(second, first) if swapped else _split(first, second)


def _swapped(crs: re.Match[str] | None) -> bool | None:
    """Is latitude written first? None for a reference system that is not in degrees of WGS 84."""
    if crs is None or crs[2] == "4326" or (crs[1] or "").endswith(_LONGITUDE_FIRST):
        return False
    return True if (crs[1] or "").endswith(_LATITUDE_FIRST) else None


def _split(xs: list[float], ys: list[float]) -> Box | None:
    """The box around points; two boxes that meet at the antimeridian, as `wkt` writes them, are one again."""
    west = [x for x in xs if x > 0]
    east = [x for x in xs if x <= 0]
    if 180.0 in west and -180.0 in east and len(xs) == 10:
        return _checked(min(west), min(ys), max(east), max(ys))
    return _around(xs, ys)


def _of_geojson(text: str) -> Box | None:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    points = list(_positions(document, _MAX_DEPTH))
    return _around([x for x, _ in points], [y for _, y in points])


def _positions(value: Any, depth: int) -> Iterator[tuple[float, float]]:
    if not depth:
        return
    if isinstance(value, dict):
        for name in ("coordinates", "geometry", "geometries", "features"):
            yield from _positions(value.get(name), depth - 1)
    elif isinstance(value, list) and len(value) > 1 and all(isinstance(one, int | float) for one in value):
        yield float(value[0]), float(value[1])
    elif isinstance(value, list):
        for one in value:
            yield from _positions(one, depth - 1)


def _around(xs: list[float], ys: list[float]) -> Box | None:
    return _checked(min(xs), min(ys), max(xs), max(ys)) if xs else None


def _checked(west: float, south: float, east: float, north: float) -> Box | None:
    degrees = all(math.isfinite(one) for one in (west, south, east, north))
    if not degrees or not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        return None
    return Box(west=west, south=south, east=east, north=north)
