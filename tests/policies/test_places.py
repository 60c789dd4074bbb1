"""Covers policies/places.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import places
from policies.claims import Claim
from policies.model import Operator
from policies.operands import SPATIAL
from policies.places import GEOCODING, GEONAMES, NUTS, Places
from policies.vocabulary import LOC
from tests.policies.samples import (
    ASSOCIATION,
    HAMBURG,
    KREIS,
    MUENSTER,
    MUENSTER_ARS,
    NRW,
    VALUES,
    VILLAGE,
    VILLAGE_AGS,
)

VALUES_ = Places()


@pytest.mark.parametrize(
    ("fact", "place", "part", "same"),
    [
        (MUENSTER, NRW, True, False),
        (MUENSTER, KREIS, True, False),
        (MUENSTER_ARS, MUENSTER, True, True),
        (MUENSTER, MUENSTER_ARS, None, None),
        (NRW, MUENSTER, None, False),
        (MUENSTER, HAMBURG, False, False),
        (VILLAGE, ASSOCIATION, True, False),
        (VILLAGE_AGS, ASSOCIATION, None, False),
        (GEOCODING + "governmentDistrictKey/055", NRW, True, False),
        (KREIS, GEOCODING + "governmentDistrictKey/055", True, False),
    ],
)
def test_containment_is_read_from_the_key(fact: str, place: str, part: bool | None, same: bool | None) -> None:
    assert VALUES_.holds(Operator.IS_PART_OF, (place,), fact) is part
    assert VALUES_.holds(Operator.EQ, (place,), fact) is same
    assert VALUES_.holds(Operator.NEQ, (place,), fact) is (None if same is None else not same)


def test_a_set_of_places_holds_by_one_of_them() -> None:
    assert VALUES_.holds(Operator.IS_ANY_OF, (HAMBURG, MUENSTER), MUENSTER) is True
    assert VALUES_.holds(Operator.IS_ANY_OF, (HAMBURG, MUENSTER_ARS), MUENSTER) is None
    assert VALUES_.holds(Operator.IS_NONE_OF, (HAMBURG, NRW), MUENSTER) is True
    assert VALUES_.holds(Operator.IS_PART_OF, (HAMBURG, NRW), MUENSTER) is None


claims = st.builds(
    Claim,
    st.just(SPATIAL),
    st.sampled_from((Operator.EQ, Operator.IS_PART_OF)),
    st.sampled_from(VALUES[SPATIAL]),
    st.booleans(),
)
FACTS = (*VALUES[SPATIAL], GEOCODING + "regionalKey/010519999003", GEOCODING + "municipalityKey/05515001")


@given(st.lists(claims, max_size=3), claims)
@settings(max_examples=40)
def test_what_is_said_to_follow_holds_everywhere(premises: list[Claim], claim: Claim) -> None:
    def true(one: Claim, fact: str) -> bool:
        return VALUES_.holds(one.operator, (one.right,), fact) is one.holds

    facts = [fact for fact in FACTS if all(true(premise, fact) for premise in premises)]
    if VALUES_.implies(premises, claim):
        assert all(true(claim, fact) for fact in facts)
    if not VALUES_.possible(premises):
        assert not facts


@pytest.mark.parametrize(("digits", "kind"), [(length * "0", kind) for kind, length in places.KINDS.items()])
def test_digits_tell_the_kind(digits: str, kind: str) -> None:
    assert places.from_digits(digits) == f"{GEOCODING}{kind}/{digits}"


@pytest.mark.parametrize(
    "text", ["http://example.org/EU", "_:EU", GEOCODING + "stateKey/055", GEOCODING + "x/05", "05"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        places.read(text)


@pytest.mark.parametrize("digits", ["", "0551", "0551500", "०५", "0551500a"])
def test_other_digits_are_no_key(digits: str) -> None:
    with pytest.raises(ValueError):
        places.from_digits(digits)


@pytest.mark.parametrize("text", ["", "05515", GEOCODING + "stateKey/ab", GEOCODING + "stateKey/5", "urn:x"])
def test_what_is_no_key_has_no_digits(text: str) -> None:
    with pytest.raises(ValueError):
        places.split(text)


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        (NUTS + "DEA", NRW),
        (NUTS + "DE", LOC + "DE"),
        (NUTS + "EL", LOC + "GR"),
        (NUTS + "UK", LOC + "GB"),
        (NUTS + "DEA3", GEOCODING + "governmentDistrictKey/055"),
        (NUTS + "DEA33", NUTS + "DEA33"),
        ("https://data.europa.eu/nuts/code/FR10", NUTS + "FR10"),
        (LOC + "DE-NW", NRW),
        (LOC + "FR", LOC + "FR"),
        ("https://sws.geonames.org/2867543/about.rdf", GEONAMES + "2867543"),
        ("http://www.geonames.org/2867543/muenster.html", GEONAMES + "2867543"),
    ],
)
def test_names_of_one_place_have_one_iri(text: str, iri: str) -> None:
    assert places.read(text) == places.name(text) == iri
    assert places.read(iri) == iri


@pytest.mark.parametrize("text", [LOC + "DE-XX", LOC + "Germany", LOC + "de", GEONAMES + "x", NUTS + "D"])
def test_what_no_register_knows_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        places.read(text)


def test_a_place_of_another_register_can_be_stated_by_its_iri() -> None:
    assert places.name("http://example.org/EU") == "http://example.org/EU"
    assert VALUES_.holds(Operator.EQ, (NRW,), "http://example.org/EU") is None
    assert VALUES_.holds(Operator.IS_PART_OF, (NRW,), "http://example.org/EU") is None
    assert VALUES_.holds(Operator.EQ, ("http://example.org/EU",), "http://example.org/EU") is True
    assert VALUES_.holds(Operator.EQ, (GEONAMES + "1",), GEONAMES + "2") is False
    assert VALUES_.holds(Operator.IS_PART_OF, (GEONAMES + "1",), GEONAMES + "2") is None


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (LOC + "DE", LOC + "EU"),
        (LOC + "EU", LOC + "EEA"),
        (LOC + "NO", LOC + "EEA"),
        (NRW, LOC + "EU"),
        (NRW, LOC + "DE"),
        (MUENSTER, LOC + "EEA"),
        (NUTS + "FR10", LOC + "FR"),
        (NUTS + "FR101", NUTS + "FR10"),
        (NUTS + "DEA33", NRW),
        (NUTS + "DEA33", GEOCODING + "governmentDistrictKey/055"),
        (NUTS + "DED21", GEOCODING + "stateKey/14"),
        (NUTS + "DEA99", NRW),
        (NUTS + "EL30", LOC + "GR"),
        (NUTS + "UKI", LOC + "GB"),
        (NUTS + "ES300", LOC + "ES"),
        (LOC + "FR-IDF", LOC + "FR"),
    ],
)
def test_what_lies_within_lies_not_around(inner: str, outer: str) -> None:
    assert VALUES_.holds(Operator.IS_PART_OF, (outer,), inner) is True
    assert VALUES_.holds(Operator.HAS_PART, (inner,), outer) is True
    assert VALUES_.holds(Operator.HAS_PART, (outer,), inner) is False
    assert VALUES_.holds(Operator.IS_PART_OF, (inner,), outer) is None
    assert VALUES_.holds(Operator.EQ, (outer,), inner) is False
    assert VALUES_.holds(Operator.EQ, (inner,), outer) is False


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (LOC + "NO", LOC + "EU"),
        (LOC + "CH", LOC + "EEA"),
        (LOC + "FR", LOC + "DE"),
        (LOC + "CH", NRW),
        (NUTS + "FR10", LOC + "DE"),
        (NUTS + "FR10", NUTS + "FR2"),
        (NUTS + "DEA33", HAMBURG),
        (NUTS + "DEA33", NUTS + "DEA34"),
        (NUTS + "DE300", NRW),
        (LOC + "FR-IDF", LOC + "FR-ARA"),
        (LOC + "FR-IDF", LOC + "ES"),
        (KREIS, HAMBURG),
    ],
)
def test_what_lies_apart_is_not_within(one: str, two: str) -> None:
    for fact, place in ((one, two), (two, one)):
        assert VALUES_.holds(Operator.IS_PART_OF, (place,), fact) is False
        assert VALUES_.holds(Operator.HAS_PART, (place,), fact) is False
        assert VALUES_.holds(Operator.EQ, (place,), fact) is False


def test_a_district_by_code_may_be_one_by_key() -> None:
    for fact, place in ((NUTS + "DEA33", KREIS), (KREIS, NUTS + "DEA33"), (MUENSTER, NUTS + "DEA33")):
        assert VALUES_.holds(Operator.IS_PART_OF, (place,), fact) is None
        assert VALUES_.holds(Operator.EQ, (place,), fact) is None
    assert VALUES_.holds(Operator.HAS_PART, (KREIS,), NUTS + "DEA33") is None
    assert VALUES_.holds(Operator.EQ, (NRW,), NUTS + "DEA33") is False
    assert VALUES_.holds(Operator.EQ, (GEOCODING + "governmentDistrictKey/145",), NUTS + "DED21") is False
    assert VALUES_.holds(Operator.EQ, (GEOCODING + "governmentDistrictKey/010",), NUTS + "DEF07") is False
    assert VALUES_.holds(Operator.HAS_PART, (MUENSTER,), MUENSTER_ARS) is None


def test_names_of_one_register_differ_and_those_of_two_may_not() -> None:
    for one, two, same in (
        ("urn:a", "urn:b", False),
        ("urn:a", "did:web:a", None),
        ("https://a.example/x", "https://a.example/y", False),
        ("https://a.example/x", "https://b.example/x", None),
    ):
        assert VALUES_.holds(Operator.EQ, (one,), two) is same


def test_sets_of_places_in_three_values() -> None:
    assert VALUES_.holds(Operator.IS_ALL_OF, (MUENSTER,), MUENSTER_ARS) is True
    assert VALUES_.holds(Operator.IS_ALL_OF, (MUENSTER, HAMBURG), MUENSTER) is False
    assert VALUES_.holds(Operator.IS_ALL_OF, (MUENSTER, MUENSTER_ARS), MUENSTER) is None
    assert VALUES_.holds(Operator.IS_NONE_OF, (HAMBURG, MUENSTER_ARS), MUENSTER) is None
    assert VALUES_.holds(Operator.IS_NONE_OF, (MUENSTER, NRW), MUENSTER) is False
    assert VALUES_.holds(Operator.LT, (NRW,), MUENSTER) is None
    assert VALUES_.holds(Operator.EQ, (NRW,), 5) is None


def claim_(operator: Operator, right: str, holds: bool = True) -> Claim:
    return Claim(SPATIAL, operator, right, holds)


@pytest.mark.parametrize(
    ("premises", "possible"),
    [
        ([claim_(Operator.IS_PART_OF, NRW), claim_(Operator.EQ, NRW, False)], True),
        ([claim_(Operator.IS_PART_OF, MUENSTER_ARS), claim_(Operator.EQ, MUENSTER_ARS, False)], False),
        ([claim_(Operator.IS_PART_OF, NRW), claim_(Operator.IS_PART_OF, HAMBURG)], False),
        ([claim_(Operator.IS_PART_OF, NRW, False), claim_(Operator.IS_PART_OF, HAMBURG, False)], True),
        ([claim_(Operator.IS_PART_OF, LOC + "EU", False), claim_(Operator.IS_PART_OF, LOC + "EEA")], True),
        ([claim_(Operator.IS_PART_OF, LOC + "EEA", False)], True),
        ([claim_(Operator.IS_PART_OF, LOC + "EU"), claim_(Operator.IS_PART_OF, LOC + "DE", False)], True),
        ([claim_(Operator.HAS_PART, MUENSTER), claim_(Operator.IS_PART_OF, NRW)], True),
        ([claim_(Operator.HAS_PART, NRW), claim_(Operator.IS_PART_OF, HAMBURG)], False),
        ([claim_(Operator.IS_PART_OF, NUTS + "FR10"), claim_(Operator.EQ, NUTS + "FR10", False)], True),
        ([claim_(Operator.IS_PART_OF, KREIS), claim_(Operator.IS_PART_OF, MUENSTER, False)], True),
        ([claim_(Operator.IS_PART_OF, ASSOCIATION), claim_(Operator.EQ, VILLAGE, False)], True),
        ([claim_(Operator.EQ, GEONAMES + "1", False), claim_(Operator.EQ, GEONAMES + "2", False)], True),
        ([], True),
    ],
)
def test_where_there_is_a_place_there_is_a_witness(premises: list[Claim], possible: bool) -> None:
    found = VALUES_.witness(premises)
    assert (found is not None) is possible
    if found is not None:
        assert places.name(found) == found
        assert all(VALUES_.holds(one.operator, (one.right,), found) is one.holds for one in premises)


NAMED = (
    LOC + "EU",
    LOC + "DE",
    NRW,
    KREIS,
    MUENSTER,
    MUENSTER_ARS,
    ASSOCIATION,
    VILLAGE,
    NUTS + "DEA33",
    NUTS + "FR10",
)
CLAIMS = [
    claim_(operator, place, holds)
    for place in NAMED
    for operator in (Operator.EQ, Operator.IS_PART_OF, Operator.HAS_PART)
    for holds in (True, False)
]
DIGITS = [
    *("05", "01", "09", "055", "051", "010", "011", "05515", "05516", "01051", "01052", "01151", "05111"),
    *("05515000", "05515001", "01051003", "01051004", "055150000", "055150001", "010515001", "010515002"),
    *("055150000000", "055150000001", "055150001000", "055150001001", "010515001003", "010515001004"),
    *("010515002003", "010515002004", "02000000", "020000000000"),
]
EVERYWHERE = (
    *NAMED,
    *(places.from_digits(digits) for digits in DIGITS),
    *(LOC + code for code in ("EEA", "FR", "NO", "CH", "ES")),
    *(NUTS + code for code in ("DEA34", "DED21", "FR1", "FR101", "FR11", "FR2", "ES300")),
    *("http://example.org/EU", GEONAMES + "1"),
)


def test_what_follows_is_what_holds_of_every_place() -> None:
    met = {
        claim: {fact for fact in EVERYWHERE if VALUES_.holds(claim.operator, (claim.right,), fact) is claim.holds}
        for claim in CLAIMS
    }
    for number, premise in enumerate(CLAIMS):
        assert VALUES_.possible([premise]) is bool(met[premise]), premise
        for claim in CLAIMS[number % 4 :: 4]:
            both = met[premise] & met[claim]
            assert VALUES_.possible([premise, claim]) is bool(both), (premise, claim)
            assert VALUES_.implies([premise], claim) is (both == met[premise]), (premise, claim)
