"""COSE_Encrypt0: bytes that only who has the secret can read (RFC 9052, 5.2; RFC 9053, 4.1 and 4.3).

What lives here: AES-GCM, done by pycose, which is imported only then, and ChaCha20-Poly1305, which pycose lacks and
which is the faster one on boards whose processor knows no AES. What does not: where secrets come from. The nonce is the
one unprotected header beside the key id. Messages are read by `form` first, which is narrower than pycose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

from certs.cose.form import (
    ALG,
    CONTENT,
    IV,
    KID,
    CoseError,
    Secret,
    SecretAlgorithm,
    bounded,
    ended,
    given,
    kid_in,
    protected,
    take,
    unprotected,
)

NONCE_BYTES: Final = 12
_START: Final = b"\xd0\x83"
_CONTEXT: Final = b"\x83\x68Encrypt0"
_CHACHA20: Final = 24
_NUMBERS: Final[Mapping[SecretAlgorithm, tuple[int, int]]] = {
    "A128GCM": (1, 16),
    "A192GCM": (2, 24),
    "A256GCM": (3, 32),
    "ChaCha20/Poly1305": (_CHACHA20, 32),
}
"""The algorithm's number, and how many bytes its keys have."""


class Encrypt0(Struct, frozen=True):
    """A message that was read; `content` says what the text is, None where it does not."""

    text: bytes
    kid: bytes
    content: int | str | None


def encrypt(
    secret: Secret,
    kid: bytes,
    text: bytes,
    *,
    nonce: bytes,
    content: int | str | None = None,
    aad: bytes = b"",
) -> bytes:
    """A COSE_Encrypt0 message.

    INVARIANT: a `nonce` (12 bytes) is never used twice with one secret: whoever sees two such messages reads both.
    Raises `CoseError`: `cose.algorithm`, `cose.header` (no nonce).
    """
    number = _number(secret)
    if len(nonce) != NONCE_BYTES:
        raise CoseError("cose.header")
    inside = cbor2.dumps({ALG: number} | ({} if content is None else {CONTENT: content}) | {KID: kid})
    if number != _CHACHA20:
        return bytes(_message(secret, inside, nonce, text, aad).encode())
    closed = ChaCha20Poly1305(secret.key).encrypt(nonce, text, _covered(inside, aad))
    return b"".join((_START, given(inside), b"\xa1\x05", given(nonce), given(closed)))


def _number(secret: Secret) -> int:
    number, length = _NUMBERS.get(secret.algorithm, (0, -1))
    if len(secret.key) != length:
        raise CoseError("cose.algorithm")
    return number


def _message(secret: Secret, inside: bytes, nonce: bytes, payload: bytes, aad: bytes) -> Any:
    """The message of the library: with the text, or with what was made of it."""
    from pycose.keys.symmetric import SymmetricKey
    from pycose.messages.enc0message import Enc0Message

    key = SymmetricKey(k=secret.key)
    return Enc0Message(phdr_encoded=inside, uhdr={IV: nonce}, payload=payload, external_aad=aad, key=key)


def _covered(inside: bytes, aad: bytes) -> bytes:
    """Enc_structure (RFC 9052, 5.3)."""
    return b"".join((_CONTEXT, given(inside), given(aad)))


def decrypt(message: bytes, secrets: Mapping[bytes, Secret], *, aad: bytes = b"") -> Encrypt0:
    """What was encrypted with the secret that the message names. Raises `CoseError`: `cose.too_large`,
    `cose.malformed`, `cose.header`, `cose.algorithm`, `cose.key`, `cose.tag`."""
    inside, at = take(message, bounded(message, _START))
    outside, at = unprotected(message, at, (KID, IV))
    closed, at = take(message, at)
    ended(message, at)
    header = protected(inside)
    kid = kid_in(header, outside)
    secret = secrets.get(kid)
    if secret is None:
        raise CoseError("cose.key")
    if header[ALG] != _number(secret):
        raise CoseError("cose.algorithm")
    nonce = outside.get(IV, b"")
    if len(nonce) != NONCE_BYTES:
        raise CoseError("cose.header")
    try:
        return Encrypt0(_opened(secret, inside, nonce, closed, aad), kid, header.get(CONTENT))
    except InvalidTag:
        raise CoseError("cose.tag") from None


def _opened(secret: Secret, inside: bytes, nonce: bytes, closed: bytes, aad: bytes) -> bytes:
    """Raises `InvalidTag`."""
    if secret.algorithm == "ChaCha20/Poly1305":
        return ChaCha20Poly1305(secret.key).decrypt(nonce, closed, _covered(inside, aad))
    return bytes(_message(secret, inside, nonce, closed, aad).decrypt())
