"""Fields behind a body: what can only be said of an answer when it is over.

What lives here: announcing and writing trailer fields on aiohttp, which has none. What does not: what they say
(`data.stream.ending`). Source: RFC 9110, 6.5 and 6.6.2 (Trailer); RFC 9112, 7.1.2 (chunked trailer section).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter


def possible(request: web.BaseRequest) -> bool:
    """Can fields follow a body that is streamed to this reader?"""
    return request.version >= HttpVersion11 and request.method != "HEAD"


def announce(response: web.StreamResponse, names: Iterable[str]) -> None:
    """Say before the body which fields will follow it. Before `prepare`."""
    response.headers["Trailer"] = ", ".join(names)
    response.enable_chunked_encoding()


async def end(response: web.StreamResponse, writer: AbstractStreamWriter, fields: Mapping[str, str]) -> None:
    """End a chunked body with these fields. Their values hold no line ends."""
    told = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    # What has been written is chunks already; the end of the body is written as it stands.
    writer.chunked = False  # type: ignore[attr-defined]
    await response.write_eof(f"0\r\n{told}\r\n".encode())
