"""A listener: aiohttp around a function from request to response.

What lives here: accepting connections, reading a request within its limits, writing the answer, draining. What does
not: meaning (`dsp`, `management`), form (`reading`), deadlines (`connection`), certificates (`tls`).

Plain HTTP is served on loopback only. After an error of form the connection is closed: what follows on it may not be
what the peer meant to send.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from connector.config import is_loopback
from connector.errors import InputError, NodeError
from connector.http import reading
from connector.http.connection import Connection, Connections, Limits, Stage, reset
from connector.http.exchange import LOOPBACK, Headers, Request, Response
from connector.http.tls import Certificate
from connector.telemetry import Metrics

log = structlog.get_logger()

Serve = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[str, Headers, NodeError], Response]
Streams = Mapping[str, Callable[[Any], Awaitable[web.StreamResponse]]]
BACKLOG = 1024


class Listener:
    """One address on which requests are served.

    `serve` answers a request and never raises; `refuse(path, headers, error)` writes the answer to one that does not
    get that far; `hosts` are the names it may be addressed by. `streams` are handlers of aiohttp's own that write as
    they go, by path prefix; below `upgrades` they are asked for WebSocket as well.
    """

    def __init__(
        self,
        name: str,
        *,
        serve: Serve,
        refuse: Refuse,
        hosts: frozenset[str],
        metrics: Metrics,
        limits: Limits | None = None,
        streams: Streams | None = None,
        upgrades: str | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self._name, self._serve, self._refuse = name, serve, refuse
        self._hosts, self._metrics, self._limits = reading.Hosts(hosts), metrics, limits or Limits()
        self._streams, self._certificate, self._upgrades = dict(streams or {}), certificate, upgrades
        self._server: asyncio.Server | None = None
        self._connections: Connections | None = None

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        """Listen; `shared`: together with other processes of the same user, among whom the kernel shares connections
        out. Raises `InputError` where the address cannot be had, or plain HTTP would leave the machine."""
        if self._certificate is None and not is_loopback(host):
            raise InputError("listen.plain", host=host)
        loop = asyncio.get_running_loop()
        self._connections = Connections(self._handle, self._limits, self._count_refusal, loop)
        try:
            self._server = await loop.create_server(
                self._connections,
                host,
                port,
                backlog=BACKLOG,
                reuse_port=shared or None,
                ssl=self._certificate.context if self._certificate else None,
                ssl_handshake_timeout=self._limits.head_seconds if self._certificate else None,
            )
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE  # asyncio words it at length
            problem = os.strerror(errno.EADDRINUSE) if taken else error.strerror or ""
            raise InputError("listen.address", host=host, port=str(port), problem=problem) from None

    async def start_unix(self, path: Path, *, mode: int = 0o666) -> None:
        """Listen on a Unix socket. Raises `InputError` where it cannot be made.

        Whoever reaches its folder may connect, as to a port of loopback, where `mode` lets them; what the socket leads
        to proves every caller.
        """
        loop = asyncio.get_running_loop()
        self._connections = Connections(self._handle, self._limits, self._count_refusal, loop)
        try:
            own = _socket_at(path, mode)
            self._server = await loop.create_unix_server(self._connections, sock=own, backlog=BACKLOG)
        except OSError as error:
            raise InputError("listen.address", host=str(path), port="-", problem=error.strerror or "") from None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._connections.connections) if self._connections else 0

    async def close(self) -> None:
        """Take no more connections, finish what is under way, close."""
        if self._server is None or self._connections is None:
            return
        self._server.close()
        await self._connections.drain()
        self._server = None

    # --- one request --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, Connection)
        try:
            if connection.bytes_in > self._limits.header_bytes:
                reading.check_size(request, self._limits.header_bytes)
            path, query = reading.check(request, self._hosts, self._upgrades)
            for prefix, stream in self._streams.items():
                if path.startswith(prefix):
                    return await self._stream(request, connection, stream)
            body = await self._body(request, connection)
        except NodeError as error:
            self._count_refusal(error.reason.code)
            path = request.raw_path.partition("?")[0]
            return await self._answer(request, connection, self._refuse(path, request.headers, error), last=True)
        connection.enter(Stage.SERVING)
        response = await self._serve(Request(request.method, path, query, request.headers, body, connection.shown))
        return await self._answer(request, connection, response)

    async def _body(self, request: web.BaseRequest, connection: Connection) -> bytes:
        if request.content.is_eof():
            return await reading.body(request, self._limits.body_bytes)
        assert self._connections is not None
        connection.enter(Stage.BODY)
        self._connections.reads_body(connection, request.content)
        try:
            return await reading.body(request, self._limits.body_bytes)
        finally:
            self._connections.reads_body(connection, None)

    async def _stream(
        self, request: web.BaseRequest, connection: Connection, stream: Callable[[Any], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        connection.enter(Stage.SERVING)
        answer = await stream(request)
        # A handler that has written its own body is done; what is left is a small answer with the usual patience.
        connection.enter(Stage.ANSWERING)
        try:
            await answer.prepare(request)
            await answer.write_eof()
        except ConnectionError:
            pass
        return self._written(connection, answer)

    async def _answer(
        self, request: web.BaseRequest, connection: Connection, response: Response, *, last: bool = False
    ) -> web.StreamResponse:
        """Write a response. Its `after` is called when the socket has it all, or the connection is gone."""
        try:
            if response.chunks is not None:
                answer = await self._piecewise(request, response)
            else:
                answer = web.Response(status=response.status, headers=response.headers, body=response.body)
                if last:
                    answer.force_close()
                connection.enter(Stage.ANSWERING)
                with contextlib.suppress(ConnectionError):
                    await answer.prepare(request)
                    await answer.write_eof()
        finally:
            response.after()
        return self._written(connection, answer)

    async def _piecewise(self, request: web.BaseRequest, response: Response) -> web.StreamResponse:
        """A body that comes in pieces; where it breaks off the connection is reset, so that it never looks complete."""
        answer = web.StreamResponse(status=response.status, headers=response.headers)
        chunks = response.chunks
        assert chunks is not None
        try:
            await answer.prepare(request)
            async for chunk in chunks:
                await answer.write(chunk)
            await answer.write_eof()
        except (NodeError, ConnectionError) as error:
            log.warning("http.broken", code=error.reason.code if isinstance(error, NodeError) else "connection")
            reset(request.transport)
        finally:
            closing = getattr(chunks, "aclose", None)
            if closing is not None:
                await closing()
        return answer

    def _written(self, connection: Connection, answer: web.StreamResponse) -> web.StreamResponse:
        connection.enter(Stage.IDLE)
        self._metrics.answered(self._name, answer.status)
        return answer

    def _count_refusal(self, code: str) -> None:
        self._metrics.refused(self._name, code)


def names_of(*hosts: str) -> frozenset[str]:
    """The names for `Listener`: these, and where one of them is loopback every name of the loopback."""
    local = LOOPBACK if any(is_loopback(host) for host in hosts) else frozenset()
    return frozenset(f"[{host}]" if ":" in host and not host.startswith("[") else host for host in hosts) | local


def _socket_at(path: Path, mode: int) -> socket.socket:
    """A Unix socket that anybody may connect to who reaches its folder; what a former process left is replaced."""
    if path.is_socket():
        path.unlink()
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        own.bind(str(path))
        path.chmod(mode)
    except OSError:
        own.close()
        raise
    return own
