"""Covers policies/strategy.py, policies/voiding.py and what evaluate makes of it."""

from __future__ import annotations

import msgspec
import pytest

from policies.evaluate import evaluate
from policies.model import Decision, Operator, Strategy
from policies.operands import PURPOSE, SPATIAL
from policies.strategy import strategy
from policies.voiding import MOST, void
from tests.policies.samples import HAMBURG, MUENSTER, NOW, access, atom, permission, policy, prohibition

TABLE = [
    # strategy, the prohibition applies, permitted, first reason
    (Strategy.PERM, True, True, None),
    (Strategy.PERM, None, True, None),
    (Strategy.PERM, False, True, None),
    (Strategy.PROHIBIT, True, False, "prohibited"),
    (Strategy.PROHIBIT, None, False, "prohibited.unclear"),
    (Strategy.PROHIBIT, False, True, None),
    (Strategy.INVALID, True, False, "conflict.void"),
    (Strategy.INVALID, None, False, "conflict.void"),
    (Strategy.INVALID, False, False, "conflict.void"),
    (None, True, False, "prohibited"),
]


def judged(found: Strategy | None, applies: bool | None, permits: bool = True) -> Decision:
    terms = policy(*((permission(),) if permits else ()), prohibition(atom(PURPOSE, Operator.EQ, "urn:one")))
    asked = {True: access(purpose="urn:one"), False: access(purpose="urn:two"), None: access()}[applies]
    return evaluate(msgspec.structs.replace(terms, conflict=found), asked, NOW)


@pytest.mark.parametrize(("found", "applies", "permitted", "code"), TABLE)
def test_where_a_permission_and_a_prohibition_meet(
    found: Strategy | None, applies: bool | None, permitted: bool, code: str | None
) -> None:
    decision = judged(found, applies)
    assert decision.permit is permitted
    assert (decision.reasons[0].code if decision.reasons else None) == code


def test_rules_that_never_meet_void_nothing_even_under_invalid() -> None:
    apart = policy(
        permission(atom(PURPOSE, Operator.EQ, "urn:one")), prohibition(atom(PURPOSE, Operator.EQ, "urn:two"))
    )
    terms = msgspec.structs.replace(apart, conflict=Strategy.INVALID)
    assert void(terms) is None
    assert evaluate(terms, access(purpose="urn:one"), NOW).permit
    assert evaluate(terms, access(purpose="urn:two"), NOW).reasons[0].code == "prohibited"


def test_in_a_policy_too_large_to_prove_it_the_rules_that_meet_contradict_each_other() -> None:
    many = tuple(atom(PURPOSE, Operator.NEQ, f"urn:{number}") for number in range(MOST))
    barred = prohibition(atom(PURPOSE, Operator.EQ, "urn:one"))
    terms = msgspec.structs.replace(policy(permission(*many), barred), conflict=Strategy.INVALID)
    assert void(terms) is None
    assert evaluate(terms, access(purpose="urn:one"), NOW).reasons[0].code == "conflict.void"
    assert evaluate(terms, access(purpose="urn:two"), NOW).permit
    assert evaluate(terms, access(), NOW).reasons[0].code == "prohibited.unclear"


def test_a_prohibition_that_may_apply_refuses_by_itself_and_voids_nothing() -> None:
    many = (atom(SPATIAL, Operator.NEQ, MUENSTER),) * MOST
    barred = prohibition(atom(PURPOSE, Operator.EQ, "urn:one"))
    terms = msgspec.structs.replace(policy(permission(*many), barred), conflict=Strategy.INVALID)
    assert evaluate(terms, access(spatial=HAMBURG), NOW).reasons[0].code == "prohibited.unclear"
    assert evaluate(terms, access(spatial=HAMBURG, purpose="urn:one"), NOW).reasons[0].code == "conflict.void"


@pytest.mark.parametrize("found", [None, *Strategy])
def test_a_prohibition_that_meets_no_permission_refuses_under_every_strategy(found: Strategy | None) -> None:
    assert judged(found, True, permits=False).reasons[0].code == "prohibited"
    assert judged(found, False, permits=False).reasons[0].code == "no_permission"


def test_none_stated_is_prohibit() -> None:
    assert strategy(policy(permission())) is Strategy.PROHIBIT
