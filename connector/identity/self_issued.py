"""Proof of a DID by a self-issued token alone, for an audience that is not this node's own DID.

What lives here: a data plane that serves control planes of others renews access tokens in their names: whoever asks
proves a DID of its own to the DID of the participant that shares the data. What does not: whom to believe: here nobody
is believed anything but to hold its keys. Source: Data Plane Signaling Profiles, Token Renewal, Provider Request
Validation; DCP 1.0.1, Base Protocol.
"""

from __future__ import annotations

from certs import jwk, jwt
from certs.did import DidError, Document
from certs.jwt import TokenError
from connector.errors import DeliveryError, UnauthenticatedError
from connector.identity.pinned import bearer, caller_of
from connector.ports import Caller, Clock, Documents


class SelfIssued:
    """Verifies self-issued tokens made for `audience`; see `ports.Proofs.bare`. It issues none."""

    def __init__(self, audience: str, *, documents: Documents, clock: Clock, private: bool = False) -> None:
        self._audience, self._documents, self._clock, self._private = audience, documents, clock, private

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """Nothing is said in another participant's name."""
        raise DeliveryError("peer.mute")

    async def bare(self, authorization: str | None) -> Caller:
        """See `ports.Proofs.bare`. A document is looked up only for a token that is right in all but its signature."""
        token = bearer(authorization)
        try:
            seen = jwt.peek(token, audience=self._audience, now=self._clock.now())
            document = await self._document(seen)
            keys = {id: jwk.read(document.keys[id]) for id in {*document.tokens, *document.presenters}}
            claims = jwt.verify(token, audience=self._audience, keys_of={document.id: keys}.get, now=self._clock.now())
        except TokenError as error:
            raise UnauthenticatedError(error.code) from error
        return caller_of(claims)

    async def _document(self, seen: jwt.Unproved) -> Document:
        try:
            return await self._documents.document(seen.claims.iss, private=self._private, lacking=seen.kid)
        except (DidError, DeliveryError) as error:
            raise UnauthenticatedError("did.unresolved") from error
