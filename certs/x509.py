"""Certificates of others: reading them, and the path from one of them to a root that is trusted.

What lives here: bounds on what is read, the path (RFC 5280, 6.1, by `cryptography`: signatures, periods, authorities,
their depth, key usage, the names that an authority may give), and what an end certificate must be for. What does not:
revocation (`revocation`), which roots are trusted, fetching (no URL in a certificate is ever followed here). Pure:
bytes and the instant are arguments; instants are microseconds UTC.

Names in a subject are for people. Who a certificate is about stands in its alternative names alone (RFC 9525, 6.3 says
the same of servers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from hashlib import sha256
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError
from msgspec import Struct

from certs.authority import instant, when
from certs.jwk import PublicKey

MAX_BYTES = 65_536
"""Bytes of a chain, in either form."""
MAX_CERTIFICATES = 32
"""In one chain, or offered beside it: what a region has after some changes of its keys."""
MAX_DEPTH = 4
"""Authorities between an end certificate and a root."""
E = TypeVar("E", bound=x509.ExtensionType)
_BEGIN = b"-----BEGIN CERTIFICATE-----"


class CertificateError(Exception):
    """A certificate that must not be relied on. `code` says why, `params` name what it is about."""

    def __init__(self, code: str, /, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Purpose(Enum):
    """What a certificate is shown for: by a client of a connection, or for signatures of its own."""

    CLIENT = "client"
    SIGNING = "signing"


class Chain(Struct, frozen=True, eq=False):
    """A path that was found good: the end certificate first, the root last. `until` is when the first of them ends;
    nothing is said about revocation."""

    certificates: tuple[x509.Certificate, ...]
    until: int

    @property
    def leaf(self) -> x509.Certificate:
        """The end certificate."""
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        """The trusted one that all rests on."""
        return self.certificates[-1]


# --- reading ----------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in PEM text, or the one in DER. Raises `CertificateError` `certificate.form`."""
    if len(data) > MAX_BYTES:
        raise CertificateError("certificate.form")
    try:
        if _BEGIN not in data:
            return (x509.load_der_x509_certificate(data),)
        found = tuple(x509.load_pem_x509_certificates(data))
    except ValueError:
        raise CertificateError("certificate.form") from None
    if not 0 < len(found) <= MAX_CERTIFICATES:
        raise CertificateError("certificate.form")
    return found


def text(certificates: Iterable[x509.Certificate]) -> str:
    """Certificates as PEM, one after the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def members(certificate: x509.Certificate) -> tuple[str, ...]:
    """The URIs that a certificate is about: DIDs of nodes, URNs of devices."""
    return tuple(_alternatives(certificate, x509.UniformResourceIdentifier))


def hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    """The host names and addresses that a certificate is about."""
    found = _alternatives(certificate, x509.IPAddress)
    return (*_alternatives(certificate, x509.DNSName), *map(str, found))


def _alternatives(
    certificate: x509.Certificate, kind: type[x509.UniformResourceIdentifier | x509.DNSName | x509.IPAddress]
) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    except ValueError:
        raise CertificateError("certificate.form") from None
    return [str(one) for one in names.get_values_for_type(kind)]


def begins(certificate: x509.Certificate) -> int:
    """From when on a certificate counts."""
    return instant(certificate.not_valid_before_utc)


def ends(certificate: x509.Certificate) -> int:
    """From when on a certificate does not count any more."""
    return instant(certificate.not_valid_after_utc)


def key_hash(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """SHA-256 of the public key as it stands there, in hex."""
    key = certificate.public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_for(certificate: x509.Certificate, key: PublicKey) -> bool:
    """Is this the certificate of that key? Compared is the key itself, not what it is called."""
    try:
        return certificate.public_key() == key.key
    except (ValueError, UnsupportedAlgorithm):
        return False


# --- judging ----------------------------------------------------------------------------------------------------------


def path(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    *,
    roots: Sequence[x509.Certificate],
    now: int,
    purpose: Purpose,
) -> Chain:
    """A path from `leaf` over some of `others` to one of `roots`, good at `now`.

    Raises `CertificateError`: `certificate.untrusted` (no path; also where one of its parts is expired, or an authority
    may not certify this), `certificate.expired`, `certificate.early` (the end certificate itself), `certificate.kind`
    (it is an authority's), `certificate.purpose` (it is for something else), `certificate.weak` (its key is).
    """
    if len(others) > MAX_CERTIFICATES or not roots:
        raise CertificateError("certificate.untrusted")
    if now < begins(leaf):
        raise CertificateError("certificate.early")
    if now >= ends(leaf):
        raise CertificateError("certificate.expired")
    _check_end(leaf, purpose)
    return _verified(leaf, others, roots, now, _END)


def check_authority(one: x509.Certificate, *, roots: Sequence[x509.Certificate], below: int, now: int) -> None:
    """Has one of `roots` certified this authority, which may have `below` levels of others? Raises `CertificateError`
    `certificate.untrusted`."""
    found = _verified(one, (), roots, now, ExtensionPolicy.webpki_defaults_ca())
    basic = _extension(found.leaf.extensions, x509.BasicConstraints)
    if basic is None or not basic.ca or (basic.path_length is not None and basic.path_length < below):
        raise CertificateError("certificate.untrusted")


def _verified(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: int,
    policy: ExtensionPolicy,
) -> Chain:
    rules = PolicyBuilder().store(Store(list(roots))).time(when(now)).max_chain_depth(MAX_DEPTH)
    rules = rules.extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=policy)
    try:
        found = rules.build_client_verifier().verify(leaf, list(others)).chain
    except (VerificationError, ValueError, UnsupportedAlgorithm):
        raise CertificateError("certificate.untrusted") from None
    return Chain(tuple(found), min(map(ends, found)))


# What an end certificate of ours has to say is looked at below, with a code for each; here it must only say it well.
_END = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, None)


def _check_end(leaf: x509.Certificate, purpose: Purpose) -> None:
    try:
        extensions = leaf.extensions
        strong = is_strong(leaf.public_key())
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError("certificate.form") from None
    if not strong:
        raise CertificateError("certificate.weak")
    if (basic := _extension(extensions, x509.BasicConstraints)) is not None and basic.ca:
        raise CertificateError("certificate.kind")
    usage, uses = _extension(extensions, x509.KeyUsage), _extension(extensions, x509.ExtendedKeyUsage)
    if usage is None or not usage.digital_signature or not _serves(uses, purpose):
        raise CertificateError("certificate.purpose")


def _serves(uses: x509.ExtendedKeyUsage | None, purpose: Purpose) -> bool:
    """A certificate for connections says so; one for signatures is a seal's, or that of a web server in many places."""
    named = frozenset(uses or ())
    match purpose:
        case Purpose.CLIENT:
            return ExtendedKeyUsageOID.CLIENT_AUTH in named
        case Purpose.SIGNING:
            return True


def _extension(extensions: x509.Extensions, kind: type[E]) -> E | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_strong(key: object) -> bool:
    """Is this a key that signs well enough? P-256, P-384, Ed25519; RSA from 2048 bits on."""
    match key:
        case Ed25519PublicKey():
            return True
        case ec.EllipticCurvePublicKey():
            return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)
        case rsa.RSAPublicKey():
            return key.key_size >= 2048
        case _:
            return False
