"""Tests of certs.jwk."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import jwk, keys
from certs.jwk import JwkError

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
