"""Covers policies/terms.py."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from policies.compare import within
from policies.evaluate import evaluate
from policies.model import Connective, Logical, Operator, PolicyError, PolicyKind, RuleKind
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.terms import Terms, restate, to_policy
from policies.vocabulary import DPV
from tests.policies.samples import HAMBURG, ME, MUENSTER, NOW, NRW, OTHER, access, atom, permission, policy, prohibition

O = Operator  # noqa: E741
BENEFIT, RESEARCH = DPV + "PublicBenefit", DPV + "ScientificResearch"
FULL = Terms(
    purposes=("PublicBenefit",),
    spatial=("05",),
    not_before="2027-01-01T00:00:00+01:00",
    until="2027-06-30",
    count=3,
    assignee=ME,
)


def test_terms_become_a_policy() -> None:
    found = to_policy("urn:x", FULL, target="urn:t", assigner="urn:c", kind=PolicyKind.AGREEMENT, timestamp=NOW)
    (rule,) = found.rules
    assert rule.kind is RuleKind.PERMISSION
    assert rule.constraints == (
        atom(DATE_TIME, O.GTEQ, "1798758000000000"),
        atom(DATE_TIME, O.LTEQ, "2027-06-30"),
        atom(COUNT, O.LTEQ, "3"),
        atom(PURPOSE, O.IS_A, BENEFIT),
        atom(SPATIAL, O.IS_PART_OF, NRW),
    )
    assert (found.assignee, found.target, found.assigner, found.timestamp) == (ME, "urn:t", "urn:c", NOW)


def test_several_purposes_and_places_are_alternatives() -> None:
    found = to_policy("urn:x", Terms(purposes=("PublicBenefit", RESEARCH), spatial=("05", HAMBURG)))
    assert found.rules[0].constraints == (
        Logical(Connective.OR, (atom(PURPOSE, O.IS_A, BENEFIT), atom(PURPOSE, O.IS_A, RESEARCH))),
        Logical(Connective.OR, (atom(SPATIAL, O.IS_PART_OF, HAMBURG), atom(SPATIAL, O.IS_PART_OF, NRW))),
    )


def test_no_terms_are_a_policy_without_conditions() -> None:
    assert to_policy("urn:x", Terms()).rules == (permission(),)


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        (Terms(until="30.06.2027"), "/until"),
        (Terms(until="2027-06-30T12:00"), "/until"),
        (Terms(not_before="tomorrow"), "/not_before"),
        (Terms(purposes=("Forschung",)), "/purposes"),
        (Terms(spatial=("Münster",)), "/spatial"),
        (Terms(spatial=("0551500",)), "/spatial"),
        (Terms(spatial=("http://example.org/EU",)), "/spatial"),
        (Terms(count=-1), "/count"),
        (Terms(assignee=""), "/assignee"),
        (Terms(assignee="the town"), "/assignee"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(terms: Terms, place: str) -> None:
    for act in (lambda: to_policy("urn:x", terms), lambda: restate(policy(permission()), terms)):
        with pytest.raises(PolicyError) as error:
            act()
        assert (error.value.where, error.value.reason.code) == (place, "terms.unreadable")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Planung", "PublicPolicyMaking"),
        ("Planing", "PublicPolicyMaking"),
        ("publicpolicymaking", "PublicPolicyMaking"),
        ("Klimaschuz", "CombatClimateChange"),
        ("qqqq", None),
    ],
)
def test_a_purpose_that_is_not_known_is_answered_with_what_is_like_it(said: str, meant: str | None) -> None:
    with pytest.raises(PolicyError) as error:
        to_policy("urn:x", Terms(purposes=(said,)))
    near = error.value.reason.params.get("near")
    assert near is None if meant is None else meant in near.split(", ")


@pytest.mark.parametrize("given", [{"purpose": ["x"]}, {"count": "3"}, {"count": 3.5}, {"purposes": "x"}])
def test_unknown_or_ill_typed_terms_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Terms)


def test_restating_names_exactly_and_lies_within() -> None:
    offered = to_policy("urn:x", FULL)
    asked = restate(offered, Terms(purposes=("DataAltruism",), spatial=("05515000",), count=2))
    assert asked.rules[0].constraints == (
        atom(DATE_TIME, O.GTEQ, "1798758000000000"),
        atom(DATE_TIME, O.LTEQ, "2027-06-30"),
        atom(COUNT, O.LTEQ, "2"),
        atom(PURPOSE, O.EQ, DPV + "DataAltruism"),
        atom(SPATIAL, O.EQ, MUENSTER),
    )
    assert within(asked, offered).within
    assert evaluate(asked, access(purpose="dpv:DataAltruism", spatial=MUENSTER), NOW).permit


def test_restating_replaces_only_what_is_named() -> None:
    ban = prohibition(atom(PURPOSE, O.EQ, RESEARCH))
    either = Logical(Connective.OR, (atom(PURPOSE, O.IS_A, BENEFIT), atom(PURPOSE, O.IS_A, RESEARCH)))
    found = policy(permission(either, atom(COUNT, O.LTEQ, "3")), permission(), ban)
    asked = restate(found, Terms(purposes=("PublicBenefit", "ScientificResearch")))
    both = atom(PURPOSE, O.IS_ANY_OF, BENEFIT, RESEARCH)
    assert asked.rules == (permission(atom(COUNT, O.LTEQ, "3"), both), permission(both), ban)


def test_restating_one_end_of_a_time_keeps_the_other() -> None:
    found = policy(permission(atom(DATE_TIME, O.GTEQ, "2027-01-01"), atom(DATE_TIME, O.LT, "2027-07-01")))
    later = restate(found, Terms(until="2027-12-31"))
    assert later.rules[0].constraints == (
        atom(DATE_TIME, O.GTEQ, "2027-01-01"),
        atom(DATE_TIME, O.LTEQ, "2027-12-31"),
    )
    earlier = restate(found, Terms(not_before="2026-12-01"))
    assert earlier.rules[0].constraints == (
        atom(DATE_TIME, O.LT, "2027-07-01"),
        atom(DATE_TIME, O.GTEQ, "2026-12-01"),
    )


def test_the_assignee_is_replaced_where_it_is_named() -> None:
    found = policy(permission(), assignee=ME)
    assert restate(found, Terms(assignee=OTHER)).assignee == OTHER
    assert restate(found, Terms(count=1)).assignee == ME


def test_what_is_entangled_cannot_be_restated() -> None:
    mixed = Logical(Connective.OR, (atom(PURPOSE, O.IS_A, BENEFIT), atom(COUNT, O.LTEQ, "3")))
    with pytest.raises(PolicyError) as error:
        restate(policy(permission(mixed)), Terms(purposes=("PublicBenefit",)))
    assert error.value.reason.code == "terms.entangled"
    assert restate(policy(permission(mixed)), Terms(until="2027-06-30")).rules[0].constraints[0] == mixed


def test_a_policy_that_permits_nothing_cannot_be_restated() -> None:
    with pytest.raises(PolicyError) as error:
        restate(policy(prohibition()), Terms(count=1))
    assert error.value.reason.code == "no_permission"
