"""Whom a node believes: what is looked at and compared, for what, on whose word, until when."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from certs.words import fingerprint
from connector.errors import DeliveryError, InputError, NodeError, UnknownError
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Reply
from connector.records import Region
from connector.services.trust.places import place, root_of
from connector.services.trust.regions import Belief, short_name
from connector.services.trust.vouched import REFRESH_SECONDS, anchors
from tests.connector.services.trust.regional import Regional, events, kept, regional, url


async def refused(asked: Any) -> str:
    with pytest.raises(NodeError) as caught:
        await asked
    return caught.value.reason.code


async def believed(who: Node) -> dict[str, Region]:
    return {one.name: one for one in await who.trust.services.regions.select()}


def test_a_region_is_looked_at_without_being_kept(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        await here.join(await here.world.node("nord"), region)
        for given in (url("region"), url("region") + "/", region.did):
            seen = await town.trust.services.regions.look(given)
            assert (seen.did, seen.title, seen.url) == (region.did, "Region Elbland", url("region"))
        assert seen.words == (await kept(region).overview.look()).words
        assert seen.words != region.document.words()
        assert [one.title for one in seen.members] == ["nord"]
        assert await believed(town) == {}

    regional(tmp_path, act)


def test_what_is_no_region_is_refused(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        town, plain = await here.world.node("town"), await here.world.node("plain")
        look = town.trust.services.regions.look
        assert await refused(look("nonsense")) == "region.place"
        assert await refused(look("did:key:z6Mk")) == "region.place"
        assert await refused(look(plain.config.public_url)) == "region.none"
        with pytest.raises(DeliveryError):
            await look("https://nobody.example")

    regional(tmp_path, act)


def test_only_the_words_of_the_region_make_it_believed(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        regions, words = town.trust.services.regions, (await kept(region).overview.look()).words

        async def add(name: str = "", told: str | None = words, **belief: Any) -> Region:
            return await regions.add("admin", url("region"), name, words=told, belief=Belief(**belief))

        assert await refused(add(told=fingerprint(["x"]))) == "region.words"
        assert await refused(add(told="one two")) == "peer.words_form"
        assert await refused(add("No Name")) == "region.name"
        assert await refused(add(types=("no type",))) == "region.types"
        assert await refused(add(scopes=("everything",))) == "region.scopes"
        assert await refused(add(scopes=())) == "region.scopes"
        assert await believed(town) == {}
        added = await add(told=words.replace("-", " ").upper())
        assert (added.name, added.vouched_by, added.own) == ("region-elbland", "", False)
        changed = await add("elbe", scopes=("catalog",), vouches=True)
        assert (changed.name, changed.scopes, changed.vouches, changed.added) == (
            *("elbe", ("catalog",), True),
            added.added,
        )
        assert list(await believed(town)) == ["elbe"]
        assert (await events(town)).count("trust.added") == 2

    regional(tmp_path, act)


def test_two_regions_stand_side_by_side_and_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        one, other = await here.region("one", "Region Elbe"), await here.region("other", "Region Elbe")
        town = await here.world.node("town")
        await here.believe(town, one)
        await here.believe(town, other)
        assert set(await believed(town)) == {"region-elbe", "region-elbe-2"}
        again = town.trust.services.regions.add("admin", url("other"), "region-elbe", words=None, belief=Belief())
        assert await refused(again) == "region.name_taken"
        await town.trust.services.regions.remove("admin", "region-elbe")
        assert {one.id for one in (await believed(town)).values()} == {other.did}
        with pytest.raises(UnknownError):
            await town.trust.services.regions.remove("admin", "region-elbe")

    regional(tmp_path, act)


def test_other_keys_do_not_take_the_place_of_those_that_were_compared(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        await here.believe(town, region)
        known = (await believed(town))["region-elbland"]
        other = {key: {**value, "x": "0" * 43} for key, value in known.keys.items()}
        await town.store.write(
            lambda tx: tx.put(Region(**{**_fields(known), "keys": other, "words": fingerprint(["x"])}))
        )
        again = town.trust.services.regions.add("admin", url("region"), "", words=None, belief=Belief())
        assert await refused(again) == "region.keys_changed"

    regional(tmp_path, act)


def _fields(one: Region) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


# --- on another's word ------------------------------------------------------------------------------------------------


class Border:
    """Elbland vouches for Heide; a town believes Elbland, also about others."""

    def __init__(self, here: Regional) -> None:
        self.here = here

    async def open(self) -> Border:
        self.elbland = await self.here.region("elbland", "Region Elbland")
        self.heide = await self.here.region("heide", "Region Heide")
        self.town = await self.here.world.node("town")
        return self

    async def vouch(self, **more: Any) -> None:
        words = (await kept(self.heide).overview.look()).words
        belief = Belief(**{name: more.pop(name) for name in ("types", "scopes") if name in more})
        await kept(self.elbland).vouching.vouch(
            "admin", url("heide"), words=words, belief=belief, days=more.pop("days", 90.0)
        )

    async def heard(self) -> Region | None:
        return (await believed(self.town)).get("region-heide")


def test_a_region_that_another_vouches_for_is_believed_and_so_are_its_members(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        nord = await here.world.node("nord")
        await here.join(nord, border.heide)
        await here.join(border.town, border.elbland)
        await here.believe(nord, border.elbland)
        await border.vouch()
        await here.believe(border.town, border.elbland, vouches=True)
        found = await border.heard()
        assert found is not None
        assert (found.vouched_by, found.until is not None) == (border.elbland.did, True)
        added = await border.town.peers.add("admin", url("nord"), "nord", pin=False)
        assert added.vouch is not None
        assert added.vouch.region == border.heide.did
        told = await border.town.trust.services.explaining.explain("nord")
        assert "trust.voucher" in [link.code for link in told.links]

    regional(tmp_path, act)


def test_without_being_asked_about_others_a_regions_word_is_not_heard(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch()
        await here.believe(border.town, border.elbland)
        assert await border.heard() is None

    regional(tmp_path, act)


def test_a_word_that_is_taken_back_ends_with_the_next_look(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch()
        await here.believe(border.town, border.elbland, vouches=True)
        await kept(border.elbland).vouching.withdraw("admin", url("heide"))
        assert await border.heard() is not None
        await asyncio.sleep(REFRESH_SECONDS + 1)
        assert await border.heard() is None
        assert "trust.vouch_ended" in await events(border.town)
        assert await refused(kept(border.elbland).vouching.withdraw("admin", url("heide"))) == "vouch.unknown"

    regional(tmp_path, act)


@pytest.mark.parametrize("proxy", [False, True], ids=["away", "behind a proxy that answers for it"])
def test_while_the_voucher_is_away_its_word_stands_until_it_ends(tmp_path: Path, proxy: bool) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch(days=1 / 24)
        await here.believe(border.town, border.elbland, vouches=True)

        async def unavailable(request: Request) -> Reply:
            return Reply(503, b"")

        if proxy:
            here.world.stations["elbland.example"] = unavailable
        else:
            here.world.away.add("elbland.example")

        async def stands() -> bool:
            now = border.town.clock.now()
            return border.heide.did in await border.town.store.read(lambda view: anchors(view, now))

        await asyncio.sleep(2_000)
        assert await stands()
        await asyncio.sleep(2_000)
        assert not await stands()

    regional(tmp_path, act)


def test_no_more_is_believed_on_a_word_than_of_the_one_who_gives_it(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch(types=("MembershipCredential", "MinisterCredential"))
        await here.believe(border.town, border.elbland, vouches=True, scopes=("catalog",))
        found = await border.heard()
        assert found is not None
        assert (found.types, found.scopes) == (("MembershipCredential",), ("catalog",))

    regional(tmp_path, act)


def test_a_word_is_not_handed_on_twice(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        third = await here.region("third", "Region Drittland")
        await border.vouch()
        await kept(border.heide).vouching.vouch("admin", url("third"), words=None, belief=Belief(), days=9.0)
        await here.believe(border.town, border.elbland, vouches=True)
        await border.town.trust.services.vouched.refresh()
        assert set(await believed(border.town)) == {"region-elbland", "region-heide"}
        assert third.did not in [one.id for one in (await believed(border.town)).values()]

    regional(tmp_path, act)


def test_what_an_operator_has_decided_stands_and_goes_with_nobody(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch()
        await here.believe(border.town, border.heide, scopes=("catalog",))
        await here.believe(border.town, border.elbland, vouches=True)
        found = await border.heard()
        assert found is not None
        assert (found.vouched_by, found.scopes) == ("", ("catalog",))
        await border.town.trust.services.regions.remove("admin", "region-elbland")
        assert await border.heard() is not None

    regional(tmp_path, act)


def test_who_is_not_believed_any_more_takes_those_along_that_hang_on_its_word(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        await border.vouch()
        await here.believe(border.town, border.elbland, vouches=True)
        await border.town.trust.services.regions.remove("admin", border.elbland.did)
        assert await believed(border.town) == {}

    regional(tmp_path, act)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"given": url("elbland")}, "vouch.self"),
        ({"days": 0.0}, "invite.days"),
        ({"words": fingerprint(["x"])}, "region.words"),
        ({"belief": Belief(scopes=("all",))}, "region.scopes"),
    ],
)
def test_a_word_that_makes_no_sense_is_not_given(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    async def act(here: Regional) -> None:
        border = await Border(here).open()
        said = {"given": url("heide"), "words": None, "belief": Belief(), "days": 9.0, **change}
        with pytest.raises(InputError) as caught:
            await kept(border.elbland).vouching.vouch("admin", said.pop("given"), **said)
        assert caught.value.reason.code == code
        assert await kept(border.elbland).vouching.select() == []

    regional(tmp_path, act)


# --- names and places -------------------------------------------------------------------------------------------------


def test_where_the_node_of_a_did_is() -> None:
    assert root_of("did:web:town.example:data") == "https://town.example/data"
    assert root_of("did:web:127.0.0.1%3A8180") == "http://127.0.0.1:8180"
    assert root_of("did:web:localhost%3A8180") == "http://localhost:8180"
    assert place("https://Town.example/") == ("did:web:town.example", "https://town.example")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Region Elbland", "region-elbland"),
        ("Größe & Süd", "groesse-sued"),
        ("", "r-example-8180"),
        ("x" * 80, "x" * 56),
    ],
)
def test_a_short_name_is_a_dns_label(title: str, name: str) -> None:
    assert short_name(title, "https://r.example:8180") == name
