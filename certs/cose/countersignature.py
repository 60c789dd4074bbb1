"""Countersignatures: somebody else signs what a device has signed, as a receipt (RFC 9338, 3.1 and 3.3).

What lives here: a countersignature of version 2 over a whole COSE_Sign1, kept beside it and not in it. What does not:
what it means that it was given.

It stands alone under its own tag (19), its protected header may say when it was made (claim `iat` in the header of
RFC 9597), and it covers the header, the payload and the signature of the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cbor2
from msgspec import Struct

from certs.cose.form import ALG, CLAIMS, COMMON, KID, CoseError, bounded, ended, given, kid_in, protected, take
from certs.cose.form import unprotected as outside_at
from certs.cose.sign1 import Private, Sign1, algorithm_of, prove, raw_signature, read
from certs.jwk import PublicKey

_START: Final = b"\xd3\x83"
_CONTEXT: Final = b"\x86\x72CounterSignatureV2"
_ISSUED = 6
_LABELS: Final = (COMMON | {CLAIMS}) - {3}


class Countersignature(Struct, frozen=True):
    """Whose it is (key id), and when it was made: seconds since 1970, 0 where it does not say."""

    kid: bytes
    issued: int


def countersign(key: Private, kid: bytes, message: bytes, *, issued: int = 0, aad: bytes = b"") -> bytes:
    """A countersignature over a COSE_Sign1, made at `issued` (seconds since 1970; 0: it says nothing of that). The
    message itself is not verified. Raises `CoseError` as `sign1.read`."""
    header: dict[int, Any] = {ALG: algorithm_of(key), KID: kid} | ({CLAIMS: {_ISSUED: issued}} if issued else {})
    inside: bytes = cbor2.dumps(header)
    signature = raw_signature(key, _covered(read(message), inside, aad))
    return b"".join((_START, given(inside), b"\xa0", given(signature)))


def _covered(found: Sign1, inside: bytes, aad: bytes) -> bytes:
    """Countersign_structure (RFC 9338, 3.3): everything behind the payload stands in a list."""
    parts = (found.protected, inside, aad, found.payload)
    return b"".join((_CONTEXT, *map(given, parts), b"\x81", given(found.signature)))


def verify_countersignature(
    made: bytes, message: bytes, keys: Mapping[bytes, PublicKey], *, aad: bytes = b""
) -> Countersignature:
    """Who of `keys` countersigned this message, and when. Raises `CoseError` as `sign1.verify`; the signature in the
    message is covered, not verified."""
    inside, at = take(made, bounded(made, _START))
    outside, at = outside_at(made, at)
    signature, at = take(made, at)
    ended(made, at)
    header = protected(inside, _LABELS)
    kid = kid_in(header, outside)
    prove(keys, kid, header[ALG], signature, _covered(read(message), inside, aad))
    return Countersignature(kid, _issued(header))


def _issued(header: Mapping[int, Any]) -> int:
    """When it says that it was made. Raises `CoseError` `cose.header`: it says something else."""
    match header.get(CLAIMS):
        case None:
            return 0
        case {6: int(issued), **more} if issued > 0 and not more and type(issued) is int:
            return issued
        case _:
            raise CoseError("cose.header")
