"""Policies, accesses and hypothesis strategies that the tests of this package share."""

from __future__ import annotations

from hypothesis import strategies as st

from policies import short
from policies.model import (
    ODRL,
    Access,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
)
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SET_OPERATORS, SPATIAL
from policies.places import GEOCODING
from policies.vocabulary import ACTIONS, DPV, OWN, READ, USE

NOW = 1_800_000_000_000_000
"""2027-01-15T08:00:00Z"""
HOUR = 3_600_000_000
ME, OTHER = "did:web:utility.example", "did:web:town.example"
TARGET = "https://city.example/datasets/counts"

MUENSTER = GEOCODING + "municipalityKey/05515000"
MUENSTER_ARS = GEOCODING + "regionalKey/055150000000"
KREIS = GEOCODING + "districtKey/05515"
NRW = GEOCODING + "stateKey/05"
HAMBURG = GEOCODING + "stateKey/02"
ASSOCIATION = GEOCODING + "municipalAssociationKey/010515001"
VILLAGE = GEOCODING + "regionalKey/010515001003"
VILLAGE_AGS = GEOCODING + "municipalityKey/01051003"

WIRE = [one for one in Connective if one is not Connective.AND_SEQUENCE]
"""The connectives that the protocol carries without loss."""

VALUES: dict[str, tuple[str, ...]] = {
    DATE_TIME: ("2027-01-14", "2027-01-15", "2027-01-16", *(str(NOW + hours * HOUR) for hours in (-1, 0, 1))),
    COUNT: ("0", "1", "2", "3"),
    PURPOSE: (
        *(DPV + name for name in ("Purpose", "PublicBenefit", "DataAltruism", "NonCommercialResearch")),
        *(DPV + name for name in ("NonCommercialPurpose", "ScientificResearch")),
        "https://city.example/purposes/own",
    ),
    SPATIAL: (MUENSTER, MUENSTER_ARS, KREIS, NRW, HAMBURG, ASSOCIATION, VILLAGE, VILLAGE_AGS),
}
"""Few values, close together, so that random policies touch."""


def atom(left: str, operator: Operator, *right: str) -> Atomic:
    return Atomic(left, operator, right)


def permission(*constraints: Constraint, action: str = USE) -> Rule:
    return Rule(RuleKind.PERMISSION, action, constraints)


def prohibition(*constraints: Constraint, action: str = USE) -> Rule:
    return Rule(RuleKind.PROHIBITION, action, constraints)


def policy(*rules: Rule, assignee: str | None = None, target: str | None = None) -> Policy:
    return Policy("urn:uuid:0", PolicyKind.OFFER, rules, target=target, assignee=assignee)


def access(
    *, purpose: str | tuple[str, ...] = (), spatial: str | tuple[str, ...] = (), action: str = USE, who: str = ME
) -> Access:
    values = {
        left: (value,) if isinstance(value, str) else value
        for left, value in ((PURPOSE, purpose), (SPATIAL, spatial))
        if value
    }
    return Access(action, who, TARGET, values)


def named_action(name: str) -> str:
    """The IRI of an action that goes by its short name: ODRL's, where there are two."""
    return next((lead + name for lead in (ODRL, OWN) if lead + name in ACTIONS), name)


def named_value(name: str, value: str | list[str]) -> tuple[str, str | list[str]]:
    """The IRI of an operand that goes by its short name, and its values as the short form takes them."""
    operand = next(one for one in OPERANDS.values() if name in (one.name, one.iri))
    if isinstance(value, str):
        return operand.iri, short.meant(operand, value)
    return operand.iri, [short.meant(operand, one) for one in value]


def _values(left: str, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(VALUES[left]), min_size=1, max_size=most).map(lambda found: tuple(sorted(found)))


# Made once: what is made while drawing costs more than the drawing.
_LEFT = st.sampled_from(sorted(VALUES))
_OPERATOR = {left: st.sampled_from(sorted(OPERANDS[left].operators)) for left in VALUES}
_RIGHT = {(left, most): _values(left, most) for left in VALUES for most in (1, 2, 3)}


@st.composite
def _atom(draw: st.DrawFn) -> Atomic:
    left = draw(_LEFT)
    operator = draw(_OPERATOR[left])
    return Atomic(left, operator, draw(_RIGHT[left, 3 if operator in SET_OPERATORS else 1]))


_ATOM = _atom()


def _logical(members: st.SearchStrategy[Constraint]) -> st.SearchStrategy[Constraint]:
    connective = st.sampled_from(WIRE)
    several = st.lists(members, min_size=1, max_size=3).map(tuple)
    return st.tuples(connective, several).map(lambda parts: Logical(*parts))


constraints: st.SearchStrategy[Constraint] = st.recursive(_ATOM, _logical, max_leaves=5)
_ACTION = st.sampled_from((USE, USE, READ))
_CONSTRAINTS = st.lists(constraints, max_size=3).map(tuple)


def _rules(kind: RuleKind, least: int, most: int) -> st.SearchStrategy[tuple[Rule, ...]]:
    one = st.tuples(_ACTION, _CONSTRAINTS).map(lambda parts: Rule(kind, *parts))
    return st.lists(one, min_size=least, max_size=most).map(tuple)


_PERMISSIONS, _PROHIBITIONS = _rules(RuleKind.PERMISSION, 1, 2), _rules(RuleKind.PROHIBITION, 0, 2)
_TARGET, _ASSIGNEE = st.sampled_from((None, None, TARGET)), st.sampled_from((None, None, ME))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    found = (*draw(_PERMISSIONS), *draw(_PROHIBITIONS))
    return Policy("urn:uuid:0", PolicyKind.OFFER, found, target=draw(_TARGET), assignee=draw(_ASSIGNEE))


_WHO = st.sampled_from((ME, ME, OTHER))
_ASKED = st.sampled_from((USE, READ, ODRL + "archive"))
_HOURS = st.sampled_from((-24, -2, -1, 0, 1, 24))
_FEW = st.integers(0, 4)


@st.composite
def accesses(draw: st.DrawFn) -> tuple[Access, int, int]:
    """An access with the instant and the number of uses drawn before."""
    values = {left: draw(_RIGHT[left, 2]) for left in (PURPOSE, SPATIAL) if draw(_FEW)}
    stated = Access(action=draw(_ASKED), assignee=draw(_WHO), target=TARGET, values=values)
    return stated, NOW + draw(_HOURS) * HOUR, draw(_FEW)
