"""Public keys as JWKs: strict reading, thumbprints, and which signature algorithm a key is for.

What lives here: P-256 for ES256 and Ed25519 for EdDSA, nothing else (RFC 7517; RFC 7518, 6.2; RFC 8037), and their
thumbprints (RFC 7638). What does not: private keys (`keys`), tokens (`jwt`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from certs.strict import StrictError, from_base64url, to_base64url

Jwk: TypeAlias = dict[str, Any]
Algorithm = Literal["ES256", "EdDSA"]

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class JwkError(Exception):
    """A JWK that must not be used. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PublicKey(Struct, frozen=True, eq=False):
    """A checked public key; `algorithm` is the only one that it may be used with."""

    algorithm: Algorithm
    key: EllipticCurvePublicKey | Ed25519PublicKey
    thumbprint: str


def usable(jwk: Mapping[str, Any]) -> bool:
    """Whether this is a kind of key that is understood here at all: P-256 or Ed25519."""
    return (jwk.get("kty"), jwk.get("crv")) in {("EC", "P-256"), ("OKP", "Ed25519")}


def read(jwk: Mapping[str, Any]) -> PublicKey:
    """The key for verifying signatures.

    Raises `JwkError`: unknown kind, private part present, made for something other than signatures (`use`, `key_ops`),
    `alg` that contradicts the kind, coordinates that are not canonical or not on the curve.
    """
    if not usable(jwk):
        raise JwkError("jwk.kind")
    if not _PRIVATE.isdisjoint(jwk):
        raise JwkError("jwk.private")
    algorithm: Algorithm = "ES256" if jwk["kty"] == "EC" else "EdDSA"
    # RFC 9864 names the curve in the algorithm; RFC 8037 does not. Both mean this key.
    if jwk.get("alg", algorithm) not in ({"ES256"} if algorithm == "ES256" else {"EdDSA", "Ed25519"}):
        raise JwkError("jwk.algorithm")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise JwkError("jwk.use")
    x = _coordinate(jwk, "x")
    return _parse(algorithm, x, _coordinate(jwk, "y") if algorithm == "ES256" else b"")


def _coordinate(jwk: Mapping[str, Any], name: str) -> bytes:
    """32 bytes, or `JwkError`."""
    try:
        data = from_base64url(jwk[name].encode())
    except (KeyError, AttributeError, UnicodeEncodeError, StrictError) as error:
        raise JwkError("jwk.coordinate") from error
    if len(data) != 32:
        raise JwkError("jwk.coordinate")
    return data


@lru_cache(maxsize=1024)
def _parse(algorithm: Algorithm, x: bytes, y: bytes) -> PublicKey:
    """The parsed key; `cryptography` checks that the point lies on the curve."""
    try:
        if algorithm == "EdDSA":
            return of(Ed25519PublicKey.from_public_bytes(x))
        return of(EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise JwkError("jwk.point") from error


def of(key: EllipticCurvePublicKey | Ed25519PublicKey) -> PublicKey:
    """A checked key from one of ours."""
    return PublicKey("EdDSA" if isinstance(key, Ed25519PublicKey) else "ES256", key, thumbprint(write(key)))


def write(key: EllipticCurvePublicKey | Ed25519PublicKey) -> Jwk:
    """The JWK of a key: only the members that define it."""
    if isinstance(key, Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": _text(key.public_bytes_raw())}
    point = key.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _text(point.x.to_bytes(32)), "y": _text(point.y.to_bytes(32))}


def _text(data: bytes) -> str:
    return to_base64url(data).decode()


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638: SHA-256 over the defining members in the order of their names, as base64url."""
    defining = {name: jwk[name] for name in ("crv", "kty", "x", "y") if name in jwk}
    return _text(sha256(msgspec.json.encode(defining)).digest())
