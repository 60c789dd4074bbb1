"""Tests of certs.jwk."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import jwk, keys
from certs.jwk import ForeignKey, JwkError
from certs.strict import to_base64url

KEYS = keys.generate()


def test_thumbprint_of_the_standards_example() -> None:
    """RFC 8037, appendix A.3."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "ignored"}
    assert jwk.thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("key", [KEYS.token_jwk, KEYS.audit_jwk], ids=["P-256", "Ed25519"])
def test_a_key_is_read_as_it_was_written(key: dict[str, Any]) -> None:
    read = jwk.read(key)
    assert jwk.write(read.key) == key
    assert read.thumbprint == jwk.thumbprint(key)
    assert jwk.read(dict(key)) is read, "parsed once"


def test_the_kind_of_key_fixes_the_algorithm() -> None:
    assert jwk.read(KEYS.token_jwk).algorithm == "ES256"
    assert jwk.read(KEYS.audit_jwk).algorithm == "EdDSA"
    assert isinstance(jwk.read(KEYS.audit_jwk | {"alg": "Ed25519"}).key, Ed25519PublicKey)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kty": "RSA"}, "jwk.kind"),
        ({"crv": "P-384"}, "jwk.kind"),
        ({"kty": "oct", "k": "AAAA"}, "jwk.kind"),
        ({"d": "AAAA"}, "jwk.private"),
        ({"use": "enc"}, "jwk.use"),
        ({"key_ops": ["encrypt"]}, "jwk.use"),
        ({"key_ops": "verify"}, "jwk.use"),
        ({"alg": "HS256"}, "jwk.algorithm"),
        ({"alg": "EdDSA"}, "jwk.algorithm"),
        ({"x": "AAAA"}, "jwk.coordinate"),
        ({"x": 1}, "jwk.coordinate"),
        ({"y": None}, "jwk.coordinate"),
        ({"x": KEYS.token_jwk["x"] + "="}, "jwk.coordinate"),
        ({"y": KEYS.token_jwk["x"]}, "jwk.point"),
        ({"x": "A" * 43, "y": "A" * 43}, "jwk.point"),
    ],
)
def test_a_key_that_must_not_be_used_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(JwkError) as caught:
        jwk.read(KEYS.token_jwk | change)
    assert caught.value.code == code


def number(value: int) -> str:
    return to_base64url(value.to_bytes((value.bit_length() + 7) // 8)).decode()


POINT = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
P384 = {"kty": "EC", "crv": "P-384"} | {
    name: to_base64url(part.to_bytes(48)).decode() for name, part in (("x", POINT.x), ("y", POINT.y))
}
MODULUS = rsa.generate_private_key(65_537, 2_048).public_key().public_numbers().n
RSA = {"kty": "RSA", "n": number(MODULUS), "e": "AQAB", "alg": "PS256"}


def test_rsa_of_the_standards_example() -> None:
    """RFC 7638, 3.1."""
    key = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV"
        "4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZH"
        "zu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8a"
        "wapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    found = jwk.read_foreign(key)
    assert found.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert found.algorithm == "RS256"


@pytest.mark.parametrize("key", [P384, RSA], ids=["P-384", "RSA"])
def test_other_kinds_are_read_only_where_that_is_asked_for(key: dict[str, Any]) -> None:
    found = jwk.read_foreign(key)
    assert isinstance(found, ForeignKey)
    assert found.algorithm == ("PS256" if key is RSA else "ES384")
    assert found.thumbprint == jwk.thumbprint(key)
    with pytest.raises(JwkError, match=r"jwk\.kind"):
        jwk.read(key)
    assert jwk.read_foreign(KEYS.token_jwk) is jwk.read(KEYS.token_jwk), "a key of ours stays one"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (RSA | {"alg": "RS512"}, "jwk.algorithm"),
        ({k: v for k, v in RSA.items() if k != "alg"}, "jwk.algorithm"),
        (RSA | {"d": "AAAA"}, "jwk.private"),
        (RSA | {"use": "enc"}, "jwk.use"),
        (RSA | {"e": "AQ"}, "jwk.weak"),
        (RSA | {"e": "Aw"}, "jwk.weak"),
        (RSA | {"n": number(MODULUS >> 1_024 | 1)}, "jwk.weak"),
        (RSA | {"n": number(MODULUS - 1)}, "jwk.weak"),
        (RSA | {"n": number((1 << 8_192) + 1)}, "jwk.weak"),
        (RSA | {"n": "AAAA" + RSA["n"]}, "jwk.coordinate"),
        (RSA | {"n": ""}, "jwk.coordinate"),
        (RSA | {"kty": "oct"}, "jwk.kind"),
        (P384 | {"crv": "P-521"}, "jwk.kind"),
        (P384 | {"alg": "ES256"}, "jwk.algorithm"),
        (P384 | {"y": P384["x"]}, "jwk.point"),
        (P384 | {"x": P384["x"][:-4]}, "jwk.coordinate"),
        (P384 | {"use": "enc"}, "jwk.use"),
    ],
)
def test_a_foreign_key_that_must_not_be_used_is_refused(key: dict[str, Any], code: str) -> None:
    with pytest.raises(JwkError) as caught:
        jwk.read_foreign(key)
    assert caught.value.code == code


def test_a_modulus_of_the_faulty_generator_is_refused() -> None:
    """CVE-2017-15361: such primes are k * M + 65537**a mod M, with M the product of the first small primes."""
    product = 1
    for prime in jwk._SMALL_PRIMES:
        product *= prime
    faulty = pow(65_537, 1_000, product) + product * (1 << 1_900)
    modulus = faulty if faulty % 2 else faulty + product
    with pytest.raises(JwkError, match=r"jwk\.weak"):
        jwk.read_foreign(RSA | {"n": number(modulus)})
    assert jwk._factorable(modulus)
