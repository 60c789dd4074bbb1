"""Which fields of a shape a step of a chain means.

What lives here: a step's names beside a shape's fields, as generously as the steps themselves take them
(`policies.transforms.table`, `tree`): a name takes away what a person would take for it as well. What does not: the
steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector.data.formats import CSV
from connector.data.queries.model import Field, Kind, Shape
from policies.transforms import media
from policies.transforms.steps import Aggregate, CoarsenPlace, Delay, Keep, Noise, Sign, Step, Suppress, Threshold
from policies.transforms.table import alike, similar

_OF_PLACES: Final = frozenset({"geometry", "coordinates", "geometries", "bbox", "type", "crs"})


def is_table(shape: Shape) -> bool:
    """Are rows of this shape lists of texts?"""
    return media.essence(shape.media_type) == CSV


def changed(step: Step) -> tuple[str, ...]:
    """The names of what a step takes away or changes in a row that goes on."""
    match step:
        case Keep() | Delay() | Aggregate() | Threshold() | Noise() | Sign():
            return ()
        case _:
            return step.fields


def takes_away(step: Step) -> bool:
    """Does nothing of what it names leave?"""
    return isinstance(step, Suppress)


def is_together(step: Step) -> bool:
    """Does it need all of its fields to change any of them?"""
    return isinstance(step, CoarsenPlace) and len(step.fields) == 2


def looked_at(step: Step) -> tuple[str, ...]:
    """The names of what a step only looks at."""
    match step:
        case Keep(field=field) | Delay(field=field):
            return (field,) if field else ()
        case Aggregate(groups=groups, fields=fields):
            return (*groups, *fields)
        case Threshold(groups=groups, unit=unit):
            return (*groups, unit) if unit else groups
        case _:
            return ()


def parts(name: str) -> tuple[str, ...]:
    """The keys that a name leads through: several for a JSON pointer (RFC 6901)."""
    if not name.startswith("/"):
        return (name,)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in name[1:].split("/"))


def whole(name: str, shape: Shape) -> tuple[Field, ...]:
    """The fields that a step takes as a whole by this name."""
    if is_table(shape):
        return tuple(field for field in shape.fields if similar(field.name) == similar(name))
    keys = parts(name)
    if shape.features:
        keys = keys[1:] if len(keys) > 1 and similar(keys[0]) == "properties" else keys
        if len(keys) == 1 and similar(keys[0]) == "properties":
            return tuple(field for field in shape.fields if field.name not in ("id", "geometry"))
    if len(keys) > 1:
        return ()
    return tuple(field for field in shape.fields if similar(field.name) == similar(keys[0]))


def reaches(name: str, shape: Shape) -> tuple[Field, ...]:
    """The fields that a step takes by this name, or something within them."""
    found = whole(name, shape)
    return found + tuple(
        field for field in _nested(shape) if field not in found and touches(name, field.name, field.kind)
    )


def _nested(shape: Shape) -> Iterator[Field]:
    """Fields that steps reach into; a place in a table is a text."""
    kinds = (Kind.JSON,) if is_table(shape) else (Kind.JSON, Kind.GEOMETRY)
    yield from (field for field in shape.fields if field.kind in kinds)


def touches(name: str, field: str, kind: Kind = Kind.TEXT) -> bool:
    """May a step of this name change the value of a field, whatever the shape? True rather than false."""
    keys = {similar(part) for part in (name, *parts(name))}
    if similar(field) in keys or similar(parts(name)[-1]) == "properties":
        return True
    return bool(keys & _OF_PLACES) if kind is Kind.GEOMETRY else kind is Kind.JSON


def one(name: str, shape: Shape) -> Field | None:
    """The one field that a step asks for a value by this name; None where it is none of the shape's, or several."""
    found = whole(name, shape)
    if len(found) != 1 or alike(found[0].name.strip()) != alike(parts(name)[-1] if not is_table(shape) else name):
        return None
    return found[0]
