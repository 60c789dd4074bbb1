"""What others have countersigned (RFC 9338): proof that readings arrived, in a file beside the buffer.

What lives here: verifying, and keeping the newest of it. What does not: asking for it.

INVARIANT: what is kept proves something: it was countersigned by a key of the node itself, as the device has pinned it,
or of the consumer, as the node has told it in its orders.

A file is a sequence (RFC 8742) of arrays: consumer, the message that the receipt is for (a batch's SHA-256, or a whole
manifest, which names its batches), the receipt. There are two files of bounded size, the older one of which goes first.
They are written now and then and never synced: a power cut costs proofs, never readings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from certs import cbor, cose, jwk
from certs.cose import CoseError
from certs.jwk import JwkError, PublicKey

FILE: Final = "receipts.cbor"
MOST: Final = 1 << 20
"""Bytes of a file."""
_GATHERED: Final = 1 << 14
_MANIFEST: Final = 1 << 14
"""A longer manifest is kept as its hash."""


class Receipts:
    """The receipts of a device in its directory. What has gathered is written by `flush` as well."""

    def __init__(self, directory: Path, *, most: int = MOST, gathered: int = _GATHERED) -> None:
        self._path, self._most, self._least = directory / FILE, most, gathered
        self._gathered = bytearray()

    def keep(
        self,
        consumer: str,
        message: bytes,
        receipt: bytes,
        *,
        keys: Mapping[bytes, PublicKey],
        manifest: bool = False,
    ) -> bool:
        """Keep a receipt for a batch, or for a manifest, if one of these keys has made it; says whether."""
        try:
            cose.verify_countersignature(receipt, message, keys)
        except CoseError:
            return False
        told = message if manifest and len(message) <= _MANIFEST else hashlib.sha256(message).digest()
        self._gathered += cbor.dumps([consumer, told, receipt])
        if len(self._gathered) >= self._least:
            self.flush()
        return True

    def flush(self) -> None:
        """Write what has gathered. Where that cannot be it is gone: no reading depends on it."""
        data, self._gathered = bytes(self._gathered), bytearray()
        if not data:
            return
        try:
            with open(self._path, "ab", opener=_private) as file:
                file.write(data)
                size = file.tell()
            if size > self._most:
                self._path.replace(self._path.with_suffix(".old"))
        except OSError:
            return


def keys_of(told: Iterable[Mapping[str, Any]]) -> dict[bytes, PublicKey]:
    """Keys (JWK) by what messages call them; without those that cannot be read."""
    found: dict[bytes, PublicKey] = {}
    for one in told:
        with contextlib.suppress(JwkError, TypeError):
            key = jwk.read(dict(one))
            found[cose.kid_of(key.key)] = key
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
