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
from catalog.index.rows import boxes
from catalog.model import Box

METRES: Final = 111_194.9
"""A degree of latitude on a sphere of the Earth's mean radius, 6,371,008.8 m."""
_EVERYWHERE: Final = 20_100_000.0


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
        _add_areas(add, entry, tuple(boxes(query.box)))
    if query.near is not None and query.within > 0:
        _add_areas(add, entry, tuple(boxes(_box_around(query.near, query.within))), query.near, query.within)
    if query.places:
        keys = [key for place in query.places if (key := geo.key(place) or geo.named(place)) is not None]
        add(f"{entry} IN (SELECT entry FROM place WHERE key IN {_LIST})", _json(keys))  # noqa: S608
    for name, values in (("theme", query.themes), ("format", query.formats), ("licence", query.licences)):
        if values:
            add(f"c.kind IN (SELECT kind FROM mark WHERE name = '{name}' AND value IN {_LIST})", _json(values))  # noqa: S608
    if query.participants:
        add(f"c.party IN (SELECT party FROM party WHERE did IN {_LIST})", _json(query.participants))  # noqa: S608
    _add_times(add, query)
    if query.terms is not None:
        terms = f"SELECT terms FROM terms WHERE digest IN {_LIST}"  # noqa: S608
        add(f"EXISTS (SELECT 1 FROM offer o WHERE o.entry = c.entry AND o.terms IN ({terms}))", _json(query.terms))  # noqa: S608
    return Conditions(sql, parameters)


_LIST: Final = "(SELECT value FROM json_each(?))"


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


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


def _add_areas(
    add: Any,
    entry: str,
    areas: Sequence[tuple[float, float, float, float]],
    near: tuple[float, float] | None = None,
    within: float = 0.0,
) -> None:
    """Only what has a box that meets one of these, and lies within so many metres of the point."""
    away, values = squared(near) if near is not None else ("0", ())
    one = f"(west <= ? AND east >= ? AND south <= ? AND north >= ? AND {away} <= ?)"
    if not areas:
        add("0")
        return
    parameters = [
        number
        for west, east, south, north in areas
        for number in (east, west, north, south, *values, (within / METRES) ** 2)
    ]
    add(f"{entry} IN (SELECT id / 2 FROM area WHERE {' OR '.join([one] * len(areas))})", *parameters)  # noqa: S608


def squared(near: tuple[float, float]) -> tuple[str, tuple[float, ...]]:
    """The square of the distance of a box of `area` from a point, in degrees of latitude; 0 within it."""
    latitude, longitude = near
    scale = max(cos(radians(latitude)), 1e-6)
    north = "max(south - ?, ? - north, 0.0)"
    turned = [f"max(west - ?, ? - east, 0.0) * {scale!r}" for _ in range(3)]
    east = f"min({', '.join(turned)})"
    values = (latitude,) * 4, tuple(longitude + turn for turn in (0, 360, -360) for _ in range(2)) * 2
    return f"({north} * {north} + {east} * {east})", (*values[0], *values[1])


def metres(squared_degrees: float) -> float:
    """The metres of such a square."""
    return sqrt(squared_degrees) * METRES


def _box_around(near: tuple[float, float], within: float) -> Box:
    """A box that holds all that is so near; the whole turn where a pole is in it."""
    latitude, longitude = near
    within = min(within, _EVERYWHERE)
    up = within / METRES
    south, north = max(latitude - up, -90.0), min(latitude + up, 90.0)
    narrowest = cos(radians(max(abs(south), abs(north))))
    wide = up / narrowest if narrowest > 1e-6 else 360.0
    if wide >= 180 or abs(latitude) + up >= 90:
        return Box(-180.0, south, 180.0, north)
    return Box(_turned(longitude - wide), south, _turned(longitude + wide), north)


def _turned(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0
