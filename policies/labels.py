"""Labels: the names that rules and constraints without an IRI go by in reports, and how a policy looks without them.

What lives here: giving labels in the order of the document and taking them away. What does not: meaning; a label has
none. Rules are `_:b0`, `_:b1` ..., constraints `_:c0`, `_:c1` ...
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from msgspec.structs import replace

from policies.model import Constraint, Logical, Policy, Rule, Scope

Name = Callable[[str, str], str]
"""(id as it is, letter) -> id as it shall be."""


def labelled(policy: Policy) -> Policy:
    """The policy with a label on everything that has no id."""
    counters = {"b": count(), "c": count()}
    return _renamed(policy, lambda id, letter: id or f"_:{letter}{next(counters[letter])}")


def bare(policy: Policy) -> Policy:
    """The policy without labels: what two readings of one text have in common, however they were numbered."""
    return _renamed(policy, lambda id, _: "" if id.startswith("_:") else id)


def _renamed(policy: Policy, name: Name) -> Policy:
    return replace(policy, rules=tuple(_rule(rule, name) for rule in policy.rules))


def _rule(rule: Rule, name: Name) -> Rule:
    # The order of the fields here is the order of the labels.
    return replace(
        rule,
        id=name(rule.id, "b"),
        refinements=_each(rule.refinements, name),
        target=_scope(rule.target, name),
        output=_scope(rule.output, name),
        assigner=_scope(rule.assigner, name),
        assignee=_scope(rule.assignee, name),
        parties=tuple(
            (function, replace(one, refinements=_each(one.refinements, name))) for function, one in rule.parties
        ),
        constraints=_each(rule.constraints, name),
        duties=tuple(_rule(one, name) for one in rule.duties),
        remedies=tuple(_rule(one, name) for one in rule.remedies),
        consequences=tuple(_rule(one, name) for one in rule.consequences),
    )


def _scope(scope: Scope | None, name: Name) -> Scope | None:
    return scope and replace(scope, refinements=_each(scope.refinements, name))


def _each(constraints: tuple[Constraint, ...], name: Name) -> tuple[Constraint, ...]:
    return tuple(_constraint(one, name) for one in constraints)


def _constraint(constraint: Constraint, name: Name) -> Constraint:
    id = name(constraint.id, "c")
    if isinstance(constraint, Logical):
        return replace(constraint, id=id, members=_each(constraint.members, name))
    return replace(constraint, id=id)
