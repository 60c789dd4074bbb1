"""Requests handed on: byte for byte there, piece by piece back, and never whole where they broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from connector.http.forwarding import Forwarding
from connector.http.server import Listener
from connector.telemetry import Metrics

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class World:
    """A listener that hands on, and what stands behind it."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s"
        self.listener = Listener(
            "public",
            serve=_never,
            refuse=_never,
            hosts=frozenset({"h"}),
            metrics=Metrics(),
            streams={"": Forwarding(self.socket).handler},
        )
        self.server: asyncio.Server | None = None

    async def behind(self, speak: Speak) -> None:
        self.server = await asyncio.start_unix_server(speak, self.socket)

    async def said(self, raw: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()


def _never(*_: Any) -> Any:
    raise AssertionError


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.listener.start("127.0.0.1", 0)
    yield made
    await made.listener.close()
    if made.server is not None:
        made.server.close()


async def test_a_request_arrives_as_it_came_and_its_answer_goes_back(world: World) -> None:
    came: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"0\r\n\r\n"))
        writer.write(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nX-One: 2\r\nContent-Length: 2\r\n\r\nok")

    await world.behind(speak)
    head = (
        b"POST /a%2Fb/%C3%A4?x=1&x=%20 HTTP/1.1\r\nhost: h\r\nX-B: 2\r\nx-a: 1\r\nX-B: \xe4\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    answer = await world.said(head + b"3\r\nabc\r\n0\r\n\r\n")
    assert came == [head + b"3\r\nabc\r\n0\r\n\r\n"]
    assert answer.startswith(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nX-One: 2\r\nContent-Length: 2\r\n")
    assert answer.endswith(b"\r\n\r\nok")


async def test_pieces_are_passed_on_as_they_come(world: World) -> None:
    go_on = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await go_on.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    await world.behind(speak)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.listener.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"one\r\n"), 10)
    go_on.set()
    assert await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 10) == b"3\r\ntwo\r\n0\r\n\r\n"
    writer.close()


async def test_an_answer_that_breaks_off_there_breaks_off_here(world: World) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await writer.drain()
        writer.transport.abort()

    await world.behind(speak)
    with pytest.raises(ConnectionResetError):
        await world.said(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")


async def test_who_may_send_on_is_told_so(world: World) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    await world.behind(speak)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.listener.port)
    writer.write(b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 100 ")
    writer.write(b"ok")
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_an_answer_before_the_body_is_through_ends_the_connection(world: World) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    await world.behind(speak)
    answer = await world.said(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer


async def test_where_nobody_is_behind_it_is_said_that_it_is_for_now(world: World) -> None:
    answer = await world.said(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After" in answer
