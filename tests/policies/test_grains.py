"""Covers policies/grains.py."""

from __future__ import annotations

from itertools import pairwise

import pytest

from policies import grains
from policies.claims import Claim
from policies.grains import Grains
from policies.model import Operator

VALUES = Grains()
ORDER = (Operator.LT, Operator.LTEQ, Operator.EQ, Operator.GTEQ, Operator.GT, Operator.NEQ)
BEFORE = (True, True, False, False, False, True)
SAME = (False, True, True, True, False, False)
AFTER = (False, False, False, True, True, True)
UNKNOWN = (None,) * 6


def judged(fact: str, right: str) -> tuple[bool | None, ...]:
    return tuple(VALUES.holds(operator, (right,), fact) for operator in ORDER)


def claim(operator: Operator, right: str, holds: bool = True) -> Claim:
    return Claim("urn:x", operator, right, holds)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("100.0", "100"),
        ("0", "0"),
        ("h3:8", "h3:8"),
        ("h3:08", "h3:8"),
        ("h3:0", "h3:0"),
        ("h3:15", "h3:15"),
        ("district", "district"),
    ],
)
def test_a_grain_has_one_spelling(text: str, canonical: str) -> None:
    assert grains.read(text) == canonical
    assert grains.read(canonical) == canonical


@pytest.mark.parametrize("text", ["", "-1", "h3:16", "h3:", "h3:-1", "h3:100", "quarter", "1e3"])
def test_what_is_no_grain_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        grains.read(text)


@pytest.mark.parametrize(
    ("fine", "coarse"), [("99.5", "100"), ("h3:9", "h3:8"), ("h3:15", "h3:0"), *pairwise(grains.KEYS)]
)
def test_the_coarser_is_the_greater(fine: str, coarse: str) -> None:
    assert judged(fine, coarse) == BEFORE
    assert judged(coarse, fine) == AFTER
    assert judged(fine, fine) == SAME


def test_grains_of_different_sorts_are_not_compared() -> None:
    for fact, right in (("100", "h3:8"), ("h3:8", "district"), ("district", "100")):
        assert judged(fact, right) == UNKNOWN
    assert VALUES.holds(Operator.LT, ("1", "2"), "0") is None
    assert VALUES.holds(Operator.LT, ("1",), 0) is None


def test_what_follows_from_grains() -> None:
    assert VALUES.implies([claim(Operator.GTEQ, "h3:7")], claim(Operator.GT, "h3:8"))
    assert not VALUES.implies([claim(Operator.GTEQ, "h3:8")], claim(Operator.GT, "h3:8"))
    assert not VALUES.possible([claim(Operator.GT, "h3:0")])
    assert VALUES.possible([claim(Operator.LT, "h3:14")])
    assert not VALUES.possible([claim(Operator.LT, "h3:15")])
    assert not VALUES.possible([claim(Operator.GT, "country")])
    assert VALUES.possible([claim(Operator.GT, "state")])
    assert not VALUES.possible([claim(Operator.LT, "0")])
    assert VALUES.possible([claim(Operator.GT, "100"), claim(Operator.LT, "100.1")])
    assert VALUES.possible([claim(Operator.GT, "1000000")])
    assert not VALUES.possible([claim(Operator.GT, "100"), claim(Operator.GT, "h3:8")])
