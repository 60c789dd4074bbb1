"""The rows `first_crawl` (`_s`, `_memory`), `unchanged`, `change` (`_ms`): reading the catalogues of others.

What lives here: the two processes and their judgement. What does not: the nodes that are read (`towns`), the node that
reads (`reader`).

Yardstick of time: the same documents read with orjson and written into a bare SQLite table with a full-text index,
which keeps nothing of what a crawl is for. Requests and bytes are counted; of an unchanged peer both heads and bodies,
without TLS. Memory is that of the node with all that it consists of, and of the process that it reads in.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from tests.bench.catalog import corpus, towns
from tests.bench.catalog.reader import DID
from tests.bench.rows import HOME, Goal, Row, say

NODES: Final = 200
DATASETS: Final = 500
MANY: Final = 10_000
BARE: Final = 5_000

FIRST: Final = Goal(
    "first_crawl", f"{NODES} nodes of {DATASETS} datasets read, beside orjson and bare SQLite", "s", 8.0
)
SECONDS: Final = Goal("first_crawl_s", "the same, by the clock", "s", 60.0, absolute=True)
MEMORY: Final = Goal("first_crawl_memory", "node and reading process meanwhile", "MB", 150.0, absolute=True)
UNCHANGED: Final = Goal("unchanged", "bytes of the one answer of an unchanged peer", "bytes", 1_000.0, absolute=True)
CHANGE: Final = Goal("change", f"requests for 1 change of {MANY}", "", 2.0, absolute=True)
CHANGE_MS: Final = Goal("change_ms", "the same, by the clock", "ms", 200.0, absolute=True)


def first_crawl(count: int) -> Row:
    """Read everybody for the first time."""
    told = _first()
    return FIRST.judged([told["seconds"]], [_bare() * NODES * DATASETS / BARE])


def first_crawl_s(count: int) -> Row:
    """The same."""
    return SECONDS.judged([_first()["seconds"]], [1.0])


def first_crawl_memory(count: int) -> Row:
    """The same."""
    return MEMORY.judged([_first()["memory"] / 1e6], [1.0])


def unchanged(count: int) -> Row:
    """Ask somebody who has nothing new."""
    told = _changes()[0]
    say(f"unchanged: {told['requests']} request, {told['sent']} bytes sent, {told['received']} received")
    assert told["requests"] == 1
    return UNCHANGED.judged([float(told["received"])], [1.0])


def change(count: int) -> Row:
    """Ask somebody who has changed one of many."""
    return CHANGE.judged([float(max(one["requests"] for one in _changes()[1:]))], [1.0])


def change_ms(count: int) -> Row:
    """The same."""
    return CHANGE_MS.judged([sorted(one["seconds"] for one in _changes()[1:])[2] * 1e3], [1.0])


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    "first_crawl": first_crawl,
    "first_crawl_s": first_crawl_s,
    "first_crawl_memory": first_crawl_memory,
    "unchanged": unchanged,
    "change": change,
    "change_ms": change_ms,
}


@cache
def _first() -> dict[str, Any]:
    with Reading(NODES, DATASETS) as reading:
        told = reading.ask("all")
    assert told["datasets"] == NODES * DATASETS
    assert told["fewer"] == 0
    say(f"first_crawl: {told}")
    return told


@cache
def _changes() -> list[dict[str, Any]]:
    """One look without a change, then five with one each."""
    with Reading(1, MANY) as reading:
        reading.ask("one")
        found = [reading.ask("ask")]
        for _ in range(5):
            reading.change()
            found.append(reading.ask("ask"))
    return found


@cache
def _bare() -> float:
    """Seconds for `BARE` documents."""
    bodies = [towns.body(one) for one in itertools.islice(corpus.entries(towns.DIFFERENT, 50), towns.DIFFERENT)]
    path = HOME / "bare.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB)")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content='')")
    begun = time.perf_counter()
    for number, body in enumerate(itertools.islice(itertools.cycle(bodies), BARE)):
        read = orjson.loads(body)
        connection.execute("INSERT INTO body VALUES (?, ?)", (number, body))
        text = " ".join(str(read.get(name, "")) for name in ("dct:title", "dct:description", "dcat:keyword"))
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, text))
    connection.commit()
    took = time.perf_counter() - begun
    connection.close()
    path.unlink()
    return took


class Reading:
    """The nodes that are read, and the node that reads, each in a process."""

    def __init__(self, nodes: int, datasets: int) -> None:
        self._nodes, self._datasets = nodes, datasets

    def __enter__(self) -> Reading:
        self._folder = HOME / f"reader-{time.monotonic_ns()}"
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._towns = _started("towns", DID, str(self._nodes), str(self._datasets))
        at = msgspec.json.decode(_line(self._towns), type=dict[str, Any])
        self._url = f"http://127.0.0.1:{at['port']}"
        self._reader = _started("reader", str(self._folder), str(at["port"]), str(self._nodes))
        self._say(msgspec.json.encode(at["key"]).decode())
        assert _line(self._reader).strip() == b"ready"
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._reader, self._towns):
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)
        shutil.rmtree(Path(self._folder), ignore_errors=True)

    def ask(self, command: str) -> dict[str, Any]:
        """What came of a command."""
        self._say(command)
        return msgspec.json.decode(_line(self._reader), type=dict[str, Any])

    def change(self) -> None:
        """The first node changes a dataset."""
        asked = urllib.request.Request(f"{self._url}/change?node=0", method="POST")
        with urllib.request.urlopen(asked) as answer:
            answer.read()

    def _say(self, text: str) -> None:
        assert self._reader.stdin is not None
        self._reader.stdin.write(text.encode() + b"\n")
        self._reader.stdin.flush()


def _started(module: str, *given: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"tests.bench.catalog.{module}", *given]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()
