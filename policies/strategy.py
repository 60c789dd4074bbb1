"""Where a permission and a prohibition meet: which of them holds.

What lives here: the strategy of a policy and its outcome. What does not: which rules apply (`evaluate`). Source: ODRL
Information Model 2.2, 3.2, `conflict`: `perm` (the permission holds), `prohibit` (the prohibition does), `invalid` (the
whole policy is void).
"""

from __future__ import annotations

from policies.model import Policy, Strategy


def strategy(policy: Policy) -> Strategy:
    """The policy's own. Where it states none, on the wire or under the municipal profile, it is `prohibit`; a reader of
    ODRL at large writes `invalid` into every policy that states none."""
    return policy.conflict or Strategy.PROHIBIT
