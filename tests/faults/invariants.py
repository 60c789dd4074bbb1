"""What must hold after every fault, once it is over: the global checker.

What lives here: invariants over both nodes, seen over their management APIs and in their two stores. What does not:
causing faults. Each check is named as the reliability plan names it:

I1 same state on both sides; I2 one agreement a negotiation, in force exactly when it is FINALIZED, with one hash; I3
every access was under a contract in force and a transfer started at that moment, and uses are numbered without a gap;
I4 whatever a side holds for acknowledged stands in the other's log; I5 both audits verify, also against the heads that
peers hold; I6 nothing waits to be sent, and each message counted once; I7 nothing is left unfinished; I9 health is
answered. (I8, memory and descriptors, needs a process that lives on: `footprint`.)
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from connector.protocol import codec
from connector.protocol.machine import Process
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Logged, Outgoing, Written
from connector.store.view import View
from tests.faults.processes import NodeProcess, until
from tests.faults.world import ENDED, World

ALL = 1_000_000
MACHINES = ("negotiation", "transfer")


class Side(Struct, frozen=True):
    """What one node keeps, read in one snapshot."""

    name: str
    did: str
    processes: dict[str, Process]
    agreements: dict[str, Agreement]
    waiting: int
    log: list[Written]


def check(world: World) -> None:
    """Every invariant, as soon as nothing is left to be done by itself. Raises `AssertionError`."""
    until(lambda: all(map(_settled, world.nodes)), "I6/I7: something is left to do")
    sides = [_side(node) for node in world.nodes]
    provider, consumer = sides
    for side, other in ((provider, consumer), (consumer, provider)):
        _same_states(side, other)
        _one_agreement(side, other)
        _acknowledged_is_durable(side, other)
        _counted_once(side, other)
        assert side.waiting == 0, f"I6: {side.name} holds {side.waiting} messages"
        unfinished = [p.id for p in side.processes.values() if p.state not in ENDED or p.pending or p.ending]
        assert not unfinished, f"I7: {side.name}: {unfinished}"
    _accesses_were_legal(provider)
    for node in world.nodes:
        _audit_holds(node, {other.did for other in world.nodes if other is not node})
        # Whether there is room again is found out every second.
        until(lambda node=node: node.call("GET", "/health")["status"] == "ok", f"I9: {node.directory.name}")


def footprint(node: NodeProcess) -> tuple[int, int]:
    """I8: resident memory in KiB and open descriptors of a node's process."""
    status = Path(f"/proc/{node.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(resident.split()[1]), len(os.listdir(f"/proc/{node.pid}/fd"))


def _settled(node: NodeProcess) -> bool:
    open_ones = node.look(lambda view: [p for p in _processes(view).values() if p.state not in ENDED or p.pending])
    return not open_ones and not node.call("GET", "/v1/status")["outbox"]


def _side(node: NodeProcess) -> Side:
    def act(view: View) -> Side:
        return Side(
            name=node.directory.name,
            did=node.did,
            processes=_processes(view),
            agreements={one.id: one for one in view.select(Agreement, limit=ALL)},
            waiting=view.count(Outgoing),
            log=[_written(one) for one in view.log(limit=ALL)],
        )

    return node.look(act)


def _processes(view: View) -> dict[str, Process]:
    found: list[Process] = [*view.select(Negotiation, limit=ALL), *view.select(Transfer, limit=ALL)]
    return {one.id: one for one in found}


def _written(one: Logged) -> Written:
    return msgspec.json.decode(one.body, type=Written)


def _same_states(side: Side, other: Side) -> None:
    """I1. One that the peer never heard of has ended without it."""
    for one in side.processes.values():
        theirs = other.processes.get(one.peer_pid)
        if theirs is None:
            assert one.state == "TERMINATED", f"I1: {side.name} {one.id} {one.state}, unknown to {other.name}"
            continue
        assert theirs.peer_pid == one.id, f"I1: {one.id} and {theirs.id} are not each other's"
        assert theirs.state == one.state, f"I1: {one.id} {one.state}, but {theirs.id} {theirs.state}"


def _one_agreement(side: Side, other: Side) -> None:
    """I2. The hash is made again from the bytes that were sent; both sides keep the same ones."""
    made = Counter(one.negotiation for one in side.agreements.values())
    assert max(made.values(), default=0) <= 1, f"I2: {side.name} {made.most_common(1)}"
    finished = {one.id for one in side.processes.values() if one.state == "FINALIZED"}
    assert finished <= set(made), f"I2: {side.name} lacks the agreement of {finished - set(made)}"
    for id, ours in side.agreements.items():
        assert ours.hash == codec.digest(codec.agreement_of(ours.message)), f"I2: {side.name} {id}"
        assert ours.in_force == (ours.negotiation in finished), f"I2: {side.name} {id} in force {ours.in_force}"
        if not ours.in_force:
            continue
        theirs = other.agreements.get(id)
        assert theirs is not None, f"I2: only {side.name} has {id}"
        assert (theirs.hash, theirs.message) == (ours.hash, ours.message), f"I2: {id} differs"


def _moves(side: Side, what: str) -> Counter[tuple[str, str]]:
    """How often each process's log says `what` of each move."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in side.log:
        machine, _, rest = entry.event.partition(".")
        said, _, move = rest.partition(".")
        if machine in MACHINES and said == what:
            found[entry.params["process"], move] += 1
    return found


def _acknowledged_is_durable(side: Side, other: Side) -> None:
    """I4: what we count as acknowledged, the peer has received and kept."""
    received = _moves(other, "received")
    for (pid, move), times in _moves(side, "acknowledged").items():
        theirs = side.processes[pid].peer_pid
        assert received[theirs, move] >= times, f"I4: {side.name} {pid} {move}"


def _counted_once(side: Side, other: Side) -> None:
    """I6: a message has its effect once, however often it was delivered."""
    sent = _moves(other, "sending")
    for (pid, move), times in _moves(side, "received").items():
        theirs = side.processes[pid].peer_pid
        assert times <= sent[theirs, move], f"I6: {side.name} {pid} {move} {times} times, sent {sent[theirs, move]}"


def _accesses_were_legal(side: Side) -> None:
    """I3: the log, read from its beginning, has a started transfer and its contract in force before each access."""
    standing: dict[str, tuple[str, str]] = {}
    in_force: set[str] = set()
    uses: dict[str, list[int]] = defaultdict(list)
    for entry in side.log:
        params = entry.params
        if entry.event.startswith(MACHINES) and "to" in params:
            standing[params["process"]] = (params["to"], params.get("pending", ""))
            if entry.event == "negotiation.sending.finalize":
                in_force.add(params["process"])
        if entry.event in ("access.permitted", "access.examined"):
            state, pending = standing[params["transfer"]]
            assert pending == "start" or (state, pending) == ("STARTED", ""), f"I3: access while {state} {pending}"
            agreement = side.agreements[params["agreement"]]
            assert agreement.negotiation in in_force, f"I3: {agreement.id} not in force"
            assert agreement.hash == params["hash"], f"I3: {agreement.id} was another"
            if "use" in params:
                uses[agreement.id].append(int(params["use"]))
    for id, drawn in uses.items():
        assert sorted(drawn) == list(range(1, len(drawn) + 1)), f"I3: uses of {id}: {drawn}"


def _audit_holds(node: NodeProcess, peers: Iterable[str]) -> None:
    """I5: every leaf, the own head, and the heads that the peers hold; they have one, and it is borne out."""

    def verified() -> bool:
        verdict = node.call("GET", "/v1/audit/verify", timeout=30.0)
        assert verdict["ok"], f"I5: {node.directory.name} {verdict['findings']}"
        return set(peers) <= set(verdict["agreeing"])

    until(verified, f"I5: nobody holds a head of {node.directory.name}")
