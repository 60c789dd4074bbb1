"""Covers policies/clauses.py."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import clauses
from policies.model import ODRL, Atomic, Operator
from policies.operands import COUNT, OPERANDS, PURPOSE, SET_OPERATORS
from policies.vocabulary import DPV
from tests.policies.drawn import NAMES, atoms, foreign, known

LANGS = ("de", "en")


@settings(max_examples=200, deadline=None)
@given(st.one_of(atoms(), foreign()), st.sampled_from(LANGS))
def test_a_phrase_reads_back(one: Atomic, lang: str) -> None:
    assert clauses.read(clauses.write(one, lang), lang) == one


@pytest.mark.parametrize("left", sorted(OPERANDS))
def test_every_operand_and_operator_is_said_in_its_own_words_and_reads_back(left: str) -> None:
    values = known(left)
    assert values
    for operator, lang in product(sorted(OPERANDS[left].operators), LANGS):
        right = values[:2] if operator in SET_OPERATORS else values[:1]
        one = Atomic(left, operator, right)
        said = clauses.write(one, lang)
        assert clauses.read(said, lang) == one, (operator, lang)
        assert not said.startswith(("Angabe ", "Property ")), (operator, lang)


@pytest.mark.parametrize("left", sorted(OPERANDS))
def test_another_value_or_operator_is_another_sentence(left: str) -> None:
    for lang in LANGS:
        said = [
            clauses.write(Atomic(left, operator, (value,)), lang)
            for operator in sorted(OPERANDS[left].operators)
            for value in known(left)
        ]
        assert len(set(said)) == len(said), lang


@pytest.mark.parametrize("part", ["unit", "status", "datatype", "reference"])
@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_what_stands_beside_the_value_is_said_as_well(part: str, name: str) -> None:
    right = () if part == "reference" else ("3",)
    one = Atomic(COUNT, Operator.LTEQ, right, **{part: name})
    for lang in LANGS:
        assert clauses.read(clauses.write(one, lang), lang) == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "höchstens",
        "höchstens 3",
        "höchstens 3, 4 Nutzungen",
        "Zweck: genau Gemeinwohl (DataAltruism)",
        "höchstens „3“ Nutzungen",
    ],
)
def test_what_is_no_phrase_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clauses.read(text, "de")


def test_the_words_of_a_vocabulary_stand_with_their_names() -> None:
    one = Atomic(PURPOSE, Operator.IS_ANY_OF, (DPV + "DataAltruism", DPV + "PublicBenefit"))
    assert clauses.write(one, "de") == "Zweck: einer von Datenaltruismus (DataAltruism), Gemeinwohl (PublicBenefit)"


def test_what_no_registry_knows_is_named_in_full() -> None:
    one = Atomic(
        "urn:x:colour", Operator.IS_NONE_OF, ("dark red", "green"), datatype="http://www.w3.org/2001/XMLSchema#string"
    )
    assert clauses.write(one, "en") == (
        "Property urn:x:colour, none of: “dark red”, green – datatype: http://www.w3.org/2001/XMLSchema#string"
    )
    assert clauses.read("Property urn:x:colour, at most: 3", "en") == Atomic("urn:x:colour", Operator.LTEQ, ("3",))
    with pytest.raises(ValueError):
        clauses.read(f"Property {ODRL}count, at most: 03", "en")
