"""A contract that counts to three, under fifty clients at once: exactly three uses, also when the provider is killed.

Covered: the counter is drawn in the transaction that permits the access, so a kill before its commit costs no use, and
one behind it costs the uses that were permitted and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import msgspec
import pytest

from connector.records import Written
from connector.store.view import View
from tests.faults.invariants import check
from tests.faults.world import CONTENT, TRANSFERS, Grant, World

pytestmark = pytest.mark.process
CLIENTS = 50


class Counted(msgspec.Struct, frozen=True):
    """What a client needs, and which contract it is about."""

    grant: Grant
    contract: str


@pytest.fixture
def counted(world: World) -> Iterator[Counted]:
    """A started transfer under a fresh contract for three uses; completed in the end."""
    contract = world.contract("thrice")
    pid = world.begun(TRANSFERS, {"contract": contract})
    world.wait(TRANSFERS, pid, "STARTED")
    yield Counted(world.grant(pid), contract)
    world.command(world.consumer, pid, "complete", "COMPLETED")
    world.wait(TRANSFERS, pid, "COMPLETED")
    check(world)


async def _all_at_once(grant: Grant) -> list[tuple[int, bytes]]:
    """Fifty clients, each with a connection of its own: status and body, status 0 where the connection broke."""

    async def one() -> tuple[int, bytes]:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(grant.url, headers={"Authorization": grant.authorization}) as answer,
            ):
                return answer.status, await answer.read()
        except (aiohttp.ClientError, OSError):
            return 0, b""

    return await asyncio.gather(*(one() for _ in range(CLIENTS)))


def _uses(world: World, contract: str) -> list[int]:
    """The numbers of the uses that the provider's audit holds."""

    def act(view: View) -> list[int]:
        entries: list[Written] = [msgspec.json.decode(one.body, type=Written) for one in view.log(limit=1_000_000)]
        return [
            int(one.params["use"])
            for one in entries
            if one.event == "access.permitted" and one.params["agreement"] == contract
        ]

    return world.provider.look(act)


def _refusals(answers: list[tuple[int, bytes]]) -> set[str]:
    told: list[dict[str, Any]] = [msgspec.json.decode(body) for status, body in answers if status == 403]
    return {one["code"] for one in told}


async def test_exactly_three(world: World, counted: Counted) -> None:
    """Three are served, 47 hear why not; asking again changes nothing."""
    answers = await _all_at_once(counted.grant)
    assert sorted(status for status, _ in answers) == [200] * 3 + [403] * 47
    assert {body for status, body in answers if status == 200} == {CONTENT}
    assert len(_refusals(answers)) == 1
    assert {status for status, _ in await _all_at_once(counted.grant)} == {403}
    assert _uses(world, counted.contract) == [1, 2, 3]


@pytest.mark.parametrize("point", ["gate.deciding", "gate.admitted"])
async def test_exactly_three_across_a_kill(world: World, counted: Counted, point: str) -> None:
    """The provider dies in the middle of the fifty. A use is lost only where its commit was."""
    lived = len(world.provider.deaths)
    world.provider.order(point)
    before = await _all_at_once(counted.grant)
    assert world.provider.executed(), f"{point} was never reached"
    assert any(status == 0 for status, _ in before)
    await asyncio.to_thread(world.provider.wait_ready)
    after = [answer for _ in range(2) for answer in await _all_at_once(counted.grant)]
    assert world.provider.deaths[lived:] == [-9]
    assert _uses(world, counted.contract) == [1, 2, 3]
    served = [body for status, body in before + after if status == 200]
    assert len(served) == 3 if point == "gate.deciding" else len(served) < 3
    assert set(served) <= {CONTENT}
    assert {status for status, _ in after} <= {200, 403}


async def test_exactly_three_when_killed_from_outside(world: World, counted: Counted) -> None:
    """kill -9 at some moment of three rounds of fifty: no more than three are served, and three are counted."""
    served = 0
    for _ in range(3):
        asking = asyncio.create_task(_all_at_once(counted.grant))
        await asyncio.sleep(0.05)
        world.provider.kill()
        served += sum(status == 200 for status, _ in await asking)
        await asyncio.to_thread(world.provider.wait_ready)
    served += sum(status == 200 for status, _ in await _all_at_once(counted.grant))
    assert served <= 3
    assert _uses(world, counted.contract) == [1, 2, 3]
