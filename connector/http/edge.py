"""What devices of this node are answered, and what everybody may read of them, below `/edge`.

What lives here: `GET /edge/{name}/did.json` and `GET /edge/{name}/description` for everybody, `GET /edge/welcome` and
`POST /edge/orders` for the devices themselves. What does not: what is answered (`services.edge`,
`data.readings.ordering`), who a device is (`services.edge.door`), readings (`readings`).

Status: 200; 204 nothing new; 400 it cannot be read; 401 no token, or one that proves nothing or was used; 403 a device
that may do nothing now; 404 no such device.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import structlog

from connector.data.readings.ordering import LARGEST_STATUS, Asked, Ordering
from connector.errors import MessageError, NodeError
from connector.http.exchange import JSON, Request, Response
from connector.http.problems import status_of, told
from connector.http.publications import Publications
from connector.ports import Store
from connector.sentences import language_of, sentence
from connector.services.edge.door import Door
from connector.services.edge.introduction import Introduction
from connector.services.intake import admit

log = structlog.get_logger()
BASE = "/edge"
COSE = 'application/cose; cose-type="cose-sign1"'
_PRIVATE = {"content-type": COSE, "cache-control": "no-store"}
_PUBLIC = {"cache-control": "public, max-age=60"}
_LARGEST = 4 * LARGEST_STATUS

Serve = Callable[[Request, tuple[str, ...]], Awaitable[Response]]


class Edge:
    """The endpoints for and about devices."""

    def __init__(self, *, store: Store, door: Door, introduction: Introduction, ordering: Ordering) -> None:
        self._store, self._door, self._introduction, self._ordering = store, door, introduction, ordering

    def publish(self, publications: Publications) -> None:
        """Enter the paths."""
        publications.add("GET", f"{BASE}/welcome", _guarded(self._welcome))
        publications.add("POST", f"{BASE}/orders", _guarded(self._orders))
        publications.add("GET", f"{BASE}/{{name}}/did.json", _guarded(self._document))
        publications.add("GET", f"{BASE}/{{name}}/description", _guarded(self._description))

    async def _welcome(self, request: Request, values: tuple[str, ...]) -> Response:
        device = await self._door.admit(request.headers.get("authorization"))
        return Response(200, _PRIVATE, self._introduction.welcome(device))

    async def _orders(self, request: Request, values: tuple[str, ...]) -> Response:
        proved = await self._door.prove(request.headers.get("authorization"), ended=True)
        try:
            asked = _asked(request.body)
        except MessageError:
            await self._store.write(lambda tx: admit(tx, proved.caller))
            raise
        found = await self._ordering.answer(proved.caller, asked)
        if found is None:
            return Response(204, {"cache-control": "no-store"})
        return Response(200, _PRIVATE, found)

    async def _document(self, request: Request, values: tuple[str, ...]) -> Response:
        found = await self._introduction.document(values[0])
        return Response(200, {**_PUBLIC, "content-type": "application/did+json"}, msgspec.json.encode(found))

    async def _description(self, request: Request, values: tuple[str, ...]) -> Response:
        found = await self._introduction.description(values[0])
        return Response(200, {**_PUBLIC, "content-type": "application/vc+jwt"}, found.encode())


def _asked(body: bytes) -> Asked:
    """What a device asks. Raises `MessageError` `edge.asked`."""
    try:
        asked = msgspec.json.decode(body or b"{}", type=Asked) if len(body) <= _LARGEST else None
        size = len(msgspec.msgpack.encode(asked))  # as it is kept, which numbers of any size cannot be
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        asked, size = None, 0
    if asked is None or size > LARGEST_STATUS:
        raise MessageError("edge.asked", most=str(LARGEST_STATUS))
    return asked


def _guarded(serve: Serve) -> Serve:
    """The handler, with every error of the tree as a code and its sentence."""

    async def guarded(request: Request, values: tuple[str, ...]) -> Response:
        try:
            return await serve(request, values)
        except NodeError as error:
            log.info("edge.refused", code=error.reason.code, path=request.path[:200])
            return _problem(request, error)

    return guarded


def _problem(request: Request, error: NodeError) -> Response:
    status, reason = status_of(error), told(error)
    headers = {"content-type": JSON, "cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status in (429, 503):
        headers["retry-after"] = "30"
    language = language_of(request.headers.get("accept-language", ""))
    said = {"code": reason.code, "params": reason.params, "sentence": sentence(reason, language)}
    return Response(status, headers, msgspec.json.encode(said))
