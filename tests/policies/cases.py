"""Random policies of the whole model, with requests that touch them: every operand of the registry and some that it
does not know, duties, remedies, consequences, obligations, refinements, collections, strategies, unknown facts.

Made by a seeded generator and not by hypothesis, because a campaign wants hundreds of thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    atoms,
)
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SET_OPERATORS, SPATIAL
from policies.vocabulary import USE, XSD
from tests.policies.samples import HOUR, ME, NOW, OTHER, TARGET, VALUES

ACTIONS = (USE, ODRL + "read", ODRL + "archive", "urn:example:count")
CITIES, SHELF = "urn:example:cities", "urn:example:shelf"
STRANGE = "urn:example:weather"
FOREIGN: dict[str, tuple[str, tuple[str, ...]]] = {
    "urn:example:temperature": (XSD + "decimal", ("9.5", "10", "21")),
    "urn:example:when": (XSD + "dateTime", ("2027-01-15T08:00:00", "2027-01-15T09:00:00", str(NOW))),
    "urn:example:colour": (XSD + "anyURI", ("urn:example:red", "urn:example:blue")),
}
"""Operands that no registry knows, judged by the datatype of their values."""

STATED: dict[str, tuple[str, ...]] = {
    **{
        left: tuple(sorted({text for one in operand.vectors for text in (one.fact, *one.right)}))
        for left, operand in OPERANDS.items()
    },
    **{left: values for left, (_, values) in FOREIGN.items()},
    **VALUES,
}
"""What an access can state of each operand."""

RIGHT: dict[str, tuple[str, ...]] = {
    left: VALUES.get(left) or tuple(sorted({operand.read(text) for one in operand.vectors for text in one.right}))
    for left, operand in OPERANDS.items()
}
_COMMON = (DATE_TIME, COUNT, PURPOSE, SPATIAL)
_LEFTS = (*_COMMON * 12, *OPERANDS, *FOREIGN, STRANGE, STRANGE)


class Case(Struct, frozen=True):
    """A policy and everything that `evaluate` takes."""

    policy: Policy
    access: Access
    now: int | None
    count: int | None
    semantics: Semantics


def case(random: Random) -> Case:
    """The next random case."""
    found = _policy(random)
    return Case(
        policy=found,
        access=_access(random, sorted(_lefts(found.rules))),
        now=random.choice((None, *(NOW + hours * HOUR for hours in (-24, -2, -1, 0, 0, 0, 0, 1, 24)))),
        count=random.choice((None, 0, 0, 1, 2, 3)),
        semantics=random.choice(list(Semantics)),
    )


def _policy(random: Random) -> Policy:
    rules = [_rule(random, RuleKind.PERMISSION) for _ in range(random.randint(1, 3))]
    rules += [_rule(random, RuleKind.PROHIBITION) for _ in range(random.choice((0, 0, 0, 1, 2)))]
    rules += [_rule(random, RuleKind.OBLIGATION) for _ in range(random.choice((0, 0, 0, 1)))]
    return Policy(
        id="urn:uuid:0",
        kind=PolicyKind.SET,
        rules=tuple(rules),
        target=random.choice((None, None, TARGET, SHELF)),
        assignee=random.choice((None, None, ME, CITIES)),
        conflict=Strategy.INVALID
        if random.random() < 0.03
        else random.choice((None, Strategy.PERM, Strategy.PROHIBIT)),
        timestamp=random.choice((None, NOW - 48 * HOUR, NOW - 30 * 24 * HOUR)),
    )


def _lefts(rules: Iterable[Rule]) -> set[str]:
    """Every operand that a policy asks for."""
    found = set()
    for rule in rules:
        scopes = [one.refinements for one in (rule.target, rule.assignee) if one is not None]
        found |= {one.left for part in (rule.constraints, rule.refinements, *scopes) for one in atoms(part)}
        found |= _lefts((*rule.duties, *rule.remedies, *rule.consequences))
    return found


def _rule(random: Random, kind: RuleKind) -> Rule:
    return Rule(
        kind,
        random.choice((USE, *ACTIONS)),
        _constraints(random, 2),
        refinements=_constraints(random, 1) if random.random() < 0.2 else (),
        target=_scope(random, TARGET, SHELF),
        assignee=_scope(random, ME, CITIES),
        duties=_duties(random, kind is RuleKind.PERMISSION),
        remedies=_duties(random, kind is RuleKind.PROHIBITION),
        consequences=_duties(random, kind is RuleKind.OBLIGATION),
    )


def _duties(random: Random, may: bool) -> tuple[Rule, ...]:
    return tuple(_duty(random) for _ in range(random.choice((0, 0, 0, 1, 2)))) if may else ()


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
    if left in FOREIGN:
        datatype, values = FOREIGN[left]
        return Atomic(left, random.choice(list(Operator)), (random.choice(values),), datatype=datatype)
    operator = random.choice(sorted(OPERANDS[left].operators))
    most = min(len(RIGHT[left]), 2 if operator in SET_OPERATORS else 1)
    right = random.sample(RIGHT[left], random.randint(1, most))
    if random.random() < 0.02:  # of a known operand a value that no registry reads
        return Atomic(left, operator, ("rubbish",), datatype=random.choice(("", XSD + "string", "urn:example:type")))
    status = random.choice(("", "1")) if left == COUNT else ""
    reference = "urn:example:elsewhere" if random.random() < 0.02 else ""
    return Atomic(left, operator, tuple(sorted(right)), status=status, reference=reference)


def _access(random: Random, asked: Sequence[str]) -> Access:
    stated = [left for left in asked if left in STATED and left not in (DATE_TIME, COUNT)]
    values = {
        left: tuple(random.choice(STATED[left]) for _ in range(random.choice((1, 1, 1, 2))))
        for left in stated
        if random.random() < 0.8
    }
    if random.random() < 0.1:
        values |= {DATE_TIME: ("2027-01-15T08:00:00Z",), COUNT: ("1",), STRANGE: ("rain",), PURPOSE: ("no iri",)}
    circle = ((CITIES, ("urn:example:all", ME)),) if random.random() < 0.2 else ()
    return Access(
        action=random.choice(("", *ACTIONS, *[USE, ODRL + "read"] * 5)),
        assignee=random.choice(("", OTHER, *[ME] * 8)),
        target=random.choice(("", "urn:other", *[TARGET] * 8)),
        values=values,
        members={
            name: up for name, up in ((ME, (CITIES,)), (TARGET, (SHELF, TARGET)), *circle) if random.random() < 0.6
        },
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
