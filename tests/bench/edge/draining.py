"""A month's backlog, delivered.

A device with 8.6 million readings (30 days of a thousand things, one each five minutes) in its buffer meets its node
again, over HTTP on loopback; each is a process of its own. The spool is 64 batches sealed again and again. Judged by
the clock beside the bare libraries: each batch verified by `cryptography`, decompressed by zstandard and read by cbor2,
measured before and after. The seconds that both have computed are printed as well: they do not grow with what else the
machine does.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import cbor2
import msgspec
import zstandard
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose
from connector.data.readings import columns
from connector.data.readings.model import Batch
from edge_node.buffer.buffer import Buffer
from edge_node.buffer.model import Limits
from edge_node.contracts.decisions import Decisions, Moment
from edge_node.contracts.leaving import Departures
from edge_node.delivery.sync import Means, Sync
from edge_node.network.link import Link
from edge_node.seal import Sealer
from tests.bench.receiver import DEVICE
from tests.bench.rows import HOME, Goal, Row, say
from tests.edge_node import readings
from tests.edge_node.readings import Sample

ALL: Final = 8_600_000
BATCH: Final = 1000
_TEMPLATES: Final = 64
_AGAIN: Final = 16
_SECONDS: Final = 60.0
_BARE: Final = 6.0
"""Seconds of the bare work on the reference machine."""


class Told(msgspec.Struct):
    """What the node has at the end."""

    held: dict[str, list[tuple[int, int]]]
    readings: int
    cpu: float


class Drained(msgspec.Struct):
    """Seconds from the first request to the last answer, and seconds computed meanwhile."""

    seconds: float
    device: float
    node: float


class _Free:
    """A link without a limit."""

    def left(self) -> int | None:
        return None

    def seconds(self) -> int:
        return 0

    async def allows(self, size: int) -> bool:
        return True

    def used(self, sent: int, received: int) -> None: ...


def samples() -> list[Sample]:
    """What a thousand things have measured in about five hours."""
    return list(readings.samples(_TEMPLATES * BATCH, seed=23, things=1000))


def templates() -> list[Batch]:
    """The same in batches of a thousand."""
    whole = readings.batch(samples())
    return [_part(whole, at) for at in range(0, _TEMPLATES * BATCH, BATCH)]


def _part(whole: Batch, at: int) -> Batch:
    rows, end = whole.rows, at + BATCH
    part = msgspec.structs.replace(
        rows,
        times=rows.times[at:end],
        things=rows.things[at:end],
        columns=[column[at:end] for column in rows.columns],
    )
    return msgspec.structs.replace(whole, series=1, legend=1, first=1, rows=part)


async def filled(folder: Path, sealer: Sealer, count: int) -> Buffer:
    """A buffer with so many readings."""
    buffer = Buffer.open(
        folder, sealing=sealer, clock=lambda: time.time_ns() // 1000, limits=Limits(bytes=1 << 30, batch=BATCH)
    )
    made, legend = templates(), [sealer.legend(readings.legend(samples()))]
    for first in range(1, count, 64 * BATCH):
        some = [
            sealer.batch(msgspec.structs.replace(made[at // BATCH % _TEMPLATES], first=first + at))
            for at in range(0, min(64 * BATCH, count - first + 1), BATCH)
        ]
        await buffer.append(some, legend)
        legend = []
    return buffer


@contextmanager
def node(folder: Path, key: Ed25519PrivateKey) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A node in a process of its own, and its port."""
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.receiver", str(folder), public.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process


async def _drained(folder: Path, count: int) -> Drained:
    """A backlog of so many readings, delivered."""
    key = Ed25519PrivateKey.generate()
    sealer = Sealer(key, cose.kid_of(key.public_key()))
    buffer = await filled(folder / "box", sealer, count)
    link = Link(context=ssl.create_default_context, meter=_Free())
    with node(folder / "node", key) as (port, process):
        sync = Sync(
            Means(
                buffer=buffer,
                link=link,
                sealer=sealer,
                departures=Departures(buffer, Random(1).randbytes),
                decisions=Decisions(),
                device=DEVICE,
                home_url=f"http://127.0.0.1:{port}/edge/readings",
                home_proof=lambda: "Bearer -",
                home_private=True,
                orders=lambda: None,
                moment=lambda: Moment(time.time_ns() // 1000),
            )
        )
        begin, cpu = time.perf_counter(), time.process_time()
        running = asyncio.create_task(sync.run())
        await asyncio.sleep(0)
        await sync.drained()
        seconds, computed = time.perf_counter() - begin, time.process_time() - cpu
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await link.close()
        await buffer.close()
        told = msgspec.json.decode(process.communicate()[0], type=Told)
    # INVARIANT: a figure is one of readings that are there once each.
    assert (told.held, told.readings) == ({"1": [(1, count)]}, count), told
    return Drained(seconds, computed, told.cpu)


def _bare() -> float:
    """Seconds that the libraries take for as many batches, by a measured part of them."""
    key = Ed25519PrivateKey.generate()
    payloads = [bytes(columns.encode(batch)) for batch in templates()]
    messages = [(key.sign(payload), payload) for payload in payloads]
    public, zstd = key.public_key(), zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    begin = time.perf_counter()
    for signature, payload in messages * _AGAIN:
        public.verify(signature, payload)
        cbor2.loads(zstd.decompress(payload[1:]))
    return (time.perf_counter() - begin) * ALL / BATCH / (_AGAIN * len(messages))


def _drain(count: int) -> Row:
    goal = Goal(
        "drain",
        f"{ALL} readings to a node over HTTP on loopback, {_SECONDS:g} s on the reference machine",
        "s",
        round(_SECONDS / _BARE, 2),
    )
    HOME.mkdir(parents=True, exist_ok=True)
    before = _bare()
    with TemporaryDirectory(dir=HOME) as folder:
        found = asyncio.run(_drained(Path(folder), ALL))
    say(
        f"drain: {ALL / found.seconds:.0f} readings a second; computed: device {found.device:.1f} s, "
        f"node {found.node:.1f} s"
    )
    return goal.judged([found.seconds], [(before + _bare()) / 2])


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {"drain": _drain}
