"""A device that is fed: JSON bodies through the way in to batches on disk, in a process of its own.

`python -m tests.bench.feeding BATCH READINGS [PREPARED]` prints what it took as JSON. `PREPARED` (at least
`READINGS`) is how many readings are made beforehand, so that two runs differ in those that are taken alone.

What lives here: the process, and the bare operation beside it. What does not: rows and targets (`edge.form`).
"""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.data.readings.ranges import size
from edge_node.buffer.buffer import Buffer
from edge_node.buffer.model import Limits
from edge_node.collection.duties import Duties
from edge_node.config import BufferSettings, Settings
from edge_node.ingest.intake import Intake
from edge_node.seal import Sealer
from tests.bench.rows import HOME
from tests.edge_node import readings

KID: Final = b"kid1"
_DRAWN: Final = 5000
"""Readings that are drawn; more are the same ones at later times, which costs less to make."""
_NOW: Final = (readings.BEGIN + 3000 * 86400) * 1_000_000
_AT_ONCE: Final = 8192
"""Readings that are under way."""


class Result(msgspec.Struct):
    """CPU and wall-clock seconds a million readings, and peak memory in MiB; all acknowledged readings are kept."""

    cpu: float
    wall: float
    rss: float
    commits: int


class _Moments:
    sure = True

    def now(self) -> int:
        return _NOW


def bodies(batch: int, count: int) -> list[bytes]:
    """JSON of so many readings, none of which is a copy."""
    made = _rows()
    return [b"[" + b",".join(next(made) for _ in range(min(batch, count - at))) + b"]" for at in range(0, count, batch)]


def _rows() -> Iterator[bytes]:
    drawn = list(readings.samples(_DRAWN))
    tails = [readings.as_json(one).partition(b'"at":"')[2].partition(b'"')[2] for one in drawn]
    turn = 0
    while True:
        for one, tail in zip(drawn, tails, strict=True):
            at = readings.text(one.at + turn * 40 * 86400)
            yield b'{"thing":"%s","at":"%s"%s' % (one.thing.encode(), at.encode(), tail)
        turn += 1


async def feed(batch: int, count: int, prepared: int) -> Result:
    """Feeds a device of the default settings but for `batch`."""
    found = bodies(batch, max(count, prepared))[: -(-count // batch)]
    HOME.mkdir(parents=True, exist_ok=True)
    directory = Path(mkdtemp(dir=HOME))
    sealer = Sealer(Ed25519PrivateKey.generate(), KID)
    settings = Settings(series={"air": readings.SETTINGS}, buffer=BufferSettings(batch=batch))
    buffer = Buffer.open(directory, sealing=sealer, clock=_Moments().now, limits=Limits())
    try:
        duties = Duties(settings.series, directory, kept=buffer, draw=secrets.token_bytes)
        await duties.follow({})
        way = Intake(settings, sealing=sealer, buffer=buffer, duties=duties, moments=_Moments())
        running = asyncio.create_task(way.run())
        before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        workers = max(1, min(_AT_ONCE // batch, 64))
        await asyncio.gather(*(_give(way, found[n::workers]) for n in range(workers)))
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
        assert sum(map(size, buffer.series().values())) == count
        running.cancel()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Result(cpu / count * 1e6, wall / count * 1e6, after.ru_maxrss / 1024, buffer.status().commits)
    finally:
        await buffer.close()
        shutil.rmtree(directory)


async def _give(way: Intake, found: list[bytes]) -> None:
    for body in found:
        await way.take_json("bench", "air", body)


def bare(batch: int, count: int, clock: Callable[[], float] = time.process_time) -> float:
    """Seconds a million readings for what the plainest device does: read the JSON and compress it (gzip 6)."""
    found = bodies(batch, count)
    begun = clock()
    for body in found:
        json.loads(body)
        gzip.compress(body, 6)
    return (clock() - begun) / count * 1e6


if __name__ == "__main__":
    BATCH, COUNT, *MORE = map(int, sys.argv[1:])
    print(msgspec.json.encode(asyncio.run(feed(BATCH, COUNT, *(MORE or [0])))).decode())
