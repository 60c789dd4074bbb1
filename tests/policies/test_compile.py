"""Covers policies/compile.py: the compiled form decides as the interpreter does, in every case."""

from __future__ import annotations

from random import Random

import pytest
from msgspec import Struct

from policies.compile import Compiled, compiled
from policies.evaluate import evaluate
from policies.model import Decision, Operator, RuleKind, Semantics
from policies.operands import COUNT, PURPOSE
from tests.policies.cases import Case, case
from tests.policies.samples import NOW, access, atom, permission, policy

FEW, MANY = 6_000, 150_000


class Tally(Struct):
    """How random cases came out."""

    cases: int = 0
    permitted: int = 0
    unknown: int = 0
    meeting: int = 0
    """Permitted although a prohibition has to be ruled out, or a duty stands under the permission."""


def campaign(seed: int, number: int) -> Tally:
    """Random cases, each decided by the interpreter and by the compiled form, under both semantics."""
    random, tally = Random(seed), Tally()
    while tally.cases < number:
        asked = case(random)
        decisions = [_both(asked, semantics, tally) for semantics in Semantics]
        strict, deferred = (decision.permit for decision in decisions)
        assert deferred or not strict, ("an open duty that may wait takes nothing away", asked)
        tally.unknown += any(decision.unknown for decision in decisions)
        hard = any(rule.duties or rule.kind is RuleKind.PROHIBITION for rule in asked.policy.rules)
        tally.meeting += deferred and hard
    return tally


def _both(asked: Case, semantics: Semantics, tally: Tally) -> Decision:
    decision = evaluate(asked.policy, asked.access, asked.now, count=asked.count, semantics=semantics)
    ready = Compiled(asked.policy, semantics)
    same = ready.decide(asked.access, asked.now, asked.count) == decision
    same &= ready.permits(asked.access, asked.now, asked.count) is decision.permit
    assert same, (asked, semantics)
    tally.cases += 1
    tally.permitted += decision.permit
    return decision


def _says_something(tally: Tally) -> None:
    """Cases that all come out alike show nothing."""
    tenth = tally.cases // 10
    assert tenth < tally.permitted < tally.cases - tenth
    assert min(tally.unknown, tally.meeting) > tally.cases // 50


def test_the_compiled_form_decides_as_the_interpreter_does() -> None:
    _says_something(campaign(1, FEW))


@pytest.mark.long("policies")
def test_the_compiled_form_decides_as_the_interpreter_does_in_a_campaign() -> None:
    tally = campaign(2, MANY)
    print(f"{tally.cases} cases, {tally.permitted} permitted, {tally.unknown} with an unknown fact; none differs")
    _says_something(tally)


def test_a_policy_is_compiled_once() -> None:
    one, same = (policy(permission(atom(COUNT, Operator.LTEQ, "3"))) for _ in range(2))
    assert compiled(one) is compiled(same)
    assert compiled(one) is not compiled(policy(permission(atom(COUNT, Operator.LTEQ, "4"))))


def test_an_answer_that_is_remembered_is_that_for_the_same_values_alone() -> None:
    ready = compiled(policy(permission(atom(PURPOSE, Operator.EQ, "urn:one"))))
    asked = [access(purpose=name) for name in ("urn:one", "urn:two", "urn:one")]
    assert [ready.permits(one, NOW) for one in asked] == [True, False, True]
    for number in range(2_000):
        assert not ready.permits(access(purpose=f"urn:{number}"), NOW)
    assert ready.permits(asked[0], NOW)
