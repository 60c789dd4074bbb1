"""What kinds of values say of one value, of all values and of a witness fits together, for random claims of every kind.

Covers the kinds as a whole; what each of them says stands in its own test module.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import operands
from policies.calendars import Recurring
from policies.claims import Claim
from policies.model import ODRL, Operator
from policies.operands import COUNT, DATE_TIME, OPERANDS, SET_OPERATORS, Operand, Origin
from policies.places import GEONAMES, NUTS
from policies.vocabulary import GDPR, LOC, XSD
from tests.policies.samples import VALUES

OWN = "urn:allmende:"
GENERIC = operands.generic("urn:foreign:time", XSD + "dateTime")
KNOWN = {**OPERANDS, GENERIC.iri: GENERIC}
POOLS: dict[str, tuple[str, ...]] = {
    **{iri: texts for iri, texts in VALUES.items() if iri not in (COUNT, DATE_TIME)},
    COUNT: ("0", "1", "2", "3", "7"),
    DATE_TIME: ("2027-03-27", "2027-03-28", "2027-03-28T01:00:00Z", "2027-03-28T22:00:00Z", "2027-10-31"),
    OWN + "crisisLevel": ("0", "1", "5", "8", "9"),
    ODRL + "percentage": ("0", "0.5", "50", "99.999", "100"),
    ODRL + "absoluteSize": ("-1.5", "0", "0.000000000000001", "2", "1000"),
    ODRL + "elapsedTime": ("PT0S", "P28D", "P30D", "P31D", "P1M", "P59D", "P2M", "P1MT1S", "P1Y", "P366D"),
    OWN + "onwardTransfer": ("none", "sameTerms", "free"),
    OWN + "legalBasis": ("A6-1-e", GDPR + "A6-1-e-public-interest", "A6-1-a", "urn:other:basis"),
    OWN + "statistic": ("count", "sum", "mean"),
    OWN + "processingLocation": (
        LOC + "DE",
        LOC + "EU",
        LOC + "CH",
        NUTS + "DEA33",
        NUTS + "FR10",
        GEONAMES + "1",
    ),
    ODRL + "recipient": ("did:web:a.example", "did:web:b.example"),
    ODRL + "language": ("de", "de-AT", "de-CH-1996", "fr", "urn:klingon"),
    OWN + "spatialResolution": ("0", "99.5", "100", "h3:0", "h3:8", "h3:15", "municipality", "country"),
    OWN + "requestRate": ("0/PT1H", "1/PT1H", "100/PT1H", "100/P1D"),
    OWN + "hourOfDay": ("0", "8", "23", "08:30", "08:00/18:00", "22:00/06:00", "00:00/24:00"),
    OWN + "dayOfWeek": ("1", "5", "7", "1/5", "6/7", "6/1"),
    OWN + "season": ("01-01", "02-29", "12-31", "11-01/03-31", "04-01/10-31"),
    GENERIC.iri: (
        "2027-01-15",
        "2027-01-15T12:00:00Z",
        "2027-01-15T12:00:00",
        "2027-01-16T02:00:00",
        "2027-01-14T22:00:00",
    ),
}
HOUR = 3600 * 1_000_000
SPRING, AUTUMN = 1_806_192_000_000_000, 1_824_933_600_000_000
"""Midnight UTC before the clocks of 2027 go forward, and before they go back."""
INSTANTS = [
    *(start + half * HOUR // 2 for start in (SPRING, AUTUMN) for half in range(-6, 60)),
    *(SPRING + day * 24 * HOUR + day * 7 * HOUR for day in range(366)),
]


def _fact(operand: Operand, text: str) -> list[operands.Fact]:
    try:
        return [operand.fact(text)]
    except ValueError:
        return []


CANONICAL = {iri: tuple(KNOWN[iri].read(text) for text in texts) for iri, texts in POOLS.items()}
FACTS: dict[str, list[operands.Fact]] = {
    iri: [
        *chain.from_iterable(
            _fact(KNOWN[iri], text) for text in (*texts, *(vector.fact for vector in KNOWN[iri].vectors))
        ),
        *(INSTANTS if KNOWN[iri].origin is Origin.CLOCK else ()),
    ]
    if iri != COUNT
    else list(range(1, 12))
    for iri, texts in POOLS.items()
}
every_kind = pytest.mark.parametrize("operand", [KNOWN[iri] for iri in POOLS], ids=lambda one: one.name)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Operand, list[Claim], Claim]:
    operand = draw(st.sampled_from([KNOWN[iri] for iri in POOLS]))
    operators = sorted(operand.operators - SET_OPERATORS - {Operator.NEQ})
    one = st.builds(
        Claim, st.just(operand.iri), st.sampled_from(operators), st.sampled_from(CANONICAL[operand.iri]), st.booleans()
    )
    return operand, draw(st.lists(one, max_size=3)), draw(one)


def true(operand: Operand, claims: Sequence[Claim], fact: operands.Fact) -> bool:
    return all(operand.values.holds(one.operator, (one.right,), fact) is one.holds for one in claims)


def fact_of(operand: Operand, witness: str) -> operands.Fact:
    """A witness as a fact: it is canonical text, and facts are as somebody states them."""
    return int(witness) if witness.isdigit() and operand.iri in (DATE_TIME, GENERIC.iri) else operand.fact(witness)


@given(questions())
@settings(max_examples=150)
def test_what_is_said_of_all_values_is_so_of_each(asked: tuple[Operand, list[Claim], Claim]) -> None:
    operand, premises, claim = asked
    values, facts = operand.values, [fact for fact in FACTS[operand.iri] if true(operand, premises, fact)]
    found = values.witness(premises)
    assert (found is not None) is values.possible(premises), "possible is what has a witness"
    if found is None:
        assert not facts, "what is called impossible holds nowhere"
    else:
        assert true(operand, premises, fact_of(operand, found)), "a witness satisfies the premises"
    if values.implies(premises, claim):
        for fact in facts:
            assert true(operand, [claim], fact), "what follows holds wherever the premises do"
        assert found is None or true(operand, [claim], fact_of(operand, found))
        assert values.possible([*premises, claim]) is values.possible(premises)
        assert not values.possible([*premises, Claim(claim.left, claim.operator, claim.right, not claim.holds)])
    for premise in premises:
        assert values.implies(premises, premise), "a premise follows from itself"


@given(questions())
@settings(max_examples=60)
def test_a_further_premise_takes_nothing_away(asked: tuple[Operand, list[Claim], Claim]) -> None:
    operand, premises, claim = asked
    for size in range(1, len(premises)):
        if operand.values.implies(premises[:size], claim):
            assert operand.values.implies(premises, claim)
        if not operand.values.possible(premises[:size]):
            assert not operand.values.possible(premises)


@every_kind
def test_a_set_holds_by_its_members_and_a_denial_is_the_opposite(operand: Operand) -> None:
    holds, pool = operand.values.holds, CANONICAL[operand.iri]
    for fact in FACTS[operand.iri][:40]:
        for right in pool:
            same = holds(Operator.EQ, (right,), fact)
            if Operator.NEQ in operand.operators:
                assert holds(Operator.NEQ, (right,), fact) is (None if same is None else not same)
        if Operator.IS_ANY_OF not in operand.operators:
            continue
        members = [holds(Operator.EQ, (right,), fact) for right in pool]
        if True in members:
            assert holds(Operator.IS_ANY_OF, pool, fact) is True
            assert holds(Operator.IS_NONE_OF, pool, fact) is False
        elif None not in members:
            assert holds(Operator.IS_ANY_OF, pool, fact) is False
            assert holds(Operator.IS_NONE_OF, pool, fact) is True


@every_kind
def test_the_order_of_values_is_one(operand: Operand) -> None:
    """Of less, equal and greater at most one holds; `at most` is less or equal wherever all of it is known."""
    if Operator.LT not in operand.operators:
        return
    holds = operand.values.holds
    for fact in FACTS[operand.iri][:60]:
        for right in CANONICAL[operand.iri]:
            ordered = (Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ)
            less, most, more, least = (holds(operator, (right,), fact) for operator in ordered)
            assert not (less is True and more is True)
            assert None in (less, least) or less is not least, (fact, right)
            assert None in (more, most) or more is not most, (fact, right)
            assert most is True or less is not True
            assert least is True or more is not True


@every_kind
def test_what_is_no_fact_and_what_is_no_operator_says_nothing(operand: Operand) -> None:
    right = CANONICAL[operand.iri][0]
    fact = FACTS[operand.iri][0]
    for operator in operand.operators:
        for strange in (None, 1.5, b"x", (right,)):
            assert operand.values.holds(operator, (right,), strange) is None
    singles = set(Operator) - SET_OPERATORS - {Operator.EQ, Operator.NEQ, Operator.IS_PART_OF}
    for operator in singles:
        assert operand.values.holds(operator, (right, right), fact) is None, operator
    if Operator.LT in operand.operators:
        assert operand.values.holds(Operator.IS_A, (right,), fact) is None
    elif not isinstance(operand.values, Recurring):
        assert operand.values.holds(Operator.LT, (right,), fact) is None
