"""A provider's data plane that serves rows as they come, from silos of any kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from certs.keys import Sealer
from connector.data.answering.live import Live
from connector.data.ports import Around
from connector.data.silos.registry import Silos, kept_in
from connector.data.silos.secrets import reading
from connector.data.sources import Sources
from connector.http.live import LivePlane
from connector.records import Asset, Silo
from tests.connector.data.world import DATASET, World, world

SEAL = b"s" * 32


def silo(kind: str = "mqtt", **settings: Any) -> Silo:
    """A silo called sensors."""
    return Silo(id="sensors", kind=kind, settings=settings, created=0, created_by="a")


def shared(kind: str, collection: str, *fields: str, **more: Any) -> Asset:
    """An asset of it."""
    settings = {"silo": "sensors", "collection": collection, "fields": list(fields), **more}
    return Asset(id=DATASET, name="air", title="Air", kind=kind, settings=settings, created=0, created_by="a")


def around(clock: Any, folder: Path | None) -> Around:
    """What readers are made with."""
    return Around(clock=clock, peer=None, secret=reading(None), kept=folder)  # type: ignore[arg-type]


@asynccontextmanager
async def watched(folder: Path, *records: msgspec.Struct, **settings: Any) -> AsyncIterator[World]:
    """The world with a live plane; `w.silos` are its silos."""
    async with world(folder, *records, **settings) as w:
        kinds = ["mqtt", "http", "sqlite"]
        w.silos = Silos(kinds, around=around(w.clock, folder / "silos"), find=kept_in(w.store))
        sources = Sources(["file", "folder", "live"], clock=w.clock)
        sealer = Sealer(SEAL)
        live = Live(
            store=w.store, silos=w.silos, sources=sources, ledgers=w.ledgers, clock=w.clock, seal=sealer.seal,
            unseal=sealer.open, interval=0.05,
        )  # fmt: skip
        w.plane._live = LivePlane(w.gate, live)
        try:
            yield w
        finally:
            await w.gate.close()
            await w.silos.close()


class Heard:
    """A reader of Server-Sent Events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response, self.mark = response, ""
        self.rows: list[Any] = []
        self.gaps = 0
        self.end: Mapping[str, Any] | None = None

    async def one(self) -> bool:
        """Read one block; False at the end."""
        kind, data = "", None
        while line := (await self.response.content.readline()).decode():
            name, _, value = line.rstrip("\n").partition(": ")
            match name:
                case "":
                    break
                case "id":
                    self.mark = value
                case "event":
                    kind = value
                case "data":
                    data = msgspec.json.decode(value)
        else:
            return False
        if kind == "end":
            self.end = data
        elif kind == "gap":
            self.gaps += 1
        elif data is not None:
            self.rows.append(data)
        return True

    async def until(self, rows: int) -> list[Any]:
        """So many rows in all."""
        async with asyncio.timeout(20):
            while len(self.rows) < rows:
                assert await self.one(), (self.rows, self.end)
        return self.rows

    async def marked(self) -> str:
        """The first watermark."""
        async with asyncio.timeout(20):
            while not self.mark:
                assert await self.one(), self.end
        return self.mark

    async def out(self) -> Mapping[str, Any] | None:
        """To the end; why there is one."""
        async with asyncio.timeout(20):
            while await self.one():
                pass
        return self.end


@asynccontextmanager
async def listening(w: World, after: str = "", query: str = "", **more: str) -> AsyncIterator[Heard]:
    """Ask for events."""
    headers = w.headers(Accept="text/event-stream", **more)
    if after:
        headers["Last-Event-ID"] = after
    async with w.session.get(w.address() + query, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Heard(response)
