"""A whole device in this process: its agent as it runs by the road, beside a city and a utility that are whole too.

What lives here: the agent with a clock that tests set and a network that tests cut, what sensors say to its own source,
and what has arrived where. What does not: what is expected. Everything of the device is real but its clock, the names
of its network, and how long it waits before it tries again.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest
from yarl import URL

from certs import cbor
from connector.data.queries.model import Budget, Selection
from connector.data.readings.model import Batch
from connector.node import Node
from connector.protocol.messages import TransferState
from connector.records import Silo
from edge_node import agent, config, reporting
from edge_node.agent import Agent
from edge_node.buffer import moments as clocks
from edge_node.errors import LinkError
from edge_node.network import link
from edge_node.network.link import Answer
from policies import instants
from tests.connector.data.readings.test_ordering import transferred
from tests.connector.data.world import SetClock
from tests.connector.devices import Cabinet, cabinet
from tests.connector.joined import CITY, UTILITY, Two, joined
from tests.ports.reader import everything

SECOND, DAY = 1_000_000, 86_400_000_000
AT_HOME = "/edge/readings"
SETTINGS = """
[series.air.fields]
pm25 = { unit = "ug/m3", places = 1, min = 0, max = 1000 }
noise = { unit = "dB", places = 1, min = 0, max = 200 }
[sources.sensors]
kind = "http"
series = "air"
with = { listen = "127.0.0.1:0", most_bytes = 16000000 }
[buffer]
commit_seconds = 0.05
"""


class Network:
    """Stands for `network.link.Link`: names lead to listeners on loopback. While it is `down` nothing gets through,
    nor to paths that are `closed`."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self.ports: dict[str, int] = {}
        self._under_way: set[asyncio.Future[Answer]] = set()
        self.down = False
        self.closed: set[str] = set()
        self.posts: list[tuple[str, bytes]] = []
        """Readings that went: host and body."""
        self.lost: Callable[[str], bool] = lambda host: False
        """Is the answer to this post lost?"""
        self._session = aiohttp.ClientSession()

    async def post(self, url: str, body: bytes, **more: Any) -> Answer:
        """See `Link.post`."""
        return await self._send("POST", url, body, **more)

    async def get(self, url: str, **more: Any) -> Answer:
        """See `Link.get`."""
        return await self._send("GET", url, None, **more)

    async def close(self) -> None:
        """See `Link.close`."""

    async def end(self) -> None:
        """No network any more."""
        await self._session.close()

    async def _send(
        self, method: str, url: str, body: bytes | None, *, authorization: str, device: str = "", media_type: str = "",
        **_: Any,
    ) -> Answer:  # fmt: skip
        parts = urlsplit(url)
        if self.down or parts.path in self.closed:
            raise LinkError("link.unreachable")
        readings = body is not None and media_type.endswith("readings")
        if readings and body is not None:
            self.posts.append((parts.netloc, body))
        fields = {"Host": parts.netloc, "Authorization": authorization, "Allmende-Device": device}
        fields |= {"Content-Type": media_type} if media_type else {}
        to = URL(f"http://127.0.0.1:{self.ports[parts.netloc]}{parts.path}", encoded=True)
        found = await self._cuttable(self._through(method, to, body, fields))
        if readings and self.lost(parts.netloc):
            raise LinkError("link.disconnected")
        return found

    async def _through(self, method: str, to: URL, body: bytes | None, fields: Mapping[str, str]) -> Answer:
        async with self._session.request(method, to, data=body, headers=fields) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            headers["date"] = formatdate(self._clock.now() / SECOND, usegmt=True)
            return Answer(answer.status, headers, await answer.read())

    async def _cuttable(self, request: Coroutine[Any, Any, Answer]) -> Answer:
        task = asyncio.ensure_future(request)
        self._under_way.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._under_way.discard(task)
            task.cancel()
        if task.cancelled():
            raise LinkError("link.disconnected")
        return task.result()

    def cut(self, *closed: str) -> None:
        """No network any more, or none to these paths; what is under way is broken off."""
        self.down, self.closed = not closed, {*closed}
        for one in self._under_way:
            one.cancel()


class Device:
    """The device. `start` and `stop` it as often as wanted: the directory stays."""

    def __init__(self, place: Cabinet, network: Network, clock: SetClock) -> None:
        self.place, self.network, self.clock = place, network, clock
        self.directory = place.folder
        self.is_set: Callable[[], bool] = lambda: True
        self.wall: Callable[[], int] = clock.now
        self.said: list[dict[str, Any]] = []
        """What sensors have said and the device has acknowledged."""
        self.settle()

    def settle(self, settings: str = "", **changed: str) -> None:
        """Write `edge.toml`: what there is by default, with pieces of text changed, and more behind."""
        text = SETTINGS
        for old, new in changed.items():
            assert old in text
            text = text.replace(old, new)
        (self.directory / config.FILE).write_text(text + settings)

    async def start(self) -> None:
        """Return when it takes readings."""
        moments = clocks.Moments(wall=self.wall, elapsed=self.clock.now, is_set=self.is_set)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clocks, "Moments", lambda: moments)
            self.agent = Agent(self.directory, config.read(self.directory), self.place.identity)
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.agent.run(self._stop))
        source: Any = self.agent.sources[0]
        listening = asyncio.create_task(source.listening.wait())
        await asyncio.wait([self._running, listening], return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            self._running.result()
        self.url = f"http://127.0.0.1:{source.port}/readings"

    async def stop(self) -> None:
        """As at SIGTERM."""
        self._stop.set()
        await self._running

    async def say(self, readings: Iterable[Mapping[str, Any]]) -> int:
        """Sensors report; the status that they are answered."""
        body = [dict(one) for one in readings]
        status = await self.raw(msgspec.json.encode(body))
        if status == 204:
            self.said += body
        return status

    async def raw(self, body: bytes) -> int:
        """Somebody says this; the status."""
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body) as answer:
            return answer.status

    async def report(self, count: int, *, things: int = 3) -> None:
        """So many readings with times of their own, in one message."""
        begin = len(self.said)
        assert await self.say(reading(n, self.clock.now(), things=things) for n in range(begin, begin + count)) == 204

    def status(self) -> dict[str, Any]:
        """What `allmende edge status` shows."""
        return reporting.shown(self.agent._parts())

    def codes(self) -> dict[str, str]:
        """What is wrong with each line: by agreement, "" the own node."""
        return {one["agreement"]: one["trouble"] for one in self.status()["consumers"]}

    async def until(self, wanted: Callable[[], object], seconds: float = 30) -> None:
        """Return when it is so."""
        try:
            async with asyncio.timeout(seconds):
                while not wanted():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(self.status()) from None

    async def drained(self, *agreements: str) -> None:
        """Return when its own node and these have everything."""
        await self.until(
            lambda: (
                {"", *agreements}
                <= {one["agreement"] for one in self.status()["consumers"] if not one["waiting"] and one["last"]}
            )
        )

    async def ordered(self, wanted: Callable[[Any], object]) -> None:
        """Return when its orders are so."""
        await self.until(lambda: self.agent.book.current is not None and wanted(self.agent.book.current))

    def firsts(self, since: int, host: str) -> list[list[tuple[int, int]]]:
        """The numbers in each of the posts to a host, behind the first so many posts."""
        return [self._numbers(body) for at, body in self.network.posts[since:] if at == host]

    def _numbers(self, body: bytes) -> list[tuple[int, int]]:
        opened = [self.agent.sealer.opened(one) for one in cbor.split(body)]
        return [(one.first, one.last) for one in opened if isinstance(one, Batch)]

    def files(self) -> dict[str, bytes]:
        """Everything of it that is on the disk."""
        return {
            str(one.relative_to(self.directory)): one.read_bytes()
            for one in self.directory.rglob("*")
            if one.is_file() and not one.is_socket()
        }


class World:
    """A device, its city, and a utility."""

    def __init__(self, two: Two, device: Device, clock: SetClock) -> None:
        self.two, self.device, self.clock = two, device, clock

    async def contract(self, *duties: Mapping[str, Any], two: Two | None = None, name: str = "air") -> str:
        """A contract of the utility (or of whom `two` has in its place) on the device's series, with these duties, and
        readings that run under it. The device has heard of it."""
        two = two or self.two
        rule: dict[str, Any] = {"action": "use"} | ({"duty": [*duties]} if duties else {})
        rules = {"@id": f"urn:x:{name}", "@type": "Offer", "permission": [rule]}
        agreed = await two.contract(
            None, name, "edge", rules=rules if duties else None, device=self.device.place.did, series="air"
        )
        await transferred(two, agreed, TransferState.STARTED)
        await self.device.ordered(lambda orders: any(one.agreement == agreed for one in orders.deliveries))
        return agreed

    async def join(self, node: Node, url: str) -> None:
        """A node that is reached by its name."""
        await node.public_listener.start("127.0.0.1", 0)
        self.device.network.ports[urlsplit(url).netloc] = node.public_listener.port


@asynccontextmanager
async def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """All of them, running; whoever waits before trying again waits a thousandth of it."""
    clock = SetClock()
    network = Network(clock)
    monkeypatch.setattr(agent, "jitter", lambda: 0.001)
    monkeypatch.setattr(link, "opened", lambda *_, **__: network)
    async with joined(folder, region="Region Elbland", clock=clock) as two:
        assert two.city.edge is not None
        two.city.edge.ordering.start()
        made = World(two, Device(await cabinet(two.city, folder / "cabinet"), network, clock), clock)
        for url, one in ((CITY, two.city), (UTILITY, two.utility)):
            await made.join(one, url)
        await made.device.start()
        try:
            yield made
        finally:
            if not made.device._running.done():
                await made.device.stop()
            await two.city.edge.ordering.close()
            await network.end()
            for one in (two.city, two.utility):
                await one.public_listener.close()


def reading(n: int, now: int, *, things: int = 3) -> dict[str, Any]:
    """The how manieth reading, taken now: values that nobody makes small."""
    drawn = zlib.crc32(str(n).encode())
    return {
        "thing": f"air-{n % things}",
        "at": instants.stamp(now // SECOND * SECOND + n),
        "pm25": drawn % 9973 / 10,
        "noise": drawn // 9973 % 1000 / 10,
    }


async def arrived(node: Node, **settings: str) -> list[dict[str, Any]]:
    """What a silo of readings gives, in the order of the numbers."""
    silo = Silo(id="devices", kind="readings", settings=settings, created=0, created_by="a")
    reader, selection = node.silos.reader("readings"), Selection(collection="air")
    shape = await reader.describe(silo, selection)
    async with aclosing(reader.read(silo, selection, shape, everything(shape), Budget())) as pieces:
        body = b"".join([piece async for piece in pieces])
    return sorted((msgspec.json.decode(line) for line in body.splitlines()), key=lambda one: one["n"])


def digest(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same for the same readings, whatever their numbers and their order."""
    said = sorted((one["thing"], one["at"], *(one.get(name) for name in ("pm25", "noise"))) for one in rows)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
