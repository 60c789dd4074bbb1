"""Duties on the way out, all the way: a real buffer, lines to the node and a consumer, real receivers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from connector.data.readings.model import Series
from edge_node.delivery.sync import HOME
from edge_node.errors import KeepingError
from policies.model import ODRL
from policies.transforms import chain
from policies.transforms.said import chain_of
from tests.connector.data.world import AGREEMENT
from tests.edge_node.delivering import AIR, NAMES, SECOND
from tests.edge_node.delivery.test_sync import World
from tests.policies.transforms.duties import duty, policy

HOUR = 3600 * SECOND
DELAYED = chain(policy(duty("delay", **{ODRL + "delayPeriod": "PT1H"})))
MASK = {
    "action": "urn:allmende:pseudonymise",
    "constraint": [{"leftOperand": "urn:allmende:field", "operator": "eq", "rightOperand": "thing"}],
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.away.begun()
    yield made
    await made.box.buffer.close()
    await made.home.store.close()
    await made.away.store.close()


async def test_a_delay_at_collection_holds_for_the_devices_own_node_too(world: World) -> None:
    assert DELAYED is not None
    await world.box.buffer.append([], await world.box.told(Series("air", AIR.fields, DELAYED.text)))
    await world.box.measure(100)
    world.box.now += HOUR
    cut = world.box.taken[49][1]
    world.box.now = cut + HOUR
    async with world.running() as sync:
        await world.until(lambda: any(one.name == HOME and one.sent == 50 for one in sync.standing()))
        await sync.drained()
        rows = await world.home.rows()
        assert sorted(rows) == sorted(world.box.taken[:50])
        world.box.now += HOUR
        await world.delivered(sync)
    assert sorted(await world.home.rows()) == sorted(world.box.taken)


async def test_pseudonyms_arrive_and_their_key_ends_with_the_contract(world: World) -> None:
    world.box.orders = world.box.ordered(MASK)
    await world.box.measure(60)
    kept: dict[str, Any] = {}
    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
        await world.delivered(sync)
        kept = {name: world.box.buffer.get(name) for name in _of_contract()}
        assert all(kept.values())
        # Between two transfers pseudonyms stay what they are; so they do for whoever hears nothing of contracts.
        for number, agreements in ((2, (AGREEMENT,)), (3, None)):
            world.box.orders = replace(world.box.orders, number=number, deliveries=(), agreements=agreements)
            sync.wake()
            await world.until(lambda: len(sync.standing()) == 1)
            await sync.drained()
            assert {name: world.box.buffer.get(name) for name in _of_contract()} == kept
        world.box.orders = replace(world.box.orders, number=4, agreements=())
        sync.wake()
        await world.until(lambda: not any(world.box.buffer.get(name) for name in _of_contract()))
    away, home = await world.away.rows(), await world.home.rows()
    assert sorted(home) == sorted(world.box.taken)
    assert sorted(row[1:] for row in away) == sorted(row[1:] for row in world.box.taken)
    assert len({row[0] for row in away}) == 3
    assert not {row[0] for row in away} & set(NAMES)
    done = [chain_of(series.done) for _, series in (await world.away.said()).series]
    assert [step.fields for one in done if one for step in one.steps if hasattr(step, "fields")] == [("thing",)]


async def test_the_key_ends_also_where_the_contract_ended_while_the_device_was_off(world: World) -> None:
    world.box.orders = world.box.ordered(MASK)
    await world.box.measure(10)
    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
    assert all(world.box.buffer.get(name) for name in _of_contract())
    world.box.orders = replace(world.box.orders, number=2, deliveries=(), agreements=())
    async with world.running():
        await world.until(lambda: not any(world.box.buffer.get(name) for name in _of_contract()))


async def test_what_cannot_be_forgotten_now_is_forgotten_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.box.orders = world.box.ordered(MASK)
    await world.box.measure(10)
    put, failed = world.box.buffer.put, list[str]()

    async def broken(name: str, value: bytes | None) -> None:
        if value is None and len(failed) < 2:
            failed.append(name)
            raise KeepingError("buffer.disk")
        await put(name, value)

    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
        monkeypatch.setattr(world.box.buffer, "put", broken)
        world.box.orders = replace(world.box.orders, number=2, deliveries=(), agreements=())
        sync.wake()
        await world.until(lambda: len(failed) == 1)
        for _ in range(2):
            await sync.drained()
        assert len(failed) == 2
        assert not any(world.box.buffer.get(name) for name in _of_contract())


def _of_contract() -> tuple[str, str]:
    return f"leaving.key.{AGREEMENT}", f"leaving.names.{AGREEMENT}"
