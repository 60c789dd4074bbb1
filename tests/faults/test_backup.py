"""A backup while everything goes on, what it brings back, and what a database that went back may not do.

Covered: 32 clients negotiate while the backup is made; the node is restored from it, compares itself with its peer, and
then both agree about every negotiation and contract: what the backup has not seen comes back from the peer, held, by
this node's own signature. A database that is put back by hand (roll-back) is found out by what the peer keeps, on
either side, and nothing is bound or given until somebody says so.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connector.backup.backup import back_up
from connector.backup.restore import Restored, restore
from connector.records import Agreement, Outgoing
from connector.store.view import View
from connector.system import SystemClock
from tests.faults.processes import AwayError, NodeProcess, RefusedError, until
from tests.faults.world import ENDED, NEGOTIATIONS, World

pytestmark = pytest.mark.process
SECRET = b"a passphrase for tests"
CLIENTS = 32
ALL = 100_000


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """Two neighbours of this test's own."""
    made = World(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def backed_up(node: NodeProcess) -> Path:
    """A fresh backup of a node, running or not."""
    target = node.directory.with_suffix(".backup")
    target.unlink(missing_ok=True)
    back_up(node.directory, target, SECRET, now=SystemClock().now(), environment={})
    return target


def lost_and_restored(node: NodeProcess, source: Path) -> Restored:
    """The machine is gone; the node is made again from its backup, and runs."""
    node.close()
    shutil.rmtree(node.directory)
    done = restore(source, node.directory, SECRET, clock=SystemClock())
    node.start()
    return done


def negotiating(world: World, enough: threading.Event) -> None:
    """One client that negotiates again and again, and does not mind anything."""
    while not enough.is_set():
        with contextlib.suppress(AwayError, RefusedError):
            begun = world.consumer.call("POST", NEGOTIATIONS, {"peer": "city", "dataset": world.datasets["plain"]})
            world.consumer.call("GET", f"{NEGOTIATIONS}/{begun['id']}", wait="1", version=str(begun["version"] + 3))
        enough.wait(0.02)


def contracts(node: NodeProcess) -> dict[str, Agreement]:
    return {one.id: one for one in node.look(lambda view: view.select(Agreement, limit=ALL))}


def standing(node: NodeProcess) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in node.listed(NEGOTIATIONS)}


def reconciled(world: World, node: NodeProcess) -> None:
    """Until a restored node has compared itself with its peer, and nothing is under way any more."""

    def done() -> bool:
        checks = {one["name"]: one["reason"] for one in node.call("GET", "/health")["checks"]}
        open_ones = [
            one
            for each in world.nodes
            for one in each.listed(NEGOTIATIONS)
            if one["state"] not in ENDED or one["pending"]
        ]
        return checks["restored"] is None and not open_ones and not any(_waiting(each) for each in world.nodes)

    until(done, f"{node.directory.name} is not reconciled: {world.standing(NEGOTIATIONS)}")


def _waiting(node: NodeProcess) -> int:
    def act(view: View) -> int:
        return view.count(Outgoing)

    return node.look(act)


def agree(world: World) -> None:
    """I1, I2, I5, I7 over a pair of which one has lost its memory: the sides stand alike, and both logs verify."""
    provider, consumer = standing(world.provider), standing(world.consumer)
    for side, other in ((provider, consumer), (consumer, provider)):
        for one in side.values():
            theirs = other.get(one["peer_pid"])
            assert one["state"] in ENDED, one
            assert theirs is not None or one["state"] == "TERMINATED", one
            assert theirs is None or theirs["state"] == one["state"], (one, theirs)
    ours, theirs_ = contracts(world.provider), contracts(world.consumer)
    assert {id: one.hash for id, one in ours.items() if one.in_force} == {
        id: one.hash for id, one in theirs_.items() if one.in_force
    }
    for node in world.nodes:
        until(lambda: node.call("GET", "/v1/audit/verify", timeout=30.0)["ok"], "I5")  # noqa: B023
        assert not node.call("GET", "/v1/audit/verify", timeout=30.0)["findings"]


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_a_backup_during_32_negotiations_is_one_moment_of_the_node(pair: World, who: str) -> None:
    node: NodeProcess = getattr(pair, who)
    enough = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as clients:
        running = [clients.submit(negotiating, pair, enough) for _ in range(CLIENTS)]
        until(lambda: len(pair.consumer.listed(NEGOTIATIONS)) > CLIENTS, "no negotiations")
        source = backed_up(node)
        then = len(pair.consumer.listed(NEGOTIATIONS))
        until(lambda: len(pair.consumer.listed(NEGOTIATIONS)) > then + CLIENTS, "no more negotiations")
        node.kill()  # the machine is gone in the middle of it
        enough.set()
    for one in running:
        one.result()
    done = lost_and_restored(node, source)
    assert done.findings == ()
    assert done.did == node.did
    reconciled(pair, node)
    agree(pair)
    held = [one for one in contracts(node).values() if one.held is not None]
    assert held, "contracts from after the backup came back"
    assert {one.held.code for one in held if one.held} == {"contract.reinstated"}
    assert len(held) < len(contracts(node)), "those that both had alike go on"
    before = contracts(node)
    pair.negotiate()
    assert len(contracts(node)) == len(before) + 1
