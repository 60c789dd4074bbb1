"""Two regions with one town that belongs to both: data flows where both sides believe the region, and nowhere else.

Three whole nodes on loopback; the two regions are made by hand. Amtsdorf believes the one region, Zweibach the other;
Grenzstadt, on the border, is a member of both and believes both. Nobody has compared keys with whoever calls.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connector.errors import DeliveryError
from connector.node import Node
from connector.records import Agreement, HeldCredential, Participant
from connector.sentences import sentence
from policies.model import Reason
from tests.connector.http.listening import said
from tests.hostile.actors import BASE, answer_of, asked, message, published
from tests.hostile.trust.conftest import Names
from tests.hostile.trust.internet import Internet, by_hand
from tests.hostile.trust.world import DAY, MEMBERSHIP, Clock, Issuer, a_node, believe

PROFILES = {"vc20": "vc20-bssl/jwt", "vc11": "vc11-sl2021/jwt"}


class Border:
    """Both regions and their towns."""

    def __init__(self, here: Issuer, there: Issuer, towns: dict[str, Node], clock: Clock) -> None:
        self.here, self.there, self.clock = here, there, clock
        self.amtsdorf, self.grenzstadt, self.zweibach = towns.values()

    async def member(self, town: Node, region: Issuer, profile: str = "vc20") -> None:
        """Give a town the membership of a region, as its wallet keeps it."""
        now = self.clock.now()
        held = HeldCredential(
            id=f"urn:uuid:{region.host}",
            kind=MEMBERSHIP,
            issuer=region.did,
            profile=PROFILES[profile],
            token=region.member(
                town.did, profile, body={"id": f"urn:uuid:{region.host}"}, claims=_named(region, profile)
            ),
            received=now,
            begins=now - 3_600_000_000,
            ends=now + int(30 * DAY) * 1_000_000,
        )
        await town.store.write(lambda tx: tx.put(held))


def _named(region: Issuer, profile: str) -> dict[str, str]:
    return {"jti": f"urn:uuid:{region.host}"} if profile == "vc11" else {}


@pytest.fixture
async def border(tmp_path: Path, names: Names) -> AsyncIterator[Border]:
    """Everybody, where an operator has left it."""
    net, clock = Internet(), Clock()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(net.running(names.pair))
        towns = {
            name: await stack.enter_async_context(a_node(tmp_path / name, names.authority.certificate, clock))
            for name in ("amtsdorf", "grenzstadt", "zweibach")
        }
        made = Border(Issuer(net, clock, "region.example"), Issuer(net, clock, "elsewhere.example"), towns, clock)
        for town, regions in (
            (made.amtsdorf, [made.here]),
            (made.grenzstadt, [made.here, made.there]),
            (made.zweibach, [made.there]),
        ):
            for region in regions:
                await believe(town, region, private=True)
                await made.member(town, region, "vc20" if region is made.here else "vc11")
        yield made


async def meets(consumer: Node, provider: Node) -> None:
    """The consumer's operator has looked at the provider; the provider knows nothing of it."""
    if await consumer.store.read(lambda view: view.get(Participant, provider.did)) is None:
        await consumer.peers.add(
            "mayor", provider.config.public_url, f"peer-{provider.config.public.port}", private=True
        )


async def fetched(consumer: Node, provider: Node, folder: Path) -> bytes:
    """Catalogue, contract, transfer, data: everything that one town does to have another's counts."""
    offer = await published(provider, folder)
    await meets(consumer, provider)
    page = await consumer.discovery.catalog(provider.did)
    assert offer.asset in msgspec.json.encode(page.catalog).decode()
    begun = await consumer.negotiations.request("mayor", provider.did, offer.asset, asked(offer))
    async with asyncio.timeout(10):
        while begun.state != "FINALIZED":
            assert begun.state != "TERMINATED", begun.reason
            begun = await consumer.negotiations.get(begun.id, newer_than=begun.version, wait=5)
        (agreement,) = await consumer.contracts.select(negotiation=begun.id)
        _, pull = await consumer.fetching.open("mayor", agreement.id, member="counts.csv")
        return b"".join([piece async for piece in pull.chunks()])


async def known(town: Node, other: Node) -> Participant | None:
    """Somebody as a town knows it."""
    return await town.store.read(lambda view: view.get(Participant, other.did))


async def contracts(*towns: Node) -> int:
    """How many contracts they have, all together."""
    return sum([await town.store.read(lambda view: view.count(Agreement)) for town in towns])


async def test_data_flows_where_both_trust(border: Border, tmp_path: Path) -> None:
    """The town on the border has data of both sides, and both sides have data of the town's."""
    for consumer, provider, region in (
        (border.grenzstadt, border.amtsdorf, border.here),
        (border.grenzstadt, border.zweibach, border.there),
    ):
        folder = tmp_path / f"data of {provider.config.directory.name}"
        folder.mkdir()
        assert await fetched(consumer, provider, folder) == b"place,count\nbridge,3\n"
        met = await known(provider, consumer)
        assert met is not None
        assert not met.pinned
        assert met.vouch is not None
        assert met.vouch.region == region.did


@pytest.mark.parametrize("turned", [False, True])
async def test_nothing_flows_where_one_does_not(border: Border, tmp_path: Path, turned: bool) -> None:
    consumer, provider = border.zweibach, border.amtsdorf
    if turned:
        consumer, provider = provider, consumer
    offer = await published(provider, tmp_path)
    await meets(consumer, provider)
    with pytest.raises(DeliveryError) as refused:
        await consumer.discovery.catalog(provider.did)
    assert refused.value.reason.code == "peer.refused"
    assert refused.value.reason.params["said"] == "trust.issuer_unknown"
    begun = await consumer.negotiations.request("mayor", provider.did, offer.asset, asked(offer))
    async with asyncio.timeout(10):
        while begun.state != "TERMINATED" and not _stuck(consumer):
            begun = await consumer.negotiations.get(begun.id, newer_than=begun.version, wait=0.05)
    assert await contracts(consumer, provider) == 0
    assert await known(provider, consumer) is None
    # Why, in a sentence, where the decision was taken.
    issuer = (border.here if turned else border.there).did
    told = await reason(provider, consumer)
    assert told.code == "trust.issuer_unknown"
    assert issuer in sentence(told, "en")
    assert issuer in sentence(told, "de")
    # One operator's decision later it flows.
    await believe(provider, border.here if turned else border.there, private=True)
    border.clock.ahead += 60
    assert (await consumer.discovery.catalog(provider.did)).catalog


def _stuck(consumer: Node) -> bool:
    return any(one.reason is not None for one in consumer.outbox.standing())


async def reason(provider: Node, consumer: Node) -> Reason:
    """What the answer to a direct question says."""
    token = await consumer.identity.token(provider.did)
    head = f"POST {BASE}/catalog/request HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n"
    body = message("CatalogRequestMessage")
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with by_hand():
        answer = answer_of(await said(provider.public_listener.port, head.encode() + body))
    assert answer.status == 403
    params = next(one for one in answer.told["reason"] if isinstance(one, dict))["params"]
    return Reason(answer.told["code"], params)
