"""Comparing policies: is every access that one permits permitted by the other, and does it promise as much?

What lives here: `within`, with the differences where it is not so, and `same_terms`. What does not: the search for an
access that shows the difference (`witness`), what follows from what for one operand (its values know), the wording
(`explain`).

INVARIANT: `within` is True only where it is shown: no world is left in which the asked policy permits and the offered
one does not, and everything that the offered policy asks to be done is asked in as many words. Duties are compared as
data there: that nobody could tell two of them apart by an access does not make them one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from policies.model import Comparison, Difference, Policy, Reason, Rule, RuleKind
from policies.operands import ALWAYS_KNOWN, COUNT, DATE_TIME, PURPOSE, SPATIAL, VALUES
from policies.render import notation
from policies.sampled import Sampled
from policies.strategy import strategy
from policies.strictness import NO_OTHERS, Key, at_least, others_key, rule_key, rule_keys
from policies.witness import TOO_LARGE, Search, Witness
from policies.work import Work

_SHARE: Final = 50_000
"""Steps that saying why may cost, where nobody says how many there are."""

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

OTHER: Final = "operand"
"""What a difference is about where it is any other operand."""

Missing = tuple[tuple[Claim | None, bool], ...]
"""Claims that do not follow, each with: is it sure that they are not met? None stands for a permission at all."""


def within(asked: Policy, offered: Policy, work: Work | None = None) -> Comparison:
    """Is every access that `asked` permits permitted by `offered` as well, whatever is known about it?

    A notice period binds and frees both sides, so another one is another contract, be it longer or shorter. `work` is
    what the question may cost, together with others.
    """
    differences = _notice(asked.notice, offered.notice) + _burdens(asked, offered)
    if same_rules(asked, offered) and asked.assignee == offered.assignee and asked.target == offered.target:
        return Comparison(not differences, tuple(differences))
    try:
        found = Search((asked, offered), work=work).within(asked, offered)
    except TooLargeError:
        return Comparison(False, (*differences, Difference(TOO_LARGE)))
    if not found.none:
        differences += _explained(asked, offered, found, work or Work(_SHARE))
    return Comparison(not differences, tuple(differences))


def same_terms(a: Policy, b: Policy) -> bool:
    """Do both have the same rules, profiles, strategy and notice period, up to the order of rules and constraints?"""
    return a.notice == b.notice and same_rules(a, b) and set(a.profile) == set(b.profile)


def same_rules(a: Policy, b: Policy) -> bool:
    """Do both have the same rules under the same strategy, up to their order?"""
    return strategy(a) is strategy(b) and rule_keys(a.rules) == rule_keys(b.rules)


# --- what is to be done -----------------------------------------------------------------------------------------------


def _burdens(asked: Policy, offered: Policy) -> list[Difference]:
    """What the offer asks to be done beside the duties of permissions, and is not asked for; and what is asked of
    somebody else than the offer asks it of."""
    mine, theirs = dict(_owed(asked)), dict(_owed(offered))
    missing = [rule for key, rule in theirs.items() if key not in mine]
    foreign = [rule for key, rule in mine.items() if key not in theirs and _of_another(rule, asked)]
    return [
        *(Difference(Reason("beyond.obligation", {"action": rule.action}), None, rule.action) for rule in missing),
        *(Difference(Reason("beyond.foreign", {"action": rule.action}), rule.action, None) for rule in foreign),
        *([] if _others(asked) <= _others(offered) else [Difference(Reason("beyond.parties"))]),
    ]


def _owed(policy: Policy) -> Iterator[tuple[Key, Rule]]:
    """Obligations, remedies and consequences, and all duties that name who has to do them."""
    for rule in policy.rules:
        found = [rule] if rule.kind is RuleKind.OBLIGATION else [*rule.remedies]
        named = [duty for duty in rule.duties if duty.assignee is not None]
        followed = [(after, duty) for duty in (*rule.duties, rule) for after in duty.consequences]
        yield from ((rule_key(one), one) for one in (*found, *named))
        yield from ((("after", rule_key(duty), rule_key(after)), after) for after, duty in followed)


def _of_another(rule: Rule, policy: Policy) -> bool:
    return rule.assignee is not None and rule.assignee.iri != policy.assignee


def _others(policy: Policy) -> set[Key]:
    """Parties in other functions, and what comes out of an action: what no access shows."""
    return {others_key(rule) for rule in policy.rules if rule.kind is RuleKind.PERMISSION} - {others_key(NO_OTHERS)}


# --- why it is not within ---------------------------------------------------------------------------------------------


def _explained(asked: Policy, offered: Policy, found: Witness, work: Work) -> list[Difference]:
    """The differences in the words of both policies; at least one."""
    differences: list[Difference] = []
    shown = found.request is not None
    try:
        goal = permits(offered)
        for case in cases(permits(asked)):
            premises = _Premises(case, work)
            if premises.possible():
                listed = (_difference(premises, claim, sure or shown) for claim, sure in _missing(premises, goal))
                differences += [difference for difference in listed if difference not in differences]
    except TooLargeError:
        differences = []
    differences += _duties(asked, offered)
    if differences:
        return differences
    return [Difference(Reason("beyond.terms") if shown else Reason("unclear.terms"))]


def _duties(asked: Policy, offered: Policy) -> list[Difference]:
    """Duties of the nearest offered permission that an asked one does not have as strictly."""
    theirs = [rule for rule in offered.rules if rule.kind is RuleKind.PERMISSION]
    found: list[Difference] = []
    for mine in (rule for rule in asked.rules if rule.kind is RuleKind.PERMISSION):
        short = [[d for d in rule.duties if not any(at_least(one, d) for one in mine.duties)] for rule in theirs]
        for duty in min(short, key=len, default=[]):
            difference = Difference(Reason("beyond.duty", {"action": duty.action}), None, duty.action)
            found += [] if difference in found else [difference]
    return found


def _notice(asked: str | None, offered: str | None) -> list[Difference]:
    if asked == offered:
        return []
    reason = Reason("beyond.notice", {"asked": asked or "", "offered": offered or ""})
    said = [None if period is None else f"notice eq {period}" for period in (asked, offered)]
    return [Difference(reason, *said)]


class _Premises:
    """One case in which the asked policy permits, by operand."""

    def __init__(self, case: Case, work: Work) -> None:
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
            self._work.spend(_effort(left, claims))
            if left in VALUES and not VALUES[left].possible(claims):
                return False
        return True

    def imply(self, claim: Claim) -> bool:
        """Does the claim follow?"""
        if claim in self._all:
            return True
        claims = self.about(claim.left)
        self._work.spend(_effort(claim.left, (*claims, claim)))
        return claim.left in VALUES and VALUES[claim.left].implies(claims, claim)


def _effort(left: str, claims: Sequence[Claim]) -> int:
    """Steps that a question about one operand is: each value that has to be tried is held against each claim."""
    values = VALUES.get(left)
    return len(claims) * (len(claims) + (values.effort(claims) if isinstance(values, Sampled) else 1))


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
    code = f"{'beyond' if sure else 'unclear'}.{SUBJECTS.get(claim.left, OTHER)}"
    return Difference(Reason(code, {"asked": asked, "offered": offered}), asked or None, offered)
