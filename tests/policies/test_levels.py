"""Covers policies/levels.py."""

from __future__ import annotations

import pytest

from policies.claims import Claim
from policies.levels import Levels
from policies.model import Operator

LOW, MIDDLE, HIGH, OTHER = "urn:l:low", "urn:l:middle", "urn:l:high", "urn:l:other"
VALUES = Levels((LOW, MIDDLE, HIGH))
ORDER = (Operator.LT, Operator.LTEQ, Operator.EQ, Operator.GTEQ, Operator.GT, Operator.NEQ)
BEFORE = (True, True, False, False, False, True)
SAME = (False, True, True, True, False, False)
AFTER = (False, False, False, True, True, True)
UNKNOWN = (None,) * 6


def judged(fact: str, right: str) -> tuple[bool | None, ...]:
    return tuple(VALUES.holds(operator, (right,), fact) for operator in ORDER)


def claim(operator: Operator, right: str, holds: bool = True) -> Claim:
    return Claim("urn:x", operator, right, holds)


def test_levels_have_the_order_in_which_they_are_named() -> None:
    assert judged(LOW, MIDDLE) == BEFORE
    assert judged(MIDDLE, MIDDLE) == SAME
    assert judged(LOW, LOW) == SAME
    assert judged(HIGH, LOW) == AFTER
    assert judged(OTHER, LOW) == judged(LOW, OTHER) == UNKNOWN


def test_sets_of_levels() -> None:
    holds = VALUES.holds
    assert [holds(Operator.IS_ANY_OF, (LOW, HIGH), fact) for fact in (LOW, MIDDLE, HIGH)] == [True, False, True]
    assert [holds(Operator.IS_NONE_OF, (LOW, HIGH), fact) for fact in (LOW, MIDDLE, HIGH)] == [False, True, False]
    assert holds(Operator.IS_ANY_OF, (LOW, OTHER), LOW) is None
    assert holds(Operator.EQ, (LOW, HIGH), LOW) is None
    assert holds(Operator.IS_A, (LOW,), LOW) is None
    assert holds(Operator.EQ, (LOW,), 0) is None


def test_a_level_goes_by_its_local_name() -> None:
    assert VALUES.read("middle") == VALUES.read(MIDDLE) == MIDDLE
    for text in ("", "l:middle", "urn:m:middle", "other"):
        with pytest.raises(ValueError):
            VALUES.read(text)


def test_what_follows_from_levels() -> None:
    assert VALUES.witness([claim(Operator.GT, LOW), claim(Operator.LT, HIGH)]) == MIDDLE
    assert not VALUES.possible([claim(Operator.GT, HIGH)])
    assert VALUES.implies([claim(Operator.GT, MIDDLE)], claim(Operator.EQ, HIGH))
    assert not VALUES.implies([claim(Operator.GTEQ, MIDDLE)], claim(Operator.EQ, HIGH))
