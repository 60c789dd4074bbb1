"""The rows of `scripts/bench data`: what it costs to let data out, beside nginx, psql and the skeleton of an access.

What lives here: set-ups and measurements. What does not: judging (`rows`), yardsticks (`webserver`, `skeleton_access`),
clients (`silence`, `held`, `access_client`). CPU is that of the serving processes alone.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scripts.lib.ports import free_port
from tests.bench import silos
from tests.bench.load import Child, Done, Load, child
from tests.bench.node import folder, nodes, pinned
from tests.bench.rows import Goal, Row, rounds
from tests.bench.webserver import certify, webserver
from tests.bench.worker import Access, Order, Shared
from tests.conformance.kit import UnavailableError
from tests.servers import keeping, postgres

MIB = 1 << 20
SIZE = 256 * MIB
PULLS = 4
STREAMS = 200
_SHORTEST = 40
"""Bytes of a row at least."""
ACCESSES = Load(64, seconds=3)
FEW = Load(32, seconds=2)

FILE_PULL = Goal("file_pull", "CPU of a file's second and later pulls beside nginx's sendfile", "s/GB", 1.3)
FILE_PULL_TLS = Goal("file_pull_tls", "the same over TLS 1.3", "s/GB", 1.3)
PROXY_PULL = Goal("proxy_pull", "CPU of what is read from another server and passed on, beside nginx", "s/GB", 2.0)
ACCESS = Goal("access", "1 kB accesses, full gate, audit on disk first, beside the skeleton", "1/s", 0.6, at_least=True)
ACCESS_GROWTH = Goal("access_growth", "CPU per access with 10,000 stored contracts beside 10", "us", 1.1)
CUT = Goal("cut_ms", "from revocation to the last byte of 200 streams, 99th percentile", "ms", 1000.0, absolute=True)
RSS = Goal("rss_200", "memory that 200 streams take", "MiB", 32.0, absolute=True)


SQL_PUSHED = Goal(
    "sql_pushed",
    "rows suppressed and coarsened by PostgreSQL, beside psql's copy",
    "1/s",
    0.4,
    at_least=True,
)
SQL_PYTHON = Goal("sql_python", "the same rows, treated in the node", "1/s", 0.1, at_least=True)


class Provider:
    """A node that shares something with a consumer under a contract, and how that is had."""

    def __init__(self, child: Child, access: Access, contract: str) -> None:
        self.child, self.access, self.contract = child, access, contract


@contextlib.contextmanager
def provider(directory: Path, order: Order, tls: Path | None = None) -> Iterator[Provider]:
    """A provider of what `order` shares, with a contract and a started transfer."""
    with contextlib.ExitStack() as stack:
        more = (tls,) if tls else ()
        own, consumer = (
            stack.enter_context(child("tests.bench.worker", directory / name, free_port(), *more))
            for name in ("provider", "consumer")
        )
        pinned(own, consumer)
        shared = own.ask(order, Shared)
        consumer.ask(Order(do="negotiate", load=Load(1, calls=1), dataset=shared.dataset, offer=shared.offer), Done)
        yield Provider(own, own.ask(Order(do="access"), Access), own.ask(Order(do="contract"), str))


def _filled(directory: Path, size: int) -> Path:
    """A file that is no hole, so that both sides read pages."""
    path = directory / "served" / "data.bin"
    path.parent.mkdir(parents=True)
    block = bytes(range(256)) * 4096
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)
    return path


def _per_gb(client: Child, cpu: Callable[[], float]) -> float:
    """CPU seconds of a server for 1 GB of what a client pulls."""
    before = cpu()
    client.say(str(PULLS))
    got = int(client.line())
    return (cpu() - before) / got * 1e9


def _pulled(goal: Goal, count: int, order: Callable[[Path, str], Order], *, tls: bool, proxied: bool) -> Row:
    with folder() as directory, contextlib.ExitStack() as stack:
        path, authority = _filled(directory, SIZE), certify(directory)
        nginx = stack.enter_context(webserver(directory, path.parent))
        own = stack.enter_context(provider(directory, order(path, nginx.plain), directory if tls else None))
        trusted = (authority,) if tls else ()
        root = nginx.tls if tls else nginx.plain
        theirs = f"{root}/proxied/{path.name}" if proxied else f"{root}/{path.name}"
        mine = stack.enter_context(child("tests.bench.silence", own.access.url, own.access.authorization, *trusted))
        other = stack.enter_context(child("tests.bench.silence", theirs, "none", *trusted))
        for one in (mine, other):  # the first pull reads and hashes the file
            one.say("1")
            one.line()
        upstream = nginx.cpu if proxied else lambda: 0.0
        return rounds(
            goal,
            count,
            lambda: _per_gb(mine, lambda: own.child.cpu() + upstream()),
            lambda: _per_gb(other, nginx.cpu),
        )


def _file(path: Path, upstream: str) -> Order:
    return Order(do="share", path=str(path))


def _upstream(path: Path, upstream: str) -> Order:
    return Order(do="share", kind="proxy", url=f"{upstream}/{path.name}")


def file_pull(count: int) -> Row:
    """A large file that did not change since it was hashed."""
    return _pulled(FILE_PULL, count, _file, tls=False, proxied=False)


def file_pull_tls(count: int) -> Row:
    """The same, encrypted."""
    return _pulled(FILE_PULL_TLS, count, _file, tls=True, proxied=False)


def proxy_pull(count: int) -> Row:
    """A large answer of another server."""
    return _pulled(PROXY_PULL, count, _upstream, tls=False, proxied=True)


def _sql(goal: Goal, count: int, where: str) -> Row:
    """Rows a second that a consumer gets, beside psql."""
    with folder() as directory, _database() as database:
        order = Order(do="share rows", kind="postgres", settings=database.settings, name=where)
        with (
            provider(directory, order) as own,
            child("tests.bench.silence", own.access.url, own.access.authorization) as client,
        ):
            return rounds(goal, count, lambda: _rate(lambda: _pull_once(client)), lambda: _rate(database.copy))


def _pull_once(client: Child) -> None:
    client.say("1")
    if int(client.line()) < silos.ROWS * _SHORTEST:
        raise RuntimeError("the answer broke off")


def _rate(once: Callable[[], None]) -> float:
    began = time.perf_counter()
    once()
    return silos.ROWS / (time.perf_counter() - began)


class Database:
    """The table to measure with in a PostgreSQL of its own; `settings` are those of a silo."""

    def __init__(self, server: postgres.Postgres) -> None:
        self._server = server
        self.settings = {"host": server.host, "port": server.port, "database": "postgres", "user": "postgres"}
        silos.made(lambda sql: [server.execute(f"{part};") for part in sql.split(";") if part.strip()])

    def copy(self) -> None:
        """What psql makes of the query that a node asks."""
        command = silos.psql(self._server.programs, self._server.url(), silos.query())
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


@contextlib.contextmanager
def _database() -> Iterator[Database]:
    """A running PostgreSQL. Raises `UnavailableError` where it is not installed."""
    if postgres.programs() is None:
        raise UnavailableError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with keeping.folder_of(postgres.USER) as home, postgres.running(home, home) as facts:
        yield Database(postgres.Postgres(**facts))


def sql_pushed(count: int) -> Row:
    """The database does all of it."""
    return _sql(SQL_PUSHED, count, "silo")


def sql_python(count: int) -> Row:
    """The node does all of it."""
    return _sql(SQL_PYTHON, count, "node")


def access(count: int) -> Row:
    """Small accesses a second."""
    with folder() as directory, contextlib.ExitStack() as stack:
        small = directory / "data.txt"
        small.write_bytes(b"x" * 1024)
        own = stack.enter_context(provider(directory, Order(do="share", path=str(small))))
        skeleton = stack.enter_context(child("tests.bench.skeleton_access", directory))
        mine = stack.enter_context(child("tests.bench.access_client", own.access.url, own.access.authorization))
        other = stack.enter_context(child("tests.bench.access_client", skeleton.line(), skeleton.line()))
        return rounds(ACCESS, count, lambda: mine.ask(ACCESSES, Done).rate, lambda: other.ask(ACCESSES, Done).rate)


def access_growth(count: int) -> Row:
    """CPU of one access with many contracts in store."""
    with nodes() as full, nodes() as sparse, contextlib.ExitStack() as stack:
        measured = []
        for one, contracts in ((full, 10_000), (sparse, 10)):
            one.filled(contracts)
            had = one.provider.ask(Order(do="access"), Access)
            client = stack.enter_context(child("tests.bench.access_client", had.url, had.authorization))
            measured.append(_cpu_of_one(one.provider, client))
        return rounds(ACCESS_GROWTH, count, *measured)


def _cpu_of_one(server: Child, client: Child) -> Callable[[], float]:
    def measure() -> float:
        before = server.cpu()
        done = client.ask(FEW, Done)
        return (server.cpu() - before) / done.calls * 1e6

    return measure


@contextlib.contextmanager
def _streaming(own: Provider) -> Iterator[Child]:
    """All streams, each of which has begun."""
    with child("tests.bench.held", own.access.url, own.access.authorization, STREAMS) as held:
        assert held.line() == "open"
        yield held


@contextlib.contextmanager
def _large() -> Iterator[Provider]:
    """A provider of a file that no slow reader comes to the end of, hashed already."""
    with folder() as directory:
        path = directory / "data.bin"
        with path.open("wb") as file:
            file.truncate(SIZE)
        with provider(directory, Order(do="share", path=str(path))) as own:
            with child("tests.bench.silence", own.access.url, own.access.authorization) as first:
                first.say("1")
                first.line()
            yield own


def cut_ms(count: int) -> Row:
    """Milliseconds until the last byte of the slowest but one of a hundred streams."""
    values = []
    with _large() as own:
        for _ in range(count):
            with _streaming(own) as held:
                held.say("cut")
                begun = time.monotonic()
                own.child.ask(Order(do="hold", name=own.contract), str)
                ends = [max(0.0, end - begun) * 1000 for end in _ends(held)]
                values.append(statistics.quantiles(ends, n=100)[98])
            own.child.ask(Order(do="release", name=own.contract), str)
    return CUT.judged(values, [1.0] * count)


def _ends(held: Child) -> list[float]:
    return [float(one) for one in held.line().strip("[]").split(",")]


def rss_200(count: int) -> Row:
    """MiB that a node takes more while it serves 200 streams."""
    values = []
    with _large() as own:
        for _ in range(count):
            before = _resident(own.child.pid)
            with _streaming(own):
                time.sleep(1)
                values.append(_resident(own.child.pid) - before)
    return RSS.judged(values, [1.0] * count)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


ROWS: Mapping[str, Callable[[int], Row]] = {
    "file_pull": file_pull,
    "file_pull_tls": file_pull_tls,
    "proxy_pull": proxy_pull,
    "sql_pushed": sql_pushed,
    "sql_python": sql_python,
    "access": access,
    "access_growth": access_growth,
    "cut_ms": cut_ms,
    "rss_200": rss_200,
}
