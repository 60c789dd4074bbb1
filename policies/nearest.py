"""The nearest change with which a refused access would be permitted.

What lives here: looking for few changes of the request that together turn the refusal, each confirmed by the evaluator.
What does not: judging (`evaluate`), why it is refused (`refusals`), the sentences (`explain.nearest`).

For each permission, what fails in it is put right, one part after the other, and then each prohibition that still
stands against it is escaped by one of its conditions. The permission that needs the fewest changes is the nearest.
INVARIANT: with all changes that are returned, and with none of them left out, `evaluate` permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from policies import instants
from policies.claims import ACTION, ASSIGNEE, TARGET, Claim
from policies.collections import fits
from policies.duties import belongs_to, due, hindrance, state
from policies.evaluate import applies, evaluate, numbered
from policies.facts import Facts, operand_of
from policies.model import (
    Access,
    Atomic,
    Connective,
    Constraint,
    Deed,
    DutyState,
    Nearest,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Semantics,
)
from policies.operands import COUNT, DATE_TIME, Operand, Origin
from policies.truth import truth

_MOST: Final = 8
"""How many prohibitions are escaped at most."""
_FEW: Final = 16
"""With more changes than these it is another request, and no longer a change of this one."""
_HOUR: Final = 3_600_000_000
_HOURS: Final = range(1, 169)
_DAYS: Final = range(7, 367)
"""How far another time is looked for: by the full hour for a week, by the beginning of the day for a year."""
_BOUNDS: Final = frozenset({Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ, Operator.EQ})


class _Asked(Struct, frozen=True):
    """A request, and what was changed in it."""

    access: Access
    now: int | None
    count: int | None
    changes: tuple[Nearest, ...] = ()


def nearest(
    policy: Policy,
    access: Access,
    now: int | None,
    *,
    count: int | None = 0,
    semantics: Semantics = Semantics.STRICT,
) -> tuple[Nearest, ...]:
    """The fewest changes found with which the access is permitted; empty where it is anyway, or none were found."""
    asked = _Asked(access, now, count)
    search = _Search(policy, semantics)
    if search.permits(asked):
        return ()
    found = [one for name, rule in numbered(policy, RuleKind.PERMISSION) if (one := search.through(name, rule, asked))]
    return min(found, key=len) if found else ()


class _Search:
    def __init__(self, policy: Policy, semantics: Semantics) -> None:
        self._policy, self._semantics = policy, semantics

    def permits(self, asked: _Asked) -> bool:
        found = evaluate(self._policy, asked.access, asked.now, count=asked.count, semantics=self._semantics)
        return found.permit

    def through(self, name: str, rule: Rule, asked: _Asked) -> tuple[Nearest, ...]:
        """The changes with which this permission permits; empty where none were found."""
        changed = self._fitted(name, rule, asked)
        for _ in range(_MOST):
            if len(changed.changes) > _FEW:
                break
            if self.permits(changed):
                return self._needed(asked, changed.changes)
            escaped = self._escaped(changed)
            if escaped is None:
                break
            changed = escaped
        return ()

    def _needed(self, asked: _Asked, changes: tuple[Nearest, ...]) -> tuple[Nearest, ...]:
        """The changes without those that are not needed after all."""
        for one in changes:
            fewer = tuple(other for other in changes if other is not one)
            if self.permits(_with(asked, fewer)):
                return self._needed(asked, fewer)
        return changes

    def _facts(self, asked: _Asked) -> Facts:
        return Facts(asked.access, asked.now, asked.count, self._policy.timestamp)

    # --- a permission -------------------------------------------------------------------------------------------------

    def _fitted(self, name: str, rule: Rule, asked: _Asked) -> _Asked:
        """The request with everything put right that can be, for this permission to apply."""
        access, policy = asked.access, self._policy
        if belongs_to(access.action, rule.action) is not True:
            asked = _with(asked, (Nearest(ACTION, rule.action, name),))
        for part, scope, default in (
            (ASSIGNEE, rule.assignee, policy.assignee),
            (TARGET, rule.target, policy.target),
        ):
            who = access.assignee if part == ASSIGNEE else access.target
            if fits(scope, default, who, self._facts(asked)) is not True:
                asked = _with(asked, (Nearest(part, default or "" if scope is None else scope.iri, name),))
        of_scopes = chain.from_iterable(scope.refinements for scope in (rule.assignee, rule.target) if scope)
        for constraint in (*rule.refinements, *rule.constraints, *of_scopes):
            asked = self._satisfied(constraint, asked, name)
        return self._duties_done(rule, asked, name)

    def _duties_done(self, rule: Rule, asked: _Asked, name: str) -> _Asked:
        for duty in rule.duties:
            facts = self._facts(asked)
            open_ = due(duty, facts) is not False and state(duty, facts) is not DutyState.FULFILLED
            if open_ and hindrance((duty,), facts, self._semantics) is not None:
                asked = _with(asked, (Nearest(duty.action, "", name),))
        return asked

    def _satisfied(self, constraint: Constraint, asked: _Asked, name: str) -> _Asked:
        """The request changed so that the constraint holds, where that can be had."""
        if truth(constraint, self._facts(asked)) is True:
            return asked
        if isinstance(constraint, Atomic):
            return self._changed(constraint, asked, name, wanted=True) or asked
        if constraint.connective in (Connective.AND, Connective.AND_SEQUENCE):
            for member in constraint.members:
                asked = self._satisfied(member, asked, name)
            return asked
        tried = [self._satisfied(member, asked, name) for member in constraint.members]
        held = [one for one in tried if truth(constraint, self._facts(one)) is True]
        return min(held, key=lambda one: len(one.changes), default=asked)

    def _changed(self, atom: Atomic, asked: _Asked, name: str, *, wanted: bool) -> _Asked | None:
        """The request with one value changed so that the constraint holds, or does not; None where none was found."""
        operand = operand_of(atom)
        if operand is None or atom.reference or not atom.right:
            return None
        try:
            for left, value, *more in _values(atom, operand, asked.now, wanted=wanted):
                changed = _with(asked, (Nearest(left, value, name, atom, tuple(more)),))
                if truth(atom, self._facts(changed)) is wanted:
                    return changed
        except (ValueError, OverflowError):
            # A value that was let through as it was written, and that no other can be found for.
            return None
        return None

    # --- prohibitions -------------------------------------------------------------------------------------------------

    def _escaped(self, asked: _Asked) -> _Asked | None:
        """The request with one condition of the first prohibition against it made false; None where none can be."""
        for name, rule in numbered(self._policy, RuleKind.PROHIBITION):
            if applies(rule, self._policy, self._facts(asked)) is False:
                continue
            for atom in _conditions((*rule.constraints, *rule.refinements)):
                changed = self._changed(atom, asked, name, wanted=False)
                if changed is not None and applies(rule, self._policy, self._facts(changed)) is False:
                    return changed
            return None
        return None


def _conditions(constraints: Iterable[Constraint]) -> Iterator[Atomic]:
    for one in constraints:
        if isinstance(one, Atomic):
            yield one
        else:
            yield from _conditions(one.members)


def _with(asked: _Asked, changes: Sequence[Nearest]) -> _Asked:
    """The request with these changes made in it."""
    access, now, count = asked.access, asked.now, asked.count
    for one in changes:
        if one.operand == ACTION:
            access = replace(access, action=one.value)
        elif one.operand == ASSIGNEE:
            access = replace(access, assignee=one.value)
        elif one.operand == TARGET:
            access = replace(access, target=one.value)
        elif one.constraint is None:
            access = replace(access, performed=(*access.performed, Deed(one.operand)))
        elif one.operand == DATE_TIME:
            now = instants.span(one.value)[0]
        elif one.operand == COUNT:
            count = int(one.value) - 1
        else:
            access = replace(access, values={**access.values, one.operand: _texts(one)})
    return _Asked(access, now, count, (*asked.changes, *changes))


def _texts(change: Nearest) -> tuple[str, ...]:
    operand = None if change.constraint is None else operand_of(change.constraint)
    return tuple(_text(operand, value) for value in (change.value, *change.more))


def _text(operand: Operand | None, value: str) -> str:
    try:
        return value if operand is None else operand.write(value)[0]
    except (ValueError, KeyError, OverflowError):
        return value


def _values(atom: Atomic, operand: Operand, now: int | None, *, wanted: bool) -> Iterator[tuple[str, ...]]:
    """Values with which the constraint may hold, or not hold, the nearest first; each behind its operand."""
    if operand.origin is Origin.CLOCK and operand.iri != DATE_TIME and now is not None:
        yield from ((DATE_TIME, str(at)) for at in _times(now))
        return
    if operand.iri == DATE_TIME and atom.operator in _BOUNDS:
        start, end = instants.span(atom.right[0])
        yield from ((DATE_TIME, at) for at in (atom.right[0], str(start - 1), str(end)))
    elif operand.iri == COUNT:
        bound = int(atom.right[0])
        yield from ((COUNT, str(number)) for number in (bound, bound - 1, bound + 1) if number > 0)
    else:
        yield from ((atom.left, value) for value in atom.right)
    if atom.operator is Operator.IS_ALL_OF and wanted:
        yield (atom.left, *atom.right)
    witness = operand.values.witness(_claims(atom, wanted=wanted))
    if witness is not None:
        yield atom.left, witness


def _times(now: int) -> Iterator[int]:
    """When else it could be, the soonest first; a clock at the end of its calendar has no later day."""
    yield from (now // _HOUR * _HOUR + hour * _HOUR for hour in _HOURS)
    today = instants.local(now).date()
    days = (today + timedelta(days=day) for day in _DAYS if day <= (date.max - today).days)
    yield from (instants.span(day.isoformat())[0] for day in days)


def _claims(atom: Atomic, *, wanted: bool) -> list[Claim]:
    """What a value has to be like, in claims that are true of it."""
    match atom.operator:
        case Operator.NEQ | Operator.IS_NONE_OF:
            if wanted:
                return [Claim(atom.left, Operator.EQ, value, False) for value in atom.right]
            return [Claim(atom.left, Operator.EQ, atom.right[0])]
        case Operator.IS_ANY_OF:
            if wanted:
                return [Claim(atom.left, Operator.EQ, atom.right[0])]
            return [Claim(atom.left, Operator.EQ, value, False) for value in atom.right]
        case _:
            return [Claim(atom.left, atom.operator, value, wanted) for value in atom.right]
