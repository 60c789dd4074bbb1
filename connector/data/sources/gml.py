"""Geometries of GML 3.2 (OGC 07-036, simple features: 10-100r3) and of its forerunners as GeoJSON (RFC 7946).

What lives here: pure functions over elements. What does not: reading XML (`markup`), reference systems (`axes`). Curves
that are no straight lines are refused, never straightened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from connector.data.sources import axes
from connector.data.sources.axes import Position
from connector.data.sources.markup import local

GML: Final = frozenset({"http://www.opengis.net/gml/3.2", "http://www.opengis.net/gml"})
_COLLECTIONS: Final = {
    "MultiPoint": "MultiPoint",
    "MultiCurve": "MultiLineString",
    "MultiLineString": "MultiLineString",
    "MultiSurface": "MultiPolygon",
    "MultiPolygon": "MultiPolygon",
}
_DEEPEST: Final = 12


def is_geometry(element: Any) -> bool:
    """Is this an element of GML?"""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.startswith("{") and tag[1:].partition("}")[0] in GML


def geometry(element: Any, system: str, dimension: int = 2, depth: int = 0) -> dict[str, Any]:
    """An element of GML as a geometry in WGS 84, longitude first. `system` is that of elements which do not name one.
    Raises `ValueError` for what it cannot be."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    system = element.get("srsName") or system
    dimension = _dimension(element, dimension)
    kind = local(element)
    if kind in _COLLECTIONS:
        inner = [geometry(one, system, dimension, depth + 1) for one in _members(element)]
        return {"type": _COLLECTIONS[kind], "coordinates": [part for one in inner for part in _parts(one)]}
    if kind == "MultiGeometry":
        inner = [geometry(one, system, dimension, depth + 1) for one in _members(element)]
        return {"type": "GeometryCollection", "geometries": inner}
    match kind:
        case "Point":
            (place,) = _positions(element, system, dimension)
            return {"type": "Point", "coordinates": place}
        case "LineString" | "LineStringSegment":
            return {"type": "LineString", "coordinates": _positions(element, system, dimension)}
        case "Curve" | "CompositeCurve" | "OrientableCurve":
            return _curve(element, system, dimension, depth)
        case "Polygon" | "PolygonPatch":
            return {"type": "Polygon", "coordinates": _rings(element, system, dimension, depth)}
        case "Surface" | "PolyhedralSurface" | "CompositeSurface":
            return _surface(element, system, dimension, depth)
        case _:
            raise ValueError(f"no geometry: {kind[:50]}")


def _dimension(element: Any, inherited: int) -> int:
    text = element.get("srsDimension")
    if text is None:
        return inherited
    if text not in ("2", "3"):
        raise ValueError("no dimension")
    return int(text)


def _members(element: Any) -> Iterator[Any]:
    """What stands in pointMember, surfaceMembers and the like."""
    for member in element:
        if local(member).endswith(("Member", "Members")):
            yield from (one for one in member if is_geometry(one))


def _parts(one: dict[str, Any]) -> list[Any]:
    """The coordinates of one geometry as those of several: what is a surface of several patches stays several."""
    found: list[Any] = one["coordinates"] if str(one["type"]).startswith("Multi") else [one["coordinates"]]
    return found


def _curve(element: Any, system: str, dimension: int, depth: int) -> dict[str, Any]:
    """Its pieces, each beginning where the last one ended."""
    places: list[Position] = []
    for holder in element:
        for piece in holder if local(holder) in ("segments", "curveMember", "baseCurve") else ():
            more = geometry(piece, system, dimension, depth + 1)["coordinates"]
            places += more[1:] if places and more and more[0] == places[-1] else more
    return {"type": "LineString", "coordinates": places}


def _surface(element: Any, system: str, dimension: int, depth: int) -> dict[str, Any]:
    pieces = [
        geometry(piece, system, dimension, depth + 1)
        for holder in element
        if local(holder) in ("patches", "polygonPatches", "surfaceMember")
        for piece in holder
    ]
    if len(pieces) == 1:
        return pieces[0]
    return {"type": "MultiPolygon", "coordinates": [part for one in pieces for part in _parts(one)]}


def _rings(element: Any, system: str, dimension: int, depth: int) -> list[list[Position]]:
    """The outer one first, whatever order they come in."""
    outer: list[list[Position]] = []
    inner: list[list[Position]] = []
    for boundary in element:
        kind = local(boundary)
        if kind in ("exterior", "outerBoundaryIs", "interior", "innerBoundaryIs"):
            (ring,) = boundary
            found = _ring(ring, system, dimension, depth)
            (outer if kind in ("exterior", "outerBoundaryIs") else inner).append(found)
    if len(outer) != 1:
        raise ValueError("a surface without an edge")
    return [*outer, *inner]


def _ring(ring: Any, system: str, dimension: int, depth: int) -> list[Position]:
    if local(ring) == "Ring":
        places: list[Position] = _curve(ring, system, dimension, depth)["coordinates"]
    else:
        places = _positions(ring, system, dimension)
    if len(places) < 4 or places[0] != places[-1]:
        raise ValueError("a ring that is not closed")
    return places


def _positions(element: Any, system: str, dimension: int) -> list[Position]:
    place = axes.inward(system, axes.is_flipped(system))
    return [place(one) for one in _numbers(element, dimension)]


def _numbers(element: Any, dimension: int) -> Iterator[Position]:
    """What stands in pos, posList, pointProperty and coordinates."""
    for one in element:
        match local(one):
            case "pos":
                yield _tuple((one.text or "").split())
            case "posList":
                size = _dimension(one, dimension)
                flat = (one.text or "").split()
                if not flat or len(flat) % size:
                    raise ValueError("positions that do not come out even")
                yield from (_tuple(flat[start : start + size]) for start in range(0, len(flat), size))
            case "coordinates":
                yield from (_tuple(pair.split(",")) for pair in (one.text or "").split())


def _tuple(parts: list[str]) -> Position:
    found = tuple(float(part) for part in parts)
    if len(found) not in (2, 3) or not all(map(math.isfinite, found)):
        raise ValueError("no position")
    return found
