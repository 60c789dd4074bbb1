"""Tests of certs.cose.encrypt0: what is encrypted is read by who has the secret, and by nobody else."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import SymmetricKey
from pycose.messages import CoseMessage

from certs import cose
from certs.cose import CoseError, Secret

SIZES: dict[Any, int] = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "ChaCha20/Poly1305": 32}
NONCE = bytes(range(12))
SECRETS = {name.encode(): Secret(name, bytes(range(size))) for name, size in SIZES.items()}
algorithms = pytest.mark.parametrize("name", SIZES)


def refused(message: bytes, **given: Any) -> str:
    with pytest.raises(CoseError) as caught:
        cose.decrypt(message, SECRETS, **given)
    return caught.value.code


@algorithms
@pytest.mark.parametrize("content", [None, 0, "application/cbor"])
def test_what_is_encrypted_is_read(name: str, content: Any) -> None:
    kid = name.encode()
    message = cose.encrypt(SECRETS[kid], kid, b"reading", nonce=NONCE, content=content, aad=b"contract")
    found = cose.decrypt(message, SECRETS, aad=b"contract")
    assert (found.text, found.kid, found.content) == (b"reading", kid, content)
    assert b"reading" not in message
    assert refused(message) == "cose.tag"
    assert len(message) - len(b"reading") <= 48 + len(kid) + len(str(content))


@pytest.mark.parametrize("name", ["A128GCM", "A192GCM", "A256GCM"])
def test_another_reader_takes_it(name: str) -> None:
    kid = name.encode()
    message = CoseMessage.decode(cose.encrypt(SECRETS[kid], kid, b"reading", nonce=NONCE))
    message.key = SymmetricKey(SECRETS[kid].key)
    assert message.decrypt() == b"reading"


@algorithms
def test_what_another_writer_makes_is_read(name: str) -> None:
    import cwt

    kid = name.encode()
    key = cwt.COSEKey.from_symmetric_key(SECRETS[kid].key, alg=name, kid=kid)
    header = {1: {"A128GCM": 1, "A192GCM": 2, "A256GCM": 3}.get(name, 24), 4: kid}
    message = cwt.COSE.new().encode_and_encrypt(b"reading", key, protected=header, unprotected={5: NONCE})
    assert cose.decrypt(message, SECRETS).text == b"reading"
    assert message == cose.encrypt(SECRETS[kid], kid, b"reading", nonce=NONCE)


def test_another_program_reads_chacha20_poly1305() -> None:
    import cwt

    kid = b"ChaCha20/Poly1305"
    key = cwt.COSEKey.from_symmetric_key(SECRETS[kid].key, alg="ChaCha20/Poly1305", kid=kid)
    message = cose.encrypt(SECRETS[kid], kid, b"reading", nonce=NONCE)
    assert cwt.COSE.new().decode(message, key) == b"reading"


def built(protected: Any, unprotected: bytes = b"\xa1\x05\x4c" + NONCE, start: bytes = b"\xd0\x83") -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    inside = cbor2.dumps(protected)
    closed = AESGCM(SECRETS[b"A128GCM"].key).encrypt(NONCE, b"reading", cbor2.dumps(["Encrypt0", inside, b""]))
    return start + cbor2.dumps(inside) + unprotected + cbor2.dumps(closed)


GOOD: dict[int, Any] = {1: 1, 4: b"A128GCM"}
HOSTILE: dict[str, tuple[bytes, str]] = {
    "no tag": (built(GOOD, start=b"\x83"), "cose.malformed"),
    "indefinite": (built(GOOD, start=b"\xd0\x9f") + b"\xff", "cose.malformed"),
    "something behind": (built(GOOD) + b"\0", "cose.malformed"),
    "no nonce": (built(GOOD, b"\xa0"), "cose.header"),
    "short nonce": (built(GOOD, b"\xa1\x05\x4b" + NONCE[:-1]), "cose.header"),
    "nonce twice": (built(GOOD, b"\xa2" + 2 * (b"\x05\x4c" + NONCE)), "cose.header"),
    "partial nonce": (built(GOOD, b"\xa1\x06\x41\x01"), "cose.header"),
    "out of order": (built({1: 1}, b"\xa2\x05\x4c" + NONCE + b"\x04\x47A128GCM"), "cose.header"),
    "nonce is text": (built(GOOD, b"\xa1\x05\x6c" + b"a" * 12), "cose.malformed"),
    "key unknown": (built({1: 1, 4: b"x"}), "cose.key"),
    "algorithm of another key": (built({1: 3, 4: b"A128GCM"}), "cose.algorithm"),
    "algorithm unknown": (built({1: 10, 4: b"A128GCM"}), "cose.algorithm"),
    "cut": (built(GOOD)[:-1], "cose.malformed"),
    "too short for a tag": (
        b"\xd0\x83" + cbor2.dumps(cbor2.dumps(GOOD)) + b"\xa1\x05\x4c" + NONCE + b"\x41x",
        "cose.tag",
    ),
}


@pytest.mark.parametrize(("message", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_messages_that_are_refused(message: bytes, code: str) -> None:
    assert refused(message) == code


def test_the_hostile_ones_differ_from_a_good_one() -> None:
    assert cose.decrypt(built(GOOD), SECRETS).text == b"reading"
    assert cose.decrypt(built({1: 1}, b"\xa2\x04\x47A128GCM\x05\x4c" + NONCE), SECRETS).kid == b"A128GCM"


def test_a_secret_for_something_else_encrypts_nothing() -> None:
    for secret in (Secret("HMAC 256/256", b"x" * 32), Secret("A128GCM", b"x" * 32)):
        with pytest.raises(CoseError, match=r"cose\.algorithm"):
            cose.encrypt(secret, b"k", b"reading", nonce=NONCE)
    with pytest.raises(CoseError, match=r"cose\.header"):
        cose.encrypt(SECRETS[b"A128GCM"], b"k", b"reading", nonce=b"")
    assert "x" * 32 not in repr(Secret("A256GCM", b"x" * 32))


MESSAGE = cose.encrypt(SECRETS[b"A256GCM"], b"A256GCM", b"reading", nonce=NONCE)


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_no_altered_message_is_read(at: int, change: int) -> None:
    refused(MESSAGE[:at] + bytes([MESSAGE[at] ^ change]) + MESSAGE[at + 1 :])
