"""A node as control plane, for the conformance kit of Data Plane Signaling, which plays everybody else.

What lives here: the product with an identity that takes the kit for whom it says it is, a door in front of it, the
trigger, the seed, and the process that holds all of it (`python -m tests.harness.driving DIR ADDRESS`). What does not:
the kit's settings (`tests.conformance.dps`). The product knows nothing of any of this.

The kit writes the node's own pid in the provider's place of every message, whichever side it plays, and a new pid in
the other; its callbacks show no proof. The door puts both right, so that the node stays as strict as it is.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web
from msgspec import Struct

from connector import config, founding, node
from connector.ports import Caller, Transaction
from connector.protocol.codec import digest
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.signaling import HTTP_PULL
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Participant, Plane
from scripts.lib.ports import free_port
from tests.harness import apart
from tests.harness.flows import SECRET

PROVIDER, CONSUMER = "providerId", "consumerId"
"""What the kit calls itself, as the one and as the other."""
DATASET = "urn:kit:dataset"
PROVIDED, CONSUMED = "CPP", "CPC"
"""The agreements under which the node provides and consumes."""
FOREVER = 1 << 52


class Addresses(Struct, frozen=True):
    """Where the kit finds the trigger, the protocol and the signaling endpoint."""

    webhook: str
    protocol: str
    signaling: str


class NamedIdentity:
    """The Identity port that believes whoever calls; each call counts as a token of its own."""

    def __init__(self) -> None:
        self._calls = itertools.count()

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """Any header will do."""
        return "Bearer kit"

    async def verify(self, authorization: str | None) -> Caller:
        """Who the header says."""
        named = msgspec.json.decode(authorization or "{}")
        return Caller(str(named["clientId"]), f"call-{next(self._calls)}", FOREVER)


class DrivingNode:
    """A built node and the door in front of it; `address` is where the kit is, as data plane and as peer."""

    def __init__(self, directory: Path, address: str) -> None:
        self.directory, self.address = directory, address
        self._door, inner = free_port(), free_port()
        self.target = f"http://127.0.0.1:{inner}"
        founding.initialise(
            directory / "node", f"http://127.0.0.1:{self._door}", public_port=inner, management_port=0, lab=True
        )
        overlaid = {"ALLMENDE_SIGNALING__PORT": "0", "ALLMENDE_SIGNALING__ON": "true"}
        self.node = node.build(config.load(directory / "node", overlaid), identity=NamedIdentity())
        self._runner = web.AppRunner(self._app(), access_log=None)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> Addresses:
        """Seed and serve."""
        secret = self.directory / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        await self.node.store.write(lambda tx: self._seed(tx, secret))
        await self.node.start()
        self._session = aiohttp.ClientSession()
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._door).start()
        own = f"http://127.0.0.1:{self._door}"
        return Addresses(f"{own}/kit", f"{own}/dsp/2025-1", f"{own}/signaling")

    async def close(self) -> None:
        """Stop."""
        await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        await self.node.close()

    def _seed(self, tx: Transaction, secret: Path) -> None:
        """The kit as data plane and as both peers, what it asks for, and the agreements."""
        authorization = {"type": "bearer", "token_file": str(secret)}
        profiles = (HTTP_PULL,)
        tx.put(
            Plane(
                id="kit",
                endpoint=self.address,
                authorization=authorization,
                profiles=profiles,
                added=0,
                added_by="kit",
                private=True,
            )
        )
        settings = {"dataplane": "kit"}
        tx.put(
            Asset(id=DATASET, name="kit", title="Kit", kind="dataplane", settings=settings, created=0, created_by="kit")
        )
        for peer in (PROVIDER, CONSUMER):
            tx.put(participant(peer, self.address))
        tx.put(contract(PROVIDED, Role.PROVIDER, self.node.did, CONSUMER))
        tx.put(contract(CONSUMED, Role.CONSUMER, self.node.did, PROVIDER))

    # --- the door -----------------------------------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/kit/dataflows/trigger", self._trigger)
        app.router.add_route("*", "/dsp/{path:.*}", self._protocol)
        app.router.add_post("/signaling/{path:.*}", self._callback)
        return app

    async def _trigger(self, request: web.Request) -> web.Response:
        """Ask the provider for a transfer that the kit's data plane is to receive."""
        asked = msgspec.json.decode(await request.read())
        begun = await self.node.transfers.request("kit", asked["agreementId"], dataplane="kit")
        return web.json_response({"id": begun.id})

    async def _callback(self, request: web.Request) -> web.Response:
        port = self.node.signaling_listener.port
        url = f"http://127.0.0.1:{port}/{request.match_info['path']}"
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        return await self._handed_on("POST", url, headers, await request.read())

    async def _protocol(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {"Content-Type": "application/json"}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        if body:
            body = await self._righted(request.match_info["path"], body)
        return await self._handed_on(request.method, f"{self.target}{request.rel_url.raw_path}", headers, body)

    async def _handed_on(self, method: str, url: str, headers: dict[str, str], body: bytes) -> web.Response:
        assert self._session is not None
        async with self._session.request(method, url, data=body or None, headers=headers) as answer:
            found = await answer.read()
            return web.Response(status=answer.status, body=found, content_type="application/json")

    async def _righted(self, path: str, body: bytes) -> bytes:
        """A message of the kit with the pids that it should have had."""
        parts = path.split("/")
        if len(parts) != 4 or parts[1] != "transfers" or parts[3] == "request":
            return body
        t = await self.node.store.read(lambda view: view.get(Transfer, parts[2]))
        said = msgspec.json.decode(body)
        if t is not None:
            said["providerPid"] = t.provider_pid or said["providerPid"]
            said["consumerPid"] = t.consumer_pid or said["consumerPid"]
        return msgspec.json.encode(said)


def participant(id: str, base: str) -> Participant:
    """The kit as a peer."""
    return Participant(id=id, name=id, url=base, base=base, keys={}, words="", added=0, added_by="kit", private=True)


def contract(id: str, role: Role, own: str, peer: str) -> Agreement:
    """An agreement that permits use and nothing else."""
    assigner, assignee = (own, peer) if role is Role.PROVIDER else (peer, own)
    document: JsonObject = {
        "@type": "Agreement",
        "@id": id,
        "target": DATASET,
        "assigner": assigner,
        "assignee": assignee,
        "timestamp": "2025-01-01T00:00:00Z",
        "permission": [{"action": "use"}],
    }
    return Agreement(
        id=id,
        negotiation=f"urn:kit:{id}",
        role=role,
        peer=peer,
        dataset=DATASET,
        document=document,
        message=msgspec.json.encode({"agreement": document}),
        hash=digest(document),
        concluded=0,
    )


# --- as a process -----------------------------------------------------------------------------------------------------


async def serve(directory: Path, address: str) -> None:
    """Serve until standard input ends; the addresses are the first line of standard output."""
    driving = DrivingNode(directory, address)
    print(msgspec.json.encode(await driving.start()).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await driving.close()


def started(directory: Path, address: str) -> AbstractContextManager[Addresses]:
    """Such a node in a process of its own; its log goes to `node.log` in the directory."""
    return apart.started("tests.harness.driving", directory / "node.log", Addresses, str(directory), address)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
