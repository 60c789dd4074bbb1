"""connector/http/readings.py: what devices bring over HTTP, and what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from certs import cbor
from connector.data.readings.model import MEDIA_TYPE
from connector.data.readings.opening import MOST_BYTES
from connector.data.readings.receiving import Receiving, Sender
from connector.errors import NodeError, RefusedError, UnauthenticatedError
from connector.http.inbox import Inbox
from connector.http.readings import DEVICE, PATH, DeliveredReadings, OwnReadings, Proven
from connector.services.changes import Changes
from tests.connector.data.readings.posts import DID, Box
from tests.connector.data.world import SetClock, open_store
from tests.connector.http.listening import QUICK, listening

LIMITS = QUICK.__class__(body_bytes=10_000, header_bytes=6_000, line_bytes=4_000, connections=50)


class Senders:
    """Knows the devices of a provider."""

    def __init__(self, box: Box) -> None:
        self.box, self.asked = box, list[bool]()

    async def of(self, pid: str, device: str, *, again: bool = False) -> Sender:
        self.asked.append(again)
        if device != DID:
            raise RefusedError("readings.device")
        return Sender(device=DID, keys=self.box.keys if again else {}, scope="urn:uuid:a")


class Delivered:
    def prove(self, credential: str, pid: str) -> None:
        if credential != "right":
            raise UnauthenticatedError("token.unknown")


class World:
    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder)
        self.box = Box()
        self.receiving = Receiving(
            store=self.store, clock=SetClock(), changes=Changes(), folder=folder / "readings", quota=100_000,
            countersign=lambda message: b"receipt",
        )  # fmt: skip
        self.wrong: NodeError | None = None
        senders: Any = Senders(self.box)
        inside: Any = Delivered()
        self.senders = senders
        inbox = Inbox(inside, base="/inbox/", readings=DeliveredReadings(self.receiving, senders))
        self.streams = {PATH: OwnReadings(self.receiving, self.prove).handler, "/inbox/": inbox.handler}

    async def prove(self, request: web.Request) -> Proven:
        if self.wrong is not None:
            raise self.wrong
        return Proven(DID, self.box.keys)


class Asked:
    def __init__(self, world: World, session: aiohttp.ClientSession, port: int) -> None:
        self.world, self.box, self._session, self._url = world, world.box, session, f"http://127.0.0.1:{port}"

    async def __call__(
        self, body: bytes | None = None, *, path: str = PATH, method: str = "", **headers: str
    ) -> tuple[int, Any]:
        fields = {"Content-Type": MEDIA_TYPE} if body is not None else {}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        method = method or ("GET" if body is None else "POST")
        async with self._session.request(method, self._url + path, data=body, headers=fields) as answer:
            data = await answer.read()
            if answer.content_type == "application/cbor":
                return answer.status, cbor.loads(data)
            return answer.status, (await answer.json())["code"] if data else None


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Asked]:
    world = World(tmp_path)
    async with (
        listening(limits=LIMITS, streams=world.streams) as listener,
        aiohttp.ClientSession() as session,
    ):
        yield Asked(world, session, listener.port)
    await world.store.close()


async def test_what_comes_is_told(ask: Asked) -> None:
    box = ask.box
    status, told = await ask(box.legend() + box.batch(1, 10))
    assert (status, told) == (200, {"held": {1: [[1, 10]]}, "refused": [], "legend": 1, "receipt": b"receipt"})
    assert await ask() == (200, {"held": {1: [[1, 10]]}, "refused": [], "legend": 1})
    status, told = await ask(box.batch(5, 15))
    assert (status, told["refused"]) == (200, [[1, 5, "readings.partly"]])


async def test_what_cannot_be_taken_says_why(ask: Asked) -> None:
    box = ask.box
    assert await ask(box.batch(1, 2)) == (409, "readings.legend")
    assert await ask(Box().legend()) == (403, "readings.seal")
    assert await ask(b"\xff") == (400, "readings.form")
    assert await ask(b"x", Content_Type="text/plain") == (400, "readings.media_type")
    assert await ask(b"x", Content_Encoding="gzip") == (400, "push.coding")
    assert await ask(b"\0" * (MOST_BYTES + 1)) == (413, "readings.size")
    assert (await ask(b"", method="PUT"))[0] == 405
    assert await ask(box.legend(), Allmende_Device="did:web:other") == (401, "token.refused")


async def test_whoever_is_not_known_is_not_heard(ask: Asked) -> None:
    ask.world.wrong = UnauthenticatedError("token.cwt")
    assert await ask(ask.box.legend()) == (401, "token.refused")
    ask.world.wrong = RefusedError("edge.inactive", name="box", state="suspended")
    assert await ask() == (403, "edge.inactive")


async def test_without_room_a_device_is_told_to_wait(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask.world.receiving, "_quota", 10)
    assert await ask(ask.box.legend() + ask.box.batch(1, 10)) == (503, "readings.full")


async def test_a_defect_is_told_without_a_word_of_it(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("/home/secret")

    monkeypatch.setattr(ask.world.receiving, "held", broken)
    assert await ask() == (500, "internal")


async def test_a_consumer_takes_them_in_its_inbox(ask: Asked) -> None:
    inbox: dict[str, Any]
    box, inbox = ask.box, {"path": "/inbox/urn:uuid:1", "Allmende_Device": DID, "Authorization": "Bearer right"}
    assert (await ask(box.legend() + box.batch(1, 10), **inbox))[0] == 200
    assert ask.world.senders.asked == [False, True], "sealed with a key that is newer than what was known"
    assert (await ask(**inbox))[1]["held"] == {1: [[1, 10]]}
    assert (await ask())[1]["held"] == {}, "contracts are kept apart"
    assert await ask(box.legend(), **{**inbox, "Authorization": "Bearer wrong"}) == (401, "token.refused")
    assert await ask(box.legend(), **{**inbox, "Allmende_Device": "did:web:evil:edge:a"}) == (403, "readings.device")


def test_the_header_is_the_one_that_devices_send() -> None:
    assert DEVICE == "Allmende-Device"
