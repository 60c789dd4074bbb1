"""Self-issued ID tokens: one signed JWT for one message (DCP 1.0.1, Base Protocol; RFC 7519; RFC 8725).

What lives here: issuing and verifying, and nothing that needs memory or time of its own. What does not: whose keys are
trusted (the caller's `keys_of`), that a token is used only once (the store's transaction), credentials.

This is the only user of pyjwt, and of its signature algorithms alone: the serialisation is taken apart here, strictly,
because a token that can be written in two ways or read in two ways is a hole. The list of algorithms is fixed, the key
decides which of them applies (RFC 8725, 3.1), and nothing in the header can bring a key along or name one to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from msgspec import UNSET, Meta, Struct, UnsetType

from certs.jwk import PublicKey
from certs.strict import StrictError, from_base64url, read_object, to_base64url

SECOND = 1_000_000
LIFE = 300
"""Seconds that an issued token lives."""
MAX_LIFE = 600
"""Seconds that an accepted token may live."""
LEEWAY = 60
"""Seconds that clocks may differ."""
MAX_TOKEN = 8_192
"""Characters of a token; larger ones are not looked at."""
MAX_HEADER = 2_048
"""Characters of its first part."""

_ES256 = ECAlgorithm(ECAlgorithm.SHA256, SECP256R1)
_EDDSA = OKPAlgorithm()
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER = frozenset({"alg", "kid", "typ"})

Keys = Mapping[str, PublicKey]
"""An issuer's keys that may sign message tokens, by key id."""


class TokenError(Exception):
    """A token that proves nothing. `code` says why, for this side's log: the sender learns only that it failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_Numeric = Annotated[int, Meta(ge=0, le=253_402_300_799)] | Annotated[float, Meta(ge=0, le=253_402_300_799)]
_Name = Annotated[str, Meta(min_length=1, max_length=2048)]


class Claims(Struct, frozen=True):
    """What a verified token says. Times are seconds since 1970 (RFC 7519, NumericDate)."""

    iss: _Name
    sub: _Name
    aud: _Name | list[_Name]
    exp: _Numeric
    iat: _Numeric
    jti: Annotated[str, Meta(min_length=1, max_length=256)]
    nbf: _Numeric | UnsetType = UNSET
    token: str | UnsetType = UNSET
    vc: Any = UNSET
    vp: Any = UNSET

    def accepted_until(self, leeway: int = LEEWAY) -> int:
        """The instant (microseconds UTC) from which on this token is refused as expired: so long its `jti` counts."""
        return _instant(self.exp) + leeway * SECOND


def issue(
    key: EllipticCurvePrivateKey | Ed25519PrivateKey,
    kid: str,
    *,
    issuer: str,
    audience: str,
    now: int,
    jti: str,
    life: int = LIFE,
) -> str:
    """A token of `issuer` for one message to `audience`, both DIDs; `kid` is the DID URL of `key`.

    `now` is in microseconds UTC, `jti` must never be drawn twice, `life` is in seconds.
    """
    at = now // SECOND
    claims = {"iss": issuer, "sub": issuer, "aud": audience, "iat": at, "exp": at + life, "jti": jti}
    body = to_base64url(msgspec.json.encode(claims))
    if isinstance(key, Ed25519PrivateKey):
        signed = _header("EdDSA", kid) + body
        signature = _EDDSA.sign(signed, key)
    else:
        signed = _header("ES256", kid) + body
        signature = _ES256.sign(signed, key)
    return (signed + b"." + to_base64url(signature)).decode()


@lru_cache(maxsize=64)
def _header(algorithm: str, kid: str) -> bytes:
    """The first part of a token with the dot that ends it."""
    return to_base64url(msgspec.json.encode({"alg": algorithm, "kid": kid, "typ": "JWT"})) + b"."


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
    header, claims, signed, signature = _open(token)
    _check_parties(claims, audience)
    _check_times(claims, now, leeway * SECOND, max_life * SECOND)
    _check_signature(_key(header, claims.iss, keys_of), header["alg"], signed, signature)
    return claims


def _open(token: str) -> tuple[Mapping[str, Any], Claims, bytes, bytes]:
    """Header, claims, the bytes that are signed and the signature; nothing of it is proved yet."""
    if len(token) > MAX_TOKEN:
        raise TokenError("token.too_large")
    parts = _COMPACT.fullmatch(token)
    if parts is None:
        raise TokenError("token.malformed")
    head, body, tail = (part.encode() for part in parts.groups())
    try:
        header = _read_header(head)
        claims = read_object(from_base64url(body))
        signature = from_base64url(tail)
    except StrictError as error:
        raise TokenError("token.malformed") from error
    return header, _read_claims(claims), head + b"." + body, signature


@lru_cache(maxsize=256)
def _read_header(head: bytes) -> Mapping[str, Any]:
    """The header, checked as far as it can be without a key; each peer writes the same one again and again."""
    if len(head) > MAX_HEADER:
        raise TokenError("token.header")
    header = read_object(from_base64url(head))
    # Nothing may change what is signed (`crit`, `b64`) or bring a key along (`jwk`, `jku`, `x5c`, `x5u`): unknown
    # parameters are refused, not ignored.
    if not _HEADER.issuperset(header) or not isinstance(header.get("kid", ""), str):
        raise TokenError("token.header")
    if header.get("alg") not in ("ES256", "EdDSA"):
        raise TokenError("token.algorithm")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in ("JWT", "APPLICATION/JWT"):
        raise TokenError("token.type")
    return header


def _read_claims(claims: dict[str, Any]) -> Claims:
    """The claims in their types; a credential or presentation is no ID token (RFC 8725, 3.12)."""
    try:
        read = msgspec.convert(claims, Claims)
    except msgspec.ValidationError as error:
        raise TokenError("token.claims") from error
    if read.vc is not UNSET or read.vp is not UNSET:
        raise TokenError("token.type")
    return read


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
    if issued > now + leeway or (claims.nbf is not UNSET and _instant(claims.nbf) > now + leeway):
        raise TokenError("token.early")
    if not 0 < expires - issued <= max_life:
        raise TokenError("token.life")


def _instant(seconds: float) -> int:
    """NumericDate -> microseconds UTC."""
    return seconds * SECOND if isinstance(seconds, int) else int(seconds * SECOND)


def _key(header: Mapping[str, Any], issuer: str, keys_of: Callable[[str], Keys | None]) -> PublicKey:
    """The issuer's key that the header names; without a name the issuer must have exactly one (DCP 1.0.1)."""
    keys = keys_of(issuer)
    if keys is None:
        raise TokenError("token.issuer")
    kid = header.get("kid")
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    found = None if kid is None else keys.get(kid)
    if found is None:
        raise TokenError("token.key")
    return found


def _check_signature(key: PublicKey, algorithm: str, signed: bytes, signature: bytes) -> None:
    """INVARIANT: the algorithm is the key's own; the header can agree or be refused, it cannot choose."""
    if algorithm != key.algorithm:
        raise TokenError("token.algorithm")
    verifier = _ES256 if key.algorithm == "ES256" else _EDDSA
    # 64 bytes for both: P1363 form of ES256 (RFC 7518, 3.4), Ed25519 (RFC 8032).
    if len(signature) != 64 or not verifier.verify(signed, key.key, signature):  # type: ignore[arg-type]
        raise TokenError("token.signature")
