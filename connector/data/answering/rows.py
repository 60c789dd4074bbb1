"""Rows of silos that their assets leave out, where the silo cannot leave them out itself.

What lives here: rows in the bytes of a reader, kept or dropped by a condition, and without the fields that only the
condition is about. What does not: what a condition means (`connector.data.queries.holding`), whether the silo can
(`connector.data.silos.registry`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec

from connector.data.queries import holding
from connector.data.queries.model import Condition, Shape
from connector.errors import SourceError
from policies.transforms import Schema

TABLE: Final = "text/csv"
_LONGEST: Final = 8 << 20
"""Bytes of a row."""


async def kept(
    pieces: AsyncGenerator[bytes, None], own: Condition, shape: Shape, read: tuple[str, ...], wanted: tuple[str, ...]
) -> AsyncGenerator[bytes, None]:
    """Of rows with the fields `read` those for which a condition holds, with the fields `wanted`; a row that has no
    more than these byte by byte as it came.

    Raises `SourceError` `source.broken` where they are not what the shape says.
    """
    table = shape.media_type == TABLE
    holds = holding.holds(own, shape, Schema(read) if table else Schema(tree=True))
    shown = less(shape, read, wanted)
    rest, quotes, heading = b"", 0, table
    async with aclosing(pieces):
        async for piece in pieces:
            rows, rest, quotes = _rows(rest, piece, quotes, table)
            first, heading = (rows[:1], False) if heading and rows else ([], heading)
            held = first + [row for row in rows[len(first) :] if holds(_read(row, table))]
            if held:
                yield b"".join(map(shown, held))
    if rest and (heading or holds(_read(rest, table))):
        yield shown(rest)


def less(shape: Shape, read: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[[bytes], bytes]:
    """A row without the fields that are not wanted."""
    if read == wanted:
        return lambda row: row
    if shape.media_type == TABLE:
        places = [read.index(name) for name in wanted]
        return lambda row: _written(row, places)
    return lambda row: msgspec.json.encode(_without(shape, _read(row, table=False), wanted)) + b"\n"


def _written(row: bytes, places: Sequence[int]) -> bytes:
    cells = _read(row, table=True)
    made = io.StringIO()
    try:
        csv.writer(made).writerow([cells[at] for at in places])
    except IndexError:
        raise SourceError("source.broken", problem="a row with too few cells") from None
    return made.getvalue().encode()


def _without(shape: Shape, row: dict[str, Any], wanted: tuple[str, ...]) -> Any:
    if not shape.features:
        return {name: value for name, value in row.items() if name in wanted}
    properties = {name: value for name, value in (row.get("properties") or {}).items() if name in wanted}
    place = row.get("geometry") if shape.geometry in wanted else None
    named = {"id": row["id"]} if "id" in wanted and "id" in row else {}
    return {"type": "Feature", **named, "geometry": place, "properties": properties}


def _rows(rest: bytes, piece: bytes, quotes: int, table: bool) -> tuple[list[bytes], bytes, int]:
    """Whole rows, what is left of the last one, and how many quotes are in that: of a table a line ends a row only
    where all quotes before it are closed. Raises `SourceError` for a row beyond all measure."""
    rows = []
    for line in _lines(piece):
        rest += line
        quotes += line.count(b'"') if table else 0
        if rest.endswith(b"\n") and quotes % 2 == 0:
            rows.append(rest)
            rest, quotes = b"", 0
        if len(rest) > _LONGEST:
            raise SourceError("source.broken", problem="a row is too long")
    return rows, rest, quotes


def _lines(piece: bytes) -> list[bytes]:
    """Lines that end with LF alone, as CRLF ends do too."""
    *ended, last = piece.split(b"\n")
    return [line + b"\n" for line in ended] + ([last] if last else [])


def _read(row: bytes, table: bool) -> Any:
    """A row as conditions take it. Raises `SourceError`."""
    try:
        return (
            next(csv.reader(io.StringIO(row.decode(), newline="")))
            if table
            else msgspec.json.decode(row, type=dict[str, Any])
        )
    except (UnicodeDecodeError, msgspec.DecodeError, csv.Error, StopIteration, RecursionError):
        raise SourceError("source.broken", problem="a row cannot be read") from None


def row_holds(own: Condition | None, shape: Shape) -> Callable[[bytes], bool]:
    """Tells whether a condition holds for one line of JSON; always where there is none."""
    if own is None:
        return lambda row: True
    holds = holding.holds(own, shape, Schema(tree=True))
    return lambda row: bool(row) and holds(_read(row, table=False))
