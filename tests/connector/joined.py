"""Two whole nodes with their own keys, joined by calls: what one sends arrives at the other's `Dsp`, signed or not.

`Road.changed` may rewrite a request on its way, as somebody between the two nodes would; `lost` loses its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from connector import founding, node
from connector.config import load
from connector.errors import DeliveryError
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Clock, Reply
from connector.protocol.messages import NegotiationState
from connector.records import Agreement, Approval, Frame, Outgoing, Outside
from connector.system import SystemClock
from policies import render
from policies.terms import Terms, to_policy

CITY, UTILITY = "https://city.example", "https://utility.example/data"


class Road:
    """The Peer port of every node, and what has travelled on it."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.seen: list[Request] = []
        self.changed: Callable[[Request], Request] = lambda request: request
        self.lost: Callable[[Request], bool] = lambda request: False

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Peer.send`."""
        await asyncio.sleep(0)
        parts = urlsplit(url)
        there = self.nodes.get(parts.netloc)
        if there is None:
            raise DeliveryError("peer.unreachable")
        headers = {"content-type": "application/json", **(fields or {})}
        if authorization is not None:
            headers["authorization"] = authorization
        request = self.changed(Request(method, parts.path, parts.query, headers, body or b""))
        self.seen.append(request)
        answer = await there.dsp.handle(request)
        asyncio.get_running_loop().call_soon(answer.after)
        if self.lost(request):
            await asyncio.sleep(0.05)  # so long that what follows from it overtakes the loss
            raise DeliveryError("peer.timeout")
        return Reply(answer.status, answer.body, answer.headers)

    async def open(
        self, url: str, *, headers: Any, private: bool = False, deadline: float | None = None, method: str = "GET"
    ) -> Any:
        """Data is not carried here."""
        raise DeliveryError("peer.unreachable")

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        return (await self.send("GET", url)).body


FRAME = Frame(
    id="open-data",
    title="Rahmenvertrag über offene Daten",
    file_number="10-2026/7",
    hash="0" * 64,
    signatories=("Oberbürgermeisterin",),
    added=0,
    added_by="mayor",
    anybody=True,
)
"""Under it a node binds itself at once, so that no person has to be asked."""


class Two:
    """A city that shares and a utility that asks."""

    def __init__(self, road: Road, city: Node, utility: Node) -> None:
        self.road, self.city, self.utility = road, city, utility

    async def contract(
        self,
        terms: Terms | None = None,
        name: str = "traffic",
        kind: str = "live",
        *,
        rules: Mapping[str, Any] | None = None,
        **settings: str,
    ) -> str:
        """Negotiate one, on these terms or by these rules of a policy; its id."""
        city, utility = self.city, self.utility
        await city.offers.add_asset("mayor", name=name, title="Verkehrszählung Straße", kind=kind, settings=settings)
        settled = dict(rules) if rules else render.to_dsp(to_policy("urn:x:policy", terms or Terms()))
        await city.policies.add("mayor", name, settled)
        offer = await city.offers.publish("mayor", name, name, Outside.COUNTER)
        await city.store.write(lambda tx: tx.put(FRAME))
        await city.store.write(lambda tx: tx.put(replace(offer, approval=Approval(frame=FRAME.id))))
        asked = {**offer.document, "target": offer.asset}
        started = await utility.negotiations.request("engineer", city.did, offer.asset, asked)
        async with asyncio.timeout(10):
            for one, pid in ((utility, started.id), (city, None)):
                process = await one.negotiations.get(pid or (await city.negotiations.select(peer_pid=started.id))[0].id)
                while process.state != NegotiationState.FINALIZED or process.pending:
                    assert process.state != NegotiationState.TERMINATED, process.reason
                    process = await one.negotiations.get(process.id, newer_than=process.version, wait=1)
            while await self.waiting():
                await asyncio.sleep(0.001)
        (found,) = await utility.contracts.select(negotiation=started.id)
        assert isinstance(found, Agreement)
        return found.id

    async def waiting(self) -> int:
        """How many messages have no answer yet."""
        return sum([await one.store.read(lambda view: view.count(Outgoing)) for one in (self.city, self.utility)])


@asynccontextmanager
async def third(two: Two, folder: Path, name: str = "neighbour") -> AsyncIterator[Two]:
    """Another node that asks the same city."""
    url = f"https://{name}.example"
    async with _node(folder / name, url, two.road, True, clock=two.city.clock) as made:
        await two.city.peers.add("mayor", url, name)
        await made.peers.add("engineer", CITY, "city")
        yield Two(two.road, two.city, made)


@asynccontextmanager
async def joined(
    folder: Path, *, signing: tuple[bool, bool] = (True, True), region: str = "", clock: Clock | None = None
) -> AsyncIterator[Two]:
    """Both nodes, who know each other. Where one is not `signing` it is of a release that did not sign. The city keeps
    a region where this has a name."""
    road = Road()
    async with AsyncExitStack() as stack:
        made = []
        for name, url, signs in (("city", CITY, signing[0]), ("utility", UTILITY, signing[1])):
            keeps = region if name == "city" else ""
            made.append(await stack.enter_async_context(_node(folder / name, url, road, signs, keeps, clock)))
        two = Two(road, *made)
        await two.city.peers.add("mayor", UTILITY, "utility")
        await two.utility.peers.add("engineer", CITY, "city")
        yield two


@asynccontextmanager
async def _node(
    folder: Path, url: str, road: Road, signs: bool, region: str = "", clock: Clock | None = None
) -> AsyncIterator[Node]:
    founding.initialise(folder, url, public_port=0, management_port=0, lab=False)
    if region:
        founding.found_region(folder, region, now=(clock or SystemClock()).now(), credentials=None)
    made = node.build(load(folder, {}), peer=road, fetch=road, clock=clock, threaded=False)
    if not signs:
        for part in (made.outbox, made.discovery, made.heads):
            part._peer = road
        made.outbox._keep.__self__._signatures = None  # type: ignore[attr-defined]
    made.peers._fetch = road
    road.nodes[urlsplit(url).netloc] = made
    try:
        await made.keyring.settle()
        await made.outbox.start()
        yield made
    finally:
        await made.gate.close()
        await made.outbox.close()
        await made.client.close()
        await made.store.close()
