"""Policies that are void as a whole, because they contradict themselves.

What lives here: the question. What does not: finding contradictions (`conflicts`), strategies (`strategy`). Source:
ODRL Information Model 2.2, 3.2: under `invalid`, the default of ODRL, conflicting rules void the whole policy, whatever
is asked. A conflict counts where it is proven: there is an access that a permission and a prohibition both apply to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from policies.model import Policy, Reason, RuleKind, Strategy, atoms
from policies.strategy import strategy

MOST: Final = 100
"""How many constraints a policy may have for a contradiction to be looked for before anything is asked; in one with
more, only the rules that an access meets can contradict each other."""


@lru_cache(maxsize=1024)
def void(policy: Policy) -> Reason | None:
    """Why the policy as a whole means nothing; None where it does mean something."""
    kinds = {rule.kind for rule in policy.rules}
    if strategy(policy) is not Strategy.INVALID or not {RuleKind.PERMISSION, RuleKind.PROHIBITION} <= kinds:
        return None
    if sum(1 for rule in policy.rules for _ in atoms((*rule.constraints, *rule.refinements))) > MOST:
        return None
    # Much is needed to prove it, and few policies ever ask for it.
    from policies.conflicts import Verdict, conflicts

    try:
        pairs = conflicts((policy,)).pairs
    except (ValueError, ArithmeticError):  # a right operand that no reader lets through: nothing is proven
        return None
    for pair in pairs:
        if pair.verdict is Verdict.CONFLICT and pair.reason.code == "conflict.permission":
            return Reason("conflict.void", {"permission": pair.a.rule, "prohibition": pair.b.rule})
    return None
