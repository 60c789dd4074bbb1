"""How MariaDB says values and comparisons.

What lives here: types of the catalogue as kinds, the text that leaves of each, comparisons with one field. What does
not: connections (`mariadb`). Source: MariaDB 10.11 documentation, data types and character sets.

Texts are compared by their code points and without padding, whatever collation their column has; the column's own
comes first, which an index serves and which holds for more. A `DATETIME` is on the clock of the settings, of which the
database knows nothing: conditions about it hold for more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from connector.data.queries.model import Compare, Comparison, Kind, Like, OneOf, Within
from connector.data.sources.sql.quoting import Say, identifier
from connector.data.sources.sql.times_told import instants
from connector.data.sources.sql.values import Column, Value
from policies.instants import instant

_WHOLE: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "year"})
_SHAPES: Final = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
_KINDS: Final = {
    **dict.fromkeys((*_WHOLE, "decimal", "float", "double", "bit"), Kind.NUMBER),
    **dict.fromkeys((*_SHAPES, "geometrycollection"), Kind.GEOMETRY),
    "timestamp": Kind.INSTANT,
    "datetime": Kind.INSTANT,
    "date": Kind.DATE,
}
_OCTETS: Final = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_DAY: Final = timedelta(hours=26)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(type_name: str, written: str) -> Kind:
    """What stands in a column of this type, `written` as it was declared."""
    if written.lower().startswith("tinyint(1)"):
        return Kind.BOOLEAN
    return _KINDS.get(type_name, Kind.TEXT)


class MariaDB:
    """Words of MariaDB. `zone` is the clock of times without an offset."""

    def __init__(self, zone: str) -> None:
        self._zone = zone

    def name(self, text: str) -> str:
        """A name in its quotes; the statement is one that values are put into."""
        return identifier(text, "`").replace("%", "%%")

    def value(self, column: Column) -> Value:
        """What stands in a column."""
        sql, text, convert = self.name(column.name), "", None
        match column.kind:
            case Kind.BOOLEAN:
                text = f"CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END"
            case Kind.GEOMETRY:
                text = f"ST_AsText({sql})"
            case Kind.INSTANT:
                convert = instants("UTC" if column.type == "timestamp" else self._zone)
            case Kind.NUMBER if column.type == "bit":
                text = sql = f"({sql} + 0)"
            case Kind.TEXT if column.type in _OCTETS:
                text = sql = f"LOWER(HEX({sql}))"
        return Value(kind=column.kind, sql=sql, text=text or sql, type=column.type, convert=convert)

    def missing(self, value: Value) -> str:
        """There is nothing."""
        if value.kind is Kind.TEXT:
            return f"({value.sql} IS NULL OR LENGTH({value.sql}) = 0)"
        return f"({value.sql} IS NULL)"

    def text(self, text: str, say: Say) -> str:
        """A text that is compared with others by its code points."""
        return f"CONVERT({say(text)} USING utf8mb4) COLLATE utf8mb4_nopad_bin"

    def bare(self, value: Value, say: Say) -> str:
        """The text of a value without blanks around it, "" for nothing."""
        # Only blanks as such: MariaDB takes no set of signs away, and patterns are not asked of it.
        return f"TRIM(CONVERT(COALESCE({value.text}, '') USING utf8mb4) COLLATE utf8mb4_nopad_bin)"

    def compare(self, value: Value, asked: Compare, say: Say) -> str:
        """A comparison; unknown where there is nothing or nothing that can be read."""
        sign = asked.comparison.value
        match value.kind:
            case Kind.NUMBER:
                return self._number(value, sign, Decimal(repr(asked.value)))
            case Kind.BOOLEAN:
                return f"(({value.sql} <> 0) {sign} {'TRUE' if asked.value is True else 'FALSE'})"
            case Kind.INSTANT:
                return self._instant(value, asked, say)
            case Kind.DATE:
                return f"(CASE WHEN {value.sql} > '1000-01-01' THEN {value.sql} {sign} {say(str(asked.value))} END)"
            case _:
                served = f"{value.sql} = {say(str(asked.value))} AND " if _has_index(value, asked) else ""
                return f"({served}{self._exact(value, f'{sign} {self.text(str(asked.value), say)}')})"

    def _exact(self, value: Value, compared: str) -> str:
        text = f"CONVERT({value.sql} USING utf8mb4) COLLATE utf8mb4_nopad_bin"
        return f"(CASE WHEN LENGTH({value.sql}) > 0 THEN {text} {compared} END)"

    def _number(self, value: Value, sign: str, number: Decimal) -> str:
        plain = format(number, "f")
        if value.type not in ("float", "double"):
            return f"({value.sql} {sign} {plain})"
        exact = f"CAST(CAST({value.sql} AS CHAR) AS DOUBLE)" if value.type == "float" else value.sql
        return f"(CASE WHEN ABS({value.sql}) < 1e30 THEN {exact} {sign} {plain}e0 END)"

    def _instant(self, value: Value, asked: Compare, say: Say) -> str:
        """It holds for more where the clock is not the server's; so it must not be denied."""
        at = _EPOCH + timedelta(microseconds=instant(str(asked.value)))
        slack = timedelta() if value.type == "timestamp" else _DAY
        low, high = (say(f"{one:%Y-%m-%d %H:%M:%S.%f}") for one in (at - slack, at + slack))
        match asked.comparison:
            case Comparison.GT if not slack:
                return f"({value.sql} > {low} AND {high} IS NOT NULL)"
            case Comparison.LT if not slack:
                return f"({low} IS NOT NULL AND {value.sql} < {high})"
            case Comparison.GT | Comparison.GTEQ:
                return f"({value.sql} >= {low} AND {high} IS NOT NULL)"
            case Comparison.LT | Comparison.LTEQ:
                return f"({low} IS NOT NULL AND {value.sql} <= {high})"
            case Comparison.EQ:
                return f"({value.sql} BETWEEN {low} AND {high})"
            case _:
                return f"({low} <= {high} AND {value.sql} IS NOT NULL)"

    def one_of(self, value: Value, asked: OneOf, say: Say) -> str:
        """One of several."""
        each = [self.compare(value, Compare(asked.field, Comparison.EQ, one), say) for one in asked.values]
        return f"({' OR '.join(each)})" if each else "(1 = 0)"

    def like(self, value: Value, asked: Like, say: Say) -> str:
        """A pattern."""
        return self._exact(value, f"LIKE {self.text(asked.pattern, say)}")

    def within(self, value: Value, asked: Within, say: Say) -> str:
        """It is not asked: shapes of MariaDB have no reference system that it heeds."""
        return "(1 = 1)"


def _has_index(value: Value, asked: Compare) -> bool:
    return value.served and value.kind is Kind.TEXT and asked.comparison is Comparison.EQ
