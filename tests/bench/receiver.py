"""A node that takes readings, in a process of its own: `python -m tests.bench.receiver FOLDER KEY`.

Prints its port, and when its input ends how many readings it has, by series, and in how many pieces, and the seconds
that it has computed since it printed its port.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import cose, jwk
from connector.data.readings.receiving import Receiving
from connector.errors import NodeError
from connector.http.exchange import Headers, Request, Response
from connector.http.readings import PATH, OwnReadings, Proven
from connector.http.server import Listener, names_of
from connector.records import DeviceReadings, ReadingLog
from connector.records.readings import readings_id
from connector.services.changes import Changes
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from connector.telemetry import Metrics

DEVICE = "did:web:city.example:edge:box"


async def serve(folder: Path, key: bytes) -> None:
    """Take readings until the input ends."""
    store = SqliteStore.open(
        folder / "state.db", clock=SystemClock(), sign_head=lambda size, root, at: f"did:web:city.example\n{size}\n"
    )
    receiving = Receiving(
        store=store, clock=SystemClock(), changes=Changes(), folder=folder / "readings", quota=1 << 40
    )  # fmt: skip
    public = Ed25519PublicKey.from_public_bytes(key)
    keys = {cose.kid_of(public): jwk.of(public)}

    async def prove(request: web.Request) -> Proven:
        return Proven(DEVICE, keys)

    listener = Listener(
        "public",
        serve=_nowhere,
        refuse=_refuse,
        hosts=names_of("127.0.0.1"),
        metrics=Metrics(),
        streams={PATH: OwnReadings(receiving, prove).handler},
    )
    await listener.start("127.0.0.1", 0)
    print(listener.port, flush=True)
    begin = time.process_time()
    await asyncio.to_thread(sys.stdin.read)
    cpu = time.process_time() - begin
    await listener.close()
    found = await store.read(lambda view: view.get(DeviceReadings, readings_id("", DEVICE)))
    log = await store.read(lambda view: view.get(ReadingLog, readings_id("", "air")))
    assert found is not None
    assert log is not None
    print(msgspec.json.encode({"held": found.held, "readings": log.next - 1, "cpu": cpu}).decode(), flush=True)
    await store.close()


async def _nowhere(request: Request) -> Response:
    return Response(404, {})


def _refuse(path: str, headers: Headers, error: NodeError) -> Response:
    return Response(400, {})


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), bytes.fromhex(sys.argv[2])))
