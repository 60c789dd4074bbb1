"""Tests of edge_node.place.identity: files of a device, its tokens, and what cannot be used."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs import cose, cwt, jwk
from edge_node.errors import EnrolmentError
from edge_node.place import identity
from edge_node.place.identity import Pins

NOW = 1_800_000_000_000_000
NODE, DEVICE = "did:web:city.example", "did:web:city.example:edge:road-1"
NODE_KEY = generate_private_key(SECP256R1())
PINS = Pins(
    url="https://city.example",
    node=NODE,
    keys=(jwk.write(NODE_KEY.public_key()),),
    root="",
    device=DEVICE,
    name="road-1",
    at=NOW,
)


def draw(count: int) -> bytes:
    return bytes(range(count))


@pytest.fixture
def device(tmp_path: Path) -> Path:
    identity.make_key(tmp_path, "Ed25519")
    identity.write_pins(tmp_path, PINS)
    return tmp_path


def code(directory: Path, **given: Any) -> tuple[str, str]:
    with pytest.raises(EnrolmentError) as caught:
        identity.load(directory, draw=draw, **given)
    return caught.value.code, caught.value.params.get("why", "")


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_device_proves_itself_to_its_node(tmp_path: Path, algorithm: Any) -> None:
    identity.make_key(tmp_path, algorithm)
    identity.write_pins(tmp_path, PINS)
    one = identity.load(tmp_path, draw=draw)
    keys = {one.kid: jwk.of(one.key.public_key())}
    token = cwt.verify(cwt.from_bearer(one.authorization(NOW)), keys, issuer=DEVICE, audience=NODE, now=NOW)
    assert token.id == draw(16)
    assert one.kid == cose.kid_of(one.key.public_key())
    assert (one.device, one.node, one.at("/edge/orders")) == (DEVICE, NODE, "https://city.example/edge/orders")


def test_what_the_node_signs_is_known_by_its_pins(device: Path) -> None:
    message = cose.sign(NODE_KEY, cose.kid_of(NODE_KEY.public_key()), b"orders")
    assert cose.verify(message, identity.load(device, draw=draw).node_keys).payload == b"orders"


def test_files_are_for_their_owner(device: Path) -> None:
    modes = {name: stat.S_IMODE((device / name).stat().st_mode) for name in ("keys", "keys/device.key", "node.json")}
    assert modes == {"keys": 0o700, "keys/device.key": 0o600, "node.json": 0o644}


def test_a_device_without_a_place(tmp_path: Path) -> None:
    assert code(tmp_path) == ("enrol.none", "")
    identity.make_key(tmp_path, "P-256")
    assert code(tmp_path) == ("enrol.none", "")


@pytest.mark.parametrize(("mode", "why"), [(0o640, "key.mode"), (0o604, "key.mode"), (0o700, "key.mode"), (0o400, "")])
def test_a_key_that_others_may_read(device: Path, mode: int, why: str) -> None:
    (device / "keys" / "device.key").chmod(mode)
    if why:
        assert code(device) == ("enrol.files", why)
    else:
        assert identity.load(device, draw=draw)


def test_a_key_that_is_a_link(device: Path) -> None:
    key = device / "keys" / "device.key"
    key.rename(device / "elsewhere")
    key.symlink_to(device / "elsewhere")
    assert code(device) == ("enrol.files", "key.unreadable")


def _pem(key: Any) -> bytes:
    made: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


@pytest.mark.parametrize("content", [b"", b"no key", _pem(generate_private_key(SECP384R1()))])
def test_a_key_of_no_kind(device: Path, content: bytes) -> None:
    (device / "keys" / "device.key").write_bytes(content)
    assert code(device) == ("enrol.files", "form")


def test_a_credential_goes_first(device: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """systemd, LoadCredential=device.key:..."""
    given = tmp_path_factory.mktemp("credentials")
    own = Ed25519PrivateKey.generate()
    (given / "device.key").write_bytes(_pem(own))
    (given / "device.key").chmod(0o400)
    found = identity.load(device, draw=draw, credentials=given)
    assert found.kid == cose.kid_of(own.public_key())
    (given / "device.key").unlink()
    assert identity.load(device, draw=draw, credentials=given).kid != found.kid


def test_a_key_is_not_put_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(EnrolmentError, match=r"enrol\.files"):
        identity.make_key(tmp_path, "P-256")
