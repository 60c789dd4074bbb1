"""Silos of kind `wfs`: Web Feature Service 2.0 (OGC 09-025r2, ISO 19142).

What lives here: questions to a service, page after page, in GeoJSON where it has that, else in GML. What does not: what
it says about itself (`featuretypes`), reading pages (`featurepages`), filters (`fes`), geometries (`gml`), reference
systems (`axes`), HTTP (`web`).

A service may leave out of account what it is asked, so all is left to the node as well. Pages are in the order of the
key as the service sorts it; there are some that sort numbers as texts. INVARIANT: what leaves is WGS
84 with the longitude first; where a service puts the axes the other way round, its own bounding box gives it away.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Pushed, Selection, Shape, Split, Work
from connector.data.queries.splitting import split
from connector.data.sources import axes, featuretypes, fes, lines, markup, web
from connector.data.sources import featurepages as pages
from connector.data.sources.featuretypes import FeatureType, Offer, Property
from connector.data.sources.web import Web
from connector.errors import SourceError
from connector.records import Silo

_XML: Final = "text/xml, application/xml, application/gml+xml"
_OURS: Final = frozenset({"service", "version", "request"})
_PAGE: Final = 1000
_FRESH: Final = 600.0
_MOST: Final = 1000


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
        form = pages.Form(service, offer, shape, pushed.fields, lines.zone(silo))
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
        asked |= {"outputFormat": kind.geojson or kind.gml, "srsName": axes.named(kind.system)}
    else:
        asked["outputFormat"] = kind.gml
    if set(pushed.fields) != set(offer.properties):
        asked["propertyName"] = ",".join(offer.properties[name].called for name in pushed.fields)
    if offer.shape.key:
        asked["sortBy"] = offer.properties[offer.shape.key[0]].called
    if pushed.where is not None:
        system = axes.named(next(iter(kind.systems), axes.WGS84))
        filtered = fes.written(pushed.where, shape, lambda name: offer.properties[name].called, system)
        asked |= {"filter": filtered} if filtered else {}
    return asked


async def _types(service: Web) -> dict[str, FeatureType]:
    root = await _document(service, _url(service, request="GetCapabilities"))
    try:
        return featuretypes.capabilities(root)
    except ValueError as error:
        raise service.broken(str(error)) from None


async def _document(service: Web, url: str) -> Any:
    return pages.parsed(service, await service.get(url, accept=_XML))


async def _matched(service: Web, asked: Mapping[str, str]) -> int:
    """How many features there are, -1 where it does not tell."""
    less = {name: value for name, value in asked.items() if name not in ("outputFormat", "sortBy", "propertyName")}
    root = await _document(service, _url(service, **less, resultType="hits"))
    if markup.local(root) != "FeatureCollection":
        raise service.broken("no collection of features")
    told = str(root.get("numberMatched", ""))
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else -1
