"""The Dataspace Protocol over HTTPS: every endpoint of both roles, free of aiohttp.

What lives here: which path takes which message, who is asked to serve it, and the form of the answer. What does not:
sockets and limits (`server`), who is calling (`connector.identity`), reading messages (`protocol.codec`), what they do
(`connector.services`). Source: Dataspace Protocol 2025-1, HTTPS bindings of the Catalog, Contract Negotiation and
Transfer Process Protocols; beside its tables the consumer answers `GET /transfers/{pid}` too.

Order: who is calling, how often, what it has signed, route, message, service. A request of a proved caller that fails
before a service is reached uses up its token and stands in the audit like any other; an unauthenticated one is only
counted, and so is one too many. A path of a process takes the pid of either role; the machine knows who may say what.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog
from msgspec import UNSET, Struct

from connector.errors import MessageError, NodeError, OurError, RefusedError, UnauthenticatedError, UnknownError
from connector.http import manifest
from connector.http.exchange import JSON, Headers, Request, Response, Router, arguments
from connector.http.packed import packed
from connector.http.paging import Position, links
from connector.http.problems import (
    UNKNOWN_PID,
    Family,
    HttpError,
    Pids,
    internal,
    problem,
    protocol_error,
    told,
)
from connector.http.publications import Publications
from connector.http.signing import origin
from connector.http.throttle import Throttle
from connector.ports import Caller, Identity, Ids, Signatures
from connector.protocol import codec, paths
from connector.protocol.messages import (
    VERSION,
    CatalogRequestMessage,
    ContractAgreementMessage,
    ContractAgreementVerificationMessage,
    ContractNegotiationEventMessage,
    ContractNegotiationTerminationMessage,
    ContractOfferMessage,
    ContractRequestMessage,
    Message,
    ProtocolVersions,
    TransferCompletionMessage,
    TransferRequestMessage,
    TransferStartMessage,
    TransferSuspensionMessage,
    TransferTerminationMessage,
    Version,
)
from connector.sentences import language_of
from connector.services.hints import Hints
from connector.services.intake import Intake
from connector.services.notices import Notices
from connector.services.notices import read as read_notice
from connector.services.own_catalog import PAGE, OwnCatalog
from connector.services.processes import Handled
from connector.services.proof.answering import Answering
from connector.services.proof.heads import HeadOffer, Heads
from connector.services.proof.statements import Envelope
from connector.services.watch.probes import Probes
from connector.telemetry import Metrics

log = structlog.get_logger()

BASE = f"/dsp/{VERSION}"
_ANSWER: Headers = {"content-type": JSON}
_DOCUMENT: Headers = {"content-type": JSON, "cache-control": "public, max-age=300"}
_MEDIA = ("application/json", "application/ld+json")


Bound = Callable[[Sequence[bytes], str], None]
"""Do these certificates of a connection (DER) belong to this DID? Raises `UnauthenticatedError`, `RefusedError`."""


class Service(Protocol):
    """Negotiations or transfers."""

    async def receive(self, caller: Caller, message: Any, body: bytes, pid: str | None) -> Handled: ...

    async def state(self, caller: Caller, pid: str) -> Message: ...


class Call(Struct):
    """One request on its way through: what is known of it so far. `pids` are what an error would name."""

    request: Request
    caller: Caller
    values: tuple[str, ...]
    pids: Pids = Pids()


class Route(Struct, frozen=True):
    """An endpoint: how its errors look, what the audit calls it, who serves it. `always`: also while it is not known
    whether this node is still the one that its peers have dealt with."""

    family: Family | None
    name: str
    serve: Callable[[Call], Awaitable[Response]]
    always: bool = False


class Dsp:
    """`handle` answers any request to the public listener that is not for data. `reached` is told who has called."""

    def __init__(
        self,
        *,
        public_url: str,
        did: str,
        did_document: Callable[[], bytes],
        identity: Identity,
        signatures: Signatures | None,
        intake: Intake,
        catalog: OwnCatalog,
        hints: Hints,
        negotiations: Service,
        transfers: Service,
        heads: Heads,
        answering: Answering,
        sure: Callable[[str], Awaitable[None]],
        probes: Probes,
        throttle: Throttle,
        notices: Notices,
        ids: Ids,
        metrics: Metrics,
        reached: Callable[[str], None],
        publications: Publications,
        bound: Bound,
        page: int = PAGE,
    ) -> None:
        self._identity, self._intake, self._heads = identity, intake, heads
        self._shown, self._hints = catalog, hints
        self._notices, self._answering, self._sure = notices, answering, sure
        self._probes, self._throttle = probes, throttle
        self._negotiations, self._transfers = negotiations, transfers
        self._ids, self._metrics, self._reached, self._page = ids, metrics, reached, page
        self._prefix, self._origin = paths.prefix(public_url), origin(public_url)
        self._signatures, self._publications, self._bound = signatures, publications, bound
        self._open = self._documents(did)
        self._did_document = did_document
        self._own = "/.well-known/did.json" if not self._prefix else f"{self._prefix}/did.json"
        self._router = self._routes()

    async def handle(self, request: Request) -> Response:
        """Answer a request. Never raises, but where the task is cancelled."""
        try:
            if (document := self._open.get(request.path)) is not None and request.method == "GET":
                return document
            if request.path == self._own and request.method == "GET":
                return Response(200, _DOCUMENT, self._did_document())
            if (published := self._publications.find(request)) is not None:
                return await published.answer(request)
            caller = await self._identity.verify(request.headers.get("authorization"))
            if self._signatures is not None:
                caller = await self._checked(self._signatures, request, caller)
        except UnauthenticatedError as error:
            self._unproved(error)
            return self.refuse(request.path, request.headers, error)
        except NodeError as error:
            return self.refuse(request.path, request.headers, error)
        except Exception as error:
            return self.refuse(request.path, request.headers, self._unexpected(error))
        return await self._authenticated(request, caller)

    def refuse(self, path: str, headers: Headers, error: NodeError) -> Response:
        """The answer to a request that got no further, in the form that belongs to its path."""
        return self._error(error, self._family(path), Pids(), headers)

    async def _checked(self, signatures: Signatures, request: Request, caller: Caller) -> Caller:
        """The caller with what it has sent and signed. INVARIANT: the address is our own, whatever a proxy says."""
        url = self._origin + request.path + (f"?{request.query}" if request.query else "")
        return await signatures.check(caller, request.method, url, request.headers, request.body)

    def _unproved(self, error: UnauthenticatedError) -> None:
        """Counted, and not in the audit: nobody knows who it was."""
        self._metrics.refused("public", error.reason.code)
        log.info("dsp.unauthenticated", code=error.reason.code)

    # --- from caller to service ---------------------------------------------------------------------------------------

    async def _authenticated(self, request: Request, caller: Caller) -> Response:
        family, pids = self._family(request.path), Pids()
        try:
            # A call too many is not kept: neither its token, which serves again, nor an entry, or a flood would fill
            # the log.
            self._throttle.take(caller.id)
            await self._connected(request, caller)
            route, values = await self._routed(request, caller)
            call = Call(request, caller, values)
            if not route.always:
                await self._sure(caller.id)
            try:
                response = await route.serve(call)
            finally:
                pids = call.pids
        except NodeError as error:
            if isinstance(error, UnauthenticatedError):
                self._unproved(error)
            return self._error(error, family, pids, request.headers)
        except Exception as error:
            return self._error(self._unexpected(error), family, pids, request.headers)
        self._reached(caller.id)
        return response

    async def _connected(self, request: Request, caller: Caller) -> None:
        """Is the caller who is at the other end? A token that somebody else brings is not used up by it."""
        try:
            self._bound(request.shown, caller.id)
        except RefusedError as error:
            await self._intake.refuse(caller, "tls", error)
            raise

    async def _routed(self, request: Request, caller: Caller) -> tuple[Route, tuple[str, ...]]:
        try:
            found = self._router.find(request.path)
            if found is None:
                raise UnknownError("http.path")
            route = found.routes.get(request.method)
            if route is None:
                raise HttpError(405, "http.method", allowed=", ".join(sorted(found.routes)))
        except NodeError as error:
            await self._intake.refuse(caller, "http", error)
            raise
        return route, found.values

    async def _read(self, call: Call, name: str, read: Callable[[], Any]) -> Any:
        """What `read` returns. Where it raises `MessageError`, the refusal is kept before it is raised here."""
        try:
            media = call.request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
            if media not in _MEDIA:
                raise HttpError(415, "http.media_type")
            return read()
        except MessageError as error:
            await self._intake.refuse(call.caller, name, error)
            raise

    def _error(self, error: NodeError, family: Family | None, pids: Pids, headers: Headers) -> Response:
        if isinstance(error, OurError) and error.reason.code != "internal":
            log.warning("dsp.unserved", code=error.reason.code)
        extra = {"allow": error.reason.params["allowed"]} if error.reason.code == "http.method" else None
        if family is None:
            return problem(error, language_of(headers.get("accept-language", "")), extra, told(error))
        return protocol_error(error, family, pids, extra)

    def _unexpected(self, error: Exception) -> NodeError:
        correlation = self._ids.token()[:16]
        log.error("dsp.failed", correlation=correlation, exc_info=error)
        return internal(correlation)

    # --- catalogue ----------------------------------------------------------------------------------------------------

    async def _catalog(self, call: Call) -> Response:
        request = call.request

        def read() -> tuple[CatalogRequestMessage, Position]:
            named = arguments(request.query)
            return codec.decode(request.body, CatalogRequestMessage), Position.read(named.get("continuationToken", ""))

        message, position = await self._read(call, "catalog", read)
        shown = await self._shown.catalog(call.caller, message, position.after, self._page)
        headers = dict(_ANSWER)
        if link := links(request.path, position, shown.next):
            headers["link"] = link
        return await packed(Response(200, headers, shown.body), request.headers)

    async def _dataset(self, call: Call) -> Response:
        found = await self._shown.dataset(call.caller, call.values[0])
        return await packed(Response(200, _ANSWER, found), call.request.headers)

    async def _manifest(self, call: Call) -> Response:
        return await manifest.manifest(self._shown, call.caller, call.request)

    async def _entries(self, call: Call) -> Response:
        after, limit = await self._read(call, "entries", lambda: manifest.span(call.request))
        return await manifest.entries(self._shown, call.caller, call.request, after, limit)

    async def _hint(self, call: Call) -> Response:
        return await manifest.hint(self._hints, call.caller)

    # --- processes ----------------------------------------------------------------------------------------------------

    def _taking(self, service: Service, kind: type[Message]) -> Callable[[Call], Awaitable[Response]]:
        """Serve a message of one kind, first where the path names no process."""

        async def serve(call: Call) -> Response:
            body, pid = call.request.body, call.values[0] if call.values else None
            call.pids = _pids(body, pid)
            message = await self._read(call, kind.__name__, lambda: _bound(codec.decode(body, kind), pid))
            handled = await service.receive(call.caller, message, body, pid)
            return Response(handled.status, _ANSWER, handled.body, handled.after)

        return serve

    def _standing(self, service: Service) -> Callable[[Call], Awaitable[Response]]:
        async def serve(call: Call) -> Response:
            call.pids = Pids(provider=call.values[0])
            return Response(200, _ANSWER, _written(await service.state(call.caller, call.values[0])))

        return serve

    # --- tree heads ---------------------------------------------------------------------------------------------------

    async def _take_head(self, call: Call) -> Response:
        offer = await self._read(call, "heads", lambda: _head(call.request.body))
        taken = await self._heads.take(call.caller, offer)
        return Response(taken.status, _ANSWER, msgspec.json.encode(taken.body))

    async def _held_head(self, call: Call) -> Response:
        return Response(200, _ANSWER, msgspec.json.encode(await self._heads.held(call.caller)))

    async def _compare(self, call: Call) -> Response:
        said = await self._read(call, "reconcile", lambda: _envelope(call.request.body))
        return Response(200, _ANSWER, msgspec.json.encode(await self._answering.answer(call.caller, said)))

    # --- notices ------------------------------------------------------------------------------------------------------

    async def _take_notice(self, call: Call) -> Response:
        message = await self._read(call, "notice", lambda: read_notice(call.request.body))
        return Response(200, _ANSWER, await self._notices.receive(call.caller, message))

    # --- probes -------------------------------------------------------------------------------------------------------

    async def _probe(self, call: Call) -> Response:
        return Response(200, _ANSWER, msgspec.json.encode(await self._probes.answer(call.caller)))

    # --- the table ----------------------------------------------------------------------------------------------------

    def _routes(self) -> Router[Route]:
        router: Router[Route] = Router()
        base = self._prefix + BASE

        def add(method: str, path: str, family: Family | None, serve: Callable[[Call], Awaitable[Response]]) -> None:
            router.add(method, path, Route(family, path, serve))

        add("POST", f"{base}/catalog/request", "catalog", self._catalog)
        add("GET", f"{base}/catalog/datasets/{{id}}", "catalog", self._dataset)
        for path, kind in NEGOTIATION_PATHS.items():
            add("POST", f"{base}/negotiations/{path}", "negotiations", self._taking(self._negotiations, kind))
        add("GET", f"{base}/negotiations/{{pid}}", "negotiations", self._standing(self._negotiations))
        for path, kind in TRANSFER_PATHS.items():
            add("POST", f"{base}/transfers/{path}", "transfers", self._taking(self._transfers, kind))
        add("GET", f"{base}/transfers/{{pid}}", "transfers", self._standing(self._transfers))
        for method, path, serve in (
            ("POST", "/heads", self._take_head),
            ("GET", "/heads", self._held_head),
            ("POST", "/reconcile", self._compare),
        ):
            router.add(method, self._prefix + path, Route(None, self._prefix + path, serve, always=True))
        below = self._prefix + manifest.ROOT
        add("GET", f"{below}/manifest", None, self._manifest)
        add("GET", f"{below}/entries", None, self._entries)
        add("POST", f"{below}/hint", None, self._hint)
        add("POST", f"{self._prefix}/probe", None, self._probe)
        add("POST", f"{self._prefix}/notices", None, self._take_notice)
        return router

    def _documents(self, did: str) -> Mapping[str, Response]:
        """What everybody may read and never changes: the version document."""
        versions = ProtocolVersions(
            protocolVersions=(
                Version(version=VERSION, path=BASE, binding="HTTPS", serviceId=did, identifierType="did:web"),
            )
        )
        return {self._prefix + paths.VERSION_PATH: Response(200, _DOCUMENT, codec.encode(versions))}

    def _family(self, path: str) -> Family | None:
        """Whose error form a path takes; below the protocol's base the catalogue's, where it is nobody's."""
        base = self._prefix + BASE
        if not path.startswith(base):
            return None
        match path[len(base) :].split("/")[1:2]:
            case ["negotiations"]:
                return "negotiations"
            case ["transfers"]:
                return "transfers"
            case _:
                return "catalog"


NEGOTIATION_PATHS: Mapping[str, type[Message]] = {
    "request": ContractRequestMessage,
    "offers": ContractOfferMessage,
    "{pid}/request": ContractRequestMessage,
    "{pid}/offers": ContractOfferMessage,
    "{pid}/agreement": ContractAgreementMessage,
    "{pid}/agreement/verification": ContractAgreementVerificationMessage,
    "{pid}/events": ContractNegotiationEventMessage,
    "{pid}/termination": ContractNegotiationTerminationMessage,
}
TRANSFER_PATHS: Mapping[str, type[Message]] = {
    "request": TransferRequestMessage,
    "{pid}/start": TransferStartMessage,
    "{pid}/completion": TransferCompletionMessage,
    "{pid}/termination": TransferTerminationMessage,
    "{pid}/suspension": TransferSuspensionMessage,
}


class _Named(Struct, frozen=True):
    """The pids of a message that may otherwise be unreadable."""

    providerPid: str = UNKNOWN_PID
    consumerPid: str = UNKNOWN_PID


def _pids(body: bytes, pid: str | None) -> Pids:
    """What an error message names: what the message itself says, else the path's pid in the provider's place."""
    try:
        named = msgspec.json.decode(body, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Pids(provider=pid or UNKNOWN_PID)
    return Pids(provider=named.providerPid or UNKNOWN_PID, consumer=named.consumerPid or UNKNOWN_PID)


def _bound(message: Message, pid: str | None) -> Message:
    """A request or offer within a process names that process; as a first message it names the callback."""
    match message:
        case ContractRequestMessage(providerPid=ours):
            place = "/providerPid"
        case ContractOfferMessage(consumerPid=ours):
            place = "/consumerPid"
        case _:
            return message
    if pid is not None and ours is UNSET:
        raise MessageError("message.missing", place=place)
    return message


def _head(body: bytes) -> HeadOffer:
    try:
        return msgspec.json.decode(body, type=HeadOffer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MessageError("message.json") from None


def _envelope(body: bytes) -> Envelope:
    try:
        return msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MessageError("message.json") from None


def _written(message: Struct) -> bytes:
    """A message of ours as bytes. That it cannot be written is never the caller's fault."""
    try:
        return codec.encode(message)
    except MessageError as error:
        raise OurError("internal.answer", code=error.reason.code) from None
