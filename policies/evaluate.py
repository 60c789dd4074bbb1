"""Judging one access: prohibitions first, then permissions, in a closed world.

What lives here: the decision with its reasons. What does not: what an operand means (`operands`), counters and clocks
(arguments). Source: ODRL Information Model 2.2; W3C ODRL formal semantics (draft), satisfaction and activation.

Truth has three values (Kleene). A prohibition applies when all its constraints hold; one that cannot be ruled out,
because a fact is unknown, refuses as well. A permission applies only when all its constraints definitely hold. Without
one, the access is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import assert_never

from policies.model import (
    Access,
    Atomic,
    Connective,
    Constraint,
    Decision,
    Logical,
    Operator,
    Policy,
    Reason,
    Rule,
    RuleKind,
)
from policies.operands import ACTION_VALUES, COUNT, DATE_TIME, OPERANDS, Fact

Facts = Mapping[str, tuple[Fact, ...]]


def evaluate(policy: Policy, access: Access, now: int, *, count: int = 0) -> Decision:
    """May this access happen at `now` (microseconds UTC), when `count` uses have been drawn before it?

    Never raises for a policy that `parse` has accepted. What is not understood, in a policy made otherwise, refuses.
    """
    if (other := _other_party(policy, access)) is not None:
        return Decision(False, reasons=(other,))
    facts = _facts(access, now, count)
    number = 0
    for rule in policy.rules:
        if rule.kind is RuleKind.PROHIBITION:
            truth = _applies(rule, access.action, facts)
            if truth is not False:
                return _prohibited(_name(rule.kind, number), rule, facts, truth)
            number += 1
    number = 0
    for rule in policy.rules:
        if rule.kind is RuleKind.PERMISSION:
            if _applies(rule, access.action, facts):
                return _permitted(_name(rule.kind, number))
            number += 1
    return _not_permitted(policy, access.action, facts)


def numbered(policy: Policy, kind: RuleKind) -> Iterator[tuple[str, Rule]]:
    """The rules of a kind with their ids: `permission/0`."""
    number = 0
    for rule in policy.rules:
        if rule.kind is kind:
            yield _name(kind, number), rule
            number += 1


@lru_cache(maxsize=256)
def _name(kind: RuleKind, number: int) -> str:
    return f"{kind}/{number}"


@lru_cache(maxsize=256)
def _permitted(name: str) -> Decision:
    return Decision(True, name)


def _atoms(constraints: Iterable[Constraint]) -> Iterator[Atomic]:
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield constraint
        else:
            yield from _atoms(constraint.members)


def _other_party(policy: Policy, access: Access) -> Reason | None:
    if policy.assignee is not None and policy.assignee != access.assignee:
        return Reason("assignee.other", {"assignee": policy.assignee, "asked": access.assignee})
    if policy.target is not None and policy.target != access.target:
        return Reason("target.other", {"target": policy.target, "asked": access.target})
    return None


def _facts(access: Access, now: int, count: int) -> Facts:
    """What is known. A value that cannot be read is not known; clock and counter are never the caller's to state."""
    facts: dict[str, tuple[Fact, ...]] = {}
    for left, values in access.values.items():
        known = (_fact(left, values[0]),) if len(values) == 1 else tuple([_fact(left, value) for value in values])
        if None not in known:
            facts[left] = known  # type: ignore[assignment]
    facts[DATE_TIME], facts[COUNT] = (now,), (count + 1,)
    return facts


@lru_cache(maxsize=4096)
def _fact(left: str, value: str) -> Fact | None:
    operand = OPERANDS.get(left)
    try:
        return None if operand is None else operand.fact(value)
    except ValueError:
        return None


# --- truth ------------------------------------------------------------------------------------------------------------


def _applies(rule: Rule, action: str, facts: Facts) -> bool | None:
    return _all(_action(rule, action), rule.constraints, facts)


def _action(rule: Rule, action: str) -> bool | None:
    return rule.action == action or _within(rule.action, action)


@lru_cache(maxsize=1024)
def _within(allowed: str, action: str) -> bool | None:
    return ACTION_VALUES.holds(Operator.IS_A, (allowed,), action)


def _all(found: bool | None, constraints: Iterable[Constraint], facts: Facts) -> bool | None:
    for constraint in constraints:
        if found is False:
            return False
        truth = _truth(constraint, facts)
        if truth is not True:
            found = truth
    return found


def _truth(constraint: Constraint, facts: Facts) -> bool | None:
    if isinstance(constraint, Atomic):
        return _atomic(constraint, facts)
    match constraint.connective:
        case Connective.AND | Connective.AND_SEQUENCE:
            return _all(True, constraint.members, facts)
        case Connective.OR:
            found = {_truth(member, facts) for member in constraint.members}
            return True if True in found else None if None in found else False
        case Connective.XONE:
            truths = [_truth(member, facts) for member in constraint.members]
            if truths.count(True) > 1:
                return False
            return None if None in truths else True in truths
        case _:
            assert_never(constraint.connective)


def _atomic(atom: Atomic, facts: Facts) -> bool | None:
    """An access for several values satisfies what holds for all of them; where they differ, nothing can be said."""
    operand, known = OPERANDS.get(atom.left), facts.get(atom.left)
    if operand is None or not known or atom.operator not in operand.operators:
        return None
    first = operand.values.holds(atom.operator, atom.right, known[0])
    for other in known[1:]:
        if operand.values.holds(atom.operator, atom.right, other) is not first:
            return None
    return first


# --- why not ----------------------------------------------------------------------------------------------------------


def _prohibited(name: str, rule: Rule, facts: Facts, truth: bool | None) -> Decision:
    if truth:
        return Decision(False, name, (Reason("prohibited", {"rule": name}),))
    unclear = tuple(_reasons(c, facts) for c in rule.constraints if _truth(c, facts) is None)
    found = (Reason("prohibited.unclear", {"rule": name}), *(reason for part in unclear for reason in part))
    return Decision(False, name, found, _unknown(rule.constraints, facts))


def _not_permitted(policy: Policy, action: str, facts: Facts) -> Decision:
    """The reasons of the permission that is nearest: the one with the fewest."""
    nearest: tuple[tuple[Reason, ...], Rule] | None = None
    for _, rule in numbered(policy, RuleKind.PERMISSION):
        reasons = tuple(reason for constraint in rule.constraints for reason in _reasons(constraint, facts))
        if _action(rule, action) is not True:
            reasons = (Reason("action.outside", {"asked": action, "allowed": rule.action}), *reasons)
        if nearest is None or len(reasons) < len(nearest[0]):
            nearest = reasons, rule
    if nearest is None:
        return Decision(False, reasons=(Reason("no_permission"),))
    return Decision(False, reasons=nearest[0], unknown=_unknown(nearest[1].constraints, facts))


def _reasons(constraint: Constraint, facts: Facts) -> tuple[Reason, ...]:
    """Why a constraint is not definitely satisfied; empty where it is."""
    if _truth(constraint, facts) is True:
        return ()
    if isinstance(constraint, Atomic):
        return (_unmet(constraint, facts),)
    if constraint.connective is Connective.XONE and _held(constraint, facts) > 1:
        return (Reason("choice.several", {"held": str(_held(constraint, facts))}),)
    return tuple(reason for member in constraint.members for reason in _reasons(member, facts))


def _held(choice: Logical, facts: Facts) -> int:
    return sum(_truth(member, facts) is True for member in choice.members)


def _unmet(atom: Atomic, facts: Facts) -> Reason:
    operand = OPERANDS.get(atom.left)
    if operand is None:
        return Reason("operand.unknown", {"operand": atom.left})
    if atom.operator not in operand.operators:
        return Reason("operator.unfit", {"operand": operand.name, "operator": atom.operator.value})
    return operand.unmet(atom.operator, atom.right, facts.get(atom.left, ()), _atomic(atom, facts) is False)


def _unknown(constraints: Iterable[Constraint], facts: Facts) -> tuple[str, ...]:
    return tuple(sorted({atom.left for atom in _atoms(constraints) if not facts.get(atom.left)}))
