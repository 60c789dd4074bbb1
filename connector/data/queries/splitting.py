"""Who does which part of what is asked: the split of readers whose silos only narrow.

What lives here: `split` (fewer fields and fewer rows are asked for, everything is done again at the node), `given` (the
shape of what it then gives) and `explained` (any split, for people). What does not: readers that leave nothing to the
node, and know so.

INVARIANT: where what leaves depends on how many rows there are, or on what was told before, the silo is asked the same
whatever the query, for all fields: two queries of one consumer never are about two different wholes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from connector.data.queries import naming, writing
from connector.data.queries.fitting import released
from connector.data.queries.model import (
    All,
    Any_,
    Condition,
    Not,
    Pushed,
    Query,
    Shape,
    Split,
    Work,
)
from connector.data.queries.narrowing import narrowing, widened
from policies.transforms import Chain, provenance
from policies.transforms.chain import of_steps
from policies.transforms.steps import Aggregate, Noise, Step, Threshold


def split(shape: Shape, work: Work, can: Callable[[Condition], bool], *, trimmed: bool = False) -> Split:
    """The silo is asked for fewer fields and, as far as it `can`, for fewer rows; all is left to the node. `trimmed` as
    `narrowing` has it. Pure."""
    fixed = _is_fixed(work.chain)
    kept = narrowing(work.chain, shape, work.now, trimmed=trimmed).where
    asked = widened(work.query.where, work.chain, shape) if work.query.where is not None and not fixed else None
    parts = tuple(part for whole in (kept, asked) if whole is not None for part in _parts(whole) if can(part))
    fields = tuple(field.name for field in shape.fields) if fixed else _needed(shape, work)
    twice = _is_gone_through_twice(work.chain)
    pushed = Pushed(
        fields=fields,
        where=All(parts) if len(parts) > 1 else next(iter(parts), None),
        after=work.query.after,
        now=work.now if twice else 0,
        twice=twice,
    )
    return Split(pushed=pushed, left=msgspec.structs.replace(work, chain=_about(work.chain, fields, shape)))


def _is_fixed(chain: Chain | None) -> bool:
    return chain is not None and any(isinstance(step, (Threshold, Noise)) for step in chain.steps)


def _is_gone_through_twice(chain: Chain | None) -> bool:
    """Are rows counted first, and let go then?"""
    kinds = {type(step) for step in chain.steps} if chain is not None else set()
    return Threshold in kinds and Aggregate not in kinds


def _parts(condition: Condition) -> Iterable[Condition]:
    """What all has to hold, each for itself."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _parts(part)
    else:
        yield condition


def fields_of(condition: Condition | None) -> frozenset[str]:
    """The names of the fields that a condition is about."""
    match condition:
        case None:
            return frozenset()
        case All(parts=parts) | Any_(parts=parts):
            return frozenset().union(*map(fields_of, parts))
        case Not(part=part):
            return fields_of(part)
        case _:
            return frozenset({condition.field})


def _needed(shape: Shape, work: Work) -> tuple[str, ...]:
    """The fields that somebody looks at, or that leave: what is suppressed and decides nothing is not even read."""
    steps = work.chain.steps if work.chain is not None else ()
    every = tuple(field.name for field in shape.fields)
    looked = [name for step in steps for name in naming.looked_at(step)]
    if any(naming.one(name, shape) is None for name in looked) or any(
        _is_deep(name, shape) for step in steps for name in naming.changed(step)
    ):
        return every
    wanted = {found.name for name in looked if (found := naming.one(name, shape)) is not None}
    wanted |= fields_of(work.query.where)
    wanted |= set(work.query.properties) or _leaving(shape, work.chain)
    wanted |= _beside(wanted, shape, steps)
    if work.query.resolution and work.query.properties:
        return every
    return tuple(name for name in every if name in wanted) or every[:1]


def _is_deep(name: str, shape: Shape) -> bool:
    """Does a step mean something that is no field of the shape, but may stand within one?"""
    return not naming.whole(name, shape)


def _leaving(shape: Shape, chain: Chain | None) -> set[str]:
    """The fields that leave where all do."""
    gone = {
        field.name
        for step in (chain.steps if chain is not None else ())
        if naming.takes_away(step)
        for name in naming.changed(step)
        for field in naming.whole(name, shape)
    }
    return {field.name for field in shape.fields} - gone


def _beside(wanted: set[str], shape: Shape, steps: Iterable[Step]) -> set[str]:
    """What a step takes together with a wanted field: the other number of a point, names that look like its own, and
    what it takes at the top where it may have to take the same within that field."""
    found: set[str] = set()
    for step in steps:
        groups = [
            ({one.name for one in naming.whole(name, shape)}, {one.name for one in naming.reaches(name, shape)})
            for name in naming.changed(step)
        ]
        if naming.is_together(step):
            groups = [(set().union(*(group for group, _ in groups)), set().union(*(reach for _, reach in groups)))]
        found = found.union(*(group for group, reach in groups if reach & wanted))
    return found


def _about(chain: Chain | None, fields: tuple[str, ...], shape: Shape) -> Chain | None:
    """The chain for rows that have these fields alone: what was not read needs not be taken away."""
    if chain is None or len(fields) == len(shape.fields):
        return chain
    steps: list[Step] = []
    for step in chain.steps:
        names = naming.changed(step)
        there = tuple(name for name in names if {field.name for field in naming.whole(name, shape)} & set(fields))
        if not names:
            steps.append(step)
        elif there:
            steps.append(msgspec.structs.replace(step, fields=there))
    return of_steps(steps)


def given(pushed: Pushed, shape: Shape) -> Shape:
    """The shape of what the silo gives when it was asked this: what `holding.over` wants to know of it."""
    shape = released(shape, pushed.chain)
    names = pushed.shown or (pushed.fields if pushed.chain is None else ())
    if not names:
        return shape
    kept = tuple(field for name in names if (field := shape.field(name)) is not None)
    lost = {field.name for field in shape.fields} - {field.name for field in kept}
    return msgspec.structs.replace(
        shape,
        fields=kept,
        key=() if lost.intersection(shape.key) else shape.key,
        time="" if shape.time in lost else shape.time,
        geometry="" if shape.geometry in lost else shape.geometry,
    )


def explained(split: Split, shape: Shape) -> dict[str, Any]:
    """Who does what, as plain JSON: `silo` and `node` (null where nothing is left), conditions as CQL2 text, steps as
    in the provenance; what is not done is left out."""
    pushed, left = split.pushed, split.left
    silo = {
        "fields": list(pushed.fields),
        "where": _text(pushed.where, shape),
        "steps": _steps(pushed.chain),
        "then": _text(pushed.then, shape),
        "shown": list(pushed.shown),
        "limit": pushed.limit,
        "after": pushed.after,
    }
    node = None if left is None else {"steps": _steps(left.chain), **_asked(left.query, shape)}
    return {"silo": _said(silo), "node": None if node is None else _said(node)}


def _asked(query: Query, shape: Shape) -> dict[str, Any]:
    return {
        "where": _text(query.where, shape),
        "properties": list(query.properties),
        "limit": query.limit,
        "resolution": query.resolution,
        "form": query.form,
    }


def _said(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value not in (None, "", [])}


def _steps(chain: Chain | None) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = provenance(chain)["steps"] if chain is not None else []
    return made


def _text(condition: Condition | None, shape: Shape) -> str:
    return "" if condition is None else writing.text(condition, shape)
