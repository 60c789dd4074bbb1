"""Silos of kind `wfs`: Web Feature Service 2.0 (OGC 09-025r2, ISO 19142).

What lives here: questions to a service and its pages, in GeoJSON where it has that, else in GML. What does not: what it
says about itself (`featuretypes`), filters (`fes`), geometries (`gml`), reference systems (`axes`), HTTP (`web`).

A service may leave out of account what it is asked, so all is left to the node as well. Pages are in the order of the
key as the service sorts it; there are some that sort numbers as texts. INVARIANT: what leaves is WGS
84 with the longitude first; where a service puts the axes the other way round, its own bounding box gives it away.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.queries.splitting import split
from connector.data.sources import axes, featuretypes, fes, gml, lines, markup, web
from connector.data.sources.featuretypes import FeatureType, Property
from connector.data.sources.web import Web
from connector.errors import SourceError
from connector.records import Silo

_XML: Final = "text/xml, application/xml, application/gml+xml"
_OURS: Final = frozenset({"service", "version", "request"})
_PAGE: Final = 1000
_FRESH: Final = 600.0
_MOST: Final = 1000
_MARGIN: Final = 0.5
"""Degrees that features may be beyond the bounding box that a service tells."""


class Offer(Struct, frozen=True, kw_only=True):
    """A type of a service: what it says of it, and its fields by their names here."""

    type: FeatureType
    properties: dict[str, Property]
    shape: Shape
    until: float = 0.0


class WfsReader:
    """See `ports.Reader`."""

    kind = "wfs"
    settings: Sequence[Setting] = (
        web.URL,
        *web.LOGIN,
        *lines.settings(_PAGE),
        Setting(
            "key",
            "Field that tells features apart, where it is not called id.",
            "Feld, das Objekte unterscheidet, wenn es nicht id heißt.",
            example="number",
        ),
    )

    def __init__(self, around: Around) -> None:
        self._around = around
        self._offers: dict[tuple[str, str, str], Offer] = {}

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        return [*web.check(silo, self.settings), *lines.check(silo)]

    async def collections(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        return sorted(await _types(Web(self._around, silo)))[:_MOST]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says; never from memory."""
        service = Web(self._around, silo)
        offer = await self._seen(service, silo, selection.collection)
        return lines.selected(offer.shape, selection.fields, service)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """As the port says. Texts are taken to have no blanks around them: a contract about one district must not make
        the service look for its name within others."""
        return split(shape, work, lambda condition: fes.can(condition, shape), trimmed=True)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """As the port says."""
        async for piece in lines.written(self._pages(Web(self._around, silo), silo, selection, shape, pushed), budget):
            yield piece

    def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """A service says nothing by itself."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""

    # --- what is offered ----------------------------------------------------------------------------------------------

    async def _offer(self, service: Web, silo: Silo, name: str) -> Offer:
        known = self._offers.get((silo.id, service.url, name))
        if known is not None and known.until > self._around.clock.monotonic():
            return known
        return await self._seen(service, silo, name)

    async def _seen(self, service: Web, silo: Silo, name: str) -> Offer:
        kind = (await _types(service)).get(name)
        if kind is None:
            raise service.drift("", f"there is no type {name[:100]}")
        root = await _document(service, _url(service, request="DescribeFeatureType", typenames=name, **_spaces(kind)))
        try:
            properties = featuretypes.properties(root, name)
        except ValueError as error:
            raise service.broken(str(error)) from None
        if len(self._offers) >= _MOST:
            self._offers.clear()
        offer = self._offers[(silo.id, service.url, name)] = Offer(
            type=kind,
            properties=properties,
            shape=_shape(kind, properties, str(silo.settings.get("key", ""))),
            until=self._around.clock.monotonic() + _FRESH,
        )
        return offer

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def _pages(
        self, service: Web, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed
    ) -> AsyncGenerator[lines.Page, None]:
        offer = await self._offer(service, silo, selection.collection)
        lines.selected(offer.shape, pushed.fields, service)
        asked = _asked(offer, shape, pushed)
        try:
            matched = await _matched(service, asked)
        except SourceError as error:
            await self._drifted(service, silo, selection.collection, pushed.fields, error)
            raise
        form = _Form(service, offer, shape, pushed.fields, lines.zone(silo))
        repeated, told, start, size = lines.Repeated(), 0, 0, web.number(silo, "page", _PAGE)
        while matched < 0 or told < matched:
            more = {"startIndex": str(start)} if start else {}
            body = await service.get(_url(service, **asked, count=str(size), **more), accept="*/*", most=web.PAGE)
            try:
                page = form.rows(body)
            except SourceError as error:
                await self._drifted(service, silo, selection.collection, pushed.fields, error)
                raise
            if not page:
                break
            fresh = [one for one in page if not repeated(one[0])]
            if not fresh:
                raise service.broken("the same page twice: it does not page")
            if start == 0 and form.lacks(page):
                await self._drifted(service, silo, selection.collection, pushed.fields)
            yield fresh
            told, start = told + len(fresh), start + min(len(page), size)
        if told < matched:
            raise service.broken(f"{told} of {matched} features")

    async def _drifted(
        self, service: Web, silo: Silo, name: str, fields: Sequence[str], error: SourceError | None = None
    ) -> None:
        """Looks again where something may be gone. Raises `SourceError` `source.drift` where it is."""
        if error is None or error.reason.code == "source.broken":
            seen = await self._seen(service, silo, name)
            lines.selected(seen.shape, fields, service)


def _shape(kind: FeatureType, properties: Mapping[str, Property], wanted: str) -> Shape:
    return Shape(
        fields=tuple(one.field for one in properties.values()),
        features=True,
        key=featuretypes.key(properties, wanted) if kind.sorts else (),
        geometry="geometry" if "geometry" in properties else "",
        crs=next(iter(kind.systems), ""),
        licence=kind.licence,
        title=kind.title,
    )


# --- questions --------------------------------------------------------------------------------------------------------


def _url(service: Web, **asked: str) -> str:
    """The service's address with these parameters, beside those that it needs itself (`?map=`)."""
    parts = urlsplit(service.url)
    own = [
        (name, value) for name, value in parse_qsl(parts.query) if name.lower() not in ("service", "version", "request")
    ]
    query = urlencode([*own, ("service", "WFS"), ("version", "2.0.0"), *asked.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _spaces(kind: FeatureType) -> dict[str, str]:
    """The prefix of a type, where it has one."""
    prefix = kind.name.partition(":")[0]
    return {"namespaces": f"xmlns({prefix},{kind.namespace})"} if kind.namespace else {}


def _asked(offer: Offer, shape: Shape, pushed: Pushed) -> dict[str, str]:
    """The parameters of every page."""
    kind = offer.type
    asked = {"request": "GetFeature", "typenames": kind.name, **_spaces(kind)}
    # INVARIANT: GeoJSON comes with its geometry even from services that leave it out of GML when it is not asked for.
    if "geometry" in pushed.fields:
        asked |= {"outputFormat": kind.geojson or kind.gml, "srsName": _named(kind.system)}
    else:
        asked["outputFormat"] = kind.gml
    if set(pushed.fields) != set(offer.properties):
        asked["propertyName"] = ",".join(offer.properties[name].called for name in pushed.fields)
    if offer.shape.key:
        asked["sortBy"] = offer.properties[offer.shape.key[0]].called
    if pushed.where is not None:
        system = _named(next(iter(kind.systems), axes.WGS84))
        filtered = fes.written(pushed.where, shape, lambda name: offer.properties[name].called, system)
        asked |= {"filter": filtered} if filtered else {}
    return asked


def _named(system: str) -> str:
    """With its axes in an order that nobody has to guess; an unknown one as it is."""
    try:
        return axes.urn(system)
    except axes.UnknownSystemError:
        return system


async def _types(service: Web) -> dict[str, FeatureType]:
    root = await _document(service, _url(service, request="GetCapabilities"))
    try:
        return featuretypes.capabilities(root)
    except ValueError as error:
        raise service.broken(str(error)) from None


async def _document(service: Web, url: str) -> Any:
    return _parsed(service, await service.get(url, accept=_XML))


def _parsed(service: Web, body: bytes) -> Any:
    try:
        root = markup.parsed(body)
    except ValueError as error:
        raise service.broken(str(error)) from None
    if code := featuretypes.exception(root):
        raise service.broken(f"exception {code}")
    return root


async def _matched(service: Web, asked: Mapping[str, str]) -> int:
    """How many features there are, -1 where it does not tell."""
    less = {name: value for name, value in asked.items() if name not in ("outputFormat", "sortBy", "propertyName")}
    root = await _document(service, _url(service, **less, resultType="hits"))
    if markup.local(root) != "FeatureCollection":
        raise service.broken("no collection of features")
    told = str(root.get("numberMatched", ""))
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else -1


# --- answers ----------------------------------------------------------------------------------------------------------


class _Form:
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
        root = _parsed(self._service, body)
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
            return None if inner is None else gml.geometry(inner, _named(self._offer.type.system))
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


def _mapped(geometry: Mapping[str, Any], place: Any) -> dict[str, Any]:
    """A geometry with each of its positions changed."""
    if "geometries" in geometry:
        return {"type": geometry["type"], "geometries": [_mapped(one, place) for one in geometry["geometries"]]}
    return {"type": geometry["type"], "coordinates": _each(geometry["coordinates"], place)}


def _each(coordinates: Any, place: Any) -> Any:
    if coordinates and isinstance(coordinates[0], list):
        return [_each(one, place) for one in coordinates]
    return place(tuple(coordinates)) if coordinates else []
