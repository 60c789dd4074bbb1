"""Instants and days: text <-> microseconds UTC.

What lives here: reading and writing xsd:dateTime and xsd:date, and the span of time that a day covers. What does not:
what "now" is; every instant is an argument. Source: XML Schema 1.1 part 2 (dateTime, date). Days are calendar days in
Europe/Berlin. A time without an offset is refused: nobody can know what it means in another place.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from policies.vocabulary import XSD

ZONE: Final = "Europe/Berlin"
_BERLIN = ZoneInfo(ZONE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
# Seconds may be missing: the examples of the Dataspace Protocol write `2023-12-31T06:00Z`.
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})0*)?)?(?:(Z)|([+-])(\d{2}):(\d{2}))", re.ASCII
)
_FIRST, _LAST = 1000, 9998


def read(text: str) -> str:
    """Canonical text of an instant (microseconds UTC) or a day (`2027-06-30`). Raises `ValueError`."""
    if _DAY.fullmatch(text):
        _years(date.fromisoformat(text).year)
        return text
    return str(instant(text))


def instant(text: str) -> int:
    """Microseconds UTC of an xsd:dateTime with an offset. Raises `ValueError`."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("not an xsd:dateTime with an offset")
    day, hour, minute, second, fraction, zulu, sign, zone_hour, zone_minute = found.groups()
    offset = timedelta() if zulu else timedelta(hours=int(zone_hour), minutes=int(zone_minute))
    if offset > timedelta(hours=14) or (not zulu and int(zone_minute) > 59):
        raise ValueError("offset beyond 14:00")
    whole = date.fromisoformat(day)
    _years(whole.year)
    clock = (int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")))
    # 24:00:00 is the first instant of the next day.
    extra = timedelta(days=1) if clock == (24, 0, 0, 0) else timedelta()
    at = datetime(whole.year, whole.month, whole.day, *((0, *clock[1:]) if extra else clock), tzinfo=UTC) + extra
    return (at + (offset if sign == "-" else -offset) - _EPOCH) // _TICK


def write(canonical: str) -> tuple[str, str]:
    """Text for the wire and its datatype (full IRI)."""
    if _DAY.fullmatch(canonical):
        return canonical, XSD + "date"
    return stamp(int(canonical)), XSD + "dateTime"


def stamp(at: int) -> str:
    """An instant as xsd:dateTime in UTC; the fraction only where there is one."""
    moment = _EPOCH + at * _TICK
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


@lru_cache(maxsize=4096)
def span(canonical: str) -> tuple[int, int]:
    """The half-open range of microseconds that an instant or a day covers."""
    found = _DAY.fullmatch(canonical)
    if found is None:
        at = int(canonical)
        return at, at + 1
    day = date.fromisoformat(canonical)
    return _midnight(day), _midnight(day + timedelta(days=1))


def local(at: int) -> datetime:
    """The instant on the clock in Europe/Berlin, for people."""
    return (_EPOCH + at * _TICK).astimezone(_BERLIN)


def _midnight(day: date) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=_BERLIN)
    return (start.astimezone(UTC) - _EPOCH) // _TICK


def _years(year: int) -> None:
    """Years that stay representable in any offset."""
    if not _FIRST <= year <= _LAST:
        raise ValueError("year out of range")
