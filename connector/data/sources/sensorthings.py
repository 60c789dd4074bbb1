"""Silos of kind `sensorthings`: OGC SensorThings API 1.1, Part 1: Sensing (18-088).

What lives here: questions to a service and its pages. What does not: sets, columns and filters (`odata`), HTTP (`web`),
rows (`lines`), what a service says by itself over MQTT.

Collections are the sets Things, Locations, Datastreams and Observations, and `Datastreams(ID)`: the observations of one
datastream. Pages are read by where the last one ended, in time and then in id, so that what comes meanwhile moves
nothing and the thousandth page costs as much as the first; a service that does not sort is read by its own links. A
service may leave out of account what it is asked, so all is left to the node as well.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.queries.splitting import split
from connector.data.sources import lines, odata, web
from connector.data.sources.odata import Entities
from connector.data.sources.web import Web
from connector.records import Silo
from policies import instants

SETS: Final = ("Datastreams", "Locations", "Observations", "Things")
_STREAM: Final = re.compile(r"Datastreams\((?:[0-9]{1,19}|'(?:[^']|''){1,200}')\)")
_EXPANDED: Final = "Thing($select=name;$expand=Locations($select=location)),ObservedProperty($select=name)"
_PAGE: Final = 100
"""What most services give at most; some refuse to be asked for more."""
_FRESH: Final = 600.0
_MOST: Final = 1000
_PATH: Final = "/()',:;=$"


class Known(Struct, frozen=True):
    """A collection as it was seen."""

    entities: Entities
    until: float


class SensorThingsReader:
    """See `ports.Reader`."""

    kind = "sensorthings"
    settings: Sequence[Setting] = (web.URL, *web.LOGIN, *lines.settings(_PAGE))

    def __init__(self, around: Around) -> None:
        self._around = around
        self._known: dict[tuple[str, str, str], Known] = {}

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        return [*web.check(silo, self.settings), *lines.check(silo)]

    async def collections(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        service = Web(self._around, silo)
        found, url = list(SETS), _url(service, "Datastreams", select="id", orderby="id", top=str(_PAGE))
        asked: set[str] = set()
        while url and url not in asked and len(found) < _MOST:
            asked.add(url)
            page = await service.json(url)
            found += [f"Datastreams({odata.literal(one.get('@iot.id'), Kind.TEXT)})" for one in _values(service, page)]
            url = _next(service, page, url)
        return sorted(set(found))[:_MOST]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says; never from memory."""
        service = Web(self._around, silo)
        return lines.selected(_shape(await self._seen(service, silo, selection.collection)), selection.fields, service)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """As the port says. Texts are taken to have no blanks around them: a contract about one district must not make
        the service look for its name within others."""
        return split(shape, work, lambda condition: odata.can(condition, lambda name: _kind(shape, name)), trimmed=True)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """As the port says."""
        service = Web(self._around, silo)
        entities = await self._entities(service, silo, selection.collection)
        lines.selected(_shape(entities), pushed.fields, service)
        pages = _Pages(service, entities, shape, pushed, web.number(silo, "page", _PAGE)).rows()
        async for piece in lines.written(pages, budget):
            yield piece

    def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Over HTTP a service says nothing by itself."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""

    # --- what there is ------------------------------------------------------------------------------------------------

    async def _entities(self, service: Web, silo: Silo, name: str) -> Entities:
        known = self._known.get((silo.id, service.url, name))
        if known is not None and known.until > self._around.clock.monotonic():
            return known.entities
        return await self._seen(service, silo, name)

    async def _seen(self, service: Web, silo: Silo, name: str) -> Entities:
        path = f"{name}/Observations" if _STREAM.fullmatch(name) else name
        if path == name and name not in SETS:
            raise service.drift("", f"there is no collection {name[:100]}")
        about = await service.json(_url(service, name, expand=_EXPANDED)) if path != name else {}
        sample = next(iter(_values(service, await service.json(_url(service, path, top="1")))), {})
        id = sample.get("@iot.id", about.get("@iot.id") if isinstance(about, dict) else None)
        if path != name:
            found: Entities | None = odata.observations(path, about, id, sample)
        else:
            found = odata.entities(name, id, sample)
        if found is None:
            raise service.drift("", f"there is no collection {name[:100]}")
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[(silo.id, service.url, name)] = Known(found, self._around.clock.monotonic() + _FRESH)
        return found


def _kind(shape: Shape, name: str) -> Kind | None:
    field = shape.field(name)
    return None if field is None else field.kind


def _shape(entities: Entities) -> Shape:
    names = entities.columns.keys()
    return Shape(
        fields=tuple(one.field for one in entities.columns.values()),
        key=("time", "id") if entities.timed else ("id",),
        time="time" if "time" in names else "",
        geometry="location" if "location" in names else "area" if "area" in names else "",
        crs="OGC:CRS84",
        title=entities.title or entities.path,
    )


class _Pages:
    """The pages of one access."""

    def __init__(self, service: Web, entities: Entities, shape: Shape, pushed: Pushed, size: int) -> None:
        self._service, self._entities, self._size = service, entities, size
        self._columns = [(name, entities.columns[name]) for name in pushed.fields]
        self._shape = shape
        self._where = odata.filtered(pushed.where, entities) if pushed.where is not None else []
        self._instants = not entities.spans and any("phenomenonTime l" in one for one in self._where)

    async def rows(self) -> AsyncGenerator[lines.Page, None]:
        """Rows with their ids. Raises `SourceError`."""
        repeated, sorts, asked = lines.Repeated(), True, set[str]()
        url = self._url([])
        while url:
            if url in asked:
                raise self._service.broken("the same page twice")
            asked = {url} if sorts else {*asked, url}
            page = await self._service.json(url, most=web.PAGE)
            values = _values(self._service, page)
            fresh = [one for one in values if not repeated(self._id(one))]
            yield [(self._id(one), self._row(one)) for one in fresh]
            sorts = sorts and _is_sorted([self._position(one) for one in values])
            further = _next(self._service, page, url)
            if sorts and fresh and (further or len(values) >= self._size):
                url = self._url(self._behind(values[-1]))
            else:
                url = further if values else ""

    def _url(self, behind: Sequence[str]) -> str:
        columns = [column for _, column in self._columns]
        order = ("phenomenonTime", "id") if self._entities.timed else ("id",)
        asked = {
            "orderby": ",".join(order),
            "select": ",".join(dict.fromkeys((*order, *(one.select for one in columns if one.select)))),
            "expand": ",".join(dict.fromkeys(one.expand for one in columns if one.expand)),
            "filter": " and ".join([*self._where, *behind]),
            "top": str(self._size),
        }
        return _url(self._service, self._entities.path, **{name: value for name, value in asked.items() if value})

    def _behind(self, last: Mapping[str, Any]) -> list[str]:
        """What comes behind an entity. A span never equals an instant: from its beginning on, some come again."""
        id = f"id gt {odata.literal(last.get('@iot.id'), Kind.TEXT)}"
        if not self._entities.timed:
            return [id]
        start, _, end = str(last.get("phenomenonTime", "")).partition("/")
        since = instants.stamp(self._instant(start))
        if end or self._entities.spans:
            return [f"phenomenonTime ge {since}"]
        return [f"(phenomenonTime gt {since} or (phenomenonTime eq {since} and {id}))"]

    def _id(self, one: Mapping[str, Any]) -> str:
        if "@iot.id" not in one:
            raise self._service.broken("an entity without an id")
        return str(one["@iot.id"])

    def _position(self, one: Mapping[str, Any]) -> int:
        """Where it is in time; within one time, and where there is none, services sort ids in ways of their own."""
        return self._instant(str(one.get("phenomenonTime", "")).partition("/")[0]) if self._entities.timed else 0

    def _instant(self, text: str) -> int:
        try:
            return instants.instant(text)
        except ValueError:
            raise self._service.broken("a time that is none") from None

    def _row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        if self._instants and "/" in str(one.get("phenomenonTime", "")):
            raise self._service.broken("spans of time among instants")
        return {name: self._cell(name, column, one) for name, column in self._columns}

    def _cell(self, name: str, column: odata.Column, one: Mapping[str, Any]) -> Any:
        value = odata.within(one, column.path) if column.path else column.fixed
        if name in ("time", "end") and isinstance(value, str):
            start, _, end = value.partition("/")
            value = start if name == "time" else (end or None)
        return lines.cast(self._shape.field(name) or column.field, value)


def _is_sorted(positions: Sequence[int]) -> bool:
    return all(one <= other for one, other in pairwise(positions))


def _url(service: Web, path: str, **asked: str) -> str:
    """An address below the service's root, with the options of OData."""
    query = "&".join(f"${name}={quote(value, safe=_PATH)}" for name, value in asked.items())
    return f"{service.url.rstrip('/')}/{quote(path, safe=_PATH)}" + (f"?{query}" if query else "")


def _values(service: Web, page: Any) -> list[dict[str, Any]]:
    found = page.get("value") if isinstance(page, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise service.broken("no set of entities")
    return found


def _next(service: Web, page: Mapping[str, Any], url: str) -> str:
    link = page.get("@iot.nextLink")
    return service.here(link, url) if isinstance(link, str) and link else ""
