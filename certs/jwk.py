"""Public keys as JWKs: strict reading, thumbprints, and which signature algorithm a key is for.

What lives here: P-256 for ES256 and Ed25519 for EdDSA (RFC 7517; RFC 7518, 6.2; RFC 8037), and their thumbprints
(RFC 7638). Keys of another kind, P-384 and RSA, are read by `read_foreign` alone and have a type of their own, so that
nothing but a self-description from elsewhere can ever be verified with one.
What does not: private keys (`keys`), tokens (`jwt`).
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
    SECP384R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from msgspec import Struct

from certs.strict import StrictError, from_base64url, to_base64url

Jwk: TypeAlias = dict[str, Any]
Algorithm = Literal["ES256", "EdDSA"]
ForeignAlgorithm = Literal["ES384", "PS256", "RS256"]

_SMALL_PRIMES = tuple(n for n in range(3, 168) if all(n % d for d in range(2, 13)) or n in (3, 5, 7, 11))
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


class ForeignKey(Struct, frozen=True, eq=False):
    """A checked public key of a kind that is not used here; `algorithm` is the only one that it may be used with."""

    algorithm: ForeignAlgorithm
    key: EllipticCurvePublicKey | RSAPublicKey
    thumbprint: str


def usable(jwk: Mapping[str, Any]) -> bool:
    """Whether this is a kind of key that is understood here at all: P-256 or Ed25519."""
    return (jwk.get("kty"), jwk.get("crv")) in (("EC", "P-256"), ("OKP", "Ed25519"))


def read(jwk: Mapping[str, Any]) -> PublicKey:
    """The key for verifying signatures.

    Raises `JwkError`: unknown kind, private part present, made for something other than signatures (`use`, `key_ops`),
    `alg` that contradicts the kind, coordinates that are not canonical or not on the curve.
    """
    if not usable(jwk):
        raise JwkError("jwk.kind")
    _check_use(jwk)
    algorithm: Algorithm = "ES256" if jwk["kty"] == "EC" else "EdDSA"
    # RFC 9864 names the curve in the algorithm; RFC 8037 does not. Both mean this key.
    if jwk.get("alg", algorithm) not in (("ES256",) if algorithm == "ES256" else ("EdDSA", "Ed25519")):
        raise JwkError("jwk.algorithm")
    x = _coordinate(jwk, "x", 32)
    return _parse(algorithm, x, _coordinate(jwk, "y", 32) if algorithm == "ES256" else b"")


def read_foreign(jwk: Mapping[str, Any]) -> PublicKey | ForeignKey:
    """The key of somebody who describes itself with other kinds too: P-384, and RSA of 2048 to 8192 bits.

    An RSA key has to name its algorithm, PS256 or RS256: the key decides, and could not otherwise. Raises `JwkError`.
    """
    if usable(jwk):
        return read(jwk)
    if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-384"):
        _check_use(jwk)
        if jwk.get("alg", "ES384") != "ES384":
            raise JwkError("jwk.algorithm")
        return _parse_p384(_coordinate(jwk, "x", 48), _coordinate(jwk, "y", 48))
    if jwk.get("kty") != "RSA":
        raise JwkError("jwk.kind")
    _check_use(jwk)
    if jwk.get("alg") not in ("PS256", "RS256"):
        raise JwkError("jwk.algorithm")
    return _parse_rsa(jwk["alg"], _number(jwk, "n"), _number(jwk, "e"))


def _check_use(jwk: Mapping[str, Any]) -> None:
    """Return if this is a public key for verifying; raises `JwkError`."""
    if not _PRIVATE.isdisjoint(jwk):
        raise JwkError("jwk.private")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise JwkError("jwk.use")


def _number(jwk: Mapping[str, Any], name: str) -> bytes:
    """A number in base64url (RFC 7518, 2: no leading zero), or `JwkError`."""
    data = _member(jwk, name)
    if not data or data[0] == 0:
        raise JwkError("jwk.coordinate")
    return data


def _coordinate(jwk: Mapping[str, Any], name: str, length: int) -> bytes:
    """Just so many bytes, or `JwkError`."""
    data = _member(jwk, name)
    if len(data) != length:
        raise JwkError("jwk.coordinate")
    return data


def _member(jwk: Mapping[str, Any], name: str) -> bytes:
    """The bytes of a member in base64url, or `JwkError`."""
    try:
        return from_base64url(jwk[name].encode())
    except (KeyError, AttributeError, UnicodeEncodeError, StrictError) as error:
        raise JwkError("jwk.coordinate") from error


@lru_cache(maxsize=1024)
def _parse(algorithm: Algorithm, x: bytes, y: bytes) -> PublicKey:
    """The parsed key; `cryptography` checks that the point lies on the curve."""
    try:
        if algorithm == "EdDSA":
            return of(Ed25519PublicKey.from_public_bytes(x))
        return of(EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise JwkError("jwk.point") from error


@lru_cache(maxsize=64)
def _parse_p384(x: bytes, y: bytes) -> ForeignKey:
    """The parsed key; `cryptography` checks that the point lies on the curve."""
    try:
        key = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP384R1()).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise JwkError("jwk.point") from error
    return ForeignKey("ES384", key, thumbprint({"crv": "P-384", "kty": "EC", "x": _b64(x), "y": _b64(y)}))


@lru_cache(maxsize=64)
def _parse_rsa(algorithm: ForeignAlgorithm, modulus: bytes, exponent: bytes) -> ForeignKey:
    """The parsed key; short ones, endless ones and unusual exponents are refused (RFC 7518, 3.3: 2048 bits or more)."""
    number = int.from_bytes(modulus)
    usual = 2_048 <= number.bit_length() <= 8_192 and number % 2 == 1 and exponent == b"\x01\x00\x01"
    if not usual or _factorable(number):
        raise JwkError("jwk.weak")
    try:
        key = RSAPublicNumbers(65_537, number).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise JwkError("jwk.weak") from error
    return ForeignKey(algorithm, key, thumbprint({"e": _b64(exponent), "kty": "RSA", "n": _b64(modulus)}))


def _factorable(number: int) -> bool:
    """Whether a modulus comes from the faulty generator of CVE-2017-15361 (ROCA): to each small prime it is a power of
    65537, which hardly one in a hundred million others is."""
    return all(number % prime in {pow(65_537, power, prime) for power in range(prime)} for prime in _SMALL_PRIMES)


def of(key: EllipticCurvePublicKey | Ed25519PublicKey) -> PublicKey:
    """A checked key from one of ours."""
    return PublicKey("EdDSA" if isinstance(key, Ed25519PublicKey) else "ES256", key, thumbprint(write(key)))


def write(key: EllipticCurvePublicKey | Ed25519PublicKey) -> Jwk:
    """The JWK of a key: only the members that define it."""
    if isinstance(key, Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": _b64(key.public_bytes_raw())}
    point = key.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _b64(point.x.to_bytes(32)), "y": _b64(point.y.to_bytes(32))}


def _b64(data: bytes) -> str:
    return to_base64url(data).decode()


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638: SHA-256 over the defining members in the order of their names, as base64url."""
    defining = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in jwk}
    return _b64(sha256(msgspec.json.encode(defining)).digest())
