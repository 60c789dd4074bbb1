"""Who is calling, by keys that are known: tokens are verified with the keys of `Participant` records and no others.

What lives here: the Identity and Signatures ports over what the store holds; nothing is resolved, nothing is fetched,
whatever a key id looks like. What does not: the form of a token (`certs.jwt`) and of a signature (`certs.signatures`),
pinning (`services.peers`), everybody else (`dcp`), single use (the store's transaction).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from certs import jwk, jwt, signatures
from certs.jwt import LEEWAY, SECOND, TokenError
from certs.keys import NodeKeys, Private
from certs.signatures import Covered, SignatureError
from connector.errors import DeliveryError, RefusedError, UnauthenticatedError
from connector.ports import Caller, Clock, Ids, Reading, Sent, Store
from connector.records import Barred, Participant, Region

RUN_OUT = frozenset({"trust.ended", "credential.expired"})
"""Why nobody vouches for somebody whose credentials have only ended: nobody has taken anything back."""
_PAGE = 500


class Known(Struct, frozen=True):
    """Who is known: token keys by participant, and the participants with whom more than their keys has to be right.

    `barred` are the token keys of those whom an operator keeps out. `regions`: is any region believed; `inside`: does
    one of them have members in private networks.
    """

    keys: dict[str, jwt.Keys]
    watched: dict[str, Participant]
    barred: dict[str, jwt.Keys]
    regions: bool
    inside: bool

    def take(self, peer: Participant) -> None:
        """This is how a participant stands now."""
        self.keys[peer.id] = _token_keys(peer)
        self.barred.pop(peer.id, None)
        self.watched.pop(peer.id, None)
        if not peer.pinned or peer.changed is not None:
            self.watched[peer.id] = peer


class PinnedIdentity:
    """This node as `own` (its DID) with `keys`; peers as the store has them.

    All peers' keys are held in memory, so that a stranger costs no read. `forget` must be called after every commit
    that adds, changes or removes a participant or a region; `heard` will do where one participant has changed.
    """

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, own: str, keys: NodeKeys) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._own = own
        self._keys = keys
        self._known: Known | None = None
        self._version = 0
        self._loading = asyncio.Lock()

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """See `ports.Identity.token`."""
        await self.speaks(audience, owed=owed)
        return self._issued(audience)

    async def speaks(self, audience: str, *, owed: bool = False) -> None:
        """Return where something may be said to `audience`, `owed` as in `token`.

        Raises `DeliveryError`: an operator keeps it out (`trust.barred`), the keys that it shows are in doubt, or, but
        for what is owed, nobody vouches for it at the moment. Where what it has shown has only run out, it is told:
        it may hold something newer, which only its own next call can show, and two who are both silent would never
        meet again. INVARIANT: nothing at all is said where keys are in doubt: somebody else may sit there.
        """
        known = self._known or await self._load()
        if audience in known.barred:
            raise DeliveryError("trust.barred")
        peer = known.watched.get(audience)
        why = None if peer is None else peer.changed if owed else peer.barred(self._clock.now())
        if why is not None and why.code not in RUN_OUT:
            raise DeliveryError(why.code, **why.params)

    def _issued(self, audience: str, *, grant: str = "", code: str = "") -> str:
        now, jti = self._clock.now(), self._ids.token()
        key, kid = self._signing()
        token = jwt.issue(key, kid, issuer=self._own, audience=audience, now=now, jti=jti, token=grant, code=code)
        return f"Bearer {token}"

    async def verify(self, authorization: str | None) -> Caller:
        """See `ports.Identity.verify`. `Caller.expires` is when the token stops being accepted, leeway included.

        Raises `RefusedError` too, where nobody vouches for the caller any more.
        """
        known = self._known or await self._load()
        token = bearer(authorization)
        try:
            claims = self._verified(token, known)
        except TokenError as error:
            self._check_barred(known, token)
            raise UnauthenticatedError(error.code) from error
        self._check_standing(known, claims.iss)
        return caller_of(claims)

    def _verified(self, token: str, known: Known) -> jwt.Claims:
        """What a token of somebody known says. Raises `TokenError`."""
        return jwt.verify(token, audience=self._own, keys_of=known.keys.get, now=self._clock.now())

    def _check_barred(self, known: Known, token: str) -> None:
        """Raises `RefusedError` `trust.barred` for the token of somebody whom an operator keeps out, by the keys that
        it was known by: nobody is asked anything about it, and nobody else learns that it is kept out."""
        try:
            jwt.verify(token, audience=self._own, keys_of=known.barred.get, now=self._clock.now())
        except TokenError:
            return
        raise RefusedError("trust.barred")

    def _check_standing(self, known: Known, did: str) -> None:
        """Raises `UnauthenticatedError` where its keys are in doubt or its credentials prove nothing any more,
        `RefusedError` where nobody vouches for it."""
        peer = known.watched.get(did)
        why = None if peer is None else peer.barred(self._clock.now())
        if peer is None or why is None:
            return
        proved = peer.changed is None and (peer.vouch is None or peer.vouch.proved)
        raise (RefusedError if proved else UnauthenticatedError)(why.code, **why.params)

    def sign(self, method: str, url: str, authorization: str, body: bytes) -> Mapping[str, str]:
        """See `ports.Signatures.sign`. Raises `DeliveryError` `peer.url` for an address that cannot be signed."""
        covered = Covered(method, url, authorization, body)
        key, kid = self._signing()
        try:
            return signatures.sign(key, kid, covered, self._clock.now() // SECOND)
        except SignatureError as error:
            raise DeliveryError("peer.url") from error

    def attest(self, audience: str, url: str, body: bytes) -> Mapping[str, str]:
        """See `ports.Signatures.attest`. The token lives for a second, so that it opens nothing when it is read."""
        now, jti = self._clock.now(), self._ids.token()
        key, kid = self._signing()
        token = jwt.issue(key, kid, issuer=self._own, audience=audience, now=now, jti=jti, life=1)
        authorization = f"Bearer {token}"
        return {"authorization": authorization, **self.sign("POST", url, authorization, body)}

    async def check(self, caller: Caller, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Caller:
        """See `ports.Signatures.check`. The key has to be one that is known for this caller, and the signature made
        while its token was good."""
        if signatures.INPUT not in headers and signatures.SIGNATURE not in headers:
            return replace(caller, sent=Sent(method, url))
        known = self._known or await self._load()
        authorization = headers.get("authorization", "")
        try:
            proof = signatures.verify(headers, Covered(method, url, authorization, body), known.keys.get(caller.id, {}))
        except SignatureError as error:
            raise UnauthenticatedError(error.code) from error
        made = proof.created * SECOND
        if not caller.issued - LEEWAY * SECOND <= made < caller.expires or made > self._clock.now() + LEEWAY * SECOND:
            raise UnauthenticatedError("signature.created")
        added = (signatures.DIGEST, signatures.INPUT, signatures.SIGNATURE)
        fields = {"authorization": authorization, **{name: headers[name] for name in added if name in headers}}
        return replace(caller, sent=Sent(method, url, fields, made))

    def is_own(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Did this node sign that request, as it stands, with a key of its own that nobody has stolen?"""
        kept = (one for one in self._keys.ring.of("token") if not one.revoked)
        keys = {f"{self._own}#{one.name}": jwk.read(one.jwk) for one in kept}
        try:
            signatures.verify(headers, Covered(method, url, headers.get("authorization", ""), body), keys)
        except SignatureError:
            return False
        return True

    def _signing(self) -> tuple[Private, str]:
        """The key that signs now, and its id."""
        key, name = self._keys.signing()
        return key, f"{self._own}#{name}"

    def forget(self) -> None:
        """Participants or regions have changed: the next token is judged by what the store holds now."""
        self._version += 1
        self._known = None

    def heard(self, peer: Participant) -> None:
        """This participant stands so from now on, as it was committed; everybody else stands as before."""
        self._version += 1
        if self._known is not None:
            self._known.take(peer)

    async def _load(self) -> Known:
        """All participants, read once however many callers wait."""
        async with self._loading:
            while self._known is None:
                version = self._version
                known = await self._store.read(_read)
                # INVARIANT: what was read before a change is never kept after it.
                if version == self._version:
                    self._known = known
            return self._known


def _read(view: Reading) -> Known:
    regions = [one for one in view.select(Region, limit=_PAGE) if one.changed is None]
    known = Known({}, {}, {}, bool(regions), any(one.private for one in regions))
    after = ""
    while kept_out := view.select(Barred, after=after, limit=_PAGE):
        known.barred.update({one.id: _token_keys(one) for one in kept_out})
        after = kept_out[-1].id
    after = ""
    while page := view.select(Participant, after=after, limit=_PAGE):
        for peer in page:
            known.take(peer)
        after = page[-1].id
    return known


def _token_keys(peer: Participant | Barred) -> jwt.Keys:
    """Every key of a participant, with None for those that sign no messages: whoever has several has to name one."""
    return {id: jwk.read(key) if id in peer.tokens else None for id, key in peer.keys.items()}


def caller_of(claims: jwt.Claims) -> Caller:
    """The caller whom a verified token proves."""
    return Caller(
        claims.iss,
        claims.jti,
        claims.accepted_until(),
        int(claims.iat) * SECOND,
        grant=claims.token or "",
        code=claims.code or "",
    )


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header (RFC 6750, 2.1; the scheme's case does not matter, RFC 9110, 11.1).

    Raises `UnauthenticatedError`.
    """
    if authorization is None:
        raise UnauthenticatedError("token.missing")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("token.missing")
    return token
