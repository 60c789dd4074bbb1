"""A process that sleeps longer than its peer waits for an answer, and then goes on as if nothing had been.

Covered: SIGSTOP at named points while the peer gives up waiting and sends again; nobody dies, nothing has its effect
twice. Also a sender that is killed between its message and the answer. The long campaign `pauses` stops for ten seconds
at each of the 54 points.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.invariants import check
from tests.faults.processes import QUICK, until
from tests.faults.test_kill_points import POINTS, Point, story, victim_of
from tests.faults.world import NEGOTIATIONS, World

pytestmark = pytest.mark.process
WAITING = 0.7
"""Seconds that a node waits for its peer's answer here."""
SHORT = [
    point
    for point in POINTS
    if str(point)
    in (
        "negotiation-request-provider-receive-before_commit",
        "negotiation-agreement-provider-send-after_send",
        "negotiation-finalized-consumer-receive-after_commit",
        "transfer-start-provider-send-before_send",
        "transfer-restart-consumer-receive-before_commit",
        "transfer-complete-provider-receive-after_commit",
    )
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two running neighbours with little patience."""
    made = World(tmp_path_factory.mktemp("pauses"), settings={**QUICK, "ALLMENDE_NETWORK__DEADLINE": str(WAITING)})
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def contract(world: World) -> str:
    """A contract under which all transfers of this module run."""
    return world.contract()


def pause(world: World, contract: str, point: Point, seconds: float) -> None:
    """Stop the process at the point for a while; nobody dies, and every invariant holds afterwards."""
    victim = victim_of(world, point)
    lived, pid = len(victim.deaths), victim.pid
    with victim.paused(seconds):
        story(world, contract, point, lambda: victim.order(point.fault, "SIGSTOP"))
    assert (victim.deaths[lived:], victim.pid) == ([], pid)
    check(world)


def test_the_short_list_is_whole() -> None:
    assert len(SHORT) == 6


@pytest.mark.parametrize("point", SHORT, ids=str)
def test_pause(world: World, contract: str, point: Point) -> None:
    """Three times as long as the other side waits."""
    pause(world, contract, point, 3 * WAITING)


@pytest.mark.long("pauses")
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_pause_of_ten_seconds(world: World, contract: str, point: Point) -> None:
    """Ten seconds, at every point."""
    pause(world, contract, point, 10.0)


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_sender_killed_while_it_waits_for_the_answer(world: World, moment: str) -> None:
    """The message is on its way, and its sender dies before any byte of an answer has come."""
    lived = len(world.consumer.deaths)
    with world.provider.paused(WAITING / 2):
        world.provider.order(f"receive.ContractRequestMessage.{moment}", "SIGSTOP")
        body = {"peer": "city", "dataset": world.datasets["plain"]}
        pid = world.consumer.call("POST", NEGOTIATIONS, body)["id"]
        until(world.provider.executed, "the request does not arrive")
        world.consumer.kill()
    world.wait(NEGOTIATIONS, pid, "FINALIZED")
    assert world.consumer.deaths[lived:] == [-9]
    check(world)
