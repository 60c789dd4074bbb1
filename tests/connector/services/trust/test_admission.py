"""Tests of connector.services.trust.admission over whole nodes: who is admitted on a region's word, and who is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs import jwt, keys
from certs.trust import REGION_FACT
from connector.errors import DeliveryError, InputError
from connector.node import Node
from connector.ports import Reply
from connector.protocol import codec, paths
from connector.protocol.messages import CatalogRequestMessage
from connector.records import Participant, Presented
from tests.connector.vouched import Issuer, World, world

CATALOG = codec.encode(CatalogRequestMessage())


async def ask(one: World, who: Node, whom: Node, authorization: str | None = None) -> Reply:
    """A catalogue request of one node to another, whether or not it knows it, and whatever it makes of that one."""
    token = authorization or await who.identity.token(whom.did, owed=True)
    url = paths.join(whom.base, paths.CATALOG_REQUEST)
    return await who.peer.send("POST", url, authorization=token, body=CATALOG)


async def known(who: Node, whom: str) -> Participant | None:
    return await who.store.read(lambda view: view.get(Participant, whom))


async def two(one: World, **options: Any) -> tuple[Node, Node, Issuer]:
    """City and utility, members of one region, who have never met."""
    region = Issuer(one, "region.example")
    city, utility = await one.node("city", **options), await one.node("utility", **options)
    for who, name in ((city, "Stadt Elbfeld"), (utility, "Stadtwerke Elbfeld")):
        await one.believe(who, region)
        await one.join(who, region, name=name, municipalityKey="14612000")
    one.asked.clear()
    return city, utility, region


def test_members_of_a_region_meet_without_anybody_comparing_words(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        assert (await ask(one, utility, city)).status == 200
        peer = await known(city, utility.did)
        assert peer is not None
        assert (peer.name, peer.url, peer.base) == ("stadtwerke-elbfeld", "https://utility.example", utility.base)
        assert (peer.pinned, peer.added_by, peer.private) == (False, region.did, False)
        assert peer.vouch is not None
        assert peer.vouch.facts[REGION_FACT] == (region.did,)
        assert peer.vouch.scopes == ("catalog", "negotiate")
        assert peer.vouch.until <= city.clock.now() + 300_000_000
        assert await city.store.read(lambda view: view.get(Presented, utility.did)) is not None
        assert [one.event for one in await city.audit.log()].count("peer.admitted") == 1
        assert (await known(utility, city.did)) is not None, "who was asked has asked back, and was admitted too"

    world(tmp_path, act)


def test_a_second_call_asks_nobody(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await asyncio.sleep(1)
        one.asked.clear()
        assert (await ask(one, utility, city)).status == 200
        assert one.asked == ["POST https://city.example/dsp/2025-1/catalog/request"]

    world(tmp_path, act)


def test_many_first_calls_at_once_are_one_admission(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        replies = await asyncio.gather(*(ask(one, utility, city) for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert one.count("POST https://utility.example/dcp/presentations/query") == 1
        assert one.count("GET https://utility.example/.well-known/did.json") == 1
        assert one.count("GET https://region.example/status/1") <= 2, "one for each of the two nodes"

    world(tmp_path, act)


def test_where_no_region_is_believed_nobody_is_asked_anything(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await one.disbelieve(city, region)
        one.asked.clear()
        assert (await ask(one, utility, city)).status == 401
        assert len(one.asked) == 1

    world(tmp_path, act)


def test_a_member_of_another_region_is_refused_and_that_is_remembered_for_a_while(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        other = Issuer(one, "other.example")
        await one.believe(city, other)
        await one.disbelieve(city, region)
        assert (await ask(one, utility, city)).status == 403
        assert await known(city, utility.did) is None
        one.asked.clear()
        assert (await ask(one, utility, city)).status == 403
        assert one.count("https://utility.example") == 0
        await one.believe(city, region)
        assert (await ask(one, utility, city)).status == 200, "another decision of an operator counts at once"

    world(tmp_path, act)


def test_a_catalogue_is_not_a_negotiation(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await one.believe(city, region, scopes=("catalog",))
        assert (await ask(one, utility, city)).status == 200
        request = {
            "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
            "@type": "ContractRequestMessage",
            "consumerPid": "urn:uuid:1",
            "callbackAddress": utility.base,
            "offer": {
                "@type": "Offer",
                "@id": "urn:x:offer",
                "target": "urn:x:data",
                "permission": [{"action": "use"}],
            },
        }
        reply = await utility.peer.send(
            "POST",
            city.base + "/negotiations/request",
            authorization=await utility.identity.token(city.did),
            body=msgspec.json.encode(request),
        )
        assert reply.status == 403
        assert b"trust.scope_missing" in reply.body

    world(tmp_path, act)


def test_a_peer_is_added_on_a_regions_word(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        _, utility, region = await two(one)
        added = await utility.peers.add("engineer", "https://city.example", "elbfeld", pin=False)
        assert (added.name, added.pinned) == ("elbfeld", False)
        assert added.vouch is not None
        assert added.vouch.region == region.did
        pinned = await utility.peers.add("engineer", "https://city.example", "stadt", words=added.words)
        assert (pinned.name, pinned.pinned, pinned.vouch) == ("stadt", True, added.vouch)

    world(tmp_path, act)


def test_a_peer_is_not_added_where_no_region_vouches(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await one.disbelieve(utility, region)
        with pytest.raises(InputError, match=r"peer\.not_vouched"):
            await utility.peers.add("engineer", "https://city.example", "elbfeld", pin=False)
        assert await known(utility, city.did) is None

    world(tmp_path, act)


def test_whoever_an_operator_has_removed_no_region_brings_back(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        assert (await ask(one, utility, city)).status == 200
        await city.peers.remove("mayor", utility.did)
        one.asked.clear()
        reply = await ask(one, utility, city)
        assert (reply.status, b"trust.barred" in reply.body) == (403, True)
        assert len(one.asked) == 1, "nobody is asked about it"
        assert await known(city, utility.did) is None
        explained = await city.trust.services.explaining.explain("stadtwerke-elbfeld")
        assert (explained.how, explained.trusted, explained.links[0].code) == ("barred", False, "trust.removed")
        with pytest.raises(DeliveryError, match=r"trust\.barred"):
            await city.identity.token(utility.did)
        city.trust.admission.forget()
        await one.believe(city, region)
        await asyncio.sleep(7_200)
        assert (await ask(one, utility, city)).status == 403, "a bar stands until it is lifted"
        await city.peers.add("mayor", "https://utility.example", "werke", pin=False)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_nobody_else_is_told_that_somebody_is_kept_out(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await city.peers.remove("mayor", utility.did)
        own, now = keys.generate(), city.clock.now()
        kid = utility.did + "#token"
        forged = jwt.issue(own.token, kid, issuer=utility.did, audience=city.did, now=now, jti="1", token="x")
        reply = await ask(one, utility, city, f"Bearer {forged}")
        assert (reply.status, b"trust.barred" in reply.body) == (401, False)

    world(tmp_path, act)


def test_whoever_is_removed_while_it_is_asked_stays_removed(tmp_path: Path) -> None:
    """What it had shown meanwhile is worth nothing: the bar is looked at in the transaction that would keep it."""

    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await asyncio.sleep(90_000)  # it is asked anew once a day, behind the answer
        calling = asyncio.create_task(ask(one, utility, city))
        while one.count("POST https://utility.example/dcp/presentations/query") < 2:
            await asyncio.sleep(0.0005)
        await city.peers.remove("mayor", utility.did)
        await calling
        await asyncio.sleep(5)
        assert await known(city, utility.did) is None

    world(tmp_path, act)


def test_a_storm_of_strangers_is_bounded(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        made = keys.generate()
        now = city.clock.now()

        def token(number: int) -> str:
            did = f"did:web:s{number}.example"
            return "Bearer " + jwt.issue(
                made.token, did + "#token", issuer=did, audience=city.did, now=now, jti=str(number), token="x"
            )

        replies = await asyncio.gather(*(ask(one, utility, city, token(number)) for number in range(1000)))
        statuses = [reply.status for reply in replies]
        assert set(statuses) <= {401, 429, 503}
        assert one.count("/.well-known/did.json") <= 120
        assert len(city.trust.documents._kept) <= 120
        await asyncio.sleep(10)
        assert (await ask(one, utility, city)).status == 200, "who is somebody gets through soon after"

    world(tmp_path, act)


@pytest.mark.parametrize("away", ["utility.example"])
def test_who_does_not_answer_proves_nothing_and_may_try_again(tmp_path: Path, away: str) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        one.away.add(away)
        assert (await ask(one, utility, city)).status == 401
        one.away.clear()
        await asyncio.sleep(31)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_a_pinned_peer_shows_what_it_has_and_that_adds_facts(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await city.peers.add("mayor", "https://utility.example", "werke")
        assert (await ask(one, utility, city)).status == 200
        await asyncio.sleep(1)
        peer = await known(city, utility.did)
        assert peer is not None
        assert peer.pinned
        assert peer.vouch is not None
        assert peer.vouch.facts[REGION_FACT] == (region.did,)

    world(tmp_path, act)


def test_a_token_without_a_pass_has_nobody_asked(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        bare = await utility.trust.identity.introduce(city.did)
        one.asked.clear()
        assert (await ask(one, utility, city, bare)).status == 401
        assert len(one.asked) == 1

    world(tmp_path, act)


def test_names_are_made_once(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        third = await one.node("third")
        await one.join(third, region, name="Stadtwerke Elbfeld")
        for who in (utility, third):
            assert (await ask(one, who, city)).status == 200
        peer = await known(city, third.did)
        assert peer is not None
        assert peer.name == "stadtwerke-elbfeld-2"
        with pytest.raises(DeliveryError):
            await one.fetch("https://nobody.example/")

    world(tmp_path, act)
