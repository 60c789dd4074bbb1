"""connector/data/readings/shelf.py: what is kept is given as rows, and who waits for more is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector.data.readings.keeping import Window
from connector.data.readings.receiving import Receiving, Sender
from connector.data.readings.shelf import Shelf
from connector.errors import SourceError
from connector.services.changes import Changes
from tests.connector.data.readings.posts import DID, NOON, SECOND, Box
from tests.connector.data.world import SetClock, open_store


class World:
    def __init__(self, folder: Path) -> None:
        self.store, self.folder, changes = open_store(folder), folder / "readings", Changes()
        self.receiving = Receiving(
            store=self.store, clock=SetClock(), changes=changes, folder=self.folder, quota=1 << 30
        )  # fmt: skip
        self.shelf, self.box = Shelf(store=self.store, folder=self.folder, changes=changes), Box()

    async def take(self, *messages: bytes) -> None:
        await self.receiving.take(Sender(device=DID, keys=self.box.keys), b"".join(messages))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.store.close()


async def test_rows_are_as_they_were_sealed(world: World) -> None:
    assert await world.shelf.series("") == []
    assert await world.shelf.known("", "air") is None
    await world.take(world.box.legend(), world.box.batch(1, 3), world.box.batch(7, 8))
    assert await world.shelf.series("") == ["air"]
    known = await world.shelf.known("", "air")
    assert known is not None
    first, second = world.shelf.rows(known, Window())
    assert (first.n, first.device, first.series.name, first.unsure) == (1, DID, "air", False)
    assert (first.things, first.times) == (["b", "c", "a"], [NOON + n * SECOND for n in (1, 2, 3)])
    assert list(first.columns) == [[10, 20, 30], ["note 1", "note 2", "note 3"], [False, True, False]]
    assert (second.n, second.times[0]) == (4, NOON + 7 * SECOND)
    assert list(world.shelf.rows(known, Window(), "did:web:other")) == []


async def test_who_waits_is_told(world: World) -> None:
    await world.take(world.box.legend(), world.box.batch(1, 3))
    known = await world.shelf.known("", "air")
    assert known is not None
    waiting = asyncio.ensure_future(world.shelf.growing(known.log))
    await asyncio.sleep(0)
    assert not waiting.done()
    await world.take(world.box.batch(4, 5))
    async with asyncio.timeout(5):
        await waiting
        await world.shelf.growing(known.log)


async def test_a_log_whose_device_is_not_known_is_broken(world: World) -> None:
    await world.take(world.box.legend(), world.box.batch(1, 3))
    known = await world.shelf.known("", "air")
    assert known is not None
    with pytest.raises(SourceError, match=r"source\.broken"):
        list(world.shelf.rows(type(known)(known.log, {}), Window()))
