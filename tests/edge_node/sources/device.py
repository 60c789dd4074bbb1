"""A device in a process of its own, from broker to disk, that is killed; and what it has kept.

`python -m tests.edge_node.sources.device DIR SETTINGS` runs until it is killed; SETTINGS are those of its MQTT source,
in JSON. What does not live here: the killing (`test_killed`).
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.data.readings.model import Batch
from edge_node.buffer.buffer import Buffer
from edge_node.collection.duties import Duties
from edge_node.config import BufferSettings, FieldSettings, SeriesSettings, Settings, SourceSettings
from edge_node.ingest.intake import Intake
from edge_node.seal import Sealer
from edge_node.sources import open_sources

_FIELDS: Final = {"v": FieldSettings(places=0)}
_ALL: Final = ((1, 1 << 52),)


class _Moments:
    unsure = False
    sure = True

    def now(self) -> int:
        return time.time_ns() // 1000


def _buffer(directory: Path) -> tuple[Buffer, Sealer]:
    sealer = Sealer(Ed25519PrivateKey.from_private_bytes(b"k" * 32), b"kid1")
    return Buffer.open(directory / "spool", sealing=sealer, clock=_Moments().now), sealer


async def live(directory: Path, given: dict[str, Any]) -> None:
    """Take in what the broker says."""
    settings = Settings(
        series={"air": SeriesSettings(fields=_FIELDS)},
        sources={"roof": SourceSettings("mqtt", "air", given)},
        buffer=BufferSettings(commit_seconds=0.05),
    )
    buffer, sealer = _buffer(directory)
    duties = Duties(settings.series, directory, kept=buffer, draw=secrets.token_bytes)
    await duties.follow({})
    intake = Intake(settings, sealing=sealer, buffer=buffer, duties=duties, moments=_Moments())
    [source] = open_sources(settings, directory)
    await asyncio.gather(intake.run(), source.run(intake))


async def kept(directory: Path) -> list[int]:
    """The values on disk, in the order of their numbers."""
    buffer, sealer = _buffer(directory)
    found: list[int] = []
    for series in buffer.series():
        for one in buffer.read(series, _ALL, 1 << 40):
            batch = sealer.opened(one.data)
            assert isinstance(batch, Batch)
            found += [value for value in batch.rows.columns[0] if isinstance(value, int)]
    await buffer.close()
    return found


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2])))
