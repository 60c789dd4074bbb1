"""Conditions in the Filter Encoding of WFS (FES 2.0, OGC 09-026r2, ISO 19143).

What lives here: which conditions a WFS is asked, and how they are written. What does not: asking (`wfs`), reference
systems (`axes`). Names of properties are without a prefix, as every service in the field takes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never
from xml.sax.saxutils import escape, quoteattr

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Shape,
    Within,
)
from connector.data.sources import asking, axes

LONGEST: Final = 5000
"""Signs of a filter: many servers take no longer addresses than 8 KiB."""
_FES: Final = "http://www.opengis.net/fes/2.0"
_GML: Final = "http://www.opengis.net/gml/3.2"
_OPERATORS: Final = {
    Comparison.EQ: "PropertyIsEqualTo",
    Comparison.NEQ: "PropertyIsNotEqualTo",
    Comparison.LT: "PropertyIsLessThan",
    Comparison.LTEQ: "PropertyIsLessThanOrEqualTo",
    Comparison.GT: "PropertyIsGreaterThan",
    Comparison.GTEQ: "PropertyIsGreaterThanOrEqualTo",
}
Name = Callable[[str], str]


def can(condition: Condition, shape: Shape) -> bool:
    """May a service be asked this, without one of those in the field giving less than what holds?"""
    match condition:
        case Compare(field=field, comparison=comparison, value=value):
            # Services order texts by languages, and times as texts: both are left to the node.
            kind = _kind(field, shape)
            equal = comparison in (Comparison.EQ, Comparison.NEQ)
            return _is_said(value) and (kind is Kind.NUMBER or (kind is Kind.TEXT and equal))
        case OneOf(field=field, values=values):
            return bool(values) and all(map(_is_said, values)) and _kind(field, shape) in (Kind.NUMBER, Kind.TEXT)
        case Like(field=field, pattern=pattern):
            return _is_said(pattern) and _kind(field, shape) is Kind.TEXT
        case Missing(field=field):
            return _kind(field, shape) not in (None, Kind.GEOMETRY, Kind.JSON)
        case Within(field=field, box=box):
            return field == shape.geometry and box[0] <= box[2]
        case All(parts=parts) | Any_(parts=parts):
            return bool(parts) and all(can(part, shape) for part in parts)
        case Not(part=part):
            # A box is asked for somewhat larger than it is, so its opposite would leave something out.
            return not isinstance(part, Within | All | Any_ | Not) and can(part, shape)
        case _:
            assert_never(condition)


def _is_said(value: Literal) -> bool:
    """Can it stand in XML 1.0 and come out as it was?"""
    return not isinstance(value, str) or not any(sign < " " or sign in "\ufffe\uffff" for sign in value)


def _kind(field: str, shape: Shape) -> Kind | None:
    found = shape.field(field)
    return None if found is None else found.kind


def written(condition: Condition, shape: Shape, name: Name, system: str) -> str:
    """As much of a condition as an address may be long, "" for none of it. `name` is what a field is called there,
    `system` the reference system of boxes."""
    kept: list[str] = []
    for part in asking.parts(condition):
        more = _element(part, name, system) if can(part, shape) else ""
        if more and sum(map(len, kept)) + len(more) <= LONGEST:
            kept.append(more)
    return f'<fes:Filter xmlns:fes="{_FES}" xmlns:gml="{_GML}">{_joined("And", kept)}</fes:Filter>' if kept else ""


def _element(condition: Condition, name: Name, system: str) -> str:
    match condition:
        case Compare(field=field, comparison=comparison, value=value):
            return _compared(_OPERATORS[comparison], name(field), value)
        case OneOf(field=field, values=values):
            return _joined("Or", [_compared("PropertyIsEqualTo", name(field), value) for value in values])
        case Like(field=field, pattern=pattern):
            signs = ' wildCard="%" singleChar="_" escapeChar="\\"'
            return _compared("PropertyIsLike", name(field), pattern, signs)
        case Missing(field=field):
            return f"<fes:PropertyIsNull>{_value(name(field))}</fes:PropertyIsNull>"
        case Within(field=field, box=box):
            return _box(name(field), axes.around(box, system), system)
        case All(parts=parts):
            return _joined("And", [_element(part, name, system) for part in parts])
        case Any_(parts=parts):
            return _joined("Or", [_element(part, name, system) for part in parts])
        case Not(part=part):
            return f"<fes:Not>{_element(part, name, system)}</fes:Not>"
        case _:
            assert_never(condition)


def _joined(operator: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"<fes:{operator}>{''.join(parts)}</fes:{operator}>"


def _value(field: str) -> str:
    return f"<fes:ValueReference>{escape(field)}</fes:ValueReference>"


def _compared(operator: str, field: str, value: Literal, more: str = "") -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<fes:{operator}{more}>{_value(field)}<fes:Literal>{escape(text)}</fes:Literal></fes:{operator}>"


def _box(field: str, sides: axes.Box, system: str) -> str:
    lower, upper = f"{sides[0]:.9f} {sides[1]:.9f}", f"{sides[2]:.9f} {sides[3]:.9f}"
    corners = f"<gml:lowerCorner>{lower}</gml:lowerCorner><gml:upperCorner>{upper}</gml:upperCorner>"
    envelope = f"<gml:Envelope srsName={quoteattr(system)}>{corners}</gml:Envelope>"
    return f"<fes:BBOX>{_value(field)}{envelope}</fes:BBOX>"
