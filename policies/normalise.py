"""From a policy as written to atomic rules: what is inherited, what stands at the top, several of a kind.

What lives here: inheritance, spreading (compact -> expanded) and the cross product over actions, targets and parties.
What does not: reading (`graph`, `short`). Source: ODRL Information Model 2.2, 2.7 (compact policy) and 2.9
(inheritance).

INVARIANT: atoms of one rule as written carry its id. Values at the top of a policy count for every rule *in
addition* to the rule's own, as 2.7.1 says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain, product
from math import prod
from typing import Final, TypeVar

from msgspec.structs import replace

from policies.model import (
    Constraint,
    Logical,
    Policy,
    PolicyError,
    Reason,
    Rule,
    RuleKind,
    Scope,
    Strategy,
)
from policies.written import WrittenPolicy, WrittenRule

T = TypeVar("T", bound=Hashable)

MOST: Final = 1000
"""Atomic rules of one policy, those below others counted with them."""
ANCESTORS: Final = 64
"""Policies that one may inherit from, all in all."""

Find = Callable[[str], "WrittenPolicy | None"]
"""A policy by its IRI; None where it cannot be had."""

_ORDER: Final = {RuleKind.PERMISSION: 0, RuleKind.PROHIBITION: 1, RuleKind.OBLIGATION: 2}


def normalise(policy: WrittenPolicy, find: Find | None = None) -> Policy:
    """The policy with atomic rules, and with those that it inherits.

    Raises `PolicyError`: `inherit.missing`, `inherit.circular`, `inherit.many`, `rules.missing`, `rules.many`.
    """
    whole = policy
    for ancestor in _ancestors(policy, find or (lambda _: None)):
        whole = _joined(whole, ancestor)
    if not whole.rules:
        raise PolicyError(Reason("rules.missing"), policy.place)
    single = {
        "targets": _single(whole.targets),
        "assigners": _single(whole.assigners),
        "assignees": _single(whole.assignees),
    }
    topped = [_topped(rule, whole, single) for rule in whole.rules]
    if sum(map(_size, topped)) > MOST:
        raise PolicyError(Reason("rules.many", {"limit": str(MOST)}), policy.place)
    rules = chain.from_iterable(map(spread, topped))
    return Policy(
        id=whole.id,
        kind=whole.kind,
        rules=tuple(sorted(rules, key=lambda rule: _ORDER[rule.kind])),
        target=single["targets"],
        assigner=single["assigners"],
        assignee=single["assignees"],
        profile=tuple(sorted(set(whole.profile))),
        timestamp=whole.timestamp,
        notice=whole.notice,
        conflict=_strategy(whole),
        inherits=tuple(sorted({*whole.inherits, *whole.inherited})),
        remarks=whole.remarks,
    )


def _strategy(policy: WrittenPolicy) -> Strategy | None:
    """Several strategies that differ, after inheriting, void the policy wherever they would matter (3.2)."""
    found = set(policy.conflicts)
    return found.pop() if len(found) == 1 else Strategy.INVALID if found else None


# --- inheritance ------------------------------------------------------------------------------------------------------


def _ancestors(policy: WrittenPolicy, find: Find) -> list[WrittenPolicy]:
    """The policies that this one inherits from, each once, a parent before its own parents. Raises `PolicyError`."""
    found: dict[str, WrittenPolicy] = {}

    def climb(heir: WrittenPolicy, path: tuple[str, ...]) -> None:
        for parent in heir.inherits:
            if parent in path:
                raise PolicyError(Reason("inherit.circular", {"policy": parent[:200]}), heir.place)
            if parent in found:
                continue
            if len(found) >= ANCESTORS:
                raise PolicyError(Reason("inherit.many", {"limit": str(ANCESTORS)}), policy.place)
            one = find(parent)
            if one is None:
                raise PolicyError(Reason("inherit.missing", {"policy": parent[:200]}), heir.place)
            found[parent] = one
            climb(one, (*path, parent))

    climb(policy, (policy.id,))
    return list(found.values())


def _joined(child: WrittenPolicy, parent: WrittenPolicy) -> WrittenPolicy:
    """The child with what its parent says; the state of the parent's constraints does not come along."""
    own = {key: _union(getattr(child, key), getattr(parent, key)) for key in _TOP}
    return replace(
        child,
        rules=(*child.rules, *(_fresh(rule) for rule in parent.rules)),
        inherits=_union(child.inherits, parent.inherits),
        inherited=_union(child.inherited, parent.inherited),
        notice=child.notice or parent.notice,
        common=child.common or parent.common,
        **own,
    )


_TOP: Final = ("actions", "targets", "outputs", "assigners", "assignees", "parties", "profile", "conflicts")


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _fresh(rule: WrittenRule) -> WrittenRule:
    """The rule without what has been counted so far."""
    return replace(
        rule,
        constraints=_unset(rule.constraints),
        actions=tuple(replace(one, refinements=_unset(one.refinements)) for one in rule.actions),
        duties=tuple(map(_fresh, rule.duties)),
        remedies=tuple(map(_fresh, rule.remedies)),
        consequences=tuple(map(_fresh, rule.consequences)),
    )


def _unset(constraints: Iterable[Constraint]) -> tuple[Constraint, ...]:
    return tuple(
        replace(one, members=_unset(one.members)) if isinstance(one, Logical) else replace(one, status="")
        for one in constraints
    )


# --- spreading --------------------------------------------------------------------------------------------------------


def _single(scopes: tuple[Scope, ...]) -> str | None:
    """The one name that counts for the whole policy; None where there are several, or members of a collection."""
    return scopes[0].iri if len(scopes) == 1 and scopes[0] == Scope(scopes[0].iri) else None


def _topped(rule: WrittenRule, policy: WrittenPolicy, single: dict[str, str | None]) -> WrittenRule:
    """A rule at the top of a policy with what the policy says for all of them."""
    return replace(
        rule,
        actions=_union(rule.actions, policy.actions),
        outputs=_union(rule.outputs, policy.outputs),
        parties=_union(rule.parties, policy.parties),
        **{key: _own(getattr(rule, key), getattr(policy, key), single[key]) for key in single},
    )


def _own(own: tuple[Scope, ...], shared: tuple[Scope, ...], single: str | None) -> tuple[Scope, ...]:
    """The scopes that a rule has to name itself: none where the one of the policy is all there is."""
    return () if not own and single is not None else _union(own, shared)


_BELOW: Final = ("duties", "remedies", "consequences")


def spread(rule: WrittenRule) -> Iterator[Rule]:
    """One rule for each action, target, output and party in each function."""
    below = {key: tuple(chain.from_iterable(map(spread, getattr(rule, key)))) for key in _BELOW}
    functions: dict[str, list[Scope]] = {}
    for function, scope in rule.parties:
        functions.setdefault(function, []).append(scope)
    parties = product(*([(name, one) for one in scopes] for name, scopes in sorted(functions.items())))
    for doing, target, output, assigner, assignee, named in product(
        rule.actions,
        rule.targets or (None,),
        rule.outputs or (None,),
        rule.assigners or (None,),
        rule.assignees or (None,),
        parties,
    ):
        yield Rule(
            rule.kind,
            doing.iri,
            rule.constraints,
            id=rule.id,
            refinements=doing.refinements,
            target=target,
            output=output,
            assigner=assigner,
            assignee=assignee,
            parties=named,
            remarks=rule.remarks,
            **below,
        )


def _size(rule: WrittenRule) -> int:
    """How many atoms the rule has, and all those below it."""
    functions = Counter(function for function, _ in rule.parties)
    several = (rule.actions, *(one or (None,) for one in (rule.targets, rule.outputs, rule.assigners, rule.assignees)))
    below = (*rule.duties, *rule.remedies, *rule.consequences)
    return prod(map(len, several)) * prod(functions.values()) + sum(map(_size, below))
