"""Who does which part of an access to a table.

What lives here: which conditions a database says exactly, when a whole chain is its own work, which columns are read
for it. What does not: the common split of readers that only narrow (`connector.data.queries.splitting`), SQL.

A chain is done by the database as a whole or not at all: what comes out of a part of it is nobody's. Then too its
filters and columns narrow what is read. Thresholds, noise, pseudonyms and signatures are always the node's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from connector.data.queries import narrowing, splitting
from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Condition,
    Field,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Pushed,
    Query,
    Shape,
    Split,
    Within,
    Work,
)
from connector.data.sources.sql import steps
from connector.data.sources.sql.steps import Does, Touched
from policies.transforms.chain import Chain
from policies.transforms.steps import Aggregate

_LARGEST: Final = 10**30


class Able:
    """What a database compares exactly: fields of these kinds, and patterns. Of the kind `wide` it says more rows. It
    `does` steps, and with `asks_after` it is asked about what comes out of them."""

    def __init__(
        self,
        *kinds: Kind,
        like: bool,
        does: Does,
        within: bool = False,
        wide: Kind | None = None,
        asks_after: bool = False,
    ) -> None:
        self._kinds, self._like, self._within, self._wide = frozenset(kinds), like, within, wide
        self.does, self.asks_after = does, asks_after

    def exactly(self, condition: Condition, fields: tuple[Field, ...]) -> bool:
        """Does the database say this exactly?"""
        match condition:
            case Compare(field=field, value=value):
                return self._fits(field, fields, (value,))
            case OneOf(field=field, values=values):
                return self._fits(field, fields, values)
            case Like(field=field, pattern=pattern):
                return self._like and _kind(field, fields) is Kind.TEXT and _is_pattern(pattern)
            case Missing(field=field):
                return _kind(field, fields) is not None
            case Within():
                return False
            case All(parts=parts) | Any_(parts=parts):
                return all(self.exactly(one, fields) for one in parts)
            case Not(part=part):
                return self.exactly(part, fields)
            case _:
                assert_never(condition)

    def widely(self, condition: Condition, fields: tuple[Field, ...]) -> bool:
        """Does it say this, or something that holds for more rows?"""
        match condition:
            case Within(field=field):
                return self._within and _kind(field, fields) is Kind.GEOMETRY
            case Compare(field=field) | OneOf(field=field) if self._wide and _kind(field, fields) is self._wide:
                return True
            case All(parts=parts) | Any_(parts=parts):
                return all(self.widely(one, fields) for one in parts)
            case _:
                return self.exactly(condition, fields)

    def _fits(self, name: str, fields: tuple[Field, ...], values: tuple[object, ...]) -> bool:
        kind = _kind(name, fields)
        return kind in self._kinds and all(_is_of(kind, one) for one in values)


def _kind(name: str, fields: tuple[Field, ...]) -> Kind | None:
    return next((one.kind for one in fields if one.name == name), None)


def _is_of(kind: Kind | None, value: object) -> bool:
    if kind is Kind.NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    return isinstance(value, str) and "\0" not in value


def _is_pattern(pattern: str) -> bool:
    """Does each sign that takes the next one as it is have a next one?"""
    tail = len(pattern) - len(pattern.rstrip("\\"))
    return tail % 2 == 0 and "\0" not in pattern


def split(shape: Shape, work: Work, able: Able) -> Split:
    """Who does which part."""
    query = work.query
    if query.resolution or query.after:
        return _narrowed(shape, work, able)
    if work.chain is None:
        if query.where is None or able.exactly(query.where, shape.fields):
            return Split(pushed=_plain(shape, query), left=None)
    elif (touched := steps.touched(work.chain, shape, able.does)) is not None:
        asked = _about_released(work.chain, touched, work, shape, able)
        if asked is not None:
            return Split(pushed=asked, left=None)
    return _narrowed(shape, work, able)


def _narrowed(shape: Shape, work: Work, able: Able) -> Split:
    return splitting.split(shape, work, lambda one: able.widely(one, shape.fields), trimmed=True)


def _plain(shape: Shape, query: Query) -> Pushed:
    shown = query.properties or tuple(one.name for one in shape.fields)
    asked = tuple(named(query.where)) if query.where is not None else ()
    return Pushed(
        fields=_in_order(shape, {*shown, *asked}),
        where=query.where,
        shown=shown,
        limit=query.limit,
    )


def _about_released(chain: Chain, touched: Touched, work: Work, shape: Shape, able: Able) -> Pushed | None:
    """A chain and a query about what comes out of it; None where a condition cannot be said exactly."""
    query = work.query
    parts = _parts(query.where)
    if not all(able.exactly(one, touched.released) for one in parts):
        return None
    summarises = isinstance(chain.steps[-1], Aggregate) if chain.steps else False
    before = [one for one in parts if not summarises and not touched.changed.intersection(named(one))]
    then = [one for one in parts if one not in before]
    if then and not able.asks_after:
        return None
    shown = query.properties or tuple(one.name for one in touched.released)
    if summarises:
        needed = {*touched.read, *_measured(chain, touched)}
    else:
        about = {name for one in parts for name in named(one)}
        needed = {*touched.read, *shown, *about}
    # What comes out is asked about exactly; the same more widely about what stands there is what an index serves.
    wide = [one for part in then if (one := narrowing.widened(part, chain, shape)) is not None]
    before += [one for one in wide if able.exactly(one, shape.fields)]
    return Pushed(
        fields=_in_order(shape, needed | {name for one in before for name in named(one)}),
        where=_all(before),
        chain=chain,
        then=_all(then),
        shown=shown,
        limit=query.limit,
        now=work.now,
    )


def _measured(chain: Chain, touched: Touched) -> set[str]:
    last = chain.steps[-1]
    assert isinstance(last, Aggregate)
    return {steps.column(field, touched.leave) for field in (*last.groups, *last.fields)}


def _in_order(shape: Shape, names: set[str]) -> tuple[str, ...]:
    return tuple(one.name for one in shape.fields if one.name in names)


def _parts(condition: Condition | None) -> list[Condition]:
    """What all has to hold."""
    if condition is None:
        return []
    return list(condition.parts) if isinstance(condition, All) else [condition]


def _all(parts: list[Condition]) -> Condition | None:
    return None if not parts else parts[0] if len(parts) == 1 else All(tuple(parts))


def named(condition: Condition) -> Iterator[str]:
    """The fields that a condition is about."""
    match condition:
        case All(parts=parts) | Any_(parts=parts):
            for one in parts:
                yield from named(one)
        case Not(part=part):
            yield from named(part)
        case _:
            yield condition.field
