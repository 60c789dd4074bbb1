"""Covers `connector/services/harvests.py` and `harvesting.py`: what a portal's answers do to this node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import pytest_asyncio

from catalog.graph import Graph
from catalog.portal import turtle
from catalog.rdf.worker import Worker
from connector.errors import DeliveryError, InputError, UnknownError
from connector.records import Asset, Harvest, Outside, Portrait, PublishedOffer
from connector.services.harvesting import Harvesting
from connector.services.harvests import Done, Harvests, graph_of
from connector.services.offers import Offers
from connector.store.sqlite import SqliteStore
from tests.catalog.repair.records import graph, link, node, text
from tests.connector.services.seen import Clock

ROOT = "https://knoten.example"
URL = "https://portal.example/catalog.ttl"


class Ids:
    def __init__(self) -> None:
        self.count = 0

    def pid(self) -> str:
        self.count += 1
        return f"urn:uuid:00000000-0000-7000-8000-{self.count:012d}"

    def token(self) -> str:
        return "t"


class Answer:
    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status, self.headers, self._body = status, headers, body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def close(self) -> None:
        """Nothing is held."""


class Portal:
    """Answers by a function; remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[str, Mapping[str, str]], Answer] = lambda url, headers: Answer(404, b"", {})
        self.asked: list[str] = []

    async def open(self, url: str, *, headers: Mapping[str, str], **more: Any) -> Answer:
        self.asked.append(url)
        return self.answer(url, headers)

    def shows(self, *pages: Graph, etag: str = "") -> None:
        """Pages of Turtle that lead to each other."""

        def answer(url: str, headers: Mapping[str, str]) -> Answer:
            if etag and headers.get("If-None-Match") == etag:
                return Answer(304, b"", {})
            number = int((parse_qs(urlsplit(url).query).get("page") or ["1"])[0])
            page = dict(pages[number - 1])
            if number < len(pages):
                following = [link(f"{URL}?page={number + 1}")]
                page |= graph(node(f"{URL}#page", "hydra:PagedCollection", hydra__nextPage=following))
            return Answer(200, turtle.write(page), {"Content-Type": "text/turtle"} | ({"ETag": etag} if etag else {}))

        self.answer = answer


def record(number: int, title: str = "") -> Graph:
    id = f"https://portal.example/d/{number}"
    return graph(
        node(
            id,
            "dcat:Dataset",
            dct__title=[text(title or f"Datensatz {number}")],
            dct__description=[text("Etwas.")],
            dct__publisher=[text("Stadt")],
            dcat__distribution=[link(f"{id}/f")],
        ),
        node(
            f"{id}/f",
            "dcat:Distribution",
            dcat__downloadURL=[text(f"https://portal.example/f/{number}.csv")],
            dcat__mediaType=[text("text/csv")],
            dct__license=[text("cc-zero")],
        ),
    )


def many(*numbers: int) -> Graph:
    return {id: one for number in numbers for id, one in record(number).items()}


class Node:
    def __init__(self, folder: Path, worker: Worker) -> None:
        self.clock, self.portal = Clock(), Portal()
        self.store = SqliteStore.open(
            folder / "state.db", clock=self.clock, sign_head=lambda size, root, at: "head", threaded=False
        )
        self.offers = Offers(
            store=self.store,
            clock=self.clock,
            ids=Ids(),
            public_url=ROOT,
            check=lambda kind, settings: [],
        )
        self.harvests = Harvests(
            store=self.store,
            clock=self.clock,
            offers=self.offers,
            harvesting=Harvesting(peer=self.portal, clock=self.clock, worker=lambda: worker),  # type: ignore[arg-type]
            public_url=ROOT,
            check=lambda kind, settings: [] if "verboten" not in settings["url"] else ["url: not this one"],
        )

    async def add(self, kind: str = "dcat", url: str = URL, **settings: Any) -> None:
        made = Harvest(id="land", kind=kind, url=url, settings=settings, created=0, created_by="")
        await self.harvests.add("anna", made)

    async def run(self, *, vanished: bool = False) -> Done:
        return await self.harvests.run("anna", "land", vanished=vanished)

    async def assets(self) -> list[Asset]:
        return await self.store.read(lambda view: view.select(Asset))

    async def kept(self) -> Harvest:
        (one,) = await self.harvests.select()
        return one

    async def offered(self, asset: str) -> str:
        """Publish one; its offer."""
        offer = PublishedOffer(
            id="urn:uuid:1",
            asset=asset,
            policy="p@1",
            outside=Outside.REFUSE,
            document={},
            published=0,
            published_by="a",
        )
        await self.store.write(lambda tx: tx.put(offer))
        return offer.id


@pytest.fixture(scope="module")
def worker() -> Any:
    made = Worker.of_portals()
    yield made
    made.close()


@pytest_asyncio.fixture
async def here(tmp_path: Path, worker: Worker) -> AsyncIterator[Node]:
    made = Node(tmp_path, worker)
    yield made
    await made.store.close()


def did(done: Done) -> list[str]:
    return [one.did for one in done.kept]


async def test_records_become_assets_with_what_is_said_of_them(here: Node) -> None:
    await here.add()
    here.portal.shows(many(1, 2), many(3))
    done = await here.run()
    assert did(done) == ["added"] * 3 and done.reason is None
    assert len(here.portal.asked) == 2
    one = next(one for one in await here.assets() if one.title == "Datensatz 1")
    assert (one.kind, one.settings, one.media_type) == ("proxy", {"url": "https://portal.example/f/1.csv"}, "text/csv")
    portrait = await here.store.read(lambda view: view.get(Portrait, one.id))
    assert portrait is not None and portrait.source == "land https://portal.example/d/1"
    said = {each["@id"]: each for each in portrait.nodes}
    assert text("https://portal.example/d/1") in said[one.id]["dct:identifier"]
    assert (await here.kept()).datasets == 3


async def test_what_is_the_same_is_not_written_again_and_what_changed_is(here: Node) -> None:
    await here.add()
    here.portal.shows(many(1, 2))
    await here.run()
    before = {one.id: one for one in await here.assets()}
    here.portal.shows({**many(1), **record(2, "Neu benannt")})
    assert sorted(did(await here.run())) == ["changed", "same"]
    after = {one.id: one for one in await here.assets()}
    assert after.keys() == before.keys(), "a new title makes no new asset"


async def test_a_portal_that_says_that_nothing_changed(here: Node) -> None:
    await here.add()
    here.portal.shows(many(1), etag='"a"')
    await here.run()
    assert (await here.run()).unchanged
    assert len(here.portal.asked) == 2 and len(await here.assets()) == 1


async def test_what_is_gone_from_a_whole_answer_goes_and_what_was_offered_is_offered_no_more(here: Node) -> None:
    await here.add()
    here.portal.shows(many(1, 2, 3))
    await here.run()
    named = {one.title: one.id for one in await here.assets()}
    offer = await here.offered(named["Datensatz 2"])
    here.portal.shows(many(1))
    assert (await here.run()).retired == 2
    assert sorted(one.title for one in await here.assets()) == ["Datensatz 1", "Datensatz 2"], "contracts may go on"
    retired = await here.store.read(lambda view: view.get(PublishedOffer, offer))
    assert retired is not None and not retired.live


def broken(here: Node) -> list[tuple[str, Callable[[], None]]]:
    def fails(url: str, headers: Mapping[str, str]) -> Answer:
        raise DeliveryError("peer.timeout")

    def second(url: str, headers: Mapping[str, str]) -> Answer:
        page = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=[link(f"{URL}?page=2")]))
        return (
            Answer(500, b"", {})
            if "page=2" in url
            else Answer(200, turtle.write(page), {"content-type": "text/turtle"})
        )

    def circle(url: str, headers: Mapping[str, str]) -> Answer:
        page = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=[link(URL)]))
        return Answer(200, turtle.write(page), {"content-type": "text/turtle"})

    def elsewhere(url: str, headers: Mapping[str, str]) -> Answer:
        page = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=[link("http://10.0.0.1/x")]))
        return Answer(200, turtle.write(page), {"content-type": "text/turtle"})

    def says(answer: Callable[[str, Mapping[str, str]], Answer]) -> Callable[[], None]:
        return lambda: setattr(here.portal, "answer", answer)

    return [
        ("harvest.unreachable", says(fails)),
        ("harvest.status", says(second)),
        ("harvest.status", says(lambda url, headers: Answer(503, b"", {}))),
        ("harvest.loop", says(circle)),
        ("harvest.elsewhere", says(elsewhere)),
        (
            "harvest.elsewhere",
            says(lambda url, headers: Answer(301, b"", {"Location": "https://10.0.0.1/catalog.ttl"})),
        ),
        ("harvest.elsewhere", says(lambda url, headers: Answer(301, b"", {"Location": "http://portal.example/plain"}))),
        ("harvest.loop", says(lambda url, headers: Answer(302, b"", {"Location": url}))),
        ("harvest.form", says(lambda url, headers: Answer(200, b"<html>broken", {"content-type": "text/turtle"}))),
        ("harvest.empty", says(lambda url, headers: Answer(200, b"", {"content-type": "text/turtle"}))),
    ]


@pytest.mark.parametrize("case", range(10))
async def test_a_broken_portal_takes_nothing_away(here: Node, case: int) -> None:
    await here.add()
    here.portal.shows(many(1, 2, 3))
    await here.run()
    code, breaks = broken(here)[case]
    breaks()
    done = await here.run()
    assert done.reason is not None and done.reason.code == code
    assert done.retired == 0 and len(await here.assets()) == 3
    kept = await here.kept()
    assert (kept.reason, kept.datasets) == (code, 3)
    here.portal.shows(many(1, 2, 3))
    await here.run()
    assert (await here.kept()).reason == ""


async def test_so_much_goes_only_when_a_person_says_so(here: Node) -> None:
    await here.add()
    here.portal.shows(many(*range(10)))
    await here.run()
    here.portal.shows(many(0))
    done = await here.run()
    assert done.reason is not None and done.reason.code == "harvest.shrunk" and len(await here.assets()) == 10
    assert (await here.run(vanished=True)).retired == 9
    assert len(await here.assets()) == 1


def ckan(*numbers: int, total: int | None = None) -> bytes:
    packages = [
        {
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "name": f"d-{number}",
            "title": f"Datensatz {number}",
            "notes": "Etwas.",
            "license_id": "dl-de-by-2.0",
            "organization": {"name": "stadt", "title": "Stadt", "id": "s"},
            "resources": [{"id": f"r{number}", "url": f"https://ckan.example/{number}.csv", "format": "CSV"}],
        }
        for number in numbers
    ]
    count = len(numbers) if total is None else total
    return msgspec.json.encode({"success": True, "result": {"count": count, "results": packages}})


async def test_ckan_is_asked_page_by_page_and_then_for_changes(here: Node) -> None:
    await here.add("ckan", "https://ckan.example/api/3/action/package_search", incremental=True)
    pages = {"0": ckan(1, 2, total=3), "2": ckan(3, total=3)}
    here.portal.answer = lambda url, headers: Answer(200, pages[parse_qs(urlsplit(url).query)["start"][0]], {})
    assert did(await here.run()) == ["added"] * 3
    here.portal.answer = lambda url, headers: Answer(200, ckan(2), {})
    assert did(await here.run()) == ["same"]
    assert "metadata_modified" in here.portal.asked[-1]
    assert len(await here.assets()) == 3, "who asks for changes does not learn what has gone"
    portraits = await here.store.read(lambda view: view.select(Portrait))
    licences = {one["@id"] for each in portraits[0].nodes for one in each.get("dct:license", [])}
    assert licences == {"http://dcat-ap.de/def/licenses/dl-by-de/2.0"}


async def test_ckan_that_shows_less_than_it_counts_was_not_whole(here: Node) -> None:
    await here.add("ckan", "https://ckan.example")
    here.portal.answer = lambda url, headers: Answer(200, ckan(1, 1, total=2), {})
    done = await here.run()
    assert done.reason is not None and done.retired == 0


async def test_what_cannot_be_served_is_refused_with_the_reason(here: Node) -> None:
    await here.add()
    page = many(1) | record(2)
    page["https://portal.example/d/2/f"]["dcat:downloadURL"] = [text("https://verboten.example/x")]
    here.portal.shows(page)
    done = await here.run()
    assert did(done) == ["added", "refused"]
    assert done.kept[1].reason is not None and done.kept[1].reason.code == "import.source"


async def test_a_record_describes_an_asset_that_is_there(here: Node) -> None:
    asset = await here.offers.add_asset("anna", name="baeume", title="Bäume", kind="proxy", settings={})
    root = "https://portal.example/d/1"
    await here.harvests.describe("anna", "baeume", root, record(1), "datei.ttl")
    portrait = await here.store.read(lambda view: view.get(Portrait, asset.id))
    assert portrait is not None and portrait.source == "datei.ttl"
    assert [one["@id"] for one in portrait.nodes if "dcat:Dataset" in one["@type"]] == [asset.id]
    with pytest.raises(InputError):
        await here.harvests.describe("anna", "baeume", "https://x.example/anders", record(1), "datei.ttl")


async def test_portals_are_asked_when_their_time_has_come(here: Node) -> None:
    await here.add()
    here.portal.shows(many(1))
    await here.harvests.look()
    await here.harvests.look()
    assert len(here.portal.asked) == 1
    here.clock.at += 86_400_000_000
    await here.harvests.look()
    assert len(here.portal.asked) == 2


async def test_what_there_is_none_of(here: Node) -> None:
    with pytest.raises(UnknownError):
        await here.harvests.run("anna", "nichts")
    with pytest.raises(UnknownError):
        await here.harvests.remove("anna", "nichts")
    await here.add()
    with pytest.raises(InputError):
        await here.add()
    for url in ("file:///etc/passwd", "https://name:geheim@x.example", "x"):
        with pytest.raises(InputError):
            await here.harvests.add("anna", Harvest(id="b", kind="dcat", url=url, created=0, created_by=""))


@pytest.mark.parametrize(
    "nodes", [[{}], [{"@id": "x", "dct:title": "y"}], [{"@id": "x", "a": [{"@value": "1", "@id": "2"}]}]]
)
def test_nodes_from_outside_are_looked_at(nodes: list[Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        graph_of(nodes)


async def test_a_portal_behind_a_proxy_that_calls_itself_otherwise_is_read_to_its_end(here: Node) -> None:
    def answer(url: str, headers: Mapping[str, str]) -> Answer:
        if url == URL:
            return Answer(301, b"", {"location": "https://www.portal.example/catalog.ttl"})
        if "page=2" in url:
            return Answer(200, turtle.write(many(2)), {"content-type": "text/turtle"})
        leads = [link("http://ckan-internal:5000/catalog.ttl?page=2")]
        page = many(1) | graph(node(f"{URL}#p", "hydra:PagedCollection", hydra__nextPage=leads))
        return Answer(200, turtle.write(page), {"content-type": "text/turtle"})

    await here.add()
    here.portal.answer = answer
    done = await here.run()
    assert done.reason is None and len(done.kept) == 2
    assert {urlsplit(one).hostname for one in here.portal.asked} == {"portal.example", "www.portal.example"}
    assert all(one.startswith("https://") for one in here.portal.asked)
