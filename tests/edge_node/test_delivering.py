"""A device, its city and a utility under a contract, all of them whole: what the device measures is there, once each,
and can be asked for like any other data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest
from yarl import URL

from certs import cbor, cose, jwk
from certs.jwk import PublicKey
from connector.data.consuming.arriving import Arrived
from connector.data.consuming.following import Asking, Heard
from connector.data.queries.model import Budget, Selection
from connector.data.readings.model import Batch, Legend, Rows
from connector.errors import RefusedError
from connector.node import Node
from connector.protocol import transfer
from connector.records import DeviceReadings, Silo
from edge_node.buffer.buffer import Buffer
from edge_node.contracts.decisions import Decisions, Moment
from edge_node.contracts.leaving import Departures
from edge_node.delivery.receipts import Receipts
from edge_node.delivery.sync import Means, Sync
from edge_node.network.link import Answer
from edge_node.seal import Sealer
from policies.model import Reason
from tests.connector.data.readings.test_ordering import contract, transferred
from tests.connector.devices import BASE, Cabinet, cabinet
from tests.connector.joined import CITY, UTILITY, Two, joined
from tests.edge_node.delivering import AIR, NAMES
from tests.ports.reader import everything


class Loopback:
    """Stands for `edge_node.network.link.Link`: names lead to the nodes' own listeners on loopback."""

    def __init__(self, ports: dict[str, int], session: aiohttp.ClientSession) -> None:
        self._ports, self._session = ports, session

    async def post(self, url: str, body: bytes, **more: Any) -> Answer:
        return await self._send("POST", url, body, **more)

    async def get(self, url: str, **more: Any) -> Answer:
        return await self._send("GET", url, None, **more)

    async def _send(
        self, method: str, url: str, body: bytes | None, *, authorization: str, device: str, media_type: str = "",
        **_: Any,
    ) -> Answer:  # fmt: skip
        parts = urlsplit(url)
        fields = {"Host": parts.netloc, "Authorization": authorization, "Allmende-Device": device}
        fields |= {"Content-Type": media_type} if media_type else {}
        to = URL(f"http://127.0.0.1:{self._ports[parts.netloc]}{parts.path}", encoded=True)
        async with self._session.request(method, to, data=body, headers=fields) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, await answer.read())


class World:
    def __init__(self, two: Two, device: Cabinet, link: Loopback, folder: Path) -> None:
        self.two, self.device, self.link = two, device, link
        own = device.identity
        self.sealer = Sealer(own.key, own.kid)
        self.buffer = Buffer.open(folder / "buffer", sealing=self.sealer, clock=two.city.clock.now)
        self.receipts = Receipts(folder)
        self.orders: Any = None
        self.told = False

    async def measure(self, count: int) -> None:
        legend = Legend(1, 0, ((1, AIR),), tuple(enumerate(NAMES, 1)))
        first, now = self.buffer.next(1), self.two.city.clock.now()
        numbers = range(first, first + count)
        rows = Rows([now + n for n in numbers], [1 + n % 3 for n in numbers], [[n * 7 for n in numbers], list(numbers)])
        sealed = self.sealer.batch(Batch(1, 1, first, rows))
        await self.buffer.append([sealed], [] if self.told else [self.sealer.legend(legend)])
        self.told = True

    @property
    def city_keys(self) -> dict[bytes, PublicKey]:
        key, _ = self.two.city.keys.signing()
        return {cose.kid_of(key.public_key()): jwk.of(key.public_key())}

    def sync(self) -> Sync:
        return Sync(
            Means(
                buffer=self.buffer,
                link=self.link,
                sealer=self.sealer,
                departures=Departures(self.buffer, lambda n: b"k" * n),
                decisions=Decisions(),
                device=self.device.did,
                home_url=f"{BASE}/edge/readings",
                home_proof=self.device.token,
                home_keys=lambda: self.city_keys,
                orders=lambda: self.orders,
                moment=lambda: Moment(self.two.city.clock.now()),
                receipts=self.receipts,
            )
        )

    async def drained(self) -> list[str]:
        """Bring all that there is; what was wrong with each line."""
        sync = self.sync()
        running = asyncio.create_task(sync.run())
        async with asyncio.timeout(20):
            await sync.drained()
            while any(one.waiting and not one.code for one in sync.standing()):
                await asyncio.sleep(0.01)
        codes = [one.code for one in sync.standing()]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return codes


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with joined(tmp_path, region="Region Elbland") as two, aiohttp.ClientSession() as session:
        ports = {}
        for url, one in ((CITY, two.city), (UTILITY, two.utility)):
            await one.public_listener.start("127.0.0.1", 0)
            ports[urlsplit(url).netloc] = one.public_listener.port
        device = await cabinet(two.city, tmp_path / "cabinet")
        made = World(two, device, Loopback(ports, session), tmp_path)
        yield made
        await made.buffer.close()
        for one in (two.city, two.utility):
            await one.public_listener.close()


async def rows(node: Node, **settings: str) -> list[dict[str, Any]]:
    """What a silo of readings gives."""
    silo = Silo(id="devices", kind="readings", settings=settings, created=0, created_by="a")
    reader = node.silos.reader("readings")
    selection = Selection(collection="air")
    shape = await reader.describe(silo, selection)
    async with aclosing(reader.read(silo, selection, shape, everything(shape), Budget())) as pieces:
        body = b"".join([piece async for piece in pieces])
    return [msgspec.json.decode(line) for line in body.splitlines()]


async def test_what_a_device_measures_is_at_its_city_and_under_contract_at_the_utility(world: World) -> None:
    two, device = world.two, world.device
    agreed = await contract(two, device)
    await transferred(two, agreed)
    world.orders = await device.orders()
    await world.measure(100)
    assert await world.drained() == ["", ""]
    await world.measure(20)
    assert await world.drained() == ["", ""]
    here, there = await rows(two.city), await rows(two.utility, contract=agreed)
    assert [one["n"] for one in here] == [*range(1, 121)]
    for one in (*here, *there):
        one.pop("n")
    assert here == there
    assert (there[0]["device"], there[0]["thing"], there[0]["pm25"]) == (device.did, "south", 0.7)


async def test_a_receipt_is_by_the_key_of_the_node(world: World) -> None:
    await world.measure(10)
    assert await world.drained() == [""]
    [batch] = world.buffer.read(1, ((1, 10),), 1 << 20)
    world.receipts.flush()
    body = (world.device.folder.parent / "receipts.cbor").read_bytes()
    [found] = cbor.split(body)
    _, _, receipt = cbor.loads(found)
    assert cose.verify_countersignature(receipt, batch.data, world.city_keys).issued > 0


async def test_a_receipt_of_a_consumer_is_by_the_key_that_the_orders_name(world: World) -> None:
    agreed = await contract(world.two, world.device)
    await transferred(world.two, agreed)
    world.orders = await world.device.orders()
    await world.measure(10)
    await world.drained()
    world.receipts.flush()
    found = [cbor.loads(one) for one in cbor.split((world.device.folder.parent / "receipts.cbor").read_bytes())]
    assert sorted(name for name, _, _ in found) == sorted(("home", agreed))


async def test_what_ends_goes_no_more(world: World) -> None:
    two, device = world.two, world.device
    agreed = await contract(two, device)
    await transferred(two, agreed)
    world.orders = await device.orders()
    await world.measure(10)
    await world.drained()
    [asked] = await two.utility.transfers.select(agreement=agreed)
    await two.utility.transfers.command("engineer", asked.id, transfer.Terminate(Reason("x")))
    await world.measure(10)
    assert await world.drained() == ["", "sync.unwelcome"], "also where the device has not heard of it yet"
    assert len(await rows(two.utility, contract=agreed)) == 10
    assert len(await rows(two.city)) == 20
    found = await two.utility.store.read(lambda view: view.select(DeviceReadings))
    assert [one.held for one in found] == [{1: ((1, 10),)}]


async def test_what_arrives_is_followed_where_it_is(world: World) -> None:
    two, device = world.two, world.device
    agreed = await contract(two, device)
    await transferred(two, agreed)
    world.orders = await device.orders()
    await world.measure(50)
    await world.drained()
    opening: Any = two.utility.subscribing._following
    followed = await opening.open("engineer", agreed, Asking())
    found: list[Heard] = []
    async with aclosing(followed.rows()) as heard:
        while len(found) < 51:
            found.append(await anext(heard))
        waiting = asyncio.ensure_future(anext(heard))
        await world.measure(1)
        await world.drained()
        found.append(await waiting)
    told = [msgspec.json.decode(one.row)["n"] for one in found if one.row]
    assert told == [*range(1, 52)]
    again = await opening.open("engineer", agreed, Asking(after=found[30].mark))
    async with aclosing(again.rows()) as heard:
        assert (await anext(heard)).gap is False
        assert msgspec.json.decode((await anext(heard)).row)["n"] == 31
    with pytest.raises(RefusedError, match=r"readings\.query"):
        await opening.open("engineer", agreed, Asking(query="limit=1"))
    [asked] = await two.utility.transfers.select(agreement=agreed)
    await two.utility.transfers.command("engineer", asked.id, transfer.Terminate(Reason("x")))
    ended = Arrived(
        agreed, found[-1].mark, shelf=opening._shelf, store=two.utility.store, clock=two.utility.clock
    )  # fmt: skip
    assert [one.row async for one in ended.rows()] == [b""]
    assert ended.ended is not None
