"""Has a geometry something in common with a box?

What lives here: exact intersection of GeoJSON geometries with a box in degrees, planar as in OGC API - Features (Part
1, 7.15.3), also over the antimeridian. What does not: projections, anything else about geometries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

Box = tuple[float, float, float, float]
_Point = tuple[float, float]


def meets(geometry: Any, box: Box) -> bool:
    """Raises `ValueError` for what is no geometry (RFC 7946, 3.1)."""
    west, south, east, north = box
    if west > east:
        return _meets(geometry, (west, south, 180.0, north)) or _meets(geometry, (-180.0, south, east, north))
    return _meets(geometry, box)


def _meets(geometry: Any, box: Box) -> bool:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        return any(_meets(one, box) for one in _list(geometry.get("geometries")))
    found = geometry.get("coordinates") if isinstance(geometry, dict) else None
    match kind:
        case "Point":
            return bool(found) and _inside(_point(found), box)
        case "MultiPoint":
            return any(_inside(_point(one), box) for one in _list(found))
        case "LineString":
            return _line(_points(found), box)
        case "MultiLineString":
            return any(_line(_points(one), box) for one in _list(found))
        case "Polygon":
            return _polygon(found, box)
        case "MultiPolygon":
            return any(_polygon(one, box) for one in _list(found))
        case _:
            raise ValueError("no geometry")


def _list(found: Any) -> Sequence[Any]:
    if not isinstance(found, list):
        raise ValueError("no list")  # noqa: TRY004 - the same for whoever reads a row
    return found


def _point(found: Any) -> _Point:
    if not isinstance(found, list) or len(found) < 2:
        raise ValueError("no position")
    try:
        return float(found[0]), float(found[1])
    except TypeError:
        raise ValueError("no position") from None


def _points(found: Any) -> list[_Point]:
    return [_point(one) for one in _list(found)]


def _inside(point: _Point, box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _line(points: Sequence[_Point], box: Box) -> bool:
    if len(points) == 1:
        return _inside(points[0], box)
    return any(_crosses(one, two, box) for one, two in pairwise(points))


def _polygon(found: Any, box: Box) -> bool:
    """One of its edges meets the box, or the box lies in it: then any of its corners does, and in no hole."""
    rings = [_points(ring) for ring in _list(found)]
    if any(_line(ring, box) for ring in rings):
        return True
    return sum(_around((box[0], box[1]), ring) for ring in rings) % 2 == 1


def _around(point: _Point, ring: Sequence[_Point]) -> bool:
    """Does a ring go around a point that is not on it?"""
    x, y = point
    return sum(_ray(x, y, *one, *two) for one, two in _edges(ring)) % 2 == 1


def _edges(ring: Sequence[_Point]) -> Iterator[tuple[_Point, _Point]]:
    yield from pairwise(ring)
    if ring and ring[0] != ring[-1]:
        yield ring[-1], ring[0]


def _ray(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    return (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1


def _crosses(one: _Point, two: _Point, box: Box) -> bool:
    """Does a stretch meet the box (Liang and Barsky)?"""
    first, last = 0.0, 1.0
    for start, end, low, high in ((one[0], two[0], box[0], box[2]), (one[1], two[1], box[1], box[3])):
        along = end - start
        if along == 0:
            if not low <= start <= high:
                return False
            continue
        enter, leave = sorted(((low - start) / along, (high - start) / along))
        first, last = max(first, enter), min(last, leave)
        if first > last:
            return False
    return True
