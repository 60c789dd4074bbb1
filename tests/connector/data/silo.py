"""A silo in memory whose test says what it does: how it answers, how long it takes, what becomes of it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from connector.data.ports import Around, Setting
from connector.data.queries import splitting
from connector.data.queries.model import (
    Budget,
    Condition,
    Event,
    Field,
    Kind,
    Pushed,
    Selection,
    Shape,
    Split,
    Work,
)
from connector.data.silos import secrets
from connector.data.silos.kinds import KINDS, Place
from connector.data.silos.registry import Silos, kept_in
from connector.errors import SourceError
from connector.ports import Clock
from connector.records import Asset, Silo

T = TypeVar("T")
KIND = "memory"
TREES = (Field("id", Kind.NUMBER), Field("species"), Field("district"), Field("height", Kind.NUMBER))
ROWS = [
    {"id": at, "species": ("oak", "lime, \"old\"\nand tall", "elm")[at % 3], "district": ("Mitte", "Nord")[at % 2],
     "height": at / 2}
    for at in range(30)
]  # fmt: skip


class MemoryReader:
    """Gives rows of a list. `exact`: does conditions itself; `wrong`: raised by the next questions; `holds`: what every
    question waits for; `asked` is what it was asked."""

    kind = KIND
    settings: Sequence[Setting] = (Setting("place", "where", "wo", needed=True),)

    def __init__(self, around: Around) -> None:
        self.around = around
        self.fields: tuple[Field, ...] = TREES
        self.rows: list[dict[str, Any]] = list(ROWS)
        self.media_type = "application/x-ndjson"
        self.exact = self.guessed = False
        self.wrong: Exception | None = None
        self.fails_after: int | None = None
        self.holds: asyncio.Event | None = None
        self.asked: list[str] = []
        self.silos: list[Silo] = []
        self.pushed: list[Pushed] = []
        self.selections: list[Selection] = []
        self.open = self.most = 0
        self.pause = 0.0
        self.piece = 64

    def check(self, silo: Silo) -> Sequence[str]:
        return [f"{name}: unknown setting" for name in silo.settings if name != "place"]

    async def collections(self, silo: Silo) -> Sequence[str]:
        await self._asked("collections", silo)
        return ["trees"]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        await self._asked("describe", silo)
        self.selections.append(selection)
        fields = tuple(one for one in self.fields if one.name in selection.fields or not selection.fields)
        return Shape(fields=fields, media_type=self.media_type, key=("id",), guessed=self.guessed)

    async def _asked(self, what: str, silo: Silo) -> None:
        self.asked.append(what)
        self.silos.append(silo)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if self.holds is not None:
                await self.holds.wait()
            if self.pause:
                await self.around.clock.sleep(self.pause)
            if self.wrong is not None:
                raise self.wrong
        finally:
            self.open -= 1

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        names = tuple(one.name for one in shape.fields)
        if not self.exact:
            found = splitting.split(shape, work, lambda condition: False)
            limit = work.query.limit if work.query.where is None and work.chain is None else None
            return msgspec.structs.replace(found, pushed=msgspec.structs.replace(found.pushed, limit=limit))
        query = work.query
        return Split(pushed=Pushed(fields=query.properties or names, where=query.where, limit=query.limit), left=None)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        self.pushed.append(pushed)
        await self._asked("read", silo)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            body = self._body(pushed, shape, self._holds(pushed.where, shape))
            for number, start in enumerate(range(0, len(body), self.piece)):
                if number == self.fails_after:
                    raise SourceError("source.unreachable")
                yield body[start : start + self.piece]
        finally:
            self.open -= 1

    def _holds(self, where: Condition | None, shape: Shape) -> Callable[[Any], bool]:
        from connector.data.queries import holding
        from policies.transforms import Schema

        return (lambda row: True) if where is None else holding.holds(where, shape, Schema(tree=True))

    def _body(self, pushed: Pushed, shape: Shape, holds: Callable[[Any], bool]) -> bytes:
        rows = [row for row in self.rows if holds(row)][: pushed.limit]
        if self.media_type != "text/csv":
            return b"".join(msgspec.json.encode({name: row[name] for name in pushed.fields}) + b"\n" for row in rows)
        made = io.StringIO()
        writer = csv.writer(made)
        writer.writerow(pushed.fields)
        writer.writerows([row[name] for name in pushed.fields] for row in rows)
        return made.getvalue().encode()

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        await self._asked("watch", silo)
        for at, row in enumerate(self.rows):
            yield Event(msgspec.json.encode(row), str(at), gap=at == 1)

    async def close(self) -> None:
        self.asked.append("close")


class Kept:
    """A store that has these silos."""

    def __init__(self, *silos: Silo) -> None:
        self.silos = {one.id: one for one in silos}

    async def read(self, act: Callable[[Any], T]) -> T:
        return act(self)

    def get(self, kind: type[Silo], id: str) -> Silo | None:
        return self.silos.get(id)


SILO = Silo(id="cadastre", kind=KIND, settings={"place": "here"}, created=0, created_by="t")


def asset(*fields: str, where: str = "", **more: Any) -> Asset:
    """An asset of the silo."""
    names = list(fields) or [one.name for one in TREES]
    settings = {"silo": SILO.id, "collection": "trees", "fields": names, **({"where": where} if where else {}), **more}
    return Asset(
        id="https://here/datasets/trees",
        name="trees",
        title="",
        kind=KIND,
        settings=settings,
        created=0,
        created_by="t",
    )


def silos(clock: Clock, *kept: Silo) -> tuple[Silos, MemoryReader]:
    """A registry whose only kind is this one, and its reader."""
    assert isinstance(KINDS, dict)
    KINDS[KIND] = Place(f"{__name__}:MemoryReader")
    try:
        around = Around(clock=clock, peer=None, secret=secrets.reading(None))  # type: ignore[arg-type]
        made = Silos([KIND, "file"], around=around, find=kept_in(Kept(*(kept or (SILO,)))))  # type: ignore[arg-type]
        reader = made.reader(KIND)
    finally:
        del KINDS[KIND]
    assert isinstance(reader, MemoryReader)
    return made, reader
