"""Covers policies/compare.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from policies.compare import same_terms, within
from policies.evaluate import evaluate
from policies.model import Access, Connective, Constraint, Logical, Operator, Policy, Rule, RuleKind
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.vocabulary import DPV, READ
from tests.policies.samples import (
    HAMBURG,
    ME,
    MUENSTER,
    MUENSTER_ARS,
    NRW,
    OTHER,
    TARGET,
    accesses,
    atom,
    constraints,
    permission,
    policies,
    policy,
    prohibition,
)

O = Operator  # noqa: E741
BENEFIT, ALTRUISM, COMMERCE = DPV + "PublicBenefit", DPV + "DataAltruism", DPV + "CommercialPurpose"


def either(*members: Constraint) -> Logical:
    return Logical(Connective.OR, members)


def codes(asked: Policy, offered: Policy) -> list[str]:
    found = within(asked, offered)
    assert found.within is not bool(found.differences)
    return [difference.reason.code for difference in found.differences]


UNTIL_JUNE = atom(DATE_TIME, O.LTEQ, "2027-06-30")
WITHIN: list[tuple[tuple[Constraint, ...], tuple[Constraint, ...]]] = [
    ((), ()),
    ((UNTIL_JUNE,), (UNTIL_JUNE,)),
    ((UNTIL_JUNE, atom(COUNT, O.LTEQ, "3")), (UNTIL_JUNE,)),
    ((atom(DATE_TIME, O.LT, "2027-07-01"),), (UNTIL_JUNE,)),
    ((atom(DATE_TIME, O.EQ, "2027-06-30"),), (UNTIL_JUNE, atom(DATE_TIME, O.GTEQ, "2027-06-30"))),
    ((atom(COUNT, O.LT, "4"),), (atom(COUNT, O.LTEQ, "3"),)),
    ((), (atom(COUNT, O.GTEQ, "1"),)),
    ((atom(PURPOSE, O.EQ, ALTRUISM),), (atom(PURPOSE, O.IS_A, BENEFIT),)),
    ((atom(PURPOSE, O.IS_ANY_OF, BENEFIT, ALTRUISM),), (atom(PURPOSE, O.IS_A, BENEFIT),)),
    ((atom(PURPOSE, O.EQ, ALTRUISM),), (either(atom(PURPOSE, O.IS_A, COMMERCE), atom(PURPOSE, O.IS_A, BENEFIT)),)),
    ((atom(PURPOSE, O.EQ, ALTRUISM),), (atom(PURPOSE, O.IS_NONE_OF, COMMERCE),)),
    ((atom(SPATIAL, O.EQ, MUENSTER),), (atom(SPATIAL, O.IS_PART_OF, NRW),)),
    ((atom(SPATIAL, O.EQ, MUENSTER_ARS),), (atom(SPATIAL, O.EQ, MUENSTER),)),
    ((atom(SPATIAL, O.IS_PART_OF, MUENSTER),), (atom(SPATIAL, O.NEQ, HAMBURG),)),
    ((atom(PURPOSE, O.EQ, ALTRUISM), atom(PURPOSE, O.EQ, COMMERCE)), (atom(COUNT, O.LT, "1"),)),
    ((), (either(atom(COUNT, O.LTEQ, "3"), atom(COUNT, O.GT, "3")),)),
    (
        (atom(PURPOSE, O.IS_ANY_OF, BENEFIT, ALTRUISM),),
        (either(atom(PURPOSE, O.EQ, BENEFIT), atom(PURPOSE, O.EQ, ALTRUISM)),),
    ),
    ((Logical(Connective.XONE, (atom(COUNT, O.LTEQ, "3"), atom(COUNT, O.LTEQ, "1"))),), (atom(COUNT, O.GT, "1"),)),
]


@pytest.mark.parametrize(("asked", "offered"), WITHIN)
def test_within(asked: tuple[Constraint, ...], offered: tuple[Constraint, ...]) -> None:
    assert codes(policy(permission(*asked)), policy(permission(*offered))) == []


@pytest.mark.parametrize(
    ("asked", "offered", "code"),
    [
        ((), (UNTIL_JUNE,), "beyond.time"),
        ((atom(DATE_TIME, O.LTEQ, "2027-07-01"),), (UNTIL_JUNE,), "beyond.time"),
        ((atom(COUNT, O.LTEQ, "10"),), (atom(COUNT, O.LTEQ, "3"),), "beyond.count"),
        ((), (atom(PURPOSE, O.IS_A, BENEFIT),), "beyond.purpose"),
        ((atom(PURPOSE, O.EQ, COMMERCE),), (atom(PURPOSE, O.IS_A, BENEFIT),), "beyond.purpose"),
        ((atom(PURPOSE, O.IS_A, BENEFIT),), (atom(PURPOSE, O.EQ, BENEFIT),), "beyond.purpose"),
        ((atom(SPATIAL, O.IS_PART_OF, NRW),), (atom(SPATIAL, O.IS_PART_OF, MUENSTER),), "beyond.spatial"),
        ((atom(SPATIAL, O.EQ, MUENSTER),), (atom(SPATIAL, O.EQ, MUENSTER_ARS),), "beyond.spatial"),
        (
            (atom(PURPOSE, O.EQ, "urn:own"),),
            (either(atom(PURPOSE, O.EQ, COMMERCE), atom(PURPOSE, O.EQ, BENEFIT)),),
            "beyond.purpose",
        ),
        ((), (either(atom(PURPOSE, O.EQ, COMMERCE), atom(PURPOSE, O.EQ, BENEFIT)),), "beyond.purpose"),
        (
            (atom(PURPOSE, O.IS_A, BENEFIT),),
            (either(atom(PURPOSE, O.EQ, BENEFIT), atom(PURPOSE, O.IS_A, ALTRUISM)),),
            "beyond.purpose",
        ),
    ],
)
def test_beyond(asked: tuple[Constraint, ...], offered: tuple[Constraint, ...], code: str) -> None:
    assert codes(policy(permission(*asked)), policy(permission(*offered))) == [code]


def test_a_difference_shows_both_sides() -> None:
    asked, offered = policy(permission(atom(COUNT, O.LTEQ, "10"))), policy(permission(atom(COUNT, O.LTEQ, "3")))
    (difference,) = within(asked, offered).differences
    assert (difference.asked, difference.offered) == ("count lteq 10", "count lteq 3")
    (difference,) = within(policy(permission()), offered).differences
    assert (difference.asked, difference.offered) == (None, "count lteq 3")


def test_every_difference_is_named_once() -> None:
    asked = policy(permission(atom(COUNT, O.LTEQ, "10")), permission(atom(COUNT, O.LTEQ, "10")))
    offered = policy(permission(atom(COUNT, O.LTEQ, "3"), UNTIL_JUNE, atom(PURPOSE, O.IS_A, BENEFIT)))
    assert sorted(codes(asked, offered)) == ["beyond.count", "beyond.purpose", "beyond.time"]


def test_parties_and_target() -> None:
    assert codes(policy(permission(), assignee=OTHER), policy(permission(), assignee=ME)) == ["beyond.assignee"]
    assert codes(policy(permission()), policy(permission(), assignee=ME)) == ["beyond.assignee"]
    assert codes(policy(permission(), assignee=ME, target=TARGET), policy(permission(), assignee=ME)) == []
    assert codes(policy(permission(), target=TARGET), policy(permission(), target="urn:x")) == ["beyond.target"]


def test_actions() -> None:
    assert codes(policy(permission(action=READ)), policy(permission())) == []
    assert codes(policy(permission()), policy(permission(action=READ))) == ["beyond.action"]


def test_an_offered_prohibition_must_be_kept() -> None:
    no_commerce = prohibition(atom(PURPOSE, O.IS_A, COMMERCE))
    offered = policy(permission(), no_commerce)
    assert "beyond.purpose" in codes(policy(permission()), offered)
    assert codes(policy(permission(), no_commerce), offered) == []
    assert codes(policy(permission(), prohibition()), offered) == []
    assert codes(policy(permission(atom(PURPOSE, O.EQ, ALTRUISM))), offered) == []
    narrower = prohibition(atom(PURPOSE, O.EQ, COMMERCE))
    assert codes(policy(permission(), narrower), offered) == ["beyond.purpose"]
    assert codes(policy(permission(), no_commerce), policy(permission(), narrower)) == []


def test_an_offer_that_permits_nothing() -> None:
    offered = policy(prohibition(atom(COUNT, O.GT, "3")))
    assert codes(policy(permission()), offered) == ["beyond.permission", "beyond.count"]
    assert codes(policy(prohibition()), policy(prohibition())) == []


def test_what_is_too_large_is_said_to_be() -> None:
    left, right = (tuple(atom(PURPOSE, O.NEQ, f"urn:{side}:{n}") for n in range(900)) for side in "ab")
    assert codes(policy(permission(*left)), policy(permission(*right))) == ["compare.too_large"]


def test_long_lists_are_compared() -> None:
    many = [either(*(atom(PURPOSE, O.EQ, f"urn:{n}:{m}") for m in range(9))) for n in range(5)]
    assert codes(policy(permission(*many)), policy(permission())) == []
    wide = atom(PURPOSE, O.IS_ANY_OF, *(f"urn:{n}" for n in range(100)))
    assert codes(policy(permission(wide)), policy(permission(wide))) == []
    none = tuple(atom(PURPOSE, O.NEQ, f"urn:{n}") for n in range(900))
    assert codes(policy(permission(*none)), policy(permission(*none))) == []


# --- the search for a counter-example ---------------------------------------------------------------------------------


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Two policies that are near to each other: one narrowed, one with a rule more, or two at random."""
    offered = draw(policies())
    match draw(st.integers(0, 3)):
        case 0:
            return draw(policies()), offered
        case 1:
            return _narrowed(draw, offered), offered
        case 2:
            more = Rule(RuleKind.PROHIBITION, READ, tuple(draw(st.lists(constraints, max_size=2))))
            return replace(offered, rules=(*offered.rules, more)), offered
        case _:
            return offered, _narrowed(draw, offered)


def _narrowed(draw: st.DrawFn, found: Policy) -> Policy:
    first, *rest = found.rules
    return replace(found, rules=(replace(first, constraints=(*first.constraints, draw(constraints))), *rest))


@settings(max_examples=60, deadline=None)
@given(pairs(), st.lists(accesses(), min_size=8, max_size=20))
def test_no_access_is_permitted_within_and_refused_by_the_offer(
    pair: tuple[Policy, Policy], tried: list[tuple[Access, int, int]]
) -> None:
    asked, offered = pair
    if not within(asked, offered).within:
        return
    for stated, now, count in tried:
        if any(len(values) > 1 for values in stated.values.values()):
            continue  # An access for several things at once may be refused where it is permitted for each of them.
        if evaluate(asked, stated, now, count=count).permit:
            assert evaluate(offered, stated, now, count=count).permit


@given(policies())
def test_every_policy_is_within_itself_unless_too_large_or_unclear(found: Policy) -> None:
    differences = within(found, found).differences
    assert all(d.reason.code.startswith(("unclear.", "compare.")) for d in differences)


# --- the same terms ---------------------------------------------------------------------------------------------------


@given(policies())
def test_order_does_not_matter(found: Policy) -> None:
    def turned(constraint: Constraint) -> Constraint:
        if isinstance(constraint, Logical):
            return replace(constraint, members=tuple(map(turned, reversed(constraint.members))))
        return constraint

    rules = tuple(replace(rule, constraints=tuple(map(turned, reversed(rule.constraints)))) for rule in found.rules)
    assert same_terms(found, replace(found, id="urn:other", rules=tuple(reversed(rules))))


def test_what_differs_is_not_the_same() -> None:
    found = policy(permission(atom(COUNT, O.LTEQ, "3"), UNTIL_JUNE))
    assert not same_terms(found, policy(permission(atom(COUNT, O.LTEQ, "3"))))
    assert not same_terms(found, policy(permission(atom(COUNT, O.LT, "3"), UNTIL_JUNE)))
    assert not same_terms(found, policy(prohibition(atom(COUNT, O.LTEQ, "3"), UNTIL_JUNE)))
    assert not same_terms(found, policy(*found.rules, *found.rules))
    assert not same_terms(found, replace(found, profile=("http://www.w3.org/ns/odrl/2/core",)))
