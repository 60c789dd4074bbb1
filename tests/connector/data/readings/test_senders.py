"""connector/data/readings/senders.py: a provider's devices, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from certs import did, jwk
from connector.data.readings.senders import AGAIN, LIFE, LONGEST, Senders
from connector.errors import DeliveryError, NodeError
from connector.protocol.machine import Role
from connector.records import Participant
from connector.store.sqlite import SqliteStore
from policies.model import Reason
from tests.connector.data.readings.posts import Box
from tests.connector.data.world import AGREEMENT, PEER, PID, SetClock, open_store, started

DEVICE = f"{PEER}:edge:box"
URL = "https://utility.example/edge/box/did.json"


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.store: SqliteStore = open_store(folder)
        self.boxes, self.asked, self.down = [Box(DEVICE)], list[tuple[str, bool]](), False
        self.status = ""
        self.senders = Senders(store=self.store, fetch=self, clock=self.clock)
        self.peer = Participant(
            id=PEER, name="utility", url="https://utility.example", base="https://utility.example/dsp", keys={},
            words="", added=0, added_by="a",
        )  # fmt: skip

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        self.asked.append((url, private))
        if self.down:
            raise DeliveryError("peer.unreachable")
        if self.status:
            raise DeliveryError("peer.status", status=self.status)
        keys = [jwk.write(key.key) for box in self.boxes for key in box.keys.values()]
        return msgspec.json.encode(did.device_document(PEER, "box", keys, "https://utility.example/edge/box"))

    async def put(self, *records: Any) -> None:
        for one in records:
            await self.store.write(lambda tx, one=one: tx.put(one))  # type: ignore[misc]

    async def refused(self, device: str = DEVICE, pid: str = PID) -> str:
        with pytest.raises(NodeError) as wrong:
            await self.senders.of(pid, device)
        return wrong.value.reason.code


MOVED = replace(started(format="Allmende-Readings-PUSH"), role=Role.CONSUMER)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.put(MOVED, made.peer)
    yield made
    await made.store.close()


async def test_a_device_is_known_by_its_document(world: World) -> None:
    sender = await world.senders.of(PID, DEVICE)
    assert (sender.device, sender.scope, sender.transfer) == (DEVICE, AGREEMENT, PID)
    assert list(sender.keys) == [world.boxes[0].kid]
    await world.senders.of(PID, DEVICE)
    assert world.asked == [(URL, False)], "it is not asked for with every post"


async def test_a_key_that_is_new_is_found(world: World) -> None:
    await world.senders.of(PID, DEVICE)
    world.boxes.append(Box(DEVICE))
    assert len((await world.senders.of(PID, DEVICE, again=True)).keys) == 1, "not with every wrong seal"
    world.clock.ahead += AGAIN
    assert len((await world.senders.of(PID, DEVICE)).keys) == 1
    assert len((await world.senders.of(PID, DEVICE, again=True)).keys) == 2


async def test_a_document_that_is_away_is_used_as_it_was(world: World) -> None:
    world.down = True
    assert await world.refused() == "peer.unreachable"
    world.down = False
    await world.senders.of(PID, DEVICE)
    world.down = True
    world.clock.ahead += LIFE
    assert list((await world.senders.of(PID, DEVICE)).keys) == [world.boxes[0].kid]


async def test_a_document_that_is_away_for_long_is_none(world: World) -> None:
    await world.senders.of(PID, DEVICE)
    world.down = True
    world.clock.ahead += LIFE
    await world.senders.of(PID, DEVICE)
    await world.senders.of(PID, DEVICE)
    assert len(world.asked) == 2, "it is not asked for with every post"
    world.clock.ahead += LONGEST - LIFE
    assert await world.refused() == "peer.unreachable"


@pytest.mark.parametrize("status", ["404", "410"])
async def test_a_device_that_was_stolen_has_no_document_and_delivers_nothing(world: World, status: str) -> None:
    await world.senders.of(PID, DEVICE)
    world.status = status
    world.clock.ahead += LIFE
    assert await world.refused() == "readings.device"
    assert await world.refused() == "readings.device"
    world.status = "503"
    assert await world.refused() == "peer.status"


@pytest.mark.parametrize(
    "device",
    [
        "", PEER, f"{PEER}:edge:", f"{PEER}:edge:a:b", f"{PEER}:edge:A", f"{PEER}:edge:a/b", f"{PEER}:box",
        "did:web:utility.example.evil:edge:box", "did:web:evil.example:edge:box", "did:key:z6Mk",
    ],
)  # fmt: skip
async def test_a_device_is_one_of_the_provider(world: World, device: str) -> None:
    assert await world.refused(device) == "readings.device"
    assert world.asked == []


async def test_only_where_devices_deliver(world: World) -> None:
    assert await world.refused(pid="urn:uuid:nobody") == "transfer.unknown"
    await world.put(replace(MOVED, format="HttpData-PUSH"))
    assert await world.refused() == "transfer.unknown"
    await world.put(replace(MOVED, role=Role.PROVIDER))
    assert await world.refused() == "transfer.unknown"


async def test_a_provider_that_is_barred_delivers_nothing(world: World) -> None:
    await world.put(replace(world.peer, changed=Reason("peer.keys_changed")))
    assert await world.refused() == "peer.keys_changed"


async def test_a_private_provider_is_asked_privately(world: World) -> None:
    await world.put(replace(world.peer, private=True, url="http://utility.example"))
    await world.senders.of(PID, DEVICE)
    assert world.asked == [(URL.replace("https", "http"), True)]
