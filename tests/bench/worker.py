"""A node in a process of its own that does what a bench asks for, line by line.

What lives here: the product, built by its composition root and driven from inside, as the yardstick drives itself: no
management API in between. What does not: rows. Standard input takes one `Order` a line, standard output gives one
answer a line.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from msgspec import Struct

from certs.trust import MEMBERSHIP
from certs.vcdm import VC20
from connector import config, founding, hosting, node, telemetry
from connector.data.queries.model import Pushed, Split
from connector.data.silos import looking
from connector.node import Node
from connector.ports import Transaction
from connector.protocol import codec, transfer
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject, TransferState
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Answer, Entry, HeldCredential, Outside, Participant, Region
from connector.services.changes import Change
from tests.bench import silos
from tests.bench.load import Done, Load, drive
from tests.bench.skeleton_negotiation import RULE
from tests.connector.data.test_egress import duty
from tests.harness.frames import at_once

OPERATOR = "bench"
BATCH = 100


class Order(Struct, frozen=True, kw_only=True):
    """`do` and what it needs."""

    do: str
    kind: str = "file"
    settings: JsonObject = {}
    url: str = ""
    name: str = "peer"
    path: str = ""
    count: int = 0
    load: Load = Load(1)
    dataset: str = ""
    offer: JsonObject = {}
    did: str = ""
    kid: str = ""
    key: JsonObject = {}
    token: str = ""


class Shared(Struct, frozen=True):
    """A published dataset and its offer."""

    dataset: str
    offer: JsonObject


class Access(Struct, frozen=True):
    """Where data is to be had, and with what."""

    url: str
    authorization: str


class Worker:
    """One node and its orders."""

    def __init__(self, own: Node) -> None:
        self._node = own
        self._peer = ""
        self._waiting: dict[str, asyncio.Future[None]] = {}
        own.changes.subscribe(self._moved)

    async def follow(self, order: Order) -> Any:
        """What an order gives."""
        match order.do:
            case "pin":
                added = await self._node.peers.add(OPERATOR, order.url, order.name, private=True)
                self._peer = added.id
                return added.id
            case "believe":
                return await self._believe(order)
            case "pass":
                return self._node.trust.passes.issue(order.did, self._node.clock.now(), self._node.ids.token())
            case "admit":
                return await self._admit(order)
            case "share":
                return await self._share(order)
            case "share rows":
                return await self._share_rows(order)
            case "negotiate":
                return await self._negotiate(order)
            case "store":
                return await self._store(order.count)
            case "access":
                return await self._access()
            case "contract":
                return (await self._contract()).id
            case "hold":
                return (await self._node.endings.hold(OPERATOR, order.name)).id
            case "release":
                return await self._release(order.name)
            case _:
                raise ValueError(order.do)

    async def _believe(self, order: Order) -> str:
        """Believe a region, and be a member of it by the credential `token`."""
        now, day = self._node.clock.now(), 86_400_000_000
        region = Region(
            id=order.did,
            name="region",
            title="region",
            url=order.url,
            words="",
            added=now,
            added_by=OPERATOR,
            keys={order.kid: order.key},
            types=(MEMBERSHIP,),
            scopes=("catalog", "negotiate"),
            private=True,
        )
        held = HeldCredential(
            id=f"urn:uuid:{self._node.did}",
            kind=MEMBERSHIP,
            issuer=order.did,
            profile=VC20,
            token=order.token,
            received=now,
            begins=now,
            ends=now + day,
        )

        def act(tx: Transaction) -> None:
            tx.put(region)
            tx.put(held)

        await self._node.store.write(act)
        self._node.trust.identity.forget()
        return self._node.did

    async def _admit(self, order: Order) -> bool:
        """Have the party `did` known on its region's word; `token` opens its Credential Service. Nobody pins it."""
        trust = self._node.trust
        await trust.admission.admit(await trust.documents.document(order.did, private=True), order.token)
        self._peer = order.did
        known = await self._node.store.read(lambda view: view.get(Participant, order.did))
        return known is not None and not known.pinned

    async def _share(self, order: Order) -> Shared:
        offers = self._node.offers
        settings = {"path": order.path} if order.path else {"url": order.url}
        await offers.add_asset(
            OPERATOR, name="data", title="data", kind=order.kind, settings=settings, media_type="application/zip"
        )
        return await self._offered([RULE])

    async def _share_rows(self, order: Order) -> Shared:
        """The table of `silos` in a database, without its operators and with times to the hour; `name` "node": the
        database does nothing of it."""
        own = self._node
        kept = await own.register.add(OPERATOR, "database", order.kind, order.settings)
        frozen = await looking.freeze(own.silos, kept, silos.SELECTION)
        if order.name == "node":
            reader = own.silos.reader(order.kind)
            fields = tuple(silos.SELECTION.fields)
            reader.split = lambda silo, shape, work: Split(pushed=Pushed(fields=fields), left=work)  # type: ignore[method-assign]
        await own.offers.add_asset(
            OPERATOR,
            name="data",
            title="data",
            kind=order.kind,
            settings=frozen.settings,
            media_type=frozen.media_type,
        )
        duties = [
            duty("suppress", field="operator"),
            duty("coarsen", timeField="measured_at", temporalResolution="PT1H"),
        ]
        return await self._offered([{**RULE, "duty": duties}])

    async def _offered(self, permission: list[JsonObject]) -> Shared:
        """Publish what is called `data` under these terms."""
        own = self._node
        await own.policies.add(
            OPERATOR, "planning", {"@type": "Offer", "@id": "urn:planning", "permission": permission}
        )
        offer = await own.offers.publish(OPERATOR, "data", "planning", Outside.REFUSE, await at_once(own.frames))
        return Shared(offer.asset, {**offer.document, "target": offer.asset})

    async def _negotiate(self, order: Order) -> Done:
        async def one() -> None:
            begun = await self._node.negotiations.request(OPERATOR, self._peer, order.dataset, order.offer)
            self._waiting[begun.id] = done = asyncio.get_running_loop().create_future()
            await done

        return await drive(one, order.load)

    def _moved(self, change: Change) -> None:
        if change.kind != "negotiation" or change.state not in ("FINALIZED", "TERMINATED"):
            return
        waiting = self._waiting.pop(change.id, None)
        if waiting is not None and change.state == "FINALIZED":
            waiting.set_result(None)
        elif waiting is not None:
            waiting.set_exception(RuntimeError(f"{change.id} ended {change.state}"))

    async def _store(self, count: int) -> int:
        """As if `count` negotiations more had been finished: copies of one that was, with all that it left behind."""
        store = self._node.store
        (model,) = await store.read(lambda view: view.select(Negotiation, state="FINALIZED", limit=1))
        kept = await store.read(lambda view: view.find(Agreement, negotiation=model.id))
        assert kept is not None

        def act(tx: Transaction) -> None:
            for _ in range(BATCH):
                _copy(tx, model, kept, self._node)

        for _ in range(count // BATCH):
            await store.write(act)
        for _ in range(count % BATCH):
            await store.write(lambda tx: _copy(tx, model, kept, self._node))
        return await store.read(lambda view: view.count(Agreement))

    async def _access(self) -> Access:
        """A started transfer under our newest contract, without a consumer that would have to fetch it."""
        contract = await self._contract()
        pid = self._node.ids.pid()
        await self._node.store.write(lambda tx: tx.put(_started(pid, contract, self._node.clock.now())))
        return Access(f"{self._node.config.public_url}/data/{pid}", f"Bearer {self._node.gate.credential(pid)}")

    async def _contract(self) -> Agreement:
        """Our newest contract as its provider."""
        return (await self._node.contracts.select(role="provider", in_force=True, limit=1))[0]

    async def _release(self, contract: str) -> str:
        """Let a contract's data flow again, and the transfers that were stopped with it, as if their consumers had."""
        await self._node.endings.release(OPERATOR, contract)

        def act(tx: Transaction) -> None:
            for held in tx.select(Transfer, agreement=contract, limit=100):
                running = {"state": TransferState.STARTED, "pending": None, "reason": None}
                tx.put(msgspec.structs.replace(held, **running))

        await self._node.store.write(act)
        return contract


def _started(pid: str, contract: Agreement, now: int) -> Transfer:
    blank = transfer.blank(
        id=pid,
        role=Role.PROVIDER,
        peer=contract.peer,
        callback="http://127.0.0.1:1",
        agreement=contract.id,
        format="HttpData-PULL",
        dataset=contract.dataset,
        now=now,
    )
    return msgspec.structs.replace(blank, state=TransferState.STARTED, peer_pid=pid)


def _copy(tx: Transaction, model: Negotiation, kept: Agreement, own: Node) -> None:
    pid, theirs, agreement = own.ids.pid(), own.ids.pid(), own.ids.pid()
    tx.put(msgspec.structs.replace(model, id=pid, peer_pid=theirs))
    tx.put(msgspec.structs.replace(kept, id=agreement, negotiation=pid))
    for move in ("request", "agree", "verify", "finalize"):
        tx.record(Entry(event=f"negotiation.received.{move}", actor=model.peer, params={"process": pid}))
        tx.remember(model.peer, codec.repeat_key(move, pid, b""), Answer(200, b"{}"))


def _settings(tls: Path | None) -> dict[str, str]:
    """What a bench sets. One peer asks as fast as it can: what one peer may ask is not what is measured."""
    settings = {"ALLMENDE_LIMITS__PEER_REQUESTS_PER_SECOND": "100000", "ALLMENDE_LIMITS__CONNECTIONS": "4096"}
    if tls is not None:
        certificate = str(tls / "cert.pem")
        settings["ALLMENDE_PUBLIC__TLS_CERTIFICATE"] = settings["ALLMENDE_NETWORK__EXTRA_CA"] = certificate
        settings["ALLMENDE_PUBLIC__TLS_KEY"] = str(tls / "key.pem")
    return settings


async def serve(directory: Path, port: int, tls: Path | None) -> None:
    """Follow orders until standard input ends. The first line said is the node's URL."""
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    founding.initialise(directory, url, public_port=port, management_port=0, lab=True)
    own = node.build(config.load(directory, _settings(tls)))
    await own.start()
    worker = Worker(own)
    hosting.settle()  # as the product's process does once its node runs
    print(url, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        answer = await worker.follow(msgspec.json.decode(line, type=Order))
        print(msgspec.json.encode(answer).decode(), flush=True)
    await own.close()


if __name__ == "__main__":
    telemetry.configure_logs(sys.stderr, "warning", "text")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None))
