"""What a device believes of a package before it installs anything."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from edge_node.errors import PackageError
from edge_node.packages import announced
from scripts.lib.packing.signing import signed

NAME = "allmende-edge_0.2.0_arm64.deb"


class Medium:
    """A package with its announcement, and the keys of a machine."""

    def __init__(self, folder: Path) -> None:
        self.keys, self.package = folder / "keys", folder / NAME
        self.keys.mkdir()
        own = Ed25519PrivateKey.generate()
        self.private = folder / "private.pem"
        self.private.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.trust("ours", own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.package.write_bytes(b"deb" * 1000)
        self.said = signed(self.package, "allmende-edge", "0.2.0", "arm64", self.private)

    def trust(self, name: str, pem: bytes) -> None:
        (self.keys / f"{name}.pem").write_bytes(pem)

    def read(self) -> announced.Announced:
        return announced.read(self.said, self.keys)


@pytest.fixture
def medium(tmp_path: Path) -> Medium:
    return Medium(tmp_path)


def refused(medium: Medium) -> str:
    with pytest.raises(PackageError) as failure:
        medium.read()
    return failure.value.code


def test_what_is_signed_is_read_and_copied(medium: Medium) -> None:
    told = medium.read()
    assert (told.package, told.version, told.architecture, told.file) == ("allmende-edge", "0.2.0", "arm64", NAME)
    target = io.BytesIO()
    announced.copy(told, medium.package, target)
    assert target.getvalue() == b"deb" * 1000


def test_any_of_several_keys_may_sign_and_others_are_passed_over(medium: Medium) -> None:
    other = generate_private_key(SECP256R1()).public_key()
    medium.trust("a-other-kind", other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    medium.trust("b-nonsense", b"-----BEGIN PUBLIC KEY-----\n")
    assert medium.read().version == "0.2.0"


def test_without_a_key_nothing_is_believed(medium: Medium) -> None:
    (medium.keys / "ours.pem").unlink()
    assert refused(medium) == "update.keys"


def test_a_key_that_is_not_ours(medium: Medium) -> None:
    strange = Ed25519PrivateKey.generate().public_key()
    medium.trust("ours", strange.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert refused(medium) == "update.signature"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"0.2.0", b"0.2.1"),
        lambda data: data.replace(b"Signature: ", b"Signature:"),
        lambda data: data.rpartition(b"Signature: ")[0],
        lambda data: data[:-5] + b"\n",
        lambda data: data.replace(b"Signature: ", b"Signature: !"),
        lambda data: b"Package: allmende\n" + data,
        lambda data: data + b"Package: allmende\n",
        lambda data: b"",
        lambda data: b"\xff" * 70_000,
    ],
)
def test_a_changed_announcement(medium: Medium, change: object) -> None:
    medium.said.write_bytes(change(medium.said.read_bytes()))  # type: ignore[operator]
    assert refused(medium) == "update.signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("package", "bash"),
        ("package", "--force-all"),
        ("version", "-1"),
        ("version", "0.2.0\nMore: yes"),
        ("name", "../allmende-edge.deb"),
    ],
)
def test_signed_but_not_understood(medium: Medium, name: str, value: str) -> None:
    package, version, file = "allmende-edge", "0.2.0", medium.package
    if name == "name":
        text = medium.said.read_text().replace(f"File: {NAME}", f"File: {value}").rpartition("Signature")[0]
        key = Ed25519PrivateKey.generate()
        medium.trust("ours", key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        medium.said.write_text(f"{text}Signature: {base64.b64encode(key.sign(text.encode())).decode()}\n")
    else:
        package, version = (value, version) if name == "package" else (package, value)
        medium.said = signed(file, package, version, "arm64", medium.private)
    assert refused(medium) == "update.unknown"


@pytest.mark.parametrize("content", [b"", b"deb" * 999, b"deb" * 1000 + b"!", b"dab" * 1000])
def test_other_bytes_than_were_signed(medium: Medium, content: bytes) -> None:
    told = medium.read()
    medium.package.write_bytes(content)
    with pytest.raises(PackageError) as failure:
        announced.copy(told, medium.package, io.BytesIO())
    assert failure.value.code == "update.content"


def test_what_is_not_there(medium: Medium, tmp_path: Path) -> None:
    told = medium.read()
    medium.package.unlink()
    with pytest.raises(PackageError) as failure:
        announced.copy(told, medium.package, io.BytesIO())
    assert failure.value.code == "update.missing"
    medium.said.unlink()
    assert refused(medium) == "update.missing"
