"""Comparing policies: is every access that one permits permitted by the other?

What lives here: `within`, with the differences where it is not so, and `same_terms`. What does not: what follows from
what for one operand (its values know), the wording (`explain`).

INVARIANT: `within` is True only where it is shown. For each case in which the asked policy permits (a conjunction of
claims), everything that the offered policy demands must follow from it, prohibitions included. Where that is not shown,
the answer is False; a difference that may be none is called unclear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, assert_never

from policies.claims import (
    ACTION,
    ASSIGNEE,
    TARGET,
    Case,
    Claim,
    Every,
    Formula,
    Some,
    TooLargeError,
    cases,
    permits,
    size,
)
from policies.model import Atomic, Comparison, Constraint, Difference, Policy, Reason, Rule
from policies.operands import ALWAYS_KNOWN, COUNT, DATE_TIME, PURPOSE, SPATIAL, VALUES
from policies.render import notation

WORK: Final = 50_000
"""How many claims are judged at most; policies that need more are too large to compare."""

SUBJECTS: Final[Mapping[str, str]] = {
    DATE_TIME: "time",
    COUNT: "count",
    PURPOSE: "purpose",
    SPATIAL: "spatial",
    ASSIGNEE: "assignee",
    TARGET: "target",
    ACTION: "action",
}
"""What a difference is about; its code is `beyond.` or `unclear.` and this."""

Premises = Mapping[str, Sequence[Claim]]
Missing = tuple[tuple[Claim | None, bool], ...]
"""Claims that do not follow, each with: is it sure that they are not met? None stands for a permission at all."""


def within(asked: Policy, offered: Policy) -> Comparison:
    """Is every access that `asked` permits permitted by `offered` as well, whatever is known about it?"""
    try:
        found, goal = cases(permits(asked)), permits(offered)
    except TooLargeError:
        return _too_large()
    if len(found) * size(goal) > WORK:
        return _too_large()
    differences: list[Difference] = []
    for case in found:
        premises = _by_left(case)
        if all(VALUES[left].possible(claims) for left, claims in premises.items()):
            for claim, sure in _missing(premises, goal):
                difference = _difference(premises, claim, sure)
                if difference not in differences:
                    differences.append(difference)
    return Comparison(not differences, tuple(differences))


def same_terms(a: Policy, b: Policy) -> bool:
    """Do both have the same rules and profiles, up to the order of rules, constraints and members?"""
    return sorted(map(_rule_key, a.rules)) == sorted(map(_rule_key, b.rules)) and set(a.profile) == set(b.profile)


def _too_large() -> Comparison:
    return Comparison(False, (Difference(Reason("compare.too_large")),))


def _by_left(case: Case) -> Premises:
    found: dict[str, list[Claim]] = {}
    for claim in case:
        known = found.setdefault(claim.left, [])
        if claim not in known:
            known.append(claim)
    return found


def _follows(premises: Premises, claim: Claim) -> bool:
    return VALUES[claim.left].implies(premises.get(claim.left, ()), claim)


def _missing(premises: Premises, goal: Formula) -> Missing:
    """What of the goal does not follow; of several alternatives, that of the nearest."""
    match goal:
        case Claim():
            return () if _follows(premises, goal) else ((goal, True),)
        case Every(members):
            return tuple(part for member in members for part in _missing(premises, member))
        case Some(members):
            return _nearest(premises, [_missing(premises, member) for member in members])
        case _:
            assert_never(goal)


def _nearest(premises: Premises, alternatives: list[Missing]) -> Missing:
    if not alternatives:
        return ((None, True),)
    nearest = min(alternatives, key=_distance)
    # Two alternatives that are both open may meet together what neither meets alone.
    if sum(not _refuted(premises, missing) for missing in alternatives) > 1:
        return tuple((claim, False) for claim, _ in nearest)
    return nearest


def _distance(missing: Missing) -> tuple[int, bool]:
    """Few claims are near; that another action is asked for is the last thing to name."""
    return len(missing), any(claim is not None and claim.left == ACTION for claim, _ in missing)


def _refuted(premises: Premises, missing: Missing) -> bool:
    """Is there an access of this case that surely misses the alternative: a claim denied, or about a fact not given?"""
    return any(
        claim is None
        or (claim.left not in premises and claim.left not in ALWAYS_KNOWN)
        or _follows(premises, _denied(claim))
        for claim, _ in missing
    )


def _denied(claim: Claim) -> Claim:
    return Claim(claim.left, claim.operator, claim.right, not claim.holds)


def _difference(premises: Premises, claim: Claim | None, sure: bool) -> Difference:
    if claim is None:
        return Difference(Reason("beyond.permission"))
    asked = notation(premises.get(claim.left, ()))
    offered = notation((claim,))
    code = f"{'beyond' if sure else 'unclear'}.{SUBJECTS[claim.left]}"
    return Difference(Reason(code, {"asked": asked, "offered": offered}), asked or None, offered)


# --- keys that do not depend on order ---------------------------------------------------------------------------------


def _rule_key(rule: Rule) -> str:
    return repr((rule.kind.value, rule.action, _keys(rule.constraints)))


def _keys(constraints: Iterable[Constraint]) -> list[str]:
    return sorted(map(_key, constraints))


def _key(constraint: Constraint) -> str:
    if isinstance(constraint, Atomic):
        return repr((constraint.left, constraint.operator.value, sorted(constraint.right)))
    return repr((constraint.connective.value, _keys(constraint.members)))
