"""connector/gatewaying.py: a whole node and a device that speak over TLS, with the device's own link."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs import cbor, cose
from connector.data.readings.orders import Orders
from connector.records import DeviceRelease
from connector.system import SystemClock
from edge_node.config import LinkSettings
from edge_node.network.link import Answer, Link, opened
from edge_node.network.metering import Unlimited
from edge_node.place import identity, joining
from edge_node.place.identity import Identity
from tests.connector.certified import Region, region


class Device:
    """A device with a place at a served node."""

    def __init__(self, served: Region, link: Link, one: Identity) -> None:
        self.served, self.link, self.identity = served, link, one

    def token(self) -> str:
        return self.identity.authorization(SystemClock().now())

    async def ask(self, **said: Any) -> Answer:
        return await self.link.post(
            f"{self.served.url}/edge/orders",
            msgspec.json.encode(said),
            media_type="application/json",
            authorization=self.token(),
            private=True,
            deadline=60,
        )

    def read(self, answer: Answer) -> Orders:
        assert answer.status == 200, answer.body
        return msgspec.json.decode(cose.verify(answer.body, self.identity.node_keys).payload, type=Orders)

    async def held(self, authorization: str) -> Answer:
        url = f"{self.served.url}/edge/readings"
        return await self.link.get(url, authorization=authorization, device=self.identity.device, private=True)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    async with region(tmp_path, region__orders_days="2") as served:
        link = opened(LinkSettings(extra_ca=str(served.authority)), meter=Unlimited())
        place = joining.read_place(f"{await served.code()}@{served.url}")
        folder = tmp_path / "device"
        folder.mkdir()
        await joining.take_place(place, folder, link, now=SystemClock().now(), draw=secrets.token_bytes)
        yield Device(served, link, identity.load(folder, draw=secrets.token_bytes))
        await link.close()


async def test_who_waits_is_answered_when_something_is_wanted_of_it(device: Device) -> None:
    node = device.served.node
    assert node.edge is not None
    known = device.read(await device.ask())
    assert known.stale == 2 * 86_400
    waiting = asyncio.create_task(device.ask(after=known.number, issued=known.issued, wait=50))
    while not node.edge.ordering._waiting:
        await asyncio.sleep(0.001)
    await node.edge.fleet.update("admin", device.identity.device, DeviceRelease("1.1", "https://x.example/a", "0" * 64))
    found = device.read(await asyncio.wait_for(waiting, 20))
    assert found.number == known.number + 1
    assert found.release is not None


async def test_a_node_that_stops_waits_for_no_device(device: Device) -> None:
    node = device.served.node
    assert node.edge is not None
    known = device.read(await device.ask())
    waiting = asyncio.create_task(device.ask(after=known.number, issued=known.issued, wait=50))
    while not node.edge.ordering._waiting:
        await asyncio.sleep(0.001)
    await node.edge.ordering.close()
    assert (await asyncio.wait_for(waiting, 20)).status == 204


async def test_readings_are_brought_by_devices_alone(device: Device) -> None:
    token = device.token()
    found = await device.held(token)
    assert found.status == 200, found.body
    assert cbor.loads(found.body)["held"] == {}
    assert (await device.held(token)).status == 401
    assert (await device.held("Bearer AAAA")).status == 401
    region = device.served.node.trust.services.region
    assert region is not None
    await region.members.suspend("admin", device.identity.device)
    assert (await device.held(device.token())).status == 403
