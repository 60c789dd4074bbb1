"""Covers policies/taxonomy.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.claims import Claim
from policies.model import Operator
from policies.operands import OPERANDS, PURPOSE
from policies.taxonomy import Taxonomy, read_iri
from policies.vocabulary import DPV, PURPOSES

VALUES = OPERANDS[PURPOSE].values
OWN = "https://city.example/purposes/own"
TERMS = [*(DPV + name for name in PURPOSES), OWN, "urn:elsewhere"]


def belongs(fact: str, term: str) -> bool | None:
    return VALUES.holds(Operator.IS_A, (DPV + term,), DPV + fact)


def test_identity_and_belonging_differ() -> None:
    assert VALUES.holds(Operator.EQ, (DPV + "PublicBenefit",), DPV + "DataAltruism") is False
    assert belongs("DataAltruism", "PublicBenefit") is True
    assert belongs("PublicBenefit", "PublicBenefit") is True


def test_scientific_research_is_not_below_the_non_commercial_purpose() -> None:
    assert belongs("ScientificResearch", "NonCommercialPurpose") is False
    assert belongs("ScientificResearch", "ResearchAndDevelopment") is True
    assert belongs("NonCommercialResearch", "NonCommercialPurpose") is True


def test_a_broader_fact_and_terms_outside_the_table_are_undecided() -> None:
    assert belongs("PublicBenefit", "DataAltruism") is None
    assert belongs("DataAltruism", "NoSuchTerm") is None
    assert VALUES.holds(Operator.IS_A, (DPV + "PublicBenefit",), OWN) is None
    assert VALUES.holds(Operator.IS_A, (OWN,), OWN) is True


claims = st.builds(
    Claim,
    st.just(PURPOSE),
    st.sampled_from((Operator.EQ, Operator.IS_A)),
    st.sampled_from([*TERMS[:9], OWN]),
    st.booleans(),
)


@given(st.lists(claims, min_size=1, max_size=3), claims)
def test_what_follows_is_exactly_what_holds_for_every_term(premises: list[Claim], claim: Claim) -> None:
    def true(one: Claim, term: str) -> bool:
        return VALUES.holds(one.operator, (one.right,), term) is one.holds

    terms = [term for term in TERMS if all(true(premise, term) for premise in premises)]
    assert VALUES.implies(premises, claim) is all(true(claim, term) for term in terms)
    assert VALUES.possible(premises) is bool(terms)


def test_nothing_follows_from_nothing_because_the_fact_may_be_unknown() -> None:
    assert VALUES.implies((), Claim(PURPOSE, Operator.IS_A, DPV + "Purpose")) is False


@pytest.mark.parametrize(
    "text", ["Forschung", "", "_:b0", "a b:c", "urn:x y", "urn:" + "x" * 600, "urn:\x00", "{{7*7}}"]
)
def test_free_text_is_no_term(text: str) -> None:
    with pytest.raises(ValueError):
        OPERANDS[PURPOSE].read(text)


def test_the_prefix_of_the_vocabulary_is_expanded() -> None:
    assert OPERANDS[PURPOSE].read("dpv:DataAltruism") == DPV + "DataAltruism"


def test_terms_have_a_longest() -> None:
    assert len(read_iri("urn:" + "x" * 508)) == 512
    with pytest.raises(ValueError):
        read_iri("urn:" + "x" * 509)


def test_a_table_without_a_prefix_reads_every_term_as_it_is() -> None:
    assert Taxonomy({}).read("dpv:DataAltruism") == "dpv:DataAltruism"
    assert set(Taxonomy({"urn:a": ()}).terms()) == {"urn:a"}


@pytest.mark.parametrize(
    ("fact", "term", "belongs", "includes"),
    [
        ("urn:low", "urn:top", True, False),
        ("urn:low", "urn:middle", True, False),
        ("urn:top", "urn:low", None, True),
        ("urn:low", "urn:low", True, True),
        ("urn:low", "urn:side", False, False),
        ("urn:side", "urn:low", False, False),
        ("urn:low", "urn:out", None, None),
        ("urn:out", "urn:low", None, None),
        ("urn:out", "urn:out", True, True),
    ],
)
def test_belonging_and_including(fact: str, term: str, belongs: bool | None, includes: bool | None) -> None:
    values = Taxonomy({"urn:top": (), "urn:middle": ("urn:top",), "urn:low": ("urn:middle",), "urn:side": ()})
    assert values.holds(Operator.IS_A, (term,), fact) is belongs
    assert values.holds(Operator.IS_PART_OF, (term,), fact) is belongs
    assert values.holds(Operator.HAS_PART, (term,), fact) is includes
    assert values.holds(Operator.IS_ALL_OF, (term, fact), fact) is (term == fact)
    assert values.holds(Operator.IS_A, (term, term), fact) is None
    assert values.holds(Operator.HAS_PART, (term, term), fact) is None
