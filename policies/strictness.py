"""Duties as data: which are the same, and which asks for at least as much as another.

What lives here: what makes two duties one, and the order of their parameters (a group of ten is stricter than one of
five, an hour coarser than a quarter). What does not: how far a duty is (`duties`), doing it (`transforms`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from policies.claims import Claim
from policies.duties import DUTY_TIMING, conditions
from policies.facts import operand_of
from policies.model import ODRL, Atomic, Connective, Constraint, Operator, Rule, RuleKind, Scope
from policies.operands import SET_OPERATORS
from policies.vocabulary import OWN

Key = tuple[object, ...]


class Stricter(Enum):
    """Which values of a parameter ask for more."""

    LARGER = "larger"
    SMALLER = "smaller"


ORDERED: Final = {
    OWN + "minGroupSize": Stricter.LARGER,
    OWN + "temporalResolution": Stricter.LARGER,
    OWN + "spatialResolution": Stricter.LARGER,
    OWN + "logLevel": Stricter.LARGER,
    ODRL + "delayPeriod": Stricter.LARGER,
    ODRL + "payAmount": Stricter.LARGER,
    OWN + "retentionPeriod": Stricter.SMALLER,
    OWN + "pseudonymPeriod": Stricter.SMALLER,
    OWN + "epsilon": Stricter.SMALLER,
    OWN + "epsilonBudget": Stricter.SMALLER,
}
"""Parameters of which one value asks for more than another; `eq` then says the least that has to be done."""

MORE_IS_STRICTER: Final = frozenset({OWN + "field"})
"""Parameters that list what a duty is about: who has to treat more of it has to do more."""


def constraint_key(constraint: Constraint) -> Key:
    """A key of a constraint that does not depend on ids and order. The order of `andSequence` is kept."""
    if isinstance(constraint, Atomic):
        right = tuple(sorted(set(constraint.right)))
        said = (constraint.reference, constraint.unit, constraint.datatype, constraint.status)
        return (constraint.left, constraint.operator.value, right, said)
    members = [constraint_key(member) for member in constraint.members]
    ordered = constraint.connective is Connective.AND_SEQUENCE
    return (constraint.connective.value, *(members if ordered else sorted(members, key=repr)))


def constraint_keys(constraints: Iterable[Constraint]) -> Key:
    """Keys of constraints that all have to hold."""
    return tuple(sorted(map(constraint_key, constraints), key=repr))


def scope_key(scope: Scope | None) -> Key:
    """A key of a party or an asset."""
    return () if scope is None else (scope.names, scope.collection, constraint_keys(scope.refinements))


NO_OTHERS: Final = Rule(RuleKind.PERMISSION, "")


def others_key(rule: Rule) -> Key:
    """What a rule says beside who may do what to what, and when: the other parties, and what comes out."""
    others = tuple(sorted((function, scope_key(scope)) for function, scope in rule.parties))
    return (others, scope_key(rule.assigner), scope_key(rule.output))


def rule_key(rule: Rule) -> Key:
    """A key of a rule that does not depend on ids and order."""
    told = (constraint_keys(rule.refinements), constraint_keys(rule.constraints))
    about = (scope_key(rule.target), scope_key(rule.assignee), others_key(rule))
    below = tuple(rule_keys(rules) for rules in (rule.duties, rule.remedies, rule.consequences))
    return (rule.kind.value, rule.action, told, about, below)


def rule_keys(rules: Iterable[Rule]) -> Key:
    """Keys of rules in any order."""
    return tuple(sorted(map(rule_key, rules), key=repr))


def parameters(rule: Rule) -> tuple[Constraint, ...]:
    """How the duty is to be done: the constraints that are no conditions, less those that say when."""
    conditional = conditions(rule)
    found = (one for one in rule.constraints if one not in conditional)
    return tuple(one for one in found if not (isinstance(one, Atomic) and one.left in (DUTY_TIMING, ODRL + "dateTime")))


def deed_key(rule: Rule) -> Key:
    """What has to be done, by whom, to what and how; not when, nor under which conditions."""
    return (*_about(rule), constraint_keys(parameters(rule)))


def _about(rule: Rule) -> Key:
    return (rule.action, scope_key(rule.assignee), scope_key(rule.target), others_key(rule))


def at_least(one: Rule, other: Rule) -> bool:
    """Has whoever does `one` done `other` as well, as far as the parameters tell?"""
    if _about(one) != _about(other):
        return False
    mine = parameters(one)
    return all(_met(mine, asked) for asked in parameters(other)) and _no_narrower(one, other)


def _no_narrower(one: Rule, other: Rule) -> bool:
    """A duty that is about some fields only does not do what is asked for all of them."""
    named = {atom.left for atom in parameters(other) if isinstance(atom, Atomic)}
    return all(
        atom.left in named for atom in parameters(one) if isinstance(atom, Atomic) and atom.left in MORE_IS_STRICTER
    )


def _met(mine: Sequence[Constraint], asked: Constraint) -> bool:
    if any(constraint_key(one) == constraint_key(asked) for one in mine):
        return True
    if not isinstance(asked, Atomic):
        return False
    about = [one for one in mine if isinstance(one, Atomic) and one.left == asked.left and one.unit == asked.unit]
    if asked.left in MORE_IS_STRICTER:
        return any(set(one.right) >= set(asked.right) and _listing(one) and _listing(asked) for one in about)
    return bool(about) and _follows(about, asked)


def _listing(atom: Atomic) -> bool:
    return atom.operator in (Operator.EQ, Operator.IS_ANY_OF)


def _follows(about: Sequence[Atomic], asked: Atomic) -> bool:
    """Does the claim follow from the duty's own, read as the least that has to be done?"""
    operand, direction = operand_of(asked), ORDERED.get(asked.left)
    atoms = (*about, asked)
    if operand is None or direction is None or any(atom.operator in SET_OPERATORS for atom in atoms):
        return False
    premises = [_claim(atom, direction) for atom in about]
    return operand.values.implies(premises, _claim(asked, direction))


def _claim(atom: Atomic, direction: Stricter) -> Claim:
    least = Operator.GTEQ if direction is Stricter.LARGER else Operator.LTEQ
    return Claim(atom.left, least if atom.operator is Operator.EQ else atom.operator, atom.right[0])
