"""Values of one form made values of another: texts of tables, JSON, features.

What lives here: a row as a list of texts, as an object, as a feature. What does not: bytes (`writing`). Numbers keep
their digits: none goes through a double. What cannot be read as its kind stays the text that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from connector.data.formats import geometries
from connector.data.queries import values
from connector.data.queries.model import Field, Kind, Shape
from policies.transforms import Schema

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError, KeyError)


def texts(shape: Shape, schema: Schema) -> Callable[[Any], Sequence[str]] | None:
    """A row as the texts of the shape's fields, a decimal point in numbers; None where rows are this already."""
    if not schema.tree:
        return _pointed(schema)
    gets = [values.raw(field.name, shape, schema) for field in shape.fields]
    makes = [_text_of(field) for field in shape.fields]
    return lambda row: [make(get(row)) for get, make in zip(gets, makes, strict=True)]


def _pointed(schema: Schema) -> Callable[[Any], Sequence[str]] | None:
    """A table's row with a point for each decimal comma."""
    commas = [(n, schema.read(schema.columns[n])) for n, sign in enumerate(schema.decimals) if sign == ","]
    if not commas:
        return None

    def pointed(row: Any) -> list[str]:
        made = list(row)
        for n, read in commas:
            try:
                made[n] = format(read(made[n]), "f")
            except ValueError:
                continue  # nothing, or no number
        return made

    return pointed


def _text_of(field: Field) -> Callable[[Any], str]:
    if field.kind is not Kind.GEOMETRY:
        return text

    def place(value: Any) -> str:
        try:
            return geometries.text(value) if isinstance(value, dict) else text(value)
        except ValueError:
            return text(value)

    return place


def text(value: Any) -> str:
    """A JSON value as the text of a cell; nothing is an empty one."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return str(value)
    return _encode(value).decode()


def objects(shape: Shape, schema: Schema) -> Callable[[Any], Any]:
    """A row as a JSON value; a feature stays one."""
    if schema.tree:
        return lambda row: row
    made = [(field.name, _json_of(field, shape, schema)) for field in shape.fields]
    return lambda row: {name: get(row) for name, get in made}


def _json_of(field: Field, shape: Shape, schema: Schema) -> values.Get:
    """The value of a table's cell as JSON."""
    pick = values.raw(field.name, shape, schema)
    match field.kind:
        case Kind.NUMBER:
            read = schema.read(field.name)
        case Kind.BOOLEAN | Kind.GEOMETRY:
            read = values.reader(field, schema)
        case Kind.JSON:
            read = _decode
        case _:
            return pick

    def value(row: Any) -> Any:
        found = pick(row)
        if found is None:
            return None
        try:
            return read(found)
        except _UNREADABLE:
            return found

    return value


def features(shape: Shape, schema: Schema) -> Callable[[Any], Any]:
    """A row as a feature: where it lies is its geometry, or two numbers that are its longitude and latitude."""
    if schema.tree and shape.features:
        return lambda row: row
    place = _place(shape)
    inner = objects(shape, schema)

    def feature(row: Any) -> Any:
        found = dict(inner(row))
        geometry = place(found)
        return {"type": "Feature", "geometry": geometry, "properties": found}

    return feature


def _place(shape: Shape) -> Callable[[dict[str, Any]], Any]:
    """Where a row lies; a geometry is taken out of the rest of it."""
    if shape.geometry:
        return lambda found: _geometry(found.pop(shape.geometry, None))
    axes = values.axes(shape)
    if axes is None:
        return lambda found: None
    x, y = axes

    def point(found: dict[str, Any]) -> Any:
        numbers = found.get(x), found.get(y)
        is_point = all(isinstance(one, (int, Decimal, float)) for one in numbers)
        return {"type": "Point", "coordinates": list(numbers)} if is_point else None

    return point


def _geometry(value: Any) -> Any:
    try:
        return geometries.read(value) if isinstance(value, str) else value
    except _UNREADABLE:
        return None
