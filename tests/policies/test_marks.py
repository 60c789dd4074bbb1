"""Covers policies/marks.py: a mark never says more than is so."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from policies import explain
from policies.model import ODRL, Atomic, Connective, Logical, Operator, Policy, Rule, RuleKind, Scope
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, Assurance, Origin, Side
from policies.vocabulary import DPV, EGRESS
from tests.policies.drawn import whole
from tests.policies.samples import ME, OTHER, atom, permission, policy, prohibition

DAY = atom(DATE_TIME, Operator.LTEQ, "2027-06-30")
BENEFIT = atom(PURPOSE, Operator.IS_A, DPV + "PublicBenefit")
DELETE, DISTRIBUTE = ODRL + "delete", ODRL + "distribute"
ENFORCED, ATTESTED, DECLARED = Assurance.ENFORCED, Assurance.ATTESTED, Assurance.DECLARED


def marks(one: Policy, *proves: str) -> list[str]:
    """The marks of the lines below the head, in order; empty for a line without one."""
    found = explain.clauses(one, "en", frozenset(proves))
    return [str(clause.mark or "") for clause in found if clause.rule]


def duty(action: str, *constraints: Atomic, assignee: str = "") -> Rule:
    return Rule(RuleKind.DUTY, action, constraints, assignee=Scope(assignee) if assignee else None)


def with_duty(one: Rule) -> Policy:
    return replace(policy(replace(permission(), duties=(one,))), assigner=OTHER)


def test_conditions_of_an_access_are_enforced_or_declared() -> None:
    assert marks(policy(permission(DAY, atom(COUNT, Operator.LTEQ, "3"), BENEFIT))) == [
        "",
        ENFORCED,
        ENFORCED,
        DECLARED,
    ]
    assert marks(policy(permission(DAY, BENEFIT)), PURPOSE) == ["", ENFORCED, ATTESTED]


def test_one_of_several_is_as_sure_as_the_weakest() -> None:
    either = Logical(Connective.OR, (DAY, Logical(Connective.AND, (DAY, BENEFIT))))
    assert marks(policy(permission(either))) == ["", "", DECLARED, "", DECLARED, DECLARED]
    assert marks(policy(permission(Logical(Connective.AND, (DAY, BENEFIT))))) == ["", "", ENFORCED, DECLARED]
    assert marks(policy(permission(Logical(Connective.XONE, (DAY, BENEFIT)))), PURPOSE) == ["", "", ATTESTED, ATTESTED]


def test_a_prohibition_is_escaped_by_any_of_its_conditions() -> None:
    assert marks(policy(prohibition())) == [ENFORCED]
    assert marks(policy(prohibition(DAY))) == [ENFORCED, ENFORCED]
    assert marks(policy(prohibition(DAY, BENEFIT))) == [DECLARED, DECLARED, DECLARED]


def test_what_is_done_with_copies_nobody_here_can_see() -> None:
    assert marks(policy(prohibition(action=DISTRIBUTE))) == [DECLARED]
    assert marks(policy(permission(DAY, action=DISTRIBUTE))) == ["", DECLARED]
    assert marks(policy(prohibition(action=DISTRIBUTE)), DISTRIBUTE) == [ATTESTED]


@pytest.mark.parametrize("action", sorted(EGRESS))
def test_what_the_provider_does_while_data_leave_is_enforced(action: str) -> None:
    assert marks(with_duty(duty(action, atom("urn:allmende:field", Operator.EQ, "name")))) == ["", ENFORCED, ENFORCED]
    assert marks(with_duty(duty(action, assignee=OTHER))) == ["", ENFORCED, ""]
    assert marks(with_duty(duty(action, assignee=ME))) == ["", DECLARED, ""]
    assert marks(policy(Rule(RuleKind.OBLIGATION, action))) == [ENFORCED]


def test_a_duty_after_the_data_have_left_is_as_good_as_its_receipt() -> None:
    one = with_duty(duty(DELETE, DAY))
    assert marks(one) == ["", DECLARED, DECLARED]
    assert marks(one, DELETE) == ["", ATTESTED, ATTESTED]
    assert marks(one, DATE_TIME) == ["", DECLARED, DECLARED]
    consequence = replace(duty(DELETE), consequences=(duty(ODRL + "compensate"),))
    assert marks(with_duty(consequence), DELETE) == ["", ATTESTED, DECLARED]


def test_parties_are_enforced_and_groups_are_as_good_as_their_proof() -> None:
    assert marks(policy(replace(permission(), assignee=Scope(ME)))) == ["", ENFORCED]
    group = policy(replace(permission(), assignee=Scope("urn:group", True)))
    assert marks(group) == ["", DECLARED]
    assert marks(group, "urn:group") == ["", ATTESTED]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(whole())
def test_nothing_is_attested_without_a_proof_nor_enforced_that_only_the_user_can_keep(one: Policy) -> None:
    for clause in explain.clauses(one, "de"):
        assert clause.mark is not ATTESTED
        assert not (clause.mark is ENFORCED and clause.side is Side.CONSUMER)


@pytest.mark.parametrize("left", sorted(OPERANDS))
def test_what_the_user_states_is_never_enforced(left: str) -> None:
    operand = OPERANDS[left]
    if operand.origin is Origin.REQUEST:
        assert operand.assurance is not ENFORCED


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_mark_is_explained(lang: str) -> None:
    assert len(set(explain.legend(lang))) == len(Assurance)
