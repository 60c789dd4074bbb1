"""A real node on loopback, and a neighbour of it that speaks the protocol by hand and says whatever a test wants.

What lives here: starting the node, the neighbour's keys, tokens, messages and the small server that takes the node's
messages. What does not: judging answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec.structs import replace

from certs import did, jwk, jwt, keys
from connector import config, founding, node
from connector.node import Node
from connector.protocol.messages import CONTEXT, JsonObject
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Outside, Participant, PublishedOffer
from connector.system import SystemClock, SystemIds
from policies import render
from policies.terms import Terms, to_policy
from scripts.lib.ports import free_port
from tests.connector.http.listening import said
from tests.harness.frames import at_once

HASTE = config.Limits(body_bytes=262_144, header_seconds=0.5, body_seconds=0.5, idle_seconds=5.0)
BASE = "/dsp/2025-1"
_numbers = count(1)


class Answer(msgspec.Struct):
    """What came back over a socket: status, headers in lower case, body; 0 where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> JsonObject:
        """The JSON of the body."""
        found: JsonObject = msgspec.json.decode(self.body)
        return found


class Neighbour:
    """Somebody whom the node has pinned. `came` is what the node has sent here; `private` is the pin's permission."""

    def __init__(self, city: Node, port: int, *, private: bool) -> None:
        self.city, self.private = city, private
        self.url = f"http://127.0.0.1:{port}"
        self.did = did.of_url(self.url)
        self.keys = keys.generate()
        self.came: list[JsonObject] = []
        self.tokens: list[str] = []
        self._news = asyncio.Event()

    async def pin(self) -> None:
        """Have the node know this neighbour."""
        id = did.token_key(self.did)
        await self.city.store.write(
            lambda tx: tx.put(
                Participant(
                    id=self.did,
                    name="mallory",
                    url=self.url,
                    base=self.url + BASE,
                    keys={id: jwk.write(self.keys.token.public_key())},
                    tokens=(id,),
                    words="",
                    added=0,
                    added_by="test",
                    private=self.private,
                )
            )
        )
        self.city.identity.forget()  # type: ignore[attr-defined]

    # --- what it says -------------------------------------------------------------------------------------------------

    def token(self, **given: Any) -> str:
        """A fresh token for the node, unless `given` says otherwise."""
        fields: dict[str, Any] = {
            "issuer": self.did,
            "audience": self.city.did,
            "now": SystemClock().now(),
            "jti": SystemIds().token(),
        }
        key, kid = given.pop("key", self.keys.token), given.pop("kid", did.token_key(self.did))
        return jwt.issue(key, kid, **(fields | given))

    def head(self, path: str, *lines: str, token: str | None = None, method: str = "POST") -> bytes:
        """The beginning of a request, token included."""
        proof = self.token() if token is None else token
        said = (
            f"{method} {BASE}{path} HTTP/1.1",
            "Host: 127.0.0.1",
            *([f"Authorization: Bearer {proof}"] if proof else []),
            "Content-Type: application/json",
            *lines,
        )
        return ("\r\n".join(said) + "\r\n\r\n").encode()

    async def send(self, path: str, body: bytes, *lines: str, token: str | None = None, method: str = "POST") -> Answer:
        """One request with a true length, and the answer."""
        head = self.head(path, f"Content-Length: {len(body)}", "Connection: close", *lines, token=token, method=method)
        return answer_of(await said(self.city.public_listener.port, head + body))

    async def request(self, offer: JsonObject, callback: str | None = None, **more: Any) -> Answer:
        """Ask for a contract."""
        pid = f"urn:uuid:018f0000-0000-7000-8000-{next(_numbers):012x}"
        body = message(
            "ContractRequestMessage",
            consumerPid=pid,
            offer=offer,
            callbackAddress=callback or self.url + BASE,
            **more,
        )
        return await self.send("/negotiations/request", body)

    # --- what it hears ------------------------------------------------------------------------------------------------

    async def taking(self, request: web.Request) -> web.Response:
        """Acknowledge whatever the node sends."""
        came = msgspec.json.decode(await request.read())
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        self.came.append(came)
        self._news.set()
        ours = f"urn:uuid:018f0000-0000-7000-9000-{next(_numbers):012x}"
        pids = {"providerPid": came.get("providerPid", ours), "consumerPid": came.get("consumerPid", ours)}
        kind, state = ("TransferProcess", "STARTED") if "Transfer" in came["@type"] else ("ContractNegotiation", "")
        state = state or ("REQUESTED" if came["@type"] == "ContractRequestMessage" else "AGREED")
        return web.Response(body=message(kind, state=state, **pids), content_type="application/json", status=201)

    async def hear(self, kind: str, seconds: float = 5.0) -> JsonObject:
        """The first message of a kind, as soon as it is here."""
        async with asyncio.timeout(seconds):
            while True:
                found = next((one for one in self.came if one["@type"] == kind), None)
                if found is not None:
                    return found
                self._news.clear()
                await self._news.wait()


def message(kind: str, **fields: Any) -> bytes:
    """A DSP message."""
    return msgspec.json.encode({"@context": [CONTEXT], "@type": kind, **fields})


def answer_of(raw: bytes) -> Answer:
    """The first answer in what a socket said."""
    head, _, body = raw.removesuffix(b"<open>").removesuffix(b"<reset>").partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/"):
        return Answer(0, {}, raw)
    first, *lines = head.decode().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split(" ")[1]), headers, body[: int(headers.get("content-length", len(body)))])


@contextlib.asynccontextmanager
async def a_city(folder: Path, *, again: bool = False) -> AsyncIterator[Node]:
    """A node that listens on loopback, shares `folder/shared` and is in haste with slow clients."""
    directory = folder / "city"
    if not again:
        founding.initialise(directory, f"http://127.0.0.1:{free_port()}", public_port=1, management_port=2, lab=True)
    settings = config.load(directory, {})
    port = int(settings.public_url.rpartition(":")[2])
    settings = replace(
        settings,
        public=replace(settings.public, port=port),
        management=replace(settings.management, port=0),
        limits=HASTE,
        audit=replace(settings.audit, exchange_seconds=3600.0),
    )
    built = node.build(settings)
    await built.start()
    try:
        yield built
    finally:
        await built.close()


async def published(city: Node, folder: Path) -> PublishedOffer:
    """A folder under terms that any member of the public service may have, outside of them refused."""
    (folder / "shared").mkdir()
    (folder / "shared" / "counts.csv").write_text("place,count\nbridge,3\n")
    (folder / "secret").write_text("secret")
    await city.offers.add_asset(
        "mayor", name="traffic", title="Traffic", kind="folder", settings={"path": str(folder / "shared")}
    )
    await city.policies.add("mayor", "fair", render.to_dsp(to_policy("urn:x:policy", Terms(count=10))))
    return await city.offers.publish("mayor", "traffic", "fair", Outside.REFUSE, await at_once(city.frames))


@contextlib.asynccontextmanager
async def neighbour(city: Node, *, private: bool) -> AsyncIterator[Neighbour]:
    """A pinned neighbour whose server listens."""
    made = Neighbour(city, free_port(), private=private)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.taking)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(made.url.rpartition(":")[2])).start()
    await made.pin()
    try:
        yield made
    finally:
        await runner.cleanup()


def asked(offer: PublishedOffer) -> JsonObject:
    """The published offer as a consumer asks for it."""
    return {**offer.document, "target": offer.asset}


def segment(pid: str) -> str:
    """A pid in a path."""
    return quote(pid, safe="")


async def negotiations(city: Node) -> list[Negotiation]:
    """Every negotiation of the node."""
    return await city.store.read(lambda view: view.select(Negotiation, limit=1000))


async def contracts(city: Node) -> list[Agreement]:
    """Every agreement of the node."""
    return await city.store.read(lambda view: view.select(Agreement, limit=1000))


async def refusals(city: Node, who: str) -> list[dict[str, str]]:
    """What was refused to somebody, as the audit has it."""
    return [dict(one.params) for one in await city.audit.log(limit=1000) if (one.event, one.actor) == ("refused", who)]


async def healthy(one: Neighbour) -> None:
    """The node serves: documents, a good request of the same neighbour, a whole audit."""
    answer = await one.send("/catalog/request", message("CatalogRequestMessage"))
    assert (answer.status, answer.told["@type"]) == (200, "Catalog")
    verdict = await one.city.audit.verify()
    assert not verdict.findings
    assert one.city.public_listener.connections <= 1


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait until `condition()` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
