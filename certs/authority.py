"""Making certificates: the profiles of a region's trust domain, lists of revocations, answers about one certificate.

What lives here: what stands in each kind of certificate (RFC 5280, 4.2), in a CRL (5.2) and in an OCSP response (RFC
6960). What does not: whether somebody may have one (`connector.services.region.certificates`), judging those of others
(`x509`), files (`region`). Serial numbers and instants are arguments; instants are microseconds UTC.

A region has a root, and below it one authority for nodes and one for devices. Neither may make further authorities, and
the devices' may certify no server: whoever steals its key cannot pose as one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from msgspec import Struct

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | Ed25519PublicKey

SECOND = 1_000_000
DAY = 86_400 * SECOND
BACKDATED = 2 * DAY + 3_600 * SECOND
"""How long before its making a certificate counts already: clocks that are two days late accept it."""
ROOT_DAYS, AUTHORITY_DAYS = 20 * 365, 5 * 365
_NAME = 64
"""Longest name of a person, organisation or thing in a subject (RFC 5280, Appendix A.1)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Profile(StrEnum):
    """What an end certificate is for: a node's connections, a node's signatures (`x5u`), a device's connections."""

    NODE = "node"
    SIGNING = "signing"
    DEVICE = "device"


class Wanted(Struct, frozen=True, kw_only=True):
    """What an end certificate shall say. `member` is a DID or URN, `hosts` names and addresses, `name` a short name."""

    profile: Profile
    member: str
    name: str
    key: PublicKey
    hosts: tuple[str, ...] = ()
    begins: int
    ends: int
    serial: int


class Revoked(Struct, frozen=True):
    """A certificate that does not count any more: its serial number, since when, and why."""

    serial: int
    at: int
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified


class Standing(Enum):
    """What is said of a certificate that was not revoked: issued here and good, or not known here."""

    GOOD = "good"
    UNKNOWN = "unknown"


Status: TypeAlias = Standing | Revoked


class Authority:
    """A key that signs certificates, and its own certificate."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.key, self.certificate = key, certificate

    def __repr__(self) -> str:
        return f"Authority({self.certificate.subject.rfc4514_string()})"

    @property
    def name(self) -> str:
        """What its list is called: the beginning of its key's identifier, in hex."""
        return name_of(self.certificate)

    @property
    def ends(self) -> int:
        """From when on its certificate does not count."""
        return instant(self.certificate.not_valid_after_utc)

    def issue(self, wanted: Wanted, *, public_url: str) -> x509.Certificate:
        """An end certificate. It never outlives the authority's own."""
        own = self.certificate
        made = x509.CertificateBuilder(
            issuer_name=own.subject,
            subject_name=subject(organisation(own), wanted.name),
            public_key=wanted.key,
            serial_number=wanted.serial,
            not_valid_before=when(max(wanted.begins, instant(own.not_valid_before_utc))),
            not_valid_after=when(min(wanted.ends, self.ends)),
        )
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(usage(signs=True), critical=True)
        if uses := _EXTENDED[wanted.profile]:
            made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        names = [x509.UniformResourceIdentifier(wanted.member), *map(host_of, wanted.hosts)]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        ask = x509.UniformResourceIdentifier(f"{public_url}/ocsp")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, ask)
        made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return self._identified(made, wanted.key, public_url).sign(self.key, digest(self.key))

    def certify(self, form: x509.CertificateBuilder, key: PublicKey, public_url: str) -> x509.Certificate:
        """The certificate of another authority, prepared by `authority_form`. Nobody is asked about it live: the key
        that would have to answer lies in a safe."""
        form = self._identified(form.issuer_name(self.certificate.subject), key, public_url)
        return form.sign(self.key, digest(self.key))

    def _identified(self, made: x509.CertificateBuilder, key: PublicKey, public_url: str) -> x509.CertificateBuilder:
        """With the identifiers of both keys, and the place of the list."""
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_identifier(self.certificate))
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        made = made.add_extension(issuer, critical=False)
        url = x509.UniformResourceIdentifier(f"{public_url}/crl/{self.name}.crl")
        return made.add_extension(x509.CRLDistributionPoints([_point(url)]), critical=False)

    def revocations(self, revoked: Sequence[Revoked], *, number: int, made: int, until: int) -> bytes:
        """A complete list in DER: everything revoked, with its `number`, which only ever grows."""
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self.certificate.subject, last_update=when(made), next_update=when(until)
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_identifier(self.certificate))
        builder = builder.add_extension(issuer, critical=False)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder(serial_number=one.serial, revocation_date=when(one.at))
            if one.reason is not x509.ReasonFlags.unspecified:  # RFC 5280, 5.3.1: then it is left out
                entry = entry.add_extension(x509.CRLReason(one.reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, digest(self.key)).public_bytes(Encoding.DER)

    def answer(self, asked: ocsp.OCSPRequest, status: Status, *, made: int, until: int) -> bytes:
        """An OCSP response in DER to a request about one of this authority's certificates, signed by itself (RFC 6960,
        4.2.2.2), with the request's nonce where it has one."""
        revoked = status if isinstance(status, Revoked) else None
        said = ocsp.OCSPCertStatus.REVOKED if isinstance(status, Revoked) else _OCSP[status]
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash,
            issuer_key_hash=asked.issuer_key_hash,
            serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm,
            cert_status=said,
            this_update=when(made),
            next_update=when(until),
            revocation_time=when(revoked.at) if revoked else None,
            revocation_reason=revoked.reason if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        for nonce in (one.value for one in asked.extensions if isinstance(one.value, x509.OCSPNonce)):
            builder = builder.add_extension(nonce, critical=False)
        return builder.sign(self.key, digest(self.key)).public_bytes(Encoding.DER)

    def is_asked(self, asked: ocsp.OCSPRequest) -> bool:
        """Is this request about a certificate of this authority? (RFC 6960, 4.1.1: the hash of its key's bits.)"""
        return asked.issuer_key_hash == key_bits_hash(self.key.public_key(), asked.hash_algorithm)


# --- authorities ------------------------------------------------------------------------------------------------------


def root(region: str, key: ec.EllipticCurvePrivateKey, *, number: int, serial: int, now: int) -> x509.Certificate:
    """A region's root: signed by itself, for two levels of authorities, so that a later root can stand between."""
    name = titled(region, f"Root {number}")
    made = authority_form(name, key.public_key(), serial=serial, now=now, days=ROOT_DAYS, below=2).issuer_name(name)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return made.sign(key, digest(key))


def authority_form(
    name: x509.Name, key: PublicKey, *, serial: int, now: int, days: int = AUTHORITY_DAYS, below: int = 0
) -> x509.CertificateBuilder:
    """The certificate of an authority before it is signed; `below` is how many levels of others it may certify."""
    made = x509.CertificateBuilder(
        subject_name=name,
        public_key=key,
        serial_number=serial,
        not_valid_before=when(now - BACKDATED),
        not_valid_after=when(now + days * DAY),
    )
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
    return made.add_extension(usage(certifies=True), critical=True)


def nodes_names(suffixes: Sequence[str]) -> x509.NameConstraints | None:
    """What an authority for nodes may name: hosts below `suffixes` and no address; without any, whatever it likes."""
    addresses = [x509.IPAddress(ipaddress.ip_network(one)) for one in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints(list(map(x509.DNSName, suffixes)), addresses) if suffixes else None


DEVICES_NAMES = x509.NameConstraints([x509.DNSName("invalid")], None)
"""An authority for devices may name no host: a list of none cannot be written down, so it is the one domain that nobody
can have (RFC 6761, 6.4). Addresses are left to `DEVICES_USE`: not everybody understands constraints on them."""
DEVICES_USE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
"""Whatever an authority for devices certifies is good for the clients of connections alone (RFC 5280, 4.2.1.12)."""


# --- parts ------------------------------------------------------------------------------------------------------------

_OCSP = {Standing.GOOD: ocsp.OCSPCertStatus.GOOD, Standing.UNKNOWN: ocsp.OCSPCertStatus.UNKNOWN}
_EXTENDED = {
    Profile.NODE: (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    Profile.SIGNING: (),
    Profile.DEVICE: (ExtendedKeyUsageOID.CLIENT_AUTH,),
}


def when(instant: int) -> datetime:
    """An instant as certificates have it: whole seconds."""
    return _EPOCH + timedelta(seconds=instant // SECOND)


def instant(time: datetime) -> int:
    """A time of a certificate in microseconds UTC."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def name_of(certificate: x509.Certificate) -> str:
    """What the list of this authority is called: the beginning of its key's identifier, in hex."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest.hex()[:16]


def digest(key: ec.EllipticCurvePrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The digest that goes with a curve (RFC 5758, 3.2)."""
    return hashes.SHA384() if isinstance(key.curve, ec.SECP384R1) else hashes.SHA256()


def key_bits_hash(key: CertificatePublicKeyTypes, algorithm: hashes.HashAlgorithm) -> bytes:
    """The hash of a key's bits alone, by which OCSP names who has issued a certificate (RFC 6960, 4.1.1)."""
    match key:
        case ec.EllipticCurvePublicKey():
            bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        case rsa.RSAPublicKey():
            bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        case _:
            bits = key.public_bytes(Encoding.Raw, PublicFormat.Raw) if isinstance(key, Ed25519PublicKey) else b""
    made = hashes.Hash(algorithm)
    made.update(bits)
    return made.finalize()


def subject(organisation: str, name: str) -> x509.Name:
    """A subject of two parts, each cut to what a certificate may hold; an empty one is left out."""
    parts = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(kind, said[:_NAME]) for kind, said in parts if said])


def titled(region: str, role: str) -> x509.Name:
    """An authority's subject: its role is never cut off."""
    return subject(region, f"{region[: _NAME - len(role) - 1]} {role}")


def organisation(certificate: x509.Certificate) -> str:
    """The region that an authority of ours is of."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def _identifier(certificate: x509.Certificate) -> x509.SubjectKeyIdentifier:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value


def _point(url: x509.UniformResourceIdentifier) -> x509.DistributionPoint:
    return x509.DistributionPoint(full_name=[url], relative_name=None, reasons=None, crl_issuer=None)


def host_of(name: str) -> x509.GeneralName:
    """A host as an alternative name: an address or a DNS name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def usage(*, signs: bool = False, certifies: bool = False) -> x509.KeyUsage:
    """What a key may be used for: signatures of its own, and where it certifies those of certificates and lists too."""
    return x509.KeyUsage(
        digital_signature=signs or certifies,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
