"""connector/data/receiving.py: which part is taken, and what is kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from connector.data.delivery.receiving import Part, Receiving
from connector.data.tokens import Tokens
from connector.errors import BusyError, InputError, NodeError, StoreError, TooLargeError, UnauthenticatedError
from connector.protocol.machine import Role
from connector.records import Reception
from connector.services.changes import Change, Changes
from connector.services.formats import HTTP_PULL, PUSH_PROFILE
from connector.store.sqlite import SqliteStore
from tests.connector.data.world import KEY, PID, SetClock, open_store, started

WHOLE = b"0123456789" * 10


class World:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock, self.changes, self.heard = SetClock(), Changes(), list[Change]()
        self.changes.subscribe(self.heard.append)
        self.store: SqliteStore = open_store(folder, clock=self.clock)
        self.folder = folder / "inbox"
        self.receiving = Receiving(
            store=self.store, clock=self.clock, changes=self.changes, tokens=Tokens(KEY, self.clock),
            folder=self.folder, **settings,
        )  # fmt: skip

    async def transfer(self, **changes: Any) -> None:
        moved = replace(started(format=PUSH_PROFILE), role=Role.CONSUMER, **changes)
        await self.store.write(lambda tx: tx.put(moved))

    async def take(self, part: int, at: int, to: int, **changes: Any) -> None:
        data = changes.pop("data", WHOLE[at:to])
        said = {"number": 1, "media_type": "text/csv", "size": len(WHOLE), "last": to == len(WHOLE), "etag": "e",
                "sha256": hashlib.sha256(WHOLE[at:to]).digest(), "whole": hashlib.sha256(WHOLE).digest()}  # fmt: skip
        await self.receiving.take(PID, Part(part=part, offset=at, **{**said, **changes}), body(data))

    async def refused(self, *args: int, **changes: Any) -> str:
        with pytest.raises(NodeError) as wrong:
            await self.take(*args, **changes)
        return wrong.value.reason.code

    async def kept(self) -> list[Reception]:
        return await self.receiving.receptions(PID)


async def body(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 7):
        yield data[at : at + 7]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.transfer()
    yield made
    await made.store.close()


async def test_parts_in_their_order_each_once(world: World) -> None:
    await world.take(0, 0, 40)
    await world.take(0, 0, 40)
    await world.take(1, 40, 80)
    with pytest.raises(InputError, match=r"push\.nothing"):
        await world.receiving.received(PID)
    await world.take(2, 80, 100)
    await world.take(2, 80, 100)
    there = await world.receiving.received(PID)
    assert there.path.read_bytes() == WHOLE
    assert (there.reception.part, there.reception.state, there.reception.media_type) == (3, "whole", "text/csv")
    assert [one.state for one in world.heard] == ["open", "open", "whole"]
    assert there.path.stat().st_mode & 0o077 == 0, "nobody else reads it"


async def test_what_does_not_follow_is_refused(world: World) -> None:
    assert await world.refused(1, 40, 80) == "push.gap"
    await world.take(0, 0, 40)
    assert await world.refused(2, 80, 100) == "push.gap"
    assert await world.refused(1, 41, 80) == "push.gap"
    assert await world.refused(1, 40, 80, etag="other") == "push.gap", "another content is another delivery"
    assert (await world.kept())[0].offset == 40


async def test_a_part_that_was_damaged_leaves_no_trace(world: World) -> None:
    assert await world.refused(0, 0, 40, data=b"?" * 40) == "push.damaged"
    assert await world.kept() == []
    await world.take(0, 0, 100)
    assert (await world.receiving.received(PID)).path.read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("changes", "code"), [({"whole": b"h" * 32}, "push.digest"), ({"size": 99}, "push.length")]
)  # fmt: skip
async def test_all_of_it_that_is_wrong_is_thrown_away(world: World, changes: dict[str, Any], code: str) -> None:
    assert await world.refused(0, 0, 100, **changes) == code
    [gone] = await world.kept()
    assert gone.state == "gone"
    assert [one for one in world.folder.rglob("*") if one.is_file()] == []
    assert await world.refused(1, 100, 100) == "push.gap", "only another delivery goes on"
    await world.take(0, 0, 100, number=2)


async def test_the_next_delivery_takes_the_place_of_the_one_before_when_it_is_whole(world: World) -> None:
    await world.take(0, 0, 100)
    await world.take(0, 0, 40, number=2)
    assert (await world.receiving.received(PID)).reception.number == 1
    await world.take(1, 40, 100, number=2)
    assert (await world.receiving.received(PID)).reception.number == 2
    [kept] = await world.kept()
    assert (kept.number, kept.earlier, kept.total) == (2, 1, 100)
    assert len([one for one in world.folder.rglob("*") if one.is_file()]) == 1
    await world.take(0, 0, 100)  # A late repeat of the first one is acknowledged, and brings nothing back.
    assert [one.number for one in await world.kept()] == [2]


async def test_what_is_begun_and_never_ended_does_not_pile_up(world: World) -> None:
    await world.take(0, 0, 100)
    for number in range(2, 6):
        await world.take(0, 0, 40, number=number)
    await world.take(0, 0, 0, number=6, last=False)
    assert [(one.number, one.state) for one in await world.kept()] == [(1, "whole"), (6, "open")]
    assert len([one for one in world.folder.rglob("*") if one.is_file()]) == 2
    assert await world.refused(0, 0, 40, number=5) == "push.gap", "nobody goes back"
    assert (await world.receiving.received(PID)).path.read_bytes() == WHOLE
    await world.take(1, 0, 100, number=6)
    assert [(one.number, one.earlier) for one in await world.kept()] == [(6, 1)]


async def test_bytes_behind_what_was_counted_are_written_again(world: World) -> None:
    await world.take(0, 0, 40)
    [file] = [one for one in world.folder.rglob("*") if one.is_file()]
    file.write_bytes(WHOLE[:40] + b"what a crash left" * 10)
    await world.take(1, 40, 100)
    assert (await world.receiving.received(PID)).path.read_bytes() == WHOLE


async def test_what_was_counted_and_is_not_there_is_a_gap(world: World) -> None:
    await world.take(0, 0, 40)
    [file] = [one for one in world.folder.rglob("*") if one.is_file()]
    file.write_bytes(WHOLE[:39])
    assert await world.refused(1, 40, 100) == "push.gap"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "SUSPENDED"}, "transfer.state"),
        ({"state": "TERMINATED"}, "transfer.state"),
        ({"state": "REQUESTED"}, "transfer.state"),
        ({"pending": "suspend"}, "transfer.state"),
        ({"role": Role.PROVIDER}, "transfer.unknown"),
        ({"format": HTTP_PULL}, "transfer.unknown"),
    ],
)
async def test_only_a_transfer_that_runs_takes_anything(world: World, changes: dict[str, Any], code: str) -> None:
    moved = replace(started(format=PUSH_PROFILE), **{"role": Role.CONSUMER, **changes})
    await world.store.write(lambda tx: tx.put(moved))
    assert await world.refused(0, 0, 100) == code
    assert [one for one in world.folder.rglob("*") if one.is_file()] == []


async def test_there_is_room_for_so_much(tmp_path: Path) -> None:
    world = World(tmp_path, quota=150)
    await world.transfer()
    await world.take(0, 0, 100)
    with pytest.raises(BusyError, match=r"push\.full"):
        await world.take(0, 0, 100, number=2)
    await world.take(0, 0, 40, number=2)
    with pytest.raises(BusyError):
        await world.take(1, 40, 100, number=2)
    again = Receiving(
        store=world.store, clock=world.clock, changes=world.changes, tokens=Tokens(KEY, world.clock),
        folder=world.folder, quota=150,
    )  # fmt: skip
    world.receiving = again
    with pytest.raises(BusyError):
        await world.take(1, 40, 100, number=2)
    await world.store.close()


async def test_a_part_has_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.data.delivery.receiving.MOST", 50)
    with pytest.raises(TooLargeError):
        await world.take(0, 0, 100)
    assert await world.kept() == []


async def test_the_token_is_the_inboxs_own(world: World) -> None:
    tokens = Tokens(KEY, world.clock)
    world.receiving.prove(tokens.inbox(PID), PID)
    for wrong in (tokens.lasting(PID), tokens.inbox("urn:uuid:other"), "", "ä" * 43):
        with pytest.raises(UnauthenticatedError):
            world.receiving.prove(wrong, PID)


async def test_a_pid_is_no_path(world: World) -> None:
    """What a transfer is called never leads out of the folder."""
    path = world.receiving._path(Reception(id="x", transfer="../../etc/passwd", number=1, media_type="t"))
    assert path.is_relative_to(world.folder)
    assert ".." not in path.parts


FIRST, SECOND, THIRD = b"id,at\n1,a\n", b"id,at\n2,b\n3,c\n", b"id,at\n4,d\n"


async def rows(world: World, number: int, data: bytes, since: str, until: str) -> None:
    half = len(data) // 2
    for part, (at, to) in enumerate([(0, half), (half, len(data))]):
        await world.take(
            part, at, to, number=number, data=data[at:to], size=len(data), last=to == len(data), since=since,
            until=until, etag=str(number), sha256=b"", whole=hashlib.sha256(data).digest(),
        )  # fmt: skip


async def test_rows_by_their_time_stand_behind_one_another(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await rows(world, 1, FIRST, "", "t1")
    await rows(world, 2, SECOND, "t1", "t2")
    await rows(world, 3, THIRD, "t2", "t3")
    there = await world.receiving.received(PID)
    assert there.path.read_bytes() == b"id,at\n1,a\n2,b\n3,c\n4,d\n"
    [kept] = await world.kept()
    assert (kept.number, kept.offset, kept.earlier, kept.until) == (3, 22, 2, "t3")
    assert len([one for one in world.folder.rglob("*") if one.is_file()]) == 1
    await rows(world, 2, SECOND, "t1", "t2")  # a late repeat
    assert there.path.read_bytes() == b"id,at\n1,a\n2,b\n3,c\n4,d\n"

    await rows(world, 4, FIRST, "", "t9")
    assert (await world.receiving.received(PID)).path.read_bytes() == FIRST, "all of it takes the place of all"
    assert len([one for one in world.folder.rglob("*") if one.is_file()]) == 1


async def test_a_crash_between_putting_behind_and_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await rows(world, 1, FIRST, "", "t1")
    with monkeypatch.context() as broken:

        async def full(*_: Any) -> None:
            raise StoreError("store.io")

        half = len(SECOND) // 2
        said = {"number": 2, "since": "t1", "until": "t2", "etag": "2", "size": len(SECOND), "sha256": b""}
        await world.take(0, 0, half, data=SECOND[:half], last=False, **said)
        broken.setattr(world.store, "write", full)
        whole = hashlib.sha256(SECOND).digest()
        with pytest.raises(StoreError):
            await world.take(1, half, len(SECOND), data=SECOND[half:], last=True, whole=whole, **said)
    there = await world.receiving.received(PID)
    assert there.path.read_bytes()[: there.reception.offset] == FIRST
    await world.take(1, half, len(SECOND), data=SECOND[half:], last=True, whole=whole, **said)
    assert (await world.receiving.received(PID)).path.read_bytes() == b"id,at\n1,a\n2,b\n3,c\n"


async def test_rows_behind_nothing_are_refused(world: World) -> None:
    assert await world.refused(0, 0, 40, number=2, since="t1", until="t2") == "push.gap"
    await rows(world, 1, FIRST, "", "t1")
    assert await world.refused(0, 0, 40, number=2, since="t0", until="t2") == "push.gap"
    assert (await world.receiving.received(PID)).path.read_bytes() == FIRST
