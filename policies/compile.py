"""Policies made ready: one decision function for a policy, made once and asked many times.

What lives here: the compiled form, closures over the model's values. What does not: reasons (`evaluate` finds them when
they are asked for), the meaning of anything: this is `evaluate` with every look-up that depends on the policy alone
already done, and random tests hold the two against each other.

INVARIANT: no text of a policy ever becomes code, a pattern or a format; it is compared with, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar, assert_never

from policies.collections import belongs, named
from policies.duties import belongs_to, hindrance
from policies.evaluate import evaluate, numbered, permitted
from policies.facts import Facts, clock, fitting, lasted, operand_of, reached, read
from policies.model import (
    Access,
    Atomic,
    Connective,
    Constraint,
    Decision,
    Policy,
    Rule,
    RuleKind,
    Scope,
    Semantics,
    Strategy,
)
from policies.operands import COUNT, Operand, Origin
from policies.operands.timing import ELAPSED_TIME
from policies.ordered import Ordered
from policies.strategy import strategy
from policies.truth import Truth, any_of, compare, one_of
from policies.voiding import void

Test = Callable[[Access, int | None, int | None], Truth]
"""(access, now, uses before) -> does it hold?"""

K = TypeVar("K")
_KEPT = 64
"""How many answers are remembered of one constraint."""


class Compiled:
    """A policy made ready to be asked many times."""

    __slots__ = ("_permissions", "_permitting", "_prohibitions", "_semantics", "policy")

    def __init__(self, policy: Policy, semantics: Semantics) -> None:
        self.policy, self._semantics = policy, semantics
        permissions = numbered(policy, RuleKind.PERMISSION)
        self._permissions = [(permitted(name), _permission(rule, policy, semantics)) for name, rule in permissions]
        self._prohibitions = [_rule(rule, policy) for _, rule in numbered(policy, RuleKind.PROHIBITION)]
        self._permitting = strategy(policy) is Strategy.PERM
        if void(policy) is not None:
            self._permissions = []

    def permits(self, access: Access, now: int | None, count: int | None = 0) -> bool:
        """May this access happen? The same answer as `evaluate`, without reasons."""
        return self._deciding(access, now, count) is not None

    def decide(self, access: Access, now: int | None, count: int | None = 0) -> Decision:
        """The decision of `evaluate`; reasons are looked for only where it refuses."""
        permit = self._deciding(access, now, count)
        return permit or evaluate(self.policy, access, now, count=count, semantics=self._semantics)

    def _deciding(self, access: Access, now: int | None, count: int | None) -> Decision | None:
        """The permit, in the name of the permission that decides; None where the access is refused."""
        if not self._permitting:
            # Under `invalid`, a prohibition refuses by itself or by voiding the policy: it comes to the same.
            for prohibited in self._prohibitions:
                if prohibited(access, now, count) is not False:
                    return None
        for permit, permits in self._permissions:
            if permits(access, now, count):
                return permit
        return None


@lru_cache(maxsize=4096)
def compiled(policy: Policy, semantics: Semantics = Semantics.STRICT) -> Compiled:
    """The compiled form of a policy, remembered by the policy's value."""
    return Compiled(policy, semantics)


# --- rules ------------------------------------------------------------------------------------------------------------


def _permission(rule: Rule, policy: Policy, semantics: Semantics) -> Test:
    applies = _rule(rule, policy)
    duties, since = rule.duties, policy.timestamp
    if not duties:
        return applies

    def test(access: Access, now: int | None, count: int | None) -> Truth:
        if not applies(access, now, count):
            return False
        return hindrance(duties, Facts(access, now, count, since), semantics) is None

    return test


def _rule(rule: Rule, policy: Policy) -> Test:
    parts = [
        *_fits(rule.assignee, policy.assignee, _assignee, policy.timestamp),
        *_fits(rule.target, policy.target, _target, policy.timestamp),
        _action(rule.action),
        *(_constraint(one, policy.timestamp) for one in (*rule.refinements, *rule.constraints)),
    ]
    return _every(parts)


_assignee: Callable[[Access], str] = attrgetter("assignee")
_target: Callable[[Access], str] = attrgetter("target")


def _fits(scope: Scope | None, default: str | None, part: Callable[[Access], str], since: int | None) -> list[Test]:
    meant = named(scope, default)
    if meant is None:
        return []

    first, others = meant[0], meant[1:]

    def test(access: Access, now: int | None, count: int | None) -> Truth:
        name = part(access)
        if name == first:
            return True
        if not name:
            return None
        members = access.members
        return belongs(name, first, members) or (bool(others) and any(belongs(name, one, members) for one in others))

    return [test, *(_constraint(one, since) for one in (scope.refinements if scope else ()))]


@lru_cache(maxsize=256)
def _action(wider: str) -> Test:
    known: dict[str, Truth] = {wider: True}

    def test(access: Access, now: int | None, count: int | None) -> Truth:
        action = access.action
        return known[action] if action in known else _keep(known, action, belongs_to(action, wider))

    return test


# --- constraints ------------------------------------------------------------------------------------------------------


def _constraint(constraint: Constraint, since: int | None) -> Test:
    if isinstance(constraint, Atomic):
        return _atomic(constraint, since)
    members = [_constraint(member, since) for member in constraint.members]
    match constraint.connective:
        case Connective.AND | Connective.AND_SEQUENCE:
            return _every(members)
        case Connective.OR:
            return lambda access, now, count: any_of(member(access, now, count) for member in members)
        case Connective.XONE:
            return lambda access, now, count: one_of([member(access, now, count) for member in members])
        case _:
            assert_never(constraint.connective)


def _every(tests: Iterable[Test]) -> Test:
    parts = tuple(tests)

    def test(access: Access, now: int | None, count: int | None) -> Truth:
        found: Truth = True
        for part in parts:
            one = part(access, now, count)
            if one is False:
                return False
            if one is None:
                found = None
        return found

    return parts[0] if len(parts) == 1 else test


def _atomic(atom: Atomic, since: int | None) -> Test:
    return _shared(atom, since if atom.left == ELAPSED_TIME else None)


@lru_cache(maxsize=4096)
def _shared(atom: Atomic, since: int | None) -> Test:
    """The test of a constraint, one for all policies that have the very same: what is asked often lies close by."""
    operand = operand_of(atom)
    if operand is None or atom.reference or atom.operator not in operand.operators:
        return lambda access, now, count: None
    stated = _stated(atom, operand, since)
    if operand.origin is Origin.CLOCK and atom.datatype:
        return lambda access, now, count: (
            stated(access, now, count) if now is None else compare(operand, atom, (clock(atom, access, now),))
        )
    if operand.origin is Origin.CLOCK:
        judged = _judged(atom, operand)
        return lambda access, now, count: stated(access, now, count) if now is None else judged(now)
    if atom.left == COUNT:
        judged = _judged(atom, operand)
        return lambda access, now, count: stated(access, now, count) if count is None else judged(count + 1)
    return stated


def _judged(atom: Atomic, operand: Operand) -> Callable[[int], Truth]:
    """The test of a number: of an instant, or of the use that is asked for."""
    values = operand.values
    try:
        allowed = values.allowed(atom.operator, atom.right) if isinstance(values, Ordered) else None
    except (ValueError, ArithmeticError):  # no reader lets such a right operand through
        allowed = None
    if allowed is None:
        return lambda fact: compare(operand, atom, (fact,))
    low, high = allowed
    return lambda fact: low <= fact < high


def _stated(atom: Atomic, operand: Operand, since: int | None) -> Test:
    """The test of an operand that the access states; the answer for the same values is remembered."""
    left = atom.left
    known: dict[tuple[str, ...], Truth] = {}

    def without(now: int | None) -> Truth:
        return compare(operand, atom, lasted(left, since, now) or reached(atom))

    def found(values: tuple[str, ...], now: int | None) -> Truth:
        facts = read(operand, fitting(atom, values))
        return _keep(known, values, compare(operand, atom, facts)) if facts else without(now)

    def test(access: Access, now: int | None, count: int | None) -> Truth:
        values = access.values.get(left)
        if not values:
            return without(now)
        return known[values] if values in known else found(values, now)

    return test


def _keep(known: dict[K, Truth], key: K, truth: Truth) -> Truth:
    if len(known) < _KEPT:
        known[key] = truth
    return truth
