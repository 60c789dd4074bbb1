"""What has to be known before an access under a policy can be judged.

What lives here: the operands that its constraints name, by where their facts come from; what somebody states by using
it; over which windows requests are counted. What does not: finding facts, judging (`evaluate`, `compile`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policies.duties import conditions
from policies.facts import REQUEST_RATE, window
from policies.model import Atomic, Operator, Policy, Rule, RuleKind, atoms
from policies.operands import COUNT, Origin, find

__all__ = ["asked", "counts", "stated", "windows"]


def asked(policy: Policy) -> Mapping[Origin, frozenset[str]]:
    """The operands whose facts have to be found, by where these come from; one that nobody knows is a credential's."""
    found: dict[Origin, set[str]] = {}
    for atom in _atoms(policy.rules):
        operand = find(atom.left)
        found.setdefault(Origin.CREDENTIAL if operand is None else operand.origin, set()).add(atom.left)
    return {origin: frozenset(operands) for origin, operands in found.items()}


def counts(policy: Policy) -> bool:
    """Are its uses numbered?"""
    return COUNT in asked(policy).get(Origin.COUNTER, ())


def stated(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """What the permissions name by exactly one `eq` (a purpose, a legal basis), which whoever uses the policy states by
    using it."""
    return {left: only for left in asked(policy).get(Origin.REQUEST, ()) if (only := _only(policy, left))}


def windows(policy: Policy) -> tuple[str, ...]:
    """The periods that a rate of requests is measured over."""
    rates = (rate for atom in _atoms(policy.rules) if atom.left == REQUEST_RATE for rate in atom.right)
    return tuple(sorted({window(rate) for rate in rates}))


def _atoms(rules: Iterable[Rule]) -> Iterator[Atomic]:
    """Every constraint that an access is judged by, the conditions of duties among them."""
    for rule in rules:
        yield from atoms((*rule.constraints, *rule.refinements))
        for duty in rule.duties:
            yield from atoms(conditions(duty))


def _only(policy: Policy, operand: str) -> tuple[str, ...]:
    """The one value that the permissions name for an operand by `eq`; empty where they name none or several."""
    named = {
        atom.right
        for rule in policy.rules
        if rule.kind is RuleKind.PERMISSION
        for atom in atoms(rule.constraints)
        if atom.left == operand and atom.operator is Operator.EQ and len(atom.right) == 1
    }
    return named.pop() if len(named) == 1 else ()
