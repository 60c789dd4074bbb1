"""The endpoints of the Decentralized Claims Protocol: our Credential Service, and the Issuer Service of a region.

What lives here: from a request to a service's call and back. What does not: messages (`connector.protocol.dcp`), who is
calling (`ports.Proofs`), what follows (`connector.services.trust`, `connector.services.region`).
Source: DCP 1.0.1, Verifiable Presentation Protocol (Resolution API), Credential Issuance Protocol (all five APIs).

The order is the same everywhere: who is calling, what is said, what follows. The specification gives errors no form;
ours name a code and nothing else, and say of a token only that it proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from connector.errors import MessageError, NodeError, UnknownError
from connector.http.exchange import JSON, Request, Response
from connector.http.problems import HttpError, status_of, told
from connector.http.publications import Publications
from connector.ports import Caller, Proofs
from connector.protocol import dcp
from connector.protocol.dcp import (
    CredentialMessage,
    CredentialOfferMessage,
    CredentialRequestMessage,
    DcpMessage,
    PresentationQueryMessage,
)
from connector.services.region.issuing import Issuing
from connector.services.region.revocation import FORMS, Form, Revocation
from connector.services.trust.presenting import Presenting
from connector.services.trust.wallet import Wallet

HOLDER, ISSUER, LISTS = "/dcp", "/issuer", "/status"
"""Where the services are, below the public URL."""
VC_JWT, JWT = "application/vc+jwt", "application/jwt"
_HEADERS = {"content-type": JSON, "cache-control": "no-store"}
M = TypeVar("M", bound=DcpMessage)


class _Served:
    """What the endpoints of both services have in common: nothing is answered but in their own form."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    async def _said(self, request: Request, kind: type[M]) -> tuple[Caller, M]:
        """Who is calling, and what is said."""
        caller = await self._proofs.bare(request.headers.get("authorization"))
        return caller, dcp.decode(request.body, kind)


class HolderEndpoints(_Served):
    """Our Credential Service."""

    def __init__(self, *, proofs: Proofs, wallet: Wallet, presenting: Presenting) -> None:
        super().__init__(proofs)
        self._wallet, self._presenting = wallet, presenting

    def enter(self, publications: Publications) -> None:
        """Answer under `/dcp`."""
        publications.add("POST", f"{HOLDER}/presentations/query", _guarded(self._query))
        publications.add("POST", f"{HOLDER}/credentials", _guarded(self._deliver))
        publications.add("POST", f"{HOLDER}/offers", _guarded(self._offer))

    async def _query(self, request: Request, values: tuple[str, ...]) -> Response:
        caller, query = await self._said(request, PresentationQueryMessage)
        if query.presentationDefinition is not UNSET:
            raise HttpError(501, "dcp.definition")
        return _answer(await self._presenting.answer(caller, query))

    async def _deliver(self, request: Request, values: tuple[str, ...]) -> Response:
        caller, message = await self._said(request, CredentialMessage)
        await self._wallet.deliver(caller, message)
        return Response(200, _HEADERS)

    async def _offer(self, request: Request, values: tuple[str, ...]) -> Response:
        caller, message = await self._said(request, CredentialOfferMessage)
        await self._wallet.offer(caller, message)
        return Response(200, _HEADERS)


class IssuerEndpoints(_Served):
    """The Issuer Service of a region, and its lists of revocations."""

    def __init__(self, *, proofs: Proofs, issuing: Issuing, revocation: Revocation) -> None:
        super().__init__(proofs)
        self._issuing, self._revocation = issuing, revocation

    def enter(self, publications: Publications) -> None:
        """Answer under `/issuer` and `/status`."""
        publications.add("GET", f"{ISSUER}/metadata", _guarded(self._metadata))
        publications.add("GET", f"{ISSUER}/schemas/{{kind}}", _guarded(self._schema))
        publications.add("POST", f"{ISSUER}/credentials", _guarded(self._request))
        publications.add("GET", f"{ISSUER}/requests/{{id}}", _guarded(self._status))
        publications.add("GET", f"{LISTS}/{{list}}", _guarded(self._list))
        publications.add("GET", f"{LISTS}/{{list}}/{{form}}", _guarded(self._list))

    async def _metadata(self, request: Request, values: tuple[str, ...]) -> Response:
        return _answer(self._issuing.metadata())

    async def _schema(self, request: Request, values: tuple[str, ...]) -> Response:
        return _plain(200, self._issuing.schema(values[0]), {"content-type": "application/schema+json"})

    async def _request(self, request: Request, values: tuple[str, ...]) -> Response:
        caller, message = await self._said(request, CredentialRequestMessage)
        issuance = await self._issuing.request(caller, message)
        return Response(201, {**_HEADERS, "location": self._issuing.location(issuance)})

    async def _status(self, request: Request, values: tuple[str, ...]) -> Response:
        caller = await self._proofs.bare(request.headers.get("authorization"))
        return _answer(await self._issuing.status(caller, values[0]))

    async def _list(self, request: Request, values: tuple[str, ...]) -> Response:
        form = _form(values[1]) if len(values) > 1 else "revocation"
        if not values[0].isascii() or not values[0].isdecimal() or len(values[0]) > 9:
            raise UnknownError("status.unknown", list=values[0][:32])
        token = await self._revocation.served(int(values[0]), form)
        # What was taken back counts at once: nobody in between keeps a list for longer than it takes to ask.
        headers = {"content-type": JWT if form == "2021" else VC_JWT, "cache-control": "no-cache"}
        return Response(200, headers, token.encode())


def _form(text: str) -> Form:
    for form in FORMS:
        if form == text:
            return form
    raise UnknownError("status.unknown", list=text[:32])


def _guarded(serve: Any) -> Any:
    """The handler, with every error of the tree in this protocol's form."""

    async def guarded(request: Request, values: tuple[str, ...]) -> Response:
        try:
            response: Response = await serve(request, values)
        except NodeError as error:
            return _error(error)
        return response

    return guarded


def _error(error: NodeError) -> Response:
    status, reason = status_of(error), told(error)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if status in (429, 503):
        headers = {"retry-after": reason.params.get("seconds", "5")}
    place = {"place": reason.params["place"]} if isinstance(error, MessageError) and "place" in reason.params else {}
    return _plain(status, {"code": reason.code, **place}, headers)


def _answer(message: DcpMessage) -> Response:
    return Response(200, _HEADERS, dcp.encode(message))


def _plain(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(status, {**_HEADERS, **headers}, msgspec.json.encode(body))
