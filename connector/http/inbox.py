"""The inbox on aiohttp: `POST {base}/{transfer pid}`, where providers deliver.

What lives here: reading a part's line, headers and body, and the answer. What does not: which part is next, files and
hashes (`data.delivery.receiving`), limits of the listener (`http.server`), the sender's side (`data.delivery.parcels`).
Source: Data Plane Signaling Profiles, HTTP Transfer Profile (push).

Status: 204 it is on disk; 401 no or wrong token; 404 no such transfer of ours; 403 the transfer does not run now; 409
it does not follow what is there; 422 all of it is not what was announced; 400 it cannot be read; 413 a part too large;
503 no room, or damaged on its way. A sender that numbers nothing sends one delivery in one part. Readings of devices
are told by their media type, and answered by `http.readings`.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import unquote

import structlog
from aiohttp import hdrs, web

from connector.data.delivery.increments import SINCE, UNTIL
from connector.data.delivery.parcels import DELIVERY, LAST, PART
from connector.data.delivery.receiving import Part, Receiving
from connector.errors import MessageError, NodeError, OurError, UnauthenticatedError, UnknownError
from connector.http import readings
from connector.http.problems import status_of, told
from connector.http.readings import DeliveredReadings
from connector.http.refusals import refusal

log = structlog.get_logger()
PATIENCE: Final = 120.0
"""Seconds that a part may take to come in."""
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/(?:([0-9]{1,18})|\*)", re.ASCII)
_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST: Final = 4000
_LONGEST_TIME: Final = 40


class Inbox:
    """The handler of everything below `base`."""

    def __init__(
        self, receiving: Receiving, *, base: str = "/inbox/", readings: DeliveredReadings | None = None
    ) -> None:
        self._receiving, self.base, self._readings = receiving, base, readings

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """One part. Never raises, but where the task is cancelled."""
        if self._readings is not None and readings.is_readings(request):
            return await readings.guarded(request, self._of_device)
        try:
            return await self._take(request)
        except NodeError as error:
            return _problem(error, request)
        except TimeoutError:
            return _problem(MessageError("push.length", place="body"), request)
        except Exception as error:
            log.exception("inbox.failed", error=type(error).__name__)
            return _problem(OurError("internal"), request)

    async def _of_device(self, request: web.Request) -> web.Response:
        assert self._readings is not None
        pid = _pid(request.raw_path, self.base)
        self._receiving.prove(_credential(request), pid)
        return await self._readings.answer(request, pid)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("POST", "PUT"):
            return web.Response(status=405, headers={"Allow": "POST, PUT"})
        pid = _pid(request.raw_path, self.base)
        self._receiving.prove(_credential(request), pid)
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise MessageError("push.coding", place="Content-Encoding")
        async with asyncio.timeout(PATIENCE):
            await self._receiving.take(pid, _part(request), _pieces(request))
        return web.Response(status=204)


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        yield piece


def _pid(raw_path: str, base: str) -> str:
    try:
        pid = unquote(raw_path.partition("?")[0].removeprefix(base), errors="strict")
    except UnicodeDecodeError:
        raise UnknownError("transfer.unknown") from None
    if not pid or "/" in raw_path.partition("?")[0].removeprefix(base):
        raise UnknownError("transfer.unknown")
    return pid


def _credential(request: web.Request) -> str:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").strip().partition(" ")
    if not token.strip():
        token = scheme
    elif scheme.lower() != "bearer":
        raise UnauthenticatedError("token.missing")
    if not token:
        raise UnauthenticatedError("token.missing")
    return token.strip()


def _part(request: web.Request) -> Part:
    """What a part says of itself. Raises `MessageError`."""
    headers = request.headers
    first, size, last = _range(headers.get(hdrs.CONTENT_RANGE, ""), request.content_length)
    number, part = _count(headers.get(DELIVERY, "1"), DELIVERY), _count(headers.get(PART, "0"), PART)
    said = headers.get(LAST, "")
    return Part(
        number=number,
        part=part,
        offset=first,
        media_type=headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")[:200],
        last=said == "?1" or (not said and last),
        size=size,
        sha256=_digest(headers.get("Content-Digest", "")),
        whole=_digest(headers.get("Repr-Digest", "")),
        etag=headers.get(hdrs.ETAG, "")[:200],
        transforms=headers.get("Allmende-Transforms", "")[:_LONGEST],
        since=headers.get(SINCE, "")[:_LONGEST_TIME],
        until=headers.get(UNTIL, "")[:_LONGEST_TIME],
    )


def _range(text: str, length: int | None) -> tuple[int, int | None, bool]:
    """Where a part begins, how much all of it is, and whether it is the last one by that. Raises `MessageError`."""
    if not text:
        return 0, length, True
    found = _RANGE.fullmatch(text)
    if found is None:
        raise MessageError("push.range", place="Content-Range")
    first, last, whole = (None if one is None else int(one) for one in found.groups())
    if first is None or last is None:
        return whole or 0, whole, True
    if last < first or (whole is not None and last >= whole) or length not in (None, last - first + 1):
        raise MessageError("push.range", place="Content-Range")
    return first, whole, whole is not None and last + 1 == whole


def _count(text: str, name: str) -> int:
    if not _COUNT.fullmatch(text):
        raise MessageError("push.range", place=name)
    return int(text)


def _digest(text: str) -> bytes:
    found = _SHA256.search(text)
    return b64decode(found[1]) if found else b""


def _problem(error: NodeError, request: web.Request) -> web.Response:
    status = 409 if error.reason.code == "push.gap" else 422 if error.reason.code in _WRONG else status_of(error)
    if isinstance(error, OurError):
        log.warning("inbox.unserved", code=error.reason.code, status=status)
    reason = error.reason if error.reason.code in _SAID else told(error)
    return refusal(request, reason, status)


_WRONG: Final = frozenset({"push.digest", "push.length"})
_SAID: Final = frozenset({"push.gap", "push.full", "transfer.state", *_WRONG})
"""What the sender needs to know to go on rightly."""
