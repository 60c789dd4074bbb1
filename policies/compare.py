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
)
from policies.model import Atomic, Comparison, Constraint, Difference, Policy, Reason, Rule
from policies.operands import ALWAYS_KNOWN, COUNT, DATE_TIME, PURPOSE, SPATIAL, VALUES
from policies.render import notation
from policies.vocabulary import PURPOSES

WORK: Final = 2_000_000
"""How many elementary questions a comparison may cost (some 0.2 s); what needs more is too large to compare."""

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

Missing = tuple[tuple[Claim | None, bool], ...]
"""Claims that do not follow, each with: is it sure that they are not met? None stands for a permission at all."""


def within(asked: Policy, offered: Policy) -> Comparison:
    """Is every access that `asked` permits permitted by `offered` as well, whatever is known about it?

    A notice period binds and frees both sides, so another one is another contract, be it longer or shorter.
    """
    work = _Work()
    differences = _notice(asked.notice, offered.notice)
    try:
        goal = permits(offered)
        for case in cases(permits(asked)):
            premises = _Premises(case, work)
            if premises.possible():
                found = (_difference(premises, claim, sure) for claim, sure in _missing(premises, goal))
                differences += [difference for difference in found if difference not in differences]
    except TooLargeError:
        return Comparison(False, (Difference(Reason("compare.too_large")),))
    return Comparison(not differences, tuple(differences))


def same_terms(a: Policy, b: Policy) -> bool:
    """Do both have the same rules, profiles and notice period, up to the order of rules, constraints and members?"""
    return (
        a.notice == b.notice
        and sorted(map(_rule_key, a.rules)) == sorted(map(_rule_key, b.rules))
        and set(a.profile) == set(b.profile)
    )


def _notice(asked: str | None, offered: str | None) -> list[Difference]:
    if asked == offered:
        return []
    reason = Reason("beyond.notice", {"asked": asked or "", "offered": offered or ""})
    said = [None if period is None else f"notice eq {period}" for period in (asked, offered)]
    return [Difference(reason, *said)]


class _Work:
    """What a comparison has cost so far."""

    def __init__(self) -> None:
        self._left = WORK

    def spend(self, premises: int) -> None:
        """A question about one operand: each of its candidate values is held against each premise."""
        self._left -= premises * (premises + len(PURPOSES)) + 1
        if self._left < 0:
            raise TooLargeError


class _Premises:
    """One case in which the asked policy permits, by operand."""

    def __init__(self, case: Case, work: _Work) -> None:
        self._all, self._work = frozenset(case), work
        self._by_left: dict[str, list[Claim]] = {}
        for claim in dict.fromkeys(case):
            self._by_left.setdefault(claim.left, []).append(claim)

    def about(self, left: str) -> Sequence[Claim]:
        """What the case says about an operand."""
        return self._by_left.get(left, ())

    def possible(self) -> bool:
        """False where the case contradicts itself: it permits nothing."""
        for left, claims in self._by_left.items():
            self._work.spend(len(claims))
            if not VALUES[left].possible(claims):
                return False
        return True

    def imply(self, claim: Claim) -> bool:
        """Does the claim follow?"""
        if claim in self._all:
            return True
        claims = self.about(claim.left)
        self._work.spend(len(claims))
        return VALUES[claim.left].implies(claims, claim)


def _missing(premises: _Premises, goal: Formula) -> Missing:
    """What of the goal does not follow; of several alternatives, that of the nearest."""
    match goal:
        case Claim():
            return () if premises.imply(goal) else ((goal, True),)
        case Every(members):
            return tuple(part for member in members for part in _missing(premises, member))
        case Some(members):
            return _nearest(premises, [_missing(premises, member) for member in members])
        case _:
            assert_never(goal)


def _nearest(premises: _Premises, alternatives: list[Missing]) -> Missing:
    if not alternatives:
        return ((None, True),)
    nearest = min(alternatives, key=_distance)
    # Two alternatives that are both open may meet together what neither meets alone.
    if nearest and sum(not _refuted(premises, missing) for missing in alternatives) > 1:
        return tuple((claim, False) for claim, _ in nearest)
    return nearest


def _distance(missing: Missing) -> tuple[int, bool]:
    """Few claims are near; that another action is asked for is the last thing to name."""
    return len(missing), any(claim is not None and claim.left == ACTION for claim, _ in missing)


def _refuted(premises: _Premises, missing: Missing) -> bool:
    """Is there an access of this case that surely misses the alternative: a claim denied, or about a fact not given?"""
    return any(
        claim is None
        or (claim.left not in ALWAYS_KNOWN and not premises.about(claim.left))
        or premises.imply(Claim(claim.left, claim.operator, claim.right, not claim.holds))
        for claim, _ in missing
    )


def _difference(premises: _Premises, claim: Claim | None, sure: bool) -> Difference:
    if claim is None:
        return Difference(Reason("beyond.permission"))
    asked = notation(premises.about(claim.left))
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
