"""A contract about one district, over real services: no other district is ever asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus

import msgspec
import pytest

from connector.http.client import HttpPeer
from connector.records import Asset
from tests.connector.data.sources.services import silo_of
from tests.connector.data.test_egress import duty, under
from tests.connector.data.world import World, agreement, asset, started, world
from tests.servers import trees
from tests.servers.front import Front
from tests.servers.sensorthings import STATIONS

pytestmark = pytest.mark.usefixtures("alone")
FIELDS = ["district", "species", "height"]
ONLY = duty("filterRows", field="district", fieldValue="Söflingen")


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    one = HttpPeer(inner=True)
    yield one
    await one.close()


def shared(kind: str, collection: str, fields: list[str]) -> Asset:
    return msgspec.structs.replace(
        asset(kind, silo="geo", collection=collection, fields=fields), media_type="application/x-ndjson"
    )


async def told(w: World, query: str = "") -> list[dict[str, Any]]:
    """Rows as a consumer gets them."""
    status, _, body = await w.get(query="f=ndjson" + (f"&{query}" if query else ""))
    assert status == 200, body
    rows = [msgspec.json.decode(line) for line in body.splitlines()]
    return [one.get("properties", one) for one in rows]


@pytest.mark.parametrize(("kind", "path", "collection"), [("wfs", "/wfs", "ms:trees"), ("features", "", "trees")])
async def test_one_district_of_trees(
    request: pytest.FixtureRequest, tmp_path: Path, peer: HttpPeer, kind: str, path: str, collection: str
) -> None:
    front: Front = request.getfixturevalue("mapserver" if kind == "wfs" else "pygeoapi")
    records = (started(), under(ONLY), silo_of(kind, front.url + path), shared(kind, collection, FIELDS))
    async with world(tmp_path, *records, kinds=[kind], peer=peer) as w:
        since = front.position()
        every = await told(w)
        assert len(every) == trees.TREES // 4
        assert {one["district"] for one in every} == {"Söflingen"}
        some = await told(w, "properties=species,height&filter=" + quote("height > 20 AND species = 'Linde'"))
        assert some
        assert all(one["height"] > 20 and one.keys() == {"species", "height"} for one in some)
        assert await told(w, "filter=" + quote("district = 'Mitte'")) == []
        asked = [unquote_plus(one.target) for one in front.asked(since)]
        rows = [one for one in asked if "GetFeature" in one or "/items?" in one]
        assert len(rows) >= 3
        assert all("Söflingen" in one for one in rows)
        assert not [one for one in asked if "owner" in one or "msGeometry" in one]


async def test_what_an_asset_leaves_out_is_not_asked_for(tmp_path: Path, peer: HttpPeer, mapserver: Front) -> None:
    part = shared("wfs", "ms:trees", FIELDS)
    part = msgspec.structs.replace(part, settings={**part.settings, "where": "district = 'Söflingen'"})
    records = (started(), agreement(), silo_of("wfs", mapserver.url + "/wfs"), part)
    async with world(tmp_path, *records, kinds=["wfs"], peer=peer) as w:
        since = mapserver.position()
        found = await told(w, "properties=species&filter=" + quote("district = 'Mitte' OR height > 20"))
        assert found
        assert len(found) < trees.TREES // 4
        rows = [one for one in map(unquote_plus, (one.target for one in mapserver.asked(since))) if "GetFeature" in one]
        assert rows
        assert all("<fes:Literal>Söflingen</fes:Literal>" in one for one in rows)


async def test_one_station_of_sensors(tmp_path: Path, peer: HttpPeer, sensorthings: Front) -> None:
    only = duty("filterRows", field="thing", fieldValue=STATIONS[1])
    silo = silo_of("sensorthings", sensorthings.url + "/sensorthings/v1.1")
    records = (started(), under(only), silo, shared("sensorthings", "Datastreams", ["id", "name", "thing"]))
    async with world(tmp_path, *records, kinds=["sensorthings"], peer=peer) as w:
        since = sensorthings.position()
        found = await told(w)
        assert {one["thing"] for one in found} == {STATIONS[1]}
        assert len(found) == 2
        asked = [unquote_plus(one.target) for one in sensorthings.asked(since)]
        rows = [one for one in asked if "$orderby" in one]
        assert rows
        assert all(f"Thing/name eq '{STATIONS[1]}'" in one for one in rows)
