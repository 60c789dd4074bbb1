"""Tests of certs.cwt: tokens of devices, and everything that is none."""

from __future__ import annotations

from typing import Any

import cwt as other
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor, cose, cwt, jwk
from certs.cwt import CwtError, Token

DEVICE, NODE = "did:web:city.example:edge:road-1", "did:web:city.example"
NOW = 1_800_000_000_000_000
ID = bytes(range(16))
EDWARDS, ELLIPTIC = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
KEYS = {cose.kid_of(key.public_key()): jwk.of(key.public_key()) for key in (EDWARDS, ELLIPTIC)}
signers = pytest.mark.parametrize("key", [EDWARDS, ELLIPTIC], ids=["EdDSA", "ES256"])


def made(key: Any = EDWARDS, **given: Any) -> bytes:
    settings: dict[str, Any] = {"issuer": DEVICE, "audience": NODE, "now": NOW, "id": ID} | given
    return cwt.make(key, cose.kid_of(key.public_key()), **settings)


def verify(token: bytes, **given: Any) -> Token:
    settings: dict[str, Any] = {"issuer": DEVICE, "audience": NODE, "now": NOW} | given
    return cwt.verify(token, KEYS, **settings)


def code(token: bytes, **given: Any) -> str:
    with pytest.raises(CwtError) as caught:
        verify(token, **given)
    return caught.value.code


@signers
def test_a_token_says_who_for_whom_and_how_long(key: Any) -> None:
    token = made(key)
    want = Token(DEVICE, NODE, NOW, NOW + 300_000_000, ID)
    assert verify(token) == cwt.peek(token) == want
    assert cwt.from_bearer(cwt.bearer(token)) == token


@signers
def test_another_reader_takes_it(key: Any) -> None:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    known = other.COSEKey.from_pem(pem, kid=cose.kid_of(key.public_key()))
    claims = other.COSE.new(verify_kid=True).decode(made(key), known)
    assert cbor.loads(claims)[1] == DEVICE


@pytest.mark.parametrize(
    ("later", "want"),
    [(-61, "cwt.early"), (-60, ""), (300 + 59, ""), (300 + 60, "cwt.late")],
    ids=["too early", "just early", "just late", "too late"],
)
def test_it_counts_for_its_time(later: int, want: str) -> None:
    if want:
        assert code(made(), now=NOW + later * 1_000_000) == want
    else:
        assert verify(made(), now=NOW + later * 1_000_000)


@pytest.mark.parametrize(
    ("token", "want"),
    [
        (made(issuer="did:web:city.example:edge:road-2"), "cwt.issuer"),
        (made(audience="did:web:other.example"), "cwt.audience"),
        (made(life=601), "cwt.life"),
        (made(life=0), "cwt.life"),
        (made(life=-1), "cwt.life"),
        (made(id=b"short"), "cwt.form"),
        (made()[:-1], "cwt.form"),
        (b"", "cwt.form"),
        (made(Ed25519PrivateKey.generate()), "cwt.signature"),
        (cose.sign(EDWARDS, cose.kid_of(EDWARDS.public_key()), cose.read(made()).payload), "cwt.form"),
        (cose.sign(EDWARDS, cose.kid_of(ELLIPTIC.public_key()), b"x", content=61), "cwt.signature"),
    ],
    ids=[
        "issuer",
        "audience",
        "life",
        "no life",
        "ends first",
        "id",
        "cut",
        "empty",
        "key",
        "not a token",
        "other key",
    ],
)
def test_what_is_no_token_for_us(token: bytes, want: str) -> None:
    assert code(token) == want


CLAIMS: dict[int, Any] = {1: DEVICE, 3: NODE, 4: 1_800_000_300, 6: 1_800_000_000, 7: ID}


@pytest.mark.parametrize(
    "claims",
    [
        {},
        [],
        b"",
        {**CLAIMS, 2: "subject"},
        {name: value for name, value in CLAIMS.items() if name != 7},
        {**CLAIMS, 3: [NODE]},
        {**CLAIMS, 4: 1_800_000_300.5},
        {**CLAIMS, 4: True},
        {**CLAIMS, 6: -1},
        {**CLAIMS, 4: 1 << 60},
        {**CLAIMS, 7: "text"},
        {**CLAIMS, 1: b"bytes"},
    ],
)
def test_claims_of_another_form(claims: Any) -> None:
    token = cose.sign(EDWARDS, cose.kid_of(EDWARDS.public_key()), cbor.dumps(claims), content=cwt.CONTENT)
    assert code(token) == "cwt.form"
    with pytest.raises(CwtError):
        cwt.peek(token)


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer =", "bearer abcd", "Basic abcd", "Bearer ab+d", "Bearer " + "a" * 5000]
)
def test_header_fields_without_a_token(value: str) -> None:
    with pytest.raises(CwtError, match=r"cwt\.form"):
        cwt.from_bearer(value)


TOKEN = made()


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_no_altered_token_counts(at: int, change: int) -> None:
    code(TOKEN[:at] + bytes([TOKEN[at] ^ change]) + TOKEN[at + 1 :])
