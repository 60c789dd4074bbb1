"""Self-issued ID tokens: one signed JWT for one message (DCP 1.0.1, Base Protocol; RFC 7519; RFC 8725).

What lives here: issuing and verifying, and nothing that needs memory or time of its own. What does not: whose keys are
trusted (the caller's `keys_of`), that a token is used only once (the store's transaction), credentials.

How a token is written and what its header may hold is `jws`; nothing in the header can bring a key along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from certs import jws
from certs.jwk import PublicKey
from certs.jws import Jws, JwsError, PrivateKey
from certs.strict import StrictError, read_object

SECOND = 1_000_000
LIFE = 300
"""Seconds that an issued token lives."""
MAX_LIFE = 600
"""Seconds that an accepted token may live."""
LEEWAY = 60
"""Seconds that the other's clock may be behind."""
EARLY = 50
"""Seconds that it may be ahead: less, for a token that begins in a minute says that it is not to be taken now."""
MAX_TOKEN = 8_192
"""Characters of a token; larger ones are not looked at."""

_HEADER = frozenset({"alg", "kid", "typ"})
_OTHERS = frozenset({"vc", "vp", "credentialSubject", "verifiableCredential"})
"""Claims by which a credential or presentation is known, in either version of the data model."""

Keys = Mapping[str, PublicKey | None]
"""An issuer's verification methods by id, each with its key, or None where it may not sign message tokens."""


class TokenError(Exception):
    """A token that proves nothing. `code` says why, for this side's log: the sender learns only that it failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_Numeric = Annotated[int, Meta(ge=0, le=253_402_300_799)] | Annotated[float, Meta(ge=0, le=253_402_300_799)]
_Name = Annotated[str, Meta(min_length=1, max_length=2048)]


class Claims(Struct, frozen=True):
    """What a token says. Times are seconds since 1970 (RFC 7519, NumericDate).

    `token` is an access token for the sender's Credential Service, `code` what entitles it to a credential that it asks
    for (DCP 1.0.1: `token`, `pre-authorized_code`).
    """

    iss: _Name
    sub: _Name
    aud: _Name | list[_Name]
    exp: _Numeric
    iat: _Numeric
    jti: Annotated[str, Meta(min_length=1, max_length=256)]
    nbf: _Numeric | UnsetType = UNSET
    token: Annotated[str, Meta(min_length=1, max_length=4096)] | UnsetType = UNSET
    code: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = msgspec.field(
        default=UNSET, name="pre-authorized_code"
    )

    def accepted_until(self, leeway: int = LEEWAY) -> int:
        """The instant (microseconds UTC) from which on this token is refused as expired: so long its `jti` counts."""
        return _instant(self.exp) + leeway * SECOND


class Unproved(Struct, frozen=True):
    """What a token says whose signature nobody has looked at. `kid` is the key that it names, "" for none."""

    claims: Claims
    kid: str


def issue(
    key: PrivateKey,
    kid: str,
    *,
    issuer: str,
    audience: str,
    now: int,
    jti: str,
    life: int = LIFE,
    token: str = "",
    code: str = "",
) -> str:
    """A token of `issuer` for one message to `audience`, both DIDs; `kid` is the DID URL of `key`.

    `now` is in microseconds UTC, `jti` must never be drawn twice, `life` is in seconds. `token` and `code` become the
    claims `token` and `pre-authorized_code` where they are given.
    """
    at = now // SECOND
    claims = {"iss": issuer, "sub": issuer, "aud": audience, "iat": at, "exp": at + life, "jti": jti}
    if token:
        claims["token"] = token
    if code:
        claims["pre-authorized_code"] = code
    return jws.sign(key, {"kid": kid, "typ": "JWT"}, msgspec.json.encode(claims))


def verify(
    token: str,
    *,
    audience: str,
    keys_of: Callable[[str], Keys | None],
    now: int,
    leeway: int = LEEWAY,
    max_life: int = MAX_LIFE,
) -> Claims:
    """The claims of a token that its issuer made for `audience`, at the instant `now` (microseconds UTC).

    `keys_of` gives the keys of an issuer that may sign message tokens, or None for a stranger. `leeway` and `max_life`
    are in seconds. Raises `TokenError`: `token.too_large`, `token.malformed`, `token.header`, `token.algorithm`,
    `token.type`, `token.claims`, `token.subject`, `token.audience`, `token.expired`, `token.early`, `token.life`,
    `token.issuer`, `token.key`, `token.signature`. Not judged here: whether the token was used before.
    """
    opened, claims = _open(token, audience, now, leeway, max_life)
    key = _key(opened.kid, claims.iss, keys_of)
    try:
        jws.verify(opened, key)
    except JwsError as error:
        raise TokenError(f"token.{error.code}") from error
    return claims


def peek(token: str, *, audience: str, now: int, leeway: int = LEEWAY, max_life: int = MAX_LIFE) -> Unproved:
    """Everything about a token that can be judged without a key, before anything is asked of anybody.

    NOTHING IS PROVED: whoever has written the token chose what is in it. Raises `TokenError` like `verify`, and
    `token.key` where the key that is named is not the issuer's.
    """
    opened, claims = _open(token, audience, now, leeway, max_life)
    kid = opened.kid or ""
    if kid and not kid.startswith(claims.iss + "#"):
        raise TokenError("token.key")
    return Unproved(claims, kid)


def _open(token: str, audience: str, now: int, leeway: int, max_life: int) -> tuple[Jws, Claims]:
    """The parts of a token and its claims, which are right in everything but the signature."""
    try:
        opened = jws.read(token, limit=MAX_TOKEN, allowed=_HEADER)
        kind = opened.header.get("typ", "JWT")
        # RFC 8725, 3.11: a credential or another kind of token that names its type is no message token.
        if kind != "JWT" and (not isinstance(kind, str) or kind.upper() not in ("JWT", "APPLICATION/JWT")):
            raise TokenError("token.type")
        claims = _read_claims(read_object(opened.payload))
    except JwsError as error:
        raise TokenError(f"token.{error.code}") from error
    except StrictError as error:
        raise TokenError("token.malformed") from error
    _check_parties(claims, audience)
    _check_times(claims, now, leeway * SECOND, max_life * SECOND)
    return opened, claims


def _read_claims(claims: dict[str, Any]) -> Claims:
    """The claims in their types; a credential or presentation is no ID token (RFC 8725, 3.12)."""
    if not _OTHERS.isdisjoint(claims):
        raise TokenError("token.type")
    try:
        return msgspec.convert(claims, Claims)
    except msgspec.ValidationError as error:
        raise TokenError("token.claims") from error


def _check_parties(claims: Claims, audience: str) -> None:
    """From the issuer, about the issuer, for this audience and no other."""
    if claims.iss != claims.sub:
        raise TokenError("token.subject")
    if claims.aud != audience and claims.aud != [audience]:
        raise TokenError("token.audience")


def _check_times(claims: Claims, now: int, leeway: int, max_life: int) -> None:
    """Valid at `now`, and not for longer than the memory for used tokens is meant to last. All in microseconds."""
    expires, issued = _instant(claims.exp), _instant(claims.iat)
    if now >= expires + leeway:
        raise TokenError("token.expired")
    latest = now + min(leeway, EARLY * SECOND)
    if issued > latest or (claims.nbf is not UNSET and _instant(claims.nbf) > latest):
        raise TokenError("token.early")
    # Both are whole seconds for many senders, and may have been cut off apart.
    if not 0 < expires - issued <= max_life + SECOND:
        raise TokenError("token.life")


def _instant(seconds: float) -> int:
    """NumericDate -> microseconds UTC."""
    return seconds * SECOND if isinstance(seconds, int) else int(seconds * SECOND)


def _key(kid: str | None, issuer: str, keys_of: Callable[[str], Keys | None]) -> PublicKey:
    """The issuer's key that the header names; without a name the issuer must have exactly one method (DCP 1.0.1)."""
    keys = keys_of(issuer)
    if keys is None:
        raise TokenError("token.issuer")
    if kid is None and len(keys) != 1:
        raise TokenError("token.key")
    found = next(iter(keys.values())) if kid is None else keys.get(kid)
    if found is None:
        raise TokenError("token.key")
    return found
