"""connector/data/readings/receiving.py: each reading once, whatever is sent again, cut off or joined."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connector.data.readings import keeping, receiving
from connector.data.readings.keeping import Window
from connector.data.readings.model import MOST_VALUE, Batch, Field, Part, Rows, Series, Value
from connector.data.readings.receiving import NOTED, Receiving, Sender, Taken, every
from connector.errors import BusyError, NodeError, StoreError
from connector.protocol.machine import Role
from connector.records import DeviceReadings, ReadingLog, Written
from connector.records.readings import readings_id
from connector.services.changes import Change, Changes
from connector.store.sqlite import SqliteStore
from tests.connector.data.readings.posts import AIR, DID, NOON, SECOND, Box, held
from tests.connector.data.world import AGREEMENT, PID, SetClock, open_store, started


class World:
    def __init__(self, folder: Path, *, quota: int = 1 << 30) -> None:
        self.clock, self.changes, self.heard = SetClock(), Changes(), list[Change]()
        self.changes.subscribe(self.heard.append)
        self.store: SqliteStore = open_store(folder, clock=self.clock)
        self.folder, self.box = folder / "readings", Box()
        self.quota = quota
        self.receiving = self.started()

    def started(self, days: int = 0) -> Receiving:
        return Receiving(
            store=self.store, clock=self.clock, changes=self.changes, folder=self.folder, quota=self.quota, days=days,
            countersign=lambda message: b"receipt" + hashlib.sha256(message).digest(),
        )  # fmt: skip

    def sender(self, box: Box | None = None, **more: Any) -> Sender:
        one = box or self.box
        return Sender(device=one.did, keys=one.keys, **more)

    async def take(self, *messages: bytes, box: Box | None = None, **more: Any) -> Taken:
        return await self.receiving.take(self.sender(box, **more), b"".join(messages))

    async def refused(self, *messages: bytes, **more: Any) -> str:
        with pytest.raises(NodeError) as wrong:
            await self.take(*messages, **more)
        return wrong.value.reason.code

    async def log(self, scope: str = "") -> ReadingLog:
        [found] = await self.store.read(lambda view: every(view, scope))
        return found

    async def audited(self, event: str) -> list[Written]:
        logged = await self.store.read(lambda view: view.log())
        said = [msgspec.json.decode(one.body, type=Written) for one in logged]
        return [one for one in said if one.event == event]

    async def numbers(self, scope: str = "", box: Box | None = None) -> list[int]:
        """What the files hold of a device, in the order in which it came."""
        log, found = await self.log(scope), list[int]()
        for file in log.files:
            for one in keeping.frames(keeping.place(self.folder, log, file.number), file.bytes, Window()):
                if one.body.device == (box or self.box).did:
                    found += range(one.body.first, one.body.first + one.count)
        return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.store.close()


async def test_readings_are_kept_once_each(world: World) -> None:
    box = world.box
    first = await world.take(box.legend(), box.batch(1, 10))
    assert (first.held, first.refused, first.legend) == (held((1, 10)), (), 1)
    again = await world.take(box.legend(), box.batch(1, 10))
    assert (again.held, again.refused) == (held((1, 10)), ())
    newest = await world.take(box.batch(31, 40))
    assert newest.held == held((1, 10), (31, 40))
    filled = await world.take(box.batch(11, 20), box.batch(21, 30))
    assert filled.held == held((1, 40))
    assert await world.numbers() == [*range(1, 11), *range(31, 41), *range(11, 31)]
    log = await world.log()
    assert (log.next, log.files[-1].readings) == (41, 40)
    assert [one.version for one in world.heard] == [11, 21, 41]
    file = keeping.place(world.folder, log, 1)
    assert (file.stat().st_size, file.stat().st_mode & 0o077) == (log.files[-1].bytes, 0)


async def test_a_batch_of_which_some_are_here_is_not_taken(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))
    partly = await world.take(box.batch(6, 15), box.batch(20, 25))
    assert partly.refused == ((1, 6, "readings.partly"),)
    assert partly.held == held((1, 10), (20, 25)), "what is sent beside it is taken"
    assert await world.numbers() == [*range(1, 11), *range(20, 26)]
    assert (await world.take(box.batch(5, 10))).refused == (), "in another batch, and all of it here"


async def test_what_is_there_survives_a_restart(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))
    world.receiving = world.started()
    assert await world.receiving.held(world.sender()) == Taken(held((1, 10)), (), 1)
    assert (await world.take(box.batch(1, 10))).held == held((1, 10))
    assert len(await world.numbers()) == 10


async def test_what_was_written_and_not_counted_is_written_over(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))
    log = await world.log()
    with keeping.place(world.folder, log, 1).open("ab") as file:
        file.write(b"half of a frame" * 100)
    await world.take(box.batch(11, 20))
    assert await world.numbers() == [*range(1, 21)]


async def test_a_post_that_cannot_be_kept_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))

    async def full(act: object) -> None:
        raise StoreError("store.io")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "write", full)
        assert await world.refused(box.batch(11, 20)) == "store.io"
    assert await world.numbers() == [*range(1, 11)]
    assert (await world.take(box.batch(11, 20))).held == held((1, 20))
    assert await world.numbers() == [*range(1, 21)]


async def test_many_at_once_are_kept_once_each(world: World) -> None:
    other = Box("did:web:city.example:edge:other")
    await world.take(world.box.legend(), box=world.box)
    await world.take(other.legend(), box=other)
    posts = [world.take(box.batch(at, at + 4), box=box) for box in (world.box, other) for at in [*range(1, 100, 5)] * 2]
    answers = await asyncio.gather(*posts)
    assert not any(one.refused for one in answers)
    assert sorted(await world.numbers()) == sorted(await world.numbers(box=other)) == [*range(1, 101)]
    log = await world.log()
    assert log.next == 201
    assert len(world.heard) < 40, "what waits together is written together"


async def test_who_hangs_up_takes_nothing_with_it(world: World) -> None:
    await world.take(world.box.legend())
    posts = [asyncio.ensure_future(world.take(world.box.batch(at, at + 4))) for at in range(1, 50, 5)]
    while not world.heard:
        await asyncio.sleep(0)
        posts[0].cancel()
    await asyncio.gather(*posts, return_exceptions=True)
    world.receiving = world.started()
    assert sorted(await world.numbers()) == [
        n for first, last in (await world.receiving.held(world.sender())).held[1] for n in range(first, last + 1)
    ]


# --- legends ----------------------------------------------------------------------------------------------------------


async def test_a_batch_needs_its_legend(world: World) -> None:
    box = world.box
    assert await world.refused(box.batch(1, 2)) == "readings.legend"
    assert await world.refused(box.legend(), box.batch(1, 2, legend=2)) == "readings.legend"
    assert await world.refused(box.legend(3, after=2)) == "readings.legend"
    await world.take(box.legend(), box.batch(1, 2))
    assert await world.refused(box.batch(3, 4, series=2)) == "readings.legend"
    added = box.legend(2, after=1, series=((2, Series("noise", AIR.fields)),))
    assert (await world.take(added, box.batch(1, 2, series=2, legend=2))).held == {2: ((1, 2),)}


async def test_what_was_said_stays(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 2))
    assert await world.refused(box.legend(2, series=((1, Series("water", AIR.fields)),))) == "readings.legend_other"
    assert await world.refused(box.legend(2, series=((2, Series("x", (Field("device"),))),))) == "readings.name"
    assert (await world.take(box.legend(7, series=((2, AIR),)))).legend == 7


async def test_a_batch_of_another_shape_is_not_taken(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.legend(2, after=1, series=((2, Series("flat", (Field("x"),))),)))
    taken = await world.take(box.batch(1, 2, series=2))
    assert taken.refused == ((2, 1, "readings.shape"),)
    assert taken.held == {}


UNREADABLE: dict[str, tuple[list[int], list[list[Value]]]] = {
    "nobody's": ([1, 4], [[1, 1], ["a", "b"], [True, True]]),
    "text for a number": ([1, 2], [["a", "b"], ["a", "b"], [True, True]]),
    "number for a text": ([1, 2], [[1, 1], [1, 1], [True, True]]),
    "number for a flag": ([1, 2], [[1, 1], ["a", "b"], [1, 0]]),
    "flag for a number": ([1, 2], [[True, 1], ["a", "b"], [True, True]]),
}


@pytest.mark.parametrize(("things", "columns"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_could_not_be_read_again_is_not_taken(
    world: World, things: list[int], columns: list[list[Value]]
) -> None:
    """One batch in a log, which many devices may share, would keep everybody from reading it."""
    await world.take(world.box.legend())
    taken = await world.take(world.box.seal(Batch(1, 1, 1, Rows([NOON, NOON], things, columns))))
    assert (taken.held, taken.refused) == ({}, ((1, 1, "readings.shape"),))


async def test_where_nothing_was_measured_any_field_is_empty(world: World) -> None:
    await world.take(world.box.legend())
    empty = Batch(1, 1, 1, Rows([NOON] * 2, [1, 2], [[None] * 2] * 3))
    assert (await world.take(world.box.seal(empty))).held == held((1, 2))


# --- seals ------------------------------------------------------------------------------------------------------------


async def test_the_seal_of_somebody_else_is_refused(world: World) -> None:
    box, other = world.box, Box()
    assert await world.refused(box.legend(), other.batch(1, 2)) == "readings.seal"
    message = bytearray(box.batch(1, 2))
    message[-1] ^= 1
    assert await world.refused(box.legend(), bytes(message)) == "readings.seal"
    assert await world.refused(b"\xff\xff") == "readings.form"
    assert await world.refused(box.legend(), b"\x01") == "readings.seal"
    assert (await world.receiving.held(world.sender())).held == {}


async def test_a_receipt_is_not_for_other_readings_under_the_same_numbers(world: World) -> None:
    box, other = world.box, Batch(1, 1, 1, Rows([NOON], [1], [[1], ["x"], [True]]))
    kept = box.batch(1, 2)
    await world.take(box.legend(), kept)
    forged = box.seal(other)
    taken = await world.take(forged)
    assert (taken.held, taken.refused, taken.receipt) == (held((1, 2)), (), None), "nobody proves that this was kept"
    part = Part(1, 1, 1, hashlib.sha256(forged).digest())
    assert (await world.take(forged, box.manifest(part))).receipt is None
    assert (await world.take(kept)).receipt is not None, "the answer may have been lost"


async def test_a_receipt_is_for_what_is_kept(world: World) -> None:
    box = world.box
    one = box.batch(1, 2)
    assert (await world.take(box.legend(), one)).receipt == b"receipt" + hashlib.sha256(one).digest()
    two, three = box.batch(3, 4), box.batch(5, 6)
    assert (await world.take(two, three)).receipt is None, "no manifest says what it is for"
    parts = [Part(1, first, 2, hashlib.sha256(data).digest()) for first, data in ((3, two), (5, three))]
    listed = box.manifest(*parts)
    assert (await world.take(two, three, listed)).receipt == b"receipt" + hashlib.sha256(listed).digest()
    assert (await world.take(two, box.manifest(*parts))).receipt is None, "it lists what has not come"
    partly = box.batch(6, 9)
    wrong = box.manifest(Part(1, 6, 4, hashlib.sha256(partly).digest()))
    assert (await world.take(partly, wrong)).receipt is None, "it was not taken"


# --- gaps and bounds --------------------------------------------------------------------------------------------------


async def test_what_will_never_come_is_told_once(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(11, 20))
    await world.take(box.gap((1, 10), (15, 30)))
    await world.take(box.gap((1, 10), (15, 30), number=2))
    found = await world.store.read(lambda view: view.get(DeviceReadings, readings_id("", DID)))
    assert found is not None
    assert (found.gone, found.why) == ({1: ((1, 10), (21, 30))}, {1: "full"})
    [entry] = await world.audited("readings.gone")
    assert entry.params["readings"] == "20"
    assert (await world.take(box.batch(1, 10))).held == held((1, 20)), "it has come after all"


async def test_a_thinned_batch_stands_for_all_its_numbers(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 5, span=10))
    assert (await world.receiving.held(world.sender())).held == held((1, 10))
    assert (await world.log()).next == 6
    assert (await world.take(box.batch(6, 10))).held == held((1, 10))
    assert len(await world.numbers()) == 5


async def test_without_room_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "SHARE", 1)
    world = World(tmp_path)
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))
    world.quota = keeping.usage(world.folder) + 400
    world.receiving = world.started()
    with pytest.raises(BusyError):
        await world.take(*(box.batch(at, at + 1) for at in range(11, 31, 2)))
    assert (await world.receiving.held(world.sender())).held == held((1, 10))
    assert (await world.take(box.batch(11, 12))).held == held((1, 12))
    await world.store.close()


async def test_one_device_does_not_take_the_room_of_all_others(tmp_path: Path) -> None:
    world, other = World(tmp_path, quota=8 * 3000), Box("did:web:city.example:edge:other")
    with pytest.raises(BusyError):
        for first in range(1, 1000, 10):
            await world.take(world.box.legend(), world.box.batch(first, first + 9))
    assert keeping.usage(world.folder) < 2 * 3000, "and what lies around them"
    await world.take(other.legend(), other.batch(1, 10), box=other)
    world.clock.ahead += 86_400 * SECOND
    await world.take(world.box.batch(2001, 2010))
    await world.store.close()


async def test_posts_of_one_device_leave_room_for_others(world: World) -> None:
    other = Box("did:web:city.example:edge:other")
    async with world.receiving.coming(world.sender()), world.receiving.coming(world.sender()):
        with pytest.raises(BusyError):
            async with world.receiving.coming(world.sender()):
                pass
        async with world.receiving.coming(world.sender(other)):
            pass
    async with world.receiving.coming(world.sender()):
        pass


async def test_what_says_that_it_is_of_the_future_goes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FILE_BYTES", 1)
    world.receiving, box = world.started(days=30), world.box
    late = Batch(1, 1, 1, Rows([MOST_VALUE], [1], [[1], ["x"], [True]]))
    await world.take(box.legend(), box.seal(late))
    await world.take(box.batch(2, 3))
    world.clock.ahead += 31 * 86_400 * SECOND
    await world.receiving.clear()
    assert await world.numbers() == [2, 3], "the newest file of a log stays"


async def test_what_is_old_goes_file_by_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FILE_BYTES", 1)
    box, day = world.box, 86_400_000_000
    await world.take(box.legend(), box.batch(1, 10))
    await world.take(box.batch(11, 20))
    await world.take(box.batch(21, 30))
    await world.receiving.clear()
    assert len((await world.log()).files) == 3, "without a bound all is kept"
    world.receiving = world.started(days=7)
    world.clock.ahead = NOON + 7 * day + 15 * SECOND - SetClock().now()
    await world.receiving.clear()
    assert await world.numbers() == [*range(11, 31)]
    assert len([one for one in world.folder.rglob("*") if one.is_file()]) == 2
    assert (await world.take(box.batch(1, 10))).held == held((1, 30)), "it is not asked for again"
    world.clock.ahead += 100 * day
    await world.receiving.clear()
    await world.take(box.batch(31, 40))
    assert await world.numbers() == [*range(21, 41)]


async def test_that_readings_come_is_audited_once_an_hour(world: World) -> None:
    box = world.box
    await world.take(box.legend(), box.batch(1, 10))
    await world.take(box.batch(11, 20))
    await world.take(box.batch(21, 30))
    world.clock.ahead = NOTED
    await world.take(box.batch(31, 31))
    assert [one.params["readings"] for one in await world.audited("readings.received")] == ["10", "21"]


# --- scopes -----------------------------------------------------------------------------------------------------------


async def test_contracts_are_kept_apart(world: World) -> None:
    box = world.box
    moved = replace(started(format="Allmende-Readings-PUSH"), role=Role.CONSUMER)
    await world.store.write(lambda tx: tx.put(moved))
    more: dict[str, Any] = {"scope": AGREEMENT, "transfer": PID}
    await world.take(box.legend(), box.batch(1, 10))
    assert await world.refused(box.batch(1, 5), **more) == "readings.legend"
    await world.take(box.legend(), box.batch(1, 5), **more)
    assert (len(await world.numbers()), len(await world.numbers(AGREEMENT))) == (10, 5)
    await world.store.write(lambda tx: tx.put(replace(moved, state="SUSPENDED")))
    assert await world.refused(box.batch(6, 10), **more) == "transfer.state"
    with pytest.raises(NodeError):
        await world.receiving.held(world.sender(**more))
    assert len(await world.numbers(AGREEMENT)) == 5
