"""A listener with a trivial handler, and raw sockets to talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from connector.errors import NodeError
from connector.http.connection import Limits
from connector.http.exchange import Headers, Request, Response
from connector.http.problems import problem
from connector.http.server import Listener, names_of
from connector.telemetry import Metrics

QUICK = Limits(
    body_bytes=10_000,
    header_bytes=6_000,
    line_bytes=4_000,
    head_seconds=0.3,
    body_seconds=0.3,
    answer_seconds=0.3,
    idle_seconds=0.3,
    drain_seconds=0.5,
    connections=50,
)


class Echo:
    """Says what it was asked, and remembers how often."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    async def serve(self, request: Request) -> Response:
        self.seen.append(request)
        told = {"method": request.method, "path": request.path, "query": request.query, "length": len(request.body)}
        return Response(200, {"content-type": "application/json"}, msgspec.json.encode(told))

    def refuse(self, path: str, headers: Headers, error: NodeError) -> Response:
        return problem(error, "en")


@asynccontextmanager
async def listening(echo: Any = None, limits: Limits = QUICK, **more: Any) -> AsyncIterator[Listener]:
    """A listener on an ephemeral port of the loopback."""
    served = echo or Echo()
    listener = Listener(
        "public",
        **{
            "serve": served.serve,
            "refuse": served.refuse,
            "hosts": names_of("127.0.0.1"),
            "metrics": Metrics(),
            "limits": limits,
            **more,
        },
    )
    await listener.start("127.0.0.1", 0)
    try:
        yield listener
    finally:
        await listener.close()


async def said(port: int, *parts: bytes, pause: float = 0.0, eof: bool = False, timeout: float = 5.0) -> bytes:
    """Everything that the server says to these bytes, until it closes; `<open>` at the end where it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
        if eof:
            writer.write_eof()
        async with asyncio.timeout(timeout):
            while piece := await reader.read(65_536):
                answer += piece
    except TimeoutError:
        answer += b"<open>"
    except ConnectionError:
        answer += b"<reset>"
    finally:
        writer.close()
    return answer


def status(answer: bytes) -> int:
    """The status of the first answer, 0 for none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def body(answer: bytes) -> Any:
    """The JSON body of a single answer."""
    return msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
