"""Durations: months and time, which are compared only as far as the calendar allows.

What lives here: reading xsd:duration, their partial order, how long something has lasted. What does not: notice periods
(`notice`). Source: XML Schema 1.1 part 2 (duration): a day is 24 hours, a year is 12 months, and a month is 28 to 31
days, so `P1M` is neither longer nor shorter than `P30D`.

A fact is a duration, or an interval between two instants (`START/END`, microseconds UTC): how long something has really
lasted. An interval is judged by adding the duration to its start, so nothing about it is unclear. Months are counted in
UTC, because the order of durations has to hold wherever they begin.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled
from policies.vocabulary import XSD

_TEXT = re.compile(
    r"P(?!$)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?"
    r"(?:T(?!$)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,10})(?:\.(\d{1,6})0*)?S)?)?",
    re.ASCII,
)
_WEEKS = re.compile(r"P(\d{1,5})W", re.ASCII)
_INTERVAL = re.compile(r"(-?\d{1,18})/(-?\d{1,18})", re.ASCII)
SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
_UNITS: Final = ((DAY, "P", "D"), (3600 * SECOND, "PT", "H"), (60 * SECOND, "PT", "M"), (SECOND, "PT", "S"))
_ROUND: Final = tuple(size for size, _, _ in _UNITS)
_MOST_MONTHS: Final = 1200
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

Length = tuple[int, int]
"""Months and microseconds."""


def read(text: str) -> str:
    """Canonical text: months where there are any, then the time in its largest whole unit. Raises `ValueError`."""
    if weeks := _WEEKS.fullmatch(text):
        return write((0, 7 * int(weeks[1]) * DAY))
    found = _TEXT.fullmatch(text)
    if found is None or text.endswith("T"):
        raise ValueError("not a duration")
    years, months, days, hours, minutes, seconds, fraction = found.groups()
    whole = (int(days or 0) * 24 + int(hours or 0)) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    length = int(years or 0) * 12 + int(months or 0), whole * SECOND + int((fraction or "0").ljust(6, "0"))
    if length[0] > _MOST_MONTHS or length[1] > _MOST_MONTHS * 31 * DAY:
        raise ValueError("longer than a hundred years")
    return write(length)


@lru_cache(maxsize=4096)
def length(canonical: str) -> Length:
    """Months and microseconds of a duration in canonical text. Raises `ValueError`."""
    found = _TEXT.fullmatch(canonical)
    if found is None:
        raise ValueError("not a duration")
    years, months, days, hours, minutes, seconds, fraction = found.groups()
    whole = (int(days or 0) * 24 + int(hours or 0)) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return int(years or 0) * 12 + int(months or 0), whole * SECOND + int((fraction or "0").ljust(6, "0"))


def write(length: Length) -> str:
    """`P3M`, `P90D`, `PT15M`, `P1MT12H`: years only where there is nothing but years."""
    months, time = length
    if not months:
        return _time(time)
    if not time:
        return f"P{months // 12}Y" if months % 12 == 0 else f"P{months}M"
    return f"P{months}M{_time(time).removeprefix('P')}"


def _time(time: int) -> str:
    for size, lead, sign in _UNITS:
        if time and time % size == 0:
            return f"{lead}{time // size}{sign}"
    if not time:
        return "PT0S"
    return f"PT{time // SECOND}.{time % SECOND:06d}".rstrip("0") + "S"


def lasted(start: int, end: int) -> str:
    """The fact that something has lasted from one instant to another (microseconds UTC)."""
    return f"{start}/{end}"


def fact(text: str) -> str:
    """A duration, or an interval that ends no earlier than it starts. Raises `ValueError`."""
    found = _INTERVAL.fullmatch(text)
    if found is None:
        return read(text)
    if int(found[2]) < int(found[1]):
        raise ValueError("ends before it starts")
    return text


def after(start: int, canonical: str) -> int:
    """The instant that lies a duration behind another; where a month has no such day, it is the month's last."""
    months, time = length(canonical)
    if not months:
        return start + time
    days, rest = divmod(start, DAY)
    day = date.fromordinal(days + _EPOCH_DAY)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    later = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return (later.toordinal() - _EPOCH_DAY) * DAY + rest + time


# --- order ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def bounds(months: int) -> tuple[int, int]:
    """How many days so many months (up to 1200) are at least and at most, wherever they begin."""
    if not months:
        return 0, 0
    # Every month of years around a century without a leap day and around one with: from first to first.
    starts = [year * 12 + month for first in (1888, 1988) for year in range(first, first + 24) for month in range(12)]
    spans = [_first(start + months) - _first(start) for start in starts]
    return min(spans), max(spans)


@lru_cache(maxsize=8192)
def _first(months: int) -> int:
    year, month = divmod(months, 12)
    return date(year, month + 1, 1).toordinal()


def differ(one: Length, two: Length) -> int | None:
    """-1, 0 or 1 as the first is shorter, equal or longer wherever both begin; None where that depends."""
    months, time = two[0] - one[0], one[1] - two[1]
    if months < 0:
        turned = differ(two, one)
        return None if turned is None else -turned
    least, most = bounds(months)
    if time < least * DAY:
        return -1
    if time > most * DAY:
        return 1
    return 0 if least == most and time == least * DAY else None


@lru_cache(maxsize=8192)
def _compare(fact: str, right: str) -> int | None:
    found = _INTERVAL.fullmatch(fact)
    if found is None:
        return differ(length(fact), length(right))
    end, due = int(found[2]), after(int(found[1]), right)
    return (end > due) - (end < due)


class Durations(Sampled):
    """Durations as values. INVARIANT: exact about durations; what follows about intervals is sound."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str) or len(right) != 1:
            return None
        found = _compare(fact, right[0])
        if found is None:
            return None
        match operator:
            case Operator.LT:
                return found < 0
            case Operator.LTEQ:
                return found <= 0
            case Operator.GT:
                return found > 0
            case Operator.GTEQ:
                return found >= 0
            case Operator.EQ:
                return found == 0
            case Operator.NEQ:
                return found != 0
            case _:
                return None

    def effort(self, claims: Sequence[Claim]) -> int:
        """About a quarter of the number of samples."""
        most = max((months + -(-time // (28 * DAY)) for months, time in map(_length_of, claims)), default=0)
        return 2 * (most + 2) * (len(claims) + 1)

    def witness(self, premises: Sequence[Claim]) -> str | None:
        """A duration for which all premises hold, in whole days, hours or seconds where one of these does; None where
        there is none."""
        found = super().witness(premises)
        if found is None or any(found == premise.right for premise in premises):
            return found
        months, time = length(found)
        near = (up * size for size in _ROUND for up in (-(-time // size), time // size))
        whole = (write((months, one)) for one in near)
        return next((one for one in whole if all(self._is(premise, one) for premise in premises)), found)

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """For each number of months that matters the times at which an answer changes, and both sides of them."""
        named = [length(claim.right) for claim in claims]
        most = max((months + -(-time // (28 * DAY)) for months, time in named), default=0)
        times = ((months, time) for months in range(most + 2) for time in _edges(months, named))
        yield from dict.fromkeys(claim.right for claim in claims)
        seen: set[Length] = set()
        for one in times:
            if one not in seen:
                seen.add(one)
                yield write(one)


def _edges(months: int, named: Sequence[Length]) -> Iterator[int]:
    """With so many months: the times at which the order to one of the named durations changes."""
    edges = {0, DAY}
    for other, time in named:
        low, high = bounds(abs(other - months))
        for days in (low, high) if other >= months else (-high, -low):
            edges.update((time + days * DAY - 1, time + days * DAY, time + days * DAY + 1))
    ordered = sorted(edge for edge in edges if edge >= 0)
    yield from ordered
    yield from (low + (high - low) // 2 for low, high in pairwise(ordered))
    yield ordered[-1] + DAY


def _length_of(claim: Claim) -> Length:
    return length(claim.right)


DATATYPES: Final = frozenset({XSD + "duration", XSD + "dayTimeDuration", XSD + "yearMonthDuration"})
