"""Whole statements: what a database is asked for one access.

What lives here: columns, conditions, order and limit put together; around a chain a second query about what comes out
of it. What does not: their parts (`conditions`, `steps`, `summary`), sending them (one module a database).

INVARIANT: a statement is one SELECT from one table, and names no column but those of `Pushed.fields`
and of a key that leaves anyway, for the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from connector.data.queries import naming
from connector.data.queries.model import Kind, Pushed, Shape
from connector.data.sources.sql import steps, summary
from connector.data.sources.sql.conditions import said
from connector.data.sources.sql.postgres_words import Postgres
from connector.data.sources.sql.quoting import Say
from connector.data.sources.sql.values import Column, Dialect, Value, Values
from connector.errors import SourceError
from policies.transforms.chain import Chain
from policies.transforms.steps import Aggregate
from policies.transforms.table import similar


class Table(Struct, frozen=True, kw_only=True):
    """Where rows are: `place` is the table's quoted name, `columns` what its catalogue tells, `key` in whose order they
    are read; `paged`: pages may go by it; `snapshot`: a transaction sees it as it was at its beginning."""

    place: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    paged: bool = False
    snapshot: bool = False


class Page(Struct, frozen=True):
    """Some rows in the order of the key: those behind a place (() from the beginning), at most so many."""

    after: tuple[str, ...]
    size: int


class Statement(Struct, frozen=True):
    """A SELECT, the headings of what it gives, and what is still to be done to each column."""

    sql: str
    names: tuple[str, ...]
    values: tuple[Value, ...]


def statement(
    table: Table, shape: Shape, pushed: Pushed, dialect: Dialect, say: Say, page: Page | None = None
) -> Statement:
    """The statement for what is pushed, or for a page of it. Raises `SourceError` `source.drift` where a field is not
    as it was shared."""
    values = {name: dialect.value(column) for name, column in _columns(table, shape, pushed.fields).items()}
    where = [said(pushed.where, values, dialect, say)] if pushed.where is not None else []
    # Without a prefix it would be what leaves under this name, which is a text.
    ordered = [f"{_TABLE}.{dialect.name(name)}" for name in table.key] if _may_order(table, shape, pushed) else []
    if page is not None:
        pushed = msgspec.structs.replace(pushed, limit=page.size)
        if page.after:
            where.append(_beyond(list(zip(ordered, page.after, strict=True)), _numbers(table), say))
    place = f"{table.place} AS {_TABLE}"
    if pushed.chain is None:
        return _shown(values, _Select(place, where, ordered), pushed, dialect, say)
    return _released(values, _Select(place, where, ordered), pushed, pushed.chain, dialect, say)


def leaves_as_it_is(table: Table, shape: Shape, pushed: Pushed) -> bool:
    """Is the whole key shown, as it stands in the table?"""
    chain = pushed.chain.steps if pushed.chain is not None else ()
    changed = {similar(name) for step in chain for name in naming.changed(step)}
    if pushed.then is not None or any(isinstance(step, Aggregate) for step in chain):
        return False
    shown = set(pushed.shown or pushed.fields)
    return set(table.key) <= shown and changed.isdisjoint(map(similar, table.key)) and _may_order(table, shape, pushed)


def _numbers(table: Table) -> list[bool]:
    kinds = {one.name: one.kind for one in table.columns}
    return [kinds[name] is Kind.NUMBER for name in table.key]


def _beyond(places: list[tuple[str, str]], numbers: list[bool], say: Say) -> str:
    """Behind a place in the order of a key; its first column says so by itself, for an index."""
    (name, value), *rest = places
    said = str(int(value)) if numbers[0] else say(value)
    if not rest:
        return f"({name} > {said})"
    again = said if numbers[0] else say(value)
    return f"({name} >= {said} AND ({name} > {again} OR {_beyond(rest, numbers[1:], say)}))"


class _Select(Struct, frozen=True):
    """FROM and what stands behind it."""

    place: str
    where: Sequence[str]
    ordered: Sequence[str]

    def sql(self, picks: Sequence[str], tail: str = "") -> str:
        where = f" WHERE {' AND '.join(self.where)}" if self.where else ""
        order = f" ORDER BY {', '.join(self.ordered)}" if self.ordered else ""
        return f"SELECT {', '.join(picks)} FROM {self.place}{where}{order}{tail}"  # noqa: S608 - quoted, all of it


_TABLE: Final = "silo"
"""What the table is called within a statement."""
_FENCE: Final = " OFFSET 0"
"""What comes out of the inner query is not looked into by the outer one: no row is treated that is filtered before."""


def _released(values: Values, source: _Select, pushed: Pushed, chain: Chain, words: Dialect, say: Say) -> Statement:
    """What comes out of a chain, asked about."""
    treated = steps.treated(chain, values, words, say, pushed.now)
    filtered = _Select(source.place, [*source.where, *steps.conditions(treated.filters)], source.ordered)
    last = chain.steps[-1]
    if isinstance(last, Aggregate) and isinstance(words, Postgres):
        return _summarised(last, treated.values, filtered, pushed, words, say)
    leave = {name: treated.values[name] for name in pushed.shown or treated.values}
    if pushed.then is None:
        return _shown(leave, filtered, pushed, words, say)
    if not isinstance(words, Postgres):
        raise SourceError("source.broken", problem="a question for another database")
    inner = filtered.sql([f"{one.sql} AS {words.name(name)}" for name, one in treated.values.items()], _FENCE)
    outer = {name: words.typed(one.kind, words.name(name), one.type) for name, one in treated.values.items()}
    asked = _Select(f"({inner}) AS released", [said(pushed.then, outer, words, say)], ())
    return _shown({name: outer[name] for name in leave}, asked, pushed, words, say)


def _summarised(
    step: Aggregate, values: Values, source: _Select, pushed: Pushed, words: Postgres, say: Say
) -> Statement:
    groups = [steps.column(name, list(values)) for name in step.groups]
    measured = [steps.column(name, list(values)) for name in step.fields]
    plain = _Select(source.place, source.where, ())
    cells = summary.summary(step, plain.sql(summary.inner_columns(groups, measured, values), _FENCE))
    outer = summary.released(step, words, [values[name].kind for name in groups])
    where = [summary.bounded()]
    if pushed.then is not None:
        where.append(said(pushed.then, outer, words, say))
    asked = _Select(f"({cells}{_FENCE}) AS released", where, [summary.order(len(groups))])
    return _shown(outer, asked, pushed, words, say)


def _shown(values: Values, source: _Select, pushed: Pushed, dialect: Dialect, say: Say) -> Statement:
    names = pushed.shown or tuple(values)
    picks = [values[name] for name in names]
    texts = [one.text for one in picks]
    if len(texts) == 1:
        # One column and nothing in it would be an empty line, which is no row.
        texts = [f"COALESCE({texts[0]}, '')"]
    limit = f" LIMIT {int(pushed.limit)}" if pushed.limit is not None else ""
    told = [f"{text} AS {dialect.name(name)}" for text, name in zip(texts, names, strict=True)]
    return Statement(source.sql(told, limit), tuple(names), tuple(picks))


def _may_order(table: Table, shape: Shape, pushed: Pushed) -> bool:
    """Do all fields of the key leave, as far as the contract goes? What does not is nothing to ask for."""
    leave = {one.name for one in shape.fields}
    if pushed.chain is not None:
        leave -= steps.gone(pushed.chain, list(leave))
    return set(table.key) <= leave


def _columns(table: Table, shape: Shape, fields: Sequence[str]) -> Mapping[str, Column]:
    there = {one.name: one for one in table.columns}
    found = {}
    for name in fields:
        column, field = there.get(name), shape.field(name)
        if column is None or field is None or column.kind is not field.kind:
            raise SourceError("source.drift", field=name[:100])
        found[name] = column
    return found
