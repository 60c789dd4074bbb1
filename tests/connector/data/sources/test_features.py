"""OGC API - Features against pygeoapi, and against services that only say they do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from aiohttp import web

from connector.data.queries.model import (
    All,
    Compare,
    Comparison,
    Field,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Selection,
    Within,
)
from connector.data.sources.features import FeaturesReader
from connector.errors import SourceError
from connector.records import Silo
from tests.connector.data.sources.services import WebReaderContract, around, kept, rows, silo_of
from tests.servers import trees
from tests.servers.front import Front
from tests.servers.meddling import Meddler
from tests.servers.postgres import Postgres
from tests.servers.pygeoapi import DATABASE

pytestmark = pytest.mark.usefixtures("alone")
FIELDS = ("id", "district", "height", "checked", "geometry")


@pytest.fixture
async def meddler(pygeoapi: Front) -> AsyncIterator[Meddler]:
    one = Meddler(pygeoapi.url)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def reader() -> AsyncIterator[FeaturesReader]:
    async with around() as given:
        yield FeaturesReader(given)


class TestFeatures(WebReaderContract):
    """The contract, against pygeoapi over PostGIS."""

    @pytest.fixture
    def silo(self, meddler: Meddler) -> Silo:
        return silo_of("features", meddler.url, page="500")

    def through(self, port: int) -> Silo:
        return silo_of("features", f"http://127.0.0.1:{port}", page="500")

    @pytest.fixture
    def selection(self) -> Selection:
        return Selection(collection="trees", fields=FIELDS)

    @pytest.fixture(autouse=True)
    def table(self, alone: None, postgres: Postgres) -> Any:
        self.postgres = postgres
        yield
        postgres.execute("DELETE FROM trees WHERE id > 2400 OR id < 0", DATABASE, "city")

    async def add(self, count: int) -> None:
        self.postgres.execute(
            f"INSERT INTO trees SELECT n, 'Mitte', 'Linde', 1, 1, '1990-01-01', now(), 'x', (SELECT place FROM trees "
            f"LIMIT 1) FROM generate_series(-{count}, 2400 + {count}) AS n WHERE n < 0 OR n > 2400",
            DATABASE,
            "city",
        )

    async def disorder(self) -> None:
        self.meddler.change = twice


async def test_a_district_is_asked_for_and_only_what_is_needed(
    reader: FeaturesReader, pygeoapi: Front, postgres: Postgres
) -> None:
    silo, selection = silo_of("features", pygeoapi.url), Selection(collection="trees", fields=("district", "height"))
    shape = await reader.describe(silo, selection)
    since, statements = pygeoapi.position(), len(postgres.statements(DATABASE))
    found = await rows(reader, silo, selection, shape, Compare("district", Comparison.EQ, "Söflingen"))
    asked = [unquote(one.target) for one in pygeoapi.asked(since)]
    assert len(found) == trees.TREES // 4
    assert {one["district"] for one in found} == {"Söflingen"}
    assert all("district=Söflingen" in one and "properties=district,height" in one for one in asked)
    assert all("skipGeometry=true" in one and "owner" not in one for one in asked)
    told = postgres.statements(DATABASE)[statements:]
    assert all("Söflingen" in one.text + one.detail for one in told if "FROM" in one.text and "trees" in one.text)


async def test_bytes_read_are_bytes_needed(reader: FeaturesReader, meddler: Meddler) -> None:
    silo, selection = silo_of("features", meddler.url), Selection(collection="trees", fields=("district", "height"))
    shape = await reader.describe(silo, selection)
    read, needed = 0, 0

    def measure(_path: str, body: bytes) -> bytes:
        nonlocal read, needed
        read += len(body)
        needed += sum(
            len(msgspec.json.encode(one))
            for one in msgspec.json.decode(body)["features"]
            if one["properties"]["district"] == "Söflingen" and one["properties"].keys() == {"district", "height"}
        )
        return body

    meddler.change = measure
    await rows(reader, silo, selection, shape, Compare("district", Comparison.EQ, "Söflingen"))
    assert needed
    assert read <= 1.2 * needed, f"{read} bytes for {needed}"


CASES = {
    "text": Compare("species", Comparison.EQ, "O'Hara & Söhne <Ahorn>"),
    "number": Compare("crown", Comparison.EQ, 3),
    "not above": Compare("height", Comparison.LTEQ, 12.5),
    "some": OneOf("district", ("Mitte", "Wiblingen")),
    "since": Compare("checked", Comparison.GTEQ, "2026-03-01T00:00:00Z"),
    "between": All(
        (
            Compare("checked", Comparison.GT, "2026-02-01T00:00:00Z"),
            Compare("checked", Comparison.LT, "2026-02-02T00:00:00Z"),
        )
    ),
    "never": All(
        (
            Compare("checked", Comparison.GT, "2026-03-01T00:00:00Z"),
            Compare("checked", Comparison.LT, "2026-02-02T00:00:00Z"),
        )
    ),
    "box": Within("geometry", (9.96, 48.38, 9.98, 48.40)),
    "all of it": All((Compare("district", Comparison.EQ, "Mitte"), Within("geometry", (9.96, 48.38, 9.98, 48.40)))),
    "like": Like("species", "%Alte%"),
    "missing": Missing("height"),
    "not": Not(Compare("crown", Comparison.EQ, 3)),
}

NODE = {"not above", "some", "like", "missing", "not", "never"}
"""What pygeoapi, which has no filters, leaves to the node."""


async def test_what_is_pushed_leaves_nothing_out(reader: FeaturesReader, pygeoapi: Front) -> None:
    silo, selection = silo_of("features", pygeoapi.url), Selection(collection="trees")
    shape = await reader.describe(silo, selection)
    every = await rows(reader, silo, selection, shape, None)
    assert len(every) == trees.TREES
    for name, condition in CASES.items():
        found = await rows(reader, silo, selection, shape, condition)
        assert kept(shape, found, condition) == kept(shape, every, condition), name
        assert name in NODE or len(found) < 1.3 * len(kept(shape, every, condition)) + 1, name


async def test_a_collection_without_a_geometry_table(reader: FeaturesReader, pygeoapi: Front) -> None:
    silo, selection = silo_of("features", pygeoapi.url, page="7"), Selection(collection="benches")
    assert list(await reader.collections(silo)) == ["benches", "trees"]
    shape = await reader.describe(silo, selection)
    assert shape.field("seats") == Field("seats", Kind.NUMBER)
    found = await rows(reader, silo, selection, shape, None)
    assert sorted(one["number"] for one in found) == list(range(1, trees.BENCHES + 1))
    assert found[0]["geometry"]["coordinates"][0] < 20


def twice(path: str, body: bytes) -> bytes:
    """Features of a page twice, the last first."""
    if not path.endswith("/items"):
        return body
    page = msgspec.json.decode(body)
    page["features"] = [*reversed(page["features"]), *page["features"][:3]]
    page.pop("numberReturned", None)
    return msgspec.json.encode(page)


# --- services that only say they are one ------------------------------------------------------------------------------

CONFORMS = [
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
]


class Pretender:
    """A service of one collection whose pages a test makes."""

    def __init__(self) -> None:
        self.pages: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        match request.path.rsplit("/", 1)[-1]:
            case "":
                return web.json_response({"links": []})
            case "conformance":
                return web.json_response({"conformsTo": CONFORMS})
            case "queryables":
                return web.json_response({"properties": {"name": {"type": "string"}}})
            case "x":
                link = {"rel": "http://www.opengis.net/def/rel/ogc/1.0/queryables", "href": "/collections/x/queryables"}
                return web.json_response({"id": "x", "links": [link]})
            case _:
                self.asked.append(dict(request.query))
                return web.json_response(self.pages[int(request.query.get("page", 0))])

    def page(self, ids: range, following: str = "", **more: Any) -> None:
        features = [
            {"type": "Feature", "id": str(one), "geometry": None, "properties": {"name": f"n{one}"}} for one in ids
        ]
        links = [{"rel": "next", "href": following}] if following else []
        self.pages.append({"type": "FeatureCollection", "features": features, "links": links, **more})


@pytest.fixture
async def pretender() -> AsyncIterator[Pretender]:
    one = Pretender()
    app = web.Application()
    app.router.add_get("/{path:.*}", one.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


async def given(reader: FeaturesReader, pretender: Pretender) -> list[Any]:
    silo, selection = silo_of("features", pretender.url), Selection(collection="x", fields=("id", "name"))
    shape = await reader.describe(silo, selection)
    pretender.asked.clear()
    return await rows(reader, silo, selection, shape, Compare("name", Comparison.EQ, "n1"))


async def test_a_filter_in_cql2_where_it_is_offered(reader: FeaturesReader, pretender: Pretender) -> None:
    pretender.page(range(3))
    await given(reader, pretender)
    assert pretender.asked == [{"limit": "1000", "filter": "name = 'n1'", "filter-lang": "cql2-text"}]


async def test_a_page_elsewhere_is_asked_for_here(reader: FeaturesReader, pretender: Pretender) -> None:
    pretender.page(range(3), "http://evil.example/collections/x/items?page=1", numberMatched=5)
    pretender.page(range(3, 5), numberMatched=5)
    assert len(await given(reader, pretender)) == 5


@pytest.mark.parametrize("name", ["fewer than matched", "fewer than returned", "rows went", "no features", "a list"])
async def test_what_is_not_whole_never_looks_so(reader: FeaturesReader, pretender: Pretender, name: str) -> None:
    pretender.page(range(3))
    found = pretender.pages[0]
    silo, selection = silo_of("features", pretender.url), Selection(collection="x", fields=("id", "name"))
    shape = await reader.describe(silo, selection)
    match name:
        case "fewer than matched":
            found["numberMatched"] = 4
        case "fewer than returned":
            found["numberReturned"] = 4
        case "rows went":
            found |= {"numberMatched": 6, "links": [{"rel": "next", "href": "/collections/x/items?page=1"}]}
            pretender.page(range(3, 6), numberMatched=5)
        case "no features":
            del found["features"]
        case _:
            pretender.pages[0] = [found]  # type: ignore[call-overload]
    with pytest.raises(SourceError) as caught:
        await rows(reader, silo, selection, shape, None)
    assert caught.value.reason.code == "source.broken"


async def test_pages_that_go_round_end(reader: FeaturesReader, pretender: Pretender) -> None:
    pretender.page(range(3), "/collections/x/items?page=0")
    with pytest.raises(SourceError) as caught:
        await given(reader, pretender)
    assert caught.value.reason.code == "source.broken"
