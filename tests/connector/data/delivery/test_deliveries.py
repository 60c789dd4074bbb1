"""A provider delivers into the inbox of a consumer: two whole nodes over sockets, asked at the management API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector.http.exchange import Request
from connector.node import Node
from connector.protocol.transfer import Transfer
from connector.records import Delivery, Reception
from connector.services.outbox import Limits
from tests.connector.data.consuming.test_fetching import DATA, contract, pair, whole
from tests.connector.http.nodes import manage, told

__all__ = ["pair"]


async def pushed(utility: Node, id: str, **asked: Any) -> dict[str, Any]:
    answer = await manage(utility, "POST", "/v1/transfers", {"contract": id, "push": True, **asked})
    assert answer.status == 201, answer.body
    one: dict[str, Any] = told(answer)
    return one


async def until(node: Node, pid: str, state: str) -> dict[str, Any]:
    one: dict[str, Any] = told(await manage(node, "GET", f"/v1/transfers/{pid}"))
    async with asyncio.timeout(20):
        while one["state"] != state:
            one = told(await manage(node, "GET", f"/v1/transfers/{pid}?wait=5&version={one['version']}"))
    return one


async def received(utility: Node, id: str) -> Any:
    token = (utility.config.directory / "token").read_text().strip()
    named = {"authorization": f"Bearer {token}"}
    return await utility.management.handle(Request("GET", f"/v1/contracts/{id[-12:]}/received", "", named, b""))


async def test_a_delivery_arrives_whole_is_one_use_and_completes_its_transfer(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    city.delivering._limits = type(city.delivering._limits)(part=50_000)
    id = await contract(utility)
    one = await pushed(utility, id)
    done = await until(utility, one["id"], "COMPLETED")
    assert (done["flow"]["kind"], done["flow"]["deliveries"], done["flow"]["total"]) == ("push", 1, len(DATA))
    answer = await received(utility, id)
    assert answer.status == 200, answer.body
    assert await whole(answer) == DATA
    assert "repr-digest" in answer.headers
    [kept] = await utility.store.read(lambda view: view.select(Reception))
    assert (kept.state, kept.part) == ("whole", -(-len(DATA) // 50_000))
    assert await city.store.read(lambda view: view.drawn(f"uses:{id}")) == 1
    [delivery] = await city.store.read(lambda view: view.select(Delivery))
    assert (delivery.state, delivery.bytes) == ("over", len(DATA))
    seen = told(await manage(city, "GET", f"/v1/transfers/{delivery.id}"))
    assert seen["flow"]["deliveries"] == 1
    for node in pair:
        assert told(await manage(node, "GET", "/v1/audit/verify"))["ok"]


async def test_it_goes_on_at_the_next_part_after_a_suspension(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    city.delivering._limits = type(city.delivering._limits)(part=20_000)
    id = await contract(utility)
    reached = asyncio.Event()
    held = city.delivering._fault
    count = 0

    def third(point: str) -> None:
        nonlocal count
        count += point == "push.acknowledged"
        if count == 3:
            reached.set()
            raise RuntimeError("as if nothing more came")

    city.delivering._fault = third
    one = await pushed(utility, id)
    async with asyncio.timeout(20):
        await reached.wait()
    suspended = await manage(utility, "POST", f"/v1/transfers/{one['id']}/suspend", {"reason": "noon"})
    assert suspended.status == 200
    await until(utility, one["id"], "SUSPENDED")
    city.delivering._fault = held
    [before] = await utility.store.read(lambda view: view.select(Reception))
    await asyncio.sleep(0)
    assert before.state == "open"
    assert (await manage(utility, "POST", f"/v1/transfers/{one['id']}/resume", {})).status == 200
    await until(utility, one["id"], "COMPLETED")
    [kept] = await utility.store.read(lambda view: view.select(Reception))
    assert (kept.state, kept.number, kept.offset) == ("whole", before.number, len(DATA))
    assert await city.store.read(lambda view: view.drawn(f"uses:{id}")) == 1
    assert await whole(await received(utility, id)) == DATA


async def test_a_delivery_is_asked_for_once_at_a_time_and_only_where_it_makes_sense(pair: tuple[Node, Node]) -> None:
    _, utility = pair
    id = await contract(utility)
    for asked, code in (
        ({"to": "ftp://example.org/x"}, "push.to"),
        ({"every": "soon"}, "push.every"),
        ({"every": "P1M"}, "push.every"),
    ):
        answer = await manage(utility, "POST", "/v1/transfers", {"contract": id, "push": True, **asked})
        assert (answer.status, told(answer)["code"]) == (400, code)
    nothing = await received(utility, id)
    assert (nothing.status, told(nothing)["code"]) == (400, "push.nothing")
    await pushed(utility, id, every="PT1H")
    again = await manage(utility, "POST", "/v1/transfers", {"contract": id, "push": True})
    assert told(again)["code"] == "push.running"


async def test_what_comes_again_and_again_leaves_out_what_has_not_changed(
    pair: tuple[Node, Node], tmp_path: Path
) -> None:
    city, utility = pair
    id = await contract(utility)
    one = await pushed(utility, id, every="PT1S")

    async def deliveries(count: int) -> Delivery:
        async with asyncio.timeout(30):
            while True:
                found = await city.store.read(lambda view: view.select(Delivery))
                if found and found[0].done >= count:
                    return found[0]
                await asyncio.sleep(0.05)

    await deliveries(1)
    (tmp_path / "trees.csv").write_bytes(b"tree;height\n1;2\n")
    now = await deliveries(2)
    assert now.state == "open"
    assert await whole(await received(utility, id)) == b"tree;height\n1;2\n"
    assert await city.store.read(lambda view: view.drawn(f"uses:{id}")) == 2
    shown = await city.store.read(lambda view: view.get(Transfer, now.id))
    assert shown is not None
    assert shown.state == "STARTED"
    files = [one for one in (utility.config.directory / "inbox").rglob("*") if one.is_file()]
    assert len(files) == 1
    assert (await manage(utility, "POST", f"/v1/transfers/{one['id']}/terminate", {"reason": "enough"})).status == 200
    async with asyncio.timeout(20):
        while (await deliveries(2)).state != "over":
            await asyncio.sleep(0.05)


async def test_the_inbox_takes_nothing_from_strangers(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    id = await contract(utility)
    one = await pushed(utility, id, every="PT1H")
    url = f"{utility.config.public_url}/inbox/{one['id']}"
    for authorization, status in (
        (None, 401),
        ("Bearer nothing", 401),
        (f"Bearer {utility.gate.tokens.inbox('urn:uuid:other')}", 401),
    ):
        reply = await city.client.send("POST", url, authorization=authorization, body=b"x", private=True)
        assert reply.status == status, authorization
    other = "urn:uuid:0190-unknown"
    reply = await city.client.send(
        "POST", f"{utility.config.public_url}/inbox/{other}", body=b"x", private=True,
        authorization=f"Bearer {utility.gate.tokens.inbox(other)}",
    )  # fmt: skip
    assert reply.status == 404


@pytest.mark.parametrize("format", ["HttpData-PUSH", "https://w3id.org/dspace-sig/profile/http-push"])
async def test_a_request_to_deliver_that_says_no_place_is_refused(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """The other side says so, and the transfer ends there."""
    _, utility = pair
    monkeypatch.setattr(utility.outbox, "_limits", Limits(refused_wait=0.01))
    id = await contract(utility)
    one = await utility.transfers.request("jo", id, format=format)
    done = await until(utility, one.id, "TERMINATED")
    assert done["reason"]["code"] in ("peer.refused", "message.destination")
