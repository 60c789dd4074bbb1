"""A region in a process of its own, for nodes that ask one: its DID document, its list of revocations, memberships.

What lives here: serving the two documents over HTTP on loopback and issuing what a bench asks for. What does not: how
a region is run (`connector.services.region`): what is measured are those who ask. Standard input takes one `Order` a
line, standard output gives one answer a line.
"""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from certs import credentials, did, jwk, status
from certs.trust import MEMBERSHIP
from certs.vcdm import VC20
from scripts.lib.ports import free_port

HOUR = 3_600_000_000
LIST = "/status/1"


class Order(Struct, frozen=True):
    """Whose membership is wanted."""

    holder: str


class Founded(Struct, frozen=True):
    """Who the region is: what a node has to know to believe it."""

    did: str
    url: str
    kid: str
    key: dict[str, str]


class BenchRegion:
    """A region at a port of loopback."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.did = did.of_url(self.url)
        self.kid, self.key = f"{self.did}#issuer", ec.generate_private_key(ec.SECP256R1())
        public = jwk.write(self.key.public_key())
        self.founded = Founded(self.did, self.url, self.kid, public)
        method = {"id": self.kid, "type": "JsonWebKey2020", "controller": self.did, "publicKeyJwk": public}
        self._document = {"id": self.did, "verificationMethod": [method], "assertionMethod": [self.kid]}
        self._places = iter(range(1, status.LEAST))

    async def document(self, _: web.Request) -> web.Response:
        """Its DID document."""
        return web.Response(body=msgspec.json.encode(self._document), content_type="application/json")

    async def list(self, _: web.Request) -> web.Response:
        """Its list of revocations, on which nobody is."""
        now = time.time_ns() // 1000
        token = status.list_credential(
            self.key,
            self.kid,
            issuer=self.did,
            url=self.url + LIST,
            purpose="revocation",
            bits=status.Bits(),
            begins=now - HOUR,
            ends=now + HOUR,
        )
        return web.Response(text=token, content_type="application/vc+jwt")

    def member(self, holder: str) -> str:
        """A membership."""
        now = time.time_ns() // 1000
        return credentials.issue(
            self.key,
            self.kid,
            issuer=self.did,
            subject=holder,
            id=f"urn:uuid:{holder}",
            kind=MEMBERSHIP,
            claims={"name": holder, "memberOf": self.did},
            begins=now - HOUR,
            ends=now + 24 * HOUR,
            status=[status.entry(VC20, "revocation", next(self._places), self.url + LIST)],
        )


async def serve() -> None:
    """Follow orders until standard input ends. The first line said is who the region is."""
    port = free_port()
    region = BenchRegion(port)
    app = web.Application()
    app.add_routes([web.get("/.well-known/did.json", region.document), web.get(LIST, region.list)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(msgspec.json.encode(region.founded).decode(), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = msgspec.json.decode(line, type=Order)
        print(msgspec.json.encode(region.member(order.holder)).decode(), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
