"""Covers policies/ordered.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policies.claims import Claim
from policies.model import Operator
from policies.operands import COUNT, OPERANDS

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
