"""Messages that come twice, late, or out of their order: a relay on either side of a real exchange.

Covered are repeats as the network makes them (the same token) and as a sender makes them (a fresh token), replays of a
captured request, messages behind the end of a process, and answers that are overtaken by what follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.protocol.machine import Process
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from tests.faults.invariants import check, footprint
from tests.faults.processes import NodeProcess, until
from tests.faults.relay import Exchange, Relay, proofs
from tests.faults.world import NEGOTIATIONS, World

pytestmark = pytest.mark.process
REFUSED = "token.refused"
"""What the peer is told of any token that is not taken; which rule it broke stands in our own records."""


class Relayed:
    """A world with a relay in front of each node."""

    def __init__(self, directory: Path) -> None:
        self.to_provider, self.to_consumer = Relay(), Relay()
        self.world = World(directory, relays=(self.to_provider.port, self.to_consumer.port))
        provider, consumer = self.world.nodes
        self.ways = (
            (self.to_provider, provider, proofs(consumer, provider)),
            (self.to_consumer, consumer, proofs(provider, consumer)),
        )
        for relay, node, _ in self.ways:
            relay.open(node.port)

    def story(self) -> None:
        """A negotiation, and a whole transfer under its contract."""
        world = self.world
        by = {"suspend": world.consumer, "restart": world.provider, "complete": world.provider}
        world.transfer_story(world.contract(), lambda message: None, by)

    def calm(self) -> None:
        """No faults, and nothing kept."""
        for relay, _, _ in self.ways:
            relay.copies, relay.fresh, relay.hold = 1, None, lambda exchange: None
            relay.exchanges.clear()
            relay.repeats.clear()

    def close(self) -> None:
        """End nodes and relays."""
        self.world.close()
        for relay, _, _ in self.ways:
            relay.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relayed]:
    """Two running neighbours behind relays."""
    made = Relayed(tmp_path_factory.mktemp("relayed"))
    try:
        made.world.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def relayed(shared: Relayed) -> Iterator[Relayed]:
    """The same, calm before and after."""
    shared.calm()
    yield shared
    shared.calm()


def _processes(node: NodeProcess) -> list[Process]:
    return node.look(lambda view: [*view.select(Negotiation, limit=10_000), *view.select(Transfer, limit=10_000)])


def _messages(relay: Relay) -> list[Exchange]:
    return [one for one in relay.exchanges if one.is_message]


def _kind(one: Exchange) -> str:
    return str(msgspec.json.decode(one.body)["@type"])


def _came(relay: Relay, end: str) -> bool:
    return any(one.path.endswith(end) for one in tuple(relay.exchanges))


def _error(answer: bytes) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(answer)
    return told


def _assert_error(one: Exchange, code: str) -> None:
    """The protocol's own error form (HTTPS bindings, "Error" bodies), with pids and a code that begins like this."""
    told = _error(one.answer)
    expected = "ContractNegotiationError" if "/negotiations" in one.path else "TransferError"
    assert (told["@type"], told["code"][: len(code)]) == (expected, code)
    assert told["providerPid"]
    assert told["consumerPid"]


@pytest.mark.parametrize("copies", [2, 10])
def test_each_message_again_with_a_fresh_token(relayed: Relayed, copies: int) -> None:
    """A sender that repeats itself gets the first answer each time, and the message counts once."""
    for relay, _, fresh in relayed.ways:
        relay.copies, relay.fresh = copies, fresh
    relayed.story()
    kinds = set()
    for relay, _, _ in relayed.ways:
        assert len(relay.repeats) == (copies - 1) * len(_messages(relay)) > 0
        for first, again in relay.repeats:
            assert first.status in (200, 201)
            assert (again.status, again.answer) == (first.status, first.answer)
            kinds.add(_kind(first))
    assert len(kinds) == 8, kinds
    check(relayed.world)


@pytest.mark.parametrize("copies", [2, 10])
def test_each_request_again_with_its_own_token(relayed: Relayed, copies: int) -> None:
    """A network that repeats requests is told 401 and moves nothing."""
    for relay, _, _ in relayed.ways:
        relay.copies = copies
    relayed.story()
    for relay, _, _ in relayed.ways:
        assert relay.repeats
        for first, again in relay.repeats:
            assert first.status in (200, 201)
            assert again.status == 401
            _assert_error(again, REFUSED)
    check(relayed.world)


def test_replay_of_captured_requests(relayed: Relayed) -> None:
    """Everything captured, sent again after the end: 401 with its own token, the stored answer with a fresh one."""
    relayed.story()
    for relay, node, fresh in relayed.ways:
        before = _processes(node)
        for one in _messages(relay):
            replayed = relay.again(one)
            assert replayed.status == 401
            _assert_error(replayed, REFUSED)
            again = relay.again(one, fresh=fresh)
            assert (again.status, again.answer) == (one.status, one.answer)
        assert _processes(node) == before
    check(relayed.world)


def test_messages_behind_the_end(relayed: Relayed) -> None:
    """Each message, not byte-identical, to a process that has ended: 400 in the protocol's form, nothing changed.

    A transfer request is the exception: its text makes it idempotent by `consumerPid`.
    """
    relayed.story()
    for relay, node, fresh in relayed.ways:
        before = _processes(node)
        for one in _messages(relay):
            late = relay.again(one, fresh=fresh, body=one.body + b" ")
            if _kind(one) == "TransferRequestMessage":
                assert late.status == 201
                assert _error(late.answer)["providerPid"] == _error(one.answer)["providerPid"]
                continue
            assert late.status == 400, (_kind(one), late)
            first = one.path.endswith("negotiations/request")
            _assert_error(late, "process.exists" if first else "transition.")
        assert _processes(node) == before
    check(relayed.world)


def test_answers_that_are_overtaken(relayed: Relayed) -> None:
    """The agreement comes before the 201 of the request, FINALIZED before the answer to the verification."""
    overtaken: list[str] = []

    def hold(one: Exchange) -> None:
        following = {"/negotiations/request": "/agreement", "/agreement/verification": "/events"}
        ends = next((end for end in following if one.path.endswith(end)), None)
        if ends is not None:
            until(lambda: _came(relayed.to_consumer, following[ends]), f"nothing follows {ends}")
            overtaken.append(ends)

    relayed.to_provider.hold = hold
    relayed.world.negotiate()
    # The held answers are noted by the relay's own threads, which may be a moment behind the nodes.
    until(lambda: len(overtaken) == 2, "an answer is still held")
    assert set(overtaken) == {"/negotiations/request", "/agreement/verification"}
    check(relayed.world)


def test_nothing_grows(relayed: Relayed) -> None:
    """I8: hundreds of repeats leave neither descriptors nor much memory behind in a process that lives on."""
    relayed.story()
    before = [footprint(node) for node in relayed.world.nodes]
    for relay, _, fresh in relayed.ways:
        known = _messages(relay)
        for _ in range(40):
            for one in known:
                assert relay.again(one, fresh=fresh).status == one.status
                assert relay.again(one).status == 401

    def back() -> bool:
        pairs = zip(before, [footprint(node) for node in relayed.world.nodes], strict=True)
        return all(fds <= base_fds + 2 and memory <= base * 1.1 for (base, base_fds), (memory, fds) in pairs)

    until(back, f"I8: {before} has grown to {[footprint(node) for node in relayed.world.nodes]}")
    assert relayed.world.provider.listed(NEGOTIATIONS)
