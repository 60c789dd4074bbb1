"""Covers policies/compile.py: the compiled form decides as the interpreter does, in every case."""

from __future__ import annotations

from random import Random

import pytest

from policies.compile import compiled
from policies.evaluate import evaluate
from policies.model import Operator
from policies.operands import COUNT, PURPOSE
from tests.policies.cases import case
from tests.policies.samples import NOW, access, atom, permission, policy

FEW, MANY = 4_000, 150_000


def differences(seed: int, number: int) -> tuple[int, int, int]:
    """How many of these random cases are decided differently, how many are permitted, how many not."""
    random, different, permitted = Random(seed), 0, 0
    for _ in range(number):
        asked = case(random)
        decision = evaluate(asked.policy, asked.access, asked.now, count=asked.count, semantics=asked.semantics)
        ready = compiled(asked.policy, asked.semantics)
        different += ready.permits(asked.access, asked.now, asked.count) is not decision.permit
        different += ready.decide(asked.access, asked.now, asked.count) != decision
        permitted += decision.permit
    return different, permitted, number - permitted


def test_the_compiled_form_decides_as_the_interpreter_does() -> None:
    different, permitted, refused = differences(1, FEW)
    assert different == 0
    assert min(permitted, refused) > FEW // 10, "cases that all come out alike show nothing"


@pytest.mark.long("policies")
def test_the_compiled_form_decides_as_the_interpreter_does_in_a_campaign() -> None:
    different, permitted, _ = differences(2, MANY)
    assert different == 0
    assert permitted > MANY // 10


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
