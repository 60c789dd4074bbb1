"""How surely a line of a policy holds: enforced by this node, attested by a third party, or declared by the user.

What lives here: the mark of each line. What does not: the lines (`controlled`), an operand's assurance (`operands`).

INVARIANT: a mark never says more than is so.
- *Enforced* is only what this node decides, or does itself, before data leave: conditions of an access by its own
  facts, and the transforms of `vocabulary.EGRESS`. Conditions of what is done with the data later are not.
- *Attested* is only what `proves` holds for this peer: operands that a credential states, actions with a receipt.
- Where one of several conditions is enough to get by, all of them are only as sure as the weakest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from policies.controlled import Line
from policies.grammar import Slot
from policies.model import Atomic, Connective, Constraint, Logical, Operator, Policy, Rule, RuleKind, Scope, atoms
from policies.operands import ACTION_VALUES, Assurance, Side, find
from policies.vocabulary import EGRESS, READ

_ORDER: Final = (Assurance.DECLARED, Assurance.ATTESTED, Assurance.ENFORCED)
_ENOUGH: Final = frozenset({Connective.OR, Connective.XONE})
"""Where one member that holds is enough for a permission. A prohibition is escaped by any one condition that fails."""

_CONDITIONAL: Final = frozenset({Slot.PERMISSION, Slot.PROHIBITION})
"""Rules whose parts are conditions of an access; those of all others are parts of what has to be done."""


def mark(line: Line, policy: Policy, proves: frozenset[str]) -> Assurance | None:
    """The mark of one line; None where the line says nothing that could be broken."""
    return _Marker(policy, proves).line(line)


def side(line: Line) -> Side | None:
    """Who can check the constraint that a line states; None where it states none, or nobody knows."""
    operand = find(line.part.left) if isinstance(line.part, Atomic) else None
    return None if operand is None else operand.side


class _Marker:
    def __init__(self, policy: Policy, proves: frozenset[str]) -> None:
        self._policy, self._proves = policy, proves

    def line(self, line: Line) -> Assurance | None:
        part, rule = line.part, line.rule
        if rule is None:
            return self._top(part)
        if isinstance(part, Rule):
            return self._rule(part, line.slot)
        if isinstance(part, Scope):
            return self._party(part, rule, line.slot)
        if isinstance(part, Atomic):
            return self._atom(part, rule, line.slot, line.within)
        return None

    def _top(self, part: object) -> Assurance | None:
        if part == "assignee" and self._policy.assignee is not None:
            return self._who(self._policy.assignee, collection=False)
        return Assurance.ENFORCED if part == "notice" else None

    def _who(self, iri: str, *, collection: bool) -> Assurance:
        """A party by its DID is known by its key; to be one of a group is as good as the proof of it."""
        if iri.startswith("did:") and not collection:
            return Assurance.ENFORCED
        return Assurance.ATTESTED if iri in self._proves else Assurance.DECLARED

    def _rule(self, rule: Rule, slot: Slot | None) -> Assurance | None:
        match slot:
            case None | Slot.PERMISSION:
                return None
            case Slot.PROHIBITION:
                return _weakest((self._seen(rule), *self._ways_out(rule)))
            case _:
                return self._duty(rule, slot)

    def _duty(self, rule: Rule, slot: Slot) -> Assurance:
        """A duty that the provider does itself while data leave is enforced, unless it hangs on something that only the
        user can tell; any other is as good as its receipt."""
        own = rule.assignee is None or rule.assignee.iri == self._policy.assigner
        if slot in (Slot.DUTY, Slot.OBLIGATION) and own and rule.action in EGRESS:
            return _weakest((Assurance.ENFORCED, *map(self._own, atoms(_conditions(rule)))))
        return Assurance.ATTESTED if rule.action in self._proves else Assurance.DECLARED

    def _party(self, scope: Scope, rule: Rule, slot: Slot | None) -> Assurance | None:
        if scope is not rule.assignee or slot not in _CONDITIONAL:
            return None
        return _weakest((self._seen(rule), self._who(scope.iri, collection=scope.collection)))

    def _ways_out(self, rule: Rule) -> Iterator[Assurance]:
        """How sure each condition of a prohibition is, which it is escaped by where it fails."""
        yield from map(self._own, atoms(_conditions(rule)))
        if rule.assignee is not None:
            yield self._who(rule.assignee.iri, collection=rule.assignee.collection)

    def _atom(self, atom: Atomic, rule: Rule, slot: Slot | None, within: tuple[Constraint, ...]) -> Assurance:
        if slot is not None and slot not in _CONDITIONAL:
            return self._duty(rule, slot)
        if rule.kind is RuleKind.PROHIBITION:
            return _weakest((self._seen(rule), *self._ways_out(rule)))
        outermost = next((one for one in within if isinstance(one, Logical) and one.connective in _ENOUGH), atom)
        return _weakest((self._seen(rule), *map(self._own, atoms((outermost,)))))

    def _own(self, atom: Atomic) -> Assurance:
        operand = find(atom.left)
        if operand is not None and operand.side is not Side.CONSUMER and operand.assurance is Assurance.ENFORCED:
            return Assurance.ENFORCED
        return Assurance.ATTESTED if atom.left in self._proves else Assurance.DECLARED

    def _seen(self, rule: Rule) -> Assurance:
        """Enforced where an access to data is such an action; what is done elsewhere nobody here can see."""
        if _includes_reading(rule.action):
            return Assurance.ENFORCED
        return Assurance.ATTESTED if rule.action in self._proves else Assurance.DECLARED


@lru_cache(maxsize=256)
def _includes_reading(action: str) -> bool:
    return action == READ or ACTION_VALUES.holds(Operator.IS_A, (action,), READ) is True


def _conditions(rule: Rule) -> Iterator[Constraint]:
    """Every constraint of a rule, those that narrow its assets and parties among them."""
    yield from (*rule.constraints, *rule.refinements)
    scopes = (rule.target, rule.output, rule.assigner, rule.assignee, *(scope for _, scope in rule.parties))
    for scope in scopes:
        if scope is not None:
            yield from scope.refinements


def _weakest(marks: Iterable[Assurance]) -> Assurance:
    return min(marks, key=_ORDER.index)
