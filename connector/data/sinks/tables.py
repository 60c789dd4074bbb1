"""Rows into a table: what is asked of a database, one step after the other, whichever it is.

What lives here: rows as values, which columns a table needs, the statements of one batch in their order (`writing`).
What does not: sending them (`sql`), what a database calls its types (`Words`).

The watermark stands in a table beside (`allmende_positions`) and is written in the transaction of its rows. INVARIANT:
a number that was text, or the other way round, is refused with the whole batch; a new field is a new column. All values
are handed over beside their statement, all names are quoted.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from connector.data.ports import Batch
from connector.data.queries.model import Kind
from connector.errors import SourceError
from policies.transforms.fields import is_field

POSITIONS: Final = "allmende_positions"
_MOST: Final = 200
"""Columns of a table that is made here."""
_LONGEST: Final = 60
"""Octets of a column's name that every database takes."""
_WHOLE: Final = 1 << 53


class Ask(Struct, frozen=True):
    """A statement and its values; `every` has values for each of several times. `begins` opens the transaction, `ends`
    closes it."""

    sql: str = ""
    values: tuple[Any, ...] = ()
    every: tuple[tuple[Any, ...], ...] = ()
    begins: bool = False
    ends: bool = False


Rows = Sequence[Sequence[Any]]
Asking = Generator[Ask, Rows, None]


class Words(Protocol):
    """How a database says what is needed. A mark stands for the n-th value of a statement, from 1."""

    positions: str
    """Makes the table of positions, where it is missing."""

    def name(self, text: str) -> str:
        """A name in its quotes."""

    def table(self, text: str) -> str:
        """A table's name in its quotes."""

    def mark(self, n: int, type_name: str = "") -> str:
        """The n-th value, as one of the type."""

    def columns(self, table: str) -> Ask:
        """Asks for name and type of a table's columns."""

    def kind(self, type_name: str) -> Kind:
        """What stands in a column of the type."""

    def type(self, kind: Kind, is_key: bool) -> str:
        """The type of a new column."""

    def upsert(self, table: str, columns: Sequence[str], marks: Sequence[str], key: Sequence[str]) -> str:
        """Puts a row in, instead of the one with its key."""

    def locked(self) -> str:
        """Behind a SELECT: nobody else may change what it finds."""

    def first(self, insert: str) -> str:
        """An INSERT that does nothing where there is such a row."""


class Target(Struct, frozen=True):
    """Where rows go: a table, and the fields that tell one row from another (none: rows are only added)."""

    table: str
    key: tuple[str, ...] = ()


def writing(words: Words, target: Target, subscription: str, batch: Batch) -> Asking:
    """One batch. Raises `SourceError`: `source.drift` where a type has changed, `source.broken` for what is no row."""
    rows = [_row(line, target) for line in batch.rows]
    yield Ask(words.positions)
    if _number((yield _position(words, subscription))) >= batch.number:
        return
    columns = yield from _columns(words, target, rows)
    positions = words.table(POSITIONS)
    yield Ask(begins=True)
    first = f"INSERT INTO {positions} (subscription, number, watermark) VALUES ({words.mark(1)}, 0, '')"  # noqa: S608 - quoted
    yield Ask(words.first(first), (subscription,))
    if _number((yield _position(words, subscription, words.locked()))) < batch.number:
        if rows and columns:
            yield _put(words, target, columns, rows)
        number, watermark, mine = words.mark(1, "bigint"), words.mark(2), words.mark(3)
        update = f"UPDATE {positions} SET number = {number}, watermark = {watermark} WHERE subscription = {mine}"  # noqa: S608
        yield Ask(update, (batch.number, batch.watermark, subscription))
    yield Ask(ends=True)


def looking(words: Words, subscription: str, into: list[Batch]) -> Asking:
    """The last batch that is there for good goes into the list."""
    if (yield words.columns(POSITIONS)):
        for number, watermark in (yield _position(words, subscription)):
            into.append(Batch(int(number), (), str(watermark)))


def _position(words: Words, subscription: str, tail: str = "") -> Ask:
    where = f"WHERE subscription = {words.mark(1)} AND number > 0{tail}"
    return Ask(f"SELECT number, watermark FROM {words.table(POSITIONS)} {where}", (subscription,))  # noqa: S608


def _number(found: Rows) -> int:
    return int(found[0][0]) if found else 0


def _columns(words: Words, target: Target, rows: Sequence[Mapping[str, Any]]) -> Generator[Ask, Rows, dict[str, str]]:
    """The columns that the rows have values for, with their types; those that are missing are made."""
    kinds = _kinds(rows, target)
    there = {str(name): str(type_name) for name, type_name in (yield words.columns(target.table))}
    table = words.table(target.table)
    new = {name: words.type(kind, name in target.key) for name, kind in kinds.items() if name not in there}
    if len(there) + len(new) > _MOST:
        raise SourceError("source.drift", field="", problem=f"more than {_MOST} columns")
    for name, kind in kinds.items():
        if name in there and not _fits(kind, words.kind(there[name])):
            raise SourceError("source.drift", field=name[:100], problem="another type than the column's")
    if not there and new:
        made = [f"{words.name(name)} {type_name}" for name, type_name in new.items()]
        if target.key:
            made.append(f"PRIMARY KEY ({', '.join(map(words.name, target.key))})")
        yield Ask(f"CREATE TABLE {table} ({', '.join(made)})")
    elif new:
        if missing := [name for name in target.key if name in new]:
            raise SourceError("source.drift", field=missing[0][:100])
        for name, type_name in new.items():
            yield Ask(f"ALTER TABLE {table} ADD COLUMN {words.name(name)} {type_name}")
    return {name: there.get(name, new.get(name, "")) for name in kinds}


def _kinds(rows: Sequence[Mapping[str, Any]], target: Target) -> dict[str, Kind]:
    """What stands in the fields that have a value somewhere. Raises `SourceError` where that differs."""
    found: dict[str, Kind] = {}
    for row in rows:
        for name in target.key:
            if row.get(name) is None:
                raise SourceError("source.broken", problem="a row without a value of the key")
        for name, value in row.items():
            if value is None:
                continue
            kind = _kind(value)
            if found.setdefault(name, kind) is not kind:
                raise SourceError("source.drift", field=name[:100], problem="values of different types")
    return found


def _kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return Kind.NUMBER if isinstance(value, (int, float)) else Kind.TEXT


def _fits(kind: Kind, column: Kind) -> bool:
    """May a value be put in a column? Its text may be more than a text there, which the database then reads."""
    return kind is column or (kind is Kind.TEXT and column not in (Kind.NUMBER, Kind.BOOLEAN))


def _put(words: Words, target: Target, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Ask:
    names = list(columns)
    quoted, marks = [words.name(one) for one in names], [words.mark(n, columns[one]) for n, one in enumerate(names, 1)]
    table = words.table(target.table)
    if target.key:
        sql = words.upsert(table, quoted, marks, [words.name(one) for one in target.key])
    else:
        sql = f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({', '.join(marks)})"  # noqa: S608 - quoted
    return Ask(sql, every=tuple(tuple(_told(row.get(name)) for name in names) for row in rows))


def _told(value: Any) -> Any:
    """A value as it is handed over: a number that a double does not hold as its text."""
    if isinstance(value, bool) or value is None:
        return value
    return str(value) if isinstance(value, int) and abs(value) >= _WHOLE else value


def _row(line: bytes, target: Target) -> dict[str, Any]:
    """A line as fields and values; of a feature its properties, its id and its geometry."""
    try:
        found = msgspec.json.decode(line)
    except msgspec.MsgspecError:
        raise SourceError("source.broken", problem="no JSON") from None
    if not isinstance(found, dict):
        raise SourceError("source.broken", problem="no object")
    if found.get("type") == "Feature" and isinstance(found.get("properties"), dict):
        found = {**found["properties"], **{name: found[name] for name in ("id", "geometry") if name in found}}
    for name, value in found.items():
        if not is_field(name) or len(name.encode()) > _LONGEST:
            raise SourceError("source.broken", problem="a field's name that is none for a column")
        if isinstance(value, (dict, list)):
            found[name] = msgspec.json.encode(value).decode()
        elif isinstance(value, str) and "\0" in value:
            raise SourceError("source.broken", problem="a text with NUL")
    return found
