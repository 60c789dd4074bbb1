"""edge_node/agent.py: a device as it runs, beside its city and a utility: what it takes is there, whatever comes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from certs import cbor, credentials
from certs.status import Bits, list_credential
from certs.vcdm import Status
from connector.data.readings.ranges import joined
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.records import DeviceReadings, DeviceRelease, Presented, StatusCopy
from edge_node import reporting
from edge_node.ports import Arrival, Reading
from policies import instants
from policies.model import Reason
from tests.connector.data.readings.test_ordering import standing
from tests.connector.data.test_egress import duty
from tests.connector.joined import Two, third
from tests.edge_node.running import DAY, SECOND, Device, World, arrived, digest, reading, world

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


NOTED = {"[sources.sensors]": 'note = { kind = "text" }\n[sources.sensors]', "[buffer]": "[buffer]\nbytes = 1048576"}
"""A field that takes room."""
LOTS, LOT = 10, 1000


async def overfilled(made: World, policy: str) -> tuple[str, list[int]]:
    """A contract, and more readings than fit while there is no network; the statuses that sensors were answered."""
    device = made.device
    await device.stop()
    device.settle(f'full = "{policy}"', **NOTED)
    await device.start()
    agreed = await made.contract()
    await device.report(10)
    await device.drained(agreed)
    device.network.cut()
    answers: list[int] = []
    while len(answers) < LOTS:
        begin = len(device.said)
        lot = [noted(n, made.clock.now()) for n in range(begin, begin + LOT)]
        answers.append(await device.say(lot))
    return agreed, answers


def noted(n: int, now: int) -> dict[str, object]:
    """A reading that takes 128 bytes."""
    return {**reading(n, now), "note": hashlib.shake_256(str(n).encode()).hexdigest(128)}


async def told(made: World) -> list[DeviceReadings]:
    """What the city and the utility know of the device's readings."""
    found = [
        await node.store.read(lambda view: view.select(DeviceReadings)) for node in (made.two.city, made.two.utility)
    ]
    assert [len(one) for one in found] == [1, 1]
    return [one for (one,) in found]


async def test_a_full_buffer_forgets_the_oldest_and_says_so(made: World) -> None:
    agreed, answers = await overfilled(made, "oldest")
    device, every = made.device, LOTS * LOT + 10
    assert answers == [204] * LOTS
    lost = device.status()["buffer"]["forgotten"]
    assert lost > 0
    device.network.cut("nowhere")
    await device.drained(agreed)
    assert device.status()["buffer"]["bytes"] <= 1 << 20
    for node, given in ((made.two.city, {}), (made.two.utility, {"contract": agreed})):
        found = await arrived(node, **given)
        assert digest(found) == digest(device.said[:10] + device.said[10 + lost :])
    for one in await told(made):
        assert one.held == {1: ((1, 10), (11 + lost, every))}
        assert (one.gone, one.why) == ({1: ((11, 10 + lost),)}, {1: "full"})
    await device.stop()
    await device.start()
    await device.ordered(lambda orders: orders.number > 0)
    assert made.two.city.edge is not None
    assert (await made.two.city.edge.fleet.get(device.place.did)).status["forgotten"] == lost


async def test_a_full_buffer_is_thinned_out_and_says_so(made: World) -> None:
    agreed, answers = await overfilled(made, "thin")
    device, every = made.device, LOTS * LOT + 10
    assert answers == [204] * LOTS
    kept = device.status()["buffer"]
    assert (kept["thinned"] > 0, kept["forgotten"]) == (True, 0)
    device.network.cut("nowhere")
    await device.drained(agreed)
    found = await arrived(made.two.utility, contract=agreed)
    assert digest(found) == digest(await arrived(made.two.city))
    assert 10 + LOTS * LOT // 4 < len(found) < every
    given = {(one["thing"], one["at"], one["pm25"]) for one in device.said}
    assert {(one["thing"], one["at"], one["pm25"]) for one in found} < given
    assert {one["at"] for one in found} >= {one["at"] for one in device.said[-LOT:]}, "what is new stays"
    for one in await told(made):
        assert joined((*one.held.get(1, ()), *one.gone.get(1, ()))) == ((1, every),)


async def test_a_full_buffer_refuses_and_says_so_and_goes_on(made: World) -> None:
    agreed, answers = await overfilled(made, "refuse")
    device = made.device
    full = answers.index(503)
    assert answers == [204] * full + [503] * (LOTS - full)
    status = device.status()
    assert (status["sources"][0]["trouble"], status["buffer"]["forgotten"]) == ("buffer.full", 0)
    device.network.cut("nowhere")
    await device.drained(agreed)
    assert await device.say([noted(len(device.said), made.clock.now())]) == 204
    await device.drained(agreed)
    for node, given in ((made.two.city, {}), (made.two.utility, {"contract": agreed})):
        found = await arrived(node, **given)
        assert [one["n"] for one in found] == [*range(1, full * LOT + 12)]
        assert digest(found) == digest(device.said)
    assert device.status()["sources"][0]["trouble"] == ""


SECRET = "DD-AB 4711"


async def test_what_must_not_be_stored_is_nowhere(made: World, caplog: pytest.LogCaptureFixture) -> None:
    """Duties at collection that the node orders: a number plate is in no file, nor is what came with it and was put
    aside; and nobody is brought it."""
    device, two = made.device, made.two
    await device.stop()
    device.settle(**NOTED)
    await device.start()
    duties = [duty("suppress", field="note"), duty("pseudonymise", field="thing")]
    quiet = {"@id": "urn:x:q", "@type": "Offer", "permission": [{"action": "use", "duty": duties}]}
    await two.city.policies.add("mayor", "quiet", quiet)
    assert two.city.edge is not None
    await two.city.edge.fleet.collect("mayor", device.place.did, "air", "quiet")
    await device.until(lambda: not device.agent.duties.of("air").idle)
    agreed = await made.contract()
    now = made.clock.now()
    assert await device.say({**reading(n, now), "thing": f"car {SECRET}", "note": SECRET} for n in range(50)) == 204
    wrong = [{"thing": SECRET, "note": 7, "pm25": SECRET}, {"thing": SECRET, "at": SECRET, "note": SECRET}, SECRET]
    for one in wrong:
        await device.raw(msgspec.json.encode([one]))
    assert await device.raw(f"[{SECRET}".encode()) == 400
    assert await device.say([{**reading(50, now), "pm25": 5000.0, "noise": SECRET, "note": SECRET}]) == 204
    await device.drained(agreed)
    assert device.status()["spoiled"] > 0
    files = device.files()
    assert any(name.endswith("spoiled.jsonl") for name in files)
    await device.stop()
    secrets = [SECRET.encode(), SECRET.encode().hex().encode(), b"4711"]
    for name, data in {**files, **device.files()}.items():
        assert not any(secret in data for secret in secrets), name
    assert SECRET not in caplog.text
    opened = [device.agent.sealer.opened(one) for host, body in device.network.posts for one in cbor.split(body)]
    assert opened
    assert SECRET not in repr(opened)
    for node, given in ((two.city, {}), (two.utility, {"contract": agreed})):
        found = await arrived(node, **given)
        assert len(found) == 51
        assert SECRET not in repr(found)
        assert all("note" not in one for one in found)


async def test_a_start_without_a_clock(made: World) -> None:
    """Its readings say so until the node has told it the time; those to whom they come see it."""
    device, agreed = made.device, await made.contract()
    await device.report(3)
    await device.drained(agreed)
    await device.stop()
    device.is_set, device.wall = lambda: False, lambda: made.clock.now() - 400 * DAY
    device.network.cut()
    made.clock.ahead += DAY
    await device.start()
    assert device.status()["clock"]["trusted"] is False
    early = device.agent.moments.now()
    assert await device.say({"thing": "air-0", "pm25": n, "noise": 40} for n in range(5)) == 204
    await device.until(lambda: device.codes().get(agreed) == "clock.unsure")
    assert made.clock.now() - early > DAY / 2, "it knows no better"
    device.network.cut("nowhere")
    await device.until(lambda: device.status()["clock"]["trusted"])
    assert await device.say({"thing": "air-0", "pm25": n, "noise": 40} for n in range(5, 10)) == 204
    await device.drained(agreed)
    for node, given in ((made.two.city, {}), (made.two.utility, {"contract": agreed})):
        found = await arrived(node, **given)
        assert [one["unsure"] for one in found] == [False] * 3 + [True] * 5 + [False] * 5
        times = [instants.instant(one["at"]) for one in found]
        assert times[3:] == sorted(times[3:])
        assert early - SECOND < times[3], "no earlier than what was known to have passed"
        assert times[7] < made.clock.now() - DAY / 2, "which was less than the truth"


async def test_what_any_source_has_given_is_kept_at_the_end(made: World) -> None:
    """Also what nobody would say again: pins and registers are read once. The numbers go on after it."""
    device, agreed = made.device, await made.contract()
    await device.stop()
    device.settle(**{"commit_seconds = 0.05": "commit_seconds = 1"})
    for turn in range(3):
        await device.start()
        given = [Reading(f"pin-{n}", {"pm25": turn, "noise": n}) for n in range(100)]
        taking = asyncio.create_task(device.agent.intake.take(Arrival("sensors", "air", given)))
        await asyncio.sleep(0)
        await device.stop()
        await taking
    await device.start()
    await device.drained(agreed)
    found = await arrived(made.two.utility, contract=agreed)
    assert [one["n"] for one in found] == [*range(1, 301)]
    assert [(one["pm25"], one["noise"]) for one in found] == [(turn, n) for turn in range(3) for n in range(100)]


async def test_a_version_that_is_ordered(made: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A device that no key was given to fetches nothing, and says why, there and to its node."""
    device, city = made.device, made.two.city
    monkeypatch.setattr(device.agent.updates, "_keys", tmp_path / "none")
    asked = len(device.network.posts)
    release = DeviceRelease("99.1", "https://city.example/edge.deb", "0" * 64)
    assert city.edge is not None
    await city.edge.fleet.update("admin", device.place.did, release)
    await device.until(lambda: device.status()["update"]["trouble"] == "update.keys")
    assert (device.status()["update"]["state"], device.status()["update"]["wanted"]) == ("ordered", "99.1")
    assert len(device.network.posts) == asked
    told = reporting.said(device.agent._parts())
    assert (told["update"], told["health"]) == ("ordered", "unwell")
    assert [one["code"] for one in told["troubles"] if one["where"] == "update"] == ["update.keys"]
