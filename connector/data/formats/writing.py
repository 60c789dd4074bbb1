"""Writers of answers: bytes while rows come.

What lives here: CSV (RFC 4180: comma, CRLF, UTF-8, decimal point), lines of JSON, one JSON array, and one feature
collection (RFC 7946). What does not: Parquet (`parquet`), values made from one form to another (`cells`), which rows.

Whatever the form, an answer without rows is a whole document. Memory is that of a piece.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, Protocol

import msgspec

from connector.data import formats
from connector.data.formats import cells
from connector.data.queries.model import Shape
from policies.transforms import Schema, media

PIECE: Final = 1 << 18
_BATCH: Final = 2048
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Writer(Protocol):
    """Bytes of an answer while its rows come: `head`, then `rows` any number of times, then `tail`.

    INVARIANT: what was given before `tail` is never a whole document in a form that has an end.
    """

    media_type: str

    def head(self) -> bytes: ...

    def rows(self, rows: Iterable[Any]) -> Iterator[bytes]: ...

    def tail(self) -> bytes: ...


def writer(form: str, shape: Shape, schema: Schema) -> Writer:
    """A writer of a form ("": the shape's own) for rows that stand as `schema` says (see `holding.Answer`).

    Raises `SourceError` `source.package` where a form needs what is not installed, `MessageError` `query.form` for one
    that is none.
    """
    match formats.of(form or media.essence(shape.media_type)):
        case formats.CSV:
            return Csv(shape, schema)
        case formats.NDJSON:
            return Lines(shape, schema)
        case formats.JSON:
            return Array(shape, schema)
        case formats.GEOJSON:
            return Features(shape, schema)
        case _:
            from connector.data.formats.parquet import Parquet

            return Parquet(shape, schema)


def written(form: str, shape: Shape, schema: Schema, rows: Iterable[Any]) -> Iterator[bytes]:
    """The whole of an answer."""
    made = writer(form, shape, schema)
    yield made.head()
    yield from made.rows(rows)
    yield made.tail()


class Csv:
    """Delimited text with a heading."""

    media_type = formats.CSV

    def __init__(self, shape: Shape, schema: Schema) -> None:
        self._out = io.StringIO()
        self._writer = csv.writer(self._out, lineterminator="\r\n")
        self._names = [field.name for field in shape.fields]
        self._texts = cells.texts(shape, schema)

    def head(self) -> bytes:
        """The heading."""
        self._writer.writerow(self._names)
        return self._taken()

    def rows(self, rows: Iterable[Any]) -> Iterator[bytes]:
        """Lines, many at once."""
        left = map(self._texts, rows) if self._texts is not None else iter(rows)
        while True:
            self._writer.writerows(islice(left, _BATCH))
            if not (piece := self._taken()):
                return
            yield piece

    def tail(self) -> bytes:
        """Nothing."""
        return b""

    def _taken(self) -> bytes:
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text.encode()


class _Documents:
    """JSON values one after the other, as pieces of a fair size."""

    def __init__(self, made: Callable[[Any], Any], begin: bytes, between: bytes, behind: bytes, end: bytes) -> None:
        self._made, self._begin, self._between, self._behind, self._end = made, begin, between, behind, end
        self._is_first = True

    def head(self) -> bytes:
        """What stands before the first."""
        return self._begin

    def rows(self, rows: Iterable[Any]) -> Iterator[bytes]:
        """Values, many at once."""
        parts: list[bytes] = []
        size = 0
        for row in rows:
            if not self._is_first:
                parts.append(self._between)
            self._is_first = False
            parts += (_encode(self._made(row)), self._behind)
            size += len(parts[-2])
            if size >= PIECE:
                yield b"".join(parts)
                parts, size = [], 0
        if parts:
            yield b"".join(parts)

    def tail(self) -> bytes:
        """What stands behind the last."""
        return self._end


class Lines(_Documents):
    """One object a line."""

    media_type = formats.NDJSON

    def __init__(self, shape: Shape, schema: Schema) -> None:
        super().__init__(cells.objects(shape, schema), b"", b"", b"\n", b"")


class Array(_Documents):
    """One array of objects."""

    media_type = formats.JSON

    def __init__(self, shape: Shape, schema: Schema) -> None:
        super().__init__(cells.objects(shape, schema), b"[", b",\n", b"", b"]\n")


class Features(_Documents):
    """One feature collection."""

    media_type = formats.GEOJSON

    def __init__(self, shape: Shape, schema: Schema) -> None:
        begin = b'{"type":"FeatureCollection","features":['
        super().__init__(cells.features(shape, schema), begin, b",\n", b"", b"]}\n")
