"""Why an access is refused: the reasons, in codes and parameters, of the rule that stands nearest to it.

What lives here: the reasons of a prohibition and of missing permission. What does not: whether something is refused
(`evaluate`), why one operand is not satisfied (`operands`), the sentences (`sentences`).

The nearest permission is the one with the fewest reasons against it; what would have to change for it to apply is what
its reasons say.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from policies.collections import fits
from policies.duties import belongs_to, hindrance
from policies.facts import Facts, operand_of
from policies.model import (
    Atomic,
    Connective,
    Constraint,
    Decision,
    Logical,
    Policy,
    Reason,
    Rule,
    RuleKind,
    Scope,
    Semantics,
    atoms,
)
from policies.truth import Truth, truth


def prohibited(name: str, rule: Rule, facts: Facts, found: Truth) -> Decision:
    """A prohibition applies, or cannot be ruled out; then what would have to be known is said."""
    asked = (*rule.refinements, *rule.constraints)
    conditions = "\n".join(_short(one) for one in atoms(asked))
    params = {"rule": name} | ({"conditions": conditions} if conditions else {})
    if found:
        return Decision(False, name, (Reason("prohibited", params),))
    unclear = (reason for one in asked if truth(one, facts) is None for reason in unmet(one, facts))
    return Decision(False, name, (Reason("prohibited.unclear", params), *unclear), _unknown(asked, facts))


def not_permitted(policy: Policy, facts: Facts, semantics: Semantics) -> Decision:
    """No permission applies; the reasons are those of the nearest."""
    permissions = [rule for rule in policy.rules if rule.kind is RuleKind.PERMISSION]
    if not permissions:
        return Decision(False, reasons=(Reason("no_permission"),))
    reasons = [_against(rule, policy, facts, semantics) for rule in permissions]
    nearest = min(range(len(permissions)), key=lambda number: len(reasons[number]))
    rule = permissions[nearest]
    return Decision(False, reasons=reasons[nearest], unknown=_unknown((*rule.refinements, *rule.constraints), facts))


def _against(rule: Rule, policy: Policy, facts: Facts, semantics: Semantics) -> tuple[Reason, ...]:
    """Everything that stands against a permission."""
    access = facts.access
    found = [
        *_other("assignee", rule.assignee, policy.assignee, access.assignee, facts),
        *_other("target", rule.target, policy.target, access.target, facts),
    ]
    if belongs_to(access.action, rule.action) is not True:
        found.append(Reason("action.outside", {"asked": access.action, "allowed": rule.action}))
    for constraint in (*rule.refinements, *rule.constraints):
        found += unmet(constraint, facts)
    if (duty := hindrance(rule.duties, facts, semantics)) is not None:
        found.append(duty)
    return tuple(found)


def _other(part: str, scope: Scope | None, default: str | None, asked: str, facts: Facts) -> list[Reason]:
    """Why somebody or something else is meant by a rule."""
    meant = scope.iri if scope is not None else default
    if meant is None or fits(scope, default, asked, facts):
        return []
    if fits(scope and replace(scope, refinements=()), default, asked, facts):
        return [reason for one in (scope.refinements if scope else ()) for reason in unmet(one, facts)]
    return [Reason(f"{part}.other", {part: meant, "asked": asked})]


def unmet(constraint: Constraint, facts: Facts) -> tuple[Reason, ...]:
    """Why a constraint is not definitely satisfied; empty where it is."""
    found = truth(constraint, facts)
    if found is True:
        return ()
    if isinstance(constraint, Atomic):
        return (_unmet(constraint, facts, found),)
    if constraint.connective is Connective.XONE and _held(constraint, facts) > 1:
        return (Reason("choice.several", {"held": str(_held(constraint, facts))}),)
    return tuple(reason for member in constraint.members for reason in unmet(member, facts))


def _held(choice: Logical, facts: Facts) -> int:
    return sum(truth(member, facts) is True for member in choice.members)


def _unmet(atom: Atomic, facts: Facts, found: Truth) -> Reason:
    operand, known = operand_of(atom), facts.of(atom)
    if operand is None:
        return Reason("operand.unknown", {"operand": atom.left})
    if atom.operator not in operand.operators:
        return Reason("operator.unfit", {"operand": operand.name, "operator": atom.operator.value})
    if atom.reference:
        return Reason("value.reference", {"operand": operand.name, "reference": atom.reference})
    if not known and operand.origin in ("clock", "counter"):
        return Reason("fact.unknown", {"operand": atom.left, "demanded": _short(atom)})
    try:
        return operand.unmet(atom.operator, atom.right, known, found is False)
    except (ValueError, ArithmeticError):  # no reader lets such a right operand through
        return Reason("value.unreadable", {"operand": operand.name, "value": " ".join(atom.right)[:200]})


def _short(atom: Atomic) -> str:
    """A constraint in short, as `sentences` take it: operand, operator, values."""
    return " ".join((atom.left, atom.operator, *atom.right))


def _unknown(constraints: Iterable[Constraint], facts: Facts) -> tuple[str, ...]:
    return tuple(sorted({atom.left for atom in atoms(constraints) if not facts.of(atom)}))
