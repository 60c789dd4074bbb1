"""How good is what this node shows of its data?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from catalog.model import Form, Metadata
from catalog.portal.exhibiting import Site
from catalog.portal.metadata import write
from catalog.portal.own import House
from connector.errors import UnknownError
from connector.ports import Transaction
from connector.records import Asset, Outside, Portrait, PublishedOffer
from connector.sentences import sentence
from connector.services.broken import Addresses
from connector.services.quality import Qualities
from connector.services.showcase import Showcase
from connector.store.sqlite import SqliteStore
from policies import render
from policies.terms import Terms, to_policy
from tests.catalog.index.entries import DAY, NOW
from tests.connector.services.seen import Clock
from tests.connector.services.test_broken import Web

OWN = "https://dresden.example"
TREES = f"{OWN}/datasets/trees"
GOOD, GONE = "https://data.example/trees.csv", "https://old.example/trees.csv"
HOUSE = House(id="did:web:dresden.example", name="Dresden")
SHOWCASE = Showcase(Site(house=HOUSE, root=f"{OWN}/dcat", endpoint=f"{OWN}/dsp"))
SAID = Metadata(
    title={"de": "Bäume"},
    frequency="DAILY",
    modified=NOW - 3 * DAY,
    forms=(
        Form(id="urn:form:1", access_url=GOOD, format="CSV"),
        Form(id="urn:form:2", access_url=GONE, download_url=f"{OWN}/dcat/datasets/trees"),
    ),
)


def offer(of: str, number: int) -> PublishedOffer:
    """Of an asset, to everybody."""
    document = render.to_dsp(to_policy(f"urn:offer:{number}", Terms()))
    document.pop("target", None)
    return PublishedOffer(
        id=f"urn:offer:{number}",
        asset=f"{OWN}/datasets/{of}",
        policy="p@1",
        outside=Outside.REFUSE,
        document=document,
        published=NOW,
        published_by="anna",
    )


class Node:
    """Two assets, one of them with a portrait."""

    def __init__(self, folder: Path, probing: bool = True) -> None:
        self.clock, self.web = Clock(), Web({GOOD: 200, GONE: 404})
        self.shown: set[str] = set()
        self.store = SqliteStore.open(
            folder / "state.db", clock=self.clock, sign_head=lambda size, root, at: "head", threaded=False
        )
        self.quality = Qualities(
            store=self.store,
            clock=self.clock,
            told=SHOWCASE.told,
            shown=self._shown,
            addresses=Addresses(peer=self.web, clock=self.clock),  # type: ignore[arg-type]
            own=OWN,
            probing=probing,
        )

    async def _shown(self) -> set[str]:
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


async def test_what_is_offered_is_judged_as_it_is_shown(node: Node) -> None:
    node.shown.add(TREES)
    bare = await node.quality.of("benches")
    await node.store.write(lambda tx: tx.put(offer("benches", 1)))
    offered = await node.quality.of("benches")
    assert bare.score.points < offered.score.points
    assert (await node.quality.of("trees")).shown
    assert not offered.shown


async def test_an_asset_that_there_is_not(node: Node) -> None:
    with pytest.raises(UnknownError, match=r"asset\.unknown"):
        await node.quality.of("nothing")
