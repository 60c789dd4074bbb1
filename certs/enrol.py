"""What is sent to get a certificate and what comes back: PKCS #10 and certs-only PKCS #7 as EST carries them.

What lives here: reading a request strictly (RFC 2986; RFC 7030, 4.2; base64 as RFC 8951, 3 clarifies it), making one,
the answers, and what a request should look like (RFC 7030, 4.5.2). What does not: who may have which name
(`connector.services.region.certificates`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from msgspec import Struct

from certs.authority import PublicKey, digest, host_of, subject
from certs.x509 import MAX_BYTES, key_hash

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | Ed25519PrivateKey
MAX_REQUEST = 16_384
"""Bytes of a request as it is sent."""
ATTRIBUTES = bytes.fromhex("3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302")
"""What a request should have (CsrAttrs in DER): a key on the curve P-256, and a signature by ECDSA with SHA-256."""


class EnrolError(Exception):
    """A request or an answer that cannot be used. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Request(Struct, frozen=True, eq=False):
    """A request whose signature proves that its sender has the key. What it asks for is proved by nothing.

    `names` are the URIs and `hosts` the host names and addresses that it wants; `key_hash` is of its public key.
    """

    key: PublicKey
    key_hash: str
    names: tuple[str, ...]
    hosts: tuple[str, ...]


def read(body: bytes) -> Request:
    """A request as it comes over EST: base64 of DER.

    Raises `EnrolError`: `request.form` (also: an authority's certificate is asked for, or a kind of name that is not
    given here), `request.signature`, `request.weak` (another key than P-256 or Ed25519).
    """
    if len(body) > MAX_REQUEST:
        raise EnrolError("request.form")
    try:
        found = x509.load_der_x509_csr(_decoded(body))
        key = found.public_key()
        signed = found.is_signature_valid
        names = _names(found)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EnrolError("request.form") from None
    if not isinstance(key, Ed25519PublicKey) and not (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    ):
        raise EnrolError("request.weak")
    if not signed:
        raise EnrolError("request.signature")
    uris = tuple(one.value for one in names if isinstance(one, x509.UniformResourceIdentifier))
    hosts = tuple(str(one.value) for one in names if isinstance(one, x509.DNSName | x509.IPAddress))
    return Request(key, key_hash(found), uris, hosts)


def _names(found: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """The alternative names asked for. Raises `EnrolError` for what no end certificate here says."""
    for one in found.extensions:
        if isinstance(one.value, x509.BasicConstraints) and one.value.ca:
            raise EnrolError("request.form")
    try:
        names = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
    if not all(isinstance(one, x509.UniformResourceIdentifier | x509.DNSName | x509.IPAddress) for one in names):
        raise EnrolError("request.form")
    return names


def request(key: PrivateKey, member: str, hosts: Sequence[str]) -> bytes:
    """A request for `member` (a DID or URN; "" for a device, which hears its name with the certificate) and these
    hosts, as EST carries it."""
    names = [*([x509.UniformResourceIdentifier(member)] if member else []), *map(host_of, hosts)]
    made = x509.CertificateSigningRequestBuilder(subject_name=subject("", member))
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    algorithm = None if isinstance(key, Ed25519PrivateKey) else digest(key)
    return _encoded(made.sign(key, algorithm).public_bytes(Encoding.DER))


def certs_only(certificates: Sequence[x509.Certificate]) -> bytes:
    """Certificates as EST answers with them: base64 of a PKCS #7 without content or signature (RFC 5652, 5.2)."""
    return _encoded(pkcs7.serialize_certificates(list(certificates), Encoding.DER))


def read_certificates(body: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of such an answer. Raises `EnrolError` `answer.form`."""
    try:
        found = tuple(pkcs7.load_der_pkcs7_certificates(_decoded(body))) if len(body) <= MAX_BYTES else ()
    except (ValueError, TypeError, UnsupportedAlgorithm, EnrolError):
        found = ()
    if not found:
        raise EnrolError("answer.form")
    return found


def attributes() -> bytes:
    """What a request should have, as EST answers with it."""
    return _encoded(ATTRIBUTES)


def _encoded(der: bytes) -> bytes:
    """In one line, as RFC 4648 has it and RFC 8951, 3.1 wants it: some readers stumble over others."""
    return base64.b64encode(der)


def _decoded(body: bytes) -> bytes:
    """Base64 with white space anywhere; or DER as it is, which some clients send."""
    if body[:1] == b"\x30":
        return body
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise EnrolError("request.form") from None
