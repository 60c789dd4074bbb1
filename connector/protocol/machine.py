"""The runner of both state machines: a table, a record, an input, and out come the next record and its effects.

What lives here: the parts that negotiation and transfer share. A side moves when its message is acknowledged (Contract
Negotiation Protocol, "state changes on acknowledgement"), so a record has a `state` that both sides know and at most
one `pending` move of its own that the peer has not acknowledged yet. Three rules follow, the same for every table:

- *Implied acknowledgement*: a received move that is legal only after our pending one shows that the peer has it.
  Where its sender may make it before ours too, how far it had heard us decides, if its message says so.
- *Crossing*: a received move and our pending one met on the way. The higher rank wins; both sides judge by one rank.
- *Ending*: a wish to terminate waits until the pending move is settled; also the first one, for its message may have
  arrived although no answer has.
- *Order*: a message that its sender has given up may still arrive, long after both sides have gone on. Our `@id` says
  which message it is and how far its sender had heard us; one that is older than a later message of its sender, or than
  an acknowledgement that we have had since, was given up and is refused. (Two suspensions cross, the state goes round,
  the loser's arrives: without this the sides differ for good.) Peers that number otherwise do without.

What does not live here: IO, clock, randomness, logging. (`h11/_state.py` is the model: transitions are data, and the
file does not know which side we are.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from connector.errors import MessageError, TransitionError
from connector.protocol.reasons import told
from policies.model import Reason


class Role(StrEnum):
    """Which side of a process somebody is on."""

    CONSUMER = "consumer"
    PROVIDER = "provider"

    @property
    def other(self) -> Role:
        """The opposite side."""
        return Role.PROVIDER if self is Role.CONSUMER else Role.CONSUMER


CONSUMER_ONLY = frozenset({Role.CONSUMER})
PROVIDER_ONLY = frozenset({Role.PROVIDER})
EITHER = frozenset({Role.CONSUMER, Role.PROVIDER})


class Rule(Struct, frozen=True):
    """One transition: where it leads, who sends it, and from whom it is accepted (wider where the text allows it).

    `foreign`: a habit of other connectors. INVARIANT: it is never read into a message that is numbered as ours are, so
    it cannot take one that crossed ours for an answer to it.
    """

    to: str
    sent_by: frozenset[Role]
    accepted_from: frozenset[Role]
    foreign: bool = False

    def accepts(self, sender: Role, numbered: bool) -> bool:
        """May `sender` make this move with such a message?"""
        return sender in self.accepted_from and not (self.foreign and numbered)


Table = Mapping[str | None, Mapping[str, Rule]]
"""state (None: not begun) -> move -> rule. Whatever is absent is illegal."""


class Machine(Struct, frozen=True):
    """A table, the rank of its moves where two cross, and the move that ends a process."""

    name: str
    table: Table
    rank: Mapping[str, int]
    terminate: str
    terminated: str

    def rule(self, state: str | None, move: str) -> Rule | None:
        """The transition for a move in a state, or None."""
        return self.table.get(state, {}).get(move)

    def is_terminal(self, state: str | None) -> bool:
        """True where no move is left."""
        return state is not None and not self.table.get(state)


class Process(Struct, frozen=True, kw_only=True):
    """What negotiation and transfer records share. `state` None means: our first message is not acknowledged yet.

    `callback` is the URL below which the peer takes our messages; `ending` is a wish to terminate that waits. `sent`
    and `acknowledged` are the numbers of our last message and of the last one that the peer is known to have, `heard`
    is that of the peer's last message (0 where there is none).
    """

    id: str
    role: Role
    peer: str
    callback: str
    created: int
    updated: int
    peer_pid: str = ""
    state: str | None = None
    pending: str | None = None
    ending: Reason | None = None
    reason: Reason | None = None
    version: int = 0
    sent: int = 0
    acknowledged: int = 0
    heard: int = 0

    @property
    def next_id(self) -> str:
        """The `@id` of the message that is sent next: process, number, and the peer's last message that we have."""
        return f"{self.id}#{self.version + 1}.{self.heard}"

    @property
    def provider_pid(self) -> str:
        """The provider's id of this process ("" while unknown)."""
        return self.id if self.role is Role.PROVIDER else self.peer_pid

    @property
    def consumer_pid(self) -> str:
        """The consumer's id of this process ("" while unknown)."""
        return self.id if self.role is Role.CONSUMER else self.peer_pid


class Acknowledged(Struct, frozen=True):
    """Input: the peer answered our pending message with 2xx, naming its pid where it was the first."""

    peer_pid: str = ""


class Rejected(Struct, frozen=True):
    """Input: the peer has definitely refused our pending message."""

    reason: Reason


class Send(Struct, frozen=True):
    """Effect: put this message into the outbox, in the same transaction as the record."""

    message: Any
    move: str


class Withdraw(Struct, frozen=True):
    """Effect: drop what the outbox still holds for this process; it is settled or overtaken.

    INVARIANT: the answer to a withdrawn message is ignored, so an acknowledgement always belongs to `pending`.
    """


class Record(Struct, frozen=True):
    """Effect: an audit entry, in the same transaction as the record."""

    event: str
    params: Mapping[str, str]


Effect = Send | Withdraw | Record
P = TypeVar("P", bound=Process)


class Step(Struct, frozen=True):
    """The next record and what has to be done together with saving it."""

    record: Any
    effects: tuple[Effect, ...] = ()


def moved(machine: Machine, process: P, event: str, now: int, **changes: Any) -> tuple[P, Record]:
    """The record with changes, one version on, and the audit entry that says so."""
    after = msgspec.structs.replace(process, version=process.version + 1, updated=now, **changes)
    entry = Record(
        f"{machine.name}.{event}",
        {
            "process": process.id,
            "peer": process.peer,
            "from": process.state or "-",
            "to": after.state or "-",
            **({"pending": after.pending} if after.pending else {}),
            **(_told(after.reason) if after.reason and after.reason is not process.reason else {}),
        },
    )
    return after, entry


def _told(reason: Reason) -> dict[str, str]:
    """A reason in an audit entry, with its parameters; what a peer has said is cut to a readable length."""
    return {"reason": reason.code, **{f"reason.{name}": value[:200] for name, value in reason.params.items()}}


_NUMBERED = re.compile(r"#(?P<number>[0-9]{1,9})\.(?P<heard>[0-9]{1,9})", re.ASCII)


def _in_order(process: Process, peer_pid: str, id: str | UnsetType) -> tuple[int, int] | None:
    """The number of a peer's message and of the last one of ours that its sender had, None where its `@id` tells none.
    Raises `TransitionError` for one given up long ago."""
    found = None if id is UNSET or not id.startswith(peer_pid) else _NUMBERED.fullmatch(id, len(peer_pid))
    if found is None:
        return None
    if int(found["heard"]) < process.acknowledged or int(found["number"]) <= process.heard:
        raise TransitionError("transition.stale", state=process.state or "-")
    return int(found["number"]), int(found["heard"])


def receive(
    machine: Machine, process: P, move: str, now: int, *, id: str | UnsetType, peer_pid: str, **changes: Any
) -> Step:
    """A move by the peer; `id` is the `@id` of its message.

    Raises `TransitionError` where neither the state nor the state after our pending move allows it, where our pending
    move outranks it, or where it was given up before; nothing has changed then.
    """
    sender = process.role.other
    state = process.state
    order, acknowledged = _in_order(process, peer_pid, id), process.acknowledged
    numbered, (heard, had) = order is not None, order or (process.heard, process.sent)
    if process.pending is not None:
        expected = machine.rule(state, process.pending)
        assert expected is not None  # INVARIANT: `pending` is only ever set to a legal move
        implied = machine.rule(expected.to, move)
        before = machine.rule(state, move)
        unheard = had < process.sent and before is not None and before.accepts(sender, numbered)
        if implied is not None and implied.accepts(sender, numbered) and not unheard:
            state, acknowledged = expected.to, process.sent
        elif machine.rank[move] < machine.rank[process.pending]:
            raise TransitionError("transition.crossed", state=state or "-", move=move, pending=process.pending)
    rule = machine.rule(state, move)
    if rule is None or not rule.accepts(sender, numbered):
        raise TransitionError("transition.illegal", state=state or "-", move=move)
    changes |= {"peer_pid": peer_pid, "heard": heard, "acknowledged": acknowledged, "pending": None, "state": rule.to}
    if machine.is_terminal(rule.to):
        changes["ending"] = None
    after, entry = moved(machine, process, f"received.{move}", now, **changes)
    return Step(after, (entry, Withdraw()) if process.pending is not None else (entry,))


def send(machine: Machine, process: P, move: str, message: Any, now: int, **changes: Any) -> Step:
    """A move of our own: it becomes pending until the peer acknowledges. Raises `TransitionError` where illegal."""
    if process.pending is not None:
        raise TransitionError("transition.pending", state=process.state or "-", move=move, pending=process.pending)
    rule = machine.rule(process.state, move)
    if rule is None or process.role not in rule.sent_by:
        raise TransitionError("transition.illegal", state=process.state or "-", move=move)
    return _sending(machine, process, move, message, now, **changes)


def _sending(machine: Machine, process: P, move: str, message: Any, now: int, **changes: Any) -> Step:
    after, entry = moved(machine, process, f"sending.{move}", now, pending=move, sent=process.version + 1, **changes)
    return Step(after, (entry, Send(message, move)))


def acknowledged(machine: Machine, process: P, now: int, peer_pid: str = "") -> Step:
    """The peer has our pending move. Without one (implied before, or overtaken) only a peer's pid can be learned."""
    learned = process.peer_pid or peer_pid
    if process.pending is None:
        if learned == process.peer_pid:
            return Step(process)
        return Step(msgspec.structs.replace(process, peer_pid=learned, version=process.version + 1, updated=now))
    rule = machine.rule(process.state, process.pending)
    assert rule is not None  # INVARIANT: see `receive`
    changes = {"state": rule.to, "pending": None, "peer_pid": learned, "acknowledged": process.sent}
    if machine.is_terminal(rule.to):
        changes["ending"] = None
    after, entry = moved(machine, process, f"acknowledged.{process.pending}", now, **changes)
    return Step(after, (entry,))


def rejected(machine: Machine, process: P, reason: Reason, now: int) -> Step:
    """The peer has definitely refused our pending move: the two sides differ, so the process is to be terminated.

    The wish is left in `ending`; a first message or a termination that is refused leaves nothing to tell the peer. A
    move that leads where both stand anyway changes nothing by being refused.
    """
    if process.pending is None:
        return Step(process)
    rule = machine.rule(process.state, process.pending)
    event = f"rejected.{process.pending}"
    if process.state is None or process.pending == machine.terminate:
        after, entry = moved(
            machine, process, event, now, state=machine.terminated, pending=None, ending=None, reason=reason
        )
    else:
        needless = rule is not None and rule.to == process.state
        ending = process.ending or (None if needless else reason)
        after, entry = moved(machine, process, event, now, pending=None, ending=ending)
    return Step(after, (entry,))


def wants_to_end(machine: Machine, process: Process) -> bool:
    """True where the wish to terminate can be sent now."""
    rule = machine.rule(process.state, machine.terminate)
    return (
        process.ending is not None
        and process.pending is None
        and process.state is not None
        and rule is not None
        and process.role in rule.accepted_from
    )


def end(machine: Machine, process: P, reason: Reason, now: int) -> Step:
    """Ask for termination: a wish, which `ended_where_wished` turns into a message as soon as nothing is pending.

    Raises `TransitionError` where the state does not let this side terminate. A process that was never begun has no
    other side and ends here.
    """
    if process.state is None and process.pending is None:
        after, entry = moved(machine, process, "abandoned", now, state=machine.terminated, reason=reason)
        return Step(after, (entry,))
    state = process.state
    rule = None if state is None else machine.rule(state, machine.terminate)
    if process.pending == machine.terminate or (
        state is not None and (rule is None or process.role not in rule.sent_by)
    ):
        raise TransitionError("transition.illegal", state=state or "-", move=machine.terminate)
    after, entry = moved(machine, process, "ending", now, ending=reason)
    return Step(after, (entry,))


def ended_where_wished(machine: Machine, done: Step, termination: Callable[..., Any], now: int) -> Step:
    """A step, followed by the termination that was wished for where it can be sent now. `termination` makes one."""
    process: Process = done.record
    reason = process.ending
    if reason is None or not wants_to_end(machine, process):
        return done
    message = termination(
        id=process.next_id,
        providerPid=process.provider_pid,
        consumerPid=process.consumer_pid,
        code=reason.code,
        reason=told(reason),
    )
    sending = _sending(machine, process, machine.terminate, message, now, ending=None, reason=reason)
    return Step(sending.record, (*done.effects, *sending.effects))


def counterpart(process: Process, provider: str | UnsetType, consumer: str | UnsetType) -> str:
    """The peer's pid in a message, checked against what is known ("" while unknown); our own must be ours.

    Raises `MessageError` that names the pid which is not right.
    """
    places = {Role.PROVIDER: "/providerPid", Role.CONSUMER: "/consumerPid"}
    named = {Role.PROVIDER: provider, Role.CONSUMER: consumer}
    ours, theirs = named[process.role], named[process.role.other]
    if ours is not UNSET and ours != process.id:
        raise MessageError("message.pid", place=places[process.role])
    if theirs is UNSET:
        return process.peer_pid
    if process.peer_pid and theirs != process.peer_pid:
        raise MessageError("message.pid", place=places[process.role.other])
    return theirs
