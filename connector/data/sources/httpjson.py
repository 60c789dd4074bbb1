"""JSON over HTTP as a silo (`http`): GET, rows at a JSON pointer, page after page.

What lives here: the settings of such a service, its shape from a sample, its rows. What does not: how its pages follow
each other (`paging`), HTTP (`web`), values by their kind (`lines`). Sources: RFC 6901 (JSON Pointer), RFC 9110 (13,
conditional requests), RFC 8288 (Web Linking).

What such a service makes of its parameters nobody knows: they only narrow, and all is done again at the node.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connector.data.ports import Around, Setting
from connector.data.queries.model import (
    All,
    Budget,
    Compare,
    Condition,
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
from connector.data.sources import lines, web
from connector.data.sources.paging import Paging, PagingError, at, pointer, with_parameters
from connector.errors import SourceError
from connector.records import Silo

COLLECTION: Final = "{collection}"
SAMPLE: Final = 100
"""Rows that a shape is told from."""
_KEPT: Final = 16
_KEPT_BYTES: Final = 1 << 20
_MAPPED = re.compile(r"([^=\s]+?)\s*=\s*(\S*)")
_PARAMETER = re.compile(r"([^<>=\s]+)\s*(<=|>=|<|>|=)\s*([A-Za-z0-9_.\[\]:-]+)")
_NAME = re.compile(r"[^\s,;=]{1,200}")

SETTINGS: Final[Sequence[Setting]] = (
    Setting(
        "url",
        "address that rows are asked at; {collection} stands for the name of a collection",
        "Adresse, unter der nach Zeilen gefragt wird; {collection} steht für den Namen einer Sammlung",
        needed=True,
        example="https://sensors.example/api/{collection}",
    ),
    *web.LOGIN,
    Setting("collections", "names of collections", "Namen der Sammlungen", example="stations,readings"),
    Setting(
        "rows",
        "JSON pointer to the rows; none: the whole",
        "JSON-Pointer auf die Zeilen; ohne: alles",
        example="/items",
    ),
    Setting(
        "fields",
        "fields and where each lies in a row; none: the members of a row",
        "Felder, und wo jedes in einer Zeile steht; ohne: was in einer Zeile steht",
        example="id=/id, at=/observed/time, value=/result",
    ),
    Setting(
        "key",
        "fields that tell a row from any other",
        "Felder, die eine Zeile von jeder anderen unterscheiden",
        example="id",
    ),
    Setting("time", "field that says when a row was measured", "Feld mit der Zeit der Messung", example="at"),
    Setting("geometry", "field that says where a row is (GeoJSON)", "Feld mit dem Ort (GeoJSON)", example="place"),
    Setting("zone", "zone of times without an offset", "Zeitzone von Zeiten ohne Versatz", example="Europe/Berlin"),
    Setting("optional", "fields that rows may leave out", "Felder, die in Zeilen fehlen dürfen", example="remark"),
    Setting(
        "paging",
        "how pages follow each other: link, next, page, offset, cursor; none: there is one",
        "wie Seiten aufeinander folgen: link, next, page, offset, cursor; ohne: es gibt eine",
        example="link",
    ),
    Setting(
        "next",
        "JSON pointer to the next URL (next) or cursor (cursor)",
        "JSON-Pointer auf die nächste URL (next) oder Marke (cursor)",
        example="/links/next",
    ),
    Setting(
        "parameter", "parameter of page, offset or cursor", "Parameter für Seite, Versatz oder Marke", example="page"
    ),
    Setting("first", "number of the first page (1)", "Nummer der ersten Seite (1)", example="0"),
    Setting(
        "size_parameter", "parameter of how many rows a page has", "Parameter für die Zeilen je Seite", example="limit"
    ),
    Setting("size", "rows of a page (500)", "Zeilen je Seite (500)", example="1000"),
    Setting(
        "parameters",
        "what the service can look for itself: field, comparison, parameter",
        "wonach der Dienst selbst suchen kann: Feld, Vergleich, Parameter",
        example="district = bezirk; at >= from; at < to",
    ),
)


class Api(Struct, frozen=True, kw_only=True):
    """The settings of a service, read. `fields` are names and pointers, () for the members of a row."""

    url: str
    collections: tuple[str, ...]
    rows: tuple[str, ...]
    fields: tuple[tuple[str, tuple[str, ...]], ...]
    key: tuple[str, ...]
    time: str
    geometry: str
    zone: ZoneInfo | None
    optional: frozenset[str]
    paging: Paging
    parameters: Mapping[tuple[str, str], str]

    def address(self, collection: str) -> str:
        """Where the rows of a collection are asked for."""
        return self.url.replace(COLLECTION, quote(collection, safe=""))

    def place(self, name: str) -> tuple[str, ...]:
        """Where a field lies in a row."""
        return dict(self.fields).get(name, (name,))


def read_settings(silo: Silo) -> Api:
    """The settings as a service. Raises `ValueError` with what is wrong, in a plain sentence."""
    given = {name: str(value).strip() for name, value in silo.settings.items()}
    url = given.get("url", "")
    collections = _names(given.get("collections", ""), "collections")
    if (COLLECTION in url) != bool(collections):
        raise ValueError("collections: are named where the url has {collection}, and only there")
    fields = tuple((name, pointer(place, "fields")) for name, place in _mapped(given.get("fields", "")))
    known = {name for name, _ in fields}
    key = _names(given.get("key", ""), "key")
    for name in (*key, given.get("time", ""), given.get("geometry", "")):
        if name and known and name not in known:
            raise ValueError(f"fields: {name} is not among them")
    return Api(
        url=url,
        collections=collections,
        rows=pointer(given.get("rows", ""), "rows"),
        fields=fields,
        key=key,
        time=given.get("time", ""),
        geometry=given.get("geometry", ""),
        zone=_zone(given.get("zone", "")),
        optional=frozenset(_names(given.get("optional", ""), "optional")),
        paging=Paging.read(given, web.number(silo, "size", 500)),
        parameters={(name, sign): into for name, sign, into in _parameters(given.get("parameters", ""))},
    )


def _names(text: str, setting: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",")) if text else ()
    if not all(_NAME.fullmatch(name) for name in names) or len(set(names)) < len(names):
        raise ValueError(f"{setting}: must be names with commas between them, each once")
    return names


def _mapped(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        if (found := _MAPPED.fullmatch(part)) is None:
            raise ValueError("fields: write name=/place, with commas between them")
        yield found[1], found[2]


def _parameters(text: str) -> Iterator[tuple[str, str, str]]:
    for part in filter(None, (part.strip() for part in text.split(";"))):
        if (found := _PARAMETER.fullmatch(part)) is None:
            raise ValueError("parameters: write field >= parameter, with semicolons between them")
        yield found[1], found[2], found[3]


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"zone: there is no {name[:50]}") from None


class HttpReader:
    """Reads JSON of web services."""

    kind = "http"
    settings = SETTINGS

    def __init__(self, around: Around) -> None:
        self._around = around
        self._kept: OrderedDict[tuple[str, str], web.Answer] = OrderedDict()

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        wrong = web.check(silo, SETTINGS)
        try:
            read_settings(silo)
        except (ValueError, PagingError) as error:
            wrong.append(str(error))
        return wrong

    async def collections(self, silo: Silo) -> Sequence[str]:
        """The names of the settings; "" is the one of a service that has one."""
        return sorted(read_settings(silo).collections) or [""]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """Told from the rows of the first page."""
        api, service = read_settings(silo), web.Web(self._around, silo)
        if selection.collection not in (api.collections or ("",)):
            raise service.drift("", "there is no such collection")
        url = api.paging.sized(service.here(api.address(selection.collection)), SAMPLE)
        rows = _rows(api, service, self._read(service, await self._answer(silo, service, url)))[:SAMPLE]
        named = selection.fields or tuple(name for name, _ in api.fields) or tuple(dict.fromkeys(_members(rows)))
        _there(api, service, named, rows)
        return Shape(
            fields=tuple(Field(name, self._kind(api, name, rows)) for name in named),
            key=api.key if set(api.key) <= set(named) else (),
            time=api.time if api.time in named else "",
            geometry=api.geometry if api.geometry in named else "",
            crs="CRS84" if api.geometry in named and api.geometry else "",
            guessed=True,
        )

    def _kind(self, api: Api, name: str, rows: Sequence[Any]) -> Kind:
        if name == api.geometry:
            return Kind.GEOMETRY
        values = [at(row, api.place(name)) for row in rows]
        kind = lines.guessed(values)
        return Kind.INSTANT if name == api.time and kind is Kind.TEXT and api.zone is not None else kind

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """What there are parameters for is narrowed by them; everything is left."""
        api = read_settings(silo)
        return split(shape, work, lambda condition: _parameter(api, condition) is not None)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """As the port says; in the service's own order, which is that of the key where it says so."""
        pages = self._pages(silo, selection, shape, pushed)
        async with aclosing(lines.written(pages, budget)) as pieces:
            async for piece in pieces:
                yield piece

    async def _pages(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed
    ) -> AsyncGenerator[lines.Page, None]:
        api, service = read_settings(silo), web.Web(self._around, silo)
        url = with_parameters(service.here(api.address(selection.collection)), _asked(api, pushed.where))
        course, first, seen = api.paging.begin(url), True, set[str]()
        while course.url:
            if course.url in seen:
                raise service.broken("its pages lead in a circle")
            seen.add(course.url)
            answer = await self._answer(silo, service, course.url)
            document = self._read(service, answer)
            rows = _rows(api, service, document)
            if first and rows:
                _there(api, service, pushed.fields, rows)
            first = False
            yield [_row(api, service, shape, pushed.fields, row) for row in rows]
            try:
                course = api.paging.after(course, document, answer.headers, len(rows), service.here)
            except PagingError as error:
                raise service.broken(str(error)) from None

    async def _answer(self, silo: Silo, service: web.Web, url: str) -> web.Answer:
        """What is said at a URL; a small answer that has not changed since is not sent again (RFC 9110, 13)."""
        at = (msgspec.json.encode(silo, order="deterministic").decode(), url)
        before = self._kept.get(at)
        answer = await service.answer(url, accept="application/json", most=web.PAGE, known=_known(before))
        if answer.status == 304 and before is not None:
            self._kept.move_to_end(at)
            return before
        self._kept.pop(at, None)
        if _known(answer) and len(answer.body) <= _KEPT_BYTES:
            self._kept[at] = answer
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answer

    def _read(self, service: web.Web, answer: web.Answer) -> Any:
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise service.broken("no JSON where some should be") from None

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Nothing: no shape of such a service is live."""
        raise SourceError("source.refused", silo=silo.id, problem="it cannot be watched")
        yield  # makes this a generator

    async def close(self) -> None:
        """Nothing is open between questions."""
        self._kept.clear()


def _known(answer: web.Answer | None) -> dict[str, str]:
    """Header fields by which a service can tell that what is here is still what it would send."""
    if answer is None:
        return {}
    tag, since = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return {"If-None-Match": tag} if tag else {"If-Modified-Since": since} if since else {}


def _rows(api: Api, service: web.Web, document: Any) -> list[Any]:
    found = at(document, api.rows)
    if not isinstance(found, list):
        raise service.broken("no rows at /" + "/".join(api.rows))
    return found


def _members(rows: Sequence[Any]) -> Iterator[str]:
    for row in rows:
        if isinstance(row, dict):
            yield from row


def _there(api: Api, service: web.Web, names: Sequence[str], rows: Sequence[Any]) -> None:
    """Raises `SourceError` `source.drift` where none of these rows has a field that has to be there."""
    gone = [name for name in names if name not in api.optional and not any(_has(row, api.place(name)) for row in rows)]
    if gone and rows:
        raise service.drift(", ".join(gone))
    if not names:
        raise service.broken("no row to tell the fields from; name them in the setting fields")


def _has(row: Any, place: tuple[str, ...]) -> bool:
    inner = at(row, place[:-1])
    return isinstance(inner, dict) and (not place or place[-1] in inner)


def _row(api: Api, service: web.Web, shape: Shape, names: Sequence[str], row: Any) -> tuple[str, dict[str, Any]]:
    """A row and its key; a member that is not there is null."""
    if not isinstance(row, dict):
        raise service.broken("a row that is no object")
    made = {name: lines.cast(shape.field(name) or Field(name), at(row, api.place(name)), api.zone) for name in names}
    key = [at(row, api.place(name)) for name in api.key]
    return msgspec.json.encode(key).decode() if key and None not in key else "", made


def _parameter(api: Api, condition: Condition) -> str | None:
    """The parameter that asks for a condition."""
    if not isinstance(condition, Compare):
        return None
    return api.parameters.get((condition.field, condition.comparison.value))


def _asked(api: Api, where: Condition | None) -> dict[str, str]:
    """Parameters for a condition. Of two for the same parameter the first is asked for: either gives more rows than
    both, and the node looks again."""
    asked: dict[str, str] = {}
    for part in where.parts if isinstance(where, All) else (where,) if where is not None else ():
        name = _parameter(api, part)
        if name is not None and isinstance(part, Compare):
            value = part.value
            asked.setdefault(name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
    return asked
