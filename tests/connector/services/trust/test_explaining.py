"""Why a party is or is not trusted: every way in which a node can know somebody, and what it says of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from connector.errors import InputError, NodeError
from connector.node import Node
from connector.records import Participant
from connector.services.trust.explaining import Explained
from policies.model import Reason
from tests.connector.services.trust.regional import Regional, kept, regional, url


def codes(one: Explained, *, ok: bool = True) -> list[str]:
    return [link.code for link in one.links if link.ok is ok]


async def explain(who: Node, party: str, *, now: bool = False) -> Explained:
    return await who.trust.services.explaining.explain(party, now=now)


class Pair:
    """Two members of one region, of which `nord` has added `sued`."""

    def __init__(self, here: Regional) -> None:
        self.here = here

    async def open(self, *, pin: bool = False) -> Pair:
        self.region = await self.here.region("region", "Region Elbland")
        self.nord, self.sued = await self.here.world.node("nord"), await self.here.world.node("sued")
        for one in (self.nord, self.sued):
            await self.here.join(one, self.region)
        await self.nord.peers.add("admin", url("sued"), "sued", pin=pin)
        return self

    async def change(self, **change: object) -> None:
        known = await self.nord.peers.get("sued")
        await self.nord.store.write(lambda tx: tx.put(replace(known, **change)))


def test_a_member_is_trusted_link_by_link(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open()
        for party in ("sued", pair.sued.did, url("sued")):
            told = await explain(pair.nord, party)
            assert (told.trusted, told.how, told.name, told.region) == (True, "vouched", "sued", "region-elbland")
        assert codes(told, ok=False) == []
        for code in ("issuer", "type", "holder", "proof", "period", "status", "membership"):
            assert f"trust.{code}" in codes(told)
        assert told.until is not None
        assert told.until > pair.nord.clock.now()

    regional(tmp_path, act)


def test_asked_now_it_says_whether_the_party_answers(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open()
        assert "trust.live" in codes(await explain(pair.nord, "sued", now=True))
        here.world.away.add("sued.example")
        told = await explain(pair.nord, url("stranger"), now=True)
        assert codes(told, ok=False)[:2] == ["trust.stranger", "trust.live_failed"]

    regional(tmp_path, act)


def test_pinned_is_pinned_also_without_a_region(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open(pin=True)
        told = await explain(pair.nord, "sued")
        assert (told.trusted, told.how) == (True, "pinned")
        assert codes(told)[0] == "trust.pinned"

    regional(tmp_path, act)


@pytest.mark.parametrize("pin", [True, False])
def test_other_keys_that_nobody_vouches_for_outweigh_everything(tmp_path: Path, pin: bool) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open(pin=pin)
        await pair.change(changed=Reason("peer.keys_changed", {"name": "sued"}))
        told = await explain(pair.nord, "sued")
        assert not told.trusted
        assert "peer.keys_changed" in codes(told, ok=False)

    regional(tmp_path, act)


def test_who_was_taken_back_is_told_as_such(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open()
        await kept(pair.region).members.leave("admin", pair.sued.did)
        told = await explain(pair.nord, "sued", now=True)
        assert not told.trusted
        assert "trust.revoked" in codes(told, ok=False)

    regional(tmp_path, act)


def test_without_its_region_a_member_is_a_stranger_with_papers(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open()
        await pair.nord.trust.services.regions.remove("admin", "region-elbland")
        told = await explain(pair.nord, "sued")
        assert not told.trusted
        assert "trust.issuer_unknown" in codes(told, ok=False)

    regional(tmp_path, act)


def test_a_stranger_that_was_refused_is_told_with_the_reason(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        pair = await Pair(here).open()
        other, town = await here.region("other", "Region Heide"), await here.world.node("town")
        await here.join(town, other)
        await town.peers.add("admin", url("nord"), "nord")
        assert codes(await explain(pair.nord, town.did), ok=False) == ["trust.stranger"]
        with pytest.raises(NodeError) as caught:
            await town.discovery.catalog(pair.nord.did)
        assert caught.value.reason.params["said"] == "trust.issuer_unknown"
        told = await explain(pair.nord, town.did)
        assert codes(told, ok=False) == ["trust.refused_stranger", "trust.issuer_unknown"]
        assert await pair.nord.store.read(lambda view: view.get(Participant, town.did)) is None

    regional(tmp_path, act)


def test_ourselves_and_what_can_be_nobody(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        town = await here.world.node("town")
        assert (await explain(town, town.did)).how == "self"
        for wrong in ("nobody", "did:key:z6Mk", "ftp://x.example"):
            with pytest.raises(InputError) as caught:
                await explain(town, wrong)
            assert caught.value.reason.code == "trust.party"

    regional(tmp_path, act)
