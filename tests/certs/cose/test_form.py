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
    token = cwt.make(key, kid, issuer="a", audience="b", now=10**15, id=bytes(16))
    cwt.verify(token, keys, issuer="a", audience="b", now=10**15)
secret = cose.Secret("ChaCha20/Poly1305", bytes(32))
cose.decrypt(cose.encrypt(secret, b"k", b"x", nonce=bytes(12)), {b"k": secret})
for name in ("pycose", "ecdsa", "cwt"):
    assert name not in sys.modules
print("well")
"""


def test_what_a_device_does_all_day_loads_neither_pycose_nor_ecdsa() -> None:
    """With an importer that refuses them."""
    done = run(PROGRAM)
    assert done.stdout.strip() == "well", done.stderr


KEYS = """
import sys

from certs import cose, jwk

assert not {"pycose", "ecdsa"} & set(sys.modules)
import ecdsa

def refuse(*given, **more):
    raise AssertionError("ecdsa")

for kind in (ecdsa.SigningKey, ecdsa.VerifyingKey):
    for name in [name for name in vars(kind) if "sign" in name or "verify" in name or name.startswith("from_")]:
        setattr(kind, name, refuse)
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

for key in (generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()):
    public = key.public_key()
    assert cose.read_key(cose.write_key(public)).thumbprint == jwk.of(public).thumbprint
secret = cose.Secret("A128GCM", bytes(16))
cose.decrypt(cose.encrypt(secret, b"k", b"x", nonce=bytes(12)), {b"k": secret})
secret = cose.Secret("HMAC 256/256", bytes(32))
cose.check(cose.authenticate(secret, b"k", b"x"), {b"k": secret})
assert "pycose" in sys.modules
print("well")
"""


def test_the_pure_python_ecdsa_is_never_called() -> None:
    """CVE-2024-23342: pycose imports it for keys and messages with secrets, and neither signs nor verifies."""
    done = run(KEYS)
    assert done.stdout.strip() == "well", done.stderr


def run(program: str) -> subprocess.CompletedProcess[str]:
    folder = Path(__file__).parents[3]
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=folder)
