"""Public keys as COSE_Key: written and read in one way, and their names (RFC 9053, 7; RFC 9679).

What lives here: P-256 and Ed25519. What does not: private keys, JWKs (`certs.jwk`).

COSE_Keys are written and read by pycose, which is imported only then; what it reads was judged before by its bytes,
since it takes keys that say more, and half a point. Names of keys are made without it: devices need no more than those.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import cbor, jwk
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
_WHOLE: Final = {_OKP: {_KTY, _CRV, _X}, _EC2: {_KTY, _CRV, _X, _Y}}
_ALGORITHMS: Final = {_P256: (-7, -9), _ED25519: (-8, -19)}
"""RFC 9864 gives the algorithm with its curve a number of its own: both mean this key."""


def write_key(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """A public key with what it needs and no more."""
    from pycose.keys.ec2 import EC2Key
    from pycose.keys.okp import OKPKey

    if isinstance(key, Ed25519PublicKey):
        return bytes(OKPKey(crv="ED25519", x=key.public_bytes_raw()).encode())
    point = key.public_numbers()
    return bytes(EC2Key(crv="P_256", x=point.x.to_bytes(32), y=point.y.to_bytes(32)).encode())


def _needed(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """What a thumbprint is made of (RFC 9679, 4)."""
    if isinstance(key, Ed25519PublicKey):
        return cbor.dumps({_KTY: _OKP, _CRV: _ED25519, _X: key.public_bytes_raw()})
    point = key.public_numbers()
    return cbor.dumps({_KTY: _EC2, _CRV: _P256, _X: point.x.to_bytes(32), _Y: point.y.to_bytes(32)})


def thumbprint(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """The SHA-256 thumbprint of a key (RFC 9679)."""
    return sha256(_needed(key)).digest()


def kid_of(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """What a message of a device calls the key that it was signed with."""
    return thumbprint(key)[:KID_BYTES]


def read_key(data: bytes) -> PublicKey:
    """The public key in a COSE_Key. Raises `CoseError` `cose.key_form`: no such key, of another kind, with a private
    part or something else that is not understood, made for something other than signatures."""
    try:
        fields = cbor.loads(data, most=MAX_HEADER, deep=2)
        key = _public(fields) if type(fields) is dict and _is_for_signatures(fields) else None
    except Exception:  # whatever a reader of foreign keys may raise
        key = None
    if key is None:
        raise CoseError("cose.key_form")
    return jwk.of(key)


def _public(fields: dict[Any, Any]) -> EllipticCurvePublicKey | Ed25519PublicKey | None:
    """The key, or None where it is of a kind that is not used here. Raises something for a point off the curve."""
    from pycose.keys.cosekey import CoseKey
    from pycose.keys.curves import P256, Ed25519
    from pycose.keys.ec2 import EC2Key
    from pycose.keys.okp import OKPKey

    needed = {label: value for label, value in fields.items() if label not in _SAID}
    if needed.keys() != _WHOLE[fields[_KTY]] or type(fields[_KTY]) is not int or type(fields[_CRV]) is not int:
        return None
    found: Any = CoseKey.from_dict(dict(needed))
    if isinstance(found, OKPKey) and found.crv is Ed25519:
        return Ed25519PublicKey.from_public_bytes(found.x)
    if isinstance(found, EC2Key) and found.crv is P256 and len(found.x) == len(found.y) == 32:
        return EllipticCurvePublicNumbers(int.from_bytes(found.x), int.from_bytes(found.y), SECP256R1()).public_key()
    return None


def _is_for_signatures(fields: dict[Any, Any]) -> bool:
    """Does nothing of what the key says about itself contradict?"""
    operations = fields.get(_OPS, [_VERIFY])
    if type(operations) is not list or _VERIFY not in operations or type(fields.get(_KID, b"")) is not bytes:
        return False
    return _ALG not in fields or fields[_ALG] in _ALGORITHMS.get(fields.get(_CRV, 0), ())
