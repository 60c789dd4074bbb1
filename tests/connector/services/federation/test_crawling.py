"""One crawl of one catalogue, by manifest and page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from catalog.federation.plan import Bounds
from catalog.index.forms import Standing, Trust
from connector.errors import DeliveryError
from connector.ports import Reply
from connector.services.federation.asking import LIMIT
from connector.services.federation.crawling import Crawled
from tests.connector.services.federation.world import Node, Reader, World, dataset


@pytest.fixture
def town() -> Node:
    node = Node("town")
    node.put(*(dataset(f"urn:d:{one}", f"Baum {one}") for one in range(3)))
    return node


@pytest.fixture
def reader(tmp_path: Path, town: Node) -> Iterator[Reader]:
    made = Reader(World(town), tmp_path)
    yield made
    made.index.close()


async def crawl(reader: Reader, node: Node, before: Standing | None = None) -> Crawled:
    node.asked.clear()
    node.bytes = 0
    return await reader.crawling.crawl(node.target, before or Standing(participant=node.did))


class TestByManifest:
    async def test_everything_is_read_and_then_nothing_is(self, reader: Reader, town: Node) -> None:
        first = await crawl(reader, town)
        assert first.changes == 3
        assert first.standing.datasets == 3
        assert reader.titles() == ["Baum 0", "Baum 1", "Baum 2"]
        entry = reader.index.entry(town.did, "urn:d:1")
        assert entry is not None
        assert entry.trust is Trust.SIGNED
        again = await crawl(reader, town, first.standing)
        assert (again.changes, again.standing) == (0, first.standing)
        assert len(town.asked) == 1
        assert town.bytes == 0

    async def test_a_change_costs_two_questions(self, reader: Reader, town: Node) -> None:
        first = await crawl(reader, town)
        town.put(dataset("urn:d:1", "Strauch"))
        town.take("urn:d:2")
        second = await crawl(reader, town, first.standing)
        assert len(town.asked) == 2
        assert second.changes == 2
        assert reader.titles() == ["Baum 0", "Strauch"]
        assert reader.index.gone(town.did, "urn:d:2") is not None

    async def test_a_long_feed_is_read_to_its_end(self, reader: Reader, town: Node) -> None:
        town.put(*(dataset(f"urn:e:{one}") for one in range(1_200)))
        first = await crawl(reader, town)
        assert first.standing.datasets == 1_203
        assert len(town.asked) == 1 + -(-1_203 // LIMIT)

    async def test_a_catalogue_that_moves_on_meanwhile(self, reader: Reader, town: Node) -> None:
        entries = town.feed

        def feed(after: int, limit: int) -> bytes:
            if town.sequence < 5:
                town.put(dataset(f"urn:late:{town.sequence}"))
            return entries(after, limit)

        town.feed = feed  # type: ignore[method-assign]
        first = await crawl(reader, town)
        assert first.standing.sequence == 5
        assert first.wrong is None
        assert first.standing.datasets == 5

    async def test_a_node_that_was_restored_is_read_as_a_whole(self, reader: Reader, town: Node) -> None:
        first = await crawl(reader, town)
        town.shown = {"urn:d:0": (1, dataset("urn:d:0", "Baum 0"))}
        town.sequence = 1
        second = await crawl(reader, town, first.standing)
        assert reader.titles() == ["Baum 0"]
        assert second.standing.sequence == 1

    async def test_a_node_whose_history_is_another_is_read_as_a_whole(self, reader: Reader, town: Node) -> None:
        first = await crawl(reader, town)
        town.shown = {"urn:d:9": (2, dataset("urn:d:9", "Neun"))}
        town.sequence = 9
        second = await crawl(reader, town, first.standing)
        assert reader.titles() == ["Neun"]
        assert second.wrong is None

    async def test_who_signs_what_it_does_not_show_is_doubted(self, reader: Reader, town: Node) -> None:
        town.manifest = {"root": "0" * 64}
        found = await crawl(reader, town)
        assert found.wrong is not None
        assert found.wrong.code == "catalog.contradicts"
        entry = reader.index.entry(town.did, "urn:d:1")
        assert entry is not None
        assert entry.trust is Trust.DOUBTFUL
        town.manifest = {}
        mended = await crawl(reader, town, found.standing)
        assert mended.wrong is None
        entry = reader.index.entry(town.did, "urn:d:1")
        assert entry is not None
        assert entry.trust is Trust.SIGNED

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"iss": "did:web:other.example"}, "issuer"),
            ({"aud": "did:web:other.example"}, "audience"),
            ({"iat": 1_900_000_000}, "early"),
        ],
    )
    async def test_a_manifest_that_proves_nothing(
        self, reader: Reader, town: Node, said: dict[str, object], why: str
    ) -> None:
        first = await crawl(reader, town)
        town.manifest = said
        town.put(dataset("urn:d:4"))
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, town, first.standing)
        assert (caught.value.reason.code, caught.value.reason.params) == ("catalog.manifest", {"why": why})
        assert len(reader.titles()) == 3

    async def test_a_key_that_it_is_not_known_by(self, reader: Reader, town: Node) -> None:
        target = replace(town.target, keys={})
        with pytest.raises(DeliveryError) as caught:
            await reader.crawling.crawl(target, Standing(participant=town.did))
        assert caught.value.reason.params == {"why": "key"}

    async def test_what_is_shown_is_not_what_was_signed(self, reader: Reader, town: Node) -> None:
        feed = town.feed
        town.feed = lambda after, limit: feed(after, limit).replace(b"Baum 1", b"Raum 1")  # type: ignore[method-assign]
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, town)
        assert caught.value.reason.code == "catalog.feed"
        assert reader.titles() == []

    async def test_an_answer_in_the_middle_is_missing_and_nothing_is_changed(self, reader: Reader, town: Node) -> None:
        first = await crawl(reader, town)
        town.put(*(dataset(f"urn:e:{one}") for one in range(600)))
        feed = town.feed

        def half(after: int, limit: int) -> bytes:
            if after > 400:
                raise DeliveryError("peer.disconnected")
            return feed(after, limit)

        town.feed = half  # type: ignore[method-assign]
        with pytest.raises(DeliveryError):
            await crawl(reader, town, first.standing)
        assert len(reader.titles()) == 3


class TestByPages:
    @pytest.fixture
    def other(self, reader: Reader) -> Node:
        node = reader.world.add(Node("other", foreign=True, page=2))
        node.put(*(dataset(f"urn:o:{one}", f"Haus {one}") for one in range(5)))
        return node

    async def test_all_pages_are_read_and_compared(self, reader: Reader, other: Node) -> None:
        first = await crawl(reader, other)
        assert first.changes == 5
        assert first.standing.foreign
        assert len(other.asked) == 3
        entry = reader.index.entry(other.did, "urn:o:1")
        assert entry is not None
        assert entry.trust is Trust.TOLD
        assert (await crawl(reader, other, first.standing)).changes == 0
        other.put(dataset("urn:o:1", "Turm"))
        other.take("urn:o:4")
        assert (await crawl(reader, other, first.standing)).changes == 2
        assert reader.titles() == ["Haus 0", "Haus 2", "Haus 3", "Turm"]

    async def test_an_empty_catalogue_is_one(self, reader: Reader, other: Node) -> None:
        await crawl(reader, other)
        other.shown = {}
        assert (await crawl(reader, other)).changes == 5
        assert reader.titles() == []

    async def test_a_page_that_is_missing_deletes_nothing(self, reader: Reader, other: Node) -> None:
        await crawl(reader, other)
        page = other.catalog
        other.catalog = lambda at: page(at) if at < 4 else Reply(500, b"")  # type: ignore[method-assign]
        with pytest.raises(DeliveryError):
            await crawl(reader, other)
        assert len(reader.titles()) == 5

    async def test_catalogues_in_catalogues(self, reader: Reader, other: Node) -> None:
        inner = {"@type": "Catalog", "@id": "urn:i", "dataset": [dataset("urn:in:1", "Innen")]}
        at = {"@type": "DataService", "@id": "urn:s", "endpointURL": f"{other.url}/second"}
        away = {"@type": "DataService", "@id": "urn:s", "endpointURL": "https://elsewhere.example/dsp"}
        said = {
            "@type": "Catalog",
            "@id": "urn:c",
            "participantId": other.did,
            "catalog": [
                {"@type": "Catalog", "@id": "urn:a", "catalog": [inner]},
                {"@type": "Catalog", "@id": "urn:b", "service": [at]},
                {"@type": "Catalog", "@id": "urn:e", "service": [away]},
            ],
        }
        second = {
            "@type": "Catalog",
            "@id": "urn:d",
            "participantId": other.did,
            "dataset": [dataset("urn:in:2", "Dort")],
        }
        other.answers["/dsp/catalog/request"] = lambda url: Reply(200, msgspec.json.encode(said))
        other.answers["/second/catalog/request"] = lambda url: Reply(200, msgspec.json.encode(second))
        found = await crawl(reader, other)
        assert reader.titles() == ["Dort", "Innen"]
        assert found.wrong is not None
        assert (found.wrong.code, found.wrong.params) == ("catalog.left_out", {"number": "1"})

    async def test_nobody_speaks_for_another_but_a_broker(self, reader: Reader, other: Node, town: Node) -> None:
        await crawl(reader, town)
        said = {
            "@type": "Catalog",
            "@id": "urn:c",
            "participantId": other.did,
            "catalog": [
                {
                    "@type": "Catalog",
                    "@id": "urn:t",
                    "participantId": whose,
                    "dataset": [dataset("urn:d:1", "Gefälscht"), dataset(f"urn:n:{whose}", "Neu")],
                }
                for whose in (town.did, "did:web:unknown.example")
            ],
        }
        other.answers["/dsp/catalog/request"] = lambda url: Reply(200, msgspec.json.encode(said))
        await crawl(reader, other)
        assert len(reader.titles()) == 3
        await reader.crawling.crawl(replace(other.target, broker=True), Standing(participant=other.did))
        entries = reader.index.entries("urn:d:1")
        assert {(one.participant, one.metadata.title[""], one.trust, one.via) for one in entries} == {
            (town.did, "Baum 1", Trust.SIGNED, ""),
            ("did:web:unknown.example", "Gefälscht", Trust.UNVOUCHED, other.did),
        }
        told = reader.index.entry(town.did, f"urn:n:{town.did}")
        assert told is not None
        assert (told.trust, told.via) == (Trust.TOLD, other.did)


class TestBounds:
    async def test_more_datasets_than_anybody_has(self, tmp_path: Path, town: Node) -> None:
        reader = Reader(World(town), tmp_path, bounds=Bounds(datasets=2))
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, town)
        assert caught.value.reason.params == {"what": "datasets"}
        assert reader.titles() == []

    async def test_more_bytes(self, tmp_path: Path, town: Node) -> None:
        reader = Reader(World(town), tmp_path, bounds=Bounds(bytes=100))
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, town)
        assert caught.value.reason.params == {"what": "bytes"}

    async def test_longer_than_anybody_waits(self, tmp_path: Path, town: Node) -> None:
        reader = Reader(World(town), tmp_path, bounds=Bounds(wait=0))
        with pytest.raises(DeliveryError) as caught:
            await crawl(reader, town)
        assert caught.value.reason.code == "catalog.too_long"
