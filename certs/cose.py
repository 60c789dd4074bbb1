"""COSE_Sign1: signed bytes of devices, in CBOR (RFC 9052, 4.2; RFC 9053, 2).

What lives here: signing and verifying with ES256 and EdDSA, and public keys as COSE_Key. What does not: what the bytes
mean, whose keys count. This is the only user of cbor2 and pycose. Signatures are made and verified by `cryptography`;
pycose is imported inside the functions for keys alone, so that a device never loads it, and never signs or verifies:
its ECDSA is pure Python and leaks time (CVE-2024-23342).

Narrower than the standard, so that a message is written in one way and read in one way: the tag is there, lengths are
definite and in their shortest form (RFC 8949, 4.1), the algorithm is protected, the only unprotected header is the key
id, no label occurs twice, nothing stands behind the end, and a critical header that is not understood is refused, which
all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from certs import jwk
from certs.jwk import PublicKey

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of a message; a longer one is not looked at."""

_ALG, _CONTENT, _KID = 1, 3, 4
_ES256, _EDDSA = -7, -8
_Y = -3
_START = b"\xd2\x84"
_MAX_HEADER = 512
_NAMES: Final[Mapping[int, str]] = {_ES256: "ES256", _EDDSA: "EdDSA"}
_CURVE = SECP256R1()


class CoseError(Exception):
    """A message or key that proves nothing. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sign1(Struct, frozen=True):
    """A message taken apart; nothing of it is proved. `content` says what the payload is, None where it does not."""

    payload: bytes
    kid: bytes
    algorithm: int
    content: int | str | None
    protected: bytes
    signature: bytes


def sign(
    key: EllipticCurvePrivateKey | Ed25519PrivateKey,
    kid: bytes,
    payload: bytes,
    *,
    content: int | str | None = None,
    aad: bytes = b"",
) -> bytes:
    """A COSE_Sign1 message with everything protected; `aad` is signed with it and has to be known to the reader."""
    algorithm = _EDDSA if isinstance(key, Ed25519PrivateKey) else _ES256
    header: dict[int, Any] = {_ALG: algorithm}
    if content is not None:
        header[_CONTENT] = content
    header[_KID] = kid
    protected = cbor2.dumps(header)
    covered = _covered(protected, aad, payload)
    signature = key.sign(covered) if isinstance(key, Ed25519PrivateKey) else _raw(key.sign(covered, ECDSA(SHA256())))
    return _START + b"".join((cbor2.dumps(protected), b"\xa0", cbor2.dumps(payload), cbor2.dumps(signature)))


def _covered(protected: bytes, aad: bytes, payload: bytes) -> bytes:
    """What is signed: Sig_structure (RFC 9052, 4.4)."""
    return cbor2.dumps(["Signature1", protected, aad, payload])


def _raw(der: bytes) -> bytes:
    """The two numbers of an ECDSA signature, 32 bytes each (RFC 9053, 2.1)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def read(message: bytes) -> Sign1:
    """The parts of a message. Raises `CoseError`: `cose.too_large`, `cose.malformed`, `cose.header`,
    `cose.algorithm`."""
    if len(message) > MAX_MESSAGE:
        raise CoseError("cose.too_large")
    if not message.startswith(_START):
        raise CoseError("cose.malformed")
    protected, at = _bytes(message, len(_START))
    kid, at = _unprotected(message, at)
    payload, at = _bytes(message, at)
    signature, at = _bytes(message, at)
    if at != len(message):
        raise CoseError("cose.malformed")
    header = _header(protected)
    if kid and _KID in header:
        # RFC 9052, 3: a label may stand in one of the two only.
        raise CoseError("cose.header")
    return Sign1(payload, header.get(_KID, kid), header[_ALG], header.get(_CONTENT), protected, signature)


def _bytes(message: bytes, at: int) -> tuple[bytes, int]:
    """A byte string of definite, shortest length at this place, and the place behind it."""
    first = message[at] if at < len(message) else 0
    short, width = first & 0x1F, 0
    if first >> 5 != 2 or short > 27:
        raise CoseError("cose.malformed")
    if short >= 24:
        width = 1 << (short - 24)
        length = int.from_bytes(message[at + 1 : at + 1 + width])
        if length < (24 if width == 1 else 1 << (width * 4)):
            raise CoseError("cose.malformed")
    else:
        length = short
    start = at + 1 + width
    if start + length > len(message):
        raise CoseError("cose.malformed")
    return message[start : start + length], start + length


def _unprotected(message: bytes, at: int) -> tuple[bytes, int]:
    """The unprotected header: nothing, or a key id alone."""
    match message[at : at + 1], message[at + 1 : at + 2]:
        case b"\xa0", _:
            return b"", at + 1
        case b"\xa1", b"\x04":
            return _bytes(message, at + 2)
        case _:
            raise CoseError("cose.header")


def _header(protected: bytes) -> dict[int, Any]:
    """The protected header; whatever is written in another way than we would write it is refused."""
    if len(protected) > _MAX_HEADER:
        raise CoseError("cose.header")
    try:
        header: Any = cbor2.loads(protected)
        same = isinstance(header, dict) and cbor2.dumps(header) == protected
    except Exception as error:  # whatever a decoder of foreign bytes may raise
        raise CoseError("cose.malformed") from error
    if not same or not all(type(label) is int and label in (_ALG, _CONTENT, _KID) for label in header):
        raise CoseError("cose.header")
    if type(header.get(_ALG)) is not int or header[_ALG] not in _NAMES:
        raise CoseError("cose.algorithm")
    if type(header.get(_CONTENT, "")) not in (int, str) or not isinstance(header.get(_KID, b""), bytes):
        raise CoseError("cose.header")
    return dict(header)


def verify(message: bytes, keys: Mapping[bytes, PublicKey], *, aad: bytes = b"") -> Sign1:
    """The message, signed by the key of `keys` that it names. Raises `CoseError` like `read`, and `cose.key`,
    `cose.signature`.

    INVARIANT: the algorithm is the key's own; the message can agree or be refused, it cannot choose.
    """
    found = read(message)
    key = keys.get(found.kid)
    if key is None:
        raise CoseError("cose.key")
    if _NAMES[found.algorithm] != key.algorithm:
        raise CoseError("cose.algorithm")
    if len(found.signature) != 64:
        raise CoseError("cose.signature")
    try:
        _check(key, found.signature, _covered(found.protected, aad, found.payload))
    except InvalidSignature as error:
        raise CoseError("cose.signature") from error
    return found


def _check(key: PublicKey, signature: bytes, covered: bytes) -> None:
    if isinstance(key.key, Ed25519PublicKey):
        key.key.verify(signature, covered)
        return
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    key.key.verify(encode_dss_signature(r, s), covered, ECDSA(SHA256()))


def write_key(key: EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    """A public key as COSE_Key (RFC 9053, 7)."""
    from pycose.keys.ec2 import EC2Key
    from pycose.keys.okp import OKPKey

    if isinstance(key, Ed25519PublicKey):
        return bytes(OKPKey(crv="ED25519", x=key.public_bytes_raw()).encode())
    point = key.public_numbers()
    return bytes(EC2Key(crv="P_256", x=point.x.to_bytes(32), y=point.y.to_bytes(32)).encode())


def read_key(data: bytes) -> PublicKey:
    """The public key in a COSE_Key. Raises `CoseError` `cose.key_form`: no such key, of another kind, with a private
    part, made for something other than signatures."""
    if len(data) > _MAX_HEADER:
        raise CoseError("cose.key_form")
    try:
        key = _public(data)
    except Exception as error:  # whatever a decoder of foreign bytes may raise
        raise CoseError("cose.key_form") from error
    if key is None:
        raise CoseError("cose.key_form")
    return key


def _public(data: bytes) -> PublicKey | None:
    """The key, or None where it is of a kind that is not used here."""
    from pycose.keys.cosekey import CoseKey
    from pycose.keys.curves import P256, Ed25519
    from pycose.keys.ec2 import EC2Key
    from pycose.keys.keyops import VerifyOp
    from pycose.keys.okp import OKPKey

    fields: Any = cbor2.loads(data)
    found: Any = CoseKey.from_dict(dict(fields))
    # The library makes up the second coordinate where it is missing: half a key is none.
    if cbor2.dumps(fields) != data or fields.get(_Y, b"") != (found.y if isinstance(found, EC2Key) else b""):
        return None
    if found.d or (found.key_ops and VerifyOp not in found.key_ops):
        return None
    if isinstance(found, OKPKey) and found.crv is Ed25519:
        return jwk.of(Ed25519PublicKey.from_public_bytes(found.x))
    if isinstance(found, EC2Key) and found.crv is P256 and len(found.x) == len(found.y) == 32:
        numbers = EllipticCurvePublicNumbers(int.from_bytes(found.x), int.from_bytes(found.y), _CURVE)
        return jwk.of(numbers.public_key())
    return None
