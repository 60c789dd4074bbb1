"""A data plane by itself, with the control plane that the conformance kit of Data Plane Signaling plays for it.

What lives here: the product's data plane, a door in front of it through which the kit speaks, the scripted behaviour of
some agreements, and the process that holds all of it (`python -m tests.harness.flows DIR ADDRESS`). What does not: the
kit's settings (`tests.conformance.dps`). The product knows nothing of any of this.

The kit plays a control plane and leaves out one thing: whom to ask for the agreement. So what it says goes through the
door, which keeps the words of each flow, answers with an agreement that fits them, and hands callbacks on to the kit.
Nothing on the wire says that a flow is to take its time or to end by itself: the agreement's id does.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from msgspec import Struct

from connector import config, dataplane, founding
from connector.ports import Transaction
from connector.protocol.messages import JsonObject
from connector.records import Asset, Plane
from scripts.lib.ports import free_port
from tests.harness import apart

SECRET = "nothing to hide, but thirty-two characters"
CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
DATASET = "urn:kit:dataset"
PARTICIPANT = "did:web:provider.kit.example"
LATE = frozenset({"DPCPULL0401", "DPPPULL0401", "DPCPUSH0401", "DPPPUSH0401"})
"""Agreements that are told late, so that their flows begin with "not yet"."""
ENDING = frozenset({"DPCPULL0301", "DPPPUSH0301"})
"""Agreements whose data are all there soon."""
PATIENCE, SLOW, SOON = 0.2, 1.0, 0.3


class Addresses(Struct, frozen=True):
    """Where the kit finds the data plane."""

    signaling: str


class Kit:
    """The control plane that the kit plays, behind a door; `address` is where the kit takes callbacks."""

    def __init__(self, address: str) -> None:
        self.address, self.target = address, ""
        self.told: dict[str, JsonObject] = {}
        self.flows: dict[str, str] = {}
        self.ending: dict[str, asyncio.Task[None]] = {}
        self.complete: Any = None
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        """The door."""
        app = web.Application()
        app.router.add_route("*", "/dp/{path:.*}", self._to_data_plane)
        app.router.add_get("/cp/transfers/{process}/agreement", self._agreement)
        app.router.add_post("/cp/transfers/{process}/dataflow/{what}", self._to_kit)
        return app

    @property
    def session(self) -> aiohttp.ClientSession:
        """Made in the loop."""
        self._session = self._session or aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        for task in self.ending.values():
            task.cancel()
        if self._session is not None:
            await self._session.close()

    async def _to_data_plane(self, request: web.Request) -> web.Response:
        body, path = await request.read(), request.match_info["path"]
        if path in ("dataflows/prepare", "dataflows/start"):
            said = msgspec.json.decode(body)
            self.told[said["processId"]] = {**said, "provides": path.endswith("start")}
        headers = {"Authorization": request.headers.get("Authorization", ""), "Content-Type": "application/json"}
        async with self.session.request(
            request.method, f"{self.target}/{path}", data=body or None, headers=headers
        ) as answer:
            found = await answer.read()
            kept = {name: answer.headers[name] for name in ("Location",) if name in answer.headers}
            self._note(path, body, answer.status, found)
            return web.Response(status=answer.status, body=found, content_type="application/json", headers=kept)

    def _note(self, path: str, body: bytes, status: int, found: bytes) -> None:
        """Which flow belongs to which agreement; one that has been seen to run may end."""
        if status not in (200, 202) or not found:
            return
        said = msgspec.json.decode(found)
        if path in ("dataflows/prepare", "dataflows/start"):
            self.flows[said["dataFlowId"]] = msgspec.json.decode(body)["agreementId"]
        id = said.get("dataFlowId", "")
        seen = path.endswith("/status") and said.get("state") == "STARTED"
        if seen and self.flows.get(id) in ENDING and id not in self.ending:
            self.ending[id] = asyncio.get_running_loop().create_task(self._end(id))

    async def _end(self, id: str) -> None:
        await asyncio.sleep(SOON)
        await self.complete("kit", id)

    async def _agreement(self, request: web.Request) -> web.Response:
        said = self.told.get(request.match_info["process"])
        if said is None:
            return web.Response(status=404)
        if said["agreementId"] in LATE:
            await asyncio.sleep(SLOW)
        return web.json_response(agreement(said))

    async def _to_kit(self, request: web.Request) -> web.Response:
        url = f"{self.address}/transfers/{request.match_info['process']}/dataflow/{request.match_info['what']}"
        headers = {"Content-Type": "application/json"}
        async with self.session.post(url, data=await request.read(), headers=headers) as answer:
            return web.Response(status=answer.status, body=await answer.read())


def agreement(said: JsonObject) -> JsonObject:
    """An agreement that fits a flow; its `@context` is a string, as the kit writes them."""
    mine, theirs = said["participantId"], said["counterPartyId"]
    assigner, assignee = (mine, theirs) if said["provides"] else (theirs, mine)
    return {
        "@context": CONTEXT,
        "@type": "Agreement",
        "@id": said["agreementId"],
        "target": said["datasetId"],
        "assigner": assigner,
        "assignee": assignee,
        "timestamp": "2025-01-01T00:00:00Z",
        "permission": [{"action": "use"}],
    }


def seed(tx: Transaction, endpoint: str, secret: Path, file: Path) -> None:
    """The control plane and the dataset."""
    authorization = {"type": "bearer", "token_file": str(secret)}
    tx.put(Plane(id="kit", endpoint=endpoint, authorization=authorization, added=0, added_by="kit", private=True))
    settings = {"path": str(file)}
    tx.put(Asset(id=DATASET, name="kit", title="Kit", kind="file", settings=settings, created=0, created_by="kit"))


class FlowsPlane:
    """A built data plane and the door in front of it."""

    def __init__(self, directory: Path, address: str) -> None:
        self.directory, self.kit = directory, Kit(address)
        port = free_port()
        founding.initialise(
            directory / "plane", f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True
        )
        overlaid = {"ALLMENDE_SIGNALING__PORT": "0", "ALLMENDE_SIGNALING__PATIENCE": str(PATIENCE)}
        self.plane = dataplane.build(config.load(directory / "plane", overlaid))
        self.kit.complete = self.plane.flows.complete
        self._runner = web.AppRunner(self.kit.app(), access_log=None)

    async def start(self) -> Addresses:
        """Seed and serve."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        door = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        secret, file = self.directory / "secret", self.directory / "data.csv"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        file.write_text("id,value\n1,one\n")
        await self.plane.store.write(lambda tx: seed(tx, f"{door}/cp", secret, file))
        await self.plane.start()
        self.kit.target = f"http://127.0.0.1:{self.plane.signaling_listener.port}"
        return Addresses(f"{door}/dp")

    async def close(self) -> None:
        """Stop."""
        await self.kit.close()
        await self.plane.close()
        await self._runner.cleanup()


# --- as a process -----------------------------------------------------------------------------------------------------


async def serve(directory: Path, address: str) -> None:
    """Serve until standard input ends; the addresses are the first line of standard output."""
    flows = FlowsPlane(directory, address)
    print(msgspec.json.encode(await flows.start()).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await flows.close()


def started(directory: Path, address: str) -> AbstractContextManager[Addresses]:
    """Such a data plane in a process of its own; its log goes to `node.log` in the directory."""
    return apart.started("tests.harness.flows", directory / "node.log", Addresses, str(directory), address)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
