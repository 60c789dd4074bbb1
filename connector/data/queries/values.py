"""Values in rows: one field of a row as something that can be compared, whatever form the row has.

What lives here: where a field stands in a row (a table's list of texts, a JSON object, a feature), and its value by its
kind. What does not: comparing (`holding`), writing (`connector.data.formats`).

What cannot be read as its kind is no value: nothing holds of it, and nothing of its opposite.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

import msgspec

from connector.data.formats import geometries
from connector.data.queries.model import Field, Kind, Literal, Shape
from policies.instants import ZONE
from policies.model import PolicyError, Reason
from policies.transforms import Schema, numbers, places, times
from policies.transforms.rows import Plan
from policies.transforms.steps import Aggregate

Get = Callable[[Any], Any]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_TRUE: Final = {"true": True, "false": False, "1": True, "0": False, "t": True, "f": False, "ja": True, "nein": False}
_UNREADABLE: Final = (ValueError, TypeError, ArithmeticError, RecursionError, msgspec.DecodeError)


def raw(name: str, shape: Shape, schema: Schema) -> Get:
    """What stands in a field of a row, None for nothing: in a table an empty text is nothing. Raises `PolicyError`
    where a table has no such column."""
    if not schema.tree:
        if name not in schema.columns:
            raise PolicyError(Reason("transform.column", {"field": name}))
        pick = itemgetter(schema.columns.index(name))
        return lambda row: pick(row) or None
    if not shape.features:
        return lambda row: row.get(name)
    if name == "id":  # Of many files a property, where the feature itself has none.
        return lambda row: row["id"] if "id" in row else (row.get("properties") or {}).get("id")
    if name == "geometry":
        return lambda row: row.get(name)
    return lambda row: properties.get(name) if isinstance(properties := row.get("properties"), dict) else None


def get(field: Field, shape: Shape, schema: Schema) -> Get:
    """The value of a field, None where there is none that can be read."""
    pick, read = raw(field.name, shape, schema), reader(field, schema)

    def value(row: Any) -> Any:
        found = pick(row)
        if found is None:
            return None
        try:
            return read(found)
        except _UNREADABLE:
            return None

    return value


def reader(field: Field, schema: Schema) -> Get:
    """Reads what stands in a field by its kind. It raises one of several errors for what is none."""
    match field.kind:
        case Kind.NUMBER:
            return schema.read(field.name) if not schema.tree else _number
        case Kind.BOOLEAN:
            return _boolean
        case Kind.INSTANT:
            return instant
        case Kind.DATE:
            return day
        case Kind.GEOMETRY:
            return geometry
        case _:
            return _text


def literal(kind: Kind, value: Literal) -> Any:
    """A literal as a value to compare with."""
    match kind:
        case Kind.NUMBER:
            return Decimal(repr(value))
        case Kind.INSTANT:
            return instant(value)
        case Kind.DATE:
            return day(value)
        case _:
            return value


def _number(value: Any) -> Any:
    """Of JSON: a number, but no truth value and no text."""
    if value.__class__ is int or value.__class__ is Decimal:
        return value
    if isinstance(value, (str, bool)):
        raise ValueError("no number")  # noqa: TRY004 - the same for whoever reads a row
    return numbers.plain(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _TRUE[value.strip().lower()] if isinstance(value, str) and value.strip().lower() in _TRUE else _no(value)


def _no(value: Any) -> bool:
    raise ValueError("no truth value")


def instant(value: Any) -> int:
    """Microseconds UTC. A time without an offset is one on the clock of Europe/Berlin. Raises `ValueError`."""
    if value.__class__ is str:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return times.latest(value, ZONE)
        if found.tzinfo is not None:
            return (found - _EPOCH) // _TICK
    return times.latest(value, ZONE)


def day(value: Any) -> int:
    """The number of a day, also in the German form. Raises `ValueError`."""
    if not isinstance(value, str):
        raise ValueError("no day")  # noqa: TRY004 - the same for whoever reads a row
    text = value.strip()
    if len(text) == 10 and text[4] == "-":
        return date.fromisoformat(text).toordinal()
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("no day")
    return date(int(parts[2]), int(parts[1]), int(parts[0])).toordinal()


def geometry(value: Any) -> Any:
    """GeoJSON, also of a text. Raises `ValueError`."""
    return geometries.read(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - the same for whoever reads a row
    return value


def axes(shape: Shape) -> tuple[str, str] | None:
    """The two fields that are longitude and latitude by their names; None where there is no such pair, or several."""
    numbers = [field.name for field in shape.fields if field.kind is Kind.NUMBER]
    pairs = {found for n, one in enumerate(numbers) for two in numbers[n:] if (found := places.axes(one, two))}
    return pairs.pop() if len(pairs) == 1 else None


def leaving(schema: Schema, done: Plan) -> Schema:
    """How rows stand that a plan has let out: its columns, each with its decimal sign."""
    if schema.tree:
        return schema
    signs = dict(zip(schema.columns, schema.decimals, strict=False))
    default = ""
    if any(isinstance(step, Aggregate) for step in done.chain.steps):
        default = "," if schema.comma else "."
    decimals = tuple(signs.get(name, default) for name in done.columns)
    return Schema(done.columns, decimals=decimals, comma=schema.comma)
