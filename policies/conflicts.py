"""Conflicts: rules that cannot stand side by side, within one policy or between several.

What lives here: permission against prohibition, what is owed against prohibition and permission, rules that can never
apply, and the terms of two parties that cannot hold together. What does not: whether constraints can (`joint`), which
of two rules wins (`strategy`). Source: ODRL Information Model 2.2, 3.2 (conflict strategy).

Two policies are held against each other as *terms* where they may be two parties' (an offer and a request, two Sets):
there must then be a use that both permit. An operand of which one of them is silent leaves it open whether they agree.
Offers of one provider, and agreements, are alternatives that stand side by side; what one of them permits, another may
still not prohibit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from policies import joint
from policies.cases import ACT, Case, TooLargeError, cases, named, operands
from policies.joint import Test, Verdict, best, worst
from policies.model import ODRL, Constraint, Operator, Policy, PolicyKind, Reason, Rule, RuleKind, Scope, Strategy
from policies.operands import ACTION_VALUES
from policies.strategy import strategy
from policies.vocabulary import OWN

__all__ = ["Conflicts", "Members", "Pair", "Side", "Verdict", "conflicts"]

Members = Mapping[str, tuple[str, ...]]
"""IRI -> the collections that it belongs to."""


Outcome = tuple[Verdict, tuple[str, ...]]
"""What can be said, and the operands that it hangs on."""

_MOST = 4096
"""How many ways in which rules can apply together are looked at."""


class Side(Struct, frozen=True):
    """One of the two: the policy's IRI and the rule's id (its IRI or label); without one, the policy as a whole."""

    policy: str
    rule: str = ""


class Pair(Struct, frozen=True):
    """Two rules that were held against each other, and why the verdict is what it is. `operands` are those that it
    hangs on (full IRIs)."""

    a: Side
    b: Side
    verdict: Verdict
    reason: Reason
    operands: tuple[str, ...] = ()


class Conflicts(Struct, frozen=True):
    """The verdict over everything, and the pairs that are in conflict or undecided."""

    verdict: Verdict
    pairs: tuple[Pair, ...] = ()


def conflicts(policies: Sequence[Policy], members: Members | None = None) -> Conflicts:
    """Hold the policies against each other and each against itself; `members` says what belongs to which collection.

    Never raises for policies that a reader accepted. A pair that is too large to compare is unknown.
    """
    belongs = members or {}
    found = [pair for policy in policies for pair in _within(policy, belongs)]
    for a, b in combinations(policies, 2):
        found += [*_against(a, b, belongs), *_against(b, a, belongs), *_terms(a, b, belongs)]
    telling: list[Pair] = []
    for pair in found:
        if pair.verdict is not Verdict.COMPATIBLE and pair not in telling:
            telling.append(pair)
    return Conflicts(worst(pair.verdict for pair in telling), tuple(sorted(telling, key=lambda p: p.verdict.value)))


# --- within one policy ------------------------------------------------------------------------------------------------


def _within(policy: Policy, members: Members) -> Iterator[Pair]:
    for rule in policy.rules:
        yield _alone(policy, rule)
    if strategy(policy) is Strategy.INVALID:
        yield from _clashes(policy, policy, members)
    yield from _owed(policy, policy, members)
    yield from _unpermitted(policy, policy, members)


def _alone(policy: Policy, rule: Rule) -> Pair:
    """Can the rule ever apply?"""
    verdict, about = _overlap(_Meeting([(rule.constraints, rule.refinements)]))
    side = Side(policy.id, rule.id)
    code = "conflict.never" if verdict is Verdict.CONFLICT else "conflict.unsure"
    return Pair(side, side, verdict, Reason(code, _params(about, rule)), about)


# --- permission and duty against prohibition --------------------------------------------------------------------------


def _against(a: Policy, b: Policy, members: Members) -> Iterator[Pair]:
    yield from _clashes(a, b, members)
    yield from _owed(a, b, members)
    yield from _unpermitted(a, b, members)


def _clashes(a: Policy, b: Policy, members: Members) -> Iterator[Pair]:
    """Permissions of the first against prohibitions of the second."""
    for permission in _kind(a, RuleKind.PERMISSION):
        for prohibition in _kind(b, RuleKind.PROHIBITION):
            meeting = _meeting(_Norm(a, permission), _Norm(b, prohibition), members)
            if meeting is not None:
                yield _prohibited(a, permission, b, prohibition, meeting, "conflict.permission")


def _owed(a: Policy, b: Policy, members: Members) -> Iterator[Pair]:
    """Obligations and duties of the first against prohibitions of the second: what must be done is not allowed."""
    for norm in _duties(a):
        for prohibition in _kind(b, RuleKind.PROHIBITION):
            meeting = _meeting(norm, _Norm(b, prohibition), members)
            narrower = ACTION_VALUES.holds(Operator.IS_A, (norm.rule.action,), prohibition.action)
            same = norm.rule.action == prohibition.action
            # Whoever has to use, and may not print, can still use.
            if meeting is not None and (same or narrower is not True):
                yield _prohibited(a, norm.rule, b, prohibition, meeting, "conflict.duty")


def _unpermitted(a: Policy, b: Policy, members: Members) -> Iterator[Pair]:
    """Obligations of the first against permissions of the second for the very same action: what has to be done is
    permitted, and never as it has to be done. Nothing else is permitted, so it is in conflict."""
    for obligation in _kind(a, RuleKind.OBLIGATION):
        found = [
            (permission, meeting)
            for permission in _kind(b, RuleKind.PERMISSION)
            if permission.action == obligation.action
            and (meeting := _meeting(_Norm(a, obligation), _Norm(b, permission), members)) is not None
            and meeting.sure
        ]
        outcomes = [_overlap(meeting) for _, meeting in found]
        if found and all(verdict is Verdict.CONFLICT for verdict, _ in outcomes):
            permission, about = found[0][0], outcomes[0][1]
            params = {**_params(about, obligation), "action": obligation.action}
            sides = Side(a.id, obligation.id), Side(b.id, permission.id)
            yield Pair(*sides, Verdict.CONFLICT, Reason("conflict.unpermitted", params), about)


def _prohibited(a: Policy, rule: Rule, b: Policy, prohibition: Rule, meeting: _Meeting, code: str) -> Pair:
    """What the rule allows or asks for is prohibited where both can apply."""
    together, about = _overlap(meeting)
    verdict = {Verdict.COMPATIBLE: Verdict.CONFLICT, Verdict.CONFLICT: Verdict.COMPATIBLE}.get(together, together)
    code = code if verdict is Verdict.CONFLICT else "conflict.unsure"
    params = {**_params(about, rule), "action": rule.action, "prohibited": prohibition.action}
    return Pair(Side(a.id, rule.id), Side(b.id, prohibition.id), verdict, Reason(code, params), about)


def _params(about: Iterable[str], rule: Rule | None = None) -> dict[str, str]:
    """What a verdict hangs on, in the names that people write."""
    short = ", ".join(sorted(left.removeprefix(ODRL).removeprefix(OWN) for left in about)) or "–"
    return {"operands": short, "kind": rule.kind.value if rule is not None else RuleKind.PERMISSION.value}


class _Norm(Struct, frozen=True):
    """A rule with whom and what it is about: its own, else what stands around it."""

    policy: Policy
    rule: Rule
    outer: Rule | None = None

    def assignee(self) -> Scope | None:
        return self._scope("assignee")

    def target(self) -> Scope | None:
        return self._scope("target")

    def _scope(self, name: str) -> Scope | None:
        own: Scope | None = getattr(self.rule, name)
        around: Scope | None = getattr(self.outer, name) if self.outer is not None else None
        iri: str | None = getattr(self.policy, name)
        return own or around or (Scope(iri) if iri is not None else None)


def _kind(policy: Policy, kind: RuleKind) -> Iterator[Rule]:
    return (rule for rule in policy.rules if rule.kind is kind)


def _duties(policy: Policy) -> Iterator[_Norm]:
    """Obligations, and the duties under any rule at any depth."""
    for rule in policy.rules:
        if rule.kind is RuleKind.OBLIGATION:
            yield _Norm(policy, rule)
        yield from (_Norm(policy, duty, rule) for duty in _below(rule))


def _below(rule: Rule) -> Iterator[Rule]:
    for duty in rule.below:
        yield duty
        yield from _below(duty)


class _Meeting(Struct):
    """Rules that may be about the same act: what each asks of the world and of the act; `sure` unless it is not known
    whether they are."""

    sides: list[tuple[tuple[Constraint, ...], tuple[Constraint, ...]]]
    sure: bool = True


def _meeting(one: _Norm, two: _Norm, members: Members) -> _Meeting | None:
    """None where the two are about different actions, parties or assets."""
    matches = [
        _actions(one.rule.action, two.rule.action),
        _scopes(one.assignee(), two.assignee(), members),
        _scopes(one.target(), two.target(), members),
    ]
    if any(match is False for match in matches):
        return None
    sides = [(norm.rule.constraints, norm.rule.refinements) for norm in (one, two)]
    return _Meeting(sides, all(matches))


def _actions(first: str, second: str) -> bool | None:
    """Does one of the actions include the other? None where that is not known."""
    found = {ACTION_VALUES.holds(Operator.IS_A, (b,), a) for a, b in ((first, second), (second, first))}
    return True if True in found else False if found == {False} else None


def _scopes(first: Scope | None, second: Scope | None, members: Members) -> bool | None:
    """Can both be about the same party or asset? None where the members of a collection are not known."""
    if first is None or second is None:
        return True
    if any(_share(one, two, members) for one in first.names for two in second.names):
        return True if not (first.refinements or second.refinements) else None
    return None if first.collection or second.collection else False


def _share(first: str, second: str, members: Members) -> bool:
    """Is there something that belongs to both, or one to the other?"""
    one, two = (_belonging(name, members) for name in (first, second))
    return not one.isdisjoint(two)


def _belonging(name: str, members: Members) -> set[str]:
    """The name and everything that belongs to it, at any depth."""
    found, todo = {name}, [name]
    while todo:
        whole = todo.pop()
        for inner in (inner for inner, wholes in members.items() if whole in wholes and inner not in found):
            found.add(inner)
            todo.append(inner)
    return found


# --- the terms of two parties -----------------------------------------------------------------------------------------


def _terms(a: Policy, b: Policy, members: Members) -> Iterator[Pair]:
    """Is there a use that both permit?"""
    if not _parties(a, b):
        return
    meetings = [
        meeting
        for one in _kind(a, RuleKind.PERMISSION)
        for two in _kind(b, RuleKind.PERMISSION)
        if (meeting := _meeting(_Norm(a, one), _Norm(b, two), members)) is not None
    ]
    if not meetings:
        return
    spoken = [{left for meeting in meetings for left in _spoken(meeting.sides[side])} for side in (0, 1)]
    outcomes: list[Outcome] = [(Verdict.UNKNOWN, ())]
    if any(spoken):
        outcomes = [_overlap(meeting, frozenset(spoken[0] & spoken[1])) for meeting in meetings]
    verdict = best(outcome[0] for outcome in outcomes)
    about = next(outcome[1] for outcome in outcomes if outcome[0] is verdict)
    silent = (spoken[0] ^ spoken[1]).intersection(about)
    code = (
        "conflict.terms"
        if verdict is Verdict.CONFLICT
        else "conflict.silent"
        if silent or not any(spoken)
        else "conflict.unsure"
    )
    yield Pair(Side(a.id), Side(b.id), verdict, Reason(code, _params(about)), about)


def _spoken(side: tuple[tuple[Constraint, ...], tuple[Constraint, ...]]) -> Iterator[str]:
    """The operands that a side speaks of."""
    yield from operands(side[0])
    yield from (ACT + left for left in operands(side[1]))


_OPEN_KINDS = frozenset({PolicyKind.SET, PolicyKind.REQUEST})


def _parties(a: Policy, b: Policy) -> bool:
    """May these be the terms of two parties? Not where one provider offers both, nor between agreements."""
    givers = [_assigner(policy) for policy in (a, b)]
    if None not in givers and givers[0] == givers[1]:
        return False
    if a.kind in _OPEN_KINDS or b.kind in _OPEN_KINDS:
        return True
    return a.kind is not PolicyKind.AGREEMENT and b.kind is not PolicyKind.AGREEMENT and None not in givers


def _assigner(policy: Policy) -> str | None:
    named = {rule.assigner.iri for rule in policy.rules if rule.assigner is not None}
    return policy.assigner or (named.pop() if len(named) == 1 else None)


# --- can they apply together? -----------------------------------------------------------------------------------------


def _overlap(meeting: _Meeting, shared: frozenset[str] | None = None) -> Outcome:
    """Can all sides apply at once, and the operands that it hangs on. With `shared`, an operand outside of it is one
    of which a side is silent, and leaves it open."""
    try:
        sides = [_product(cases(world), cases(act, prefix=ACT)) for world, act in meeting.sides]
        outcomes = [_joined(chosen, shared) for chosen in _choices(sides)]
    except TooLargeError:
        return Verdict.UNKNOWN, ()
    verdict = best(outcome[0] for outcome in outcomes)
    about = next((outcome[1] for outcome in outcomes if outcome[0] is verdict), ())
    if verdict is Verdict.COMPATIBLE and not meeting.sure:
        return Verdict.UNKNOWN, about
    return verdict, about


def _product(first: list[Case], second: list[Case]) -> list[Case]:
    return [one.joined(two) for one in first for two in second]


def _choices(sides: list[list[Case]]) -> Iterable[tuple[Case, ...]]:
    """One case of each side, in every way. Raises `TooLargeError`."""
    found: list[tuple[Case, ...]] = [()]
    for side in sides:
        found = [(*chosen, case) for chosen in found for case in side]
        if len(found) > _MOST:
            raise TooLargeError
    return found


def _joined(chosen: Sequence[Case], shared: frozenset[str] | None) -> Outcome:
    """The verdict over one case of each side, by operand."""
    by_left: dict[str, list[Test]] = {}
    speaking: dict[str, int] = {}
    for case in chosen:
        for left, tests in case.tests.items():
            by_left.setdefault(left, []).extend(tests)
            speaking[left] = speaking.get(left, 0) + 1
    found = {left: joint.together(named(left), tests, parties=speaking[left]) for left, tests in by_left.items()}
    coupled = _coupled(chosen, by_left)
    for left in found:
        silent = shared is not None and left not in shared and named(left) not in coupled
        if silent and found[left] is Verdict.COMPATIBLE:
            found[left] = Verdict.UNKNOWN
    found |= {left: verdict for left, verdict in coupled.items() if verdict is Verdict.CONFLICT}
    if found.get(joint.PERIODIC) is Verdict.COMPATIBLE and joint.TIME in by_left:
        found[joint.PERIODIC] = joint.recurring(by_left[joint.PERIODIC], by_left[joint.TIME])
    verdict = worst(found.values())
    return verdict, tuple(sorted({named(left) for left, one in found.items() if one is verdict}))


def _coupled(chosen: Sequence[Case], by_left: Mapping[str, list[Test]]) -> dict[str, Verdict]:
    """Operands of time that bound each other: use is metered, and delays one after another pass, within the time that
    elapses."""
    elapsed = by_left.get(joint.ELAPSED)
    found: dict[str, Verdict] = {}
    if not elapsed:
        return found
    limit = joint.most(elapsed)
    metered = by_left.get(joint.METERED)
    waits = [(case.waits, False) for case in chosen if case.waits is not None]
    for left, needed in ((joint.METERED, metered and (joint.least(metered),)), (joint.DELAY, waits)):
        if needed:
            over = limit is not None and any(one is not None and joint.exceeds(one, limit) for one in needed)
            verdict = Verdict.CONFLICT if over else Verdict.COMPATIBLE
            found |= {left: verdict, joint.ELAPSED: worst((verdict, found.get(joint.ELAPSED, verdict)))}
    return found
