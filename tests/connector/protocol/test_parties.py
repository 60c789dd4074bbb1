"""Two parties over a bad network: nothing stuck, nothing divergent, at most one agreement.

Covers the rules of `connector.protocol.machine` together with both tables, by Hypothesis and by a seeded walk.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from connector.protocol.machine import Role
from tests.connector.protocol.parties import NEGOTIATION, TRANSFER, Game, World

ROLES = st.sampled_from(list(Role))
WALKS = 400


class BadNetwork(RuleBasedStateMachine):
    """Commands, copies, losses and delays in any order; then the network heals."""

    game: Game

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.game)

    @rule(role=ROLES, data=st.data())
    def command(self, role: Role, data: st.DataObject) -> None:
        self.world.command(role, data.draw(st.sampled_from(sorted(self.game.commands))))

    @rule(role=ROLES)
    def transmit(self, role: Role) -> None:
        if len(self.world.letters) < 6:
            self.world.transmit(role)

    @precondition(lambda self: self.world.letters)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self.world.deliver(data.draw(st.integers(0, len(self.world.letters) - 1)))

    @precondition(lambda self: self.world.replies)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        self.world.answer(data.draw(st.integers(0, len(self.world.replies) - 1)))

    @precondition(lambda self: self.world.letters)
    @rule(data=st.data())
    def lose_message(self, data: st.DataObject) -> None:
        self.world.letters.pop(data.draw(st.integers(0, len(self.world.letters) - 1)))

    @precondition(lambda self: self.world.replies)
    @rule(data=st.data())
    def lose_answer(self, data: st.DataObject) -> None:
        self.world.replies.pop(data.draw(st.integers(0, len(self.world.replies) - 1)))

    @precondition(lambda self: any(party.outbox for party in self.world.parties.values()))
    @rule(role=ROLES)
    def refuse_for_good(self, role: Role) -> None:
        refuse_untried(self.world, role)

    def teardown(self) -> None:
        self.world.heal()
        self.world.check()


def refuse_untried(world: World, role: Role) -> None:
    """The next message will never be taken; one that has been on its way already may have been, and a termination that
    is refused for good can end nothing at the other side."""
    for letter in world.parties[role].outbox:
        if (
            letter.move != "terminate"
            and letter not in world.letters
            and letter.body not in world.parties[role.other].answers
        ):
            world.refused.add((letter.sender, letter.number))


class NegotiationOverBadNetwork(BadNetwork):
    game = NEGOTIATION


class TransferOverBadNetwork(BadNetwork):
    game = TRANSFER


SHORT = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestNegotiation = NegotiationOverBadNetwork.TestCase
TestNegotiation.settings = SHORT
TestTransfer = TransferOverBadNetwork.TestCase
TestTransfer.settings = SHORT


def act(world: World, dice: random.Random) -> None:
    """One random thing happens; likely moves more often than harm, so that walks get far."""
    roll = dice.random()
    if roll < 0.3:
        role = dice.choice(list(Role))
        if world.parties[role].record is None or dice.random() < 0.8:
            names = [name for name in world.game.commands if name != "terminate" or dice.random() < 0.1]
            world.command(role, dice.choice(names))
    elif roll < 0.5:
        world.transmit(dice.choice(list(Role)))
    elif roll < 0.75 and world.letters:
        world.deliver(dice.randrange(len(world.letters)))
    elif roll < 0.95 and world.replies:
        world.answer(dice.randrange(len(world.replies)))
    elif roll < 0.97 and world.letters:
        world.letters.pop(dice.randrange(len(world.letters)))
    elif roll < 0.99 and world.replies:
        world.replies.pop(dice.randrange(len(world.replies)))
    elif roll > 0.998:
        refuse_untried(world, dice.choice(list(Role)))


def walk(game: Game, seed: int, steps: int = 120) -> Any:
    """The states in which both sides stand after a walk and healing."""
    dice, world = random.Random(seed), World(game)
    for _ in range(steps):
        act(world, dice)
    world.heal()
    world.check()
    record = world.parties[Role.CONSUMER].record
    return record and record.state


@pytest.mark.parametrize("game", [NEGOTIATION, TRANSFER], ids=["negotiation", "transfer"])
def test_seeded_walks(game: Game) -> None:
    ends = {walk(game, seed) for seed in range(WALKS)}
    assert {state for state in game.machine.table if game.machine.is_terminal(state)} <= ends
    assert len(ends) > 3, "walks that all end alike show nothing"
