"""Times in data: reading the forms that files have, windows on a calendar, and coarsening.

What lives here: periods (xsd:duration), grids of windows in a zone, texts of time and their coarse form. What does not:
what "now" is. Source: XML Schema 1.1 part 2; RFC 3339; the German form `31.12.2025 14:35`.

Windows up to an hour follow one another without a gap, so that the hour which the clock goes through twice in autumn
is two windows; longer ones begin on the clock of the zone, so that a day is a day with 23 and with 25 hours. A time
without an offset is one on the clock of the zone and stays one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from policies.instants import ZONE

__all__ = ["ZONE", "Coarse", "Grid", "Period", "before", "grid", "latest", "period", "zone"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SECOND, _MINUTE, _HOUR, _DAY = 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6
_KEPT = 1 << 16
_PERIOD = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?",
    re.ASCII,
)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:([T ])(\d{2}):(\d{2})(?:(:)(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:(,? +)(\d{1,2}):(\d{2})(?:(:)(\d{2}))?( Uhr)?)?", re.ASCII)
_EPOCH_TEXT = re.compile(r"\d{10}|\d{13}", re.ASCII)
_MILLIS = 10**11
"""A number of seconds or, from here on, of milliseconds since 1970."""


class Period(Struct, frozen=True):
    """Months, and microseconds besides."""

    months: int
    micros: int


@lru_cache(maxsize=256)
def period(text: str) -> Period:
    """A period above zero. Raises `ValueError`."""
    found = _PERIOD.fullmatch(text)
    if found is None or text.endswith("T"):
        raise ValueError("not an xsd:duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    made = Period(
        12 * years + months, (weeks * 7 + days) * _DAY + hours * _HOUR + minutes * _MINUTE + seconds * _SECOND
    )
    if made == Period(0, 0) or made.months > 1200 or made.micros > 36525 * _DAY:
        raise ValueError("not a period above zero and up to a hundred years")
    return made


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """A zone by its IANA name. Raises `ValueError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("no such zone") from None


def before(now: int, text: str, place: str) -> int:
    """The instant that lies the period before `now`, months on the calendar of the zone."""
    back = period(text)
    at = now - back.micros
    if not back.months:
        return at
    local = _local(at, zone(place))
    year, month = divmod(local.year * 12 + local.month - 1 - back.months, 12)
    # A month without such a day: its last one (XML Schema 1.1 part 2, E.3.3).
    day = min(local.day, monthrange(year, month + 1)[1])
    return _micros(local.replace(year=year, month=month + 1, day=day, fold=0))


class Grid(Struct, frozen=True):
    """Windows of one length: microseconds, or months on the calendar. `length` puts grids in an order."""

    months: int
    micros: int

    @property
    def length(self) -> int:
        """About how long a window is, in microseconds."""
        return self.months * 30 * _DAY + self.micros

    def start(self, at: int, place: str) -> int:
        """The beginning of the window of an instant."""
        if self.is_short:
            offset = _offset(at, zone(place))
            return (at + offset) // self.micros * self.micros - offset
        return _micros(self.floor(_local(at, zone(place)).replace(fold=0)))

    def end(self, start: int, place: str) -> int:
        """The beginning of the next window."""
        if self.is_short:
            return start + self.micros
        local = _local(start, zone(place)).replace(tzinfo=None)
        if self.months:
            year, month = divmod(local.year * 12 + local.month - 1 + self.months, 12)
            later = local.replace(year=year, month=month + 1)
        else:
            later = local + timedelta(microseconds=self.micros)
        return _micros(later.replace(tzinfo=zone(place)))

    def holds(self, finer: Grid) -> bool:
        """Is each of its windows made of whole windows of the other one?"""
        if finer.months:
            return self.months % finer.months == 0 and bool(self.months)
        if self.months or self.micros > _DAY:
            return self == finer or _DAY % finer.micros == 0
        return self.micros % finer.micros == 0

    @property
    def is_short(self) -> bool:
        """Do the windows follow one another by elapsed time?"""
        return not self.months and self.micros <= _HOUR

    def floor(self, local: datetime) -> datetime:
        """The beginning of the window on the clock."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.months:
            month = (local.month - 1) // self.months * self.months + 1
            return midnight.replace(month=month, day=1)
        if self.micros == 7 * _DAY:
            return midnight - timedelta(days=local.weekday())
        since = (local.replace(tzinfo=None) - midnight.replace(tzinfo=None)) // _TICK
        return midnight + timedelta(microseconds=since - since % self.micros)


@lru_cache(maxsize=256)
def grid(text: str) -> Grid:
    """The grid of a resolution: what divides an hour or a day, a day, a week, and months that divide a year.

    Raises `ValueError` for others: their windows would have no beginning that everybody agrees on.
    """
    found = period(text)
    if found.months:
        if found.micros or 12 % found.months:
            raise ValueError("months do not divide a year")
        return Grid(found.months, 0)
    micros = found.micros
    fits = _HOUR % micros == 0 if micros <= _HOUR else (_DAY % micros == 0 and micros % _HOUR == 0)
    if not fits and micros != 7 * _DAY:
        raise ValueError("does not divide an hour or a day")
    return Grid(0, micros)


class _Read(Struct, frozen=True):
    """A text of time: on its clock, with its offset in microseconds (None: none), and how to write another like it."""

    local: datetime
    offset: int | None
    dated: bool
    """A day alone."""
    write: Callable[[datetime, int | None], Any]


def _read(value: Any) -> _Read:
    """Raises `ValueError`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _epoch(value, int)
    if not isinstance(value, str):
        raise ValueError("no time")  # noqa: TRY004 - the same for whoever reads a row
    text = value.strip()
    if found := _ISO.fullmatch(text):
        return _iso(found)
    if found := _GERMAN.fullmatch(text):
        return _german(found)
    if _EPOCH_TEXT.fullmatch(text):
        return _epoch(int(text), str)
    raise ValueError("no time that can be read")


def _epoch(value: int, kind: Callable[[int], Any]) -> _Read:
    """Seconds or milliseconds since 1970."""
    if not 0 <= value < 10**14:
        raise ValueError("no time")
    unit = 1000 if value >= _MILLIS else _SECOND
    at = _EPOCH + timedelta(microseconds=value * unit)
    return _Read(
        at.replace(tzinfo=None),
        0,
        False,
        lambda local, offset: kind(((local - _NAIVE) // _TICK - (offset or 0)) // unit),
    )


_NAIVE = _EPOCH.replace(tzinfo=None)


def _iso(found: re.Match[str]) -> _Read:
    year, month, day, between, hour, minute, with_seconds, second, fraction, offset = found.groups()
    if between is None and offset is not None:
        raise ValueError("a day has no offset here")
    local = datetime(  # noqa: DTZ001 - the offset is kept beside it
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
    )  # fmt: skip
    form = "%Y-%m-%d" + (f"{between}%H:%M{':%S' if with_seconds else ''}" if between else "")
    zulu, colon = offset == "Z", offset is None or ":" in offset

    def write(at: datetime, at_offset: int | None) -> str:
        text = at.strftime(form)
        if at_offset is None:
            return text
        return text + ("Z" if zulu and not at_offset else _signed(at_offset, colon=colon or zulu))

    return _Read(local, _parsed(offset), between is None, write)


def _german(found: re.Match[str]) -> _Read:
    day, month, year, between, hour, minute, with_seconds, second, clock = found.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    form = "%d.%m.%Y" + (f"{between}%H:%M{':%S' if with_seconds else ''}{clock or ''}" if between else "")
    return _Read(local, None, between is None, lambda at, offset: at.strftime(form))


def _parsed(offset: str | None) -> int | None:
    if offset is None or offset == "Z":
        return None if offset is None else 0
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError("no offset")
    return (-1 if offset[0] == "-" else 1) * (hours * _HOUR + minutes * _MINUTE)


def _signed(offset: int, *, colon: bool) -> str:
    hours, minutes = divmod(abs(offset) // _MINUTE, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}{':' if colon else ''}{minutes:02d}"


def latest(value: Any, place: str) -> int:
    """The last instant that a text of time can mean. Raises `ValueError`."""
    read = _read(value)
    if read.offset is not None:
        return (read.local - _NAIVE) // _TICK - read.offset
    local = read.local + timedelta(days=1) if read.dated else read.local
    return _micros(local.replace(tzinfo=zone(place), fold=1))


class Coarse:
    """Coarsening of texts of time to one grid in one zone: `Coarse("PT1H", "Europe/Berlin")("2026-07-01T14:35:12Z")`.

    What is written has the form of what was read; nothing (`""`, null) stays nothing. INVARIANT: minutes that are
    remembered together lie in one window, the first and the last of them were looked at.
    """

    def __init__(self, resolution: str, place: str) -> None:
        self.grid, self._place, self._zone = grid(resolution), place, zone(place)
        self._known: dict[str, Any] = {}
        self._tails: dict[str, str] = {}
        step = self.grid.length // _MINUTE if self.grid.length < _HOUR else 60
        # `:35` -> the first and the last minute that may lie in the same window, as far as an hour's text tells.
        self._minutes = {f":{n:02d}": f":{n - n % step:02d}" for n in range(60)} if self.grid.length >= _MINUTE else {}
        self._last = step - 1

    def __call__(self, value: Any) -> Any:
        """The beginning of the window. Raises `ValueError` for what is no time."""
        if value.__class__ is str:
            tail, minute = self._tails.get(value[16:]), self._minutes.get(value[13:16])
            if tail is not None and minute is not None:
                known = self._known.get(value[:13] + minute + tail)
                if known is not None:
                    return known
        return value if value is None or value == "" else self._made(value)

    def ends(self, coarse: Any) -> int:
        """The instant at which the window that begins there has ended for sure. Raises `ValueError`."""
        read = _read(coarse)
        if read.offset is None:
            # Twice the same clock: the later one ends later.
            start = _micros(read.local.replace(tzinfo=self._zone, fold=1))
        else:
            start = (read.local - _NAIVE) // _TICK - read.offset
        return self.grid.end(start, self._place)

    def _made(self, value: Any) -> Any:
        made = self._read_and_written(value)
        if isinstance(value, str) and 19 <= len(value) <= 25 and value[16] == ":" and _ISO.fullmatch(value):
            self._remember(value, made)
        return made

    def _read_and_written(self, value: Any) -> Any:
        read = _read(value)
        return read.write(*self._floor(read))

    def _remember(self, value: str, made: str) -> None:
        first = self._minutes.get(value[13:16])
        if first is None:
            return
        last = f":{int(first[1:]) + self._last:02d}"
        if any(self._read_and_written(value[:13] + minute + value[16:]) != made for minute in (first, last)):
            return
        if max(len(self._known), len(self._tails)) >= _KEPT:
            self._known.clear()
            self._tails.clear()
        # `:12+02:00` and `:13+02:00` are of the same minute; a tail that is no time never gets in here.
        tail = self._tails[value[16:]] = value[19:]
        self._known[value[:13] + first + tail] = made

    def _floor(self, read: _Read) -> tuple[datetime, int | None]:
        if read.offset is None:
            return self._on_the_clock(read.local), None
        at = (read.local - _NAIVE) // _TICK - read.offset
        start = self.grid.start(at, self._place)
        # An offset that is the zone's own goes with the zone.
        offset = _offset(start, self._zone) if read.offset == _offset(at, self._zone) != 0 else read.offset
        return _NAIVE + timedelta(microseconds=start + offset), offset

    def _on_the_clock(self, local: datetime) -> datetime:
        if not self.grid.is_short:
            return self.grid.floor(local)
        micros = (local - _NAIVE) // _TICK
        return _NAIVE + timedelta(microseconds=micros - micros % self.grid.micros)


def _local(at: int, place: ZoneInfo) -> datetime:
    return (_EPOCH + at * _TICK).astimezone(place)


def _offset(at: int, place: ZoneInfo) -> int:
    offset = _local(at, place).utcoffset()
    assert offset is not None
    return offset // _TICK


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _TICK
