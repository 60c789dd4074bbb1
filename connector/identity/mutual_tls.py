"""Who is at the other end of a connection, and that it is who its message token says.

What lives here: binding the certificate that a client has shown to the DID of its token. What does not: paths and
revocation (`verify` is an argument), the handshake (`connector.http`).

A certificate alone lets nobody in, and one that is shown must fit: a token that was stolen is worth nothing on the
connection of another node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from certs.x509 import CertificateError, Chain, Purpose, members
from connector.errors import RefusedError, UnauthenticatedError

Mode = Literal["off", "wanted", "required"]
Verify = Callable[[Sequence[bytes], Purpose], Chain]
"""A good path, not revoked, to a root that is believed; raises `CertificateError`."""


class MutualTls:
    """What the settings want of the connections of peers."""

    def __init__(self, mode: Mode, verify: Verify) -> None:
        self._mode, self._verify = mode, verify

    def check(self, shown: Sequence[bytes], caller: str) -> None:
        """Is it `caller` (a DID) that is connected? `shown` are the certificates of the connection in DER.

        Raises `RefusedError` (`certificate.*`, `revocation.*`) for a certificate that is not good, and
        `UnauthenticatedError`: `tls.other_member`, and `tls.certificate_missing` where one is required.
        """
        if self._mode == "off":
            return
        if not shown:
            if self._mode == "required":
                raise UnauthenticatedError("tls.certificate_missing")
            return
        try:
            names = members(self._verify(shown, Purpose.CLIENT).leaf)
        except CertificateError as error:
            raise RefusedError(error.code, **error.params) from None
        if names != (caller,):
            raise UnauthenticatedError("tls.other_member")
