"""connector/data/readings/ordering.py: what a device is told follows the transfers, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certs import credentials
from certs.status import Bits, list_credential
from certs.vcdm import Status
from connector.data.readings.ordering import Content
from connector.data.readings.orders import Delivery, Orders, StatusBits
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import Delivery as Delivered
from connector.records import Device, DeviceRelease, Endpoint, Participant, Presented, Sending, StatusCopy
from connector.services.formats import READINGS_PUSH
from policies import parse
from policies.model import PolicyKind, Reason
from policies.terms import Terms
from policies.transforms import chain
from policies.transforms.steps import Suppress
from tests.connector.data.test_egress import duty
from tests.connector.devices import Cabinet, cabinet, problem
from tests.connector.joined import Two, joined

S = TransferState
QUIET = {
    "@id": "urn:x:quiet",
    "@type": "Offer",
    "permission": [{"action": "use", "duty": [duty("suppress", field="name")]}],
}
"""A policy that wants a field gone."""


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path, region="Region Elbland") as made:
        assert made.city.edge is not None
        made.city.edge.ordering.start()
        yield made
        await made.city.edge.ordering.close()


@pytest.fixture
async def device(two: Two, tmp_path: Path) -> Cabinet:
    return await cabinet(two.city, tmp_path / "cabinet")


async def contract(two: Two, device: Cabinet, terms: Terms | None = None) -> str:
    return await two.contract(terms, "air", "edge", device=device.did, series="air")


async def transferred(two: Two, contract: str, state: TransferState = S.STARTED) -> Transfer:
    """A transfer of readings that the utility has asked for, at the city, in this state."""
    await two.utility.deliveries.ask("engineer", contract)
    return await standing(two, contract, state)


async def standing(two: Two, contract: str, state: TransferState) -> Transfer:
    async with asyncio.timeout(10):
        while True:
            found = await two.city.transfers.select(agreement=contract)
            if found and found[-1].state == state and not await two.waiting():
                return found[-1]
            await asyncio.sleep(0.001)


async def test_a_device_without_contracts_is_told_so(device: Cabinet) -> None:
    found = await device.orders()
    assert (found.number, found.node, found.device) == (1, device.city.did, device.did)
    assert (found.deliveries, found.collection, found.retired) == ((), {}, False)


async def test_a_transfer_that_starts_is_a_delivery(two: Two, device: Cabinet) -> None:
    before = await device.orders()
    agreed = await contract(two, device)
    moved = await transferred(two, agreed)
    assert moved.format == READINGS_PUSH
    found = await device.orders()
    (one,) = found.deliveries
    assert found.number > before.number
    assert (one.id, one.agreement, one.series, one.suspended) == (moved.id, agreed, "air", False)
    assert one.consumer == two.utility.did
    asked = (await two.utility.transfers.select(agreement=agreed))[0]
    assert one.url.endswith(f"/inbox/{asked.id.replace(':', '%3A')}") or one.url.endswith(f"/inbox/{asked.id}")
    assert one.token == two.utility.gate.tokens.inbox(asked.id)
    agreement = await two.city.contracts.get(agreed)
    assert one.policy == agreement.document
    assert parse.from_dsp(one.policy, PolicyKind.AGREEMENT).assignee == two.utility.did


async def test_the_node_delivers_none_of_it_itself(two: Two, device: Cabinet) -> None:
    moved = await transferred(two, await contract(two, device))
    assert await two.city.store.read(lambda view: view.get(Delivered, moved.id)) is None
    assert await two.city.store.read(lambda view: view.get(Sending, moved.id)) is not None


async def test_who_waits_hears_of_a_start_a_suspension_and_the_end(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device)
    known = await device.orders()

    async def next_one(act: object) -> Orders:
        waiting = asyncio.get_running_loop().create_task(device.orders(known.number, wait=30))
        while not two.city.edge.ordering._waiting:  # type: ignore[union-attr]
            await asyncio.sleep(0.001)
        assert not waiting.done()
        await act  # type: ignore[misc]
        return await asyncio.wait_for(waiting, 10)

    started = next_one(two.utility.deliveries.ask("engineer", agreed))
    known = await started
    assert [one.suspended for one in known.deliveries] == [False]
    moved = await standing(two, agreed, S.STARTED)
    known = await device.orders()

    known = await next_one(two.city.transfers.command("mayor", moved.id, transfer.Suspend(Reason("x"))))
    assert [one.suspended for one in known.deliveries] == [True]
    await standing(two, agreed, S.SUSPENDED)
    known = await device.orders()
    assert [one.suspended for one in known.deliveries] == [True]

    known = await next_one(two.city.transfers.command("mayor", moved.id, transfer.Start()))
    known = await settled(device, two, agreed, S.STARTED)
    assert [one.suspended for one in known.deliveries] == [False]

    known = await next_one(two.city.transfers.command("mayor", moved.id, transfer.Terminate(Reason("x"))))
    known = await settled(device, two, agreed, S.TERMINATED)
    assert known.deliveries == ()
    assert await two.city.store.read(lambda view: view.count(Sending)) == 0


async def test_who_waits_hears_that_a_person_holds_the_contract_and_lets_it_go(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    agreed = await contract(two, device)
    await transferred(two, agreed)
    known = await device.orders()
    for act, waits in ((two.city.endings.hold, True), (two.city.endings.release, False)):
        waiting = asyncio.get_running_loop().create_task(device.orders(known.number, wait=30))
        while not two.city.edge.ordering._waiting:
            await asyncio.sleep(0.001)
        await act("mayor", agreed)
        assert [one.suspended for one in (await asyncio.wait_for(waiting, 10)).deliveries] == [waits]
        await standing(two, agreed, S.SUSPENDED if waits else S.STARTED)
        known = await device.orders()
        assert [one.suspended for one in known.deliveries] == [waits]


async def settled(device: Cabinet, two: Two, agreed: str, state: TransferState) -> Orders:
    await standing(two, agreed, state)
    return await device.orders()


async def test_an_end_that_waits_for_the_peer_stops_the_device_at_once(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device)
    moved = await transferred(two, agreed)
    two.road.nodes.pop("utility.example")
    await two.city.transfers.command("mayor", moved.id, transfer.Suspend(Reason("x")))
    assert [one.suspended for one in (await device.orders()).deliveries] == [True]


async def test_a_contract_that_is_over_gives_nothing(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device)
    await transferred(two, agreed)
    assert len((await device.orders()).deliveries) == 1
    agreement = await two.city.contracts.get(agreed)
    past = replace(agreement, expires=two.city.clock.now() - 1)
    await two.city.store.write(lambda tx: tx.put(past))
    assert (await device.orders()).deliveries == ()
    held = replace(agreement, held=Reason("contract.held"))
    await two.city.store.write(lambda tx: tx.put(held))
    assert [one.suspended for one in (await device.orders()).deliveries] == [True]


async def test_a_contract_lasts_between_transfers_and_ends_for_good(two: Two, device: Cabinet) -> None:
    assert (await device.orders()).agreements == ()
    agreed = await contract(two, device)
    moved = await transferred(two, agreed)
    assert (await device.orders()).agreements == (agreed,)
    await two.city.transfers.command("mayor", moved.id, transfer.Terminate(Reason("x")))
    known = await settled(device, two, agreed, S.TERMINATED)
    assert (known.deliveries, known.agreements) == ((), (agreed,))
    agreement = await two.city.contracts.get(agreed)
    held = replace(agreement, held=Reason("contract.held"))
    await two.city.store.write(lambda tx: tx.put(held))
    assert (await device.orders()).agreements == (agreed,)
    past = replace(agreement, expires=two.city.clock.now() - 1)
    await two.city.store.write(lambda tx: tx.put(past))
    found = await device.orders(known.number)
    assert (found.number > known.number, found.agreements) == (True, ())
    kept = await two.city.store.read(lambda view: view.get(Device, device.did))
    assert kept is not None
    assert kept.agreements == ()


async def test_a_damaged_contract_gives_nothing(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device)
    await transferred(two, agreed)
    agreement = await two.city.contracts.get(agreed)
    await two.city.store.write(lambda tx: tx.put(replace(agreement, hash="0" * 64)))
    assert (await device.orders()).deliveries == ()


async def test_a_consumer_that_is_barred_waits(two: Two, device: Cabinet) -> None:
    await transferred(two, await contract(two, device))
    peer = await two.city.peers.get("utility")
    assert isinstance(peer, Participant)
    await two.city.store.write(lambda tx: tx.put(replace(peer, changed=Reason("trust.keys_changed"))))
    assert [one.suspended for one in (await device.orders()).deliveries] == [True]


async def test_an_asset_that_is_withdrawn_is_delivered_no_more(two: Two, device: Cabinet) -> None:
    await transferred(two, await contract(two, device))
    (offer,) = await two.city.offers.offers(live=True)
    await two.city.offers.retire("mayor", offer.id)
    await two.city.offers.remove_asset("mayor", "air")
    assert (await device.orders()).deliveries == ()


async def test_where_the_secret_cannot_be_read_nothing_is_delivered(two: Two, device: Cabinet) -> None:
    moved = await transferred(two, await contract(two, device))
    endpoint = await two.city.store.read(lambda view: view.get(Endpoint, moved.id))
    assert endpoint is not None
    await two.city.store.write(lambda tx: tx.put(replace(endpoint, secret=b"\1" + bytes(40))))
    assert (await device.orders()).deliveries == ()


async def test_a_transfer_is_one_use_where_they_are_counted(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device, Terms(count=2))
    key = f"uses:{agreed}"
    moved = await transferred(two, agreed)
    assert [one.use for one in (await device.orders()).deliveries] == [1]
    assert [one.use for one in (await device.orders()).deliveries] == [1]
    assert await two.city.store.read(lambda view: view.drawn(key)) == 1
    await two.city.transfers.command("mayor", moved.id, transfer.Terminate(Reason("x")))
    await standing(two, agreed, S.TERMINATED)
    await two.utility.deliveries.ask("engineer", agreed)
    async with asyncio.timeout(10):
        while not (found := (await device.orders()).deliveries):
            await asyncio.sleep(0.01)
    assert [one.use for one in found] == [2]


async def test_what_is_not_counted_has_no_number_and_an_end_that_is_certain_is_told(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device, Terms(until="2099-06-30"))
    await transferred(two, agreed)
    (one,) = (await device.orders()).deliveries
    agreement = await two.city.contracts.get(agreed)
    assert (one.use, one.ends) == (0, agreement.expires)
    assert one.ends > two.city.clock.now()
    soon = one.ends - 1_000_000
    await two.city.store.write(lambda tx: tx.put(replace(agreement, ends=soon)))
    assert [one.ends for one in (await device.orders()).deliveries] == [soon]


async def test_that_a_device_delivers_stands_in_the_log_once(two: Two, device: Cabinet) -> None:
    moved = await transferred(two, await contract(two, device))
    await device.orders()
    await device.orders()
    log = await two.city.store.read(lambda view: view.log(limit=1000))
    written = [one for one in log if b"edge.delivering" in one.body]
    assert len(written) == 1
    assert moved.id.encode() in written[0].body


def shown(two: Two, url: str) -> tuple[Presented, StatusCopy]:
    """What the utility has shown, and the list that says whether it still stands, with bit 7 set."""
    (key, name), now = two.city.keys.signing(), two.city.clock.now()
    kid, day = f"{two.city.did}#{name}", 86_400_000_000
    entry = Status(type="BitstringStatusListEntry", purpose="revocation", index=5, list=url)
    said: dict[str, Any] = {"issuer": two.city.did, "begins": now, "ends": now + day}
    token = credentials.issue(
        key, kid, subject=two.utility.did, id="urn:x:1", kind="MembershipCredential", claims={}, status=[entry], **said
    )
    bits = Bits()
    bits.set(7)
    listed = list_credential(key, kid, url=url, purpose="revocation", bits=bits, **said)
    copy = StatusCopy(id=f"revocation {url}", token=listed, at=now)
    return Presented(id=two.utility.did, tokens=(token, "no credential"), at=now, until=now + day), copy


async def test_what_a_consumer_stands_on_is_told_with_the_list_as_the_node_has_it(two: Two, device: Cabinet) -> None:
    await transferred(two, await contract(two, device))
    before = await device.orders()
    url = "https://region.example/status/1"
    presented, copy = shown(two, url)
    await two.city.store.write(lambda tx: tx.put(presented))
    found = await device.orders()
    (one,) = found.deliveries
    # A list that nobody has is named all the same: then the device refuses.
    assert ([(bit.list, bit.index) for bit in one.standing], found.lists) == ([(url, 5)], {})
    await two.city.store.write(lambda tx: tx.put(copy))
    found = await device.orders()
    assert found.number > before.number
    told = found.lists[url]
    assert (told.seen, told.until > told.seen) == (copy.at, True)
    assert (Bits.decode(told.bits).get(7), Bits.decode(told.bits).get(5)) == (True, False)
    again = await device.orders()
    assert again.number == found.number


async def test_a_copy_that_cannot_be_read_is_no_list(two: Two, device: Cabinet) -> None:
    await transferred(two, await contract(two, device))
    presented, copy = shown(two, "https://region.example/status/1")
    await two.city.store.write(lambda tx: tx.put(presented))
    await two.city.store.write(lambda tx: tx.put(replace(copy, token="x")))
    assert (await device.orders()).lists == {}


async def test_other_formats_of_a_devices_asset_do_not_start(two: Two, device: Cabinet) -> None:
    agreed = await contract(two, device)
    await two.utility.transfers.request("engineer", agreed)
    moved = await standing(two, agreed, S.TERMINATED)
    assert moved.reason is not None
    assert moved.reason.code == "transfer.delivered"


async def test_a_format_of_devices_starts_for_nothing_else(two: Two, device: Cabinet) -> None:
    agreed = await two.contract()
    await two.utility.transfers.request(
        "engineer", agreed, format=READINGS_PUSH, inbox=lambda pid, kind: two.utility._addresses.inbox(pid, kind)
    )
    await standing(two, agreed, S.TERMINATED)
    assert await two.city.store.read(lambda view: view.count(Sending)) == 0


async def test_nothing_new_is_no_content_and_an_old_copy_is_signed_anew(device: Cabinet) -> None:
    known = await device.orders()
    assert (await device.ask(known.number, issued=known.issued)).status == 204
    old = known.issued - 2 * 3_600 * 1_000_000
    again = device.read(await device.ask(known.number, issued=old, wait=30))
    assert (again.number, again.issued > known.issued) == (known.number, True)
    # Who does not say how old its copy is gets another one.
    assert device.read(await device.ask(known.number)).number == known.number


async def test_a_node_that_closes_lets_nobody_wait(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    known = await device.orders()
    waiting = asyncio.get_running_loop().create_task(device.ask(known.number, issued=known.issued, wait=50))
    while not two.city.edge.ordering._waiting:
        await asyncio.sleep(0.001)
    await two.city.edge.ordering.close()
    assert (await asyncio.wait_for(waiting, 10)).status == 204


async def test_a_node_that_went_back_says_more_than_the_device_knows(device: Cabinet) -> None:
    known = await device.orders(after=41)
    assert known.number == 42
    assert (await device.orders(after=known.number)).number == 42


async def test_a_token_is_good_once(device: Cabinet) -> None:
    token = device.token()
    assert (await device.ask(token=token)).status == 200
    again = await device.ask(token=token)
    assert (again.status, problem(again)) == (401, "token.refused")


async def test_what_a_device_says_of_itself_is_kept(two: Two, device: Cabinet) -> None:
    await device.orders(status={"version": "1.2", "lost": 3})
    found = await two.city.store.read(lambda view: view.get(Device, device.did))
    assert found is not None
    assert (found.status, found.seen > 0) == ({"version": "1.2", "lost": 3}, True)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b'{"after":"x"}',
        b'{"after":-1}',
        b'{"after":18446744073709551616}',
        b'{"wait":-1}',
        b'{"more":1}',
        b'{"status":7}',
        b'{"status":{"a":' + b"1" * 40 + b"}}",
        b'{"status":{"a":"' + b"x" * 9000 + b'"}}',
        b'{"status":{"a":' + b"[" * 3000 + b"]" * 3000 + b"}}",
        b" " * 40_000,
    ],
)
async def test_what_cannot_be_read_is_refused_and_the_token_used(device: Cabinet, body: bytes) -> None:
    token = device.token()
    url = "https://city.example/edge/orders"
    found = await device.link.post(url, body, media_type="application/json", authorization=token)
    assert (found.status, problem(found)) == (400, "edge.asked")
    assert (await device.ask(token=token)).status == 401


async def test_a_release_is_told(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    fleet = two.city.edge.fleet
    known = await device.orders()
    release = DeviceRelease("1.1", "https://city.example/edge.deb", "0" * 64)
    await fleet.update("mayor", device.name, release)
    found = await device.orders()
    assert found.number == known.number + 1
    assert found.release is not None
    assert (found.release.version, found.release.sha256) == ("1.1", "0" * 64)


def test_when_a_list_was_seen_makes_no_other_orders() -> None:
    delivery = Delivery(
        id="a", agreement="b", consumer="c", series="air", policy={}, url="u", token="t", concluded=1
    )  # fmt: skip
    first = Content(deliveries=(delivery,), lists={"l": StatusBits(bits="u", seen=1)})
    assert first.digest() == replace(first, lists={"l": StatusBits(bits="u", seen=2)}).digest()
    assert first.digest() != replace(first, lists={"l": StatusBits(bits="v", seen=1)}).digest()
    assert first.digest() != replace(first, deliveries=(replace(delivery, suspended=True),)).digest()


async def test_duties_at_collection_are_told_word_for_word(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    await two.city.policies.add("mayor", "quiet", QUIET)
    await two.city.edge.fleet.collect("mayor", device.name, "air", "quiet")
    found = await device.orders()
    assert list(found.collection) == ["air"]
    told = chain(parse.from_dsp(found.collection["air"], PolicyKind.OFFER))
    assert told is not None
    assert [type(step) for step in told.steps] == [Suppress]
    await two.city.edge.fleet.collect("mayor", device.name, "air", "")
    assert (await device.orders()).collection == {}


async def test_duties_whose_policy_is_lost_are_no_duties_that_are_left_out(two: Two, device: Cabinet) -> None:
    found = await two.city.store.read(lambda view: view.get(Device, device.did))
    assert found is not None
    await two.city.store.write(lambda tx: tx.put(replace(found, collection={"air": "gone@1"})))
    assert (await device.orders()).collection == {"air": {}}
