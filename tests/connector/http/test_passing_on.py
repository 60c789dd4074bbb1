"""What was read in the catalogues of others is found here by this node's operators, and told to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.http.exchange import Request
from tests.catalog.index.entries import UTILITY, entry, fill
from tests.connector.http.nodes import a_node, dsp, manage, message, publish

SECRET = "urn:x:Verschwiegenes"


@pytest.mark.parametrize("restricted", [False, True])
async def test_nothing_of_others_is_passed_on(tmp_path: Path, restricted: bool) -> None:
    async with a_node(tmp_path) as city:
        await publish(city, "trees", purposes=())
        fill(city.catalogs.index, entry("Verschwiegenes", UTILITY, restricted=restricted))
        found = await manage(city, "GET", "/v1/search?words=Verschwiegenes")
        assert SECRET.encode() in found.body
        request = message("CatalogRequestMessage")
        answers = [
            await dsp(city, "POST", "/catalog/request", request),
            await dsp(city, "GET", "//city/catalog/entries", query="after=0"),
        ]
        for path in ("/dcat", "/dcat/catalog.ttl", "/dcat/catalog.jsonld"):
            answers.append(await city.dsp.handle(Request("GET", f"/city{path}", "", {}, b"")))
        for answer in answers:
            assert answer.status == 200
            assert b"trees" in answer.body
            assert b"Verschwiegenes" not in answer.body
        asked = await dsp(city, "GET", f"/catalog/datasets/{SECRET}")
        assert asked.status == 404
