"""Covers policies/ordered.py."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from policies import instants
from policies.claims import Claim
from policies.model import Operator
from policies.operands import COUNT, DATE_TIME, OPERANDS
from policies.ordered import Ordered

COUNTS = OPERANDS[COUNT].values
claims = st.builds(
    Claim,
    st.just(COUNT),
    st.sampled_from((Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ, Operator.EQ)),
    st.integers(0, 6).map(str),
    st.booleans(),
)


def true(claim: Claim, fact: int) -> bool:
    return COUNTS.holds(claim.operator, (claim.right,), fact) is claim.holds


@given(st.lists(claims, max_size=4), claims)
def test_what_follows_is_exactly_what_holds_for_every_value(premises: list[Claim], claim: Claim) -> None:
    facts = [fact for fact in range(1, 10) if all(true(premise, fact) for premise in premises)]
    assert COUNTS.implies(premises, claim) is all(true(claim, fact) for fact in facts)
    assert COUNTS.possible(premises) is bool(facts)


def test_what_is_no_number_or_no_comparison_cannot_be_said() -> None:
    assert COUNTS.holds(Operator.LT, ("3",), "2") is None
    assert COUNTS.holds(Operator.IS_A, ("3",), 2) is None
    assert COUNTS.holds(Operator.LT, ("3", "4"), 2) is None
    assert COUNTS.holds(Operator.NEQ, ("3",), 2) is True


LEVELS = OPERANDS["urn:allmende:crisisLevel"].values
"""Whole numbers from 0 to 9."""


def level(operator: Operator, right: int, holds: bool = True) -> Claim:
    return Claim("urn:allmende:crisisLevel", operator, str(right), holds)


def test_nothing_lies_beyond_the_ends() -> None:
    assert LEVELS.witness([level(Operator.GT, 8)]) == "9"
    assert LEVELS.witness([level(Operator.LT, 1)]) == "0"
    assert not LEVELS.possible([level(Operator.GT, 9)])
    assert not LEVELS.possible([level(Operator.LT, 0)])
    assert LEVELS.implies([level(Operator.GTEQ, 9)], level(Operator.EQ, 9))
    assert LEVELS.implies([level(Operator.LT, 5)], level(Operator.GTEQ, 0))
    assert not LEVELS.implies([level(Operator.LT, 5)], level(Operator.GTEQ, 1))
    assert not LEVELS.implies([], level(Operator.GTEQ, 0)), "nobody may have said anything"
    assert COUNTS.implies([], Claim(COUNT, Operator.GTEQ, "1")), "a use always has a number"
    assert LEVELS.witness([]) is not None


def test_points_around_values_stand_for_all_others() -> None:
    assert isinstance(LEVELS, Ordered)
    assert set(LEVELS.around(["3", "9"])) == {1, 2, 3, 4, 8, 9}
    assert set(LEVELS.around(["0"])) == {0, 1}
    assert set(LEVELS.around([])) == {1}
    times = OPERANDS[DATE_TIME].values
    assert isinstance(times, Ordered)
    start, end = instants.span("2027-03-28")
    assert set(times.around(["2027-03-28"])) == {start - 1, start, end - 1, end, 1}


def test_facts_that_are_allowed_lie_in_one_piece() -> None:
    values = LEVELS
    assert isinstance(values, Ordered)
    pieces = {
        Operator.LT: (-inf, 3),
        Operator.LTEQ: (-inf, 4),
        Operator.GT: (4, inf),
        Operator.GTEQ: (3, inf),
        Operator.EQ: (3, 4),
    }
    for operator, piece in pieces.items():
        assert values.allowed(operator, ("3",)) == piece
    assert values.allowed(Operator.NEQ, ("3",)) is None
    assert values.allowed(Operator.LT, ("3", "4")) is None
    assert values.allowed(Operator.IS_A, ("3",)) is None
