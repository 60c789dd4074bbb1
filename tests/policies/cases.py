"""Random policies of the whole model, with requests that touch them: duties, refinements, collections, strategies.

Made by a seeded generator and not by hypothesis, because a campaign wants hundreds of thousands of them.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

from policies.duties import DUTY_TIMING, Timing
from policies.model import (
    ODRL,
    Access,
    Atomic,
    Connective,
    Constraint,
    Deed,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Semantics,
    Strategy,
)
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SET_OPERATORS, SPATIAL
from policies.vocabulary import USE
from tests.policies.samples import HOUR, ME, NOW, OTHER, TARGET, VALUES

ACTIONS = (USE, ODRL + "read", ODRL + "archive", "urn:example:count")
CITIES, SHELF = "urn:example:cities", "urn:example:shelf"
STRANGE = "urn:example:weather"
STATED = (PURPOSE, SPATIAL)
_LEFTS = (*[DATE_TIME, COUNT, PURPOSE, SPATIAL] * 4, STRANGE)


class Case(Struct, frozen=True):
    """A policy and everything that `evaluate` takes."""

    policy: Policy
    access: Access
    now: int | None
    count: int | None
    semantics: Semantics


def case(random: Random) -> Case:
    """The next random case."""
    return Case(
        policy=_policy(random),
        access=_access(random),
        now=random.choice((None, *(NOW + hours * HOUR for hours in (-24, -2, -1, 0, 0, 0, 0, 1, 24)))),
        count=random.choice((None, 0, 0, 1, 2, 3)),
        semantics=random.choice(list(Semantics)),
    )


def _policy(random: Random) -> Policy:
    rules = [_rule(random, RuleKind.PERMISSION) for _ in range(random.randint(1, 3))]
    rules += [_rule(random, RuleKind.PROHIBITION) for _ in range(random.choice((0, 0, 0, 1, 2)))]
    return Policy(
        id="urn:uuid:0",
        kind=PolicyKind.SET,
        rules=tuple(rules),
        target=random.choice((None, None, TARGET, SHELF)),
        assignee=random.choice((None, None, ME, CITIES)),
        conflict=Strategy.INVALID
        if random.random() < 0.03
        else random.choice((None, Strategy.PERM, Strategy.PROHIBIT)),
        timestamp=random.choice((None, NOW - 48 * HOUR)),
    )


def _rule(random: Random, kind: RuleKind) -> Rule:
    return Rule(
        kind,
        random.choice((USE, *ACTIONS)),
        _constraints(random, 2),
        refinements=_constraints(random, 1) if random.random() < 0.2 else (),
        target=_scope(random, TARGET, SHELF),
        assignee=_scope(random, ME, CITIES),
        duties=tuple(_duty(random) for _ in range(random.choice((0, 0, 0, 1, 2))))
        if kind is RuleKind.PERMISSION
        else (),
    )


def _duty(random: Random, deep: bool = True) -> Rule:
    said = random.choice((None, None, *Timing))
    timing = () if said is None else (Atomic(DUTY_TIMING, Operator.EQ, (said.value,)),)
    return Rule(
        RuleKind.DUTY,
        random.choice((ODRL + "delete", ODRL + "inform")),
        (*timing, *_constraints(random, 1)),
        id=random.choice(("", "urn:example:duty")),
        refinements=(_atom(random),) if random.random() < 0.2 else (),
        assignee=_scope(random, ME, CITIES),
        consequences=(_duty(random, deep=False),) if deep and random.random() < 0.3 else (),
    )


def _scope(random: Random, one: str, several: str) -> Scope | None:
    if random.random() < 0.7:
        return None
    return Scope(random.choice((one, several)), refinements=(_atom(random),) if random.random() < 0.2 else ())


def _constraints(random: Random, most: int) -> tuple[Constraint, ...]:
    return tuple(_constraint(random, 2) for _ in range(random.randint(0, most)))


def _constraint(random: Random, depth: int) -> Constraint:
    if depth == 0 or random.random() < 0.7:
        return _atom(random)
    members = tuple(_constraint(random, depth - 1) for _ in range(random.randint(1, 3)))
    return Logical(random.choice(list(Connective)), members)


def _atom(random: Random) -> Atomic:
    left = random.choice(_LEFTS)
    if left == STRANGE:
        return Atomic(left, Operator.EQ, ("rain",))
    operator = random.choice(sorted(OPERANDS[left].operators))
    right = random.sample(VALUES[left], random.randint(1, 2) if operator in SET_OPERATORS else 1)
    status = random.choice(("", "1")) if left == COUNT else ""
    reference = "urn:example:elsewhere" if random.random() < 0.02 else ""
    return Atomic(left, operator, tuple(sorted(right)), status=status, reference=reference)


def _access(random: Random) -> Access:
    values = {
        left: tuple(random.sample(VALUES[left], random.choice((1, 1, 1, 2))))
        for left in STATED
        if random.random() < 0.8
    }
    if random.random() < 0.1:
        values |= {DATE_TIME: ("2027-01-15T08:00:00Z",), COUNT: ("1",), STRANGE: ("rain",), PURPOSE: ("no iri",)}
    return Access(
        action=random.choice(("", *ACTIONS, *[USE, ODRL + "read"] * 5)),
        assignee=random.choice(("", OTHER, *[ME] * 8)),
        target=random.choice(("", "urn:other", *[TARGET] * 8)),
        values=values,
        members={name: above for name, above in ((ME, (CITIES,)), (TARGET, (SHELF, TARGET))) if random.random() < 0.5},
        performed=_deeds(random),
        violated=_deeds(random) if random.random() < 0.3 else (),
    )


def _deeds(random: Random) -> tuple[Deed, ...]:
    return tuple(
        Deed(
            action=random.choice(("", ODRL + "delete", ODRL + "inform")),
            duty=random.choice(("", "", "urn:example:duty")),
            by=random.choice(("", ME, OTHER)),
            at=random.choice((None, NOW - HOUR, NOW, NOW + HOUR)),
        )
        for _ in range(random.choice((0, 1, 2)))
    )
