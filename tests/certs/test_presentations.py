"""Tests of certs.presentations: both profiles, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from certs import credentials, jws, presentations
from certs.presentations import MAX_CREDENTIALS, MAX_PRESENTATION, Presentation
from certs.vcdm import SECOND, V1, V2, VC11, VC20, CredentialError, Profile
from tests.certs import forging
from tests.certs.forging import (
    CITY,
    CITY_KEY,
    CITY_KEYS,
    DROP,
    HOLDER,
    ISSUER_KEY,
    KEYS,
    NOW,
    OTHER,
    PROFILES,
    REGION,
    UTILITY,
    Json,
    membership,
    parts,
    resigned,
    shown,
)

both = pytest.mark.parametrize("profile", PROFILES)
AT = NOW // SECOND


def verify(token: str, now: int = NOW, **given: Any) -> Presentation:
    return presentations.verify(token, **{"audience": UTILITY, "holder": CITY, "keys": CITY_KEYS, "now": now} | given)


def refused(token: str, now: int = NOW, **given: Any) -> str:
    with pytest.raises(CredentialError) as caught:
        verify(token, now, **given)
    assert len(str(caught.value)) < 2_000
    return caught.value.code


def forged(profile: Profile, **changes: Json) -> str:
    """An honest presentation with something changed, signed by its holder."""
    return resigned(shown(membership(profile)), key=HOLDER, **changes)


@both
def test_what_is_shown_is_read_as_it_was_meant(profile: Profile) -> None:
    tokens = (membership(profile), membership(profile, id="urn:uuid:two", kind="DeviceCredential"))
    found = verify(shown(*tokens))
    assert (found.holder, found.profile, found.kid, found.tokens) == (CITY, profile, CITY_KEY, tokens)
    assert found.ends == NOW + 300 * SECOND
    for one in found.credentials:
        credentials.prove(one, KEYS, NOW)


def test_there_is_one_presentation_for_each_profile() -> None:
    """DCP 1.0.1, Profiles: no mixing."""
    newer, older = membership(VC20), membership(VC11, id="urn:uuid:two")
    made = presentations.present(
        HOLDER, CITY_KEY, holder=CITY, audience=UTILITY, tokens=[newer, older], now=NOW, jti="j"
    )
    assert {found.profile: found.tokens for found in map(verify, made)} == {VC20: (newer,), VC11: (older,)}
    assert sorted(parts(token)[1]["jti"] for token in made) == ["j", "j-1"]


def test_forms_are_those_of_the_standards() -> None:
    """VC-JOSE-COSE, 3.1.2; Data Model 2.0, 4.13; Data Model 1.1, 6.3.1."""
    token = membership(VC20)
    head, payload = parts(shown(token))
    assert head == {"alg": "ES256", "kid": CITY_KEY, "typ": "vp+jwt", "cty": "vp"}
    assert payload["verifiableCredential"] == [
        {"@context": V2, "id": f"data:application/vc+jwt,{token}", "type": "EnvelopedVerifiableCredential"}
    ]
    assert (payload["iss"], payload["aud"], payload["exp"] - payload["iat"]) == (CITY, UTILITY, 300)
    head, payload = parts(shown(membership(VC11)))
    assert head["typ"] == "JWT"
    assert "verifiableCredential" not in payload
    assert isinstance(payload["vp"]["verifiableCredential"][0], str)


@pytest.mark.parametrize("typ", ["vp+jwt", "vp+ld+json+jwt", "vp+ld+jwt", DROP])
@pytest.mark.parametrize("media", ["vc+jwt", "vc+ld+json+jwt", "vc+ld+jwt"])
def test_the_spellings_in_use_are_read(typ: Any, media: str) -> None:
    enveloped = [{"id": f"data:application/{media},{membership()}", "type": ["EnvelopedVerifiableCredential"]}]
    token = forged(VC20, header={"typ": typ, "cty": DROP}, document={"verifiableCredential": enveloped})
    assert len(verify(token).credentials) == 1


def test_what_others_leave_out_or_write_shorter_is_read() -> None:
    """As the reference implementation of the older profile writes it."""
    token = forged(
        VC11,
        header={"typ": DROP},
        document={
            "@context": [V1, "https://identity.foundation/presentation-exchange/submission/v1"],
            "type": "VerifiablePresentation",
            "holder": DROP,
        },
        claims={"aud": [UTILITY]},
    )
    assert verify(token).holder == CITY


def enveloped(id: Any, type: Any = "EnvelopedVerifiableCredential") -> Json:
    return {"verifiableCredential": [{"id": id, "type": type}]}


DOCUMENTS: dict[str, tuple[Profile, Json, str]] = {
    # V7: nothing
    "nothing in 2.0": (VC20, {"verifiableCredential": []}, "presentation.empty"),
    "nothing in 1.1": (VC11, {"verifiableCredential": []}, "presentation.empty"),
    "left out": (VC20, {"verifiableCredential": DROP}, "presentation.empty"),
    # V10: generations
    "an older one in the newer": (VC20, enveloped(f"data:application/vc+jwt,{membership(VC11)}"), "presentation.mixed"),
    "a newer one in the older": (VC11, {"verifiableCredential": [membership(VC20)]}, "presentation.mixed"),
    "one of each": (
        VC11,
        {"verifiableCredential": [membership(VC11), membership(VC20, id="urn:uuid:two")]},
        "presentation.mixed",
    ),
    # form
    "bare in 2.0": (VC20, {"verifiableCredential": [membership(VC20)]}, "presentation.malformed"),
    "an envelope in 1.1": (VC11, enveloped(f"data:application/vc+jwt,{membership(VC11)}"), "presentation.malformed"),
    "not a data URL": (VC20, enveloped("https://region.example/vc"), "presentation.malformed"),
    "another medium": (VC20, enveloped(f"data:text/plain,{membership()}"), "presentation.malformed"),
    "base64": (VC20, enveloped(f"data:application/vc+jwt;base64,{membership()}"), "credential.malformed"),
    "id is a number": (VC20, enveloped(1), "presentation.malformed"),
    "not an envelope": (VC20, enveloped(f"data:application/vc+jwt,{membership()}", "X"), "presentation.malformed"),
    "not signed": (VC20, {"verifiableCredential": [{"type": ["VerifiableCredential"]}]}, "presentation.malformed"),
    "a number": (VC11, {"verifiableCredential": [1]}, "presentation.malformed"),
    "null": (VC11, {"verifiableCredential": None}, "presentation.malformed"),
    "no token": (VC11, {"verifiableCredential": ["x"]}, "credential.malformed"),
    "a presentation in it": (VC11, {"verifiableCredential": [shown(membership(VC11))]}, "credential.kind"),
    # ids
    "the same twice": (VC11, {"verifiableCredential": [membership(VC11), membership(VC11)]}, "presentation.ids"),
    "the id of its credential": (VC20, {"id": "urn:uuid:one"}, "presentation.ids"),
    # V2: holder
    "another holder in 2.0": (VC20, {"holder": UTILITY}, "presentation.holder"),
    "another holder in 1.1": (VC11, {"holder": UTILITY}, "presentation.holder"),
    "holder is a number": (VC20, {"holder": 1}, "presentation.holder"),
    # vocabulary and types
    "unknown context": (VC20, {"@context": [V2, "https://evil.example"]}, "credential.context"),
    "context of the other": (VC11, {"@context": [V2]}, "credential.context"),
    "another type": (VC20, {"type": ["VerifiableCredential"]}, "credential.type"),
}


@pytest.mark.parametrize(("profile", "document", "code"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents_that_are_refused(profile: Profile, document: Json, code: str) -> None:
    assert refused(forged(profile, document=document)) == code


CLAIMS: dict[str, tuple[Json, str]] = {
    # V1: audience
    "for another": ({"aud": REGION}, "presentation.audience"),
    "for us and another": ({"aud": [UTILITY, REGION]}, "presentation.audience"),
    "for our URL": ({"aud": "https://utility.example"}, "presentation.audience"),
    "for nobody": ({"aud": DROP}, "presentation.audience"),
    "for a number": ({"aud": 1}, "presentation.audience"),
    # V2: holder
    "by another": ({"iss": UTILITY}, "presentation.holder"),
    "by a number": ({"iss": 1}, "presentation.holder"),
    # time
    "of yesterday": ({"iat": AT - 86_400, "nbf": AT - 86_400, "exp": AT - 86_000}, "presentation.expired"),
    "of tomorrow": ({"nbf": AT + 3_600, "exp": AT + 3_700}, "presentation.early"),
    "for ever": ({"exp": DROP}, "presentation.life"),
    "for years": ({"exp": AT + 100_000_000}, "presentation.life"),
    "end in milliseconds": ({"exp": AT * 1_000}, "presentation.date"),
    "end in words": ({"exp": "later"}, "presentation.date"),
}


@both
@pytest.mark.parametrize(("claims", "code"), CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_that_are_refused(profile: Profile, claims: Json, code: str) -> None:
    assert refused(forged(profile, claims=claims)) == code


def test_a_presentation_without_a_holder_is_nobodys() -> None:
    assert refused(forged(VC11, claims={"iss": DROP}, document={"holder": DROP})) == "presentation.holder"


@pytest.mark.parametrize(
    ("profile", "claims", "code"),
    [
        (VC20, {"vp": {}}, "presentation.wrapper"),
        (VC20, {"vc": {}}, "presentation.kind"),
        (VC11, {"@context": [V2]}, "presentation.wrapper"),
        (VC11, {"vp": "x"}, "presentation.malformed"),
    ],
)
def test_wrappers_that_are_refused(profile: Profile, claims: Json, code: str) -> None:
    """V9."""
    assert refused(forged(profile, claims=claims)) == code


@pytest.mark.parametrize("header", [{"typ": "vc+jwt"}, {"typ": "JWT"}, {"cty": "vc"}])
def test_another_kind_of_token_is_no_presentation(header: Json) -> None:
    assert refused(forged(VC20, header=header)) == "presentation.kind"


@both
def test_the_signature_is_the_holders_by_a_key_for_authentication(profile: Profile) -> None:
    token = membership(profile)
    assert refused(shown(token, key=OTHER)) == "presentation.signature"
    assert refused(shown(token, kid=f"{CITY}#audit")) == "presentation.key"
    assert refused(shown(token, kid=ISSUER_KEY)) == "presentation.key"
    assert refused(shown(token), holder=UTILITY) == "presentation.holder"
    assert refused(forged(profile, header={"kid": DROP})) == "presentation.key"


@both
def test_its_life_ends_with_a_minute_for_clocks(profile: Profile) -> None:
    token = shown(membership(profile))
    assert verify(token, NOW + 359 * SECOND).ends == NOW + 300 * SECOND
    assert refused(token, NOW + 360 * SECOND) == "presentation.expired"
    assert verify(token, NOW - 60 * SECOND).holder == CITY
    assert refused(token, NOW - 60 * SECOND - 1) == "presentation.early"


def test_a_published_presentation_needs_neither_audience_nor_end() -> None:
    token = forged(VC20, claims={"aud": DROP, "exp": DROP, "iat": DROP, "nbf": DROP})
    assert verify(token, audience=None).holder == CITY


def test_too_many_are_counted_and_none_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """V12: before any signature, and before any of them is read."""

    def never(*given: Any, **named: Any) -> None:
        raise AssertionError

    token = forged(VC11, document={"verifiableCredential": ["a.b.c"] * 10_000})
    monkeypatch.setattr(credentials, "read", never)
    monkeypatch.setattr(jws, "verify", never)
    assert refused(token) == "presentation.too_many"
    assert refused("a" * (MAX_PRESENTATION + 1)) == "presentation.too_large"


def test_as_many_as_allowed_are_read() -> None:
    made = [membership(VC11, id=f"urn:uuid:{number}") for number in range(MAX_CREDENTIALS)]
    assert len(verify(shown(*made)).credentials) == MAX_CREDENTIALS
    assert refused(shown(*made, membership(VC11))) == "presentation.too_many"


def test_one_bad_credential_refuses_the_whole() -> None:
    bad = forging.forged(membership(VC11, id="urn:uuid:bad"), document={"credentialStatus": {"type": "X"}})
    assert refused(forged(VC11, document={"verifiableCredential": [membership(VC11), bad]})) == "credential.status"
