"""Covers policies/worlds.py: what can only be told apart in some cases, by the differences that it leads to."""

from __future__ import annotations

import pytest
from msgspec import json

from policies import requests
from policies.difference import Relation, difference, document
from policies.evaluate import evaluate
from policies.model import ODRL, Atomic, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.operands import DATE_TIME, SPATIAL
from policies.vocabulary import USE, XSD

OLD_TOWN, HARBOUR = "https://orte.example/altstadt", "https://orte.example/hafen"


def under(*constraints: Atomic, name: str = "a") -> Policy:
    return Policy(f"urn:example:{name}", PolicyKind.SET, (Rule(RuleKind.PERMISSION, USE, constraints),))


def in_place(operator: Operator, place: str) -> Policy:
    return under(Atomic(SPATIAL, operator, (place,), datatype=XSD + "anyURI"))


def at(operator: Operator, time: str) -> Policy:
    return under(Atomic(DATE_TIME, operator, (time,), datatype=XSD + "dateTime"))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (in_place(Operator.IS_PART_OF, OLD_TOWN), in_place(Operator.EQ, HARBOUR), Relation.UNKNOWN),
        (in_place(Operator.IS_PART_OF, OLD_TOWN), in_place(Operator.IS_PART_OF, HARBOUR), Relation.UNKNOWN),
        (in_place(Operator.IS_PART_OF, OLD_TOWN), in_place(Operator.IS_PART_OF, OLD_TOWN), Relation.EQUAL),
        (in_place(Operator.EQ, OLD_TOWN), in_place(Operator.EQ, HARBOUR), Relation.DISJOINT),
        (at(Operator.EQ, "2027-04-01T00:00:00"), at(Operator.GTEQ, "2027-06-01T00:00:00"), Relation.DISJOINT),
        (at(Operator.LTEQ, "2027-06-01T00:00:00"), at(Operator.GTEQ, "2027-06-01T00:00:00"), Relation.OVERLAP),
        (at(Operator.LT, "2027-06-01T00:00:00"), at(Operator.LTEQ, "2027-06-01T00:00:00"), Relation.A_IN_B),
    ],
)
def test_a_relation_is_said_only_where_it_is_shown(a: Policy, b: Policy, expected: Relation) -> None:
    found = difference(a, b)
    assert found.relation is expected
    told = document(found)
    for permitting, refusing, listed in ((a, b, told["a_only"]), (b, a, told["b_only"])):
        for one in listed:
            asked = requests.read(json.encode(one))
            assert evaluate(permitting, asked.access, asked.now, count=asked.count).permit
            assert not evaluate(refusing, asked.access, asked.now, count=asked.count).permit


def test_a_time_without_an_offset_reads_back_as_it_was_written() -> None:
    found = difference(at(Operator.EQ, "2027-06-01T00:00:00"), at(Operator.LT, "2027-06-01T00:00:00"))
    (asked,) = found.a_only
    told = requests.document(asked)
    assert told["values"][ODRL + "dateTime"] == "2027-06-01T00:00:00"
    assert requests.read(json.encode(told)) == asked
