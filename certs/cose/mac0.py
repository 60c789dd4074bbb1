"""COSE_Mac0: bytes with a tag that only who has the secret can make (RFC 9052, 6.2; RFC 9053, 3.1).

What lives here: HMAC with SHA-256, the whole tag. What does not: where secrets come from.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

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
    given,
    kid_in,
    protected,
    take,
    unprotected,
)

_START: Final = b"\xd1\x84"
_CONTEXT: Final = b"\x84\x64MAC0"
_HMAC256 = 5


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
    if secret.algorithm != "HMAC 256/256":
        raise CoseError("cose.algorithm")
    inside = cbor2.dumps({ALG: _HMAC256} | ({} if content is None else {CONTENT: content}) | {KID: kid})
    return b"".join((_START, given(inside), b"\xa0", given(payload), given(_tag(secret, inside, aad, payload))))


def _tag(secret: Secret, inside: bytes, aad: bytes, payload: bytes) -> bytes:
    """Over the MAC_structure (RFC 9052, 6.3)."""
    return hmac.digest(secret.key, b"".join((_CONTEXT, given(inside), given(aad), given(payload))), "sha256")


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
    if header[ALG] != _HMAC256 or secret.algorithm != "HMAC 256/256":
        raise CoseError("cose.algorithm")
    if not hmac.compare_digest(tag, _tag(secret, inside, aad, payload)):
        raise CoseError("cose.tag")
    return Mac0(payload, kid, header.get(CONTENT))
