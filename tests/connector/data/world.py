"""A provider's data plane on a real store and a real socket, small enough to be made for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp import web
from yarl import URL

from connector.data.answering.answers import Answers
from connector.data.egress import Egress
from connector.data.gate import Gate
from connector.data.ledgers import Ledgers
from connector.data.noise import laplace
from connector.data.ports import Around
from connector.data.silos.registry import Silos, kept_in
from connector.data.sources import Sources
from connector.http.data import DataPlane
from connector.ports import no_fault
from connector.protocol import codec, transfer
from connector.protocol.machine import Role
from connector.records import Agreement, Asset, Participant, Written
from connector.services.changes import Change, Changes
from connector.store.sqlite import SqliteStore
from connector.system import KnownFacts, SystemClock, SystemIds

PEER = "did:web:utility.example"
DATASET = "urn:example:dataset"
AGREEMENT = "urn:uuid:00000000-0000-7000-8000-0000000000a1"
PID = "urn:uuid:00000000-0000-7000-8000-0000000000f1"
PURPOSE = "https://w3id.org/dpv#ImprovePublicServices"
KEY = b"k" * 32


class SetClock(SystemClock):
    """The machine's clock, moved by `ahead` microseconds."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


def count(most: int) -> dict[str, Any]:
    return {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": str(most), "@type": "xsd:integer"}}


def until(text: str) -> dict[str, Any]:
    return {"leftOperand": "dateTime", "operator": "lt", "rightOperand": {"@value": text, "@type": "xsd:dateTime"}}


def purpose(iri: str = PURPOSE) -> dict[str, Any]:
    return {"leftOperand": "purpose", "operator": "eq", "rightOperand": iri}


def agreement(*constraints: Mapping[str, Any], id: str = AGREEMENT) -> Agreement:
    rule: dict[str, Any] = {"action": "use"}
    if constraints:
        rule["constraint"] = list(constraints)
    document = {
        "@id": id,
        "@type": "Agreement",
        "target": DATASET,
        "assigner": "did:web:city.example",
        "assignee": PEER,
        "timestamp": "2026-01-01T00:00:00Z",
        "permission": [rule],
    }
    return Agreement(
        id=id,
        negotiation="urn:uuid:n",
        role="provider",
        peer=PEER,
        dataset=DATASET,
        document=document,
        message=b"{}",
        hash=codec.digest(document),
        concluded=0,
    )


def started(pid: str = PID, **changes: Any) -> transfer.Transfer:
    blank = transfer.blank(
        id=pid,
        role=Role.PROVIDER,
        peer=PEER,
        callback="http://127.0.0.1:9/callback",
        agreement=AGREEMENT,
        format="HttpData-PULL",
        dataset=DATASET,
        now=0,
    )
    return msgspec.structs.replace(blank, **{"state": "STARTED", "peer_pid": "urn:uuid:c", **changes})


def asset(kind: str, **settings: Any) -> Asset:
    return Asset(
        id=DATASET, name="counts", title="Counts", kind=kind, settings=settings, created=0, created_by="a",
        media_type="text/csv",
    )  # fmt: skip


def open_store(folder: Path, *, threaded: bool = True, clock: SystemClock | None = None) -> SqliteStore:
    return SqliteStore.open(
        folder / "state.db",
        clock=clock or SystemClock(),
        sign_head=lambda size, root, at: f"did:web:city.example\n{size}\n",
        threaded=threaded,
    )


async def signed(told: Mapping[str, Any]) -> str:
    """A signature that a test can read."""
    return msgspec.json.encode(told).hex()


class World:
    """The parts of a node that an access passes."""

    def __init__(
        self, folder: Path, *, threaded: bool = True, fault: Any = no_fault, kinds: Sequence[str] = ("made",),
        peer: Any = None,
    ) -> None:  # fmt: skip
        self.clock = SetClock()
        self.store = open_store(folder, threaded=threaded, clock=self.clock)
        self.changes = Changes()
        self.gate = Gate(
            store=self.store, clock=self.clock, facts=KnownFacts(self.clock), key=KEY, changes=self.changes, fault=fault
        )
        ledgers = Ledgers(store=self.store, clock=self.clock, ids=SystemIds(), secret=lambda: b"s" * 32)
        self.ledgers = ledgers
        self.egress = Egress(ledgers=ledgers, clock=self.clock, sign=signed, draw=laplace)
        self.silos = Silos(
            kinds,
            around=Around(clock=self.clock, peer=peer, secret=lambda settings, name: ""),
            find=kept_in(self.store),
        )
        sources = Sources(["file", "folder", "live"], clock=self.clock)
        self.answers = Answers(
            sources=sources, silos=self.silos, egress=self.egress, clock=self.clock, token=SystemIds().token
        )
        self.plane = DataPlane(self.gate, sources, self.egress, answers=self.answers, clock=self.clock)
        self.url = ""
        self.session: aiohttp.ClientSession

    async def put(self, *records: msgspec.Struct) -> None:
        def act(tx: Any) -> None:
            for record in records:
                tx.put(record)

        await self.store.write(act)

    async def say(self, kind: str, id: str) -> None:
        self.changes.publish(Change(kind, id))

    async def log(self) -> list[Written]:
        kept = await self.store.read(lambda view: view.log(limit=10_000))
        return [msgspec.json.decode(entry.body, type=Written) for entry in kept]

    async def events(self) -> list[str]:
        return [entry.event for entry in await self.log()]

    async def until_event(self, event: str) -> Written:
        """The first audit entry of this name, as soon as there is one."""
        while True:
            for entry in await self.log():
                if entry.event == event:
                    return entry
            await asyncio.sleep(0.01)

    def headers(self, pid: str = PID, **more: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.gate.credential(pid)}",
            "Accept-Encoding": "identity",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }

    def address(self, member: str = "", pid: str = PID) -> str:
        return f"{self.url}/data/{quote(pid, safe='')}" + (f"/{member}" if member else "")

    async def get(
        self, member: str = "", method: str = "GET", *, query: str = "", **more: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        url = URL(self.address(member) + (f"?{query}" if query else ""), encoded=True)
        async with self.session.request(method, url, headers=self.headers(**more)) as response:
            return response.status, response.headers.copy(), await response.read()


@asynccontextmanager
async def world(folder: Path, *records: msgspec.Struct, **settings: Any) -> Any:
    made = World(folder, **settings)
    await made.put(Participant(id=PEER, name="utility", url="http://u", base="http://u", keys={}, words="", added=0,
                               added_by="a"), *records)  # fmt: skip
    app = web.Application()
    app.router.add_route("*", "/data/{tail:.*}", made.plane.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)) as session:
        made.session = session
        try:
            yield made
        finally:
            await made.gate.close()
            await session.close()
            await runner.cleanup()
            await made.plane.close()
            await made.store.close()


def codes(reasons: Sequence[Any]) -> list[str]:
    return [reason.code for reason in reasons]
