"""Many nodes in one process, as far as others read their catalogues: real HTTP on loopback, answers made beforehand.

What lives here: the server (`python -m tests.bench.catalog.towns READER NODES DATASETS`); it prints its port and the
public key of all its nodes. What does not: reading (`reader`), judging (`crawling`).

`POST /change?node=N` changes one dataset of a node, and answers when that can be read.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import time
from collections.abc import Iterator

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw
from msgspec.structs import replace

from catalog import dcat
from catalog.federation import manifest
from catalog.federation.manifest import Entries, Listed, Manifest
from catalog.index.forms import Entry
from certs import did, jwk
from connector.services.federation.asking import LIMIT
from tests.bench.catalog import corpus

DIFFERENT = 2_000
"""Descriptions that there are; each stands at several nodes, under names of their own."""
ID = "urn:bench:id"


class Town:
    """One node: its document, its manifest, the answers of its feed."""

    def __init__(self, url: str, key: Ed25519PrivateKey, reader: str, bodies: list[bytes]) -> None:
        self.url, self.did, self.key, self.reader = url, did.of_url(url), key, reader
        self.listed = [_named(body, f"{url}/d/{at}", at + 1) for at, body in enumerate(bodies)]
        self.sequence = len(self.listed)
        self.pages = dict(self._pages())
        self.listed = [replace(one, dataset=Raw(b"")) for one in self.listed]
        self.token = self._token()

    def document(self) -> bytes:
        """Its DID document."""
        services = [did.Service("entries", manifest.SERVICE, f"{self.url}/catalog")]
        keys = {"token": jwk.write(self.key.public_key())}
        return msgspec.json.encode(did.document(self.url, f"{self.url}/dsp", keys, services))

    def change(self) -> None:
        """Something else is said of the first dataset."""
        self.sequence += 1
        first = _named(body(next(corpus.entries(1, 1, self.sequence))), self.listed[0].id, self.sequence)
        feed = manifest.write_entries(Entries(sequence=self.sequence, more=False, entries=(first,)))
        self.pages[self.sequence - 1] = gzip.compress(feed, 1)
        self.listed[0] = first
        self.token = self._token()

    def _token(self) -> bytes:
        digests = sorted((one.id, one.digest) for one in self.listed)
        said = Manifest(
            iss=self.did,
            aud=self.reader,
            iat=int(time.time()),
            sequence=self.sequence,
            count=len(digests),
            root=manifest.root(digests),
        )
        return manifest.sign(said, self.key, f"{self.did}#token").encode()

    def _pages(self) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at < len(self.listed):
            end = min(at + LIMIT, len(self.listed))
            more = end < len(self.listed)
            body = manifest.write_entries(Entries(sequence=end, more=more, entries=tuple(self.listed[at:end])))
            yield at, gzip.compress(body, 1)
            at = end


def body(entry: Entry) -> bytes:
    offers = [{**msgspec.json.decode(one.document), "@id": one.offer} for one in entry.terms]
    made = dcat.dataset(
        id=ID,
        title=next(iter(entry.metadata.title.values())),
        offers=offers,
        formats=("HttpData-PULL",),
        service=dcat.service("https://town.example/dsp", "urn:service"),
        said=dcat.members(corpus.graph(replace(entry, id=ID)), ID),
    )
    return msgspec.json.encode(made)


def _named(body: bytes, id: str, sequence: int) -> Listed:
    body = body.replace(ID.encode(), id.encode())
    return Listed(id=id, sequence=sequence, digest=manifest.digest(body), dataset=Raw(body))


async def main(reader: str, nodes: int, datasets: int) -> None:
    """Serve until standard input ends."""
    key = Ed25519PrivateKey.generate()
    towns: list[Town] = []
    asked = [0]

    async def answer(request: web.Request) -> web.Response:
        asked[0] += 1
        town = towns[int(request.match_info["node"])]
        what = request.match_info["what"]
        if what == "did.json":
            return web.Response(body=town.document(), content_type="application/json")
        if what == "catalog/manifest":
            tag = f'"{town.sequence}"'
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=304, headers={"ETag": tag})
            return web.Response(body=town.token, headers={"ETag": tag})
        body = town.pages[int(request.query["after"])]
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    async def change(request: web.Request) -> web.Response:
        towns[int(request.query["node"])].change()
        return web.Response()

    async def count(request: web.Request) -> web.Response:
        return web.json_response(asked[0])

    app = web.Application()
    app.router.add_route("*", "/n{node:[0-9]+}/{what:.+}", answer)
    app.router.add_post("/change", change)
    app.router.add_get("/count", count)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    bodies = [body(one) for one in corpus.entries(DIFFERENT, 50)]
    for node in range(nodes):
        own = [bodies[(node * 137 + at) % DIFFERENT] for at in range(datasets)]
        towns.append(Town(f"http://127.0.0.1:{port}/n{node}", key, reader, own))
    print(msgspec.json.encode({"port": port, "key": jwk.write(key.public_key())}).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
