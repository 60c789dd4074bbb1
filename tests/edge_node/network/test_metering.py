"""Tests of edge_node.network.metering: the day's bytes, also across a crash, and what a connection has cost."""

from __future__ import annotations

import asyncio
import socket

import pytest

from edge_node.network.metering import Budget, Counter

DAY = 86_400_000_000
NOON = 20_000 * DAY + DAY // 2


class Disk:
    """Small values, and how often they were written."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.writes = 0

    def get(self, name: str) -> bytes | None:
        return self.held.get(name)

    async def put(self, name: str, value: bytes) -> None:
        self.held[name] = value
        self.writes += 1


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_day_has_so_many_bytes(disk: Disk, clock: Clock) -> None:
    budget = Budget(1_000_000, kept=disk, now=clock)
    budget.used(600_000, 300_000)
    assert (budget.left(), budget.today, budget.sent, budget.received) == (100_000, 900_000, 600_000, 300_000)
    budget.used(200_000, 0)
    assert budget.left() == 0
    assert budget.seconds() == 43_201
    clock.now += DAY // 2
    assert budget.left() == 1_000_000


async def test_without_a_limit_nothing_is_written(disk: Disk, clock: Clock) -> None:
    budget = Budget(0, kept=disk, now=clock)
    assert await budget.allows(1 << 40)
    budget.used(10_000_000, 0)
    assert (budget.left(), budget.today, disk.writes) == (None, 10_000_000, 0)


async def test_a_crash_gives_nothing_back_and_little_is_written(disk: Disk, clock: Clock) -> None:
    spent = 0
    budget = Budget(10_000_000, kept=disk, now=clock)
    for _ in range(500):
        assert await budget.allows(10_000)
        budget.used(9_000, 1_000)
        spent += 10_000
        left = Budget(10_000_000, kept=disk, now=clock).left()
        assert left is not None
        assert 10_000_000 - spent - 170_000 <= left <= 10_000_000 - spent
    assert disk.writes <= 64
    assert not await budget.allows(5_000_001)
    assert disk.writes <= 64, "what is not allowed is not written down"


@pytest.mark.parametrize(("days", "fresh"), [(1, True), (400, True), (0, False), (-1, False), (-2, True), (-400, True)])
async def test_a_clock_that_is_set(disk: Disk, clock: Clock, days: int, fresh: bool) -> None:
    budget = Budget(1_000_000, kept=disk, now=clock)
    assert await budget.allows(900_000)
    budget.used(900_000, 0)
    clock.now += days * DAY
    for one in (budget, Budget(1_000_000, kept=disk, now=clock)):
        assert (one.left() == 1_000_000) == fresh


@pytest.mark.parametrize("data", [b"", b"short", b"x" * 17])
def test_what_cannot_be_read_counts_as_nothing(disk: Disk, clock: Clock, data: bytes) -> None:
    disk.held["link.spent"] = data
    assert Budget(1_000, kept=disk, now=clock).left() == 1_000


async def test_a_connection_is_counted_with_the_heads_of_its_packets() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(50_000))
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    own = socket.create_connection(server.sockets[0].getsockname())
    own.setblocking(False)
    counter = Counter(own)
    reader, writer = await asyncio.open_connection(sock=own)
    before = counter.more()
    assert before is not None
    assert 0 < sum(before) < 400, "a handshake"
    writer.write(b"x" * 50_000)
    await reader.readexactly(50_000)
    more = counter.more()
    assert more is not None
    assert all(50_000 < one < 55_000 for one in more)
    assert counter.more() == (0, 0)
    writer.close()
    await writer.wait_closed()
    assert counter.more() is None
    server.close()
