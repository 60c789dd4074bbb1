"""Covers policies/operands: every entry of the registry is whole, and its cases come out as they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from policies import operands
from policies.claims import Claim
from policies.facts import Facts
from policies.model import Access, Atomic, Operator
from policies.operands import (
    COUNT,
    DATE_TIME,
    OPERANDS,
    PURPOSE,
    SET_OPERATORS,
    SPATIAL,
    Assurance,
    Operand,
    Origin,
    Side,
    Vector,
)
from policies.truth import truth
from policies.vocabulary import DPV
from tests.policies.samples import ME, NOW, NRW, TARGET
from tests.policies.wanting import lacking

HELD = OPERANDS[DATE_TIME]
"""An entry that lacks nothing."""

NEGATED = SET_OPERATORS | {Operator.NEQ}


def name(operand: Operand) -> str:
    return operand.name


def canonical(operand: Operand, vector: Vector) -> tuple[str, ...]:
    found = (operand.read(text) for text in vector.right)
    return tuple(sorted(found) if vector.operator in SET_OPERATORS else found)


def cases(operand: Operand) -> Iterator[tuple[Vector, tuple[str, ...]]]:
    return ((vector, canonical(operand, vector)) for vector in operand.vectors)


# --- the cases of the registry ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_every_operator_of_every_operand_has_a_positive_and_a_negative_case(operand: Operand) -> None:
    for operator in operand.operators:
        met = {
            operand.values.holds(operator, right, operand.fact(vector.fact))
            for vector, right in cases(operand)
            if vector.operator is operator
        }
        assert {True, False} <= met, operator


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_every_case_comes_out_as_it_says_also_in_a_policy(operand: Operand) -> None:
    for vector, right in cases(operand):
        assert operand.values.holds(vector.operator, right, operand.fact(vector.fact)) is vector.expected, vector
        asked = Access("urn:a", ME, TARGET, {operand.iri: (vector.fact,)})
        atom = Atomic(operand.iri, vector.operator, right)
        assert truth(atom, Facts(asked, None, None)) is vector.expected, vector


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_operators_that_are_not_allowed_say_nothing(operand: Operand) -> None:
    vector, right = next(iter(cases(operand)))
    known = Facts(Access("urn:a", ME, TARGET, {operand.iri: (vector.fact,)}), NOW, 0)
    for operator in set(Operator) - operand.operators:
        assert truth(Atomic(operand.iri, operator, right), known) is None, operator


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_values_are_written_as_they_are_read(operand: Operand) -> None:
    for text in {text for vector in operand.vectors for text in vector.right}:
        read = operand.read(text)
        written, datatype = operand.write(read)
        assert operand.read(written) == read
        assert datatype is None or datatype in operand.datatypes


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_there_is_a_witness_for_every_case_that_can_hold(operand: Operand) -> None:
    for vector, right in cases(operand):
        if vector.operator in NEGATED:
            continue
        for holds in (True, False):
            premise = Claim(operand.iri, vector.operator, right[0], holds)
            found = operand.values.witness([premise])
            assert (found is not None) is operand.values.possible([premise]), premise
            if found is not None:
                told = operand.values.holds(vector.operator, right, operand.fact(stated(operand, found)))
                assert told is holds, (premise, found)


def stated(operand: Operand, witness: str) -> str:
    """A witness as somebody would state it: instants are written out."""
    return operand.write(witness)[0] if operand.iri == DATE_TIME else witness


# --- an entry that lacks a part ---------------------------------------------------------------------------------------


def of(iri: str) -> Operand:
    return replace(HELD, iri=iri, name=iri)


def without(operator: Operator) -> Callable[[Operand], Operand]:
    return lambda one: replace(one, clauses={key: both for key, both in one.clauses.items() if key is not operator})


def _fails(text: str) -> str:
    raise ValueError(text)


class Speechless:
    """Values without a witness."""

    holds = implies = possible = None


LACKS: dict[str, tuple[Callable[[Operand], Operand], str]] = {
    "name": (lambda one: replace(one, name=" "), "name"),
    "German label": (lambda one: replace(one, label=("", one.label[1])), "label 0"),
    "English label": (lambda one: replace(one, label=(one.label[0], "")), "label 1"),
    "German meaning": (lambda one: replace(one, meaning=("", one.meaning[1])), "meaning 0"),
    "English meaning": (lambda one: replace(one, meaning=(one.meaning[0], " ")), "meaning 1"),
    "datatypes": (lambda one: replace(one, datatypes=frozenset()), "datatypes"),
    "operators": (lambda one: replace(one, operators=frozenset()), "operators"),
    "places": (lambda one: replace(one, places=frozenset()), "places"),
    "units": (lambda one: replace(one, units={"urn:unit": "none"}), "units"),
    "units of nothing": (lambda one: replace(one, units={"urn:unit": "0"}), "units"),
    "no units": (lambda one: replace(one, units=None), "units"),
    "a phrase": (without(Operator.LTEQ), "a phrase for lteq"),
    "a German phrase": (
        lambda one: replace(one, clauses={**one.clauses, Operator.LTEQ: ("", "up to {}")}),
        "a phrase for lteq",
    ),
    "the place of the value in a phrase": (
        lambda one: replace(one, clauses={**one.clauses, Operator.LTEQ: ("bis {}", "until")}),
        "a phrase for lteq",
    ),
    "one phrase for each operator": (
        lambda one: replace(one, clauses={**one.clauses, Operator.LT: one.clauses[Operator.LTEQ]}),
        "a phrase for lteq that no other operator has",
    ),
    "vectors": (lambda one: replace(one, vectors=()), "vectors"),
    "a case that holds": (
        lambda one: replace(
            one, vectors=tuple(v for v in one.vectors if v.operator is not Operator.GT or not v.expected)
        ),
        "cases for gt",
    ),
    "a case that is right": (
        lambda one: replace(one, vectors=(*one.vectors, replace(one.vectors[0], expected=None))),
        "the case ",
    ),
    "phase": (lambda one: replace(one, phase=None), "phase"),
    "origin": (lambda one: replace(one, origin="somewhere"), "origin"),
    "side": (lambda one: replace(one, side=None), "side"),
    "assurance": (lambda one: replace(one, assurance=None), "assurance"),
    "more than a word": (lambda one: replace(one, origin=Origin.REQUEST), "an assurance that its origin gives"),
    "more than a promise": (lambda one: replace(one, side=Side.CONSUMER), "a side that its assurance allows"),
    "witness": (lambda one: replace(one, values=Speechless()), "witness"),
    "reading": (lambda one: replace(one, read=None), "read"),
    "reading back": (lambda one: replace(one, write=lambda value: ("?" + value, None)), "a value that is read back"),
    "a datatype of its own": (
        lambda one: replace(one, write=lambda value: (one.write(value)[0], "urn:x")),
        "a value that is read back",
    ),
    "facts": (lambda one: replace(one, fact=_fails), "the case "),
}


@pytest.mark.parametrize("part", LACKS)
def test_an_entry_that_lacks_a_part_is_seen(part: str) -> None:
    change, said = LACKS[part]
    assert lacking(HELD) == []
    broken = change(of("urn:operand:broken"))
    assert any(one.startswith(said) for one in lacking(broken)), lacking(broken)


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=name)
def test_no_entry_of_the_registry_lacks_anything(operand: Operand) -> None:
    assert lacking(operand) == []


def test_no_two_entries_have_one_name_or_one_label() -> None:
    for parts in (
        [one.iri for one in OPERANDS.values()],
        [one.name for one in OPERANDS.values()],
        [one.label[0] for one in OPERANDS.values()],
        [one.label[1] for one in OPERANDS.values()],
    ):
        assert len(set(parts)) == len(parts)


def test_an_operand_that_nobody_knows_is_judged_by_its_datatype_alone() -> None:
    number = operands.generic("urn:x", "http://www.w3.org/2001/XMLSchema#decimal")
    assert number.values.holds(Operator.LTEQ, (number.read("2.50"),), number.fact("2.5")) is True
    with pytest.raises(ValueError):
        operands.generic("urn:x", "urn:no-datatype")


# --- sides, origins, reasons ------------------------------------------------------------------------------------------


def test_what_is_known_here_is_enforced_and_what_is_stated_is_declared() -> None:
    for operand in OPERANDS.values():
        match operand.origin:
            case Origin.REQUEST:
                assert operand.assurance is Assurance.DECLARED, operand.name
                assert operand.side is not Side.PROVIDER, operand.name
            case Origin.CREDENTIAL:
                assert operand.assurance is Assurance.ATTESTED, operand.name
            case _:
                assert operand.assurance is Assurance.ENFORCED, operand.name
                assert operand.side is not Side.CONSUMER, operand.name


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
    rate = OPERANDS["urn:allmende:requestRate"]
    for facts, definite, code in (((), True, "unknown"), (("2/PT1H",), True, "unmet"), (("2/PT1H",), False, "unclear")):
        found = rate.unmet(Operator.LTEQ, ("1/PT1H",), facts, definite)
        assert found.code == f"fact.{code}"
        assert found.params["demanded"] == "urn:allmende:requestRate lteq 1/PT1H"
    assert DPV in OPERANDS[PURPOSE].read("dpv:Purpose")


def test_set_operators_are_those_of_odrl() -> None:
    assert {operator.value for operator in SET_OPERATORS} == {"isAnyOf", "isAllOf", "isNoneOf"}
