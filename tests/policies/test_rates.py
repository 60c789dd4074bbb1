"""Covers policies/rates.py."""

from __future__ import annotations

import pytest

from policies import rates
from policies.claims import Claim
from policies.model import Operator
from policies.rates import Rates

VALUES = Rates()
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
        ("100/PT1H", "100/PT1H"),
        ("007/PT60M", "7/PT1H"),
        ("0/PT1S", "0/PT1S"),
        ("1/P31D", "1/P31D"),
        ("999999999/P1W", "999999999/P7D"),
    ],
)
def test_a_rate_has_one_spelling(text: str, canonical: str) -> None:
    assert rates.read(text) == canonical
    assert rates.read(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *("", "100", "100/", "/PT1H", "-1/PT1H", "1.5/PT1H", "1000000000/PT1H"),
        *("1/P1M", "1/P1Y", "1/P1MT1H", "1/PT0.999999S", "1/PT0S", "1/P31DT1S"),
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        rates.read(text)


def test_rates_over_one_period_are_compared_by_their_number() -> None:
    assert judged("99/PT1H", "100/PT1H") == BEFORE
    assert judged("100/PT1H", "100/PT1H") == SAME
    assert judged("101/PT1H", "100/PT1H") == AFTER
    assert judged("1/P1D", "100/PT1H") == UNKNOWN
    assert VALUES.holds(Operator.LT, ("1/PT1H", "2/PT1H"), "0/PT1H") is None
    assert VALUES.holds(Operator.LT, ("1/PT1H",), 0) is None
    assert rates.split("37/PT1M") == (37, 60_000_000)


def test_what_follows_from_rates() -> None:
    assert VALUES.implies([claim(Operator.LTEQ, "99/PT1H")], claim(Operator.LT, "100/PT1H"))
    assert not VALUES.implies([claim(Operator.LTEQ, "100/PT1H")], claim(Operator.LT, "100/PT1H"))
    assert not VALUES.implies([claim(Operator.LTEQ, "99/PT1H")], claim(Operator.LT, "100/P1D"))
    assert not VALUES.possible([claim(Operator.LT, "0/PT1H")])
    assert VALUES.possible([claim(Operator.LTEQ, "5/PT1H", False)])
    assert VALUES.witness([]) == "0/PT1H"
    assert VALUES.witness([claim(Operator.LTEQ, "5/PT1H", False)]) == "6/PT1H"
    assert VALUES.witness([claim(Operator.LT, "1/PT1H")]) == "0/PT1H"
    assert VALUES.witness([claim(Operator.LT, "5/PT1H"), claim(Operator.LTEQ, "3/PT1H", False)]) == "4/PT1H"
