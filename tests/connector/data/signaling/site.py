"""A data plane by itself over real sockets, with a control plane in Python that says what a test wants.

What lives here: starting both, agreements that fit, fetching data. What does not: what is tested.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from connector import config, dataplane, founding
from connector.protocol.messages import JsonObject
from connector.records import Asset, Logged, Plane
from scripts.lib.ports import free_port

SECRET = "a secret that both sides have in a file"
DATASET = "https://plane.example/datasets/trees"
PROVIDER, CONSUMER = "did:web:provider.example", "did:web:consumer.example"
CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
DATA = b"id,species\n1,oak\n2,lime\n"


class Answered:
    """An answer: its status, its headers, its body as JSON where there is one."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def said(self) -> Any:
        return msgspec.json.decode(self.body) if self.body else None


class Site:
    """The data plane and a control plane. `terms` are the permissions of agreements that are made from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terms: list[JsonObject] = [{"action": "use"}]
        self.agreements: dict[str, JsonObject] = {}
        self.told: list[tuple[str, str, JsonObject]] = []
        self.heard = asyncio.Event()
        self.delay = asyncio.Event()
        self.delay.set()
        self.answers: Callable[[str], int] = lambda what: 200
        self._numbers = itertools.count(1)
        self.plane: dataplane.DataPlaneProcess
        self.session: aiohttp.ClientSession
        self.control = ""

    def app(self) -> web.Application:
        """The control plane."""
        app = web.Application()
        app.router.add_get("/cp/transfers/{id}/agreement", self._agreement)
        app.router.add_post("/cp/transfers/{id}/dataflow/{what}", self._called)
        app.router.add_post("/sink", self._delivered)
        app.router.add_put("/sink", self._delivered)
        return app

    async def _agreement(self, request: web.Request) -> web.Response:
        await self.delay.wait()
        found = self.agreements.get(request.match_info["id"])
        return web.Response(status=404) if found is None else web.json_response({"@context": CONTEXT, **found})

    async def _called(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        status = self.answers(what)
        if status == 200:
            self.told.append((request.match_info["id"], what, msgspec.json.decode(await request.read())))
            self.heard.set()
        return web.Response(status=status)

    delivered = b""

    async def _delivered(self, request: web.Request) -> web.Response:
        self.delivered += await request.read()
        return web.Response(status=200)

    async def callback(self, what: str) -> JsonObject:
        """The body of the first callback of this kind, as soon as it has come."""
        async with asyncio.timeout(10):
            while True:
                for _, name, body in self.told:
                    if name == what:
                        return body
                self.heard.clear()
                await self.heard.wait()

    # --- what a control plane says ------------------------------------------------------------------------------------

    def message(self, *, provides: bool = True, profile: str = "http-pull", **changes: Any) -> JsonObject:
        """Prepare or start for a new process under an agreement of its own."""
        number = next(self._numbers)
        mine, theirs = (PROVIDER, CONSUMER) if provides else (CONSUMER, PROVIDER)
        said = {
            "messageId": f"m{number}",
            "participantId": mine,
            "counterPartyId": theirs,
            "dataspaceContext": "test",
            "processId": f"process-{number}",
            "agreementId": f"agreement-{number}",
            "datasetId": DATASET,
            "profile": f"https://w3id.org/dspace-sig/profile/{profile}",
            "claims": {},
            **changes,
        }
        self.agreements[said["processId"]] = {
            "@type": "Agreement",
            "@id": said["agreementId"],
            "target": said["datasetId"],
            "assigner": PROVIDER,
            "assignee": CONSUMER,
            "timestamp": "2025-01-01T00:00:00Z",
            "permission": self.terms,
        }
        return said

    async def say(self, path: str, body: Any = None, *, secret: str = SECRET, method: str = "POST") -> Answered:
        """One call of the data plane's signaling API."""
        url = f"http://127.0.0.1:{self.plane.signaling_listener.port}{path}"
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        content = None if body is None else msgspec.json.encode(body)
        async with self.session.request(method, url, data=content, headers=headers) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def started(self, **changes: Any) -> tuple[str, dict[str, str], str]:
        """A flow that we provide and that runs: its id, the properties of its address, the endpoint."""
        begun = await self.say("/dataflows/start", self.message(**changes))
        assert begun.status == 200, begun.body
        return begun.said["dataFlowId"], properties(begun.said["dataAddress"]), begun.said["dataAddress"]["endpoint"]

    async def state(self, flow: str) -> str:
        found = await self.say(f"/dataflows/{flow}/status", method="GET")
        return str(found.said["state"])

    # --- data ---------------------------------------------------------------------------------------------------------

    async def get(self, endpoint: str, token: str) -> Answered:
        """One access."""
        async with self.session.get(endpoint, headers={"Authorization": f"Bearer {token}"}) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def log(self) -> list[Logged]:
        return await self.plane.store.read(lambda view: view.log(limit=1000))


def properties(address: JsonObject) -> dict[str, str]:
    """The endpoint properties of an address by name."""
    return {one["name"]: one["value"] for one in address["endpointProperties"]}


def settings(folder: Path) -> config.Config:
    """Of the data plane in a folder, made where there is none."""
    directory = folder / "plane"
    if not directory.exists():
        port = free_port()
        founding.initialise(directory, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    return config.load(directory, {"ALLMENDE_SIGNALING__PORT": "0", "ALLMENDE_SIGNALING__PATIENCE": "0.3"})


@asynccontextmanager
async def a_site(folder: Path) -> AsyncIterator[Site]:
    """Both, running."""
    site = Site(folder)
    runner = web.AppRunner(site.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.control = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as site.session:
        site.plane = dataplane.build(settings(folder))
        await seed(site)
        await site.plane.start()
        try:
            yield site
        finally:
            site.delay.set()
            await site.plane.close()
            await runner.cleanup()


async def seed(site: Site) -> None:
    """The control plane as an operator has registered it, and the asset."""
    secret, file = site.folder / "secret", site.folder / "trees.csv"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    file.write_bytes(DATA)
    plane = Plane(
        id="city",
        endpoint=f"{site.control}/cp",
        authorization={"type": "bearer", "token_file": str(secret)},
        added=0,
        added_by="mayor",
        private=True,
    )
    asset = Asset(
        id=DATASET, name="trees", title="Trees", kind="file", settings={"path": str(file)}, created=0, created_by="m"
    )

    def act(tx: Any) -> None:
        tx.put(plane)
        tx.put(asset)

    await site.plane.store.write(act)
