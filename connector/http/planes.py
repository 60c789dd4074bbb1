"""Other planes of Data Plane Signaling: proving that one calls us, calling one.

What lives here: the two authorization profiles that are spoken, `bearer` (a secret that both sides know) and
`oauth2_client_credentials`. What does not: what is said (`connector.protocol.signaling`), endpoints (`signaling`).
Source: Eclipse Data Plane Signaling 1.0-RC3, Authorization Profiles; RFC 6749, section 4.4; RFC 6750.

A plane without proof is nobody: where the specification would skip the check of a signature (no keys registered), the
registration is refused. Secrets are references, read at the moment of use.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from certs import jwk, jws
from connector.data.silos.secrets import Secret, refers
from connector.errors import DeliveryError, InputError, NodeError, OurError, UnauthenticatedError
from connector.ports import Clock, Reply, Sends, Store
from connector.protocol.paths import join, segment
from connector.records import Plane

BEARER, OAUTH2 = "bearer", "oauth2_client_credentials"
TYPES: Final = (BEARER, OAUTH2)
SECOND = 1_000_000
LEEWAY = 60
LONGEST_TOKEN = 8192
MOST_PLANES = 1000
_DEADLINE = 20.0
_JWKS_SECONDS = 300.0
_HEADER: Final = frozenset({"alg", "kid", "typ"})


class _Claims(Struct, frozen=True):
    sub: str
    aud: str | list[str]
    exp: float
    iss: str = ""
    iat: float = 0
    nbf: float = 0


class _Token(Struct, frozen=True):
    access_token: str
    expires_in: float = 60


def check(plane: Plane) -> None:
    """Raises `InputError` where a plane could not be spoken to, or anybody could pass for it."""
    parts = urlsplit(plane.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InputError("plane.endpoint", id=plane.id)
    said = plane.authorization
    if said.get("type") not in TYPES:
        raise InputError("plane.authorization", id=plane.id, types=", ".join(TYPES))
    if said["type"] == BEARER and not refers(said, "token"):
        raise InputError("plane.secret", id=plane.id, name="token_file")
    if said["type"] == OAUTH2:
        if not refers(said, "clientSecret"):
            raise InputError("plane.secret", id=plane.id, name="clientSecret_file")
        missing = [name for name in ("tokenEndpoint", "clientId") if not said.get(name)]
        if missing or not (said.get("jwks") or said.get("jwksUri")):
            raise InputError("plane.keys", id=plane.id, missing=", ".join(missing) or "jwks, jwksUri")


class Planes:
    """The planes that operators have registered. `own` is the id by which they call us (`aud` of their tokens)."""

    def __init__(self, *, store: Store, clock: Clock, sends: Sends, secret: Secret, own: str) -> None:
        self._store, self._clock, self._sends, self._secret, self._own = store, clock, sends, secret, own
        self._tokens: dict[str, tuple[str, float]] = {}
        self._keys: dict[str, tuple[Mapping[str, Any], float]] = {}

    # --- who calls ----------------------------------------------------------------------------------------------------

    async def prove(self, authorization: str | None) -> Plane:
        """The plane that calls. Raises `UnauthenticatedError`, and nothing else about what is wrong with a proof."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise UnauthenticatedError("token.missing")
        for plane in await self._store.read(lambda view: view.select(Plane, limit=MOST_PLANES)):
            if await self._proved(plane, token.strip()):
                return plane
        raise UnauthenticatedError("token.unknown")

    async def _proved(self, plane: Plane, token: str) -> bool:
        try:
            if plane.authorization.get("type") == BEARER:
                known = self._secret(plane.authorization, "token")
                return hmac.compare_digest(token.encode(errors="replace"), known.encode())
            return token.count(".") == 2 and await self._signed(plane, token)
        except (OurError, jws.JwsError, jwk.JwkError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False  # Whatever cannot be checked proves nothing.

    async def _signed(self, plane: Plane, token: str) -> bool:
        """Is it a token of this plane for us (Token Claims), signed by one of its keys?"""
        found = jws.read(token, limit=LONGEST_TOKEN, allowed=_HEADER, algorithms=jws.FOREIGN)
        claims = msgspec.json.decode(found.payload, type=_Claims)
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        now = self._clock.now() / SECOND
        in_time = claims.exp > now - LEEWAY and max(claims.iat, claims.nbf) < now + LEEWAY
        if claims.sub != plane.id or self._own not in audience or not in_time:
            return False
        keys = [one for one in await self._keys_of(plane) if found.kid is None or one.get("kid") == found.kid]
        return any(_verifies(found, one) for one in keys)

    async def _keys_of(self, plane: Plane) -> list[Mapping[str, Any]]:
        given = plane.authorization.get("jwks")
        if given is None:
            given = await self._fetched(plane, str(plane.authorization.get("jwksUri", "")))
        listed = given.get("keys", []) if isinstance(given, dict) else []
        return [one for one in listed if isinstance(one, dict)]

    async def _fetched(self, plane: Plane, url: str) -> Any:
        known = self._keys.get(url)
        if known is not None and self._clock.monotonic() < known[1]:
            return known[0]
        reply = await self._sends.send("GET", url, private=plane.private, deadline=_DEADLINE)
        if reply.status != 200:
            raise DeliveryError("plane.keys_unread", status=str(reply.status))
        found = msgspec.json.decode(reply.body)
        self._keys[url] = found, self._clock.monotonic() + _JWKS_SECONDS
        return found

    # --- calling one --------------------------------------------------------------------------------------------------

    async def send(self, plane: Plane, method: str, path: str, body: bytes | None = None) -> Reply:
        """One call of a plane's signaling API. Raises `DeliveryError` where there was no answer, or none that says
        anything about the call: 401, 408, 429 and 5xx can be mended; any other answer is returned."""
        reply = await self._sends.send(
            method,
            join(plane.endpoint, path),
            authorization=await self._authorization(plane),
            body=body,
            private=plane.private,
            deadline=_DEADLINE,
        )
        if reply.status == 401:
            self._tokens.pop(plane.id, None)
            raise DeliveryError("plane.token_refused", plane=plane.id)
        if reply.status in (408, 429) or reply.status >= 500:
            raise DeliveryError("plane.busy", plane=plane.id, status=str(reply.status))
        return reply

    async def agreement(self, plane: Plane, process: str, agreement: str) -> Reply:
        """See `ports.Signals.agreement`. Eclipse EDC has no endpoint for it but that of its management API."""
        if not plane.agreements:
            return await self.send(plane, "GET", f"/transfers/{segment(process)}/agreement")
        places = {"{process}": segment(process), "{agreement}": segment(agreement)}
        url = plane.agreements
        for name, value in places.items():
            url = url.replace(name, value)
        said = plane.authorization
        fields = {"X-Api-Key": self._secret(said, "key")} if refers(said, "key") else None
        reply = await self._sends.send("GET", url, private=plane.private, deadline=_DEADLINE, fields=fields)
        if reply.status in (401, 403, 408, 429) or reply.status >= 500:
            raise DeliveryError("plane.busy", plane=plane.id, status=str(reply.status))
        return reply

    async def _authorization(self, plane: Plane) -> str:
        said = plane.authorization
        if said.get("type") == BEARER:
            return f"Bearer {self._secret(said, 'own' if refers(said, 'own') else 'token')}"
        known = self._tokens.get(plane.id)
        if known is None or self._clock.monotonic() >= known[1]:
            token = await self._asked(plane)
            # Renewed a little before its end, so that it does not end on its way.
            known = token.access_token, self._clock.monotonic() + max(1.0, token.expires_in - 30)
            self._tokens[plane.id] = known
        return f"Bearer {known[0]}"

    async def _asked(self, plane: Plane) -> _Token:
        """An access token from the plane's authorization server (RFC 6749, 4.4.2)."""
        said = plane.authorization
        form = {
            "grant_type": "client_credentials",
            "client_id": str(said["clientId"]),
            "client_secret": self._secret(said, "clientSecret"),
        }
        reply = await self._sends.send(
            "POST",
            str(said["tokenEndpoint"]),
            body=urlencode(form).encode(),
            private=plane.private,
            deadline=_DEADLINE,
            fields={"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            if reply.status == 200:
                return msgspec.json.decode(reply.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        raise DeliveryError("plane.no_token", plane=plane.id, status=str(reply.status))


def _verifies(found: jws.Jws, key: Mapping[str, Any]) -> bool:
    try:
        jws.verify(found, jwk.read_foreign(key))
    except (jws.JwsError, jwk.JwkError, NodeError):
        return False
    return True
