"""Several nodes in one process on virtual time, and a network between them that loses, repeats, delays and cuts.

What lives here: building and crashing whole nodes, and the Peer port that carries their requests to each other's
`Dsp.handle`. What does not: sockets (`proxy`, `process`), what has to hold in the end (`invariants`). One seed decides
everything but the bytes of keys and signatures.

A crash raises `CrashError` at a fault point; from then on nothing that the old node does reaches its disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from connector import config, node
from connector.errors import DeliveryError
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Reply, Stream
from connector.protocol import codec
from connector.records import Outgoing
from connector.services.peers import Peers
from tests.harness.virtual import SeededIds, VirtualClock

DEADLINE = 20.0
OPERATOR = "admin"


class CrashError(Exception):
    """The node is gone at this point."""


class Weather(Struct, frozen=True):
    """How the network is: chances per message, seconds at most on the way, chance of a crash per fault point."""

    loss: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    crash: float = 0.0
    back_after: float = 5.0


FAIR = Weather(delay=0.01)


class Acknowledged(Struct, frozen=True):
    """A message that its sender saw a 2xx for: the receiver must know it for ever."""

    receiver: str
    sender: str
    key: bytes


class Network:
    """Nodes by name; `https://NAME.example` is their address."""

    def __init__(self, directory: Path, seed: int, weather: Weather = FAIR) -> None:
        self.weather = weather
        self.nodes: dict[str, Node] = {}
        self.acknowledged: list[Acknowledged] = []
        self.crashes = 0
        self.cut: set[frozenset[str]] = set()
        self._directory, self._random = directory, random.Random(seed)
        self._seed = seed
        self._lives: dict[str, int] = {}
        self._armed: dict[str, list[tuple[str, int]]] = {}
        self._clocks: dict[str, VirtualClock] = {}
        self._ids: dict[str, SeededIds] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # --- nodes --------------------------------------------------------------------------------------------------------

    async def add(self, name: str, decide: Callable[..., Any] | None = None) -> Node:
        """A new node. It sends and receives, but listens nowhere."""
        asyncio.get_running_loop().set_exception_handler(_quiet_after_crash)
        node.initialise(self._directory / name, f"https://{name}.example", public_port=0, management_port=0, lab=False)
        self._clocks[name], self._ids[name] = VirtualClock(), SeededIds(f"{self._seed}/{name}")
        self._lives[name] = 0
        return await self._run(name, decide)

    async def _run(self, name: str, decide: Callable[..., Any] | None = None) -> Node:
        self._lives[name] += 1
        life = self._lives[name]
        built = node.build(
            config.load(self._directory / name, {}),
            decide=decide,
            clock=self._clocks[name],
            ids=self._ids[name],
            peer=_Wire(self, name, life),
            fault=lambda point: self._fault(name, life, point),
            threaded=False,
        )
        self.nodes[name] = built
        await built.outbox.start()
        return built

    async def introduce(self, *names: str) -> None:
        """Let every node pin every other one."""
        for one in names:
            for other in names:
                if one != other:
                    mine = self.nodes[one]
                    peers = Peers(
                        store=mine.store,
                        fetch=_Fetch(self),
                        clock=mine.clock,
                        own=mine.did,
                        changed=lambda mine=mine: _forget(mine),  # type: ignore[misc]
                    )
                    await peers.add(OPERATOR, f"https://{other}.example", other)

    def clock(self, name: str) -> VirtualClock:
        """A node's clock, to be shifted."""
        return self._clocks[name]

    def up(self, name: str) -> bool:
        """False between a crash and the return."""
        return name in self.nodes

    def arm(self, name: str, point: str, hit: int = 1) -> None:
        """Crash this node when it comes to the point for the `hit`-th time from now on."""
        self._armed.setdefault(name, []).append((point, hit))

    def armed(self, name: str) -> bool:
        """True while an armed crash has not happened: the point was not reached."""
        return bool(self._armed.get(name))

    def _fault(self, name: str, life: int, point: str) -> None:
        if life != self._lives[name] or not self.up(name):
            raise CrashError(name)
        left = [(at, hit - (at == point)) for at, hit in self._armed.get(name, ())]
        self._armed[name] = [(at, hit) for at, hit in left if hit > 0]
        if len(self._armed[name]) < len(left) or self._random.random() < self.weather.crash:
            self._crash(name)
            raise CrashError(point)

    def _crash(self, name: str) -> None:
        gone = self.nodes.pop(name)
        self.crashes += 1
        self.spawn(self._return(name, gone))

    async def _return(self, name: str, gone: Node) -> None:
        await asyncio.sleep(self._random.uniform(0, self.weather.back_after))
        await _dispose(gone)
        await self._run(name)

    async def close(self) -> None:
        """End every node."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for one in self.nodes.values():
            await _dispose(one)

    # --- messages -----------------------------------------------------------------------------------------------------

    def spawn(self, work: Any) -> None:
        """Let it run beside; `close` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def carry(self, sender: str, request: Request, root: str) -> Reply:
        """One request from a node to whoever is at a root URL. Raises `DeliveryError`."""
        await self._on_the_way(sender, root)
        reply = await self.arrive(request, root)
        if self._random.random() < self.weather.repeat:
            self.spawn(self._again(request, root))
        await self._on_the_way(sender, root)
        self._note(sender, root, request, reply)
        return reply

    async def arrive(self, request: Request, root: str) -> Reply:
        """Have the node at a root URL answer a request. Raises `DeliveryError` where it is down or goes down."""
        name = _name(root)
        life = self._lives.get(name)
        if not self.up(name):
            raise DeliveryError("peer.unreachable", url=root)
        response = await self.nodes[name].dsp.handle(request)
        if not self.up(name) or life != self._lives[name]:
            raise DeliveryError("peer.unreachable", url=root)
        with contextlib.suppress(CrashError):  # the answer had been written
            response.after()
        return Reply(response.status, response.body, response.headers)

    async def _on_the_way(self, sender: str, root: str) -> None:
        if frozenset((sender, _name(root))) in self.cut or self._random.random() < self.weather.loss:
            await asyncio.sleep(DEADLINE)
            raise DeliveryError("peer.timeout", url=root)
        await asyncio.sleep(self._random.uniform(0, self.weather.delay))

    async def _again(self, request: Request, root: str) -> None:
        await asyncio.sleep(self._random.uniform(0, 2 * self.weather.delay))
        try:
            await self.arrive(request, root)
        except DeliveryError:
            return

    def _note(self, sender: str, root: str, request: Request, reply: Reply) -> None:
        if request.method != "POST" or not 200 <= reply.status < 300 or request.path.endswith("/heads"):
            return
        parts = request.path.split("/")
        if parts[3] not in ("negotiations", "transfers"):
            return
        pid = "" if len(parts) < 6 else unquote(parts[4])
        kind = msgspec.json.decode(request.body)["@type"]
        key = codec.repeat_key(kind, pid, request.body)
        self.acknowledged.append(Acknowledged(_name(root), sender, key))

    # --- time ---------------------------------------------------------------------------------------------------------

    async def settled(self, seconds: float) -> bool:
        """Wait until every node is up with an empty outbox; False where that takes longer than `seconds`."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            if len(self.nodes) == len(self._lives) and not await self._waiting():
                return True
            await asyncio.sleep(1)
        return False

    async def _waiting(self) -> int:
        return sum([await one.store.read(lambda view: view.count(Outgoing)) for one in self.nodes.values()])


class _Wire:
    """The Peer port of one life of one node."""

    def __init__(self, network: Network, name: str, life: int) -> None:
        self._network, self._name, self._life = network, name, life

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
    ) -> Reply:
        """Over the network."""
        parts = urlsplit(url)
        headers = {"host": parts.netloc, "content-type": "application/json"}
        if authorization is not None:
            headers["authorization"] = authorization
        request = Request(method, parts.path, parts.query, headers, body or b"")
        return await self._network.carry(self._name, request, f"{parts.scheme}://{parts.netloc}")

    async def open(
        self, url: str, *, headers: Mapping[str, str], private: bool = False, deadline: float | None = None
    ) -> Stream:
        """Data needs a listener; simulations move no data."""
        raise DeliveryError("peer.unreachable", url=url)


class _Fetch:
    """The Fetch port: what a node shows to everybody."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        parts = urlsplit(url)
        request = Request("GET", parts.path, parts.query, {"host": parts.netloc}, b"")
        reply = await self._network.arrive(request, f"{parts.scheme}://{parts.netloc}")
        assert reply.status == 200, url
        return reply.body


def _name(root: str) -> str:
    return (urlsplit(root).hostname or "").removesuffix(".example")


def _forget(mine: Node) -> None:
    mine.outbox.forget()
    mine.identity.forget()  # type: ignore[attr-defined]


async def _dispose(gone: Node) -> None:
    await gone.gate.close()
    await gone.outbox.close()
    await gone.client.close()
    await gone.store.close()


def _quiet_after_crash(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task that ends with its node is no defect; everything else is reported."""
    if not isinstance(context.get("exception"), CrashError):
        loop.default_exception_handler(context)
