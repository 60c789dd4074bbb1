"""Tests of certs.welcome: what a device pins its node by, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from certs import cose, jwk, welcome
from certs.authority import Authority
from certs.region import RegionKeys
from certs.welcome import Welcome, WelcomeError
from tests.harness import trustdomain

KEY, OTHER = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
SAID = Welcome(
    node="did:web:city.example",
    keys=(jwk.write(KEY.public_key()), jwk.write(OTHER.public_key())),
    device="did:web:city.example:edge:road-1",
    name="road-1",
    at=1_800_000_000_000_000,
)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> RegionKeys:
    return trustdomain.made(Path(tmp_path_factory.mktemp("region")))


@pytest.fixture
def authority(region: RegionKeys) -> Authority:
    return region.devices


def refused(message: bytes, *authorities: Authority) -> str:
    with pytest.raises(WelcomeError) as caught:
        welcome.read(message, [one.certificate for one in authorities])
    return caught.value.code


def test_a_welcome_is_read_by_who_knows_the_authority(region: RegionKeys) -> None:
    message = welcome.make(region.devices.key, SAID)
    found = welcome.read(message, [region.nodes.certificate, region.devices.certificate])
    assert found == SAID
    assert welcome.keys_of(found.keys).keys() == {cose.kid_of(KEY.public_key()), cose.kid_of(OTHER.public_key())}


def test_another_authority_welcomes_nobody(region: RegionKeys) -> None:
    message = welcome.make(region.devices.key, SAID)
    assert refused(message) == refused(message, region.nodes) == "welcome.signature"
    assert refused(message[:-1] + bytes([message[-1] ^ 1]), region.devices) == "welcome.signature"


def signed(authority: Authority, payload: bytes, content: Any = welcome.CONTENT) -> bytes:
    return cose.sign(authority.key, cose.kid_of(authority.key.public_key()), payload, content=content)


@pytest.mark.parametrize(
    ("payload", "content"),
    [
        (b"", welcome.CONTENT),
        (b"[" * 5_000, welcome.CONTENT),
        (b"{}", welcome.CONTENT),
        (msgspec.json.encode(SAID), None),
        (msgspec.json.encode(SAID), 61),
        (msgspec.json.encode(replace(SAID, keys=())), welcome.CONTENT),
        (msgspec.json.encode(replace(SAID, keys=({"kty": "oct"},))), welcome.CONTENT),
        (msgspec.json.encode(replace(SAID, keys=({"kty": 1},))), welcome.CONTENT),
    ],
)
def test_what_is_signed_and_no_welcome(authority: Authority, payload: bytes, content: Any) -> None:
    assert refused(signed(authority, payload, content), authority) == "welcome.form"


@pytest.mark.parametrize("message", [b"", b"\xd2\x84", b"x" * 100_000])
def test_what_is_no_message(authority: Authority, message: bytes) -> None:
    assert refused(message, authority) == "welcome.form"
