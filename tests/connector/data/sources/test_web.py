"""One silo's web service: its login, its pauses, bounds, and never anybody else."""

from __future__ import annotations

import base64
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from connector.data.ports import Around
from connector.data.sources.web import LOGIN, URL, Web, check
from connector.errors import SourceError
from connector.records import Silo
from connector.system import SystemClock
from tests.connector.data.sources.services import around, silo_of


class Patient(SystemClock):
    """Notes how long it is asked to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Service:
    """Says what it is told to say, one answer after the other, the last again and again."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[web.BaseRequest] = []
        self.port = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=said.status, body=said.body, headers=said.headers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/geo/api"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    one = Service()
    runner = web.ServerRunner(web.Server(one.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.port = runner.addresses[0][1]
    yield one
    await runner.cleanup()


@pytest.fixture
async def given() -> AsyncIterator[Around]:
    async with around() as one:
        yield replace(one, clock=Patient())


def silo(service: Service, **settings: str) -> Silo:
    return silo_of("features", service.url, **settings)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "source.refused"),
        (403, "source.refused"),
        (404, "source.drift"),
        (500, "source.unreachable"),
        (302, "source.broken"),
        (204, "source.broken"),
        (206, "source.broken"),
    ],
)
async def test_what_a_status_means(service: Service, given: Around, status: int, code: str) -> None:
    service.answers = [web.Response(status=status, headers={"Location": "http://127.0.0.1:9/"})]
    with pytest.raises(SourceError) as caught:
        await Web(given, silo(service)).get(service.url, accept="*/*")
    assert caught.value.reason.code == code
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("fields", "pause"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({}, 1.0),
        ({"Retry-After": "soon"}, 1.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:10 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({"Retry-After": "Wed, 21 Oct 2020 07:28:10 GMT"}, 0.0),
    ],
)
async def test_a_pause_is_kept(service: Service, given: Around, fields: dict[str, str], pause: float) -> None:
    service.answers = [web.Response(status=503, headers=fields), web.Response(body=b"1")]
    assert await Web(given, silo(service)).json(service.url) == 1
    assert isinstance(given.clock, Patient)
    assert given.clock.slept == [pause]


async def test_nobody_waits_for_ever(service: Service, given: Around) -> None:
    service.answers = [web.Response(status=429)]
    with pytest.raises(SourceError) as caught:
        await Web(given, silo(service)).json(service.url)
    assert caught.value.reason.code == "source.slow"
    assert len(service.asked) <= 5


async def test_no_answer_is_longer_than_it_may_be(service: Service, given: Around) -> None:
    packed = zlib.compress(bytes(64 << 20))
    service.answers = [
        web.Response(body=bytes(3 << 20)),
        web.Response(body=packed, headers={"Content-Encoding": "deflate"}),
    ]
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            await Web(given, silo(service)).get(service.url, accept="*/*", most=1 << 20)
        assert caught.value.reason.code == "source.broken"


async def test_what_is_no_json(service: Service, given: Around) -> None:
    for body in (b"", b"<html>", b"[" * 100_000, b'{"a": \xff}'):
        service.answers = [web.Response(body=body)]
        with pytest.raises(SourceError) as caught:
            await Web(given, silo(service)).json(service.url)
        assert caught.value.reason.code == "source.broken"


@pytest.mark.parametrize("name", ["password", "token"])
async def test_a_login_is_read_when_it_is_needed(service: Service, given: Around, tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim\n")
    file.chmod(0o600)
    service.answers = [web.Response(body=b"1")]
    settings = {f"{name}_file": str(file), **({"user": "city"} if name == "password" else {})}
    await Web(given, silo(service, **settings)).json(service.url)
    right = "Basic " + base64.b64encode(b"city:geheim").decode() if name == "password" else "Bearer geheim"
    assert service.asked[0].headers["Authorization"] == right


@pytest.mark.parametrize(
    ("link", "right"),
    [
        ("http://evil.example/collections/x?limit=1", "/collections/x?limit=1"),
        ("//evil.example/x", "/x"),
        ("items?offset=10", "/geo/items?offset=10"),
        ("/x?$filter=a gt 'ö'&$top=1", "/x?$filter=a%20gt%20'%C3%B6'&$top=1"),
        ("/a%2Fb?x=%25", "/a%2Fb?x=%25"),
        ("file:///etc/passwd", "/etc/passwd"),
    ],
)
async def test_a_link_leads_nowhere_else(service: Service, given: Around, link: str, right: str) -> None:
    assert Web(given, silo(service)).here(link) == f"http://127.0.0.1:{service.port}{right}"


async def test_a_name_is_one_part_of_a_path(service: Service, given: Around) -> None:
    found = Web(given, silo(service)).under("collections", "../a/b?c#ö")
    assert found == f"{service.url}/collections/..%2Fa%2Fb%3Fc%23%C3%B6"


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://x/"},
        {"url": "https://user:pass@x/"},
        {"url": "https://x/", "user": "a"},
        {"url": "https://x/", "password_file": "/a"},
        {"url": "https://x/", "user": "a", "password_file": "/a", "token_file": "/b"},
        {"url": "https://x/", "what": "1"},
        {},
    ],
)
def test_settings_that_are_wrong(settings: dict[str, str]) -> None:
    one = Silo(id="geo", kind="features", settings=settings, created=0, created_by="")
    assert check(one, (URL, *LOGIN))
