"""What everybody may read of a node's descriptions: `GET /descriptions`, `GET /descriptions/{name}`; and what a region
attests about its members: `GET /attested/{member}`, by the SHA-256 of a DID in hex.

What lives here: published paths. What does not: what is described (`connector.services.trust.descriptions`) or attested
(`connector.services.region.comply`). The DID document names the presentation as `LinkedVerifiablePresentation`.
"""

from __future__ import annotations

import msgspec

from connector.http.exchange import JSON, Request, Response
from connector.http.publications import Publications
from connector.services.region.comply import Compliance
from connector.services.trust.descriptions import Attested, Descriptions

LINKED = "LinkedVerifiablePresentation"
BASE, ATTESTED = "/descriptions", "/attested"
PRESENTATION = BASE + "/presentation"


def publish(publications: Publications, descriptions: Descriptions, did: str) -> None:
    """Answer for this node's own descriptions."""

    async def index(request: Request, values: tuple[str, ...]) -> Response:
        kept = await descriptions.every()
        lines = [{"kind": one.kind, "url": one.id, "about": one.about, "issuer": one.issuer} for one in kept]
        return _answer(JSON, msgspec.json.encode({"did": did, "descriptions": lines}))

    async def one(request: Request, values: tuple[str, ...]) -> Response:
        found = await descriptions.served(values[0])
        return _answer(found.media_type, found.body)

    publications.add("GET", BASE, index)
    publications.add("GET", BASE + "/{name}", one)


def publish_attested(publications: Publications, compliance: Compliance) -> None:
    """Answer for what this node's region attests."""

    async def attested(request: Request, values: tuple[str, ...]) -> Response:
        tokens = await compliance.attested(values[0])
        return _answer(JSON, msgspec.json.encode(Attested(tuple(tokens))))

    publications.add("GET", ATTESTED + "/{member}", attested)


def _answer(media_type: str, body: bytes) -> Response:
    return Response(200, {"content-type": media_type, "cache-control": "no-cache"}, body)
