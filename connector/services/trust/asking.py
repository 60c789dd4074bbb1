"""Asking a party for its credentials: one query at its Credential Service, and what comes back.

What lives here: the query, and that the answer is the party's own, made for this node. What does not: what the
credentials are worth (`checking`), the message (`connector.protocol.dcp`). Source: DCP 1.0.1, Verifiable Presentation
Protocol, Resolution API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import structlog

from certs import jwk, presentations
from certs.did import Document
from certs.jwk import PublicKey
from certs.vcdm import CredentialError
from connector.errors import (
    DeliveryError,
    MessageError,
    NodeError,
    PeerError,
    RefusedError,
    TooLargeError,
    UnauthenticatedError,
)
from connector.ports import Clock, Proofs, Sends
from connector.protocol import dcp
from connector.protocol.dcp import PresentationQueryMessage, PresentationResponseMessage
from connector.services.trust.places import allowed_inside, at_home

log = structlog.get_logger()

DEADLINE = 15.0
"""Seconds for the answer: somebody waits for ours meanwhile."""
QUERY = "/presentations/query"
MOST_PRESENTATIONS = 8
LONGEST = 1_048_576
"""Bytes of an answer."""


class Asking:
    """Asks for credentials of these `scopes`. `own` is this node's DID, `lab`: it is a laboratory node."""

    def __init__(
        self, *, peer: Sends, proofs: Proofs, clock: Clock, own: str, scopes: Sequence[str], lab: bool
    ) -> None:
        self._peer, self._proofs, self._clock = peer, proofs, clock
        self._own, self._scopes, self._lab = own, tuple(scopes), lab

    async def ask(self, document: Document, grant: str, *, private: bool = False) -> list[str]:
        """The credentials that the party of `document` shows for `grant`, read and not proved.

        Raises `UnauthenticatedError` (no answer, or one that is not its own or cannot be understood), `RefusedError`
        `trust.no_service` (it shows credentials nowhere), `MessageError` (contexts that are not known),
        `TooLargeError`.
        """
        base = document.services.get("CredentialService", "")
        if urlsplit(base).scheme not in ("https", "http"):
            raise RefusedError("trust.no_service")
        reply = await self._asked(document.id, base.rstrip("/") + QUERY, grant, private)
        answered = [one for one in _presentations(reply) if isinstance(one, str)]
        if len(answered) > MOST_PRESENTATIONS:
            raise TooLargeError("presentation.too_many", count=str(len(answered)))
        keys = {id: jwk.read(document.keys[id]) for id in document.presenters}
        shown: dict[str, None] = {}
        for one in answered:
            shown |= dict.fromkeys(self._verified(one, document.id, keys))
        return list(shown)

    async def _asked(self, did: str, url: str, grant: str, private: bool) -> bytes:
        query = PresentationQueryMessage(scope=self._scopes)
        try:
            reply = await self._peer.send(
                "POST",
                url,
                authorization=await self._proofs.introduce(did, grant=grant),
                body=dcp.encode(query),
                private=allowed_inside(url, private and at_home(did, url), self._lab),
                deadline=DEADLINE,
            )
            if len(reply.body) > LONGEST:
                raise DeliveryError("peer.answer_too_large")  # noqa: TRY301
        except DeliveryError as error:
            raise _unanswered(error) from error
        if not 200 <= reply.status < 300:
            log.info("trust.query_refused", status=reply.status)
            raise UnauthenticatedError("presentation.refused")
        return reply.body

    def _verified(self, token: str, holder: str, keys: Mapping[str, PublicKey]) -> tuple[str, ...]:
        """The credentials in one presentation of `holder` for this node."""
        try:
            return presentations.verify(
                token, audience=self._own, holder=holder, keys=keys, now=self._clock.now()
            ).tokens
        except CredentialError as error:
            if error.code == "presentation.empty":
                return ()
            raise _refused(error) from error


def _presentations(body: bytes) -> tuple[object, ...]:
    try:
        return dcp.decode(body, PresentationResponseMessage).presentation
    except NodeError as error:
        raise UnauthenticatedError("presentation.answer") from error


def _unanswered(error: DeliveryError) -> NodeError:
    """Whoever shows more than can be read is refused; who does not answer proves nothing, and may try again."""
    if error.reason.code == "peer.answer_too_large":
        return TooLargeError("presentation.too_large")
    log.info("trust.query_failed", code=error.reason.code)
    return UnauthenticatedError("presentation.unanswered")


def _refused(error: CredentialError) -> PeerError:
    if error.code.endswith((".too_many", ".too_large")):
        return TooLargeError(error.code, **error.params)
    kind = MessageError if error.code.endswith(".context") else UnauthenticatedError
    return kind(error.code, **error.params)
