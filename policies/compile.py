"""Policies made ready: one decision function for a policy, made once.

What lives here: the compiled form, of closures over the model's values. What does not: reasons (`evaluate` gives
them when asked). INVARIANT: no text of a policy ever becomes code; and the compiled form decides as `evaluate` does.
"""

from __future__ import annotations

from policies.model import Access, Decision, Policy, Semantics


class Compiled:
    """A policy made ready to be asked many times."""

    def permits(self, access: Access, now: int, count: int = 0) -> bool:
        """May this access happen? The same answer as `evaluate`, without reasons."""
        raise NotImplementedError

    def decide(self, access: Access, now: int, count: int = 0) -> Decision:
        """The decision with its reasons, as `evaluate` gives it."""
        raise NotImplementedError


def compiled(policy: Policy, semantics: Semantics = Semantics.STRICT) -> Compiled:
    """The compiled form of a policy, remembered by the policy's value."""
    raise NotImplementedError
