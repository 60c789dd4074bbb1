"""An intake with everything around it: a buffer in memory that can be slow, full or broken, and a clock that is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.data.readings.legends import joined
from connector.data.readings.model import Batch, Legend
from connector.data.readings.ranges import Ranges
from edge_node.buffer.model import Sealed
from edge_node.collection.duties import Duties
from edge_node.config import BufferSettings, SeriesSettings, Settings
from edge_node.errors import EdgeError
from edge_node.ingest.intake import Intake, Keeping
from edge_node.ports import Spoiled
from edge_node.seal import Sealer
from tests.edge_node import readings

SEALER = Sealer(Ed25519PrivateKey.generate(), b"kid1")
NOW = (readings.BEGIN + 30 * 86400) * 1_000_000


class Moments:
    """A clock that stands."""

    def __init__(self) -> None:
        self.time, self.sure = NOW, True

    def now(self) -> int:
        return self.time


class FakeBuffer:
    """Keeps what is appended once `gate` is open, and fails with `error`."""

    def __init__(self) -> None:
        self.sealed: list[Sealed] = []
        self.legends: list[bytes] = []
        self.aside: list[Spoiled] = []
        self.appends = 0
        self.error: EdgeError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def next(self, series: int) -> int:
        return max((one.last + 1 for one in self.sealed if one.series == series), default=1)

    def legend(self) -> list[bytes]:
        return self.legends

    def append(self, sealed: Sequence[Sealed], legend: Sequence[bytes] = ()) -> Awaitable[None]:
        self.appends += 1
        return self._append(sealed, legend)

    async def _append(self, sealed: Sequence[Sealed], legend: Sequence[bytes]) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        for one in sealed:
            assert one.first == self.next(one.series)
            self.sealed.append(one)
        self.legends += legend

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]:
        return [one for one in self.sealed if one.series == series]

    async def spoil(self, found: Sequence[Spoiled]) -> None:
        self.aside += found

    def batches(self) -> list[Batch]:
        """What is kept."""
        found = [SEALER.opened(one.data) for one in self.sealed]
        return [one for one in found if isinstance(one, Batch)]

    def known(self) -> Legend:
        """What all legends say together."""
        known: Legend | None = None
        for message in self.legends:
            found = SEALER.opened(message)
            assert isinstance(found, Legend)
            known = joined(known, found)
        return known or Legend(0)

    def rows(self) -> list[tuple[Any, ...]]:
        """(thing, time, values...) of every reading that is kept, in the order of the numbers."""
        things = dict(self.known().things)
        return [
            (things[thing], time, *values)
            for batch in self.batches()
            for thing, time, *values in zip(batch.rows.things, batch.rows.times, *batch.rows.columns, strict=True)
        ]


class _Nothing:
    def get(self, name: str) -> bytes | None:
        return None

    async def put(self, name: str, value: bytes | None) -> None:
        return


@asynccontextmanager
async def intake(
    buffer: Keeping,
    *,
    series: Mapping[str, SeriesSettings] | None = None,
    batch: int = 1000,
    moments: Moments | None = None,
    ordered: Mapping[str, Mapping[str, Any]] | None = None,
    encrypt: bool = False,
    **more: Any,
) -> AsyncIterator[Intake]:
    """One that runs; whatever waits is committed at once."""
    kept = BufferSettings(batch=batch, commit_seconds=0.01, encrypt=encrypt)
    settings = Settings(series=dict(series or {"air": readings.SETTINGS}), buffer=kept)
    duties = Duties(settings.series, Path(), kept=_Nothing(), draw=bytes)
    await duties.follow(ordered or {})
    made = Intake(settings, sealing=SEALER, buffer=buffer, duties=duties, moments=moments or Moments(), **more)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
