"""Each fault of the proxy is seen by a plain HTTP client of the standard library."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.harness.proxy import Faults, Proxy, proxied


class Counting:
    """A server that answers every POST with the number of the request."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Counts."""
        self.seen.append(await request.read())
        return web.Response(text=f"answer {len(self.seen)}")


@contextlib.asynccontextmanager
async def behind_proxy() -> AsyncIterator[tuple[Proxy, Counting]]:
    """A counting server and a proxy in front of it."""
    counting = Counting()
    app = web.Application()
    app.router.add_post("/", counting.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with proxied(runner.addresses[0][1]) as proxy:
            yield proxy, counting
    finally:
        await runner.cleanup()


def post(port: int, body: bytes, timeout: float = 5) -> str:
    """One request, its answer's text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/", body)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


async def test_without_faults_it_passes_on() -> None:
    """Nothing changes on the way."""
    async with behind_proxy() as (proxy, counting):
        assert await asyncio.to_thread(post, proxy.port, b"x" * 100_000) == "answer 1"
        assert counting.seen == [b"x" * 100_000]


async def test_repeat_delivers_every_request_again() -> None:
    """The server sees it three times, the client the last answer."""
    async with behind_proxy() as (proxy, counting):
        proxy.faults = Faults(repeat=3)
        assert await asyncio.to_thread(post, proxy.port, b"again") == "answer 3"
        assert counting.seen == [b"again"] * 3


async def test_a_cut_reply_was_processed_all_the_same() -> None:
    """The answer is lost, the request was not."""
    async with behind_proxy() as (proxy, counting):
        proxy.faults = Faults(cut_reply=10)
        with pytest.raises((http.client.HTTPException, OSError)):
            await asyncio.to_thread(post, proxy.port, b"lost")
        assert counting.seen == [b"lost"]


@pytest.mark.parametrize("faults", [Faults(refuse=True), Faults(cut_request=10), Faults(cut_request=10, reset=True)])
async def test_a_cut_request_never_arrives(faults: Faults) -> None:
    """The client sees an end, the server nothing."""
    async with behind_proxy() as (proxy, counting):
        proxy.faults = faults
        with pytest.raises((http.client.HTTPException, OSError)):
            await asyncio.to_thread(post, proxy.port, b"never")
        assert counting.seen == []


async def test_silence_runs_into_the_clients_deadline() -> None:
    """Bytes are taken and nothing comes back."""
    async with behind_proxy() as (proxy, counting):
        proxy.faults = Faults(silent=True)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(post, proxy.port, b"hello", 0.2)
        assert counting.seen == []
