"""What comes in, checked against the fields of a series and put into columns.

What lives here: kinds, ranges and times of readings, and our own form of JSON read in one go. What does not: formats of
others (`edge_node.decode`), duplicates (`copies`), duties (`duties`).

A value that is of another kind or out of its range is put aside alone; the rest of the reading is taken. A reading
with no value left, no thing or an impossible time is put aside whole. Fields that the series does not have are not
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Final, NoReturn

import msgspec
from msgspec import Meta, Struct

from connector.data.readings.model import MOST_VALUE, Kind, Value
from edge_node.collection.treating import Columns
from edge_node.config import FieldSettings
from edge_node.errors import DecodeError
from edge_node.ports import Reading

EARLIEST: Final = 946_684_800_000_000
"""The year 2000: a sensor that says so has no clock."""
_AHEAD: Final = 86_400_000_000
_LONGEST: Final = 256
_SAMPLE: Final = 256
_LARGE: Final = 1e300
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Aside(Struct, frozen=True):
    """A part of what came that is not taken: why, and the beginning of it."""

    code: str
    params: Mapping[str, str]
    sample: bytes


class Checked(Struct):
    """Readings that can be taken, and what cannot. `timeless` are the places of those that said no time and got that of
    now. `ids` are theirs in order; empty where none has one."""

    rows: Columns
    aside: list[Aside]
    timeless: list[int]
    ids: list[str]


class Shape:
    """The fields of one series, ready to check."""

    def __init__(self, fields: Mapping[str, FieldSettings]) -> None:
        self._fields = [(name, _check(name, field)) for name, field in fields.items()]
        self._getters = [(attrgetter(f"f{n}"), _columns(field)) for n, field in enumerate(fields.values())]
        row = _row(fields)
        self._rows = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
        self._single = msgspec.json.Decoder(row)

    def json(self, body: bytes, now: int, *, sure: bool) -> Checked:
        """Our own form: an array of objects, or one. Raises `DecodeError` `decode.json` where nothing can be read."""
        try:
            rows: list[Any] = self._rows.decode(body) if body.lstrip()[:1] == b"[" else [self._single.decode(body)]
            times, timeless = _times([row.at for row in rows], now)
            made = [make(list(map(get, rows))) for get, make in self._getters]
        except (msgspec.DecodeError, _OddError, ValueError, OverflowError):
            return self._singly(body, now, sure=sure)
        latest = now + _AHEAD if sure else MOST_VALUE
        columns = [column for column, _ in made]
        # A reading without any value can only be where every column has a hole.
        if (
            not rows
            or min(times) < EARLIEST
            or max(times) > latest
            or (all(hole for _, hole in made) and _empty(columns))
        ):
            return self._singly(body, now, sure=sure)
        return Checked(Columns([row.thing for row in rows], times, columns), [], timeless, [])

    def _singly(self, body: bytes, now: int, *, sure: bool) -> Checked:
        """One reading at a time, to find what is wrong with which."""
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise DecodeError("decode.json") from None
        return self._all(map(_reading, found if isinstance(found, list) else [found]), now, sure=sure)

    def readings(self, readings: Sequence[Reading], now: int, *, sure: bool) -> Checked:
        """Readings of a source. `sure`: the clock is set, so that times far ahead of it are wrong."""
        return self._all(readings, now, sure=sure)

    def _all(self, readings: Iterable[Reading | Aside], now: int, *, sure: bool) -> Checked:
        made = Checked(Columns([], [], [[] for _ in self._fields]), [], [], [])
        latest = now + _AHEAD if sure else MOST_VALUE
        for one in readings:
            if isinstance(one, Aside):
                made.aside.append(one)
            elif not one.thing or not _is_text(one.thing):
                made.aside.append(_aside("reading.thing", one, {}))
            elif one.at is not None and not EARLIEST <= one.at <= latest:
                made.aside.append(_aside("reading.time", one, {"at": str(one.at)}))
            else:
                self._one(one, now, made)
        if not any(made.ids):
            made.ids = []
        return made

    def _one(self, one: Reading, now: int, made: Checked) -> None:
        row: list[Value] = []
        before = len(made.aside)
        for name, check in self._fields:
            try:
                row.append(check(one.values.get(name)))
            except _OddError as error:
                row.append(None)
                made.aside.append(_aside(error.code, one, error.params))
        if all(value is None for value in row):
            if len(made.aside) == before:
                made.aside.append(_aside("reading.empty", one, {}))
            return
        if one.at is None:
            made.timeless.append(len(made.rows.times))
        made.rows.things.append(one.thing)
        made.rows.times.append(now if one.at is None else one.at)
        for column, value in zip(made.rows.columns, row, strict=True):
            column.append(value)
        made.ids.append(one.id)


class _OddError(Exception):
    """A value that does not fit its field."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _aside(code: str, one: Reading, params: Mapping[str, str]) -> Aside:
    thing = one.thing[:_LONGEST] if _is_text(one.thing) else ""
    try:
        sample = msgspec.json.encode({"thing": thing, "at": one.at, **one.values})[:_SAMPLE]
    except (TypeError, ValueError, OverflowError):
        sample = b""  # what a source makes of foreign bytes need not be JSON
    return Aside(code, {"thing": thing, **params}, sample)


def _is_text(value: str) -> bool:
    """Is it text that can be written? Half a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return len(value) <= _LONGEST


def picked(rows: Columns, places: list[int] | None) -> Columns:
    """The rows at these places (None: all)."""
    if places is None:
        return rows
    return Columns(
        [rows.things[place] for place in places],
        [rows.times[place] for place in places],
        [[column[place] for place in places] for column in rows.columns],
    )


def writable(rows: Columns) -> list[int] | None:
    """The places of the rows that can be written, of rows that something was done to (None: all of them)."""
    odd = {place for place, time in enumerate(rows.times) if not 0 <= time <= MOST_VALUE}
    odd |= {place for place, thing in enumerate(rows.things) if not _is_text(thing)}
    for column in rows.columns:
        odd |= {place for place, value in enumerate(column) if not _fits(value)}
    return [place for place in range(len(rows.times)) if place not in odd] if odd else None


def _fits(value: Value) -> bool:
    match value:
        case str():
            return _is_text(value)
        case int():
            return -MOST_VALUE <= value <= MOST_VALUE
        case None:
            return True


# --- one value, with what is wrong with it ----------------------------------------------------------------------------


def _check(name: str, field: FieldSettings) -> Callable[[Any], Value]:
    """Makes a value of a field what is stored; raises `_OddError`."""
    match field.kind:
        case Kind.NUMBER:
            return _number(name, field)
        case Kind.TEXT:
            return lambda value: _of(name, value, str)
        case Kind.FLAG:
            return lambda value: _of(name, value, bool)


def _of(name: str, value: Any, kind: type[str] | type[bool]) -> Value:
    if value is None or (isinstance(value, kind) and (isinstance(value, bool) or _is_text(value))):
        return value
    raise _OddError("reading.kind", field=name)


def _number(name: str, field: FieldSettings) -> Callable[[Any], Value]:
    low, high = _range(field)
    scale = 10**field.places

    def number(value: Any) -> Value:
        if value is None:
            return None
        if type(value) not in (int, float) or not -_LARGE < value < _LARGE:  # NaN is in no range
            raise _OddError("reading.kind", field=name)
        if not low <= value <= high:
            raise _OddError("reading.range", field=name, value=f"{value:.12g}", min=f"{low:.12g}", max=f"{high:.12g}")
        made: int = round(value * scale)
        return made

    return number


def _range(field: FieldSettings) -> tuple[float, float]:
    """What a number may be: as the owner says, and what can be written."""
    most = MOST_VALUE // 2 / 10**field.places  # half, so that no rounding of a float goes beyond it
    low, high = -most if field.min is None else field.min, most if field.max is None else field.max
    return max(low, -most), min(high, most)


# --- many at once: whatever fits nowhere here is looked at one by one -------------------------------------------------


def _row(fields: Mapping[str, FieldSettings]) -> type[Struct]:
    """A reading in our own form of JSON, whose values are checked while they are read."""
    at = Annotated[int, Meta(ge=0, le=MOST_VALUE)] | Annotated[datetime, Meta(tz=True)] | None
    columns: list[Any] = [("thing", Annotated[str, Meta(min_length=1, max_length=_LONGEST)]), ("at", at, None)]
    names = {}
    for n, (name, field) in enumerate(fields.items()):
        names[f"f{n}"] = name
        columns.append((f"f{n}", _kind(field) | None, None))
    return msgspec.defstruct("Row", columns, rename=names, gc=False)


def _kind(field: FieldSettings) -> Any:
    match field.kind:
        case Kind.NUMBER:
            low, high = _range(field)
            return Annotated[float, Meta(ge=low, le=high)]
        case Kind.TEXT:
            return Annotated[str, Meta(max_length=_LONGEST)]
        case Kind.FLAG:
            return bool


def _columns(field: FieldSettings) -> Callable[[list[Any]], tuple[list[Value], bool]]:
    """Makes a column what is stored, and says whether it has holes."""
    if field.kind is not Kind.NUMBER:
        return lambda column: (column, None in column)
    if field.places == 0:
        return _whole
    scale = 10.0**field.places

    def scaled(column: list[Any]) -> tuple[list[Value], bool]:
        try:
            return [round(value * scale) for value in column], False
        except TypeError:
            return [None if value is None else round(value * scale) for value in column], True

    return scaled


def _whole(column: list[Any]) -> tuple[list[Value], bool]:
    try:
        return list(map(round, column)), False
    except TypeError:
        return [None if value is None else round(value) for value in column], True


def _times(found: list[Any], now: int) -> tuple[list[int], list[int]]:
    """Instants, and the places of those that were not said."""
    kinds = set(map(type, found))
    if kinds == {int}:
        return found, []
    if kinds == {datetime}:
        return [(one - _EPOCH) // _MICROSECOND for one in found], []
    times = [now if one is None else one if type(one) is int else (one - _EPOCH) // _MICROSECOND for one in found]
    return times, [place for place, one in enumerate(found) if one is None]


def _empty(columns: Sequence[Sequence[Value]]) -> bool:
    """Has any reading no value at all?"""
    return any(all(value is None for value in row) for row in zip(*columns, strict=True))


def _reading(found: Any) -> Reading | Aside:
    """A reading out of JSON that did not fit."""
    if not isinstance(found, dict) or not isinstance(found.get("thing"), str):
        return Aside("reading.form", {}, msgspec.json.encode(found)[:_SAMPLE])
    thing, at = found.pop("thing"), found.pop("at", None)
    try:
        return Reading(thing, found, _instant(at))
    except (msgspec.ValidationError, ValueError, OverflowError):
        return Aside("reading.instant", {"thing": thing[:_LONGEST], "at": str(at)[:64]}, _beginning(thing, at, found))


def _beginning(thing: str, at: Any, values: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"thing": thing, "at": at, **values})[:_SAMPLE]


def _instant(at: Any) -> int | None:
    if at is None or (isinstance(at, int) and not isinstance(at, bool)):
        return at
    if not isinstance(at, str):
        _refuse()
    moment: datetime = msgspec.convert(at, Annotated[datetime, Meta(tz=True)])
    return (moment - _EPOCH) // _MICROSECOND


def _refuse() -> NoReturn:
    raise ValueError("no instant")
