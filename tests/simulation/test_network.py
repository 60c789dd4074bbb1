"""The simulation itself: one seed is one run, a crash loses only what was not committed, the checker sees."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from connector.errors import DeliveryError
from connector.protocol.negotiation import Negotiation
from connector.records import Outgoing
from connector.services import processes
from tests.harness import virtual
from tests.simulation.hosts import Host
from tests.simulation.invariants import judge
from tests.simulation.network import Letter
from tests.simulation.play import Act, Kind, Plan, healed, plan, run, staged
from tests.simulation.prepared import Prepared

CALM = Plan("calm", (0.0, 0.0), ())


def test_one_seed_replays_a_run_exactly(prepared: Prepared) -> None:
    first, second = (run(prepared, plan(7), judge).network.trace for _ in range(2))
    assert len(first) > 50
    assert first == second
    assert first != run(prepared, plan(8), judge).network.trace


REQUEST = Act(Kind.REQUEST, 1)


@pytest.mark.parametrize(
    ("point", "kept"),
    [
        ("receive.ContractRequestMessage.before_commit", False),
        ("receive.ContractRequestMessage.after_commit", True),
        ("receive.ContractRequestMessage.after_ack", True),
        ("send.ContractAgreementMessage.before_send", True),
    ],
)
def test_a_crash_loses_what_was_not_committed_and_nothing_else(
    prepared: Prepared, tmp_path: Path, point: str, kept: bool
) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            play = await staged(stack, prepared, tmp_path, CALM)
            provider = play.hosts[0]
            before = await _count(provider)
            _crash_at(provider, point)
            await play.perform(REQUEST)
            while provider.up:
                await asyncio.sleep(0.01)
            play.network.cut = {("utility", "city"), ("city", "utility")}
            await provider.boot()
            assert await _count(provider) - before == kept
            await healed(play)
            assert await _count(provider) - before == 1
            await judge(play)
        assert not play.network.trouble

    virtual.run(story)


async def _count(host: Host) -> int:
    return await host.node.store.read(lambda view: view.count(Negotiation))


def _crash_at(host: Host, point: str) -> None:
    life = host.life
    assert life is not None
    burn = life.fault

    def fault(reached: str) -> None:
        if reached == point and not life.dead:
            life.fuse = 1
        burn(reached)

    life.node.outbox._fault = life.node.negotiations._fault = fault


def test_a_dead_host_answers_nothing_and_sends_nothing(prepared: Prepared, tmp_path: Path) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            play = await staged(stack, prepared, tmp_path, CALM)
            city, utility = play.hosts
            await play.perform(REQUEST)
            city.die()
            posted = len(play.network.letters)
            await asyncio.sleep(120)
            assert not [letter for letter in play.network.letters[posted:] if letter.sender == "city"]
            letter = Letter("utility", "city", play.network.letters[0].request)
            with pytest.raises(DeliveryError):
                await play.network.deliver(letter)
            [standing] = utility.node.outbox.standing()
            assert standing.reason is not None
            assert standing.reason.code == "peer.unreachable"
            assert await utility.node.store.read(lambda view: view.count(Outgoing)) == 1
            await healed(play)
            await judge(play)

    virtual.run(story)


def test_repeats_that_are_not_recognised_are_found(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that keeps no answers refuses the repeat of what it has taken: the two sides part."""
    answer = processes.Processes._answer

    def forgetful(self: Any, tx: Any, *rest: Any) -> Any:
        tx.remember = lambda *_: None
        return answer(self, tx, *rest)

    monkeypatch.setattr(processes.Processes, "_answer", forgetful)
    with pytest.raises(AssertionError):
        for seed in range(50):
            run(prepared, plan(seed), judge)


def test_what_cannot_come_to_rest_is_told(prepared: Prepared, tmp_path: Path) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            play = await staged(stack, prepared, tmp_path, CALM)
            await play.hosts[1].node.outbox.close()
            await play.perform(REQUEST)
            with pytest.raises(AssertionError, match="stuck: utility sends ContractRequestMessage"):
                await healed(play)

    virtual.run(story)
