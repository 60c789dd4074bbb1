"""Rows as they come, on the same URL as the data: Server-Sent Events and WebSocket.

What lives here: the two forms, what is said at the end, the cut of a stream. What does not: the decision (`data.gate`),
which rows there are and what may leave of them (`data.answering.live`), the credential and the path (`http.data`).
Sources: WHATWG HTML, 9.2 Server-sent events; RFC 6455.

`Accept: text/event-stream` asks for events: `id` is the watermark, `data` one row of JSON. An upgrade to WebSocket
(subprotocol `allmende.rows`) gives a text frame a row: `{"id": ..., "row": ...}`. Either is taken up again with
`Last-Event-ID`. `gap` says that rows may be missing, `end` why there are no more. One access is one use; taking a
stream up again is none. The credential is a header field that a browser never sends by itself, so the origin proves
nothing and is not asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final, Protocol

import msgspec
import structlog
from aiohttp import WSMsgType, hdrs, web

from connector.data.answering.live import Live, Told, Watching
from connector.data.gate import Admission, Judge, Standing
from connector.data.queries import reading
from connector.errors import MessageError, NodeError, RefusedError
from connector.http import accesses
from connector.http.accesses import Access
from connector.http.connection import bound, reset
from connector.http.outcomes import STALL, Outcomes
from connector.sentences import Language, sentence
from policies.model import Reason

log = structlog.get_logger()
EVENTS: Final = "text/event-stream"
ROWS: Final = "allmende.rows"
RESUMES: Final = "Last-Event-ID"
_LAST_WORD: Final = 0.3
"""Seconds that a reader has for taking the reason of a cut, before the connection is reset."""
_DONE, _POLICY = 1000, 1008
"""Codes of RFC 6455, 7.4.1."""


class _Form(Protocol):
    """How rows are written on a connection that is open."""

    response: web.StreamResponse
    rows: int
    bytes: int
    sha256: Any

    async def begin(self, request: web.Request) -> None: ...

    async def tell(self, told: Told) -> None: ...

    async def end(self, why: Mapping[str, Any]) -> None: ...

    async def left(self) -> None:
        """Returns when the reader has gone, where the form can know."""


def wanted(request: web.Request) -> bool:
    """Are rows asked for as they come?"""
    if request.method != "GET":
        return False
    accept = request.headers.get(hdrs.ACCEPT, "").lower()
    return _upgrades(request) or (
        EVENTS in accept and EVENTS in (part.partition(";")[0].strip() for part in accept.split(","))
    )


def _upgrades(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


class LivePlane:
    """Serves streams."""

    def __init__(self, gate: Judge, live: Live) -> None:
        self._gate, self._live = gate, live
        self._outcomes = Outcomes(gate)

    async def close(self) -> None:
        """Wait for the outcomes that are still being written down."""
        await self._outcomes.close()

    async def serve(self, request: web.Request, access: Access, standing: Standing) -> web.StreamResponse:
        """One stream, to its end. Raises as the gate and `Live.open` do, before anything is written; `MovedError`."""
        form = _socket(request) if _upgrades(request) else _Events()
        asset, leaving = standing.asset, standing.leaving
        chain = leaving.chain.digest if leaving is not None else ""
        asking = msgspec.structs.replace(access.ask(asset, chain), streamed=True)
        try:
            if leaving is not None and await self._gate.allows(access.credential, access.pid, asking) is None:
                raise RefusedError("transform.undone")
            asked = reading.read(access.query)
            after = request.headers.get(RESUMES, "")
            watching = await self._live.open(asset, access.member, access.pid, leaving, asked, after)
        except NodeError as error:
            # What there is to be had is told only to who may have it, and the attempt is audited either way.
            failed = msgspec.structs.replace(asking, draws=False, streamed=False, failed=error.reason)
            await self._gate.admit(access.credential, access.pid, failed)
            raise
        planned = {"status": "200", "live": "websocket" if isinstance(form, _Socket) else "events"}
        if leaving is not None:
            planned |= {"transforms": leaving.chain.text, "transforms_sha256": leaving.chain.digest}
        ask = msgspec.structs.replace(asking, etag=watching.etag, resumes=watching.resumes, planned=planned)
        admission = await self._gate.admit(access.credential, access.pid, ask)
        form.response.headers.update(watching.told)
        await self._stream(request, form, watching, admission, accesses.language(request))
        return form.response

    async def _stream(
        self, request: web.Request, form: _Form, watching: Watching, admission: Admission, language: Language
    ) -> None:
        watch, cut = admission.watch, asyncio.Event()
        assert watch is not None  # INVARIANT: a stream is asked for with `streamed`
        event = "access.broken"
        why: Reason | None = None
        try:
            bound(request.transport)
            watch.on_cut(cut.set)
            found = await _until(_sent(request, form, watching), form.left, cut)
            if watch.reasons:
                event, why = "access.cut", watch.reasons[0]
            elif found is not None:
                event, why = "access.finished", found
        except NodeError as error:
            why = error.reason
        except (ConnectionError, TimeoutError):
            pass
        finally:
            await self._settle(admission, event, form, why)
        await _last_word(request, form, why, language)

    async def _settle(self, admission: Admission, event: str, form: _Form, why: Reason | None) -> None:
        params = {"rows": str(form.rows), "bytes": str(form.bytes), "sha256": form.sha256.hexdigest()}
        if why is not None:
            params["reason"] = why.code
        await self._outcomes.settle(admission, event, params)


async def _sent(request: web.Request, form: _Form, watching: Watching) -> Reason:
    """Writes what comes; returns when there is no more to come."""
    await form.begin(request)
    async with aclosing(watching.events()) as events:
        async for told in events:
            async with asyncio.timeout(STALL):
                await form.tell(told)
    return Reason("live.done")


async def _until(sending: Any, left: Any, cut: asyncio.Event) -> Reason | None:
    """Why a stream ended by itself; None where it was cut, or its reader has gone. Raises as sending does."""
    sender = asyncio.ensure_future(sending)
    others = [asyncio.ensure_future(cut.wait()), asyncio.ensure_future(left())]
    try:
        await asyncio.wait({sender, *others}, return_when=asyncio.FIRST_COMPLETED)
        return sender.result() if sender.done() and not cut.is_set() else None
    finally:
        for one in (sender, *others):
            one.cancel()
        await asyncio.gather(sender, *others, return_exceptions=True)


async def _last_word(request: web.Request, form: _Form, why: Reason | None, language: Language) -> None:
    """Say why, where that reaches the reader at once; else the connection is reset. INVARIANT: nothing that was written
    before a cut and has not left yet leaves behind it."""
    transport = request.transport
    if transport is None or transport.is_closing() or not form.response.prepared:
        return
    if why is not None and not transport.get_write_buffer_size():
        said = why if not why.code.startswith(("source.", "store.")) else Reason("unavailable")
        told = {"code": said.code, "params": said.params, "sentence": sentence(said, language)}
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_LAST_WORD):
                await form.end(told)
                return
    reset(transport)


class _Events:
    """Server-Sent Events."""

    def __init__(self) -> None:
        headers = {"Content-Type": EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self.response = web.StreamResponse(headers=headers)
        self.response.force_close()
        self.rows = self.bytes = 0
        self.sha256 = hashlib.sha256()

    async def begin(self, request: web.Request) -> None:
        await self.response.prepare(request)
        await self.response.write(b"retry: 2000\n\n")

    async def tell(self, told: Told) -> None:
        parts = [b"event: gap\ndata: {}\n\n"] if told.gap else []
        for row, mark in told.rows:
            parts.append(b"id: %b\ndata: %b\n\n" % (mark.encode(), row) if mark else b"data: %b\n\n" % row)
        self._count(told)
        # An id without data is no event, but what a reader comes back with: rows that did not leave are behind it.
        if told.mark and (not told.rows or told.rows[-1][1] != told.mark):
            parts.append(b"id: %b\n\n" % told.mark.encode())
        await self.response.write(b"".join(parts) or b": \n\n")

    def _count(self, told: Told) -> None:
        for row, _ in told.rows:
            self.sha256.update(row + b"\n")
            self.bytes += len(row) + 1
        self.rows += len(told.rows)

    async def end(self, why: Mapping[str, Any]) -> None:
        await self.response.write(b"event: end\ndata: %b\n\n" % msgspec.json.encode(why))
        await self.response.write_eof()

    async def left(self) -> None:
        """Nobody says so: it is seen when something is written."""
        await asyncio.Event().wait()


class _Socket(_Events):
    """WebSocket."""

    response: web.WebSocketResponse

    def __init__(self) -> None:
        super().__init__()
        self.response = web.WebSocketResponse(protocols=(ROWS,), timeout=_LAST_WORD, max_msg_size=4096, compress=False)
        self._open = asyncio.Event()

    async def begin(self, request: web.Request) -> None:
        await self.response.prepare(request)
        self._open.set()

    async def tell(self, told: Told) -> None:
        if told.gap:
            await self.response.send_str('{"gap":true}')
        for row, mark in told.rows:
            await self.response.send_str(f'{{"id":"{mark}","row":{row.decode()}}}')
        self._count(told)
        if not told.rows:
            await self.response.send_str(f'{{"id":"{told.mark}"}}')

    async def end(self, why: Mapping[str, Any]) -> None:
        await self.response.send_str(msgspec.json.encode({"end": why}).decode())
        code = str(why["code"])
        await self.response.close(code=_DONE if code == "live.done" else _POLICY, message=code.encode()[:123])

    async def left(self) -> None:
        """What a reader sends is not looked at, but its leave."""
        await self._open.wait()
        async for message in self.response:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return


def _socket(request: web.Request) -> _Socket:
    """Raises `MessageError` where the upgrade is none (RFC 6455, 4.2.1)."""
    made = _Socket()
    if not made.response.can_prepare(request).ok or hdrs.COOKIE in request.headers:
        raise MessageError("http.upgrade")
    return made
