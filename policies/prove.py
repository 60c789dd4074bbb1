"""Questions about policies that are answered for every request there can be.

What lives here: questions (in words and in their structured form) and their answers. What does not: the search for a
counter-example (`witness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from policies.model import Constraint, Policy, Reason, Semantics
from policies.requests import Request


class Answer(StrEnum):
    """Is it so?"""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Query(Struct, frozen=True):
    """No policy permits `action` (None: any) to `assignee` (None: anybody) where all `constraints` hold."""

    constraints: tuple[Constraint, ...] = ()
    action: str | None = None
    assignee: str | None = None
    target: str | None = None


class Proof(Struct, frozen=True):
    """The answer; where it fails or is unknown, the policy, and where it fails a request that shows it."""

    answer: Answer
    policy: str = ""
    request: Request | None = None
    reasons: tuple[Reason, ...] = ()


def query(text: str) -> Query:
    """The question that a sentence asks, in German or English. Raises `PolicyError` naming the words not understood."""
    raise NotImplementedError


def prove(asked: Query | str, policies: Mapping[str, Policy], *, semantics: Semantics = Semantics.STRICT) -> Proof:
    """Does it hold for all the policies (by name)? Raises `PolicyError` for a sentence that is not understood."""
    raise NotImplementedError


def always_denies(policy: Policy, *, semantics: Semantics = Semantics.STRICT) -> Proof:
    """Does the policy refuse every request? It fails with one that is permitted."""
    raise NotImplementedError


def vacuous(policy: Policy) -> Sequence[tuple[int, Proof]]:
    """The places of rules without which the policy would permit just the same, or for which that is unknown."""
    raise NotImplementedError


def document(found: Proof) -> dict[str, Any]:
    """The proof as plain JSON: `answer`, `policy`, `request`, `reasons`."""
    raise NotImplementedError
