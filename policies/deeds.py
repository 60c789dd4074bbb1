"""What can have been done about duties, as one variable of a world: which of them are performed or violated, and when.

What lives here: the kinds of deeds that the duties of the compared policies ask for, and the cases of them that can
be. What does not: how far a duty is (`duties` decides, and confirms every case that is handed out).

INVARIANT: who has done the stricter of two duties has done the other; and who can no longer do the other can no longer
do the stricter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, permutations, product
from typing import Final, assert_never

from msgspec import Struct

from policies.claims import TooLargeError
from policies.facts import Facts
from policies.model import Access, Atomic, Constraint, Deed, Rule
from policies.strictness import Key, at_least, deed_key
from policies.truth import Truth, every
from policies.worlds import SOMEBODY, Case, Part, Spend, judge, settle

_MOST: Final = 4096
_MOST_KINDS: Final = 12


class Done(Struct, frozen=True):
    """A test: was the deed done, and if `deadlines` are given, while they held?"""

    deed: int
    deadlines: tuple[Constraint, ...] | None = None


class Failed(Struct, frozen=True):
    """A test: is it known that the deed can no longer be done?"""

    deed: int


Test = Done | Failed | Atomic


class Doing(Struct, frozen=True):
    """How it stands with one kind of deed: done at an instant (None: it does not matter when), failed."""

    done: bool
    failed: bool
    at: int | None = None


class Deeds:
    """The kinds of deeds that are asked for, by number."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self._rules: list[Rule] = []
        self._names: list[set[str]] = []

    def number(self, rule: Rule) -> int:
        """The number of the kind of deed that a duty asks for."""
        number = self._numbers.setdefault(deed_key(rule), len(self._rules))
        if number == len(self._rules):
            self._rules.append(rule)
            self._names.append(set())
        self._names[number].add(rule.id)
        return number

    def cases(self, tests: Sequence[Test], clock: Sequence[int], spend: Spend) -> list[Case]:
        """Every way in which it can stand with the deeds that are tested, at every instant (if any) that matters.

        Raises `TooLargeError`.
        """
        numbers = sorted({test.deed for test in tests if isinstance(test, Done | Failed)})
        timed = any(isinstance(test, Done) and test.deadlines for test in tests)
        standings = (
            (now, standing)
            for now in (clock or (None,))
            for standing in self._standings(numbers, clock if timed else (), now, spend)
        )
        listed = list(islice(standings, _MOST + 1))
        if len(listed) > _MOST:
            raise TooLargeError
        return settle(
            ((self._part(now, standing), [_truth(test, now, standing) for test in tests]) for now, standing in listed),
            spend,
        )

    def _standings(
        self, numbers: Sequence[int], clock: Sequence[int], now: int | None, spend: Spend
    ) -> Iterator[dict[int, Doing]]:
        times = [at for at in clock if now is not None and at <= now]
        each = [Doing(False, False), Doing(False, True), *(Doing(True, False, at) for at in times or (None,))]
        each += [Doing(True, True, at) for at in times or (None,)]
        if len(numbers) > _MOST_KINDS:
            raise TooLargeError
        stricter = [
            (one, other) for one, other in permutations(numbers, 2) if at_least(self._rules[one], self._rules[other])
        ]
        for chosen in product(each, repeat=len(numbers)):
            spend(1 + len(stricter))
            standing = dict(zip(numbers, chosen, strict=True))
            if all(_fit(standing[one], standing[other]) for one, other in stricter):
                yield standing

    def _part(self, now: int | None, standing: dict[int, Doing]) -> Part:
        performed = [deed for one, how in standing.items() if how.done for deed in self._written(one, standing, how.at)]
        violated = [deed for one, how in standing.items() if how.failed for deed in self._written(one, standing, None)]
        return Part(now=now, performed=tuple(performed), violated=tuple(violated))

    def _written(self, number: int, others: dict[int, Doing], at: int | None) -> Iterator[Deed]:
        """The deed in the words of a request. By the names of its duties where others ask for the same action."""
        rule, names = self._rules[number], self._names[number]
        alike = [one for one in others if one != number and self._rules[one].action == rule.action]
        named = all(name and not name.startswith("_:") for name in names)
        apart = not any(names & self._names[one] for one in alike)
        if alike and named and apart:
            yield from (Deed(duty=name, at=at) for name in sorted(names))
        else:
            scoped = any(self._rules[one].assignee is not None for one in (*alike, number))
            by = rule.assignee.iri if rule.assignee is not None else SOMEBODY if scoped else ""
            yield Deed(action=rule.action, by=by, at=at)


def _fit(mine: Doing, its: Doing) -> bool:
    """Can it stand so with a stricter deed and with another?"""
    if mine.done and not (its.done and (its.at or 0) <= (mine.at or 0)):
        return False
    return mine.failed or not its.failed


def _truth(test: Test, now: int | None, standing: dict[int, Doing]) -> Truth:
    match test:
        case Done(deed, deadlines):
            how = standing[deed]
            return how.done and (not deadlines or every(deadlines, _at(now if how.at is None else how.at)) is True)
        case Failed(deed):
            return standing[deed].failed
        case Atomic():
            return judge(test, now)
        case _:
            assert_never(test)


def _at(instant: int | None) -> Facts:
    return Facts(Access("", "", ""), instant, None)
