"""From atomic rules back to rules as they are written: the reverse of spreading.

What lives here: putting the atoms of one rule together again. What does not: writing (`shortening`, `linked`).
INVARIANT: what comes out here, spread again, is what went in (`_whole` tries it, and leaves the atoms apart where
it is not).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from msgspec.structs import replace

from policies.canonical import WIRE
from policies.model import Policy, PolicyError, Reason, Rule, Scope
from policies.normalise import spread
from policies.strategy import strategy
from policies.vocabulary import MUNICIPAL
from policies.written import Doing, WrittenRule

T = TypeVar("T")


@contextmanager
def placed(at: str) -> Iterator[None]:
    """What is refused in here without a place is refused at this one."""
    try:
        yield
    except PolicyError as error:
        raise PolicyError(error.reason, error.where or at) from None


def settle(policy: Policy) -> None:
    """Return if the rules can be written below the policy's own asset and parties: what stands at the top of a policy
    counts for each rule beside the rule's own. Raises `PolicyError` `form.carry` where a rule names another instead."""
    groups = _grouped(policy.rules)
    for field in ("target", "assigner", "assignee"):
        shared = getattr(policy, field)
        for atoms in groups.values():
            own = {getattr(rule, field) for rule in atoms}
            if shared is not None and own != {None} and (None in own or Scope(shared) not in own):
                raise PolicyError(Reason("form.carry", {"term": field}), f"/{field}")


def _grouped(rules: Sequence[Rule]) -> dict[tuple[str, str], list[Rule]]:
    """Atoms of one rule as written have its id; a rule without one stands alone."""
    groups: dict[tuple[str, str], list[Rule]] = {}
    for number, rule in enumerate(rules):
        groups.setdefault((rule.kind.value, rule.id or str(number)), []).append(rule)
    return groups


def framed(policy: Policy) -> Policy:
    """The policy with everything named that the wire leaves open: its profile, or the strategy that counts there."""
    if policy.conflict is not None or {MUNICIPAL, WIRE} & set(policy.profile):
        return policy
    return replace(policy, conflict=strategy(policy)) if policy.profile else replace(policy, profile=(WIRE,))


def gathered(rules: Sequence[Rule]) -> list[WrittenRule]:
    """The rules as written. Raises `PolicyError` `form.carry`: rules with one IRI that are not atoms of one rule."""
    groups = _grouped(rules)
    return [one for atoms in groups.values() for one in _whole(atoms)]


def _whole(atoms: list[Rule]) -> list[WrittenRule]:
    together = _together(atoms)
    if list(spread(together)) == atoms:
        return [together]
    if atoms[0].id and not atoms[0].id.startswith("_:"):
        raise PolicyError(Reason("form.carry", {"term": atoms[0].id[:200]}), f"/{atoms[0].kind}")
    return [_together([atom]) for atom in atoms]


def _together(atoms: list[Rule]) -> WrittenRule:
    first = atoms[0]
    return WrittenRule(
        kind=first.kind,
        id=first.id,
        actions=_each(Doing(atom.action, atom.refinements) for atom in atoms),
        targets=_named(atom.target for atom in atoms),
        outputs=_named(atom.output for atom in atoms),
        assigners=_named(atom.assigner for atom in atoms),
        assignees=_named(atom.assignee for atom in atoms),
        parties=_each(party for atom in atoms for party in atom.parties),
        constraints=first.constraints,
        duties=tuple(gathered(first.duties)),
        remedies=tuple(gathered(first.remedies)),
        consequences=tuple(gathered(first.consequences)),
        remarks=first.remarks,
    )


def _each(values: Iterable[T]) -> tuple[T, ...]:
    """Each value once, in the order in which they come."""
    found: list[T] = []
    for value in values:
        if value not in found:
            found.append(value)
    return tuple(found)


def _named(scopes: Iterable[Scope | None]) -> tuple[Scope, ...]:
    return tuple(scope for scope in _each(scopes) if scope is not None)
