"""Beside what cabinets have today: a broker with a bridge to the city's broker.

The same readings, one a message with QoS 1, go to the sensors' broker; from there mosquitto's bridge takes them over
the line, or our agent does. The bytes of the line are counted, both ways; then the line is cut, more readings come and
are acknowledged, whoever holds them is killed with -9 and started again, and the line is mended. Lost is what was
acknowledged and never arrived.

What lives here: both sides, and the rows. What does not: the brokers (`bridge`), how much one envelope takes (`form`).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose
from edge_node import control
from edge_node.config import FILE
from edge_node.place import identity
from edge_node.seal import Sealer
from tests.bench.edge import draining, memory
from tests.bench.edge.bridge import Bridged, Broker, Line, publish
from tests.bench.edge.draining import Told
from tests.bench.receiver import DEVICE
from tests.bench.rows import HOME, Goal, Row, say
from tests.conformance.kit import UnavailableError
from tests.edge_node import readings
from tests.servers.keeping import found

FIRST: Final = 1_000
LATER: Final = 5_000
_PATIENCE: Final = 30.0
_SILENT: Final = 8.0
_SHARE: Final = 0.5

WIRE = Goal("wire", "bytes of the line a reading, beside mosquitto's bridge", "B", _SHARE)
LOST = Goal("lost", "acknowledged readings lost at a kill while the line was cut", "", 0.0, absolute=True)


class Seen(msgspec.Struct):
    """Of one side: bytes of the line a reading, MiB that it held, readings that were lost and that came twice."""

    bytes: float
    memory: float
    lost: int
    twice: int


def payloads(count: int) -> list[bytes]:
    """Readings as sensors send them, one a message."""
    return [readings.as_json(one) for one in readings.samples(count, seed=3)]


def bridged(folder: Path) -> Seen:
    """Mosquitto's bridge."""
    everything = payloads(FIRST + LATER)
    one = Bridged(folder)
    try:
        time.sleep(1.0)
        publish(one.cabinet.port, everything[:FIRST])
        one.settled(FIRST, _SILENT)
        size, held = one.line.bytes / FIRST, one.cabinet.memory()
        one.line.cut()
        publish(one.cabinet.port, everything[FIRST:])
        one.cabinet.kill()
        one.cabinet.start()
        one.line.mend()
        lost = len(everything) - one.settled(len(everything), _SILENT)
        return Seen(size, held, lost, one.copies)
    finally:
        one.close()


def ours(folder: Path) -> Seen:
    """Our agent beside the same kind of broker, and a node that takes readings."""
    folder.mkdir()
    broker = Broker(folder / "sensors")
    broker.start()
    key = identity.make_key(folder, "Ed25519")
    assert isinstance(key, Ed25519PrivateKey)
    try:
        with draining.node(folder / "node", key) as (port, node):
            line = Line(port)
            _settled(folder, key, line.port, broker.port)
            everything = payloads(FIRST + LATER)
            with _agent(folder, broker) as agent:
                publish(broker.port, everything[:FIRST])
                _until(folder, FIRST)
                size, held = line.bytes / FIRST, memory.held(agent, "VmRSS")
                line.cut()
                publish(broker.port, everything[FIRST:])
                _kept(folder, LATER)
                agent.kill()
                agent.wait()
            line.mend()
            (folder / control.SOCKET).unlink(missing_ok=True)
            with _agent(folder, broker):
                _until(folder, 0)
            told = msgspec.json.decode(node.communicate()[0], type=Told)
            return Seen(size, held, len(everything) - told.readings, 0)
    finally:
        broker.stop()


def _settled(folder: Path, key: Ed25519PrivateKey, node: int, broker: int) -> None:
    Sealer(key, cose.kid_of(key.public_key()))
    identity.write_pins(folder, msgspec.structs.replace(memory.pins(key, f"http://127.0.0.1:{node}"), device=DEVICE))
    lines = ["[series.air.fields]", *memory.fields(), "[sources.sensors]", 'kind = "mqtt"']
    lines += ['series = "air"', f'with = {{ host = "127.0.0.1", port = {broker}, topics = ["readings"] }}']
    (folder / FILE).write_text("\n".join(lines))


@contextmanager
def _agent(folder: Path, broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """The agent, once it has come to the broker."""
    before = broker.log.read_bytes().count(b" as allmende-")
    with memory.running(folder, None) as process:
        end = time.monotonic() + _PATIENCE
        while broker.log.read_bytes().count(b" as allmende-") == before or not (folder / control.SOCKET).exists():
            if time.monotonic() > end or process.poll() is not None:
                raise TimeoutError((folder / "log").read_text()[-2000:])
            time.sleep(0.05)
        yield process


def _status(folder: Path) -> dict[str, object]:
    return next(control.ask(folder, "status"))


def _until(folder: Path, count: int) -> None:
    """Nothing waits for the node any more, and so many have been sent."""
    end = time.monotonic() + _PATIENCE
    while True:
        (home,) = msgspec.convert(_status(folder)["consumers"], list[dict[str, object]])
        if home["waiting"] == 0 and not home["trouble"] and int(str(home["sent"])) >= count:
            return
        if time.monotonic() > end:
            raise TimeoutError(str(home))
        time.sleep(0.1)


def _kept(folder: Path, count: int) -> None:
    """So many wait: what the broker acknowledged to sensors has been acknowledged to the broker."""
    end = time.monotonic() + _PATIENCE
    while True:
        (home,) = msgspec.convert(_status(folder)["consumers"], list[dict[str, object]])
        if int(str(home["waiting"])) >= count:
            return
        if time.monotonic() > end:
            raise TimeoutError(str(home))
        time.sleep(0.1)


_KNOWN: dict[str, Seen] = {}


def _seen() -> tuple[Seen, Seen]:
    """Ours and theirs, of one run."""
    if not _KNOWN:
        if found("mosquitto") is None:
            raise UnavailableError("mosquitto is not installed (Debian: apt-get install mosquitto)")
        HOME.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=HOME) as folder:
            Path(folder).chmod(0o755)
            _KNOWN["ours"], _KNOWN["theirs"] = ours(Path(folder) / "ours"), bridged(Path(folder) / "theirs")
        for name, one in _KNOWN.items():
            say(f"{name}: {one.bytes:.1f} B a reading, {one.memory:.1f} MiB, {one.lost} lost, {one.twice} twice")
    return _KNOWN["ours"], _KNOWN["theirs"]


def wire(count: int) -> Row:
    """Bytes of the line."""
    mine, other = _seen()
    return WIRE.judged([mine.bytes], [other.bytes])


def lost(count: int) -> Row:
    """Readings that were lost; theirs is told as the yardstick."""
    return LOST.judged([float(_seen()[0].lost)], [max(1.0, float(_seen()[1].lost))])


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {"wire": wire, "lost": lost}
