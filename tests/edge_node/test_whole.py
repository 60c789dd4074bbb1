"""A device as a process of its own, and one whose link is paid for by the byte."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from connector.data.readings.model import Batch
from connector.system import SystemClock
from edge_node import agent, config
from edge_node.buffer import Buffer
from edge_node.network import link
from edge_node.network.metering import Unlimited
from edge_node.place import identity, joining
from edge_node.seal import Sealer
from policies import instants
from scripts.lib.ports import free_port
from tests.connector.certified import Region, region
from tests.edge_node.running import reading

SECONDS = 30
SETTINGS = """
[series.air.fields]
pm25 = {{ places = 1 }}
noise = {{ places = 1 }}
[sources.sensors]
kind = "http"
series = "air"
with = {{ listen = "127.0.0.1:{port}" }}
[link]
extra_ca = "{authority}"
"""


class Enrolled:
    """The directory of a device that has a place at a served node."""

    def __init__(self, directory: Path, served: Region) -> None:
        self.directory, self.served, self.port = directory, served, free_port()
        self.settle()

    def settle(self, more: str = "") -> None:
        text = SETTINGS.format(port=self.port, authority=self.served.authority)
        (self.directory / config.FILE).write_text(text + more)

    async def say(self, begin: int, count: int) -> int:
        """Sensors report; the status."""
        body = msgspec.json.encode([reading(n, 1_790_000_000_000_000) for n in range(begin, begin + count)])
        url = f"http://127.0.0.1:{self.port}/readings"
        async with aiohttp.ClientSession() as session, session.post(url, data=body) as answer:
            return answer.status

    async def listening(self) -> None:
        """Return when it takes readings."""
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    async def brought(self) -> int:
        """How many readings the node has."""
        from connector.records import DeviceReadings

        found = await self.served.node.store.read(lambda view: view.select(DeviceReadings))
        return sum(last - first + 1 for one in found for pairs in one.held.values() for first, last in pairs)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Enrolled]:
    async with region(tmp_path) as served:
        way = link.opened(config.LinkSettings(extra_ca=str(served.authority)), meter=Unlimited())
        place = joining.read_place(f"{await served.code()}@{served.url}")
        folder = tmp_path / "device"
        folder.mkdir()
        await joining.take_place(place, folder, way, now=SystemClock().now(), draw=secrets.token_bytes)
        await way.close()
        yield Enrolled(folder, served)


async def started(device: Enrolled) -> asyncio.subprocess.Process:
    allmende = str(Path(sys.executable).with_name("allmende"))
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    made = await asyncio.create_subprocess_exec(allmende, "edge", "run", str(device.directory), env=environment)
    await device.listening()
    return made


def spooled(device: Enrolled) -> list[tuple[int, int, int]]:
    """Number, instant and value of every reading in the buffer."""
    own = identity.load(device.directory, draw=secrets.token_bytes)
    sealer = Sealer(own.key, own.kid)
    buffer = Buffer.open(device.directory / agent.BUFFER, sealing=sealer, clock=SystemClock().now)
    found: list[Any] = []
    for one in buffer.read(1, ((1, 1 << 52),), 1 << 40):
        batch = sealer.opened(one.data)
        assert isinstance(batch, Batch)
        numbers = range(batch.first, batch.last + 1)
        found += zip(numbers, batch.rows.times, batch.rows.columns[0], strict=True)
    return found


@pytest.mark.process
async def test_a_device_that_is_told_to_stop_loses_nothing_and_goes_on_with_its_numbers(device: Enrolled) -> None:
    """SIGTERM while sensors speak: what was answered is there once, and so is what comes after the next start."""
    device.settle("[buffer]\nkeep_days = 1\ncommit_seconds = 0.3\n")
    answered: list[int] = []
    for turn in range(2):
        process = await started(device)
        posts = [asyncio.ensure_future(device.say(begin, 10)) for begin in range(turn * 200, turn * 200 + 200, 10)]
        await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), SECONDS) == 0
        told = await asyncio.gather(*posts, return_exceptions=True)
        answered += [turn * 200 + n * 10 + m for n, status in enumerate(told) if status == 204 for m in range(10)]
    assert answered
    found = spooled(device)
    assert [number for number, *_ in found] == [*range(1, len(found) + 1)]
    begin = instants.instant(reading(0, 1_790_000_000_000_000)["at"])
    kept = sorted(at - begin for _, at, _ in found)
    assert len(kept) == len(set(kept)), "once each"
    assert set(answered) <= set(kept), "and all that was answered"
    again = await started(device)
    assert await device.say(1000, 1) == 204
    async with asyncio.timeout(SECONDS):
        while await device.brought() < len(found) + 1:
            await asyncio.sleep(0.02)
    again.terminate()
    assert await asyncio.wait_for(again.wait(), SECONDS) == 0


def unreachable(*_: Any) -> Any:
    """Stands for `Link._open` where there is no network."""
    raise OSError


BUDGET, BACKLOG = 60_000, 20_000


async def test_a_link_that_is_paid_for_carries_no_more_than_it_may_and_the_newest_first(device: Enrolled) -> None:
    more = f"bytes_per_day = {BUDGET}\npost_bytes = 4096\n"
    device.settle(more + "[buffer]\ncommit_seconds = 0.05\n")
    own = identity.load(device.directory, draw=secrets.token_bytes)
    running = agent.Agent(device.directory, config.read(device.directory), own)
    stop = asyncio.Event()
    going = asyncio.create_task(running.run(stop))
    try:
        await device.listening()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(link.Link, "_open", unreachable)
            for said in range(0, BACKLOG, 1000):
                assert await device.say(said, 1000) == 204
        said = BACKLOG
        async with asyncio.timeout(SECONDS):
            while running._spare():
                assert await device.say(said, 10) == 204
                said += 10
                await asyncio.sleep(0.05)
            assert await device.brought() < said, "half of the day's bytes are for what is new"
            while (top := running.buffer.held("home")[1][-1][1]) < said:
                await asyncio.sleep(0.02)
            assert top == said, "which has gone before the backlog"
            while not any(one.code == "link.budget" for one in running.sync.standing()):
                assert await device.say(said, 500) == 204
                said += 500
        spent = running.budget.today
        for _ in range(5):
            assert await device.say(said, 500) == 204
            said += 500
        assert running.budget.today == spent <= BUDGET
    finally:
        stop.set()
        await going
