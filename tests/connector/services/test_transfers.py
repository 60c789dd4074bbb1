"""Transfers between two real sets of services."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError, TransitionError, UnknownError
from connector.protocol import codec, transfer
from connector.protocol.messages import DataAddress, TransferMessage, TransferRequestMessage
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Endpoint
from connector.services.formats import PUSH_PROFILE
from policies.model import Reason
from policies.terms import Terms
from tests.connector.services.world import FINAL, KEYS, Neighbour, neighbours, settled
from tests.harness.virtual import run

WHY = Reason("operator.request")


async def _contract(folder: Path) -> tuple[Neighbour, Neighbour, Agreement]:
    city, utility = await neighbours(folder)
    offer = await city.publish(Terms(count=3))
    wanted = await utility.terms_of(city, offer)
    n = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
    await settled(utility.negotiations, n.id, FINAL)
    [agreement] = await utility.store.read(lambda view: view.select(Agreement))
    return city, utility, agreement


async def _started(folder: Path) -> tuple[Neighbour, Neighbour, Transfer]:
    city, utility, agreement = await _contract(folder)
    t = await settled(utility.transfers, (await utility.transfers.request("jo", agreement.id)).id, ("STARTED",))
    return city, utility, t


def test_a_transfer_starts_and_its_secret_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, t = await _started(tmp_path)
        kept = await utility.store.read(lambda view: view.get(Endpoint, t.id))
        assert kept is not None
        assert kept.url.startswith(f"{city.url}/data/")
        secret = city.tokens.lasting(t.peer_pid)
        properties = msgspec.json.decode(KEYS.sealer().open(kept.secret, t.id.encode()))
        assert properties == {"authorization": secret, "authType": "bearer"}
        for one in (tmp_path / "city", tmp_path / "u"):
            assert not any(secret.encode() in file.read_bytes() for file in one.iterdir() if file.is_file())

    run(story)


def test_either_side_suspends_resumes_and_completes(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, t = await _started(tmp_path)
        for node, pid in ((utility, t.id), (city, t.peer_pid), (utility, t.id)):
            await node.transfers.command("jo", pid, transfer.Suspend(WHY))
            await settled(utility.transfers, t.id, ("SUSPENDED",))
            await settled(city.transfers, t.peer_pid, ("SUSPENDED",))
            await node.transfers.command("jo", pid, transfer.Start())
            await settled(utility.transfers, t.id, ("STARTED",))
            await settled(city.transfers, t.peer_pid, ("STARTED",))
        await city.transfers.command("jo", t.peer_pid, transfer.Complete())
        assert (await settled(utility.transfers, t.id, ("COMPLETED",))).state == "COMPLETED"
        with pytest.raises(TransitionError):
            await utility.transfers.command("jo", t.id, transfer.Start())

    run(story)


def test_a_consumer_that_resumes_may_say_another_place_to_deliver_to(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, agreement = await _contract(tmp_path)

        def at(place: str) -> DataAddress:
            return DataAddress(endpointType=PUSH_PROFILE, endpoint=f"https://{place}.example/inbox")

        asked = await utility.transfers.request(
            "jo", agreement.id, format=PUSH_PROFILE, inbox=lambda pid, format: at("first")
        )
        t = await settled(utility.transfers, asked.id, ("STARTED",))
        await utility.transfers.command("jo", t.id, transfer.Suspend(WHY))
        await settled(utility.transfers, t.id, ("SUSPENDED",))
        await settled(city.transfers, t.peer_pid, ("SUSPENDED",))
        await utility.transfers.command("jo", t.id, transfer.Start(at("second"), elsewhere=True))
        await settled(utility.transfers, t.id, ("STARTED",))
        await settled(city.transfers, t.peer_pid, ("STARTED",))
        kept = await city.store.read(lambda view: view.get(Endpoint, t.peer_pid))
        assert kept is not None
        assert kept.url == "https://second.example/inbox"

    run(story)


def test_both_terminate_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, t = await _started(tmp_path)
        await utility.transfers.command("jo", t.id, transfer.Terminate(WHY))
        await city.transfers.command("mayor", t.peer_pid, transfer.Terminate(WHY))
        await settled(utility.transfers, t.id, ("TERMINATED",))
        await settled(city.transfers, t.peer_pid, ("TERMINATED",))
        assert await city.outgoing() == await utility.outgoing() == []

    run(story)


def test_a_suspended_transfer_stops_its_contract(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, t = await _started(tmp_path)
        await city.transfers.command("mayor", t.peer_pid, transfer.Suspend(WHY))
        await settled(utility.transfers, t.id, ("SUSPENDED",))
        other = await utility.transfers.request("jo", t.agreement)
        other = await settled(utility.transfers, other.id, ("TERMINATED", "STARTED"))
        said = {"code": "transfer.suspended", "said": "transfer.suspended"}
        assert (other.state, other.reason) == ("TERMINATED", Reason("peer.terminate", said))
        await city.transfers.command("mayor", t.peer_pid, transfer.Start())
        await settled(utility.transfers, t.id, ("STARTED",))
        other = await utility.transfers.request("jo", t.agreement)
        assert (await settled(utility.transfers, other.id, ("TERMINATED", "STARTED"))).state == "STARTED"

    run(story)


def test_the_request_is_idempotent_by_its_pid(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, t = await _started(tmp_path)
        body = next(body for url, body in utility.sent if url.endswith("/transfers/request"))
        message = codec.decode(body, TransferMessage)
        assert isinstance(message, TransferRequestMessage)
        other = msgspec.structs.replace(message, id="urn:x:again")
        handled = await city.transfers.receive(utility.caller(), other, codec.encode(other), None)
        assert b"STARTED" in handled.body
        assert len(await city.transfers.select()) == 1
        changed = msgspec.structs.replace(other, format="Other-PULL")
        with pytest.raises(TransitionError, match=r"process\.exists"):
            await city.transfers.receive(utility.caller(), changed, codec.encode(changed), None)
        assert t.state == "STARTED"

    run(story)


def test_what_cannot_be_transferred_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility, agreement = await _contract(tmp_path)
        request = TransferRequestMessage(
            consumerPid="urn:x:1", agreementId=agreement.id, format="Kafka-PUSH", callbackAddress=utility.url
        )
        await city.transfers.receive(utility.caller(), request, codec.encode(request), None)
        [t] = await city.transfers.select()
        assert t.ending is not None or t.pending == "terminate"
        unknown = msgspec.structs.replace(request, agreementId="urn:x:none", consumerPid="urn:x:2")
        with pytest.raises(UnknownError, match=r"agreement\.unknown"):
            await city.transfers.receive(utility.caller(), unknown, codec.encode(unknown), None)
        with pytest.raises(InputError, match=r"agreement\.unknown"):
            await city.transfers.request("mayor", agreement.id)
        ended = msgspec.structs.replace(agreement, role="provider", peer=utility.did, in_force=False)
        await city.store.write(lambda tx: tx.put(ended))
        late = msgspec.structs.replace(request, consumerPid="urn:x:3")
        with pytest.raises(TransitionError, match=r"agreement\.ended"):
            await city.transfers.receive(utility.caller(), late, codec.encode(late), None)

    run(story)
