"""A region's trust domain in memory and on disk, and certificates that are wrong in one respect.

What lives here: making them for tests, with whatever extensions a test wants. What does not: judging them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs import authority, region
from certs.authority import BACKDATED, DAY, Authority, Profile, Wanted, when
from certs.region import RegionKeys
from certs.x509 import read

NOW = 1_800_000_000_000_000
TOWN = "did:web:town.example"
Extensions: TypeAlias = Sequence[tuple[x509.ExtensionType, bool]]


def made(
    folder: Path, name: str = "Region Elbland", *, now: int = NOW, url: str = "https://region.example"
) -> RegionKeys:
    """A new region on disk."""
    return region.create(folder, name=name, public_url=url, now=now)


def issue(
    signer: Authority,
    profile: Profile = Profile.NODE,
    *,
    member: str = TOWN,
    hosts: tuple[str, ...] = ("town.example",),
    key: ec.EllipticCurvePrivateKey | None = None,
    now: int = NOW,
    days: float = 90,
    serial: int = 0,
) -> x509.Certificate:
    """An end certificate of a region's authority, as the product makes them."""
    wanted = Wanted(
        profile=profile,
        member=member,
        name="town",
        key=(key or ec.generate_private_key(ec.SECP256R1())).public_key(),
        hosts=hosts if profile is Profile.NODE else (),
        begins=now - BACKDATED,
        ends=now + int(days * DAY),
        serial=serial or x509.random_serial_number(),
    )
    return signer.issue(wanted, public_url="https://region.example")


def between(keys: RegionKeys) -> list[x509.Certificate]:
    """The certificates between a region's roots and its end certificates."""
    return [read(one.encode())[0] for one in keys.intermediates]


def private(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


# --- by hand ----------------------------------------------------------------------------------------------------------

CERTIFIES = authority.usage(certifies=True)
SIGNS = authority.usage(signs=True)


def basic(ca: bool, below: int | None = None) -> tuple[x509.ExtensionType, bool]:
    """Basic constraints."""
    return x509.BasicConstraints(ca=ca, path_length=below), True


def names(*hosts: str) -> tuple[x509.ExtensionType, bool]:
    """Alternative names: hosts, and the DID of the first."""
    alternatives = [x509.UniformResourceIdentifier(f"did:web:{hosts[0]}"), *map(x509.DNSName, hosts)]
    return x509.SubjectAlternativeName(alternatives), False


CLIENT = (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), False)
AUTHORITY: Extensions = (basic(True, 0), (CERTIFIES, True))
END: Extensions = (basic(False), (SIGNS, True), CLIENT, names("town.example"))


class Hand:
    """An authority whose certificates say whatever a test wants."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.key, self.certificate = key, certificate

    @classmethod
    def root(cls, name: str = "Root", now: int = NOW) -> Hand:
        """A root, signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _signed(name, authority.subject("", name), key, key, (basic(True), (CERTIFIES, True)), now))

    def below(self, extensions: Extensions = AUTHORITY, name: str = "Authority", now: int = NOW) -> Hand:
        """An authority that this one has certified."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Hand(key, _signed(name, self.certificate.subject, key, self.key, extensions, now))

    def end(
        self, extensions: Extensions = END, now: int = NOW, key: ec.EllipticCurvePrivateKey | None = None
    ) -> x509.Certificate:
        """An end certificate."""
        return _signed(
            "Town", self.certificate.subject, key or ec.generate_private_key(ec.SECP256R1()), self.key, extensions, now
        )


def _signed(
    subject: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extensions: Extensions,
    now: int,
) -> x509.Certificate:
    form = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=authority.subject("", subject),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=when(now - DAY),
        not_valid_after=when(now + 30 * DAY),
    )
    form = form.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    form = form.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    for extension, critical in extensions:
        form = form.add_extension(extension, critical)
    return form.sign(signer, hashes.SHA256())
