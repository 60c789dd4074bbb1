"""The ways in which constraints can hold: each a conjunction of tests, by operand.

What lives here: from atomic and logical constraints to their cases (disjunctive normal form), within limits; what a
sequence of delays adds up to. What does not: whether a case is possible (`joint`). Source: ODRL Information Model 2.2,
2.5.2 (logical constraints).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from typing import Final, assert_never

from msgspec import Struct

from policies.joint import DELAY, Test, least
from policies.model import Atomic, Connective, Constraint

ACT: Final = "action "
"""Before an operand that narrows an action, which is another one than that of the rule's conditions."""

LIMIT: Final = 1024
"""How many cases constraints may have."""


class TooLargeError(Exception):
    """Constraints with too many cases to look at each."""


class Case(Struct, frozen=True):
    """Tests by operand, all of which come out; `waits`: seconds that delays one after another take. See `named` for
    what else a key says."""

    tests: Mapping[str, tuple[Test, ...]] = {}
    waits: Fraction | None = None

    def joined(self, other: Case) -> Case:
        """Both."""
        tests = dict(self.tests)
        for left, more in other.tests.items():
            tests[left] = (*tests.get(left, ()), *more)
        waits = [case.waits for case in (self, other) if case.waits is not None]
        return Case(tests, max(waits, default=None))


def cases(constraints: Iterable[Constraint], prefix: str = "") -> list[Case]:
    """The cases in which all constraints hold. `prefix` keeps operands of one place from those of another. Raises
    `TooLargeError`."""
    return _all(_cases(constraint, True, prefix) for constraint in constraints)


def operands(constraints: Iterable[Constraint]) -> Iterator[str]:
    """The operands that constraints speak of, at any depth."""
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield constraint.left
        else:
            yield from operands(constraint.members)


def named(key: str) -> str:
    """The operand (full IRI) of a key of `Case.tests`. What narrows an action has `ACT` before it, and of delays one
    after another each has its number behind it: these are values of their own."""
    return key.removeprefix(ACT).partition(" ")[0]


def _cases(constraint: Constraint, holds: bool, prefix: str, number: str = "") -> list[Case]:
    if isinstance(constraint, Atomic):
        return [Case({prefix + constraint.left + number: (Test(constraint, holds),)})]
    members = constraint.members
    match constraint.connective:
        case Connective.AND_SEQUENCE if holds:
            return _sequence(members, prefix)
        case Connective.AND | Connective.AND_SEQUENCE:
            parts = (_cases(member, holds, prefix) for member in members)
            return _all(parts) if holds else _some(parts)
        case Connective.OR:
            parts = (_cases(member, holds, prefix) for member in members)
            return _some(parts) if holds else _all(parts)
        case Connective.XONE:
            return _some(_all(row) for row in (_one(members, prefix) if holds else _not_one(members, prefix)))
        case _:
            assert_never(constraint.connective)


def _one(members: tuple[Constraint, ...], prefix: str) -> Iterator[list[list[Case]]]:
    """Exactly one member holds."""
    for chosen in range(len(members)):
        yield [_cases(member, place == chosen, prefix) for place, member in enumerate(members)]


def _not_one(members: tuple[Constraint, ...], prefix: str) -> Iterator[list[list[Case]]]:
    """None holds, or two do."""
    yield [_cases(member, False, prefix) for member in members]
    for place, first in enumerate(members):
        for second in members[place + 1 :]:
            yield [_cases(first, True, prefix), _cases(second, True, prefix)]


def _all(parts: Iterable[list[Case]]) -> list[Case]:
    found = [Case()]
    for part in parts:
        if len(found) * len(part) > LIMIT:
            raise TooLargeError
        found = [one.joined(two) for one in found for two in part]
    return found


def _some(parts: Iterable[list[Case]]) -> list[Case]:
    found = list(chain.from_iterable(parts))
    if len(found) > LIMIT:
        raise TooLargeError
    return found


def _sequence(members: tuple[Constraint, ...], prefix: str) -> list[Case]:
    """All members; delays that follow each other add up."""
    delays = [one for one in members if isinstance(one, Atomic) and one.left == DELAY]
    numbers = {id(one): f" {n}" for n, one in enumerate(delays)} if len(delays) > 1 else {}
    found = _all(_cases(member, True, prefix, numbers.get(id(member), "")) for member in members)
    known = [bound[0] for bound in (least((Test(one),)) for one in delays) if bound is not None]
    return [case.joined(Case(waits=sum(known, Fraction(0)))) for case in found] if known else found
