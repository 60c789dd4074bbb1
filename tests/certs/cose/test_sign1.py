"""Tests of certs.cose.sign1: signed messages, and what is written in another way or proves nothing."""

from __future__ import annotations

from typing import Any

import cbor2
import ecdsa
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import CoseKey
from pycose.messages import CoseMessage

from certs import cose, jwk
from certs.cose import CoseError, form
from tests.standards import STANDARDS

VECTORS = STANDARDS / "trust" / "cose"
SIGNER, EDWARDS, OTHER = (
    generate_private_key(SECP256R1()),
    Ed25519PrivateKey.generate(),
    generate_private_key(SECP256R1()),
)
KEYS = {b"ec": jwk.of(SIGNER.public_key()), b"ed": jwk.of(EDWARDS.public_key())}
signers = pytest.mark.parametrize(("key", "kid"), [(SIGNER, b"ec"), (EDWARDS, b"ed")], ids=["ES256", "EdDSA"])


def refused(message: bytes, **given: Any) -> str:
    with pytest.raises(CoseError) as caught:
        cose.verify(message, KEYS, **given)
    return caught.value.code


@pytest.fixture
def no_ecdsa(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure-Python ECDSA raises whenever it is asked for anything."""

    def never(*given: Any, **named: Any) -> None:
        raise AssertionError("pure-Python ECDSA was called")

    for kind in (ecdsa.SigningKey, ecdsa.VerifyingKey):
        for name in [name for name in vars(kind) if not name.startswith("__")]:
            monkeypatch.setattr(kind, name, never)
    monkeypatch.setattr(ecdsa.ecdsa.Private_key, "sign", never)
    monkeypatch.setattr(ecdsa.ecdsa.Public_key, "verifies", never)


@signers
@pytest.mark.parametrize("content", [None, 0, "application/cbor-seq"])
@pytest.mark.usefixtures("no_ecdsa")
def test_what_is_signed_is_read_and_pure_python_ecdsa_is_never_called(key: Any, kid: bytes, content: Any) -> None:
    """CVE-2024-23342."""
    message = cose.sign(key, kid, b"reading", content=content, aad=b"agreement")
    found = cose.verify(message, KEYS, aad=b"agreement")
    assert (found.payload, found.kid, found.content) == (b"reading", kid, content)
    assert refused(message) == "cose.signature"
    assert refused(message, aad=b"another") == "cose.signature"
    assert cose.read_key(cose.write_key(key.public_key())).thumbprint == KEYS[kid].thumbprint


@pytest.mark.usefixtures("no_ecdsa")
def test_the_trap_is_sharp() -> None:
    """The other library verifies ES256 with just what must not be called here."""
    message = CoseMessage.decode(cose.sign(SIGNER, b"ec", b"reading"))
    message.key = CoseKey.decode(cose.write_key(SIGNER.public_key()))
    with pytest.raises(AssertionError, match="pure-Python"):
        message.verify_signature()


@signers
def test_another_reader_takes_what_is_signed_here(key: Any, kid: bytes) -> None:
    message = CoseMessage.decode(cose.sign(key, kid, b"reading"))
    message.key = CoseKey.decode(cose.write_key(key.public_key()))
    assert message.verify_signature()
    assert message.payload == b"reading"


@given(st.binary(max_size=70_000))
def test_payloads_of_every_length_come_back(payload: bytes) -> None:
    assert cose.verify(cose.sign(EDWARDS, b"ed", payload), KEYS).payload == payload


@pytest.mark.parametrize(
    ("length", "longer"),
    [(23, "58 17"), (24, "59 0018"), (255, "59 00ff"), (256, "5a 00000100"), (65_535, "5a 0000ffff")],
)
def test_each_length_has_one_form(length: int, longer: str) -> None:
    """RFC 8949, 4.1."""
    payload = b"x" * length
    assert cose.verify(cose.sign(EDWARDS, b"ed", payload), KEYS).payload == payload
    assert refused(built(payload=bytes.fromhex(longer) + payload)) == "cose.malformed"


@pytest.mark.parametrize("length", [65_536, 65_537])
def test_long_payloads_come_back(length: int) -> None:
    assert len(cose.verify(cose.sign(SIGNER, b"ec", b"x" * length), KEYS).payload) == length


MESSAGE = cose.sign(EDWARDS, b"ed", b"reading")


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_no_altered_message_is_accepted(at: int, change: int) -> None:
    refused(MESSAGE[:at] + bytes([MESSAGE[at] ^ change]) + MESSAGE[at + 1 :])


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(noise: bytes) -> None:
    for start in (b"", b"\xd2\x84", b"\xd2\x84\x43\xa1\x01\x27\xa0"):
        refused(start + noise)


def built(
    *,
    protected: Any = None,
    unprotected: bytes = b"\xa0",
    payload: bytes = b"\x47reading",
    start: bytes = b"\xd2\x84",
    behind: bytes = b"",
    raw: bytes | None = None,
) -> bytes:
    """A message with anything in it, and a signature that is right."""
    inside = cbor2.dumps({1: -8, 4: b"ed"} if protected is None else protected) if raw is None else raw
    signature = EDWARDS.sign(cbor2.dumps(["Signature1", inside, b"", b"reading"]))
    return start + cbor2.dumps(inside) + unprotected + payload + b"\x58\x40" + signature + behind


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no tag": (built(start=b"\x84"), "cose.malformed"),
    "another tag": (built(start=b"\xd1\x84"), "cose.malformed"),
    "tag in a longer form": (built(start=b"\xd8\x12\x84"), "cose.malformed"),
    "array of indefinite length": (built(start=b"\xd2\x9f", behind=b"\xff"), "cose.malformed"),
    "array of five": (built(start=b"\xd2\x85", behind=b"\x00"), "cose.malformed"),
    "something behind": (built(behind=b"\x00"), "cose.malformed"),
    "payload in pieces": (built(payload=b"\x5f\x43rea\x44ding\xff"), "cose.malformed"),
    "payload in a longer form": (built(payload=b"\x58\x07reading"), "cose.malformed"),
    "payload in an even longer form": (built(payload=b"\x59\x00\x07reading"), "cose.malformed"),
    "payload is text": (built(payload=b"\x67reading"), "cose.malformed"),
    "payload is detached": (built(payload=b"\xf6"), "cose.malformed"),
    "payload beyond the end": (built(payload=b"\x5a\xff\xff\xff\xffreading"), "cose.malformed"),
    "length of no kind": (built(payload=b"\x5creading"), "cose.malformed"),
    "cut off": (built()[:-1], "cose.malformed"),
    "nothing": (b"", "cose.malformed"),
    "label twice": (built(raw=bytes.fromhex("a3 01 27 01 27 04 42 6564")), "cose.header"),
    "label twice, another value": (built(raw=bytes.fromhex("a3 01 26 01 27 04 42 6564")), "cose.header"),
    "map of indefinite length": (built(raw=bytes.fromhex("bf 01 27 04 42 6564 ff")), "cose.header"),
    "number in a longer form": (built(raw=bytes.fromhex("a2 01 38 07 04 42 6564")), "cose.header"),
    "header with something behind": (built(raw=bytes.fromhex("a2 01 27 04 42 6564 00")), "cose.header"),
    "header is a list": (built(protected=[1, -8]), "cose.header"),
    "header is empty": (built(raw=b""), "cose.malformed"),
    "header is huge": (built(protected={1: -8, 4: b"x" * 600}), "cose.header"),
    "header is deep": (built(raw=b"\x81" * 400), "cose.malformed"),
    "label is true": (built(protected={True: -8, 4: b"ed"}), "cose.header"),
    "label is text": (built(protected={1: -8, 4: b"ed", "x": 1}), "cose.header"),
    "crit": (built(protected={1: -8, 2: [4], 4: b"ed"}), "cose.header"),
    "crit of an unknown label": (built(protected={1: -8, 2: [-70_000], 4: b"ed", -70_000: 1}), "cose.header"),
    "unknown label": (built(protected={1: -8, 4: b"ed", 33: b"chain"}), "cose.header"),
    "no algorithm": (built(protected={4: b"ed"}), "cose.algorithm"),
    "another algorithm": (built(protected={1: -35, 4: b"ed"}), "cose.algorithm"),
    "algorithm is text": (built(protected={1: "EdDSA", 4: b"ed"}), "cose.algorithm"),
    "algorithm of another key": (built(protected={1: -7, 4: b"ed"}), "cose.algorithm"),
    "algorithm unprotected": (built(raw=b"\xa0", unprotected=bytes.fromhex("a2 01 27 04 42 6564")), "cose.header"),
    "content is a list": (built(protected={1: -8, 3: [1], 4: b"ed"}), "cose.header"),
    "key id is text": (built(protected={1: -8, 4: "ed"}), "cose.header"),
    "key id twice": (built(unprotected=bytes.fromhex("a1 04 42 6564")), "cose.header"),
    "unprotected extra": (built(protected={1: -8}, unprotected=bytes.fromhex("a1 05 42 6564")), "cose.header"),
    "unprotected indefinite": (built(protected={1: -8}, unprotected=bytes.fromhex("bf 04 42 6564 ff")), "cose.header"),
    "key unknown": (built(protected={1: -8, 4: b"x"}), "cose.key"),
    "no key": (built(protected={1: -8}), "cose.key"),
    "key of another": (cose.sign(OTHER, b"ec", b"reading"), "cose.signature"),
}


@pytest.mark.parametrize(("message", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_messages_that_are_refused(message: bytes, code: str) -> None:
    assert refused(message) == code


def test_the_hostile_ones_differ_from_a_good_one() -> None:
    assert cose.verify(built(), KEYS).payload == b"reading"
    assert cose.verify(built(protected={1: -8}, unprotected=bytes.fromhex("a1 04 42 6564")), KEYS).kid == b"ed"


def test_a_signature_of_another_length_is_none() -> None:
    short = MESSAGE[: -len(b"\x58\x40") - 64] + b"\x58\x3f" + MESSAGE[-64:-1]
    assert refused(short) == "cose.signature"
    elliptic = cose.sign(SIGNER, b"ec", b"reading")
    longer = elliptic[:-66] + b"\x58\x41" + elliptic[-64:-32] + b"\x00" + elliptic[-32:]
    assert refused(longer) == "cose.signature", "the same numbers, written in another way"


def test_a_huge_message_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "MAX_MESSAGE", len(MESSAGE) - 1)
    assert refused(MESSAGE) == "cose.too_large"
