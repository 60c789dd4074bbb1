"""Coordinate reference systems: from what a service calls them to WGS 84, longitude first.

What lives here: the one user of pyproj; which axis comes first. What does not: geometries in XML (`gml`). Sources: OGC
07-092r3 (URNs of reference systems); OGC Axis Order Policy (08-038r7): a URN, and a URI of opengis.net, have the axes
of the authority, `EPSG:4326` and `...epsg.xml#4326` have east first; RFC 7946, 3.1.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

Box = tuple[float, float, float, float]
Position = tuple[float, ...]
WGS84: Final = "urn:ogc:def:crs:EPSG::4326"
_CODE = re.compile(r"(?:EPSG)(?::[0-9.]*:|:|/[0-9.]+/|\.xml#)([0-9]{3,6})$", re.IGNORECASE)
_CRS84: Final = ("CRS84", "CRS:84", "OGC:CRS84", "4979")
_EDGE: Final = 1e-6


class UnknownSystemError(ValueError):
    """A reference system that nobody here knows."""


@lru_cache(maxsize=256)
def code(name: str) -> int:
    """The EPSG number of a system, 0 for WGS 84 with longitude first (CRS84). Raises `UnknownSystemError`."""
    if name.rpartition("/")[2] in _CRS84 or name.rpartition(":")[2] in _CRS84 or name in _CRS84:
        return 0
    found = _CODE.search(name)
    if found is None:
        raise UnknownSystemError(name[:100])
    return int(found[1])


@lru_cache(maxsize=256)
def is_flipped(name: str) -> bool:
    """Does the north come first in positions of this system? Raises `UnknownSystemError`."""
    number = code(name)
    if number == 0 or not name.lower().startswith(
        ("urn:", "http://www.opengis.net/def/", "https://www.opengis.net/def/")
    ):
        return False
    return str(_system(number).axis_info[0].direction).lower() == "north"


@lru_cache(maxsize=256)
def urn(name: str) -> str:
    """How a system is named so that nobody has to guess the order of its axes. Raises `UnknownSystemError`."""
    return "urn:ogc:def:crs:OGC:1.3:CRS84" if code(name) == 0 else f"urn:ogc:def:crs:EPSG::{code(name)}"


def named(system: str) -> str:
    """With its axes in an order that nobody has to guess; an unknown one as it is."""
    try:
        return urn(system)
    except UnknownSystemError:
        return system


@lru_cache(maxsize=64)
def inward(name: str, flipped: bool) -> Callable[[Position], Position]:
    """Positions of a system, as they stand, to WGS 84, longitude first. Raises `UnknownSystemError`, and the function
    `ValueError` for what is no place."""
    number = code(name)
    change = None if number in (0, 4326, 4258) else _transformer(number, 4326).transform

    def place(position: Position) -> Position:
        east, north = (position[1], position[0]) if flipped else (position[0], position[1])
        lon, lat = change(east, north) if change is not None else (east, north)
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90.0):
            raise ValueError("no place")
        return (round(lon, 9), round(lat, 9), *position[2:])

    return place


def around(box: Box, name: str) -> Box:
    """The smallest box of a system that a box of WGS 84 is in, as its positions are written: the lower corner, then the
    upper one. Raises `UnknownSystemError`."""
    number = code(name)
    sides = box if number in (0, 4326, 4258) else _transformer(4326, number).transform_bounds(*box, densify_pts=21)
    if not all(map(math.isfinite, sides)):
        raise UnknownSystemError(name[:100])
    high, wide = (sides[3] - sides[1]) * _EDGE + _EDGE, (sides[2] - sides[0]) * _EDGE + _EDGE
    west, south, east, north = sides[0] - wide, sides[1] - high, sides[2] + wide, sides[3] + high
    return (south, west, north, east) if is_flipped(name) else (west, south, east, north)


@lru_cache(maxsize=64)
def _system(number: int) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_epsg(number)
    except CRSError:
        raise UnknownSystemError(str(number)) from None


@lru_cache(maxsize=64)
def _transformer(one: int, other: int) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs(_system(one), _system(other), always_xy=True)
