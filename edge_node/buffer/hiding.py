"""What lies on the medium closed with a secret that does not, so that who takes the card away reads nothing of it.

What lives here: batches, legends and small values as COSE_Encrypt0 (RFC 9052, 5.2) with ChaCha20-Poly1305, which needs
no help of the processor. What does not: when something is written. In the clear stay how many readings of which series
came when.

The secret is a credential of the service manager (systemd.exec(5), `LoadCredentialEncrypted=`), which it keeps with the
machine's TPM or beside the system, never a file in the device's directory: it would be taken away with the rest.
INVARIANT: what is closed and cannot be opened is not damaged; it stays, and the device does not begin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import structs

from certs import cose, keyfiles
from certs.cose import CoseError, Secret
from certs.keys import KeyFileError
from connector.data.readings.model import Batch, Legend
from edge_node.buffer.model import Sealed, Sealing
from edge_node.errors import KeepingError

CREDENTIAL: Final = "buffer.key"
SECRET_BYTES: Final = 32
_NONCE: Final = 12
_KID: Final = 4
_CLOSED: Final = b"\xd0\x83"
"""How a COSE_Encrypt0 message begins; a signed one begins otherwise."""
_MARK: Final = "closed."
"""How the name of a value begins that is kept closed: of values nobody knows how they begin."""


class Hiding:
    """Opens what was closed with this secret, and closes with it where `closes`; what is not closed is given as it
    is."""

    def __init__(self, secret: bytes | None, *, closes: bool, draw: Callable[[int], bytes]) -> None:
        self._draw, self.closes = draw, closes and secret is not None
        self._secret = Secret("ChaCha20/Poly1305", secret or bytes(SECRET_BYTES))
        self._kid = hashlib.sha256(b"buffer" + self._secret.key).digest()[:_KID]
        self._known = {} if secret is None else {self._kid: self._secret}

    def closed(self, data: bytes) -> bytes:
        """As it may lie on the medium."""
        return cose.encrypt(self._secret, self._kid, data, nonce=self._draw(_NONCE)) if self.closes else data

    def opened(self, data: bytes) -> bytes:
        """As it was. Raises `KeepingError` `buffer.locked`: it was closed with another secret, or there is none."""
        if not data.startswith(_CLOSED):
            return data
        try:
            return cose.decrypt(data, self._known).text
        except CoseError:
            raise KeepingError("buffer.locked") from None

    def kept(self, name: str, value: bytes | None) -> dict[str, bytes | None]:
        """A small value as it is to be kept, under one of its two names; None for nothing."""
        if value is None or not self.closes:
            return {name: value, _MARK + name: None}
        return {name: None, _MARK + name: self.closed(value)}

    def value(self, kept: Mapping[str, bytes], name: str) -> bytes | None:
        """The value that is kept under one of its two names. Raises as `opened`."""
        found = kept.get(_MARK + name)
        return kept.get(name) if found is None else self.opened(found)

    def check(self, messages: Iterable[bytes], kept: Mapping[str, bytes]) -> None:
        """Can all of it be opened? Raises as `opened`."""
        for data in (*messages, *(value for name, value in kept.items() if name.startswith(_MARK))):
            self.opened(data)

    def close(self, one: Sealed) -> Sealed:
        """A batch as it may lie on the medium."""
        return structs.replace(one, data=self.closed(one.data)) if self.closes else one

    def open(self, one: Sealed) -> Sealed:
        """A batch as its device has sealed it. Raises as `opened`."""
        return structs.replace(one, data=self.opened(one.data)) if one.data.startswith(_CLOSED) else one


NOTHING: Final = Hiding(None, closes=False, draw=bytes)
"""Hides nothing."""


class HiddenSealing:
    """The seal of a device for what is put together on the medium, where it lies closed."""

    def __init__(self, sealing: Sealing, hiding: Hiding) -> None:
        self._sealing, self._hiding = sealing, hiding

    def batch(self, batch: Batch) -> Sealed:
        """See `Sealing`."""
        return self._hiding.close(self._sealing.batch(batch))

    def legend(self, legend: Legend) -> bytes:
        """See `Sealing`."""
        return self._hiding.closed(self._sealing.legend(legend))

    def opened(self, message: bytes) -> object:
        """See `Sealing`. Raises as `Hiding.opened`, too."""
        return self._sealing.opened(self._hiding.opened(message))


def hiding(credentials: Path | None, *, closes: bool, draw: Callable[[int], bytes]) -> Hiding:
    """As the settings want it. A secret that is there opens what was closed before, also where nothing more is to be.
    Raises `KeepingError` `buffer.key` where it is wanted and is not there, or is none."""
    secret = None
    try:
        if credentials is not None:
            secret = keyfiles.read_private(credentials / CREDENTIAL)
    except KeyFileError as error:
        if error.code != "key.missing":
            raise KeepingError("buffer.key") from None
    if (closes and secret is None) or (secret is not None and len(secret) != SECRET_BYTES):
        raise KeepingError("buffer.key")
    return Hiding(secret, closes=closes, draw=draw)
