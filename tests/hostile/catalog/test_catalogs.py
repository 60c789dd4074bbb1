"""Catalogues that are made to do harm: refused or rendered harmless; what was read before stays."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from catalog.federation import harmless, reading
from catalog.federation.plan import Bounds
from catalog.index.forms import Query, Standing, Trust
from connector.errors import DeliveryError
from connector.http.client import HttpPeer
from connector.ports import Reply
from connector.services.federation.apart import Apart
from tests.connector.services.federation.world import OFFER, Node, Reader, World, dataset

REQUEST = "/dsp/catalog/request"


@pytest.fixture
def bad() -> Node:
    node = Node("bad", foreign=True)
    node.put(dataset("urn:d:1", "Bisher"))
    return node


@pytest.fixture
async def reader(tmp_path: Path, bad: Node) -> AsyncIterator[Reader]:
    """It has read the node once, when that was good."""
    good = Node("good")
    good.put(dataset("urn:g:1", "Gut"))
    made = Reader(World(bad, good), tmp_path, bounds=Bounds(datasets=500, pages=60, catalogs=20))
    for node in (bad, good):
        await made.crawling.crawl(node.target, Standing(participant=node.did))
    yield made
    made.index.close()


async def crawl(reader: Reader, node: Node, **more: Any) -> Any:
    return await reader.crawling.crawl(replace(node.target, **more), Standing(participant=node.did))


async def refused(reader: Reader, node: Node) -> str:
    """The code with which it is refused; everything is as before."""
    with pytest.raises(DeliveryError) as caught:
        await crawl(reader, node)
    assert reader.titles() == ["Bisher", "Gut"]
    assert reader.index._read(lambda connection: connection.execute("SELECT count(*) FROM staged").fetchone()[0]) == 0
    return caught.value.reason.code


def page(*datasets: Any, **more: Any) -> bytes:
    said = {"@type": "Catalog", "@id": "urn:c", "participantId": "did:web:bad.example", **more}
    return msgspec.json.encode({**said, "dataset": list(datasets)} if datasets else said)


def _said(body: bytes, url: str) -> Reply:
    return Reply(200, body)


class TestPages:
    async def test_pages_without_end_that_say_nothing_new(self, reader: Reader, bad: Node) -> None:
        numbers = count(1)

        def answer(url: str) -> Reply:
            link = {"link": f'<{REQUEST}?x={next(numbers)}>; rel="next"'}
            return Reply(200, page(dataset("urn:d:1", "Bisher")), link)

        bad.answers[REQUEST] = answer
        assert await refused(reader, bad) == "catalog.loop"
        assert len(bad.asked) < 10

    async def test_pages_without_end_that_always_say_something_new(self, reader: Reader, bad: Node) -> None:
        numbers = count(1)

        def answer(url: str) -> Reply:
            number = next(numbers)
            said = page(*(dataset(f"urn:e:{number}:{one}") for one in range(20)))
            return Reply(200, said, {"link": f'<{REQUEST}?x={number}>; rel="next"'})

        bad.answers[REQUEST] = answer
        assert await refused(reader, bad) == "catalog.too_much"

    async def test_a_circle(self, reader: Reader, bad: Node) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1")), {"link": f'<{REQUEST}>; rel="next"'})
        assert await refused(reader, bad) == "catalog.loop"

    async def test_a_link_to_somebody_else(self, reader: Reader, bad: Node) -> None:
        away = {"link": '<http://169.254.169.254/latest/>; rel="next"'}
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1")), away)
        assert await refused(reader, bad) == "catalog.link"

    async def test_catalogues_that_lead_to_each_other(self, reader: Reader, bad: Node) -> None:
        def at(name: str) -> dict[str, Any]:
            service = {"@type": "DataService", "@id": "urn:s", "endpointURL": f"{bad.url}/{name}"}
            return {"@type": "Catalog", "@id": f"urn:{name}", "service": [service]}

        for name, other in (("dsp", "one"), ("one", "two"), ("two", "one")):
            bad.answers[f"/{name}/catalog/request"] = partial(_said, page(catalog=[at(other), at("dsp")]))
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1", "Bisher"), catalog=[at("one")]))
        before = len(bad.asked)
        await crawl(reader, bad)
        assert len(bad.asked) - before == 3

    async def test_catalogues_in_catalogues_without_end(self, reader: Reader, bad: Node) -> None:
        inner: dict[str, Any] = {"@type": "Catalog", "@id": "urn:x", "dataset": [dataset("urn:deep")]}
        for _ in range(25):
            inner = {"@type": "Catalog", "@id": "urn:x", "catalog": [inner]}
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1", "Bisher"), catalog=[inner]))
        await crawl(reader, bad)
        assert reader.titles() == ["Bisher", "Gut"]


class TestAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"null",
            b"<html>Bad Gateway</html>",
            page(dataset("urn:d:1", "B\u00e4ume")).decode().encode("latin-1"),
            page(dataset("urn:d:1", "B\u00e4ume")).decode().encode("utf-16"),
            b"[" * 100_000 + b"]" * 100_000,
            b'{"@type":"Catalog","dataset":' + b'[{"x":' * 60_000,
            page(dataset("urn:d:1")).replace(b'"@id"', b'"@id":"urn:z","@id"', 1),
            b'{"@type":"Catalog","x":' + b"9" * 400 + b"}",
            b'{"@type":"Catalog","x":[' + b"0," * 1_100_000 + b"0]}",
            b'{"@type":"CatalogError","code":"no"}',
        ],
        ids=lambda body: body[:12],
    )
    async def test_what_is_no_catalogue(self, reader: Reader, bad: Node, body: bytes) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, body)
        assert await refused(reader, bad) == "catalog.unread"

    @pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 403, 404, 429, 500])
    async def test_another_status_deletes_nothing(self, reader: Reader, bad: Node, status: int) -> None:
        bad.answers[REQUEST] = lambda url: Reply(status, page(dataset("urn:d:9", "Neu")))
        assert await refused(reader, bad) == "peer.refused"

    async def test_a_million_datasets(self, reader: Reader, bad: Node) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, page(*({"@id": f"urn:{one}"} for one in range(2_000))))
        assert await refused(reader, bad) == "catalog.too_much"


class TestDatasets:
    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            ({"dct:title": "<script>alert(1)</script>Bäume"}, harmless.MARKUP),
            ({"dct:title": "Bäume\u202egnp.exe"}, harmless.HIDDEN),
            ({"dct:title": "B\u00e4um\u0435"}, harmless.LOOKALIKE),
            ({"dct:title": "Bäume", "dct:description": "x" * 100_000}, harmless.LONG),
            ({"dct:title": "Bäume", "dcat:landingPage": {"@id": "javascript:alert(1)"}}, harmless.ADDRESS),
            ({"dct:title": "Bäume", "x": "y" * 400_000}, reading.LARGE),
            ({"dct:title": "Bäume", "hasPolicy": [{**OFFER, "permission": "everything"}]}, reading.UNREAD),
            ({"dct:title": "Bäume", "hasPolicy": [{**OFFER, "@id": "urn:x" * 1_000}]}, reading.UNREAD),
            ({"dct:title": "Bäume", "hasPolicy": {"@id": "urn:o", "permission": [{"action": "use"}] * 2_000}}, None),
            (
                {"dct:title": "Bäume", "hasPolicy": [{**OFFER, "@id": f"urn:{one}"} for one in range(500)]},
                reading.LARGE,
            ),
            ({"dct:title": "Bäume", "@context": ["http://169.254.169.254/", {"@import": "file:///etc/passwd"}]}, None),
        ],
    )
    async def test_it_is_shown_harmless_and_marked(
        self, reader: Reader, bad: Node, said: dict[str, Any], fault: str | None
    ) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, page({**dataset("urn:d:2"), **said}))
        await crawl(reader, bad)
        hits = reader.index.search(Query(now=reader.clock.now(), participants=(bad.did,))).hits
        assert [hit.id for hit in hits] == ["urn:d:2"]
        entry = reader.index.entry(bad.did, "urn:d:2")
        assert entry is not None
        assert not any(wrong in hits[0].title + hits[0].description for wrong in ("<script", "\u202e", "\u0435"))
        if fault is not None:
            assert fault in entry.faults

    async def test_one_bad_dataset_does_not_hide_the_others(self, reader: Reader, bad: Node) -> None:
        rubbish: list[Any] = [
            1,
            None,
            "x",
            [],
            {},
            {"@id": 5},
            {"@id": "urn:\u202ex"},
            {"@id": "javascript:x"},
            {"@id": "x" * 5_000},
        ]
        odd = {"@id": "urn:odd", "hasPolicy": [[[]]], "distribution": {"@set": [None, {"format": {"@id": []}}]}}
        bad.answers[REQUEST] = lambda url: Reply(200, page(*rubbish, odd, dataset("urn:d:1", "Bisher")))
        found = await crawl(reader, bad)
        assert {hit.id for hit in reader.index.search(Query(now=0, participants=(bad.did,))).hits} == {
            "urn:d:1",
            "urn:odd",
        }
        assert found.wrong is not None
        assert found.wrong.code == "catalog.left_out"

    async def test_the_same_id_twice_counts_once(self, reader: Reader, bad: Node) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1", "Bisher"), dataset("urn:d:1", "Anders")))
        await crawl(reader, bad)
        assert reader.titles() == ["Bisher", "Gut"]

    async def test_the_id_of_somebody_elses_dataset(self, reader: Reader, bad: Node) -> None:
        bad.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:g:1", "Untergeschoben")))
        await crawl(reader, bad)
        assert {(one.participant, one.metadata.title[""]) for one in reader.index.entries("urn:g:1")} == {
            ("did:web:good.example", "Gut"),
            (bad.did, "Untergeschoben"),
        }

    async def test_a_broker_does_not_push_aside_what_the_owner_says(self, reader: Reader, bad: Node) -> None:
        inner = {"@type": "Catalog", "@id": "urn:i", "participantId": "did:web:good.example"}
        said = page(catalog=[{**inner, "dataset": [dataset("urn:g:1", "Untergeschoben")]}])
        bad.answers[REQUEST] = lambda url: Reply(200, said)
        await crawl(reader, bad, broker=True)
        [entry] = reader.index.entries("urn:g:1")
        assert (entry.metadata.title[""], entry.trust) == ("Gut", Trust.SIGNED)


class TestFeeds:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b'{"sequence":0,"more":true,"entries":[]}',
            b'{"sequence":-1,"more":false,"entries":[]}',
            b'{"sequence":1e400,"more":false,"entries":[]}',
            b'{"sequence":5,"more":false,"entries":[{"id":"urn:x","sequence":9,"gone":true}]}',
            b'{"sequence":5,"more":false,"entries":[{"id":"urn:x","sequence":1}]}',
            b'{"sequence":5,"more":false,"entries":[{"id":"urn:x","sequence":1,"digest":"'
            + b"0" * 64
            + b'","dataset":{}}]}',
            b'{"sequence":5,"more":false,"entries":[{"id":"urn:x","sequence":1,"digest":"'
            + b"0" * 64
            + b'","dataset":[]}]}',
        ],
    )
    async def test_what_is_no_feed(self, reader: Reader, body: bytes) -> None:
        node = reader.world.add(Node("liar"))
        node.put(dataset("urn:l:1"))
        node.feed = lambda after, limit: body  # type: ignore[method-assign]
        assert (await refused(reader, node)) == "catalog.feed"

    async def test_a_feed_that_never_ends(self, tmp_path: Path) -> None:
        node = Node("liar")
        node.put(dataset("urn:l:1"))
        numbers = count(1)

        def feed(after: int, limit: int) -> bytes:
            return b'{"sequence":%d,"more":true,"entries":[]}' % (after + next(numbers))

        node.feed = feed  # type: ignore[method-assign]
        reader = Reader(World(node), tmp_path, bounds=Bounds(pages=50))
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, node)
        assert caught.value.reason.code == "catalog.too_much"

    async def test_a_catalogue_that_never_rests(self, tmp_path: Path) -> None:
        """Every time it is asked for its manifest it has moved on: what it shows is doubted, and asking ends."""
        node = Node("restless")
        token = node.token

        def moving(audience: str = "") -> bytes:
            node.put(dataset(f"urn:r:{node.sequence}"))
            return token()

        node.token = moving  # type: ignore[method-assign]
        reader = Reader(World(node), tmp_path)
        await crawl(reader, node)
        assert len(node.asked) < 20


async def test_answers_without_end_and_bombs_are_cut() -> None:
    """What guards every crawl: the client itself."""
    bombs = {"bomb": gzip.compress(bytes(50_000_000), 9), "broken": b"\x1f\x8b\x08\x00rubbish"}

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with pytest.raises(ConnectionError):
            for _ in range(10_000):
                await response.write(bytes(1_000_000))
        return response

    async def bomb(request: web.Request) -> web.Response:
        body = bombs[request.match_info["what"]]
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    app = web.Application()
    app.router.add_post("/endless", endless)
    app.router.add_post("/{what}", bomb)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer = HttpPeer()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        for what, code in (
            ("endless", "peer.answer_too_large"),
            ("bomb", "peer.answer_too_large"),
            ("broken", "peer.answer_broken"),
        ):
            with pytest.raises(DeliveryError) as caught:
                await peer.send("POST", f"{url}/{what}", body=b"{}", private=True)
            assert caught.value.reason.code == code
    finally:
        await peer.close()
        await runner.cleanup()


async def test_what_is_read_apart_is_read_the_same(tmp_path: Path, bad: Node) -> None:
    """The process beside the node survives what is thrown at it, too."""
    reads = Apart()
    reader = Reader(World(bad), tmp_path, reads=reads)
    try:
        for body in (b"[" * 100_000, b'{"a":' * 100_000):
            bad.answers[REQUEST] = partial(_said, body)
            with pytest.raises(DeliveryError) as caught:
                await crawl(reader, bad)
            assert caught.value.reason.code == "catalog.unread"
        bad.answers[REQUEST] = lambda url: Reply(200, page({"@id": "urn:d:1", "x": "y" * 500_000}))
        await crawl(reader, bad)
        entry = reader.index.entry(bad.did, "urn:d:1")
        assert entry is not None
        assert entry.faults == (reading.LARGE,)
    finally:
        await reads.close()
        reader.index.close()
