"""Conditions as parameters of OGC API - Features, and what its documents say about fields and parameters.

What lives here: pure functions over conditions and JSON documents. What does not: asking (`features`). Sources: OGC API
- Features Part 1 (17-069r4, 7.15), Part 3 (19-079r2), Part 5 (23-058r1); CQL2 (21-065r2).

A parameter only narrows: where a part of a condition cannot be said exactly, it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol, assert_never

from connector.data.queries import writing
from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Shape,
    Within,
)

LONGEST: Final = 4000
"""Signs of a filter: many servers take no longer addresses than 8 KiB."""
_TILT: Final = 0.05
_EDGE: Final = 1e-6
_PLAIN: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.INSTANT, Kind.DATE})
_RESERVED: Final = frozenset(
    {"limit", "offset", "bbox", "datetime", "properties", "filter", "f", "q", "crs", "sortby", "ids"}
)


Box = tuple[float, float, float, float]


class Offered(Protocol):
    """What a service can be asked; see `features.Offer`."""

    @property
    def queryables(self) -> frozenset[str]: ...
    @property
    def by_name(self) -> frozenset[str]: ...
    @property
    def filters(self) -> bool: ...
    @property
    def advanced(self) -> bool: ...


def parts(condition: Condition) -> Iterator[Condition]:
    """What all has to hold, each for itself; one of one value is that value."""
    match condition:
        case All(parts=inner):
            for part in inner:
                yield from parts(part)
        case OneOf(field=field, values=(value,)):
            yield Compare(field, Comparison.EQ, value)
        case _:
            yield condition


def is_plain(condition: Condition, shape: Shape) -> bool:
    """Is this something that a service could be asked: simple values, or a box about the geometry?"""
    match condition:
        case Compare(field=field) | OneOf(field=field) | Like(field=field) | Missing(field=field):
            found = shape.field(field)
            return found is not None and found.kind in _PLAIN
        case Within(field=field):
            return field == shape.geometry
        case All(parts=inner) | Any_(parts=inner):
            return bool(inner) and all(is_plain(part, shape) for part in inner)
        case Not(part=part):
            return is_plain(part, shape)
        case _:
            assert_never(condition)


def parameters(where: Condition, shape: Shape, offer: Offered) -> dict[str, str]:
    """The parameters that narrow a question to this condition, as far as the service can."""
    each = list(parts(where))
    asked = {**_box(each, shape), **_span(each, shape)}
    filters = [one for one in each if offer.filters and _is_filter(one, offer)]
    if filters:
        asked |= _filter(filters, shape)
    else:
        for name, value in _named(each, shape, offer):
            # INVARIANT: what a contract keeps comes first, and no question takes its place.
            asked.setdefault(name, value)
    return asked


def _box(each: Iterable[Condition], shape: Shape) -> dict[str, str]:
    """The first box alone: there is one parameter for it."""
    for one in each:
        if isinstance(one, Within) and one.field == shape.geometry:
            return {"bbox": ",".join(f"{side:.12f}".rstrip("0").rstrip(".") for side in roomy(one.box))}
    return {}


def roomy(box: Box) -> Box:
    """A box that a service may turn into its own coordinates by two of its corners, as many do, without losing what is
    at its edges: north in a projection is up to three degrees away from north."""
    west, south, east, north = box
    narrow = max(math.cos(math.radians(max(abs(south), abs(north)))), 0.01)
    high = (north - south) * _TILT / narrow + _EDGE
    wide = ((east - west) % 360) * narrow * _TILT + _EDGE
    south, north = max(-90.0, south - wide), min(90.0, north + wide)
    if (east - west) % 360 + 2 * high >= 360:
        return (-180.0, south, 180.0, north)
    if west > east:
        return (west - high, south, east + high, north)
    return (max(-180.0, west - high), south, min(180.0, east + high), north)


def _span(each: Iterable[Condition], shape: Shape) -> dict[str, str]:
    """From the latest beginning to the earliest end, both in it."""
    field = shape.field(shape.time) if shape.time else None
    if field is None or field.kind is not Kind.INSTANT:
        return {}
    mine = [one for one in each if isinstance(one, Compare) and one.field == shape.time]
    since = [str(one.value) for one in mine if one.comparison in (Comparison.GT, Comparison.GTEQ, Comparison.EQ)]
    until = [str(one.value) for one in mine if one.comparison in (Comparison.LT, Comparison.LTEQ, Comparison.EQ)]
    start, end = max(since, default=".."), min(until, default="..")
    # Nothing is after its end: the service would refuse to be asked, the node finds nothing.
    return {"datetime": f"{start}/{end}"} if (since or until) and not (since and until and start > end) else {}


def _is_filter(condition: Condition, offer: Offered) -> bool:
    match condition:
        case Compare(field=field) | Missing(field=field):
            return field in offer.queryables
        case OneOf(field=field) | Like(field=field):
            return offer.advanced and field in offer.queryables
        case Within():
            return False
        case All(parts=inner) | Any_(parts=inner):
            return all(_is_filter(part, offer) for part in inner)
        case Not(part=part):
            return _is_filter(part, offer)
        case _:
            assert_never(condition)


def _filter(filters: list[Condition], shape: Shape) -> dict[str, str]:
    """As many of them as an address may be long."""
    kept: list[Condition] = []
    for one in filters:
        if len(writing.text(All((*kept, one)), shape)) <= LONGEST:
            kept.append(one)
    return {"filter": writing.text(All(tuple(kept)), shape), "filter-lang": "cql2-text"} if kept else {}


def _named(each: Iterable[Condition], shape: Shape, offer: Offered) -> Iterator[tuple[str, str]]:
    """Equality by a parameter of the field's name: of texts without signs that some service takes for more than
    themselves, and of whole numbers."""
    for one in each:
        if not isinstance(one, Compare) or one.comparison is not Comparison.EQ:
            continue
        field = shape.field(one.field)
        if field is None or one.field not in offer.by_name or one.field in _RESERVED:
            continue
        if field.kind is Kind.TEXT and isinstance(one.value, str) and not set(one.value) & set(",|*%?"):
            yield one.field, one.value
        elif field.kind is Kind.NUMBER and isinstance(one.value, int):
            yield one.field, str(one.value)


# --- documents --------------------------------------------------------------------------------------------------------


def role(about: Any) -> str:
    """What a property is in its feature (Part 5, 7.1: `x-ogc-role`)."""
    return str(about.get("x-ogc-role", "")) if isinstance(about, dict) else ""


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that a schema tells: the one that names a feature is `id`, its geometry `geometry`."""
    found: dict[str, Field] = {}
    for name, about in schema.items():
        kind = _kind(about)
        if role(about) == "id":
            found["id"] = Field("id", kind, nullable=False)
        elif role(about) == "primary-geometry" or (kind is Kind.GEOMETRY and "geometry" not in found):
            found["geometry"] = Field("geometry", Kind.GEOMETRY)
        else:
            found.setdefault(name, Field(name, kind))
    return tuple(found.values())


def _kind(about: Any) -> Kind:
    if not isinstance(about, dict):
        return Kind.JSON
    form, kind = str(about.get("format", "")), about.get("type")
    if form.startswith("geometry") or "geojson.org/schema" in str(about.get("$ref", "")):
        return Kind.GEOMETRY
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "string":
        return {"date-time": Kind.INSTANT, "date": Kind.DATE}.get(form, Kind.TEXT)
    return {"number": Kind.NUMBER, "integer": Kind.NUMBER, "boolean": Kind.BOOLEAN}.get(str(kind), Kind.JSON)


def offered(api: Any, collection: str) -> frozenset[str]:
    """The names of the parameters that an OpenAPI document has for a collection's features."""
    paths = _under(api, "paths")
    for path in (f"/collections/{collection}/items", "/collections/{collectionId}/items"):
        operation = _under(paths, path)
        got = [*_list(operation, "parameters"), *_list(_under(operation, "get"), "parameters")]
        if got:
            return frozenset(name for one in got if (name := _name(api, one)))
    return frozenset()


def _name(api: Any, parameter: Any) -> str:
    """The name of a parameter, also where only a reference to it stands there."""
    if not isinstance(parameter, dict):
        return ""
    if "$ref" in parameter:
        last = str(parameter["$ref"]).rpartition("/")[2].removesuffix(".yaml").removesuffix(".json")
        found = _under(_under(_under(api, "components"), "parameters"), last)
        return str(found.get("name", last))
    return str(parameter.get("name", "")) if parameter.get("in", "query") == "query" else ""


def _under(document: Any, name: str) -> dict[str, Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []
