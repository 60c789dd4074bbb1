"""Answers with rows over HTTP: queries on the data URL, streams with trailers, and the rest of what broke off.

What lives here: the order question -> allowed? -> beginning -> decision -> bytes, conditions (`If-Match`, `If-Range`
with `Range` and `Allmende-Have`), the stream with its end, its cut and its outcome. What does not: the answer itself
(`data.answering.answers`), the decision (`data.gate`), files as they are (`http.data`).
Source: RFC 9110 (13.1.1 If-Match, 13.1.5 If-Range, 14 ranges, 6.5 trailers), RFC 9530 (digests), RFC 8673 (a range
without a known end).

INVARIANT: a silo is read only for whom it would be allowed to, nothing leaves before the decision, and a use is drawn
for every answer but the rest of one.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct
from msgspec.structs import replace

from connector.data.answering.answers import REPEATED, Answers, Begun, ChangedError, Question, noted
from connector.data.answering.unfinished import Known, Running, Unfinished
from connector.data.egress import SIGNATURE
from connector.data.gate import Admission, Ask, Judge, Standing
from connector.data.queries import reading
from connector.data.stream import Coding, Flow, Plan, Wanted, digest_field, encoded, ending, plan, rest
from connector.errors import NodeError, RefusedError, UnknownError
from connector.http import trailers
from connector.http.accesses import Access
from connector.http.connection import bound, reset
from connector.http.outcomes import STALL, Outcomes
from connector.ports import Clock, Content
from connector.records import Asset

HAVE: Final = "Allmende-Have"
EXPLAIN: Final = "explain"
_LOOK: Final = 1.0
"""Seconds after which it is looked again whether a reader is still there while a silo says nothing."""
_OTHERS: Final = frozenset({EXPLAIN})
_PRIVATE: Final = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}


class _Rest(Struct, frozen=True):
    """The rest that is asked for: of which answer, from where, the hash of what is here already."""

    known: Known
    start: int
    have: bytes


class AnswerPlane:
    """Serves answers with rows."""

    def __init__(self, gate: Judge, answers: Answers, clock: Clock, outcomes: Outcomes) -> None:
        self._gate, self._answers, self._outcomes = gate, answers, outcomes
        self._unfinished = Unfinished(clock)

    def wants(self, request: web.Request, asset: Asset | None) -> bool:
        """Is this for rows: of a silo, or a question about a file?"""
        return bool(request.raw_path.partition("?")[2]) or self._answers.gives_rows(asset)

    async def serve(self, request: web.Request, access: Access, standing: Standing) -> web.StreamResponse:
        """One answer, to its end. Raises as the gate and `Answers` do, before anything is written; `MovedError`."""
        named = _plain((request.headers.get(hdrs.IF_RANGE, "") or request.headers.get(hdrs.IF_MATCH, "")).strip())
        chain = standing.leaving.chain.digest if standing.leaving is not None else ""
        ask = replace(access.ask(standing.asset, chain), etag=named, resumes=bool(named))
        try:
            known = await self._known(request, access.pid, named)
            question = await self._question(request, access, ask, known)
        except NodeError as error:
            raise await self._failed(access, ask, error) from None
        try:
            return await self._answer(request, access, ask, question, known)
        finally:
            question.close()

    async def _known(self, request: web.Request, pid: str, etag: str) -> Known | None:
        """The answer that a request goes back to."""
        if etag and request.method == "GET" and hdrs.RANGE in request.headers:
            return await self._unfinished.resumable(etag, pid)
        return self._unfinished.look(etag, pid) if etag else None

    async def _question(self, request: web.Request, access: Access, ask: Ask, known: Known | None) -> Question:
        asked = reading.read(access.query, accept=request.headers.get(hdrs.ACCEPT, ""), others=_OTHERS)
        allowed = await self._gate.allows(access.credential, access.pid, ask)
        if allowed is None or ask.asset is None:
            raise RefusedError("transform.undone") if ask.asset is not None else UnknownError("asset.withdrawn")
        return await self._answers.question(ask.asset, access.member, asked, allowed.leaving, known)

    async def _failed(self, access: Access, ask: Ask, error: NodeError) -> NodeError:
        """What there is to be had is told only to who may have it, and the attempt is audited either way."""
        failed = replace(ask, draws=False, streamed=False, failed=error.reason)
        await self._gate.admit(access.credential, access.pid, failed)
        return error

    async def _answer(
        self, request: web.Request, access: Access, ask: Ask, question: Question, known: Known | None
    ) -> web.StreamResponse:
        if _flag(access.query, EXPLAIN):
            return await self._told(access, ask, question, 200, msgspec.json.encode(question.explained()))
        same = known if known is not None and known.question == question.text else None
        if request.method == "HEAD":
            return await self._head(request, access, ask, question, same)
        asked = _rest(request, same) if same is not None else None
        if asked is not None and asked.known.size == asked.start:
            return await self._over(access, ask, question, asked.known)
        try:
            if asked is not None:
                return await self._continued(request, access, ask, question, asked)
        except ChangedError:
            self._unfinished.forget(known.etag if known is not None else "")
        if hdrs.IF_MATCH in request.headers:
            # Whoever names an answer wants none of another.
            return await self._told(access, ask, question, 412, b"")
        ask = replace(ask, resumes=False, etag="")
        if known is None:
            return await self._anew(request, access, ask, question)
        try:
            now = await self._question(request, access, ask, None)
        except NodeError as error:
            raise await self._failed(access, ask, error) from None
        try:
            return await self._anew(request, access, ask, now)
        finally:
            now.close()

    async def _told(
        self, access: Access, ask: Ask, question: Question, status: int, body: bytes, **fields: str
    ) -> web.Response:
        """An answer without data: looked at, and no use. What is said of an answer belongs to its use."""
        looking = replace(ask, draws=False, planned={"status": str(status), **noted(question)})
        await self._gate.admit(access.credential, access.pid, looking)
        headers = {**_PRIVATE, **dict(self._answers.told(question)), **fields}
        if body:
            headers["Content-Type"] = "application/json"
        return web.Response(status=status, headers=headers, body=body or None)

    async def _head(
        self, request: web.Request, access: Access, ask: Ask, question: Question, known: Known | None
    ) -> web.StreamResponse:
        """What an answer was like, or, where none is named, what one would be."""
        if hdrs.IF_MATCH not in request.headers:
            return await self._told(access, ask, question, 200, b"", **{"Content-Type": question.media_type})
        if known is None or known.size is None:
            return await self._told(access, ask, question, 412, b"")
        fields = {
            "ETag": known.etag,
            "Content-Type": question.media_type,
            "Content-Length": str(known.size),
            "Repr-Digest": digest_field(known.sha256),
            **dict(known.fields),
        }
        return await self._told(access, ask, question, 200, b"", **fields)

    async def _over(self, access: Access, ask: Ask, question: Question, known: Known) -> web.StreamResponse:
        """There is no rest: all is there."""
        fields = {
            "ETag": known.etag,
            "Content-Range": f"bytes */{known.size}",
            "Repr-Digest": digest_field(known.sha256),
        }
        return await self._told(access, ask, question, 416, b"", **fields)

    async def _anew(self, request: web.Request, access: Access, ask: Ask, question: Question) -> web.StreamResponse:
        begun = await self._begun(access, ask, self._answers.begin(question))
        content = begun.content
        try:
            wanted = Wanted(method=request.method, accept_encoding=request.headers.get(hdrs.ACCEPT_ENCODING, ""))
            planned = plan(content, wanted)
            known = Known(etag=content.etag, transfer=access.pid, question=question.text, now=question.now)
            return await self._sent(request, access, ask, question, content, planned, known)
        finally:
            await begun.close()

    async def _continued(
        self, request: web.Request, access: Access, ask: Ask, question: Question, asked: _Rest
    ) -> web.StreamResponse:
        """The rest of an answer. Raises `ChangedError` where it is another now, before anything is decided."""
        making = self._answers.resume(question, asked.known, asked.start, asked.have)
        begun = await self._begun(access, ask, making)
        content, again = begun.content, replace(ask, resumes=True)
        try:
            planned = rest(content, asked.start, asked.known.size, content.sha256)
            return await self._sent(request, access, again, question, content, planned, asked.known, begun.before)
        finally:
            await begun.close()

    async def _begun(self, access: Access, ask: Ask, making: Awaitable[Begun]) -> Begun:
        try:
            return await making
        except ChangedError:
            raise
        except NodeError as error:
            raise await self._failed(access, ask, error) from None

    async def _sent(
        self,
        request: web.Request,
        access: Access,
        ask: Ask,
        question: Question,
        content: Content,
        planned: Plan,
        known: Known,
        before: Any = None,
    ) -> web.StreamResponse:
        """The decision, and then the bytes."""
        audited = {"status": str(planned.status), **noted(question)}
        if planned.status == 206:
            audited["from"] = str(planned.start)
        if content.small is not None and content.sha256 is not None:
            audited |= {"bytes": str(content.size), "sha256": content.sha256.hex()}
        ask = replace(ask, etag=content.etag, streamed=content.small is None, planned=audited)
        admission = await self._gate.admit(access.credential, access.pid, ask)
        running = self._unfinished.begin(known)
        if content.small is not None and content.sha256 is not None:
            body = content.small()
            running.end(len(body), content.sha256, complete=True, fields=dict(content.told))
            coded = body if planned.coding is Coding.IDENTITY else encoded(body, planned.coding)
            return web.Response(status=planned.status, headers=planned.headers, body=coded)
        return await self._stream(request, question, Flow(content, planned, before), planned, admission, running)

    async def _stream(
        self,
        request: web.Request,
        question: Question,
        flow: Flow,
        planned: Plan,
        admission: Admission,
        running: Running,
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=planned.status, headers=planned.headers)
        later = planned.stop is None and trailers.possible(request)
        if later:
            trailers.announce(
                response, [*ending(planned.coding, b"", "", {}), *([SIGNATURE] if question.signs else [])]
            )
        watch = admission.watch
        assert watch is not None  # INVARIANT: a body that is not small is asked for with `streamed`
        event, reason, cut = "access.broken", "", asyncio.Event()

        def stop() -> None:
            reset(request.transport)
            cut.set()

        running.cut = stop
        try:
            bound(request.transport)
            watch.on_cut(stop)
            await response.prepare(request)
            async with aclosing(_taken(flow.pieces(), request, cut)) as pieces:
                async for data in pieces:
                    async with asyncio.timeout(STALL):
                        await response.write(data)
            size, signed = planned.start + flow.sent, {}
            if not (watch.reasons or cut.is_set()) and request.transport is not None:
                signed = dict(await self._answers.ending(question, size, flow.digest))
            # The end is told only after a last look: a cut that came meanwhile stays a cut.
            if not (watch.reasons or cut.is_set()) and request.transport is not None:
                running.end(size, flow.digest, complete=True, fields=signed)
                if later:
                    fields = ending(planned.coding, flow.digest, "complete", signed)
                    await trailers.end(response, request.writer, fields)
                else:
                    await response.write_eof()
                event = "access.finished"
        except ChangedError as error:
            reason = error.reason.code
            self._unfinished.forget(running.known.etag)
            reset(request.transport)
        except NodeError as error:
            reason = error.reason.code
            reset(request.transport)
        except (ConnectionError, TimeoutError):
            reset(request.transport)
        finally:
            if watch.reasons:
                event, reason = "access.cut", watch.reasons[0].code
            running.end(planned.start + flow.sent if flow.sent else 0, flow.digest if flow.sent else b"")
            params = {"bytes": str(flow.sent), "sha256": flow.sha256, **({"reason": reason} if reason else {})}
            await self._outcomes.settle(admission, event, params)
        return response


async def _taken(
    pieces: AsyncGenerator[bytes, None], request: web.Request, cut: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    """Pieces as long as the stream is not cut and its reader is there, also while a silo says nothing."""
    loop = asyncio.get_running_loop()
    cutting = loop.create_task(cut.wait())
    taking: asyncio.Task[bytes | None] | None = None
    try:
        while not cut.is_set():
            taking = loop.create_task(_next(pieces))
            while not taking.done():
                await asyncio.wait({taking, cutting}, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
                if not taking.done() and (cut.is_set() or request.transport is None):
                    return
            if (piece := taking.result()) is None:
                return
            yield piece
    finally:
        cutting.cancel()
        if taking is not None and not taking.done():
            taking.cancel()
            await asyncio.wait({taking})
            if not taking.cancelled():
                taking.exception()
        await pieces.aclose()


async def _next(pieces: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(pieces, None)


def _rest(request: web.Request, known: Known) -> _Rest | None:
    """The rest that is asked for, where it is to be had: within what was told, and not too much of that again."""
    first, _, last = request.headers.get(hdrs.RANGE, "").removeprefix("bytes=").partition("-")
    if last or not first.isascii() or not first.isdigit() or len(first) > 18:
        return None
    start = int(first)
    if _plain(request.headers.get(hdrs.IF_RANGE, "").strip()) != known.etag:
        return None
    if not 0 < start <= known.told or known.told - start > REPEATED:
        return None
    return _Rest(known, start, _digest(request.headers.get(HAVE, "")))


def _digest(field: str) -> bytes:
    """The hash in a digest field (RFC 9530); a wrong one where it cannot be read, b"" where there is none."""
    if not field:
        return b""
    try:
        return b64decode(field.strip().removeprefix("sha-256=:").removesuffix(":"), validate=True) or b"-"
    except ValueError:
        return b"-"


def _plain(etag: str) -> str:
    """The ETag of an answer, whatever coding it came in."""
    for coding in Coding:
        if etag.endswith(f'-{coding.value}"'):
            return f'{etag[: -len(coding.value) - 2]}"'
    return etag


def _flag(query: str, name: str) -> bool:
    return any(part in (name, f"{name}=true", f"{name}=1") for part in query.split("&"))
