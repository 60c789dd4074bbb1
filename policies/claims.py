"""What a policy permits, as a formula of claims: the form in which two policies are compared.

What lives here: claims, formulas in negation normal form, their cases (disjunctive normal form) within limits. What
does not: whether one claim follows from others (each operand's values know), comparing (`compare`).

The truth of a constraint has three values. A formula made here is *definitely* true exactly where the constraint is,
and the formula of its denial where the constraint is definitely false; so what is shown about formulas holds for
`evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final, assert_never

from msgspec import Struct

from policies.model import ODRL, Atomic, Connective, Constraint, Logical, Operator, Policy, Rule, RuleKind, Scope

ASSIGNEE: Final = ODRL + "assignee"
TARGET: Final = ODRL + "target"
ACTION: Final = ODRL + "action"

LIMIT: Final = 4096
"""How many claims a formula may hold, and how many cases."""


class TooLargeError(Exception):
    """A policy whose cases are too many to compare in bounded time."""


class Claim(Struct, frozen=True):
    """`left operator right` with one value, asserted (`holds`) or denied. Never with a set operator or neq."""

    left: str
    operator: Operator
    right: str
    holds: bool = True


class Every(Struct, frozen=True):
    """All of them."""

    members: tuple[Formula, ...]


class Some(Struct, frozen=True):
    """At least one of them."""

    members: tuple[Formula, ...]


Formula = Claim | Every | Some
Case = tuple[Claim, ...]


def permits(policy: Policy) -> Formula:
    """When the policy definitely permits an access. Raises `TooLargeError`."""
    build = _Builder()
    parties = [
        Claim(left, Operator.EQ, name)
        for left, name in ((ASSIGNEE, policy.assignee), (TARGET, policy.target))
        if name is not None
    ]
    permitted = Some(tuple(build.rule(rule, True) for rule in policy.rules if rule.kind is RuleKind.PERMISSION))
    not_prohibited = [build.rule(rule, False) for rule in policy.rules if rule.kind is RuleKind.PROHIBITION]
    return Every((*parties, permitted, *not_prohibited))


def cases(formula: Formula) -> list[Case]:
    """The disjuncts of the formula, each a conjunction of claims. Raises `TooLargeError`."""
    match formula:
        case Claim():
            return [(formula,)]
        case Some(members):
            listed = list(chain.from_iterable(cases(member) for member in members))
            _check(len(listed), _claims(listed))
            return listed
        case Every(members):
            found: list[Case] = [()]
            for member in members:
                parts = cases(member)
                _check(len(found) * len(parts), len(parts) * _claims(found) + len(found) * _claims(parts))
                found = [(*left, *right) for left in found for right in parts]
            return found
        case _:
            assert_never(formula)


def _claims(found: list[Case]) -> int:
    return sum(map(len, found))


def _check(number: int, claims: int) -> None:
    if number > LIMIT or claims > 8 * LIMIT:
        raise TooLargeError


def _named(left: str, scope: Scope, holds: bool) -> Formula:
    """That it is (or is not) who or what the scope says, by one of its names."""
    found = tuple(Claim(left, Operator.EQ, name, holds) for name in scope.names)
    if len(found) == 1:
        return found[0]
    return Some(found) if holds else Every(found)


class _Builder:
    """Builds formulas, and stops where they grow beyond the limit: `xone` copies its members."""

    def __init__(self) -> None:
        self._left = LIMIT

    def rule(self, rule: Rule, holds: bool) -> Formula:
        """That a rule applies (or does not): its action and all its constraints."""
        action = Claim(ACTION, Operator.IS_A, rule.action, holds)
        scopes = [(ASSIGNEE, rule.assignee), (TARGET, rule.target)]
        named = [_named(left, scope, holds) for left, scope in scopes if scope is not None]
        narrowing = [one for _, scope in scopes if scope is not None for one in scope.refinements]
        told = (*narrowing, *rule.refinements, *rule.constraints)
        parts = (action, *named, *(self.constraint(constraint, holds) for constraint in told))
        return Every(parts) if holds else Some(parts)

    def constraint(self, constraint: Constraint, holds: bool) -> Formula:
        """That a constraint is definitely satisfied (or definitely not)."""
        if isinstance(constraint, Atomic):
            return self._atomic(constraint, holds)
        match constraint.connective:
            case Connective.AND | Connective.AND_SEQUENCE:
                members = tuple(self.constraint(member, holds) for member in constraint.members)
                return Every(members) if holds else Some(members)
            case Connective.OR:
                members = tuple(self.constraint(member, holds) for member in constraint.members)
                return Some(members) if holds else Every(members)
            case Connective.XONE:
                return Some(tuple(self._exactly_one(constraint) if holds else self._not_one(constraint)))
            case _:
                assert_never(constraint.connective)

    def _exactly_one(self, choice: Logical) -> Iterator[Formula]:
        for chosen in range(len(choice.members)):
            yield Every(tuple(self.constraint(m, place == chosen) for place, m in enumerate(choice.members)))

    def _not_one(self, choice: Logical) -> Iterator[Formula]:
        """None, or two of them."""
        yield Every(tuple(self.constraint(member, False) for member in choice.members))
        for place, first in enumerate(choice.members):
            for second in choice.members[place + 1 :]:
                yield Every((self.constraint(first, True), self.constraint(second, True)))

    def _atomic(self, atom: Atomic, holds: bool) -> Formula:
        self._left -= len(atom.right)
        if self._left < 0:
            raise TooLargeError
        match atom.operator:
            case Operator.NEQ | Operator.IS_NONE_OF:
                operator, holds, any_of = Operator.EQ, not holds, True
            case Operator.IS_ANY_OF:
                operator, any_of = Operator.EQ, True
            case _:
                operator, any_of = atom.operator, False
        claims = tuple(Claim(atom.left, operator, value, holds) for value in atom.right)
        if len(claims) == 1:
            return claims[0]
        return Some(claims) if holds is any_of else Every(claims)
