"""How good is what this node shows of its data?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from catalog.graph import Graph
from catalog.model import Form, Metadata
from catalog.portal.metadata import write
from catalog.portal.own import About, House, told
from connector.errors import UnknownError
from connector.ports import Transaction
from connector.records import Asset, Portrait
from connector.sentences import sentence
from connector.services.broken import Addresses
from connector.services.quality import Qualities
from connector.store.sqlite import SqliteStore
from tests.catalog.index.entries import DAY, NOW
from tests.connector.services.seen import Clock
from tests.connector.services.test_broken import Web

OWN = "https://dresden.example"
TREES = f"{OWN}/datasets/trees"
GOOD, GONE = "https://data.example/trees.csv", "https://old.example/trees.csv"
HOUSE = House(id="did:web:dresden.example", name="Dresden")
SAID = Metadata(
    title={"de": "Bäume"},
    frequency="DAILY",
    modified=NOW - 3 * DAY,
    forms=(
        Form(id="urn:form:1", access_url=GOOD, format="CSV"),
        Form(id="urn:form:2", access_url=GONE, download_url=f"{OWN}/dcat/datasets/trees"),
    ),
)


class Node:
    """Two assets, one of them with a portrait."""

    def __init__(self, folder: Path, probing: bool = True) -> None:
        self.clock, self.web = Clock(), Web({GOOD: 200, GONE: 404})
        self.shown: dict[str, Graph] = {}
        self.store = SqliteStore.open(
            folder / "state.db", clock=self.clock, sign_head=lambda size, root, at: "head", threaded=False
        )
        self.quality = Qualities(
            store=self.store,
            clock=self.clock,
            told=self._told,
            shown=self._shown,
            addresses=Addresses(peer=self.web, clock=self.clock),  # type: ignore[arg-type]
            own=OWN,
            probing=probing,
        )

    @staticmethod
    def _told(asset: Asset, portrait: Portrait | None) -> Graph:
        about = About(id=asset.id, title=asset.title, created=asset.created)
        return told(about, HOUSE, () if portrait is None else portrait.nodes)

    async def _shown(self) -> Mapping[str, Graph]:
        return self.shown

    async def fill(self) -> None:
        nodes = tuple(write(SAID, TREES).values())
        records = [
            *(
                Asset(
                    id=f"{OWN}/datasets/{name}",
                    name=name,
                    kind="file",
                    settings={},
                    title=name,
                    description="",
                    media_type="text/csv",
                    created=NOW,
                    created_by="anna",
                )
                for name in ("benches", "trees")
            ),
            Portrait(id=TREES, nodes=nodes, changed=NOW, changed_by="anna"),
        ]

        def act(tx: Transaction) -> None:
            for one in records:
                tx.put(one)

        await self.store.write(act)


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    made = Node(tmp_path)
    await made.fill()
    yield made
    await made.store.close()


async def test_what_is_described_scores_more_and_every_mend_has_its_words(node: Node) -> None:
    bare, described = await node.quality.select()
    assert (bare.asset.name, described.asset.name) == ("benches", "trees")
    assert 0 < bare.score.points < described.score.points < 100
    assert len(bare.score.mends) == 3
    for mend in (*bare.score.mends, *described.score.mends):
        for language in ("de", "en"):
            assert not sentence(mend, language).startswith(mend.code)


async def test_freshness_against_the_promise(node: Node) -> None:
    found = await node.quality.of("trees")
    assert (found.frequency, found.modified, found.late) == ("DAILY", NOW - 3 * DAY, 2 * DAY)
    assert found.due == NOW - 2 * DAY
    assert (await node.quality.of("benches")).due is None


async def test_broken_addresses_are_found_and_cost_points(node: Node) -> None:
    before = await node.quality.of(TREES)
    assert (before.addresses, before.looked, before.broken) == (2, 0, ())
    for _ in range(3):
        await node.quality.probe()
    after = await node.quality.of(TREES)
    assert after.looked == 2
    assert [address for address, _ in after.broken] == [GONE]
    assert after.score.points < before.score.points
    assert not any(OWN in one for one in node.web.asked)


async def test_nobody_is_asked_where_that_is_not_wanted(tmp_path: Path) -> None:
    made = Node(tmp_path, probing=False)
    await made.fill()
    await made.quality.probe()
    assert made.web.asked == []
    await made.store.close()


async def test_what_portals_see_is_what_is_judged(node: Node) -> None:
    node.shown[TREES] = write(Metadata(title={"": "x"}), TREES)
    assert (await node.quality.of("trees")).shown
    assert (await node.quality.of("trees")).frequency == ""
    assert not (await node.quality.of("benches")).shown


async def test_an_asset_that_there_is_not(node: Node) -> None:
    with pytest.raises(UnknownError, match=r"asset\.unknown"):
        await node.quality.of("nothing")
