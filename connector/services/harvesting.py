"""Asking a portal for its records, page by page, within bounds.

What lives here: requests, which page comes next, when an answer is whole. What does not: what becomes of records
(`harvests`), reading RDF (a worker's process, given in), HTTP itself. Sources: hydra (PagedCollection,
PartialCollectionView), CKAN's action API (package_search), RFC 9110 (conditions), DCAT-AP.de's way of harvesting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from catalog.graph import Graph, ids, of_type, texts
from catalog.rdf.opening import of_ckan, open_document, united
from catalog.rdf.worker import Worker, WorkerError
from connector.errors import DeliveryError
from connector.ports import Clock, Peer
from connector.records import Harvest
from policies import instants
from policies.model import Reason

MOST_BYTES: Final = 50_000_000
"""Of one answer."""
MOST_TOLD: Final = 128 << 20
"""Bytes of all answers of one harvest: all of it is in memory until its end."""
MOST_PAGES: Final = 2_000
MOST_RECORDS: Final = 50_000
MOST_NODES: Final = 1_000_000
ROWS: Final = 100
MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
HEAD_SECONDS: Final = 60.0
TOTAL_SECONDS: Final = 3_600.0
_ACCEPT: Final = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8"
_NEXT: Final = ("hydra:next", "hydra:nextPage")
_VIEWS: Final = ("hydra:PartialCollectionView", "hydra:PagedCollection")


class Yield(Struct, frozen=True):
    """What a portal has told: `unchanged` since the last time, or a graph, with `reason` where it is not all of it.
    `mark` is from when on changes are to be asked for next time."""

    graph: Graph
    unchanged: bool = False
    etag: str = ""
    mark: str = ""
    reason: Reason | None = None


class _Answer(Struct, frozen=True):
    status: int
    body: bytes
    media_type: str
    etag: str


class Harvesting:
    """Asks portals. `worker` gives the process in which their documents are read."""

    def __init__(self, *, peer: Peer, clock: Clock, worker: Callable[[], Worker]) -> None:
        self._peer, self._clock, self._worker = peer, clock, worker
        self._reading = asyncio.Lock()

    async def ask(self, one: Harvest, *, whole: bool) -> Yield:
        """What a portal has: all of it, or what has changed since its mark. Never raises for what a portal does."""
        asking = self._ckan if one.kind == "ckan" else self._dcat
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await asking(one, "" if whole else one.mark)
        except TimeoutError:
            return Yield({}, reason=Reason("harvest.unreachable", {"why": "time"}))

    # --- DCAT ---------------------------------------------------------------------------------------------------------

    async def _dcat(self, one: Harvest, since: str) -> Yield:
        url, graph, etag, seen = _with(one.url, {"modified_since": since} if since else {}), Graph(), "", set[str]()
        mark, told = _stamp(self._clock.now()), 0
        while url:
            if url in seen or len(seen) >= MOST_PAGES or len(graph) > MOST_NODES:
                return Yield(
                    graph, reason=Reason("harvest.loop" if url in seen else "harvest.large", {"most": "pages"})
                )
            seen.add(url)
            conditions = {"If-None-Match": one.etag} if one.etag and len(seen) == 1 and not since else {}
            try:
                answer = await self._get(url, one, conditions | {"Accept": _ACCEPT})
                if answer.status == 304 and conditions:
                    return Yield({}, unchanged=True)
                if answer.status != 200:
                    return Yield(graph, reason=Reason("harvest.status", {"status": str(answer.status)}))
                told += len(answer.body)
                if told > MOST_TOLD:
                    return Yield(graph, reason=Reason("harvest.large", {"most": f"{MOST_TOLD >> 20} MB"}))
                page = await self._read(answer, url)
            except DeliveryError as error:
                return Yield(graph, reason=_why(error))
            except WorkerError as error:
                return Yield(graph, reason=Reason("harvest.form", {"why": error.reason.code}))
            etag = etag or answer.etag
            await asyncio.to_thread(_unite, graph, page, len(seen))
            url, elsewhere = _next(page, url)
            if elsewhere:
                return Yield(graph, reason=Reason("harvest.elsewhere", {"host": elsewhere}))
        # The tag of the first page stands for the whole only where the portal has no other page.
        return Yield(graph, etag=etag if len(seen) == 1 else "", mark=mark)

    async def _read(self, answer: _Answer, url: str) -> Graph:
        async with self._reading:
            return await asyncio.to_thread(open_document, self._worker(), answer.body, answer.media_type, url)

    # --- CKAN ---------------------------------------------------------------------------------------------------------

    async def _ckan(self, one: Harvest, since: str) -> Yield:
        base, mark, found = _portal(one.url), _stamp(self._clock.now()), list[Any]()
        query = {"rows": str(ROWS), "sort": "id asc", **({"fq": f"metadata_modified:[{since} TO *]"} if since else {})}
        total: int | None = 0
        ids, told = set[str](), 0
        for _ in range(MOST_PAGES):
            url = (
                f"{base}/api/3/action/package_search?{urlencode({**query, 'start': str(len(found))}, quote_via=quote)}"
            )
            try:
                answer = await self._get(url, one, {"Accept": "application/json"})
            except DeliveryError as error:
                return Yield({}, reason=_why(error))
            if answer.status != 200:
                return Yield({}, reason=Reason("harvest.status", {"status": str(answer.status)}))
            told += len(answer.body)
            if told > MOST_TOLD:
                return Yield({}, reason=Reason("harvest.large", {"most": f"{MOST_TOLD >> 20} MB"}))
            page, total = await asyncio.to_thread(_packages, answer.body)
            if total is None:
                return Yield({}, reason=Reason("harvest.form", {"why": "json"}))
            found += page
            ids |= {str(each.get("id")) for each in page}
            if not page or len(found) >= min(total, MOST_RECORDS):
                break
        # Pages shift while a portal is edited: what was seen twice means that something else was not seen at all.
        part = len(ids) < (total or 0)
        return Yield(
            await asyncio.to_thread(united, found, base),
            mark=mark,
            reason=Reason("harvest.form", {"why": "pages"}) if part else None,
        )

    # --- HTTP ---------------------------------------------------------------------------------------------------------

    async def _get(self, url: str, one: Harvest, fields: dict[str, str]) -> _Answer:
        """One answer, bounded; where the portal leads elsewhere within itself, that is followed. Raises
        `DeliveryError`."""
        for _ in range(MOST_REDIRECTS):
            answer, to = await self._get_once(url, one, fields)
            if not to:
                return answer
            url = _led(url, to)
        raise DeliveryError("harvest.loop")

    async def _get_once(self, url: str, one: Harvest, fields: dict[str, str]) -> tuple[_Answer, str]:
        """One answer, and whither it leads instead."""
        private = bool(one.settings.get("private"))
        stream = await self._peer.open(url, headers=fields, private=private, deadline=HEAD_SECONDS)
        try:
            parts, size = list[bytes](), 0
            if stream.status == 200:
                async for part in stream.chunks():
                    size += len(part)
                    if size > MOST_BYTES:
                        raise DeliveryError("harvest.large", most="50 MB")
                    parts.append(part)
            headers = {key.lower(): value for key, value in stream.headers.items()}
            kind = headers.get("content-type", "") or "text/turtle"
            to = headers.get("location", "") if stream.status in _REDIRECTS else ""
            return _Answer(stream.status, b"".join(parts), kind, headers.get("etag", "")[:256]), to
        finally:
            await stream.close()


def _why(error: DeliveryError) -> Reason:
    if error.reason.code.startswith("harvest."):
        return error.reason
    if error.reason.code == "peer.address_refused":
        return Reason("harvest.private")
    return Reason("harvest.unreachable", {"why": error.reason.code})


def _packages(body: bytes) -> tuple[list[Any], int | None]:
    return list(of_ckan(body)), _count(body)


def _count(body: bytes) -> int | None:
    """How many packages there are, None where that is no answer of CKAN."""
    try:
        answer = msgspec.json.decode(body)
        count = answer["result"]["count"]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        return None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _unite(graph: Graph, page: Graph, number: int) -> None:
    """Nodes without a name are each page's own; what two pages tell of one is one."""

    def own(id: str) -> str:
        return f"{id}.p{number}" if id.startswith("_:") else id

    for id, node in page.items():
        held = graph.setdefault(own(id), {"@id": own(id), "@type": []})
        held["@type"] = list(dict.fromkeys([*held["@type"], *node.get("@type", ())]))
        for name, values in node.items():
            if name.startswith("@"):
                continue
            mine = held.setdefault(name, [])
            renamed = [{"@id": own(one["@id"])} if "@id" in one else one for one in values]
            known = {repr(sorted(one.items())) for one in mine}
            mine += [one for one in renamed if repr(sorted(one.items())) not in known]


def _next(page: Graph, url: str) -> tuple[str, str]:
    """The following page, "" where there is none; and the host where it lies elsewhere, and so is not gone to."""
    for kind in _VIEWS:
        for view in of_type(page, kind):
            for name in _NEXT:
                for said in (*ids(view, name), *texts(view, name)):
                    return _joined(url, said)
    return "", ""


def _joined(url: str, said: str) -> tuple[str, str]:
    """Where a page says that the next one is, at this portal; or the host where it lies elsewhere.

    It is asked by the scheme and host by which the portal is known: what sits behind a proxy often calls itself
    otherwise, and so the same path of another host is this portal's. INVARIANT: nothing that a page says leads to
    another host.
    """
    try:
        found = urljoin(url, said)
        here, there = urlsplit(url), urlsplit(found)
        if _origin(found) != _origin(url) and (there.scheme not in ("http", "https") or there.path != here.path):
            return "", there.hostname or said[:100]
    except ValueError:
        return "", said[:100]
    return urlunsplit(there._replace(scheme=here.scheme, netloc=here.netloc, fragment="")), ""


def _led(url: str, to: str) -> str:
    """Where an answer leads: with or without `www.`, and never from https to http. Raises `DeliveryError`."""
    try:
        found = urljoin(url, to)
        (_, here, ours), (_, there, theirs) = _origin(url), _origin(found)
    except ValueError:
        raise DeliveryError("harvest.elsewhere", host=to[:100]) from None
    same = here.removeprefix("www.") == there.removeprefix("www.") and ours == theirs
    if not same or urlsplit(found).scheme not in ("https", urlsplit(url).scheme):
        raise DeliveryError("harvest.elsewhere", host=found[:200])
    return found


def _origin(url: str) -> tuple[str, str, int | None]:
    """http and https of one host are one portal: many sit behind a proxy that they do not know of. Another port is
    something else. Raises `ValueError`."""
    parts = urlsplit(url)
    port = None if parts.port in (80, 443) else parts.port
    return parts.scheme.replace("https", "http"), (parts.hostname or "").lower(), port


def _with(url: str, query: dict[str, str]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(query))))))


def _portal(url: str) -> str:
    """The portal's own address, of whatever address of its API was given."""
    return url.partition("/api/")[0].rstrip("/")


def _stamp(now: int) -> str:
    """The instant as portals take it, a minute earlier: clocks differ."""
    return instants.stamp((now // 1_000_000 - 60) * 1_000_000)
