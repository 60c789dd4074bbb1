"""Tests of certs.cose.keys: COSE_Key in one form, and names of keys."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import CoseKey, EC2Key, OKPKey

from certs import cbor, cose, jwk
from certs.cose import CoseError

SIGNER, EDWARDS = generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()
signers = pytest.mark.parametrize("key", [SIGNER, EDWARDS], ids=["P-256", "Ed25519"])


@given(st.binary(max_size=200))
def test_no_noise_is_a_key(noise: bytes) -> None:
    with pytest.raises(CoseError):
        cose.read_key(noise)


POINT = SIGNER.public_key().public_numbers()
X, Y = POINT.x.to_bytes(32), POINT.y.to_bytes(32)
P384 = generate_private_key(SECP384R1()).public_key().public_numbers()


BAD_KEYS: dict[str, Any] = {
    "private": {1: 2, -1: 1, -2: X, -3: Y, -4: b"\x01" * 32},
    "off the curve": {1: 2, -1: 1, -2: X, -3: X},
    "a short coordinate": {1: 2, -1: 1, -2: X[:-1], -3: Y},
    "half a point": {1: 2, -1: 1, -2: X},
    "a point with a sign": {1: 2, -1: 1, -2: X, -3: True},
    "a curve of the other kind": {1: 1, -1: 1, -2: X},
    "too much": {1: 1, -1: 6, -2: X, -3: Y},
    "no kind": {-1: 1, -2: X, -3: Y},
    "a kind that is true": {1: True, -1: 6, -2: X},
    "a kind that is a list": {1: [2], -1: 1, -2: X, -3: Y},
    "P-384": {1: 2, -1: 2, -2: P384.x.to_bytes(48), -3: P384.y.to_bytes(48)},
    "for encrypting": {1: 2, -1: 1, -2: X, -3: Y, 4: [3]},
    "Ed448": {1: 1, -1: 7, -2: b"\x01" * 57},
    "a shared secret": {1: 4, -1: b"secret"},
    "a list": [1, 2],
    "bytes": b"\x00" * 200,
    "huge": {1: 2, -1: 1, -2: X, -3: Y, 2: b"x" * 600},
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_keys_that_are_refused(key: Any) -> None:
    with pytest.raises(CoseError, match=r"cose\.key_form"):
        cose.read_key(cbor.dumps(key))


def test_a_key_is_written_in_one_way() -> None:
    good = cbor.dumps({1: 2, -1: 1, -2: X, -3: Y})
    assert cose.read_key(good).thumbprint == jwk.of(SIGNER.public_key()).thumbprint
    twice = b"\xa5\x01\x02" + good[1:]
    for data in (good + b"\x00", twice, b"\xbf" + good[1:] + b"\xff", b"\xb8\x04" + good[1:]):
        with pytest.raises(CoseError, match=r"cose\.key_form"):
            cose.read_key(data)


def test_a_key_of_the_other_library_is_read() -> None:
    assert cose.read_key(EC2Key(crv="P_256", x=X, y=Y).encode()).thumbprint == jwk.of(SIGNER.public_key()).thumbprint


@signers
def test_another_library_reads_what_is_written(key: Any) -> None:
    made = CoseKey.decode(cose.write_key(key.public_key()))
    assert isinstance(made, OKPKey if isinstance(key, Ed25519PrivateKey) else EC2Key)
    assert cose.read_key(cose.write_key(key.public_key())).thumbprint == jwk.of(key.public_key()).thumbprint


@signers
def test_names_are_made_of_what_is_written(key: Any) -> None:
    """Though it is made without the library that writes it."""
    assert cose.thumbprint(key.public_key()) == sha256(cose.write_key(key.public_key())).digest()


@signers
@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({2: b"name"}, True),
        ({4: [2]}, True),
        ({4: [1, 2]}, True),
        ({4: []}, False),
        ({4: 2}, False),
        ({2: "name"}, False),
        ({3: -7, 4: [2]}, None),
        ({3: -8, 4: [2]}, None),
        ({3: -35}, False),
        ({3: [-7]}, False),
        ({5: b"iv"}, False),
        ({"x": 1}, False),
        ({-4: b"private"}, False),
    ],
)
def test_what_a_key_may_say_about_itself(key: Any, more: dict[Any, Any], taken: bool | None) -> None:
    data = cbor.dumps({**cbor.loads(cose.write_key(key.public_key())), **more})
    if taken is None:
        taken = (more[3] == -8) == isinstance(key, Ed25519PrivateKey)
    if taken:
        assert cose.read_key(data).thumbprint == jwk.of(key.public_key()).thumbprint
        return
    with pytest.raises(CoseError, match=r"cose\.key_form"):
        cose.read_key(data)


def test_the_published_thumbprint() -> None:
    """RFC 9679, 6."""
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    known = cose.read_key(cbor.dumps({1: 2, 2: b"meriadoc.brandybuck@rsa.example", -1: 1, -2: x, -3: y})).key
    assert cose.thumbprint(known).hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert cose.kid_of(known) == cose.thumbprint(known)[:4]
