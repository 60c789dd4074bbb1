"""A condition as SQL.

What lives here: `and`, `or`, `not` and the way down to what a database says of one field. What does not: that
(`Dialect`), which conditions may be pushed (`splitting`). SQL and `Condition` are three-valued alike.
"""

from __future__ import annotations

from typing import assert_never

from msgspec import structs

from connector.data.queries.model import All, Any_, Compare, Condition, Like, Missing, Not, OneOf, Within
from connector.data.sources.sql.quoting import Say
from connector.data.sources.sql.values import Dialect, Value, Values
from connector.errors import SourceError


def said(condition: Condition, values: Values, dialect: Dialect, say: Say) -> str:
    """The condition in brackets. Raises `SourceError` `source.drift` for a field that is not there."""
    match condition:
        case Compare(field=field):
            return dialect.compare(_value(field, values), condition, say)
        case OneOf(field=field):
            return dialect.one_of(_value(field, values), condition, say)
        case Like(field=field):
            return dialect.like(_value(field, values), condition, say)
        case Missing(field=field):
            return dialect.missing(_value(field, values))
        case Within(field=field):
            return dialect.within(_value(field, values), condition, say)
        case All(parts=parts):
            return joined(" AND ", [said(one, values, dialect, say) for one in parts], "(1 = 1)")
        case Any_(parts=parts):
            return joined(" OR ", [said(one, values, dialect, say) for one in parts], "(1 = 0)")
        case Not(part=part):
            unserved = {name: structs.replace(one, served=False) for name, one in values.items()}
            return f"(NOT {said(part, unserved, dialect, say)})"
        case _:
            assert_never(condition)


def joined(between: str, parts: list[str], none: str) -> str:
    """Parts in brackets; `none` where there are none."""
    return f"({between.join(parts)})" if parts else none


def _value(field: str, values: Values) -> Value:
    found = values.get(field)
    if found is None:
        raise SourceError("source.drift", field=field[:100])
    return found
