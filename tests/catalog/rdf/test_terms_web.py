"""Covers `catalog/rdf/terms_web.py`, and what `reading` does with contexts that nobody here knows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import json

from catalog.rdf.reading import ReadingError, read_graph
from catalog.repair.records import records


def read(document: dict[str, Any]) -> Any:
    return read_graph(json.encode(document), "application/ld+json", "https://portal.example/")


PAGE = {
    "@context": "https://schema.org/",
    "@type": "Dataset",
    "@id": "https://portal.example/d/1",
    "name": "Radzählung",
    "description": "Wie viele Räder fahren.",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "publisher": {"@type": "Organization", "name": "Stadt Beispiel"},
    "keywords": ["Rad"],
    "distribution": [
        {"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": "https://portal.example/d/1.csv"}
    ],
}
FEED = {
    "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "@type": "dcat:Catalog",
    "dataset": [
        {
            "@type": "dcat:Dataset",
            "title": "Parkplätze",
            "description": "<div>Wo sie <b>sind</b>.</div>",
            "identifier": "https://portal.example/items/2",
            "publisher": {"@type": "org:Organization", "name": "Stadt Beispiel"},
            "contactPoint": {"@type": "vcard:Contact", "fn": "Amt", "hasEmail": "mailto:amt@stadt.example"},
            "modified": "2024-05-06",
            "distribution": [{"@type": "dcat:Distribution", "accessURL": "https://portal.example/2", "format": "CSV"}],
        }
    ],
}


@pytest.mark.parametrize(("document", "title"), [(PAGE, "Radzählung"), (FEED, "Parkplätze")])
def test_what_pages_and_portals_of_arcgis_tell_becomes_a_record(document: dict[str, Any], title: str) -> None:
    (record,) = records(read(document))
    said = record.metadata
    assert record.clean and list(said.title.values()) == [title]
    assert said.publisher is not None and said.publisher.name == "Stadt Beispiel"
    assert [one.format or one.media_type for one in said.forms] in (["CSV"], ["text/csv"])


UNKNOWN = "https://context.example/own.jsonld"


def test_an_unknown_context_is_done_without_where_nothing_is_said_by_it() -> None:
    plain = {
        "@context": [UNKNOWN, {"own": "https://own.example/"}],
        "@graph": [{"@id": "https://x.example/1", "@type": "dcat:Dataset", "dct:title": "A", "https://a.example/b": 1}],
    }
    graph = read(plain)
    assert graph["https://x.example/1"]["dct:title"] == [{"@value": "A"}]


@pytest.mark.parametrize(
    "said",
    [
        {"title": "A"},
        {"own:title": "A"},
        {"dct:title": "A", "@type": "Dataset"},
        {"dct:publisher": {"name": "A"}},
        {"@graph": [{"title": "A"}]},
    ],
)
def test_an_unknown_context_that_something_is_said_by_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ReadingError) as raised:
        read({"@context": UNKNOWN, "@id": "https://x.example/1", **said})
    assert raised.value.code == "rdf.context"
