"""edge_node/agent.py: a device as it runs, beside its city and a utility: what it takes is there, whatever comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from certs import credentials
from certs.status import Bits, list_credential
from certs.vcdm import Status
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.records import Presented, StatusCopy
from policies.model import Reason
from tests.connector.data.readings.test_ordering import standing
from tests.connector.data.test_egress import duty
from tests.connector.joined import Two, third
from tests.edge_node.running import DAY, SECOND, Device, World, arrived, digest, world

S = TransferState
ROUNDS = 40
THINGS = 1000


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(tmp_path, monkeypatch) as one:
        yield one


async def test_what_sensors_say_is_at_the_city_and_under_contract_at_the_utility(made: World) -> None:
    agreed = await made.contract()
    await made.device.report(100)
    await made.device.drained(agreed)
    here, there = await arrived(made.two.city), await arrived(made.two.utility, contract=agreed)
    assert [one["n"] for one in there] == [*range(1, 101)]
    assert digest(here) == digest(there) == digest(made.device.said)


async def test_a_month_without_a_network(made: World) -> None:
    """It goes on taking readings, refuses the consumer when its orders are too old and says so, brings all of it to its
    own node when that is there again, and to the consumer when it is told that it may: once each, the newest first."""
    device, agreed = made.device, await made.contract()
    await device.stop()
    device.settle("[link]\npost_bytes = 16384", **{"[buffer]": "[buffer]\nbytes = 1048576"})
    await device.start()
    await device.report(THINGS, things=THINGS)
    await device.drained(agreed)
    device.network.cut()
    for turn in range(ROUNDS):
        made.clock.ahead += 30 * DAY // ROUNDS
        await device.report(THINGS, things=THINGS)
        if turn == 6:  # 5.25 days: the orders are good for seven
            await device.until(lambda: device.codes() == {"": "link.unreachable", agreed: "link.unreachable"})
    everything = (ROUNDS + 1) * THINGS
    await device.until(lambda: device.codes() == {"": "link.unreachable", agreed: "orders.stale"})
    before = device.status()["buffer"]
    assert (before["forgotten"], device.agent.buffer.status().segments > 1) == (0, True)

    since = len(device.network.posts)
    device.network.closed, device.network.down = {"/edge/orders"}, False
    await device.report(1)
    await device.until(lambda: not next(one["waiting"] for one in device.status()["consumers"] if not one["agreement"]))
    assert device.codes()[agreed] == "orders.stale"
    assert len(await arrived(made.two.utility, contract=agreed)) == THINGS

    device.network.closed = set()
    await device.drained(agreed)
    for node, host, given in (
        (made.two.city, "city.example", {}),
        (made.two.utility, "utility.example", {"contract": agreed}),
    ):
        found = await arrived(node, **given)
        assert [one["n"] for one in found] == [*range(1, everything + 2)]
        assert digest(found) == digest(device.said)
        posts = device.firsts(since, host)
        first = posts[0][0][0]
        assert first > everything / 2
        assert max(one[1] for one in posts[0]) >= everything, "the newest go first"
        assert len(posts) > 5
        live = [place for post in posts[1:] for place, one in enumerate(post) if one[1] > everything]
        assert live in ([], [0]), "also while the backlog is on its way"
        behind = [one[0] for post in posts for one in post if one[0] < first]
        assert all(one < other for one, other in pairwise(behind)), "and that from old to new"
    await device.until(lambda: device.agent.buffer.status().segments <= 1)
    assert device.status()["buffer"]["bytes"] < before["bytes"]
    assert spooled(device) < before["bytes"]


def spooled(device: Device) -> int:
    """Bytes of segments on the disk."""
    return sum(
        len(data) for name, data in device.files().items() if name.startswith("spool/") and name.endswith(".seg")
    )


async def test_an_answer_that_is_lost_costs_a_post_and_no_reading(made: World) -> None:
    agreed = await made.contract()
    losses = iter(range(1000))
    made.device.network.lost = lambda host: next(losses) % 2 == 0
    for _ in range(20):
        await made.device.report(10)
    await made.device.drained(agreed)
    for node, given in ((made.two.city, {}), (made.two.utility, {"contract": agreed})):
        found = await arrived(node, **given)
        assert [one["n"] for one in found] == [*range(1, 201)]
        assert digest(found) == digest(made.device.said)


async def test_two_consumers_under_different_contracts(made: World, tmp_path: Path) -> None:
    """The utility gets readings as they are, the neighbour hours and no noise; each what its contract says."""
    async with third(made.two, tmp_path) as other:
        await made.join(other.utility, "https://neighbour.example")
        plain = await made.contract()
        coarse = await made.contract(
            duty("suppress", field="noise"),
            duty("coarsen", temporalResolution="PT1H", timeField="at"),
            two=other,
            name="hours",
        )
        for _ in range(5):
            made.clock.ahead += 1000 * SECOND
            await made.device.report(60)
        await made.device.drained(plain, coarse)
        here, there = await arrived(made.two.utility, contract=plain), await arrived(other.utility, contract=coarse)
        await other.utility.public_listener.close()
    assert digest(here) == digest(made.device.said)
    assert all(set(one) == {"n", "device", "thing", "at", "unsure", "pm25"} for one in there)
    expected = [{**one, "at": one["at"][:14] + "00:00Z", "noise": None} for one in made.device.said]
    assert digest(there) == digest(expected)
    assert [one["n"] for one in there] == [*range(1, 301)]


async def test_what_is_suspended_waits_and_is_delivered_once(made: World) -> None:
    device, agreed = made.device, await made.contract()
    await device.report(10)
    await device.drained(agreed)
    moved = await standing(made.two, agreed, S.STARTED)
    since = len(device.firsts(0, "utility.example"))
    await made.two.city.transfers.command("mayor", moved.id, transfer.Suspend(Reason("x")))
    async with asyncio.timeout(1):
        await device.ordered(lambda orders: [one.suspended for one in orders.deliveries] == [True])
    await device.report(10)
    await device.drained()
    assert device.codes()[agreed] == "delivery.suspended"
    assert len(device.firsts(0, "utility.example")) == since
    await made.two.city.transfers.command("mayor", moved.id, transfer.Start())
    await device.drained(agreed)
    found = await arrived(made.two.utility, contract=agreed)
    assert [one["n"] for one in found] == [*range(1, 21)]
    assert digest(found) == digest(device.said)


async def test_after_the_end_nothing_more_leaves(made: World) -> None:
    device, agreed = made.device, await made.contract()
    await device.report(10)
    await device.drained(agreed)
    moved = await standing(made.two, agreed, S.STARTED)
    since = len(device.firsts(0, "utility.example"))
    await made.two.city.transfers.command("mayor", moved.id, transfer.Terminate(Reason("x")))
    async with asyncio.timeout(1):
        await device.ordered(lambda orders: not orders.deliveries)
    await device.report(10)
    await device.drained()
    assert list(device.codes()) == [""]
    assert len(device.firsts(0, "utility.example")) == since
    assert len(await arrived(made.two.utility, contract=agreed)) == 10
    assert digest(await arrived(made.two.city)) == digest(device.said)


async def test_a_contract_that_expires_while_nobody_can_be_asked(made: World) -> None:
    device, agreed = made.device, await made.contract()
    agreement = await made.two.city.contracts.get(agreed)
    ends = made.clock.now() + DAY
    await made.two.city.store.write(lambda tx: tx.put(replace(agreement, expires=ends, ends=ends)))
    await device.stop()
    await device.start()
    await device.ordered(lambda orders: [one.ends for one in orders.deliveries] == [ends])
    await device.report(10)
    await device.drained(agreed)
    device.network.cut("/edge/orders")
    made.clock.ahead += DAY
    since = len(device.firsts(0, "utility.example"))
    await device.report(10)
    await device.drained()
    assert device.codes()[agreed] == "contract.expired"
    assert len(device.firsts(0, "utility.example")) == since


async def test_a_consumer_whose_credential_is_revoked(made: World) -> None:
    device, agreed = made.device, await made.contract()
    listed = await vouched(made.two, revoked=False)
    await device.stop()
    await device.start()
    await device.ordered(lambda orders: orders.deliveries[0].standing and listed in orders.lists)
    await device.report(10)
    await device.drained(agreed)
    since = len(device.firsts(0, "utility.example"))
    await vouched(made.two, revoked=True)
    await device.stop()
    await device.start()
    await device.until(lambda: device.codes().get(agreed) == "status.revoked")
    await device.report(10)
    await device.drained()
    assert len(device.firsts(0, "utility.example")) == since
    await vouched(made.two, revoked=False)
    await device.stop()
    await device.start()
    await device.drained(agreed)
    assert [one["n"] for one in await arrived(made.two.utility, contract=agreed)] == [*range(1, 21)]


async def vouched(two: Two, *, revoked: bool) -> str:
    """The utility has shown a credential, and the city has the list that says whether it stands."""
    (key, name), now, url = two.city.keys.signing(), two.city.clock.now(), "https://region.example/status/1"
    entry = Status(type="BitstringStatusListEntry", purpose="revocation", index=5, list=url)
    kid, bits = f"{two.city.did}#{name}", Bits()
    token = credentials.issue(
        key, kid, subject=two.utility.did, id="urn:x:1", kind="MembershipCredential", claims={}, status=[entry],
        issuer=two.city.did, begins=now, ends=now + DAY,
    )  # fmt: skip
    if revoked:
        bits.set(5)
    listed = list_credential(
        key, kid, url=url, purpose="revocation", bits=bits, issuer=two.city.did, begins=now, ends=now + DAY
    )
    shown = Presented(id=two.utility.did, tokens=(token,), at=now, until=now + DAY)
    await two.city.store.write(lambda tx: tx.put(shown))
    await two.city.store.write(lambda tx: tx.put(StatusCopy(id=f"revocation {url}", token=listed, at=now)))
    return url


async def test_a_device_that_is_retired_brings_nothing_to_anybody(made: World) -> None:
    device, agreed = made.device, await made.contract()
    await device.report(10)
    await device.drained(agreed)
    since = len(device.network.posts)
    assert made.two.city.edge is not None
    await made.two.city.edge.fleet.retire("mayor", device.place.did, "x")
    async with asyncio.timeout(1):
        await device.ordered(lambda orders: orders.retired)
    await device.report(10)
    await device.until(lambda: "orders.retired" in device.codes().values())
    assert len(device.network.posts) == since
    assert device.status()["buffer"]["readings"] >= 10, "what was measured is kept"
