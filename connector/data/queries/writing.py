"""A condition as CQL2 text (21-065r2).

What lives here: writing what `filtering` reads. What does not: other languages of filters, which readers have.
"""

from __future__ import annotations

from typing import Final, assert_never

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Condition,
    Field,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Shape,
    Within,
)


def text(condition: Condition, shape: Shape) -> str:
    """The condition as CQL2 text; read again it is the same. The shape says which literals are times."""
    match condition:
        case Compare(field=field, comparison=comparison, value=value):
            return f"{_name(field)} {comparison} {_literal(value, shape.field(field))}"
        case OneOf(field=field, values=values):
            return f"{_name(field)} IN ({', '.join(_literal(value, shape.field(field)) for value in values)})"
        case Like(field=field, pattern=pattern):
            return f"{_name(field)} LIKE {_quoted(pattern)}"
        case Missing(field=field):
            return f"{_name(field)} IS NULL"
        case Within(field=field, box=box):
            return f"S_INTERSECTS({_name(field)}, BBOX({', '.join(map(_number, box))}))"
        case All(parts=parts):
            return _joined(" AND ", [text(part, shape) for part in parts])
        case Any_(parts=parts):
            return _joined(" OR ", [text(part, shape) for part in parts])
        case Not(part=part):
            return f"NOT ({text(part, shape)})"
        case _:
            assert_never(condition)


def _joined(between: str, parts: list[str]) -> str:
    if not parts:
        return "TRUE" if between == " AND " else "FALSE"
    return parts[0] if len(parts) == 1 else "(" + between.join(parts) + ")"


def _name(field: str) -> str:
    plain = field.isascii() and field.isidentifier() and field.upper() not in _WORDS
    return field if plain else f'"{field}"'


_WORDS: Final = frozenset(
    {"AND", "OR", "NOT", "IN", "LIKE", "IS", "NULL", "BETWEEN", "TRUE", "FALSE", "DATE", "TIMESTAMP", "INTERVAL", "DIV"}
    | {"BBOX", "POINT", "LINESTRING", "POLYGON", "CASEI", "ACCENTI"}
)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _number(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)


def _literal(value: Literal, field: Field | None) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value)
    if field is not None and field.kind is Kind.INSTANT:
        return f"TIMESTAMP({_quoted(value)})"
    if field is not None and field.kind is Kind.DATE:
        return f"DATE({_quoted(value)})"
    return _quoted(value)
