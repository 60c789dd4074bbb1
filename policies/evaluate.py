"""Judging one access: which rules apply, and what follows where a permission and a prohibition meet, in a closed world.

What lives here: the decision. What does not: what is known (`facts`), the truth of a constraint (`truth`), who is meant
(`collections`), duties (`duties`), why not (`refusals`), every rule's part in it (`report`), the fast form of the same
judgement (`compile`). Source: ODRL Information Model 2.2; W3C ODRL formal semantics (draft), activation and control.

Truth has three values (Kleene). A permission counts only where it definitely applies: party, target, action and
refinements fit, all constraints hold, and no duty stands against it. A prohibition counts also where it cannot be ruled
out, because a fact is unknown. Without a permission, the access is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import assert_never

from policies.collections import fits
from policies.duties import belongs_to, hindrance
from policies.facts import Facts
from policies.model import Access, Decision, Policy, Reason, Rule, RuleKind, Semantics, Strategy
from policies.refusals import not_permitted, prohibited
from policies.strategy import strategy
from policies.truth import Truth, all_of, every
from policies.voiding import void


def evaluate(
    policy: Policy,
    access: Access,
    now: int | None,
    *,
    count: int | None = 0,
    semantics: Semantics = Semantics.STRICT,
) -> Decision:
    """May this access happen at `now` (microseconds UTC), when `count` uses have been drawn before it?

    `now` and `count` may be unknown (None), which refuses where they matter. Never raises for a policy that a reader
    has accepted. What is not understood, in a policy made otherwise, refuses.
    """
    if (contradiction := void(policy)) is not None:
        return Decision(False, reasons=(contradiction,))
    facts = Facts(access, now, count, policy.timestamp)
    permission = _permission(policy, facts, semantics)
    prohibition = _prohibition(policy, facts)
    if prohibition is not None and not (permission and strategy(policy) is Strategy.PERM):
        return _refusal(policy, prohibition, facts, met=permission)
    if permission is None:
        return not_permitted(policy, facts, semantics)
    return permitted(permission)


def numbered(policy: Policy, kind: RuleKind) -> Iterator[tuple[str, Rule]]:
    """The rules of a kind with their names: `permission/0`."""
    number = 0
    for rule in policy.rules:
        if rule.kind is kind:
            yield _name(kind, number), rule
            number += 1


@lru_cache(maxsize=256)
def _name(kind: RuleKind, number: int) -> str:
    return f"{kind}/{number}"


@lru_cache(maxsize=256)
def permitted(name: str) -> Decision:
    """The decision that a permission makes."""
    return Decision(True, name)


# --- which rules apply ------------------------------------------------------------------------------------------------


def matches(rule: Rule, policy: Policy, facts: Facts) -> Truth:
    """Does the request fit the rule: its party, its target, its action and their refinements?"""
    access = facts.access
    return all_of(
        (
            fits(rule.assignee, policy.assignee, access.assignee, facts),
            fits(rule.target, policy.target, access.target, facts),
            belongs_to(access.action, rule.action),
            every(rule.refinements, facts),
        )
    )


def applies(rule: Rule, policy: Policy, facts: Facts) -> Truth:
    """Does the request fit the rule, and do all its constraints hold?"""
    fitting = matches(rule, policy, facts)
    return fitting if fitting is False else all_of((fitting, every(rule.constraints, facts)))


def _permission(policy: Policy, facts: Facts, semantics: Semantics) -> str | None:
    """The first permission that definitely applies and that no duty stands against."""
    for name, rule in numbered(policy, RuleKind.PERMISSION):
        if applies(rule, policy, facts) and hindrance(rule.duties, facts, semantics) is None:
            return name
    return None


def _prohibition(policy: Policy, facts: Facts) -> tuple[str, Rule, Truth] | None:
    """The first prohibition that cannot be ruled out."""
    for name, rule in numbered(policy, RuleKind.PROHIBITION):
        truth = applies(rule, policy, facts)
        if truth is not False:
            return name, rule, truth
    return None


def _refusal(policy: Policy, found: tuple[str, Rule, Truth], facts: Facts, met: str | None) -> Decision:
    """A prohibition counts; `met` is the permission that it meets. Under `invalid` the two void the policy."""
    name, rule, truth = found
    refused = prohibited(name, rule, facts, truth)
    match strategy(policy):
        case Strategy.PERM | Strategy.PROHIBIT:
            return refused
        case Strategy.INVALID:
            void = Reason("conflict.void", {"permission": met or "", "prohibition": name})
            return Decision(False, name, (void, *refused.reasons)) if met and truth else refused
        case _:
            assert_never(strategy(policy))
