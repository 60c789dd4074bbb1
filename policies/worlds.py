"""The worlds in which policies are compared: everything that a request and its circumstances can be, in few cases.

What lives here: the variables of a world (party, action, target, clock, counter, one for each operand, what was done
about duties), and for each of them the cases that the policies can tell apart, each with a concrete stand-in. What does
not: which formula a policy is (`permission`), the search (`witness`).

In a world every operand has one value or none; an access for two purposes at once is not looked at. A party that is
named is itself; only what a policy calls a collection has members. The clock and the counter are always known. A
constraint that nobody understands may come out either way, and no request can show how; nor can it where a policy names
a value of which nobody can say whether it meets another's constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, combinations, islice
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from policies.calendars import HOURS, SEASONS, WEEKDAYS, moments
from policies.candidates import ELSEWHERE, candidates
from policies.claims import TooLargeError
from policies.duties import belongs_to
from policies.facts import clock as told
from policies.facts import operand_of, reached, read
from policies.formula import NO, OPEN, YES
from policies.model import Access, Atomic, Deed, Operator
from policies.moments import berlin, floating
from policies.operands import DATE_TIME, Operand
from policies.places import Places, path
from policies.requests import Request
from policies.taxonomy import Taxonomy
from policies.truth import Truth, compare
from policies.vocabulary import ACTIONS, USE

SOMEBODY: Final = "did:web:somebody.example"
SOMETHING: Final = "https://somebody.example/something"

_MOST: Final = 4096
"""How many cases a variable may have before they are told apart."""


class Spend(Protocol):
    """Counts steps of work. Raises `TooLargeError` where none are left."""

    def __call__(self, steps: int = 1) -> None: ...


class Sort(StrEnum):
    """What a variable is about."""

    ACTION = "action"
    ASSIGNEE = "assignee"
    TARGET = "target"
    MEMBER = "member"
    CLOCK = "clock"
    COUNTER = "counter"
    OPERAND = "operand"
    DEEDS = "deeds"
    OPAQUE = "opaque"


class Part(Struct, frozen=True):
    """What one case contributes to a request."""

    action: str = ""
    assignee: str = ""
    target: str = ""
    now: int | None = None
    count: int | None = None
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    belongs: tuple[tuple[Sort, str], ...] = ()
    """Collections that the assignee, or the target, is a member of."""

    performed: tuple[Deed, ...] = ()
    violated: tuple[Deed, ...] = ()
    opaque: bool = False


class Case(Struct, frozen=True):
    """How the tests of a variable come out in some of its values, and a value for which they do."""

    outcomes: tuple[int, ...]
    part: Part


def outcome(truth: Truth) -> int:
    """A truth as a mask."""
    return OPEN if truth is None else YES if truth else NO


def key(atom: Atomic) -> Atomic:
    """The constraint without what does not matter for its truth."""
    right = tuple(sorted(set(atom.right)))
    return Atomic(atom.left, atom.operator, right, datatype=atom.datatype, reference=atom.reference, status=atom.status)


class Tests:
    """The tests of one variable, in the order in which they were met."""

    def __init__(self, sort: Sort, name: str = "") -> None:
        self.sort, self.name = sort, name
        self._places: dict[object, int] = {}

    def place(self, test: object) -> int:
        """The number of a test."""
        return self._places.setdefault(test, len(self._places))

    def listed(self) -> list[object]:
        """All of them, in order."""
        return list(self._places)


def settle(worlds: Iterable[tuple[Part, Iterable[Truth]]], spend: Spend) -> list[Case]:
    """The cases that differ in how the tests come out, each with the first part that shows it. `spend` may raise."""
    found: dict[tuple[int, ...], Case] = {}
    for part, truths in worlds:
        outcomes = tuple(map(outcome, truths))
        spend(2 + 2 * len(outcomes))
        if outcomes not in found:
            found[outcomes] = Case(outcomes, part)
    return list(found.values())


# --- names ------------------------------------------------------------------------------------------------------------


def actions(tests: Sequence[str], spend: Spend) -> list[Case]:
    """Actions: those that are named first."""
    known = sorted(ACTIONS, key=lambda action: (action != USE, action))
    named = dict.fromkeys((*tests, *known))
    return settle(((Part(action=one), [belongs_to(one, test) for test in tests]) for one in named), spend)


def names(sort: Sort, tests: Sequence[str], spend: Spend) -> list[Case]:
    """Parties or assets: each that is named, and one that is not."""
    if sort is Sort.ASSIGNEE:
        parts = (Part(assignee=one) for one in (*tests, SOMEBODY))
        return settle(((part, [part.assignee == test for test in tests]) for part in parts), spend)
    parts = (Part(target=one) for one in (*tests, SOMETHING))
    return settle(((part, [part.target == test for test in tests]) for part in parts), spend)


def membership(name: str) -> list[Case]:
    """In a collection, or not. `name` is the sort of the member and the collection, with a blank between."""
    sort, _, collection = name.partition(" ")
    return [Case((YES,), Part(belongs=((Sort(sort), collection),))), Case((NO,), Part())]


# --- facts ------------------------------------------------------------------------------------------------------------


def facts(tests: Sequence[Atomic], spend: Spend) -> list[Case]:
    """The values of one operand (of rates: over one window), and that none is known."""
    valued = list(_valued(tests, spend))
    nothing = (Part(), [compare(_operand(test), test, reached(test)) for test in tests])
    return settle((*valued, nothing, *_undecided(tests, valued)), spend)


def _undecided(
    tests: Sequence[Atomic], valued: Iterable[tuple[Part, list[Truth]]]
) -> Iterator[tuple[Part, Iterable[Truth]]]:
    """A value that one constraint names, and of which nobody can say whether another holds, may come out either way:
    two places of which no more than the names are known may well lie in one another. What is known to be broader than
    what is asked for is no such value: then nothing can be said of the access, and that is a case like any other."""
    named = {(value,) for test in tests for value in test.right if _a_name_alone(_operand(test), value)}
    for part, truths in valued:
        if None in truths and any(values in named for _, values in part.values):
            for open_ in (True, False):
                yield Part(opaque=True), [open_ if truth is None else truth for truth in truths]


def _a_name_alone(operand: Operand, value: str) -> bool:
    """Is no more known of a term or a place than its name?"""
    match operand.values:
        case Taxonomy() as table:
            return value not in frozenset(table.terms())
        case Places():
            return path(value) is None
        case _:
            return False


def counts(tests: Sequence[Atomic], spend: Spend) -> list[Case]:
    """The number of the use that is asked for: always known."""
    numbers = [int(text) for text in candidates(_operand(tests[0]), tests)]
    parts = ((Part(count=n - 1), [compare(_operand(test), test, (n,)) for test in tests]) for n in numbers)
    return settle(parts, spend)


def _valued(tests: Sequence[Atomic], spend: Spend) -> Iterator[tuple[Part, list[Truth]]]:
    operands = [_operand(test) for test in tests]
    for values in _stated(tests, spend):
        spend(len(tests))
        # Two constraints may take the operand for different kinds of things; what one cannot read it does not know.
        known = [read(operand, values) or reached(test) for operand, test in zip(operands, tests, strict=True)]
        if any(known):
            truths = [compare(*one) for one in zip(operands, tests, known, strict=True)]
            yield Part(values=((tests[0].left, values),)), truths


def _stated(tests: Sequence[Atomic], spend: Spend) -> Iterator[tuple[str, ...]]:
    """What may be stated of an operand: one value; several where a constraint asks for all of some, or where somebody
    may be several things."""
    apart = _by_operand(tests)
    for one in dict.fromkeys(text for operand, some in apart for text in _counted(candidates(operand, some), spend)):
        yield (one,)
    whole = [test.right for test in tests if test.operator is Operator.IS_ALL_OF]
    if whole or any(operand.manifold for operand, _ in apart):
        named = list(dict.fromkeys(value for test in tests for value in test.right))
        several = (some for size in range(2, len(named) + 2) for some in combinations([*named, ELSEWHERE], size))
        listed = list(islice(several, _MOST + 1))
        if len(listed) > _MOST:
            raise TooLargeError
        yield from listed


def _by_operand(tests: Sequence[Atomic]) -> list[tuple[Operand, list[Atomic]]]:
    """Constraints apart by what they take their operand for: none of them reads the values of another."""
    operands = {id(operand): operand for operand in map(_operand, tests)}.values()
    return [(operand, [test for test in tests if _operand(test) is operand]) for operand in operands]


def _counted(texts: Iterable[str], spend: Spend) -> Iterator[str]:
    for text in texts:
        spend()
        yield text


def _operand(test: Atomic) -> Operand:
    operand = operand_of(test)
    assert operand is not None, "a constraint that nobody understands is a variable of its own"
    return operand


# --- the clock --------------------------------------------------------------------------------------------------------


def instants(tests: Sequence[Atomic], spend: Spend) -> list[int]:
    """Instants that stand for all others, by the constraints on the clock. Raises `TooLargeError`."""
    by_values: dict[object, list[Atomic]] = {}
    for test in tests:
        by_values.setdefault(_operand(test).values, []).append(test)
    cycles = [
        [text for test in by_values.pop(cycle, ()) for text in test.right] for cycle in (HOURS, WEEKDAYS, SEASONS)
    ]
    dated = [text for some in by_values.values() for text in candidates(_operand(some[0]), some)]
    edges = [int(text) for text in dated if text.lstrip("-").isdigit()]
    found = (*edges, *(moments(edges, *cycles, spend=spend) if any(cycles) else ()))
    return list(dict.fromkeys(found))


def judge(test: Atomic, now: int | None) -> Truth:
    """How a constraint on the clock comes out."""
    return None if now is None else compare(_operand(test), test, (now,))


def clock(tests: Sequence[Atomic], spend: Spend) -> list[Case]:
    """The time of the request: always known."""
    placed = ((Part(now=now), [judge(test, now) for test in tests]) for now in instants(tests, spend))
    return settle(chain(placed, _floating(tests)), spend)


def _floating(tests: Sequence[Atomic]) -> Iterator[tuple[Part, list[Truth]]]:
    """Times without an offset, where constraints name some: these are held against them as they stand."""
    dated = [test for test in tests if test.left == DATE_TIME]
    for text in dict.fromkeys(text for operand, some in _by_operand(dated) for text in candidates(operand, some)):
        if floating(text):
            part = Part(now=berlin(text), values=((DATE_TIME, (text,)),))
            access = Access(USE, SOMEBODY, SOMETHING, values=dict(part.values))
            known = [told(test, access, part.now or 0) for test in tests]
            yield part, [compare(_operand(test), test, (fact,)) for test, fact in zip(tests, known, strict=True)]


# --- putting together -------------------------------------------------------------------------------------------------


def request(parts: Iterable[Part]) -> Request | None:
    """The request that the parts make; None where one of them is a constraint that nobody understands."""
    found, count, now = Access(USE, SOMEBODY, SOMETHING), 0, None
    belongs: list[tuple[Sort, str]] = []
    for part in parts:
        if part.opaque:
            return None
        found = replace(
            found,
            action=part.action or found.action,
            assignee=part.assignee or found.assignee,
            target=part.target or found.target,
            values={**found.values, **{left: (*found.values.get(left, ()), *more) for left, more in part.values}},
            performed=(*found.performed, *part.performed),
            violated=(*found.violated, *part.violated),
        )
        count = count if part.count is None else part.count
        now = now if part.now is None else part.now
        belongs += part.belongs
    members: dict[str, tuple[str, ...]] = {}
    for sort, collection in belongs:
        name = found.assignee if sort is Sort.ASSIGNEE else found.target
        members[name] = (*members.get(name, ()), collection)
    return Request(replace(found, members=members), now, count)
