"""Covers policies/places.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import places
from policies.claims import Claim
from policies.model import Operator
from policies.operands import SPATIAL
from policies.places import GEOCODING, Places
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
