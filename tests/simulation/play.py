"""What is done to two nodes: operators' wishes, crashes, cuts and weather, as plain data that a seed or a test draws.

What lives here: the acts, drawing a plan from a seed, performing it, healing. What does not: judging the end
(`invariants`). A wish that a node refuses (a state that does not allow it, a peer that is not there) is no failure:
what counts is what is left afterwards.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from connector.data import tokens
from connector.errors import NodeError, UnauthenticatedError
from connector.node import Node
from connector.protocol import negotiation, transfer
from connector.protocol.machine import Process, Role
from connector.protocol.messages import TransferState
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Agreement, Endpoint, Outgoing, Outside, PublishedOffer
from connector.services.formats import HTTP_PULL, PULL_PROFILE
from policies import parse, render
from policies.model import Reason
from policies.terms import Terms, restate
from tests.harness import virtual
from tests.simulation.hosts import Host, network
from tests.simulation.network import FAIR, Letter, Network, Weather
from tests.simulation.prepared import PEOPLE, Prepared

WITHIN = Terms(purposes=("ImprovePublicServices",), count=3)
OUTSIDE = Terms(purposes=("ImprovePublicServices",), count=1_000)
UNDERSTOOD = (WITHIN, OUTSIDE)
BOUND = 900.0
"""Virtual seconds within which everything has to come to rest once the network works."""

WEATHERS = (
    FAIR,
    Weather(lost_request=0.2, lost_answer=0.2),
    Weather(delay=3.0, twice=0.3),
    Weather(delay=0.5, late=0.3, lost_answer=0.1),
    Weather(lost_answer=0.5, silent=1.0),
    Weather(twice=0.5, again=0.1, garbage=0.3),
    Weather(delay=30.0, lost_request=0.1, twice=0.2),
)


class Kind(StrEnum):
    """What can be done."""

    REQUEST = "request"
    PROPOSE = "propose"
    OFFER = "offer"
    ACCEPT = "accept"
    COUNTER = "counter"
    AGREE = "agree"
    END_NEGOTIATION = "end negotiation"
    TRANSFER = "transfer"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETE = "complete"
    END_TRANSFER = "end transfer"
    RENEW = "renew"
    USE = "use"
    CRASH = "crash"
    FUSE = "fuse"
    CUT = "cut"
    JOIN = "join"
    WEATHER = "weather"
    REPLAY = "replay"
    WAIT = "wait"


WEIGHTS = {
    Kind.REQUEST: 8,
    Kind.PROPOSE: 2,
    Kind.OFFER: 4,
    Kind.ACCEPT: 6,
    Kind.COUNTER: 5,
    Kind.AGREE: 3,
    Kind.END_NEGOTIATION: 2,
    Kind.TRANSFER: 6,
    Kind.SUSPEND: 6,
    Kind.RESUME: 6,
    Kind.COMPLETE: 2,
    Kind.END_TRANSFER: 2,
    Kind.RENEW: 5,
    Kind.USE: 4,
    Kind.CRASH: 2,
    Kind.FUSE: 6,
    Kind.CUT: 3,
    Kind.JOIN: 3,
    Kind.WEATHER: 4,
    Kind.REPLAY: 4,
    Kind.WAIT: 6,
}


NEGOTIATING = {Kind.REQUEST, Kind.OFFER, Kind.ACCEPT, Kind.COUNTER, Kind.AGREE}
TRANSFERRING = {Kind.TRANSFER, Kind.SUSPEND, Kind.RESUME, Kind.RENEW}
BOTH = {Kind.SUSPEND, Kind.RESUME, Kind.COMPLETE, Kind.COUNTER, Kind.END_NEGOTIATION, Kind.END_TRANSFER}


class Act(Struct, frozen=True):
    """One thing that is done, on the side of `host` (0, 1). `pick` chooses among what there is, then `seconds` pass."""

    kind: Kind
    host: int
    pick: int = 0
    seconds: float = 0.0


class Plan(Struct, frozen=True):
    """A whole run: the seed of the network, the skews of the two clocks, the acts."""

    seed: str
    skews: tuple[float, float]
    acts: tuple[Act, ...]


def plan(seed: int, acts: int = 40) -> Plan:
    """The plan that a seed stands for."""
    draw = random.Random(f"plan {seed}")
    favoured = (NEGOTIATING, TRANSFERRING)[seed % 2]
    kinds = list(Kind)
    weights = [WEIGHTS[kind] * (3 if kind in favoured else 1) for kind in kinds]
    drawn: list[Act] = []
    while len(drawn) < acts:
        kind, host, pick = draw.choices(kinds, weights)[0], draw.randrange(2), draw.randrange(1_000_000)
        # Now and then both sides wish the same at once; most acts follow one another closely, so that they cross.
        if kind in BOTH and draw.random() < 0.4:
            drawn.append(Act(kind, 1 - host, pick))
        drawn.append(Act(kind, host, pick, draw.choice((0.0, 0.01, 0.05, 0.3, 2.0, 25.0))))
    return Plan(f"{seed}", (draw.uniform(-20, 20), draw.uniform(-20, 20)), tuple(drawn))


class Play:
    """Two running nodes. `offers` is what each of them has published, by its setting."""

    def __init__(self, made: Network, hosts: tuple[Host, Host]) -> None:
        self.network, self.hosts = made, hosts
        self.offers: list[dict[Outside, PublishedOffer]] = []
        self.done: list[tuple[str, str]] = []
        self._wishes: set[asyncio.Task[None]] = set()
        self._returns: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Start both nodes."""
        for host in self.hosts:
            await host.boot()
            published = await host.node.store.read(lambda view: view.select(PublishedOffer))
            self.offers.append({offer.outside: offer for offer in published})

    # --- acts ---------------------------------------------------------------------------------------------------------

    async def perform(self, act: Act) -> None:
        """Begin an act, and let time pass. A wish goes on while the next acts are begun."""
        task = self.network.spawn(self._begin(act))
        self._wishes.add(task)
        task.add_done_callback(self._wishes.discard)
        await asyncio.sleep(act.seconds)

    async def _begin(self, act: Act) -> None:
        host, other = self.hosts[act.host], self.hosts[1 - act.host]
        match act.kind:
            case Kind.CRASH:
                self._crash(host, act.pick)
            case Kind.FUSE:
                if host.life is not None:
                    host.life.fuse = 1 + act.pick % 24
                self._bring_back(host, act.pick)
            case Kind.CUT:
                self.network.cut.add((host.name, other.name))
            case Kind.JOIN:
                self.network.cut.discard((host.name, other.name))
            case Kind.WEATHER:
                self.network.weather = WEATHERS[act.pick % len(WEATHERS)]
            case Kind.REPLAY:
                await self._replay(act.pick)
            case Kind.WAIT:
                pass
            case _:
                await self._wish(host, act)

    def _crash(self, host: Host, pick: int) -> None:
        host.die()
        self._bring_back(host, pick)

    def _bring_back(self, host: Host, pick: int) -> None:
        """Whatever kills it, the host is started again after a while."""

        async def back() -> None:
            for _ in range(3):
                await asyncio.sleep(pick % 97 / 4)
                await host.boot()

        task = self.network.spawn(back())
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    async def _replay(self, pick: int) -> None:
        """Somebody sends a captured request once more, as it was."""
        letters = self.network.letters
        if letters:
            letter: Letter = letters[pick % len(letters)]
            try:
                response = await self.network.deliver(letter)
            except NodeError:
                return
            taken = [seen for seen in self.network.seen if seen.letter is letter and 200 <= seen.status < 300]
            # What everybody may read is read again without a token.
            if taken and response.status != 401 and letter.request.headers.get("authorization"):
                self.network.trouble.append(f"a captured token was taken again: {letter.request.path}")

    async def _wish(self, host: Host, act: Act) -> None:
        try:
            result = await host.do(lambda node: self._wished(node, act))
            self.done.append((act.kind, "nothing to do" if result is None else "done"))
        except NodeError as error:
            self.done.append((act.kind, error.reason.code))

    async def _wished(self, node: Node, act: Act) -> Any:
        peer, offers = self.hosts[1 - act.host].config.public_url, self.offers[1 - act.host]
        did = f"did:web:{peer.removeprefix('https://')}"
        match act.kind:
            case Kind.REQUEST:
                offer = offers[list(Outside)[act.pick % 3]]
                terms = UNDERSTOOD[act.pick // 3 % 2]
                document = {**render.to_dsp(restate(parse.from_dsp(offer.document), terms)), "target": offer.asset}
                return await node.negotiations.request("anna", did, offer.asset, document)
            case Kind.PROPOSE:
                offer = offers[list(Outside)[act.pick % 3]]
                return await node.proposals.request("anna", did, offer.asset, terms=UNDERSTOOD[act.pick // 3 % 2])
            case Kind.OFFER:
                own = self.offers[act.host][list(Outside)[act.pick % 3]]
                return await node.negotiations.offer("anna", did, own.id)
            case Kind.TRANSFER:
                contract = await _picked(node, Agreement, act.pick, lambda one: one.role == Role.CONSUMER)
                format = (HTTP_PULL, PULL_PROFILE)[act.pick // 7 % 2]
                return contract and await node.transfers.request("anna", contract.id, format=format)
            case Kind.RENEW:
                held = await _held(node, act.pick)
                return held and await node.fetching._renewing.token(held.id, access(node, held))
            case Kind.USE:
                return await self._used(node, act)
            case Kind.SUSPEND | Kind.RESUME | Kind.COMPLETE | Kind.END_TRANSFER:
                one = await _picked(node, Transfer, act.pick, lambda one: not TRANSFER.is_terminal(one.state))
                return one and await node.transfers.command("anna", one.id, _COMMANDS[act.kind])
            case _:
                n = await _picked(node, Negotiation, act.pick, _open(act.kind))
                return n and await _negotiating(node, n, act)

    async def _used(self, node: Node, act: Act) -> Any:
        """The token that is held is shown to the provider, where it runs and the transfer does."""
        held = await _held(node, act.pick)
        there = self.hosts[1 - act.host]
        if held is None or not there.up:
            return None
        t = await node.store.read(lambda view: view.get(Transfer, held.id))
        assert t is not None
        token = access(node, held)

        async def shown(provider: Node) -> bool:
            theirs = await provider.store.read(lambda view: view.get(Transfer, t.peer_pid))
            if theirs is None or theirs.state != TransferState.STARTED:
                return False
            generation, _ = provider.gate.tokens.generation(token, theirs.id)
            await provider.store.write(lambda tx: tokens.note(tx, theirs.id, generation))
            return True

        try:
            return await there.do(shown)
        except UnauthenticatedError as error:
            # INVARIANT: what a consumer holds last is never dead while the transfer runs.
            self.network.trouble.append(f"{held.id} locked out: {error.reason.code}")
            raise


async def _held(node: Node, pick: int) -> Endpoint | None:
    """An address with a token that ends, of a transfer that is not over."""
    t = await _picked(node, Transfer, pick, lambda one: one.format == PULL_PROFILE and one.state in _OPEN)
    held = t and await node.store.read(lambda view: view.get(Endpoint, t.id))
    return held if held is not None and held.expires else None


_OPEN = (TransferState.STARTED, TransferState.SUSPENDED)


def access(node: Node, held: Endpoint) -> str:
    """The access token that a node holds."""
    said = msgspec.json.decode(node.keys.sealer().open(held.secret, held.id.encode()), type=dict[str, str])
    return said["authorization"]


async def _negotiating(node: Node, n: Negotiation, act: Act) -> Any:
    match act.kind:
        case Kind.ACCEPT:
            return await node.approvals.approve("anna", n.id, seen=n.version)
        case Kind.COUNTER:
            return await node.proposals.counter("anna", n.id, UNDERSTOOD[act.pick % 2])
        case Kind.AGREE:
            return await node.approvals.approve(PEOPLE[act.pick % 2], n.id, seen=n.version)
        case _:
            return await node.negotiations.command("anna", n.id, negotiation.Terminate(Reason("operator")))


def _open(kind: Kind) -> Callable[[Negotiation], bool]:
    """Negotiations that a wish is likely to be about."""
    wanted = {
        Kind.ACCEPT: ("OFFERED",),
        Kind.AGREE: ("REQUESTED", "ACCEPTED"),
        Kind.COUNTER: ("OFFERED", "REQUESTED"),
    }.get(kind)
    if wanted is None:
        return lambda n: not NEGOTIATION.is_terminal(n.state)
    return lambda n: n.state in wanted


_COMMANDS = {
    Kind.SUSPEND: transfer.Suspend(Reason("operator")),
    Kind.RESUME: transfer.Start(),
    Kind.COMPLETE: transfer.Complete(),
    Kind.END_TRANSFER: transfer.Terminate(Reason("operator")),
}


async def _picked(node: Node, kind: Any, pick: int, wanted: Callable[[Any], bool]) -> Any:
    """One of the records that are wanted, or None."""
    found = [one for one in await node.store.read(lambda view: view.select(kind, limit=1_000)) if wanted(one)]
    return found[pick % len(found)] if found else None


# --- coming to rest ---------------------------------------------------------------------------------------------------


async def healed(play: Play) -> None:
    """Let the network work and every host run, and wait until nothing moves any more.

    Raises `AssertionError` with what still waits, where that takes longer than `BOUND`.
    """
    play.network.heal()
    loop = asyncio.get_running_loop()
    end = loop.time() + BOUND
    for host in play.hosts:
        if host.life is not None:
            host.life.fuse = 0
        await host.boot()
    while True:
        waiting = await _waiting(play)
        if not waiting:
            return
        if loop.time() > end:
            raise AssertionError("stuck: " + "; ".join(waiting))
        await asyncio.sleep(1.0)


async def _waiting(play: Play) -> list[str]:
    """What is still under way."""
    waiting = [f"{len(play._wishes)} wishes"] if play._wishes else []
    if play._returns:
        waiting.append("a host is being started")
    if play.network.under_way:
        waiting.append(f"{play.network.under_way} messages on their way")
    for host in play.hosts:
        if not host.up:
            return [*waiting, f"{host.name} is down"]
        outgoing = await host.node.store.read(lambda view: view.select(Outgoing, limit=1_000))
        waiting += [f"{host.name} sends {item.kind} of {item.pid}" for item in outgoing]
        waiting += [f"{host.name}: queue {one}" for one in host.node.outbox.standing()]
        for process in await processes(host):
            if process.pending is not None or process.ending is not None:
                waiting.append(f"{host.name}: {process.id} pending {process.pending} ending {process.ending}")
    return waiting


async def processes(host: Host) -> Sequence[Process]:
    """Every negotiation and transfer of a host."""
    return await host.node.store.read(
        lambda view: [*view.select(Negotiation, limit=1_000), *view.select(Transfer, limit=1_000)]
    )


async def staged(stack: AsyncExitStack, prepared: Prepared, folder: Path, drawn: Plan) -> Play:
    """Two running nodes on copies of the prepared directories; the stack stops them."""
    prepared.copy(folder)
    made = await stack.enter_async_context(network(drawn.seed))
    first, second = (
        Host(made, name, folder / name, skew=skew) for name, skew in zip(prepared.names, drawn.skews, strict=False)
    )
    play = Play(made, (first, second))
    await play.begin()
    return play


def run(prepared: Prepared, drawn: Plan, judge: Callable[[Play], Awaitable[None]]) -> Play:
    """Perform a plan from beginning to rest and judge it. Raises `AssertionError`."""

    async def main() -> Play:
        with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
            async with AsyncExitStack() as stack:
                play = await staged(stack, prepared, Path(folder), drawn)
                for act in drawn.acts:
                    await play.perform(act)
                await healed(play)
                await judge(play)
        assert not play.network.trouble, play.network.trouble[:5]
        return play

    return virtual.run(main)
