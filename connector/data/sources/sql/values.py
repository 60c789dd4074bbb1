"""Columns of tables, and what stands in them as an expression.

What lives here: a column as its catalogue tells it, a value as a typed expression and as the text that leaves, and what
a database has to know how to say (`Dialect`). What does not: any one database (`postgres_words`, `mariadb_words`,
`sqlite_words`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from connector.data.queries.model import Compare, Kind, Like, OneOf, Within
from connector.data.sources.sql.quoting import Say

Convert = Callable[[Any], str]
"""What a database gives to the text that leaves, where the database cannot say it itself; "" for nothing."""


class Column(Struct, frozen=True, kw_only=True):
    """A column: `type` is the database's own name of it, `srid` the reference system of a geometry, `exact` that its
    numbers are of usual size."""

    name: str
    type: str
    kind: Kind
    nullable: bool = True
    exact: bool = False
    srid: int = 0


class Value(Struct, frozen=True, kw_only=True):
    """A value in SQL. `sql` has the database's type, `text` is what leaves (NULL or "" for nothing); `readable` holds
    where a node can read that text as its kind ("": wherever there is one);
    `served`: what an index serves may be asked first, which is false, not unknown, where there is nothing."""

    kind: Kind
    sql: str
    text: str
    type: str = ""
    readable: str = ""
    nullable: bool = True
    convert: Convert | None = None
    served: bool = True


Values = Mapping[str, Value]


class Dialect(Protocol):
    """How one database says things. What is said is exact, but for `within`, which may hold for more."""

    def name(self, text: str) -> str:
        """A name in its quotes."""

    def value(self, column: Column) -> Value:
        """What stands in a column."""

    def missing(self, value: Value) -> str:
        """There is nothing."""

    def text(self, text: str, say: Say) -> str:
        """A text that is compared with others by its code points."""

    def bare(self, value: Value, say: Say) -> str:
        """The text of a value without blanks around it, the same to compare; "" for nothing."""

    def compare(self, value: Value, asked: Compare, say: Say) -> str:
        """A comparison; unknown where there is nothing."""

    def one_of(self, value: Value, asked: OneOf, say: Say) -> str:
        """One of several."""

    def like(self, value: Value, asked: Like, say: Say) -> str:
        """A pattern."""

    def within(self, value: Value, asked: Within, say: Say) -> str:
        """A box; it may hold for more, and is never denied."""
