"""Covers policies/claims.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from policies.claims import ASSIGNEE, Claim, TooLargeError, cases, permits
from policies.evaluate import evaluate
from policies.model import Access, Connective, Logical, Operator, Policy
from policies.operands import ALWAYS_KNOWN, COUNT, DATE_TIME, OPERANDS, PURPOSE, VALUES
from policies.vocabulary import DPV
from tests.policies.samples import ME, access, accesses, atom, permission, policies, policy, prohibition


def definitely(claim: Claim, asked: Access, now: int, count: int) -> bool:
    """Is a claim definitely so for an access, worked out without `evaluate`?"""
    stated = {
        "assignee": (asked.assignee,),
        "target": (asked.target,),
        "action": (asked.action,),
        "dateTime": (now,),
        "count": (count + 1,),
    }
    name = claim.left.rpartition("/")[2]
    known = stated.get(name) or asked.values.get(claim.left, ())
    found = {VALUES[claim.left].holds(claim.operator, (claim.right,), fact) for fact in known}
    return found == {claim.holds}


@settings(max_examples=100)
@given(policies(), accesses())
def test_cases_are_exactly_when_the_policy_permits(found: Policy, stated: tuple[Access, int, int]) -> None:
    asked, now, count = stated
    try:
        expected = any(all(definitely(claim, asked, now, count) for claim in case) for case in cases(permits(found)))
    except TooLargeError:
        return
    # An access for several values is decided value by value, cases claim by claim: cases may miss, never invent.
    permitted = evaluate(found, asked, now, count=count).permit
    assert permitted or not expected
    if all(len(values) == 1 for values in asked.values.values()):
        assert permitted is expected


def test_parties_and_prohibitions_are_part_of_every_case() -> None:
    found = policy(permission(), prohibition(atom(PURPOSE, Operator.IS_ANY_OF, "urn:a", "urn:b")), assignee=ME)
    listed = cases(permits(found))
    assert all(Claim(ASSIGNEE, Operator.EQ, ME) in case for case in listed)
    denials = {Claim(PURPOSE, Operator.EQ, "urn:a", False), Claim(PURPOSE, Operator.EQ, "urn:b", False)}
    assert any(denials <= set(case) for case in listed)


def test_a_policy_without_permission_has_no_case() -> None:
    assert cases(permits(policy(prohibition()))) == []


def test_growth_is_bounded() -> None:
    def choice(depth: int) -> Logical:
        inner = atom(COUNT, Operator.LT, "3") if depth == 0 else choice(depth - 1)
        return Logical(Connective.XONE, (inner, inner, inner))

    with pytest.raises(TooLargeError):
        permits(policy(permission(choice(8))))
    either = [
        Logical(Connective.OR, tuple(atom(PURPOSE, Operator.EQ, f"{DPV}{name}{n}") for n in range(8)))
        for name in "abcdef"
    ]
    formula = permits(policy(permission(*either)))
    with pytest.raises(TooLargeError):
        cases(formula)


def test_what_is_always_known() -> None:
    assert DATE_TIME in ALWAYS_KNOWN
    assert PURPOSE not in ALWAYS_KNOWN
    assert definitely(Claim(COUNT, Operator.LTEQ, "1"), access(), 0, 0)
    assert set(OPERANDS) <= set(VALUES)
