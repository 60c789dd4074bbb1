"""Yardstick: one checked data access of 1 kB, with an audit record on disk before the answer, and nothing more.

An aiohttp process: token looked up by hash (verified once), agreement state, an audit row in a hash chain through a
group-commit writer with synchronous FULL. No policies, no counters, no ranges, no tree.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import sqlite3
import sys
import threading
import time
from pathlib import Path

import jwt
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

KEY = ec.derive_private_key(7, ec.SECP256R1())
PUBLIC = KEY.public_key()
BODY = b"x" * 1024
BATCH = 512

Row = tuple[float, str, str, int]


class Log:
    """Audit rows in a hash chain; group commit joins whatever is queued."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "pragma journal_mode=wal",
            "pragma synchronous=full",
            "create table audit(n integer primary key, at real, agreement text, who text, bytes int, hash blob)",
        ):
            self._connection.execute(statement)
        self._hash = bytes(32)
        self._queue: queue.SimpleQueue[tuple[Row, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    async def append(self, row: Row) -> None:
        """On disk when it returns."""
        future = asyncio.get_running_loop().create_future()
        self._queue.put((row, future))
        await future

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            rows = []
            for row, _ in batch:
                self._hash = hashlib.sha256(self._hash + repr(row).encode()).digest()
                rows.append((*row, self._hash))
            self._connection.execute("begin immediate")
            statement = "insert into audit(at, agreement, who, bytes, hash) values(?,?,?,?,?)"
            self._connection.executemany(statement, rows)
            self._connection.execute("commit")
            batch[0][1].get_loop().call_soon_threadsafe(_resolve, [future for _, future in batch])


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Server:
    """Answers `/data` to whoever has a token under an agreement."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._verified: dict[bytes, tuple[float, str, str]] = {}
        self._agreements = {"agreement": ("FINALIZED", 4e9)}

    def _admitted(self, authorization: str) -> tuple[float, str, str]:
        key = hashlib.sha256(authorization.encode()).digest()
        entry = self._verified.get(key)
        if entry is None or entry[0] < time.time():
            claims = jwt.decode(authorization[7:], PUBLIC, algorithms=["ES256"], audience="data")
            entry = self._verified[key] = (claims["exp"], claims["agreement"], claims["sub"])
        state, end = self._agreements[entry[1]]
        if state != "FINALIZED" or end < time.time():
            raise web.HTTPForbidden
        return entry

    async def data(self, request: web.Request) -> web.Response:
        """Check, record, answer."""
        _, agreement, who = self._admitted(request.headers["Authorization"])
        await self._log.append((time.time(), agreement, who, len(BODY)))
        return web.Response(body=BODY)


async def serve(directory: Path) -> None:
    """Serve until standard input ends; port and credential are the first two lines."""
    app = web.Application()
    app.router.add_get("/data", Server(Log(directory / "access.db")).data)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    claims = {"sub": "someone", "aud": "data", "agreement": "agreement", "exp": int(time.time()) + 3600}
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/data", flush=True)
    print("Bearer " + jwt.encode(claims, KEY, algorithm="ES256"), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
