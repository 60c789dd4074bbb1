"""Points in time in foreign policies, where a time may lack its offset: `2027-01-15T12:00:00`.

What lives here: reading such values and comparing them. What does not: our own forms, which refuse a time without an
offset (`instants`). Two times without an offset are compared as they stand; one with an offset and one without only
where that is sure in whatever place of the world the other is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from policies import instants
from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled

_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6}0*)?)?", re.ASCII)
_BERLIN: Final = ZoneInfo(instants.ZONE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SLACK: Final = 14 * 3600 * 1_000_000

Span = tuple[int, int, bool]
"""Half-open, in microseconds; whether it has an offset."""


def read(text: str) -> str:
    """Canonical text: microseconds UTC, a day, or a time without an offset as it stands. Raises `ValueError`."""
    if not _NAIVE.fullmatch(text):
        return instants.read(text)
    return instants.stamp(instants.instant(text + "Z")).removesuffix("Z")


def floating(text: str) -> bool:
    """Is it a time without an offset?"""
    return _NAIVE.fullmatch(text) is not None


def berlin(text: str) -> int:
    """A time without an offset as one on the clock in Europe/Berlin: microseconds UTC. Raises `ValueError`."""
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None or not 1900 < local.year < 9999:
        raise ValueError("not a time without an offset")
    moment = local.replace(tzinfo=_BERLIN).astimezone(UTC) - _EPOCH
    return (moment.days * 86_400 + moment.seconds) * 1_000_000 + moment.microseconds


def _span(canonical: str) -> Span:
    if _NAIVE.fullmatch(canonical):
        at = instants.instant(canonical + "Z")
        return at, at + 1, False
    return (*instants.span(canonical), True)


class Moments(Sampled):
    """Points in time with an offset or without. A fact is an instant (microseconds UTC) or a text. INVARIANT: exact."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if len(right) != 1 or not isinstance(fact, int | str):
            return None
        first, last, placed = _span(str(fact))
        between = {at for at in _edges(right[0], placed) if first < at < last} if last - first > 1 else ()
        found = {_judge(operator, right[0], at, placed) for at in (first, *between, last - 1)}
        return found.pop() if len(found) == 1 else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """On both sides of where an answer changes, with an offset and without."""
        return dict.fromkeys((*(claim.right for claim in claims), *_around(claims), "0"))


def _judge(operator: Operator, right: str, at: int, placed: bool) -> bool | None:
    start, end, fixed = _span(right)
    slack = 0 if placed == fixed else _SLACK
    match operator:
        case Operator.LT:
            return _before(at, start, slack)
        case Operator.LTEQ:
            return _before(at, end, slack)
        case Operator.GT:
            return _not(_before(at, end, slack))
        case Operator.GTEQ:
            return _not(_before(at, start, slack))
        case Operator.EQ | Operator.NEQ:
            outside = at + slack < start or at - slack >= end
            found = False if outside else None if slack else True
            return found if operator is Operator.EQ else _not(found)
        case _:
            return None


def _before(at: int, bound: int, slack: int) -> bool | None:
    return True if at + slack < bound else False if at - slack >= bound else None


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found


def _edges(right: str, placed: bool) -> set[int]:
    """Where an answer about a time, with an offset or without, changes, and what lies just before."""
    start, end, fixed = _span(right)
    slack = 0 if placed == fixed else _SLACK
    return {edge + step for edge in (start - slack, start + slack, end - slack, end + slack) for step in (-1, 0)}


def _around(claims: Sequence[Claim]) -> Iterator[str]:
    for claim in claims:
        yield from map(str, sorted(_edges(claim.right, True)))
        yield from (instants.stamp(at).removesuffix("Z") for at in sorted(_edges(claim.right, False)))
