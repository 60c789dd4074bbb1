"""Requests for certificates and the answers to them, as EST carries both."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from certs import enrol
from certs.authority import subject
from certs.enrol import EnrolError, PrivateKey
from tests.harness.trustdomain import TOWN, Hand

P256 = ec.generate_private_key(ec.SECP256R1())
Form = Callable[[x509.CertificateSigningRequestBuilder], x509.CertificateSigningRequestBuilder]


def csr(
    form: Form = lambda made: made, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = P256
) -> x509.CertificateSigningRequest:
    return form(x509.CertificateSigningRequestBuilder(subject_name=subject("", "town"))).sign(key, hashes.SHA256())


def sent(made: x509.CertificateSigningRequest) -> bytes:
    return base64.b64encode(made.public_bytes(Encoding.DER))


def refused(body: bytes) -> str:
    with pytest.raises(EnrolError) as caught:
        enrol.read(body)
    return caught.value.code


@pytest.mark.parametrize("key", [P256, Ed25519PrivateKey.generate()])
def test_what_is_made_is_read(key: PrivateKey) -> None:
    found = enrol.read(enrol.request(key, TOWN, ["town.example", "127.0.0.1"]))
    assert (found.names, found.hosts) == ((TOWN,), ("town.example", "127.0.0.1"))
    assert found.key == key.public_key()


def test_requests_come_in_lines_in_one_line_and_as_they_are() -> None:
    der = csr().public_bytes(Encoding.DER)
    spellings = [base64.encodebytes(der), base64.b64encode(der), der, b"\r\n " + base64.b64encode(der)]
    assert len({enrol.read(one).key_hash for one in spellings}) == 1


def test_x4_a_request_that_its_key_has_not_signed_is_refused() -> None:
    der = bytearray(csr().public_bytes(Encoding.DER))
    der[-1] ^= 1
    assert refused(base64.b64encode(bytes(der))) == "request.signature"


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP224R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
    ],
)
def test_x4_a_weak_or_foreign_key_is_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    assert refused(sent(csr(key=key))) == "request.weak"


@pytest.mark.parametrize(
    "extension",
    [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.SubjectAlternativeName([x509.RFC822Name("mayor@town.example")]),
        x509.SubjectAlternativeName([x509.DirectoryName(subject("", "x"))]),
    ],
)
def test_authorities_and_other_kinds_of_names_are_not_given(extension: x509.ExtensionType) -> None:
    assert refused(sent(csr(lambda made: made.add_extension(extension, critical=False)))) == "request.form"


@pytest.mark.parametrize("body", [b"", b"!", b"AAAA", b"\x30\x80", b"A" * 20_000, base64.b64encode(b"x" * 50)])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    assert refused(body) == "request.form"


def test_certificates_are_sent_and_read() -> None:
    root = Hand.root()
    both = (root.end(), root.certificate)
    body = enrol.certs_only(both)
    assert set(enrol.read_certificates(body)) == set(both)
    assert body.split() == [body]


@pytest.mark.parametrize("body", [b"", b"!", b"AAAA", base64.b64encode(b"\x30\x03\x02\x01\x01"), b"A" * 100_000])
def test_what_are_no_certificates_is_refused(body: bytes) -> None:
    with pytest.raises(EnrolError) as caught:
        enrol.read_certificates(body)
    assert caught.value.code == "answer.form"


def test_the_attributes_are_well_formed_and_name_the_curve() -> None:
    der = base64.b64decode(enrol.attributes())
    assert (der[0], der[1]) == (0x30, len(der) - 2)
    assert bytes.fromhex("06082a8648ce3d030107") in der
