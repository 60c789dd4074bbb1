"""Pages that have been written, as they are sent: kept in gzip, and told apart by what they are made of.

What lives here: their ETags, conditions and headers, and keeping them within bounds. What does not: writing them.
Sources: RFC 9110 (8.8 validators, 12.5.3 Accept-Encoding, 13 conditions).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Final

from msgspec import Struct

from connector.errors import BusyError
from connector.http.exchange import Headers, Request, Response
from connector.services.bounded import Bounded

BYTES: Final = 16 * 1024 * 1024
_GZIP_FROM: Final = 1_000
_AT_A_TIME: Final = 2
WAITING: Final = 100
"""Requests that wait for a page: anybody may ask for any number of them, each of which takes a processor a while."""
_LEVEL: Final = 4

Write = Callable[[], Awaitable[Callable[[], bytes]]]
"""Gets what a page is made of; what it returns writes the page, in a thread."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A page that is asked for. INVARIANT: of what has one `key` there is one page. `changed` microseconds UTC, 0 where
    that is not known; `more` are headers beside the usual ones."""

    key: str
    form: str
    changed: int = 0
    vary: str = "Accept, Accept-Encoding"
    more: Headers = {}


class _Page(Struct, frozen=True):
    """A page that was written; `large` enough for gzip to be worth it."""

    packed: bytes
    large: bool


class Written:
    """Answers with pages: nothing where the reader has them, else what was written before, else what is written now.
    `edition` is what all of them depend on."""

    def __init__(self, edition: str) -> None:
        self._edition = edition
        self._pages: Bounded[str, _Page] = Bounded(BYTES)
        self._room, self._waiting = asyncio.Semaphore(_AT_A_TIME), 0

    async def answer(self, request: Request, sheet: Sheet, write: Write) -> Response:
        """The answer to a request for a page. Raises what `write` raises, and `BusyError` where too many wait."""
        etag = self._tag(sheet)
        headers = _headers(sheet, etag)
        if unchanged(request, etag):
            return Response(304, headers)
        page = self._pages.get(etag) or await self._written(etag, write)
        if page.large and takes_gzip(request):
            return Response(200, {**headers, "content-encoding": "gzip"}, page.packed)
        if not page.large:
            return Response(200, headers, gzip.decompress(page.packed))
        return Response(200, headers, await asyncio.to_thread(gzip.decompress, page.packed))

    def _tag(self, sheet: Sheet) -> str:
        of = f"{self._edition} {sheet.form} {sheet.key}"
        return f'W/"{hashlib.sha256(of.encode()).hexdigest()[:32]}"'

    async def _written(self, etag: str, write: Write) -> _Page:
        if self._waiting >= WAITING:
            raise BusyError("portal.crowded")
        self._waiting += 1
        try:
            async with self._room:
                # Whoever asked for the same page before may have had it written meanwhile.
                if (page := self._pages.get(etag)) is None:
                    page = await asyncio.to_thread(_packed, await write())
                    self._pages.put(etag, page, len(page.packed))
                return page
        finally:
            self._waiting -= 1


def _packed(write: Callable[[], bytes]) -> _Page:
    body = write()
    return _Page(gzip.compress(body, compresslevel=_LEVEL, mtime=0), len(body) >= _GZIP_FROM)


def _headers(sheet: Sheet, etag: str) -> Headers:
    headers = {
        "content-type": sheet.form,
        "etag": etag,
        "cache-control": "no-cache",
        "vary": sheet.vary,
        "x-content-type-options": "nosniff",
        **sheet.more,
    }
    if sheet.changed:
        headers["last-modified"] = formatdate(sheet.changed // 1_000_000, usegmt=True)
    return headers


def unchanged(request: Request, etag: str) -> bool:
    """Has the reader got it? Weak comparison (RFC 9110, 13.1.2). A date is not asked about: what has vanished leaves
    none."""
    known = request.headers.get("if-none-match", "")
    bare = etag.removeprefix("W/")
    return known.strip() == "*" or bare in (one.strip().removeprefix("W/") for one in known.split(","))


def takes_gzip(request: Request) -> bool:
    """Does the reader take gzip?"""
    codings = {}
    for one in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, parameter = one.partition(";")
        codings[coding.strip()] = parameter.replace(" ", "").rstrip("0.") != "q="
    return codings.get("gzip", codings.get("*", False))
