"""Out through a proxy: what is asked of it, what passes it by, that the guard on addresses and TLS hold as ever."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from connector.config import Network
from connector.errors import DeliveryError, InputError
from connector.http.client import HttpPeer, client_of
from connector.http.tunnel import Proxy, proxy_of
from tests.harness.authority import Authority
from tests.harness.connect import ConnectProxy, proxying

PUBLIC, PRIVATE = "93.184.216.34", "10.7.0.2"
NAME = "daten.stadt.example"


class There:
    """A peer on loopback that takes itself for a host elsewhere. `heard` are the Host headers of what came."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.connections: set[object] = set()
        self.port = 0

    async def serve(self, request: web.Request) -> web.Response:
        self.heard.append(request.headers["Host"])
        self.connections.add(request.transport)
        return web.Response(body=await request.read() or b"here")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def there(authority: Authority) -> AsyncIterator[There]:
    made = There()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue(NAME))
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
async def proxy(there: There) -> AsyncIterator[ConnectProxy]:
    """Every tunnel leads to the peer, whatever address was asked for."""
    async with proxying() as made:
        made.leads = lambda host, port: ("127.0.0.1", there.port)
        yield made


class Names:
    """What names mean, from one moment to the next."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def client(authority: Authority, there: ConnectProxy, names: Names, **network: object) -> HttpPeer:
    settings = Network(
        **{"extra_ca": str(authority.certificate), "proxy": f"http://127.0.0.1:{there.port}", **network}  # type: ignore[arg-type]
    )
    return client_of(settings, lookup=names)


async def code(call: Awaitable[object]) -> str:
    with pytest.raises(DeliveryError) as caught:
        await call
    return caught.value.reason.code


async def test_the_proxy_is_asked_for_the_address_that_was_judged(
    authority: Authority, there: There, proxy: ConnectProxy
) -> None:
    """The name stays with us and with the peer, which proves that it has it; connections are used again."""
    names = Names([PUBLIC])
    peer = client(authority, proxy, names)
    for _ in range(3):
        reply = await peer.send("POST", f"https://{NAME}/x", body=b"{}")
        assert (reply.status, reply.body) == (200, b"{}")
    stream = await peer.open(f"https://{NAME}/data", headers={})
    assert b"".join([piece async for piece in stream.chunks()]) == b"here"
    assert proxy.asked == [f"{PUBLIC}:443"] * 2
    assert set(there.heard) == {NAME}
    await peer.close()


async def test_the_guard_holds_behind_a_proxy(authority: Authority, there: There, proxy: ConnectProxy) -> None:
    inward = ("10.7.0.2", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "100.100.100.200")
    for address in inward:
        peer = client(authority, proxy, Names([address]))
        assert await code(peer.send("GET", f"https://{NAME}/")) == "peer.address_refused"
        literal = f"[{address}]" if ":" in address else address
        assert await code(peer.send("GET", f"https://{literal}/")) == "peer.address_refused"
        await peer.close()
    mixed = client(authority, proxy, Names([PUBLIC, "10.7.0.2"]))
    assert await code(mixed.send("GET", f"https://{NAME}/")) == "peer.address_refused"
    assert await code(mixed.send("GET", "http://example.org/")) == "peer.address_refused"
    await mixed.close()
    assert (proxy.asked, there.heard) == ([], [])


async def test_a_name_that_means_something_else_a_moment_later(
    authority: Authority, there: There, proxy: ConnectProxy
) -> None:
    """The proxy never hears the name, so whatever it means to the proxy is of no use to whoever owns it."""
    peer = client(authority, proxy, Names([PUBLIC], ["10.7.0.2"]))
    assert (await peer.send("GET", f"https://{NAME}/")).status == 200
    assert proxy.asked == [f"{PUBLIC}:443"]
    await peer.close()


async def test_private_networks_are_for_peers_that_may(authority: Authority, there: There, proxy: ConnectProxy) -> None:
    """Through the proxy, or directly where the network is an exception."""
    peer = client(authority, proxy, Names([PRIVATE]))
    assert (await peer.send("GET", f"https://{NAME}/", private=True)).status == 200
    assert proxy.asked == [f"{PRIVATE}:443"]
    assert await code(peer.send("GET", f"https://{NAME}/")) == "peer.address_refused"
    await peer.close()


@pytest.mark.parametrize("direct", [NAME, ".stadt.example", ".example", "127.0.0.0/8"])
async def test_exceptions_are_reached_directly(
    authority: Authority, there: There, proxy: ConnectProxy, direct: str
) -> None:
    peer = client(authority, proxy, Names(["127.0.0.1"]), no_proxy=(direct,))
    reply = await peer.send("GET", f"https://{NAME}:{there.port}/", private=True)
    assert (reply.status, proxy.asked) == (200, [])
    await peer.close()


async def test_loopback_is_always_reached_directly(authority: Authority, proxy: ConnectProxy) -> None:
    for resolves in (False, True):
        peer = client(authority, proxy, Names(["127.0.0.1"]), proxy_resolves=resolves)
        for host in ("127.0.0.1", "localhost", "city.localhost"):
            assert await code(peer.send("GET", f"http://{host}:9/", private=True)) == "peer.unreachable"
        assert proxy.asked == []
        await peer.close()


def test_what_passes_the_proxy_by() -> None:
    made = Proxy("p", 1, names=("inside.example", ".lan.example"), networks=(ip_network("10.0.0.0/8"),))
    by = [("inside.example", PUBLIC), ("a.lan.example", PUBLIC), ("x", "10.1.1.1"), ("x", "127.0.0.1"), ("::1", "::1"),
          ("inside.example.", PUBLIC)]  # fmt: skip
    through = [("notinside.example", PUBLIC), ("lan.example", PUBLIC), ("x", "11.0.0.1"), ("x", "x"),
               ("inside.example.evil.org", PUBLIC), ("x", "2a00::1")]  # fmt: skip
    assert all(made.is_passed_by(*one) for one in by)
    assert not any(made.is_passed_by(*one) for one in through)
    direct = ("INSIDE.example", "10.0.0.0/8", "10.1.1.1")
    read = proxy_of("http://Proxy.example:8080/", credentials="u:ä", direct=direct)
    assert (read.host, read.port, read.names) == ("proxy.example", 8080, ("inside.example",))
    assert read.networks == (ip_network("10.0.0.0/8"), ip_network("10.1.1.1/32"))
    assert read.authorization.startswith("Basic ")


async def test_where_names_are_known_outside_only(authority: Authority, there: There, proxy: ConnectProxy) -> None:
    """The proxy gets the name, we resolve nothing; what can be judged by its look is."""
    names = Names([PRIVATE])
    peer = client(authority, proxy, names, proxy_resolves=True)
    assert (await peer.send("GET", f"https://{NAME}/")).status == 200
    assert (proxy.asked, names.asked) == ([f"{NAME}:443"], [])
    for host in ("intranet", "wiki.local", "db.internal", "169.254.169.254", "10.7.0.2", "metadata.google.internal"):
        assert await code(peer.send("GET", f"https://{host}/")) == "peer.address_refused"
    assert proxy.asked == [f"{NAME}:443"]
    await peer.close()


async def test_credentials_come_from_a_file(
    authority: Authority, there: There, proxy: ConnectProxy, tmp_path: Path
) -> None:
    proxy.credentials = "city:secret"
    file = tmp_path / "credentials"
    file.write_text("city:secret\n")
    peer = client(authority, proxy, Names([PUBLIC]), proxy_credentials=str(file))
    assert (await peer.send("GET", f"https://{NAME}/")).status == 200
    await peer.close()
    without = client(authority, proxy, Names([PUBLIC]))
    assert await code(without.send("GET", f"https://{NAME}/")) == "proxy.refused"
    await without.close()
    for content in (b"", b"nothing", b"a:b\nc:d", b"\xff:"):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"proxy\.credentials"):
            client(authority, proxy, Names([PUBLIC]), proxy_credentials=str(file))
    file.unlink()
    with pytest.raises(InputError, match=r"proxy\.credentials"):
        client(authority, proxy, Names([PUBLIC]), proxy_credentials=str(file))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n\x15\x03\x03",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000,
        b"HTTP/1.1 200 OK\r\n",
    ],
)
async def test_a_proxy_that_gives_no_tunnel(authority: Authority, proxy: ConnectProxy, answer: bytes) -> None:
    proxy.answer = answer
    peer = client(authority, proxy, Names([PUBLIC]))
    assert await code(peer.send("GET", f"https://{NAME}/")) == "proxy.refused"
    assert await code(peer.open(f"https://{NAME}/", headers={})) == "proxy.refused"
    await peer.close()


async def test_a_proxy_that_is_away_or_silent(authority: Authority, proxy: ConnectProxy) -> None:
    dead = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = dead.sockets[0].getsockname()[1]
    peer = client(authority, proxy, Names([PUBLIC]), proxy=f"http://127.0.0.1:{port}")
    assert await code(peer.send("GET", f"https://{NAME}/", deadline=0.3)) == "peer.timeout"
    dead.close()
    await dead.wait_closed()
    assert await code(peer.send("GET", f"https://{NAME}/")) == "proxy.unreachable"
    await peer.close()
    nowhere = client(authority, proxy, Names([PUBLIC]), proxy="http://proxy.invalid:3128")
    assert await code(nowhere.send("GET", f"https://{NAME}/")) == "proxy.unreachable"
    await nowhere.close()


async def test_a_proxy_that_leads_elsewhere_is_found_out(authority: Authority, proxy: ConnectProxy) -> None:
    """TLS ends at the peer: whoever else answers cannot prove the name."""
    peer = client(authority, proxy, Names([PUBLIC]))
    assert await code(peer.send("GET", "https://other.stadt.example/")) == "peer.tls"
    await peer.close()
    strict = client(authority, proxy, Names([PUBLIC]), extra_ca="")
    assert await code(strict.send("GET", f"https://{NAME}/")) == "peer.tls"
    await strict.close()
