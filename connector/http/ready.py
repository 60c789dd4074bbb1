"""An answer that is there as a whole, written at once: its head is bytes that were made before.

What lives here: the way of a finished answer past aiohttp's making of headers, which costs more than the rest of the
answer. What does not: what stands in the head (`data.stream`), any other form of answer (`server`, `data`).
Source: RFC 9110, 6.6.1 (Date); RFC 9112, 9.3 (a connection of HTTP/1.1 stays open where nobody says otherwise).
"""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter


def fits(request: web.BaseRequest) -> bool:
    """May this request be answered by `Ready`: nothing has to be said about the connection, and a body is wanted."""
    return request.version == HttpVersion11 and request.keep_alive and request.method == "GET"


class Ready(web.StreamResponse):
    """`head` is the status line and the header fields without Date, each line with its end; `body` is of the length
    that it names. For requests that `fits` has let pass."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        super().__init__(status=status)
        self._head, self._whole = head, body
        self._written = False

    @property
    def keep_alive(self) -> bool:
        """The connection stays open, unless it was decided otherwise."""
        return super().keep_alive is not False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write it all, once, and wait while the reader is behind. Raises `ConnectionError` where he has gone."""
        if not self._written:
            self._written = True
            writer = request.writer
            await writer.write(b"%bDate: %b\r\n\r\n%b" % (self._head, _date(int(time.time())), self._whole))
            await writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """It was written by `prepare`."""


@lru_cache(maxsize=2)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode()
