"""Readings of devices on aiohttp: `POST` and `GET` of `/edge/readings` (own devices) and `/inbox/{pid}` (consumers).

What lives here: reading a request within bounds, and the answer in CBOR. What does not: which readings are new
(`data.readings.receiving`), who an own device is (whoever mounts this says so), whose keys count for a provider's
device (`data.readings.senders`).

A POST has a CBOR sequence of COSE_Sign1 messages (`data.readings.model.MEDIA_TYPE`) and names the device in
`Allmende-Device`. Status: 200 what is held after this, and what was not taken; 409 a legend is missing; 400, 413 it
cannot be read; 401 no or wrong token; 403 the seal of somebody else, or the transfer does not run; 404 no such transfer
of ours; 503 no room. GET asks what is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import hdrs, web
from msgspec import Struct

from certs import cbor
from certs.jwk import PublicKey
from connector.data.readings.model import MEDIA_TYPE
from connector.data.readings.opening import MOST_BYTES
from connector.data.readings.receiving import Receiving, Sender, Taken
from connector.data.readings.senders import Senders
from connector.errors import MessageError, NodeError, OurError, RefusedError, TooLargeError, UnauthenticatedError
from connector.http.problems import status_of, told
from connector.http.refusals import refusal

log = structlog.get_logger()
PATH: Final = "/edge/readings"
DEVICE: Final = "Allmende-Device"
PATIENCE: Final = 120.0
"""Seconds that a post may take to come in."""
_CBOR: Final = "application/cbor"
_SAID: Final = frozenset({"readings.full", "readings.busy", "readings.legend"})
"""What a device needs to know to go on rightly, although it is no fault of its own."""


class Proven(Struct, frozen=True):
    """An own device that has proved who it is: its DID, and the keys that it may seal with, by the id that stands in
    messages."""

    device: str
    keys: Mapping[bytes, PublicKey]


Prove = Callable[[web.Request], Awaitable[Proven]]
"""Who is calling. Raises `UnauthenticatedError`, `RefusedError`."""


class OwnReadings:
    """The handler of `PATH`."""

    def __init__(self, receiving: Receiving, prove: Prove) -> None:
        self._receiving, self._prove = receiving, prove

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """One post or question. Never raises, but where the task is cancelled."""
        return await guarded(request, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        proven = await self._prove(request)
        if request.headers.get(DEVICE, proven.device) != proven.device:
            raise UnauthenticatedError("token.device")
        sender = Sender(device=proven.device, keys=proven.keys)
        if request.method == "GET":
            return _told(await self._receiving.held(sender))
        async with self._receiving.coming(sender):
            return _told(await self._receiving.take(sender, await _body(request)))


class DeliveredReadings:
    """What devices of providers deliver to the inbox; only after its token was proved."""

    def __init__(self, receiving: Receiving, senders: Senders) -> None:
        self._receiving, self._senders = receiving, senders

    async def answer(self, request: web.Request, pid: str) -> web.Response:
        """What the device is told. Raises `NodeError`, `TimeoutError`."""
        device = request.headers.get(DEVICE, "")
        sender = await self._senders.of(pid, device)
        if request.method == "GET":
            return _told(await self._receiving.held(sender))
        async with self._receiving.coming(sender):
            body = await _body(request)
            try:
                return _told(await self._receiving.take(sender, body))
            except RefusedError as error:
                if error.reason.code != "readings.seal":
                    raise
            # Sealed with a key that is newer than the document we know.
            return _told(await self._receiving.take(await self._senders.of(pid, device, again=True), body))


async def guarded(request: web.Request, answer: Callable[[web.Request], Awaitable[web.Response]]) -> web.StreamResponse:
    """The answer, or what went wrong."""
    if request.method not in ("GET", "POST"):
        return web.Response(status=405, headers={"Allow": "GET, POST"})
    try:
        return await answer(request)
    except NodeError as error:
        return _problem(error, request)
    except TimeoutError:
        return _problem(MessageError("readings.slow"), request)
    except Exception as error:
        log.exception("readings.unserved", error=type(error).__name__)
        return _problem(OurError("internal"), request)


def is_readings(request: web.Request) -> bool:
    """Is this about readings of a device, where other deliveries arrive too?"""
    said = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    return said == MEDIA_TYPE or (request.method == "GET" and DEVICE in request.headers)


async def _body(request: web.Request) -> bytes:
    if request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise MessageError("readings.media_type", expected=MEDIA_TYPE)
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise MessageError("push.coding", place="Content-Encoding")
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLargeError("readings.size", most=str(MOST_BYTES))
    data = bytearray()
    async with asyncio.timeout(PATIENCE):
        async for piece in request.content.iter_any():
            data += piece
            if len(data) > MOST_BYTES:
                raise TooLargeError("readings.size", most=str(MOST_BYTES))
    return bytes(data)


def encoded(taken: Taken) -> bytes:
    """The answer in CBOR: a map of `held` (series -> ranges), `refused`, `legend`, and `receipt` where there is one."""
    held = {series: [list(pair) for pair in ranges] for series, ranges in taken.held.items()}
    refused = [list(one) for one in taken.refused]
    body = {"held": held, "refused": refused, "legend": taken.legend}
    if taken.receipt is not None:
        body["receipt"] = taken.receipt
    return cbor.dumps(body)


def _told(taken: Taken) -> web.Response:
    return web.Response(body=encoded(taken), content_type=_CBOR, headers={"Cache-Control": "no-store"})


def _problem(error: NodeError, request: web.Request) -> web.Response:
    status = 409 if error.reason.code == "readings.legend" else status_of(error)
    if isinstance(error, OurError):
        log.warning("readings.untaken", code=error.reason.code, status=status)
    reason = error.reason if error.reason.code in _SAID else told(error)
    return refusal(request, reason, status)
