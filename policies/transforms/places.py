"""Places in data: official keys cut to a level, points and shapes snapped to a grid.

What lives here: levels, and what makes a place coarse. What does not: which columns are a place's (`table`, `tree`).
Sources: the official municipality key (AGS, 8 digits) and regional key (ARS, 12 digits); RFC 7946 for shapes.

A grid of g metres has its lines at least g metres apart everywhere: on degrees a step is g metres where degrees are
shortest, and a row's step along a parallel is made for the edge of the row that is nearer to the pole. A point leaves
as the middle of its cell. INVARIANT: what leaves is a function of the cell alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from policies.places import GEOCODING, KINDS, split
from policies.transforms import numbers

KEYS: Final = {"municipality": 8, "district": 5, "state": 2}
"""Level -> digits of an AGS."""
_MERIDIAN: Final = 110_574.0
"""Metres of the shortest degree of latitude, at the equator (WGS 84)."""
_PARALLEL: Final = 111_319.0
"""Metres of a degree of longitude at the equator (WGS 84)."""
_METRES = re.compile(r"([1-9][0-9]{0,6})(?:\s?m)?", re.ASCII)
_POINT = re.compile(r"(\s*(?:SRID=\d+;)?\s*POINT\s*\()\s*(\S+)\s+(\S+)\s*(\)\s*)", re.ASCII | re.IGNORECASE)
_LATITUDES: Final = frozenset(
    {"lat", "latitude", "y", "ycoord", "y_coord", "breite", "breitengrad", "geo_lat", "geolat", "northing"}
    | {"north", "nord", "hochwert", "nordwert", "point_y", "lat_wgs84"}
)
_LONGITUDES: Final = frozenset(
    {"lon", "lng", "long", "longitude", "x", "xcoord", "x_coord", "laenge", "länge", "laengengrad", "längengrad"}
    | {"geo_lon", "geo_long", "geolon", "easting", "east", "ost", "rechtswert", "ostwert", "point_x", "lon_wgs84"}
)
_DECIMALS: Final = 6
_KEPT: Final = 1 << 16


class Level(Struct, frozen=True):
    """How finely a place may be told: digits of its key, or metres; one of them is 0."""

    digits: int = 0
    metres: int = 0

    @property
    def coarseness(self) -> int:
        """Puts levels of one kind in an order, the finest first."""
        return self.metres or -self.digits


@lru_cache(maxsize=64)
def level(text: str) -> Level:
    """`100` (metres), `district`, `municipality`, `state`. Raises `ValueError`."""
    if digits := KEYS.get(text):
        return Level(digits=digits)
    found = _METRES.fullmatch(text)
    if found is None or int(found[1]) > 1_000_000:
        raise ValueError("neither metres nor a level of the official keys")
    return Level(metres=int(found[1]))


def axes(first: str, second: str) -> tuple[str, str] | None:
    """Which of two fields is the longitude (or easting) and which the latitude; None where the names do not say it."""
    one, two = _last(first), _last(second)
    if one in _LONGITUDES and two in _LATITUDES:
        return first, second
    if two in _LONGITUDES and one in _LATITUDES:
        return second, first
    return None


def _last(field: str) -> str:
    return field.rpartition("/")[2].strip().lower()


def key(digits: int) -> Callable[[Any], Any]:
    """Cuts an official key, bare or as an IRI, to a level; nothing (`""`, null) stays nothing. It raises `ValueError`
    for what is no key, or a broader one."""

    def cut(value: Any) -> Any:
        if value is None or value == "":
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            # A number has lost the zero in front of it, which decides about the state.
            raise ValueError("a key is text")  # noqa: TRY004 - the same for whoever reads a row
        text = str(value).strip()
        bare = split(text)[1] if text.startswith(GEOCODING) else text
        if not (bare.isascii() and bare.isdigit()) or len(bare) not in KINDS.values():
            raise ValueError("no official key")
        short = _cut(bare, digits)
        if not text.startswith(GEOCODING):
            return short
        return GEOCODING + next(kind for kind, length in KINDS.items() if length == digits) + "/" + short

    return _remembered(cut)


def _cut(bare: str, digits: int) -> str:
    if digits == KEYS["municipality"] and len(bare) == KINDS["regionalKey"]:
        return bare[:5] + bare[9:]
    # Nine digits name an association, which is no municipality and lies in no other place of the levels but these.
    if len(bare) < digits or (len(bare) == 9 and digits == KEYS["municipality"]):
        raise ValueError("a broader place than the level")
    return bare[:digits]


def _remembered(cut: Callable[[Any], Any]) -> Callable[[Any], Any]:
    known: dict[str, Any] = {}

    def again(value: Any) -> Any:
        if not isinstance(value, str):
            return cut(value)
        if (made := known.get(value)) is None:
            made = cut(value)
            if len(known) < _KEPT:
                known[value] = made
        return made

    return again


def snap(x: float, y: float, metres: int) -> tuple[float, float]:
    """The middle of the cell of a point: longitude and latitude in degrees, or metres of a projection.

    Raises `ValueError` for what is no point.
    """
    if not (math.isfinite(x) and math.isfinite(y)) or max(abs(x), abs(y)) > 1e8:
        raise ValueError("no point")
    if abs(x) <= 180 and abs(y) <= 90:
        return _degrees(x, y, metres)
    return _middle(x, metres), _middle(y, metres)


def _middle(value: float, metres: int) -> float:
    return math.floor(value / metres) * metres + metres / 2


@lru_cache(maxsize=1 << 14)
def _row(row: int, metres: int) -> tuple[float, float]:
    """The middle of a row of cells, and its step along the parallel, both in degrees."""
    step = metres / _MERIDIAN
    nearer = min(max(abs(row), abs(row + 1)) * step, 89.9)
    across = metres / (_PARALLEL * math.cos(math.radians(nearer)))
    # A whole number of cells goes round the earth, so that no cell is cut at the date line.
    return (row + 0.5) * step, 360 / max(1, math.floor(360 / across))


def _degrees(x: float, y: float, metres: int) -> tuple[float, float]:
    middle, across = _row(math.floor(y / (metres / _MERIDIAN)), metres)
    column = math.floor((x + 180) / across)
    last = round(360 / across) - 1
    return (min(column, last) + 0.5) * across - 180, max(-90.0, min(90.0, middle))


def pair(metres: int, read_x: numbers.Read, read_y: numbers.Read, comma: bool) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Snaps the two numbers of a point as they stand in data, each in the form that it had. It raises `ValueError` for
    what is no point; without both numbers it is none that could be told."""

    def form(number: float, was: Any) -> Any:
        found = rounded(number)
        if not isinstance(was, str):
            return found
        return numbers.write(found, with_comma="," in was or (comma and "." not in was))

    def both(x: Any, y: Any) -> tuple[Any, Any]:
        if x in ("", None) and y in ("", None):
            return x, y
        across, up = snap(float(read_x(x)), float(read_y(y)), metres)
        return form(across, x), form(up, y)

    return both


def rounded(number: float) -> Decimal:
    """Six decimals, or none where there are none to tell."""
    found = Decimal(repr(round(number, _DECIMALS)))
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def point(metres: int) -> Callable[[Any], Any]:
    """Snaps one value that is a whole place: a well-known text of a point, or a shape of RFC 7946. Raises `ValueError`
    for others; nothing (`""`, null) stays nothing."""

    def snapped(value: Any) -> Any:
        if value is None or value == "":
            return value
        if isinstance(value, dict):
            return shape(value, metres)
        found = _POINT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError("no place that can be read")
        x, y = snap(float(numbers.plain(found[2])), float(numbers.plain(found[3])), metres)
        return f"{found[1]}{numbers.write(rounded(x))} {numbers.write(rounded(y))}{found[4]}"

    return snapped


_SHAPES: Final = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})


def shape(value: dict[str, Any], metres: int) -> dict[str, Any]:
    """A shape with every position in the middle of its cell: two numbers, no height, no box and nothing besides."""
    kind = value.get("type")
    if kind == "GeometryCollection" and isinstance(value.get("geometries"), list):
        return {"type": kind, "geometries": [_shape_in(one, metres) for one in value["geometries"]]}
    if kind not in _SHAPES:
        raise ValueError("no shape")
    return {"type": kind, "coordinates": _positions(value.get("coordinates"), metres, 0)}


def _shape_in(value: Any, metres: int) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("type") not in _SHAPES:
        raise ValueError("no shape")
    return shape(value, metres)


def _positions(value: Any, metres: int, depth: int) -> Any:
    if not isinstance(value, list) or depth > 4:
        raise ValueError("no positions")
    if value and not isinstance(value[0], list):
        if len(value) < 2:
            raise ValueError("no position")
        x, y = snap(float(numbers.plain(value[0])), float(numbers.plain(value[1])), metres)
        return [float(rounded(x)), float(rounded(y))]
    return [_positions(one, metres, depth + 1) for one in value]
