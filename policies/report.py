"""What became of every rule of a policy, as written, when one access was judged.

What lives here: the report, rule by rule, and its JSON form. What does not: the judgement itself (`evaluate`,
`duties`, `strategy`). Source: ODRL Information Model 2.2; W3C ODRL formal semantics (draft), compliance report.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from policies.model import Access, DutyState, Policy, Reason, RuleKind, Semantics


class ConstraintReport(Struct, frozen=True):
    """One constraint, atomic or logical, at any depth; None where a fact was unknown."""

    id: str
    satisfied: bool | None


class RuleReport(Struct, frozen=True):
    """One rule as written; its atoms merged. `state` is set for duties and obligations alone."""

    id: str
    kind: RuleKind
    matches: bool
    active: bool
    constraints: tuple[ConstraintReport, ...] = ()
    state: DutyState | None = None


class Report(Struct, frozen=True):
    """The decision on one access, and every rule's part in it."""

    permit: bool
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
    raise NotImplementedError


def document(found: Report) -> dict[str, Any]:
    """The report as plain JSON: `decision`, `reasons`, `unknown`, `rules`."""
    raise NotImplementedError
