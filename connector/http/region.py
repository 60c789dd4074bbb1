"""`GET /region`: the public document of a region that this node keeps.

What lives here: answering. What does not: what stands in it (`connector.services.region.document`).
"""

from __future__ import annotations

import msgspec

from connector.http.exchange import JSON, Request, Response
from connector.http.publications import Publications
from connector.services.region.document import Publication

PATH = "/region"
_HEADERS = {"content-type": JSON, "cache-control": "public, max-age=60"}


def publish(publications: Publications, publication: Publication) -> None:
    """Answer under `/region`."""

    async def serve(request: Request, values: tuple[str, ...]) -> Response:
        return Response(200, _HEADERS, msgspec.json.encode(await publication.document()))

    publications.add("GET", PATH, serve)
