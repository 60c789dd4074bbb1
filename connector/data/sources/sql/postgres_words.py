"""How PostgreSQL says values and comparisons.

What lives here: types of the catalogue as kinds, the text that leaves of each, comparisons with one field. What does
not: steps (`steps`), whole statements (`statement`), connections (`postgres`). Source: PostgreSQL 15 manual, 8 and 9.

Texts are compared by their code points, numbers exactly: of floating numbers by the shortest text that tells them
apart from their neighbours, which is what leaves.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, assert_never

import msgspec

from connector.data.queries.model import Compare, Comparison, Kind, Like, Literal, OneOf, Within
from connector.data.sources.sql.filters import BLANKS
from connector.data.sources.sql.quoting import Say, identifier, literal
from connector.data.sources.sql.values import Column, Value
from connector.errors import SourceError
from policies.instants import instant, stamp

_WHOLE: Final = frozenset({"int2", "int4", "int8", "oid"})
_FLOATS: Final = frozenset({"float4", "float8"})
_KINDS: Final = {
    **dict.fromkeys((*_WHOLE, *_FLOATS, "numeric"), Kind.NUMBER),
    "bool": Kind.BOOLEAN,
    "timestamptz": Kind.INSTANT,
    "timestamp": Kind.INSTANT,
    "date": Kind.DATE,
    "geometry": Kind.GEOMETRY,
    "geography": Kind.GEOMETRY,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
}
_TAME: Final = 50
"""Digits of a number that everybody can write out."""


def kind_of(type_name: str) -> Kind:
    """What stands in a column of this type."""
    return _KINDS.get(type_name, Kind.TEXT)


def is_tame(type_name: str, precision: int | None) -> bool:
    """Are all numbers of this type of usual size?"""
    return type_name in _WHOLE or (type_name == "numeric" and precision is not None and precision <= _TAME)


class Postgres:
    """Words of PostgreSQL. `zone` is the clock of times without an offset, `postgis` the schema of its functions."""

    def __init__(self, zone: str, postgis: str = "") -> None:
        self._zone, self._postgis = zone, postgis

    def name(self, text: str) -> str:
        """A name in its quotes."""
        return identifier(text)

    def value(self, column: Column) -> Value:
        """What stands in a column."""
        sql, kind = self.name(column.name), column.type
        if kind == "timestamp":
            sql, kind = f"({sql} AT TIME ZONE {literal(self._zone)})", "timestamptz"
        if column.kind is Kind.GEOMETRY:
            sql = self._shape(sql, column)
        made = self.typed(column.kind, sql, kind, nullable=column.nullable)
        if column.kind is Kind.NUMBER and kind == "numeric" and column.exact:
            return msgspec.structs.replace(made, readable=_finite(sql))
        return made

    def typed(self, kind: Kind, sql: str, type_name: str, *, nullable: bool = True) -> Value:
        """A value that an expression of this type gives."""
        text, readable = f"{sql}::text", ""
        match kind:
            case Kind.TEXT:
                text = f"NULLIF({sql}::text, '')"
            case Kind.NUMBER:
                readable = _readable_number(sql, type_name)
            case Kind.INSTANT:
                text, readable = instant_text(sql), usual_time(sql)
            case Kind.DATE:
                readable = usual_time(sql)
            case Kind.GEOMETRY:
                text = f"{self._function('ST_AsText')}({sql})"
            case Kind.BOOLEAN | Kind.JSON:
                pass
            case _:
                assert_never(kind)
        return Value(kind=kind, sql=sql, text=text, type=type_name, readable=readable, nullable=nullable)

    def _shape(self, sql: str, column: Column) -> str:
        """A geometry in WGS 84, longitude first."""
        plain = f"{sql}::{self._function('geometry')}" if column.type == "geography" else sql
        transformed = f"{self._function('ST_Transform')}({plain}, 4326)"
        if column.srid or column.type == "geography":
            return plain if column.srid == 4326 else transformed
        known = f"{self._function('ST_SRID')}({plain}) IN (0, 4326)"
        return f"(CASE WHEN {known} THEN {plain} ELSE {transformed} END)"

    def _function(self, name: str) -> str:
        return f"{identifier(self._postgis)}.{name}" if self._postgis else name

    def missing(self, value: Value) -> str:
        """There is nothing."""
        return f"({value.text} IS NULL)"

    def text(self, text: str, say: Say) -> str:
        """A text that is compared with others by its code points."""
        return say(text)

    def bare(self, value: Value, say: Say) -> str:
        """The text of a value without blanks around it, "" for nothing."""
        return f"(COALESCE(btrim({value.text}, {literal(BLANKS)}), '') COLLATE \"C\")"

    def compare(self, value: Value, asked: Compare, say: Say) -> str:
        """A comparison; unknown where there is nothing or nothing that can be read."""
        if value.kind is Kind.TEXT and asked.comparison is Comparison.EQ:
            return self.one_of(value, OneOf(asked.field, (asked.value,)), say)
        sign = asked.comparison.value
        match value.kind:
            case Kind.TEXT | Kind.JSON | Kind.GEOMETRY:
                return f'({value.text} COLLATE "C" {sign} {say(_text(asked))})'
            case Kind.BOOLEAN:
                return f"({value.sql} {sign} {'true' if asked.value is True else 'false'})"
            case Kind.NUMBER:
                return _readably(value, "({} " + sign + " " + _number(value, asked.value) + ")")
            case Kind.INSTANT:
                at = stamp(instant(str(asked.value)))
                return _readably(value, "({} " + sign + f" {say(at)}::timestamptz)")
            case Kind.DATE:
                return _readably(value, "({} " + sign + f" {say(_text(asked))}::date)")
            case _:
                assert_never(value.kind)

    def one_of(self, value: Value, asked: OneOf, say: Say) -> str:
        """One of several."""
        if value.kind is not Kind.TEXT:
            each = [Compare(asked.field, Comparison.EQ, one) for one in asked.values]
            return "(" + " OR ".join(self.compare(value, one, say) for one in each) + ")" if each else "(1 = 0)"
        said = [say(str(one)) for one in asked.values if str(one)]
        if not said:
            return f"({value.text} IS NULL AND NULL)"
        among = f"({', '.join(said)})"
        exact = f'({value.text} COLLATE "C" IN {among})'
        # The column alone is served by an index, whatever its collation; the other one is exact.
        return f"({value.sql} IN {among} AND {exact})" if _has_index(value) else exact

    def like(self, value: Value, asked: Like, say: Say) -> str:
        """A pattern."""
        return f'({value.text} COLLATE "C" LIKE {say(asked.pattern)})'

    def within(self, value: Value, asked: Within, say: Say) -> str:
        """The boxes of the shapes meet. It may hold for more."""
        envelope = self._function("ST_MakeEnvelope")
        west, south, east, north = (repr(float(one)) for one in asked.box)
        boxes = [(west, east)] if asked.box[0] <= asked.box[2] else [(west, "180.0"), ("-180.0", east)]
        meets = f"OPERATOR({identifier(self._postgis)}.&&)" if self._postgis else "&&"
        each = [f"{value.sql} {meets} {envelope}({one}, {south}, {two}, {north}, 4326)" for one, two in boxes]
        return f"({' OR '.join(each)})"


def _has_index(value: Value) -> bool:
    return value.served and value.type in ("text", "varchar")


def _text(asked: Compare) -> str:
    if not isinstance(asked.value, str):
        raise SourceError("source.drift", field=asked.field[:100])
    return asked.value


def instant_text(sql: str) -> str:
    """An instant as RFC 3339 has it, in UTC; the session writes ISO and UTC."""
    return f"(replace(left(({sql})::text, -3), ' ', 'T') || 'Z')"


def usual_time(sql: str) -> str:
    """Years of four digits, of our era."""
    return f"({sql} >= '1000-01-02' AND {sql} < '9999-01-01')"


def _finite(sql: str) -> str:
    return f"({sql} NOT IN ('NaN', 'Infinity', '-Infinity'))"


def _readable_number(sql: str, type_name: str) -> str:
    if type_name in _WHOLE:
        return ""
    if type_name in _FLOATS:
        return f"({sql} > '-1e30' AND {sql} < '1e30' AND ({sql} = 0 OR abs({sql}) > '1e-30'))"
    return f"({_finite(sql)} AND length({sql}::text) <= 60)"


def _readably(value: Value, form: str) -> str:
    """A comparison of what can be read."""
    made = form.format(value.sql if value.type != "float4" else f"{value.sql}::text::float8")
    return made if not value.readable else f"(CASE WHEN {value.readable} THEN {made} END)"


def _number(value: Value, asked: Literal) -> str:
    number = Decimal(str(asked))
    plain = format(number, "f")
    return f"'{plain}'::float8" if value.type in _FLOATS else f"({plain})"
