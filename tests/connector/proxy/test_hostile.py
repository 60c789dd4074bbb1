"""Smuggled and slow requests, direct, behind nginx and through data processes: the same answer in each set-up, and
others are served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connector import config
from connector.node import Node
from scripts.lib.ports import free_port
from tests.connector.http.nodes import manage
from tests.connector.proxy.fronted import (
    befriended,
    fronted,
    request,
    running,
    said,
    shared,
    status,
    trusting,
)
from tests.harness.authority import Authority
from tests.harness.front import needs

HASTE = config.Limits(body_bytes=262_144, header_seconds=2.0, body_seconds=2.0, idle_seconds=5.0)
CATALOG = msgspec.json.encode(
    {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogRequestMessage"}
)


class World(msgspec.Struct):
    """A city, and a utility that calls it by hand. `front` is what stands before the city."""

    front: str
    city: Node
    utility: Node
    authority: Authority

    async def head(self, path: str, *lines: str) -> bytes:
        """The beginning of a message to the city with a good token; the connection would go on."""
        token = await self.utility.identity.token(self.city.did)
        url = self.city.base + path
        lines = (f"Authorization: {token}", "Content-Type: application/json", *lines)
        return request(url, *lines, method="POST").replace(b"Connection: close\r\n", b"", 1)

    async def said(self, *parts: bytes, pause: float = 0.0, timeout: float = 5.0) -> bytes:
        """What the city, or what stands before it, says."""
        return await said(self.city.config.public_url, self.authority, *parts, pause=pause, timeout=timeout)

    async def healthy(self) -> None:
        """A good request is answered."""
        head = await self.head("/catalog/request", f"Content-Length: {len(CATALOG)}", "Connection: close")
        assert status(await self.said(head + CATALOG, timeout=15)) == 200

    async def negotiations(self) -> int:
        """How many negotiations the city has."""
        answer = await manage(self.city, "GET", "/v1/negotiations")
        return len(msgspec.json.decode(answer.body)["items"])


@pytest.fixture(params=["direct", "nginx", "workers"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    authority, port = Authority(tmp_path / "authority"), free_port()
    if request.param != "nginx":
        url, workers = f"http://127.0.0.1:{free_port()}", 2 if request.param == "workers" else 0
        for name in HASTE.__struct_fields__:
            monkeypatch.setenv(f"ALLMENDE_LIMITS__{name.upper()}", str(getattr(HASTE, name)))
        own = int(url.rpartition(":")[2])
        front = running(tmp_path / "city", url, authority, limits=HASTE, port=own, workers=workers)
    else:
        needs("nginx")
        front = fronted(tmp_path / "city", "nginx", "/stadt", authority, limits=HASTE)
    async with (
        front as city,
        running(tmp_path / "utility", f"http://127.0.0.1:{port}", authority, port=port) as utility,
    ):
        await befriended(city, utility, "utility")
        (tmp_path / "a.csv").write_text("a\n")
        await shared(city, "trees", "file", {"path": str(tmp_path / "a.csv")})
        yield World(request.param, city, utility, authority)


FRAMES = {
    "length and chunked": (("Content-Length: {n}", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "chunked and length": (("Transfer-Encoding: chunked", "Content-Length: {n}"), b"0\r\n\r\n"),
    "two lengths": (("Content-Length: 2", "Content-Length: {n}"), b"{{}}"),
    "the same length twice": (("Content-Length: {n}", "Content-Length: {n}"), b""),
    "identity, chunked": (("Transfer-Encoding: identity, chunked",), b"0\r\n\r\n"),
    "gzip, chunked": (("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
    "another coding": (("Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
    "chunked twice": (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "chunked and something": (("Transfer-Encoding: chunked\x0b",), b"0\r\n\r\n"),
    "space before the colon": (("Content-Length : 2",), b"{{}}"),
    "a length in hexadecimal": (("Content-Length: 0x2",), b"{{}}"),
    "a negative length": (("Content-Length: -2",), b"{{}}"),
    "a signed length": (("Content-Length: +2",), b"{{}}"),
    "a chunk's length with a sign": (("Transfer-Encoding: chunked",), b"+2\r\n{{}}\r\n0\r\n\r\n"),
    "a chunk's length in words": (("Transfer-Encoding: chunked",), b"two\r\n{{}}\r\n0\r\n\r\n"),
    "two hosts": (("Host: evil.example", "Content-Length: 0"), b""),
}


@pytest.mark.parametrize("name", FRAMES)
async def test_a_smuggled_request_is_never_executed(world: World, name: str) -> None:
    """Even with good tokens on both: the first is refused, the connection closed, the second never looked at."""
    lines, body = FRAMES[name]
    hidden = await _hidden(world)
    head = await world.head("/catalog/request", *(line.format(n=len(body) + len(hidden)) for line in lines))
    if name == "two hosts":
        honest = f"Host: {world.city.config.public_url.split('/')[2]}\r\n".encode()
        head = head.replace(b"Host: evil.example\r\n", honest + b"Host: evil.example\r\n")
    raw = await world.said(head + body + hidden, timeout=2)
    assert status(raw) == 400, raw
    assert not raw.endswith(b"<open>")
    assert raw.count(b"HTTP/1.") == 1
    assert await world.negotiations() == 0
    await world.healthy()


async def _hidden(world: World) -> bytes:
    """A whole good request for a contract, to be hidden behind another one."""
    offer = msgspec.json.decode((await manage(world.city, "GET", "/v1/offers")).body)["items"][0]["id"]
    target = f"{world.city.config.public_url}/datasets/trees"
    body = msgspec.json.encode({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "ContractRequestMessage",
        "consumerPid": "urn:uuid:018f0000-0000-7000-8000-000000000001",
        "offer": {"@id": offer, "@type": "Offer", "target": target, "permission": [{"action": "use"}]},
        "callbackAddress": world.utility.base,
    })  # fmt: skip
    head = await world.head("/negotiations/request", f"Content-Length: {len(body)}", "Connection: close")
    return head + body


async def test_what_is_hidden_would_have_been_heard(world: World) -> None:
    """The request that the other tests hide is a good one: sent openly it is executed."""
    assert status(await world.said(await _hidden(world))) in (200, 201)
    assert await world.negotiations() == 1


async def test_a_line_that_ends_in_lf_alone_makes_no_second_request(world: World) -> None:
    """nginx reads a bare LF as an end of line, as RFC 9112, 2.2 lets it, and writes CRLF to the node: one request is
    still one request. The node itself refuses."""
    head = await world.head("/catalog/request", f"Content-Length: {len(CATALOG)}", "Connection: close")
    raw = await world.said(head.replace(b"\r\n", b"\n") + CATALOG + await _hidden(world))
    assert status(raw) == (200 if world.front == "nginx" else 400)
    assert raw.count(b"HTTP/1.") == 1
    assert await world.negotiations() == 0


@pytest.mark.parametrize("target", ["http://localhost{}", "https://evil.example{}", "//evil.example{}", "*"])
async def test_a_target_that_means_two_things_is_refused(world: World, target: str) -> None:
    url = world.city.config.public_url + "/did.json"
    path = url.partition("//")[2].partition("/")[2]
    raw = await world.said(request(url, target=target.format(f"/{path}"), method="GET"), timeout=2)
    assert status(raw) in ((400,) if target[:4] in ("http", "*") else (400, 401, 404)), raw
    assert b"evil" not in raw


async def test_too_much_is_refused_alike(world: World) -> None:
    long = await world.head("/catalog/request", f"Content-Length: {HASTE.body_bytes + 1}")
    assert status(await world.said(long)) == 413
    chunked = await world.head("/catalog/request", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    assert status(await world.said(chunked, *[chunk] * 5)) == 413
    line = await world.head("/catalog/request", f"X: {'a' * 20_000}", "Content-Length: 2")
    assert status(await world.said(line + b"{}")) == 400
    many = await world.head("/catalog/request", *(f"X{i}: {'a' * 7000}" for i in range(8)), "Content-Length: 2")
    assert status(await world.said(many + b"{}")) in (400, 431)
    await world.healthy()


@pytest.mark.parametrize("kind", ["silent", "half a head", "drips a head", "drips a body"])
async def test_slow_requests_are_ended_and_others_served(world: World, kind: str) -> None:
    """A hundred at a time, within their deadline and a little; meanwhile a neighbour is served."""
    began = time.monotonic()
    slow = [asyncio.create_task(_slowly(world, kind)) for _ in range(100)]
    await asyncio.sleep(0.3)
    await world.healthy()
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*slow)
    print(f"{world.front} {kind}: {len(answers)} ended after {time.monotonic() - began:.1f} s")
    assert not any(raw.endswith(b"<open>") for raw in answers)
    assert {status(raw) for raw in answers} <= {0, 400, 408}
    await world.healthy()


async def _slowly(world: World, kind: str) -> bytes:
    match kind:
        case "silent":
            # What says nothing at all may wait as long as an idle connection may.
            return await world.said(b"", timeout=25)
        case "half a head":
            return await world.said(b"POST / HTTP/1.1\r\nHost: x\r\nX: ", timeout=25)
        case "drips a head":
            return await _dripping(world, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        case _:
            return await _dripping(world, await world.head("/catalog/request", "Content-Length: 1000"))


async def _dripping(world: World, head: bytes) -> bytes:
    """A byte each fifth of a second, for twenty seconds at most; whoever hangs up is heard."""
    url = world.city.config.public_url
    at = url.partition("//")[2].partition("/")[0].partition(":")
    tls = trusting(world.authority) if url.startswith("https") else None
    reader, writer = await asyncio.open_connection(at[0], int(at[2]), ssl=tls)
    answer = asyncio.create_task(_all(reader))
    writer.write(head)
    for _ in range(100):
        if answer.done():
            break
        writer.write(b"{")
        await asyncio.sleep(0.2)
    raw = answer.result() if answer.done() else b"<open>"
    answer.cancel()
    writer.close()
    return raw


async def _all(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except OSError:
        return b"<reset>"
