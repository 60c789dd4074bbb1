"""Certificates of a listener: served over TLS, renewed while it runs, never replaced by what does not fit."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connector.errors import InputError
from connector.http.tls import Certificate
from tests.connector.http.listening import listening


def write(folder: Path, name: str, *, key_too: bool = True) -> tuple[Path, Path]:
    """A self-signed certificate for `name` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    if key_too:
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key_file


async def served(port: int, sni: str | None = "localhost") -> str:
    """The common name of the certificate that is served now, after one request over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=sni)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    name = x509.load_der_x509_certificate(found).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return str(name)


async def test_a_renewed_certificate_counts_from_the_next_handshake_on(tmp_path: Path) -> None:
    failures: list[str] = []
    certificate = Certificate(*write(tmp_path, "first"), failed=lambda: failures.append("failed"))
    async with listening(certificate=certificate) as listener:
        assert await served(listener.port) == "first"
        write(tmp_path, "second")
        assert await served(listener.port) == "second"
        assert await served(listener.port, sni="") == "second"
        write(tmp_path, "third", key_too=False)
        assert await served(listener.port) == "second"
        (tmp_path / "cert.pem").unlink()
        assert await served(listener.port) == "second"
        assert failures == ["failed", "failed"]
        write(tmp_path, "fourth")
        assert await served(listener.port) == "fourth"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    certificate = Certificate(*write(tmp_path, "first"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(certificate=certificate) as listener:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", listener.port, ssl=context)


@pytest.mark.parametrize("damage", ["missing", "no pem", "another key"])
def test_files_that_cannot_be_used_are_told_at_once(tmp_path: Path, damage: str) -> None:
    certificate, key = write(tmp_path, "first")
    if damage == "missing":
        key.unlink()
    elif damage == "no pem":
        certificate.write_text("nothing")
    else:
        write(tmp_path, "second", key_too=False)
    with pytest.raises(InputError) as caught:
        Certificate(certificate, key)
    assert caught.value.reason.code == "tls.unreadable"


async def test_a_silent_handshake_ends(tmp_path: Path) -> None:
    certificate = Certificate(*write(tmp_path, "first"))
    async with listening(certificate=certificate) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
