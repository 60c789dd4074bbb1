"""Addresses that lead inside, given by a neighbour whom nobody allowed that: refused before anything is connected.

The client's own guard is in `tests/connector/http/test_client.py`; here the address comes in a message and the node,
which would have to answer there, keeps the negotiation waiting and says why.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from connector.errors import NodeError
from connector.node import Node
from connector.ports import Transaction
from connector.protocol import codec, transfer
from connector.protocol.machine import Role
from connector.protocol.messages import TransferState
from connector.records import Agreement, Endpoint, PublishedOffer
from tests.hostile.actors import BASE, Neighbour, asked, healthy, message, negotiations, until

CONTRACT = "urn:uuid:018f0000-0000-7000-8000-0000000c0de0"

INWARD = [
    "http://127.0.0.1:{port}",
    "https://127.0.0.1:{port}",
    "https://localhost:{port}",
    "http://localhost:{port}",
    "https://127.1:{port}",
    "https://2130706433:{port}",
    "https://0x7f000001:{port}",
    "https://0177.0.0.1:{port}",
    "https://127.000.000.001:{port}",
    "https://[::1]:{port}",
    "https://[::ffff:127.0.0.1]:{port}",
    "https://[::ffff:7f00:1]:{port}",
    "https://[::127.0.0.1]:{port}",
    "https://[64:ff9b::7f00:1]:{port}",
    "https://[2002:7f00:1::]:{port}",
    "https://0.0.0.0:{port}",
    "https://[::]:{port}",
    "https://10.0.0.1:{port}",
    "https://172.16.0.1:{port}",
    "https://192.168.1.1:{port}",
    "https://100.64.0.1:{port}",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/latest/meta-data",
    "https://[fe80::1]:{port}",
    "https://[fd00:ec2::254]/latest/meta-data",
]
NO_ADDRESS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "unix:/var/run/x.sock",
    "https://user:secret@127.0.0.1/x",
    "https://city.example@127.0.0.1/x",
    "https://127.0.0.1:99999/x",
    "https://127.0.0.1/x?y=z",
    "https://127.0.0.1/x#y",
    "//127.0.0.1/x",
    "",
]


class Untouched:
    """A listener of this machine that nobody may reach."""

    def __init__(self) -> None:
        self.calls = 0

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._called, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _called(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        writer.close()


@pytest.mark.parametrize("address", INWARD)
async def test_a_callback_that_leads_inside_is_never_connected_to(
    city: Node, mallory: Neighbour, offer: PublishedOffer, address: str
) -> None:
    inside = Untouched()
    async with inside as port:
        answer = await mallory.request(asked(offer), address.format(port=port))
        if answer.status != 400:
            assert answer.status == 201
            await until(city.outbox.standing)
            await until(lambda: city.outbox.standing()[0].reason is not None)
            [standing] = city.outbox.standing()
            assert standing.reason is not None
            assert standing.reason.code in ("peer.address_refused", "peer.url")
            assert [n.state for n in await negotiations(city)] == ["REQUESTED"]
        assert inside.calls == 0
        assert mallory.came == []
    await healthy(mallory)


@pytest.mark.parametrize("address", NO_ADDRESS)
async def test_what_is_no_address_of_a_node_is_refused_at_once(
    city: Node, mallory: Neighbour, offer: PublishedOffer, address: str
) -> None:
    answer = await mallory.request(asked(offer), address or " ")
    assert answer.status == 400
    assert answer.told["@type"] == "ContractNegotiationError"
    assert answer.told["code"].startswith("message.")
    assert b"secret" not in answer.body
    assert await negotiations(city) == []
    await healthy(mallory)


async def test_permission_is_the_peers_alone(
    city: Node, mallory: Neighbour, friend: Neighbour, offer: PublishedOffer
) -> None:
    """The same address: one neighbour may be answered there, another may not; nor does one delay the other."""
    assert (await mallory.request(asked(offer), friend.url + "/dsp/2025-1")).status == 201
    assert (await friend.request(asked(offer))).status == 201
    await friend.hear("ContractAgreementMessage")
    assert len(friend.came) == 1
    await until(lambda: len(city.outbox.standing()) == 1)
    [standing] = city.outbox.standing()
    assert (standing.peer, standing.reason and standing.reason.code) == (mallory.did, "peer.address_refused")


@pytest.mark.parametrize("address", INWARD)
async def test_a_peer_that_would_be_inside_is_not_looked_up(city: Node, mallory: Neighbour, address: str) -> None:
    """Whose DID document would have to be fetched from inside is no peer, unless the operator has allowed it."""
    inside = Untouched()
    async with inside as port:
        with pytest.raises(NodeError) as error:
            await city.peers.add("mayor", address.format(port=port), "inside")
        assert error.value.reason.code in ("peer.address_refused", "peer.url", "peer.url_wrong"), error.value
        assert inside.calls == 0
    await healthy(mallory)


@pytest.mark.parametrize("address", INWARD)
async def test_data_that_would_lie_inside_is_not_fetched(city: Node, mallory: Neighbour, address: str) -> None:
    """The address of the data comes from the provider, with the start of a transfer under a contract."""
    inside = Untouched()
    async with inside as port:
        await _started_at(city, mallory, address.format(port=port))
        with pytest.raises(NodeError) as error:
            await city.fetching.open("mayor", CONTRACT)
        assert error.value.reason.code in ("peer.address_refused", "peer.url"), error.value
        assert inside.calls == 0
    await healthy(mallory)


async def _started_at(city: Node, provider: Neighbour, url: str) -> None:
    """A contract in which the node is the consumer, and a transfer under it that has started with this data address."""
    document = {"@id": CONTRACT, "@type": "Agreement"}
    running = transfer.blank(
        id=f"{CONTRACT}0",
        role=Role.CONSUMER,
        peer=provider.did,
        callback=provider.url + BASE,
        agreement=CONTRACT,
        format="HttpData-PULL",
        dataset="urn:x:dataset",
        now=0,
    )
    secret = city.keys.sealer().seal(msgspec.json.encode({"authorization": "x"}), running.id.encode())

    def act(tx: Transaction) -> None:
        tx.put(
            Agreement(
                id=CONTRACT,
                negotiation="urn:x:negotiation",
                role=Role.CONSUMER,
                peer=provider.did,
                dataset="urn:x:dataset",
                document=document,
                message=message("ContractAgreementMessage", agreement=document),
                hash=codec.digest(document),
                concluded=0,
            )
        )
        tx.put(replace(running, state=TransferState.STARTED))
        tx.put(Endpoint(id=running.id, url=url, kind="HttpData-PULL", secret=secret))

    await city.store.write(act)
