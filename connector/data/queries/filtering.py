"""CQL2 text to a condition: the subset that is understood here.

What lives here: bounds of such a text, the way from the library's tree to `model.Condition`, refusing the rest.
What does not: whether the fields exist (`fitting`). Source: CQL2 (21-065r2): `=`, `<>`, `<`, `<=`, `>`, `>=`, `AND`,
`OR`, `NOT`, `IN`, `BETWEEN`, `LIKE`, `IS NULL`, `S_INTERSECTS` with `BBOX`, `DATE` and `TIMESTAMP`.

The text is gone through once before the library sees it: the library reads numbers as doubles and goes down as deep as
a text goes. INVARIANT: a number that a double does not hold is refused, none is rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Within,
)
from connector.errors import MessageError, SourceError
from policies import instants
from policies.transforms.fields import is_field

_LONGEST: Final = 4096
_DEEPEST: Final = 12
_MOST_PARTS: Final = 1200
"""Words, numbers, texts and signs of a filter."""
_PART = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
      | (?P<text>'(?:[^']|'')*')
      | (?P<name>"[^"]*")
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[^\W\d]\w*(?:[.:]\w+)*)
      | (?P<sign><>|<=|>=|[=<>(),+-])""",
    re.VERBOSE,
)
_OPPOSITE: Final = {
    Comparison.EQ: Comparison.EQ,
    Comparison.NEQ: Comparison.NEQ,
    Comparison.LT: Comparison.GT,
    Comparison.LTEQ: Comparison.GTEQ,
    Comparison.GT: Comparison.LT,
    Comparison.GTEQ: Comparison.LTEQ,
}
_COMPARISONS: Final = {one.value: one for one in Comparison}


class Timed(str):
    """A text that was written as `TIMESTAMP('…')` or `DATE('…')`: it is no text for a field of texts."""

    __slots__ = ()


def refused(code: str, /, **params: str) -> MessageError:
    """Why not, with values cut to a length that a log bears."""
    return MessageError(code, **{name: value[:100] for name, value in params.items()})


def condition(text: str) -> Condition:
    """The condition that a filter says; its literals are as they were written, but for numbers and instants.

    Raises `MessageError` `query.*` with `parameter` and `place`, `SourceError` where the library is not there.
    """
    _checked(text)
    try:
        import cql2
    except ImportError:
        raise SourceError("source.package", package="cql2") from None
    try:
        tree = cql2.Expr(text).to_json()
    except Exception as error:
        raise _unreadable(text, error) from None
    return _made(tree, 0)


def _unreadable(text: str, error: Exception) -> MessageError:
    """The place that the library names in its first line, as far as it does."""
    found = re.search(r"-->\s*(\d{1,4}):(\d{1,5})", str(error))
    lines = text.split("\n")
    place = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) if found else 0
    return refused("query.filter", parameter="filter", place=str(place), near=text[max(0, place - 1) : place + 20])


def _checked(text: str) -> None:
    """Bounds, and numbers that would be others as doubles."""
    if len(text) > _LONGEST:
        raise refused("query.long", parameter="filter", most=str(_LONGEST))
    depth = nots = 0
    for parts, (kind, part, place) in enumerate(_parts(text), 1):
        depth += (part == "(") - (part == ")")
        nots = nots + 1 if part.upper() == "NOT" and kind == "word" else 0
        if depth > _DEEPEST or parts > _MOST_PARTS or nots > 2:
            raise refused("query.complex", parameter="filter", place=str(place))
        if kind == "number" and not _is_held(part):
            raise refused("query.number", parameter="filter", place=str(place), value=part)


def _parts(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and place (from 1) of everything that is no blank."""
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found.lastgroup is None:
            raise refused("query.filter", parameter="filter", place=str(at + 1), near=text[at : at + 20])
        if found.lastgroup != "blank":
            yield found.lastgroup, found[0], at + 1
        at = found.end()


def _is_held(text: str) -> bool:
    """Is the shortest text of the double the same number?"""
    if len(text) > 40:
        return False
    value = float(text)
    return math.isfinite(value) and Decimal(repr(value)) == Decimal(text)


def _made(tree: Any, depth: int) -> Condition:
    """The condition of one node."""
    if depth > 4 * _DEEPEST:
        raise refused("query.complex", parameter="filter", place="0")
    if not isinstance(tree, dict) or not isinstance(tree.get("op"), str) or not isinstance(tree.get("args"), list):
        raise _unfit(tree)
    operator, args = tree["op"], tree["args"]
    if (comparison := _COMPARISONS.get(operator)) is not None:
        return _compared(comparison, args, tree)
    match operator:
        case "and":
            return All(tuple(_made(one, depth + 1) for one in args))
        case "or":
            return Any_(tuple(_made(one, depth + 1) for one in args))
        case "not" if len(args) == 1:
            return Not(_made(args[0], depth + 1))
        case "in" if len(args) == 2 and isinstance(args[1], list) and args[1]:
            return OneOf(_field(args[0]), tuple(map(_literal, args[1])))
        case "between" if len(args) == 3:
            field = _field(args[0])
            least, most = _literal(args[1]), _literal(args[2])
            return All((Compare(field, Comparison.GTEQ, least), Compare(field, Comparison.LTEQ, most)))
        case "like" if len(args) == 2 and isinstance(args[1], str):
            return Like(_field(args[0]), args[1])
        case "isNull" if len(args) == 1:
            return Missing(_field(args[0]))
        case "s_intersects" if len(args) == 2:
            return _within(*args)
    raise _unfit(tree)


def _compared(comparison: Comparison, args: list[Any], tree: Any) -> Condition:
    if len(args) != 2:
        raise _unfit(tree)
    one, two = args
    if not _is_property(one):
        one, two, comparison = two, one, _OPPOSITE[comparison]
    return Compare(_field(one), comparison, _literal(two))


def _within(one: Any, two: Any) -> Condition:
    if not _is_property(one):
        one, two = two, one
    sides = two.get("bbox") if isinstance(two, dict) else None
    if not isinstance(sides, list) or len(sides) != 4:
        raise _unfit({"op": "s_intersects"})
    west, south, east, north = map(float, sides)
    if not is_box((west, south, east, north)):
        raise refused("query.box", parameter="filter", value=",".join(map(str, sides)))
    return Within(_field(one), (west, south, east, north))


def is_box(sides: tuple[float, float, float, float]) -> bool:
    """Are these west, south, east and north of a box on the earth?"""
    west, south, east, north = sides
    return all(map(math.isfinite, sides)) and abs(west) <= 180 >= abs(east) and -90 <= south <= north <= 90


def _is_property(tree: Any) -> bool:
    return isinstance(tree, dict) and set(tree) == {"property"}


def _field(tree: Any) -> str:
    if not _is_property(tree) or not isinstance(tree["property"], str):
        raise _unfit(tree)
    name: str = tree["property"]
    if not is_field(name):
        raise refused("query.field", parameter="filter", field=name)
    return name


def _literal(tree: Any) -> Literal:
    """A value; a whole number is an `int`, an instant is told in UTC."""
    if isinstance(tree, (bool, str)):
        return tree
    if isinstance(tree, (int, float)):
        return int(tree) if math.isfinite(tree) and float(tree).is_integer() else float(tree)
    if isinstance(tree, dict) and len(tree) == 1:
        ((kind, text),) = tree.items()
        if kind in ("timestamp", "date") and isinstance(text, str):
            return _timed(kind, text)
        if kind == "property":  # Most likely a text, as somebody writes it who does not know the quotes.
            raise refused("query.quotes", parameter="filter", value=str(text))
    raise _unfit(tree)


def _timed(kind: str, text: str) -> Timed:
    try:
        canonical = instants.read(text.upper())
    except ValueError:
        raise refused("query.value", parameter="filter", value=text) from None
    if (canonical == text) != (kind == "date"):
        raise refused("query.value", parameter="filter", value=text)
    return Timed(canonical if kind == "date" else instants.stamp(int(canonical)))


def _unfit(tree: Any) -> MessageError:
    """What CQL2 has and this node does not."""
    name = tree.get("op") or tree.get("type") or next(iter(tree), "") if isinstance(tree, dict) else ""
    said = str(name) if name else msgspec.json.encode(tree).decode()
    return refused("query.operator", parameter="filter", operator=said)
