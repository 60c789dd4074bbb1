"""Single faults with a known outcome: flapping links, one direction dead, ten copies, a repeat a day later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from connector.protocol.negotiation import Negotiation
from connector.records import Outside
from tests.connector.services.world import settled
from tests.harness import virtual
from tests.simulation.invariants import judge
from tests.simulation.play import Act, Kind, Plan, Play, healed, staged
from tests.simulation.prepared import Prepared

CALM = Plan("calm", (0.0, 0.0), ())
WITHIN = Act(Kind.REQUEST, 1, list(Outside).index(Outside.COUNTER))
Story = Callable[[Play], Awaitable[None]]


def played(prepared: Prepared, folder: Path, story: Story) -> None:
    """Two calm nodes, a story, rest and judgement."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            play = await staged(stack, prepared, folder, CALM)
            await story(play)
            await healed(play)
            await judge(play)
        assert not play.network.trouble

    virtual.run(main)


async def asked(play: Play) -> Negotiation:
    """A negotiation that the utility has just begun."""
    known = {n.id for n in await _all(play)}
    await play.perform(WITHIN)
    while True:
        fresh = [n for n in await _all(play) if n.id not in known]
        if fresh:
            return fresh[0]
        await asyncio.sleep(0.001)


async def _all(play: Play) -> list[Negotiation]:
    return await play.hosts[1].node.store.read(lambda view: view.select(Negotiation))


@pytest.mark.parametrize("cut", [("city", "utility"), ("utility", "city")])
def test_one_dead_direction_holds_a_negotiation_up_and_no_longer(
    prepared: Prepared, tmp_path: Path, cut: tuple[str, str]
) -> None:
    async def story(play: Play) -> None:
        play.network.cut.add(cut)
        n = await asked(play)
        await asyncio.sleep(1200)
        service = play.hosts[1].node.negotiations
        assert (await service.get(n.id)).state != "FINALIZED"
        play.network.cut.clear()
        back = asyncio.get_running_loop().time()
        assert (await settled(service, n.id, ("FINALIZED", "TERMINATED"))).state == "FINALIZED"
        # Both queues may wait for their longest interval, and a request for its deadline.
        assert asyncio.get_running_loop().time() - back < 180

    played(prepared, tmp_path, story)


def test_a_link_that_flaps_every_two_seconds_ends_nothing(prepared: Prepared, tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        started = [await asked(play) for _ in range(5)]
        for _ in range(60):
            play.network.cut = {("city", "utility"), ("utility", "city")}
            await asyncio.sleep(2)
            play.network.cut = set()
            await asyncio.sleep(2)
        service = play.hosts[1].node.negotiations
        assert {(await service.get(n.id)).state for n in started} == {"FINALIZED"}

    played(prepared, tmp_path, story)


def test_ten_copies_of_every_request_have_the_effect_of_one(prepared: Prepared, tmp_path: Path) -> None:
    """Copies with the same token are refused as replayed; nothing but the first has an effect."""

    async def story(play: Play) -> None:
        n = await asked(play)
        copied = 0
        while (await play.hosts[1].node.negotiations.get(n.id)).state != "FINALIZED":
            for letter in play.network.letters[copied:]:
                for _ in range(10):
                    await play.network.deliver(letter)
            copied = len(play.network.letters)
            await asyncio.sleep(0.005)
        assert copied >= 4
        assert len(await play.hosts[0].node.contracts.select()) == len(await play.hosts[1].node.contracts.select())

    played(prepared, tmp_path, story)


def test_what_was_captured_is_worth_nothing_a_day_later(prepared: Prepared, tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        n = await asked(play)
        await settled(play.hosts[1].node.negotiations, n.id, ("FINALIZED",))
        letters = list(play.network.letters)
        for host in play.hosts:
            host.die()
        await asyncio.sleep(86_400)
        for host in play.hosts:
            await host.boot()
        before = [await host.node.audit.log(limit=1000) for host in play.hosts]
        for letter in letters:
            assert (await play.network.deliver(letter)).status == 401
        assert [await host.node.audit.log(limit=1000) for host in play.hosts] == before

    played(prepared, tmp_path, story)
