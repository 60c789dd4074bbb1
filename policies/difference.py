"""What one policy permits and another refuses, and the reverse, each with a concrete request.

What lives here: the relation of two policies. What does not: the search for requests (`witness`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from policies.model import Policy, Reason, Semantics
from policies.requests import Request


class Relation(StrEnum):
    """How the accesses that A permits lie to those that B permits."""

    EQUAL = "equal"
    A_IN_B = "a_in_b"
    B_IN_A = "b_in_a"
    OVERLAP = "overlap"
    DISJOINT = "disjoint"
    UNKNOWN = "unknown"


class Contrast(Struct, frozen=True):
    """The relation of A and B; requests that only A permits, and that only B permits; why something is unknown."""

    relation: Relation
    a_only: tuple[Request, ...] = ()
    b_only: tuple[Request, ...] = ()
    unknown: tuple[Reason, ...] = ()


def difference(a: Policy, b: Policy, *, semantics: Semantics = Semantics.STRICT) -> Contrast:
    """How A and B differ in what they permit."""
    raise NotImplementedError


def document(found: Contrast) -> dict[str, Any]:
    """The difference as plain JSON: `relation`, `a_only`, `b_only` (requests), `reasons`."""
    raise NotImplementedError
