"""The rows of `scripts/bench node`: two real nodes beside the skeletons, and what a node costs that does nothing.

What lives here: set-ups and measurements. What does not: judging (`rows`), load (`load`, `access_client`), the
yardsticks (`skeleton_negotiation`, `skeleton_access`).
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from connector import founding
from scripts.lib.ports import free_port
from tests.bench.load import Child, Done, Load, child
from tests.bench.rows import HOME, Goal, Row, rounds
from tests.bench.worker import Access, Order, Shared

MANY = Load(32, seconds=3)
ALONE = Load(1, seconds=2)
ACCESSES = Load(64, seconds=3)
FEW = Load(32, calls=400)
STORED, SPARSE = 10_000, 10
IDLE_SECONDS = 1.0

NEG_RATE = Goal("neg_rate", "negotiations beside the skeleton, 32 at a time", "1/s", 0.5, at_least=True)
NEG_P50 = Goal("neg_p50", "one negotiation at a time beside the skeleton, median", "ms", 3.0)
ACCESS_RATE = Goal("access_rate", "1 kB accesses, audit on disk first, beside the skeleton", "1/s", 0.5, at_least=True)
NEG_GROWTH = Goal("neg_growth", "CPU per negotiation with 10,000 stored contracts beside 10", "ms", 1.1)
RSS_IDLE = Goal("rss_idle", "idle memory beside a bare aiohttp server with cryptography", "MiB", 1.8)
COLD_START = Goal("cold_start", "until ready beside importing aiohttp and cryptography", "ms", 3.0)
HELP = Goal("help", "allmende --help over a bare interpreter", "ms", 130.0, absolute=True)

BARE = """
import asyncio, sys
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
async def main():
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""
ALLMENDE = str(Path(sys.executable).with_name("allmende"))
IMPORTS = "import aiohttp.web, cryptography.x509, cryptography.hazmat.primitives.asymmetric.ec"


# --- pairs of nodes ---------------------------------------------------------------------------------------------------


Meet = Callable[[Child, Child], None]
"""Has two nodes know each other."""


def pinned(provider: Child, consumer: Child) -> None:
    """By compared keys."""
    urls = provider.line(), consumer.line()
    provider.ask(Order(do="pin", url=urls[1]), str)
    consumer.ask(Order(do="pin", url=urls[0]), str)


class Nodes:
    """A provider and a consumer that know each other, and something that one has and the other wants."""

    def __init__(self, directory: Path, provider: Child, consumer: Child, meet: Meet) -> None:
        self.provider, self.consumer = provider, consumer
        meet(provider, consumer)
        file = directory / "data.txt"
        file.write_bytes(b"x" * 1024)
        self._shared = provider.ask(Order(do="share", path=str(file)), Shared)

    def negotiate(self, load: Load) -> Done:
        """Negotiations, driven from inside the consumer."""
        order = Order(do="negotiate", load=load, dataset=self._shared.dataset, offer=self._shared.offer)
        return self.consumer.ask(order, Done)

    def filled(self, count: int) -> None:
        """Have this many contracts in store on both sides."""
        self.negotiate(Load(1, calls=1))
        for one in (self.provider, self.consumer):
            one.ask(Order(do="store", count=count), int)

    def cpu_of_one(self) -> float:
        """CPU milliseconds of both processes for one negotiation."""
        before = self.provider.cpu() + self.consumer.cpu()
        done = self.negotiate(FEW)
        return (self.provider.cpu() + self.consumer.cpu() - before) / done.calls * 1000


@contextlib.contextmanager
def nodes(meet: Meet = pinned) -> Iterator[Nodes]:
    """Two node processes in fresh directories."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(folder())
        provider, consumer = (
            stack.enter_context(child("tests.bench.worker", directory / name, free_port()))
            for name in ("provider", "consumer")
        )
        yield Nodes(directory, provider, consumer, meet)


@contextlib.contextmanager
def skeletons() -> Iterator[Callable[[Load], Done]]:
    """The two ends of the negotiation yardstick, ready to be driven."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(folder())
        provider = stack.enter_context(child("tests.bench.skeleton_negotiation", "provider", directory))
        port = provider.line()
        consumer = stack.enter_context(child("tests.bench.skeleton_negotiation", "consumer", directory, port))
        provider.say(consumer.line())
        assert provider.line() == "ready"
        yield lambda load: consumer.ask(load, Done)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own on the disk of the work tree."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as path:
        yield Path(path).resolve()


# --- rows -------------------------------------------------------------------------------------------------------------


def neg_rate(count: int) -> Row:
    """Negotiations a second."""
    with nodes() as ours, skeletons() as theirs:
        return rounds(NEG_RATE, count, lambda: ours.negotiate(MANY).rate, lambda: theirs(MANY).rate)


def neg_p50(count: int) -> Row:
    """Milliseconds of one negotiation with nothing beside it."""
    with nodes() as ours, skeletons() as theirs:
        return rounds(NEG_P50, count, lambda: ours.negotiate(ALONE).p50 * 1000, lambda: theirs(ALONE).p50 * 1000)


def access_rate(count: int) -> Row:
    """Accesses a second."""
    with nodes() as ours, folder() as directory, child("tests.bench.skeleton_access", directory) as skeleton:
        ours.negotiate(Load(1, calls=1))
        access = ours.provider.ask(Order(do="access"), Access)
        with (
            child("tests.bench.access_client", access.url, access.authorization) as mine,
            child("tests.bench.access_client", skeleton.line(), skeleton.line()) as other,
        ):
            return rounds(
                ACCESS_RATE, count, lambda: mine.ask(ACCESSES, Done).rate, lambda: other.ask(ACCESSES, Done).rate
            )


def neg_growth(count: int) -> Row:
    """CPU of one negotiation with many contracts in store."""
    with nodes() as full, nodes() as empty:
        full.filled(STORED)
        empty.filled(SPARSE)
        return rounds(NEG_GROWTH, count, full.cpu_of_one, empty.cpu_of_one)


def rss_idle(count: int) -> Row:
    """Memory of a node that has nothing to do."""
    return rounds(RSS_IDLE, count, lambda: _served(_resident), _bare_resident)


def cold_start(count: int) -> Row:
    """From the start of the process until `/ready` says so."""
    return rounds(COLD_START, count, lambda: _served(lambda pid, ready: ready * 1000), lambda: _wall("-c", IMPORTS))


def help_text(count: int) -> Row:
    """What the help costs over the interpreter itself; the yardstick is taken off, not divided by."""
    bare: list[float] = []

    def over() -> float:
        bare.append(_wall("-c", "pass"))
        return _wall(ALLMENDE, "--help") - bare[-1]

    return rounds(HELP, count, over, lambda: bare[-1] if bare else _wall("-c", "pass"))


ROWS: Mapping[str, Callable[[int], Row]] = {
    "neg_rate": neg_rate,
    "neg_p50": neg_p50,
    "access_rate": access_rate,
    "neg_growth": neg_growth,
    "rss_idle": rss_idle,
    "cold_start": cold_start,
    "help": help_text,
}


# --- one process ------------------------------------------------------------------------------------------------------


def _served(measure: Callable[[int, float], float]) -> float:
    """What `measure` makes of a node's process id and its seconds until ready."""
    with folder() as directory:
        port = free_port()
        home = directory / "node"
        founding.initialise(
            home, f"http://127.0.0.1:{free_port()}", public_port=free_port(), management_port=port, lab=True
        )
        began = time.perf_counter()
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen([ALLMENDE, "serve", str(home)], stderr=log, stdout=log)
        try:
            while not ready(port):
                assert process.poll() is None, (directory / "log").read_text()
                time.sleep(0.002)
            return measure(process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait()


def ready(port: int) -> bool:
    """True where the node behind this management port says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def _resident(pid: int, ready: float = 0) -> float:
    """MiB, after a moment in which nothing happens."""
    time.sleep(IDLE_SECONDS)
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _bare_resident() -> float:
    command = [sys.executable, "-c", BARE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        resident = _resident(process.pid)
        process.stdin.close()
        return resident


def _wall(*arguments: str) -> float:
    """Milliseconds of an interpreter with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
