"""Start after a kill, and what is written to flash.

Flash is counted: the pages that the process makes dirty (`write_bytes` of /proc/self/io), putting small batches
together included; what the file system's own journal adds is not in it. A start is judged beside a process that imports
the same libraries and does nothing, which takes 0.4 s on the reference machine (one of two cores).

What lives here: rows. What does not: the processes that start (`starting`).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from connector.data.readings.model import Batch, Rows
from edge_node.buffer import Buffer, Limits
from tests.bench.rows import HOME, Goal, Row, rounds
from tests.edge_node import readings
from tests.edge_node.buffer.device import sealer

_BARE: Final = 0.4
"""Seconds that importing the libraries takes on the reference machine."""
_SPOOL, _LOG = 1_000_000_000, 100 << 20
_READINGS: Final = 200_000


@contextmanager
def _place() -> Iterator[Path]:
    HOME.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(dir=HOME))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def _process(*arguments: str) -> float:
    """Seconds until a process of `starting` has said its first word."""
    begun = time.perf_counter()
    command = [sys.executable, str(Path(__file__).with_name("starting.py")), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        took = time.perf_counter() - begun
        if process.wait() or not (said or arguments[0] == "spool"):
            raise RuntimeError(f"{arguments[0]} failed")
    return took


def _ready(name: str, size: int, log: int, seconds: float, count: int) -> Row:
    about = "process start to a reading on disk" + (" with 1 GB kept and a log of 100 MB" if size else "")
    goal = Goal(name, f"{about}, {seconds:g} s on the reference machine", "s", round(seconds / _BARE, 2))
    with _place() as place:
        spool = place / "spool"

        def ours() -> float:
            _process("spool", str(spool), str(0 if spool.exists() else size), str(log))  # the log anew, each time
            return _process("ready", str(spool))

        return rounds(goal, count, ours, lambda: _process("bare"))


def written(batch: int, count: int) -> float:
    """Bytes that a reading costs the disk, committed by so many, until the segments are in order."""
    with _place() as place:
        return asyncio.run(_written(place / "spool", batch, count))


async def _written(directory: Path, batch: int, count: int) -> float:
    drawn = list(readings.samples(count))
    whole = readings.batch(drawn).rows
    buffer = Buffer.open(directory, sealing=sealer(), clock=lambda: time.time_ns() // 1000, limits=Limits(loose=0))
    before = _dirtied()
    await buffer.append([], [sealer().legend(readings.legend(drawn))])
    for at in range(0, count, batch):
        rows = Rows(
            whole.times[at : at + batch],
            whole.things[at : at + batch],
            [column[at : at + batch] for column in whole.columns],
        )
        await buffer.append([sealer().batch(Batch(1, 1, at + 1, rows))])
    await buffer.close()
    return (_dirtied() - before) / count


def _dirtied() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        name, _, value = line.partition(": ")
        if name == "write_bytes":
            return int(value)
    raise RuntimeError("the system does not count what is written")


def _flash(batch: int, most: float, count: int) -> Row:
    goal = Goal(f"flash_{batch}", f"bytes written to disk a reading, {batch} a commit", "B", most, absolute=True)
    return rounds(goal, 1, lambda: written(batch, _READINGS * min(count, 2)), lambda: 1.0)


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    "ready": lambda count: _ready("ready", 0, 0, 1.0, max(3, count)),
    "ready_spool": lambda count: _ready("ready_spool", _SPOOL, _LOG, 1.5, max(3, count)),
    "flash_1000": lambda count: _flash(1000, 30.0, count),
    "flash_100": lambda count: _flash(100, 130.0, count),
}
