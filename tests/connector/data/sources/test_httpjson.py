"""JSON over HTTP: a real service, its ways of paging, and what goes wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from connector.data.ports import Around, Reader
from connector.data.queries.model import (
    All,
    Budget,
    Compare,
    Comparison,
    Kind,
    Pushed,
    Query,
    Selection,
    Shape,
    Work,
)
from connector.data.silos import secrets
from connector.data.sources.httpjson import HttpReader
from connector.errors import SourceError
from connector.http.client import HttpPeer
from connector.records import Silo
from connector.system import SystemClock
from tests.harness.proxy import Proxy, proxied
from tests.ports.reader import ReaderContract, decoded, everything, whole

ROWS = 23
WAYS: dict[str, dict[str, str]] = {
    "one": {},
    "link": {"paging": "link", "size_parameter": "limit", "size": "5"},
    "next": {"paging": "next", "next": "/links/next", "size_parameter": "limit", "size": "5"},
    "page": {"paging": "page", "parameter": "p", "first": "0", "size_parameter": "limit", "size": "5"},
    "offset": {"paging": "offset", "parameter": "skip", "size_parameter": "limit", "size": "5"},
    "cursor": {"paging": "cursor", "next": "/cursor", "parameter": "from", "size_parameter": "limit", "size": "5"},
}


class QuickClock(SystemClock):
    """Waits for nothing, and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


class Service:
    """A JSON service with every way of paging; `most` rows a page, whatever it is asked for."""

    def __init__(self) -> None:
        self.rows = [row(at) for at in range(ROWS)]
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.pauses: list[tuple[int, str]] = []
        self.skew = 0.0
        self.most = 1000
        self.twisted = False
        self.say: Callable[[web.Request], web.StreamResponse] | None = None
        self.port = self.working = 0

    async def start(self) -> web.AppRunner:
        """Listen on a port of loopback."""
        app = web.Application()
        app.router.add_get("/{tail:.*}", self.serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One page, as a question under way."""
        self.working += 1
        try:
            return await self._serve(request)
        finally:
            self.working -= 1

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.pauses:
            status, after = self.pauses.pop(0)
            return web.Response(status=status, headers={"Retry-After": after})
        if self.say is not None:
            return self.say(request)
        answer = self._page(request)
        answer.headers["Date"] = formatdate(1.8e9 + self.skew, usegmt=True)
        return answer

    def _page(self, request: web.Request) -> web.Response:
        query = request.query
        found = [one for one in self.rows if query.get("bezirk") in (None, one.get("district"))]
        size = min(int(query.get("limit", 1000)), self.most)
        start = int(query.get("skip") or query.get("from") or int(query.get("p", 0)) * size)
        page = found[start : start + size]
        if self.twisted:
            page = [*found[max(start - 2, 0) : start], *reversed(page)]
        more = start + size < len(found)
        after = str(request.rel_url.update_query({"from": str(start + size)})) if more else None
        body = {"items": page, "links": {"next": after}, "cursor": start + size if more else None}
        headers = {"Link": f'<{after}>; title="a, b"; rel="next", </other>; rel=last'} if after else {}
        return web.json_response(body, headers=headers)


def row(at: int) -> dict[str, Any]:
    """A row of the service."""
    return {
        "ident": at,
        "observed": {"time": f"2026-05-{1 + at % 28:02d}T12:00:00+02:00"},
        "result": at / 2,
        "district": ("Mitte", "Nord")[at % 2],
        "where": {"type": "Point", "coordinates": [8 + at / 100, 50.0]},
        "internal_note": "nobody's business",
    }


SETTINGS = {
    "rows": "/items",
    "fields": "ident=/ident, at=/observed/time, result=/result, district=/district, where=/where, "
    "internal_note=/internal_note",
    "key": "ident",
    "time": "at",
    "geometry": "where",
    "parameters": "district = bezirk; at >= from_time",
}
CHOSEN = ("ident", "at", "result", "district", "where")


def silo_at(port: int, **more: str) -> Silo:
    settings = {"url": f"http://127.0.0.1:{port}/api/readings", **SETTINGS, **more}
    return Silo(id="sensors", kind="http", settings=settings, created=0, created_by="t")


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    runner = await made.start()
    yield made
    await runner.cleanup()


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
async def reader(clock: QuickClock) -> AsyncIterator[Reader]:
    peer = HttpPeer(inner=True)
    made = HttpReader(Around(clock=clock, peer=peer, secret=secrets.reading(None)))
    yield made
    await made.close()
    await peer.close()


@pytest.fixture
def selection() -> Selection:
    return Selection(fields=CHOSEN)


@pytest.fixture(params=list(WAYS))
def silo(service: Service, request: pytest.FixtureRequest) -> Silo:
    return silo_at(service.port, **WAYS[request.param])


class TestContract(ReaderContract):
    """What every reader does, for every way of paging."""

    @pytest.fixture(autouse=True)
    def _service(self, service: Service, silo: Silo) -> None:
        self.service, self.silo = service, silo

    async def add(self, count: int) -> None:
        self.service.rows = [row(1000 + at) for at in range(count)] + self.service.rows

    async def drop(self, field: str) -> None:
        name = "observed" if field == "at" else field
        self.service.rows = [{key: value for key, value in one.items() if key != name} for one in self.service.rows]

    async def grow(self, field: str) -> None:
        self.service.rows = [{**one, field: "new"} for one in self.service.rows]

    async def disorder(self) -> None:
        self.service.twisted = True

    async def overload(self, status: int, retry_after: str) -> None:
        self.service.pauses = [(status, retry_after)]

    async def skew(self, seconds: float) -> None:
        self.service.skew = seconds

    async def busy(self) -> int:
        return self.service.working

    async def asked(self) -> list[str]:
        found, self.service.asked = self.service.asked, []
        return found

    def moved(self) -> Silo:
        return msgspec.structs.replace(self.silo, settings={**self.silo.settings, "url": "http://127.0.0.1:1/"})

    def proxied(self) -> AbstractAsyncContextManager[tuple[Proxy, Silo]]:
        return self._proxied()

    @asynccontextmanager
    async def _proxied(self) -> AsyncIterator[tuple[Proxy, Silo]]:
        async with proxied(self.service.port) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/api/readings"
            yield proxy, msgspec.structs.replace(self.silo, settings={**self.silo.settings, "url": url})


async def read(reader: Reader, silo: Silo, shape: Shape, pushed: Pushed | None = None) -> list[dict[str, Any]]:
    selection = Selection(fields=tuple(one.name for one in shape.fields))
    asked = pushed or everything(shape)
    return decoded(shape, await whole(reader, silo, selection, shape, asked), asked.fields)


async def described(reader: Reader, silo: Silo) -> Shape:
    return await reader.describe(silo, Selection(fields=CHOSEN))


async def test_kinds_are_told_from_a_sample(reader: Reader, service: Service) -> None:
    shape = await described(reader, silo_at(service.port))
    assert [one.kind for one in shape.fields] == [Kind.NUMBER, Kind.INSTANT, Kind.NUMBER, Kind.TEXT, Kind.GEOMETRY]
    assert shape.guessed
    assert (shape.key, shape.time, shape.geometry) == (("ident",), "at", "where")


async def test_values_are_as_their_kind_has_them(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port)
    first = (await read(reader, silo, await described(reader, silo)))[0]
    assert first == {
        "ident": 0,
        "at": "2026-05-01T10:00:00Z",
        "result": 0.0,
        "district": "Mitte",
        "where": {"type": "Point", "coordinates": [8.0, 50.0]},
    }


@pytest.mark.parametrize("way", list(WAYS))
async def test_all_pages_are_read(reader: Reader, service: Service, way: str) -> None:
    silo = silo_at(service.port, **WAYS[way])
    rows = await read(reader, silo, await described(reader, silo))
    assert [one["ident"] for one in rows] == list(range(ROWS))


@pytest.mark.parametrize("way", ["offset", "page"])
async def test_a_service_that_gives_fewer_than_asked_loses_nothing(reader: Reader, service: Service, way: str) -> None:
    service.most = 5
    silo = silo_at(service.port, **{**WAYS[way], "size": "5" if way == "page" else "7"})
    rows = await read(reader, silo, await described(reader, silo))
    assert [one["ident"] for one in rows] == list(range(ROWS))


async def test_members_of_rows_are_the_fields_where_none_are_named(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port, fields="", key="", time="", geometry="", parameters="")
    shape = await reader.describe(silo, Selection())
    assert [one.name for one in shape.fields] == list(row(0))
    assert shape.field("observed").kind is Kind.JSON  # type: ignore[union-attr]


async def test_a_list_without_anything_around_it_is_read(reader: Reader, service: Service) -> None:
    service.say = lambda request: web.json_response(service.rows)
    silo = silo_at(service.port, rows="")
    assert len(await read(reader, silo, await described(reader, silo))) == ROWS


async def test_a_collection_is_part_of_the_address(reader: Reader, service: Service) -> None:
    url = f"http://127.0.0.1:{service.port}/api/{{collection}}/rows"
    silo = silo_at(service.port, url=url, collections="trees,wells")
    assert list(await reader.collections(silo)) == ["trees", "wells"]
    await reader.describe(silo, Selection(collection="wells", fields=CHOSEN))
    assert service.asked[-1].startswith("/api/wells/rows")
    with pytest.raises(SourceError, match="drift"):
        await reader.describe(silo, Selection(collection="other/../../x", fields=CHOSEN))


# --- what is pushed ---------------------------------------------------------------------------------------------------


async def test_what_there_is_a_parameter_for_is_asked_and_all_is_left(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port, **WAYS["link"])
    shape = await described(reader, silo)
    here = Compare("district", Comparison.EQ, "Nord")
    work = Work(query=Query(where=All((here, Compare("result", Comparison.GT, 3)))))
    split = reader.split(silo, shape, work)
    assert split.left is not None
    assert split.left.query == work.query
    assert split.pushed.where == here
    service.asked.clear()
    rows = await read(reader, silo, shape, split.pushed)
    assert {one["district"] for one in rows} == {"Nord"}
    assert len(rows) == ROWS // 2
    assert all("bezirk=Nord" in one for one in service.asked)


async def test_a_parameter_that_is_asked_for_twice_is_asked_once(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port)
    shape = await described(reader, silo)
    twice = All((Compare("district", Comparison.EQ, "Nord"), Compare("district", Comparison.EQ, "Mitte")))
    split = reader.split(silo, shape, Work(query=Query(where=twice)))
    assert {one["district"] for one in await read(reader, silo, shape, split.pushed)} == {"Nord"}
    assert split.left is not None


# --- what goes wrong --------------------------------------------------------------------------------------------------


async def test_what_has_not_changed_is_not_sent_again(reader: Reader, service: Service) -> None:
    body = msgspec.json.encode({"items": service.rows})

    def say(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers={"ETag": '"1"'})
        return web.Response(body=body, content_type="application/json", headers={"ETag": '"1"'})

    service.say = say
    silo = silo_at(service.port)
    shape = await described(reader, silo)
    assert len(await read(reader, silo, shape)) == ROWS
    assert "if-none-match" not in service.headers[0]
    assert service.headers[-1]["if-none-match"] == '"1"'


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"no": "items"}, "source.broken"),
        ({"items": {"a": 1}}, "source.broken"),
        ({"items": [1, 2]}, "source.drift"),
        ({"items": [row(1), "no object"]}, "source.broken"),
        ({"items": [{**row(1), "result": "many"}]}, "source.broken"),
        ({"items": [{**row(1), "observed": {"time": "yesterday"}}]}, "source.broken"),
    ],
)
async def test_what_cannot_be_read_is_never_passed_on(reader: Reader, service: Service, said: Any, code: str) -> None:
    silo = silo_at(service.port)
    shape = await described(reader, silo)
    service.say = lambda request: web.json_response(said)
    with pytest.raises(SourceError) as caught:
        await read(reader, silo, shape)
    assert caught.value.reason.code == code


@pytest.mark.parametrize("body", [b"", b"[", b'{"items": [', b"\xff\xfe", b"[" * 100_000, b"<html>"])
async def test_what_is_no_json_is_broken(reader: Reader, service: Service, body: bytes) -> None:
    silo = silo_at(service.port)
    shape = await described(reader, silo)
    service.say = lambda request: web.Response(body=body, content_type="application/json")
    with pytest.raises(SourceError, match=r"source\.broken"):
        await read(reader, silo, shape)


async def test_as_long_as_it_is_asked_to_is_waited(reader: Reader, service: Service, clock: QuickClock) -> None:
    silo = silo_at(service.port)
    service.pauses = [(429, "3"), (503, formatdate(clock.now() / 1e6 + 7, usegmt=True)), (503, "")]
    await described(reader, silo)
    assert clock.waited[0] == 3.0
    assert 5.0 < clock.waited[1] < 8.0
    assert clock.waited[2] == 4.0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "source.refused"),
        (403, "source.refused"),
        (404, "source.drift"),
        (500, "source.unreachable"),
        (301, "source.broken"),
        (204, "source.broken"),
    ],
)
async def test_an_answer_that_is_none_is_told_as_what_it_is(
    reader: Reader, service: Service, status: int, code: str
) -> None:
    silo = silo_at(service.port)
    service.say = lambda request: web.Response(status=status, headers={"Location": "http://elsewhere.example/"})
    with pytest.raises(SourceError) as caught:
        await described(reader, silo)
    assert caught.value.reason.code == code
    assert len(service.asked) == 1


async def test_a_link_to_another_host_stays_here(reader: Reader, service: Service) -> None:
    def say(request: web.Request) -> web.Response:
        last = "second" in str(request.rel_url)
        headers = {} if last else {"Link": '<https://elsewhere.example/api/second>; rel="next"'}
        return web.json_response({"items": [row(int(last))]}, headers=headers)

    service.say = say
    silo = silo_at(service.port, paging="link")
    rows = await read(reader, silo, await described(reader, silo))
    assert [one["ident"] for one in rows] == [0, 1]
    assert service.asked[-1] == "/api/second"


async def test_pages_in_a_circle_end(reader: Reader, service: Service) -> None:
    def say(request: web.Request) -> web.Response:
        other = "/a" if request.path != "/a" else "/b"
        return web.json_response({"items": [row(1)]}, headers={"Link": f"<{other}>; rel=next"})

    service.say = say
    silo = silo_at(service.port, paging="link")
    shape = await described(reader, silo)
    service.asked.clear()
    with pytest.raises(SourceError, match="circle"):
        await read(reader, silo, shape)
    assert len(service.asked) <= 3


async def test_closing_asks_for_no_further_page(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port, **WAYS["link"])
    shape = await described(reader, silo)
    service.asked.clear()
    selection = Selection(fields=CHOSEN)
    async with aclosing(reader.read(silo, selection, shape, everything(shape), Budget())) as pieces:
        await anext(pieces)
    await asyncio.sleep(0)
    assert len(service.asked) == 1


async def test_fields_may_be_missing_where_that_is_said(reader: Reader, service: Service) -> None:
    silo = silo_at(service.port, optional="district")
    shape = await described(reader, silo)
    service.rows = [{key: value for key, value in one.items() if key != "district"} for one in service.rows]
    assert {one["district"] for one in await read(reader, silo, shape)} == {None}


# --- logins and settings ----------------------------------------------------------------------------------------------


async def test_a_token_is_read_from_its_file_and_shown_to_nobody(
    reader: Reader, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret-token\n")
    file.chmod(0o600)
    silo = silo_at(service.port, token_file=str(file))
    await described(reader, silo)
    assert service.headers[-1]["authorization"] == "Bearer s3cret-token"
    service.say = lambda request: web.Response(status=403, text="no entry for s3cret-token")
    with pytest.raises(SourceError) as caught:
        await described(reader, silo)
    assert "s3cret" not in str(caught.value)
    file.chmod(0o644)
    with pytest.raises(SourceError, match="chmod 600"):
        await described(reader, silo)


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://x/"},
        {"url": "http://u:p@x/"},
        {"url": "http://x/{collection}"},
        {"collections": "a,b"},
        {"fields": "a b c"},
        {"fields": "a=/x~2"},
        {"key": "nothing"},
        {"zone": "Mars/Base"},
        {"paging": "sideways"},
        {"paging": "next"},
        {"next": "/x"},
        {"parameter": "p"},
        {"size": "many"},
        {"first": "-1"},
        {"parameters": "district like x"},
        {"user": "u"},
        {"nonsense": "1"},
    ],
)
def test_settings_that_mean_nothing_do_not_pass(settings: dict[str, str]) -> None:
    reader = HttpReader(Around(clock=SystemClock(), peer=None, secret=secrets.reading(None)))  # type: ignore[arg-type]
    assert reader.check(silo_at(80, **settings))
