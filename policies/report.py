"""What became of every rule of a policy, as written, when one access was judged.

What lives here: the report, rule by rule, and its JSON form. What does not: the judgement itself (`evaluate`,
`duties`), the graph form of the report (`compliance`). Source: ODRL Information Model 2.2; W3C ODRL formal semantics
(draft), compliance report.

The atoms of one rule as written carry one id and make one entry, which matches or is active if one of them does. A rule
or constraint without an id gets a label, `_:b0`, `_:b1` ..., in the order of the policy. Every kind of policy is judged
like a Set here, an Offer too: what it would mean once it were agreed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from policies.duties import due, hindrance, state
from policies.evaluate import evaluate, matches
from policies.facts import Facts
from policies.model import (
    Access,
    Constraint,
    Decision,
    DutyState,
    Logical,
    Policy,
    Reason,
    Rule,
    RuleKind,
    Scope,
    Semantics,
)
from policies.truth import Truth, every, truth


class ConstraintReport(Struct, frozen=True):
    """One constraint or refinement, atomic or logical, at any depth; None where a fact was unknown."""

    id: str
    satisfied: Truth


class RuleReport(Struct, frozen=True):
    """One rule as written; its atoms merged. `matches`: party, target, action and refinements fit the request.
    `active`: its constraints hold and its duties allow. Both are said only where they are definitely so. `state` is
    set for duties and obligations alone."""

    id: str
    kind: RuleKind
    matches: bool
    active: bool
    constraints: tuple[ConstraintReport, ...] = ()
    state: DutyState | None = None


class Report(Struct, frozen=True):
    """The decision on one access, and every rule's part in it."""

    permit: bool
    rule: str | None = None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()
    rules: tuple[RuleReport, ...] = ()


def report(
    policy: Policy,
    access: Access,
    now: int | None,
    *,
    semantics: Semantics = Semantics.STRICT,
    count: int | None = None,
) -> Report:
    """Judge one access and say what became of every rule. Never raises for a policy that a reader has accepted."""
    decision = evaluate(policy, access, now, count=count, semantics=semantics)
    facts, labels = Facts(access, now, count, policy.timestamp), _Labels(policy)
    atoms: dict[str, RuleReport] = {}
    for rule in _rules(policy.rules):
        entry = _rule(rule, policy, facts, semantics, labels)
        atoms[entry.id] = _merged(atoms[entry.id], entry) if entry.id in atoms else entry
    rules = tuple(atoms.values())
    return Report(decision.permit, _by(decision, policy, labels), decision.reasons, decision.unknown, rules)


def document(found: Report) -> dict[str, Any]:
    """The report as plain JSON: `decision`, `rule` (the one that decided), `reasons`, `unknown`, `rules`."""
    return {
        "decision": "permit" if found.permit else "deny",
        "rule": found.rule,
        "reasons": [{"code": reason.code, "params": dict(reason.params)} for reason in found.reasons],
        "unknown": list(found.unknown),
        "rules": [_entry(rule) for rule in found.rules],
    }


def _entry(rule: RuleReport) -> dict[str, Any]:
    constraints = [{"id": one.id, "satisfied": one.satisfied} for one in rule.constraints]
    entry: dict[str, Any] = {
        "id": rule.id,
        "kind": rule.kind.value,
        "matches": rule.matches,
        "active": rule.active,
        "constraints": constraints,
    }
    return entry if rule.state is None else {**entry, "state": rule.state.value}


# --- one entry --------------------------------------------------------------------------------------------------------


def _rule(rule: Rule, policy: Policy, facts: Facts, semantics: Semantics, labels: _Labels) -> RuleReport:
    duty = rule.kind in (RuleKind.DUTY, RuleKind.OBLIGATION)
    holds = due(rule, facts) if duty else every(rule.constraints, facts)
    return RuleReport(
        id=labels.of(rule),
        kind=rule.kind,
        matches=matches(rule, policy, facts) is True,
        active=holds is True and hindrance(rule.duties, facts, semantics) is None,
        constraints=tuple(ConstraintReport(labels.of(one), truth(one, facts)) for one in _constraints(rule)),
        state=state(rule, facts) if duty else None,
    )


def _merged(one: RuleReport, other: RuleReport) -> RuleReport:
    """Two atoms of a rule as written; of a duty the one that is further from done."""
    constraints = {found.id: found for found in (*one.constraints, *other.constraints)}
    states = [
        found
        for found in (DutyState.VIOLATED, DutyState.OPEN, DutyState.FULFILLED)
        if found in (one.state, other.state)
    ]
    return RuleReport(
        id=one.id,
        kind=one.kind,
        matches=one.matches or other.matches,
        active=one.active or other.active,
        constraints=tuple(constraints.values()),
        state=states[0] if states else None,
    )


def _by(decision: Decision, policy: Policy, labels: _Labels) -> str | None:
    """The id of the rule that decided."""
    if decision.rule is None:
        return None
    kind, _, number = decision.rule.partition("/")
    return labels.of([rule for rule in policy.rules if rule.kind == kind][int(number)])


# --- walking a policy -------------------------------------------------------------------------------------------------


def _rules(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Every rule, each followed by those that hang on it."""
    for rule in rules:
        yield rule
        yield from _rules(rule.below)


def _constraints(rule: Rule) -> Iterator[Constraint]:
    """Every constraint and refinement of a rule, each logical one followed by its members."""
    yield from _members(rule.constraints)
    yield from _members(rule.refinements)
    for scope in (rule.target, rule.assignee):
        if isinstance(scope, Scope):
            yield from _members(scope.refinements)


def _members(constraints: Iterable[Constraint]) -> Iterator[Constraint]:
    for constraint in constraints:
        yield constraint
        if isinstance(constraint, Logical):
            yield from _members(constraint.members)


class _Labels:
    """Ids of rules and constraints: their own, or a blank node's that nothing else in the policy has."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        found = [part for rule in _rules(policy.rules) for part in (rule, *_constraints(rule))]
        taken = {part.id for part in found}
        free = (label for number in range(len(found) * 2) if (label := f"_:b{number}") not in taken)
        # By identity: two parts that say the same are two parts. The policy keeps them alive.
        self._labels = {key: next(free) for key in dict.fromkeys(id(part) for part in found if not part.id)}

    def of(self, part: Rule | Constraint) -> str:
        return part.id or self._labels[id(part)]
