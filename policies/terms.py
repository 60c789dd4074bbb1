"""Terms: the few things that people say about use, and the policy that says them.

What lives here: the short form, reading it, putting it into a new policy or in the place of what a policy says. What
does not: parsing policies (`parse`), asking people (command line, web pages).

A publisher's purpose or place means it *and what lies below it* (`isA`, `isPartOf`); whoever restates terms, to ask or
to counter, names exactly the purposes and places (`eq`, `isAnyOf`), so that an access that states none can be taken
to be for the one that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from policies import meaning, notice, places
from policies.model import (
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyError,
    PolicyKind,
    Reason,
    Rule,
    RuleKind,
)
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SPATIAL
from policies.vocabulary import DPV, PURPOSES, USE

_LOWER = frozenset({Operator.GT, Operator.GTEQ, Operator.EQ})
_UPPER = frozenset({Operator.LT, Operator.LTEQ, Operator.EQ})
_EVERY = frozenset(Operator)

Replaced = dict[str, frozenset[Operator]]
"""Operand -> the operators whose constraints give way."""


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of use in short; what is left out is not said.

    `purposes`: IRIs or local names of DPV. `spatial`: keys by their digits (AGS, ARS, district, state) or as IRIs.
    `not_before`, `until`: a day (`2027-06-30`, the whole of it in Europe/Berlin) or an instant with an offset. `count`:
    how many uses. `assignee`: the only party that may use it. `notice`: the period with which either party can end the
    contract (`P30D`, `P3M`).
    """

    purposes: tuple[str, ...] = ()
    spatial: tuple[str, ...] = ()
    not_before: str | None = None
    until: str | None = None
    count: int | None = None
    assignee: str | None = None
    notice: str | None = None


def to_policy(
    id: str,
    terms: Terms,
    *,
    kind: PolicyKind = PolicyKind.OFFER,
    target: str | None = None,
    assigner: str | None = None,
    timestamp: int | None = None,
) -> Policy:
    """A policy with one permission to use, on these terms. Raises `PolicyError` with the place (`/until`)."""
    constraints = (
        *_bounds(terms),
        *_below(PURPOSE, Operator.IS_A, _purposes(terms)),
        *_below(SPATIAL, Operator.IS_PART_OF, _places(terms)),
    )
    return Policy(
        id=id,
        kind=kind,
        rules=(Rule(RuleKind.PERMISSION, USE, constraints),),
        target=target,
        assigner=assigner,
        assignee=_assignee(terms),
        timestamp=timestamp,
        notice=_notice(terms),
    )


def restate(policy: Policy, terms: Terms) -> Policy:
    """The policy with the named terms in the place of what its permissions say about the same; all else stays.

    Raises `PolicyError`: a term cannot be read, the policy permits nothing, or a constraint binds a named operand to
    another one (`terms.entangled`) and cannot be taken apart.
    """
    new = (
        *_bounds(terms),
        *_exactly(PURPOSE, _purposes(terms)),
        *_exactly(SPATIAL, _places(terms)),
    )
    if all(rule.kind is not RuleKind.PERMISSION for rule in policy.rules):
        raise PolicyError(Reason("no_permission"))
    given = _named(terms)
    rules = tuple(
        replace(rule, constraints=(*_kept(rule, given), *new)) if rule.kind is RuleKind.PERMISSION else rule
        for rule in policy.rules
    )
    return replace(
        policy,
        rules=rules,
        assignee=_assignee(terms) or policy.assignee,
        notice=_notice(terms) or policy.notice,
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def _unreadable(place: str, value: str) -> NoReturn:
    said = {"term": place, "value": value[:200]}
    near = ", ".join(meaning.purposes(value)) if place == "purposes" else ""
    raise PolicyError(Reason("terms.unreadable", {"near": near, **said} if near else said), f"/{place}")


def _read(place: str, value: str, read: Callable[[str], str]) -> str:
    try:
        return read(value.strip())
    except ValueError:
        _unreadable(place, value)


def _purposes(terms: Terms) -> tuple[str, ...]:
    return _set(purpose(text) for text in terms.purposes)


def purpose(text: str) -> str:
    """The IRI of a purpose, by its name or as it is. Raises `PolicyError` `terms.unreadable`."""
    return _read("purposes", text, _purpose)


def place(text: str) -> str:
    """The IRI of a place, by the digits of its key or as it is. Raises `PolicyError` `terms.unreadable`."""
    return _read("spatial", text, _place)


def _purpose(text: str) -> str:
    return DPV + text if text in PURPOSES else OPERANDS[PURPOSE].read(text)


def _places(terms: Terms) -> tuple[str, ...]:
    return _set(place(text) for text in terms.spatial)


def _place(text: str) -> str:
    return places.from_digits(text) if text.isdigit() else OPERANDS[SPATIAL].read(text)


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _assignee(terms: Terms) -> str | None:
    name = terms.assignee
    if name is not None and (not name or any(c <= " " for c in name)):
        _unreadable("assignee", name)
    return name


def _notice(terms: Terms) -> str | None:
    return None if terms.notice is None else _read("notice", terms.notice, notice.read)


def _bounds(terms: Terms) -> list[Constraint]:
    found: list[Constraint] = []
    for place, text, operator in (
        ("not_before", terms.not_before, Operator.GTEQ),
        ("until", terms.until, Operator.LTEQ),
    ):
        if text is not None:
            found.append(Atomic(DATE_TIME, operator, (_read(place, text, OPERANDS[DATE_TIME].read),)))
    if terms.count is not None:
        found.append(Atomic(COUNT, Operator.LTEQ, (_read("count", str(terms.count), OPERANDS[COUNT].read),)))
    return found


def _below(left: str, operator: Operator, values: tuple[str, ...]) -> list[Constraint]:
    atoms = tuple(Atomic(left, operator, (value,)) for value in values)
    return [Logical(Connective.OR, atoms)] if len(atoms) > 1 else list(atoms)


def _exactly(left: str, values: tuple[str, ...]) -> list[Constraint]:
    if not values:
        return []
    return [Atomic(left, Operator.EQ if len(values) == 1 else Operator.IS_ANY_OF, values)]


# --- restating --------------------------------------------------------------------------------------------------------


def _named(terms: Terms) -> Replaced:
    bounds = (_LOWER if terms.not_before is not None else frozenset()) | (
        _UPPER if terms.until is not None else frozenset()
    )
    named = {
        DATE_TIME: bounds,
        COUNT: _EVERY if terms.count is not None else frozenset(),
        PURPOSE: _EVERY if terms.purposes else frozenset(),
        SPATIAL: _EVERY if terms.spatial else frozenset(),
    }
    return {left: operators for left, operators in named.items() if operators}


def _kept(rule: Rule, named: Replaced) -> list[Constraint]:
    return [constraint for constraint in rule.constraints if not _gives_way(constraint, named)]


def _gives_way(constraint: Constraint, named: Replaced) -> bool:
    """Is the constraint wholly about what is named? Raises `PolicyError` where it is only partly so."""
    found = _each(constraint, named)
    if any(found) and not all(found):
        raise PolicyError(Reason("terms.entangled", {"operands": " ".join(OPERANDS[left].name for left in named)}))
    return all(found)


def _each(constraint: Constraint, named: Replaced) -> Sequence[bool]:
    if isinstance(constraint, Atomic):
        return (constraint.operator in named.get(constraint.left, ()),)
    return [found for member in constraint.members for found in _each(member, named)]
