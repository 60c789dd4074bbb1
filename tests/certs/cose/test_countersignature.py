"""Tests of certs.cose.countersignature: receipts over messages, the example of the standard, and what is none."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP521R1,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA512
from hypothesis import given
from hypothesis import strategies as st

from certs import cose, jwk
from certs.cose import CoseError, Countersignature, countersignature
from certs.strict import from_base64url

NODE, DEVICE, ELLIPTIC = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
KEYS = {b"node": jwk.of(NODE.public_key()), b"ec": jwk.of(ELLIPTIC.public_key())}
MESSAGE = cose.sign(DEVICE, b"dev", b"reading")
RECEIPT = cose.countersign(NODE, b"node", MESSAGE, issued=1_800_000_000)
signers = pytest.mark.parametrize(("key", "kid"), [(NODE, b"node"), (ELLIPTIC, b"ec")], ids=["EdDSA", "ES256"])


def refused(made: bytes, message: bytes = MESSAGE, **given: Any) -> str:
    with pytest.raises(CoseError) as caught:
        cose.verify_countersignature(made, message, KEYS, **given)
    return caught.value.code


@signers
@pytest.mark.parametrize("issued", [0, 1, 1_800_000_000, 1 << 40])
def test_a_receipt_says_whose_and_when(key: Any, kid: bytes, issued: int) -> None:
    made = cose.countersign(key, kid, MESSAGE, issued=issued, aad=b"contract")
    assert cose.verify_countersignature(made, MESSAGE, KEYS, aad=b"contract") == Countersignature(kid, issued)
    assert refused(made) == "cose.signature"


def test_it_covers_header_payload_and_signature() -> None:
    again = cose.sign(ELLIPTIC, b"dev", b"reading")
    others = [cose.sign(ELLIPTIC, b"dev", b"reading"), again, cose.sign(DEVICE, b"dev", b"other")]
    others.append(cose.sign(DEVICE, b"dev", b"reading", content=0))
    for other in others:
        assert refused(RECEIPT, other) == "cose.signature"
    made = cose.countersign(NODE, b"node", again)
    assert cose.verify_countersignature(made, again, KEYS)
    assert refused(made, others[0]) == "cose.signature", "the same content, signed once more"


def test_a_receipt_is_no_message_and_a_message_no_receipt() -> None:
    with pytest.raises(CoseError):
        cose.verify(RECEIPT, KEYS)
    assert refused(cose.sign(NODE, b"node", b"reading")) == "cose.malformed"
    assert refused(RECEIPT, RECEIPT) == "cose.malformed"


def test_the_example_of_the_standard() -> None:
    """RFC 9338, A.2.1: ES512 over a COSE_Sign1, which is not used here; what is covered is the same for all."""
    x = from_base64url(b"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt")
    y = from_base64url(b"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1")
    signature = bytes.fromhex(
        "01b1291b0e60a79c459a4a9184a0d393e034b34af069a1cca34f5a913affff698002295fa9f8fcbfb6fdff59132fc0c406e98754a98f"
        "1fbfe81c03095f481856bc470170227206fa5bee3c0431c56a66824e7aaf692985952e31271434b2ba2e47a335c658b5e995aeb5d63c"
        "f2d0ced367d3e4cc8fffd53b70d115baa9e86961fbd1a5cf"
    )
    inner = bytes.fromhex(
        "bb587d6b15f47bfd54d2cbfcecef75451e92b08a514bd439fa3aa65c6ac92df0d7328c4a47529b32add3dd1b4e940071c021e9a8f264"
        "1f1d8e3b053ddd65ae52"
    )
    message = b"\xd2\x84" + b"".join(
        map(cbor2.dumps, (cbor2.dumps({1: -7, 3: 0}), {4: b"11"}, b"This is the content.", inner))
    )
    covered = countersignature._covered(cose.read(message), cbor2.dumps({1: -36}), b"")
    key = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP521R1()).public_key()
    r, s = int.from_bytes(signature[:66]), int.from_bytes(signature[66:])
    key.verify(encode_dss_signature(r, s), covered, ECDSA(SHA512()))


def built(
    protected: Any, *, unprotected: bytes = b"\xa0", start: bytes = b"\xd3\x83", behind: bytes = b"", raw: bytes = b""
) -> bytes:
    """A countersignature with anything in it, and a signature that is right."""
    inside = raw or cbor2.dumps(protected)
    signature = NODE.sign(countersignature._covered(cose.read(MESSAGE), inside, b""))
    return start + cbor2.dumps(inside) + unprotected + b"\x58\x40" + signature + behind


GOOD: dict[int, Any] = {1: -8, 4: b"node"}
HOSTILE: dict[str, tuple[bytes, str]] = {
    "no tag": (built(GOOD, start=b"\x83"), "cose.malformed"),
    "another tag": (built(GOOD, start=b"\xd2\x83"), "cose.malformed"),
    "something behind": (built(GOOD, behind=b"\0"), "cose.malformed"),
    "a content type": (built({**GOOD, 3: 0}), "cose.header"),
    "crit": (built({**GOOD, 2: [15]}), "cose.header"),
    "another claim": (built({**GOOD, 15: {6: 1, 1: "x"}}), "cose.header"),
    "no claim": (built({**GOOD, 15: {}}), "cose.header"),
    "no map of claims": (built({**GOOD, 15: 1}), "cose.header"),
    "when is text": (built({**GOOD, 15: {6: "now"}}), "cose.header"),
    "when is true": (built({**GOOD, 15: {6: True}}), "cose.header"),
    "when is before": (built({**GOOD, 15: {6: -1}}), "cose.header"),
    "label twice": (built(None, raw=bytes.fromhex("a3 01 27 01 27 04 44 6e6f6465")), "cose.header"),
    "no algorithm": (built({4: b"node"}), "cose.algorithm"),
    "algorithm of another key": (built({1: -7, 4: b"node"}), "cose.algorithm"),
    "key unknown": (built({1: -8, 4: b"x"}), "cose.key"),
    "key id twice": (built(GOOD, unprotected=bytes.fromhex("a1 04 44 6e6f6465")), "cose.header"),
    "nothing": (b"", "cose.malformed"),
}


@pytest.mark.parametrize(("made", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_receipts_that_are_refused(made: bytes, code: str) -> None:
    assert refused(made) == code


def test_the_hostile_ones_differ_from_a_good_one() -> None:
    assert cose.verify_countersignature(built(GOOD), MESSAGE, KEYS).kid == b"node"
    outside = built({1: -8}, unprotected=bytes.fromhex("a1 04 44 6e6f6465"))
    assert cose.verify_countersignature(outside, MESSAGE, KEYS).kid == b"node"


@given(st.integers(0, len(RECEIPT) - 1), st.integers(1, 255))
def test_no_altered_receipt_counts(at: int, change: int) -> None:
    refused(RECEIPT[:at] + bytes([RECEIPT[at] ^ change]) + RECEIPT[at + 1 :])


def test_what_is_no_message_is_not_countersigned() -> None:
    with pytest.raises(CoseError, match=r"cose\.malformed"):
        cose.countersign(NODE, b"node", b"reading")
