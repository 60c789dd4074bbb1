"""edge_node/agent.py: a device as it runs, beside its city and a utility: what it takes is there once, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_node.running import World, arrived, digest, world


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(tmp_path, monkeypatch) as one:
        yield one


async def test_what_sensors_say_is_at_the_city_and_under_contract_at_the_utility(made: World) -> None:
    agreed = await made.contract()
    await made.device.report(100)
    await made.device.drained(agreed)
    here, there = await arrived(made.two.city), await arrived(made.two.utility, contract=agreed)
    assert [one["n"] for one in there] == [*range(1, 101)]
    assert digest(here) == digest(there) == digest(made.device.said)
