"""Covers `connector.protocol.machine`, `negotiation` and `transfer`: every state, pending move, input and role against
a table that is written anew here from the figures of the specification."""

from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec
import pytest

from connector.errors import MessageError, TransitionError
from connector.protocol import codec, machine, negotiation, transfer
from connector.protocol.machine import Record, Role, Send, Withdraw
from policies.model import Reason
from tests.connector.protocol import oracle
from tests.connector.protocol.parties import AGREEMENT, NEGOTIATION, PIDS, TRANSFER, Game, World
from tests.standards import DSP

C, P = Role.CONSUMER, Role.PROVIDER

# (from, move, to, who sends): Contract Negotiation Protocol and Transfer Process Protocol, figures of the states.
FIGURE = {
    "negotiation": """
        -         request   REQUESTED  C
        -         offer     OFFERED    P
        REQUESTED offer     OFFERED    P
        REQUESTED agree     AGREED     P
        REQUESTED terminate TERMINATED CP
        OFFERED   request   REQUESTED  C
        OFFERED   accept    ACCEPTED   C
        OFFERED   terminate TERMINATED CP
        ACCEPTED  agree     AGREED     P
        ACCEPTED  terminate TERMINATED P
        AGREED    verify    VERIFIED   C
        AGREED    terminate TERMINATED C
        VERIFIED  finalize  FINALIZED  P
        VERIFIED  terminate TERMINATED P
    """,
    "transfer": """
        -         request   REQUESTED  C
        REQUESTED start     STARTED    P
        REQUESTED terminate TERMINATED CP
        STARTED   complete  COMPLETED  CP
        STARTED   suspend   SUSPENDED  CP
        STARTED   terminate TERMINATED CP
        SUSPENDED start     STARTED    CP
        SUSPENDED terminate TERMINATED CP
    """,
}
# What the text allows beyond the figure: either side terminates; an offer may be repeated.
BESIDES = {
    "negotiation": """
        ACCEPTED  terminate TERMINATED CP
        AGREED    terminate TERMINATED CP
        VERIFIED  terminate TERMINATED CP
        OFFERED   offer     OFFERED    P
    """,
    "transfer": """
        STARTED   start     STARTED    P
    """,
}
# A habit of other connectors, taken from peers that do not number their messages as we do: an agreement is repeated by
# a provider that has not noticed that it was taken.
FOREIGN = {
    "negotiation": """
        AGREED    agree     AGREED     P
    """,
    "transfer": "",
}
# Where two moves cross: the later group wins, equals are both taken.
CROSSING = {
    "negotiation": [{"offer", "request"}, {"accept", "agree", "verify", "finalize"}, {"terminate"}],
    "transfer": [{"request"}, {"start"}, {"suspend"}, {"complete"}, {"terminate"}],
}
FINAL = {"FINALIZED", "COMPLETED", "TERMINATED"}
GAMES = {"negotiation": NEGOTIATION, "transfer": TRANSFER}

Rows = dict[tuple[str | None, str], tuple[str, set[Role]]]


def rows(text: str) -> Rows:
    found: Rows = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        state, move, to, who = line.split()
        found[(None if state == "-" else state, move)] = (to, {{"C": C, "P": P}[letter] for letter in who})
    return found


SENT = {name: rows(text) for name, text in FIGURE.items()}
TAKEN = {name: rows(FIGURE[name]) | rows(BESIDES[name]) for name in FIGURE}
TAKEN_UNNUMBERED = {name: TAKEN[name] | rows(FOREIGN[name]) for name in FIGURE}
STATES = {name: sorted({None, *(to for to, _ in table.values())}, key=str) for name, table in SENT.items()}
MOVES = {name: sorted({move for _, move in table}) for name, table in SENT.items()}
ALL = [(name, role) for name in FIGURE for role in Role]
EVERY = pytest.mark.parametrize(("name", "role"), ALL, ids=[f"{name}-{role}" for name, role in ALL])


def record(name: str, role: Role, state: str | None, pending: str | None = None, **changes: Any) -> Any:
    blank = GAMES[name].blank(role, 1)
    known = {"peer_pid": PIDS[role.other]} if state is not None else {}
    sent = (
        {"offered": {"@id": "urn:x:o"}, "version": 7, "sent": 7, **known}
        if name == "negotiation"
        else {"version": 7, "sent": 7, **known}
    )
    return msgspec.structs.replace(blank, state=state, pending=pending, **(sent | changes))  # fmt: skip


def message(name: str, role: Role, move: str, state: str | None = "X") -> Any:
    """The message that the other side of `role` sends for a move, built by its own machine."""
    game, sender = GAMES[name], role.other
    states = [at for (at, what), (_, who) in SENT[name].items() if what == move and sender in who]
    at = state if state in states else (states or ["X"])[0]
    if at == "X":
        return forged(name, role, move)
    step = game.module.step(record(name, sender, at), game.commands[move](), 2)
    return step.effects[-1].message


def forged(name: str, role: Role, move: str) -> Any:
    """A message that this sender can never send: the other side's, with the pids as they are."""
    game = GAMES[name]
    at = next(at for at, what in SENT[name] if what == move)
    made = game.module.step(record(name, role, at), game.commands[move](), 2).effects[-1].message
    own = {"consumerPid": PIDS[C], "providerPid": PIDS[P]}
    keep = {key: value for key, value in own.items() if getattr(made, key, msgspec.UNSET) is not msgspec.UNSET}
    return msgspec.structs.replace(made, id=msgspec.UNSET, **keep)


def pendings(name: str, role: Role, state: str | None) -> list[str | None]:
    return [None, *(move for (at, move), (_, who) in SENT[name].items() if at == state and role in who)]


def expected(
    name: str, role: Role, state: str | None, pending: str | None, move: str, numbered: bool = True
) -> str | None:
    """The state after a received move; None where it is refused."""
    taken, sender = (TAKEN if numbered else TAKEN_UNNUMBERED)[name], role.other

    def allowed(at: str | None) -> str | None:
        to, who = taken.get((at, move), ("", set()))
        return to if sender in who else None

    if pending is not None:
        implied = allowed(SENT[name][(state, pending)][0])
        if implied is not None and (not numbered or allowed(state) is None):
            return implied  # Numbered messages here say that their sender has heard nothing of us.
        groups = CROSSING[name]
        ours, theirs = (next(i for i, group in enumerate(groups) if what in group) for what in (pending, move))
        if theirs < ours:
            return None
    return allowed(state)


def cases(name: str, role: Role) -> list[tuple[str | None, str | None]]:
    return [(state, pending) for state in STATES[name] for pending in pendings(name, role, state)]


# --- received ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbered", [True, False], ids=["numbered", "unnumbered"])
@EVERY
def test_every_received_move(name: str, role: Role, numbered: bool) -> None:
    module, seen = GAMES[name].module, set()
    for (state, pending), move in itertools.product(cases(name, role), MOVES[name]):
        before = record(name, role, state, pending)
        said = message(name, role, move, state)
        given = module.Received(said if numbered else msgspec.structs.replace(said, id=msgspec.UNSET))
        to = expected(name, role, state, pending, move, numbered)
        seen.add(to)
        if to is None:
            with pytest.raises(TransitionError):
                module.step(before, given, 9)
            continue
        step = module.step(before, given, 9)
        after, where = step.record, f"{state} pending {pending} receives {move}"
        assert (after.state, after.pending, after.ending) == (to, None, None), where
        assert (after.version, after.updated, after.peer_pid) == (8, 9, PIDS[role.other]), where
        assert [type(effect) for effect in step.effects] == ([Record, Withdraw] if pending else [Record]), where
        assert step.effects[0].params["to"] == to
    assert len(seen) > 3


@EVERY
def test_final_states_refuse_everything(name: str, role: Role) -> None:
    game = GAMES[name]
    for state, move in itertools.product(FINAL & set(STATES[name]), MOVES[name]):
        before = record(name, role, state)
        for given in (game.commands[move](), game.module.Received(message(name, role, move))):
            with pytest.raises(TransitionError):
                game.module.step(before, given, 9)
        for given in (game.module.Acknowledged(), game.module.Rejected(Reason("x"))):
            assert game.module.step(before, given, 9) == machine.Step(before)


# --- commands ---------------------------------------------------------------------------------------------------------


@EVERY
def test_every_command(name: str, role: Role) -> None:
    game = GAMES[name]
    for (state, pending), move in itertools.product(cases(name, role), MOVES[name]):
        if move == "terminate":
            continue
        before = record(name, role, state, pending)
        to, who = SENT[name].get((state, move), ("", set()))
        if pending is not None or role not in who:
            with pytest.raises(TransitionError):
                game.module.step(before, game.commands[move](), 9)
            continue
        step = game.module.step(before, game.commands[move](), 9)
        assert (step.record.state, step.record.pending, step.record.sent) == (state, move, 8)
        assert [type(effect) for effect in step.effects] == [Record, Send]
        done = game.module.step(step.record, game.module.Acknowledged(PIDS[role.other]), 10).record
        assert (done.state, done.pending, done.peer_pid) == (to, None, PIDS[role.other])


@EVERY
def test_every_wish_to_terminate(name: str, role: Role) -> None:
    game = GAMES[name]
    wish = game.commands["terminate"]()
    for state, pending in cases(name, role):
        before = record(name, role, state, pending)
        _, who = SENT[name].get((state, "terminate"), ("", set()))
        if state is None and pending is None:
            assert game.module.step(before, wish, 9).record.state == "TERMINATED"
        elif pending == "terminate" or (state is not None and role not in who):
            with pytest.raises(TransitionError):
                game.module.step(before, wish, 9)
        elif pending is None:
            step = game.module.step(before, wish, 9)
            assert (step.record.pending, step.record.ending, step.record.reason) == ("terminate", None, wish.reason)
            assert isinstance(step.effects[-1], Send)
        else:
            waiting = game.module.step(before, wish, 9)
            assert (waiting.record.pending, waiting.record.ending) == (pending, wish.reason)
            assert [type(effect) for effect in waiting.effects] == [Record]
            settled = game.module.step(waiting.record, game.module.Acknowledged(PIDS[role.other]), 10).record
            final = SENT[name][(state, pending)][0] in FINAL
            assert (settled.pending, settled.ending) == ((None, None) if final else ("terminate", None))


@EVERY
def test_every_rejection_ends_the_process(name: str, role: Role) -> None:
    game = GAMES[name]
    for state, pending in cases(name, role):
        if pending is None:
            continue
        after = game.module.step(record(name, role, state, pending), game.module.Rejected(Reason("no")), 9).record
        if state is None or pending == "terminate":
            assert (after.state, after.pending, after.reason) == ("TERMINATED", None, Reason("no"))
        else:
            assert (after.state, after.pending) == (state, "terminate")


# --- messages ---------------------------------------------------------------------------------------------------------


@EVERY
def test_every_message_is_what_the_schemas_want(name: str, role: Role) -> None:
    game, made = GAMES[name], 0
    for (state, move), (_, who) in SENT[name].items():
        if role not in who:
            continue
        sent = game.module.step(record(name, role, state), game.commands[move](), 9).effects[-1].message
        body = codec.encode(sent)
        assert codec.decode(body, type(sent)) == sent
        assert game.module.move_of(sent) == move
        assert sent.id == f"{PIDS[role]}#8.0" or move == "terminate"
        if DSP.is_dir():
            assert oracle.accepts(json.loads(body), type(sent))
        made += 1
    assert made > 4


@EVERY
def test_every_acknowledgement_is_what_the_schemas_want(name: str, role: Role) -> None:
    for state, pending in cases(name, role):
        if state is None and pending is None:
            continue
        ack = GAMES[name].module.ack(record(name, role, state, pending))
        assert ack.state == (state or SENT[name][(None, pending or "")][0])
        if DSP.is_dir():
            assert oracle.accepts(json.loads(codec.encode(ack)), type(ack))


@EVERY
def test_pids_are_checked(name: str, role: Role) -> None:
    game = GAMES[name]
    sent = message(name, role, "terminate")
    mine, theirs = ("consumerPid", "providerPid") if role is C else ("providerPid", "consumerPid")
    before = record(name, role, "REQUESTED")
    for key in (mine, theirs):
        wrong = msgspec.structs.replace(sent, **{key: "urn:x:other"})
        with pytest.raises(MessageError) as caught:
            game.module.step(before, game.module.Received(wrong), 9)
        assert caught.value.reason.params["place"] == f"/{key}"
    learned = game.module.step(msgspec.structs.replace(before, peer_pid=""), game.module.Received(sent), 9)
    assert learned.record.peer_pid == PIDS[role.other]


def test_what_a_negotiation_keeps() -> None:
    asked, offered = {"@id": "urn:x:asked"}, {"@id": "urn:x:offered"}
    n = record("negotiation", C, None, offered=None)
    n = negotiation.step(n, negotiation.Request(asked, "https://c.example"), 1).record
    assert (n.asked, n.terms) == (asked, asked)
    made = negotiation.step(record("negotiation", P, "REQUESTED"), negotiation.Offer(offered), 1).effects[-1].message
    n = negotiation.step(n, negotiation.Received(made), 2).record
    assert (n.state, n.offered, n.terms) == ("OFFERED", offered, asked)
    n = negotiation.step(n, negotiation.Accept(), 3).record
    assert n.terms == offered
    n = negotiation.step(n, machine.Acknowledged(), 4).record
    agreed = negotiation.step(record("negotiation", P, "ACCEPTED"), negotiation.Agree(AGREEMENT), 1)
    made = msgspec.structs.replace(agreed.effects[-1].message, id=msgspec.UNSET)
    n = negotiation.step(n, negotiation.Received(made, b"bytes"), 5).record
    assert (n.state, n.agreement, n.agreement_body) == ("AGREED", AGREEMENT, b"bytes")


def test_the_reason_of_the_peer_is_kept() -> None:
    made = message("transfer", C, "suspend", "STARTED")
    t = transfer.step(record("transfer", C, "STARTED"), transfer.Received(made), 1).record
    assert t.reason == Reason("peer.suspend", {"code": "operator", "said": "operator"})
    t = transfer.step(t, transfer.Start(), 2).record
    assert t.reason is None


# --- order: divergences that two-party walks found --------------------------------------------------------------------


def started() -> World:
    world = World(TRANSFER)
    world.command(C, "request")
    world.heal()
    world.command(P, "start")
    world.heal()
    assert {party.record.state for party in world.parties.values()} == {"STARTED"}
    return world


def test_a_suspension_given_up_is_stale_when_the_state_has_gone_round() -> None:
    world = started()
    world.command(C, "suspend")
    world.transmit(C)
    (late,) = world.letters
    world.letters.clear()
    world.command(P, "suspend")
    world.transmit(P)
    world.deliver(0)
    assert world.parties[C].record.state == "SUSPENDED"
    assert not world.parties[C].outbox, "given up, for the other suspension was first"
    world.heal()
    world.command(P, "start")
    world.heal()
    world.letters.append(late)
    world.heal()
    world.check()
    assert world.parties[P].record.state == "STARTED"


def resumed_by_the_consumer() -> World:
    """The provider has just said anew where the data are to be had; its message is on its way."""
    world = started()
    world.command(C, "suspend")
    world.heal()
    world.command(C, "start")
    world.transmit(C)
    world.deliver(0)
    assert world.parties[P].record.start_due
    assert world.command(P, "start")
    world.transmit(P)
    return world


def test_a_provider_answers_a_resumption_with_a_start_of_its_own() -> None:
    world = resumed_by_the_consumer()
    world.deliver(0)
    consumer = world.parties[C].record
    assert (consumer.state, consumer.pending) == ("STARTED", None), "it shows that the provider has ours"
    world.heal()
    world.check()
    assert not world.parties[P].record.start_due
    assert not world.command(P, "start")


def test_such_a_start_that_crosses_another_suspension_resumes_nothing() -> None:
    world = resumed_by_the_consumer()
    (late,) = world.letters
    world.letters.clear()
    world.answer(0)
    world.command(C, "suspend")
    world.letters.append(late)
    world.deliver(0)
    assert world.parties[C].record.pending == "suspend"
    world.heal()
    world.letters.append(late)
    world.heal()
    world.check()
    assert world.parties[C].record.state == "SUSPENDED"


def test_such_a_start_that_is_refused_for_good_ends_nothing() -> None:
    world = resumed_by_the_consumer()
    (late,) = world.letters
    world.letters.clear()
    world.refused.add((late.sender, late.number))
    world.heal()
    world.check()
    assert world.parties[C].record.state == "STARTED"


def test_a_first_message_cannot_be_called_back() -> None:
    for game in (NEGOTIATION, TRANSFER):
        world = World(game)
        world.command(C, "request")
        world.transmit(C)
        assert world.command(C, "terminate")
        world.heal()
        world.check()
        assert world.parties[P].record.state == "TERMINATED"


def test_a_wish_is_void_where_the_process_has_ended_well() -> None:
    world = started()
    world.command(P, "complete")
    assert world.command(P, "terminate")
    world.heal()
    world.check()
    assert world.parties[P].record.state == "COMPLETED"


@pytest.mark.parametrize("id", [f"{PIDS[P]}#x.y", f"{PIDS[P]}#1", "urn:x:other#1.0", "", f"{PIDS[P]}#1.0.0", PIDS[P]])
def test_ids_of_other_makes_say_nothing_about_order(id: str) -> None:
    before = record("transfer", C, "STARTED", acknowledged=5, heard=5)
    made = msgspec.structs.replace(message("transfer", C, "suspend", "STARTED"), id=id)
    assert transfer.step(before, transfer.Received(made), 9).record.heard == 5


@pytest.mark.parametrize(("id", "taken"), [("#6.5", True), ("#6.4", False), ("#5.5", False), ("#999999999.7", True)])
def test_order_of_our_own_make(id: str, taken: bool) -> None:
    before = record("transfer", C, "STARTED", acknowledged=5, heard=5)
    made = msgspec.structs.replace(message("transfer", C, "suspend", "STARTED"), id=PIDS[P] + id)
    if taken:
        assert transfer.step(before, transfer.Received(made), 9).record.state == "SUSPENDED"
    else:
        with pytest.raises(TransitionError, match=r"transition\.stale"):
            transfer.step(before, transfer.Received(made), 9)


def test_tables_name_every_state() -> None:
    for name, game in GAMES.items():
        assert isinstance(game, Game)
        assert {state for state in game.machine.table if game.machine.is_terminal(state)} == FINAL & set(STATES[name])
        assert {str(move) for move in game.machine.rank} == set(MOVES[name])
