"""Tests of certs.cose: signed messages in CBOR, published vectors, and what is written in another way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import ecdsa
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import CoseKey, EC2Key
from pycose.messages import CoseMessage

from certs import cose, jwk
from certs.cose import CoseError, form
from certs.jwk import JwkError, PublicKey
from certs.strict import to_base64url
from tests.standards import STANDARDS, load

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


@given(st.binary(max_size=200))
def test_no_noise_is_a_key(noise: bytes) -> None:
    with pytest.raises(CoseError):
        cose.read_key(noise)


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


POINT = SIGNER.public_key().public_numbers()
X, Y = POINT.x.to_bytes(32), POINT.y.to_bytes(32)
P384 = generate_private_key(SECP384R1()).public_key().public_numbers()


BAD_KEYS: dict[str, Any] = {
    "private": {1: 2, -1: 1, -2: X, -3: Y, -4: b"\x01" * 32},
    "off the curve": {1: 2, -1: 1, -2: X, -3: X},
    "a short coordinate": {1: 2, -1: 1, -2: X[:-1], -3: Y},
    "half a point": {1: 2, -1: 1, -2: X},
    "a point with a sign": {1: 2, -1: 1, -2: X, -3: True},
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
        cose.read_key(cbor2.dumps(key))


def test_a_key_is_written_in_one_way() -> None:
    good = cbor2.dumps({1: 2, -1: 1, -2: X, -3: Y})
    assert cose.read_key(good).thumbprint == KEYS[b"ec"].thumbprint
    twice = b"\xa5\x01\x02" + good[1:]
    for data in (good + b"\x00", twice, b"\xbf" + good[1:] + b"\xff", b"\xb8\x04" + good[1:]):
        with pytest.raises(CoseError, match=r"cose\.key_form"):
            cose.read_key(data)


def test_a_key_of_the_other_library_is_read() -> None:
    assert cose.read_key(EC2Key(crv="P_256", x=X, y=Y).encode()).thumbprint == KEYS[b"ec"].thumbprint


def test_signing_and_verifying_load_neither_pycose_nor_ecdsa() -> None:
    """What a device needs stays small."""
    program = (
        "import sys; from certs import cose; from certs.keys import *; "
        "print([name for name in ('pycose', 'ecdsa') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "[]"


# --- published vectors ------------------------------------------------------------------------------------------------

DELIBERATE = {
    "ecdsa-sig-02": "P-384",
    "ecdsa-sig-03": "P-521",
    "ecdsa-sig-04": "ES512",
    "eddsa-sig-02": "Ed448",
    "sign-pass-01": "the algorithm is not protected",
    "sign-pass-03": "there is no tag",
}
"""Messages that are right by the standard and refused here all the same, with the reason."""


def vectors() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(VECTORS.glob("*/*.json")):
        case = load(path)
        if "sign0" in case["input"]:
            yield path.stem, case


def key_of(case: dict[str, Any]) -> dict[bytes, PublicKey]:
    given = case["input"]["sign0"]["key"]
    found = {name: value for name, value in given.items() if name in ("kty", "crv", "x", "y")}
    for name in ("x", "y"):
        if f"{name}_hex" in given:
            found[name] = to_base64url(bytes.fromhex(given[f"{name}_hex"])).decode()
    try:
        return {given.get("kid", "").encode(): jwk.read(found)}
    except JwkError:
        return {}


@pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no vectors at {VECTORS} (ALLMENDE_STANDARDS)")
@pytest.mark.usefixtures("no_ecdsa")
def test_published_vectors() -> None:
    taken, refused_right = set(), set()
    for name, case in vectors():
        aad = bytes.fromhex(case["input"]["sign0"].get("external", ""))
        try:
            found = cose.verify(bytes.fromhex(case["output"]["cbor"]), key_of(case), aad=aad)
        except CoseError:
            if not case.get("fail"):
                refused_right.add(name)
            continue
        assert not case.get("fail"), name
        assert found.payload == case["input"].get("plaintext", "").encode() or "plaintext_hex" in case["input"]
        taken.add(name)
    assert taken == {"A_3", "ecdsa-sig-01", "eddsa-sig-01", "sign-pass-02"}
    assert refused_right == set(DELIBERATE)
