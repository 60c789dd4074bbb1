"""Duties and obligations: how far each of them is, when it has to be done, and what it is to be done with.

What lives here: states, timing, parameters, consequences, and what a permission's duties mean for it. What does not:
doing them (`transforms` and the services do), permissions themselves (`evaluate`). Source: ODRL Information Model 2.2,
2.6; W3C ODRL formal semantics (draft), conditions.

Constraints of a duty are of two sorts. A *parameter* says how it is to be done (which columns, how coarse, until when);
every other one is a *condition*: where it does not hold, nothing has to be done (W3C draft, C2-1).

A duty that was not done in time is violated. It is made good when it is done after all and every consequence is, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from policies.collections import fits
from policies.facts import Facts
from policies.model import ODRL, Atomic, Constraint, Deed, DutyState, Operator, Reason, Rule, Semantics, atoms
from policies.operands import ACTION_VALUES, DATE_TIME
from policies.truth import Truth, every
from policies.vocabulary import OWN

DUTY_TIMING: Final = OWN + "dutyTiming"
EVENT: Final = ODRL + "event"
POLICY_USAGE: Final = ODRL + "policyUsage"

PARAMETERS: Final = frozenset(
    {
        *(OWN + name for name in ("field", "replaceWith", "minGroupSize", "temporalResolution", "spatialResolution")),
        *(OWN + name for name in ("groupBy", "statistic", "pseudonymPeriod", "epsilon", "logLevel", "dutyTiming")),
        *(OWN + name for name in ("timeField", "placeField", "groupField", "retentionPeriod")),
        *(OWN + name for name in ("fieldValue", "fieldNumber", "unitField", "timeZone")),
        *(OWN + name for name in ("epsilonBudget", "lowerBound", "upperBound")),
        *("http://www.w3.org/ns/odrl/2/" + name for name in ("delayPeriod", "payAmount", "recipient")),
    }
)
"""Operands that say in a duty how it is to be done."""

_UNTIL = frozenset({Operator.LT, Operator.LTEQ, Operator.EQ})


class Timing(StrEnum):
    """When a duty has to be done, seen from the use that it belongs to."""

    BEFORE = OWN + "before"
    DURING = OWN + "during"
    AFTER = OWN + "after"


_ORDER: Final = {
    Operator.LT: Timing.BEFORE,
    Operator.LTEQ: Timing.BEFORE,
    Operator.EQ: Timing.DURING,
    Operator.GT: Timing.AFTER,
    Operator.GTEQ: Timing.AFTER,
}


def parameters(rule: Rule) -> tuple[Constraint, ...]:
    """What a duty is to be done with: the refinements of its action and its own constraints."""
    return (*rule.refinements, *rule.constraints)


def timing(rule: Rule) -> Timing | None:
    """When the duty says that it has to be done; None where it does not say, or not in one word."""
    said = {_said(atom) for atom in atoms(rule.constraints) if atom.left == DUTY_TIMING or _of_use(atom)}
    return said.pop() if len(said) == 1 else None


def _said(atom: Atomic) -> Timing | None:
    words: dict[tuple[str, ...], Timing] = {(word.value,): word for word in Timing}
    return _ORDER.get(atom.operator) if _of_use(atom) else words.get(atom.right)


def _of_use(atom: Atomic) -> bool:
    """Does a constraint set the duty before or after the use itself (`event lt policyUsage`)?"""
    return atom.left == EVENT and atom.right == (POLICY_USAGE,) and atom.operator in _ORDER


def conditions(rule: Rule) -> tuple[Constraint, ...]:
    """The constraints of a duty without its parameters."""
    late = timing(rule) is Timing.AFTER
    return tuple(one for one in rule.constraints if not _parameter(one, late))


def _parameter(constraint: Constraint, late: bool) -> bool:
    return all(atom.left in PARAMETERS or _of_use(atom) or (late and _deadline(atom)) for atom in atoms((constraint,)))


def _deadline(atom: Atomic) -> bool:
    return atom.left == DATE_TIME and atom.operator in _UNTIL


# --- how far a duty is ------------------------------------------------------------------------------------------------


def due(rule: Rule, facts: Facts) -> Truth:
    """Does the duty have to be done at all? False where one of its conditions does not hold."""
    return every(conditions(rule), facts)


def state(rule: Rule, facts: Facts) -> DutyState:
    """How far a duty or an obligation is, by what was done and what can no longer be done."""
    performed = any(_is_of(deed, rule, facts) for deed in facts.access.performed)
    violated = any(_names(deed, rule, facts) for deed in facts.access.violated)
    if not violated and performed and any(_in_time(deed, rule, facts) for deed in facts.access.performed):
        return DutyState.FULFILLED
    if violated or _over(rule, facts):
        made_good = performed and rule.consequences and all(_done(one, facts) for one in rule.consequences)
        return DutyState.FULFILLED if made_good else DutyState.VIOLATED
    return DutyState.OPEN


def _done(rule: Rule, facts: Facts) -> bool:
    return state(rule, facts) is DutyState.FULFILLED


def _is_of(deed: Deed, rule: Rule, facts: Facts) -> bool:
    """Is the deed a performance of the duty, whenever it was? One that names the duty needs no further description, but
    is of the duty's action where it says of which it is: duties may share a name."""
    if deed.at is not None and facts.now is not None and deed.at > facts.now:
        return False
    if deed.action and belongs_to(deed.action, rule.action) is not True:
        return False
    if not _names(deed, rule, facts):
        return False
    return bool(deed.duty) or every(described(rule), facts) is True


def _names(deed: Deed, rule: Rule, facts: Facts) -> bool:
    """Does the deed speak of the duty, by its IRI or by an action that belongs to its own, done by whoever has to?"""
    if deed.duty:
        return deed.duty == rule.id
    by_whom = not deed.by or fits(rule.assignee, None, deed.by, facts) is True
    return by_whom and belongs_to(deed.action, rule.action) is True


def described(rule: Rule) -> list[Constraint]:
    """What the deed itself must be like, but for its time."""
    return [one for one in rule.refinements if not all(atom.left == DATE_TIME for atom in atoms((one,)))]


def deadlines(rule: Rule) -> list[Constraint]:
    """Between when and when it has to be done."""
    own = rule.constraints if timing(rule) is Timing.AFTER else ()
    found = (*rule.refinements, *(one for one in own if isinstance(one, Atomic) and _deadline(one)))
    return [one for one in found if all(atom.left == DATE_TIME for atom in atoms((one,)))]


def _in_time(deed: Deed, rule: Rule, facts: Facts) -> bool:
    """Was it done when it had to be? A deed without a time is as late as it can be: now."""
    if not _is_of(deed, rule, facts):
        return False
    return every(deadlines(rule), facts.at(facts.now if deed.at is None else deed.at)) is True


def _over(rule: Rule, facts: Facts) -> bool:
    """Has the last moment passed in which the duty could be done?"""
    return any(every((one,), facts) is False for one in ends(rule))


def ends(rule: Rule) -> list[Atomic]:
    """Until when it can be done at all: each of them the last moment."""
    found = [one for one in deadlines(rule) if isinstance(one, Atomic) and one.operator in _UNTIL]
    return [replace(one, operator=Operator.LTEQ) if one.operator is Operator.EQ else one for one in found]


def belongs_to(action: str, wider: str) -> Truth:
    """Is an action the same as another or one that it includes?"""
    return action == wider or ACTION_VALUES.holds(Operator.IS_A, (wider,), action)


# --- what duties mean for their permission ----------------------------------------------------------------------------


def hindrance(duties: Iterable[Rule], facts: Facts, semantics: Semantics) -> Reason | None:
    """Why a permission does not hold for now: the first of its duties that stands against it; None where none does."""
    for duty in duties:
        if due(duty, facts) is False:
            continue
        found = state(duty, facts)
        if found is DutyState.VIOLATED or (found is DutyState.OPEN and comes_first(duty, semantics)):
            return Reason(f"duty.{found}", {"duty": duty.id, "action": duty.action})
    return None


def comes_first(duty: Rule, semantics: Semantics) -> bool:
    """Must it be done before the use? What the duty itself says counts."""
    said = timing(duty)
    return semantics is Semantics.STRICT if said is None else said is Timing.BEFORE
