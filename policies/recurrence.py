"""What happens again and again: whether two recurring intervals ever fall together, and within a window of time.

What lives here: the occurrences of `timeInterval` constraints that say where they begin. What does not: what else
constraints ask for together (`joint`). Source: ODRL Vocabulary 2.2, timeInterval ("a recurring period of time"). ODRL
has no term for the beginning; profiles have their own, which a reading keeps in `Atomic.reference`.

An occurrence is at the beginning and every period after it. Two such series meet where their beginnings lie a multiple
of the greatest common divisor of their periods apart. Beginnings without an offset are compared among themselves; with
a window that has one only where it is sure in whatever place of the world they are meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import gcd
from typing import Final

from msgspec import Struct

from policies.model import Atomic, Operator
from policies.vocabulary import OWN

ANCHORS: Final = frozenset(
    {OWN + "anchor", "http://w3id.org/drk/ontology/anchor", "http://www.w3.org/2006/time#hasBeginning"}
)
"""Properties of a constraint on `timeInterval` that say where the intervals begin."""

_DAY: Final = 86_400_000_000
_SLACK: Final = 14 * 3_600_000_000
_UNITS: Final = (7 * _DAY, _DAY, 3_600_000_000, 60_000_000, 1_000_000)
_PERIOD = re.compile(
    r"P(?:([0-9]{1,6})W|(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9})S)?)?)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Series(Struct, frozen=True):
    """Occurrences every `period` from `first` on (microseconds); each lasts `span`; `placed`: it has an offset."""

    first: int
    period: int
    span: int
    placed: bool


class Moment(Struct, frozen=True):
    """A stretch of time, half-open, in microseconds: UTC where it is `placed`, else on a clock that nobody names."""

    start: int
    end: int
    placed: bool


Stretch = tuple[int | None, int | None]
"""From and until, both included; None: open."""


def series(atom: Atomic) -> Series | None:
    """The occurrences that a constraint asks for; None where it does not say them."""
    name, _, text = atom.reference.partition(" ")
    begin = moment(text) if name in ANCHORS else None
    period = _period(atom.right[0]) if atom.operator is Operator.EQ and len(atom.right) == 1 else None
    if begin is None or not period:
        return None
    return Series(begin.start, period, begin.end - begin.start, begin.placed)


def moment(text: str) -> Moment | None:
    """A day, a time without an offset, one with it (also as microseconds UTC); None for any other text."""
    if text.isascii() and text.lstrip("-").isdigit() and len(text) > 8:
        return Moment(int(text), int(text) + 1, placed=True)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    placed = found.utcoffset() is not None
    at = ((found if placed else found.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
    return Moment(at, at + (_DAY if _DATE.fullmatch(text) else 1), placed)


def _period(text: str) -> int | None:
    """The length of a period without months and years; None for any other text."""
    found = _PERIOD.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))


def meet(several: Sequence[Series]) -> Series | None:
    """The occurrences that all series have in common; None where they have none. All are placed, or none is."""
    found: Series | None = several[0]
    for other in several[1:]:
        found = None if found is None else _both(found, other)
    return found


def _both(one: Series, other: Series) -> Series | None:
    shared = gcd(one.period, other.period)
    if (other.first - one.first) % shared:
        return None
    # first = one.first + k * one.period for the k that also lies on the other series.
    steps = (other.first - one.first) // shared * pow(one.period // shared, -1, other.period // shared)
    period = one.period // shared * other.period
    at = one.first + steps * one.period
    latest = max(one.first, other.first)
    return Series(latest + (at - latest) % period, period, min(one.span, other.span), one.placed)


def within(found: Series, window: Iterable[tuple[Operator, Moment]]) -> bool | None:
    """Does an occurrence fall within all bounds? None where that is not sure."""
    surely: Stretch = (None, None)
    maybe: Stretch = (None, None)
    for operator, bound in window:
        slack = 0 if bound.placed == found.placed else _SLACK
        surely, maybe = _narrowed(surely, operator, bound, slack), _narrowed(maybe, operator, bound, -slack)
    if not _falls(found, maybe, found.span - 1):
        return False
    return True if _falls(found, surely, 0) else None


def _narrowed(stretch: Stretch, operator: Operator, bound: Moment, slack: int) -> Stretch:
    low, high = {
        Operator.LT: (None, bound.start - 1),
        Operator.LTEQ: (None, bound.end - 1),
        Operator.GT: (bound.end, None),
        Operator.GTEQ: (bound.start, None),
    }.get(operator, (bound.start, bound.end - 1))
    lows = [one for one in (stretch[0], None if low is None else low + slack) if one is not None]
    highs = [one for one in (stretch[1], None if high is None else high - slack) if one is not None]
    return max(lows, default=None), min(highs, default=None)


def _falls(found: Series, stretch: Stretch, span: int) -> bool:
    """Is there an occurrence that begins, or with `span` is still going on, within the stretch?"""
    low, high = stretch
    start = found.first if low is None else max(found.first, low - span)
    return high is None or found.first + -(-(start - found.first) // found.period) * found.period <= high
