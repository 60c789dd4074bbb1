"""The rows beside a real Eclipse EDC: two nodes of ours and two EDCs, the same negotiation, the same machine, one run.

What lives here: both pairs and what is measured. What does not: EDC's processes (`tests.edc`), judging (`rows`).

*Latency* runs from the instant at which the consumer has noted the request (both say it, over their management APIs)
until both sides are seen there to be FINALIZED. Of each round the median of `TIMES` negotiations counts, one at a time.
An EDC can only be asked again and again (each `POLL` seconds); a node of ours tells by itself (`wait`).

*Memory* is the resident memory of both sides together, after `BURST` negotiations at once more in each round.

Both pairs are up all the time, and one rests while the other is measured. Warm-up of both: `WARM_UP` negotiations. Our
pair is the product as `allmende serve` runs it: pinned keys, signed messages, everything on disk before it is said. The
EDCs have their mock identity, stores in memory and no TLS, all of which is to their advantage; heap as in
`tests.edc.runtime`.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from connector import founding
from connector.cli.remote import Remote
from scripts.lib.ports import free_port
from tests.bench.node import folder, ready
from tests.bench.rows import Goal, Row, rounds, say
from tests.edc.artifacts import DEFAULT, RELEASES, runnable
from tests.edc.runtime import Edc, running, until

WARM_UP, TIMES, BURST, SIDE_BY_SIDE = 20, 5, 100, 25
POLL = 0.005
MOST_LOST = 10
# The log's library takes `rich` along where it is installed. Only development tools bring it: the product runs without.
SERVE = (
    sys.executable,
    "-c",
    "import sys; sys.modules['rich'] = None; from connector.cli import main; main()",
    "serve",
)
PATIENCE = 60.0
IDLE_SECONDS = 1.0

LATENCY = Goal("edc_latency", "a negotiation until FINALIZED on both sides, beside EDC as it comes", "ms", 0.01)
TUNED = Goal("edc_latency_tuned", "the same beside EDC whose state machines wait 50 ms", "ms", 0.2)
MEMORY = Goal("edc_rss", "memory of both sides after the same negotiations, beside EDC", "MiB", 0.25)


class LostError(Exception):
    """Two EDCs did not agree: a verification overtook the provider's own bookkeeping and was refused for good."""


class Pair(Protocol):
    """A provider and a consumer."""

    def negotiate(self) -> float:
        """One negotiation, until both sides say FINALIZED. The instant at which it was noted, as a UNIX time."""

    def rss(self) -> float:
        """MiB of both."""


class Nodes:
    """Two nodes as the product runs them, driven over their management APIs."""

    def __init__(
        self, directory: Path, processes: tuple[subprocess.Popen[bytes], ...], remotes: tuple[Remote, ...]
    ) -> None:
        self._processes, (self._provider, self._consumer) = processes, remotes
        file = directory / "data.csv"
        file.write_text("a,b\n1,2\n")
        terms = {"name": "open", "terms": {}}
        frame = {"title": "Offene Daten", "file_number": "A 1", "hash": "0" * 64, "signatories": ["Stadtrat"]}
        asset = {"name": "data", "title": "data", "kind": "file", "settings": {"path": str(file)}}
        self._provider.post("/policies", terms)
        self._provider.post("/frames", {"name": "open", "anybody": True, **frame})
        self._dataset = self._provider.post("/assets", asset)["id"]
        self._provider.post("/offers", {"asset": "data", "policy": "open", "approval": {"frame": "open"}})

    def negotiate(self) -> float:
        """See `Pair`."""
        one = self._consumer.post("/negotiations", {"peer": "provider", "dataset": self._dataset})
        one = _told(self._consumer, one)
        _told(self._provider, self._provider.get(f"/negotiations/{one['peer_pid']}"))
        return float(one["created"]) / 1_000_000

    def rss(self) -> float:
        """See `Pair`."""
        return sum(_resident(process.pid) for process in self._processes)


def _told(remote: Remote, one: Any) -> Any:
    """The negotiation once it is FINALIZED; the node says so by itself."""
    while one["state"] != "FINALIZED":
        assert one["state"] != "TERMINATED", one["reason"]
        one = remote.get(f"/negotiations/{one['id']}", wait=PATIENCE, version=one["version"])
    return one


class Edcs:
    """Two EDCs, driven over their management APIs."""

    def __init__(self, provider: Edc, consumer: Edc) -> None:
        self._provider, self._consumer = provider, consumer
        provider.share("data", "http://127.0.0.1:1/")
        catalog = consumer.catalog(provider.id, provider.base)
        [dataset] = catalog["dataset"]
        self._offer = dataset["hasPolicy"][0]

    def negotiate(self) -> float:
        """See `Pair`."""
        id = self._consumer.negotiate(self._provider.id, self._provider.base, "data", self._offer)
        one = until(lambda: _finalized(self._consumer, id), PATIENCE, "the consumer", POLL)
        until(lambda: _finalized(self._provider, one["correlationId"]), PATIENCE, "the provider", POLL)
        return float(one["createdAt"]) / 1000

    def rss(self) -> float:
        """See `Pair`."""
        return self._provider.rss() + self._consumer.rss()


def _finalized(edc: Edc, id: str) -> Any:
    one = edc.negotiation(id)
    if one["state"] == "TERMINATED":
        raise LostError(one.get("errorDetail", ""))
    return one if one["state"] == "FINALIZED" else None


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


# --- both pairs -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def pairs(*, tuned: bool) -> Iterator[tuple[Pair, Pair]]:
    """Ours and the EDCs, warm. Raises `UnavailableError`."""
    what = runnable(RELEASES[DEFAULT])
    ids = ("did:web:edc-provider.example", "did:web:edc-consumer.example")
    with folder() as directory, contextlib.ExitStack() as stack:
        edcs = Edcs(*stack.enter_context(running(what, directory, ids, tuned=tuned)))
        served = [stack.enter_context(_served(directory / name)) for name in ("provider", "consumer")]
        remotes = [remote for _, remote, _ in served]
        for own, (_, _, url), name in ((remotes[0], served[1], "consumer"), (remotes[1], served[0], "provider")):
            own.post("/peers", {"url": url, "name": name, "private": True})
        ours = Nodes(directory, tuple(process for process, _, _ in served), tuple(remotes))
        for pair in (ours, edcs):
            _burst(pair, WARM_UP)
        time.sleep(IDLE_SECONDS)
        yield ours, edcs


@contextlib.contextmanager
def _served(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Remote, str]]:
    """A node of the product: its process, its management API, its URL."""
    public, management = free_port(), free_port()
    url = f"http://127.0.0.1:{public}"
    founding.initialise(home, url, public_port=public, management_port=management, lab=True)
    with (
        home.with_suffix(".log").open("wb") as log,
        subprocess.Popen([*SERVE, str(home)], stdout=log, stderr=log) as process,
    ):
        try:
            until(lambda: ready(management), PATIENCE, "a node")
            yield process, Remote(f"http://127.0.0.1:{management}", (home / "token").read_text().strip()), url
        finally:
            process.terminate()
            process.wait()


def _one(pair: Pair) -> float:
    """Seconds of one negotiation that comes to its end; one that an EDC loses is done again and not counted."""
    for _ in range(MOST_LOST):
        try:
            noted = pair.negotiate()
        except LostError as error:
            say(f"an EDC has lost a negotiation, another one is taken: {error}"[:200])
        else:
            return time.time() - noted
    raise LostError(f"{MOST_LOST} in a row")


def _burst(pair: Pair, count: int) -> None:
    """Several negotiations side by side."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for done in [threads.submit(_one, pair) for _ in range(count)]:
            done.result()


# --- rows -------------------------------------------------------------------------------------------------------------


def _median(pair: Pair) -> float:
    """Milliseconds of one negotiation."""
    return statistics.median(_one(pair) for _ in range(TIMES)) * 1000


def _memory(pair: Pair) -> float:
    """MiB after some more negotiations."""
    _burst(pair, BURST)
    time.sleep(IDLE_SECONDS)
    return pair.rss()


def _row(goal: Goal, measure: Callable[[Pair], float], *, tuned: bool = False) -> Callable[[int], Row]:
    def row(count: int) -> Row:
        with pairs(tuned=tuned) as (ours, theirs):
            return rounds(goal, count, lambda: measure(ours), lambda: measure(theirs))

    return row


ROWS = {
    "edc_latency": _row(LATENCY, _median),
    "edc_latency_tuned": _row(TUNED, _median, tuned=True),
    "edc_rss": _row(MEMORY, _memory),
}
