"""A running stream whose permission ends: cut within a second, direct and behind nginx and Caddy, and it looks cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest

from connector.node import Node
from connector.protocol.transfer import Transfer
from connector.records import Agreement
from connector.services.changes import Change
from policies.model import Reason
from scripts.lib.ports import free_port
from tests.connector.data.world import SetClock
from tests.connector.http.nodes import manage, told
from tests.connector.proxy.fronted import (
    Grant,
    befriended,
    contract,
    events,
    fronted,
    grant,
    running,
    shared,
    trusting,
    until_event,
)
from tests.harness.authority import Authority
from tests.harness.front import version

SIZE = 1 << 28
MIB = 1 << 20
WINDOW = 131_072
"""The reader's own receive buffer: what lies in it has arrived and can be taken back by nobody."""


class World(msgspec.Struct):
    """A city in front of which stands nothing, nginx or Caddy, and a utility that has contracts with it."""

    front: str
    city: Node
    utility: Node
    authority: Authority

    async def grant(self, dataset: str) -> Grant:
        return await grant(self.utility, await contract(self.utility, "city", dataset))


@pytest.fixture(params=["direct", "nginx", "nginx-socket", "caddy"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    authority = Authority(tmp_path / "authority")
    with (tmp_path / "sparse.bin").open("wb") as made:
        made.truncate(SIZE)
    async with AsyncExitStack() as stack:
        port = free_port()
        if request.param == "direct":
            city = await stack.enter_async_context(
                running(tmp_path / "city", f"http://127.0.0.1:{port}", authority, port=port, clock=SetClock())
            )
        else:
            city = await stack.enter_async_context(
                fronted(tmp_path / "city", request.param, "/stadt", authority, clock=SetClock())
            )
        port = free_port()
        utility = await stack.enter_async_context(
            running(tmp_path / "utility", f"http://127.0.0.1:{port}", authority, port=port)
        )
        await befriended(city, utility, "utility")
        await befriended(utility, city, "city")
        await shared(city, "sparse", "file", {"path": str(tmp_path / "sparse.bin")}, until="2099-12-31")
        await shared(city, "live", "live", {})
        yield World(request.param, city, utility, authority)


async def _pid(world: World) -> str:
    (one,) = await world.city.store.read(lambda view: view.select(Transfer, role="provider"))
    return one.id


async def suspended(world: World) -> None:
    pid = await _pid(world)
    assert (await manage(world.city, "POST", f"/v1/transfers/{pid}/suspend", {"reason": "r"})).status == 200


async def terminated(world: World) -> None:
    pid = await _pid(world)
    assert (await manage(world.city, "POST", f"/v1/transfers/{pid}/terminate", {"reason": "r"})).status == 200


async def revoked(world: World) -> None:
    """The contract is over, whoever has ended it and why."""
    (one,) = await world.city.store.read(lambda view: view.select(Agreement))
    ended = msgspec.structs.replace(one, in_force=False, ended=Reason("revoked"))
    await world.city.store.write(lambda tx: tx.put(ended))
    world.city.changes.publish(Change("agreement", one.id))


async def expired(world: World) -> None:
    """The terms run out; nobody has done anything."""
    assert isinstance(world.city.clock, SetClock)
    world.city.clock.ahead = 80 * 365 * 86_400 * 1_000_000


End = Callable[[World], Awaitable[None]]


@pytest.mark.parametrize("end", [suspended, terminated, revoked, expired])
async def test_a_large_file_is_cut(world: World, end: End) -> None:
    """A steady reader gets little after the cut, and a failure instead of an end.

    Nothing but its own window where nothing stands in front. What has left the node lies in the front's buffers: two to
    three MiB in nginx, and seldom more, as the kernel lets its receive buffer grow (over a Unix socket it has none);
    Caddy bounds neither side.
    """
    there = await world.grant("sparse")
    reader, writer = await _opened(world, there)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {SIZE}".encode() in head.lower()
    got = await _steadily(reader, 8 * MIB)
    began = time.monotonic()
    await end(world)
    entry = await until_event(world.city, "access.cut", 2.0)
    cut = time.monotonic() - began
    after = 0
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        after = await _steadily(reader, SIZE)
    writer.close()
    ended = time.monotonic() - began
    print(f"{world.front} {end.__name__}: cut after {cut:.3f} s, {after} B more, over after {ended:.3f} s")
    handed_over = int(entry["bytes"])
    assert got + after <= handed_over < got + after + 4 * MIB
    assert after < {"direct": MIB, "nginx": 16 * MIB, "nginx-socket": 3 * MIB, "caddy": SIZE / 4}[world.front]


@pytest.mark.parametrize("end", [suspended, revoked])
async def test_a_live_stream_never_looks_complete(world: World, end: End) -> None:
    """It has no length, so only the missing last chunk tells."""
    if world.front == "caddy" and version("caddy") < (2, 8):
        pytest.skip("Caddy before 2.8 tells a cut stream without a length as a complete one")
    there = await world.grant("live")
    headers = {"Authorization": there.authorization}
    tls = aiohttp.TCPConnector(ssl=trusting(world.authority))
    async with (
        aiohttp.ClientSession(connector=tls) as session,
        session.get(f"{there.url}/stream", headers=headers) as answer,
    ):
        assert (await answer.content.readline()).endswith(b"\n")
        await end(world)
        await until_event(world.city, "access.cut", 2.0)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()


async def test_both_sides_write_down_how_much_it_was(world: World) -> None:
    """Over the consumer's own node, which tries to go on, is refused, and hands no whole answer to its operator."""
    agreement = await contract(world.utility, "city", "sparse")
    token = (world.utility.config.directory / "token").read_text().strip()
    port = world.utility.management_listener.port
    url = f"http://127.0.0.1:{port}/v1/contracts/{agreement.rpartition(':')[2]}/data"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert answer.status == 200
        await answer.content.readexactly(4 * MIB)
        await suspended(world)
        with pytest.raises(aiohttp.ClientPayloadError):
            async for _ in answer.content.iter_any():
                pass
    theirs = await until_event(world.utility, "data.received")
    ours = await until_event(world.city, "access.cut")
    assert ours["reason"] == "transfer.state"
    assert theirs["complete"] == "no"
    assert theirs["reason"] == "transfer.state"
    assert 4 * MIB <= int(theirs["bytes"]) <= int(ours["bytes"])
    print(f"{world.front}: provider {ours['bytes']}, consumer {theirs['bytes']}")
    states = told(await manage(world.utility, "GET", "/v1/transfers"))["items"]
    assert [one["state"] for one in states] == ["SUSPENDED"]
    assert await events(world.city, "access.finished") == []


async def _opened(world: World, there: Grant) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a narrow window, over which the data is asked for."""
    at = urlsplit(there.url)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    own.setblocking(False)
    await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", at.port))
    tls = trusting(world.authority) if at.scheme == "https" else None
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection(sock=own, ssl=tls, server_hostname=name, limit=WINDOW)
    lines = [f"GET {at.path} HTTP/1.1", f"Host: {at.netloc}", f"Authorization: {there.authorization}"]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()
    return reader, writer


async def _steadily(reader: asyncio.StreamReader, size: int) -> int:
    """Read so much at some 20 MB/s, or up to the end."""
    got = 0
    while got < size:
        piece = await reader.read(65_536)
        if not piece:
            return got
        got += len(piece)
        await asyncio.sleep(0.003)
    return got
