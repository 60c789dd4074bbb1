"""Yardstick: what a Python node that negotiates cannot avoid, and nothing more.

Two aiohttp processes exchange the four messages of a shortest negotiation (DSP 2025-1) with 201 or 200 for each: parse,
form check, ES256 token per message, a second ES256 signature over method, path, SHA-256 of the body and token, state +
outbox + hash-chained event in one transaction, group commit, synchronous FULL. No policies, no idempotency, no tree, no
queue per peer; the signature is the bare one of `cryptography`, without the form of RFC 9421, and is not kept.
`provider` and `consumer` are the two ends.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import queue
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import msgspec
import orjson
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from connector.protocol import codec
from connector.protocol.messages import (
    CONTEXT,
    ContractAgreementMessage,
    ContractAgreementVerificationMessage,
    ContractNegotiationEventMessage,
    ContractRequestMessage,
    JsonObject,
)
from tests.bench.load import Load, drive

KEY = ec.derive_private_key(7, ec.SECP256R1())
PUBLIC = KEY.public_key()
ES256 = ec.ECDSA(hashes.SHA256())
LIFE_SECONDS = 300
BATCH = 256

Operation = tuple[str, str, str, bytes, tuple[str, bytes] | None]
"""Process, peer's process, state, body, and what goes into the outbox."""


class Store:
    """State row, event row and outbox row in one transaction; group commit joins whatever is queued."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "pragma journal_mode=wal",
            "pragma synchronous=full",
            "create table negotiation(id text primary key, peer text, state text, body blob)",
            "create table event(n integer primary key, id text, hash blob)",
            "create table outbox(id text, step text, body blob, primary key(id, step))",
        ):
            self._connection.execute(statement)
        self._hash = bytes(32)
        self._queue: queue.SimpleQueue[tuple[Operation, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    async def commit(self, *operation: Any) -> None:
        """On disk when it returns."""
        future = asyncio.get_running_loop().create_future()
        self._queue.put((operation, future))
        await future

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            self._connection.execute("begin immediate")
            for operation, _ in batch:
                self._apply(operation)
            self._connection.execute("commit")
            batch[0][1].get_loop().call_soon_threadsafe(_resolve, [future for _, future in batch])

    def _apply(self, operation: Operation) -> None:
        pid, peer, state, body, outgoing = operation
        self._hash = hashlib.sha256(self._hash + state.encode() + body).digest()
        self._connection.execute(
            "insert into negotiation values(?,?,?,?) on conflict(id) do update set state=excluded.state,"
            " peer=excluded.peer",
            (pid, peer, state, body),
        )
        self._connection.execute("insert into event(id, hash) values(?,?)", (pid, self._hash))
        if outgoing is not None:
            self._connection.execute("insert or ignore into outbox values(?,?,?)", (pid, *outgoing))
        else:
            self._connection.execute("delete from outbox where id=?", (pid,))


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Yardstick:
    """What both ends share: token, form check, posting."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name, self.store = name, Store(directory / f"{name}.db")
        self.peer = ""
        self.session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def token(self) -> str:
        """A fresh token for one message."""
        now = int(time.time())
        times = {"iat": now, "exp": now + LIFE_SECONDS, "jti": uuid.uuid4().hex}
        return jwt.encode({"iss": self.name, "sub": self.name, "aud": "peer", **times}, KEY, algorithm="ES256")

    async def body(self, request: web.Request, kind: type[Struct]) -> tuple[bytes, JsonObject]:
        """The checked message of a checked caller."""
        jwt.decode(request.headers["Authorization"][7:], PUBLIC, algorithms=["ES256"], audience="peer")
        body = await request.read()
        signature = bytes.fromhex(request.headers["Signature"])
        PUBLIC.verify(signature, covered(request.raw_path, request.headers["Authorization"], body), ES256)
        message = orjson.loads(body)
        codec.strict(message, kind)
        return body, message

    async def post(self, path: str, body: bytes) -> bytes:
        """Send and insist on an acknowledgement."""
        assert self.session is not None
        token = f"Bearer {self.token()}"
        signature = KEY.sign(covered(path, token, body), ES256).hex()
        headers = {"Authorization": token, "Signature": signature, "Content-Type": "application/json"}
        async with self.session.post(self.peer + path, data=body, headers=headers) as answer:
            text = await answer.read()
            assert answer.status < 300, (path, answer.status, text)
            return text

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it run beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve(self, routes: Mapping[str, Callable[[web.Request], Coroutine[Any, Any, web.Response]]]) -> int:
        """Listen; the port."""
        app = web.Application()
        for path, handler in routes.items():
            app.router.add_post(path, handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
        port: int = runner.addresses[0][1]
        return port


class Provider(Yardstick):
    """Agrees to every request."""

    async def request(self, request: web.Request) -> web.Response:
        """ContractRequestMessage -> 201, then the agreement."""
        body, message = await self.body(request, ContractRequestMessage)
        pid, theirs = f"urn:uuid:{uuid.uuid4()}", message["consumerPid"]
        sent = orjson.dumps(_said("ContractAgreementMessage", pid, theirs, agreement=AGREEMENT))
        await self.store.commit(pid, theirs, "REQUESTED", body, ("agreement", sent))
        self.spawn(self._send(pid, theirs, "AGREED", f"/negotiations/{theirs}/agreement", sent))
        ack = _said("ContractNegotiation", pid, theirs, state="REQUESTED")
        return web.Response(status=201, body=orjson.dumps(ack), content_type="application/json")

    async def verification(self, request: web.Request) -> web.Response:
        """ContractAgreementVerificationMessage -> 200, then FINALIZED."""
        body, message = await self.body(request, ContractAgreementVerificationMessage)
        pid, theirs = message["providerPid"], message["consumerPid"]
        sent = orjson.dumps(_said("ContractNegotiationEventMessage", pid, theirs, eventType="FINALIZED"))
        await self.store.commit(pid, theirs, "VERIFIED", body, ("finalized", sent))
        self.spawn(self._send(pid, theirs, "FINALIZED", f"/negotiations/{theirs}/events", sent))
        return web.Response()

    async def _send(self, pid: str, theirs: str, state: str, path: str, body: bytes) -> None:
        await self.post(path, body)
        await self.store.commit(pid, theirs, state, b"", None)


class Consumer(Yardstick):
    """Begins negotiations and verifies every agreement."""

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(name, directory)
        self._waiting: dict[str, asyncio.Future[None]] = {}

    async def negotiate(self) -> None:
        """One negotiation to FINALIZED."""
        pid = f"urn:uuid:{uuid.uuid4()}"
        head = {"@context": [CONTEXT], "@type": "ContractRequestMessage", "consumerPid": pid, "offer": OFFER}
        body = orjson.dumps({**head, "callbackAddress": "http://127.0.0.1/callback"})
        done = self._waiting[pid] = asyncio.get_running_loop().create_future()
        await self.store.commit(pid, "", "REQUESTING", body, ("request", body))
        answer = orjson.loads(await self.post("/negotiations/request", body))
        if not done.done():
            await self.store.commit(pid, answer["providerPid"], "REQUESTED", b"", None)
        await done
        del self._waiting[pid]

    async def agreement(self, request: web.Request) -> web.Response:
        """ContractAgreementMessage -> 200, then the verification."""
        body, message = await self.body(request, ContractAgreementMessage)
        theirs, pid = message["providerPid"], message["consumerPid"]
        sent = orjson.dumps(_said("ContractAgreementVerificationMessage", theirs, pid))
        await self.store.commit(pid, theirs, "AGREED", body, ("verification", sent))
        self.spawn(self._verify(pid, theirs, sent))
        return web.Response()

    async def _verify(self, pid: str, theirs: str, body: bytes) -> None:
        await self.post(f"/negotiations/{theirs}/agreement/verification", body)
        if pid in self._waiting:
            await self.store.commit(pid, theirs, "VERIFIED", b"", None)

    async def events(self, request: web.Request) -> web.Response:
        """FINALIZED -> 200."""
        body, message = await self.body(request, ContractNegotiationEventMessage)
        await self.store.commit(message["consumerPid"], message["providerPid"], "FINALIZED", body, None)
        waiting = self._waiting.get(message["consumerPid"])
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        return web.Response()


def covered(path: str, token: str, body: bytes) -> bytes:
    """What is signed of a message."""
    return b"\n".join((b"POST", path.encode(), hashlib.sha256(body).digest(), token.encode()))


def _said(type_: str, provider_pid: str, consumer_pid: str, **more: Any) -> JsonObject:
    return {"@context": [CONTEXT], "@type": type_, "providerPid": provider_pid, "consumerPid": consumer_pid, **more}


CONSTRAINT = {"leftOperand": "odrl:purpose", "operator": "eq", "rightOperand": "https://example.org/purpose/planning"}
RULE = {"action": "use", "constraint": [CONSTRAINT]}
OFFER: JsonObject = {
    "@type": "Offer",
    "@id": "urn:uuid:3d1b1e4e-6c25-4b0e-8d6d-4c51a6b0a1f3",
    "target": "urn:uuid:8a51d6b2-0a3f-47ea-90a7-0f0b62b3a6c1",
    "permission": [RULE],
}
AGREEMENT: JsonObject = {
    "@type": "Agreement",
    "@id": "urn:uuid:ce2d6b50-7c75-4b0c-b6f7-b9bb4a6ef3b0",
    "target": OFFER["target"],
    "assigner": "did:web:provider.example",
    "assignee": "did:web:consumer.example",
    "timestamp": "2025-06-01T00:00:00Z",
    "permission": [RULE],
}


async def provide(directory: Path) -> None:
    """Serve until standard input ends."""
    provider = Provider("provider", directory)
    routes = {
        "/negotiations/request": provider.request,
        "/negotiations/{pid}/agreement/verification": provider.verification,
    }
    print(await provider.serve(routes), flush=True)
    provider.peer = f"http://127.0.0.1:{(await asyncio.to_thread(sys.stdin.readline)).strip()}"
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    assert provider.session is not None
    await provider.session.close()


async def consume(directory: Path, provider: int) -> None:
    """Drive loads as standard input asks for them, one JSON object a line."""
    consumer = Consumer("consumer", directory)
    routes = {"/negotiations/{pid}/agreement": consumer.agreement, "/negotiations/{pid}/events": consumer.events}
    consumer.peer = f"http://127.0.0.1:{provider}"
    print(await consumer.serve(routes), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        done = await drive(consumer.negotiate, msgspec.json.decode(line, type=Load))
        print(msgspec.json.encode(done).decode(), flush=True)
    assert consumer.session is not None
    await consumer.session.close()


def main() -> None:
    """`provider DIR` or `consumer DIR PORT`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("provider", "consumer"))
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int, nargs="?", default=0)
    given = parser.parse_args()
    work = provide(given.directory) if given.role == "provider" else consume(given.directory, given.port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
