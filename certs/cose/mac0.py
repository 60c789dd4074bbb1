"""COSE_Mac0: bytes with a tag that only who has the secret can make (RFC 9052, 6.2; RFC 9053, 3.1).

What lives here: HMAC with SHA-256, the whole tag, made by pycose, which is imported only then. What does not: where
secrets come from. Messages are read by `form` first, which is narrower; tags are compared here, in constant time.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

import cbor2
from msgspec import Struct

from certs.cose.form import (
    ALG,
    CONTENT,
    KID,
    CoseError,
    Secret,
    bounded,
    ended,
    kid_in,
    protected,
    take,
    unprotected,
)

_START: Final = b"\xd1\x84"
_HMAC256 = 5
_LENGTHS: Final = (16, 24, 32)


class Mac0(Struct, frozen=True):
    """A message that was checked; `content` says what the payload is, None where it does not."""

    payload: bytes
    kid: bytes
    content: int | str | None


def authenticate(
    secret: Secret, kid: bytes, payload: bytes, *, content: int | str | None = None, aad: bytes = b""
) -> bytes:
    """A COSE_Mac0 message with everything protected. Raises `CoseError` `cose.algorithm` for a secret that is for
    something else."""
    inside = cbor2.dumps({ALG: _HMAC256} | ({} if content is None else {CONTENT: content}) | {KID: kid})
    return bytes(_message(secret, inside, aad, payload).encode())


def _message(secret: Secret, inside: bytes, aad: bytes, payload: bytes) -> Any:
    """The message of the library. Raises `CoseError` `cose.algorithm`: a secret that is for something else, or of a
    length that the library has no keys of."""
    from pycose.keys.symmetric import SymmetricKey
    from pycose.messages.mac0message import Mac0Message

    if secret.algorithm != "HMAC 256/256" or len(secret.key) not in _LENGTHS:
        raise CoseError("cose.algorithm")
    key = SymmetricKey(k=secret.key)
    return Mac0Message(phdr_encoded=inside, payload=payload, external_aad=aad, key=key)


def check(message: bytes, secrets: Mapping[bytes, Secret], *, aad: bytes = b"") -> Mac0:
    """The message, if the secret that it names made its tag. Raises `CoseError`: `cose.too_large`, `cose.malformed`,
    `cose.header`, `cose.algorithm`, `cose.key`, `cose.tag`."""
    inside, at = take(message, bounded(message, _START))
    outside, at = unprotected(message, at)
    payload, at = take(message, at)
    tag, at = take(message, at)
    ended(message, at)
    header = protected(inside)
    kid = kid_in(header, outside)
    secret = secrets.get(kid)
    if secret is None:
        raise CoseError("cose.key")
    if header[ALG] != _HMAC256:
        raise CoseError("cose.algorithm")
    if not hmac.compare_digest(tag, _message(secret, inside, aad, payload).compute_tag()):
        raise CoseError("cose.tag")
    return Mac0(payload, kid, header.get(CONTENT))
