"""What a query means for rows: which hold, which are shown, how many, how coarse.

What lives here: conditions as functions of a row, and everything of a `Work` done to rows at the node, in its order:
the chain, the condition, the limit, the resolution, the fields. What does not: bytes (`connector.data.formats`), what a
silo does itself.

A condition is made two functions, one for what surely holds and one for what surely does not: of a row without a value
neither says yes (three-valued, ISO/IEC 9075-2, 8.x; CQL2, 6.5).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, assert_never

import msgspec
from msgspec import Struct

from connector.data.queries import boxes, values
from connector.data.queries.fitting import released
from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Query,
    Shape,
    Within,
    Work,
)
from policies.instants import ZONE
from policies.model import PolicyError, Reason
from policies.transforms import Chain, Given, Schema, places, plan, times
from policies.transforms.chain import of_steps
from policies.transforms.media import Body
from policies.transforms.steps import CoarsenPlace, CoarsenTime

Holds = Callable[[Any], bool]
_COMPARED: Final[dict[Comparison, Callable[[Any, Any], bool]]] = {
    Comparison.EQ: operator.eq,
    Comparison.NEQ: operator.ne,
    Comparison.LT: operator.lt,
    Comparison.LTEQ: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GTEQ: operator.ge,
}
_NOTHING: Final = of_steps(())


class Answer(Struct, frozen=True):
    """Rows as they are given to a writer: their shape (fields in their order), how they stand (`schema`: a table's
    lists, or JSON objects), and the rows, to be gone through once."""

    shape: Shape
    schema: Schema
    rows: Iterator[Any]


def over(body: Body, shape: Shape, work: Work, given: Given) -> Answer:
    """A chain and then a query, done to the rows of a body. `shape` is that of the rows before the chain.

    Raises `PolicyError` as `transforms.plan` does, and the rows raise it as its run does.
    """
    schema = _known(body.schema, shape)
    done = plan(work.chain if work.chain is not None else _NOTHING, schema)
    rows = done.run(body, given)
    return select(rows, released(shape, work.chain), values.leaving(schema, done), work)


def _known(schema: Schema, shape: Shape) -> Schema:
    """A silo's rows have the fields of its shape, also where none of those that it was asked for has one; a table knows
    which of its columns have JSON in their cells."""
    if schema.tree:
        return msgspec.structs.replace(schema, declared=tuple(one.name for one in shape.fields))
    declared = {one.name for one in shape.fields if one.kind is Kind.JSON}
    documents = tuple(name for name in schema.columns if name in declared or name in schema.documents)
    return msgspec.structs.replace(schema, documents=documents)


def select(rows: Iterable[Any], shape: Shape, schema: Schema, work: Work) -> Answer:
    """The query of a work, done to rows behind its chain. `shape` is theirs. Raises `PolicyError` as `over`."""
    query, left = work.query, iter(rows)
    if query.where is not None:
        left = filter(holds(query.where, shape, schema), left)
    if query.limit is not None:
        left = islice(left, query.limit)
    if query.resolution:
        left = map(_coarser(query, shape, schema, work.chain), left)
    if not schema.tree:
        fields = tuple(shape.field(name) or Field(name) for name in query.properties or schema.columns)
    else:
        fields = tuple(field for name in query.properties if (field := shape.field(name))) or shape.fields
    if query.properties:
        left = map(_shown(query.properties, shape, schema), left)
        schema = _picked(query.properties, schema)
    return Answer(msgspec.structs.replace(shape, fields=fields), schema, left)


def _picked(names: Sequence[str], schema: Schema) -> Schema:
    if schema.tree:
        return schema
    signs = dict(zip(schema.columns, schema.decimals, strict=False))
    return msgspec.structs.replace(schema, columns=tuple(names), decimals=tuple(signs.get(name, "") for name in names))


def _shown(names: Sequence[str], shape: Shape, schema: Schema) -> Callable[[Any], Any]:
    """A row with these fields alone, in this order."""
    if not schema.tree:
        at = [schema.columns.index(name) for name in names]
        return lambda row: [row[n] for n in at]
    if not shape.features:
        return lambda row: {name: row.get(name) for name in names}
    inner = [name for name in names if name not in ("id", "geometry")]

    def feature(row: Any) -> Any:
        found = row.get("properties") or {}
        made: dict[str, Any] = {"type": "Feature"}
        if "id" in names and ("id" in row or "id" in found):
            made["id"] = row["id"] if "id" in row else found["id"]
        made["geometry"] = row.get("geometry") if "geometry" in names else None
        made["properties"] = {name: found.get(name) for name in inner}
        return made

    return feature


def holds(condition: Condition, shape: Shape, schema: Schema) -> Holds:
    """Does a row surely fulfil it? Rows stand as `schema` says: lists of texts, or JSON objects.

    Raises `PolicyError` where a table has no such column.
    """
    return _true(condition, _Rows(shape, schema))


class _Rows(Struct, frozen=True):
    shape: Shape
    schema: Schema

    def kind(self, name: str) -> Kind:
        field = self.shape.field(name)
        return field.kind if field is not None else Kind.TEXT

    def get(self, name: str) -> values.Get:
        return values.get(self.shape.field(name) or Field(name), self.shape, self.schema)

    def raw(self, name: str) -> values.Get:
        return values.raw(name, self.shape, self.schema)


def _true(condition: Condition, rows: _Rows) -> Holds:
    """Does it surely hold?"""
    match condition:
        case All(parts=parts):
            return _all([_true(part, rows) for part in parts])
        case Any_(parts=parts):
            return _one([_true(part, rows) for part in parts])
        case Not(part=part):
            return _false(part, rows)
        case Missing(field=field):
            pick = rows.raw(field)
            return lambda row: pick(row) is None
        case _:
            return _of_value(rows.get(condition.field), _test(condition, rows.kind(condition.field)), wanted=True)


def _false(condition: Condition, rows: _Rows) -> Holds:
    """Does it surely not hold?"""
    match condition:
        case All(parts=parts):
            return _one([_false(part, rows) for part in parts])
        case Any_(parts=parts):
            return _all([_false(part, rows) for part in parts])
        case Not(part=part):
            return _true(part, rows)
        case Missing(field=field):
            pick = rows.raw(field)
            return lambda row: pick(row) is not None
        case _:
            return _of_value(rows.get(condition.field), _test(condition, rows.kind(condition.field)), wanted=False)


def _all(parts: list[Holds]) -> Holds:
    match parts:
        case [one]:
            return one
        case [one, two]:
            return lambda row: one(row) and two(row)
    return lambda row: all(part(row) for part in parts)


def _one(parts: list[Holds]) -> Holds:
    return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)


def _of_value(get: values.Get, test: Callable[[Any], bool], *, wanted: bool) -> Holds:
    """A test of a value that is there and can be tested."""

    def holds(row: Any) -> bool:
        value = get(row)
        if value is None:
            return False
        try:
            return test(value) is wanted
        except ValueError:
            return False

    return holds


def _test(condition: Compare | OneOf | Like | Within, kind: Kind) -> Callable[[Any], bool]:
    """What a condition asks of one value."""
    match condition:
        case Compare(comparison=comparison, value=value):
            right, compare = values.literal(kind, value), _COMPARED[comparison]
            return lambda found: compare(found, right)
        case OneOf(values=listed):
            rights = frozenset(values.literal(kind, value) for value in listed)
            return lambda found: found in rights
        case Like(pattern=pattern):
            return _like(pattern)
        case Within(box=box):
            return lambda found: boxes.meets(found, box)
        case _:
            assert_never(condition)


def _like(pattern: str) -> Callable[[str], bool]:
    """A pattern's stretches between `%`, each looked for behind the one before: no pattern takes longer than its length
    times that of the text."""
    stretches = [re.compile(one, re.DOTALL) for one in _stretches(pattern)]
    first, *middle = stretches
    if not middle:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = middle
    tail = _length(pattern)

    def matches(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        at = found.end()
        for one in middle:
            found = one.search(text, at)
            if found is None:
                return False
            at = found.end()
        return len(text) - tail >= at and last.fullmatch(text, len(text) - tail) is not None

    return matches


def _signs(pattern: str) -> Iterator[tuple[str, bool]]:
    """Signs of a pattern, and whether each stands for itself."""
    taken = False
    for sign in pattern:
        if not taken and sign == "\\":
            taken = True
            continue
        yield sign, taken or sign not in "%_"
        taken = False


def _stretches(pattern: str) -> list[str]:
    made = [""]
    for sign, itself in _signs(pattern):
        if sign == "%" and not itself:
            made.append("")
        else:
            made[-1] += re.escape(sign) if itself else "."
    return made


def _length(pattern: str) -> int:
    """Signs behind the last `%`."""
    count = 0
    for sign, itself in _signs(pattern):
        count = 0 if sign == "%" and not itself else count + 1
    return count


def _coarser(query: Query, shape: Shape, schema: Schema, chain: Chain | None) -> Callable[[Any], Any]:
    """Makes the times and places of a row coarser than they leave; of a row that cannot be treated it raises
    `PolicyError`. What is nothing stays nothing."""
    changes: list[tuple[str, Callable[[Any], Any]]] = []
    pairs: list[tuple[str, str, Callable[[Any, Any], tuple[Any, Any]]]] = []
    for resolution in query.resolution.split(","):
        try:
            level = places.level(resolution)
        except ValueError:
            changes += _of_times(resolution, shape, chain)
            continue
        if level.digits:
            changes += [(name, places.key(level.digits)) for name in _of_keys(shape, chain)]
        elif shape.geometry:
            changes.append((shape.geometry, places.point(level.metres)))
        elif (found := values.axes(shape)) is not None:
            reads = schema.read(found[0]), schema.read(found[1])
            pairs.append((*found, places.pair(level.metres, *reads, schema.comma)))
    return _treated(changes, pairs, shape, schema)


def _of_times(resolution: str, shape: Shape, chain: Chain | None) -> list[tuple[str, Callable[[Any], Any]]]:
    """In the zone of the contract's own windows, so that one lies within the other."""
    zones = [step.zone for step in (chain.steps if chain else ()) if isinstance(step, CoarsenTime)]
    coarse = times.Coarse(resolution, zones[0] if zones else ZONE)
    return [(field.name, coarse) for field in shape.fields if field.kind in (Kind.INSTANT, Kind.DATE)]


def _of_keys(shape: Shape, chain: Chain | None) -> list[str]:
    steps = [step for step in (chain.steps if chain else ()) if isinstance(step, CoarsenPlace)]
    return [
        name
        for step in steps
        if places.level(step.resolution).digits
        for name in step.fields
        if shape.field(name) is not None
    ]


def _treated(
    changes: Sequence[tuple[str, Callable[[Any], Any]]],
    pairs: Sequence[tuple[str, str, Callable[[Any, Any], tuple[Any, Any]]]],
    shape: Shape,
    schema: Schema,
) -> Callable[[Any], Any]:
    def place(name: str) -> Any:
        return schema.columns.index(name) if not schema.tree else name

    def holder(name: str) -> Callable[[Any], Any]:
        inside = shape.features and name not in ("id", "geometry")
        return (lambda row: row.get("properties") or {}) if inside else lambda row: row

    def treat(row: Any) -> Any:
        row = row if schema.tree else list(row)
        try:
            for name, change in changes:
                held, at = holder(name)(row), place(name)
                if not schema.tree or at in held:
                    held[at] = change(held[at])
            for one, two, pair in pairs:
                held, first, second = holder(one)(row), place(one), place(two)
                held[first], held[second] = pair(held[first], held[second])
        except (ValueError, ArithmeticError, KeyError, RecursionError):
            raise PolicyError(Reason("transform.row", {"row": "0"})) from None
        return row

    return treat
