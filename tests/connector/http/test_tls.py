"""Certificates of a listener: served over TLS, renewed while it runs, never replaced by what does not fit."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
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


def told(certificate: Certificate) -> str:
    """What health says about the files; "" where all is well."""
    wrong = certificate.wrong()
    return wrong.code if wrong else ""


async def test_a_renewed_certificate_counts_from_the_next_handshake_on(tmp_path: Path) -> None:
    certificate = Certificate(*write(tmp_path, "first"))
    async with listening(certificate=certificate) as listener:
        assert await served(listener.port) == "first"
        write(tmp_path, "second")
        assert await served(listener.port) == "second"
        assert await served(listener.port, sni="") == "second"
        assert told(certificate) == ""


def lacks_its_key(folder: Path) -> None:
    write(folder, "new", key_too=False)


def is_half_there(folder: Path) -> None:
    certificate, _ = write(folder, "new")
    certificate.write_bytes(certificate.read_bytes()[:200])


def is_empty(folder: Path) -> None:
    (folder / "cert.pem").write_bytes(b"")


def is_gone(folder: Path) -> None:
    (folder / "key.pem").unlink()


def is_a_folder(folder: Path) -> None:
    (folder / "key.pem").unlink()
    (folder / "key.pem").mkdir()


@pytest.mark.parametrize("damage", [lacks_its_key, is_half_there, is_empty, is_gone, is_a_folder])
async def test_what_cannot_be_served_leaves_the_former_pair_in_place(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Health says so until a whole pair is there, which then counts without anybody's help."""
    certificate = Certificate(*write(tmp_path, "former"))
    async with listening(certificate=certificate) as listener:
        damage(tmp_path)
        for _ in range(2):
            assert await served(listener.port) == "former"
            assert told(certificate) == "tls.kept"
        if (tmp_path / "key.pem").is_dir():
            (tmp_path / "key.pem").rmdir()
        write(tmp_path, "mended")
        assert told(certificate) == ""
        assert await served(listener.port) == "mended"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
async def test_a_key_that_may_not_be_read_until_later(tmp_path: Path) -> None:
    certificate = Certificate(*write(tmp_path, "former"))
    write(tmp_path, "new")
    (tmp_path / "key.pem").chmod(0)
    assert told(certificate) == "tls.kept"
    (tmp_path / "key.pem").chmod(0o600)
    assert told(certificate) == ""


async def test_renewal_as_certbot_does_it(tmp_path: Path) -> None:
    """Numbered files in one folder, links to them in another, replaced one after the other."""
    archive, live = tmp_path / "archive", tmp_path / "live"
    live.mkdir()

    def issue(number: int) -> None:
        folder = archive / str(number)
        folder.mkdir(parents=True)
        write(folder, f"number {number}")

    def lead(name: str, number: int) -> None:
        fresh = live / f"{name}.new"
        fresh.symlink_to(Path("..") / "archive" / str(number) / name)
        fresh.replace(live / name)

    issue(1)
    lead("cert.pem", 1)
    lead("key.pem", 1)
    certificate = Certificate(live / "cert.pem", live / "key.pem")
    async with listening(certificate=certificate) as listener:
        assert await served(listener.port) == "number 1"
        issue(2)
        assert await served(listener.port) == "number 1"
        lead("cert.pem", 2)
        assert await served(listener.port) == "number 1"
        lead("key.pem", 2)
        assert await served(listener.port) == "number 2"
        assert told(certificate) == ""


async def test_connections_that_are_there_go_on(tmp_path: Path) -> None:
    """Over a renewal, and over one that fails; each request is answered on the connection that it came on."""
    certificate = Certificate(*write(tmp_path, "first"))
    async with listening(certificate=certificate) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context)
        for name in ("first", "second", "third"):
            assert await served(listener.port) == ("second" if name == "third" else name)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            write(tmp_path, "second" if name == "first" else "third", key_too=name == "first")
        writer.close()


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
