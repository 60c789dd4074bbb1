"""Who is calling, also where nobody here has met the caller: by its DID, and by what a region says of it (Eclipse
Decentralized Claims Protocol 1.0.1, Base Protocol and Verifiable Presentation Protocol, as verifier).

What lives here: in which order a token is looked at, and when somebody else has to be asked. What does not: those who
are known (`pinned`, which this is built on), having documents (`resolver`), whose credentials are believed and what
becomes of it (`Parties`: `connector.services.trust.admission`).

Of a stranger nothing is asked before its token is right in everything but the signature, names a did:web and brings a
pass for its Credential Service; and the Credential Service not before the signature is one of its DID's. Where no
region is believed, nobody is asked anything: who was not pinned is nobody. INVARIANT: known callers cost a look-up, and
are never proved by keys that have not followed those that are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from certs import did as dids
from certs import jwk, jwt
from certs.did import DidError, Document
from certs.jwt import SECOND, TokenError
from certs.keys import NodeKeys
from connector.errors import (
    DeliveryError,
    MessageError,
    NodeError,
    RefusedError,
    UnauthenticatedError,
)
from connector.identity.pinned import Known, PinnedIdentity, bearer, caller_of
from connector.ports import Caller, Clock, Documents, Ids, Store
from connector.records import Participant

log = structlog.get_logger()
_METHOD = "did:web:"


class Parties(Protocol):
    """Those who were strangers, and what is known of them."""

    async def admit(self, document: Document, grant: str) -> None:
        """Have the party of this document, which has proved its keys, known from now on; `grant` opens its Credential
        Service. Raises `UnauthenticatedError`, `RefusedError`, `TooLargeError`, `BusyError`, `DeliveryError`."""

    async def renew(self, did: str, *, lacking: str = "", fresh: bool = False) -> None:
        """Look at somebody known again: its document (`Documents.document`) and its credentials."""

    def heard(self, did: str, grant: str) -> None:
        """Somebody known has called; `grant` as in `admit`, "" for none."""


class DcpIdentity(PinnedIdentity):
    """See `ports.Identity`, `ports.Proofs`, `ports.Signatures`.

    `passes` makes the pass that a message token of ours brings (audience, now, jti). `room` is called before anything
    is asked because of somebody unknown, `pace` with the DID of everybody who proves that and nothing else; both raise
    `TooOftenError`. `fresh` is for how many seconds a document is used; `parties` is None where strangers stay
    strangers.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        own: str,
        keys: NodeKeys,
        documents: Documents,
        passes: Callable[[str, int, str], str],
        room: Callable[[], None],
        pace: Callable[[str], None],
        fresh: float,
    ) -> None:
        super().__init__(store=store, clock=clock, ids=ids, own=own, keys=keys)
        self._documents, self._passes, self._room, self._pace = documents, passes, room, pace
        self._fresh = round(fresh * SECOND)
        self.parties: Parties | None = None

    # --- who we are ---------------------------------------------------------------------------------------------------

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """See `ports.Identity.token`. It brings a pass for our own Credential Service. Raises as `pinned`."""
        await self.speaks(audience, owed=owed)
        return self._issued(audience, grant=self._passes(audience, self._clock.now(), self._ids.token()))

    async def speaks(self, audience: str, *, owed: bool = False) -> None:
        """See `pinned`. Somebody for whom nobody vouches at the moment is looked at again first."""
        if not owed:
            await self._settled(audience)
        await super().speaks(audience, owed=owed)

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """See `ports.Proofs.introduce`."""
        return self._issued(audience, grant=grant, code=code)

    # --- who calls ----------------------------------------------------------------------------------------------------

    async def verify(self, authorization: str | None) -> Caller:
        """See `ports.Identity.verify`. Raises also `RefusedError` (proved, and nobody vouches for it), `MessageError`
        `did.form`, `TooOftenError`, `TooLargeError`, `BusyError`."""
        token = bearer(authorization)
        known = self._known or await self._load()
        try:
            claims = self._verified(token, known)
        except TokenError as error:
            return await self._unknown(token, known, error)
        if claims.iss in known.watched and await self._look(known.watched[claims.iss], claims):
            # INVARIANT: what was found meanwhile counts for this token too: its key may have been revoked.
            claims = await self._verified_now(token)
        if self.parties is not None:
            self.parties.heard(claims.iss, (claims.token or "") if known.regions else "")
        return caller_of(claims)

    async def bare(self, authorization: str | None) -> Caller:
        """See `ports.Proofs.bare`."""
        token = bearer(authorization)
        known = self._known or await self._load()
        try:
            claims = self._verified(token, known)
        except TokenError as error:
            if error.code == "token.issuer":
                claims, _ = await self._proved(token, known)
            else:
                claims = await self._followed(token, error)
        doubtful = known.watched.get(claims.iss)
        if doubtful is not None and doubtful.changed is not None:
            raise UnauthenticatedError(doubtful.changed.code)
        # What becomes of such a call may be kept, and anybody can have a DID.
        self._pace(claims.iss)
        return replace(caller_of(claims), bare=True)

    async def _unknown(self, token: str, known: Known, error: TokenError) -> Caller:
        """The caller with a token that no known key bears out: a stranger, or somebody with other keys than before."""
        if error.code != "token.issuer":
            claims = await self._followed(token, error)
            self._check_standing(self._known or await self._load(), claims.iss)
            return caller_of(claims)
        self._check_barred(known, token)
        if self.parties is None or not known.regions or self._peeked(token).claims.iss in known.barred:
            raise UnauthenticatedError(error.code) from error
        if not self._peeked(token).claims.token:
            raise UnauthenticatedError("token.grant") from error
        claims, document = await self._proved(token, known)
        await self.parties.admit(document, claims.token or "")
        # INVARIANT: nobody is a caller whom the store does not hold, with a verdict that stands.
        claims = await self._verified_now(token)
        self._check_standing(self._known or await self._load(), claims.iss)
        return caller_of(claims)

    async def _verified_now(self, token: str) -> jwt.Claims:
        """What a token says by the keys that are known now. Raises `UnauthenticatedError`."""
        try:
            return self._verified(token, self._known or await self._load())
        except TokenError as error:
            raise UnauthenticatedError(error.code) from error

    async def _followed(self, token: str, error: TokenError) -> jwt.Claims:
        """What somebody known says with a key that is not: its document may show that its keys follow each other.

        Raises `UnauthenticatedError` as the token was refused before, where that is not so.
        """
        if error.code not in ("token.key", "token.signature") or self.parties is None:
            raise UnauthenticatedError(error.code) from error
        seen = self._peeked(token)
        await self.parties.renew(seen.claims.iss, lacking=seen.kid, fresh=error.code == "token.signature")
        return await self._verified_now(token)

    async def _look(self, peer: Participant, claims: jwt.Claims) -> bool:
        """Somebody who is vouched for: look again where that is due; whether it was. Raises `RefusedError`,
        `UnauthenticatedError`."""
        now = self._clock.now()
        due = peer.barred(now) is not None or now >= peer.seen + self._fresh
        if due and self.parties is not None:
            await self.parties.renew(peer.id, fresh=peer.changed is not None)
            known = self._known or await self._load()
            peer = known.watched.get(peer.id, peer)
            if peer.barred(self._clock.now()) is not None and peer.changed is None and claims.token:
                # What it has shown is worth nothing any more; it may have something better by now.
                await self._shown_again(peer, claims.token)
        self._check_standing(self._known or await self._load(), claims.iss)
        return due

    async def _shown_again(self, peer: Participant, grant: str) -> None:
        assert self.parties is not None
        try:
            document = await self._documents.document(peer.id, url=peer.url, private=peer.private)
            await self.parties.admit(document, grant)
        except (DidError, NodeError) as error:
            log.info("trust.still_refused", error=type(error).__name__)

    async def settle(self, did: str) -> None:
        """Have it known how somebody stands on whom data depends: judged again where the verdict has ended."""
        if did in (self._known or await self._load()).watched and self.parties is not None:
            self.parties.heard(did, "")
            await self._settled(did)

    async def _settled(self, did: str) -> None:
        peer = (self._known or await self._load()).watched.get(did)
        if peer is None or self.parties is None or peer.changed is not None:
            return
        if peer.barred(self._clock.now()) is not None:
            await self.parties.renew(did)

    # --- proof of a DID -----------------------------------------------------------------------------------------------

    async def _proved(self, token: str, known: Known) -> tuple[jwt.Claims, Document]:
        """What somebody says who holds the keys of its DID, and its document."""
        seen = self._peeked(token)
        did = seen.claims.iss
        if not did.startswith(_METHOD):
            raise RefusedError("did.method")
        try:
            dids.to_url(did)
        except DidError as error:
            raise MessageError("did.form", place="/iss") from error
        document = await self._document(did, seen.kid, known)
        if not seen.kid and document.methods != 1:
            raise UnauthenticatedError("token.key")
        keys = {id: jwk.read(document.keys[id]) for id in document.tokens}
        try:
            claims = jwt.verify(token, audience=self._own, keys_of={did: keys}.get, now=self._clock.now())
        except TokenError as error:
            raise UnauthenticatedError(error.code) from error
        return claims, document

    async def _document(self, did: str, kid: str, known: Known) -> Document:
        """The document of somebody unknown. Raises `UnauthenticatedError`, `TooOftenError`, `BusyError`."""
        if not self._documents.keeps(did):
            self._room()
        try:
            return await self._documents.document(did, private=known.inside and _is_elsewhere(did), lacking=kid)
        except (DidError, DeliveryError) as error:
            log.info("dcp.no_document", error=error.code if isinstance(error, DidError) else error.reason.code)
            raise UnauthenticatedError("did.unresolved") from error

    def _peeked(self, token: str) -> jwt.Unproved:
        try:
            return jwt.peek(token, audience=self._own, now=self._clock.now())
        except TokenError as error:
            raise UnauthenticatedError(error.code) from error


def _is_elsewhere(did: str) -> bool:
    """That members of a region are in private networks leads no stranger to what listens on this machine."""
    host = urlsplit(dids.to_url(did)).hostname or ""
    return not (host.startswith("127.") or f".{host}".endswith(".localhost"))
