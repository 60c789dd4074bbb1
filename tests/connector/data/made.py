"""A silo whose rows a test makes, read by a reader that does nothing but what it is told."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import msgspec

from connector.data.ports import Around, Setting
from connector.data.queries import splitting
from connector.data.queries.model import Budget, Event, Field, Kind, Pushed, Selection, Shape, Split, Work
from connector.errors import SourceError
from connector.records import Asset, Silo
from tests.connector.data.world import DATASET

FIELDS = (
    Field("id"),
    Field("at", Kind.INSTANT),
    Field("district"),
    Field("name"),
    Field("count", Kind.NUMBER),
)


class Story:
    """What the silo does: `rows` are given in pieces of `many`, `before` is called in front of each piece."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []
        self.many = 100
        self.form = "text/csv"
        self.snapshot = True
        self.asked: list[Pushed] = []
        self.open = 0
        self.given = 0
        self.fails_at = -1
        self.pushes = False
        self.before: Callable[[int], Any] = _nothing


async def _nothing(piece: int) -> None:
    await asyncio.sleep(0)


STORIES: dict[str, Story] = {}


class MadeReader:
    kind = "made"
    settings: Sequence[Setting] = ()

    def __init__(self, around: Around) -> None:
        pass

    def check(self, silo: Silo) -> Sequence[str]:
        return ()

    async def collections(self, silo: Silo) -> Sequence[str]:
        return ("rows",)

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        story = STORIES[silo.id]
        return Shape(fields=FIELDS, media_type=story.form, key=("id",), time="at", snapshot=story.snapshot)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        if STORIES[silo.id].pushes and work.chain is None and work.query.is_whole:
            return Split(pushed=Pushed(fields=tuple(one.name for one in shape.fields)), left=None)
        return splitting.split(shape, work, lambda part: False)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        story = STORIES[silo.id]
        story.asked.append(pushed)
        story.open += 1
        places = [n for n, one in enumerate(FIELDS) if one.name in pushed.fields]
        try:
            if story.form == "text/csv":
                yield _csv([[FIELDS[n].name for n in places]])
            for number, start in enumerate(range(0, len(story.rows), story.many)):
                await story.before(number)
                if story.fails_at == number:
                    raise SourceError("source.unreachable", silo=silo.id)
                rows = [[row[n] for n in places] for row in story.rows[start : start + story.many]]
                story.given += len(rows)
                yield _csv(rows) if story.form == "text/csv" else _lines(rows, places)
        finally:
            story.open -= 1

    def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _lines(rows: list[list[str]], places: list[int]) -> bytes:
    made = [
        {FIELDS[n].name: int(v) if FIELDS[n].kind is Kind.NUMBER else v for n, v in zip(places, row, strict=True)}
        for row in rows
    ]
    return b"".join(msgspec.json.encode(one) + b"\n" for one in made)


def silo(name: str = "made") -> Silo:
    return Silo(id=name, kind="made", settings={}, created=0, created_by="a")


def asset(name: str = "made", *fields: str) -> Asset:
    return Asset(
        id=DATASET,
        name="counts",
        title="Counts",
        kind="made",
        settings={"silo": name, "collection": "rows", "fields": list(fields or [one.name for one in FIELDS])},
        created=0,
        created_by="a",
        media_type="text/csv",
    )


def rows(many: int, districts: int = 4) -> list[tuple[str, ...]]:
    return [
        (
            f"{n:07d}",
            f"2026-01-{1 + n % 28:02d}T{n % 24:02d}:17:03Z",
            f"D{n % districts}",
            f"Person, {n}",
            str(n % 50),
        )
        for n in range(many)
    ]
