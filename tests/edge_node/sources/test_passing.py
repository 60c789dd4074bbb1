"""Messages on their way to disk: acknowledged in their order, a few batches at once, copies known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from connector.data.broker import Message, Session
from connector.errors import SourceError
from edge_node.errors import KeepingError
from edge_node.sources.passing import Passing, Taken
from tests.edge_node.sources.taking import until


def message(packet: int, payload: bytes = b"x", *, qos: int = 1, again: bool = False) -> Message:
    return Message("air/a", payload, qos, False, packet, again)


class FakeSession:
    """Gives what is put into it; None ends the connection."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[list[Message] | None] = asyncio.Queue()
        self.acknowledged: list[int] = []

    async def take(self, most: int) -> list[Message]:
        found = await self.coming.get()
        if found is None:
            raise SourceError("source.unreachable")
        return found

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged += [one.packet for one in messages]


class FakeDisk:
    """Keeps a batch when its gate is open."""

    def __init__(self) -> None:
        self.gates: list[asyncio.Future[None]] = []
        self.kept: list[int] = []

    async def keep(self, messages: Sequence[Message]) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        await gate
        self.kept += [one.packet for one in messages]


def passing(session: FakeSession, disk: FakeDisk, taken: Taken | None = None) -> Passing:
    return Passing(cast(Session, cast(Any, session)), taken or Taken(100), disk.keep)


async def test_acknowledgements_leave_in_the_order_of_messages() -> None:
    session, disk = FakeSession(), FakeDisk()
    running = asyncio.ensure_future(passing(session, disk).run())
    for packet in range(1, 7):
        session.coming.put_nowait([message(packet)])
    await until(lambda: len(disk.gates) == 4)
    for gate in reversed(disk.gates[1:]):
        gate.set_result(None)
    await until(lambda: len(disk.kept) == 3)
    # The first is not on disk: nothing is acknowledged, and no more is begun.
    assert not session.acknowledged
    assert len(disk.gates) == 4
    disk.gates[0].set_result(None)
    await until(lambda: len(disk.gates) == 6)
    assert session.acknowledged == [1, 2, 3, 4]
    for gate in disk.gates[4:]:
        gate.set_result(None)
    await until(lambda: session.acknowledged == [1, 2, 3, 4, 5, 6])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_under_way_when_the_connection_ends_comes_to_disk_and_is_known() -> None:
    session, disk, taken = FakeSession(), FakeDisk(), Taken(100)
    running = asyncio.ensure_future(passing(session, disk, taken).run())
    session.coming.put_nowait([message(1), message(2, qos=0)])
    await until(lambda: len(disk.gates) == 1)
    session.coming.put_nowait(None)
    await asyncio.sleep(0)
    disk.gates[0].set_result(None)
    with pytest.raises(SourceError):
        await running
    assert disk.kept == [1, 2]
    assert taken.has(message(1, again=True))
    assert not taken.has(message(2, qos=0, again=True))


async def test_what_does_not_come_to_disk_is_not_acknowledged() -> None:
    session, disk, taken = FakeSession(), FakeDisk(), Taken(100)
    running = asyncio.ensure_future(passing(session, disk, taken).run())
    session.coming.put_nowait([message(1)])
    session.coming.put_nowait([message(2)])
    await until(lambda: len(disk.gates) == 2)
    disk.gates[0].set_exception(KeepingError("buffer.disk"))
    disk.gates[1].set_result(None)
    with pytest.raises(KeepingError):
        await running
    assert not session.acknowledged
    assert not taken.has(message(1, again=True))
    assert taken.has(message(2, again=True))


async def test_an_end_waits_a_moment_for_the_disk() -> None:
    session, disk = FakeSession(), FakeDisk()
    running = asyncio.ensure_future(passing(session, disk).run())
    session.coming.put_nowait([message(1)])
    await until(lambda: len(disk.gates) == 1)
    running.cancel()
    await asyncio.sleep(0)
    disk.gates[0].set_result(None)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert session.acknowledged == [1]


async def test_an_end_while_the_disk_fails_is_still_an_end() -> None:
    session, disk = FakeSession(), FakeDisk()
    running = asyncio.ensure_future(passing(session, disk).run())
    session.coming.put_nowait([message(1)])
    await until(lambda: len(disk.gates) == 1)
    running.cancel()
    await asyncio.sleep(0)
    disk.gates[0].set_exception(KeepingError("buffer.disk"))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not session.acknowledged


async def test_copies_are_acknowledged_and_not_taken_again() -> None:
    session, disk, taken = FakeSession(), FakeDisk(), Taken(100)
    taken.add([message(1, b"a")])
    running = asyncio.ensure_future(passing(session, disk, taken).run())
    session.coming.put_nowait([message(1, b"a", again=True), message(2, b"b", again=True)])
    await until(lambda: len(disk.gates) == 1)
    disk.gates[0].set_result(None)
    await until(lambda: session.acknowledged == [1, 2])
    assert disk.kept == [2]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_copy_is_one_that_the_broker_calls_so_and_that_says_the_same() -> None:
    taken = Taken(3)
    taken.add([message(1, b"a"), message(2, b"b"), message(3, b"c", qos=0)])
    assert taken.has(message(1, b"a", again=True))
    assert not taken.has(message(1, b"a"))
    assert not taken.has(message(1, b"b", again=True))
    assert not taken.has(message(3, b"c", again=True))
    assert not taken.has(Message("air/b", b"a", 1, False, 1, True))
    taken.add([message(4), message(5)])
    assert not taken.has(message(1, b"a", again=True))
    assert taken.has(message(2, b"b", again=True))
    taken.add([message(2, b"other")])
    assert not taken.has(message(2, b"b", again=True))
