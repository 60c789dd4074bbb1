"""A whole node that reads the catalogues of `towns`, in a process of its own, and what that cost it.

What lives here: the node (`python -m tests.bench.catalog.reader FOLDER PORT NODES`, the towns' key on standard input)
and its commands, a line each: `all` reads everybody, `one` reads the first, `ask` asks the first what is new.
What does not: judging (`crawling`).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from catalog.index.forms import Query
from certs import did
from connector import founding, node, telemetry
from connector.config import load
from connector.node import Node
from connector.ports import Transaction
from connector.records import Participant
from tests.bench.catalog import wire

DID = "did:web:127.0.0.1%3A18099"


def resident(pid: int | None) -> int:
    """Bytes that a process has in memory, its part of what it shares with others; 0 where there is none."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def burnt(pid: int | None) -> float:
    """Seconds of processor time that a process has had; 0 where there is none."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def participant(url: str, key: dict[str, Any]) -> Participant:
    """A peer that was pinned."""
    id = did.of_url(url)
    kid = f"{id}#token"
    name = url.rpartition("/")[2]
    return Participant(
        id=id,
        name=name,
        url=url,
        base=f"{url}/dsp",
        keys={kid: key},
        words="",
        added=0,
        added_by="bench",
        tokens=(kid,),
        private=True,
    )


class Laggard:
    """How long others had to wait for the event loop, at most."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def run(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            self.waits.append(time.perf_counter() - begun - 0.005)

    def taken(self) -> dict[str, float]:
        waits, self.waits = sorted(self.waits), []
        return {"loop_p99": waits[len(waits) * 99 // 100] if waits else 0.0, "loop_max": max(waits, default=0.0)}


async def serve(folder: Path, port: int, nodes: int, key: dict[str, Any]) -> None:
    """One command after the other, each answered with a line of JSON."""
    founding.initialise(folder, "http://127.0.0.1:18099", public_port=0, management_port=0, lab=True)
    made = node.build(load(folder, {}))
    urls = [f"http://127.0.0.1:{port}/n{number}" for number in range(nodes)]

    def add(tx: Transaction) -> None:
        for url in urls:
            tx.put(participant(url, key))

    await made.store.write(add)
    telemetry.configure_logs(sys.stderr, "warning")
    lag = Laggard()
    watching = asyncio.create_task(lag.run())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("ready", flush=True)
    federation = made.catalogs.federation
    while command := (await reader.readline()).decode().strip():
        lag.taken()
        begun, before = time.perf_counter(), os.times()
        said: dict[str, Any] = {}
        if command == "all":
            said = await read_all(made, nodes)
        elif command == "one":
            said = {"datasets": (await federation.crawl("n0")).standing.datasets}
        elif command == "ask":
            with wire.counted(made.client) as count:
                await federation.crawl("n0")
            said = count.told()
        after = os.times()
        took = {"seconds": time.perf_counter() - begun, "cpu": after.user + after.system - before.user - before.system}
        print(msgspec.json.encode({**said, **took, **lag.taken()}).decode(), flush=True)
    watching.cancel()
    await made.close()


async def read_all(made: Node, nodes: int) -> dict[str, Any]:
    """Read everybody, as the node does by itself, while somebody searches: what was found never becomes less."""
    federation, index = made.catalogs.federation, made.catalogs.index
    idle = memory = resident(os.getpid())
    least, helper = 0, 0.0
    fewer = 0
    while True:
        await federation.work()
        await asyncio.sleep(0.2)
        every = await federation.known()
        memory = max(memory, resident(os.getpid()) + resident(getattr(made.catalogs.reading._reads, "pid", None)))
        helper = max(helper, burnt(getattr(made.catalogs.reading._reads, "pid", None)))
        found = await asyncio.to_thread(index.search, Query(now=made.clock.now(), facets=False, limit=1))
        fewer += found.total < least and not found.capped
        least = found.total
        if all(one.standing.seen is not None and not one.going for one in every):
            break
        if any(one.standing.failures for one in every):
            raise SystemExit(str([one.standing for one in every if one.standing.failures][:3]))
    datasets = sum(one.standing.datasets for one in every)
    return {"datasets": datasets, "memory": memory, "idle": idle, "helper": helper, "fewer": fewer}


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), msgspec.json.decode(sys.stdin.readline())))
