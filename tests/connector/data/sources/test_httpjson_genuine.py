"""JSON over HTTP against a server that we have not written: pygeoapi behind nginx, which records what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from connector.data.ports import Around
from connector.data.queries.model import Compare, Comparison, Kind, Query, Selection, Shape, Work
from connector.data.silos import secrets
from connector.data.sources.httpjson import HttpReader
from connector.http.client import HttpPeer
from connector.records import Silo
from connector.system import SystemClock
from tests.ports.reader import whole
from tests.servers.front import Front
from tests.servers.trees import BENCHES, DISTRICTS

CHOSEN = ("number", "district", "place")


def silo(server: Front) -> Silo:
    settings = {
        "url": server.url + "/collections/{collection}/items?f=json",
        "collections": "benches,trees",
        "rows": "/features",
        "fields": "number=/properties/number, district=/properties/district, place=/geometry, seats=/properties/seats",
        "key": "number",
        "geometry": "place",
        "paging": "offset",
        "size_parameter": "limit",
        "size": "25",
        "parameters": "district = district",
    }
    return Silo(id="city", kind="http", settings=settings, created=0, created_by="t")


@pytest.fixture
async def reader() -> AsyncIterator[HttpReader]:
    peer = HttpPeer(inner=True)
    yield HttpReader(Around(clock=SystemClock(), peer=peer, secret=secrets.reading(None)))
    await peer.close()


async def read(reader: HttpReader, server: Front, shape: Shape, query: Query) -> list[Any]:
    pushed = reader.split(silo(server), shape, Work(query=query)).pushed
    body = await whole(reader, silo(server), SELECTION, shape, pushed)
    return [msgspec.json.decode(line) for line in body.splitlines()]


SELECTION = Selection(collection="benches", fields=CHOSEN)


async def test_all_of_it_is_read_page_by_page(reader: HttpReader, pygeoapi: Front) -> None:
    assert not reader.check(silo(pygeoapi))
    shape = await reader.describe(silo(pygeoapi), SELECTION)
    assert [one.kind for one in shape.fields] == [Kind.NUMBER, Kind.TEXT, Kind.GEOMETRY]
    before = pygeoapi.position()
    rows = await read(reader, pygeoapi, shape, Query())
    assert [row["number"] for row in rows] == list(range(1, BENCHES + 1))
    assert rows[0]["place"]["coordinates"] == pytest.approx([9.951, 48.3805])
    asked = pygeoapi.asked(before)
    assert [one.status for one in asked] == [200] * 4
    assert all(one.target.startswith("/collections/benches/items?f=json&limit=25") for one in asked)


async def test_a_parameter_narrows_what_comes_over_the_wire(reader: HttpReader, pygeoapi: Front) -> None:
    shape = await reader.describe(silo(pygeoapi), SELECTION)
    where = Compare("district", Comparison.EQ, DISTRICTS[1])
    before = pygeoapi.position()
    rows = await read(reader, pygeoapi, shape, Query(where=where))
    assert {row["district"] for row in rows} == {DISTRICTS[1]}
    assert len(rows) == BENCHES // len(DISTRICTS)
    assert all("district=S%C3%B6flingen" in one.target for one in pygeoapi.asked(before))
