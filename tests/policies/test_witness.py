"""Covers policies/witness.py, statement.py, candidates.py and work.py: what a search finds, and what it may cost."""

from __future__ import annotations

import pytest

from policies import parse, render
from policies.claims import TooLargeError
from policies.difference import Relation, difference
from policies.evaluate import evaluate
from policies.model import ODRL, Atomic, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.operands import DATE_TIME, PURPOSE, SPATIAL
from policies.places import GEOCODING
from policies.vocabulary import OWN, XSD
from policies.witness import TOO_LARGE, Search, witness
from policies.work import Work
from tests.policies.samples import NOW, atom, permission, policy

O = Operator  # noqa: E741
HOUR_OF_DAY, WEEKDAY, SEASON, RATE = (OWN + name for name in ("hourOfDay", "dayOfWeek", "season", "requestRate"))

DEVICE = ODRL + "device"


@pytest.mark.parametrize(
    ("a", "b", "relation"),
    [
        ([atom(HOUR_OF_DAY, O.IS_PART_OF, "09:00/17:00")], [atom(HOUR_OF_DAY, O.IS_PART_OF, "08:00/18:00")], "a_in_b"),
        ([atom(WEEKDAY, O.EQ, "6")], [atom(WEEKDAY, O.IS_PART_OF, "1/5")], "disjoint"),
        (
            [atom(SEASON, O.EQ, "02-29"), atom(WEEKDAY, O.EQ, "1")],
            [atom(SEASON, O.IS_PART_OF, "11-01/03-31")],
            "a_in_b",
        ),
        ([atom(HOUR_OF_DAY, O.EQ, "8"), atom(DATE_TIME, O.LT, "2027-01-15")], [atom(HOUR_OF_DAY, O.EQ, "8")], "a_in_b"),
        ([atom(RATE, O.LTEQ, "100/PT1H"), atom(RATE, O.LTEQ, "5/PT1M")], [atom(RATE, O.LTEQ, "5/PT1M")], "a_in_b"),
        ([Atomic(RATE, O.LTEQ, ("5/PT1M",), status="3/PT1M")], [atom(RATE, O.LTEQ, "5/PT1M")], "b_in_a"),
        (
            [atom(DEVICE, O.IS_ALL_OF, "urn:a"), atom(DEVICE, O.EQ, "urn:a")],
            [atom(DEVICE, O.IS_ALL_OF, "urn:a")],
            "a_in_b",
        ),
        (
            [Atomic("urn:x", O.EQ, ("5",), datatype=XSD + "integer")],
            [Atomic("urn:x", O.EQ, ("abc",), datatype=XSD + "string")],
            "disjoint",
        ),
        (
            [Atomic(DATE_TIME, O.LT, ("2027-01-15T12:00:00",), datatype=XSD + "dateTime")],
            [atom(DATE_TIME, O.LT, "2028-01-01")],
            "a_in_b",
        ),
    ],
)
def test_what_the_clock_rates_and_foreign_values_say(a: list[Atomic], b: list[Atomic], relation: str) -> None:
    one, two = policy(permission(*a)), policy(permission(*b))
    found = difference(one, two)
    assert found.relation is Relation(relation)
    for request in found.a_only:
        assert evaluate(one, request.access, request.now, count=request.count).permit
        assert not evaluate(two, request.access, request.now, count=request.count).permit


MANY = {
    "dates": [atom(DATE_TIME, O.NEQ, str(NOW + n * 3_600_000_000)) for n in range(450)],
    "names": [atom(PURPOSE, O.NEQ, f"urn:p:{n}") for n in range(450)],
    "places": [atom(SPATIAL, O.NEQ, f"{GEOCODING}regionalKey/{n * 7919 % 10**12:012d}") for n in range(200)],
    "durations": [atom(OWN + "retentionPeriod", O.NEQ, f"P{99 - n // 12}Y{n % 12}M{n % 28}D") for n in range(200)],
    "roles": [atom(OWN + "role", O.NEQ, f"urn:r:{n}") for n in range(200)],
    "days": [atom(SEASON, O.EQ, "02-29"), *(atom(DATE_TIME, O.NEQ, f"{2000 + 3 * n}-01-01") for n in range(200))],
}


@pytest.mark.parametrize("name", MANY)
def test_what_a_peer_sends_costs_no_more_than_its_share(name: str) -> None:
    hostile = parse.from_dsp(render.to_dsp(policy(permission(*MANY[name]))), PolicyKind.OFFER)
    work = Work(20_000)
    found = witness((hostile,), (policy(permission(atom(PURPOSE, O.EQ, "urn:x"))),), work=work)
    assert found.unknown == TOO_LARGE
    with pytest.raises(TooLargeError):
        work.spend(20_000)


def test_duties_that_are_many_cost_no_more_either() -> None:
    owed = tuple(
        Rule(RuleKind.DUTY, ODRL + "anonymize", (atom(OWN + "minGroupSize", O.GTEQ, str(n)),)) for n in range(1, 40)
    )
    hostile = Policy("urn:x", PolicyKind.OFFER, (Rule(RuleKind.PERMISSION, ODRL + "use", duties=owed),))
    assert witness((hostile,), (policy(),)).unknown == TOO_LARGE


def test_several_questions_draw_from_one_count() -> None:
    one, two = policy(permission(atom(PURPOSE, O.EQ, "urn:a"))), policy(permission())
    work = Work(2_000)
    with pytest.raises(TooLargeError):
        for _ in range(100):
            assert Search((one, two), work=work).within(one, two).none
