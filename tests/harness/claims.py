"""A node for the conformance kit of the Decentralized Claims Protocol: the product, and what the kit wants beside it.

What lives here: what the kit takes for granted (a request for credentials under way, a member, a believed issuer), a
token service (`POST /token`), a trigger that runs the verifier, and the process that holds all of it (`python -m
tests.harness.claims DIR ADDRESS`). What does not: the kit's settings (`tests.conformance.dcp`). The product knows
nothing of any of this.

The kit has keys of its own in every run and expects to be asked anew at every call: so before each one its issuer is
believed with the keys of now, and who has called before is forgotten.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from certs import did
from connector import config, founding, node
from connector.config import Network
from connector.errors import NodeError
from connector.http import client
from connector.http.problems import status_of
from connector.ports import Reply, Stream, Transaction
from connector.protocol import dcp
from connector.protocol.dcp import PresentationQueryMessage
from connector.records import Member, Participant, Presented, Region, Wish
from connector.services.intake import admit
from connector.services.region.issuing import Kind, kinds_of
from connector.system import SystemClock, SystemIds
from scripts.lib.ports import free_port
from tests.harness import apart

PID = "urn:uuid:0195a000-0000-7000-8000-000000000001"
"""The id of the request that the kit's deliveries answer."""
MEMBERSHIP, SENSITIVE = "MembershipCredential", "SensitiveDataCredential"
SECRET = "nothing to hide"
AGAIN = 3_600.0
"""Seconds by which the monotonic clock is moved on before each trigger: no refusal is remembered for that long."""


class Addresses(Struct, frozen=True):
    """Who the node is, and where its token service and its trigger are."""

    did: str
    sts: str
    trigger: str


class KitPeer:
    """The Peer port; scopes have the third part that the kit looks for and the specification does not have. `real` is
    the way to others, HTTP unless a test has another one."""

    def __init__(self, real: Any = None) -> None:
        self._real = real or client.client_of(Network())

    async def send(
        self, method: str, url: str, *, body: bytes | None = None, private: bool = False, **more: Any
    ) -> Reply:
        """See `ports.Sends.send`."""
        if body is not None and url.endswith("/presentations/query"):
            asked = dcp.decode(body, PresentationQueryMessage)
            assert isinstance(asked.scope, tuple)
            body = dcp.encode(PresentationQueryMessage(scope=tuple(scope + dcp.READ for scope in asked.scope)))
        return await self._real.send(method, url, body=body, private=private, **more)

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> Stream:
        """See `ports.Peer.open`."""
        return await self._real.open(url, headers=headers, private=private, deadline=deadline, method=method)

    async def close(self) -> None:
        """Cut its connections."""
        await self._real.close()


class KitClock(SystemClock):
    """The machine's clock; seconds that pass for the node can be put in."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        """Never runs back."""
        return super().monotonic() + self.ahead


class ClaimsNode:
    """A node that keeps a region, with the kit at `address` as everybody else: its holder, issuer, verifier.

    `network` is the way to the kit where it is not HTTP: a Peer and Fetch in one.
    """

    def __init__(self, directory: Path, port: int, address: str, network: Any = None) -> None:
        root = f"http://127.0.0.1:{port}"
        founding.initialise(directory, root, public_port=port, management_port=0, lab=True)
        founding.found_region(directory, "Kit", now=SystemClock().now(), credentials=None)
        self.clock, self.ids, self.peer = KitClock(), SystemIds(), KitPeer(network)
        settings = config.load(directory, {})
        self.node = node.build(settings, clock=self.clock, ids=self.ids, peer=self.peer, fetch=network)
        self.issuer, self.holder = did.of_url(f"{address}/issuer"), did.of_url(f"{address}/holder")
        issuing = self.node.trust.belonging.issuing
        assert issuing is not None
        issuing.kinds = (*kinds_of(self.node.did)[:1], Kind(type=SENSITIVE, role="node", claims=lambda member: {}))

    async def start(self) -> None:
        """Seed and serve."""
        await self.node.store.write(self._seed)
        await self.node.start()

    async def prepare(self) -> None:
        """Seed, and do what a node does beside answering; enough where nothing listens."""
        await self.node.store.write(self._seed)
        await self.node.trust.start()

    async def close(self) -> None:
        await self.node.close()
        await self.peer.close()

    def _seed(self, tx: Transaction) -> None:
        """What the kit delivers was asked for, and it is a member of our region."""
        tx.put(
            Wish(
                id=PID,
                issuer=self.issuer,
                kinds=(MEMBERSHIP, SENSITIVE),
                state="issued",
                created=self.clock.now(),
                private=True,
            )
        )
        tx.put(Member(id=self.holder, name="kit", title="Kit", role="node", state="active", since=0, private=True))

    async def token(self, audience: str, scopes: tuple[str, ...]) -> str:
        """A message token for `audience` that opens these scopes."""
        given = self.node.trust.passes.issue(audience, self.clock.now(), self.ids.token(), scopes)
        header = await self.node.trust.identity.introduce(audience, grant=given)
        return header.removeprefix("Bearer ")

    async def called(self, authorization: str | None) -> None:
        """Do with a call what every message of the Dataspace Protocol begins with. Raises `NodeError`."""
        await self._anew()
        caller = await self.node.trust.identity.verify(authorization)
        await self.node.store.write(lambda tx: admit(tx, caller))

    async def _anew(self) -> None:
        """Believe the kit's issuer with the keys that it has now, and have met nobody yet."""
        self.clock.ahead += AGAIN
        found = await self.node.trust.documents.document(self.issuer, private=True, fresh=True)
        region = Region(
            id=self.issuer,
            name="kit",
            title="Kit",
            url=did.to_url(self.issuer, "http"),
            words="",
            added=0,
            added_by="kit",
            keys=found.pinned(),
            types=(MEMBERSHIP, SENSITIVE),
            scopes=("catalog", "negotiate"),
            private=True,
        )

        def act(tx: Transaction) -> None:
            tx.put(region)
            for kind in (Participant, Presented):
                tx.delete(kind, self.holder)

        await self.node.store.write(act)
        self.node.trust.identity.forget()


# --- as a process -----------------------------------------------------------------------------------------------------


def beside(claims: ClaimsNode) -> web.Application:
    """The token service and the trigger."""

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_secret") != SECRET or form.get("grant_type") != "client_credentials":
            return web.Response(status=401)
        scopes = tuple(str(form.get("bearer_access_scope", "")).split())
        made = await claims.token(str(form["audience"]), scopes)
        return web.json_response({"access_token": made, "expires_in": 300, "token_type": "Bearer"})

    async def trigger(request: web.Request) -> web.Response:
        try:
            await claims.called(request.headers.get("Authorization"))
        except NodeError as error:
            return web.Response(status=status_of(error), text=str(error))
        return web.Response()

    app = web.Application()
    app.router.add_post("/sts/token", token)
    app.router.add_post("/trigger", trigger)
    return app


async def serve(directory: Path, address: str) -> None:
    """Serve until standard input ends; the addresses are the first line of standard output."""
    claims = ClaimsNode(directory, free_port(), address)
    await claims.start()
    runner = web.AppRunner(beside(claims), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    own = f"http://127.0.0.1:{runner.addresses[0][1]}"
    print(msgspec.json.encode(Addresses(claims.node.did, f"{own}/sts", f"{own}/trigger")).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    await claims.close()


def started(directory: Path, address: str) -> AbstractContextManager[Addresses]:
    """Such a node in a process of its own; its log goes to `node.log` in the directory."""
    return apart.started("tests.harness.claims", directory / "node.log", Addresses, str(directory / "node"), address)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
