"""kill -9 from outside, again and again, while 32 negotiations go on side by side.

Covered: every negotiation that was begun ends FINALIZED or TERMINATED on both sides, none is stuck, and all invariants
hold. The seed decides who is killed and when; the long campaign `killloop` does it for longer and with more seeds.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.invariants import check
from tests.faults.processes import AwayError, RefusedError, until
from tests.faults.world import NEGOTIATIONS, World

pytestmark = pytest.mark.process
CLIENTS = 32


def kill_loop(world: World, seed: int, kills: int) -> Counter[str]:
    """Negotiate with 32 clients until so many kills have been done, and more is agreed than was begun before the first;
    how the negotiations ended at the consumer."""
    random_ = random.Random(seed)
    enough = threading.Event()

    def negotiate() -> None:
        while not enough.is_set():
            with contextlib.suppress(AwayError, RefusedError):
                begun = world.consumer.call("POST", NEGOTIATIONS, {"peer": "city", "dataset": world.datasets["plain"]})
                world.consumer.call("GET", f"{NEGOTIATIONS}/{begun['id']}", wait="1", version=str(begun["version"] + 3))
            enough.wait(0.02)

    with ThreadPoolExecutor(CLIENTS) as clients:
        running = [clients.submit(negotiate) for _ in range(CLIENTS)]
        for _ in range(kills):
            time.sleep(random_.uniform(0.2, 1.0))
            random_.choice(world.nodes).kill()
        try:
            until(lambda: _ended(world)["FINALIZED"] > CLIENTS, "nothing is agreed any more")
        finally:
            enough.set()
    for one in running:
        one.result()
    until(lambda: [node.call("GET", "/ready") for node in world.nodes], "somebody does not come back")
    check(world)
    return _ended(world)


def _ended(world: World) -> Counter[str]:
    return Counter(one["state"] for one in world.consumer.listed(NEGOTIATIONS))


def _assert_lively(world: World, seed: int, kills: int) -> None:
    before = sum(len(node.deaths) for node in world.nodes)
    ended = kill_loop(world, seed, kills)
    died = [death for node in world.nodes for death in node.deaths]
    assert set(died) == {-9}
    assert len(died) - before >= kills // 2, "a kill may meet a process that has not been started again yet, not most"
    assert set(ended) <= {"FINALIZED", "TERMINATED"}


def test_kills_during_parallel_negotiations(world: World) -> None:
    _assert_lively(world, seed=1, kills=8)


@pytest.mark.long("killloop")
@pytest.mark.parametrize("seed", range(2, 7))
def test_kills_for_longer(world: World, seed: int) -> None:
    _assert_lively(world, seed, kills=60)
