"""What is still to come: could a policy ever permit anything again?

What lives here: a look ahead in time that leaves every other fact open, and the instant from which nothing is permitted
any more. What does not: judging an access (`evaluate`).

Errs on one side: what can still be permitted is never said to be over. A party may be in any collection, somebody may
be several things at once, and duties may be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from msgspec.structs import replace

from policies import instants
from policies.claims import ACTION, Case, Claim, TooLargeError, cases, permits
from policies.model import Operator, Policy, RuleKind, Strategy, atoms
from policies.operands import DATE_TIME, VALUES, find
from policies.ordered import Bound, Ordered
from policies.strategy import strategy

_TIME = Ordered(instants.span)


def can_permit(policy: Policy, now: int) -> bool:
    """Is there an access, by whomever, at `now` or later, that the policy permits?

    True also where that cannot be ruled out in bounded time.
    """
    try:
        return _last(policy) > now
    except TooLargeError:
        return True


def end(policy: Policy) -> int | None:
    """The first instant (microseconds UTC) from which on the policy permits nothing any more; None where it has no end.

    Of a policy that never permits anything it is the first instant that it names. None also where it cannot be found in
    bounded time: an access is judged by itself, whatever is said here.
    """
    try:
        last = _last(policy)
    except TooLargeError:
        return None
    if last == -inf:
        return min(_named(policy), default=None)
    return None if last == inf else int(last)


def _last(policy: Policy) -> Bound:
    """The first instant after everything that is permitted. Raises `TooLargeError`."""
    if strategy(policy) is Strategy.PERM:  # there a prohibition takes nothing away from a permission
        policy = replace(policy, rules=tuple(one for one in policy.rules if one.kind is RuleKind.PERMISSION))
    spells = [(_until(case), case) for case in cases(permits(policy))]
    spells.sort(key=lambda spell: spell[0], reverse=True)
    known: dict[frozenset[Claim], bool] = {}
    return next((until for until, case in spells if until > -inf and _possible(case, known)), -inf)


def _until(case: Case) -> Bound:
    """When the times are over that a case allows; minus infinity where it allows none."""
    return max((high for _, high in _TIME.values([one for one in case if one.left == DATE_TIME])), default=-inf)


def _possible(case: Case, known: dict[frozenset[Claim], bool]) -> bool:
    """Can all the claims hold of one access, whenever it is? `known` remembers, for each operand's claims."""
    by_left: dict[str, set[Claim]] = {}
    for claim in case:
        by_left.setdefault(claim.left, set()).add(claim)
    for claims in map(frozenset, by_left.values()):
        if claims not in known:
            known[claims] = _together(claims)
    return all(known[frozenset(claims)] for claims in by_left.values())


def _together(claims: frozenset[Claim]) -> bool:
    if any(replace(one, holds=not one.holds) in claims for one in claims):
        return False
    left = next(iter(claims)).left
    operand = find(left)
    # One value has to fit all the claims only where there is but one, or where what holds, holds of each.
    alone = left == ACTION or (operand is not None and not operand.manifold)
    if not alone or any(one.operator is Operator.IS_ALL_OF for one in claims):
        return True
    return VALUES[left].possible(sorted(claims, key=repr))


def _named(policy: Policy) -> Iterator[int]:
    """The first instant of every time and day that the policy names."""
    named = (atom.right for rule in policy.rules for atom in atoms(rule.constraints) if atom.left == DATE_TIME)
    yield from (instants.span(text)[0] for right in named for text in right)
