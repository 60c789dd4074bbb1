"""Tests of certs.jws: the serialisation, and published vectors of ways to get it wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from certs import jwk, jws
from certs.jwk import ForeignKey, JwkError, PublicKey
from certs.jws import FOREIGN, Jws, JwsError
from certs.strict import to_base64url
from tests.standards import STANDARDS, load

ALLOWED = frozenset({"alg", "kid", "typ"})
VECTORS = STANDARDS / "trust" / "wycheproof-jose"
SIGNER, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
P384, RSA = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2_048)


def read(token: str, limit: int = 4_096, **given: Any) -> Jws:
    return jws.read(token, limit=limit, allowed=ALLOWED, **given)


def refused(token: str, **given: Any) -> str:
    with pytest.raises(JwsError) as caught:
        read(token, **given)
    return caught.value.code


@pytest.mark.parametrize(
    ("key", "algorithm", "length"), [(SIGNER, "ES256", 64), (EDWARDS, "EdDSA", 64)], ids=["ES256", "EdDSA"]
)
def test_what_is_signed_is_read_here_and_by_another_reader(key: Any, algorithm: str, length: int) -> None:
    token = jws.sign(key, {"kid": "k", "typ": "x"}, b'{"a":1}')
    found = read(token)
    assert (found.header, found.payload, found.kid) == ({"alg": algorithm, "kid": "k", "typ": "x"}, b'{"a":1}', "k")
    assert len(found.signature) == length
    jws.verify(found, jwk.of(key.public_key()))
    assert pyjwt.PyJWS().decode(token, key.public_key(), algorithms=[algorithm]) == b'{"a":1}'


def foreign(key: Any, **more: str) -> PublicKey | ForeignKey:
    as_text = pyjwt.get_algorithm_by_name("ES384" if key is P384 else "PS256").to_jwk(key.public_key())
    return jwk.read_foreign({k: v for k, v in json.loads(as_text).items() if k != "key_ops"} | more)


@pytest.mark.parametrize("algorithm", ["ES384", "PS256", "RS256"])
def test_foreign_algorithms_need_to_be_asked_for(algorithm: str) -> None:
    key = P384 if algorithm == "ES384" else RSA
    token = pyjwt.encode({"a": 1}, key, algorithm)
    assert refused(token) == "algorithm"
    found = read(token, algorithms=FOREIGN)
    jws.verify(found, foreign(key, alg=algorithm))
    with pytest.raises(JwsError, match="signature"):
        jws.verify(Jws(found.header, found.payload, found.signed + b"x", found.signature), foreign(key, alg=algorithm))


def test_the_key_decides_which_of_two_rsa_algorithms_is_meant() -> None:
    token = pyjwt.encode({"a": 1}, RSA, "RS256")
    with pytest.raises(JwsError, match="algorithm"):
        jws.verify(read(token, algorithms=FOREIGN), foreign(RSA, alg="PS256"))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": None}, "algorithm"),
        ({"alg": ["ES256"]}, "algorithm"),
        ({}, "algorithm"),
        ({"alg": "ES256", "crit": []}, "header"),
        ({"alg": "ES256", "b64": True}, "header"),
        ({"alg": "ES256", "jwk": {}}, "header"),
        ({"alg": "ES256", "jku": "https://evil.example"}, "header"),
        ({"alg": "ES256", "zip": "DEF"}, "header"),
        ({"alg": "ES256", "x5c": []}, "header"),
        ({"alg": "ES256", "unheard": 1}, "header"),
        ({"alg": "ES256", "kid": 1}, "header"),
        ({"alg": "ES256", "kid": "x" * 2_048}, "header"),
    ],
)
def test_a_header_holds_what_is_allowed_and_nothing_else(header: dict[str, Any], code: str) -> None:
    head = to_base64url(json.dumps(header).encode()).decode()
    assert refused(f"{head}.e30.AAAA") == code


@pytest.mark.parametrize("name", ["crit", "b64", "jwk", "jku", "zip"])
def test_what_changes_the_signed_bytes_or_brings_a_key_is_refused_even_where_it_is_allowed(name: str) -> None:
    head = to_base64url(json.dumps({"alg": "ES256", name: {}}).encode()).decode()
    with pytest.raises(JwsError, match="header"):
        jws.read(f"{head}.e30.AAAA", limit=4_096, allowed=ALLOWED | {name})


def test_the_limit_counts_characters() -> None:
    token = jws.sign(SIGNER, {}, b"{}")
    assert read(token, limit=len(token)).payload == b"{}"
    assert refused(token, limit=len(token) - 1) == "too_large"


def test_a_signature_of_another_length_is_none() -> None:
    found = read(jws.sign(SIGNER, {}, b"{}"))
    for signature in (b"", found.signature[:63], found.signature + b"\0", b"\0" * 64, b"\xff" * 64):
        with pytest.raises(JwsError, match="signature"):
            jws.verify(Jws(found.header, found.payload, found.signed, signature), jwk.of(SIGNER.public_key()))


TOKEN = jws.sign(EDWARDS, {"kid": "k"}, b'{"a":[1,2,3]}')


@given(st.data())
def test_no_altered_token_verifies(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 1))
    altered = TOKEN[:at] + data.draw(st.sampled_from("ABYZabyz0189-_.=+/ \n")) + TOKEN[at + 1 :]
    if altered != TOKEN:
        with pytest.raises(JwsError):
            jws.verify(read(altered), jwk.of(EDWARDS.public_key()))


# --- published vectors ------------------------------------------------------------------------------------------------

DELIBERATE = {
    "shared secrets are no signatures": {1, 348, 352, 357, 358, 359, 372, 373, 376, 377},
    "a token without a payload says nothing": {259, 264, 268, 272, 320, 325},
    "SHA-384 and SHA-512 with RSA, and P-521, are not needed by anybody we know": {
        *range(265, 268),
        *range(269, 272),
        *range(321, 324),
        *range(326, 329),
        347,
        351,
    },
    "the key names PS256, the token PS384": {346, 350},
}
"""Vectors that are called valid and refused here all the same, by reason."""

needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no vectors at {VECTORS} (ALLMENDE_STANDARDS)")


def accepted(public: dict[str, Any], token: Any) -> bool:
    """Whether a vector's signature verifies with its key, everything allowed that ever is."""
    if not isinstance(token, str):
        return False
    try:
        jws.verify(read(token, limit=65_536, algorithms=FOREIGN), jwk.read_foreign(public))
    except (JwsError, JwkError):
        return False
    return True


def signatures() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in load(VECTORS / "json_web_signature_test.json")["testGroups"]:
        for case in group["tests"]:
            yield group.get("public") or group["private"], case


@needs_vectors
def test_no_signature_vector_is_wrongly_accepted_and_what_is_refused_is_named() -> None:
    verdicts: Counter[tuple[str, bool]] = Counter()
    refused_valid: set[int] = set()
    for public, case in signatures():
        taken = accepted(public, case["jws"])
        assert not (taken and case["result"] == "invalid"), case
        verdicts[case["result"], taken] += 1
        if case["result"] == "valid" and not taken:
            refused_valid.add(case["tcId"])
    assert refused_valid == set().union(*DELIBERATE.values())
    assert verdicts == {("invalid", False): 355, ("valid", False): 32, ("valid", True): 14}


@needs_vectors
def test_no_key_vector_is_wrongly_accepted() -> None:
    taken = 0
    for group in load(VECTORS / "json_web_key_test.json")["testGroups"]:
        keys = (group.get("public") or group["private"])["keys"]
        for case in group["tests"]:
            kid = read(case["jws"], algorithms=FOREIGN).kid if case["jws"].count(".") == 2 and _readable(case) else None
            usable = [key for key in keys if key.get("kid") == kid]
            verifies = any(accepted(key, case["jws"]) for key in usable)
            assert not (verifies and case["result"] == "invalid"), case
            taken += verifies
    assert taken


def _readable(case: dict[str, Any]) -> bool:
    try:
        read(case["jws"], algorithms=FOREIGN)
    except JwsError:
        return False
    return True
