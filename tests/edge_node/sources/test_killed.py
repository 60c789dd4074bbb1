"""The whole way from a real broker to disk, killed again and again while readings flow: everything once."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from tests.edge_node.sources import device
from tests.edge_node.sources.taking import until
from tests.edge_node.sources.test_kept import said
from tests.edge_node.sources.test_mqtt import acknowledged, settings
from tests.servers.keeping import ROOT
from tests.servers.mosquitto import CITY, Mosquitto

KILLS = 4
A_SECOND = 150


@pytest.mark.process
async def test_f35_a_device_that_is_killed_while_readings_flow(mosquitto: Mosquitto, tmp_path: Path) -> None:
    chance = random.Random(4)
    given = msgspec.json.encode(settings(mosquitto, tmp_path, in_flight=50)).decode()
    stop = asyncio.Event()
    process = await _started(tmp_path, given)
    await until(lambda: "Sending SUBACK to allmende" in mosquitto.log.read_text())
    saying = asyncio.create_task(_say(mosquitto, stop))
    for _ in range(KILLS):
        before = len(acknowledged(mosquitto))
        await until(lambda before=before: len(acknowledged(mosquitto)) > before + 20)  # type: ignore[misc]
        await asyncio.sleep(chance.random() * 0.2)
        process.kill()
        await process.wait()
        process = await _started(tmp_path, given)
    stop.set()
    count = await saying
    await until(lambda: _last_word(mosquitto) >= count, 60)
    process.kill()
    await process.wait()
    # It was killed with messages in hand, so that the broker said some again.
    assert " (d1, q1, " in mosquitto.log.read_text()
    found = await device.kept(tmp_path)
    assert sorted(found) == list(range(count))


async def _started(directory: Path, given: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.edge_node.sources.device", str(directory), given, cwd=ROOT
    )


async def _say(mosquitto: Mosquitto, stop: asyncio.Event) -> int:
    """Readings without a pause; how many there were."""
    count = 0
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, username="city", password=CITY) as client:
        while not stop.is_set():
            for one in said(count, count + 20):
                await client.publish("air/a", one, qos=1)
            count += 20
            await asyncio.sleep(20 / A_SECOND)
    return count


def _last_word(mosquitto: Mosquitto) -> int:
    """How many different messages have been acknowledged: packets are counted up by the broker."""
    return len(set(acknowledged(mosquitto)))
