"""Tests of edge_node.network.link: exchanges, bounds, the guard on addresses, the proxy, and what is counted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp import web

from certs import tls
from connector.http.tunnel import proxy_of
from edge_node.config import LinkSettings
from edge_node.errors import LinkError, SettingsError
from edge_node.network.link import Answer, Link, opened
from edge_node.place.identity import Pins
from tests.harness.authority import Authority
from tests.harness.connect import proxying

NAME = "daten.stadt.example"


class Counted:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.sent = self.received = 0
        self.rest: int | None = None

    def left(self) -> int | None:
        return self.rest

    async def allows(self, size: int) -> bool:
        return self.rest is None or size <= self.rest

    def seconds(self) -> int:
        return 77

    def used(self, sent: int, received: int) -> None:
        self.sent += sent
        self.received += received


class There:
    """A server that answers as it is told. `heard` are the requests."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.body, self.fields = 200, b"answer", dict[str, str]()
        self.connections: set[object] = set()
        self.port = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((request.method, dict(request.headers), await request.read()))
        self.connections.add(request.transport)
        if request.path == "/silent":
            await asyncio.Event().wait()
        if request.path == "/cut":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=self.status, body=self.body, headers=self.fields)


async def serving(there: There, context: ssl.SSLContext | None) -> web.AppRunner:
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{tail:.*}", there.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    there.port = runner.addresses[0][1]
    return runner


@pytest.fixture
async def there() -> AsyncIterator[There]:
    made = There()
    runner = await serving(made, None)
    yield made
    await runner.cleanup()


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[There]:
    made = There()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(tmp_path).issue(NAME, "other.example"))
    runner = await serving(made, context)
    yield made
    await runner.cleanup()


@pytest.fixture
def meter() -> Counted:
    return Counted()


@pytest.fixture
async def link(meter: Counted) -> AsyncIterator[Link]:
    made = Link(context=lambda: tls.client(None), meter=meter, deadline=5.0)
    yield made
    await made.close()


async def code(pending: Awaitable[Answer]) -> str:
    with pytest.raises(LinkError) as caught:
        await pending
    return caught.value.code


async def test_what_is_sent_and_what_comes_back(there: There, link: Link) -> None:
    there.status, there.body, there.fields = 429, b"later", {"Retry-After": "30"}
    url = f"http://127.0.0.1:{there.port}/inbox/1"
    got = await link.post(
        url, b"body", media_type="application/cbor", authorization="Bearer x", device="did:web:a", private=True
    )
    assert (got.status, got.body, got.wait) == (429, b"later", 30)
    [(method, fields, body)] = there.heard
    assert (method, body) == ("POST", b"body")
    assert fields["Content-Type"] == "application/cbor"
    assert (fields["Authorization"], fields["Allmende-Device"]) == ("Bearer x", "did:web:a")


async def test_a_question_says_no_more_than_it_is_told(there: There, link: Link) -> None:
    await link.get(f"http://127.0.0.1:{there.port}/", private=True)
    [(method, fields, body)] = there.heard
    assert (method, body) == ("GET", b"")
    assert fields.keys().isdisjoint({"Authorization", "Allmende-Device", "Content-Type", "Cookie"})


@pytest.mark.parametrize("said", ["", "soon", "-1", "1.5", "99999999999", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_cannot_be_read_is_none(said: str) -> None:
    assert Answer(503, {"retry-after": said}, b"").wait == 0


def test_a_wait_has_a_bound() -> None:
    assert Answer(503, {"retry-after": "999999999"}, b"").wait == 86_400


@pytest.mark.parametrize(
    ("said", "want"),
    [("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_480_000_000), ("", 0), ("soon", 0), ("Wed, 99 Oct 2015 x", 0)],
)
def test_what_the_other_side_takes_for_the_time(said: str, want: int) -> None:
    assert Answer(200, {"date": said}, b"").date == want


async def test_one_connection_serves_many_exchanges(there: There, link: Link) -> None:
    for _ in range(5):
        await link.post(f"http://127.0.0.1:{there.port}/", b"x", media_type="text/plain", private=True)
    assert len(there.connections) == 1


async def test_all_that_goes_is_counted(there: There, link: Link, meter: Counted) -> None:
    there.body = b"a" * 100_000
    await link.post(f"http://127.0.0.1:{there.port}/", b"x" * 300_000, media_type="text/plain", private=True)
    assert 300_000 < meter.sent < 330_000
    assert 100_000 < meter.received < 115_000
    assert await code(link.get(f"http://127.0.0.1:{there.port}/cut", private=True)) == "link.disconnected"


async def fetched(there: There, link: Link, most: int) -> tuple[Answer, bytes]:
    """Something large, and what of it was handed on."""
    body = bytearray()

    async def take(piece: bytes) -> None:
        body.extend(piece)

    answer = await link.fetch(f"http://127.0.0.1:{there.port}/large", take, most=most, private=True)
    return answer, bytes(body)


async def test_something_large_is_handed_on_as_it_comes(there: There, link: Link, meter: Counted) -> None:
    there.body = b"a" * 3_000_000
    answer, body = await fetched(there, link, 3_000_000)
    assert (answer.status, answer.body, body) == (200, b"", there.body)
    assert meter.received > 3_000_000
    [(_, fields, _)] = there.heard
    assert fields.keys().isdisjoint({"Authorization", "Allmende-Device"})


async def test_something_large_has_a_bound_and_a_budget(there: There, link: Link, meter: Counted) -> None:
    there.body = b"a" * 3_000_000
    assert await code(link.fetch(f"http://127.0.0.1:{there.port}/", nothing, most=2_999_999, private=True)) == (
        "link.too_large"
    )
    assert await code(link.fetch(f"http://127.0.0.1:{there.port}/", nothing, most=3_000_000)) == "link.address"
    meter.rest, before = 3_000_000, len(there.heard)
    assert await code(link.fetch(f"http://127.0.0.1:{there.port}/", nothing, most=3_000_000, private=True)) == (
        "link.budget"
    )
    assert len(there.heard) == before
    meter.rest, there.status = None, 302
    assert (await fetched(there, link, 10))[1] == b""


async def nothing(piece: bytes) -> None:
    """It is not wanted."""


async def test_what_a_failed_exchange_cost_is_counted(there: There, link: Link, meter: Counted) -> None:
    pending = link.post(
        f"http://127.0.0.1:{there.port}/silent", b"x" * 50_000, media_type="text/plain", private=True, deadline=0.3
    )
    assert await code(pending) == "link.timeout"
    assert meter.sent > 50_000


async def test_beyond_the_budget_nothing_is_sent(there: There, link: Link, meter: Counted) -> None:
    meter.rest = 2_000
    url = f"http://127.0.0.1:{there.port}/"
    with pytest.raises(LinkError) as caught:
        await link.post(url, b"x" * 1_500, media_type="text/plain", private=True)
    assert (caught.value.code, caught.value.seconds, there.heard) == ("link.budget", 77, [])
    assert (await link.post(url, b"x" * 500, media_type="text/plain", private=True)).status == 200


@pytest.mark.parametrize(
    ("url", "private", "want"),
    [
        ("ftp://city.example/", True, "link.url"),
        ("https://user@city.example/", True, "link.url"),
        ("https://127.1/", True, "link.url"),
        ("http://city.example/", False, "link.address"),
        ("http://127.0.0.1:1/", False, "link.address"),
        ("https://127.0.0.1/", False, "link.address"),
        ("https://10.0.0.1/", False, "link.address"),
        ("https://[::ffff:10.0.0.1]/", False, "link.address"),
        ("https://169.254.169.254/", True, "link.address"),
        ("http://10.0.0.1/", True, "link.address"),
        ("https://inside.example/", False, "link.address"),
        ("https://mixed.example/", False, "link.address"),
        ("http://inside.example/", True, "link.address"),
    ],
)
async def test_where_a_device_does_not_go(meter: Counted, url: str, private: bool, want: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.7"] if host == "inside.example" else ["93.184.216.34", "192.168.1.1"]

    link = Link(context=lambda: tls.client(None), meter=meter, lookup=lookup)
    assert await code(link.get(url, private=private)) == want
    await link.close()


async def test_redirects_are_answers(there: There, link: Link) -> None:
    there.status, there.fields = 302, {"Location": "/elsewhere"}
    assert (await link.get(f"http://127.0.0.1:{there.port}/", private=True)).status == 302
    assert len(there.heard) == 1


async def test_answers_are_bounded(there: There, link: Link) -> None:
    url = f"http://127.0.0.1:{there.port}/"
    there.body = b"x" * 1_001
    assert await code(link.get(url, private=True, most=1_000)) == "link.too_large"
    there.fields = {"Content-Encoding": "gzip"}
    there.body = b"x"
    assert await code(link.get(url, private=True)) == "link.broken"


async def test_nobody_there(link: Link) -> None:
    assert await code(link.get("http://127.0.0.1:1/", private=True)) == "link.unreachable"


async def test_a_server_that_speaks_no_tls(there: There, meter: Counted) -> None:
    link = Link(context=lambda: tls.client(None), meter=meter)
    assert await code(link.get(f"https://127.0.0.1:{there.port}/", private=True)) == "link.plain"


async def test_a_server_that_nobody_vouches_for(secure: There, tmp_path: Path, meter: Counted) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    strange = Link(context=lambda: tls.client(None), meter=meter, lookup=lookup)
    url = f"https://{NAME}:{secure.port}/"
    assert await code(strange.get(url, private=True)) == "link.tls"
    await strange.close()
    known = Link(context=lambda: tls.client(tmp_path / "authority.pem"), meter=meter, lookup=lookup)
    assert (await known.get(url, private=True)).body == b"answer"
    await known.close()


async def test_out_through_a_proxy(secure: There, tmp_path: Path, meter: Counted) -> None:
    """Names are judged here, the proxy hears the address, and what goes through it is counted."""

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.7"] if host == "inside.example" else ["93.184.216.34"]

    async with proxying() as proxy:
        proxy.leads = lambda host, port: ("127.0.0.1", secure.port)
        known = Link(
            context=lambda: tls.client(tmp_path / "authority.pem"),
            meter=meter,
            proxy=proxy_of(f"http://127.0.0.1:{proxy.port}"),
            lookup=lookup,
        )
        assert (await known.post(f"https://{NAME}/", b"x" * 20_000, media_type="text/plain")).body == b"answer"
        assert proxy.asked == ["93.184.216.34:443"]
        assert meter.sent > 20_000
        assert await code(known.get("https://inside.example/")) == "link.address"
        proxy.answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        assert await code(known.get("https://other.example/")) == "link.proxy"
        await known.close()


# --- as the settings have it ------------------------------------------------------------------------------------------


def pins(url: str, root: Path) -> Pins:
    return Pins(url=url, node="did:web:a", keys=(), root=root.read_text(), device="did:web:a:edge:b", name="b", at=0)


async def test_the_own_node_may_show_a_certificate_of_its_region(secure: There, tmp_path: Path, meter: Counted) -> None:
    """And nobody else: what a region vouches for is its own matter."""

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    made = opened(LinkSettings(), meter=meter, pins=pins(f"https://{NAME}:{secure.port}", tmp_path / "authority.pem"))
    made._lookup = lookup
    assert (await made.get(f"https://{NAME}:{secure.port}/edge/orders", private=True)).status == 200
    assert await code(made.get(f"https://other.example:{secure.port}/", private=True)) == "link.tls"
    await made.close()


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        (LinkSettings(extra_ca="/nowhere.pem"), "settings.extra_ca"),
        (LinkSettings(extra_ca="/dev/null"), "settings.extra_ca"),
        (LinkSettings(proxy="proxy.example"), "settings.proxy"),
        (LinkSettings(proxy="https://proxy.example:3128"), "settings.proxy"),
        (LinkSettings(proxy="http://user:word@proxy.example:3128"), "settings.proxy"),
    ],
)
async def test_settings_that_cannot_be_followed(meter: Counted, settings: LinkSettings, want: str) -> None:
    with pytest.raises(SettingsError) as caught:
        opened(settings, meter=meter)
    assert caught.value.code == want


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_both_loops_count_alike(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    """uvloop has sockets of its own, of which the kernel tells the same."""

    async def once() -> None:
        there, meter = There(), Counted()
        runner = await serving(there, None)
        link = Link(context=lambda: tls.client(None), meter=meter)
        await link.post(f"http://127.0.0.1:{there.port}/", b"x" * 50_000, media_type="text/plain", private=True)
        assert 50_000 < meter.sent < 55_000
        assert 0 < meter.received < 1_500
        await link.close()
        await runner.cleanup()

    run(once())
