"""Tests of connector.http.client: the port's contract, the guard against inward addresses, and peers that misbehave."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
import zstandard
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.errors import DeliveryError
from connector.http.client import MAX_ANSWER, HttpPeer
from tests.ports.peer import PeerContract

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    client = HttpPeer(deadline=20)
    yield client
    await client.close()


async def code(call: Awaitable[object]) -> str:
    """The code with which a call fails; it must carry nothing else."""
    with pytest.raises(DeliveryError) as caught:
        await call
    assert not caught.value.reason.params
    return caught.value.reason.code


@pytest.fixture
async def echo() -> AsyncIterator[str]:
    async def post(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), headers={"Seen": request.headers.get("Authorization", "")})

    async def status(request: web.Request) -> web.Response:
        found = int(request.match_info["n"])
        return web.Response(
            status=found, body=b"" if found == 204 else str(found).encode(), headers={"Location": "/long"}
        )

    async def long(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 300_000)

    app = web.Application()
    app.add_routes([web.post("/echo", post), web.get("/status/{n}", status), web.get("/long", long)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def dead() -> str:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}"


class TestHttpPeer(PeerContract):
    """The contract, over real sockets."""


class Listener:
    """A server on loopback that counts who comes, and answers as it is told."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.calls = 0
        self.port = 0
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener(talk)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    yield listener
    server.close()


def says(answer: bytes) -> Talk:
    """Writes an answer and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return talk


OK = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def names(**hosts: Sequence[str]) -> tuple[Callable[[str, int], Awaitable[Sequence[str]]], list[str]]:
    """A lookup that knows these names (`_` stands for a dot), and the names it was asked for."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        found = hosts.get(host.replace(".", "_"))
        if found is None:
            raise OSError("no such name")
        return found

    return lookup, asked


# --- addresses --------------------------------------------------------------------------------------------------------

INWARD = [
    "http://127.0.0.1:{port}/x",
    "https://127.0.0.1:{port}/x",
    "https://[::1]:{port}/x",
    "https://[::ffff:127.0.0.1]:{port}/x",
    "https://[::ffff:7f00:1]:{port}/x",
    "https://[64:ff9b::7f00:1]:{port}/x",
    "https://[2002:7f00:1::]:{port}/x",
    "https://0.0.0.0:{port}/x",
    "https://[::]:{port}/x",
    "https://127.1:{port}/x",
    "https://2130706433:{port}/x",
    "https://0x7f000001:{port}/x",
    "https://0177.0.0.1:{port}/x",
    "https://user@127.0.0.1:{port}/x",
    "https://city.example@127.0.0.1:{port}/x",
    "https://127.0.0.1:{port}/x#y",
    "https://localhost:{port}/x",
    "http://localhost:{port}/x",
    "https://inside.example:{port}/x",
    "https://mixed.example:{port}/x",
    "https://metadata.example:{port}/x",
    "https://10.0.0.1:{port}/x",
    "https://192.168.0.1:{port}/x",
    "https://100.64.0.1:{port}/x",
    "https://169.254.169.254:{port}/x",
    "https://[fe80::1]:{port}/x",
    "https://[fd00::1]:{port}/x",
    "https://224.0.0.1:{port}/x",
    "http://city.example:{port}/x",
    "ftp://127.0.0.1:{port}/x",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", INWARD)
async def test_nothing_inside_is_touched(url: str) -> None:
    lookup, _ = names(
        localhost=["127.0.0.1"],
        inside_example=["127.0.0.1"],
        mixed_example=["8.8.8.8", "127.0.0.1"],
        metadata_example=["169.254.169.254"],
        city_example=["127.0.0.1"],
    )
    client = HttpPeer(lookup=lookup)
    async with listening(OK) as listener:
        target = url.format(port=listener.port)
        assert await code(client.send("POST", target, body=b"{}")) in {"peer.address_refused", "peer.url"}
        assert await code(client.open(target, headers={})) in {"peer.address_refused", "peer.url"}
        assert await code(client.fetch(target)) in {"peer.address_refused", "peer.url"}
        assert listener.calls == 0
    await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://metadata.example/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "http://10.0.0.1/",
        "http://8.8.8.8/",
        "http://inside.example/",
        "http://both.example/",
    ],
)
async def test_permission_for_a_peer_opens_no_more_than_private_networks(url: str) -> None:
    """Plain HTTP goes to loopback alone, metadata services and groups are never spoken to."""
    lookup, _ = names(
        metadata_example=["169.254.169.254"], inside_example=["10.0.0.1"], both_example=["127.0.0.1", "10.0.0.1"]
    )
    client = HttpPeer(lookup=lookup)
    assert await code(client.send("GET", url, private=True)) == "peer.address_refused"
    await client.close()


async def test_the_address_connected_to_is_the_one_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means something else a moment later: it is asked for once, and the answer is what is used."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked = 0

    async def lookup(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return next(answers)

    async def system(*_: object, **__: object) -> None:
        raise AssertionError("the system must not be asked for the name again")

    monkeypatch.setattr("connector.http.client.RESOLVED", 0)
    client = HttpPeer(lookup=lookup)
    async with listening(OK) as listener:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", system)
        url = f"http://rebind.example:{listener.port}/x"
        assert (await client.send("GET", url, private=True)).status == 200
        assert (asked, listener.calls) == (1, 1)
        assert await code(client.send("GET", url, private=True)) == "peer.address_refused"
        assert (asked, listener.calls) == (2, 1)
    await client.close()


async def test_a_connection_made_with_permission_is_not_used_without(echo: str, peer: HttpPeer) -> None:
    assert (await peer.send("POST", echo + "/echo", body=b"{}", private=True)).status == 200
    assert await code(peer.send("POST", echo + "/echo", body=b"{}")) == "peer.address_refused"


async def test_unknown_names_are_not_reached() -> None:
    lookup, asked = names()
    client = HttpPeer(lookup=lookup)
    assert await code(client.send("GET", "https://nowhere.example/")) == "peer.unreachable"
    assert asked == ["nowhere.example"]
    await client.close()


async def test_redirects_are_not_followed(peer: HttpPeer) -> None:
    async with listening(OK) as inner:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {inner.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with listening(says(moved)) as outer:
            assert (await peer.send("GET", outer.url, private=True)).status == 302
            stream = await peer.open(outer.url, headers={}, private=True)
            assert stream.status == 302
            await stream.close()
            with pytest.raises(DeliveryError) as caught:
                await peer.fetch(outer.url, private=True)
            assert (caught.value.reason.code, dict(caught.value.reason.params)) == ("peer.status", {"status": "302"})
        assert inner.calls == 0


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch, peer: HttpPeer) -> None:
    async with listening(OK) as proxy, listening(OK) as target:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await peer.send("GET", target.url, private=True)).status == 200
        assert (proxy.calls, target.calls) == (0, 1)


async def test_cookies_are_not_kept(peer: HttpPeer) -> None:
    async with listening(says(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")) as listener:
        for _ in range(2):
            await peer.send("GET", listener.url, private=True)
        assert listener.calls == 2
        assert not any(b"cookie" in request.lower() for request in listener.requests)


async def test_a_path_goes_out_as_it_was_given(peer: HttpPeer) -> None:
    async with listening(OK) as listener:
        path = "/negotiations/urn%3Auuid%3A1%2F..%2f/events?a=%20b"
        await peer.send("POST", f"http://127.0.0.1:{listener.port}{path}", body=b"{}", private=True)
        assert listener.requests[0].startswith(f"POST {path} HTTP/1.1\r\n".encode())


# --- peers that misbehave ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"", "peer.disconnected"),
        (b"\x16\x03\x01 garbage\r\n\r\n", "peer.answer_broken"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2_000 + b"\r\n", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 2\r\n\r\n{}", "peer.answer_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{}", "peer.answer_too_large"),
    ],
)
async def test_garbage_is_no_answer(peer: HttpPeer, answer: bytes, expected: str) -> None:
    async with listening(says(answer)) as listener:
        assert await code(peer.send("POST", listener.url, body=b"{}", private=True)) == expected


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_small_packed_answer_is_unpacked(peer: HttpPeer, coding: str) -> None:
    packed = {"gzip": gzip.compress, "zstd": zstandard.compress}[coding](b'{"a":1}' * 1_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with listening(says(head + packed)) as listener:
        assert (await peer.send("GET", listener.url, private=True)).body == b'{"a":1}' * 1_000
        stream = await peer.open(listener.url, headers={}, private=True)
        assert b"".join([piece async for piece in stream.chunks()]) == b'{"a":1}' * 1_000


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_bomb_is_cut_at_the_limit(peer: HttpPeer, coding: str) -> None:
    bomb = {"gzip": gzip.compress, "zstd": zstandard.compress}[coding](bytes(256 * 1024 * 1024))
    assert len(bomb) < MAX_ANSWER
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with listening(says(head + bomb)) as listener:
        assert await code(peer.send("GET", listener.url, private=True)) == "peer.answer_too_large"


async def test_an_endless_answer_is_cut_at_the_limit(peer: HttpPeer) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()
            sent += 65_536

    async with listening(endless) as listener:
        assert await code(peer.send("GET", listener.url, private=True)) == "peer.answer_too_large"
        assert await code(peer.fetch(listener.url, private=True, limit=1_000)) == "peer.answer_too_large"
    assert sent < 64 * MAX_ANSWER


async def _never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _early_hints(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("talk", [_never, _trickle, _early_hints])
async def test_a_slow_answer_ends_at_the_deadline(peer: HttpPeer, talk: Talk) -> None:
    async with listening(talk) as listener:
        assert await code(peer.send("GET", listener.url, private=True, deadline=0.2)) == "peer.timeout"


async def test_a_slow_peer_does_not_hold_up_another(peer: HttpPeer, echo: str) -> None:
    async with listening(_never) as listener:
        slow = [asyncio.create_task(peer.send("GET", listener.url, private=True)) for _ in range(100)]
        while not listener.calls:
            await asyncio.sleep(0)
        assert (await peer.send("POST", echo + "/echo", body=b"{}", private=True)).status == 200
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


# --- streams ----------------------------------------------------------------------------------------------------------


async def test_a_streams_head_has_a_deadline(peer: HttpPeer) -> None:
    async with listening(_never) as listener:
        assert await code(peer.open(listener.url, headers={}, private=True, deadline=0.2)) == "peer.timeout"


async def test_a_silent_stream_ends() -> None:
    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await reader.read()

    client = HttpPeer(idle=0.2)
    async with listening(stops) as listener:
        stream = await client.open(listener.url, headers={}, private=True)
        pieces = []

        async def read() -> None:
            pieces.extend([piece async for piece in stream.chunks()])

        assert await code(read()) == "peer.timeout"
    await client.close()


async def test_a_stream_that_is_cut_is_not_taken_for_whole(peer: HttpPeer) -> None:
    async with listening(says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as listener:
        stream = await peer.open(listener.url, headers={}, private=True)

        async def read() -> None:
            async for _ in stream.chunks():
                pass

        assert await code(read()) == "peer.answer_broken"


async def test_nothing_is_read_ahead_of_a_slow_reader(peer: HttpPeer) -> None:
    sent = 0
    stuck = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            try:
                await asyncio.wait_for(writer.drain(), 0.5)
            except TimeoutError:
                stuck.set()
                await writer.drain()
            sent += 65_536

    async with listening(flood) as listener:
        stream = await peer.open(listener.url, headers={}, private=True)
        chunks = stream.chunks()
        assert await anext(chunks)
        await asyncio.wait_for(stuck.wait(), 20)
        assert sent < 64 * 1024 * 1024
        await stream.close()
        await chunks.aclose()  # type: ignore[attr-defined]


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A file that holds a certificate for 127.0.0.1, its own authority, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return pem, context


async def test_a_certificate_is_verified(certificate: tuple[Path, ssl.SSLContext]) -> None:
    pem, context = certificate
    lookup, _ = names(other_example=["127.0.0.1"])
    trusting, strict = HttpPeer(authorities=pem, lookup=lookup), HttpPeer()
    async with listening(OK, context) as listener:
        url = f"https://127.0.0.1:{listener.port}/x"
        assert (await trusting.send("GET", url, private=True)).status == 200
        assert listener.calls == 1
        assert await code(strict.send("GET", url, private=True)) == "peer.tls"
        other = f"https://other.example:{listener.port}/x"
        assert await code(trusting.send("GET", other, private=True)) == "peer.tls", "another name"
        assert listener.calls == 1
    await trusting.close()
    await strict.close()


async def test_plain_http_where_tls_is_due_is_a_tls_error(peer: HttpPeer) -> None:
    async def blunt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(blunt, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    assert await code(peer.send("GET", url, private=True)) == "peer.tls"
    server.close()


async def test_after_the_end_nothing_is_sent(echo: str) -> None:
    client = HttpPeer()
    assert (await client.send("GET", echo + "/status/200", private=True)).status == 200
    await client.close()
    assert await code(client.send("GET", echo + "/status/200", private=True)) == "peer.closed"
    assert await code(client.open(echo + "/long", headers={}, private=True)) == "peer.closed"
