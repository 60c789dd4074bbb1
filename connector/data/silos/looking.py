"""Looking at a silo before anything of it is shared, as its operator does: what it has, some rows, what it can do.

What lives here: trying a silo, probing its reader with questions, a few rows as texts, what an asset of it is frozen
as. What does not: asking (`connector.data.silos.registry`), what a person reads of it (`connector.cli.sources`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec
from msgspec import Struct

from connector.data.ports import Concerned
from connector.data.queries.model import (
    EVERYTHING,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Pushed,
    Query,
    Selection,
    Shape,
    Within,
    Work,
)
from connector.data.silos import shapes
from connector.data.silos.opened import Opened
from connector.data.silos.registry import Silos
from connector.errors import InputError, NodeError, PeerError, SourceError
from connector.records import Asset, Silo
from policies.model import Reason

SAMPLE: Final = 3
"""Rows that are shown of a collection."""
WIDTH: Final = 40
"""Signs that are shown of a value."""
MOST: Final = 25
"""Collections that are looked into where none is named."""
_ENOUGH: Final = 1 << 20

_EXAMPLES: Final[Mapping[Kind, str | int | bool]] = {
    Kind.TEXT: "a",
    Kind.NUMBER: 1,
    Kind.BOOLEAN: True,
    Kind.INSTANT: "2020-01-01T00:00:00Z",
    Kind.DATE: "2020-01-01",
}
SILO, NARROWED, NODE = "silo", "narrowed", "node"
"""Who does a part: the silo; the silo as far as it can, and the node again; the node alone."""


class Rows(Struct, frozen=True):
    """Some rows as texts, each cut to `WIDTH` signs."""

    fields: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Seen(Struct, frozen=True, kw_only=True):
    """A collection as it was found: `wrong` where it cannot be read; who would do which part; what it lacks."""

    collection: str
    shape: Shape | None = None
    sample: Rows | None = None
    parts: Mapping[str, str] = {}
    lacks: tuple[Reason, ...] = ()
    wrong: Reason | None = None


class Found(Struct, frozen=True, kw_only=True):
    """A silo as it was found. `concerns`: what is not well although it can be read."""

    collections: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    concerns: tuple[Reason, ...] = ()


async def look(silos: Silos, silo: Silo, collection: str = "") -> Found:
    """What a silo has. Raises `SourceError` where it cannot be asked at all; what is wrong with one collection is told
    there."""
    try:
        names = tuple(await silos.collections(silo))
        chosen = (collection,) if collection else names[:MOST]
        seen = [await _seen(silos, silo, name, names) for name in chosen]
        return Found(collections=names, seen=tuple(seen), concerns=await _concerns(silos, silo))
    except SourceError as error:
        raise _of(silo, error) from None


def _of(silo: Silo, error: SourceError) -> SourceError:
    """An error that names the silo; nothing of it was shared yet, so nothing can have gone that was."""
    if error.reason.code == "source.drift" and not error.reason.params.get("field"):
        return SourceError("source.nothing", silo=silo.id)
    return SourceError(error.reason.code, **{"silo": silo.id, **error.reason.params})


def _no_such(collection: str, names: Sequence[str]) -> Reason:
    if not any(names):
        return Reason("source.whole", {"collection": collection[:100]})
    there = ", ".join(names[:MOST]) + (", …" if len(names) > MOST else "")
    if not collection:
        return Reason("source.choose", {"there": there})
    return Reason("source.collection", {"collection": collection[:100], "there": there})


async def _concerns(silos: Silos, silo: Silo) -> tuple[Reason, ...]:
    reader = silos.reader(silo.kind)
    if not isinstance(reader, Concerned):
        return ()
    return tuple(await silos.ask(silo, reader.concerns))


async def _seen(silos: Silos, silo: Silo, collection: str, names: Sequence[str]) -> Seen:
    try:
        opened = await silos.select(silo, Selection(collection=collection))
        sample = None if opened.shape.live and not opened.shape.key else await rows(silos, opened, SAMPLE)
    except SourceError as error:
        gone = error.reason.code == "source.drift" and collection not in names
        wrong = _no_such(collection, names) if gone else _of(silo, error).reason
        return Seen(collection=collection, wrong=wrong)
    except NodeError as error:
        return Seen(collection=collection, wrong=error.reason)
    shape = opened.shape
    return Seen(collection=collection, shape=shape, sample=sample, parts=parts(opened), lacks=tuple(_lacking(shape)))


def _lacking(shape: Shape) -> Iterator[Reason]:
    """What could not be asked of a collection, for want of what."""
    if not shape.key:
        yield Reason("shape.key")
    if not shape.time:
        yield Reason("shape.time")
    if not shape.geometry:
        yield Reason("shape.geometry")
    if not shape.snapshot:
        yield Reason("shape.snapshot")


def parts(opened: Opened) -> Mapping[str, str]:
    """Who would do which part, found by asking the reader: nothing is read."""
    shape = opened.shape
    found = {"columns": _columns(opened), "limit": SILO if _split(opened, Query(limit=1)).limit is not None else NODE}
    for name, field in _probed(shape):
        found[name] = _condition(opened, _about(field))
    return found


def _columns(opened: Opened) -> str:
    first = opened.shape.fields[0].name
    return SILO if _split(opened, Query(properties=(first,))).fields == (first,) else NODE


def _split(opened: Opened, query: Query) -> Pushed:
    return opened.split(Work(query=query)).pushed


def _condition(opened: Opened, where: Condition) -> str:
    split = opened.split(Work(query=Query(where=where)))
    if split.pushed.where is None and split.pushed.then is None:
        return NODE
    return SILO if split.left is None else NARROWED


def _probed(shape: Shape) -> Iterator[tuple[str, Field]]:
    """A field of each kind by which can be asked."""
    for kind in _EXAMPLES:
        if found := next((one for one in shape.fields if one.kind is kind), None):
            yield f"{kind.value}", found
    if (geometry := shape.field(shape.geometry)) is not None:
        yield "bbox", geometry


def _about(field: Field) -> Condition:
    if field.kind is Kind.GEOMETRY:
        return Within(field.name, (8.0, 50.0, 9.0, 51.0))
    comparison = Comparison.EQ if field.kind in (Kind.TEXT, Kind.BOOLEAN) else Comparison.GTEQ
    return Compare(field.name, comparison, _EXAMPLES[field.kind])


# --- rows -------------------------------------------------------------------------------------------------------------


async def rows(silos: Silos, opened: Opened, most: int) -> Rows:
    """The first rows of what is shared, as they stand in the silo. Raises `SourceError`."""
    pushed = opened.split(Work(query=Query(limit=most))).pushed
    if pushed.chain is not None or pushed.shown:
        pushed = opened.split(Work(query=EVERYTHING)).pushed
    body = b""
    async with aclosing(silos.read(opened, pushed)) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > _ENOUGH or body.count(b"\n") > 50 * (most + 1):
                break
    names = tuple(one.name for one in opened.shape.fields)
    try:
        return Rows(names, tuple(_texts(opened.shape, names, body, most)))
    except (ValueError, csv.Error):
        raise SourceError("source.broken", silo=opened.silo.id, problem="its rows cannot be read") from None


def _texts(shape: Shape, names: Sequence[str], body: bytes, most: int) -> Iterator[tuple[str, ...]]:
    whole = body[: body.rfind(b"\n") + 1].decode()
    if shape.media_type == "text/csv":
        table = csv.DictReader(io.StringIO(whole, newline=""))
        for row, _ in zip(table, range(most), strict=False):
            yield tuple(_shown(row.get(name)) for name in names)
        return
    for line, _ in zip(whole.splitlines(), range(most), strict=False):
        value = flat(shape, msgspec.json.decode(line))
        yield tuple(_shown(value.get(name)) for name in names)


def flat(shape: Shape, row: Any) -> Mapping[str, Any]:
    """A row by its fields: of a feature its properties, its id and its place."""
    if not isinstance(row, dict):
        return {}
    if not shape.features:
        return row
    return {"id": row.get("id"), shape.geometry or "geometry": row.get("geometry"), **(row.get("properties") or {})}


def _shown(value: Any) -> str:
    """A value for a person: short, and on one line."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


# --- assets -----------------------------------------------------------------------------------------------------------


class Frozen(Struct, frozen=True):
    """What an asset of a silo is kept as."""

    settings: Mapping[str, Any]
    media_type: str
    shape: Shape


async def freeze(silos: Silos, silo: Silo, selection: Selection) -> Frozen:
    """What an asset is that shares this selection from now on: its fields as they are, all of them where none is named.

    Raises `InputError` `asset.fields` (with those that are not there), `asset.where` (a condition about fields that are
    there and not shared), `query.*` for any other wrong condition; `SourceError`.
    """
    try:
        opened = await silos.select(silo, selection)
    except SourceError as error:
        if error.reason.code == "source.drift":
            await _there(silos, silo, selection.collection)
        if selection.fields and error.reason.code == "source.drift" and error.reason.params.get("field"):
            there = ", ".join(await _names(silos, silo, selection))
            raise InputError("asset.fields", fields=error.reason.params["field"], there=there) from None
        raise _of(silo, error) from None
    except PeerError as error:
        field = error.reason.params.get("field", "")
        if field and field in await _names(silos, silo, selection):
            raise InputError("asset.where", field=field) from None
        raise InputError(error.reason.code, **{**error.reason.params, "parameter": "--where"}) from None
    shape = opened.shape
    settings = {
        "silo": silo.id,
        "collection": selection.collection,
        "fields": [one.name for one in shape.fields],
        **({"where": selection.where} if selection.where else {}),
        "shape": shapes.plain(shape),
    }
    return Frozen(settings, shape.media_type, shape)


async def _there(silos: Silos, silo: Silo, collection: str) -> None:
    """Raises `InputError` with those that there are where there is no such collection."""
    names = await silos.collections(silo)
    if collection not in names:
        no_such = _no_such(collection, names)
        raise InputError(no_such.code, **no_such.params)


async def _names(silos: Silos, silo: Silo, selection: Selection) -> tuple[str, ...]:
    """The fields that a collection has, chosen or not."""
    every = await silos.describe(silo, Selection(collection=selection.collection))
    return tuple(one.name for one in every.fields)


async def preview(silos: Silos, asset: Asset, most: int) -> Rows:
    """The first rows of an asset of a silo as they stand there. Raises `InputError` for an asset of another kind, and
    `SourceError`."""
    if not silos.is_of(asset):
        raise InputError("asset.rows", name=asset.name)
    return await rows(silos, await silos.open(asset), most)
