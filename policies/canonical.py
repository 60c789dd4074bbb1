"""The canonical digest: one name for what a policy says, whatever form, order or ids it was written with.

What lives here: the canonical value of a policy and its SHA-256. What does not: whether two policies that are written
differently permit the same (`compare`): only order, form, ids, compactness and spelling are left out here.

Left out are the ids of the policy, its rules and constraints, remarks and the record of what was inherited. In it are
kind, profile, parties, asset, time, notice, strategy and every rule with the parties and the asset that count for it.
INVARIANT: whoever changes this changes the names of all policies that have been signed.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from policies.model import Atomic, Connective, Constraint, Policy, Rule, Scope
from policies.strategy import strategy

WIRE: Final = "https://w3id.org/dspace/2025/1/odrl-profile.jsonld"
"""The profile of the protocol itself."""
_ORDERED: Final = Connective.AND_SEQUENCE
_COUNTED: Final = Connective.XONE


def digest(policy: Policy) -> str:
    """SHA-256 (hex) over what the policy says, independent of ids of rules, order and form."""
    return sha256(msgspec.json.encode(canonical(policy))).hexdigest()


def canonical(policy: Policy) -> list[Any]:
    """The canonical value: lists, texts and nothing else."""
    # JSON of the protocol names no profile where it means the protocol's own.
    profile = policy.profile or ((WIRE,) if policy.conflict is None else ())
    return [
        "policy-1",
        policy.kind.value,
        sorted(profile),
        strategy(policy).value,
        "" if policy.timestamp is None else str(policy.timestamp),
        policy.notice or "",
        _set([_rule(rule, policy) for rule in policy.rules]),
    ]


def _set(values: list[Any]) -> list[Any]:
    """Each value once, in an order of its own."""
    found = {msgspec.json.encode(value): value for value in values}
    return [found[key] for key in sorted(found)]


def _rule(rule: Rule, policy: Policy | None) -> list[Any]:
    """A rule; at the top of a policy with the parties and the asset of the policy."""
    shared = (policy.target, policy.assigner, policy.assignee) if policy else (None, None, None)
    own = (rule.target, rule.assigner, rule.assignee)
    return [
        rule.kind.value,
        rule.action,
        _constraints(rule.refinements),
        [_scope(one or (Scope(name) if name is not None else None)) for one, name in zip(own, shared, strict=True)],
        _scope(rule.output),
        _set([[function, _scope(scope)] for function, scope in rule.parties]),
        _constraints(rule.constraints),
        *(_set([_rule(one, None) for one in below]) for below in (rule.duties, rule.remedies, rule.consequences)),
    ]


def _scope(scope: Scope | None) -> list[Any]:
    if scope is None:
        return []
    kind = "collection" if scope.collection or scope.refinements else ""
    return [scope.iri, kind, scope.source, _constraints(scope.refinements)]


def _constraints(constraints: tuple[Constraint, ...]) -> list[Any]:
    """All of them hold, so that order and repetition say nothing."""
    return _set([_constraint(one) for one in constraints])


def _constraint(constraint: Constraint) -> list[Any]:
    if isinstance(constraint, Atomic):
        told = (constraint.datatype, constraint.unit, constraint.reference, constraint.status)
        return [constraint.left, constraint.operator.value, list(constraint.right), *told]
    members = [_constraint(one) for one in constraint.members]
    if constraint.connective is _COUNTED:
        members.sort(key=msgspec.json.encode)
    elif constraint.connective is not _ORDERED:
        members = _set(members)
    return [constraint.connective.value, members]
