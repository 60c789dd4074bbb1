"""Covers policies/operands.py."""

from __future__ import annotations

import pytest

from policies.model import Operator
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SET_OPERATORS, SPATIAL, Assurance, Operand, Origin
from policies.vocabulary import DPV
from tests.policies.samples import HAMBURG, MUENSTER, NOW, NRW, VALUES

FACTS: dict[str, tuple[str, ...]] = {
    DATE_TIME: ("2027-01-14T12:00:00Z", "2027-01-15T12:00:00Z", "2027-01-16T12:00:00Z"),
    COUNT: ("1", "2", "3"),
    PURPOSE: (DPV + "DataAltruism", DPV + "PublicBenefit", DPV + "LegalCompliance"),
    SPATIAL: (MUENSTER, HAMBURG, NRW),
}
RIGHT = {DATE_TIME: "2027-01-15", COUNT: "2", PURPOSE: DPV + "PublicBenefit", SPATIAL: NRW}


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=lambda operand: operand.name)
def test_every_operator_of_every_operand_has_a_positive_and_a_negative_case(operand: Operand) -> None:
    for operator in operand.operators:
        facts = [operand.fact(text) for text in FACTS[operand.iri]]
        truths = {operand.values.holds(operator, (RIGHT[operand.iri],), fact) for fact in facts}
        assert {True, False} <= truths, operator


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=lambda operand: operand.name)
def test_operators_that_are_not_allowed_say_nothing(operand: Operand) -> None:
    for operator in set(Operator) - operand.operators:
        if operand.iri == COUNT and operator in (Operator.EQ, Operator.NEQ):
            continue  # comparable, but no way to limit uses
        assert operand.values.holds(operator, (RIGHT[operand.iri],), operand.fact(FACTS[operand.iri][0])) is None


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=lambda operand: operand.name)
def test_values_are_written_as_they_are_read(operand: Operand) -> None:
    for canonical in VALUES[operand.iri]:
        text, datatype = operand.write(canonical)
        assert operand.read(text) == canonical
        assert datatype is None or datatype in operand.datatypes


def test_what_this_node_measures_is_enforced_and_what_is_stated_is_declared() -> None:
    for operand in OPERANDS.values():
        measured = operand.origin in (Origin.CLOCK, Origin.COUNTER)
        assert operand.assurance is (Assurance.ENFORCED if measured else Assurance.DECLARED)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "+", "1_0", "٣", "9" * 16])
def test_what_is_no_number_of_uses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        OPERANDS[COUNT].read(text)


def test_reasons_say_what_is_missing() -> None:
    unmet = OPERANDS[COUNT].unmet(Operator.LT, ("0",), (1,), True)
    assert unmet.params == {"limit": "0", "used": "0"}
    unmet = OPERANDS[DATE_TIME].unmet(Operator.GT, ("2027-01-16",), (NOW,), True)
    assert (unmet.code, unmet.params) == ("time.before", {"from": "2027-01-16", "now": "2027-01-15T08:00:00Z"})
    unmet = OPERANDS[PURPOSE].unmet(Operator.IS_NONE_OF, ("urn:a", "urn:b"), ("urn:a",), True)
    assert (unmet.code, unmet.params) == ("purpose.excluded", {"asked": "urn:a", "excluded": "urn:a urn:b"})
    assert OPERANDS[SPATIAL].unmet(Operator.NEQ, (NRW,), (), True).params == {"allowed": ""}


def test_set_operators_are_those_of_odrl() -> None:
    assert {operator.value for operator in SET_OPERATORS} == {"isAnyOf", "isAllOf", "isNoneOf"}
