"""Answers that are written at once, beside the same ones as aiohttp writes them, over a real socket."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web

from connector.http.ready import Ready, fits
from connector.telemetry import Metrics
from tests.connector.http.listening import listening, said

FIELDS = {"ETag": '"e"', "Content-Type": "text/plain", "Content-Length": "5"}
HEAD = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n'
CLOSING = b"Connection: close\r\n"
DATE = re.compile(rb"\r\nDate: (\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)\r\n")


async def ready(request: web.BaseRequest) -> web.StreamResponse:
    """What the data plane does."""
    if fits(request):
        return Ready(200, HEAD, b"12345")
    return web.Response(headers=FIELDS, body=b"12345")


async def usual(request: web.BaseRequest) -> web.StreamResponse:
    """The same by aiohttp alone."""
    return web.Response(headers=FIELDS, body=b"12345")


async def large(request: web.BaseRequest) -> web.StreamResponse:
    """As much as is written without waiting; not many of them fit into all buffers."""
    body = b"x" * 60_000
    return Ready(200, HEAD.replace(b"5\r\n", b"%d\r\n" % len(body)), body)


def ask(more: bytes = b"", *, method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    return b"%b /x HTTP/%b\r\nHost: 127.0.0.1\r\n%b\r\n" % (method, version, more)


@pytest.mark.parametrize(
    "asked",
    [
        ask() + ask() + ask(CLOSING),
        ask(CLOSING),
        ask(version=b"1.0"),
        ask(b"Connection: keep-alive\r\n", version=b"1.0"),
        ask(method=b"HEAD") + ask(CLOSING),
    ],
)
async def test_it_looks_like_any_other_answer(asked: bytes) -> None:
    answers = []
    for handler in (ready, usual):
        async with listening(streams={"/x": handler}) as listener:
            answers.append(await said(listener.port, asked))
    assert DATE.sub(b"", answers[0]) == DATE.sub(b"", answers[1])
    assert len(DATE.findall(answers[0])) == asked.count(b"HTTP/")


async def test_who_does_not_take_it_is_let_go() -> None:
    metrics = Metrics()
    async with listening(streams={"/x": large}, metrics=metrics) as listener, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
        writer.write(ask() * 400)
        while b'code="http.slow"' not in metrics.text():
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionError):
            while await reader.read(65_536):
                pass
        writer.close()
