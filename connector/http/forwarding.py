"""Requests handed on to the control process of the same node, one by one, as they came.

What lives here: a request's line and fields byte for byte, its body and the answer piece by piece, both at the pace of
whoever reads. What does not: any check of what a request means, its limits or its time: the listener of the control
process has them, and cannot tell a request that came this way from one that came to it. What was wrong in form before
that is refused here (`http.server`).

Every request has a connection of its own, so that nothing that came for one can ever be taken for another
(RFC 9112, 11.2). An answer that breaks off there breaks off here: the connection is reset and never looks complete.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import structlog
from aiohttp import ClientError, EofStream, hdrs, web
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDict

from connector.http.connection import bound, reset
from connector.http.exchange import JSON

log = structlog.get_logger()
_OF_A_CONNECTION: Final = (hdrs.CONNECTION, hdrs.KEEP_ALIVE, hdrs.TRANSFER_ENCODING)
"""Fields that are about one connection, and not about the answer (RFC 9110, 7.6.1)."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEAD_BYTES: Final = 1 << 16


class _MalformedError(Exception):
    """The body of a request is not what its head says."""


class Forwarding:
    """Hands requests on to the listener at a Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """The answer of the control process, written as it comes. Never raises, but where the task is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            _, there = await loop.create_unix_connection(lambda: ResponseHandler(loop), str(self._socket))
        except OSError:
            return _answer(503, "unavailable")
        try:
            return await self._exchange(request, there)
        except _MalformedError:
            return _ending(request, 400, "http.malformed")
        except (OSError, ClientError, EofStream, ConnectionError, asyncio.IncompleteReadError) as error:
            log.warning("forwarding.broken", error=type(error).__name__)
            return _ending(request, 503, "unavailable")
        finally:
            there.abort()

    async def _exchange(self, request: web.Request, there: ResponseHandler) -> web.StreamResponse:
        there.set_response_params(
            skip_payload=request.method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=_HEAD_BYTES,
            max_field_size=_HEAD_BYTES,
        )
        assert there.transport is not None
        there.transport.write(_head(request))
        body = asyncio.get_running_loop().create_task(_send(request, there))
        try:
            message, payload = await self._answered(request, there, body)
            return await _relay(request, message, payload, last=message.should_close or not body.done())
        finally:
            body.cancel()
            await asyncio.wait({body})
            if not body.cancelled():
                body.exception()

    async def _answered(
        self, request: web.Request, there: ResponseHandler, body: asyncio.Task[None]
    ) -> tuple[RawResponseMessage, StreamReader]:
        """The head of the answer, which may come before the body is through. Raises `_MalformedError`."""
        while True:
            reading = asyncio.ensure_future(there.read())
            try:
                await asyncio.wait({reading, body}, return_when=asyncio.FIRST_COMPLETED)
                # Whoever has stopped reading the body may have said why.
                if not reading.done() and isinstance(body.exception(), _MalformedError):
                    raise _MalformedError
                message, payload = await reading
            finally:
                reading.cancel()
            if message.code >= 200:
                return message, payload
            if message.code == 100 and request.transport is not None:
                request.transport.write(_CONTINUE)


def _head(request: web.Request) -> bytes:
    """A request's line and fields as they came, in the version whose answers say where they end."""
    line = f"{request.method} {request.raw_path} HTTP/1.1"
    fields = (name + b": " + value for name, value in request.raw_headers)
    return b"\r\n".join((line.encode("utf-8", "surrogateescape"), *fields, b"", b""))


async def _send(request: web.Request, there: ResponseHandler) -> None:
    """A request's body, in the framing that its head names. Raises `_MalformedError`, `ConnectionError`."""
    chunked = hdrs.TRANSFER_ENCODING in request.headers
    if request.content.is_eof() and not chunked and not request.body_exists:
        return
    try:
        while piece := await request.content.readany():
            await _write(there, b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    except web.RequestPayloadError:
        raise _MalformedError from None
    if chunked:
        await _write(there, b"0\r\n\r\n")


async def _write(there: ResponseHandler, data: bytes) -> None:
    if there.transport is None:
        raise ConnectionResetError
    there.transport.write(data)
    await there._drain_helper()  # aiohttp's own writer waits by it; it has no other name


async def _relay(
    request: web.Request, message: RawResponseMessage, payload: StreamReader, *, last: bool
) -> web.StreamResponse:
    """Write an answer. `last`: nothing more is read from this connection."""
    fields = CIMultiDict(message.headers)
    for name in _OF_A_CONNECTION:
        fields.popall(name, None)
    response = web.StreamResponse(status=message.code, reason=message.reason, headers=fields)
    if last:
        response.force_close()
    bound(request.transport)
    try:
        await response.prepare(request)
        if request.method != "HEAD":
            while piece := await payload.readany():
                await response.write(piece)
        await response.write_eof()
    except (OSError, ClientError, ConnectionError):
        reset(request.transport)
    return response


def _ending(request: web.Request, status: int, code: str) -> web.StreamResponse:
    """The last answer on a connection, where none has begun."""
    if request.writer.output_size:
        reset(request.transport)
    response = _answer(status, code)
    response.force_close()
    return response


def _answer(status: int, code: str) -> web.Response:
    body = msgspec.json.encode({"code": code, "params": {}})
    headers = {"Content-Type": JSON, "Cache-Control": "no-store"} | ({"Retry-After": "5"} if status == 503 else {})
    return web.Response(status=status, body=body, headers=headers)
