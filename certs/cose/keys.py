"""Public keys as COSE_Key: written and read in one way, and their names (RFC 9053, 7; RFC 9679).

What lives here: P-256 and Ed25519. What does not: private keys, JWKs (`certs.jwk`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import cbor, jwk
from certs.cbor import CborError
from certs.cose.form import MAX_HEADER, CoseError
from certs.jwk import PublicKey

KID_BYTES: Final = 4
"""Of the thumbprint: it tells the few keys of a device apart, and says nothing about whose they are."""

_KTY, _KID, _ALG, _OPS = 1, 2, 3, 4
_CRV, _X, _Y = -1, -2, -3
_OKP, _EC2 = 1, 2
_P256, _ED25519 = 1, 6
_VERIFY = 2
_SAID: Final = frozenset({_KID, _ALG, _OPS})
_ALGORITHMS: Final = {_P256: (-7, -9), _ED25519: (-8, -19)}
"""RFC 9864 gives the algorithm with its curve a number of its own: both mean this key."""


def write_key(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """A public key with what it needs and no more: its thumbprint is made of these bytes (RFC 9679, 4)."""
    if isinstance(key, Ed25519PublicKey):
        return cbor.dumps({_KTY: _OKP, _CRV: _ED25519, _X: key.public_bytes_raw()})
    point = key.public_numbers()
    return cbor.dumps({_KTY: _EC2, _CRV: _P256, _X: point.x.to_bytes(32), _Y: point.y.to_bytes(32)})


def thumbprint(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """The SHA-256 thumbprint of a key (RFC 9679)."""
    return sha256(write_key(key)).digest()


def kid_of(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """What a message of a device calls the key that it was signed with."""
    return thumbprint(key)[:KID_BYTES]


def read_key(data: bytes) -> PublicKey:
    """The public key in a COSE_Key. Raises `CoseError` `cose.key_form`: no such key, of another kind, with a private
    part or something else that is not understood, made for something other than signatures."""
    try:
        fields = cbor.loads(data, most=MAX_HEADER, deep=2)
        key = _public(fields) if type(fields) is dict else None
    except (CborError, ValueError):
        key = None
    if key is None:
        raise CoseError("cose.key_form")
    return jwk.of(key)


def _public(fields: dict[Any, Any]) -> EllipticCurvePublicKey | Ed25519PublicKey | None:
    """The key, or None where it is of a kind that is not used here. Raises `ValueError` for a point off the curve."""
    needed = {one: fields[one] for one in fields if one not in _SAID}
    if not _is_for_signatures(fields):
        return None
    match needed:
        case {1: int(), -1: int(), -2: bytes(x), **more} if (needed[1], needed[-1]) == (_OKP, _ED25519):
            return Ed25519PublicKey.from_public_bytes(x) if not more else None
        case {1: int(), -1: int(), -2: bytes(x), -3: bytes(y), **more} if (needed[1], needed[-1]) == (_EC2, _P256):
            if more or len(x) != 32 or len(y) != 32:
                return None
            return EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()
        case _:
            return None


def _is_for_signatures(fields: dict[Any, Any]) -> bool:
    """Does nothing of what the key says about itself contradict?"""
    operations = fields.get(_OPS, [_VERIFY])
    if type(operations) is not list or _VERIFY not in operations or type(fields.get(_KID, b"")) is not bytes:
        return False
    return _ALG not in fields or fields[_ALG] in _ALGORITHMS.get(fields.get(_CRV, 0), ())
