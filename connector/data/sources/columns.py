"""Parquet files, read by columns and groups of rows.

What lives here: the only code that reads Parquet: its shape, the groups that can hold what is asked for, their rows as
JSON. What does not: opening files (`tables`), writing Parquet (`connector.data.formats.parquet`).

Only the columns that are asked for are read, and of these only the groups whose own statistics do not rule them out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from connector.data import formats
from connector.data.formats import geometries
from connector.data.queries import values
from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Missing,
    OneOf,
    Shape,
)
from connector.data.sources import beneath
from connector.data.sources.kinds import RowError
from connector.errors import SourceError
from policies import instants

_BATCH: Final = 2048
_LARGEST: Final = 64 << 20
"""Octets of what a file says of itself."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_WGS84: Final = frozenset({("OGC", "CRS84"), ("EPSG", "4326")})


class Readable(Protocol):
    """An open file of one version."""

    version: beneath.Version

    def read(self, start: int, length: int) -> bytes: ...


class _File(io.RawIOBase):
    """A file as the library takes it."""

    def __init__(self, file: Readable) -> None:
        self._file, self._at, self._size = file, 0, file.version.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        data = self._file.read(self._at, left if size < 0 else min(size, left))
        self._at += len(data)
        return data


def _opened(file: Readable) -> Any:
    """Raises `SourceError` where the library is missing, `ValueError` for what is no Parquet."""
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]
    except ImportError:
        raise SourceError("source.package", package="allmende[parquet]") from None
    try:
        told = parquet.read_metadata(io.BytesIO(_footer(file)))
        return parquet.ParquetFile(_File(file), metadata=told, pre_buffer=False)
    except (ArrowException, OSError):
        raise RowError("no Parquet file") from None


def _footer(file: Readable) -> bytes:
    """What a file says of itself at its end, as a file without rows: left to itself the library reads more."""
    size = file.version.size
    end = file.read(size - 8, 8) if size > 12 else b""
    length = int.from_bytes(end[:4], "little")
    if end[4:] != b"PAR1" or length > min(size - 12, _LARGEST):
        raise RowError("no Parquet file")
    return b"PAR1" + file.read(size - 8 - length, length) + end


def described(file: Readable) -> Shape:
    """The shape, as the file says it; columns that nothing here can tell are left out. Raises as `_opened`."""
    opened = _opened(file)
    places = _places(opened)
    fields = []
    for one in opened.schema_arrow:
        kind = Kind.GEOMETRY if one.name in places else _kind(one.type)
        if kind is not None:
            fields.append(Field(one.name, kind, nullable=one.nullable))
    instant = [field.name for field in fields if field.kind is Kind.INSTANT]
    days = [field.name for field in fields if field.kind is Kind.DATE]
    time = instant or days
    return Shape(
        fields=tuple(fields),
        media_type=formats.NDJSON,
        time=time[0] if len(time) == 1 else "",
        geometry=places[0] if places else "",
    )


def _places(opened: Any) -> list[str]:
    """Columns of geometries, the first of them in front (GeoParquet 1.1). Raises `ValueError` for another reference
    system than WGS 84."""
    told = (opened.schema_arrow.metadata or {}).get(b"geo")
    if told is None:
        return []
    try:
        geo = msgspec.json.decode(told, type=_Geo)
    except msgspec.MsgspecError:
        raise RowError("places that are not told as GeoParquet has it") from None
    for column in geo.columns.values():
        reference = column.crs.get("id", {}) if isinstance(column.crs, dict) else {}
        is_usual = column.crs is msgspec.UNSET or (reference.get("authority"), str(reference.get("code"))) in _WGS84
        if column.encoding != "WKB" or not is_usual:
            raise RowError("places that are not in WGS 84")
    return sorted(geo.columns, key=lambda name: name != geo.primary_column)


class _Column(msgspec.Struct):
    encoding: str
    crs: Any = msgspec.UNSET


class _Geo(msgspec.Struct):
    primary_column: str
    columns: dict[str, _Column]


def _kind(type_: Any) -> Kind | None:
    from pyarrow import types

    tests: tuple[tuple[Kind, tuple[Callable[[Any], bool], ...]], ...] = (
        (Kind.BOOLEAN, (types.is_boolean,)),
        (Kind.NUMBER, (types.is_integer, types.is_floating, types.is_decimal)),
        (Kind.INSTANT, (types.is_timestamp,)),
        (Kind.DATE, (types.is_date,)),
        (Kind.TEXT, (types.is_string, types.is_large_string, types.is_dictionary)),
        (Kind.JSON, (types.is_list, types.is_struct, types.is_map)),
    )
    return next((kind for kind, is_one in tests if any(test(type_) for test in is_one)), None)


def rows(file: Readable, fields: Sequence[Field], where: Condition | None, zone: str) -> Iterator[dict[str, Any]]:
    """Rows of the groups that may hold what is asked for, these fields alone. Times without an offset are on the clock
    of the zone. Raises `SourceError` `source.drift` for a column that is not there, `ValueError` for what cannot be
    read."""
    opened = _opened(file)
    names = [field.name for field in fields]
    if missing := [name for name in names if opened.schema_arrow.get_field_index(name) < 0]:
        raise SourceError("source.drift", field=", ".join(missing)[:200], problem="is not there")
    groups = [n for n in range(opened.metadata.num_row_groups) if where is None or _may(where, _Group(opened, n))]
    made = [_made(field, ZoneInfo(zone)) for field in fields]
    for group in groups:
        for batch in opened.iter_batches(_BATCH, row_groups=[group], columns=names):
            columns = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in names]
            for row in zip(*columns, strict=True):
                yield {
                    name: None if value is None else make(value)
                    for name, make, value in zip(names, made, row, strict=True)
                }


def _made(field: Field, zone: ZoneInfo) -> Callable[[Any], Any]:
    """A value of the library as JSON has it."""
    match field.kind:
        case Kind.INSTANT:
            return lambda value: instants.stamp(_micros(value, zone))
        case Kind.DATE:
            return lambda value: value.isoformat()
        case Kind.GEOMETRY:
            return geometries.of_binary
        case Kind.NUMBER:
            return lambda value: None if value != value else value
        case _:
            return lambda value: value


def _micros(value: Any, zone: ZoneInfo) -> int:
    moment = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    return int((moment.astimezone(UTC) - _EPOCH) // _TICK)


def can_prune(condition: Condition) -> bool:
    """Is it a condition that statistics can rule out?"""
    match condition:
        case Compare() | OneOf() | Missing():
            return True
        case All(parts=parts) | Any_(parts=parts):
            return all(map(can_prune, parts))
        case _:
            return False


class _Group:
    """What is told of a group of rows."""

    def __init__(self, opened: Any, group: int) -> None:
        told = opened.metadata.row_group(group)
        self._told = {told.column(n).path_in_schema: told.column(n) for n in range(told.num_columns)}

    def statistics(self, field: str) -> Any:
        """Of a column; None where nothing is told."""
        column = self._told.get(field)
        return column.statistics if column is not None and column.is_stats_set else None


def _may(condition: Condition, group: _Group) -> bool:
    """May a row of the group fulfil it? True where nobody knows."""
    match condition:
        case All(parts=parts):
            return all(_may(part, group) for part in parts)
        case Any_(parts=parts):
            return any(_may(part, group) for part in parts)
        case Missing(field=field):
            told = group.statistics(field)
            # What is not a number is told as null, and is counted as a value.
            return told is None or not told.has_null_count or told.null_count > 0 or told.physical_type in _FLOATING
        case Compare(field=field, comparison=comparison, value=value):
            return _reaches(group.statistics(field), comparison, value)
        case OneOf(field=field, values=listed):
            return any(_reaches(group.statistics(field), Comparison.EQ, value) for value in listed)
        case _:
            return True


_FLOATING: Final = frozenset({"FLOAT", "DOUBLE"})


def _reaches(told: Any, comparison: Comparison, value: Any) -> bool:
    """Can a value between the least and the most be so?"""
    if told is None or not told.has_min_max:
        return True
    found = _bounds(told.min, told.max, value)
    if found is None:
        return True
    least, most, right = found
    match comparison:
        case Comparison.EQ:
            return bool(least <= right <= most)
        case Comparison.NEQ:
            return True
        case Comparison.LT:
            return bool(least < right)
        case Comparison.LTEQ:
            return bool(least <= right)
        case Comparison.GT:
            return bool(most > right)
        case Comparison.GTEQ:
            return bool(most >= right)


def _bounds(least: Any, most: Any, value: Any) -> tuple[Any, Any, Any] | None:
    """Both bounds and the value as what can be compared; None where they are no such thing."""
    try:
        if isinstance(least, datetime):
            if least.tzinfo is None:
                return None
            return _micros(least, ZoneInfo("UTC")), _micros(most, ZoneInfo("UTC")), values.instant(value)
        if isinstance(least, date):
            return least.toordinal(), most.toordinal(), values.day(value)
        if isinstance(least, (int, float, Decimal)) and not isinstance(least, bool):
            if isinstance(value, (bool, str)):
                return None
            return _decimal(least), _decimal(most), _decimal(value)
    except (ValueError, ArithmeticError):
        return None
    return (least, most, value) if isinstance(least, str) and isinstance(value, str) else None


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
