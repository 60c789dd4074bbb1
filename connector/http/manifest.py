"""The manifest of this node's catalogue, the feed of its changes, and hints, over HTTP.

What lives here: headers and parameters of these three. What does not: who is calling and the table of paths (`dsp`),
what is answered (`services.own_catalog`, `services.hints`), the wire forms (`catalog.federation.manifest`). Source: an
extension of ours beside the Dataspace Protocol 2025-1; RFC 9110, 13.1.2 for If-None-Match.
"""

from __future__ import annotations

from typing import Final

from catalog.federation.manifest import MEDIA, write_entries
from connector.errors import MessageError
from connector.http.exchange import JSON, Headers, Request, Response, arguments
from connector.http.packed import packed
from connector.ports import Caller
from connector.services.hints import Hints
from connector.services.own_catalog import PAGE, OwnCatalog

ROOT: Final = "/catalog"
"""Below the node's public URL; what the DID document names."""
_DIGITS: Final = 16
_PRIVATE: Headers = {"cache-control": "private, no-cache"}
"""What is told depends on who asks."""


async def manifest(own: OwnCatalog, caller: Caller, request: Request) -> Response:
    """`GET /catalog/manifest`."""
    found = await own.manifest(caller, request.headers.get("if-none-match", ""))
    headers = {**_PRIVATE, "etag": found.etag}
    if found.token is None:
        return Response(304, headers, b"")
    return Response(200, {**headers, "content-type": MEDIA}, found.token.encode())


def span(request: Request) -> tuple[int, int]:
    """Behind which change, and how many, `GET /catalog/entries` asks for. Raises `MessageError`."""
    named = arguments(request.query)
    return _number(named.get("after", "0")), _number(named.get("limit", str(PAGE))) or 1


async def entries(own: OwnCatalog, caller: Caller, request: Request, after: int, limit: int) -> Response:
    """`GET /catalog/entries`."""
    found = await own.entries(caller, after, limit)
    return await packed(Response(200, {**_PRIVATE, "content-type": JSON}, write_entries(found)), request.headers)


async def hint(hints: Hints, caller: Caller) -> Response:
    """`POST /catalog/hint`."""
    await hints.receive(caller)
    return Response(204, {}, b"")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise MessageError("catalog.cursor")
    return int(text)
