"""Two parties, their outboxes and a network that loses, repeats, delays and reorders: a model without IO.

What lives here: what services do around the pure machines (stored answers to byte-identical repeats, one pending
message, giving up after some refusals), stated anew and as small as it can be. What does not: the rules under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from connector.errors import PeerError
from connector.protocol import codec, messages, negotiation, transfer
from connector.protocol.machine import Machine, Process, Role, Send, Step, Withdraw
from policies.model import Reason

GIVE_UP = 2
"""Refusals after which a message is taken as definitely refused."""

OFFER = {
    "@id": "urn:uuid:0190a1b2-0000-7000-8000-0000000000ff",
    "@type": "Offer",
    "target": "urn:uuid:0190a1b2-0000-7000-8000-0000000000fe",
    "permission": [{"action": "use"}],
}
AGREEMENT = {
    **OFFER,
    "@type": "Agreement",
    "assigner": "did:web:a.example",
    "assignee": "did:web:b.example",
    "timestamp": "2026-01-01T00:00:00Z",
}
CALLBACK = "https://a.example/dsp/2025-1"
PIDS = {
    Role.CONSUMER: "urn:uuid:0190a1b2-0000-7000-8000-00000000000c",
    Role.PROVIDER: "urn:uuid:0190a1b2-0000-7000-8000-00000000000d",
}


class Game(Struct, frozen=True):
    """One of the two machines with what a model needs to play it."""

    machine: Machine
    module: Any
    commands: Mapping[str, Callable[[], Any]]

    def blank(self, role: Role, now: int) -> Any:
        """A record before its first message."""
        extra = (
            {"dataset": "urn:x:dataset"}
            if self.module is negotiation
            else {"agreement": "urn:x:agreement", "format": "HttpData-PULL", "dataset": "urn:x:dataset"}
        )
        return self.module.blank(
            id=PIDS[role], role=role, peer="did:web:peer.example", callback=CALLBACK, now=now, **extra
        )


NEGOTIATION = Game(
    negotiation.NEGOTIATION,
    negotiation,
    {
        "request": lambda: negotiation.Request(OFFER, CALLBACK),
        "offer": lambda: negotiation.Offer(OFFER, CALLBACK),
        "accept": negotiation.Accept,
        "agree": lambda: negotiation.Agree(AGREEMENT),
        "verify": negotiation.Verify,
        "finalize": negotiation.Finalize,
        "terminate": lambda: negotiation.Terminate(Reason("operator")),
    },
)
TRANSFER = Game(
    transfer.TRANSFER,
    transfer,
    {
        "request": lambda: transfer.Request(CALLBACK),
        "start": transfer.Start,
        "suspend": lambda: transfer.Suspend(Reason("operator")),
        "complete": transfer.Complete,
        "terminate": lambda: transfer.Terminate(Reason("operator")),
    },
)


class Letter(Struct, frozen=True):
    """A message of ours; `number` is its place among all that this side ever sent."""

    sender: Role
    number: int
    move: str
    body: bytes
    first: bool


class Reply(Struct, frozen=True):
    """An answer on its way back."""

    letter: Letter
    status: int
    pid: str


class Party(Struct):
    """One side: its record, its outbox, its stored answers."""

    role: Role
    record: Any = None
    outbox: list[Letter] = field(default_factory=list)
    answers: dict[bytes, Reply] = field(default_factory=dict)
    refusals: int = 0
    sent: int = 0
    states: list[str | None] = field(default_factory=list)


class World:
    """Both parties and what is on its way between them."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.parties = {role: Party(role) for role in Role}
        self.letters: list[Letter] = []
        self.replies: list[Reply] = []
        self.refused: set[tuple[Role, int]] = set()
        """Messages that their receiver will never take, whatever the state (a policy, a limit)."""
        self.agreements: set[bytes] = set()
        self.now = 0

    # --- what parties do ----------------------------------------------------------------------------------------------

    def command(self, role: Role, name: str) -> bool:
        """An operator's wish; False where the machine does not allow it."""
        party = self.parties[role]
        if party.record is None:
            if name != ("request" if role is Role.CONSUMER else "offer") or self.parties[role.other].record is not None:
                return False
            party.record = self.game.blank(role, self.now)
        before = party.record
        try:
            self._step(party, self.game.commands[name]())
        except PeerError:
            assert party.record is before
            if before.state is None and before.pending is None:
                party.record = None
            return False
        return True

    def _step(self, party: Party, given: Any) -> None:
        self.now += 1
        step: Step = self.game.module.step(party.record, given, self.now)
        before, party.record = party.record, step.record
        assert isinstance(party.record, Process)
        assert not self.game.machine.is_terminal(before.state) or party.record.state == before.state
        party.states.append(party.record.state)
        for effect in step.effects:
            match effect:
                case Withdraw():
                    party.outbox.clear()
                case Send(message, move):
                    party.sent += 1
                    party.refusals = 0
                    first = before.state is None and move in ("request", "offer") and before.pending is None
                    party.outbox.append(Letter(party.role, party.sent, str(move), codec.encode(message), first))
                    if move == "agree":
                        self.agreements.add(party.outbox[-1].body)
                case _:
                    pass
        if party.record.pending is None:
            assert not party.outbox, "a message without a pending move"
        assert len(party.outbox) <= 1

    # --- what the network does ----------------------------------------------------------------------------------------

    def transmit(self, role: Role) -> bool:
        """Try the oldest message once more."""
        outbox = self.parties[role].outbox
        if outbox:
            self.letters.append(outbox[0])
        return bool(outbox)

    def deliver(self, index: int) -> None:
        """One copy arrives."""
        letter = self.letters.pop(index)
        party = self.parties[letter.sender.other]
        answered = party.answers.get(letter.body)
        if answered is None:
            answered = self._receive(party, letter)
        self.replies.append(answered)

    def _receive(self, party: Party, letter: Letter) -> Reply:
        if (letter.sender, letter.number) in self.refused:
            return Reply(letter, 400, "")
        message = codec.decode(letter.body, self._kind())
        given = self.game.module.Received(message)
        if party.record is None:
            assert letter.first, "a later message at a party that never took the first"
            party.record = self.game.blank(party.role, self.now)
        elif letter.first:
            return Reply(letter, 400, "")
        before = party.record
        try:
            self._step(party, given)
        except PeerError:
            assert party.record is before
            return Reply(letter, 400, "")
        reply = Reply(letter, 200, party.record.id)
        party.answers[letter.body] = reply
        return reply

    def _kind(self) -> Any:
        return messages.NegotiationMessage if self.game.module is negotiation else messages.TransferMessage

    def answer(self, index: int) -> None:
        """One answer arrives at the sender's outbox; one to a withdrawn message is ignored."""
        reply = self.replies.pop(index)
        party = self.parties[reply.letter.sender]
        if reply.letter not in party.outbox:
            return
        if reply.status == 200:
            party.outbox.remove(reply.letter)
            self._step(party, self.game.module.Acknowledged(reply.pid))
        else:
            party.refusals += 1
            if party.refusals >= GIVE_UP:
                party.outbox.remove(reply.letter)
                self._step(party, self.game.module.Rejected(Reason("refused")))

    # --- healing ------------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """The network works: late copies arrive, whatever is left is sent until nothing is left."""
        for _ in range(50):
            busy = [self.transmit(role) for role in Role]
            while self.letters:
                self.deliver(0)
            while self.replies:
                self.answer(0)
            if not any(busy):
                return
        raise AssertionError("messages are still waiting")

    def check(self) -> None:
        """Nothing stuck, nothing divergent (after `heal`)."""
        consumer, provider = (self.parties[role].record for role in (Role.CONSUMER, Role.PROVIDER))
        for party in self.parties.values():
            assert not party.outbox
            assert party.record is None or (party.record.pending is None and party.record.ending is None)
        assert len(self.agreements) <= 1, "two agreements"
        if consumer is None or provider is None:
            alone = consumer or provider
            assert alone is None or alone.state == self.game.machine.terminated
            return
        assert consumer.state == provider.state, f"consumer {consumer.state}, provider {provider.state}"
        assert consumer.peer_pid in ("", provider.id)
        assert provider.peer_pid in ("", consumer.id)
