"""Tests of certs.credentials (and of certs.envelopes and certs.vcdm below it): both profiles, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import jsonschema_rs
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs import credentials, jwk, status, vcdm
from certs.credentials import MAX_CREDENTIAL, Credential
from certs.vcdm import CONTEXTS, FOREVER, MEMBERSHIP_SCHEMA, SECOND, V1, V2, VC11, VC20, CredentialError, Profile
from tests.certs.forging import (
    CITY,
    DAY,
    DROP,
    EDWARDS,
    ISSUER,
    ISSUER_KEY,
    KEYS,
    LIST,
    MEMBER,
    NOW,
    OTHER,
    PROFILES,
    REGION,
    Json,
    forged,
    membership,
    parts,
)
from tests.standards import STANDARDS, load

both = pytest.mark.parametrize("profile", PROFILES)
W3C = STANDARDS / "trust" / "w3c" / "vcdm" / "schema"


def verify(token: str, now: int = NOW, **given: Any) -> Credential:
    return credentials.verify(token, KEYS, now, **given)


def refused(token: str, now: int = NOW, **given: Any) -> str:
    with pytest.raises(CredentialError) as caught:
        verify(token, now, **given)
    assert len(str(caught.value)) < 2_000
    return caught.value.code


@both
@pytest.mark.parametrize("key", [ISSUER, EDWARDS], ids=["ES256", "EdDSA"])
def test_what_is_issued_is_read_as_it_was_meant(profile: Profile, key: Any) -> None:
    entries = [status.entry(profile, purpose, 7, LIST) for purpose in vcdm.PURPOSES]
    token = membership(profile, key=key, status=entries, schema=MEMBERSHIP_SCHEMA)
    found = credentials.verify(token, {ISSUER_KEY: jwk.of(key.public_key())}, NOW)
    assert (found.id, found.issuer, found.subject, found.kid) == ("urn:uuid:one", REGION, CITY, ISSUER_KEY)
    assert found.types == ("VerifiableCredential", "MembershipCredential")
    assert found.claims == MEMBER
    assert (found.begins, found.ends) == (NOW - DAY, NOW + 90 * DAY)
    assert [(one.purpose, one.index, one.list) for one in found.status] == [
        ("revocation", 7, LIST),
        ("suspension", 7, LIST),
    ]
    assert found.schemas == (MEMBERSHIP_SCHEMA,)
    assert (found.profile, found.token) == (profile, token)


def test_headers_are_spelled_as_the_w3c_spells_them() -> None:
    """VC-JOSE-COSE, 3.1.1; Data Model 1.1, 6.3.1."""
    head, payload = parts(membership(VC20))
    assert head == {"alg": "ES256", "kid": ISSUER_KEY, "typ": "vc+jwt", "cty": "vc"}
    assert "vc" not in payload
    assert payload["@context"][0] == V2
    head, payload = parts(membership(VC11))
    assert head == {"alg": "ES256", "kid": ISSUER_KEY, "typ": "JWT"}
    assert payload["vc"]["@context"][0] == V1
    assert {name: payload[name] for name in ("iss", "sub", "jti")} == {
        "iss": REGION,
        "sub": CITY,
        "jti": payload["vc"]["id"],
    }
    assert payload["exp"] - payload["nbf"] == 91 * 86_400


def test_one_status_stands_alone_and_several_in_a_list() -> None:
    entry = replace(status.entry(VC20, "revocation", 7, LIST), id="urn:uuid:entry")
    alone = parts(membership(status=[entry]))[1]["credentialStatus"]
    assert alone == {"id": "urn:uuid:entry", **ENTRY}
    several = parts(membership(status=[entry, status.entry(VC20, "suspension", 8, LIST)]))[1]["credentialStatus"]
    assert [one["id"] for one in several] == ["urn:uuid:entry", f"{LIST}#8"]
    assert "credentialStatus" not in parts(membership(status=()))[1]


def test_no_claim_changes_whom_a_credential_is_about() -> None:
    assert verify(membership(claims={"id": REGION, "name": "x"})).subject == CITY


def test_grounds_are_named_where_there_are_some() -> None:
    ground = {"type": "RegionalRegister"}
    assert verify(membership(evidence=[ground])).document["evidence"] == [ground]
    assert "evidence" not in verify(membership()).document


def test_a_list_of_one_subject_is_one_subject() -> None:
    token = forged(membership(), document={"credentialSubject": [{"id": CITY, "name": "x"}]})
    assert (verify(token).subject, verify(token).claims) == (CITY, {"name": "x"})


@pytest.mark.skipif(not W3C.is_dir(), reason=f"no official schemas at {W3C} (ALLMENDE_STANDARDS)")
def test_documents_conform_to_the_official_schema() -> None:
    schema = load(W3C / "verifiable-credential" / "verifiable-credential-schema.json")
    document = parts(membership(VC20, schema=MEMBERSHIP_SCHEMA))[1]
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []


@pytest.mark.skipif(not W3C.is_dir(), reason=f"no official examples at {W3C} (ALLMENDE_STANDARDS)")
def test_official_examples_are_read_where_they_are_in_a_profile() -> None:
    """What stands in the way of each is named: other issuers than DIDs, other contexts, proofs in the document."""
    outcomes = {}
    for path in sorted((W3C / "verifiable-credential").glob("example-*.json")):
        document = load(path)
        token = forged(membership(VC20), document=dict.fromkeys(parts(membership(VC20))[1], DROP) | document)
        try:
            outcomes[path.stem] = verify(token).id
        except CredentialError as error:
            outcomes[path.stem] = error.code
    assert set(outcomes.values()) <= {
        "credential.context",
        "credential.issuer",
        "credential.id",
        "credential.subject",
        "credential.key",
        "credential.kind",
    }


@pytest.mark.parametrize("typ", ["vc+jwt", "vc+ld+json+jwt", "vc+ld+jwt", "application/vc+jwt", DROP])
@pytest.mark.parametrize("cty", ["vc", "vc+ld+json", "vc+ld", DROP])
def test_the_spellings_in_use_are_read(typ: Any, cty: Any) -> None:
    assert verify(forged(membership(VC20), header={"typ": typ, "cty": cty})).profile == VC20


@pytest.mark.parametrize("typ", ["JWT", DROP])
def test_the_older_model_is_known_by_its_claim(typ: Any) -> None:
    assert verify(forged(membership(VC11), header={"typ": typ})).profile == VC11


HEADERS: dict[str, tuple[Json, str]] = {
    "a presentation": ({"typ": "vp+jwt"}, "credential.kind"),
    "a presentation's content": ({"cty": "vp"}, "credential.kind"),
    "a message token": ({"typ": "JWT"}, "credential.kind"),
    "type is a number": ({"typ": 1}, "credential.kind"),
    "type is a list": ({"typ": ["vc+jwt"]}, "credential.kind"),
    "content is a list": ({"cty": ["vc"]}, "credential.kind"),
    "no key id": ({"kid": DROP}, "credential.key"),
    "key id of another": ({"kid": f"{CITY}#issuer"}, "credential.key"),
    "key id of a longer name": ({"kid": f"{REGION}.evil#issuer"}, "credential.key"),
    "key id without a DID": ({"kid": "#issuer"}, "credential.key"),
    "a key of other uses": ({"kid": f"{REGION}#token"}, "credential.key"),
    "a key to fetch": ({"x5u": "https://evil.example"}, "credential.header"),
    "a key of its own": ({"jwk": {}}, "credential.header"),
    "an issuer in the header": ({"iss": REGION}, "credential.header"),
    "crit": ({"crit": ["exp"]}, "credential.header"),
}


@pytest.mark.parametrize(("header", "code"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_are_refused(header: Json, code: str) -> None:
    assert refused(forged(membership(VC20), header=header)) == code


DOCUMENTS: dict[str, tuple[Json, str]] = {
    # V9, J1, J2: vocabulary
    "no context": ({"@context": DROP}, "credential.kind"),
    "unknown context": ({"@context": [V2, "https://evil.example/v1"]}, "credential.context"),
    "context of the other model": ({"@context": [V1]}, "credential.context"),
    "contexts in another order": ({"@context": [vcdm.UNDEFINED, V2]}, "credential.context"),
    "context inside": ({"@context": [V2, {"credentialSubject": "https://evil.example/x"}]}, "credential.context"),
    "context empty": ({"@context": []}, "credential.context"),
    "context null": ({"@context": None}, "credential.context"),
    "too many contexts": ({"@context": [V2] * 17}, "credential.context"),
    # types
    "no type": ({"type": DROP}, "credential.type"),
    "no credential": ({"type": ["MembershipCredential"]}, "credential.type"),
    "type is a number": ({"type": ["VerifiableCredential", 1]}, "credential.type"),
    "too many types": ({"type": ["VerifiableCredential"] * 17}, "credential.type"),
    # V4: issuer
    "no issuer": ({"issuer": DROP}, "credential.issuer"),
    "issuer is a number": ({"issuer": 1}, "credential.issuer"),
    "issuer is a URL": ({"issuer": "https://region.example"}, "credential.issuer"),
    "issuer without an id": ({"issuer": {"name": "x"}}, "credential.issuer"),
    "another issuer": ({"issuer": CITY}, "credential.key"),
    "issuer with a space": ({"issuer": REGION + " "}, "credential.issuer"),
    # V3: subject
    "no subject": ({"credentialSubject": DROP}, "credential.subject"),
    "subject without an id": ({"credentialSubject": MEMBER}, "credential.subject"),
    "two subjects": ({"credentialSubject": [{"id": CITY}, {"id": REGION}]}, "credential.subject"),
    "two ids": ({"credentialSubject": {"id": CITY, "@id": REGION}}, "credential.subject"),
    "subject is text": ({"credentialSubject": CITY}, "credential.subject"),
    "id is a list": ({"credentialSubject": {"id": [CITY]}}, "credential.subject"),
    # id
    "no id": ({"id": DROP}, "credential.id"),
    "id is empty": ({"id": ""}, "credential.id"),
    "id under both names": ({"@id": "urn:uuid:one"}, "credential.id"),
    "type under both names": ({"@type": ["VerifiableCredential"]}, "credential.type"),
    "id is endless": ({"id": "u" * 2_049}, "credential.id"),
    # V8: dates
    "date in words": ({"validUntil": "tomorrow"}, "credential.date"),
    "a day": ({"validUntil": "2027-06-30"}, "credential.date"),
    "no zone": ({"validUntil": "2027-06-30T00:00:00"}, "credential.date"),
    "13th month": ({"validUntil": "2027-13-30T00:00:00Z"}, "credential.date"),
    "hour 24": ({"validUntil": "2027-12-30T24:00:00Z"}, "credential.date"),
    "leap second": ({"validUntil": "2027-12-30T23:59:60Z"}, "credential.date"),
    "a number": ({"validUntil": 1_900_000_000}, "credential.date"),
    "null": ({"validUntil": None}, "credential.date"),
    "a space": ({"validUntil": "2027-06-30 00:00:00Z"}, "credential.date"),
    "a line": ({"validUntil": "2027-06-30T00:00:00Z\n"}, "credential.date"),
    "other digits": ({"validUntil": "２０２７-06-30T00:00:00Z"}, "credential.date"),
    "a zone of 99 hours": ({"validUntil": "2027-06-30T00:00:00+99:00"}, "credential.date"),
    "ends before it begins": (
        {"validFrom": "2028-01-01T00:00:00Z", "validUntil": "2027-12-31T00:00:00Z"},
        "credential.date",
    ),
    # R4, R5: status
    "status is text": ({"credentialStatus": "x"}, "credential.status"),
    "status null": ({"credentialStatus": None}, "credential.status"),
    # V11: schema
    "unknown schema": ({"credentialSchema": {"id": "https://x.example/s", "type": "JsonSchema"}}, "credential.schema"),
    "internal schema": (
        {"credentialSchema": [{"id": "http://127.0.0.1/s", "type": "JsonSchema"}]},
        "credential.schema",
    ),
    "schema null": ({"credentialSchema": None}, "credential.schema"),
    "schema not kept": (
        {"credentialSchema": {"id": MEMBERSHIP_SCHEMA}, "credentialSubject": {"id": CITY, "name": "x"}},
        "credential.schema",
    ),
}


@pytest.mark.parametrize(("document", "code"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents_that_are_refused(document: Json, code: str) -> None:
    assert refused(forged(membership(VC20), document=document)) == code


CLAIMS: dict[str, tuple[Profile, Json, str]] = {
    # V9: both generations at once, claims that contradict the document
    "vc in the newer model": (VC20, {"vc": {}}, "credential.wrapper"),
    "vp in the newer model": (VC20, {"vp": {}}, "credential.kind"),
    "a document beside the older": (VC11, {"@context": [V2]}, "credential.wrapper"),
    "vc is a list": (VC11, {"vc": []}, "credential.malformed"),
    "another issuer in 2.0": (VC20, {"iss": CITY}, "credential.claims"),
    "another issuer in 1.1": (VC11, {"iss": CITY}, "credential.claims"),
    "no issuer in 1.1": (VC11, {"iss": DROP}, "credential.issuer"),
    "another subject in 2.0": (VC20, {"sub": REGION}, "credential.claims"),
    "another subject in 1.1": (VC11, {"sub": REGION}, "credential.claims"),
    "subject null": (VC11, {"sub": None}, "credential.claims"),
    "another id in 2.0": (VC20, {"jti": "urn:uuid:two"}, "credential.claims"),
    "expired claim in 2.0": (VC20, {"exp": NOW // SECOND - 1}, "credential.expired"),
    "expired claim in 1.1": (VC11, {"exp": NOW // SECOND - 1}, "credential.expired"),
    "not before in 2.0": (VC20, {"nbf": NOW // SECOND + 3_600}, "credential.early"),
    "issued tomorrow": (VC20, {"iat": NOW // SECOND + 86_400}, "credential.early"),
    "exp is text": (VC11, {"exp": "1900000000"}, "credential.date"),
    "exp is true": (VC11, {"exp": True}, "credential.date"),
    "exp is null": (VC11, {"exp": None}, "credential.date"),
    "exp in milliseconds": (VC11, {"exp": NOW // 1_000}, "credential.date"),
    "exp negative": (VC11, {"exp": -1}, "credential.date"),
    "exp enormous": (VC11, {"exp": 10**30}, "credential.date"),
}


@pytest.mark.parametrize(("profile", "claims", "code"), CLAIMS.values(), ids=CLAIMS.keys())
def test_tokens_that_contradict_themselves_are_refused(profile: Profile, claims: Json, code: str) -> None:
    assert refused(forged(membership(profile), claims=claims)) == code


def test_in_the_older_model_token_and_credential_may_have_ids_of_their_own() -> None:
    """Issuers in the field give a token an id of its own; the credential keeps the one that it names itself."""
    assert verify(forged(membership(VC11), claims={"jti": "urn:uuid:token"})).id == "urn:uuid:one"
    assert (
        verify(forged(membership(VC11), claims={"jti": "urn:uuid:token"}, document={"id": DROP})).id == "urn:uuid:token"
    )


@both
def test_the_narrower_of_two_periods_counts(profile: Profile) -> None:
    found = verify(forged(membership(profile), claims={"exp": NOW // SECOND + 60, "nbf": NOW // SECOND - 60}))
    assert (found.begins, found.ends) == (NOW - 60 * SECOND, NOW + 60 * SECOND)
    found = verify(forged(membership(profile), claims={"exp": FOREVER // SECOND, "nbf": 1}))
    assert (found.begins, found.ends) == (NOW - DAY, NOW + 90 * DAY)


def test_what_names_no_end_has_none() -> None:
    assert verify(forged(membership(VC20), document={"validUntil": DROP})).ends == FOREVER


@both
def test_the_period_ends_sharply_and_begins_with_a_minute_for_clocks(profile: Profile) -> None:
    token = membership(profile, begins=NOW, ends=NOW + DAY)
    assert verify(token, NOW + DAY - 1).ends == NOW + DAY
    assert refused(token, NOW + DAY) == "credential.expired"
    assert verify(token, NOW - 60 * SECOND).begins == NOW
    assert refused(token, NOW - 60 * SECOND - 1) == "credential.early"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15T03:30:00-04:30", NOW),
        ("2027-01-15T08:00:00.5Z", NOW + 500_000),
        ("2027-01-15T08:00:00.123456789Z", NOW + 123_456),
    ],
)
def test_dates_are_read_with_their_zone_and_fraction(text: str, instant: int) -> None:
    assert vcdm.read_date(text, "x") == instant


@given(st.integers(0, FOREVER // SECOND))
def test_dates_come_back_as_they_were_written(seconds: int) -> None:
    assert vcdm.read_date(vcdm.write_date(seconds * SECOND), "x") == seconds * SECOND


ENTRY = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": LIST,
}
ENTRIES: dict[str, tuple[Json, str]] = {
    "unknown type": ({"type": "RevocationList2020Status"}, "credential.status"),
    "no type": ({"type": DROP}, "credential.status"),
    "type is a list": ({"type": [ENTRY["type"]]}, "credential.status"),
    "unknown purpose": ({"statusPurpose": "message"}, "credential.status"),
    "purpose is a list": ({"statusPurpose": ["revocation"]}, "credential.status"),
    "no purpose": ({"statusPurpose": DROP}, "credential.status"),
    "two bits": ({"statusSize": 2}, "credential.status"),
    "index negative": ({"statusListIndex": "-1"}, "credential.index"),
    "index a float": ({"statusListIndex": "7.0"}, "credential.index"),
    "index a number": ({"statusListIndex": 7}, "credential.index"),
    "index with a space": ({"statusListIndex": " 7"}, "credential.index"),
    "index with a line": ({"statusListIndex": "7\n"}, "credential.index"),
    "index with a zero": ({"statusListIndex": "07"}, "credential.index"),
    "index in hex": ({"statusListIndex": "0x7"}, "credential.index"),
    "index endless": ({"statusListIndex": "9" * 40}, "credential.index"),
    "index in other digits": ({"statusListIndex": "７"}, "credential.index"),
    "index missing": ({"statusListIndex": DROP}, "credential.index"),
    "no list": ({"statusListCredential": DROP}, "credential.status"),
    "list is a file": ({"statusListCredential": "file:///etc/passwd"}, "credential.status"),
    "list is a number": ({"statusListCredential": 1}, "credential.status"),
}


@pytest.mark.parametrize("second", [False, True], ids=["alone", "beside a good one"])
@pytest.mark.parametrize(("change", "code"), ENTRIES.values(), ids=ENTRIES.keys())
def test_a_status_that_is_not_understood_refuses_the_credential(change: Json, code: str, second: bool) -> None:
    """R4, R5: in the older model just so."""
    entry = {name: value for name, value in (ENTRY | change).items() if value is not DROP}
    for profile in PROFILES:
        token = forged(membership(profile), document={"credentialStatus": [ENTRY, entry] if second else entry})
        assert refused(token) == code


@both
def test_a_wrong_signature_is_refused(profile: Profile) -> None:
    assert refused(membership(profile, key=OTHER)) == "credential.signature"
    assert refused(membership(profile, key=EDWARDS)) == "credential.algorithm"
    with pytest.raises(CredentialError, match=r"credential\.key"):
        credentials.verify(membership(profile), {}, NOW)


@both
def test_time_is_judged_before_the_signature(profile: Profile) -> None:
    assert refused(membership(profile, key=OTHER), NOW + 1_000 * DAY) == "credential.expired"


def test_a_huge_credential_is_not_looked_at() -> None:
    assert refused("a" * (MAX_CREDENTIAL + 1)) == "credential.too_large"
    assert refused(membership(claims={"x": "x" * MAX_CREDENTIAL})) == "credential.too_large"


def test_further_contexts_are_read_where_the_caller_knows_them() -> None:
    own = "https://region.example/context"
    token = membership(contexts=(own,))
    assert refused(token) == "credential.context"
    assert verify(token, contexts=CONTEXTS | {own}).claims == MEMBER


# --- self-descriptions from elsewhere ---------------------------------------------------------------------------------

RSA = rsa.generate_private_key(65_537, 2_048)
ICAM = {
    "typ": "vc+ld+json+jwt",
    "cty": "vc+ld+json",
    "iss": REGION,
    "kid": ISSUER_KEY,
    "x5u": "https://r.example/chain",
}


def described(header: Json) -> str:
    """A credential as Gaia-X has them signed: PS256, more in the header."""
    payload = parts(membership(VC20))[1]
    head = {name: value for name, value in (ICAM | header).items() if value is not DROP}
    return pyjwt.PyJWS().encode(json.dumps(payload).encode(), RSA, "PS256", headers=head)


def foreign_keys() -> dict[str, Any]:
    key = json.loads(pyjwt.get_algorithm_by_name("PS256").to_jwk(RSA.public_key()))
    return {ISSUER_KEY: jwk.read_foreign({"kty": "RSA", "n": key["n"], "e": key["e"], "alg": "PS256"})}


def test_a_description_from_elsewhere_is_read_where_that_is_asked_for() -> None:
    token = described({})
    found = credentials.verify(token, foreign_keys(), NOW, foreign=True)
    assert found.issuer == REGION
    with pytest.raises(CredentialError, match=r"credential\.(header|algorithm)"):
        credentials.verify(token, foreign_keys(), NOW)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"iss": CITY}, "credential.claims"),
        ({"iss": 1}, "credential.issuer"),
        ({"exp": (NOW - DAY) // SECOND}, "credential.date"),
        ({"exp": (NOW - SECOND) // 1_000}, "credential.expired"),
        ({"exp": "x"}, "credential.date"),
        ({"x5c": ["MIIB"]}, "credential.header"),
        ({"jku": "https://evil.example"}, "credential.header"),
    ],
)
def test_what_its_header_says_counts_against_it(header: Json, code: str) -> None:
    with pytest.raises(CredentialError) as caught:
        credentials.verify(described(header), foreign_keys(), NOW, foreign=True)
    assert caught.value.code == code


def test_its_header_may_end_it_in_seconds_or_milliseconds() -> None:
    for exp in ((NOW + DAY) // SECOND, (NOW + DAY) // 1_000):
        assert credentials.verify(described({"exp": exp}), foreign_keys(), NOW, foreign=True).ends == NOW + DAY


def test_json_ld_has_two_names_for_id_and_type() -> None:
    token = forged(
        membership(),
        document={
            "id": DROP,
            "@id": "urn:uuid:ld",
            "type": DROP,
            "@type": ["VerifiableCredential", "X"],
            "credentialSubject": {"@id": CITY, "@type": "X"},
            "issuer": {"@id": REGION},
        },
    )
    found = verify(token)
    assert (found.id, found.types, found.subject) == ("urn:uuid:ld", ("VerifiableCredential", "X"), CITY)
    assert found.claims == {"@type": "X"}


@both
def test_members_that_nobody_knows_change_nothing(profile: Profile) -> None:
    assert verify(forged(membership(profile), document={"evidence": [], "termsOfUse": {}})).claims == MEMBER


def test_as_the_official_conformance_kit_writes_it() -> None:
    """No type of token, ids and ends that differ between token and credential, nothing about a region."""
    token = forged(
        membership(VC11, claims={"foo": "bar"}, status=()),
        header={"typ": DROP},
        claims={"jti": "e1b5", "exp": NOW // SECOND + 300, "iat": NOW // SECOND, "nbf": NOW // SECOND},
        document={"issuanceDate": "2027-01-15T07:59:59.123456789Z"},
    )
    found = verify(token)
    assert (found.id, found.begins, found.ends) == ("urn:uuid:one", NOW, NOW + 300 * SECOND)


@given(st.data())
def test_no_altered_credential_is_accepted(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 1))
    altered = TOKEN[:at] + data.draw(st.sampled_from("ABYZabyz0189-_.=+/ \n")) + TOKEN[at + 1 :]
    if altered != TOKEN:
        refused(altered)


TOKEN = membership()


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from([*sorted(parts(membership(VC11))[1]["vc"]), "credentialSchema"]),
    st.sampled_from(PROFILES),
)
def test_whatever_stands_in_a_member_nothing_but_a_refusal_comes_of_it(value: Any, name: str, profile: Profile) -> None:
    with suppress(CredentialError):
        verify(forged(membership(profile), document={name: value}))
