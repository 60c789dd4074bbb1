"""Contracts that end on two whole nodes, while the network loses and repeats messages and the nodes crash.

What is wished for and what goes wrong is drawn from a seed. Whatever it was: in the end both sides say the same of the
contract, nothing runs under one that is over, and none has ended earlier than its terms let it, unless both sides have
wished so or one has named a cause. `scripts/test --long ends` plays `ENDS_SEEDS` seeds (`FIRST-LAST`, default 0-300).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from connector.errors import NodeError
from connector.node import Node
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Agreement, Notice
from connector.services.life.contracts import earliest_end, end_of
from connector.services.life.endings import How
from policies import instants, render
from policies.terms import Terms, to_policy
from tests.connector.services.world import settled
from tests.harness import virtual
from tests.harness.frames import at_once
from tests.harness.virtual import EPOCH
from tests.simulation import hosts
from tests.simulation.invariants import judge
from tests.simulation.play import Act, Kind, Plan, Play, healed, staged
from tests.simulation.prepared import Prepared

HOUR = 3600.0
SECOND = 1_000_000
HOURS = 20
END = EPOCH + round(HOURS * HOUR * 1_000_000)
TERMS = Terms(notice="P0D", until=instants.stamp(END))
"""By notice it ends at midnight in Berlin, 15 hours after the beginning of virtual time; by itself some hours later."""
QUICK = 3
SHOWING = 600.0
"""How often heads are shown here, in seconds: a day of more would be spent on nothing else."""


async def _contract(play: Play) -> str:
    """A contract that can be ended by notice, and would end within a day."""
    city, utility = play.hosts

    async def publish(node: Node) -> Any:
        await node.offers.add_asset("mayor", name="ends", title="ends", kind="file", settings={"path": __file__})
        await node.policies.add("mayor", "ends", render.to_dsp(to_policy("urn:x:policy", TERMS)))
        return await node.offers.publish(
            "mayor", "ends", "ends", next(iter(play.offers[0])), await at_once(node.frames)
        )

    offer = await city.do(publish)
    assert offer is not None
    document = {**offer.document, "target": offer.asset}
    service = utility.node.negotiations
    n = await service.request("anna", city.node.did, offer.asset, document)
    n = await settled(service, n.id, ("FINALIZED",))
    assert n.agreement is not None
    await asyncio.sleep(5)
    return str(n.agreement["@id"])


def _wish(rng: random.Random, id: str, now: int) -> Callable[[Node], Awaitable[Any]]:
    """Something that a person wants of the contract."""
    kind = rng.choices(
        ["notice", "propose", "consent", "decline", "hold", "release", "transfer", "cause"],
        [2, 2, 3, 1, 1, 2, 4, 0.15],
    )[0]
    at = None if rng.random() < 0.5 else now + rng.randrange(1, HOURS) * 3_600_000_000

    async def act(node: Node) -> Any:
        match kind:
            case "notice":
                return await node.endings.end("anna", id, How.NOTICE, at=at, text="notice")
            case "propose":
                return await node.endings.end("anna", id, How.AGREEMENT, at=at, text="proposal")
            case "consent":
                return await node.endings.consent("anna", id)
            case "decline":
                return await node.endings.decline("anna", id)
            case "hold":
                return await node.endings.hold("anna", id)
            case "release":
                return await node.endings.release("anna", id)
            case "transfer":
                return await node.transfers.request("anna", id)
            case _:
                return await node.endings.end("anna", id, How.CAUSE, text="cause")

    return act


async def _trouble(play: Play, rng: random.Random) -> None:
    kind = rng.choice([Kind.CRASH, Kind.FUSE, Kind.FUSE, Kind.CUT, Kind.JOIN, Kind.WEATHER, Kind.WEATHER, Kind.REPLAY])
    await play.perform(Act(kind, rng.randrange(2), rng.randrange(1000), rng.random() * 60))


async def _at(play: Play, id: str) -> list[Agreement]:
    """The contract as both sides keep it."""
    found = [await host.node.store.read(lambda view: view.get(Agreement, id)) for host in play.hosts]
    return [one for one in found if one is not None]


async def _no_end_between(play: Play, id: str) -> None:
    """Until no clock has passed an end, or is just passing it, that another one has still to come to."""
    await asyncio.sleep(5)
    while True:
        times = [host.clock.now() for host in play.hosts]
        ends = [end_of(one) for one in await _at(play, id)]
        if not any(end is not None and min(times) - SECOND * 5 <= end <= max(times) for end in ends):
            return
        await asyncio.sleep(10)


def _agree(ours: Agreement, theirs: Agreement) -> None:
    """Both sides say the same."""
    assert ours.in_force == theirs.in_force, (ours, theirs)
    # A cause ends on either side when it is heard there, and one side may only know that the other has ended before.
    apart = {"contract.for_cause", "contract.ended_there"}
    if ours.ended is not None and theirs.ended is not None and apart.isdisjoint({ours.ended.code, theirs.ended.code}):
        assert (ours.ended, ours.closed) == (theirs.ended, theirs.closed)
    if ours.in_force:
        assert ours.ends == theirs.ends, (ours, theirs)


async def _lawful(play: Play, id: str) -> None:
    """What has ended was let end: by a notice in time, by a proposal and a consent to it, for a cause, by its terms."""
    notices = [n for host in play.hosts for n in await host.node.notices.about(id)]
    for one in await _at(play, id):
        if one.ended is None or one.closed is None:
            continue
        match one.ended.code:
            case "contract.by_notice":
                given = [n for n in notices if n.kind == "contract.notice" and n.ours]
                assert any((earliest_end(one, n.created) or 0) <= one.closed for n in given)
            case "contract.by_agreement":
                consents = [n for n in notices if n.kind == "contract.consent" and n.ours]
                proposals = {n.id for n in notices if n.kind == "contract.proposal" and n.ours}
                assert any(n.params["proposal"] in proposals for n in consents)
            case "contract.for_cause":
                assert any(n.kind == "contract.cause" for n in notices)
            case "contract.ended_there":
                assert any(n.kind == "contract.proposal" and b"ended" in n.answer for n in notices)
            case code:
                assert (code, one.closed) == ("contract.expired", END + 1)


async def _quiet(play: Play, id: str) -> None:
    """Nothing runs under a contract that is over, and no notice is left undecided."""
    for host in play.hosts:
        view = host.node.store
        a = await view.read(lambda view: view.get(Agreement, id))
        assert a is not None
        moved = await view.read(lambda view: view.select(Transfer, agreement=id, limit=1000))
        if not a.in_force:
            assert all(TRANSFER.is_terminal(t.state) for t in moved), [(t.id, t.state) for t in moved]
            assert not a.asked
        told = await view.read(lambda view: view.select(Notice, about=id, limit=1000))
        assert all(n.state == "answered" for n in told), [(n.kind, n.state) for n in told]


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads are shown as seldom as that."""
    monkeypatch.setattr(hosts, "EXCHANGE_SECONDS", SHOWING)


@pytest.mark.parametrize("seed", range(QUICK))
def test_both_sides_come_to_the_same_end(prepared: Prepared, tmp_path: Path, seed: int) -> None:
    _played(prepared, tmp_path, seed)


@pytest.mark.long("ends")
def test_many_seeds(prepared: Prepared, tmp_path: Path) -> None:
    failed = []
    for seed in _seeds():
        try:
            _played(prepared, tmp_path / str(seed), seed)
        except AssertionError as error:
            failed.append(f"seed {seed}: {error}")
        shutil.rmtree(tmp_path / str(seed))
    assert not failed, "\n".join(failed)


def _seeds() -> range:
    first, _, last = os.environ.get("ENDS_SEEDS", "0-300").partition("-")
    return range(int(first), int(last))


def _played(prepared: Prepared, folder: Path, seed: int) -> None:
    rng = random.Random(f"ends/{seed}")
    skews = (rng.uniform(-45, 45), 0.0) if seed % 2 else (0.0, 0.0)

    async def main() -> None:
        async with AsyncExitStack() as stack:
            play = await staged(stack, prepared, folder, Plan(f"ends/{seed}", skews, ()))
            id = await _contract(play)
            for _ in range(30):
                if rng.random() < 0.4:
                    await _trouble(play, rng)
                else:
                    host = play.hosts[rng.randrange(2)]
                    with contextlib.suppress(NodeError):  # what cannot be wished for now is not
                        await host.do(_wish(rng, id, host.clock.now()))
                    await asyncio.sleep(rng.choice([0.01, 1.0, 60.0, HOUR / 2]))
            await healed(play)
            await _no_end_between(play, id)
            ours, theirs = await _at(play, id)
            _agree(ours, theirs)
            # And whatever had not ended does when its day comes.
            left = (END - min(host.clock.now() for host in play.hosts)) / 1_000_000
            await asyncio.sleep(max(left, 0) + 120)
            await healed(play)
            ours, theirs = await _at(play, id)
            assert not ours.in_force
            _agree(ours, theirs)
            await _lawful(play, id)
            await _quiet(play, id)
            await judge(play)
        assert not play.network.trouble, play.network.trouble

    virtual.run(main)
