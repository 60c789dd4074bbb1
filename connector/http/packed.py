"""Catalogue answers in gzip, where their reader takes it (Dataspace Protocol 2025-1, HTTPS binding of the Catalog
Protocol; RFC 9110, 12.5.3 as far as gzip and `*` go).

What lives here: that. What does not: streams of data (`connector.http.answers`).
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Final

from connector.http.exchange import Headers, Response

_FROM: Final = 1_024
_LARGE: Final = 65_536
"""Bytes from which on the quickest level is used, and others have their turn after as many."""
_GZIP: Final = 16 + zlib.MAX_WBITS


async def packed(response: Response, asked: Headers) -> Response:
    """The answer as this reader is sent it."""
    varied = {**response.headers, "vary": "Accept-Encoding"}
    if len(response.body) < _FROM or not _takes_gzip(asked.get("accept-encoding", "")):
        return Response(response.status, varied, response.body)
    large = len(response.body) >= _LARGE
    body = await _by_turns(response.body) if large else gzip.compress(response.body, compresslevel=4, mtime=0)
    return Response(response.status, {**varied, "content-encoding": "gzip"}, body)


async def _by_turns(body: bytes) -> bytes:
    """A large body in gzip. In no thread: simulated nodes live on one loop, and have none."""
    press, parts = zlib.compressobj(1, wbits=_GZIP), []
    for at in range(0, len(body), _LARGE):
        parts.append(press.compress(memoryview(body)[at : at + _LARGE]))
        await asyncio.sleep(0)
    return b"".join((*parts, press.flush()))


def _takes_gzip(accepted: str) -> bool:
    weights = {}
    for one in accepted.lower().split(","):
        coding, _, parameter = one.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return weights.get("gzip", weights.get("*", False))
