"""What comes back: hours of the day, days of the week, seasons; on the clock and the calendar of Europe/Berlin.

What lives here: reading them, whether an instant falls into them, and instants that stand for all. What does not:
points in time (`instants`), how long something lasts (`durations`).

A value covers one stretch of a cycle or, where it runs over the end (`22:00/06:00`, `11-01/03-31`), two. The wall clock
counts: the hour that is repeated in October is covered twice, and the one left out in March never comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from policies import instants
from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled

Stretch = tuple[int, int]
"""Half-open."""

_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
DAY: Final = 24 * _HOUR
_LEAP_YEAR: Final = 2000
_BERLIN: Final = ZoneInfo(instants.ZONE)

_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_SCHEMA = re.compile(r"https?://schema\.org/([A-Za-z]+)", re.ASCII)
_DAY_OF_YEAR = re.compile(r"(?:--)?(\d{2})-(\d{2})", re.ASCII)
_DAYS: Final = (
    ("monday", "montag", "mon", "mo"),
    ("tuesday", "dienstag", "tue", "di", "tu"),
    ("wednesday", "mittwoch", "wed", "mi", "we"),
    ("thursday", "donnerstag", "thu", "do", "th"),
    ("friday", "freitag", "fri", "fr"),
    ("saturday", "samstag", "sat", "sa", "sonnabend"),
    ("sunday", "sonntag", "sun", "so", "su"),
)
_DAY_NAMES: Final = {name: place for place, names in enumerate(_DAYS) for name in names}


class Cycle(Struct, frozen=True):
    """A cycle of `length` units: where an instant lies in it; how a value is read, where it lies, how it is written."""

    length: int
    of: Callable[[int], int]
    read: Callable[[str], str]
    stretch: Callable[[str], Stretch]
    write: Callable[[int], str]


class Recurring(Sampled):
    """Values of a cycle. A fact is an instant (microseconds UTC), or a value: what holds of it holds all through it.

    INVARIANT: exact.
    """

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle

    def read(self, text: str) -> str:
        """Canonical text of a value, or of two with a slash between. Raises `ValueError`."""
        read = self._cycle.read
        first, slash, second = text.partition("/")
        if not slash or text.startswith("http"):
            return read(text.strip())
        return f"{read(first.strip())}/{read(second.strip())}"

    def fact(self, text: str) -> str:
        """A single value, as a fact that somebody states. Raises `ValueError`."""
        return self._cycle.read(text)

    def stretches(self, canonical: str) -> list[Stretch]:
        """What a value covers: one stretch, or two where it runs over the end of the cycle."""
        start, end = _stretch(self._cycle, canonical)
        if start < end:
            return [(start, end)]
        return [part for part in ((start, self._cycle.length), (0, end)) if part[0] < part[1]]

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said: a value that runs over the end has no order."""
        if isinstance(fact, int):
            return self._judge(operator, right, self._cycle.of(fact))
        if not isinstance(fact, str):
            return None
        start, end = _stretch(self._cycle, fact)
        places = (start, *(edge for edge in self.edges(right) if start < edge < end))
        found = {self._judge(operator, right, at) for at in places}
        return found.pop() if len(found) == 1 else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The places of the cycle where an answer changes."""
        return [self._cycle.write(at) for at in sorted(self.edges(claim.right for claim in claims))]

    def edges(self, values: Iterable[str]) -> set[int]:
        """The beginning of the cycle, and where one of the values begins or ends."""
        found = {edge for value in values for stretch in self.stretches(value) for edge in stretch}
        return {0} | {edge for edge in found if edge < self._cycle.length}

    def of(self, instant: int) -> int:
        """Where an instant lies in the cycle."""
        return self._cycle.of(instant)

    def _judge(self, operator: Operator, right: tuple[str, ...], at: int) -> bool | None:
        match operator:
            case Operator.EQ | Operator.IS_PART_OF | Operator.IS_ANY_OF:
                return self._covered(right, at)
            case Operator.NEQ | Operator.IS_NONE_OF:
                return not self._covered(right, at)
            case _:
                return self._ordered(operator, right, at)

    def _covered(self, right: tuple[str, ...], at: int) -> bool:
        return any(start <= at < end for one in right for start, end in self.stretches(one))

    def _ordered(self, operator: Operator, right: tuple[str, ...], at: int) -> bool | None:
        stretches = self.stretches(right[0]) if len(right) == 1 else []
        if len(stretches) != 1:
            return None
        start, end = stretches[0]
        match operator:
            case Operator.LT:
                return at < start
            case Operator.LTEQ:
                return at < end
            case Operator.GT:
                return at >= end
            case Operator.GTEQ:
                return at >= start
            case _:
                return None


@lru_cache(maxsize=1024)
def _span(stretch: Callable[[str], Stretch], canonical: str) -> Stretch:
    first, slash, second = canonical.partition("/")
    start, end = stretch(first)
    # `08:00/18:00` ends before 18:00; `1/5` and `11-01/03-31` end with their last day.
    return (start, stretch(second)[0 if ":" in canonical else 1]) if slash else (start, end)


def _stretch(cycle: Cycle, canonical: str) -> Stretch:
    return _span(cycle.stretch, canonical)


# --- hours of the day -------------------------------------------------------------------------------------------------


def _read_hour(text: str) -> str:
    """`8` is the hour from 08:00 to 09:00; `08:30` is a point in time; `24:00` is the end of the day."""
    if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < 24:
        return str(int(text))
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a time of day")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    fraction = (found[4] or "").rstrip("0")
    if (hour, minute, second, fraction) == (24, 0, 0, ""):
        return "00:00"
    time(hour, minute, second)
    rest = f":{second:02d}" + (f".{fraction}" if fraction else "") if second or fraction else ""
    return f"{hour:02d}:{minute:02d}{rest}"


def _hour_stretch(canonical: str) -> Stretch:
    found = _TIME.fullmatch(canonical)
    if found is None:
        return int(canonical) * _HOUR, (int(canonical) + 1) * _HOUR
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    at = seconds * _SECOND + int((found[4] or "0").ljust(6, "0"))
    return at, at + 1


def _hour_of(instant: int) -> int:
    local = instants.local(instant)
    return (local.hour * 3600 + local.minute * 60 + local.second) * _SECOND + local.microsecond


def _write_hour(at: int) -> str:
    seconds, fraction = divmod(at, _SECOND)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return _read_hour(f"{text}.{fraction:06d}" if fraction else text)


HOURS: Final = Recurring(Cycle(DAY, _hour_of, _read_hour, _hour_stretch, _write_hour))


# --- days of the week -------------------------------------------------------------------------------------------------


def _read_weekday(text: str) -> str:
    """The number of a day (1 is Monday), or its name in German or English, or its IRI of schema.org."""
    if text in ("1", "2", "3", "4", "5", "6", "7"):
        return text
    found = _SCHEMA.fullmatch(text)
    name = (found[1] if found else text).casefold()
    if name not in _DAY_NAMES:
        raise ValueError("not a day of the week")
    return str(_DAY_NAMES[name] + 1)


WEEKDAYS: Final = Recurring(
    Cycle(
        7,
        lambda instant: instants.local(instant).weekday(),
        _read_weekday,
        lambda canonical: (int(canonical) - 1, int(canonical)),
        lambda at: str(at + 1),
    )
)


# --- seasons ----------------------------------------------------------------------------------------------------------


def _read_day(text: str) -> str:
    """A month and a day, `11-01`; the 29th of February is one."""
    found = _DAY_OF_YEAR.fullmatch(text)
    if found is None:
        raise ValueError("not a day of the year")
    return f"{date(_LEAP_YEAR, int(found[1]), int(found[2])):%m-%d}"


def _day_stretch(canonical: str) -> Stretch:
    month, day = canonical.split("-")
    at = date(_LEAP_YEAR, int(month), int(day)).toordinal() - date(_LEAP_YEAR, 1, 1).toordinal()
    return at, at + 1


def _day_of(instant: int) -> int:
    local = instants.local(instant)
    return _day_stretch(f"{local:%m-%d}")[0]


def _write_day(at: int) -> str:
    return f"{date(_LEAP_YEAR, 1, 1) + timedelta(days=at):%m-%d}"


SEASONS: Final = Recurring(Cycle(366, _day_of, _read_day, _day_stretch, _write_day))


# --- instants that stand for all --------------------------------------------------------------------------------------

_HORIZON: Final = 28 * 366
"""Days after which every day of the year has fallen on every day of the week."""

_A_DAY: Final = 4
"""Steps of work that looking at a day is."""


def moments(
    edges: Iterable[int],
    hours: Iterable[str] = (),
    weekdays: Iterable[str] = (),
    seasons: Iterable[str] = (),
    *,
    spend: Callable[[int], None] | None = None,
) -> Iterator[int]:
    """Instants (microseconds UTC), at least one for each way in which values of the clock can come out together.

    `edges` are the instants at which an answer about the time itself changes; the others are values in canonical text.
    `spend` counts the work, and raises where it is too much.
    """
    count = spend or (lambda steps: None)
    places = sorted(HOURS.edges(hours))
    days = WEEKDAYS.edges(weekdays), SEASONS.edges(seasons)
    cuts = sorted(set(edges))
    ends = [cuts[0] - _HORIZON * DAY, *cuts, cuts[-1] + _HORIZON * DAY] if cuts else [_SOME_DAY, _LATEST]
    for low, high in pairwise(ends):
        yield from _within(max(low, _EARLIEST), min(high, _LATEST), places, days, count)


_EARLIEST, _SOME_DAY, _LATEST = (instants.span(day)[0] for day in ("1900-01-01", "2027-01-01", "9990-01-01"))


def _within(
    low: int, high: int, places: Sequence[int], days: tuple[set[int], set[int]], count: Callable[[int], None]
) -> Iterator[int]:
    """The same between two instants."""
    if low >= high:
        return
    yield low
    sorts = len(days[0]) * len(days[1]) * len(places)
    met: set[tuple[int, int, int]] = set()
    day = instants.local(low).date()
    for number in range(_HORIZON):
        if len(met) >= sorts:
            return
        count(_A_DAY)
        today = day + timedelta(days=number)
        sort = _class(days[0], today.weekday()), _class(days[1], _day_stretch(f"{today:%m-%d}")[0])
        for place in places:
            if (*sort, place) in met:
                continue
            at = _at(today, place)
            if at >= high:
                return
            if at >= low and HOURS.of(at) == place:
                met.add((*sort, place))
                yield at


def _class(edges: set[int], at: int) -> int:
    return max(edge for edge in edges if edge <= at)


def _at(day: date, place: int) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=_BERLIN) + timedelta(microseconds=place)
    return int((local.astimezone(UTC) - _EPOCH) / timedelta(microseconds=1))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
