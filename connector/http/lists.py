"""What is published about certificates: lists of revocations, live answers about one, this node's own chain.

What lives here: paths, media types, how long they may be kept. What does not: what they say
(`connector.services.region.lists`, `connector.services.trust.certificates`).
Source: RFC 5280, 4.2.1.13 (`application/pkix-crl`); RFC 6960, Appendix A (OCSP over HTTP); the place of the chain is
the habit of Gaia-X for `x5u`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from connector.errors import MessageError, UnknownError
from connector.http.exchange import Headers, Request, Response
from connector.http.problems import HttpError
from connector.http.publications import Publications
from connector.services.region.lists import MAX_ASKED, Lists

CHAIN = "/.well-known/x509CertificateChain.pem"
_LIST: Headers = {"content-type": "application/pkix-crl", "cache-control": "public, max-age=300"}
_ANSWER: Headers = {"content-type": "application/ocsp-response", "cache-control": "no-store"}
_CHAIN: Headers = {"content-type": "application/pem-certificate-chain", "cache-control": "public, max-age=300"}


def publish_lists(publications: Publications, lists: Lists) -> None:
    """What a region's authorities have revoked."""

    async def listed(request: Request, values: tuple[str, ...]) -> Response:
        name = values[0].removesuffix(".crl")
        body = await lists.body(name) if name != values[0] else None
        if body is None:
            raise UnknownError("http.path")
        return Response(200, _LIST, body)

    async def posted(request: Request, values: tuple[str, ...]) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/ocsp-request":
            raise HttpError(415, "http.media_type")
        return Response(200, _ANSWER, await lists.answer(request.body))

    async def asked(request: Request, values: tuple[str, ...]) -> Response:
        if len(values[0]) > 2 * MAX_ASKED:
            raise MessageError("ocsp.form")
        try:
            body = base64.b64decode(values[0], validate=True)
        except (binascii.Error, ValueError):
            raise MessageError("ocsp.form") from None
        return Response(200, _ANSWER, await lists.answer(body))

    publications.add("GET", "/crl/{list}", listed)
    publications.add("POST", "/ocsp", posted)
    publications.add("GET", "/ocsp/{request}", asked)


def publish_chain(publications: Publications, chain: Callable[[], bytes | None]) -> None:
    """This node's signing certificate, with those above it."""

    async def serve(request: Request, values: tuple[str, ...]) -> Response:
        body = chain()
        if body is None:
            raise UnknownError("http.path")
        return Response(200, _CHAIN, body)

    publications.add("GET", CHAIN, serve)
