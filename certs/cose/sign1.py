"""COSE_Sign1: signed bytes of devices, in CBOR (RFC 9052, 4.2; RFC 9053, 2).

What lives here: signing and verifying with ES256 and EdDSA, by `cryptography` alone. What does not: what the bytes
mean, whose keys count. The only unprotected header is the key id.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from certs.cose.form import ALG, CONTENT, KID, CoseError, bounded, ended, given, kid_in, protected, take, unprotected
from certs.jwk import PublicKey

Private: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey

_ES256, _EDDSA = -7, -8
_START: Final = b"\xd2\x84"
_CONTEXT: Final = b"\x84\x6aSignature1"
_NAMES: Final[Mapping[int, str]] = {_ES256: "ES256", _EDDSA: "EdDSA"}
_NUMBERS: Final[Mapping[str, int]] = {name: number for number, name in _NAMES.items()}
_ECDSA: Final = ECDSA(SHA256())


class Sign1(Struct, frozen=True):
    """A message taken apart; nothing of it is proved. `content` says what the payload is, None where it does not."""

    payload: bytes
    kid: bytes
    algorithm: int
    content: int | str | None
    protected: bytes
    signature: bytes


def sign(key: Private, kid: bytes, payload: bytes, *, content: int | str | None = None, aad: bytes = b"") -> bytes:
    """A COSE_Sign1 message with everything protected; `aad` is signed with it and has to be known to the reader."""
    start, covered = _frame(algorithm_of(key), content, kid)
    body = given(payload)
    return b"".join((start, body, b"\x58\x40", raw_signature(key, b"".join((covered, given(aad), body)))))


@lru_cache(maxsize=64, typed=True)
def _frame(algorithm: int, content: int | str | None, kid: bytes) -> tuple[bytes, bytes]:
    """What stands before the payload, and what is signed before the additional data: the same for all messages of a
    signer about one kind of content."""
    header = given(header_of(algorithm, content, kid))
    return _START + header + b"\xa0", _CONTEXT + header


def header_of(algorithm: int, content: int | str | None, kid: bytes) -> bytes:
    """A protected header, as bytes."""
    header: dict[int, Any] = {ALG: algorithm}
    if content is not None:
        header[CONTENT] = content
    header[KID] = kid
    made: bytes = cbor2.dumps(header)
    return made


def algorithm_of(key: Private) -> int:
    """The algorithm's number for a key."""
    return _EDDSA if isinstance(key, Ed25519PrivateKey) else _ES256


def raw_signature(key: Private, covered: bytes) -> bytes:
    """A signature as COSE has it: for ECDSA the two numbers, 32 bytes each (RFC 9053, 2.1)."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(covered)
    # DER of two numbers below 2^256 (RFC 3279, 2.2.3), as the library has just written it: every length is one byte.
    der = key.sign(covered, _ECDSA)
    end = 4 + der[3]
    return der[4:end][-32:].rjust(32, b"\0") + der[end + 2 :][-32:].rjust(32, b"\0")


def read(message: bytes) -> Sign1:
    """The parts of a message. Raises `CoseError`: `cose.too_large`, `cose.malformed`, `cose.header`,
    `cose.algorithm`."""
    inside, at = take(message, bounded(message, _START))
    outside, at = unprotected(message, at)
    payload, at = take(message, at)
    signature, at = take(message, at)
    ended(message, at)
    header = protected(inside)
    if header[ALG] not in _NAMES:
        raise CoseError("cose.algorithm")
    return Sign1(payload, kid_in(header, outside), header[ALG], header.get(CONTENT), inside, signature)


def verify(message: bytes, keys: Mapping[bytes, PublicKey], *, aad: bytes = b"") -> Sign1:
    """The message, signed by the key of `keys` that it names. Raises `CoseError` like `read`, and `cose.key`,
    `cose.signature`.

    INVARIANT: the algorithm is the key's own; the message can agree or be refused, it cannot choose.
    """
    found = read(message)
    covered = b"".join((_CONTEXT, given(found.protected), given(aad), given(found.payload)))
    prove(keys, found.kid, found.algorithm, found.signature, covered)
    return found


def prove(keys: Mapping[bytes, PublicKey], kid: bytes, algorithm: int, signature: bytes, covered: bytes) -> PublicKey:
    """The key of that name, if it made this signature. Raises `CoseError`: `cose.key`, `cose.algorithm`,
    `cose.signature`."""
    key = keys.get(kid)
    if key is None:
        raise CoseError("cose.key")
    if _NUMBERS[key.algorithm] != algorithm:
        raise CoseError("cose.algorithm")
    if len(signature) != 64:
        raise CoseError("cose.signature")
    try:
        _check(key, signature, covered)
    except InvalidSignature:
        raise CoseError("cose.signature") from None
    return key


def _check(key: PublicKey, signature: bytes, covered: bytes) -> None:
    if isinstance(key.key, Ed25519PublicKey):
        key.key.verify(signature, covered)
        return
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    key.key.verify(encode_dss_signature(r, s), covered, _ECDSA)
