"""The management API: operators with roles, JSON in and out, free of aiohttp.

What lives here: who is asking and whether the role is enough, reading bodies and queries into their Structs, running an
endpoint, the form of answers. What does not: the endpoints (`v1`), their description (`openapi`), sockets (`server`).

A credential goes into the Authorization header and nowhere else: there are no cookies, so a web page of another origin
has nothing to ride on; one that tries is refused by its Origin, a body that is not JSON by its type, and a name that
was pointed at this machine by the listener (`reading.Hosts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from connector.data.silos import secrets
from connector.errors import InputError, NodeError, OurError, RefusedError, UnauthenticatedError, UnknownError
from connector.http import openapi, v1
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.exchange import JSON, LOOPBACK, Headers, Request, Response, Router, arguments
from connector.http.problems import HttpError, internal, problem
from connector.ports import Ids
from connector.records import Operator, Right
from connector.sentences import language_of
from connector.services.operators import includes
from policies.model import PolicyError

log = structlog.get_logger()
_ANSWER: Headers = {"content-type": JSON, "cache-control": "no-store"}
_NOBODY = "-"
_SCHEME = "bearer "
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)


class Management:
    """`handle` answers any request to the management listener. `hosts` are the names that a page's origin may have,
    `table` is what there is where it is not all of it, `absent` why the rest is not."""

    def __init__(
        self,
        services: Services,
        *,
        ids: Ids,
        hosts: frozenset[str] = LOOPBACK,
        table: Sequence[Endpoint] | None = None,
        absent: str = "http.path",
    ) -> None:
        self._services, self._ids, self._hosts, self._absent = services, ids, hosts, absent
        table = v1.table(services) if table is None else table
        self.endpoints: Sequence[Endpoint] = [*table, self._description()]
        self._router: Router[Endpoint] = Router()
        for endpoint in self.endpoints:
            self._router.add(endpoint.method, endpoint.path, endpoint)

    async def handle(self, request: Request) -> Response:
        """Answer a request. Never raises, but where the task is cancelled."""
        try:
            return await self._serve(request)
        except NodeError as error:
            return self.refuse(request.path, request.headers, error)
        except PolicyError as error:
            wrong = InputError(error.reason.code, **{"place": error.where, **error.reason.params})
            return self.refuse(request.path, request.headers, wrong)
        except Exception:
            correlation = self._ids.token()[:16]
            log.exception("management.failed", correlation=correlation)
            return self.refuse(request.path, request.headers, internal(correlation))

    def refuse(self, path: str, headers: Headers, error: NodeError) -> Response:
        """An error as a problem document, in the reader's language."""
        extra = {"allow": error.reason.params["allowed"]} if error.reason.code == "http.method" else None
        if isinstance(error, OurError) and not isinstance(error, InputError):
            log.warning("management.unserved", code=error.reason.code)
        return problem(error, language_of(headers.get("accept-language", "")), extra)

    async def _serve(self, request: Request) -> Response:
        self._check_origin(request.headers.get("origin"))
        endpoint, values = self._find(request)
        operator = await self._admitted(endpoint, request.headers)
        body = _body(endpoint, request)
        if operator is not None:
            _entitled(operator, body)
        visit = Visit(
            operator=_NOBODY if operator is None else operator.id,
            language=language_of(request.headers.get("accept-language", "")),
            values=values,
            body=body,
            query=_query(endpoint, request),
            headers=request.headers,
        )
        answer = await endpoint.serve(visit)
        if isinstance(answer, Response):
            return answer
        body = b"" if answer is None else msgspec.json.encode(answer)
        return Response(endpoint.status, _ANSWER, body)

    def _check_origin(self, origin: str | None) -> None:
        """Raises `RefusedError` for a page that was not loaded from here."""
        if origin is None:
            return
        host = urlsplit(origin).hostname or ""
        if not ({host, f"[{host}]"} & self._hosts):
            raise RefusedError("http.origin")

    def _find(self, request: Request) -> tuple[Endpoint, tuple[str, ...]]:
        found = self._router.find(request.path)
        if found is None:
            raise UnknownError(self._absent)
        endpoint = found.routes.get(request.method)
        if endpoint is None:
            raise HttpError(405, "http.method", allowed=", ".join(sorted(found.routes)))
        return endpoint, found.values

    async def _admitted(self, endpoint: Endpoint, headers: Headers) -> Operator | None:
        """Who is asking, None where that is nobody's business. Raises `UnauthenticatedError`, `RefusedError` where the
        role is not enough."""
        if endpoint.right is None:
            return None
        operator = await self._known(headers.get("authorization", ""))
        if not includes(operator.role, endpoint.right):
            raise RefusedError("role.missing", needed=endpoint.right, role=operator.role)
        return operator

    async def _known(self, authorization: str) -> Operator:
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            self._services.metrics.refused("management", "token.missing")
            raise UnauthenticatedError("token.missing")
        operator = await self._services.operators.authenticate(authorization[len(_SCHEME) :].strip())
        if operator is None:
            self._services.metrics.refused("management", "token.unknown")
            raise UnauthenticatedError("token.unknown")
        return operator

    def _description(self) -> Endpoint:
        """The endpoint that describes them all, itself too; written when it is first asked for."""
        written: list[bytes] = []

        async def serve(visit: Visit) -> Response:
            if not written:
                written.append(msgspec.json.encode(openapi.document(self.endpoints, self._services.version)))
            return Response(200, {"content-type": JSON}, written[0])

        return Endpoint(
            method="GET",
            path="/openapi.json",
            right=None,
            about="This description.",
            serve=serve,
            answer=dict[str, Any],
        )


def _entitled(operator: Operator, body: Any) -> None:
    """Raises `RefusedError` where settings refer to a secret and the operator is no admin. INVARIANT: whoever names a
    file and a server is sent what is in it, so that is for those alone who may know every secret of this node."""
    settings = getattr(body, "settings", None)
    if isinstance(settings, Mapping) and secrets.named(settings) and not includes(operator.role, Right.ADMIN):
        raise RefusedError("role.missing", needed=Right.ADMIN, role=operator.role)


def _body(endpoint: Endpoint, request: Request) -> Any:
    """The body as the endpoint's Struct, None where it takes none; an empty body stands for an empty object.

    Raises `HttpError` 415, `InputError` with the place.
    """
    if endpoint.body is None:
        return None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON:
        raise HttpError(415, "http.media_type")
    try:
        return msgspec.json.decode(request.body or b"{}", type=endpoint.body)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("input.json") from None


def _query(endpoint: Endpoint, request: Request) -> Any:
    """The query as the endpoint's Struct. Raises `InputError`; what an endpoint does not know is refused too."""
    named = arguments(request.query)
    if endpoint.query is None:
        if named:
            raise InputError("input.wrong", place=f"?{next(iter(named))}", problem="there is no such parameter")
        return None
    try:
        return msgspec.convert(named, endpoint.query, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: msgspec.ValidationError) -> InputError:
    """msgspec's sentence as a place (JSON pointer) and a problem; it never repeats a value."""
    parts = _AT.match(str(error))
    assert parts is not None
    pointer = re.sub(r"\[(\d+|\.\.\.)\]", r"/\1", (parts["path"] or "").replace(".", "/"))
    return InputError("input.wrong", place=pointer or "/", problem=parts["what"][:1].lower() + parts["what"][1:])
