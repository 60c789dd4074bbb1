"""What is still to come: could a policy ever permit anything again?

What lives here: a look ahead in time that leaves every other fact open, and the instant from which nothing is permitted
any more. What does not: judging an access (`evaluate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies import instants
from policies.claims import Case, Claim, TooLargeError, cases, permits
from policies.model import Atomic, Constraint, Operator, Policy
from policies.operands import DATE_TIME, VALUES


def can_permit(policy: Policy, now: int) -> bool:
    """Is there an access, by whomever, at `now` or later, that the policy permits?

    True also where that cannot be ruled out in bounded time.
    """
    try:
        return _any(cases(permits(policy)), now)
    except TooLargeError:
        return True


def end(policy: Policy) -> int | None:
    """The first instant (microseconds UTC) from which on the policy permits nothing any more; None where it has no end.

    What is permitted changes only where a named day or instant begins or ends, so one of these is the end. None also
    where it cannot be found in bounded time: an access is judged by itself, whatever is said here.
    """
    try:
        found = cases(permits(policy))
    except TooLargeError:
        return None
    bounds = sorted({bound for text in _times(policy) for bound in instants.span(text)})
    low, high = 0, len(bounds)
    while low < high:  # from some bound on nothing is permitted, and before it something still is
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _any(found, bounds[middle]) else (low, middle)
    return bounds[low] if low < len(bounds) else None


def _any(found: Iterable[Case], now: int) -> bool:
    from_now = Claim(DATE_TIME, Operator.GTEQ, str(now))
    return any(_possible((*case, from_now)) for case in found)


def _times(policy: Policy) -> set[str]:
    """Every day and instant that the policy names."""
    return {value for rule in policy.rules for value in _named(rule.constraints)}


def _named(constraints: Iterable[Constraint]) -> Iterator[str]:
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield from constraint.right if constraint.left == DATE_TIME else ()
        else:
            yield from _named(constraint.members)


def _possible(case: Case) -> bool:
    return all(
        VALUES[left].possible([claim for claim in case if claim.left == left])
        for left in {claim.left for claim in case}
    )
