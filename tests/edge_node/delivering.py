"""A device and those whom it delivers to, in one process: a real buffer, real receivers, and a link that can be cut."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from certs import cose, jwk
from certs.jwk import PublicKey
from connector.data.readings import keeping, legends
from connector.data.readings.keeping import Window
from connector.data.readings.model import Batch, Field, Legend, Rows, Series
from connector.data.readings.orders import Delivery, Orders
from connector.data.readings.receiving import Receiving, Sender, every, meaning
from connector.errors import NodeError
from connector.http.readings import encoded
from connector.protocol.machine import Role
from connector.records import DeviceReadings
from connector.records.readings import readings_id
from connector.services.changes import Changes
from connector.store.sqlite import SqliteStore
from edge_node.buffer.buffer import Buffer
from edge_node.buffer.model import Limits
from edge_node.contracts.decisions import Decisions, Moment
from edge_node.contracts.leaving import Departures
from edge_node.delivery.sync import Means, Sync
from edge_node.errors import LinkError
from edge_node.network.link import Answer
from edge_node.seal import Sealer
from tests.connector.data.world import AGREEMENT, PID, SetClock, open_store, started

CITY, DEVICE = "did:web:city.example", "did:web:city.example:edge:box"
HOME_URL, AWAY_URL = "https://city.example/edge/readings", "https://utility.example/inbox/1"
AIR = Series("air", (Field("pm25", "ug/m3", 1), Field("noise", "dB", 1)))
WATER = Series("water", (Field("level", "cm"),))
NOON = 1_790_000_000_000_000
SECOND = 1_000_000
NAMES = ("north", "south", "west")


class Place:
    """Somebody who receives."""

    def __init__(self, folder: Path, scope: str, keys: Mapping[bytes, PublicKey]) -> None:
        folder.mkdir()
        self.key = Ed25519PrivateKey.generate()
        self.keys = {cose.kid_of(self.key.public_key()): jwk.of(self.key.public_key())}
        self.store: SqliteStore = open_store(folder, clock=SetClock())
        self.folder = folder / "readings"
        self.sender = Sender(device=DEVICE, keys=keys, scope=scope, transfer=PID if scope else "")
        self.status: list[int] = []
        self.posts: list[bytes] = []
        self.open()

    def open(self) -> None:
        self.receiving = Receiving(
            store=self.store, clock=SetClock(), changes=Changes(), folder=self.folder, quota=1 << 40,
            countersign=lambda message: cose.countersign(self.key, cose.kid_of(self.key.public_key()), message),
        )  # fmt: skip

    async def begun(self) -> None:
        moved = replace(started(format="Allmende-Readings-PUSH"), role=Role.CONSUMER)
        await self.store.write(lambda tx: tx.put(moved))

    async def answer(self, body: bytes | None) -> Answer:
        if self.status:
            return Answer(self.status.pop(0), {"retry-after": "7"}, b"")
        try:
            if body is None:
                return Answer(200, {}, encoded(await self.receiving.held(self.sender)))
            self.posts.append(body)
            return Answer(200, {}, encoded(await self.receiving.take(self.sender, body)))
        except NodeError as error:
            return Answer(409 if error.reason.code == "readings.legend" else 400, {}, error.reason.code.encode())

    async def said(self) -> Legend:
        """All that it was told of numbers."""
        found = await self.store.read(lambda view: view.get(DeviceReadings, readings_id(self.sender.scope, DEVICE)))
        assert found is not None
        return meaning(found) or Legend(0)

    async def record(self) -> DeviceReadings:
        found = await self.store.read(lambda view: view.get(DeviceReadings, readings_id(self.sender.scope, DEVICE)))
        assert found is not None
        return found

    async def rows(self, series: str = "air") -> list[tuple[str, int, tuple[Any, ...]]]:
        """What is here, as it came: thing, instant, values."""
        logs = await self.store.read(lambda view: every(view, self.sender.scope))
        known, found = dict((await self.said()).things), list[tuple[str, int, tuple[Any, ...]]]()
        for log in (one for one in logs if one.series == series):
            for file in log.files:
                for frame in keeping.frames(keeping.place(self.folder, log, file.number), file.bytes, Window()):
                    batch = legends.decode(cose.read(frame.body.message).payload)
                    assert isinstance(batch, Batch)
                    rows = batch.rows
                    values = zip(*rows.columns, strict=True)
                    found += list(zip([known[n] for n in rows.things], rows.times, values, strict=True))
        return found


class CutLink:
    """The network: answers come from places by URL. `fate` is asked before each request: "" it goes through, "before"
    it never arrives, "after" its answer never does."""

    def __init__(self, places: Mapping[str, Place], fate: Callable[[], str] = lambda: "") -> None:
        self.places, self.fate, self.cuts, self.bytes = places, fate, 0, 0

    async def post(self, url: str, body: bytes, **more: Any) -> Answer:
        assert more["device"] == DEVICE
        self.bytes += len(body)
        return await self._through(url, body)

    async def get(self, url: str, **more: Any) -> Answer:
        assert more["device"] == DEVICE
        return await self._through(url, None)

    async def _through(self, url: str, body: bytes | None) -> Answer:
        fate = self.fate()
        await asyncio.sleep(0)
        if fate:
            self.cuts += 1
        if fate == "before":
            raise LinkError("link.unreachable")
        answer = await self.places[url].answer(body)
        if fate == "after":
            raise LinkError("link.disconnected")
        return answer


class Box:
    """A device."""

    def __init__(self, folder: Path, *, rows: int = 1000) -> None:
        self.folder, self.rows = folder, rows
        self._key = Ed25519PrivateKey.generate()
        self.kid = cose.kid_of(self._key.public_key())
        self.keys = {self.kid: jwk.of(self._key.public_key())}
        self.sealer = Sealer(self._key, self.kid)
        self.now = NOON
        self.orders: Orders | None = None
        self.taken: list[tuple[str, int, tuple[Any, ...]]] = []
        self.legend = Legend(0)
        self.open()

    def open(self) -> None:
        self.buffer = Buffer.open(
            self.folder, sealing=self.sealer, clock=lambda: self.now, limits=Limits(batch=self.rows)
        )
        self.decisions = Decisions()
        self.departures = Departures(self.buffer, random.Random(1).randbytes)

    async def told(self, *series: Series) -> list[bytes]:
        """The legend of these series, numbered from 1, where it was not written yet."""
        if self.legend.number:
            return []
        things = tuple(enumerate(NAMES, 1))
        self.legend = Legend(1, 0, tuple(enumerate(series or (AIR, WATER), 1)), things)
        return [self.sealer.legend(self.legend)]

    async def measure(self, count: int, *, each: int = 10, series: int = 1) -> None:
        """So many readings, in batches of `each`, kept for good."""
        for begin in range(0, count, each):
            some = min(each, count - begin)
            first, legend = self.buffer.next(series), await self.told()
            fields = len(dict(self.legend.series)[series].fields)
            numbers = range(first, first + some)
            rows = Rows(
                [self.now + n for n in range(some)],
                [1 + n % 3 for n in numbers],
                [[n * 7919 % (1009 + field) for n in numbers] for field in range(fields)],
            )
            batch = Batch(series, 1, first, rows)
            await self.buffer.append([self.sealer.batch(batch)], legend)
            if series == 1:
                values = zip(*rows.columns, strict=True)
                self.taken += zip([NAMES[n - 1] for n in rows.things], rows.times, values, strict=True)
            self.now += SECOND

    def sync(self, link: CutLink, *, sleep: Callable[[float], Awaitable[None]] | None = None, **more: Any) -> Sync:
        self.slept: list[float] = []

        async def soon(seconds: float) -> None:
            self.slept.append(seconds)
            await asyncio.sleep(0 if seconds < 4 else 0.001)

        return Sync(
            Means(
                buffer=self.buffer,
                link=link,
                sealer=self.sealer,
                departures=self.departures,
                decisions=self.decisions,
                device=DEVICE,
                home_url=HOME_URL,
                home_proof=lambda: "Bearer cwt",
                orders=lambda: self.orders,
                moment=lambda: Moment(self.now),
                sleep=sleep or soon,
                **more,
            )
        )

    def ordered(self, *duties: Mapping[str, Any], series: str = "air", **more: Any) -> Orders:
        """Orders with one delivery to the utility, under these duties."""
        rule: dict[str, Any] = {"action": "use"}
        if duties:
            rule["duty"] = list(duties)
        policy = {
            "@id": AGREEMENT, "@type": "Agreement", "target": "urn:example:air", "assigner": CITY,
            "assignee": "did:web:utility.example", "timestamp": "2026-01-01T00:00:00Z", "permission": [rule],
        }  # fmt: skip
        delivery = Delivery(
            id=PID, agreement=AGREEMENT, consumer="did:web:utility.example", series=series, policy=policy,
            url=AWAY_URL, token="Bearer token", concluded=NOON, **more,
        )  # fmt: skip
        return Orders(number=1, node=CITY, device=DEVICE, issued=self.now, deliveries=(delivery,))
