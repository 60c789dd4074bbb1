"""kill -9 at each of the 54 named points: each message of a negotiation and of a transfer, on either side of it.

The process ends itself at its point and is started again without the order; then everything must finish by itself. A
point that is never reached fails its test. By default the provider suspends and restarts, and the consumer completes;
the long campaign `kills` has these three sent by the other side too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from msgspec import Struct

from tests.faults.invariants import check
from tests.faults.processes import NodeProcess
from tests.faults.world import World

pytestmark = pytest.mark.process

RECEIVER = ("before_commit", "after_commit", "after_ack")
SENDER = ("before_send", "after_send", "after_ack")
MESSAGES: Mapping[str, tuple[str, str]] = {
    "negotiation-request": ("ContractRequestMessage", "consumer"),
    "negotiation-agreement": ("ContractAgreementMessage", "provider"),
    "negotiation-verification": ("ContractAgreementVerificationMessage", "consumer"),
    "negotiation-finalized": ("ContractNegotiationEventMessage", "provider"),
    "transfer-request": ("TransferRequestMessage", "consumer"),
    "transfer-start": ("TransferStartMessage", "provider"),
    "transfer-suspend": ("TransferSuspensionMessage", "provider"),
    "transfer-restart": ("TransferStartMessage", "provider"),
    "transfer-complete": ("TransferCompletionMessage", "consumer"),
}
"""What is sent, as which message, and by whom."""
OTHER = {"provider": "consumer", "consumer": "provider"}


class Point(Struct, frozen=True):
    """A moment in the life of a message: the fault's name in the product, and whose process comes to it."""

    what: str
    fault: str
    victim: str
    sender: str

    def __str__(self) -> str:
        return f"{self.what}-{self.victim}-{self.fault.partition('.')[0]}-{self.fault.rpartition('.')[2]}"


def points(what: str, sender: str) -> list[Point]:
    """The six points of a message that this side sends."""
    kind = MESSAGES[what][0]
    return [
        *(Point(what, f"send.{kind}.{moment}", sender, sender) for moment in SENDER),
        *(Point(what, f"receive.{kind}.{moment}", OTHER[sender], sender) for moment in RECEIVER),
    ]


POINTS = [point for what, (_, sender) in MESSAGES.items() for point in points(what, sender)]
SWAPPED = [
    point
    for what in ("transfer-suspend", "transfer-restart", "transfer-complete")
    for point in points(what, OTHER[MESSAGES[what][1]])
]


@pytest.fixture(scope="module")
def contract(world: World) -> str:
    """A contract under which all transfers of this module run."""
    return world.contract()


def test_there_are_54() -> None:
    assert len({str(point) for point in POINTS}) == 54


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_kill(world: World, contract: str, point: Point) -> None:
    """After a kill at the point everything finishes, and every invariant holds."""
    victim = victim_of(world, point)
    lived = len(victim.deaths)
    story(world, contract, point, lambda: victim.order(point.fault))
    assert victim.deaths[lived:] == [-9]
    check(world)


@pytest.mark.long("kills")
@pytest.mark.parametrize("point", SWAPPED, ids=str)
def test_kill_swapped(world: World, contract: str, point: Point) -> None:
    """Where either side may send a message, the same from the other one."""
    test_kill(world, contract, point)


def victim_of(world: World, point: Point) -> NodeProcess:
    """Whose process comes to the point."""
    return _node(world, point.victim)


def _node(world: World, name: str) -> NodeProcess:
    return world.provider if name == "provider" else world.consumer


def story(world: World, contract: str, point: Point, give_order: Callable[[], None]) -> None:
    """The negotiation or the transfer in which the point comes, the order given just before its message.

    Fails where the point was not reached.
    """
    kind, _, message = point.what.partition("-")

    def before(following: str) -> None:
        if following == message:
            give_order()

    if kind == "negotiation":
        give_order()
        world.negotiate()
    else:
        by = {what.partition("-")[2]: _node(world, sender) for what, (_, sender) in MESSAGES.items()}
        world.transfer_story(contract, before, {**by, message: _node(world, point.sender)})
    assert victim_of(world, point).executed(), f"{point.fault} was never reached"
