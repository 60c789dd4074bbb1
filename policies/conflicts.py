"""Conflicts: rules that cannot stand side by side, within one policy or between several.

What lives here: permission against prohibition, what is owed against prohibition, and two parties' terms on one operand
that cannot hold together. What does not: which of two rules wins (`strategy`), the meaning of operands (`operands`).
Source: ODRL Information Model 2.2, 3.2 (conflict strategy).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from policies.model import Policy, Reason


class Verdict(StrEnum):
    """What can be said about a pair, and about all of them."""

    CONFLICT = "conflict"
    COMPATIBLE = "compatible"
    UNKNOWN = "unknown"


class Side(Struct, frozen=True):
    """One of the two: the policy's IRI and the rule's id (its IRI or label)."""

    policy: str
    rule: str


class Pair(Struct, frozen=True):
    """Two rules that were held against each other, and why the verdict is what it is. `operands` are those that it
    hangs on (full IRIs)."""

    a: Side
    b: Side
    verdict: Verdict
    reason: Reason
    operands: tuple[str, ...] = ()


class Conflicts(Struct, frozen=True):
    """The verdict over everything, and the pairs that are in conflict or undecided."""

    verdict: Verdict
    pairs: tuple[Pair, ...] = ()


def conflicts(policies: Sequence[Policy]) -> Conflicts:
    """Hold the policies against each other and each against itself. Never raises for policies that a reader accepted."""
    raise NotImplementedError
