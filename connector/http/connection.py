"""One connection of a listener, and the deadlines that aiohttp does not keep.

What lives here: how long a peer may be silent, take for its headers or its body, or leave an answer unread; how many
connections there may be; the answer to what is no HTTP. What does not: how a request must look (`reading`), its meaning
(`server`). Deadlines are looked at by one timer for all connections, so a request pays two readings of the
clock for them. (aiohttp 3.14 never closes a connection that sends half a header, and its error pages show the input.)
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import structlog
from aiohttp import StreamReader, web
from msgspec import Struct, json

from connector.http.exchange import JSON

log = structlog.get_logger()
_MALFORMED = json.encode({"code": "http.malformed", "params": {}})
_DER = 2
"""`_ssl.ENCODING_DER`: how a certificate of the handshake is asked for its bytes."""
_AT_ONCE = struct.pack("ii", 1, 0)
SEND_BUFFER = 1 << 18
"""Bytes of a stream that the kernel is asked to hold; Linux takes twice as much, for its book-keeping (socket(7))."""


def reset(transport: asyncio.Transport | None) -> None:
    """End a connection with a reset (RFC 9293, 3.5.3): whatever was written and has not left is thrown away, and the
    other side sees a failure, never an end. Nothing where the connection is gone."""
    if transport is None:
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):  # closed already
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


def bound(transport: asyncio.BaseTransport | None) -> None:
    """Let no more than `SEND_BUFFER` wait in the kernel, which would otherwise take megabytes from a fast writer."""
    own = None if transport is None else transport.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def shown(transport: asyncio.BaseTransport) -> tuple[bytes, ...]:
    """The certificates that a client has shown and proved to have the key of, in DER, the end certificate first.

    Python says in the open from 3.13 on what the path was; before, only what stands at its end.
    """
    handshake = transport.get_extra_info("ssl_object")
    if handshake is None or handshake.context.verify_mode is ssl.CERT_NONE:
        return ()
    leaf = handshake.getpeercert(binary_form=True)
    if leaf is None:
        return ()
    inner: Any = handshake if hasattr(handshake, "get_verified_chain") else getattr(handshake, "_sslobj", None)
    path = inner.get_verified_chain() if hasattr(inner, "get_verified_chain") else [leaf]
    return tuple(one if isinstance(one, bytes) else one.public_bytes(_DER) for one in path)


class Limits(Struct, frozen=True):
    """What one listener grants. Times in seconds, sizes in bytes."""

    body_bytes: int = 1_048_576
    line_bytes: int = 8_190
    header_bytes: int = 32_768
    header_count: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    idle_seconds: float = 75.0
    drain_seconds: float = 10.0
    connections: int = 1024


class Stage(IntEnum):
    """Where a connection stands. Up to HEAD nothing is lost by closing it."""

    NEW = 0
    IDLE = 1
    HEAD = 2
    BODY = 3
    SERVING = 4
    ANSWERING = 5


class SlowError(Exception):
    """The body did not come in time; raised in whoever reads it."""


class Incoming(web.BaseRequest):
    """A request that does not tell the answer which software it comes from."""

    async def _prepare_hook(self, resp: web.StreamResponse) -> None:
        resp.headers.popall("Server", None)


class Connection(web.RequestHandler):
    """A connection that knows since when it is in which stage."""

    __slots__ = ("_gatherer", "bytes_in", "dropped", "shown", "since", "stage")

    def __init__(self, gatherer: Connections, **settings: Any) -> None:
        super().__init__(gatherer, **settings)
        self._gatherer = gatherer
        self.stage, self.since, self.bytes_in = Stage.NEW, self._loop.time(), 0
        self.dropped = False
        self.shown: tuple[bytes, ...] = ()

    def enter(self, stage: Stage) -> None:
        """The connection is in another stage from now on."""
        self.stage, self.since = stage, self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio. Where there are too many, one that asks for nothing has to go, else this one."""
        super().connection_made(transport)
        self.shown = shown(transport)
        self._gatherer.made_room_for(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        if self.dropped:
            self._gatherer.dropped -= 1

    def data_received(self, data: bytes) -> None:
        """See asyncio. The first byte of a request starts the time for its headers."""
        if self.stage <= Stage.IDLE:
            self.enter(Stage.HEAD)
            self.bytes_in = 0
        self.bytes_in += len(data)
        super().data_received(data)
        if self.stage is Stage.HEAD:
            if self._messages:
                self.enter(Stage.BODY)
            elif self.bytes_in > self._gatherer.limits.header_bytes:
                self.drop("http.headers")

    def drop(self, code: str) -> None:
        """Reset the connection."""
        self._gatherer.refused(code)
        if not self.dropped:
            self.dropped = True
            self._gatherer.dropped += 1
        reset(self.transport)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what aiohttp could not read: says nothing about the input, and ends the connection."""
        self._gatherer.refused("http.malformed" if status == 400 else "internal")
        if status != 400:
            log.error("http.failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        answer = web.Response(status=status, body=_MALFORMED if status == 400 else b"", headers={"Content-Type": JSON})
        answer.force_close()
        self.enter(Stage.ANSWERING)
        return answer


class Connections(web.Server):
    """All connections of a listener. `refused` counts what got nowhere, by code."""

    def __init__(
        self,
        handler: Callable[[Any], Any],
        limits: Limits,
        refused: Callable[[str], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(handler, request_factory=self._incoming, loop=loop)
        self.limits, self.refused = limits, refused
        self.dropped = 0
        self._reading: dict[Connection, StreamReader] = {}
        self._timer: asyncio.TimerHandle | None = None
        shortest = min(limits.head_seconds, limits.body_seconds, limits.answer_seconds, limits.idle_seconds)
        self._interval = min(1.0, shortest / 4)

    def __call__(self) -> Connection:
        """A connection for asyncio's `create_server`."""
        return Connection(
            self,
            loop=self._loop,
            # Silent and idle connections are ours to close; aiohttp's own timer is the second net.
            keepalive_timeout=self.limits.idle_seconds * 2,
            access_log=None,
            max_line_size=self.limits.line_bytes,
            max_field_size=self.limits.line_bytes,
            max_headers=self.limits.header_count,
            lingering_time=1.0,
            auto_decompress=False,
        )

    def _incoming(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> Incoming:
        return Incoming(message, payload, protocol, writer, task, self._loop)

    def made_room_for(self, new: Connection) -> None:
        """Keep the number of connections within its bound, and the timer running while there are any."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._interval, self._sweep)
        # Who is dropped goes in the next round of the loop, and many may come in one: nobody is dropped for two.
        if len(self._connections) - self.dropped > self.limits.connections:
            known = (one for one in self._connections if isinstance(one, Connection))
            silent = (one for one in known if one.stage <= Stage.HEAD and not one.dropped and one is not new)
            next(silent, new).drop("http.connections")

    def reads_body(self, connection: Connection, payload: StreamReader | None) -> None:
        """Whoever reads a body names it here, so that it can be told when time is up; None when it is read."""
        if payload is None:
            self._reading.pop(connection, None)
        else:
            self._reading[connection] = payload

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._sweep) if self._connections else None
        now = self._loop.time()
        for connection in tuple(self._connections):
            assert isinstance(connection, Connection)
            if now - connection.since > self._patience(connection.stage):
                self._out_of_time(connection)

    def _patience(self, stage: Stage) -> float:
        match stage:
            case Stage.NEW | Stage.HEAD:
                return self.limits.head_seconds
            case Stage.IDLE:
                return self.limits.idle_seconds
            case Stage.BODY:
                return self.limits.body_seconds
            case Stage.ANSWERING:
                return self.limits.answer_seconds
            case Stage.SERVING:
                return float("inf")

    def _out_of_time(self, connection: Connection) -> None:
        payload = self._reading.pop(connection, None)
        if payload is not None:
            payload.set_exception(SlowError())
        elif connection.stage is Stage.IDLE:
            connection.force_close()
        else:
            connection.drop("http.slow")

    async def drain(self) -> None:
        """Close what is idle, let what is under way finish within `drain_seconds`, then end it."""
        self.pre_shutdown()
        await self.shutdown(self.limits.drain_seconds)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
