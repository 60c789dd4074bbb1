"""How SQLite says values and comparisons.

What lives here: declared types as kinds, the text that leaves of each, comparisons with one field. What does not:
connections (`sqlite`). Source: sqlite.org, datatype3 (affinity, which a declared type has).

A value of SQLite has a type of its own, whatever its column was declared as: comparisons look at that first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from connector.data.queries.model import Compare, Comparison, Kind, Like, OneOf, Within
from connector.data.sources.sql.filters import BLANKS
from connector.data.sources.sql.quoting import Say, identifier
from connector.data.sources.sql.threads import plain
from connector.data.sources.sql.times_told import instants
from connector.data.sources.sql.values import Column, Convert, Value

_TEXTS: Final = ("char", "clob", "text")


def kind_of(declared: str) -> Kind:
    """What stands in a column that was declared so."""
    written = declared.lower()
    if "bool" in written:
        return Kind.BOOLEAN
    if "datetime" in written or "timestamp" in written:
        return Kind.INSTANT
    if written == "date":
        return Kind.DATE
    if written in ("json", "jsonb"):
        return Kind.JSON
    if any(one in written for one in _TEXTS) or not written or "blob" in written:
        return Kind.TEXT
    return Kind.NUMBER if any(one in written for one in ("int", "real", "floa", "doub", "num", "dec")) else Kind.TEXT


class SQLite:
    """Words of SQLite. `zone` is the clock of times without an offset."""

    def __init__(self, zone: str) -> None:
        self._zone = zone

    def name(self, text: str) -> str:
        """A name in its quotes."""
        return identifier(text)

    def value(self, column: Column) -> Value:
        """What stands in a column."""
        sql = text = self.name(column.name)
        convert: Convert | None = None
        match column.kind:
            case Kind.TEXT | Kind.JSON:
                text = f"(CASE typeof({sql}) WHEN 'blob' THEN lower(hex({sql})) ELSE CAST({sql} AS TEXT) END)"
            case Kind.NUMBER:
                convert = _number
            case Kind.BOOLEAN:
                convert = _boolean
            case Kind.INSTANT:
                convert = instants(self._zone)
        kind = "text" if any(one in column.type.lower() for one in _TEXTS) else column.type
        return Value(kind=column.kind, sql=sql, text=text, type=kind, convert=convert)

    def missing(self, value: Value) -> str:
        """There is nothing."""
        return f"({value.sql} IS NULL OR length({value.sql}) = 0)"

    def text(self, text: str, say: Say) -> str:
        """A text that is compared with others by its code points."""
        return say(text)

    def bare(self, value: Value, say: Say) -> str:
        """The text of a value without blanks around it, "" for nothing."""
        return f"COALESCE(trim({value.text}, {say(BLANKS)}), '') COLLATE BINARY"

    def compare(self, value: Value, asked: Compare, say: Say) -> str:
        """A comparison; unknown where there is nothing or nothing that can be read."""
        sign = asked.comparison.value
        if value.kind is Kind.NUMBER:
            number = format(Decimal(repr(asked.value)), "f")
            number = number if "." in number or abs(int(number)) < 2**63 else f"{number}.0"
            held = f"typeof({value.sql}) IN ('integer', 'real') AND abs({value.sql} + 0.0) < 1e30"
            return f"(CASE WHEN {held} THEN {value.sql} {sign} {number} END)"
        served = f"{value.sql} = {say(str(asked.value))} AND " if _has_index(value, asked) else ""
        exact = f"{value.text} COLLATE BINARY {sign} {say(str(asked.value))}"
        return f"({served}(CASE WHEN length({value.sql}) > 0 THEN {exact} END))"

    def one_of(self, value: Value, asked: OneOf, say: Say) -> str:
        """One of several."""
        each = [self.compare(value, Compare(asked.field, Comparison.EQ, one), say) for one in asked.values]
        return f"({' OR '.join(each)})" if each else "(1 = 0)"

    def like(self, value: Value, asked: Like, say: Say) -> str:
        """It is not asked: SQLite takes capital and small letters for the same."""
        return "(1 = 1)"

    def within(self, value: Value, asked: Within, say: Say) -> str:
        """It is not asked: there are no shapes."""
        return "(1 = 1)"


def _has_index(value: Value, asked: Compare) -> bool:
    return value.served and value.type == "text" and asked.comparison is Comparison.EQ


def _number(value: Any) -> str:
    return repr(value) if isinstance(value, float) else plain(value)


def _boolean(value: Any) -> str:
    return {0: "false", 1: "true"}.get(value, plain(value)) if isinstance(value, int) else plain(value)
