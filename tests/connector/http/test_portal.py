"""What portals and people without a login may read of a node."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from catalog.graph import Graph
from catalog.profile import check, clean
from catalog.rdf.reading import read_graph
from connector.http.exchange import Request, Response
from connector.node import Node
from connector.records import Portrait
from connector.services.portal import Portal
from tests.connector.http.harvesting import harvest
from tests.connector.http.nodes import ROOT, a_node, manage, publish, told

NOTHING: dict[str, str] = {}


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def get(city: Node, path: str, method: str = "GET", **headers: str) -> Response:
    """A request of somebody without a token; `path` below the public URL, or a whole address."""
    parts = urlsplit(path if path.startswith("http") else ROOT + path)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await city.dsp.handle(Request(method, parts.path, parts.query, named, b""))


async def many(city: Node, count: int) -> list[str]:
    """Datasets that are offered to everybody; their ids."""
    for at in range(count):
        await publish(city, f"set{at:03d}", purposes=())
    return [f"{ROOT}/datasets/set{at:03d}" for at in range(count)]


def anew(city: Node) -> Portal:
    """As after a restart."""
    return Portal(
        store=city.store,
        clock=city.clock,
        listings=city.catalogs.listings,
        house=city.catalogs.house,
        public_url=ROOT,
        base=city.base,
        edition=version("allmende"),
    )


def graph_of(answer: Response) -> Graph:
    return read_graph(answer.body, answer.headers["content-type"])


async def test_every_form_says_the_same_of_what_is_offered_to_everybody(city: Node) -> None:
    await publish(city, "trees")
    await publish(city, "secret", assignee="did:web:utility.example")
    seen = []
    for suffix, media in (
        ("ttl", "text/turtle"),
        ("rdf", "application/rdf+xml"),
        ("xml", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
        ("nt", "application/n-triples"),
    ):
        answer = await get(city, f"/dcat/catalog.{suffix}")
        assert (answer.status, answer.headers["content-type"]) == (200, media)
        graph = graph_of(answer)
        assert clean(check(graph))
        assert "secret" not in str(graph)
        seen.append(set(graph[f"{ROOT}/dcat/catalog"]) | set(graph[f"{ROOT}/datasets/trees"]))
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("application/rdf+xml, text/turtle;q=0.9", "application/rdf+xml"),
        ("application/json", "application/ld+json"),
        ("text/turtle;q=0, application/n-triples;q=0.1", "application/n-triples"),
        ("application/pdf", "text/turtle"),
    ],
)
async def test_the_form_is_negotiated(city: Node, accept: str, media: str) -> None:
    answer = await get(city, "/dcat/catalog", accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, media)
    assert "Accept" in answer.headers["vary"]


async def test_people_are_led_from_the_catalogue_to_its_list(city: Node) -> None:
    answer = await get(city, "/dcat/catalog", accept="text/html,*/*;q=0.8")
    assert (answer.status, answer.headers["location"]) == (303, f"{ROOT}/dcat")


async def test_a_harvest_is_of_one_state_whatever_changes_meanwhile(city: Node) -> None:
    ids = await many(city, 5)
    asked = 0

    async def fetch(method: str, url: str) -> Response:
        nonlocal asked
        asked += 1
        if asked == 3:
            await publish(city, "set000a")
            offers = told(await manage(city, "GET", "/v1/offers"))["items"]
            gone = next(one["id"] for one in offers if one["asset"].endswith("set004"))
            await manage(city, "DELETE", f"/v1/offers/{gone}")
            await city.catalogs.portal.latest()
        return await get(city, url, method)

    first = await harvest(fetch, f"{ROOT}/dcat/catalog.rdf?per=2")
    assert (len(first.graphs), first.found) == (3, frozenset(ids))
    second = await harvest(fetch, f"{ROOT}/dcat/catalog.rdf?per=2", first.found)
    assert second.found == {*ids[:4], f"{ROOT}/datasets/set000a"}
    assert second.deleted == {ids[4]}


async def test_a_harvest_whose_state_is_gone_fails_and_deletes_nothing(city: Node) -> None:
    await many(city, 3)
    asked = 0

    async def fetch(method: str, url: str) -> Response:
        nonlocal asked
        asked += 1
        if asked == 3:
            city.catalogs.portal._harvested.clear()
            await publish(city, "other")
        return await get(city, url, method)

    broken = await harvest(fetch, f"{ROOT}/dcat/catalog.ttl?per=2", frozenset({"x"}))
    assert (broken.failed, broken.deleted) == ("410", frozenset())


async def test_a_state_is_there_again_after_a_restart(city: Node) -> None:
    await many(city, 3)
    before = await city.catalogs.portal.latest()
    assert (await anew(city).harvested(before.id)) == before


async def test_what_has_not_changed_is_not_sent_again(city: Node) -> None:
    await publish(city, "trees")
    first = await get(city, "/dcat/catalog.ttl")
    again = await get(city, "/dcat/catalog.ttl", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert (await get(city, "/dcat/catalog.rdf", if_none_match=first.headers["etag"])).status == 200
    await publish(city, "more")
    assert (await get(city, "/dcat/catalog.ttl", if_none_match=first.headers["etag"])).status == 200


async def test_only_what_has_changed_since(city: Node) -> None:
    await publish(city, "trees")
    everything = await get(city, "/dcat/catalog.ttl?modified_since=2020-01-01")
    nothing = await get(city, "/dcat/catalog.ttl?modified_since=2999-01-01T00:00:00Z")
    assert f"{ROOT}/datasets/trees" in graph_of(everything)
    assert f"{ROOT}/datasets/trees" not in graph_of(nothing)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/dcat/catalog.ttl?page=2", 404, "portal.page"),
        ("/dcat/catalog.ttl?page=0", 400, "portal.number"),
        ("/dcat/catalog.ttl?page=x", 400, "portal.number"),
        ("/dcat/catalog.ttl?modified_since=gestern", 400, "portal.since"),
        ("/dcat/catalog.ttl?snapshot=no", 410, "portal.gone"),
        ("/dcat/catalog.pdf", 404, "http.path"),
        ("/dcat/other.ttl", 404, "http.path"),
        ("/dcat/datasets/none", 404, "dataset.unknown"),
        ("/dcat/datasets/none.ttl", 404, "dataset.unknown"),
        ("/dcat/datasets/none/terms/urn:x", 404, "dataset.unknown"),
        ("/datasets/none", 404, "dataset.unknown"),
        ("/dcat?page=9", 404, "portal.page"),
    ],
)
async def test_what_is_not_there_is_refused(city: Node, path: str, status: int, code: str) -> None:
    answer = await get(city, path)
    assert answer.status == status
    assert code.encode() in answer.body


async def test_large_answers_are_gzip_where_that_is_taken(city: Node) -> None:
    await publish(city, "trees")
    plain = await get(city, "/dcat/catalog.ttl")
    packed = await get(city, "/dcat/catalog.ttl", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in (await get(city, "/dcat/catalog.ttl", accept_encoding="gzip;q=0")).headers


async def test_a_dataset_has_a_page_and_an_address_of_its_own(city: Node) -> None:
    await publish(city, "trees")
    moved = await get(city, "/datasets/trees")
    assert (moved.status, moved.headers["location"]) == (303, f"{ROOT}/dcat/datasets/trees")
    page = await get(city, "/dcat/datasets/trees", accept_language="en")
    html = page.body.decode()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in html
    assert "default-src 'none'" in page.headers["content-security-policy"]
    turtle = await get(city, "/dcat/datasets/trees.ttl")
    assert f"{ROOT}/datasets/trees" in graph_of(turtle)
    assert (await get(city, "/dcat/datasets/trees", accept="text/turtle")).body == turtle.body
    offer = (await city.catalogs.portal.dataset("trees")).terms[0]
    assert offer.page in html
    terms = await get(city, offer.page, accept_language="de")
    assert "Bedingungen: trees" in terms.body.decode()
    assert offer.id in terms.body.decode()
    listed = (await get(city, "/dcat")).body.decode()
    assert f"{ROOT}/dcat/datasets/trees" in listed


async def test_what_a_portrait_says_is_shown_and_harmless(city: Node) -> None:
    await publish(city, "trees")
    id = f"{ROOT}/datasets/trees"
    evil = "</script><script>alert(1)</script>"
    node = {
        "@id": id,
        "@type": ["dcat:Dataset"],
        "dct:title": [{"@value": evil}],
        "dct:description": [{"@value": evil}],
        "dcat:keyword": [{"@value": evil}],
        "foaf:page": [{"@id": "javascript:alert(1)"}],
    }
    await city.store.write(lambda tx: tx.put(Portrait(id=id, nodes=(node,), changed=1, changed_by="t")))
    for path in ("/dcat", "/dcat/datasets/trees"):
        html = (await get(city, path)).body.decode()
        assert "<script>alert" not in html
        assert 'href="javascript:' not in html
        assert "&lt;script&gt;" in html
    assert clean(check(graph_of(await get(city, "/dcat/catalog.ttl"))))


async def test_a_node_that_shows_nothing_has_no_such_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector import config

    given = config.CatalogSettings(public=False)
    monkeypatch.setattr(config.Config, "catalog", given, raising=False)
    async with a_node(tmp_path) as city:
        assert (await get(city, "/dcat/catalog.ttl")).status in (401, 404)
