"""A node that plays scripts: the product with its decision and its identity replaced, seeded with known things.

What lives here: seeding, the scripted decision, the identity that takes every caller for the kit, two trigger
endpoints on a port of their own, and the process that holds all of it (`python -m tests.harness.scripted DIR`). What
does not: the scripts (`script`). The product knows nothing of any of this.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from connector import config, founding, node
from connector.ports import Caller, Transaction
from connector.protocol import negotiation, transfer
from connector.protocol.machine import Role
from connector.protocol.messages import DataAddress, JsonObject
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Outside, Participant, PublishedOffer
from connector.services.changes import Change
from policies.model import Reason
from scripts.lib.ports import free_port
from tests.harness import apart
from tests.harness.script import (
    CATALOG,
    CONSUMER_TRANSFERS,
    KIT,
    PROVIDER_NEGOTIATIONS,
    PROVIDER_TRANSFERS,
    SCRIPTS,
    Action,
    Play,
    offer_id,
)

USE: JsonObject = {"permission": [{"action": "use"}]}
SCRIPTED = Reason("scripted")
FOREVER = 1 << 52
"""A counterpart's tokens never end here, in microseconds UTC."""


class Addresses(Struct, frozen=True):
    """Where a scripted node is: its root, its DSP base and the two triggers."""

    root: str
    base: str
    negotiations: str
    transfers: str


class AnyoneIdentity:
    """The Identity port that takes whoever calls for the kit; each call counts as a token of its own."""

    def __init__(self) -> None:
        self._calls = itertools.count()

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """Any header will do."""
        return "Bearer scripted"

    async def verify(self, authorization: str | None) -> Caller:
        """The kit, always."""
        return Caller(KIT, f"call-{next(self._calls)}", FOREVER)


class Scripts:
    """Which step each process takes next."""

    def __init__(self, me: str) -> None:
        self.me = me
        self._played: dict[str, int] = {}

    def due(self, process: Negotiation | Transfer) -> Play | None:
        """The next step of this process, where it stands in that step's state with nothing under way. It counts as
        played."""
        script = SCRIPTS.get(process.dataset if isinstance(process, Negotiation) else process.agreement, ())
        played = self._played.get(process.id, 0)
        if played >= len(script) or process.pending is not None or process.state != script[played].state:
            return None
        self._played[process.id] = played + 1
        return script[played]

    def command(self, process: Negotiation | Transfer, action: Action) -> Any:
        """What a step says."""
        if isinstance(process, Transfer):
            return _transfer_command(process, action)
        return self._negotiation_command(process, action)

    def _negotiation_command(self, n: Negotiation, action: Action) -> negotiation.Command:
        match action:
            case "request":
                return negotiation.Request({"@type": "Offer", "@id": f"offer{n.dataset}", "target": n.dataset, **USE})
            case "offer":
                return negotiation.Offer({"@type": "Offer", "@id": offer_id(n.dataset), "target": n.dataset, **USE})
            case "agree":
                return negotiation.Agree(agreement(f"urn:scripted:{n.id}", n.dataset, self.me, n.peer))
            case "accept":
                return negotiation.Accept()
            case "verify":
                return negotiation.Verify()
            case "finalize":
                return negotiation.Finalize()
            case _:
                return negotiation.Terminate(SCRIPTED)


def _nothing(tx: Transaction, process: Negotiation | Transfer) -> None:
    """The decision: nothing but the scripts moves a process."""


def _transfer_command(t: Transfer, action: Action) -> transfer.Command:
    match action:
        case "start" if t.role is Role.PROVIDER:
            return transfer.Start(
                DataAddress(endpointType="https://w3id.org/idsa/v4.1/HTTP", endpoint="http://127.0.0.1/")
            )
        case "start":
            return transfer.Start()
        case "suspend":
            return transfer.Suspend(SCRIPTED)
        case "complete":
            return transfer.Complete()
        case _:
            return transfer.Terminate(SCRIPTED)


def agreement(id: str, dataset: str, assigner: str, assignee: str) -> JsonObject:
    """An agreement that permits use and nothing else."""
    parties = {"assigner": assigner, "assignee": assignee, "timestamp": "2025-01-01T00:00:00Z"}
    return {"@type": "Agreement", "@id": id, "target": dataset, **parties, **USE}


class ScriptedNode:
    """A built node, its scripts and the tasks of steps that wait."""

    def __init__(self, directory: Path, port: int, **parts: Any) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        root = f"http://127.0.0.1:{port}"
        founding.initialise(directory, root, public_port=port, management_port=0, lab=True)
        settings = config.load(directory, {})
        self.scripts = Scripts(f"did:web:127.0.0.1%3A{port}")
        self.root = root
        self.node = node.build(settings, decide=_nothing, identity=AnyoneIdentity(), **parts)
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        """The DSP base URL."""
        return f"{self.root}/dsp/2025-1"

    async def start(self) -> None:
        """Seed and serve."""
        await self.prepare()
        await self.node.start()

    async def prepare(self) -> None:
        """Seed, and follow what moves; enough where nothing listens."""
        await self.node.store.write(lambda tx: seed(tx, self.scripts.me))
        self.node.changes.subscribe(self._moved)

    async def close(self) -> None:
        """Drop what waits and stop."""
        for task in tuple(self._waiting):
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
        await self.node.close()

    def _moved(self, change: Change) -> None:
        if change.kind not in ("negotiation", "transfer"):
            return
        task = asyncio.get_running_loop().create_task(self._play(change))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _play(self, change: Change) -> None:
        service = self.node.negotiations if change.kind == "negotiation" else self.node.transfers
        process = await service.get(change.id)
        play = self.scripts.due(process)
        if play is not None:
            await asyncio.sleep(play.wait)
            await service.command("scripted", change.id, self.scripts.command(process, play.action))

    async def negotiate(self, peer_url: str, dataset: str, offer: str) -> str:
        """Ask the peer for a dataset, as the kit's trigger wants it; returns our pid."""
        await self._peer_at(peer_url)
        terms = {"@type": "Offer", "@id": offer, "target": dataset, **USE}
        started = await self.node.negotiations.request("scripted", KIT, dataset, terms)
        return str(started.id)

    async def transfer(self, peer_url: str, agreement_id: str) -> str:
        """Ask the peer for a transfer, as the kit's trigger wants it; returns our pid."""
        await self._peer_at(peer_url)
        started = await self.node.transfers.request("scripted", agreement_id)
        return str(started.id)

    async def _peer_at(self, url: str) -> None:
        await self.node.store.write(lambda tx: tx.put(participant(url)))
        self.node.outbox.forget()


def participant(url: str) -> Participant:
    """The kit as a peer at this base URL."""
    return Participant(
        id=KIT, name="kit", url=url, base=url, keys={}, words="", added=0, added_by="scripted", private=True
    )


def seed(tx: Transaction, me: str) -> None:
    """The datasets, offers and agreements that the scenarios name."""
    tx.put(participant("http://127.0.0.1:1"))
    for dataset in (*PROVIDER_NEGOTIATIONS, *CATALOG):
        tx.put(
            Asset(id=dataset, name=dataset, title=dataset, kind="file", settings={}, created=0, created_by="scripted")
        )
        tx.put(
            PublishedOffer(
                id=offer_id(dataset),
                asset=dataset,
                policy="use@1",
                outside=Outside.ASK,
                document={"@type": "Offer", "@id": offer_id(dataset), **USE},
                published=0,
                published_by="scripted",
            )
        )
    for role, keys in ((Role.PROVIDER, PROVIDER_TRANSFERS), (Role.CONSUMER, CONSUMER_TRANSFERS)):
        for key in keys:
            provider, consumer = (me, KIT) if role is Role.PROVIDER else (KIT, me)
            tx.put(_contract(key, role, agreement(key, PROVIDER_DATASET, provider, consumer)))


PROVIDER_DATASET = next(iter(PROVIDER_NEGOTIATIONS))


def _contract(key: str, role: Role, document: JsonObject) -> Agreement:
    return Agreement(
        id=key,
        negotiation=f"urn:scripted:{key}",
        role=role,
        peer=KIT,
        dataset=PROVIDER_DATASET,
        document=document,
        message=msgspec.json.encode(document),
        hash="",
        concluded=0,
    )


# --- as a process -----------------------------------------------------------------------------------------------------


def triggers(scripted: ScriptedNode) -> web.Application:
    """The two endpoints by which the kit makes this node begin something."""

    async def negotiations(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read())
        await scripted.negotiate(asked["connectorAddress"], asked["datasetId"], asked["offerId"])
        return web.Response()

    async def transfers(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read())
        await scripted.transfer(asked["connectorAddress"], asked["agreementId"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/negotiations", negotiations)
    app.router.add_post("/transfers", transfers)
    return app


async def serve(directory: Path) -> None:
    """Serve until standard input ends; the addresses are the first line of standard output."""
    scripted = ScriptedNode(directory, free_port())
    await scripted.start()
    runner = web.AppRunner(triggers(scripted), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    trigger = f"http://127.0.0.1:{port}"
    addresses = Addresses(scripted.root, scripted.base, f"{trigger}/negotiations", f"{trigger}/transfers")
    print(msgspec.json.encode(addresses).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    await scripted.close()


def started(directory: Path) -> AbstractContextManager[Addresses]:
    """A scripted node in a process of its own; its log goes to `node.log` in the directory."""
    return apart.started("tests.harness.scripted", directory / "node.log", Addresses, str(directory / "node"))


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
