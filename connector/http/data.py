"""The public data plane on aiohttp: `GET` and `HEAD {base}/{transfer pid}[/{member}]`.

What lives here: reading the request's line and headers, the order open -> judge -> send, writing pieces with
back-pressure, the cut of a running stream. What does not: the decision (`data.gate`), the form of the answer
(`data.stream`), limits of the listener (`http.server`).

Status: 401 no or wrong credential, 404 no such transfer or member, 403 refused with every reason, 405 other methods,
416 a range outside. A stream that is cut, or whose content changes, ends with a reset connection: it never looks
complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import lru_cache

import msgspec
import structlog
from aiohttp import hdrs, web
from msgspec.structs import replace

from connector.data.answering.answers import Answers
from connector.data.egress import Egress, Leaving
from connector.data.gate import AccessRefusedError, Admission, Ask, Judge, MovedError, Standing
from connector.data.sources import Sources
from connector.data.stream import PIECE, Coding, Flow, Plan, Wanted, encoded, plan
from connector.errors import NodeError, OurError, RefusedError, UnknownError
from connector.http import accesses, live, sendfile
from connector.http.accesses import Access
from connector.http.answers import AnswerPlane
from connector.http.connection import bound, reset
from connector.http.live import LivePlane
from connector.http.outcomes import STALL, Outcomes
from connector.http.problems import status_of
from connector.http.ready import Ready, fits
from connector.ports import Clock, Content
from connector.records import Asset
from connector.sentences import sentence
from policies.model import Reason

log = structlog.get_logger()
_LASTING = frozenset(
    {"node.rolled_back"}
    | {
        f"source.{code}"
        for code in ("address", "drift", "gone", "package", "refused", "secret", "unknown", "unreadable")
    }
)
"""What does not pass with time: somebody has to mend it, and nobody is told to ask again soon."""


class DataPlane:
    """The handler of everything below `base`."""

    def __init__(
        self,
        gate: Judge,
        sources: Sources,
        egress: Egress,
        *,
        base: str = "/data/",
        live: LivePlane | None = None,
        answers: Answers | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._live = live
        self._outcomes = Outcomes(gate)
        self._answers = AnswerPlane(gate, answers, clock, self._outcomes) if answers and clock else None
        self._gate, self._sources, self._egress, self.base = gate, sources, egress, base

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """One access. Never raises, but where the task is cancelled."""
        try:
            return await self._serve(request)
        except NodeError as error:
            return _problem(error, request)
        except Exception as error:
            log.exception("access.failed", error=type(error).__name__)
            if request.writer.output_size:
                reset(request.transport)  # What has begun must not look complete.
            return _problem(OurError("internal"), request)

    async def close(self) -> None:
        """Wait for the outcomes that are still being written down."""
        if self._live is not None:
            await self._live.close()
        await self._outcomes.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        access = accesses.read(request, self.base)
        serve = self._live.serve if self._live is not None and live.wanted(request) else self._serve_data
        try:
            return await serve(request, access, await self._gate.standing(access.credential, access.pid))
        except MovedError:
            return await serve(request, access, await self._gate.standing(access.credential, access.pid))

    async def _serve_data(self, request: web.Request, access: Access, standing: Standing) -> web.StreamResponse:
        asset, leaving = standing.asset, standing.leaving
        if self._answers is not None and self._answers.wants(request, asset):
            return await self._answers.serve(request, access, standing)
        chain = leaving.chain.digest if leaving is not None else ""
        try:
            content = await self._open(asset, access.member)
            if leaving is not None:
                ask = _asking(access, asset, content, plan(content, _wanted(request)), leaving)
                ask = replace(ask, resumes=hdrs.IF_RANGE in request.headers)
                try:
                    content = await self._changed(access, content, ask)
                except BaseException:
                    content.close()
                    raise
        except NodeError as error:
            # Whether a member exists is told only to who may have it, and the attempt is audited either way.
            failing = replace(access.ask(asset, chain), draws=False, failed=error.reason)
            await self._gate.admit(access.credential, access.pid, failing)
            raise
        try:
            planned = plan(content, _wanted(request))
            ask = _asking(access, asset, content, planned, leaving)
            admission = await self._gate.admit(access.credential, access.pid, ask)
            if planned.has_body and content.small is None:
                return await self._stream(request, content, planned, admission)
            return _small(request, content, planned)
        finally:
            content.close()

    async def _open(self, asset: Asset | None, member: str) -> Content:
        if asset is None:
            raise UnknownError("asset.withdrawn")
        return await self._sources.open(asset, member)

    async def _changed(self, access: Access, content: Content, ask: Ask) -> Content:
        """What may leave of a content. Nothing is made for whom it would be refused to: being told something counts."""
        allowed = await self._gate.allows(access.credential, access.pid, ask)
        leaving = allowed.leaving if allowed is not None else None
        if leaving is None or ask.asset is None:
            raise RefusedError("transform.undone")
        origin = await asyncio.to_thread(self._sources.origin, ask.asset, ask.member)
        return await self._egress.content(replace(leaving, member=ask.member, origin=origin), content)

    async def _stream(
        self, request: web.Request, content: Content, planned: Plan, admission: Admission
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=planned.status, headers=planned.headers)
        flow = Flow(content, planned)
        watch = admission.watch
        assert watch is not None  # INVARIANT: a body that is not small is asked for with `streamed`
        event, reason = "access.broken", ""
        outlet = _outlet(request, flow, planned)

        def cut() -> None:
            # INVARIANT: what the kernel has taken counts as given out. How much of it has arrived, or leaves until the
            # connection is gone, nobody knows; the reader is never noted to have got less than it got.
            if outlet is not None:
                outlet.close()
            reset(request.transport)

        try:
            if outlet is None:
                bound(request.transport)
            watch.on_cut(cut)
            await response.prepare(request)
            if outlet is not None:
                await _past(request, response, flow, admission, outlet)
            else:
                async with aclosing(_watched(flow, admission)) as pieces:
                    async for data in pieces:
                        async with asyncio.timeout(STALL):
                            await response.write(data)
            # The end is told only after a last look: a cut that came meanwhile stays a cut.
            if not watch.reasons:
                await response.write_eof()
                event = "access.finished"
        except NodeError as error:
            reason = error.reason.code
            reset(request.transport)
        except (ConnectionError, TimeoutError):
            reset(request.transport)
        finally:
            if outlet is not None:
                outlet.close()
            if watch.reasons:
                event, reason = "access.cut", watch.reasons[0].code
            params = {"bytes": str(flow.sent), **_hash(flow), **({"reason": reason} if reason else {})}
            await self._outcomes.settle(admission, event, params)
        return response


def _outlet(request: web.Request, flow: Flow, planned: Plan) -> sendfile.Outlet | None:
    """Where a file is sent past this process; None where its bytes have to pass through, or no descriptor is left."""
    if flow.held is None or planned.coding is not Coding.IDENTITY or not sendfile.fits(request.transport):
        return None
    try:
        return sendfile.Outlet(request.transport) if request.transport is not None else None
    except OSError:
        return None


async def _past(
    request: web.Request, response: web.StreamResponse, flow: Flow, admission: Admission, outlet: sendfile.Outlet
) -> None:
    """Send an open file past this process, all but its last piece; between two pieces it is asked whether it still is
    what was announced. Raises `OurError` where it is not, `ConnectionError`, `TimeoutError`."""
    held, watch, tail = flow.held, admission.watch, flow.tail()
    if held is None:
        raise ConnectionResetError
    request.writer.send_headers()

    def sent(count: int) -> None:
        flow.sent += count

    async with aclosing(sendfile.pieces(outlet, held.file, 0, tail, sent=sent)) as pieces:
        while flow.sent < tail and not (watch is not None and watch.reasons):
            async with asyncio.timeout(STALL * sendfile.PIECE / PIECE):
                if not await anext(pieces, 0):
                    raise OurError("data.changed")
            held.check()
    if watch is not None and watch.reasons:
        return
    last = await flow.last()
    async with asyncio.timeout(STALL):
        await response.write(last)
    flow.sent += len(last)


def _hash(flow: Flow) -> dict[str, str]:
    """The hash of what was sent, where it is known: not of the beginning of a file whose hash as a whole is."""
    return {"sha256": flow.sha256} if flow.sha256 else {}


async def _watched(flow: Flow, admission: Admission) -> AsyncGenerator[bytes, None]:
    """The pieces of a flow as long as the stream is not cut."""
    watch = admission.watch
    async with aclosing(flow.pieces()) as pieces:
        async for data in pieces:
            if watch is not None and watch.reasons:
                return
            yield data


def _asking(access: Access, asset: Asset | None, content: Content, planned: Plan, leaving: Leaving | None) -> Ask:
    audited = _audited(planned.status, planned.has_body, planned.start, planned.stop, content.sha256)
    if leaving is not None:
        chain = leaving.chain
        audited = {**audited, "transforms": chain.text, "transforms_sha256": chain.digest}
    return access.ask(
        asset,
        leaving.chain.digest if leaving is not None else "",
        etag=content.etag,
        draws=planned.has_body,
        resumes=planned.resumes,
        streamed=planned.has_body and content.small is None,
        planned=audited,
    )


@lru_cache(maxsize=512)
def _audited(status: int, has_body: bool, start: int, stop: int | None, sha256: bytes | None) -> Mapping[str, str]:
    """What the audit says of an answer. INVARIANT: nobody changes it; several accesses have the same one."""
    audited = {"status": str(status)}
    if has_body:
        if stop is not None:
            audited["bytes"] = str(stop - start)
        if status == 206:
            audited["from"] = str(start)
        elif sha256 is not None:
            audited["sha256"] = sha256.hex()
    return audited


def _small(request: web.Request, content: Content, planned: Plan) -> web.StreamResponse:
    """An answer in one piece, or without a body. aiohttp leaves the body of a HEAD away and keeps its length."""
    if not planned.has_body or content.small is None:
        return web.Response(status=planned.status, headers=planned.headers)
    body = content.small()
    if planned.head and len(body) == planned.stop and fits(request):
        return Ready(planned.status, planned.head, body)
    if planned.coding is not Coding.IDENTITY:
        body = encoded(body, planned.coding)
    elif planned.status == 206:
        body = body[planned.start : planned.stop]
    return web.Response(status=planned.status, headers=planned.headers, body=body)


def _wanted(request: web.Request) -> Wanted:
    headers = request.headers
    return Wanted(
        method=request.method,
        range=headers.get(hdrs.RANGE, ""),
        if_range=headers.get(hdrs.IF_RANGE, ""),
        if_none_match=headers.get(hdrs.IF_NONE_MATCH, ""),
        accept_encoding=headers.get(hdrs.ACCEPT_ENCODING, ""),
    )


def _problem(error: NodeError, request: web.Request) -> web.Response:
    """An error as JSON. Of an error of ours the peer learns that there is one."""
    status = status_of(error)
    if isinstance(error, OurError):
        log.warning("access.failed", code=error.reason.code, status=status)
        reasons: tuple[Reason, ...] = (Reason("unavailable" if status == 503 else "internal"),)
    else:
        reasons = error.reasons if isinstance(error, AccessRefusedError) else (error.reason,)
    language = accesses.language(request)
    told = [{"code": r.code, "params": r.params, "sentence": sentence(r, language)} for r in reasons]
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    elif status == 503 and error.reason.code not in _LASTING:
        headers["Retry-After"] = "5"
    body = msgspec.json.encode({**told[0], "reasons": told})
    return web.Response(status=status, headers=headers, body=body, content_type="application/json")
