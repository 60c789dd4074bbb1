"""What the parts of a device need of each other: sources give readings, somebody takes them for good.

What does not live here: anything that does something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from edge_node.errors import DecodeError

Measured = float | int | str | bool | None


class Reading(Struct, frozen=True, gc=False):
    """What a thing (sensor) reported at a time: `at` in microseconds UTC (None: now). `id` tells a copy of the same
    report from another one ("": nothing does)."""

    thing: str
    values: Mapping[str, Measured]
    at: int | None = None
    id: str = ""


class Arrival(Struct, frozen=True):
    """Readings that came together, for one series; `size` is the bytes that they came in."""

    source: str
    series: str
    readings: list[Reading]
    size: int = 0


class Spoiled(Struct, frozen=True):
    """What came and nobody can read: a code, its parameters, and the beginning of the bytes."""

    source: str
    code: str
    params: Mapping[str, str]
    sample: bytes


class Taking(Protocol):
    """Takes readings for good. INVARIANT: `take` returns when they are on disk (fsync), and not before: only then does
    a source acknowledge."""

    async def take(self, arrival: Arrival) -> None:
        """Raises `edge_node.errors.FullError` where there is no room and the owner has said to refuse: come again."""

    async def take_json(self, source: str, series: str, body: bytes) -> DecodeError | None:
        """The same for our own form, read in one go: a JSON array of objects `{"thing", "at", FIELD: number ...}`, or
        one object. What is wrong with single rows is put aside; where that is all of them, it returns why. Raises
        `edge_node.errors.DecodeError` where nothing can be read."""

    async def spoiled(self, found: Spoiled) -> None:
        """Put aside, counted, with its reason. Returns when it is on disk."""


class Source(Protocol):
    """Something that readings come from; one adapter a kind in `edge_node.sources`."""

    name: str
    kind: str

    async def run(self, taking: Taking) -> None:
        """Give readings until cancelled. What goes wrong outside is told (`trouble`), waited for and tried again."""

    def trouble(self) -> str:
        """The code of what is wrong now; "" where nothing is."""
