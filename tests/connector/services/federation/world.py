"""Nodes that are only heard over the wire, and a reader of their catalogues with a real index."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw

from catalog.federation import manifest
from catalog.federation.manifest import Entries, Listed, Manifest
from catalog.federation.plan import Bounds, Periods
from catalog.index.engine import Index
from catalog.index.forms import Query
from certs import jwk
from certs.did import Document
from connector.errors import DeliveryError
from connector.ports import Reply
from connector.services.federation.apart import Here
from connector.services.federation.asking import Asking
from connector.services.federation.crawling import Crawling
from connector.services.federation.targets import Target

OWN = "did:web:reader.example"
SECOND = 1_000_000
START = 1_800_000_000 * SECOND
OFFER: dict[str, Any] = {"@id": "urn:offer", "@type": "Offer", "permission": [{"action": "use"}]}


def dataset(id: str, title: str = "Bäume", **more: Any) -> dict[str, Any]:
    service = {"@id": "urn:s", "@type": "DataService", "endpointURL": "https://x.example/dsp"}
    form = {"@type": "Distribution", "format": "HttpData-PULL", "accessService": service}
    return {"@id": id, "@type": "Dataset", "dct:title": title, "hasPolicy": [OFFER], "distribution": [form], **more}


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / SECOND

    async def sleep(self, seconds: float) -> None:
        self.at += round(seconds * SECOND)
        await asyncio.sleep(0)


class Node:
    """One participant with its catalogue. `answers` replaces what it says at a path; `foreign`: it signs nothing."""

    def __init__(self, name: str, *, foreign: bool = False, page: int = 100) -> None:
        self.did, self.url = f"did:web:{name}.example", f"https://{name}.example"
        self.name, self.foreign, self.page = name, foreign, page
        self.key = Ed25519PrivateKey.generate()
        self.kid = f"{self.did}#token"
        self.sequence = 0
        self.shown: dict[str, tuple[int, dict[str, Any]]] = {}
        self.gone: dict[str, int] = {}
        self.asked: list[str] = []
        self.bytes = 0
        self.down: str = ""
        self.answers: dict[str, Callable[[str], Reply]] = {}
        self.manifest: dict[str, Any] = {}

    def put(self, *datasets: dict[str, Any]) -> None:
        for one in datasets:
            self.sequence += 1
            self.shown[one["@id"]] = (self.sequence, one)
            self.gone.pop(one["@id"], None)

    def take(self, id: str) -> None:
        self.sequence += 1
        del self.shown[id]
        self.gone[id] = self.sequence

    @property
    def target(self) -> Target:
        keys = {self.kid: jwk.write(self.key.public_key())}
        return Target(participant=self.did, name=self.name, url=self.url, base=f"{self.url}/dsp", keys=keys)

    def token(self, audience: str = OWN) -> bytes:
        digests = {id: manifest.digest(msgspec.json.encode(one)) for id, (_, one) in self.shown.items()}
        said = {
            "iss": self.did,
            "aud": audience,
            "iat": START // SECOND,
            "sequence": self.sequence,
            "count": len(digests),
            "root": manifest.root(sorted(digests.items())),
            **self.manifest,
        }
        return manifest.sign(Manifest(**said), self.key, self.kid).encode()

    def feed(self, after: int, limit: int) -> bytes:
        alive = [
            Listed(id=id, sequence=at, digest=manifest.digest(body), dataset=Raw(body))
            for id, (at, one) in self.shown.items()
            if at > after and (body := msgspec.json.encode(one))
        ]
        dead = [Listed(id=id, sequence=at, gone=True) for id, at in self.gone.items() if at > after > 0]
        every = sorted([*alive, *dead], key=lambda one: one.sequence)
        said, rest = every[:limit], every[limit:]
        reached = said[-1].sequence if rest else max(self.sequence, after)
        return manifest.write_entries(Entries(sequence=reached, more=bool(rest), entries=tuple(said)))

    def catalog(self, at: int) -> Reply:
        every = [one for _, one in self.shown.values()]
        said = every[at : at + self.page]
        body = {"@type": "Catalog", "@id": "urn:c", "participantId": self.did, **({"dataset": said} if said else {})}
        more = at + self.page < len(every)
        headers = {"link": f'</dsp/catalog/request?at={at + self.page}>; rel="next"'} if more else {}
        return Reply(200, msgspec.json.encode(body), headers)

    def answer(self, method: str, url: str, etag: str) -> Reply:
        parts = urlsplit(url)
        path, query = unquote(parts.path), {name: held[0] for name, held in parse_qs(parts.query).items()}
        if self.down:
            raise DeliveryError(self.down)
        if path in self.answers:
            return self.answers[path](url)
        if path == "/dsp/catalog/request" and method == "POST":
            return self.catalog(int(query.get("at", 0)))
        if path == "/catalog/manifest" and not self.foreign:
            tag = f'"{self.sequence}"'
            return Reply(304, b"", {"etag": tag}) if etag == tag else Reply(200, self.token(), {"etag": tag})
        if path == "/catalog/entries" and not self.foreign:
            return Reply(200, self.feed(int(query["after"]), int(query["limit"])))
        return Reply(404, b"")


class World:
    """Peer, Identity and Documents at once, for nodes that are known by their hosts."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = {urlsplit(node.url).netloc: node for node in nodes}

    def add(self, node: Node) -> Node:
        self.nodes[urlsplit(node.url).netloc] = node
        return node

    async def send(self, method: str, url: str, *, fields: Mapping[str, str] | None = None, **_: Any) -> Reply:
        node = self.nodes[urlsplit(url).netloc]
        node.asked.append(url)
        await asyncio.sleep(0)
        reply = node.answer(method, url, (fields or {}).get("If-None-Match", ""))
        node.bytes += len(reply.body)
        return reply

    async def token(self, audience: str, *, owed: bool = False) -> str:
        return "Bearer x"

    async def document(self, did: str, *, url: str = "", **_: Any) -> Document:
        node = next(one for one in self.nodes.values() if one.did == did)
        services = {} if node.foreign else {manifest.SERVICE: f"{node.url}/catalog"}
        return Document(id=did, keys={}, tokens=(), services=services)


async def at_once(act: Callable[..., Any], /, *given: Any) -> Any:
    return act(*given)


class Reader:
    """What reads the catalogues of a world."""

    def __init__(self, world: World, path: Path, *, bounds: Bounds | None = None, reads: Any = None) -> None:
        self.world, self.clock, self.periods = world, Clock(), Periods()
        self.index = Index.open(path / "catalog.db")
        given: Any = world
        self.asks = Asking(peer=given, identity=given, documents=given, clock=self.clock, own=OWN)
        self.crawling = Crawling(
            asks=self.asks,
            reads=reads or Here(),
            index=self.index,
            beside=at_once,
            clock=self.clock,
            participants=lambda: frozenset(node.did for node in world.nodes.values()),
            bounds=bounds,
        )

    def titles(self, words: str = "") -> list[str]:
        found = self.index.search(Query(now=self.clock.now(), words=words, limit=100))
        return sorted(hit.title for hit in found.hits)

    def ids(self) -> set[str]:
        return {hit.id for hit in self.index.search(Query(now=self.clock.now(), limit=100)).hits}
