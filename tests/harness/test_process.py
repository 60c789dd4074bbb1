"""kill -9 at each of the 54 named points, on either side: the node goes on by itself and both sides agree in the end.

Points: for each of the four messages of a shortest negotiation and the five of a transfer, the receiver before its
commit, after it, and after its answer; the sender before sending, after sending, and before it keeps the answer. A
point that is not reached fails its test.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector import config, node
from tests.harness.invariants import taken, violations
from tests.harness.process import NodeProcess, until

PATIENCE = 15.0
LOST = (OSError, http.client.HTTPException)
RECEIVER = ("before_commit", "after_commit", "after_ack")
SENDER = ("before_send", "after_send", "after_ack")

Point = tuple[str, str, int]
"""Side, point, hit."""


def points(message: str, sender: str, receiver: str, hit: int = 1) -> list[Point]:
    """The six points of one message."""
    received = [(receiver, f"receive.{message}.{at}", hit) for at in RECEIVER]
    return received + [(sender, f"send.{message}.{at}", hit) for at in SENDER]


NEGOTIATION = [
    *points("ContractRequestMessage", "town", "city"),
    *points("ContractAgreementMessage", "city", "town"),
    *points("ContractAgreementVerificationMessage", "town", "city"),
    *points("ContractNegotiationEventMessage", "city", "town"),
]
TRANSFER = [
    *points("TransferRequestMessage", "town", "city"),
    *points("TransferStartMessage", "city", "town"),
    *points("TransferSuspensionMessage", "town", "city"),
    *points("TransferStartMessage", "city", "town", 2),
    *points("TransferCompletionMessage", "town", "city"),
]


class Pair:
    """A city that provides and a town that consumes."""

    def __init__(self, directory: Path) -> None:
        self.city, self.town = NodeProcess(directory / "city"), NodeProcess(directory / "town")
        self.sides = {"city": self.city, "town": self.town}
        for side in self.sides.values():
            side.start()
        self.city.pin(self.town)
        self.town.pin(self.city)
        file = directory / "trees.csv"
        file.write_text("species,height\noak,12\n")
        self.dataset = self.city.share("trees", file)

    def negotiate(self) -> str:
        """A finished contract's negotiation, at the town."""
        pid = str(self.town.ask("POST", "/v1/negotiations", {"peer": "city", "dataset": self.dataset})["id"])
        assert until(lambda: self.stands("negotiations", pid, "FINALIZED"), PATIENCE)
        return pid

    def contract(self) -> str:
        """A contract of the town."""
        return str(self.town.ask("GET", f"/v1/negotiations/{self.negotiate()}")["contract"])

    def stands(self, kind: str, pid: str, state: str) -> bool:
        """Both sides stand in this state with nothing under way. `pid` is the town's."""
        mine = self.town.ask("GET", f"/v1/{kind}/{pid}")
        if mine["state"] != state or mine["pending"]:
            return False
        return self.city.state(kind, mine["peer_pid"]) == state

    def finish(self) -> list[str]:
        """End both and look through both stores: what is broken."""
        found = []
        for side in self.sides.values():
            verdict = side.ask("GET", "/v1/audit/verify")
            found += [] if verdict["ok"] and not verdict["silent"] else [f"{side.name}: {verdict}"]
            if waiting := side.ask("GET", "/v1/status")["outbox"]:
                found.append(f"{side.name}: {waiting}")
        for side in self.sides.values():
            if side.close() != 0:
                found.append(f"{side.name} did not end cleanly")
        return found


class Killing:
    """A process that is driven on while one of the two nodes dies once and is started again."""

    def __init__(self, pair: Pair, kind: str, point: Point) -> None:
        side, name, hit = point
        self._pair, self._kind, self._victim = pair, kind, pair.sides[side]
        self._before = self._listed()
        self.died = False
        self._victim.arm("kill", name, hit)

    def begin(self, body: Any) -> str:
        """Have the town begin a process; its id, also where the answer was lost."""
        self._order(self._pair.town, f"/v1/{self._kind}", body)
        assert self._until(lambda: len(self._listed() - self._before) == 1)
        return (self._listed() - self._before).pop()

    def move(self, side: NodeProcess, act: str, pid: str, state: str) -> None:
        """Give an order at one side and wait for its effect on both."""
        own = pid if side is self._pair.town else self._pair.town.ask("GET", f"/v1/{self._kind}/{pid}")["peer_pid"]
        self._order(side, f"/v1/{self._kind}/{own}/{act}", {"reason": "test"} if act == "suspend" else {})
        self.reach(pid, state)

    def reach(self, pid: str, state: str) -> None:
        """Both sides come to this state."""
        assert self._until(lambda: self._pair.stands(self._kind, pid, state)), f"{pid} does not come to {state}"

    def _order(self, side: NodeProcess, path: str, body: Any) -> None:
        with contextlib.suppress(*LOST):
            side.ask("POST", path, body)

    def _listed(self) -> set[str]:
        return {one["id"] for one in self._pair.town.ask("GET", f"/v1/{self._kind}?limit=1000")["items"]}

    def _until(self, ready: Callable[[], bool]) -> bool:
        """Wait, and start the victim again when it has died."""

        def looked() -> bool:
            if not self.died and not self._victim.alive():
                assert self._victim.died(1)
                self._victim.start()
                self.died = True
            try:
                return ready()
            except LOST:
                return False

        return until(looked, PATIENCE)

    def over(self) -> None:
        """The victim has died at the point, or the test has tested nothing."""
        assert self._until(lambda: self.died), "the point was not reached"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two real nodes for the whole module; in the end their stores agree with each other."""
    directory = tmp_path_factory.mktemp("pair")
    made = Pair(directory)
    try:
        yield made
        assert made.finish() == []
    finally:
        for side in made.sides.values():
            side.close()


@pytest.fixture(autouse=True)
def everybody_up(pair: Pair) -> None:
    """Whatever the test before has left: both nodes run."""
    for side in pair.sides.values():
        if not side.alive():
            side.start()


@pytest.mark.process
@pytest.mark.xdist_group("kill")
@pytest.mark.parametrize("point", NEGOTIATION, ids=lambda point: f"{point[0]}-{point[1]}")
def test_killed_during_a_negotiation(pair: Pair, point: Point) -> None:
    """It ends FINALIZED on both sides, with one and the same agreement."""
    killing = Killing(pair, "negotiations", point)
    pid = killing.begin({"peer": "city", "dataset": pair.dataset})
    killing.over()
    killing.reach(pid, "FINALIZED")
    mine = pair.town.ask("GET", f"/v1/negotiations/{pid}")
    theirs = pair.city.ask("GET", f"/v1/negotiations/{mine['peer_pid']}")
    assert mine["contract"] == theirs["contract"] is not None
    assert (
        len([one for one in pair.city.ask("GET", "/v1/negotiations?limit=1000")["items"] if one["peer_pid"] == pid])
        == 1
    )


@pytest.fixture(scope="module")
def contract(pair: Pair) -> str:
    """One contract for all transfers."""
    return pair.contract()


@pytest.mark.process
@pytest.mark.xdist_group("kill")
@pytest.mark.parametrize("point", TRANSFER, ids=lambda point: f"{point[0]}-{point[1]}-{point[2]}")
def test_killed_during_a_transfer(pair: Pair, contract: str, point: Point) -> None:
    """Request, start, suspension, restart and completion all come through, whoever dies."""
    killing = Killing(pair, "transfers", point)
    pid = killing.begin({"contract": contract})
    killing.reach(pid, "STARTED")
    killing.move(pair.town, "suspend", pid, "SUSPENDED")
    killing.move(pair.city, "resume", pid, "STARTED")
    killing.move(pair.town, "complete", pid, "COMPLETED")
    killing.over()


async def broken(pair: Pair) -> list[str]:
    """The invariants over both stores, which nobody else has open."""
    snapshots = []
    for side in pair.sides.values():
        built = node.build(config.load(side.directory, {}))
        try:
            snapshots.append(await taken(built.did, built.store))
        finally:
            await built.gate.close()
            await built.client.close()
            await built.store.close()
    return violations(*snapshots)


@pytest.mark.process
@pytest.mark.xdist_group("kill")
async def test_in_the_end_both_stores_agree(pair: Pair) -> None:
    """After all these deaths every invariant holds."""
    for side in pair.sides.values():
        assert side.ask("GET", "/v1/audit/verify")["ok"]
        assert side.close() == 0
    try:
        assert await broken(pair) == []
    finally:
        for side in pair.sides.values():
            side.start()
