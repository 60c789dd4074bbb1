"""Portals that are made to do harm to who harvests them, or looks whether their addresses answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from catalog.portal import turtle
from connector.errors import InputError
from connector.ports import Transaction
from connector.records import Asset, Harvest, Portrait
from connector.services import harvesting, harvests
from connector.services.broken import Addresses
from tests.catalog.repair.records import graph, link, node
from tests.connector.services.seen import Clock
from tests.connector.services.test_broken import Web
from tests.connector.services.test_harvests import URL, Answer, Node, ckan, here, many, worker

__all__ = ["here", "worker"]
TURTLE = {"content-type": "text/turtle"}


@pytest.mark.parametrize(
    "to",
    [
        "http://[",
        "//[x",
        "http://portal.example:8080/admin",
        "http://portal.example:22/",
        "http://portal.example:99999/",
        "http://portal.example:x/",
        "http://portal.example@10.0.0.1/",
        "file:///etc/passwd",
        "ftp://portal.example/",
    ],
)
async def test_it_leads_to_nothing_but_its_own_pages(here: Node, to: str) -> None:
    """Nor does a place that is none keep other portals from being asked."""
    await here.add()
    here.portal.shows(many(1, 2))
    await here.run()
    leads = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=[{"@value": to}]))
    here.portal.answer = lambda url, headers: Answer(200, turtle.write(leads), TURTLE)
    here.portal.asked.clear()
    done = await here.run()
    assert done.reason is not None and done.reason.code == "harvest.elsewhere"
    assert here.portal.asked == [URL]
    assert len(await here.assets()) == 2


async def test_more_and_more_pages_that_are_all_large(here: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is what all of them hold."""
    monkeypatch.setattr(harvesting, "MOST_TOLD", 20_000)
    await here.add()
    page = {"at": 0}

    def answer(url: str, headers: Mapping[str, str]) -> Answer:
        page["at"] += 1
        assert page["at"] < 50
        following = [link(f"{URL}?page={page['at']}")]
        said = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=following))
        return Answer(200, turtle.write(said) + b"# " + bytes(2_000).replace(b"\0", b"x"), TURTLE)

    here.portal.answer = answer
    done = await here.run()
    assert done.reason is not None and done.reason.code == "harvest.large"
    assert done.retired == 0


async def test_the_same_of_ckan(here: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harvesting, "MOST_TOLD", 20_000)
    await here.add("ckan", "https://ckan.example/api/3/action/package_search")
    asked = iter(range(200))
    here.portal.answer = lambda url, headers: Answer(200, ckan(next(asked), total=1_000), {})
    done = await here.run()
    assert done.reason is not None and done.reason.code == "harvest.large"
    assert await here.assets() == []


async def test_a_portal_that_never_comes_to_an_end_holds_up_no_other(
    here: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvests, "PATIENT", 0.0)
    slow, other = "https://slow.example/", "https://portal.example/other.ttl"
    for name, url in (("a-slow", slow), ("b-other", other)):
        await here.harvests.add("anna", Harvest(id=name, kind="dcat", url=url, created=0, created_by=""))
    opened = here.portal.open
    here.portal.answer = lambda url, headers: Answer(200, turtle.write(many(1)), TURTLE)
    never, done = asyncio.Event(), asyncio.Event()

    async def slowly(url: str, **more: Any) -> Answer:
        if url == slow:
            await never.wait()
        done.set()
        return await opened(url, **more)

    monkeypatch.setattr(here.portal, "open", slowly)
    async with asyncio.timeout(20):
        await here.harvests.look()
        await done.wait()
        while len(await here.assets()) < 1:
            await asyncio.sleep(0)
        # Closing the node does not wait for it either.
        await here.harvests.close()
    asked = {one.id: one.asked for one in await here.harvests.select()}
    assert asked["a-slow"] is None


async def test_nobody_takes_over_what_came_from_elsewhere(here: Node) -> None:
    """The last part of a name is short enough to be found by trying."""
    await here.add()
    here.portal.shows(many(1))
    await here.run()
    (before,) = await here.assets()
    portrait = await here.store.read(lambda view: view.get(Portrait, before.id))
    assert portrait is not None
    # As if it had come from another portal, or had been told of by a person.
    for moved, asset in (
        (replace(portrait, source="anderes https://portal.example/d/1"), before),
        (replace(portrait, source=""), replace(before, kind="file", settings={"path": "/own"})),
    ):

        def act(tx: Transaction, moved: Portrait = moved, asset: Asset = asset) -> None:
            tx.put(moved)
            tx.put(asset)

        await here.store.write(act)
        done = await here.run()
        assert [one.did for one in done.kept] == ["refused"]
        assert done.kept[0].reason is not None and done.kept[0].reason.code == "import.taken"
        assert await here.assets() == [asset]
        assert await here.store.read(lambda view: view.get(Portrait, before.id)) == moved


@pytest.mark.parametrize("url", ["http://[", "http://a\u2100b/", "javascript:x", "https://u:p@portal.example/"])
async def test_what_is_no_portal_is_said_to_be_none(here: Node, url: str) -> None:
    with pytest.raises(InputError) as caught:
        await here.harvests.add("anna", Harvest(id="x", kind="dcat", url=url, created=0, created_by=""))
    assert caught.value.reason.code == "harvest.url"


@pytest.mark.parametrize("bad", ["http://[", "//[x", "http://[::1"])
async def test_an_address_that_is_none_stops_no_round(bad: str) -> None:
    """Neither one that is told of nor one that an answer leads to."""
    good, leads = "https://good.example/a", "https://leads.example/b"
    web = Web({good: 200, leads: (302, {"location": bad})})
    addresses = Addresses(peer=web, clock=Clock())  # type: ignore[arg-type]
    await addresses.look([bad, leads, good])
    found, lost = addresses.of(good), addresses.of(leads)
    assert found is not None and found.good is True
    assert lost is not None and lost.why is not None
    assert addresses.of(bad) is None
