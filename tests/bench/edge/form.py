"""Bytes, CPU, instructions and rate of readings from JSON to a signed batch on disk.

Bytes and instructions are counts. CPU and rate are judged beside the plainest device, which reads the same JSON and
compresses it with gzip, and neither checks, signs nor syncs: on the reference machine (one of two cores) that takes
4.0 CPU seconds a million readings, so that the targets are 5, 7 and 30 seconds, and 150,000 and 80,000 readings a
second, there. What lives here: rows. What does not: the device that is fed (`tests.bench.feeding`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.data.readings.model import Batch, Rows
from edge_node.seal import Sealer
from tests.bench.feeding import KID, Result, bare
from tests.bench.rows import Goal, Row, rounds, say
from tests.conformance.kit import UnavailableError
from tests.edge_node import readings

_MEASURED: Final = 20_000
_COUNTED: Final = (4_000, 20_000)
_PLAIN: Final = 4.0
"""CPU seconds a million readings of the plainest device on the reference machine."""


def _feed(batch: int, *counts: int, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The device in a process of its own."""
    command = [*under, sys.executable, "-m", "tests.bench.feeding", *map(str, (batch, *counts))]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "0"}
    )


def _fed(batch: int, count: int) -> Result:
    return msgspec.json.decode(_feed(batch, count).stdout, type=Result)


def _cpu(batch: int, seconds: float, count: int) -> Row:
    goal = Goal(
        f"cpu_{batch}",
        f"CPU from JSON to a signed batch of {batch} on disk, {seconds:g} s a million on the reference machine",
        "s/M",
        round(seconds / _PLAIN, 2),
    )
    return rounds(goal, count, lambda: _fed(batch, 5 * _MEASURED).cpu, lambda: bare(batch, _MEASURED))


def _rate(batch: int, rate: int, count: int) -> Row:
    goal = Goal(
        f"rate_{batch}",
        f"acknowledged after fsync, batches of {batch}, {rate} a second on the reference machine",
        "/s",
        round(rate * _PLAIN / 1e6, 2),
        at_least=True,
    )
    return rounds(
        goal,
        count,
        lambda: 1e6 / _fed(batch, 5 * _MEASURED).wall,
        lambda: 1e6 / bare(batch, _MEASURED, time.perf_counter),
    )


def _instructions(batch: int, most: int, count: int) -> Row:
    """The difference of two runs, so that the start counts nothing."""
    if shutil.which("valgrind") is None:
        raise UnavailableError("valgrind is not installed")
    goal = Goal(f"instr_{batch}", f"instructions a reading, batches of {batch}", "instr", most, absolute=True)
    few, many = (_counted(batch, one) for one in _COUNTED)
    value = (many - few) / (_COUNTED[1] - _COUNTED[0])
    return goal.judged([value], [1.0])


def _counted(batch: int, count: int) -> int:
    tool = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    done = _feed(batch, count, _COUNTED[1], under=tool)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert found is not None
    say(f"instr_{batch}: {found[1]} for {count}")
    return int(found[1].replace(",", ""))


def _bytes(batch: int, most: float, count: int) -> Row:
    """Sealed batches as they go over the wire, of devices that have been running for a while."""
    goal = Goal(f"bytes_{batch}", f"bytes a reading of 6 values, signed, batches of {batch}", "B", most, absolute=True)
    whole = readings.batch(list(readings.samples(10_000, seed=23, begin=readings.BEGIN + 200 * 86400)))
    sealer = Sealer(Ed25519PrivateKey.generate(), KID)
    size = 0
    for at in range(0, 10_000, batch):
        end = at + batch
        rows = Rows(
            whole.rows.times[at:end], whole.rows.things[at:end], [column[at:end] for column in whole.rows.columns]
        )
        size += len(sealer.batch(Batch(1, 1, 100_000 + at, rows)).data)
    return goal.judged([size / 10_000], [1.0])


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    "bytes_1": partial(_bytes, 1, 112),
    "bytes_10": partial(_bytes, 10, 26),
    "bytes_100": partial(_bytes, 100, 11.5),
    "bytes_1000": partial(_bytes, 1000, 5.9),
    "cpu_10": partial(_cpu, 10, 30),
    "cpu_100": partial(_cpu, 100, 7),
    "cpu_1000": partial(_cpu, 1000, 5),
    "rate_100": partial(_rate, 100, 80_000),
    "rate_1000": partial(_rate, 1000, 150_000),
    "instr_1000": partial(_instructions, 1000, 60_000),
}
