"""What is still to come: could a policy ever permit anything again?

What lives here: a look ahead in time that leaves every other fact open. What does not: judging an access (`evaluate`).
"""

from __future__ import annotations

from policies.claims import Case, Claim, TooLargeError, cases, permits
from policies.model import Operator, Policy
from policies.operands import DATE_TIME, VALUES


def can_permit(policy: Policy, now: int) -> bool:
    """Is there an access, by whomever, at `now` or later, that the policy permits?

    True also where that cannot be ruled out in bounded time.
    """
    from_now = Claim(DATE_TIME, Operator.GTEQ, str(now))
    try:
        return any(_possible((*case, from_now)) for case in cases(permits(policy)))
    except TooLargeError:
        return True


def _possible(case: Case) -> bool:
    return all(
        VALUES[left].possible([claim for claim in case if claim.left == left])
        for left in {claim.left for claim in case}
    )
