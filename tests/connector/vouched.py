"""Whole nodes of a region in one process, on virtual time: their own keys and stores, joined by calls.

What lives here: the nodes, the way between them, and a region that issues and takes back. What does not: the region's
own room (the nodes do not care who issues), what is tested.

`World.asked` is what was asked for over the way, in order; `World.away` are hosts that do not answer. Run a test's
coroutine with `tests.harness.virtual.run`.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from msgspec.structs import replace

from certs import credentials, did, jwk
from certs.did import Service
from certs.status import Bits, entry, list_credential
from certs.vcdm import VC20
from connector import config, founding, node
from connector.errors import DeliveryError
from connector.http import client
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Reply
from connector.records import HeldCredential, Region
from tests.harness.virtual import SeededIds, VirtualClock, run

DAY = 86_400
SECOND = 1_000_000
MEMBERSHIP = "MembershipCredential"
_tls = functools.cache(client.trusting)


class Issuer:
    """A region: issues memberships, and keeps a list of those that it has taken back."""

    def __init__(self, world: World, host: str) -> None:
        self.world, self.host, self.url = world, host, f"https://{host}"
        self.did, self.key, self.bits, self._place = did.of_url(self.url), generate_private_key(SECP256R1()), Bits(), 0
        self.kid = self.did + "#issuer"
        self.life = DAY
        world.stations[host] = self.answer

    def document(self) -> bytes:
        """Its DID document."""
        keys = {"issuer": jwk.write(self.key.public_key())}
        made = did.document(self.url, self.url + "/dsp", keys, [Service("i", "IssuerService", self.url + "/issuer")])
        return json.dumps(made).encode()

    async def answer(self, request: Request) -> Reply:
        """The server behind the name."""
        if request.path == "/.well-known/did.json":
            return Reply(200, self.document())
        return Reply(200, self.list().encode()) if request.path == "/status/1" else Reply(404, b"")

    def list(self) -> str:
        """The list of revocations as it is now."""
        now = self.world.clock.now()
        return list_credential(
            self.key,
            self.kid,
            issuer=self.did,
            url=self.url + "/status/1",
            purpose="revocation",
            bits=self.bits,
            begins=now,
            ends=now + self.life * SECOND,
        )

    def member(self, holder: str, *, days: float = 90, name: str = "", **claims: Any) -> tuple[str, int]:
        """A membership as a signed token, and its place on the list."""
        self._place += 1
        now = self.world.clock.now()
        token = credentials.issue(
            self.key,
            self.kid,
            issuer=self.did,
            subject=holder,
            id=f"urn:uuid:{self.host}-{self._place}",
            kind=MEMBERSHIP,
            claims={"id": holder, "name": name or holder, "memberOf": self.did, **claims},
            begins=now,
            ends=now + round(days * DAY * SECOND),
            status=[entry(VC20, "revocation", self._place, self.url + "/status/1")],
        )
        return token, self._place


class World:
    """Nodes, regions, and what lies between them: the Peer and Fetch ports of every node."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, VirtualClock()
        self.stations: dict[str, Callable[[Request], Coroutine[Any, Any, Reply]]] = {}
        self.nodes: dict[str, Node] = {}
        self.asked: list[str] = []
        self.away: set[str] = set()
        self._stack = AsyncExitStack()

    # --- the way ------------------------------------------------------------------------------------------------------

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Sends`."""
        await asyncio.sleep(0.001)
        parts = urlsplit(url)
        self.asked.append(f"{method} {url}")
        station = self.stations.get(parts.netloc)
        if station is None or parts.netloc in self.away:
            raise DeliveryError("peer.unreachable")
        given = {name.lower(): value for name, value in (fields or {}).items()}
        headers = {"content-type": "application/json", **given}
        if authorization is not None:
            headers["authorization"] = authorization
        return await station(Request(method, parts.path, parts.query, headers, body or b""))

    async def open(self, url: str, **options: Any) -> Any:
        """Data is not carried here."""
        raise DeliveryError("peer.unreachable")

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        reply = await self.send("GET", url, private=private)
        if reply.status != 200:
            raise DeliveryError("peer.status", status=str(reply.status))
        return reply.body

    def count(self, what: str) -> int:
        """How often something was asked for whose method and URL hold `what`."""
        return sum(what in one for one in self.asked)

    # --- who is there -------------------------------------------------------------------------------------------------

    async def node(self, name: str, **trust: Any) -> Node:
        """A node, which runs; the same one again where its folder is there already. `trust` are settings."""
        folder, url = self.folder / name, f"https://{name}.example"
        if not folder.exists():
            founding.initialise(folder, url, public_port=0, management_port=0, lab=False)
        settings = config.load(folder, {})
        settings = replace(
            settings,
            public=replace(settings.public, port=0),
            management=replace(settings.management, port=0),
            trust=replace(settings.trust, **trust),
            audit=replace(settings.audit, exchange_seconds=1_800.0),
            # Who reads catalogues is never silent; here it matters who is.
            catalog=replace(settings.catalog, crawl=False),
        )
        made = node.build(settings, clock=VirtualClock(), ids=SeededIds(name), peer=self, fetch=self, threaded=False)
        await made.start()
        self.nodes[name] = made
        self.stations[urlsplit(url).netloc] = lambda request: self._served(made, request)
        return made

    async def stop(self, name: str) -> None:
        """Stop a node; its folder stays."""
        made = self.nodes.pop(name)
        self.stations.pop(f"{name}.example")
        await made.close()

    async def _served(self, made: Node, request: Request) -> Reply:
        response = await made.dsp.handle(request)
        asyncio.get_running_loop().call_soon(response.after)
        return Reply(response.status, response.body, response.headers)

    async def close(self) -> None:
        """Stop everybody."""
        for name in list(self.nodes):
            await self.stop(name)

    async def believe(self, who: Node, region: Issuer, **change: Any) -> None:
        """Have a node believe a region, as an operator would."""
        said: dict[str, Any] = {"scopes": ("catalog", "negotiate"), "types": (MEMBERSHIP,), **change}
        record = Region(
            id=region.did,
            name=region.host.partition(".")[0],
            title=region.host,
            url=region.url,
            words="",
            added=0,
            added_by="test",
            keys={region.kid: jwk.write(region.key.public_key())},
            **said,
        )
        await who.store.write(lambda tx: tx.put(record))
        who.trust._regions_changed()

    async def disbelieve(self, who: Node, region: Issuer) -> None:
        """Have a node believe a region no more."""
        await who.store.write(lambda tx: tx.delete(Region, region.did))
        who.trust._regions_changed()

    async def join(self, who: Node, region: Issuer, **more: Any) -> int:
        """Have a node hold a membership; its place on the region's list."""
        token, place = region.member(who.did, **more)
        read = credentials.read(token)
        held = HeldCredential(
            id=read.id,
            kind=MEMBERSHIP,
            issuer=region.did,
            profile=VC20,
            token=token,
            received=0,
            begins=read.begins,
            ends=read.ends,
        )

        def act(tx: Any) -> None:
            for old in tx.select(HeldCredential, issuer=region.did):
                tx.delete(HeldCredential, old.id)
            tx.put(held)

        await who.store.write(act)
        return place


def world(folder: Path, act: Callable[[World], Coroutine[Any, Any, None]]) -> World:
    """Run `act` in a world of its own, on virtual time."""
    made: list[World] = []

    async def main() -> None:
        one = World(folder)
        made.append(one)
        try:
            await act(one)
        finally:
            await one.close()

    with mock.patch.object(client, "trusting", _tls):
        run(main)
    return made[0]
