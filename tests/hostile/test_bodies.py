"""Bodies that are too much, over a socket and with a good token: the protocol's error form, nothing kept, node well.

Framing by itself, without a node behind it, is in `tests/connector/http/test_server.py`; the decoder's refusals at
every path in `tests/connector/http/test_dsp.py`.
"""

from __future__ import annotations

import asyncio
import resource
import time
import zlib
from typing import Any

import pytest

from connector.node import Node
from connector.protocol import codec
from connector.protocol.messages import CatalogError, ContractNegotiationError, TransferError
from connector.records import PublishedOffer
from tests.connector.http.listening import said
from tests.hostile.actors import (
    BASE,
    HASTE,
    Answer,
    Neighbour,
    answer_of,
    asked,
    healthy,
    message,
    negotiations,
    refusals,
    segment,
    until,
)

PID = segment("urn:uuid:018f0000-0000-7000-8000-000000000000")
PATHS: dict[str, Any] = {
    "/catalog/request": CatalogError,
    "/negotiations/request": ContractNegotiationError,
    f"/negotiations/{PID}/agreement": ContractNegotiationError,
    f"/transfers/{PID}/start": TransferError,
}

DEEP = b'{"offer":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BODIES: dict[str, tuple[bytes, str]] = {
    "100,000 deep": (DEEP, "message."),
    "1,000 deep": (b"[" * 1_000 + b"]" * 1_000, "message.depth"),
    "30,000 objects deep": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "message.values"),
    "a key twice": (b'{"@type":"CatalogRequestMessage","@type":"ContractRequestMessage"}', "message.duplicate"),
    "a key twice, once escaped": (b'{"offer":{},"\\u006fffer":{}}', "message.duplicate"),
    "not UTF-8": (b'{"consumerPid":"\xc3\x28"}', "message.encoding"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "message."),
    "a byte order mark": (b"\xef\xbb\xbf{}", "message.json"),
    "a lone surrogate": (b'{"a":"\\ud800"}', "message."),
    "a number beyond a double": (b'{"a":1e999}', "message.number"),
    "a number of 100,000 digits": (b'{"a":' + b"9" * 100_000 + b"}", "message."),
    "more values than anybody needs": (b"[" + b"0," * 100_000 + b"0]", "message.values"),
    "20,000 keys": (b"{" + b",".join(b'"k%d":0' % n for n in range(20_000)) + b"}", "message."),
    "cut off": (b'{"@type":"ContractRequestMessage","offer":{', "message.json"),
    "two values": (b"{}{}", "message.json"),
}


def refused_as(answer: Answer, path: str) -> str:
    """The code of an answer in the error form that belongs to the path."""
    assert answer.headers["content-type"] == "application/json"
    error = codec.decode(answer.body, PATHS[path])
    return str(error.code)


@pytest.mark.parametrize("path", PATHS)
async def test_what_cannot_be_read_is_refused_and_audited(city: Node, mallory: Neighbour, path: str) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, (body, code) in BODIES.items():
        before = len(await refusals(city, mallory.did))
        began = time.process_time()
        answer = await mallory.send(path, body)
        spent = time.process_time() - began
        assert answer.status == 400, name
        assert refused_as(answer, path).startswith(code), name
        assert len(await refusals(city, mallory.did)) == before + 1, name
        assert spent < 0.5, f"{name}: {spent}"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 32_768  # KiB
    assert await negotiations(city) == []
    await healthy(mallory)


def bomb(mebibytes: int) -> bytes:
    """So much space, packed."""
    press, packed = zlib.compressobj(9, zlib.DEFLATED, 31), bytearray()
    for _ in range(mebibytes):
        packed += press.compress(b" " * (1 << 20))
    return bytes(packed + press.flush())


@pytest.mark.parametrize("path", PATHS)
async def test_a_bomb_is_cut_and_memory_stays_flat(city: Node, mallory: Neighbour, path: str) -> None:
    packed = bomb(128)
    assert len(packed) < HASTE.body_bytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await mallory.send(path, packed, "Content-Encoding: gzip")
    assert (answer.status, refused_as(answer, path)) == (413, "http.body")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_768  # KiB
    assert await negotiations(city) == []
    await healthy(mallory)


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_too_long_is_refused_before_it_is_read(city: Node, mallory: Neighbour, path: str) -> None:
    head = mallory.head(path, f"Content-Length: {HASTE.body_bytes + 1}")
    answer = answer_of(await said(city.public_listener.port, head))
    assert (answer.status, refused_as(answer, path)) == (413, "http.body")
    chunked = mallory.head(path, "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    answer = answer_of(await said(city.public_listener.port, chunked, *[chunk] * 5))
    assert (answer.status, refused_as(answer, path)) == (413, "http.body")
    await healthy(mallory)


async def test_a_request_that_ends_too_early_changes_nothing(
    city: Node, mallory: Neighbour, offer: PublishedOffer
) -> None:
    """The whole message but its last byte: cut, half closed, or never sent."""
    body = message("ContractRequestMessage", consumerPid="urn:x:1", offer=asked(offer), callbackAddress=mallory.url)
    port = city.public_listener.port
    for eof in (True, False):
        began = asyncio.get_running_loop().time()
        head = mallory.head("/negotiations/request", f"Content-Length: {len(body)}")
        answer = answer_of(await said(port, head + body[:-1], eof=eof, timeout=5))
        assert answer.status in (0, 400, 408)
        assert asyncio.get_running_loop().time() - began < 4
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(mallory.head("/negotiations/request", f"Content-Length: {len(body)}") + body[:-1])
    await writer.drain()
    writer.transport.abort()
    await until(lambda: city.public_listener.connections == 0)
    assert await negotiations(city) == []
    assert (await mallory.send("/negotiations/request", body)).status == 201
    assert len(await negotiations(city)) == 1
    await healthy(mallory)


async def test_many_slow_requests_are_ended_and_others_served(city: Node, mallory: Neighbour) -> None:
    port = city.public_listener.port
    slow = [
        asyncio.create_task(
            said(port, mallory.head("/catalog/request", "Content-Length: 1000"), *[b"{"] * 30, pause=0.1)
        )
        for _ in range(40)
    ]
    answer = await mallory.send("/catalog/request", message("CatalogRequestMessage"))
    assert answer.status == 200
    async with asyncio.timeout(10):
        ended = [answer_of(raw) for raw in await asyncio.gather(*slow)]
    assert {one.status for one in ended} <= {0, 408}
    await until(lambda: city.public_listener.connections == 0)
    await healthy(mallory)


def _hidden(mallory: Neighbour, offer: PublishedOffer) -> bytes:
    """A whole good request, to be hidden behind another one."""
    body = message("ContractRequestMessage", consumerPid="urn:x:1", offer=asked(offer), callbackAddress=mallory.url)
    return mallory.head("/negotiations/request", f"Content-Length: {len(body)}", "Connection: close") + body


FRAMES = {
    "length and chunked": (("Content-Length: {n}", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "chunked and length": (("Transfer-Encoding: chunked", "Content-Length: {n}"), b"0\r\n\r\n"),
    "two lengths": (("Content-Length: 2", "Content-Length: {n}"), b"{}"),
    "identity, chunked": (("Transfer-Encoding: identity, chunked",), b"0\r\n\r\n"),
    "chunked twice": (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "a tab before chunked": (("Transfer-Encoding:\tchunked\x0b",), b"0\r\n\r\n"),
    "space before the colon": (("Content-Length : 2",), b"{}"),
    "chunk extension with a line": (("Transfer-Encoding: chunked",), b"2;a\nb\r\n{}\r\n0\r\n\r\n"),
    "a length in hexadecimal": (("Content-Length: 0x2",), b"{}"),
}


@pytest.mark.parametrize("name", FRAMES)
async def test_a_smuggled_request_is_never_executed(
    city: Node, mallory: Neighbour, offer: PublishedOffer, name: str
) -> None:
    """Even with good tokens on both: the first is refused, the connection closed, the second never looked at."""
    lines, body = FRAMES[name]
    hidden = _hidden(mallory, offer)
    head = mallory.head("/catalog/request", *(line.format(n=len(body) + len(hidden)) for line in lines))
    raw = await said(city.public_listener.port, head + body + hidden, timeout=2)
    assert answer_of(raw).status == 400
    assert not raw.endswith(b"<open>")
    assert raw.count(b"HTTP/1.") == 1
    assert await negotiations(city) == []
    assert mallory.came == []
    await healthy(mallory)


@pytest.mark.parametrize("target", ["http://127.0.0.1{}", "http://evil.example{}", "//evil.example{}", "{}/../request"])
async def test_a_target_that_means_two_things_is_refused(city: Node, mallory: Neighbour, target: str) -> None:
    path = f"{BASE}/catalog/request"
    head = mallory.head("/catalog/request", "Content-Length: 0", "Connection: close")
    head = head.replace(path.encode(), target.format(path).encode(), 1)
    answer = answer_of(await said(city.public_listener.port, head, timeout=2))
    assert answer.status in (400, 404), answer
    assert b"evil" not in answer.body
    await healthy(mallory)
