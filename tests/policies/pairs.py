"""Pairs of policies drawn at random from the fragment that is compared without *unknown* (see `solver`).

Few values, close together, so that two policies touch; and most often the second is the first with one thing changed,
so that the answer hangs on it.
"""

from __future__ import annotations

from random import Random
from typing import Final
from zlib import crc32

from msgspec.structs import replace

from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Strategy,
)
from policies.operands import DATE_TIME, OPERANDS, SET_OPERATORS
from policies.vocabulary import GDPR, OWN, READ, USE
from tests.policies.drawn import known
from tests.policies.samples import ME, OTHER, TARGET, VALUES

NEAR: Final[dict[str, tuple[str, ...]]] = {
    **VALUES,
    ODRL + "elapsedTime": ("P30D", "P1M", "P31D", "P3M", "PT1H"),
    OWN + "retentionPeriod": ("P30D", "P90D", "P3M", "P92D"),
    ODRL + "percentage": ("0", "49.5", "50", "100"),
    ODRL + "payAmount": ("5", "5.5", "20"),
    OWN + "minGroupSize": ("5", "10", "11"),
    OWN + "crisisLevel": ("0", "1", "2", "3"),
    OWN + "spatialResolution": ("100", "250", "h3:8", "h3:7", "district", "municipality"),
    OWN + "requestRate": ("100/PT1H", "99/PT1H", "5/PT1M"),
    ODRL + "language": ("de", "de-AT", "fr"),
    OWN + "hourOfDay": ("8", "08:00", "17", "22:00/06:00", "08:00/18:00"),
    OWN + "dayOfWeek": ("1", "5", "1/5", "6/1"),
    OWN + "season": ("11-01/03-31", "12-24", "02-29"),
    OWN + "legalBasis": (GDPR + "A6-1-e", GDPR + "A6-1-e-public-interest", GDPR + "A9-2-i"),
    OWN + "dataClass": tuple(f"{OWN}dataClass:{name}" for name in ("personal", "special", "open", "internal")),
    OWN + "onwardTransfer": tuple(f"{OWN}onwardTransfer:{name}" for name in ("none", "sameTerms")),
    OWN + "memberOf": ("did:web:a.example", "did:web:b.example"),
    OWN + "role": ("urn:example:1", "urn:example:2"),
    ODRL + "fileFormat": ("text/csv", "application/json"),
    ODRL + "recipient": ("did:web:a.example", "did:web:b.example", ME),
}
PLAIN: Final = tuple(sorted(left for left in OPERANDS if NEAR.get(left) or known(left)))
CYCLES: Final = frozenset({OWN + "hourOfDay", OWN + "dayOfWeek", OWN + "season"})
ACTIONS: Final = (USE, USE, READ, ODRL + "distribute", ODRL + "display", ODRL + "play")
DUTIES: Final = (ODRL + "inform", ODRL + "attribute", OWN + "coarsen", ODRL + "anonymize", OWN + "log")
CONNECTIVES: Final = tuple(Connective)
GROUP: Final = "https://city.example/groups/partners"


def atom(draw: Random, lefts: tuple[str, ...]) -> Atomic:
    left = draw.choice(lefts)
    operator = draw.choice(sorted(OPERANDS[left].operators))
    values = NEAR.get(left) or known(left)
    many = draw.randint(1, min(3, len(values))) if operator in SET_OPERATORS else 1
    return Atomic(left, operator, tuple(sorted(draw.sample(values, many))))


def constraint(draw: Random, lefts: tuple[str, ...], depth: int = 2) -> Constraint:
    if depth == 0 or draw.random() < 0.7:
        return atom(draw, lefts)
    members = tuple(constraint(draw, lefts, depth - 1) for _ in range(draw.randint(1, 3)))
    return Logical(draw.choice(CONNECTIVES), members)


def scope(draw: Random, lefts: tuple[str, ...], names: tuple[str, ...]) -> Scope | None:
    kind = draw.random()
    if kind < 0.8:
        return None
    if kind < 0.9:
        return Scope(draw.choice(names))
    refined = (atom(draw, lefts),) if draw.random() < 0.5 else ()
    return Scope(GROUP, True, refined)


def duty(draw: Random, lefts: tuple[str, ...]) -> Rule:
    action = draw.choice(DUTIES)
    told: list[Constraint] = []
    if draw.random() < 0.5:
        told.append(Atomic(OWN + "dutyTiming", Operator.EQ, (OWN + draw.choice(("before", "during", "after")),)))
    if action == ODRL + "anonymize":
        told.append(Atomic(OWN + "minGroupSize", Operator.GTEQ, (draw.choice(NEAR[OWN + "minGroupSize"]),)))
    if draw.random() < 0.2:
        told.append(atom(draw, lefts))
    if draw.random() < 0.2 and not CYCLES & set(lefts):
        told.append(Atomic(DATE_TIME, Operator.LTEQ, (draw.choice(NEAR[DATE_TIME]),)))
    after = (Rule(RuleKind.DUTY, ODRL + "compensate", id="urn:duty:compensate"),) if draw.random() < 0.15 else ()
    found = Rule(RuleKind.DUTY, action, tuple(told), consequences=after)
    return replace(found, id=f"urn:duty:{crc32(repr(found).encode())}")


def rule(draw: Random, kind: RuleKind, lefts: tuple[str, ...]) -> Rule:
    told = tuple(constraint(draw, lefts) for _ in range(draw.randint(0, 3)))
    refined = (atom(draw, lefts),) if draw.random() < 0.1 else ()
    owed = kind is RuleKind.PERMISSION and draw.random() < 0.25
    return Rule(
        kind,
        draw.choice(ACTIONS),
        told,
        refinements=refined,
        target=scope(draw, lefts, (TARGET, "urn:other:asset")),
        assignee=scope(draw, lefts, (ME, OTHER)),
        duties=tuple(duty(draw, lefts) for _ in range(draw.randint(1, 2))) if owed else (),
    )


def policy(draw: Random, lefts: tuple[str, ...]) -> Policy:
    rules = [rule(draw, RuleKind.PERMISSION, lefts) for _ in range(draw.randint(1, 2))]
    rules += [rule(draw, RuleKind.PROHIBITION, lefts) for _ in range(draw.choice((0, 0, 1, 2)))]
    return Policy(
        "urn:example:policy",
        PolicyKind.SET,
        tuple(rules),
        target=draw.choice((None, None, TARGET)),
        assignee=draw.choice((None, None, ME)),
        conflict=draw.choice((None, Strategy.PROHIBIT, Strategy.PERM, Strategy.INVALID)),
    )


def changed(draw: Random, found: Policy, lefts: tuple[str, ...]) -> Policy:
    """The policy with one thing changed."""
    place = draw.randrange(len(found.rules))
    one = found.rules[place]
    match draw.randint(0, 6):
        case 0:
            one = replace(one, constraints=(*one.constraints, constraint(draw, lefts)))
        case 1 if one.constraints:
            one = replace(one, constraints=one.constraints[1:])
        case 2 if one.constraints:
            one = replace(one, constraints=(_other(draw, one.constraints[0]), *one.constraints[1:]))
        case 3:
            one = replace(one, action=draw.choice(ACTIONS))
        case 4 if one.kind is RuleKind.PERMISSION:
            one = replace(one, duties=(*one.duties, duty(draw, lefts))) if draw.random() < 0.5 else one
        case 5:
            more = rule(draw, RuleKind.PROHIBITION, lefts)
            return replace(found, rules=(*found.rules, more))
        case _:
            return replace(found, conflict=draw.choice((None, *Strategy)))
    return replace(found, rules=(*found.rules[:place], one, *found.rules[place + 1 :]))


def _other(draw: Random, one: Constraint) -> Constraint:
    if isinstance(one, Logical):
        return Logical(draw.choice(CONNECTIVES), one.members)
    if draw.random() < 0.5:
        return atom(draw, (one.left,))
    values = NEAR.get(one.left) or known(one.left)
    return replace(one, right=(draw.choice(values),))


def pair(seed: int) -> tuple[Policy, Policy]:
    """The pair of a number."""
    draw = Random(seed)
    lefts = tuple(draw.sample(PLAIN, draw.randint(1, 4)))
    first = policy(draw, lefts)
    kind = draw.random()
    if kind < 0.3:
        return first, policy(draw, lefts)
    second = changed(draw, first, lefts)
    if kind < 0.5:
        second = changed(draw, second, lefts)
    return (first, second) if draw.random() < 0.5 else (second, first)
