"""Compact JSON Web Signatures: taken apart strictly, verified with a key that the caller knows, made (RFC 7515).

What lives here: the serialisation, the header, the signature algorithms. What does not: what a payload means (`jwt`,
`credentials`, `status`), whose keys count, which instants are acceptable.

This is the only user of pyjwt, and of its signature algorithms alone: the serialisation is taken apart here, because a
token that can be written in two ways or read in two ways is a hole. The lists of algorithms are fixed, the key decides
which of them applies (RFC 8725, 3.1), a header holds only what the caller allows, nothing in it can bring a key along,
name one to fetch or change what is signed, and an unknown parameter is refused even where `crit` does not name it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm
from msgspec import Struct

from certs.jwk import ForeignKey, PublicKey
from certs.strict import StrictError, from_base64url, read_object, to_base64url

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
"""A key that tokens are signed with here: P-256 or Ed25519."""

OWN: Final = frozenset({"ES256", "EdDSA"})
"""Algorithms of message tokens, presentations and of the credentials that trust is built on."""
FOREIGN: Final = OWN | {"ES384", "PS256", "RS256"}
"""Those, and what self-descriptions from elsewhere are signed with; only ever by an explicit argument."""
MAX_HEADER: Final = 2_048
"""Characters of the first part of a token."""

_ES256, _EDDSA = ECAlgorithm(ECAlgorithm.SHA256, SECP256R1), OKPAlgorithm()
_ALGORITHMS: Final[Mapping[str, tuple[Algorithm, int]]] = {
    "ES256": (_ES256, 64),
    "EdDSA": (_EDDSA, 64),
    "ES384": (ECAlgorithm(ECAlgorithm.SHA384, SECP384R1), 96),
    "RS256": (RSAAlgorithm(RSAAlgorithm.SHA256), 0),
    "PS256": (RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256), 0),
}
"""Algorithm -> how to verify, and how long its signatures are, 0 where the key says it (RFC 7518, 3.4; RFC 8032)."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_NEVER = frozenset({"crit", "b64", "jwk", "jku", "zip"})


class JwsError(Exception):
    """A token that proves nothing; `code` is `too_large`, `malformed`, `header`, `algorithm` or `signature`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Jws(Struct, frozen=True):
    """A token taken apart; nothing of it is proved. `signed` are the bytes that the signature is over."""

    header: Mapping[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def kid(self) -> str | None:
        """Which key it says that it is signed with."""
        return self.header.get("kid")


def read(token: str, *, limit: int, allowed: frozenset[str], algorithms: frozenset[str] = OWN) -> Jws:
    """The parts of a compact serialisation of at most `limit` characters.

    `allowed` names the header parameters that may occur, `algorithms` is `OWN` or `FOREIGN`. Raises `JwsError`.
    """
    if len(token) > limit:
        raise JwsError("too_large")
    parts = _COMPACT.fullmatch(token)
    if parts is None:
        raise JwsError("malformed")
    head, body, tail = (part.encode() for part in parts.groups())
    try:
        header = _read_header(head, allowed, algorithms)
        payload, signature = from_base64url(body), from_base64url(tail)
    except StrictError as error:
        raise JwsError("malformed") from error
    return Jws(header, payload, head + b"." + body, signature)


@lru_cache(maxsize=256)
def _read_header(head: bytes, allowed: frozenset[str], algorithms: frozenset[str]) -> Mapping[str, Any]:
    """The header, checked as far as it can be without a key; each signer writes the same one again and again."""
    if len(head) > MAX_HEADER:
        raise JwsError("header")
    header = read_object(from_base64url(head))
    # INVARIANT: what is not known is refused, not ignored; and what changes the signed bytes or brings a key along is
    # never known, whatever the caller allows.
    if not allowed.issuperset(header) or not _NEVER.isdisjoint(header) or not isinstance(header.get("kid", ""), str):
        raise JwsError("header")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise JwsError("algorithm")
    return header


def verify(jws: Jws, key: PublicKey | ForeignKey) -> None:
    """Return if the signature is this key's; raises `JwsError` `algorithm` or `signature`.

    INVARIANT: the algorithm is the key's own; the header can agree or be refused, it cannot choose.
    """
    if jws.header.get("alg") != key.algorithm:
        raise JwsError("algorithm")
    verifier, length = _ALGORITHMS[key.algorithm]
    if length and len(jws.signature) != length:
        raise JwsError("signature")
    if not verifier.verify(jws.signed, key.key, jws.signature):
        raise JwsError("signature")


def sign(key: PrivateKey, header: Mapping[str, Any], payload: bytes) -> str:
    """The compact serialisation; `alg` comes from the key and stands first in the header, before `header`."""
    if isinstance(key, Ed25519PrivateKey):
        signed = _start("EdDSA", header, payload)
        signature = _EDDSA.sign(signed, key)
    else:
        signed = _start("ES256", header, payload)
        signature = _ES256.sign(signed, key)
    return (signed + b"." + to_base64url(signature)).decode()


def _start(algorithm: str, header: Mapping[str, Any], payload: bytes) -> bytes:
    """What is signed."""
    return to_base64url(msgspec.json.encode({"alg": algorithm, **header})) + b"." + to_base64url(payload)
