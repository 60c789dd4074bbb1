"""From a contract to its bytes between two whole nodes over sockets, asked for at the management API."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connector import founding, node
from connector.config import load
from connector.http.exchange import Request, Response
from connector.node import Node
from scripts.lib.ports import free_port
from tests.connector.http.nodes import manage, told
from tests.harness import frames

DATA = b"tree;height\n" * 20_000


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Node]:
    public = free_port()
    founding.initialise(directory, f"http://127.0.0.1:{public}", public_port=public, management_port=0, lab=True)
    made = node.build(load(directory, {}))
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """A city with a file under a count of two, and a utility, who know each other."""
    (tmp_path / "trees.csv").write_bytes(DATA)
    async with running(tmp_path / "city") as city, running(tmp_path / "utility") as utility:
        for one, other, name in ((city, utility, "utility"), (utility, city, "city")):
            body = {"url": other.config.public_url, "name": name, "private": True}
            assert (await manage(one, "POST", "/v1/peers", body)).status == 201
        for path, body in (
            ("/v1/assets", {"name": "trees", "kind": "file", "settings": {"path": str(tmp_path / "trees.csv")}}),
            ("/v1/policies", {"name": "twice", "terms": {"count": 2}}),
            ("/v1/frames", frames.BODY),
            ("/v1/offers", {"asset": "trees", "policy": "twice", "approval": {"frame": frames.NAME}}),
        ):
            answer = await manage(city, "POST", path, body)
            assert answer.status == 201, answer.body
        yield city, utility


async def contract(utility: Node) -> str:
    """Negotiate for the trees; the contract's id."""
    listed = told(await manage(utility, "GET", "/v1/catalog/city"))["items"]
    one = told(await manage(utility, "POST", "/v1/negotiations", {"peer": "city", "dataset": listed[0]["id"]}))
    async with asyncio.timeout(20):
        while one["state"] not in ("FINALIZED", "TERMINATED"):
            target = f"/v1/negotiations/{one['id']}?wait=5&version={one['version']}"
            one = told(await manage(utility, "GET", target))
    assert one["state"] == "FINALIZED", one
    return str(one["contract"])


async def whole(answer: Response) -> bytes:
    assert answer.chunks is not None, answer.body
    return b"".join([piece async for piece in answer.chunks])


async def fetch(utility: Node, id: str, **headers: str) -> Response:
    token = (utility.config.directory / "token").read_text().strip()
    named = {"authorization": f"Bearer {token}", **headers}
    return await utility.management.handle(Request("GET", f"/v1/contracts/{id[-12:]}/data", "", named, b""))


async def test_the_bytes_arrive_whole_as_often_as_agreed(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    id = await contract(utility)
    first = await fetch(utility, id)
    assert first.status == 200
    assert hashlib.sha256(await whole(first)).digest() == hashlib.sha256(DATA).digest()
    assert "repr-digest" in first.headers
    part = await fetch(utility, id, range="bytes=0-99")
    assert (part.status, part.headers["content-range"]) == (206, f"bytes 0-99/{len(DATA)}")
    assert await whole(part) == DATA[:100]
    assert part.headers["allmende-transfer"] == first.headers["allmende-transfer"]
    refused = await fetch(utility, id)
    assert (refused.status, told(refused)["code"]) == (403, "count.exhausted")
    assert told(await manage(city, "GET", "/v1/audit/verify"))["ok"]
    assert told(await manage(utility, "GET", "/v1/audit/verify"))["ok"]


async def test_a_transfer_that_the_provider_has_ended_is_followed_by_another(pair: tuple[Node, Node]) -> None:
    _, utility = pair
    id = await contract(utility)
    first = await fetch(utility, id)
    await whole(first)
    transfer = first.headers["allmende-transfer"]
    ended = told(await manage(utility, "POST", f"/v1/transfers/{transfer}/complete", {}))
    async with asyncio.timeout(20):
        while ended["state"] != "COMPLETED":
            target = f"/v1/transfers/{transfer}?wait=5&version={ended['version']}"
            ended = told(await manage(utility, "GET", target))
    second = await fetch(utility, id)
    assert second.status == 200
    assert second.headers["allmende-transfer"] != transfer
    assert await whole(second) == DATA


async def test_the_provider_cannot_fetch_under_its_own_contract(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    id = await contract(utility)
    answer = await fetch(city, id)
    assert (answer.status, told(answer)["code"]) == (400, "agreement.provided")


async def test_a_provider_that_is_gone_is_told_of(pair: tuple[Node, Node], monkeypatch: Any) -> None:
    city, utility = pair
    id = await contract(utility)
    await city.public_listener.close()
    monkeypatch.setattr(utility.fetching, "_patience", 0.2)
    answer = await fetch(utility, id)
    assert (answer.status, told(answer)["code"]) == (502, "transfer.waiting")
