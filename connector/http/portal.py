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

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlencode

from msgspec import Struct

from catalog.graph import Graph
from catalog.portal import jsonld, landing, metadata, ntriples, rdfxml, schema_org, turtle
from catalog.portal.dcat_ap_de import Sheet as Hydra
from catalog.portal.dcat_ap_de import catalogue
from catalog.portal.understanding import instant_of
from connector.errors import MessageError, UnknownError
from connector.http import accept
from connector.http.exchange import Headers, Request, Response, arguments
from connector.http.problems import HttpError
from connector.http.publications import Publications
from connector.http.written import Sheet, Written
from connector.sentences import Language
from connector.services.exhibits import Ref, Shown
from connector.services.portal import Offered, Portal, Snapshot
from policies import explain

BASE: Final = "/dcat"
PER_PAGE: Final = 100
_MOST: Final = 500
_LISTED: Final = 50
_HTML: Final = "text/html"
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
        self._written = Written(portal.edition)

    # --- for people ---------------------------------------------------------------------------------------------------

    async def list(self, request: Request, values: tuple[str, ...]) -> Response:
        """The list of what there is; who takes RDF alone is led to the whole catalogue."""
        form = _negotiated(request.headers, _HTML)
        if form != _HTML:
            suffix = next(suffix for suffix, type in _SUFFIXES.items() if type == form)
            return Response(303, {"location": f"{self._base}/catalog.{suffix}", "vary": "Accept"})
        snapshot = await self._portal.latest()
        page = _number(arguments(request.query).get("page", "1"), "page")
        start = (page - 1) * _LISTED
        if start and start >= len(snapshot.datasets):
            raise UnknownError("portal.page")
        language = _language(request.headers)
        before = f"{self._base}?page={page - 1}" if page > 1 else ""
        after = f"{self._base}?page={page + 1}" if start + _LISTED < len(snapshot.datasets) else ""
        refs, name = snapshot.datasets[start : start + _LISTED], self._portal.house.name

        async def write() -> Callable[[], bytes]:
            shown = await self._made(refs)

            def work() -> bytes:
                lines = [_line(one, language) for one in shown]
                return landing.list_page(name, lines, language, self._base, before, after).encode()

            return work

        key = f"list {snapshot.id} {page} {language}"
        return await self._written.answer(request, _page(key, snapshot.changed), write)

    async def front(self, request: Request, values: tuple[str, ...]) -> Response:
        """Addresses that people try: the list is what they look for."""
        await self._portal.latest()
        return Response(303, {"location": self._base})

    async def bare(self, request: Request, values: tuple[str, ...]) -> Response:
        """A dataset's page with a stroke behind its name."""
        ref, _ = await self._named(values[0])
        return Response(301, {"location": self._portal.page(ref)})

    async def dataset(self, request: Request, values: tuple[str, ...]) -> Response:
        """One dataset: a page, or RDF by its suffix or by Accept."""
        ref, form = await self._named(values[0])
        form = form or _negotiated(request.headers, _HTML)
        language = _language(request.headers)

        async def write() -> Callable[[], bytes]:
            (shown,) = await self._made([ref])
            if form == _HTML:
                offers = [await self._portal.offered(shown, one.id) for one in shown.terms]
                return lambda: _page_of(shown, offers, language).encode()
            shelf, house = self._portal.shelf(ref.changed), self._portal.house
            return lambda: _WRITERS[form](catalogue(shelf, house, [(shown.id, shown.graph)]))

        if form == _HTML:
            sheet = _page(f"dataset {ref.version.hex()} {language}", ref.changed)
        else:
            sheet = Sheet(key=f"dataset {ref.version.hex()}", form=form, changed=ref.changed)
        return await self._written.answer(request, sheet, write)

    async def terms(self, request: Request, values: tuple[str, ...]) -> Response:
        """The terms of one offer."""
        ref = await self._portal.ref(values[0])
        (shown,) = await self._made([ref])
        offered = await self._portal.offered(shown, values[1])
        language = _language(request.headers)

        async def write() -> Callable[[], bytes]:
            return lambda: _terms_page(offered, language).encode()

        key = f"terms {ref.version.hex()} {offered.terms.id} {language}"
        return await self._written.answer(request, _page(key, ref.changed), write)

    async def moved(self, request: Request, values: tuple[str, ...]) -> Response:
        """A dataset's IRI: what is told of it stands elsewhere."""
        ref = await self._portal.ref(values[0])
        return Response(303, {"location": self._portal.page(ref), "vary": "Accept"})

    async def _named(self, name: str) -> tuple[Ref, str]:
        """A dataset, and the media type that its suffix asks for, "" without one. A name may hold a dot itself."""
        stem, dot, suffix = name.rpartition(".")
        if dot and suffix in _SUFFIXES:
            try:
                return await self._portal.ref(name), ""
            except UnknownError:
                return await self._portal.ref(stem), _SUFFIXES[suffix]
        return await self._portal.ref(name), ""

    async def _made(self, refs: Sequence[Ref]) -> Sequence[Shown]:
        """Raises `HttpError` 410 where they have changed since, and cannot be had any more as they were."""
        found = await self._portal.made(refs)
        if found is None:
            raise HttpError(410, "portal.gone")
        return found

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
        hydra = _sheet(path, wanted, snapshot, len(chosen), last)
        start = (wanted.page - 1) * wanted.per
        some = chosen[start : start + wanted.per]
        shelf, house = self._portal.shelf(snapshot.changed), self._portal.house

        async def write() -> Callable[[], bytes]:
            shown = await self._made(some)
            return lambda: _WRITERS[form](catalogue(shelf, house, [(one.id, one.graph) for one in shown], hydra))

        key = f"{snapshot.id} {path} {wanted.page} {wanted.per} {wanted.since}"
        return await self._written.answer(request, Sheet(key=key, form=form, changed=snapshot.changed), write)

    async def _snapshot(self, id: str) -> Snapshot:
        """Raises `HttpError` 410 where a harvest has to begin again."""
        found = await self._portal.harvested(id)
        if found is None:
            raise HttpError(410, "portal.gone")
        return found


def publish(publications: Publications, portal: Portal, root: str) -> None:
    """Answer for what this node, whose public URL is `root`, shows to everybody."""
    answers = Answers(portal, root)
    publications.add("GET", BASE, answers.list)
    for path in ("/", BASE + "/", BASE + "/datasets", BASE + "/datasets/"):
        publications.add("GET", path, answers.front)
    publications.add("GET", BASE + "/{file}", answers.file)
    publications.add("GET", BASE + "/datasets/{name}", answers.dataset)
    publications.add("GET", BASE + "/datasets/{name}/", answers.bare)
    publications.add("GET", BASE + "/datasets/{name}/terms/{offer}", answers.terms)
    publications.add("GET", "/datasets/{name}", answers.moved)


def _page(key: str, changed: int) -> Sheet:
    """A page for people."""
    return Sheet(
        key=key,
        form=f"{_HTML}; charset=utf-8",
        changed=changed,
        vary="Accept, Accept-Encoding, Accept-Language",
        more={"content-security-policy": landing.SECURITY, "referrer-policy": "no-referrer"},
    )


def _page_of(shown: Shown, offers: Sequence[Offered], language: Language) -> str:
    said = metadata.read(shown.graph, shown.id)
    terms = [landing.Term(one.terms.page, tuple(_sentences(one, language))) for one in offers]
    markup = schema_org.dataset(said, shown.id, shown.page, language)
    return landing.dataset_page(said, shown.id, shown.page, terms, language, markup)


def _terms_page(offered: Offered, language: Language) -> str:
    shown = offered.dataset
    title = schema_org.spoken(metadata.read(shown.graph, shown.id).title, language)
    sentences = _sentences(offered, language)
    return landing.terms_page(title, shown.page, offered.terms.id, sentences, language)


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


def _since(snapshot: Snapshot, since: str) -> Sequence[Ref]:
    at = instant_of(since) if since else None
    return snapshot.datasets if at is None else snapshot.since(at)


def _sheet(path: str, wanted: _Wanted, snapshot: Snapshot, total: int, last: int) -> Hydra:
    """Addresses of pages of this snapshot."""

    def address(page: int) -> str:
        named = {"page": str(page), "per": str(wanted.per), "snapshot": snapshot.id}
        if wanted.since:
            named["modified_since"] = wanted.since
        return f"{path}?{urlencode(named, quote_via=quote)}"

    return Hydra(
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
