"""What an owner says of a dataset arrives whole: from the portrait, by the node's catalogue, at whoever searches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from catalog.index.crawling import unpack
from catalog.index.engine import Index
from catalog.index.forms import Entry, Found, Query, Trust
from catalog.model import Agent, Box, Contact, Form, Metadata
from catalog.portal.exhibiting import ROWS
from catalog.portal.metadata import read
from catalog.profile.completeness import freshness
from catalog.rdf.reading import read_graph
from connector.data import formats
from connector.http.exchange import Request
from connector.node import Node
from connector.records import Listing
from connector.services.federation.datasets import Question, answer
from tests.connector.http.nodes import PEER, ROOT, a_node, dsp, manage, publish, told
from tests.harness import frames

DAY = 86_400_000_000
LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
ID = f"{ROOT}/datasets/trees"
OTHER = "did:web:other.example"


def full(now: int) -> Metadata:
    """Something in every field that an owner can say."""
    return Metadata(
        title={"de": "Ladesäulen", "en": "Charging points"},
        description={
            "de": "Wo in der Stadt geladen werden kann, mit Steckern, Leistung und Öffnungszeiten jeder Säule.",
            "en": "Where cars are charged.",
        },
        keywords={"de": ("Ladesäule", "Verkehr"), "en": ("charging",)},
        themes=("ENER", "TRAN"),
        publisher=Agent(name="Stadt", id="https://stadt.example/", kind="LocalAuthority", email="a@stadt.example"),
        creators=(Agent(name="Werke"),),
        originators=(Agent(name="Amt", homepage="https://amt.example/"),),
        custodians=(Agent(name="Pflege"),),
        contacts=(Contact(name="Auskunft", email="b@stadt.example", telephone="+49-381-1", url="https://b.example/"),),
        licence="dl-by-de/2.0",
        attribution="Stadt",
        access="PUBLIC",
        availability="AVAILABLE",
        frequency="WEEKLY",
        issued=now - 400 * DAY,
        modified=now - 2 * DAY,
        languages=("DEU", "ENG"),
        places=("13003000", "DE80K"),
        place_names=("Rostock",),
        box=Box(west=11.9, south=54.0, east=12.3, north=54.25),
        level="municipality",
        since="2020-01-01",
        until="2024-12-31",
        identifiers=("a-1",),
        contributor="http://dcat-ap.de/def/contributors/openDataHRO",
        landing_page="https://stadt.example/1",
        documentation=("https://stadt.example/doc",),
        conforms_to=("https://ocpi.example/", "OCPI"),
        provenance={"de": "Gezählt"},
        hvd=("c_b7f6a4f3",),
        legislation=(LAW,),
        reference_systems=("http://www.opengis.net/def/crs/EPSG/0/25833",),
        resolution_metres=2.5,
        mobility_theme="charging",
        forms=(
            Form(
                id=f"{ID}#csv",
                title={"de": "Tabelle"},
                access_url="https://stadt.example/1.csv",
                download_url="https://stadt.example/1.csv",
                format="CSV",
                media_type="text/csv",
                licence="dl-by-de/2.0",
                attribution="Stadt",
                availability="AVAILABLE",
                modified=now - 3 * DAY,
                bytes=12_345,
                rights="Nur mit Nennung",
                mobility_standard="datex-ii",
            ),
            Form(id=f"{ID}#json", access_url="https://stadt.example/1.json", format="JSON", licence="dl-by-de/2.0"),
        ),
    )


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


@dataclass
class Reader:
    """Another node: what it reads from the city's feed, in an index of its own."""

    city: Node
    index: Index

    async def crawl(self, caller: str = PEER) -> dict[str, Entry]:
        """Read everything; what was found, by id."""
        feed = await dsp(self.city, "GET", "//city/catalog/entries", query="after=0", caller=caller)
        assert feed.status == 200, feed.body
        asked = Question(source=self.city.did, body=feed.body, now=self.city.clock.now(), after=0, trust=Trust.SIGNED)
        read = answer(asked)
        assert read.wrong is None
        rows = [one.row for one in read.found if one.row is not None]
        with self.index.crawl(self.city.did) as crawl:
            for row in rows:
                crawl.lay(row)
        return {row.id: unpack(row.body) for row in rows}

    def find(self, **asked: Any) -> Found:
        return self.index.search(Query(now=self.city.clock.now(), **asked))


@pytest.fixture
def reader(city: Node, tmp_path: Path) -> Reader:
    return Reader(city, Index.open(tmp_path / "reader.db"))


async def portray(city: Node, said: Metadata, name: str = "trees") -> None:
    """As `allmende asset portray` does; anything that is said."""
    nothing = Metadata()
    fields = {name: value for name, value in asdict(said).items() if value != getattr(nothing, name)}
    changed = await manage(city, "POST", f"/v1/assets/{name}/portrait", {"fields": fields, "anyway": True})
    assert changed.status == 200, changed.body


async def quality(city: Node, name: str = "trees") -> dict[str, Any]:
    """What the owner is told of it."""
    return told(await manage(city, "GET", f"/v1/catalog/quality/{name}"))


async def seen_by_portals(city: Node, name: str = "trees") -> Metadata:
    answer = await city.dsp.handle(Request("GET", f"/city/dcat/datasets/{name}.jsonld", "", {}, b""))
    assert answer.status == 200
    said = read(read_graph(answer.body, answer.headers["content-type"]), f"{ROOT}/datasets/{name}")
    # What an offer becomes is called something for people alone.
    forms = (replace(one, title={}) if "/terms/" in one.access_url else one for one in said.forms)
    return replace(said, forms=tuple(forms))


async def test_everything_that_can_be_said_arrives(city: Node, reader: Reader) -> None:
    said = full(city.clock.now() // 1_000_000 * 1_000_000)
    await publish(city, purposes=())
    await portray(city, said)
    found = (await reader.crawl())[ID]
    for name in Metadata.__struct_fields__:
        assert getattr(said, name), f"nothing is said of {name}"
        if name != "forms":
            assert getattr(found.metadata, name) == getattr(said, name), name
    *files, offered = found.metadata.forms
    # What is said of the files of a dataset that is in an obligation stands on each of them too.
    assert files == [said.forms[0], replace(said.forms[1], attribution="Stadt")]
    assert offered.access_url.startswith(f"{ROOT}/dcat/datasets/trees/terms/")
    assert found.faults == ()


async def test_score_and_freshness_are_the_owners(city: Node, reader: Reader) -> None:
    await publish(city, purposes=())
    await publish(city, "bare", purposes=())
    await portray(city, full(city.clock.now()))
    found = await reader.crawl()
    await city.catalogs.reading.own.work()
    for name in ("trees", "bare"):
        owners, read = await quality(city, name), found[f"{ROOT}/datasets/{name}"]
        own = city.catalogs.index.entry(city.did, read.id)
        assert own is not None
        assert read.score == own.score == owners["score"]
        due, late = freshness(read.metadata, city.clock.now())
        assert (due, late) == (owners["due"], owners["late"])
        assert read.metadata == own.metadata == await seen_by_portals(city, name)
    assert not reader.find(words="Bedingungen").hits


async def test_it_is_found_by_whatever_is_asked(city: Node, reader: Reader) -> None:
    await publish(city, "other", purposes=())
    await publish(city, purposes=())
    said = full(city.clock.now())
    await portray(city, said)
    await reader.crawl()
    asked: list[dict[str, Any]] = [
        {"words": "Ladesäulen"},
        {"words": "charging points"},
        {"words": "verkehr"},
        {"words": "Rostock"},
        {"words": "Werke"},
        {"words": "Auskunft"},
        {"themes": ("ENER",)},
        {"formats": ("CSV",)},
        {"formats": ("JSON",)},
        {"licences": ("dl-by-de/2.0",)},
        {"places": ("13003000",)},
        {"places": ("13",)},
        {"places": ("DE80K",)},
        {"box": Box(12.0, 54.1, 12.1, 54.2)},
        {"near": (54.1, 12.1), "within": 5_000.0},
        {"fresh": True},
        {"hvd": True},
    ]
    for one in asked:
        assert [hit.id for hit in reader.find(**one).hits] == [ID], one
    (hit,) = reader.find(words="Ladesäulen").hits
    assert (hit.access, hit.modified, hit.frequency) == ("PUBLIC", said.modified, "WEEKLY")
    facets = reader.find(hvd=True).facets
    for kind, value in (("themes", "ENER"), ("formats", "CSV"), ("licences", "dl-by-de/2.0"), ("access", "PUBLIC")):
        assert facets[kind][value] == 1, (kind, facets)


async def entry(reader: Reader, caller: str = PEER) -> Entry:
    return (await reader.crawl(caller))[ID]


async def test_what_nobody_says_is_what_the_offer_makes_it(city: Node, reader: Reader) -> None:
    await publish(city, purposes=())
    found = (await entry(reader)).metadata
    assert (found.access, found.identifiers) == ("PUBLIC", (ID,))
    assert found.modified is not None
    assert found.landing_page == f"{ROOT}/dcat/datasets/trees"
    await publish(city, "counted", count=3)
    restricted = (await reader.crawl())[f"{ROOT}/datasets/counted"]
    assert restricted.metadata.access == "RESTRICTED"


@pytest.mark.parametrize(
    ("media_type", "format", "media"),
    [("text/csv; charset=utf-8", "CSV", "text/csv"), ("application/x-ndjson", "JSON", ""), ("image/x-odd", "", "")],
)
async def test_the_form_is_that_of_the_media_type(
    city: Node, reader: Reader, media_type: str, format: str, media: str
) -> None:
    await publish(city, purposes=())
    await change(city, media_type=media_type)
    (form,) = (await entry(reader)).metadata.forms
    assert (form.format, form.media_type, form.licence) == (format, media, "other-closed")


async def test_what_is_offered_to_one_alone_tells_others_nothing(city: Node, reader: Reader) -> None:
    await publish(city, assignee=PEER)
    assert await reader.crawl(OTHER) == {}
    only = await entry(reader)
    assert only.metadata.access == "RESTRICTED"
    assert (only.metadata.landing_page, [form.access_url for form in only.metadata.forms]) == ("", [city.base])
    await city.catalogs.reading.own.work()
    own = city.catalogs.index.entry(city.did, ID)
    assert own is not None
    assert (own.metadata, own.score) == (only.metadata, only.score)
    assert (await quality(city))["score"] == only.score
    # Beside an offer to everybody, the one to somebody changes nothing of what is said.
    await offer(city, "open", purposes=())
    everybody, peer = await entry(reader, OTHER), await entry(reader)
    assert everybody.metadata == peer.metadata
    assert len(everybody.terms) < len(peer.terms)


async def test_nothing_changes_without_a_change(city: Node, reader: Reader) -> None:
    await publish(city, purposes=())
    await portray(city, replace(full(city.clock.now()), modified=None))
    before, listed = await entry(reader), await listings(city)
    await city.store.write(lambda tx: city.catalogs.listings.refresh(tx, ID))
    asset = await city.offers.asset("trees")
    await city.store.write(lambda tx: tx.put(asset))
    assert await listings(city) == listed
    assert (await entry(reader)).digest == before.digest


async def test_what_is_edited_is_newer(city: Node, reader: Reader) -> None:
    await publish(city, purposes=())
    at = [(await entry(reader)).metadata.modified]
    await portray(city, Metadata(themes=("ENER",)))
    at.append((await entry(reader)).metadata.modified)
    made = await offer(city, "second", purposes=())
    at.append((await entry(reader)).metadata.modified)
    await city.offers.retire("anna", made["id"])
    at.append((await entry(reader)).metadata.modified)
    assert None not in at
    assert sorted(set(at)) == at  # type: ignore[type-var]
    (listed,) = await listings(city)
    assert listed.modified == at[-1]
    assert listed.modified <= listed.changed


async def listings(city: Node) -> list[Listing]:
    return await city.store.read(lambda view: view.select(Listing, audience=""))


async def change(city: Node, **fields: Any) -> None:
    asset = replace(await city.offers.asset("trees"), **fields)
    await city.store.write(lambda tx: tx.put(asset))


async def offer(city: Node, policy: str, **terms: Any) -> dict[str, Any]:
    """One more offer of the asset."""
    await manage(city, "POST", "/v1/policies", {"name": policy, "terms": terms})
    body = {"asset": "trees", "policy": policy, "approval": {"frame": frames.NAME}}
    return told(await manage(city, "POST", "/v1/offers", body))


def test_the_names_of_forms_are_those_of_the_data_plane() -> None:
    assert ROWS == formats.SHORT
