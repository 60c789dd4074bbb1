"""Rows on their way from a silo to whoever asked: read, treated, chosen among, written, in one pass.

What lives here: the bytes of a silo as rows, and what is left of the work done to them in a thread beside the event
loop, piece by piece. What does not: what the work is (`data.queries`), the forms (`data.formats`), who may have it
(`data.gate`). Rows that are gone through twice are read twice.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

from msgspec import Struct

from connector.data import formats
from connector.data.answering.bridge import Bridge, Passes
from connector.data.formats import writing
from connector.data.queries import holding
from connector.data.queries.model import Shape, Work
from connector.data.sources import kinds
from connector.errors import SourceError
from policies.transforms import Given, Plan, Schema, media
from policies.transforms.documents import Lines
from policies.transforms.times import ZONE

_THREADS: Final = 64
_LONGEST: Final = 1 << 23
_POOL: Final = concurrent.futures.ThreadPoolExecutor(_THREADS, thread_name_prefix="rows")
"""Threads of their own: a silo that is slow holds up no file."""


class Treatment(Struct, frozen=True):
    """What is done to rows of a shape, and the form that they are given in."""

    shape: Shape
    work: Work
    given: Given
    form: str


async def of_silo(read: Callable[[], AsyncGenerator[bytes, None]], treatment: Treatment) -> AsyncGenerator[bytes, None]:
    """The bytes of an answer out of a silo's. `read` begins at the beginning each time.

    Raises as the silo does, `PolicyError` for what cannot be treated, `SourceError` for what nobody can read.
    """
    passes = Passes(read, _POOL)
    try:
        await passes.prepare()
        pieces = await passes.run(lambda: _written(_body(treatment.shape, passes.opened), treatment))
        take = partial(next, pieces, None)
        while (piece := await passes.run(take)) is not None:
            if piece:
                yield piece
    finally:
        await passes.close()


async def of_text(bridge: Bridge, media_type: str, treatment: Treatment) -> AsyncGenerator[bytes, None]:
    """The bytes of an answer out of a text that can be read again and again."""
    try:
        pieces = await bridge.run(
            lambda: _written(_plain(media.body(media_type, bridge.opened), treatment.shape), treatment)
        )
        take = partial(next, pieces, None)
        while (piece := await bridge.run(take)) is not None:
            if piece:
                yield piece
    finally:
        bridge.stop()


def _plain(body: media.Body, shape: Shape) -> media.Body:
    """A text whose cells everybody can read, whatever its own way of writing them."""
    return body if body.schema.tree else Plain(body, shape)


def _written(body: media.Body, treatment: Treatment) -> Iterator[bytes]:
    made = holding.over(body, treatment.shape, treatment.work, treatment.given)
    writer = writing.writer(treatment.form, made.shape, made.schema)
    return chain([writer.head()], writer.rows(made.rows), _end(writer))


def _end(writer: writing.Writer) -> Iterator[bytes]:
    """What stands behind the last row: made when the rows are through."""
    yield writer.tail()


def _body(shape: Shape, opened: Callable[[], Iterator[bytes]]) -> media.Body:
    """The bytes of a silo as rows."""
    if media.essence(shape.media_type) == formats.CSV:
        return Delivered(opened)
    return Lines(opened)


class Delivered:
    """A table as readers write it: UTF-8, comma, decimal point. Raises `SourceError` for what has no heading."""

    media_type = formats.CSV

    def __init__(self, opened: Callable[[], Iterator[bytes]]) -> None:
        self._opened = opened
        self._heading, rows = self._begun()
        self._rows: Iterator[list[str]] | None = rows
        self.schema = Schema(tuple(self._heading), decimals=(".",) * len(self._heading))

    def __iter__(self) -> Iterator[Any]:
        """Every row. Raises `ValueError` for what is none."""
        rows, self._rows = self._rows, None
        if rows is None:
            heading, rows = self._begun()
            if heading != self._heading:
                raise ValueError("other columns than before")
        try:
            yield from rows
        except csv.Error:
            raise ValueError("no row") from None

    def written(self, rows: Iterable[Sequence[Any]], plan: Plan) -> Iterator[bytes]:
        """Not here: see `data.formats`."""
        raise NotImplementedError

    def _begun(self) -> tuple[list[str], Iterator[list[str]]]:
        rows = csv.reader(_lines(self._opened()), strict=True)
        try:
            return next(rows), rows
        except (StopIteration, csv.Error, ValueError):
            raise SourceError("source.broken", problem="a table without a heading") from None


class Plain:
    """A table with its cells written as `sources.kinds` has it: decimal points, days and instants in ISO 8601. What is
    not of its column's kind, which was told from some rows, stays as it is."""

    media_type = formats.CSV

    def __init__(self, body: media.Body, shape: Shape) -> None:
        self._body, columns = body, body.schema.columns
        self.schema = Schema(columns, decimals=(".",) * len(columns))
        self._writers = tuple(kinds.writers(shape.fields, body.schema, ZONE).items())

    def __iter__(self) -> Iterator[Any]:
        """Every row. Raises `ValueError` for what is none."""
        width = len(self.schema.columns)
        for row in self._body:
            if len(row) == width:
                for n, write in self._writers:
                    if row[n]:
                        with contextlib.suppress(ValueError, ArithmeticError):
                            row[n] = write(row[n])
            yield row

    def written(self, rows: Iterable[Sequence[Any]], plan: Plan) -> Iterator[bytes]:
        """Not here: see `data.formats`."""
        raise NotImplementedError


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends, out of pieces that end anywhere."""
    left = b""
    for piece in pieces:
        whole, newline, rest = piece.rpartition(b"\n")
        if not newline:
            left += piece
            if len(left) > _LONGEST:
                raise ValueError("a line that is too long")
            continue
        yield from io.StringIO((left + whole + newline).decode(), newline="")
        left = rest
    if left:
        yield from io.StringIO(left.decode(), newline="")
