"""The node looking at itself from outside: what of a request arrives, having come over its own public address.

What lives here: `GET {public_url}/data/probe` with a word that the node has just made up; what the proxy in front did
to the request and to the answer. What does not: the way to the address (`road`), what follows from it
(`connector.doctor`). The path lies among the data's, because that is where answers must not be gathered.

The answer comes in two pieces. The second is written when the first has been read, or after a while in vain: a proxy
that gathers answers before it passes them on is found out that way, without a measurement.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable

from aiohttp import web

from connector.errors import DeliveryError
from connector.ports import Peer
from policies.model import Reason

PATH = "/data/probe"
PATIENCE = 3.0
"""Seconds that the second piece waits for the first to be read."""
_TYPE = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
_REFUSED = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
_ARRIVED, _GATHERED, _READ = b"arrived\n", b"gathered\n", b"read\n"


class Reflection:
    """One look at a time. `draw` gives a word that nobody guesses."""

    def __init__(self, draw: Callable[[], str], *, patience: float = PATIENCE) -> None:
        self._draw, self._patience = draw, patience
        self._word = ""
        self._read = asyncio.Event()
        self._turn = asyncio.Lock()

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """The answer to a look: 401 where it does not carry the word, in which case nothing is told."""
        given = request.headers.get("Authorization", "")
        if not self._word or not hmac.compare_digest(given.encode(errors="replace"), self._word.encode()):
            return web.Response(status=401, headers=_REFUSED)
        response = web.StreamResponse(headers=_TYPE)
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(_ARRIVED)
            await response.write(await self._second())
        return response

    async def _second(self) -> bytes:
        """The second piece: whether the first has been read."""
        try:
            await asyncio.wait_for(self._read.wait(), self._patience)
        except TimeoutError:
            return _GATHERED
        return _READ

    async def look(self, peer: Peer, public_url: str) -> Reason | None:
        """Look at this node at its public address; the way there is taken to be good. None where nothing is wrong.

        `doctor.authorization` where the Authorization header does not arrive, `doctor.buffering` where the answer is
        held back, `reach.answer` where there is none.
        """
        async with self._turn:
            self._word, self._read = f"Bearer {self._draw()}", asyncio.Event()
            try:
                return await self._looked(peer, public_url.rstrip("/") + PATH)
            except DeliveryError as error:
                return Reason("reach.answer", {"url": public_url, "cause": error.reason.code})
            finally:
                self._word = ""

    async def _looked(self, peer: Peer, url: str) -> Reason | None:
        stream = await peer.open(url, headers={"Authorization": self._word}, private=True)
        try:
            if stream.status == 401:
                return Reason("doctor.authorization", {"url": url})
            if stream.status != 200:
                return Reason("reach.status", {"url": url, "status": str(stream.status)})
            said = b""
            async for piece in stream.chunks():
                said += piece
                self._read.set()
            return None if said.endswith(_READ) else Reason("doctor.buffering", {"url": url})
        finally:
            await stream.close()
