"""Errors at the edge: the one table from error to HTTP status, and the two forms in which an error is written.

What lives here: the table, the protocol's error messages, the problem document of the management API. What does not:
raising anything. Source: Dataspace Protocol 2025-1, HTTPS bindings (400 for what the state does not allow, 404 for
unknown and not yours alike, the error message as body); RFC 9457 for the management API.

What is not a `NodeError` becomes a generic 500 whose only parameter is the id under which it stands in the log.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

import msgspec

from connector.errors import (
    BusyError,
    DeliveryError,
    InputError,
    MessageError,
    NodeError,
    OurError,
    RefusedError,
    SourceError,
    StoreError,
    TooLargeError,
    TooOftenError,
    TransitionError,
    UnauthenticatedError,
    UnknownError,
)
from connector.http.exchange import JSON, Headers, Response
from connector.http.views import Problem
from connector.protocol import codec, reasons
from connector.protocol.messages import CatalogError, ContractNegotiationError, Message, TransferError
from connector.sentences import Language, sentence
from policies.model import Reason

STATUS: dict[type[NodeError], int] = {
    UnauthenticatedError: 401,
    RefusedError: 403,
    UnknownError: 404,
    MessageError: 400,
    TransitionError: 400,
    TooLargeError: 413,
    TooOftenError: 429,
    BusyError: 503,
    StoreError: 503,
    SourceError: 503,
    DeliveryError: 502,
    InputError: 400,
}
UNKNOWN_PID = "urn:allmende:unknown"
"""Stands for a pid that an error message has to carry while there is none."""

Family = Literal["catalog", "negotiations", "transfers"]
_BASE: Headers = {"content-type": JSON, "cache-control": "no-store"}
_CHALLENGE: Headers = {**_BASE, "www-authenticate": "Bearer"}
_RETRY: Headers = {**_BASE, "retry-after": "5"}
_FIXED: dict[int, Headers] = {401: _CHALLENGE, 503: _RETRY}


class Pids(msgspec.Struct, frozen=True):
    """The pids that an error message names."""

    provider: str = UNKNOWN_PID
    consumer: str = UNKNOWN_PID


class HttpError(MessageError):
    """A request that is wrong as HTTP, with a status of its own."""

    def __init__(self, status: int, code: str, /, **params: str) -> None:
        super().__init__(code, **params)
        self.status = status


def status_of(error: NodeError) -> int:
    """The HTTP status of an error: the nearest class in the table counts, 500 where none is.

    An operator who names something that is not there gets 404, like a peer.
    """
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, InputError) and error.reason.code.endswith(".unknown"):
        return 404
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def internal(correlation: str) -> NodeError:
    """What an unexpected exception is shown as."""
    return OurError("internal", correlation=correlation)


def told(error: NodeError) -> Reason:
    """What a peer learns of an error: of one of ours that there is one, of a token that it proves nothing."""
    if isinstance(error, UnauthenticatedError):
        return Reason("token.refused")
    if isinstance(error, OurError) and error.reason.code != "internal":
        return Reason("unavailable" if status_of(error) == 503 else "internal")
    return error.reason


def protocol_error(error: NodeError, family: Family, pids: Pids, headers: Headers | None = None) -> Response:
    """An error in the protocol's own form, as `told`."""
    status, reason = status_of(error), told(error)
    body = codec.encode(_message(reason, family, pids))
    return Response(status, {**_fixed(status, reason), **(headers or {})}, body)


def _fixed(status: int, reason: Reason) -> Headers:
    """The fields that belong to a status; who calls too often is told when there is room again (RFC 9110, 10.2.3)."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {**_BASE, "retry-after": reason.params.get("seconds", "1")}
    return _FIXED.get(status, _BASE)


def _message(why: Reason, family: Family, pids: Pids) -> Message:
    code, reason = why.code, reasons.told(why)
    match family:
        case "catalog":
            return CatalogError(code=code, reason=reason)
        case "negotiations":
            return ContractNegotiationError(
                providerPid=pids.provider, consumerPid=pids.consumer, code=code, reason=reason
            )
        case "transfers":
            return TransferError(providerPid=pids.provider, consumerPid=pids.consumer, code=code, reason=reason)


def problem(
    error: NodeError, language: Language, headers: Headers | None = None, reason: Reason | None = None
) -> Response:
    """An error as a problem document, in the reader's language; `reason` is told in the place of the error's own."""
    status, shown = status_of(error), reason or error.reason
    body = Problem(
        status=status,
        title=HTTPStatus(status).phrase,
        code=shown.code,
        params=shown.params,
        sentence=sentence(shown, language),
    )
    fixed = {**_fixed(status, shown), "content-type": "application/problem+json"}
    return Response(status, {**fixed, **(headers or {})}, msgspec.json.encode(body))
