"""WFS 2.0 against MapServer, in GeoJSON and in GML, and against services that only say they are one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import pytest

from connector.data.ports import Reader
from connector.data.queries.model import (
    All,
    Any_,
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
from connector.data.sources.wfs import WfsReader
from connector.errors import SourceError
from connector.records import Silo
from tests.connector.data.sources.services import WebReaderContract, around, kept, rows, silo_of
from tests.servers import trees
from tests.servers.front import Front
from tests.servers.mapserver import DATABASE
from tests.servers.meddling import Meddler
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.usefixtures("alone")
FIELDS = ("id", "district", "height", "planted", "checked", "geometry")


@pytest.fixture
async def meddler(mapserver: Front) -> AsyncIterator[Meddler]:
    one = Meddler(mapserver.url)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def reader() -> AsyncIterator[WfsReader]:
    async with around() as given:
        yield WfsReader(given)


@pytest.fixture(autouse=True)
def as_it_was(alone: None, postgres: Postgres) -> Any:
    yield
    postgres.execute("DELETE FROM trees WHERE id > 2400 OR id < 0", DATABASE, "city")


class TestWfs(WebReaderContract):
    """The contract, against MapServer over PostGIS."""

    @pytest.fixture
    def silo(self, meddler: Meddler, postgres: Postgres) -> Silo:
        self.postgres = postgres
        return silo_of("wfs", meddler.url + "/wfs", page="1000")

    def through(self, port: int) -> Silo:
        return silo_of("wfs", f"http://127.0.0.1:{port}/wfs", page="1000")

    @pytest.fixture
    def selection(self) -> Selection:
        return Selection(collection="ms:trees", fields=FIELDS)

    async def add(self, count: int) -> None:
        self.postgres.execute(
            f"INSERT INTO trees SELECT n, 'Mitte', 'Linde', 1, 1, '1990-01-01', now(), 'x', (SELECT place FROM trees "
            f"LIMIT 1) FROM generate_series(-{count}, 2400 + {count}) AS n WHERE n < 0 OR n > 2400",
            DATABASE,
            "city",
        )

    async def test_rows_come_in_the_order_of_their_key(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        """MapServer sorts the text of a number, whatever it is."""
        shape = await reader.describe(silo, selection)
        keys = [str(int(key)) for (key,) in await self.keys(reader, silo, selection, shape)]
        assert keys == sorted(set(keys))

    async def disorder(self) -> None:
        self.meddler.change = twice

    async def drop(self, field: str) -> None:
        self.meddler.change = lambda _path, body: without(field, body)


def twice(_path: str, body: bytes) -> bytes:
    """Features of a page twice, the last first."""
    if not body.startswith(b"{"):
        return body
    page = msgspec.json.decode(body)
    page["features"] = [*reversed(page["features"]), *page["features"][:3]]
    return msgspec.json.encode(page)


def without(field: str, body: bytes) -> bytes:
    """As if a property were not there: neither in the schema nor in a row."""
    called = "msGeometry" if field == "geometry" else field
    if not body.startswith(b"{"):
        return re.sub(f'<element name="{called}"[^>]*/>'.encode(), b"", body)
    page = msgspec.json.decode(body)
    for one in page["features"]:
        one.pop("geometry", None) if field == "geometry" else one["properties"].pop(field, None)
    return msgspec.json.encode(page)


CASES = {
    "text": Compare("species", Comparison.EQ, "O'Hara & Söhne <Ahorn>"),
    "another text": Compare("species", Comparison.NEQ, 'Eiche "Alte"'),
    "number": Compare("crown", Comparison.EQ, 3),
    "not above": Compare("height", Comparison.LTEQ, 12.5),
    "above": Compare("height", Comparison.GT, 25),
    "some": OneOf("district", ("Mitte", "Wiblingen")),
    "since": Compare("checked", Comparison.GTEQ, "2026-03-01T00:00:00Z"),
    "before": Compare("planted", Comparison.LT, "1953-05-05"),
    "box": Within("geometry", (9.96, 48.38, 9.98, 48.40)),
    "all of it": All((Compare("district", Comparison.EQ, "Mitte"), Within("geometry", (9.96, 48.38, 9.98, 48.40)))),
    "one of it": Any_((Compare("district", Comparison.EQ, "Mitte"), Compare("crown", Comparison.LT, 2))),
    "like": Like("species", "%Alte%"),
    "like one": Like("species", "L_nde"),
    "like itself": Like("owner", "owner 1%"),
    "missing": Missing("height"),
    "not": Not(Compare("crown", Comparison.EQ, 3)),
    "there": Not(Missing("height")),
}
NODE = {"since", "before"}
"""What is left to the node: services compare times as texts."""


async def test_what_is_pushed_leaves_nothing_out(reader: WfsReader, mapserver: Front) -> None:
    silo, selection = silo_of("wfs", mapserver.url + "/wfs"), Selection(collection="ms:trees")
    shape = await reader.describe(silo, selection)
    every = await rows(reader, silo, selection, shape, None)
    assert len(every) == trees.TREES
    for name, condition in CASES.items():
        found = await rows(reader, silo, selection, shape, condition)
        assert kept(shape, found, condition) == kept(shape, every, condition), name
        assert name in NODE or len(found) < 1.05 * len(kept(shape, every, condition)) + 5, name


async def test_a_district_is_asked_for_and_only_what_is_needed(
    reader: WfsReader, mapserver: Front, postgres: Postgres
) -> None:
    silo = silo_of("wfs", mapserver.url + "/wfs")
    selection = Selection(collection="ms:trees", fields=("district", "height"))
    shape = await reader.describe(silo, selection)
    since, statements = mapserver.position(), len(postgres.statements(DATABASE))
    found = await rows(reader, silo, selection, shape, Compare("district", Comparison.EQ, "Söflingen"))
    asked = [unquote_plus(one.target) for one in mapserver.asked(since)]
    assert len(found) == trees.TREES // 4
    assert {one["district"] for one in found} == {"Söflingen"}
    assert len(asked) == 2
    assert all("<fes:Literal>Söflingen</fes:Literal>" in one and "owner" not in one for one in asked)
    assert "propertyName=district,height" in asked[1]
    told = [one.text for one in postgres.statements(DATABASE)[statements:] if "FROM trees" in one.text]
    assert told
    assert all("Söflingen" in one for one in told)


async def test_bytes_read_are_bytes_needed(reader: WfsReader, mapserver: Front) -> None:
    silo, selection = silo_of("wfs", mapserver.url + "/wfs"), Selection(collection="ms:trees", fields=("district",))
    shape = await reader.describe(silo, selection)
    since = mapserver.position()
    found = await rows(reader, silo, selection, shape, Compare("district", Comparison.EQ, "Söflingen"))
    line = (
        '    <wfs:member>\n      <ms:trees gml:id="trees.1000">\n'
        "        <ms:district>Söflingen</ms:district>\n      </ms:trees>\n    </wfs:member>\n"
    )
    read, needed = sum(one.bytes for one in mapserver.asked(since)), len(line.encode()) * len(found)
    assert read <= 1.2 * needed, f"{read} bytes for {needed}"


async def test_places_are_the_same_in_gml_and_in_geojson(
    reader: WfsReader, mapserver: Front, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = postgres.execute(
        "SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(place, 4326) p FROM trees WHERE id < 30) t "
        "ORDER BY id::text",
        DATABASE,
    )
    right = [[float(part) for part in line.split("|")[1:]] for line in told.splitlines()]
    silo, selection = silo_of("wfs", mapserver.url + "/wfs"), Selection(collection="ms:trees")
    shape = await reader.describe(silo, selection)
    few = Compare("id", Comparison.LT, 30)
    in_json = await rows(reader, silo, selection, shape, few)
    monkeypatch.setattr("connector.data.sources.featuretypes.FeatureType.geojson", property(lambda _self: ""))
    in_gml = await rows(reader, silo, selection, shape, few)
    monkeypatch.setattr("connector.data.sources.featuretypes.FeatureType.system", property(lambda one: one.systems[0]))
    at_home = await rows(reader, silo, selection, shape, few)
    for found in (in_json, in_gml, at_home):
        assert [one["geometry"]["coordinates"] for one in found] == [pytest.approx(one, abs=2e-6) for one in right]
    plain = [{name: value for name, value in one.items() if name != "geometry"} for one in in_json]
    assert plain == [{name: value for name, value in one.items() if name != "geometry"} for one in in_gml]


async def test_a_type_that_there_is_only_in_gml(reader: WfsReader, mapserver: Front) -> None:
    silo = silo_of("wfs", mapserver.url + "/wfs", page="7", key="number")
    selection = Selection(collection="ms:benches")
    assert list(await reader.collections(silo)) == ["ms:benches", "ms:trees"]
    shape = await reader.describe(silo, selection)
    assert shape.key == ("number",)
    assert shape.field("seats") == Field("seats", Kind.NUMBER)
    found = await rows(reader, silo, selection, shape, None)
    right = trees.benches()["features"]
    assert [one["number"] for one in found] == [one["properties"]["number"] for one in right]
    assert [one["geometry"]["coordinates"] for one in found] == [
        pytest.approx(one["geometry"]["coordinates"], abs=1e-6) for one in right
    ]
    some = Compare("district", Comparison.EQ, "Söflingen")
    assert len(await rows(reader, silo, selection, shape, some)) == trees.BENCHES // 4


# --- services that only say they are one ------------------------------------------------------------------------------


def flipped(_path: str, body: bytes) -> bytes:
    """As services that put the latitude first in GeoJSON."""
    if not body.startswith(b"{"):
        return body
    page = msgspec.json.decode(body)
    for one in page["features"]:
        one["geometry"]["coordinates"].reverse()
    return msgspec.json.encode(page)


async def test_axes_the_other_way_round_are_noticed(reader: WfsReader, meddler: Meddler) -> None:
    silo, selection = silo_of("wfs", meddler.url + "/wfs"), Selection(collection="ms:trees")
    shape = await reader.describe(silo, selection)
    few = Compare("id", Comparison.LT, 30)
    right = await rows(reader, silo, selection, shape, few)
    meddler.change = flipped
    assert await rows(reader, silo, selection, shape, few) == right


ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception exceptionCode="NoApplicableCode">'
    b"<ows:ExceptionText>/srv/secret</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)


@pytest.mark.parametrize(
    "body",
    [ENTITY, REPORT, b"", b"{}", b'{"features": [1]}', b'{"features": [{"geometry": {"type": "Point"}}]}', b"<a/>"],
)
@pytest.mark.parametrize("request_", ["GetCapabilities", "DescribeFeatureType", "hits", "GetFeature"])
async def test_answers_that_nobody_can_read(reader: WfsReader, meddler: Meddler, request_: str, body: bytes) -> None:
    silo, selection = silo_of("wfs", meddler.url + "/wfs", page="10"), Selection(collection="ms:trees")
    if request_ in ("hits", "GetFeature"):
        shape = await reader.describe(silo, selection)

    def change(_path: str, right: bytes) -> bytes:
        asked = meddler.asked[-1]
        return body if request_ in asked and not (request_ == "GetFeature" and "hits" in asked) else right

    meddler.change = change
    with pytest.raises(SourceError) as caught:
        if request_ in ("hits", "GetFeature"):
            await rows(reader, silo, selection, shape, None)
        else:
            await reader.describe(silo, selection)
    assert caught.value.reason.code in ("source.broken", "source.drift")
    assert "secret" not in str(caught.value)
