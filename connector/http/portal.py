"""What portals and people without a login may read of a node: `/dcat`, `/dcat/catalog.ttl`, `/dcat/datasets/{name}` and
the terms of offers below it.

What lives here: addresses, content negotiation, conditions, pages of a harvest. What does not: what is shown
(`connector.services.portal`), how it is written (`catalog.portal`). Sources: RFC 9110 (8.8 validators, 12.5.1 Accept,
13 conditions, 15.5.11 410), Hydra Core (paging), the endpoints of `ckanext-dcat` (`page`, `modified_since`), so that
portals read a node as one of their own kind.

The links from page to page name the snapshot that the harvest began with. Where that is there no longer, the answer is
410: a harvester that fails begins again, one that gets a part deletes the rest.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Final
from urllib.parse import quote, urlencode

from msgspec import Struct

from catalog.graph import Graph
from catalog.portal import jsonld, landing, metadata, ntriples, rdfxml, schema_org, turtle
from catalog.portal.dcat_ap_de import Sheet, catalogue
from catalog.portal.understanding import instant_of
from connector.errors import MessageError, UnknownError
from connector.http import accept
from connector.http.exchange import Headers, Request, Response, arguments
from connector.http.problems import HttpError
from connector.http.publications import Publications
from connector.sentences import Language
from connector.services.portal import Offered, Portal, Shown, Snapshot
from policies import explain

BASE: Final = "/dcat"
PER_PAGE: Final = 100
_MOST: Final = 500
_LISTED: Final = 50
_HTML: Final = "text/html"
_GZIP_FROM: Final = 1_000
_PAGES: Final = 64
_AT_A_TIME: Final = 2
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_WRITERS: Final[Mapping[str, Callable[[Graph], bytes]]] = {
    turtle.MEDIA_TYPE: turtle.write,
    rdfxml.MEDIA_TYPE: rdfxml.write,
    jsonld.MEDIA_TYPE: jsonld.write,
    ntriples.MEDIA_TYPE: ntriples.write,
}
_SUFFIXES: Final = {
    "ttl": turtle.MEDIA_TYPE,
    "rdf": rdfxml.MEDIA_TYPE,
    "xml": rdfxml.MEDIA_TYPE,
    "jsonld": jsonld.MEDIA_TYPE,
    "nt": ntriples.MEDIA_TYPE,
}
_ALIASES: Final = {
    "application/xml": rdfxml.MEDIA_TYPE,
    "text/xml": rdfxml.MEDIA_TYPE,
    "application/json": jsonld.MEDIA_TYPE,
}


class _Wanted(Struct, frozen=True):
    """A page of a harvest that is asked for."""

    page: int
    per: int
    since: str
    snapshot: str


class Answers:
    """Answers for what is shown of one node, whose public URL is `root`."""

    def __init__(self, portal: Portal, root: str) -> None:
        self._portal, self._base = portal, root + BASE
        self._written: dict[str, bytes] = {}
        self._room = asyncio.Semaphore(_AT_A_TIME)

    # --- for people ---------------------------------------------------------------------------------------------------

    async def list(self, request: Request, values: tuple[str, ...]) -> Response:
        """The list of what there is."""
        snapshot = await self._portal.latest()
        page = _number(arguments(request.query).get("page", "1"), "page")
        start = (page - 1) * _LISTED
        if start and start >= len(snapshot.datasets):
            raise UnknownError("portal.page")
        language = _language(request.headers)
        lines = [_line(one, language) for one in snapshot.datasets[start : start + _LISTED]]
        before = f"{self._base}?page={page - 1}" if page > 1 else ""
        after = f"{self._base}?page={page + 1}" if start + _LISTED < len(snapshot.datasets) else ""
        html = landing.list_page(self._portal.house.name, lines, language, self._base, before, after)
        return self._html(request, html, snapshot.changed)

    async def dataset(self, request: Request, values: tuple[str, ...]) -> Response:
        """One dataset: a page, or RDF by its suffix or by Accept."""
        shown, form = await self._named(values[0])
        form = form or _negotiated(request.headers, _HTML)
        if form == _HTML:
            return self._html(request, await self._page_of(shown, _language(request.headers)), shown.changed)
        graph = catalogue(self._portal.shelf(shown.changed), self._portal.house, [(shown.id, shown.graph)])
        return _answer(request, _WRITERS[form](graph), form, shown.changed)

    async def terms(self, request: Request, values: tuple[str, ...]) -> Response:
        """The terms of one offer."""
        offered = await self._portal.offered(*values)
        language = _language(request.headers)
        title = schema_org.spoken(metadata.read(offered.dataset.graph, offered.dataset.id).title, language)
        sentences = _sentences(offered, language)
        html = landing.terms_page(title, offered.dataset.page, offered.terms.id, sentences, language)
        return self._html(request, html, offered.dataset.changed)

    async def moved(self, request: Request, values: tuple[str, ...]) -> Response:
        """A dataset's IRI: what is told of it stands elsewhere."""
        shown = await self._portal.dataset(values[0])
        return Response(303, {"location": shown.page, "vary": "Accept"})

    async def _named(self, name: str) -> tuple[Shown, str]:
        """A dataset, and the media type that its suffix asks for, "" without one. A name may hold a dot itself."""
        stem, dot, suffix = name.rpartition(".")
        if dot and suffix in _SUFFIXES:
            try:
                return await self._portal.dataset(name), ""
            except UnknownError:
                return await self._portal.dataset(stem), _SUFFIXES[suffix]
        return await self._portal.dataset(name), ""

    async def _page_of(self, shown: Shown, language: Language) -> str:
        said = metadata.read(shown.graph, shown.id)
        offers = [await self._portal.offered(shown.name, one.id) for one in shown.terms]
        terms = [landing.Term(one.terms.page, tuple(_sentences(one, language))) for one in offers]
        markup = schema_org.dataset(said, shown.id, shown.page, language)
        return landing.dataset_page(said, shown.id, shown.page, terms, language, markup)

    # --- for portals --------------------------------------------------------------------------------------------------

    async def file(self, request: Request, values: tuple[str, ...]) -> Response:
        """A page of the whole catalogue as RDF."""
        name, _, suffix = values[0].partition(".")
        if name != "catalog" or (suffix and suffix not in _SUFFIXES):
            raise UnknownError("http.path")
        form = _SUFFIXES[suffix] if suffix else _negotiated(request.headers, turtle.MEDIA_TYPE)
        if form == _HTML:
            return Response(303, {"location": self._base, "vary": "Accept"})
        wanted = _wanted(arguments(request.query))
        snapshot = await self._snapshot(wanted.snapshot)
        chosen = _since(snapshot, wanted.since)
        last = max(1, -(-len(chosen) // wanted.per))
        if wanted.page > last:
            raise UnknownError("portal.page")
        path = f"{self._base}/{values[0]}"
        key = f"{snapshot.id} {path} {form} {wanted.page} {wanted.per} {wanted.since}"
        etag = _tag(key.encode())
        if _unchanged(request, etag):
            return Response(304, _headers(form, etag, snapshot.changed))
        body = self._written.get(key)
        if body is None:
            sheet = _sheet(path, wanted, snapshot, len(chosen), last)
            body = await self._write(snapshot, chosen, sheet, wanted, form)
            self._remember(key, body)
        return _packed(request, Response(200, _headers(form, etag, snapshot.changed), body))

    async def _snapshot(self, id: str) -> Snapshot:
        """Raises `HttpError` 410 where a harvest has to begin again."""
        found = await self._portal.earlier(id) if id else await self._portal.latest()
        if found is None:
            raise HttpError(410, "portal.gone")
        return found

    async def _write(
        self, snapshot: Snapshot, chosen: Sequence[Shown], sheet: Sheet, wanted: _Wanted, form: str
    ) -> bytes:
        start = (wanted.page - 1) * wanted.per
        some = chosen[start : start + wanted.per]
        shelf, house = self._portal.shelf(snapshot.changed), self._portal.house

        def work() -> bytes:
            return _WRITERS[form](catalogue(shelf, house, [(one.id, one.graph) for one in some], sheet))

        async with self._room:
            return await asyncio.to_thread(work)

    def _remember(self, key: str, body: bytes) -> None:
        """Harvesters ask for a page twice, by HEAD and by GET."""
        self._written[key] = body
        while len(self._written) > _PAGES:
            del self._written[next(iter(self._written))]

    def _html(self, request: Request, html: str, changed: int) -> Response:
        answer = _answer(request, html.encode(), f"{_HTML}; charset=utf-8", changed)
        return Response(
            answer.status,
            {
                **answer.headers,
                "content-security-policy": landing.SECURITY,
                "referrer-policy": "no-referrer",
                "vary": "Accept, Accept-Encoding, Accept-Language",
            },
            answer.body,
        )


def publish(publications: Publications, portal: Portal, root: str) -> None:
    """Answer for what this node, whose public URL is `root`, shows to everybody."""
    answers = Answers(portal, root)
    publications.add("GET", BASE, answers.list)
    publications.add("GET", BASE + "/{file}", answers.file)
    publications.add("GET", BASE + "/datasets/{name}", answers.dataset)
    publications.add("GET", BASE + "/datasets/{name}/terms/{offer}", answers.terms)
    publications.add("GET", "/datasets/{name}", answers.moved)


def _line(shown: Shown, language: Language) -> landing.Line:
    said = metadata.read(shown.graph, shown.id)
    title, about = schema_org.spoken(said.title, language), schema_org.spoken(said.description, language)
    return landing.Line(title, shown.page, about, said.modified)


def _sentences(offered: Offered, language: Language) -> list[str]:
    return explain.policy(offered.policy, language)


def _wanted(named: Mapping[str, str]) -> _Wanted:
    """Raises `MessageError`. Parameters that are not known are other harvesters' own, and mean nothing here."""
    per = min(_MOST, _number(named.get("per", str(PER_PAGE)), "per"))
    since = named.get("modified_since", "")
    if since and instant_of(since) is None:
        raise MessageError("portal.since")
    return _Wanted(_number(named.get("page", "1"), "page"), per, since, named.get("snapshot", ""))


def _number(text: str, name: str) -> int:
    if not _NUMBER.fullmatch(text) or not int(text):
        raise MessageError("portal.number", name=name)
    return int(text)


def _since(snapshot: Snapshot, since: str) -> Sequence[Shown]:
    at = instant_of(since) if since else None
    return snapshot.datasets if at is None else snapshot.since(at)


def _sheet(path: str, wanted: _Wanted, snapshot: Snapshot, total: int, last: int) -> Sheet:
    """Addresses of pages of this snapshot."""

    def address(page: int) -> str:
        named = {"page": str(page), "per": str(wanted.per), "snapshot": snapshot.id}
        if wanted.since:
            named["modified_since"] = wanted.since
        return f"{path}?{urlencode(named, quote_via=quote)}"

    return Sheet(
        id=address(wanted.page),
        first=address(1),
        last=address(last),
        previous=address(wanted.page - 1) if wanted.page > 1 else "",
        next=address(wanted.page + 1) if wanted.page < last else "",
        total=total,
        size=wanted.per,
    )


def _negotiated(headers: Headers, otherwise: str) -> str:
    return accept.chosen(headers.get("accept", ""), (*_WRITERS, _HTML), otherwise, _ALIASES)


def _language(headers: Headers) -> Language:
    """German where the reader does not say otherwise: that is whom these pages are for."""
    wishes = [wish.strip().lower()[:2] for wish in headers.get("accept-language", "").split(",")]
    return next(("en" if wish == "en" else "de" for wish in wishes if wish in ("de", "en")), "de")


# --- conditions -------------------------------------------------------------------------------------------------------


def _tag(of: bytes) -> str:
    return f'W/"{hashlib.sha256(of).hexdigest()[:32]}"'


def _headers(form: str, etag: str, changed: int) -> Headers:
    headers = {
        "content-type": form,
        "etag": etag,
        "cache-control": "no-cache",
        "vary": "Accept, Accept-Encoding",
        "x-content-type-options": "nosniff",
    }
    if changed:
        headers["last-modified"] = formatdate(changed // 1_000_000, usegmt=True)
    return headers


def _unchanged(request: Request, etag: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2). A date is not asked about: what has vanished leaves none."""
    known = request.headers.get("if-none-match", "")
    bare = etag.removeprefix("W/")
    return known.strip() == "*" or bare in (one.strip().removeprefix("W/") for one in known.split(","))


def _answer(request: Request, body: bytes, form: str, changed: int) -> Response:
    etag = _tag(body)
    if _unchanged(request, etag):
        return Response(304, _headers(form, etag, changed))
    return _packed(request, Response(200, _headers(form, etag, changed), body))


def _packed(request: Request, response: Response) -> Response:
    """gzip where the reader takes it."""
    codings = {}
    for one in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, parameter = one.partition(";")
        codings[coding.strip()] = parameter.replace(" ", "").rstrip("0.") != "q="
    if len(response.body) < _GZIP_FROM or not codings.get("gzip", codings.get("*", False)):
        return response
    body = gzip.compress(response.body, compresslevel=4, mtime=0)
    return Response(response.status, {**response.headers, "content-encoding": "gzip"}, body)
