"""What is shown to everybody: at which time, in which state, and what is made of it when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from catalog.portal.metadata import read
from connector.node import Node
from connector.ports import Transaction
from connector.records import Asset, Listing
from connector.services import portal as portals
from connector.services.listings import TURN
from connector.services.portal import Portal
from tests.connector.http.nodes import ROOT, a_node, publish

NAMES = ("ash", "birch", "cedar")


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        for name in NAMES:
            await publish(made, name, purposes=())
        yield made


async def say(city: Node, name: str, title: str) -> None:
    def act(tx: Transaction) -> None:
        asset = tx.get(Asset, f"{ROOT}/datasets/{name}")
        assert asset is not None
        tx.put(replace(asset, title=title))

    await city.store.write(act)


async def titles(portal: Portal, id: str) -> list[str]:
    """What the datasets of a state are called."""
    found = await portal.harvested(id)
    assert found is not None
    made = await portal.made(found.datasets)
    assert made is not None
    return [read(one.graph, one.id).title[""] for one in made]


async def test_what_nobody_had_asked_for_is_still_shown_as_it_was(city: Node) -> None:
    portal = city.catalogs.portal
    first = await portal.harvested()
    assert first is not None
    await say(city, "ash", "Esche")
    await say(city, "ash", "Eschen")
    second = await portal.harvested()
    assert second is not None
    await say(city, "birch", "Birke")
    assert await titles(portal, first.id) == ["ash", "birch", "cedar"]
    assert await titles(portal, second.id) == ["Eschen", "birch", "cedar"]
    assert await titles(portal, "") == ["Eschen", "Birke", "cedar"]


async def test_what_is_kept_no_longer_is_said_to_be_gone(city: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = city.catalogs.portal
    first = await portal.harvested()
    assert first is not None
    await say(city, "ash", "Esche")
    portal._overtaken.clear()
    assert await portal.made(first.datasets) is None
    assert await portal.made(first.datasets[1:]) is not None


async def test_nothing_is_kept_of_what_nobody_reads(city: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, now = city.catalogs.portal, city.clock.now()
    await say(city, "ash", "Esche")
    assert portal._overtaken.bytes == 0
    first = await portal.harvested()
    assert first is not None
    monkeypatch.setattr(city.clock, "now", lambda: now + 2 * portals.IDLE)
    await say(city, "ash", "Eschen")
    assert portal._overtaken.bytes == 0
    assert await portal.harvested(first.id) is None


async def test_only_so_many_states_are_kept(city: Node) -> None:
    portal, seen = city.catalogs.portal, []
    for number in range(portals.KEPT + 2):
        await say(city, "ash", f"Esche {number}")
        state = await portal.harvested()
        assert state is not None
        seen.append(state.id)
        assert await portal.harvested(seen[0]) is not None
    assert [id for id in seen if await portal.harvested(id) is None] == seen[1:3]


async def test_nothing_is_made_that_nobody_asks_for(city: Node) -> None:
    portal = city.catalogs.portal
    assert len((await portal.latest()).datasets) == len(NAMES)
    assert portal._made.bytes == 0
    await portal.dataset("ash")
    one = portal._made.bytes
    assert one > 0
    await portal.of(f"{ROOT}/datasets/{name}" for name in NAMES)
    assert portal._made.bytes > 2 * one


async def test_an_offer_that_is_over_is_shown_to_nobody(city: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(city, "fir", purposes=(), until="2090-01-01")
    portal = city.catalogs.portal
    before = await portal.latest()
    assert [one.name for one in before.datasets] == ["ash", "birch", "cedar", "fir"]
    end = next(one.until for one in before.datasets if one.name == "fir")
    assert end is not None
    monkeypatch.setattr(city.clock, "now", lambda: end - 1)
    assert await portal.latest() is before
    monkeypatch.setattr(city.clock, "now", lambda: end)
    assert [one.name for one in (await portal.latest()).datasets] == ["ash", "birch", "cedar"]
    listing = await city.store.read(lambda view: view.get(Listing, f"{ROOT}/datasets/fir "))
    assert listing is not None
    assert not listing.digest


async def test_a_change_that_is_given_up_is_never_seen(city: Node) -> None:
    portal = city.catalogs.portal
    before = await portal.latest()

    def fails(tx: Transaction) -> None:
        asset = tx.get(Asset, f"{ROOT}/datasets/ash")
        assert asset is not None
        tx.put(replace(asset, title="no"))
        city.catalogs.listings.refresh(tx, asset.id)
        raise ValueError

    with pytest.raises(ValueError, match=""):
        await city.store.write(fails)
    assert await portal.latest() is before
    assert await titles(portal, "") == list(NAMES)


async def test_what_is_looked_at_once_is_what_is_followed(city: Node) -> None:
    """A state has one name, whether it was followed or found at a start."""
    followed = city.catalogs.portal
    await followed.latest()
    await say(city, "cedar", "Zeder")
    await publish(city, "aspen", purposes=())
    found = Portal(
        store=city.store,
        clock=city.clock,
        listings=city.catalogs.listings,
        house=city.catalogs.house,
        public_url=ROOT,
        base=city.base,
    )
    state, other = await found.latest(), await followed.latest()
    assert (state.datasets, state.changed) == (other.datasets, other.changed)


async def test_all_that_ends_at_once_is_gone_after_one_look(city: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"set{at:02d}" for at in range(TURN + 5)]
    for name in names:
        await publish(city, name, purposes=(), until="2090-01-01")
    end = (await city.catalogs.portal.ref(names[0])).until
    assert end is not None
    monkeypatch.setattr(city.clock, "now", lambda: end)
    await city.catalogs.listings.look()
    assert await city.store.read(lambda view: view.ended_listings(end, 1)) == []
    assert [one.name for one in (await city.catalogs.portal.latest()).datasets] == list(NAMES)
