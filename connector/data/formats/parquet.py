"""Answers as Parquet, while rows come.

What lives here: the only code that writes Parquet; pyarrow is imported here, when somebody asks for it. What does not:
reading it (`connector.data.sources.columns`). Geometries are octets with the metadata of GeoParquet 1.1.

Which type a number has is seen in the first group of rows: a double where it holds each of them exactly, else text. A
later one that a double does not hold ends the answer; none is rounded.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from connector.data import formats
from connector.data.formats import cells, geometries
from connector.data.queries import values
from connector.data.queries.model import Field, Shape
from connector.errors import SourceError
from policies.model import PolicyError, Reason
from policies.transforms import Schema

GROUP: Final = 10_000
"""Rows of a group."""
_UNREADABLE: Final = (ValueError, TypeError, ArithmeticError, RecursionError, OverflowError)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Parquet:
    """One file. Raises `SourceError` where pyarrow is not installed."""

    media_type = formats.PARQUET

    def __init__(self, shape: Shape, schema: Schema) -> None:
        try:
            import pyarrow  # type: ignore[import-untyped]
            import pyarrow.parquet  # type: ignore[import-untyped]
        except ImportError:
            raise SourceError("source.package", package="allmende[parquet]") from None
        self._arrow, self._parquet = pyarrow, pyarrow.parquet
        self._shape, self._sink = shape, _Sink()
        self._writer: Any = None
        self._raw = [values.raw(field.name, shape, schema) for field in shape.fields]
        self._columns = [_Column(field, values.reader(field, schema)) for field in shape.fields]
        self._waiting: list[list[Any]] = []
        self._types: Any = None

    def head(self) -> bytes:
        """Nothing: what stands at the beginning is not known before the first rows."""
        return b""

    def rows(self, rows: Iterable[Any]) -> Iterator[bytes]:
        """Groups as they are full. Raises `PolicyError` for a value that the column cannot hold."""
        raw = self._raw
        for row in rows:
            self._waiting.append([get(row) for get in raw])
            if len(self._waiting) >= GROUP:
                yield self._written()

    def tail(self) -> bytes:
        """The last group and the footer."""
        made = self._written()
        self._writer.close()
        return made + self._sink.taken()

    def _written(self) -> bytes:
        columns = [[row[n] for row in self._waiting] for n in range(len(self._columns))]
        if self._writer is None:
            for column, found in zip(self._columns, columns, strict=True):
                column.settle(found)
            self._types = self._schema()
            self._writer = self._parquet.ParquetWriter(self._sink, self._types)
        if self._waiting:
            arrays = [
                self._arrow.array(column.made(found), type=self._types.field(n).type)
                for n, (column, found) in enumerate(zip(self._columns, columns, strict=True))
            ]
            self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._types))
            self._waiting = []
        return self._sink.taken()

    def _schema(self) -> Any:
        arrow = self._arrow
        types = {
            "text": arrow.string(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "instant": arrow.timestamp("us", tz="UTC"),
            "date": arrow.date32(),
            "geometry": arrow.binary(),
        }
        made = arrow.schema([(column.field.name, types[column.type]) for column in self._columns])
        places = [column.field.name for column in self._columns if column.type == "geometry"]
        return made.with_metadata({"geo": _geo(places, self._shape.geometry)}) if places else made


class _Column:
    """A field as a column of one type."""

    def __init__(self, field: Field, read: values.Get) -> None:
        self.field, self.type, self._read = field, "text", read

    def settle(self, found: list[Any]) -> None:
        """The narrowest type that holds all of these exactly."""
        wanted = self.field.kind.value
        if wanted in _MADE:
            self.type = wanted
            try:
                self.made(found)
            except PolicyError:
                self.type = "text"

    def made(self, found: list[Any]) -> list[Any]:
        """Values for the column. Raises `PolicyError` where one is none of its type."""
        if self.type == "text":
            return [None if one is None else cells.text(one) for one in found]
        make, read = _MADE[self.type], self._read
        try:
            return [None if one is None else make(read(one)) for one in found]
        except _UNREADABLE:
            raise PolicyError(Reason("transform.row", {"row": "0"})) from None


def _double(value: Any) -> float:
    made = float(value)
    if Decimal(repr(made)) != value:
        raise ValueError("no double")
    return made


_MADE: Final[dict[str, Callable[[Any], Any]]] = {
    "number": _double,
    "boolean": bool,
    "instant": lambda micros: _EPOCH + timedelta(microseconds=micros),
    "date": date.fromordinal,
    "geometry": geometries.binary,
}


def _geo(names: list[str], primary: str) -> bytes:
    columns = {name: {"encoding": "WKB", "geometry_types": []} for name in names}
    first = primary if primary in names else names[0]
    return msgspec.json.encode({"version": "1.1.0", "primary_column": first, "columns": columns})


class _Sink(io.RawIOBase):
    """What was written and not taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._at += len(self._parts[-1])
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """The octets since the last time."""
        made = b"".join(self._parts)
        self._parts.clear()
        return made
