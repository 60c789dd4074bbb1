"""Another web server's file: passed on as it is, in one version, and nothing of it where the server misbehaves."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connector.data.sources.proxy import ProxySource
from connector.errors import SourceError, UnknownError
from connector.http.client import HttpPeer
from connector.records import Asset
from connector.system import SystemClock
from tests.bench.webserver import certify, webserver
from tests.conformance.kit import UnavailableError
from tests.ports.source import SourceContract, read

BODY = bytes(range(256)) * 12_000


def asset(url: str, **settings: str) -> Asset:
    return Asset(
        id="urn:x", name="x", title="x", kind="proxy", settings={"url": url, **settings}, created=0, created_by="t"
    )


def no_secret(settings: Mapping[str, Any], name: str) -> str:
    raise AssertionError("nobody asked for a secret")


@pytest.fixture
async def source() -> AsyncIterator[ProxySource]:
    peer = HttpPeer()
    yield ProxySource(clock=SystemClock(), peer=peer, secret=no_secret)
    await peer.close()


class TestBesideNginx(SourceContract):
    """The contract of every source, with a real web server behind."""

    whole = BODY

    @pytest.fixture
    def thing(self, tmp_path: Path) -> Any:
        served = tmp_path / "served"
        served.mkdir()
        (served / "file.bin").write_bytes(BODY)
        os.chmod(tmp_path, 0o755)
        certify(tmp_path)
        try:
            with webserver(tmp_path, served) as nginx:
                yield asset(f"{nginx.plain}/file.bin")
        except UnavailableError as error:
            pytest.skip(str(error))

    async def test_an_unknown_member_is_unknown(self, source: ProxySource, thing: Asset) -> None:
        with pytest.raises(UnknownError):
            await source.open(thing, "member")

    async def test_the_tag_changes_with_the_file(self, source: ProxySource, thing: Asset, tmp_path: Path) -> None:
        first = (await source.open(thing, "")).etag
        assert (await source.open(thing, "")).etag == first
        (tmp_path / "served" / "file.bin").write_bytes(b"other")
        assert (await source.open(thing, "")).etag != first

    async def test_two_versions_are_never_mixed(self, source: ProxySource, thing: Asset, tmp_path: Path) -> None:
        content = await source.open(thing, "")
        (tmp_path / "served" / "file.bin").write_bytes(BODY[::-1])
        os.utime(tmp_path / "served" / "file.bin", (0, 0))
        with pytest.raises(SourceError, match=r"data\.changed"):
            await read(content)


Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def behind() -> AsyncIterator[Callable[[Serve], Awaitable[str]]]:
    """Starts a server that answers as it is told."""
    runners: list[web.AppRunner] = []

    async def start(serve: Serve) -> str:
        runner = web.AppRunner(_app(serve), access_log=None)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/x"

    yield start
    for runner in runners:
        await runner.cleanup()


def _app(serve: Serve) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", serve)
    return app


async def test_a_server_without_tags_and_ranges_is_given_out_whole(
    source: ProxySource, behind: Callable[[Serve], Awaitable[str]]
) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"0123456789")

    content = await source.open(asset(await behind(serve)), "")
    assert content.size is None
    assert await read(content) == b"0123456789"
    assert await read(content, 3, 5) == b"34"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "source.refused"), (403, "source.refused"), (302, "source.broken"), (500, "source.broken")],
)
async def test_what_is_no_answer_is_told_to_the_operator(
    source: ProxySource, behind: Callable[[Serve], Awaitable[str]], status: int, code: str
) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "http://169.254.169.254/"})

    with pytest.raises(SourceError) as refused:
        await source.open(asset(await behind(serve)), "")
    assert refused.value.reason.code == code


async def test_a_body_that_breaks_off_is_never_whole(
    source: ProxySource, behind: Callable[[Serve], Awaitable[str]]
) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100", "ETag": '"a"'})
        await answer.prepare(request)
        if request.method == "GET":
            await answer.write(b"half")
            assert request.transport is not None
            request.transport.abort()
        return answer

    content = await source.open(asset(await behind(serve)), "")
    assert content.size == 100
    with pytest.raises(SourceError, match=r"source\."):
        await read(content)


async def test_a_token_is_read_when_it_is_needed_and_sent(
    tmp_path: Path, behind: Callable[[Serve], Awaitable[str]]
) -> None:
    seen = []

    async def serve(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.Response(body=b"x", headers={"ETag": '"a"'})

    peer = HttpPeer()
    told = ProxySource(clock=SystemClock(), peer=peer, secret=lambda settings, name: f"{name} of {settings['url'][:4]}")
    content = await told.open(asset(await behind(serve), token_file="/x"), "")
    assert await read(content) == b"x"
    assert seen == ["Bearer token of http", "Bearer token of http"]
    await peer.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "http://",
        "http://u:p@host/",
        "ftp://host/",
        "https://host/#part",
        "http://host:no/",
        7,
    ],
)
async def test_an_address_that_is_none_does_not_pass(source: ProxySource, url: object) -> None:
    assert source.check({"url": url})
