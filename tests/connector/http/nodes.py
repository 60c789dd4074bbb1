"""A whole node without its listeners: requests go straight to `dsp` and `management`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from connector import founding, node
from connector.config import load
from connector.errors import DeliveryError, UnauthenticatedError
from connector.http.exchange import Request, Response
from connector.node import Node
from connector.ports import Caller, Reply
from connector.protocol.messages import CONTEXT, JsonObject
from connector.records import Participant
from tests.harness import frames

ROOT = "http://127.0.0.1:18180/city"
PEER = "did:web:utility.example"
FOREVER = 10**18
_calls = count()


class Claimed:
    """An Identity that believes `Bearer <did> <jti>`."""

    async def token(self, audience: str, *, owed: bool = False) -> str:
        return f"Bearer {audience} {next(_calls)}"

    async def verify(self, authorization: str | None) -> Caller:
        if not authorization:
            raise UnauthenticatedError("token.missing")
        _, did, jti = authorization.split(" ")
        return Caller(did, jti, FOREVER)


class Silent:
    """A Peer port behind which nobody takes messages, and nobody is there to be asked for heads or documents."""

    async def send(self, method: str, url: str, **_: object) -> Reply:
        if url.endswith(("/heads", "/did.json")):
            raise DeliveryError("peer.unreachable")
        await asyncio.Event().wait()
        raise AssertionError

    async def open(self, url: str, **_: object) -> NoReturn:
        raise DeliveryError("peer.unreachable")


@asynccontextmanager
async def a_node(folder: Path, **parts: Any) -> AsyncIterator[Node]:
    """A node that knows one peer, with an asset that anybody may use."""
    directory = folder / "node"
    founding.initialise(directory, ROOT, public_port=0, management_port=0, lab=True)
    made = node.build(load(directory, {}), threaded=False, **{"identity": Claimed(), "peer": Silent(), **parts})
    try:
        participant = Participant(
            id=PEER,
            name="utility",
            url="https://utility.example",
            base="https://utility.example/dsp",
            keys={},
            words="",
            added=0,
            added_by="test",
        )
        await made.store.write(lambda tx: tx.put(participant))
        await made.operators.found("admin", (directory / "token").read_text().strip())
        await made.outbox.start()
        yield made
    finally:
        await made.gate.close()
        await made.outbox.close()
        await made.client.close()
        await made.store.close()


def message(kind: str, **fields: Any) -> bytes:
    """A DSP message."""
    return msgspec.json.encode({"@context": [CONTEXT], "@type": kind, **fields})


async def dsp(
    made: Node,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    caller: str | None = PEER,
    jti: str | None = None,
    query: str = "",
    **headers: str,
) -> Response:
    """One request to the public side, below the protocol's base unless the path begins with two slashes."""
    full = path[1:] if path.startswith("//") else f"/city/dsp/2025-1{path}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if caller is not None:
        named["authorization"] = f"Bearer {caller} {jti or next(_calls)}"
    if body:
        named.setdefault("content-type", "application/json")
    return await made.dsp.handle(Request(method, full, query, named, body))


async def manage(
    made: Node, method: str, target: str, body: Any = None, *, token: str | None = None, **headers: str
) -> Response:
    """One request to the operators' side, as the first operator unless a token is given ("" for none)."""
    path, _, query = target.partition("?")
    secret = (made.config.directory / "token").read_text().strip() if token is None else token
    named = {"authorization": f"Bearer {secret}"} if secret else {}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    if method in ("POST", "PUT"):
        named.setdefault("content-type", "application/json")
    sent = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
    return await made.management.handle(Request(method, path, query, named, sent))


def told(response: Response) -> JsonObject:
    """The JSON body."""
    found: JsonObject = msgspec.json.decode(response.body)
    return found


async def events(made: Node) -> list[tuple[str, str]]:
    """Event and actor of every audit entry."""
    return [(one.event, one.actor) for one in await made.audit.log(limit=1000)]


async def publish(made: Node, name: str = "trees", **terms: Any) -> JsonObject:
    """An asset of a live source under terms of its own, and its offer."""
    await frames.at_once(made.frames)
    kinds = {"name": name, "kind": "live", "settings": {}, "title": name, "description": "d" * 1500}
    for path, body in (
        ("/v1/assets", kinds),
        ("/v1/policies", {"name": name, "terms": terms}),
        ("/v1/offers", {"asset": name, "policy": name, "approval": {"frame": frames.NAME}}),
    ):
        answer = await manage(made, "POST", path, body)
        assert answer.status == 201, answer.body
    return told(answer)


async def settled(condition: Any, seconds: float = 2.0) -> None:
    """Wait until `condition()` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
