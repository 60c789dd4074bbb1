"""A concrete request that some policies permit and others refuse, or the proof that there is none.

What lives here: the search. What does not: judging a request (`evaluate` confirms every one that is handed out).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from policies.model import Policy, Reason, Rule, Semantics
from policies.requests import Request


class Witness(Struct, frozen=True):
    """What a search has found: a request; else `none` is True where it is shown that there is none, and `unknown`
    says why it is not."""

    request: Request | None = None
    none: bool = False
    unknown: Reason | None = None


def witness(
    permitting: Sequence[Policy], refusing: Sequence[Policy] = (), *, semantics: Semantics = Semantics.STRICT
) -> Witness:
    """A request that each of `permitting` permits and each of `refusing` refuses, confirmed by `evaluate`."""
    raise NotImplementedError


def common(rules: Sequence[Rule]) -> Witness:
    """A request to which all the rules apply at once: action, parties, target and constraints; duties left aside."""
    raise NotImplementedError
