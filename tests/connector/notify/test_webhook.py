"""A webhook to a real listener: signed so that the receiver can prove it, guarded like every address."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from connector.errors import DeliveryError
from connector.http.client import HttpPeer
from connector.notify.webhook import Webhook
from connector.system import SystemClock
from tests.connector.notify.test_mail import digest

SECRET = "sixteen characters and more"


class Receiver:
    """Takes what is posted and proves it as a receiver would, from the documentation alone."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 204
        self.port = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        fields = dict(part.split("=", 1) for part in request.headers["Allmende-Signature"].split(","))
        proved = hmac.new(SECRET.encode(), fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(proved, fields["v1"])
        self.got.append({**msgspec.json.decode(body), "delivery": request.headers["Allmende-Delivery"]})
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:1/"})


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    """A real HTTP listener; its address."""
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    receiver.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{receiver.port}/hook"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def hook(url: str, folder: Path, *, private: bool = True, secret: str = SECRET) -> AsyncIterator[Webhook]:
    path = folder / "secret"
    path.write_text(secret + "\n")
    client = HttpPeer()
    try:
        yield Webhook(url, path, private=private, client=client, clock=SystemClock())
    finally:
        await client.close()


async def test_a_digest_arrives_and_can_be_proved(tmp_path: Path) -> None:
    receiver = Receiver()
    async with listening(receiver) as url, hook(url, tmp_path) as webhook:
        await webhook.deliver(digest())
    (got,) = receiver.got
    assert got["delivery"] == got["id"] == "did:web:city#7-9"
    assert (got["first"], got["last"], got["more"]) == (7, 9, 2)
    (event,) = got["events"]
    assert event["params"] == {"peer": "stadtwerke", "asset": "bäume"}
    assert event["sentence"]["en"] == 'A contract about "bäume" has been concluded with stadtwerke.'
    assert event["times"] == 3


@pytest.mark.parametrize("status", [301, 400, 500, 503])
async def test_only_2xx_is_a_receipt(tmp_path: Path, status: int) -> None:
    receiver = Receiver()
    receiver.status = status
    async with listening(receiver) as url, hook(url, tmp_path) as webhook:
        with pytest.raises(DeliveryError, match=rf"notify\.status \(status={status}\)"):
            await webhook.deliver(digest())


async def test_a_private_address_has_to_be_allowed(tmp_path: Path) -> None:
    receiver = Receiver()
    async with listening(receiver) as url, hook(url, tmp_path, private=False) as webhook:
        with pytest.raises(DeliveryError, match=r"peer\.address_refused"):
            await webhook.deliver(digest())
    assert receiver.got == []


@pytest.mark.parametrize("secret", ["", "short"])
async def test_without_a_good_secret_nothing_leaves(tmp_path: Path, secret: str) -> None:
    receiver = Receiver()
    async with listening(receiver) as url, hook(url, tmp_path, secret=secret) as webhook:
        with pytest.raises(DeliveryError, match=r"notify\.secret"):
            await webhook.deliver(digest())
    assert receiver.got == []
