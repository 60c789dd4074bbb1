"""What a question narrows the entries to, as conditions of SQL on `card c`.

What lives here: conditions and distances. What does not: words (`asking`), statements (`searching`).
Source: SQLite "The R*Tree Module"; distances on a sphere are those of an equirectangular projection about the point
that was asked for, which is off by less than a hundredth within some hundred kilometres.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians, sqrt
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog import geo
from catalog.index.forms import Query
from catalog.index.rows import MILLION, boxes
from catalog.model import Box

METRES: Final = 111_194.9
"""A degree of latitude on a sphere of the Earth's mean radius, 6,371,008.8 m."""
_EVERYWHERE: Final = 20_100_000.0
"""More than half of the way around the Earth."""


class Conditions(Struct, frozen=True):
    """SQL that follows WHERE or AND, and its parameters by place."""

    sql: Sequence[str]
    parameters: Sequence[Any]

    def joined(self) -> str:
        """All of them, true where there are none."""
        return " AND ".join(self.sql) or "1"


def conditions(query: Query, *, driving: bool) -> Conditions:
    """The conditions of a question. `driving`: entries are found by them, and not by words."""
    entry = "c.entry" if driving else "+c.entry"
    sql: list[str] = []
    parameters: list[Any] = []

    def add(condition: str, *values: Any) -> None:
        sql.append(condition)
        parameters.extend(values)

    if query.box is not None:
        _add_box(add, driving, query.box)
    if query.near is not None and query.within > 0:
        within = min(query.within, _EVERYWHERE)
        _add_box(add, driving, _box_around(query.near, within))
        squared, point = away(query.near)
        add(f"{squared} <= ?", *point, (within / METRES * MILLION) ** 2)
    if query.places:
        keys = [key for place in query.places if (key := geo.key(place) or geo.named(place)) is not None]
        add(f"{entry} IN (SELECT entry FROM place WHERE key IN {_LIST})", _json(keys))  # noqa: S608
    for name, values in (("theme", query.themes), ("format", query.formats), ("licence", query.licences)):
        if values:
            add(f"c.{name} IN (SELECT kind FROM mark WHERE value IN {_LIST})", _json(values))  # noqa: S608
    if query.participants:
        add(f"c.party IN (SELECT party FROM party WHERE did IN {_LIST})", _json(query.participants))  # noqa: S608
    _add_times(add, query)
    if query.terms is not None:
        terms = f"SELECT terms FROM terms WHERE digest IN {_LIST}"  # noqa: S608
        add(f"EXISTS (SELECT 1 FROM offer o WHERE o.entry = c.entry AND o.terms IN ({terms}))", _json(query.terms))  # noqa: S608
    return Conditions(sql, parameters)


_LIST: Final = "(SELECT value FROM json_each(?))"


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode([value.encode(errors="replace").decode() for value in values]).decode()


def _add_times(add: Any, query: Query) -> None:
    if query.changed_since is not None:
        add("c.changed >= ?", query.changed_since)
    if query.seen_since is not None:
        seen = (query.seen_since, query.seen_since)
        add("(c.seen >= ? OR c.source IN (SELECT party FROM party WHERE seen >= ?))", *seen)
    if query.fresh:
        add("c.due >= ?", query.now)
    if query.hvd:
        add("c.hvd")


def _add_box(add: Any, driving: bool, box: Box) -> None:
    """Only what has a box that meets this one. `area` finds such entries; of one that was found, its card says so."""
    areas = tuple(boxes(box))
    if not areas:
        add("0")
    elif driving:
        meets = " OR ".join(["(west <= ? AND east >= ? AND south <= ? AND north >= ?)"] * len(areas))
        edges = [edge for west, east, south, north in areas for edge in (east, west, north, south)]
        add(f"c.entry IN (SELECT id / 2 FROM area WHERE {meets})", *edges)  # noqa: S608
    else:
        one = "((c.west <= ?) + (c.east >= ?) + (c.west > c.east) >= 2 AND c.south <= ? AND c.north >= ?)"
        edges = [edge * MILLION for west, east, south, north in areas for edge in (east, west, north, south)]
        add(f"({' OR '.join([one] * len(areas))})", *edges)


def away(near: tuple[float, float]) -> tuple[str, tuple[float, ...]]:
    """The square of the distance of the box of `card c` from a point, in millionths of a degree of latitude: 0 within
    it, NULL where it has none."""
    latitude, longitude = near
    north = "max(c.south - ?, ? - c.north, 0.0)"
    scale = max(cos(radians(latitude)), 1e-6)
    turned = "max(c.west - ?, ? - c.east - (c.west > c.east) * 360000000, 0.0)"
    east = f"(min({turned}, {turned}, {turned}) * {scale!r})"
    values = (latitude,) * 4 + tuple(longitude + turn for turn in (0, 360, -360) * 2 for _ in range(2))
    return f"({north} * {north} + {east} * {east})", tuple(value * MILLION for value in values)


def on_earth(near: tuple[float, float]) -> bool:
    """Is it a latitude and a longitude?"""
    return -90 <= near[0] <= 90 and -180 <= near[1] <= 180


def metres(squared: float) -> float:
    """The metres of such a square."""
    return sqrt(squared) / MILLION * METRES


def _box_around(near: tuple[float, float], within: float) -> Box:
    """A box that holds all that is so near; the whole turn where a pole is in it."""
    latitude, longitude = near
    up = within / METRES
    south, north = max(latitude - up, -90.0), min(latitude + up, 90.0)
    narrowest = cos(radians(max(abs(south), abs(north))))
    wide = up / narrowest if narrowest > 1e-6 else 360.0
    if wide >= 180 or abs(latitude) + up >= 90:
        return Box(-180.0, south, 180.0, north)
    return Box(_turned(longitude - wide), south, _turned(longitude + wide), north)


def _turned(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0
