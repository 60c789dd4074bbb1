"""What is said of assets: changed field by field, judged as portals would, shown to portals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from catalog.portal.metadata import read
from connector.node import Node
from connector.protocol.messages import JsonObject
from tests.connector.http.nodes import ROOT, a_node, events, manage, publish, told

TREES = f"{ROOT}/datasets/trees"
PATH = "/v1/assets/trees/portrait"


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        await publish(made, "trees")
        yield made


async def say(city: Node, *, anyway: bool = False, language: str = "en", **fields: Any) -> JsonObject:
    answer = await manage(city, "POST", PATH, {"fields": fields, "anyway": anyway}, accept_language=language)
    return {**told(answer), "status": answer.status}


async def test_an_asset_of_which_nothing_is_said_has_what_the_node_knows(city: Node) -> None:
    found = told(await manage(city, "GET", PATH))
    assert (found["asset"], found["changed"], found["source"]) == (TREES, None, "")
    assert found["metadata"]["title"] == {"": "trees"}
    assert found["metadata"]["publisher"]["id"].startswith("did:web:")
    assert not [one for one in found["findings"] if one["severity"] == "violation"]


async def test_what_is_not_named_stays(city: Node) -> None:
    await say(city, themes=["ENVI"], keywords={"de": ["Bäume"]})
    kept = await say(city, licence="dl-by-de/2.0", box={"west": 13, "south": 51, "east": 14, "north": 51.5})
    assert kept["metadata"]["themes"] == ["ENVI"]
    assert kept["metadata"]["keywords"] == {"de": ["Bäume"]}
    assert kept["metadata"]["box"] == {"west": 13.0, "south": 51.0, "east": 14.0, "north": 51.5}
    gone = await say(city, themes=None)
    assert "themes" not in gone["metadata"]
    assert gone["metadata"]["licence"] == "dl-by-de/2.0"
    assert [event for event, _ in await events(city)].count("portrait.changed") == 3


async def test_portals_and_peers_see_it_at_once(city: Node) -> None:
    before = await city.catalogs.portal.latest()
    await say(city, themes=["ENVI"], licence="cc-zero")
    after = await city.catalogs.portal.latest()
    assert after.id != before.id
    shown = read((await city.catalogs.portal.dataset("trees")).graph, TREES)
    assert (shown.themes, shown.forms[0].licence) == (("ENVI",), "cc-zero")
    assert after.datasets[0].changed >= before.datasets[0].changed


async def test_what_a_portal_would_refuse_is_not_kept(city: Node) -> None:
    refused = await say(city, themes=["ENVIRONMENT STUFF"])
    assert refused["status"] == 400
    assert "trees" in str(refused)
    assert told(await manage(city, "GET", PATH))["changed"] is None
    kept = await say(city, themes=["ENVIRONMENT STUFF"], anyway=True)
    wrong = [one for one in kept["findings"] if one["severity"] == "violation"]
    assert {one["property"] for one in wrong} == {"dcat:theme"}
    assert all(len(one["sentence"]) > 20 for one in wrong)
    # What was wrong before does not stand in the way of something else, which does not make it worse.
    assert (await say(city, frequency="DAILY"))["status"] == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"theme": ["ENVI"]}, "portrait.field"),
        ({"themes": "ENVI"}, "portrait.value"),
        ({"box": {"west": 1}}, "portrait.value"),
        ({"since": "tomorrow"}, "portrait.value"),
        ({"issued": "yesterday"}, "portrait.value"),
        ({"licence": "foo"}, "portrait.code"),
        ({"level": "realm"}, "portrait.code"),
        ({"landing_page": "javascript:alert(1)"}, "portrait.address"),
        ({"documentation": ["trees.html"]}, "portrait.address"),
        ({"places": ["Nowhere"]}, "search.place"),
        ({"places": ["99999999"]}, "search.place"),
        ({"description": {"de": "x" * 2_000_000}}, "portrait.large"),
    ],
)
async def test_what_cannot_be_said_is_refused(city: Node, fields: dict[str, Any], code: str) -> None:
    refused = await say(city, **fields)
    assert (refused["status"], refused["code"]) == (400, code)


async def test_words_count_as_what_they_mean(city: Node) -> None:
    said = await say(
        city,
        themes=["Umwelt"],
        frequency="stündlich",
        licence="CC0",
        languages=["deutsch"],
        level="Gemeinde",
        places=["Dresden"],
    )
    told = {field: said["metadata"][field] for field in ("themes", "frequency", "licence", "languages", "level")}
    assert told == {
        "themes": ["ENVI"],
        "frequency": "HOURLY",
        "licence": "cc-zero",
        "languages": ["DEU"],
        "level": "municipality",
    }
    assert said["metadata"]["places"] == ["14612"]


async def test_what_was_said_is_taken_back(city: Node) -> None:
    assert (await manage(city, "DELETE", PATH)).status == 404
    await say(city, themes=["ENVI"])
    assert (await manage(city, "DELETE", PATH)).status == 204
    assert "themes" not in told(await manage(city, "GET", PATH))["metadata"]
    assert (await manage(city, "GET", "/v1/assets/none/portrait")).status == 404


async def test_an_asset_takes_what_is_said_of_it_along(city: Node) -> None:
    await say(city, themes=["ENVI"])
    for offer in told(await manage(city, "GET", "/v1/offers"))["items"]:
        await manage(city, "DELETE", f"/v1/offers/{offer['id']}")
    assert (await manage(city, "DELETE", "/v1/assets/trees")).status == 204
    await publish(city, "trees")
    assert told(await manage(city, "GET", PATH))["changed"] is None
