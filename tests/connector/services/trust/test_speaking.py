"""What this node says by itself, to those for whom nobody vouches any more: nothing, but what it owes them.

Covers `identity.dcp.speaks` and those who ask it: discovery, processes, the outbox, fetching. Over whole nodes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.errors import DeliveryError
from connector.node import Node
from connector.records import Outgoing
from tests.connector.services.trust.test_admission import ask, known, two
from tests.connector.services.trust.test_standing import reason
from tests.connector.vouched import DAY, Issuer, World, world

SAID = "https://utility.example/"


async def met(one: World) -> tuple[Node, Node, Issuer, int]:
    """Both know each other; the place of the utility's membership on its region's list."""
    city, utility, region = await two(one)
    place = await one.join(utility, region, name="Werke")
    assert (await ask(one, utility, city)).status == 200
    await asyncio.sleep(5)
    assert await known(utility, city.did) is not None
    return city, utility, region, place


async def refused(one: World) -> tuple[Node, Node, Issuer, int]:
    """The region has taken the utility's membership back, and the city has not heard of it since."""
    city, utility, region, place = await met(one)
    region.bits.set(place)
    await asyncio.sleep(DAY / 4)
    one.asked.clear()
    return city, utility, region, place


def message(city: Node, utility: Node, move: str) -> Outgoing:
    """Something for the utility."""
    return Outgoing(
        id=f"urn:uuid:1#{move}",
        peer=utility.did,
        process="negotiation",
        pid="urn:uuid:1",
        move=move,
        kind="ContractRequestMessage",
        url=f"{utility.base}/negotiations/urn:uuid:2/{move}",
        body=b"{}",
        created=city.clock.now(),
    )


async def send(city: Node, item: Outgoing) -> None:
    await city.store.write(lambda tx: tx.put(item))
    city.outbox.add([item])


def test_what_a_person_begins_with_somebody_who_was_revoked_is_refused_at_once(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _, _ = await refused(one)
        for begun in (
            city.discovery.catalog(utility.did),
            city.discovery.dataset(utility.did, "x"),
            city.negotiations.request("mayor", utility.did, "x", {}),
            city.negotiations.offer("mayor", utility.did, "x"),
            city.probes.ask(utility.did),
        ):
            with pytest.raises(DeliveryError, match=r"trust\.revoked"):
                await begun
        assert one.count(f"POST {SAID}") == 0
        assert await city.store.read(lambda view: view.select(Outgoing)) == []

    world(tmp_path, act)


def test_messages_for_somebody_who_was_revoked_wait_say_why_and_go_out_by_themselves(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region, place = await refused(one)
        await send(city, message(city, utility, "request"))
        await asyncio.sleep(600)
        assert one.count(f"POST {SAID}dsp") == 0
        [waiting] = city.outbox.standing()
        assert waiting.reason is not None
        assert (waiting.reason.code, waiting.waiting) == ("trust.revoked", 1)
        region.bits.clear(place)
        await asyncio.sleep(400)
        assert one.count(f"POST {SAID}dsp") >= 1

    world(tmp_path, act)


def test_an_end_is_owed_also_to_somebody_who_was_revoked(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _, _ = await refused(one)
        await send(city, message(city, utility, "terminate"))
        await asyncio.sleep(5)
        assert one.count(f"POST {SAID}dsp/2025-1/negotiations/urn:uuid:2/terminate") >= 1

    world(tmp_path, act)


def test_to_somebody_whose_region_is_believed_no_more_nothing_is_said(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region, _ = await met(one)
        await one.disbelieve(city, region)
        await asyncio.sleep(1)
        with pytest.raises(DeliveryError, match=r"trust\.issuer_unknown"):
            await city.discovery.catalog(utility.did)
        await one.believe(city, region)
        await asyncio.sleep(20)
        await city.discovery.catalog(utility.did)

    world(tmp_path, act)


def test_a_verdict_that_has_only_lapsed_is_renewed_before_anything_is_said(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _, _ = await met(one)
        await asyncio.sleep(DAY / 2)
        assert await reason(city, utility) == "trust.lapsed"
        await city.discovery.catalog(utility.did)
        assert await reason(city, utility) == ""

    world(tmp_path, act)


def test_two_whose_credentials_have_run_out_while_both_were_silent_meet_again(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        for who in (city, utility):
            await one.join(who, region, days=0.1)
        assert (await ask(one, utility, city)).status == 200
        await asyncio.sleep(DAY / 4)
        for who in (city, utility):
            await one.join(who, region)
        assert await reason(city, utility) != ""
        await city.discovery.catalog(utility.did)
        assert await reason(city, utility) == ""

    world(tmp_path, act)
