"""Tests of certs.cose.form: sequences of messages, and what is never loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certs import cose
from certs.cose import CoseError, form

KEY = Ed25519PrivateKey.generate()
MESSAGES = [cose.sign(KEY, b"k", b"x" * size) for size in (0, 1, 23, 24, 255, 256, 70_000)]


def test_a_sequence_comes_apart_into_its_messages() -> None:
    """RFC 8742."""
    assert cose.split(b"".join(MESSAGES)) == MESSAGES
    assert cose.split(b"") == []


@pytest.mark.parametrize("end", [1, 3, 80])
def test_a_sequence_that_is_cut_is_refused(end: int) -> None:
    with pytest.raises(CoseError, match=r"cose\.malformed"):
        cose.split(b"".join(MESSAGES)[:-end])


def test_a_sequence_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "MAX_MESSAGE", 10)
    with pytest.raises(CoseError, match=r"cose\.too_large"):
        cose.split(MESSAGES[0])


@given(st.binary(max_size=70_000))
def test_byte_strings_are_written_as_the_library_writes_them(data: bytes) -> None:
    assert form.given(data) == cbor2.dumps(data)


@pytest.mark.parametrize("length", [23, 24, 255, 256, 65_535, 65_536])
def test_byte_strings_at_the_edges(length: int) -> None:
    assert form.given(bytes(length)) == cbor2.dumps(bytes(length))
    assert form.take(form.given(bytes(length)), 0) == (bytes(length), len(form.given(bytes(length))))


PROGRAM = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pycose", "ecdsa", "cwt"):
            raise AssertionError(name)

sys.meta_path.insert(0, Refusing())
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from certs import cose, cwt, jwk, welcome

for key in (generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()):
    public = key.public_key()
    kid, keys = cose.kid_of(public), {cose.kid_of(public): jwk.of(public)}
    message = cose.sign(key, kid, b"reading")
    cose.verify(message, keys)
    cose.verify_countersignature(cose.countersign(key, kid, message), message, keys)
    cose.read_key(cose.write_key(public))
    token = cwt.make(key, kid, issuer="a", audience="b", now=10**15, id=bytes(16))
    cwt.verify(token, keys, issuer="a", audience="b", now=10**15)
secret = cose.Secret("ChaCha20/Poly1305", bytes(32))
cose.decrypt(cose.encrypt(secret, b"k", b"x", nonce=bytes(12)), {b"k": secret})
secret = cose.Secret("HMAC 256/256", bytes(32))
cose.check(cose.authenticate(secret, b"k", b"x"), {b"k": secret})
for name in ("pycose", "ecdsa", "cwt"):
    assert name not in sys.modules
print("well")
"""


def test_the_pure_python_ecdsa_is_never_imported() -> None:
    """CVE-2024-23342: every path through the room, with an importer that refuses it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.stdout.strip() == "well", done.stderr
