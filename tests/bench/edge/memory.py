"""Memory of a running agent: fifty sources, a thousand readings a second, a full gigabyte behind it and no node.

The agent runs as it is installed (`allmende edge run`), in a control group of 96 MiB where this machine gives one. It
is fed a million readings as fast as it takes them, and then at its pace. Its memory is what the kernel says (VmRSS,
VmHWM); which libraries it must not hold is looked at by `tests.edge_node.test_loaded`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
import msgspec
from msgspec.structs import replace

from certs import cose, did, jwk
from certs import x509 as chains
from certs.cose import Private
from edge_node import control
from edge_node.buffer import Buffer, Limits
from edge_node.config import FILE
from edge_node.place import identity
from edge_node.place.identity import Pins
from edge_node.seal import Sealer
from scripts.lib.ports import free_port
from tests.bench.edge import draining
from tests.bench.rows import HOME, Goal, Row, say
from tests.edge_node import readings
from tests.harness.trustdomain import Hand
from tests.servers.keeping import listens

SOURCES: Final = 50
MOST: Final = 64.0
PEAK: Final = 72.0
BACKLOG: Final = int(os.environ.get("ALLMENDE_BENCH_BACKLOG", 107_000_000))
"""Readings: about a gigabyte."""
FAST: Final = 1_000_000
PACE: Final = 1_000
SECONDS: Final = 30
_BODY: Final = 500
_LIMIT: Final = 96 << 20
_GROUPS: Final = Path("/sys/fs/cgroup/memory")
_PATIENCE: Final = 20.0

RSS = Goal("rss", "steady memory of the agent, a gigabyte behind it", "MiB", MOST, absolute=True)
RSS_PEAK = Goal("rss_peak", "the most that it had, under a limit of 96 MiB", "MiB", PEAK, absolute=True)


class Taken(msgspec.Struct):
    """Memory at the end of the pace and at most, in MiB, and whether a limit stood."""

    steady: float
    peak: float
    limited: bool


def device(directory: Path) -> tuple[Sealer, list[int]]:
    """A device that has a place, whose node is not there; its seal, and the ports of its sources."""
    key = identity.make_key(directory, "Ed25519")
    identity.write_pins(directory, pins(key, "http://127.0.0.1:9"))
    ports = [free_port() for _ in range(SOURCES)]
    (directory / FILE).write_text(_settings(ports))
    return Sealer(key, cose.kid_of(key.public_key())), ports


def pins(key: Private, url: str) -> Pins:
    """A node at this address, which has the device's own key."""
    node = did.of_url(url)
    keys = (jwk.write(key.public_key()),)
    return Pins(url=url, node=node, keys=keys, root=_root(), device=f"{node}:edge:cabinet", name="cabinet", at=1)


def _root() -> str:
    """A region's root certificate; nobody shows one to it here."""
    return chains.text([Hand.root().certificate])


def _settings(ports: list[int]) -> str:
    lines = ["[buffer]", "bytes = 2000000000", "[series.air.fields]", *fields()]
    for n, port in enumerate(ports):
        lines += [f"[sources.roof-{n}]", 'kind = "http"', 'series = "air"', f'with = {{ listen = "127.0.0.1:{port}" }}']
    return "\n".join(lines)


def fields() -> list[str]:
    """The fields of the series, as lines of settings."""
    return [
        f"{name} = {{ places = {field.places}, min = {field.min}, max = {field.max} }}"
        for name, field in readings.SETTINGS.fields.items()
    ]


@contextlib.contextmanager
def limited(name: str) -> Iterator[Path | None]:
    """A control group of 96 MiB; None where this machine gives none."""
    group = _GROUPS / f"allmende-bench-{name}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(_LIMIT))
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        group.rmdir()


@contextlib.contextmanager
def running(directory: Path, group: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """The agent, in that group."""

    def enter() -> None:
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    # As it is installed, with its byte code: compiling takes megabytes.
    named = {"PYTHONPYCACHEPREFIX": str((HOME / "bytecode").resolve()), "PYTHONDONTWRITEBYTECODE": ""}
    env = {**os.environ, **named}
    subprocess.run([sys.executable, "-c", "import edge_node.__main__, edge_node.sources.http"], check=True, env=env)
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("allmende"), "edge", "run", str(directory)],
            stdout=log,
            stderr=log,
            env=env,
            preexec_fn=enter,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def held(process: subprocess.Popen[bytes], what: str) -> float:
    """MiB of a process: `VmRSS` or `VmHWM`."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def _ready(directory: Path, ports: list[int]) -> None:
    end = time.monotonic() + _PATIENCE
    while not (directory / control.SOCKET).exists() or not all(map(listens, ports)):
        if time.monotonic() > end:
            raise TimeoutError((directory / "log").read_text()[-2000:])
        time.sleep(0.05)


async def _fed(ports: list[int], count: int, pace: int | None) -> None:
    """Bodies of so many readings to all sources in turn; as fast as they are taken, or so many a second."""
    found = [msgspec.json.decode(readings.as_json(one)) for one in readings.samples(_BODY, seed=5)]
    day = 86_400
    async with aiohttp.ClientSession() as session:

        async def post(n: int) -> None:
            later = [{**one, "at": readings.text(readings.BEGIN + (n + 1) * day + i)} for i, one in enumerate(found)]
            url = f"http://127.0.0.1:{ports[n % len(ports)]}/readings"
            async with session.post(url, data=msgspec.json.encode(later), headers=_JSON) as answer:
                if answer.status != 204:
                    raise RuntimeError(await answer.text())

        if pace is None:
            for n in range(0, count // _BODY, 16):
                await asyncio.gather(*(post(one) for one in range(n, min(n + 16, count // _BODY))))
            return
        begun = time.monotonic()
        for n in range(count // _BODY):
            await asyncio.sleep(max(0.0, begun + n * _BODY / pace - time.monotonic()))
            await post(n + 1_000_000 // _BODY)


_JSON: Final = {"Content-Type": "application/json"}


def _taken() -> Taken:
    with TemporaryDirectory(dir=HOME) as folder, limited(str(os.getpid())) as group:
        directory = Path(folder)
        sealer, ports = device(directory)
        buffer = asyncio.run(_backlog(directory / "spool", sealer))
        say(f"rss: {buffer} bytes behind it")
        with running(directory, group) as process:
            _ready(directory, ports)
            say(f"rss: {held(process, 'VmRSS'):.1f} MiB when it is ready")
            asyncio.run(_fed(ports, FAST // 10, None))
            say(f"rss: {held(process, 'VmRSS'):.1f} MiB after {FAST // 10} readings")
            asyncio.run(_fed(ports, FAST, None))
            say(f"rss: {held(process, 'VmRSS'):.1f} MiB after {FAST} readings")
            asyncio.run(_fed(ports, PACE * SECONDS, PACE))
            return Taken(held(process, "VmRSS"), held(process, "VmHWM"), group is not None)


async def _backlog(folder: Path, sealer: Sealer) -> int:
    """A gigabyte of sealed batches: 64 of them, again and again under further numbers. Nobody reads them here, but for
    what a start looks at."""
    buffer = Buffer.open(
        folder, sealing=sealer, clock=lambda: time.time_ns() // 1000, limits=Limits(bytes=2 << 30, batch=draining.BATCH)
    )
    made = [sealer.batch(one) for one in draining.templates()]
    step, legend = len(made) * draining.BATCH, [sealer.legend(readings.legend(draining.samples()))]
    for first in range(1, BACKLOG, step):
        numbered = (replace(one, first=first + n * draining.BATCH) for n, one in enumerate(made))
        await buffer.append(list(numbered), legend)
        legend = []
    used = buffer.status().bytes
    await buffer.close()
    return used


_KNOWN: dict[int, Taken] = {}


def _once(count: int) -> Taken:
    """Both rows are of one run."""
    if count not in _KNOWN:
        HOME.mkdir(parents=True, exist_ok=True)
        _KNOWN[count] = _taken()
    return _KNOWN[count]


def rss(count: int) -> Row:
    """Steady."""
    return RSS.judged([_once(count).steady], [1.0])


def rss_peak(count: int) -> Row:
    """At most."""
    return RSS_PEAK.judged([_once(count).peak], [1.0])


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {"rss": rss, "rss_peak": rss_peak}
