"""Paths of certificates: what is good, and every way in which one is not (RFC 5280, 6.1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs import jwk, region
from certs.authority import DAY, Profile
from certs.x509 import (
    MAX_CERTIFICATES,
    CertificateError,
    Purpose,
    check_authority,
    hosts,
    is_for,
    is_strong,
    members,
    path,
    read,
    text,
)
from tests.harness.trustdomain import (
    AUTHORITY,
    CERTIFIES,
    CLIENT,
    END,
    NOW,
    SIGNS,
    TOWN,
    Extensions,
    Hand,
    basic,
    between,
    issue,
    made,
    names,
)


def judged(
    leaf: x509.Certificate,
    others: list[x509.Certificate],
    root: x509.Certificate,
    *,
    now: int = NOW,
    purpose: Purpose = Purpose.CLIENT,
) -> str:
    """The code of the refusal, "" where the path is good."""
    try:
        path(leaf, others, roots=[root], now=now, purpose=purpose)
    except CertificateError as error:
        return error.code
    return ""


def test_what_a_region_issues_is_good_for_what_it_is_for(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    found = path(issue(keys.nodes), between(keys), roots=[keys.root], now=NOW, purpose=Purpose.CLIENT)
    assert [members(found.leaf), hosts(found.leaf)] == [(TOWN,), ("town.example",)]
    assert (found.root, len(found.certificates)) == (keys.root, 3)
    assert found.until == NOW + 90 * DAY
    device = issue(keys.devices, Profile.DEVICE, member="urn:dev:pi7")
    assert judged(device, between(keys), keys.root) == ""
    assert judged(issue(keys.nodes, Profile.SIGNING), between(keys), keys.root, purpose=Purpose.SIGNING) == ""


def test_a_signing_certificate_opens_no_connection(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    assert judged(issue(keys.nodes, Profile.SIGNING), between(keys), keys.root) == "certificate.purpose"


def test_a_clock_that_is_two_days_late_takes_a_new_certificate(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    assert judged(issue(keys.nodes), between(keys), keys.root, now=NOW - 2 * DAY) == ""


@pytest.mark.parametrize(("days", "code"), [(-3, "certificate.early"), (89, ""), (90, "certificate.expired")])
def test_a_certificate_counts_between_its_instants(tmp_path: Path, days: int, code: str) -> None:
    keys = made(tmp_path / "region")
    assert judged(issue(keys.nodes), between(keys), keys.root, now=NOW + days * DAY) == code


def test_an_expired_authority_or_root_ends_what_it_has_certified() -> None:
    root = Hand.root(now=NOW - 40 * DAY)
    assert judged(root.below().end(), [root.below().certificate], root.certificate) == "certificate.untrusted"
    young = Hand.root()
    old = young.below(now=NOW - 40 * DAY)
    assert judged(old.end(), [old.certificate], young.certificate) == "certificate.untrusted"


def test_another_region_is_another_root(tmp_path: Path) -> None:
    keys, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert judged(issue(keys.nodes), between(keys), other.root) == "certificate.untrusted"
    assert judged(issue(keys.nodes), between(other), keys.root) == "certificate.untrusted"


_CONSTRAINED = (x509.NameConstraints([x509.DNSName("a.example")], None), True)


@pytest.mark.parametrize(
    ("extensions", "code"),
    [
        pytest.param(AUTHORITY, "", id="X2-good"),
        pytest.param((basic(False), (CERTIFIES, True)), "certificate.untrusted", id="X2-issuer-is-no-authority"),
        pytest.param(((CERTIFIES, True),), "certificate.untrusted", id="X2-issuer-does-not-say"),
        pytest.param((basic(True, 0), (SIGNS, True)), "certificate.untrusted", id="X2-without-keyCertSign"),
        pytest.param((*AUTHORITY, _CONSTRAINED), "certificate.untrusted", id="X2-name-constraint-broken"),
        pytest.param(
            (*AUTHORITY, (x509.NameConstraints(None, [x509.DNSName("town.example")]), True)),
            "certificate.untrusted",
            id="X2-name-excluded",
        ),
        pytest.param(
            (*AUTHORITY, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)),
            "certificate.untrusted",
            id="X2-critical-and-unknown",
        ),
    ],
)
def test_who_may_certify(extensions: Extensions, code: str) -> None:
    root = Hand.root()
    issuer = root.below(extensions)
    assert judged(issuer.end(), [issuer.certificate], root.certificate) == code


def test_x2_an_authority_has_no_more_levels_below_it_than_it_may() -> None:
    root = Hand.root()
    upper = root.below(AUTHORITY, "Upper")
    lower = upper.below(AUTHORITY, "Lower")
    both = [lower.certificate, upper.certificate]
    assert judged(lower.end(), both, root.certificate) == "certificate.untrusted"
    wider = root.below((basic(True, 1), (CERTIFIES, True)), "Upper")
    lower = wider.below(AUTHORITY, "Lower")
    assert judged(lower.end(), [lower.certificate, wider.certificate], root.certificate) == ""


def test_x2_an_end_certificate_certifies_nobody(tmp_path: Path) -> None:
    keys, key = made(tmp_path / "region"), ec.generate_private_key(ec.SECP256R1())
    town = issue(keys.nodes, key=key)
    forged = Hand(key, town).end((basic(False), (SIGNS, True), CLIENT, names("other.example")))
    assert judged(forged, [town, *between(keys)], keys.root) == "certificate.untrusted"


def test_x2_the_authority_for_devices_names_no_host(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    assert judged(issue(keys.devices), between(keys), keys.root) == "certificate.untrusted"


def test_x2_an_authority_names_what_lies_below_its_suffixes_and_no_address(tmp_path: Path) -> None:
    keys = region.create(tmp_path / "region", name="R", public_url="https://r", now=NOW, suffixes=["elbland.example"])
    for host, code in (
        ("a.elbland.example", ""),
        ("elbland.example", ""),
        ("town.example", "certificate.untrusted"),
        ("elbland.example.evil", "certificate.untrusted"),
        ("10.1.2.3", "certificate.untrusted"),
    ):
        assert judged(issue(keys.nodes, hosts=(host,)), between(keys), keys.root) == code


@pytest.mark.parametrize(
    ("extensions", "code"),
    [
        ((basic(True, 0), (CERTIFIES, True), CLIENT, names("town.example")), "certificate.kind"),
        ((basic(False), CLIENT, names("town.example")), "certificate.purpose"),
        ((basic(False), (SIGNS, True), names("town.example")), "certificate.purpose"),
        (
            (basic(False), (SIGNS, True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)),
            "certificate.purpose",
        ),
        (
            (*END, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)),
            "certificate.untrusted",
        ),
    ],
)
def test_what_an_end_certificate_has_to_say(extensions: Extensions, code: str) -> None:
    root = Hand.root()
    assert judged(root.end(extensions), [], root.certificate) == code


@pytest.mark.parametrize(
    ("key", "strong"),
    [
        (ec.generate_private_key(ec.SECP256R1()), True),
        (ec.generate_private_key(ec.SECP384R1()), True),
        (Ed25519PrivateKey.generate(), True),
        (rsa.generate_private_key(65537, 2048), True),
        (rsa.generate_private_key(65537, 1024), False),
        (ec.generate_private_key(ec.SECP224R1()), False),
        (ec.generate_private_key(ec.SECP256K1()), False),
    ],
)
def test_weak_keys_sign_nothing(
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey, strong: bool
) -> None:
    assert is_strong(key.public_key()) is strong


def test_a_weak_end_key_is_told() -> None:
    root = Hand.root()
    assert judged(root.end(key=ec.generate_private_key(ec.SECP224R1())), [], root.certificate) == "certificate.weak"


def test_nobody_is_trusted_without_roots_and_nothing_endless_is_looked_at() -> None:
    root = Hand.root()
    with pytest.raises(CertificateError):
        path(root.end(), [], roots=[], now=NOW, purpose=Purpose.CLIENT)
    many = [root.below(name=str(n)).certificate for n in range(MAX_CERTIFICATES + 1)]
    assert judged(root.end(), many, root.certificate) == "certificate.untrusted"


def test_an_authority_is_one_that_a_root_has_certified_for_that_depth() -> None:
    root, other = Hand.root(), Hand.root("Other")
    authority = root.below(AUTHORITY).certificate
    check_authority(authority, roots=[root.certificate], below=0, now=NOW)
    for roots, below in (([root.certificate], 1), ([other.certificate], 0)):
        with pytest.raises(CertificateError):
            check_authority(authority, roots=roots, below=below, now=NOW)
    with pytest.raises(CertificateError):
        check_authority(root.end(), roots=[root.certificate], below=0, now=NOW)


def test_chains_are_read_as_text_and_bytes() -> None:
    root = Hand.root()
    chain = (root.end(), root.certificate)
    assert read(text(chain).encode()) == chain
    assert read(chain[0].public_bytes(Encoding.DER)) == chain[:1]


@pytest.mark.parametrize(
    "data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"0" * 70_000]
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        read(data)
    assert caught.value.code == "certificate.form"


def test_a_certificate_is_for_its_own_key() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    certificate = Hand.root().end(key=key)
    assert is_for(certificate, jwk.of(key.public_key()))
    assert not is_for(certificate, jwk.of(other.public_key()))
    assert not is_for(certificate, jwk.of(Ed25519PrivateKey.generate().public_key()))
