"""A node that leaves its contracts to another: what everybody may read of it, and what its successor takes.

What lives here: `GET /succession`, the statement, and `POST /succession`, which only the successor may call. What does
not: what they mean (`connector.services.trust.succession`). An extension of ours.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from connector.errors import MessageError, UnknownError
from connector.http.exchange import JSON, Request, Response
from connector.http.publications import Publications
from connector.ports import Identity, Store
from connector.services.trust.succession import Successions, Taking

_FRESH = {"content-type": JSON, "cache-control": "no-store"}


def publish(publications: Publications, *, identity: Identity, store: Store, successions: Successions) -> None:
    """Answer these paths."""

    async def statement(request: Request, values: tuple[str, ...]) -> Response:
        said = await store.read(successions.published)
        if not said:
            raise UnknownError("http.path")
        return Response(200, _FRESH, said.encode())

    async def take(request: Request, values: tuple[str, ...]) -> Response:
        # What counts here is signed in the body; the token says only who brings it.
        caller = replace(await identity.verify(request.headers.get("authorization")), bare=True)
        try:
            asked = msgspec.json.decode(request.body, type=Taking)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise MessageError("message.json") from None
        return Response(200, _FRESH, msgspec.json.encode(await successions.hand_over(caller, asked)))

    publications.add("GET", "/succession", statement)
    publications.add("POST", "/succession", take)
