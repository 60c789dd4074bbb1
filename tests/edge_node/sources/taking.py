"""Somebody who takes readings, as slowly and as rarely as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.errors import DecodeError, FullError
from edge_node.ports import Arrival, Reading, Spoiled
from edge_node.sources import Place

FIELDS = {"v": FieldSettings(), "state": FieldSettings(kind=Kind.TEXT)}


class FakeTaking:
    """See `edge_node.ports.Taking`. `open` is cleared to let everybody wait; `full` is how often there is no room."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.bodies: list[bytes] = []
        self.aside: list[Spoiled] = []
        self.open = asyncio.Event()
        self.open.set()
        self.full = 0
        self.begun = 0
        self.arrivals: list[Arrival] = []

    async def _through(self) -> None:
        self.begun += 1
        await self.open.wait()
        if self.full:
            self.full -= 1
            raise FullError("buffer.full")

    async def take(self, arrival: Arrival) -> None:
        await self._through()
        self.arrivals.append(arrival)
        self.readings += arrival.readings

    async def take_json(self, source: str, series: str, body: bytes) -> None:
        await self._through()
        if not body.startswith((b"{", b"[")):
            raise DecodeError("intake.json")
        self.bodies.append(body)

    async def spoiled(self, found: Spoiled) -> None:
        await self.open.wait()
        self.aside.append(found)

    @property
    def values(self) -> list[Any]:
        """The numbers that were taken, in their order."""
        return [one.values["v"] for one in self.readings]


def place(directory: Path, settings: dict[str, Any], name: str = "roof") -> Place:
    """Where a source stands."""
    return Place(name, "air", FIELDS, settings, directory)


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return when it is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
