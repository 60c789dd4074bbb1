"""Policies as they are written, before they are spread: several actions, targets and parties in one rule.

What lives here: the values between reading (`graph`, `short`) and `normalise`. Source: ODRL Information Model 2.2, 2.7.
"""

from __future__ import annotations

from msgspec import Struct

from policies.model import Constraint, PolicyKind, RuleKind, Scope, Strategy


class Doing(Struct, frozen=True):
    """An action and what narrows it."""

    iri: str
    refinements: tuple[Constraint, ...] = ()


class WrittenRule(Struct, frozen=True):
    """A rule as written."""

    kind: RuleKind
    id: str
    actions: tuple[Doing, ...] = ()
    targets: tuple[Scope, ...] = ()
    outputs: tuple[Scope, ...] = ()
    assigners: tuple[Scope, ...] = ()
    assignees: tuple[Scope, ...] = ()
    parties: tuple[tuple[str, Scope], ...] = ()
    constraints: tuple[Constraint, ...] = ()
    duties: tuple[WrittenRule, ...] = ()
    remedies: tuple[WrittenRule, ...] = ()
    consequences: tuple[WrittenRule, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    place: str = ""


class WrittenPolicy(Struct, frozen=True):
    """A policy as written; what stands at its top counts for each of its rules. `common` is the first term that is none
    of ODRL's core, with its place."""

    id: str
    kind: PolicyKind
    rules: tuple[WrittenRule, ...] = ()
    actions: tuple[Doing, ...] = ()
    targets: tuple[Scope, ...] = ()
    outputs: tuple[Scope, ...] = ()
    assigners: tuple[Scope, ...] = ()
    assignees: tuple[Scope, ...] = ()
    parties: tuple[tuple[str, Scope], ...] = ()
    profile: tuple[str, ...] = ()
    conflicts: tuple[Strategy, ...] = ()
    inherits: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    timestamp: int | None = None
    notice: str | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    place: str = ""
    common: tuple[str, str] | None = None
