"""Pages of a WFS as rows: GeoJSON and GML feature collections, their places put where they are.

What lives here: bytes of an answer to values. What does not: asking (`wfs`), geometries in XML (`gml`), reference
systems (`axes`). Sources: WFS 2.0 (OGC 09-025r2, 11.3), RFC 7946, and GeoJSON of 2008 (`crs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from connector.data.queries.model import Kind, Shape
from connector.data.sources import axes, featuretypes, gml, lines, markup
from connector.data.sources.axes import Position
from connector.data.sources.featuretypes import Offer
from connector.data.sources.web import Web

_MARGIN: Final = 0.5
"""Degrees that features may be beyond the bounding box that a service tells."""


def parsed(service: Web, body: bytes) -> Any:
    """The root of a document. Raises `SourceError` for what is none, or an exception report."""
    try:
        root = markup.parsed(body)
    except ValueError as error:
        raise service.broken(str(error)) from None
    if code := featuretypes.exception(root):
        raise service.broken(f"exception {code}")
    return root


class Form:
    """Pages to rows. Which way round a service puts the axes of GeoJSON is settled by the first place."""

    def __init__(self, service: Web, offer: Offer, shape: Shape, fields: Sequence[str], zone: ZoneInfo | None) -> None:
        self._service, self._offer, self._shape, self._fields, self._zone = service, offer, shape, fields, zone
        self._flipped: bool | None = None

    def rows(self, body: bytes) -> list[tuple[str, Mapping[str, Any]]]:
        """The features of a page, each with what tells it from any other. Raises `SourceError`."""
        json = body[:256].lstrip()[:1] == b"{"
        try:
            read = self._of_json(body) if json else self._of_gml(body)
            return [(key, lines.feature(self._shape, self._fields, values, self._zone)) for key, values in read]
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
            raise self._service.broken(f"{type(error).__name__}: a feature that cannot be read") from None

    def lacks(self, page: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
        """Is there a field of which the page says nothing at all?"""
        rows = [row for _, row in page]
        there = {
            name
            for row in rows
            for name, value in (*row["properties"].items(), ("id", row.get("id")), ("geometry", row.get("geometry")))
            if value is not None
        }
        return not there.issuperset(self._fields)

    # GeoJSON

    def _of_json(self, body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
        page = msgspec.json.decode(body)
        for one in page["features"]:
            inner = one.get("properties") or {}
            values = {
                name: inner.get(prop.called) for name, prop in self._offer.properties.items() if name in self._fields
            }
            if "geometry" in self._fields and one.get("geometry") is not None:
                values["geometry"] = self._placed(one["geometry"], page)
            found = one.get("id", inner.get("gml_id"))
            yield ("" if found is None else str(found)), values

    def _placed(self, geometry: dict[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
        """In WGS 84, longitude first (RFC 7946; services that are older name another system in `crs`)."""
        system = _crs(page) or (axes.WGS84 if axes.code(self._offer.type.system) == 4326 else self._offer.type.system)
        if self._flipped is None:
            self._flipped = self._is_flipped(_first(geometry), system)
        place = axes.inward(system, self._flipped)
        return _mapped(geometry, place)

    def _is_flipped(self, position: Sequence[float] | None, system: str) -> bool:
        """A place that is where the service says its features are, but only the other way round."""
        box = self._offer.type.box
        if box is None or position is None or axes.code(system) not in (0, 4326, 4258):
            return False
        here, there = _is_in(box, position[0], position[1]), _is_in(box, position[1], position[0])
        return there and not here

    # GML

    def _of_gml(self, body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
        root = parsed(self._service, body)
        if markup.local(root) != "FeatureCollection":
            raise ValueError("no collection")
        told = str(root.get("numberReturned", ""))
        found = [one for member in root if markup.local(member) in ("member", "featureMember") for one in member]
        found += [one for member in root if markup.local(member) == "featureMembers" for one in member]
        if told.isdigit() and int(told) != len(found):
            raise self._service.broken("fewer features than it says")
        for one in found:
            yield _gml_id(one), self._read(one)

    def _read(self, feature: Any) -> dict[str, Any]:
        by_name = {prop.called: name for name, prop in self._offer.properties.items() if name in self._fields}
        values: dict[str, Any] = {}
        for element in feature:
            name = by_name.get(markup.local(element))
            if name is None or gml.is_geometry(element):
                continue
            values[name] = self._value(name, element)
        return values

    def _value(self, name: str, element: Any) -> Any:
        if self._offer.properties[name].field.kind is Kind.GEOMETRY:
            inner = next(iter(element), None)
            return None if inner is None else gml.geometry(inner, axes.named(self._offer.type.system))
        text = markup.text(element)
        empty = text == "" and self._offer.properties[name].field.kind is not Kind.TEXT
        return None if empty else text


def _gml_id(feature: Any) -> str:
    return next((str(feature.get(f"{{{space}}}id")) for space in gml.GML if feature.get(f"{{{space}}}id")), "")


def _crs(page: Mapping[str, Any]) -> str:
    """The system that a page names, as GeoJSON of 2008 does."""
    inner = (page.get("crs") or {}).get("properties") or {}
    return str(inner.get("name", ""))


def _is_in(box: axes.Box, lon: float, lat: float) -> bool:
    return box[0] - _MARGIN <= lon <= box[2] + _MARGIN and box[1] - _MARGIN <= lat <= box[3] + _MARGIN


def _first(geometry: Mapping[str, Any]) -> Sequence[float] | None:
    inner = geometry.get("geometries")
    if isinstance(inner, list):
        return _first(inner[0]) if inner else None
    found: Any = geometry.get("coordinates")
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[0]
    return found if isinstance(found, list) and len(found) > 1 else None


def _mapped(geometry: Mapping[str, Any], place: Callable[[Position], Position]) -> dict[str, Any]:
    """A geometry with each of its positions changed."""
    if "geometries" in geometry:
        return {"type": geometry["type"], "geometries": [_mapped(one, place) for one in geometry["geometries"]]}
    return {"type": geometry["type"], "coordinates": _each(geometry["coordinates"], place)}


def _each(coordinates: Any, place: Callable[[Position], Position]) -> Any:
    if coordinates and isinstance(coordinates[0], list):
        return [_each(one, place) for one in coordinates]
    return place(tuple(coordinates)) if coordinates else []
