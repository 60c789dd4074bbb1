"""SensorThings 1.1 against a real server, and against services that only say they are one."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from urllib.parse import unquote

import msgspec
import pytest

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Kind,
    OneOf,
    Selection,
)
from connector.data.sources.sensorthings import SensorThingsReader
from connector.records import Silo
from tests.connector.data.sources.services import WebReaderContract, around, kept, rows, silo_of
from tests.servers.front import Front
from tests.servers.meddling import Meddler
from tests.servers.sensorthings import OBSERVATIONS, STATIONS

pytestmark = pytest.mark.usefixtures("alone")
ROOT = "/sensorthings/v1.1"
FIELDS = ("id", "time", "result", "datastream", "unit", "location")


@pytest.fixture
async def meddler(sensorthings: Front) -> AsyncIterator[Meddler]:
    one = Meddler(sensorthings.url)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def reader() -> AsyncIterator[SensorThingsReader]:
    async with around() as given:
        yield SensorThingsReader(given)


@pytest.fixture
async def stream(reader: SensorThingsReader, sensorthings: Front) -> str:
    silo = silo_of("sensorthings", sensorthings.url + ROOT)
    names = [one for one in await reader.collections(silo) if "(" in one]
    assert len(names) == 2 * len(STATIONS)
    return names[0]


class TestSensorThings(WebReaderContract):
    """The contract, for the observations of one datastream; the server has no page of more than 100."""

    @pytest.fixture
    def silo(self, meddler: Meddler) -> Silo:
        return silo_of("sensorthings", meddler.url + ROOT)

    def through(self, port: int) -> Silo:
        return silo_of("sensorthings", f"http://127.0.0.1:{port}{ROOT}")

    @pytest.fixture
    def selection(self, stream: str) -> Selection:
        return Selection(collection=stream, fields=FIELDS)

    async def disorder(self) -> None:
        self.meddler.change = shuffled


def shuffled(_path: str, body: bytes) -> bytes:
    """Entities of a page in any order, some twice."""
    page = msgspec.json.decode(body)
    if isinstance(page.get("value"), list):
        page["value"] += page["value"][:3]
        random.Random(3).shuffle(page["value"])
    return msgspec.json.encode(page)


async def test_observations_are_flat_in_order_and_complete(
    reader: SensorThingsReader, sensorthings: Front, stream: str
) -> None:
    silo, selection = silo_of("sensorthings", sensorthings.url + ROOT), Selection(collection=stream)
    shape = await reader.describe(silo, selection)
    since = sensorthings.position()
    found = await rows(reader, silo, selection, shape, None)
    assert len(found) == OBSERVATIONS
    assert [(one["time"], one["id"]) for one in found] == sorted((one["time"], one["id"]) for one in found)
    assert len({one["time"] for one in found}) < OBSERVATIONS
    first = found[0]
    assert first["time"] == "2026-01-01T00:00:00Z"
    assert isinstance(first["result"], float)
    assert (first["unit"], first["property"]) in {("µg/m³", "PM10"), ("°C", "temperature")}
    assert first["location"]["type"] == "Point"
    asked = [unquote(one.target) for one in sensorthings.asked(since)]
    assert not [one for one in asked if "$skip" in one or "$count" in one]
    assert len(asked) <= OBSERVATIONS // 100 + 2


CASES = {
    "since": Compare("time", Comparison.GTEQ, "2026-01-01T20:00:00Z"),
    "between": All(
        (
            Compare("time", Comparison.GT, "2026-01-01T12:00:00Z"),
            Compare("time", Comparison.LTEQ, "2026-01-01T14:00:00Z"),
        )
    ),
    "above": Compare("result", Comparison.GT, 50.5),
    "one of it": Any_((Compare("result", Comparison.LT, 3), Compare("time", Comparison.EQ, "2026-01-01T01:00:00Z"))),
    "text": Compare("unit", Comparison.EQ, "°C"),
}


@pytest.mark.parametrize("collection", ["", "Observations"])
async def test_what_is_pushed_leaves_nothing_out(
    reader: SensorThingsReader, sensorthings: Front, stream: str, collection: str
) -> None:
    silo = silo_of("sensorthings", sensorthings.url + ROOT)
    selection = Selection(collection=collection or stream)
    shape = await reader.describe(silo, selection)
    every = await rows(reader, silo, selection, shape, None)
    assert len(every) == OBSERVATIONS * (1 if not collection else 2 * len(STATIONS))
    for name in CASES if not collection else ("above", "one of it"):
        condition = CASES[name]
        found = await rows(reader, silo, selection, shape, condition)
        assert kept(shape, found, condition) == kept(shape, every, condition), name


async def test_a_datastream_is_asked_for_by_name(reader: SensorThingsReader, sensorthings: Front) -> None:
    silo, selection = silo_of("sensorthings", sensorthings.url + ROOT), Selection(collection="Observations")
    shape = await reader.describe(silo, selection)
    since = sensorthings.position()
    found = await rows(reader, silo, selection, shape, OneOf("datastream", ("Söflingen PM10", "none")))
    assert len(found) == OBSERVATIONS
    asked = [unquote(one.target) for one in sensorthings.asked(since)]
    assert all("(Datastream/name eq 'Söflingen PM10' or Datastream/name eq 'none')" in one for one in asked)


@pytest.mark.parametrize(("name", "count"), [("Things", 2), ("Locations", 2), ("Datastreams", 4)])
async def test_sets_of_entities(reader: SensorThingsReader, sensorthings: Front, name: str, count: int) -> None:
    silo, selection = silo_of("sensorthings", sensorthings.url + ROOT, page="1"), Selection(collection=name)
    shape = await reader.describe(silo, selection)
    assert shape.key == ("id",)
    found = await rows(reader, silo, selection, shape, None)
    assert len(found) == count
    if name != "Datastreams":
        assert {one["name"] for one in found} == set(STATIONS)
        assert shape.field("location").kind is Kind.GEOMETRY  # type: ignore[union-attr]
        assert all(one["location"]["type"] == "Point" for one in found)
    else:
        assert {one["thing"] for one in found} == set(STATIONS)


async def test_only_what_is_selected_is_asked_for(reader: SensorThingsReader, sensorthings: Front, stream: str) -> None:
    silo = silo_of("sensorthings", sensorthings.url + ROOT)
    selection = Selection(collection=stream, fields=("time", "result"))
    shape = await reader.describe(silo, selection)
    since = sensorthings.position()
    condition = Compare("time", Comparison.GTEQ, "2026-01-01T12:00:00Z")
    found = await rows(reader, silo, selection, shape, condition)
    asked = [unquote(one.target) for one in sensorthings.asked(since)]
    assert all("$select=phenomenonTime,id,result&" in one for one in asked)
    assert all("phenomenonTime ge 2026-01-01T12:00:00Z" in one for one in asked)
    read = sum(one.bytes for one in sensorthings.asked(since))
    line = '{"@iot.id": "01a1ffa8-3255-70c7-8c0b-2ea505328fc3", "phenomenonTime": "2026-01-02T00:10:00+00:00", '
    needed = len(line + '"result": 29.03}, ') * len(found)
    assert read <= 1.2 * needed, f"{read} bytes for {needed}"
