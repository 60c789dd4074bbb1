"""connector/data/sources/readings.py: readings of devices as rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.ports import Around
from connector.data.queries.model import (
    All,
    Budget,
    Compare,
    Comparison,
    Condition,
    Event,
    Kind,
    Pushed,
    Query,
    Selection,
    Work,
)
from connector.data.readings import model
from connector.data.readings.model import Field, Series
from connector.data.readings.receiving import Receiving, Sender
from connector.data.readings.shelf import Shelf
from connector.data.sources.readings import ReadingsReader
from connector.errors import SourceError
from connector.records import Silo
from connector.services.changes import Changes
from connector.store.sqlite import SqliteStore
from policies import instants
from tests.connector.data.readings.posts import AIR, NOON, SECOND, Box
from tests.connector.data.world import SetClock, open_store
from tests.ports.reader import ReaderContract, everything, whole

OTHER = "did:web:city.example:edge:other"


class World:
    def __init__(self, folder: Path) -> None:
        self.store: SqliteStore = open_store(folder)
        changes, self.folder = Changes(), folder / "readings"
        self.receiving = Receiving(
            store=self.store, clock=SetClock(), changes=changes, folder=self.folder, quota=1 << 40
        )  # fmt: skip
        shelf = Shelf(store=self.store, folder=self.folder, changes=changes)
        peer: Any = None
        self.reader = ReadingsReader(Around(clock=SetClock(), peer=peer, secret=lambda *_: "", readings=shelf))
        self.box, self.next, self.legends = Box(), 1, 1

    async def take(self, *messages: bytes, box: Box | None = None) -> None:
        one = box or self.box
        taken = await self.receiving.take(Sender(device=one.did, keys=one.keys), b"".join(messages))
        assert taken.refused == ()

    async def add(self, count: int) -> None:
        for begin in range(self.next, self.next + count, 5000):
            end = min(begin + 5000, self.next + count)
            await self.take(self.box.legend(), self.box.batch(begin, end - 1))
        self.next += count


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.add(10)
    yield made
    await made.store.close()


class TestContract(ReaderContract):
    slow_to_read = 60_000

    @pytest.fixture(autouse=True)
    def _world(self, world: World) -> None:
        self.world = world

    @pytest.fixture
    def reader(self, world: World) -> ReadingsReader:
        return world.reader

    @pytest.fixture
    def silo(self) -> Silo:
        return SILO

    @pytest.fixture
    def selection(self) -> Selection:
        return Selection(collection="air", fields=("n", "thing", "at", "pm25"))

    async def add(self, count: int) -> None:
        await self.world.add(count)

    async def grow(self, field: str) -> None:
        self.world.legends += 1
        more = Series("air", (*AIR.fields, Field(field)))
        await self.world.take(self.world.box.legend(self.world.legends, series=((self.world.legends, more),)))

    def moved(self) -> Silo:
        return msgspec.structs.replace(SILO, settings={"contract": "urn:uuid:nobody"})


SILO = Silo(id="ours", kind="readings", settings={}, created=0, created_by="a")
EVERY = Selection(collection="air")


async def rows(world: World, pushed: Pushed | None = None, silo: Silo = SILO) -> list[dict[str, Any]]:
    shape = await world.reader.describe(silo, EVERY)
    body = await whole(world.reader, silo, EVERY, shape, pushed)
    return [msgspec.json.decode(line) for line in body.splitlines()]


async def test_a_row_says_where_it_comes_from(world: World) -> None:
    found = await rows(world)
    assert found[0] == {
        "n": 1, "device": world.box.did, "thing": "b", "at": instants.stamp(NOON + SECOND), "unsure": False,
        "pm25": 1.0, "note": "note 1", "open": False,
    }  # fmt: skip
    assert [one["n"] for one in found] == [*range(1, 11)]
    shape = await world.reader.describe(SILO, EVERY)
    kinds = {one.name: one.kind for one in shape.fields}
    assert (kinds["pm25"], kinds["note"], kinds["open"], kinds["at"]) == (
        Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN, Kind.INSTANT,
    )  # fmt: skip
    assert (shape.key, shape.time, shape.live) == (("n",), "at", True)


async def test_devices_with_the_same_series_make_one_collection(world: World) -> None:
    other = Box(OTHER)
    less = Series("air", (Field("pm25", places=0), Field("co2")))
    numbers = other.batch(1, 2)
    assert numbers
    flat = Series("air", (Field("pm25", places=1), Field("a", kind=model.Kind.TEXT), Field("b", kind=model.Kind.FLAG)))
    await world.take(other.legend(series=((1, flat),)), box=other)
    await world.take(other.legend(2, after=1, series=((2, less),)), box=other)
    await world.take(other.batch(1, 2), box=other)
    found = await rows(world)
    assert [one["device"] for one in found[-2:]] == [OTHER, OTHER]
    assert (found[-1]["co2"], found[0]["co2"], found[-1]["note"]) == (None, None, None)
    only = msgspec.structs.replace(SILO, settings={"device": OTHER})
    assert [one["n"] for one in await rows(world, silo=only)] == [11, 12]


async def test_a_time_is_looked_for_where_it_can_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add(1000)
    shape = await world.reader.describe(SILO, EVERY)
    late = Compare("at", Comparison.GTEQ, instants.stamp(NOON + 900 * SECOND))
    early = Compare("at", Comparison.LT, instants.stamp(NOON + 5 * SECOND))
    split = world.reader.split(SILO, shape, Work(query=Query(where=All((late,)))))
    assert split.pushed.where == late
    assert split.left is not None, "the node does it again"
    assert len(await rows(world, split.pushed)) == 1000, "batches are passed over, not rows"
    where: Condition = All((early,))
    assert len(await rows(world, world.reader.split(SILO, shape, Work(query=Query(where=where))).pushed)) == 10


async def test_what_was_seen_is_not_seen_again(world: World) -> None:
    shape = await world.reader.describe(SILO, EVERY)
    fields = everything(shape).fields
    async with aclosing(world.reader.watch(SILO, EVERY, shape, Pushed(fields=("n",)), "")) as events:
        first = await anext(events)
        assert (first.row, first.gap) == (b"", False)
        waiting = asyncio.ensure_future(anext(events))
        await world.add(3)
        assert (await waiting).row == b'{"n":11}'
        after = (await anext(events)).watermark
    async with aclosing(world.reader.watch(SILO, EVERY, shape, Pushed(fields=("n",)), after)) as events:
        assert (await anext(events)).gap is False
        assert (await anext(events)).row == b'{"n":13}'
    found = await rows(world, Pushed(fields=fields, after=after))
    assert [one["n"] for one in found] == [13]


async def test_a_log_that_is_another_one_has_a_gap(world: World) -> None:
    shape = await world.reader.describe(SILO, EVERY)
    for mark in ("0:3", "x", f"{(await _epoch(world)):x}:999"):
        async with aclosing(world.reader.watch(SILO, EVERY, shape, Pushed(fields=("n",)), mark)) as events:
            began: Event = await anext(events)
            assert began.gap is True
            assert (await anext(events)).row == b'{"n":1}'


async def _epoch(world: World) -> int:
    shelf = world.reader._shelf
    assert shelf is not None
    known = await shelf.known("", "air")
    assert known is not None
    return known.log.epoch


async def test_a_file_that_is_damaged_is_told(world: World) -> None:
    [file] = [one for one in world.folder.rglob("*") if one.is_file()]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(SourceError) as wrong:
        await rows(world)
    assert wrong.value.reason.code == "source.broken"
    file.write_bytes(bytes(data[:100]))
    with pytest.raises(SourceError):
        await rows(world)


async def test_a_limit_and_a_budget_hold(world: World) -> None:
    await world.add(5000)
    shape = await world.reader.describe(SILO, EVERY)
    assert len(await rows(world, Pushed(fields=("n",), limit=7))) == 7
    with pytest.raises(SourceError):
        await whole(world.reader, SILO, EVERY, shape, budget=Budget(bytes=10_000))
