"""Covers catalog/dcat.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import dcat
from catalog.federation import reading
from catalog.graph import Graph
from catalog.model import Agent, Form, Metadata
from catalog.portal import metadata as portal
from policies.model import Operator
from policies.operands import COUNT
from policies.render import to_dsp
from tests.policies.samples import atom, permission, policy

STANDARDS = Path(os.environ.get("ALLMENDE_STANDARDS", "../shared/standards"))
CONTEXT = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"]}
SERVICE = dcat.service("https://city.example/dsp/2025-1", "urn:uuid:service")
OFFER = to_dsp(policy(permission(atom(COUNT, Operator.LTEQ, "3"))))

GRAPH: Graph = {
    "urn:d": {
        "@id": "urn:d",
        "@type": ["dcat:Dataset"],
        "dct:title": [{"@value": "Zählungen", "@language": "de"}, {"@value": "Counts", "@language": "en"}],
        "dct:issued": [{"@value": "2026-01-01", "@type": "xsd:date"}],
        "dcat:keyword": [{"@value": "rad"}],
        "dcat:theme": [{"@id": "http://publications.europa.eu/resource/authority/data-theme/TRAN"}],
        "dct:publisher": [{"@id": "did:web:city"}],
        "dct:creator": [{"@id": "did:web:city"}],
        "dcatde:contributorID": [{"@id": "http://dcat-ap.de/def/contributors/x"}],
        "dcat:contactPoint": [{"@id": "_:c"}],
        "dcat:distribution": [{"@id": "urn:f"}],
        "odrl:hasPolicy": [{"@id": "urn:evil"}],
        "http://www.w3.org/ns/odrl/2/target": [{"@value": "evil"}],
        "hasPolicy": [{"@value": "evil"}],
    },
    "did:web:city": {"@id": "did:web:city", "@type": ["foaf:Agent"], "foaf:name": [{"@value": "City"}]},
    "_:c": {"@id": "_:c", "@type": ["vcard:Kind"], "vcard:hasEmail": [{"@id": "mailto:a@city.example"}]},
    "urn:f": {"@id": "urn:f", "@type": ["dcat:Distribution"], "dcat:accessURL": [{"@id": "https://city.example/f"}]},
}


def dataset(**changes: Any) -> dict[str, Any]:
    values = {
        "id": "urn:d",
        "title": "Counts",
        "description": "Bicycles",
        "offers": [OFFER],
        "formats": ["HttpData-PULL"],
    }
    return dcat.dataset(**{**values, "service": SERVICE, **changes})


def test_a_self_description_is_linked_where_there_is_one() -> None:
    assert dataset(described="https://city.example/d")["describedBy"] == "https://city.example/d"
    catalog = dcat.catalog(
        id="urn:c", participant="did:web:city.example", service=SERVICE, described="https://x.example/n"
    )
    assert catalog["describedBy"] == "https://x.example/n"
    assert "describedBy" not in dataset()


def test_a_dataset_has_its_offers_and_distributions() -> None:
    assert dataset() == {
        "@id": "urn:d",
        "@type": "Dataset",
        "title": "Counts",
        "description": "Bicycles",
        "hasPolicy": [OFFER],
        "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": SERVICE}],
    }
    assert "description" not in dataset(description="")


def test_an_offer_in_a_catalogue_has_no_target() -> None:
    assert dataset(offers=[{**OFFER, "target": "urn:d"}])["hasPolicy"] == [OFFER]


@pytest.mark.parametrize("part", ["offers", "formats"])
def test_a_dataset_without_offers_or_formats_is_refused(part: str) -> None:
    with pytest.raises(ValueError):
        dataset(**{part: []})


def test_an_empty_catalogue_has_no_datasets_at_all() -> None:
    found = dcat.catalog(id="urn:c", participant="did:web:city.example", service=SERVICE)
    assert found == {"@id": "urn:c", "@type": "Catalog", "participantId": "did:web:city.example", "service": [SERVICE]}


@pytest.mark.parametrize(
    "datasets", [[], [dataset()], [dataset(), dataset(id="urn:e", description="", said=dcat.members(GRAPH, "urn:d"))]]
)
def test_catalogues_are_valid_under_the_official_schemas(datasets: list[dict[str, Any]]) -> None:
    folder = STANDARDS / "dsp"
    if not folder.exists():
        pytest.skip(f"no standards at {STANDARDS}")
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    schemas = [json.loads(path.read_bytes()) for path in folder.rglob("*-schema.json")]
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas if "$id" in schema])
    (schema,) = (schema for schema in schemas if schema.get("$id", "").endswith("/catalog/catalog-schema.json"))
    found = dcat.catalog(id="urn:c", participant="did:web:city.example", service=SERVICE, datasets=datasets)
    jsonschema_rs.validator_for(schema, registry=registry).validate({**CONTEXT, **found})


# --- what else is said ------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_dataset_stands_under_names_that_a_reader_keeps() -> None:
    vcard, foaf = "http://www.w3.org/2006/vcard/ns#", "http://xmlns.com/foaf/0.1/"
    assert dcat.members(GRAPH, "urn:d") == {
        "dct:title": [{"@value": "Zählungen", "@language": "de"}, {"@value": "Counts", "@language": "en"}],
        "dct:issued": {"@value": "2026-01-01", "@type": "xsd:date"},
        "dcat:keyword": "rad",
        "dcat:theme": {"@id": "http://publications.europa.eu/resource/authority/data-theme/TRAN"},
        "dct:publisher": {"@id": "did:web:city", "@type": [foaf + "Agent"], foaf + "name": "City"},
        "dct:creator": {"@id": "did:web:city"},
        "http://dcat-ap.de/def/dcatde/contributorID": {"@id": "http://dcat-ap.de/def/contributors/x"},
        "dcat:contactPoint": {"@type": [vcard + "Kind"], vcard + "hasEmail": {"@id": "mailto:a@city.example"}},
        dcat.FILES: [
            {"@id": "urn:f", "@type": ["dcat:Distribution"], "dcat:accessURL": {"@id": "https://city.example/f"}}
        ],
    }
    assert dcat.members(GRAPH, "urn:none") == {}


def test_a_graph_without_an_end_has_one_here() -> None:
    ring: Graph = {f"_:{n}": {"@id": f"_:{n}", "dct:relation": [{"@id": f"_:{(n + 1) % 3}"}]} for n in range(3)}
    ring["urn:d"] = {"@id": "urn:d", "dct:relation": [{"@id": "_:0"}, {"@id": "urn:d"}]}
    # Each of these names the next twice: told in full it would be without measure.
    double: Graph = {
        f"_:{n}": {"@id": f"_:{n}", "dct:relation": [{"@id": f"_:{n + 1}"}], "dct:source": [{"@id": f"_:{n + 1}"}]}
        for n in range(100)
    }
    double["urn:d"] = {"@id": "urn:d", "dct:relation": [{"@id": "_:0"}]}
    for graph in (ring, double):
        assert len(json.dumps(dcat.members(graph, "urn:d"))) < 100_000


def test_what_is_said_does_not_take_the_place_of_what_is_offered() -> None:
    found = dataset(said={**dcat.members(GRAPH, "urn:d"), "hasPolicy": [], "@id": "urn:evil"})
    assert (found["@id"], found["hasPolicy"], found["description"]) == ("urn:d", [OFFER], "Bicycles")
    assert found["dct:title"][0]["@value"] == "Zählungen"
    assert "title" not in found


def test_datasets_with_all_that_is_said_are_valid_and_read_as_they_were_told() -> None:
    found = dataset(said=dcat.members(GRAPH, "urn:d"))
    document = msgspec.json.encode(found)
    told = reading.read(document, found, found)
    assert told is not None
    assert portal.read(told.graph, "urn:d").title["de"] == "Zählungen"
    assert portal.read(told.graph, "urn:d").publisher == portal.read(GRAPH, "urn:d").publisher
    assert portal.read(told.graph, "urn:d").contacts == portal.read(GRAPH, "urn:d").contacts


def told_again(metadata: Metadata, id: str = "urn:d") -> Metadata:
    """What a reader of the node's catalogue finds of what was said."""
    raw = {**dcat.members(portal.write(metadata, id), id), "@id": id, "@type": "Dataset"}
    found = reading.read(msgspec.json.encode(raw), raw, raw)
    assert found is not None
    return portal.read(found.graph, found.id)


_words = st.text(st.characters(codec="latin-1", categories=["L", "N"]), min_size=1, max_size=12)
_texts = st.dictionaries(st.sampled_from(["", "de", "en"]), _words, max_size=3)
_instants = st.none() | st.integers(0, 4 * 10**15)
_urls = st.builds("https://{}.example/x".format, st.sampled_from("abc"))
_forms = st.builds(
    Form,
    id=st.integers(0, 9).map("urn:form:{}".format),
    title=_texts,
    access_url=_urls | st.just(""),
    download_url=_urls | st.just(""),
    format=st.sampled_from(["", "CSV", "JSON"]),
    media_type=st.sampled_from(["", "text/csv"]),
    licence=st.sampled_from(["dl-by-de/2.0", "https://licence.example/x"]),
    modified=_instants,
    bytes=st.none() | st.integers(0, 10**12),
    rights=_words | st.just(""),
)
_agents = st.builds(Agent, name=_words, id=_urls | st.just(""), homepage=_urls | st.just(""))
_said = st.builds(
    Metadata,
    title=_texts,
    description=_texts,
    keywords=st.dictionaries(st.sampled_from(["", "de", "en"]), st.lists(_words, min_size=1, unique=True).map(tuple)),
    themes=st.lists(st.sampled_from(["ENER", "TRAN", "ENVI"]), unique=True).map(tuple),
    creators=st.lists(_agents, max_size=3, unique_by=lambda one: one.id or one.name).map(tuple),
    frequency=st.sampled_from(["", "DAILY"]),
    issued=_instants,
    modified=_instants,
    places=st.lists(st.sampled_from(["13003000", "14", "DE80K"]), unique=True).map(tuple),
    since=st.sampled_from(["", "2020-01-01"]),
    conforms_to=st.lists(_urls | st.just("OCPI"), unique=True).map(tuple),
    provenance=_texts,
    forms=st.lists(_forms, max_size=4, unique_by=lambda one: one.id).map(tuple),
)


@given(_said)
def test_whatever_is_said_is_read_again(said: Metadata) -> None:
    written = portal.read(portal.write(said, "urn:d"), "urn:d")
    assert told_again(said) == written


def test_of_very_many_files_some_are_left_out_and_nothing_else() -> None:
    said = Metadata(title={"de": "Kacheln"}, forms=tuple(Form(id=f"urn:f:{at}", format="TIFF") for at in range(600)))
    found = told_again(said)
    assert found.title == said.title
    assert len(found.forms) == 500
    assert all(form.format for form in found.forms)
    long = Metadata(title={"de": "Kacheln"}, forms=tuple(Form(id=f"urn:f:{at}" + "x" * 1_500) for at in range(400)))
    assert 100 < len(told_again(long).forms) < 140
