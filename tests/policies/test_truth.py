"""Covers policies/truth.py: Kleene's tables, and what holds of several values."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from policies import truth
from policies.facts import Facts
from policies.model import Access, Atomic, Connective, Logical, Operator
from policies.operands import COUNT, OPERANDS, PURPOSE
from policies.truth import Truth, all_of, any_of, one_of
from policies.vocabulary import READ
from tests.policies.samples import ME, NOW, TARGET, atom

O = Operator  # noqa: E741
VALUES: tuple[Truth, ...] = (True, False, None)


def facts(**purposes: str) -> Facts:
    return Facts(Access(READ, ME, TARGET, {PURPOSE: tuple(purposes.values())}), NOW, None)


@pytest.mark.parametrize("truths", [t for size in range(4) for t in product(VALUES, repeat=size)])
def test_the_connectives_say_what_every_completion_says(truths: tuple[Truth, ...]) -> None:
    """What is not known may be true or false; something is said only where all completions agree."""
    completions = list(product(*[(True, False) if one is None else (one,) for one in truths]))

    def agreed(results: set[bool]) -> Truth:
        return results.pop() if len(results) == 1 else None

    assert all_of(truths) is agreed({all(one) for one in completions})
    assert any_of(truths) is agreed({any(one) for one in completions})
    assert one_of(list(truths)) is agreed({sum(one) == 1 for one in completions})


@pytest.mark.parametrize("connective", list(Connective))
def test_every_connective_is_judged(connective: Connective) -> None:
    one, two = (atom(PURPOSE, O.EQ, name) for name in ("urn:one", "urn:two"))
    both = Logical(connective, (one, two))
    expected = connective in (Connective.OR, Connective.XONE)
    assert truth.truth(both, facts(a="urn:one")) is expected
    assert truth.truth(both, facts()) is None
    assert truth.truth(Logical(connective, (one, one)), facts(a="urn:one")) is (connective is not Connective.XONE)


def test_is_all_of_asks_whether_every_value_is_there() -> None:
    operand = msgspec.structs.replace(OPERANDS[PURPOSE], operators=frozenset(Operator))
    both = Atomic(PURPOSE, O.IS_ALL_OF, ("urn:one", "urn:two"))
    assert truth.compare(operand, both, ("urn:one", "urn:two", "urn:three")) is True
    assert truth.compare(operand, both, ("urn:one",)) is False
    assert truth.compare(operand, both, ()) is None


def test_of_somebody_who_is_several_things_holds_what_holds_for_one() -> None:
    operand = msgspec.structs.replace(OPERANDS[PURPOSE], manifold=True)
    known = ("urn:one", "urn:two")
    assert truth.compare(operand, atom(PURPOSE, O.IS_ANY_OF, "urn:one"), known) is True
    assert truth.compare(operand, atom(PURPOSE, O.IS_NONE_OF, "urn:one"), known) is False
    assert truth.compare(operand, atom(PURPOSE, O.IS_NONE_OF, "urn:three"), known) is True
    assert truth.compare(OPERANDS[PURPOSE], atom(PURPOSE, O.IS_ANY_OF, "urn:one"), known) is None


def test_a_value_that_stands_elsewhere_is_not_known() -> None:
    assert truth.truth(Atomic(PURPOSE, O.EQ, (), reference="urn:list"), facts(a="urn:one")) is None


def test_what_the_policy_says_a_counter_has_reached_counts_where_nobody_counts() -> None:
    reached = Atomic(COUNT, O.LTEQ, ("3",), status="2")
    assert truth.truth(reached, facts()) is True
    assert truth.truth(reached, Facts(Access(READ, ME, TARGET), NOW, 3)) is False
    assert truth.truth(Atomic(PURPOSE, O.EQ, ("urn:one",), status="urn:one"), facts()) is None
