"""Tests of certs.jwt: what a self-issued ID token must be, and every way in which it is not one."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from certs import jwk, jws, jwt, keys
from certs.jwt import EARLY, LEEWAY, LIFE, MAX_LIFE, SECOND, TokenError
from certs.strict import from_base64url, to_base64url

CITY, UTILITY = "did:web:city.example", "did:web:utility.example"
KID = f"{CITY}#token"
MINE, OTHER = keys.generate(), keys.generate()
NOW = 1_800_000_000 * SECOND
AT = NOW // SECOND
KNOWN: dict[str, dict[str, jwk.PublicKey]] = {
    CITY: {KID: jwk.of(MINE.token.public_key()), f"{CITY}#ed": jwk.of(MINE.audit.public_key())},
    UTILITY: {f"{UTILITY}#token": jwk.of(OTHER.token.public_key())},
}
GOOD = {"iss": CITY, "sub": CITY, "aud": UTILITY, "iat": AT, "exp": AT + LIFE, "jti": "one"}
HEADER = {"alg": "ES256", "kid": KID, "typ": "JWT"}


def part(value: Any) -> str:
    """One part of a token; text is taken as it stands."""
    return to_base64url((value if isinstance(value, str) else json.dumps(value)).encode()).decode()


def signed(header: Any = HEADER, claims: Any = GOOD, key: Any = MINE.token) -> str:
    """A token with any content and a signature that is right for the key."""
    text = f"{part(header)}.{part(claims)}".encode()
    elliptic = isinstance(key, ec.EllipticCurvePrivateKey)
    signature = jws._ES256.sign(text, key) if elliptic else key.sign(text)
    return f"{text.decode()}.{to_base64url(signature).decode()}"


def verify(token: str, now: int = NOW) -> jwt.Claims:
    return jwt.verify(token, audience=UTILITY, keys_of=KNOWN.get, now=now)


def refused(token: str, now: int = NOW) -> str:
    """The code with which a token is refused."""
    with pytest.raises(TokenError) as caught:
        verify(token, now)
    return caught.value.code


@pytest.mark.parametrize(("key", "kid"), [(MINE.token, KID), (MINE.audit, f"{CITY}#ed")], ids=["ES256", "EdDSA"])
def test_an_issued_token_is_accepted_here_and_by_another_reader(key: Any, kid: str) -> None:
    token = jwt.issue(key, kid, issuer=CITY, audience=UTILITY, now=NOW + 999_999, jti="one")
    claims = verify(token)
    assert (claims.iss, claims.sub, claims.aud, claims.jti) == (CITY, CITY, UTILITY, "one")
    assert (claims.iat, claims.exp) == (AT, AT + LIFE)
    read = pyjwt.decode_complete(
        token,
        key.public_key(),
        algorithms=["ES256", "EdDSA"],
        audience=UTILITY,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert read["payload"] == GOOD
    assert read["header"] == {"alg": "ES256" if kid == KID else "EdDSA", "kid": kid, "typ": "JWT"}


@pytest.mark.parametrize(
    "token",
    [
        signed(),
        signed(header={"alg": "ES256", "kid": KID}),
        signed(header={"alg": "ES256", "kid": KID, "typ": "jwt"}),
        signed(claims=GOOD | {"aud": [UTILITY]}),
        signed(claims=GOOD | {"nbf": AT}),
        signed(claims=GOOD | {"iat": AT + 0.5}),
        signed(claims=GOOD | {"token": "opaque", "something": {"else": [1]}}),
        signed(claims=GOOD | {"exp": AT + MAX_LIFE}),
    ],
)
def test_what_the_standard_leaves_open_is_accepted(token: str) -> None:
    assert verify(token).jti == "one"


def test_without_a_key_id_the_issuer_must_have_one_key() -> None:
    claims = GOOD | {"iss": UTILITY, "sub": UTILITY}
    assert verify(signed({"alg": "ES256"}, claims, OTHER.token)).iss == UTILITY
    assert refused(signed({"alg": "ES256"})) == "token.key"


def hs256(secret: bytes) -> str:
    text = f"{part(HEADER | {'alg': 'HS256'})}.{part(GOOD)}"
    return f"{text}.{to_base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()}"


PEM = MINE.token.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EVIL = jwk.write(OTHER.token.public_key())
P384 = ec.generate_private_key(ec.SECP384R1())


HOSTILE: dict[str, tuple[str, str]] = {
    # S2, S3: no signature, a public key as a shared secret
    "alg none": (f"{part(HEADER | {'alg': 'none'})}.{part(GOOD)}.", "token.malformed"),
    "alg none with a signature": (signed(HEADER | {"alg": "none"}), "token.algorithm"),
    "alg None": (signed(HEADER | {"alg": "None"}), "token.algorithm"),
    "HS256 with the PEM": (hs256(PEM), "token.algorithm"),
    "HS256 with the JWK": (hs256(json.dumps(MINE.token_jwk).encode()), "token.algorithm"),
    # S4: the algorithm is the key's
    "ES384": (pyjwt.encode(GOOD, P384, "ES384", headers={"kid": KID}), "token.algorithm"),
    "RS256": (signed(HEADER | {"alg": "RS256"}), "token.algorithm"),
    "no algorithm": (signed({"kid": KID}), "token.algorithm"),
    "algorithm is a list": (signed(HEADER | {"alg": ["ES256"]}), "token.algorithm"),
    "EdDSA said, ES256 key": (signed(HEADER | {"alg": "EdDSA"}), "token.algorithm"),
    "ES256 said, EdDSA key": (signed(HEADER | {"kid": f"{CITY}#ed"}, key=MINE.audit), "token.algorithm"),
    # S5, S6: the header brings a key or changes what is signed
    "jwk": (signed(HEADER | {"jwk": EVIL}, key=OTHER.token), "token.header"),
    "jku": (signed(HEADER | {"jku": "https://evil.example/keys"}, key=OTHER.token), "token.header"),
    "x5u": (signed(HEADER | {"x5u": "https://evil.example/cert"}, key=OTHER.token), "token.header"),
    "x5c": (signed(HEADER | {"x5c": ["MIIB"]}, key=OTHER.token), "token.header"),
    "crit": (signed(HEADER | {"crit": ["exp"]}), "token.header"),
    "b64": (signed(HEADER | {"b64": False, "crit": ["b64"]}), "token.header"),
    "kid is a number": (signed(HEADER | {"kid": 1}), "token.header"),
    "kid is null": (signed(HEADER | {"kid": None}), "token.header"),
    "huge header": (signed(HEADER | {"kid": "x" * 2_000}), "token.header"),
    # S7 to S9: who, about whom, for whom, with which key
    "iss is not sub": (signed(claims=GOOD | {"sub": UTILITY}), "token.subject"),
    "aud is another": (signed(claims=GOOD | {"aud": "did:web:town.example"}), "token.audience"),
    "aud is our URL": (signed(claims=GOOD | {"aud": "https://utility.example"}), "token.audience"),
    "aud is many": (signed(claims=GOOD | {"aud": [UTILITY, CITY]}), "token.audience"),
    "aud is twice the same": (signed(claims=GOOD | {"aud": [UTILITY, UTILITY]}), "token.audience"),
    "aud is empty": (signed(claims=GOOD | {"aud": []}), "token.audience"),
    "kid of another DID": (signed(HEADER | {"kid": f"{UTILITY}#token"}, key=OTHER.token), "token.key"),
    "kid unknown": (signed(HEADER | {"kid": f"{CITY}#old"}), "token.key"),
    "kid is a path": (signed(HEADER | {"kid": "../../../../dev/null"}), "token.key"),
    "kid is a fragment": (signed(HEADER | {"kid": "#token"}), "token.key"),
    "issuer unknown": (signed(claims=GOOD | {"iss": "did:web:x", "sub": "did:web:x"}), "token.issuer"),
    "issuer in other case": (signed(claims=GOOD | {"iss": CITY.upper(), "sub": CITY.upper()}), "token.issuer"),
    "signed by another": (signed(key=OTHER.token), "token.signature"),
    # S12, S13: time
    "expired": (signed(claims=GOOD | {"iat": AT - LIFE - LEEWAY, "exp": AT - LEEWAY}), "token.expired"),
    "nbf ahead": (signed(claims=GOOD | {"nbf": AT + EARLY + 1}), "token.early"),
    "iat ahead": (signed(claims=GOOD | {"iat": AT + EARLY + 1}), "token.early"),
    "lives too long": (signed(claims=GOOD | {"exp": AT + MAX_LIFE + 2}), "token.life"),
    "ends before it begins": (signed(claims=GOOD | {"iat": AT + 30, "exp": AT + 30}), "token.life"),
    "exp missing": (signed(claims={k: v for k, v in GOOD.items() if k != "exp"}), "token.claims"),
    "iat missing": (signed(claims={k: v for k, v in GOOD.items() if k != "iat"}), "token.claims"),
    "exp is text": (signed(claims=GOOD | {"exp": str(AT + LIFE)}), "token.claims"),
    "exp is true": (signed(claims=GOOD | {"exp": True}), "token.claims"),
    "exp negative": (signed(claims=GOOD | {"exp": -1}), "token.claims"),
    "exp NaN": (signed(claims=GOOD | {"exp": float("nan")}), "token.malformed"),
    "exp 1e400": (signed(claims=json.dumps(GOOD).replace(str(AT + LIFE), "1e400")), "token.malformed"),
    "exp in milliseconds": (signed(claims=GOOD | {"exp": (AT + LIFE) * 1000}), "token.claims"),
    "exp enormous": (signed(claims=GOOD | {"exp": 10**30}), "token.claims"),
    "nbf null": (signed(claims=GOOD | {"nbf": None}), "token.claims"),
    # S14: the id
    "jti missing": (signed(claims={k: v for k, v in GOOD.items() if k != "jti"}), "token.claims"),
    "jti empty": (signed(claims=GOOD | {"jti": ""}), "token.claims"),
    "jti a number": (signed(claims=GOOD | {"jti": 1}), "token.claims"),
    "jti endless": (signed(claims=GOOD | {"jti": "x" * 257}), "token.claims"),
    # S18: other kinds of token
    "a credential": (signed(HEADER | {"typ": "vc+jwt"}), "token.type"),
    "an access token": (signed(HEADER | {"typ": "at+jwt"}), "token.type"),
    "type is a number": (signed(HEADER | {"typ": 1}), "token.type"),
    "claim vc": (signed(claims=GOOD | {"vc": {}}), "token.type"),
    "claim vp": (signed(claims=GOOD | {"vp": None}), "token.type"),
    # S19: two readings of one token
    "claim twice": (signed(claims=json.dumps(GOOD)[:-1] + f', "iss": "{CITY}"}}'), "token.malformed"),
    "claim twice, escaped": (signed(claims=json.dumps(GOOD)[:-1] + r', "is\u0073": "x"}'), "token.malformed"),
    "header twice": (signed(json.dumps(HEADER)[:-1] + ', "alg": "ES256"}'), "token.malformed"),
    "claims are a list": (signed(claims=[GOOD]), "token.malformed"),
    "header is text": (signed('"x"'), "token.malformed"),
    "claims are not UTF-8": (f"{part(HEADER)}.eyJpc3MiOiL_In0.AAAA", "token.malformed"),
    "deep": (signed(claims='{"a":' + "[" * 2_500 + "]" * 2_500 + "}"), "token.malformed"),
    "padded": (signed() + "==", "token.malformed"),
    "newline behind": (signed() + "\n", "token.malformed"),
    "space before": (" " + signed(), "token.malformed"),
    "standard base64": (signed().replace("_", "/", 1).replace("-", "+", 1) + "+", "token.malformed"),
    "two parts": (signed().rpartition(".")[0], "token.malformed"),
    "four parts": (signed() + ".AAAA", "token.malformed"),
    "five parts": ("a.b.c.d.e", "token.malformed"),
    "empty": ("", "token.malformed"),
    "letters beyond ASCII": (signed() + "ä", "token.malformed"),
    "full-width digits": (signed() + "\uff11", "token.malformed"),
    "one megabyte": (signed(claims=GOOD | {"x": "x" * 1_000_000}), "token.too_large"),
    "short signature": (signed()[:-2], "token.signature"),
    "long signature": (signed() + "AAAA", "token.signature"),
    "zero signature": (signed().rpartition(".")[0] + "." + "A" * 86, "token.signature"),
}


@pytest.mark.parametrize(("token", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_tokens_are_refused(token: str, code: str) -> None:
    assert refused(token) == code


def test_a_second_spelling_of_the_signature_is_refused() -> None:
    """64 bytes leave four spare bits in the last character; only one of its 16 spellings is the token."""
    token = signed()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(token[-1])
    for spare in range(1, 16):
        assert refused(token[:-1] + alphabet[place ^ spare]) == "token.malformed"


def test_a_token_carries_an_access_token_or_a_code() -> None:
    """DCP 1.0.1, Base Protocol (`token`) and Credential Issuance Protocol (`pre-authorized_code`)."""
    token = jwt.issue(
        MINE.token, KID, issuer=CITY, audience=UTILITY, now=NOW, jti="one", token="opaque", code="ABCDE-FGHJK"
    )
    claims = verify(token)
    assert (claims.token, claims.code) == ("opaque", "ABCDE-FGHJK")
    body = json.loads(from_base64url(token.split(".")[1].encode()))
    assert body == GOOD | {"token": "opaque", "pre-authorized_code": "ABCDE-FGHJK"}
    for name in ("token", "pre-authorized_code"):
        for value in (1, None, "", "x" * 5_000):
            assert refused(signed(claims=GOOD | {name: value})) == "token.claims"


@pytest.mark.parametrize("token", [signed(), signed({"alg": "ES256"}), signed(key=OTHER.token)])
def test_a_peek_proves_nothing_and_needs_no_key(token: str) -> None:
    found = jwt.peek(token, audience=UTILITY, now=NOW)
    assert found.claims.iss == CITY
    assert found.kid == ("" if token == signed({"alg": "ES256"}) or '"kid"' not in _head(token) else KID)


def _head(token: str) -> str:
    return from_base64url(token.split(".")[0].encode()).decode()


KEYS_DECIDE = {"token.signature", "token.issuer", "token.key", "token.algorithm"}
"""Codes that it may take keys to come to; a key id that is not the issuer's shows without."""


@pytest.mark.parametrize(("token", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_can_be_refused_without_a_key_is_refused_at_a_peek(token: str, code: str) -> None:
    found = ""
    try:
        jwt.peek(token, audience=UTILITY, now=NOW)
    except TokenError as error:
        found = error.code
    assert found in ((code, "token.key", "") if code in KEYS_DECIDE else (code,))


def test_a_peek_refuses_a_key_of_somebody_else() -> None:
    for kid in (f"{UTILITY}#token", "#token", CITY, f"{CITY}x#token"):
        with pytest.raises(TokenError, match=r"token\.key"):
            jwt.peek(signed(HEADER | {"kid": kid}), audience=UTILITY, now=NOW)


def test_time_ends_at_the_leeway() -> None:
    token = signed()
    end = verify(token).accepted_until()
    assert end == NOW + (LIFE + LEEWAY) * SECOND
    assert verify(token, end - 1).jti == "one"
    assert refused(token, end) == "token.expired"
    assert verify(token, NOW - EARLY * SECOND).jti == "one"
    assert refused(token, NOW - EARLY * SECOND - 1) == "token.early"


def test_a_stranger_costs_no_signature_check() -> None:
    asked: list[str] = []
    look: Callable[[str], None] = asked.append
    for token, _ in HOSTILE.values():
        with pytest.raises(TokenError):
            jwt.verify(token, audience="did:web:nobody.example", keys_of=look, now=NOW)
    assert asked == [], "nothing is looked up for a token that is meant for somebody else"


@given(st.data())
def test_no_altered_token_is_accepted(data: st.DataObject) -> None:
    token = TOKEN
    at = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.sampled_from("ABYZabyz0189-_.=+/ \n"))
    altered = token[:at] + char + token[at + 1 :]
    if altered != token:
        refused(altered)


TOKEN = signed()


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(head: bytes, body: bytes) -> None:
    refused(f"{to_base64url(head).decode()}.{to_base64url(body).decode()}.AAAA")
