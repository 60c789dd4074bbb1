"""Silos of kind `features`: services of OGC API - Features.

What lives here: what a service offers (`Offer`), questions to it and its pages. What does not: how a condition is
written for it (`asking`), HTTP (`web`), rows (`lines`). Sources: OGC API - Features Part 1 (17-069r4), Part 3
(19-079r2: queryables, filters), Part 5 (23-058r1: schemas, roles).

A service may leave out of account what it is asked, so all is left to the node as well. What comes is WGS 84 with the
longitude first: the one system that every service has, and gives where nothing else is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from connector.data.ports import Around, Setting
from connector.data.queries.model import (
    Budget,
    Event,
    Field,
    Kind,
    Pushed,
    Selection,
    Shape,
    Split,
    Work,
)
from connector.data.queries.splitting import split
from connector.data.sources import asking, lines, web
from connector.data.sources.web import Web
from connector.errors import SourceError
from connector.records import Silo

GEOJSON: Final = "application/geo+json, application/json;q=0.9"
_PAGE: Final = 1000
_FRESH: Final = 600.0
"""Seconds that what a service offers is remembered."""
_MOST: Final = 1000
_SAMPLE: Final = 100
_PART_3: Final = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_CQL2: Final = "http://www.opengis.net/spec/cql2/1.0/conf/"


class Offer(Struct, frozen=True, kw_only=True):
    """What a service offers of a collection: its shape, the parameters that its questions may have; the fields that are
    parameters themselves (`by_name`: Part 1, 7.15.5; Part 3, 8.3), and those that a filter in CQL2 may be about."""

    shape: Shape
    parameters: frozenset[str] = frozenset()
    queryables: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    filters: bool = False
    advanced: bool = False
    until: float = 0.0


class FeaturesReader:
    """See `ports.Reader`."""

    kind = "features"
    settings: Sequence[Setting] = (web.URL, *web.LOGIN, *lines.settings(_PAGE))

    def __init__(self, around: Around) -> None:
        self._around = around
        self._offers: dict[tuple[str, str, str], Offer] = {}

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        return [*web.check(silo, self.settings), *lines.check(silo)]

    async def collections(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        service = Web(self._around, silo)
        return sorted(str(one.get("id", "")) for one in await _collections(service))[:_MOST]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says; never from memory."""
        service = Web(self._around, silo)
        offer = await self._seen(service, silo, selection.collection)
        return lines.selected(offer.shape, selection.fields, service)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """As the port says. Texts are taken to have no blanks around them: a contract about one district must not make
        the service look for its name within others."""
        return split(shape, work, lambda condition: asking.is_plain(condition, shape), trimmed=True)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """As the port says."""
        service = Web(self._around, silo)
        pages = self._pages(service, silo, selection, shape, pushed)
        async for piece in lines.written(pages, budget):
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
        """What is offered, from memory where it is fresh."""
        known = self._offers.get((silo.id, service.url, name))
        if known is not None and known.until > self._around.clock.monotonic():
            return known
        return await self._seen(service, silo, name)

    async def _seen(self, service: Web, silo: Silo, name: str) -> Offer:
        about = await service.json(service.under("collections", name))
        if not isinstance(about, dict):
            raise service.broken("no collection")
        conforms = await _conformance(service)
        named = await _parameters(service, name)
        queryables = await _schema(service, about, "queryables")
        shape = await _shape(service, name, about, queryables, "sortby" in named)
        if len(self._offers) >= _MOST:
            self._offers.clear()
        offer = self._offers[(silo.id, service.url, name)] = Offer(
            shape=shape,
            parameters=named,
            queryables=frozenset(queryables),
            by_name=named
            | (frozenset(queryables) if _PART_3 + "queryables-query-parameters" in conforms else frozenset()),
            filters=_PART_3 + "features-filter" in conforms and _CQL2 + "cql2-text" in conforms,
            advanced=_CQL2 + "advanced-comparison-operators" in conforms,
            until=self._around.clock.monotonic() + _FRESH,
        )
        return offer

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def _pages(
        self, service: Web, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed
    ) -> AsyncGenerator[lines.Page, None]:
        offer, zone = await self._offer(service, silo, selection.collection), lines.zone(silo)
        lines.selected(offer.shape, pushed.fields, service)
        url = _question(service, selection.collection, offer, shape, pushed, web.number(silo, "page", _PAGE))
        counted = Counted(service)
        asked: set[str] = set()
        while url:
            if url in asked:
                raise service.broken("pages that go round")
            asked.add(url)
            page = await service.json(url, accept=GEOJSON, most=web.PAGE)
            features = counted.features(page)
            if len(asked) == 1 and lines.lacks(features, pushed.fields):
                seen = await self._seen(service, silo, selection.collection)
                lines.selected(seen.shape, pushed.fields, service)
            yield [(_key(one), lines.feature(shape, pushed.fields, _values(one), zone)) for one in features]
            url = _next(service, page, url) if features else ""
        counted.end()


class Counted:
    """Whether a service has told all that it says it has."""

    def __init__(self, service: Web) -> None:
        self._service, self._matched, self._told = service, -1, 0

    def features(self, page: Any) -> list[dict[str, Any]]:
        """The features of a page. Raises `SourceError` where it is none, or rows went while it was read."""
        found = page.get("features") if isinstance(page, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._service.broken("no collection of features")
        returned, matched = page.get("numberReturned"), page.get("numberMatched")
        if isinstance(returned, int) and returned != len(found):
            raise self._service.broken("fewer features than it says")
        if isinstance(matched, int):
            # Pages move when rows go: what moved from the next page to this one would be missing.
            if matched < self._matched:
                raise self._service.broken("rows went while it was read")
            self._matched = matched
        self._told += len(found)
        return found

    def end(self) -> None:
        """There are no more pages. Raises `SourceError` where there should be."""
        if self._told < self._matched:
            raise self._service.broken(f"{self._told} of {self._matched} features")


def _values(one: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = one.get("properties")
    values = dict(inner) if isinstance(inner, dict) else {}
    for name in ("id", "geometry"):
        if name in one:
            values[name] = one[name]
    return values


def _key(one: Mapping[str, Any]) -> str:
    found = one.get("id")
    return "" if found is None else str(found)


def _next(service: Web, page: Mapping[str, Any], url: str) -> str:
    """Where the next page is, "" behind the last."""
    return next((service.here(href, url) for href in _links(page, "next")), "")


def _links(document: Any, relation: str) -> Iterable[str]:
    """Where a document's links of this relation lead, those to JSON first."""
    links = document.get("links") if isinstance(document, dict) else None
    found = [one for one in links or () if isinstance(one, dict) and one.get("rel") == relation]
    found.sort(key=lambda one: "json" not in str(one.get("type", "json")))
    return [str(one["href"]) for one in found if isinstance(one.get("href"), str)]


def _question(service: Web, name: str, offer: Offer, shape: Shape, pushed: Pushed, page: int) -> str:
    """The address of the first page."""
    asked = {"limit": str(page), **_fields(offer, pushed.fields)}
    if pushed.where is not None:
        asked |= asking.parameters(pushed.where, shape, offer)
    if offer.shape.key and "sortby" in offer.parameters:
        asked["sortby"] = ",".join(offer.shape.key)
    return service.under("collections", name, "items") + "?" + urlencode(asked)


def _fields(offer: Offer, fields: Sequence[str]) -> dict[str, str]:
    """Only the fields that are wanted, where it can leave others out."""
    asked = {}
    plain = [name for name in fields if name != "geometry" and (name != "id" or "id" in offer.queryables)]
    if "properties" in offer.parameters and plain:
        asked["properties"] = ",".join(plain)
    if "skipGeometry" in offer.parameters and "geometry" not in fields:
        asked["skipGeometry"] = "true"
    return asked


# --- documents of a service -------------------------------------------------------------------------------------------


async def _collections(service: Web) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    url, asked = service.under("collections"), set[str]()
    while url and url not in asked and len(found) < _MOST:
        asked.add(url)
        page = await service.json(url)
        some = page.get("collections") if isinstance(page, dict) else None
        if not isinstance(some, list):
            raise service.broken("no collections")
        found += [one for one in some if isinstance(one, dict) and one.get("itemType", "feature") == "feature"]
        url = _next(service, page, url)
    return found


async def _conformance(service: Web) -> frozenset[str]:
    found = await service.json(service.under("conformance"))
    classes = found.get("conformsTo") if isinstance(found, dict) else None
    return frozenset(one for one in classes or () if isinstance(one, str))


async def _parameters(service: Web, name: str) -> frozenset[str]:
    """The parameters of questions for features, from the service's OpenAPI; none where it has none that is JSON."""
    landing = await service.json(service.url)
    for href in _links(landing, "service-desc"):
        try:
            api = await service.json(
                service.here(href), accept="application/vnd.oai.openapi+json;version=3.0, application/json;q=0.9"
            )
        except SourceError as error:
            if error.reason.code in ("source.broken", "source.drift"):
                continue
            raise
        return asking.offered(api, name)
    return frozenset()


async def _schema(service: Web, about: Mapping[str, Any], relation: str) -> Mapping[str, Any]:
    """The properties of one of a collection's schemas, {} where it has none."""
    for href in _links(about, "http://www.opengis.net/def/rel/ogc/1.0/" + relation):
        found = await service.json(service.here(href), accept="application/schema+json, application/json;q=0.9")
        properties = found.get("properties") if isinstance(found, dict) else None
        return properties if isinstance(properties, dict) else {}
    return {}


async def _shape(
    service: Web, name: str, about: Mapping[str, Any], queryables: Mapping[str, Any], sorts: bool
) -> Shape:
    schema = await _schema(service, about, "schema")
    fields = asking.fields(schema) if schema else await _sampled(service, name, asking.fields(queryables))
    names = {one.name for one in fields}
    return Shape(
        fields=fields,
        features=True,
        key=("id",) if "id" in names and sorts else (),
        time=next((one for one, about in schema.items() if asking.role(about) == "primary-instant"), ""),
        geometry="geometry" if "geometry" in names else "",
        crs="OGC:CRS84",
        licence=next(iter(_links(about, "license")), ""),
        title=str(about.get("title", ""))[:200],
        guessed=not schema,
    )


async def _sampled(service: Web, name: str, known: Sequence[Field]) -> tuple[Field, ...]:
    """The fields of some features; their kinds as the service tells them, else as they look."""
    url = service.under("collections", name, "items") + f"?limit={_SAMPLE}"
    features = Counted(service).features(await service.json(url, accept=GEOJSON, most=web.PAGE))
    values = [_values(one) for one in features]
    told = {one.name: one for one in known}
    names = dict.fromkeys(key for one in values for key in one)
    return tuple(
        Field(key, Kind.GEOMETRY)
        if key == "geometry"
        else told.get(key, Field(key, lines.guessed(one.get(key) for one in values)))
        for key in sorted(names, key=lambda key: (key != "id", key == "geometry"))
    )
