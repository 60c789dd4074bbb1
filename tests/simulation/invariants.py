"""What must hold once everything has come to rest, whatever happened before.

What lives here: what a simulation knows beyond the common checker (`tests.harness.invariants`): every process walks its
table, nothing is applied twice, what was acknowledged is kept. What does not: coming to rest (`play.healed`). Each
finding is a sentence; a run is right when there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from urllib.parse import unquote

import msgspec

from connector.data import tokens
from connector.errors import UnauthenticatedError
from connector.ports import Reading
from connector.protocol import codec
from connector.protocol.machine import Machine, Role
from connector.protocol.messages import TransferState
from connector.protocol.negotiation import NEGOTIATION
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Endpoint, Written
from tests.harness.binding import unbound
from tests.harness.invariants import Acknowledged, forgotten, taken, violations
from tests.simulation.hosts import Host
from tests.simulation.network import Seen
from tests.simulation.play import Play, access, processes

MACHINES = {machine.name: machine for machine in (NEGOTIATION, TRANSFER)}


async def judge(play: Play) -> None:
    """Raises `AssertionError` with everything that does not hold."""
    one, two = play.hosts
    found = [
        *await both_sides(play.hosts),
        *await applied_once(one, two),
        *await durable(play),
        *[text for host in play.hosts for text in unbound(await entries(host))],
        *await agreeing_heads(play.hosts),
        *await nobody_locked_out(one, two),
        *await nobody_locked_out(two, one),
    ]
    assert not found, "\n".join(found)


def _ending(view: Reading) -> list[tuple[Endpoint, Transfer]]:
    """Addresses with tokens that end, of transfers of ours that run."""
    held = [(one, view.get(Transfer, one.id)) for one in view.select(Endpoint, limit=1_000) if one.expires]
    return [
        (one, t) for one, t in held if t is not None and (t.role, t.state) == (Role.CONSUMER, TransferState.STARTED)
    ]


async def nobody_locked_out(consumer: Host, provider: Host) -> list[str]:
    """Of every transfer that runs, the token that the consumer holds opens what the provider gave it for."""
    found = []
    theirs, made = provider.node.store, provider.node.gate.tokens
    for held, mine in await consumer.node.store.read(_ending):
        try:
            generation, _ = made.generation(access(consumer.node, held), mine.peer_pid)
            await theirs.read(partial(tokens.check, pid=mine.peer_pid, generation=generation))
        except UnauthenticatedError as error:
            found.append(f"{consumer.name}: {held.id} is locked out: {error.reason.code}")
    return found


# --- one side ---------------------------------------------------------------------------------------------------------


async def entries(host: Host) -> list[Written]:
    """The audit of a host."""
    logged = await host.node.store.read(lambda view: view.log(limit=100_000))
    return [msgspec.json.decode(one.body, type=Written) for one in logged]


async def applied_once(one: Host, two: Host) -> list[str]:
    """Every process walks its table without a gap and leaves no terminal state; nothing is received that was not sent,
    or more often."""
    found = []
    sent: Counter[tuple[str, str]] = Counter()
    came: Counter[tuple[str, str]] = Counter()
    for host, other in ((one, two), (two, one)):
        twins = {process.peer_pid: process.id for process in await processes(other) if process.peer_pid}
        twins |= {process.id: process.peer_pid for process in await processes(host) if process.peer_pid}
        walks: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for entry in await entries(host):
            kind, _, rest = entry.event.partition(".")
            if kind not in MACHINES or "from" not in entry.params:
                continue
            pid = entry.params["process"]
            walks.setdefault((kind, pid), []).append((entry.params["from"], entry.params["to"]))
            what, _, move = rest.partition(".")
            if what == "sending":
                sent[pid, move] += 1
            elif what == "received":
                came[twins.get(pid, "?"), move] += 1
        for (kind, pid), walk in walks.items():
            found += _gaps(host, MACHINES[kind], pid, walk)
    found += [f"{move} of {pid} taken {count} times, sent {sent[pid, move]}" for (pid, move), count in came.items()
              if count > sent[pid, move]]  # fmt: skip
    return found


def _gaps(host: Host, machine: Machine, pid: str, walk: list[tuple[str, str]]) -> list[str]:
    found = [f"{host.name}: {pid} jumps from {a} to {b}" for (_, a), (b, _) in pairwise(walk) if a != b]
    left = [before for before, after in walk if before not in (after, "-") and machine.is_terminal(before)]
    return found + [f"{host.name}: {pid} leaves {before}" for before in left]


async def durable(play: Play) -> list[str]:
    """Whatever was acknowledged stands in the store of the one who did (I4)."""
    stores = {host.name: (host.node.did, host.node.store) for host in play.hosts}
    keys = [(seen.letter, _repeat_key(seen)) for seen in play.network.seen]
    seen = [Acknowledged(letter.target, letter.sender, key) for letter, key in keys if key is not None]
    return await forgotten(seen, stores)


def _repeat_key(seen: Seen) -> bytes | None:
    """What an acknowledged message of a process is kept under; None for anything else."""
    request = seen.letter.request
    parts = request.path.split("/")[3:]
    if request.method != "POST" or not 200 <= seen.status < 300 or parts[:1] not in (["negotiations"], ["transfers"]):
        return None
    pid = "" if parts[1] in ("request", "offers") else unquote(parts[1])
    return codec.repeat_key(msgspec.json.decode(request.body)["@type"], pid, request.body)


async def both_sides(hosts: Sequence[Host]) -> list[str]:
    """What every fault case is judged by. A negotiation that waits for a person is not stuck."""
    snapshots = []
    for host in hosts:
        verdict = await host.do(lambda node: node.audit.verify())
        assert verdict is not None
        findings = [*map(str, verdict.findings), *(f"{peer} is silent" for peer in verdict.silent)]
        snapshots.append(await taken(host.node.did, host.node.store, findings))
    waiting = tuple(f"is {state}" for state in ("REQUESTED", "OFFERED", "ACCEPTED"))
    return [text for text in violations(*snapshots) if not (text.startswith("I7") and text.endswith(waiting))]


async def agreeing_heads(hosts: Sequence[Host]) -> list[str]:
    """Nobody was accused of another log than the one that was shown."""
    return [
        f"{host.name}: heads contradict each other"
        for host in hosts
        if any(entry.event == "head.conflict" for entry in await entries(host))
    ]
