"""A device beside a node that is joined by calls: enrolled as devices are, asking for its orders.

What lives here: the link that leads to the node without a network, and what a test asks of a device. What does not:
what is asked of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from certs import cose
from connector.data.readings.orders import Orders
from connector.http.exchange import Request, Response
from connector.node import Node
from edge_node.network.link import Answer, Link
from edge_node.place import identity, joining
from edge_node.place.identity import Identity

BASE = "https://city.example"


class Calls:
    """Stands for `edge_node.network.link.Link`: the city answers in this process."""

    def __init__(self, city: Node) -> None:
        self._city = city

    async def post(self, url: str, body: bytes, *, media_type: str, authorization: str = "", **_: Any) -> Answer:
        """See `Link.post`."""
        return await self.send("POST", url, body, {"content-type": media_type, "authorization": authorization})

    async def get(self, url: str, *, authorization: str = "", **_: Any) -> Answer:
        """See `Link.get`."""
        return await self.send("GET", url, b"", {"authorization": authorization})

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request."""
        said = {name: value for name, value in headers.items() if value}
        found = await self._city.dsp.handle(Request(method, url.removeprefix(BASE), "", said, body))
        return Answer(found.status, dict(found.headers), found.body)


class Cabinet:
    """A device that has its place at a node."""

    def __init__(self, city: Node, folder: Path, one: Identity) -> None:
        self.city, self.folder, self.identity = city, folder, one
        self.link = Calls(city)

    @property
    def did(self) -> str:
        """Who it is."""
        return self.identity.device

    @property
    def name(self) -> str:
        """What it is called at its node."""
        return self.identity.pins.name

    def token(self) -> str:
        """A header field that proves who it is, once."""
        return self.identity.authorization(self.city.clock.now())

    async def ask(self, after: int = 0, *, wait: float = 0, token: str = "", **more: Any) -> Answer:
        """Ask for orders."""
        body = msgspec.json.encode({"after": after, "wait": wait, **more})
        url = f"{BASE}/edge/orders"
        return await self.link.post(url, body, media_type="application/json", authorization=token or self.token())

    async def orders(self, after: int = 0, *, wait: float = 0, **more: Any) -> Orders:
        """The orders that it gets, as it reads them: signed by the node that it has pinned."""
        return self.read(await self.ask(after, wait=wait, **more))

    def read(self, answer: Answer) -> Orders:
        """Orders in an answer."""
        assert answer.status == 200, answer.body
        opened = cose.verify(answer.body, self.identity.node_keys)
        assert opened.content == "application/json"
        return msgspec.json.decode(opened.payload, type=Orders)


async def cabinet(city: Node, folder: Path, title: str = "Schrank an der Brücke") -> Cabinet:
    """A device with a place of its own."""
    assert city.edge is not None
    made = await city.edge.fleet.invite("mayor", "", title=title)
    place = joining.read_place(f"{made.code}@{BASE}")
    folder.mkdir()
    link = cast(Link, Calls(city))
    await joining.take_place(place, folder, link, now=city.clock.now(), draw=secrets.token_bytes)
    return Cabinet(city, folder, identity.load(folder, draw=secrets.token_bytes))


def problem(answer: Answer | Response) -> str:
    """The code in an answer."""
    return str(msgspec.json.decode(answer.body)["code"])
