"""Can constraints hold together? In three values: they can, they cannot, nobody can say.

What lives here: the constraints on one operand, and those on operands of time that bound each other. What does not:
which constraints meet (`conflicts`), series of occurrences (`recurrence`), what is stated of concepts (`concepts`), the
values of an operand (`operands`).
Source: ODRL Information Model 2.2, 2.5; ODRL Vocabulary 2.2, elapsedTime, meteredTime, delayPeriod.

INVARIANT: `CONFLICT` and `COMPATIBLE` are shown, by a contradiction and by a value; everything else is `UNKNOWN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import islice, product
from typing import Final, assert_never

from msgspec import Struct

from policies import operands, recurrence
from policies.claims import Claim
from policies.concepts import SPATIAL, World, world
from policies.facts import REQUEST_RATE, window
from policies.model import ODRL, Atomic, Operator
from policies.places import GEOCODING
from policies.vocabulary import OWN, XSD


class Verdict(StrEnum):
    """What can be said about two sides, worst first."""

    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    COMPATIBLE = "compatible"


_RANK: Final = {Verdict.CONFLICT: 0, Verdict.UNKNOWN: 1, Verdict.COMPATIBLE: 2}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """All have to hold (Kleene minimum); compatible where there is none."""
    return min(verdicts, key=_RANK.__getitem__, default=Verdict.COMPATIBLE)


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """One is enough (Kleene maximum); a conflict where there is none."""
    return max(verdicts, key=_RANK.__getitem__, default=Verdict.CONFLICT)


class Test(Struct, frozen=True):
    """A constraint that is asserted (`holds`) or denied."""

    atom: Atomic
    holds: bool = True


OPEN_WORLD: Final = frozenset({ODRL + "purpose", OWN + "legalBasis", ODRL + "language"})
"""Operands whose values are concepts of a vocabulary that does not say what is disjoint (or says it: languages)."""

PERIODIC: Final = ODRL + "timeInterval"
"""Two recurring intervals meet or miss each other by when they begin, which a constraint may not say."""

_NAMING: Final = frozenset({XSD + "anyURI", XSD + "string"})
_CHOICES: Final = 256
_DENYING: Final = frozenset({Operator.NEQ, Operator.IS_NONE_OF})
_IDENTITY: Final = frozenset({Operator.EQ, Operator.NEQ, Operator.IS_ANY_OF, Operator.IS_NONE_OF})


def together(left: str, tests: Sequence[Test], *, parties: int = 1) -> Verdict:
    """Is there a value of the operand for which all tests come out? `parties`: how many policies speak in them."""
    if left == PERIODIC and (parties > 1 or any(test.atom.reference for test in tests)):
        return recurring(tests, ())
    known = [test for test in tests if not test.atom.reference]
    windows = {window(test.atom.right[0]) for test in known} if left == REQUEST_RATE else {""}
    # Rates over two windows are two values.
    apart = [[t for t in known if not size or window(t.atom.right[0]) == size] for size in windows]
    verdict = worst(_known(left, some) for some in apart if some)
    return Verdict.UNKNOWN if verdict is Verdict.COMPATIBLE and len(known) < len(tests) else verdict


def recurring(tests: Sequence[Test], times: Sequence[Test]) -> Verdict:
    """Do recurring intervals ever fall together, and at a time that is asked for? Unknown where one of them does not
    say when it begins."""
    found = [recurrence.series(test.atom) for test in tests if test.holds]
    told = [one for one in found if one is not None]
    if len(told) < len(tests) or len({one.placed for one in told}) > 1 or len({test.atom.unit for test in tests}) > 1:
        return Verdict.UNKNOWN
    common = recurrence.meet(told)
    if common is None:
        return Verdict.CONFLICT
    bounds = [bound for test in times if (bound := _bound(test)) is not None]
    falls = recurrence.within(common, bounds)
    if falls is False:
        return Verdict.CONFLICT
    return Verdict.COMPATIBLE if falls and len(bounds) == len(times) else Verdict.UNKNOWN


_OPPOSITE: Final = {
    Operator.LT: Operator.GTEQ,
    Operator.GTEQ: Operator.LT,
    Operator.GT: Operator.LTEQ,
    Operator.LTEQ: Operator.GT,
    Operator.NEQ: Operator.EQ,
}


def _bound(test: Test) -> tuple[Operator, recurrence.Moment] | None:
    """What a constraint on time says of a window; None where that is no bound."""
    operator = test.atom.operator if test.holds else _OPPOSITE.get(test.atom.operator)
    at = recurrence.moment(test.atom.right[0]) if len(test.atom.right) == 1 and not test.atom.reference else None
    bounding = operator is Operator.EQ or (operator in _OPPOSITE and operator is not Operator.NEQ)
    return (operator, at) if operator is not None and at is not None and bounding else None


def _known(left: str, tests: Sequence[Test]) -> Verdict:
    if len({test.atom.unit for test in tests}) > 1:
        return Verdict.UNKNOWN
    if _conceptual(left, tests):
        return _concepts(left, tests)
    datatypes = {test.atom.datatype for test in tests}
    if len(datatypes) > 1:
        return Verdict.UNKNOWN
    return _values(left, datatypes.pop(), tests)


def _conceptual(left: str, tests: Sequence[Test]) -> bool:
    if any(test.atom.datatype in _NAMING for test in tests) or left in OPEN_WORLD:
        return all(test.atom.datatype in (*_NAMING, "") for test in tests)
    return left == SPATIAL and not all(value.startswith(GEOCODING) for t in tests for value in t.atom.right)


# --- values of the registry -------------------------------------------------------------------------------------------


def _values(left: str, datatype: str, tests: Sequence[Test]) -> Verdict:
    """By what the operand knows of its values, or the datatype of the values says of them."""
    try:
        operand = operands.generic(left, datatype) if datatype else operands.find(left)
    except ValueError:
        operand = None
    if operand is None or any(_beyond(test) for test in tests):
        return Verdict.UNKNOWN
    if not operand.manifold:
        return _one_value(operand, tests)
    # Of several values at once, each demand may be met by another; what is denied, none may be.
    demands = [test for test in tests if test.holds is not (test.atom.operator in _DENYING)]
    denials = [test for test in tests if test not in demands]
    return worst(_one_value(operand, [*denials, *some]) for some in ([[one] for one in demands] or [[]]))


def _one_value(operand: operands.Operand, tests: Sequence[Test]) -> Verdict:
    found = Verdict.CONFLICT
    choices = list(islice(product(*map(_choices, tests)), _CHOICES + 1))
    if len(choices) > _CHOICES:
        return Verdict.UNKNOWN
    for choice in choices:
        claims = [claim for claims in choice for claim in claims]
        if operand.values.possible(claims):
            if operand.values.witness(claims) is not None:
                return Verdict.COMPATIBLE
            found = Verdict.UNKNOWN
    return found


def _beyond(test: Test) -> bool:
    """Is the test about several values at once, or broader and narrower at once?"""
    several = test.atom.operator is Operator.IS_ALL_OF and len(test.atom.right) > 1
    return several or test.atom.operator is Operator.HAS_PART


def _choices(test: Test) -> list[tuple[Claim, ...]]:
    """The test as alternatives, each of claims that all hold."""
    atom, holds = test.atom, test.holds
    if atom.operator in _DENYING:
        holds = not holds
    operator = Operator.EQ if atom.operator in (*_IDENTITY, Operator.IS_ALL_OF) else atom.operator
    claims = tuple(Claim(atom.left, operator, value, holds) for value in atom.right)
    if holds and atom.operator in (Operator.IS_ANY_OF, Operator.IS_NONE_OF):
        return [(claim,) for claim in claims]
    return [claims]


# --- concepts ---------------------------------------------------------------------------------------------------------


class _Sort(StrEnum):
    """What is asked of a concept: to be one of these, to lie within this, to hold this."""

    AMONG = "among"
    WITHIN = "within"
    AROUND = "around"


class _Demand(Struct, frozen=True):
    """One demand on a concept, or its denial."""

    sort: _Sort
    values: tuple[str, ...]
    holds: bool


_SORTS: Final = {
    **dict.fromkeys(_IDENTITY, _Sort.AMONG),
    Operator.IS_A: _Sort.WITHIN,
    Operator.IS_PART_OF: _Sort.WITHIN,
    Operator.HAS_PART: _Sort.AROUND,
}


def _concepts(left: str, tests: Sequence[Test]) -> Verdict:
    found = list(_demands(tests))
    if len(found) < len(tests):
        return Verdict.UNKNOWN
    named = list(dict.fromkeys(value for demand in found for value in demand.values))
    about = world(left, named)
    for concept in (*named, *about.known, _ANOTHER):
        if all(_met(demand, concept, about) for demand in found):
            return Verdict.COMPATIBLE
    if any(_clash(one, two, about) for place, one in enumerate(found) for two in found[place + 1 :]):
        return Verdict.CONFLICT
    return Verdict.UNKNOWN


_ANOTHER: Final = ""
"""Stands for a concept of which nothing is stated."""


def _demands(tests: Sequence[Test]) -> Iterator[_Demand]:
    """The tests that are demands on one concept."""
    for test in tests:
        operator = test.atom.operator
        if operator is Operator.IS_ALL_OF and len(test.atom.right) == 1:
            operator = Operator.EQ
        if operator in _SORTS:
            yield _Demand(_SORTS[operator], test.atom.right, test.holds is not (operator in _DENYING))


def _met(demand: _Demand, concept: str, about: World) -> bool:
    """Is it shown that the concept meets the demand?"""
    if demand.sort is _Sort.AMONG:
        return (concept in demand.values) is demand.holds
    if concept == _ANOTHER:
        return False
    (value,) = demand.values
    pair = (concept, value) if demand.sort is _Sort.WITHIN else (value, concept)
    return about.within(*pair) if demand.holds else _without(*pair, about)


def _without(inner: str, outer: str, about: World) -> bool:
    """Is it shown that the first does not lie within the second?"""
    return about.apart(inner, outer) or (about.closed and not about.within(inner, outer))


def _clash(one: _Demand, two: _Demand, about: World) -> bool:
    """Is it shown that no concept meets both?"""
    first, second = sorted((one, two), key=lambda demand: (not demand.holds, demand.sort is not _Sort.AMONG))
    if not first.holds:
        return False
    match first.sort:
        case _Sort.AMONG:
            return all(_refused(value, second, about) for value in first.values)
        case _Sort.WITHIN:
            return _within_clash(first.values[0], second, about)
        case _Sort.AROUND:
            return _around_clash(first.values[0], second, about)
        case _:
            assert_never(first.sort)


def _refused(value: str, demand: _Demand, about: World) -> bool:
    """Is it shown that this very concept does not meet the demand?"""
    if demand.sort is _Sort.AMONG:
        if not demand.holds:
            return value in demand.values
        return all(about.apart(value, other) or (about.closed and value != other) for other in demand.values)
    pair = (value, demand.values[0]) if demand.sort is _Sort.WITHIN else (demand.values[0], value)
    return _without(*pair, about) if demand.holds else about.within(*pair)


def _within_clash(outer: str, demand: _Demand, about: World) -> bool:
    """Can nothing that lies within `outer` meet the demand?"""
    match demand.sort:
        case _Sort.WITHIN:
            other = demand.values[0]
            return about.apart(outer, other) if demand.holds else about.within(outer, other)
        case _Sort.AROUND:
            return demand.holds and _without(demand.values[0], outer, about)
        case _:
            return False


def _around_clash(inner: str, demand: _Demand, about: World) -> bool:
    """Can nothing that holds `inner` meet the demand?"""
    other = demand.values[0]
    match demand.sort:
        case _Sort.WITHIN:
            return demand.holds and _without(inner, other, about)
        case _Sort.AROUND:
            return not demand.holds and about.within(other, inner)
        case _:
            return False


# --- operands of time that bound each other ---------------------------------------------------------------------------

TIME: Final = ODRL + "dateTime"
ELAPSED: Final = ODRL + "elapsedTime"
METERED: Final = ODRL + "meteredTime"
DELAY: Final = ODRL + "delayPeriod"

_PERIOD = re.compile(r"P(?:([0-9]+)W|(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?)")
_SECONDS: Final = (604_800, 86_400, 3_600, 60, 1)
_LOWER: Final = frozenset({Operator.EQ, Operator.GTEQ, Operator.GT})
_UPPER: Final = frozenset({Operator.EQ, Operator.LTEQ, Operator.LT})
_STRICT: Final = frozenset({Operator.GT, Operator.LT})

Bound = tuple[Fraction, bool]
"""Seconds, and whether the bound itself is left out."""


def exceeds(least: Bound, most: Bound) -> bool:
    """Is more demanded than there can be?"""
    return least[0] > most[0] or (least[0] == most[0] and (least[1] or most[1]))


def least(tests: Iterable[Test]) -> Bound | None:
    """The longest of the periods that must at least pass; None where there is none that can be told in seconds."""
    return max(_bounds(tests, _LOWER), default=None)


def most(tests: Iterable[Test]) -> Bound | None:
    """The shortest of the periods that may at most pass."""
    return min(_bounds(tests, _UPPER), key=lambda bound: (bound[0], not bound[1]), default=None)


def _bounds(tests: Iterable[Test], operators: frozenset[Operator]) -> Iterator[Bound]:
    for test in tests:
        if test.holds and test.atom.operator in operators and len(test.atom.right) == 1:
            length = seconds(test.atom.right[0])
            if length is not None:
                yield length, test.atom.operator in _STRICT


def seconds(period: str) -> Fraction | None:
    """The length of an ISO 8601 duration without months and years; None for any other text."""
    found = _PERIOD.fullmatch(period)
    if found is None or not any(found.groups()):
        return None
    return sum((Fraction(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True)), Fraction(0))
