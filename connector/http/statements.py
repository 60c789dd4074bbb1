"""What everybody may read about keys that have changed: `GET /keys`, and `GET /keys/{name}` for those of others.

What lives here: two published paths. What does not: what statements say (`certs.handover`), whose are kept
(`connector.services.trust.handover`). An extension of ours; the DID document names the first as `AllmendeKeys`.

The second is for those who have lost theirs, and for whom a region has spoken: `name` is the SHA-256 of a DID in hex,
or the thumbprint of a key that has been destroyed. What it shows was published by that participant, or is a region's.
"""

from __future__ import annotations

import msgspec

from certs.keys import NodeKeys
from connector.http.exchange import JSON, Request, Response
from connector.http.publications import Publications
from connector.ports import Store
from connector.services.trust import handover
from connector.services.trust.handover import Published

_FRESH = {"content-type": JSON, "cache-control": "no-store"}


def publish(publications: Publications, *, did: str, own: NodeKeys, store: Store) -> None:
    """Answer these paths."""

    async def ours(request: Request, values: tuple[str, ...]) -> Response:
        return _answer(did, own.ring.statements)

    async def others(request: Request, values: tuple[str, ...]) -> Response:
        found = await store.read(lambda view: handover.about(view, values[0]))
        return _answer(did, tuple(found))

    publications.add("GET", "/keys", ours)
    publications.add("GET", "/keys/{name}", others)


def _answer(did: str, statements: tuple[str, ...]) -> Response:
    return Response(200, _FRESH, msgspec.json.encode(Published(did, statements)))
