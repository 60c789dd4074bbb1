"""Tests of certs.status: lists of revocations in both generations, and what is refused."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import status, vcdm
from certs.status import LEAST, MOST_BYTES, Bits, List
from certs.strict import to_base64url
from certs.vcdm import VC11, VC20, CredentialError, Profile
from tests.certs.forging import (
    CITY,
    DAY,
    DROP,
    HOLDER,
    ISSUER,
    ISSUER_KEY,
    KEYS,
    LIST,
    NOW,
    OTHER,
    PROFILES,
    REGION,
    Json,
    forged,
    membership,
    parts,
)

both = pytest.mark.parametrize("profile", PROFILES)
EMPTY = "H4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
"""131,072 clear bits as the examples of both standards write them."""


def made(profile: Profile = VC20, *, taken: tuple[int, ...] = (7,), **given: Any) -> str:
    bits = Bits()
    for index in taken:
        bits.set(index)
    fields: Json = {
        "issuer": REGION,
        "url": LIST,
        "purpose": "revocation",
        "bits": bits,
        "begins": NOW,
        "ends": NOW + DAY,
        "profile": profile,
    }
    return status.list_credential(given.pop("key", ISSUER), given.pop("kid", ISSUER_KEY), **fields | given)


def read(token: str, now: int = NOW, **given: Any) -> List:
    fields: Json = {"url": LIST, "purpose": "revocation", "issuer_keys": KEYS, "now": now, "allowed_issuers": {REGION}}
    return status.read_list(token, **fields | given)


def refused(token: str, now: int = NOW, **given: Any) -> str:
    with pytest.raises(CredentialError) as caught:
        read(token, now, **given)
    return caught.value.code


@both
def test_a_list_is_read_as_it_was_made(profile: Profile) -> None:
    found = read(made(profile, taken=(0, 7, 8, LEAST - 1)))
    assert [index for index in range(LEAST) if found.get(index)] == [0, 7, 8, LEAST - 1]
    assert (found.url, found.purpose, found.issuer, found.begins, found.ends) == (
        LIST,
        "revocation",
        REGION,
        NOW,
        NOW + DAY,
    )


def test_forms_are_those_of_the_standards() -> None:
    """Bitstring Status List 1.0, 2.2; Status List 2021, 4.2."""
    head, payload = parts(made(VC20, taken=()))
    assert (head["typ"], payload["type"]) == ("vc+jwt", ["VerifiableCredential", "BitstringStatusListCredential"])
    subject = payload["credentialSubject"]
    assert (payload["id"], subject["type"], subject["statusPurpose"]) == (LIST, "BitstringStatusList", "revocation")
    assert subject["encodedList"].startswith("uH4sI")
    _, payload = parts(made(VC11, taken=()))
    assert payload["vc"]["type"] == ["VerifiableCredential", "StatusList2021Credential"]
    assert payload["vc"]["@context"] == [vcdm.V1, vcdm.STATUS_2021]
    subject = payload["vc"]["credentialSubject"]
    assert subject["type"] == "StatusList2021"
    assert subject["encodedList"].startswith("H4sI")


def test_the_standards_own_list_is_read() -> None:
    for text in (EMPTY, "u" + EMPTY):
        bits = Bits.decode(text)
        assert len(bits) == LEAST
        assert not any(map(bits.get, range(LEAST)))


def test_the_first_bit_is_the_highest_of_the_first_byte() -> None:
    """Bitstring Status List 1.0, 3.3: the left-most bit has the index zero."""
    bits = Bits.decode("u" + to_base64url(gzip.compress(b"\x80\x01")).decode())
    assert [index for index in range(16) if bits.get(index)] == [0, 15]


@given(st.sets(st.integers(0, 255)), st.sets(st.integers(0, 255)))
def test_bits_are_set_and_cleared_one_by_one(taken: set[int], given_back: set[int]) -> None:
    bits = Bits(256)
    for index in taken:
        bits.set(index)
    for index in given_back:
        bits.clear(index)
    for text in (bits.encode(), bits.encode(multibase=False)):
        again = Bits.decode(text)
        assert {index for index in range(len(again)) if again.get(index)} == taken - given_back


@pytest.mark.parametrize("index", [-1, 256, 1 << 40])
def test_there_is_nothing_beyond_the_end(index: int) -> None:
    bits = Bits(256)
    for act in (bits.get, bits.set, bits.clear):
        with pytest.raises(IndexError):
            act(index)
    with pytest.raises(CredentialError, match=r"status\.range"):
        List(LIST, "revocation", REGION, 0, 1, bits).get(index)


@pytest.mark.parametrize("size", [0, -8, 7])
def test_a_list_has_whole_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        Bits(size)


def test_a_bomb_is_not_unpacked() -> None:
    """R6: never more in memory than the limit, whatever is packed."""
    bomb = gzip.compress(bytes(MOST_BYTES + 1))
    with pytest.raises(CredentialError, match=r"status\.too_large"):
        Bits.decode("u" + to_base64url(bomb).decode())
    assert len(Bits.decode("u" + to_base64url(gzip.compress(bytes(MOST_BYTES))).decode())) == MOST_BYTES * 8


PACKED = gzip.compress(bytes(LEAST // 8))
LISTS: dict[str, tuple[Any, str]] = {
    "absent": (DROP, "status.malformed"),
    "empty": ("", "status.malformed"),
    "a number": (1, "status.malformed"),
    "not packed": ("u" + to_base64url(bytes(LEAST // 8)).decode(), "status.malformed"),
    "not base64url": ("u*", "status.malformed"),
    "padded": ("u" + EMPTY + "=", "status.malformed"),
    "beyond ASCII": ("uä", "status.malformed"),
    "another base": ("z" + EMPTY, "status.malformed"),
    "cut off": ("u" + to_base64url(PACKED[:-9]).decode(), "status.malformed"),
    "something behind": ("u" + to_base64url(PACKED + b"x").decode(), "status.malformed"),
    "two members": ("u" + to_base64url(PACKED * 2).decode(), "status.malformed"),
    "too short": ("u" + to_base64url(gzip.compress(bytes(LEAST // 8 - 1))).decode(), "status.too_short"),
    "nothing": ("u" + to_base64url(gzip.compress(b"")).decode(), "status.too_short"),
}


@pytest.mark.parametrize(("packed", "code"), LISTS.values(), ids=LISTS.keys())
def test_packed_lists_that_are_refused(packed: Any, code: str) -> None:
    subject = {
        "type": "BitstringStatusList",
        "id": LIST + "#list",
        "statusPurpose": "revocation",
        "encodedList": packed,
    }
    token = forged(
        made(), document={"credentialSubject": {name: value for name, value in subject.items() if value is not DROP}}
    )
    assert refused(token) == code


@both
def test_lists_by_somebody_else_are_refused(profile: Profile) -> None:
    """R2: the issuer is the credential's, or one that the caller allows."""
    assert refused(made(profile, key=OTHER)) == "credential.signature"
    stranger = made(profile, issuer=CITY, key=HOLDER, kid=f"{CITY}#token")
    assert refused(stranger) == "status.issuer"
    assert refused(made(profile, issuer=CITY)) == "credential.key", "another's key id"
    assert refused(made(profile), allowed_issuers=()) == "status.issuer"
    assert refused('{"type": ["BitstringStatusListCredential"]}') == "credential.malformed", "not signed"
    assert refused("<html></html>") == "credential.malformed"


@both
def test_a_list_serves_one_purpose_and_one_address(profile: Profile) -> None:
    """R4."""
    assert refused(made(profile), purpose="suspension") == "status.purpose"
    assert refused(made(profile), url="https://region.example/status/2") == "status.url"
    assert refused(made(profile), url=LIST + "/") == "status.url"


@both
def test_a_list_ends(profile: Profile) -> None:
    """R7."""
    assert read(made(profile), NOW + DAY - 1).ends == NOW + DAY
    assert refused(made(profile), NOW + DAY) == "credential.expired"
    assert refused(made(profile, begins=NOW + DAY, ends=NOW + 2 * DAY)) == "credential.early"


@both
def test_a_credential_of_another_kind_is_no_list(profile: Profile) -> None:
    assert refused(membership(profile, id=LIST)) == "status.kind"
    disguised = membership(profile, id=LIST, claims={"type": "BitstringStatusList", "encodedList": "u" + EMPTY})
    assert refused(disguised) == "status.kind"
    token = forged(made(VC20), document={"type": ["VerifiableCredential", "StatusList2021Credential"]})
    assert refused(token) == "status.kind", "the subject is of the other kind"


@pytest.mark.parametrize("value", [["BitstringStatusList"], None, 1, {}])
def test_a_subject_of_no_kind_is_no_list(value: Any) -> None:
    assert refused(forged(made(), document={"credentialSubject": {"id": LIST, "type": value}})) == "status.kind"


def test_a_laboratory_may_take_shorter_lists() -> None:
    bits = Bits(16_384)
    bits.set(1)
    token = made(VC11, bits=bits)
    assert refused(token) == "status.too_short"
    assert read(token, least=16_384).get(1)


@both
def test_an_entry_names_the_type_of_its_profile(profile: Profile) -> None:
    found = status.entry(profile, "suspension", 3, LIST)
    assert found.type == vcdm.ENTRIES[profile]
    assert (found.purpose, found.index, found.list) == ("suspension", 3, LIST)
