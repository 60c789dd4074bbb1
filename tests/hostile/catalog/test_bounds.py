"""What a peer can make a reader of its catalogue keep, do and wait for: bounded over all its crawls together."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from catalog.federation import reading
from catalog.federation.plan import Bounds
from catalog.index import crawling, file, writing
from catalog.index.engine import Index
from catalog.index.file import IndexFileError
from catalog.index.forms import Query, Standing
from connector.errors import DeliveryError
from connector.ports import Reply
from connector.services.federation import datasets
from tests.catalog.index.entries import entry
from tests.connector.services.federation.world import Node, Reader, World, dataset

REQUEST = "/dsp/catalog/request"


def page(*datasets: Any, **more: Any) -> bytes:
    said = {"@type": "Catalog", "@id": "urn:c", "participantId": "did:web:bad.example", **more}
    return msgspec.json.encode({**said, "dataset": list(datasets)} if datasets else said)


class TestGrowth:
    async def test_a_catalogue_that_grows_a_little_with_every_crawl(self, tmp_path: Path) -> None:
        """The bound is of what is known of a peer, not of what one crawl has brought."""
        node = Node("bad")
        reader = Reader(World(node), tmp_path, bounds=Bounds(datasets=50))
        standing = Standing(participant=node.did)
        codes = []
        for turn in range(5):
            node.put(*(dataset(f"urn:d:{turn}:{one}") for one in range(20)))
            try:
                standing = (await reader.crawling.crawl(node.target, standing)).standing
            except DeliveryError as error:
                codes.append(error.reason.code)
        assert codes == ["catalog.too_much"] * 3
        assert len(reader.index.digests(node.did)) == 40
        reader.index.close()

    async def test_what_replaces_what_is_gone_has_room(self, tmp_path: Path) -> None:
        node = Node("busy")
        reader = Reader(World(node), tmp_path, bounds=Bounds(datasets=50))
        standing = Standing(participant=node.did)
        for turn in range(4):
            for id in list(node.shown):
                node.take(id)
            node.put(*(dataset(f"urn:d:{turn}:{one}") for one in range(40)))
            standing = (await reader.crawling.crawl(node.target, standing)).standing
        assert len(reader.index.digests(node.did)) == 40
        reader.index.close()

    async def test_what_a_peer_has_told_takes_so_much_room(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crawling, "ROOM", 100_000)
        node, other = Node("bad"), Node("good")
        reader = Reader(World(node, other), tmp_path)
        standing, codes = Standing(participant=node.did), []
        for turn in range(40):
            noise = hashlib.sha512(str(turn).encode()).hexdigest() * 20
            node.put(*(dataset(f"urn:d:{turn}:{one}", noise[one : one + 250]) for one in range(5)))
            try:
                standing = (await reader.crawling.crawl(node.target, standing)).standing
            except DeliveryError as error:
                codes.append((error.reason.code, error.reason.params["what"]))
        kept = len(reader.index.digests(node.did))
        assert 0 < kept < 200
        assert set(codes) == {("catalog.too_much", "bytes")}
        # What it takes back makes room, and others are not affected.
        for id in list(node.shown)[3:]:
            node.take(id)
        await reader.crawling.crawl(node.target, standing)
        other.put(dataset("urn:g", "Gut"))
        await reader.crawling.crawl(other.target, Standing(participant=other.did))
        assert len(reader.index.digests(node.did)) == 3
        assert "Gut" in reader.titles()
        reader.index.forget(node.did)
        assert reader.index._read(lambda one: one.execute("SELECT did FROM party WHERE weight < 0").fetchall()) == []
        weight = reader.index._read(
            lambda one: one.execute("SELECT weight FROM party WHERE did=?", (node.did,)).fetchone()
        )
        assert weight == (0,)
        reader.index.close()

    async def test_traces_of_what_went_are_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writing, "TRACES", 30)
        node = Node("bad")
        reader = Reader(World(node), tmp_path)
        standing = Standing(participant=node.did)
        for turn in range(6):
            for id in list(node.shown):
                node.take(id)
            node.put(*(dataset(f"urn:d:{turn}:{one}") for one in range(20)))
            reader.clock.at += 1
            standing = (await reader.crawling.crawl(node.target, standing)).standing
        (traces,) = reader.index._read(lambda one: one.execute("SELECT count(*) FROM gone").fetchone())
        assert 0 < traces <= 30
        assert reader.index.gone(node.did, "urn:d:4:0") is not None
        reader.index.close()

    async def test_whom_a_broker_has_named_is_forgotten(self, tmp_path: Path) -> None:
        node = Node("bad", foreign=True)
        named = [
            {
                "@type": "Catalog",
                "@id": "urn:i",
                "participantId": f"did:web:x{one}.example",
                "dataset": [dataset("urn:d")],
            }
            for one in range(20)
        ]
        node.answers[REQUEST] = lambda url: Reply(200, page(catalog=named))
        reader = Reader(World(node), tmp_path)
        await reader.crawling.crawl(replace(node.target, broker=True), Standing(participant=node.did))
        node.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1")))
        await reader.crawling.crawl(replace(node.target, broker=True), Standing(participant=node.did))
        reader.index.sweep(reader.clock.now(), 10**12, 10**12)
        known = reader.index._read(lambda one: one.execute("SELECT did FROM party").fetchall())
        assert known == [(node.did,)]
        assert reader.ids() == {"urn:d:1"}
        reader.index.close()

    def test_the_file_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Full, it is still read, and what is taken out makes room."""
        monkeypatch.setattr(file, "PAGES", 200)
        index = Index.open(tmp_path / "catalog.db")
        with index.crawl("did:web:good.example") as crawl:
            crawl.put(entry("Gut", "did:web:good.example", id="urn:g"))
        with pytest.raises(IndexFileError), index.crawl("did:web:bad.example") as crawl:
            for one in range(2_000):
                crawl.put(entry("Schlecht", "did:web:bad.example", id=f"urn:b:{one}"))
        assert (tmp_path / "catalog.db").stat().st_size <= 200 * 4096
        assert index.lost == 0
        assert [hit.id for hit in index.search(Query(now=0)).hits] == ["urn:g"]
        with index.crawl("did:web:good.example") as crawl:
            crawl.put(entry("Besser", "did:web:good.example", id="urn:g:2"))
        index.close()


class TestAddressesThatAreNone:
    @pytest.mark.parametrize("bad", ["http://[", "https://[::1", "http://a\u2100b/", "//[x"])
    async def test_an_endpoint_hides_nothing_else(self, tmp_path: Path, bad: str) -> None:
        node = Node("bad", foreign=True)
        service = {"@type": "DataService", "@id": "urn:s", "endpointURL": bad}
        inner = {"@type": "Catalog", "@id": "urn:x", "service": [service]}
        node.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1", "Da"), catalog=[inner]))
        reader = Reader(World(node), tmp_path)
        await reader.crawling.crawl(node.target, Standing(participant=node.did))
        assert reader.titles() == ["Da"]
        reader.index.close()

    @pytest.mark.parametrize("bad", ["http://[", "http://a\u2100b/", "//[x"])
    async def test_a_following_page_is_refused(self, tmp_path: Path, bad: str) -> None:
        node = Node("bad", foreign=True)
        node.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1")), {"link": f'<{bad}>; rel="next"'})
        reader = Reader(World(node), tmp_path)
        with pytest.raises(DeliveryError) as caught:
            await reader.crawling.crawl(node.target, Standing(participant=node.did))
        assert caught.value.reason.code == "catalog.link"
        reader.index.close()


class TestNames:
    @pytest.mark.parametrize("id", ["urn:x\nallmende peer remove", "urn:x\tb", "urn:x\r\ny", "urn:\u2028x", " "])
    async def test_an_id_is_one_word_of_one_line(self, tmp_path: Path, id: str) -> None:
        """It is put into commands that people copy."""
        node = Node("bad", foreign=True)
        node.answers[REQUEST] = lambda url: Reply(200, page(dataset(id), dataset("urn:d:1")))
        reader = Reader(World(node), tmp_path)
        found = await reader.crawling.crawl(node.target, Standing(participant=node.did))
        assert reader.ids() == {"urn:d:1"}
        assert found.wrong is not None
        reader.index.close()

    @pytest.mark.parametrize(
        "who", ["did:", "did:web:", "did:web:x\x1b[2J", "did:web:a\nb", "did:web:\u202ex", "did:web:a b", "did:WEB:a"]
    )
    async def test_a_broker_names_participants_that_can_be(self, tmp_path: Path, who: str) -> None:
        node = Node("bad", foreign=True)
        inner = {"@type": "Catalog", "@id": "urn:i", "participantId": who, "dataset": [dataset("urn:d:2")]}
        node.answers[REQUEST] = lambda url: Reply(200, page(dataset("urn:d:1"), catalog=[inner]))
        reader = Reader(World(node), tmp_path)
        await reader.crawling.crawl(replace(node.target, broker=True), Standing(participant=node.did))
        assert reader.ids() == {"urn:d:1"}
        reader.index.close()


def test_a_property_that_is_told_again_and_again_is_bounded() -> None:
    """Whatever the ways to one property: values are compared with each other."""
    said: dict[str, Any] = {"@id": "urn:d"}
    for at in range(100):
        said[f"http://a{at}.example/properties"] = {"keyword": [f"w{at}.{one}" for one in range(200)]}
    found = reading.read(msgspec.json.encode(said), said, {})
    assert found is not None
    assert len(found.graph["urn:d"]["dcat:keyword"]) == reading.MAX_VALUES
    assert reading.LARGE in found.faults


def test_bounds_are_those_of_the_answer() -> None:
    body = page(*({"@id": f"urn:{one}"} for one in range(datasets.MOST_DATASETS + 1)))
    found = datasets.answer(datasets.Question(source="did:web:bad.example", body=body, now=0))
    assert found.wrong is not None
    assert found.wrong.code == "catalog.too_much"
