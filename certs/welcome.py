"""The welcome that a device pins its node by: who the node is and which keys sign what it tells.

What lives here: the document, made by the node and read by the device, signed by the authority that has certified the
device. What does not: where it is asked for (`connector.http.edge`), where it is kept (`edge_node.place.identity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from certs import cose, jwk
from certs.cose import CoseError, Private
from certs.jwk import Jwk, JwkError, PublicKey

if TYPE_CHECKING:  # a device holds keys of nodes, and loads nothing of certificates for that
    from cryptography import x509

CONTENT: Final = "application/json"
_MOST = 65_536


class WelcomeError(Exception):
    """No welcome that counts. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Welcome(Struct, frozen=True):
    """What a device pins: its node and this node's public keys that sign what it is told, and who it is itself. `at`
    is when it was said, in microseconds UTC."""

    node: str
    keys: tuple[Jwk, ...]
    device: str
    name: str
    at: int


def make(authority: Private, said: Welcome) -> bytes:
    """A welcome, signed by the region's authority for devices."""
    return cose.sign(authority, cose.kid_of(authority.public_key()), msgspec.json.encode(said), content=CONTENT)


def read(message: bytes, authorities: Sequence[x509.Certificate]) -> Welcome:
    """The welcome, signed by one of these authorities, whose path to the root has been judged. Raises `WelcomeError`:
    `welcome.form`, `welcome.signature`."""
    try:
        found = cose.verify(message[:_MOST], _named(authorities))
    except CoseError as error:
        unproved = error.code in ("cose.key", "cose.signature", "cose.algorithm")
        raise WelcomeError("welcome.signature" if unproved else "welcome.form") from None
    try:
        said = msgspec.json.decode(found.payload, type=Welcome)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WelcomeError("welcome.form") from None
    if found.content != CONTENT or not keys_of(said.keys):
        raise WelcomeError("welcome.form")
    return said


def _named(authorities: Sequence[x509.Certificate]) -> Mapping[bytes, PublicKey]:
    keys = [one.public_key() for one in authorities]
    ours = [key for key in keys if isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey)]
    return {cose.kid_of(key): jwk.of(key) for key in ours}


def keys_of(keys: Sequence[Jwk]) -> Mapping[bytes, PublicKey]:
    """Keys by what messages call them. Raises `WelcomeError` `welcome.form`."""
    try:
        read = [jwk.read(one) for one in keys]
    except (JwkError, TypeError):
        raise WelcomeError("welcome.form") from None
    return {cose.kid_of(one.key): one for one in read}
