"""Covers catalog/rdf/reading.py and blank.py: four forms of RDF say the same, as other readers of RDF say it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from catalog.graph import Graph, full
from catalog.rdf.reading import JSON_LD, N_TRIPLES, RDF_XML, TURTLE, ReadingError, read_graph
from catalog.rdf.terms_dcat import DCAT_AP, DSPACE
from tests.catalog.dcat_samples import DCAT, EXAMPLES, needs_standards

FORMS = {".ttl": TURTLE, ".rdf": RDF_XML, ".jsonld": JSON_LD}
BROKEN = "example-bees_wasps_dataset.ttl"
"""Its first line lacks a full stop."""
TTL = b"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://a.example/d> a dcat:Dataset ; dct:title "Ladepunkte"@DE, "B\xc3\xa4ume" ;
  dct:identifier "007"^^xsd:integer, 4.50;
  dcat:contactPoint [ a vcard:Kind ; vcard:fn "Amt" ], [ a vcard:Kind ; vcard:fn "Amt 2" ] ; dct:language ( "a" "b" ) .
"""


def _lines(graph: Graph) -> str:
    """The statements of a graph as N-Triples, for other readers of RDF."""
    from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

    def term(one: dict[str, str]) -> Any:
        if "@id" in one:
            return BlankNode("b" + one["@id"][2:]) if one["@id"].startswith("_:") else NamedNode(one["@id"])
        if "@language" in one:
            return Literal(one["@value"], language=one["@language"])
        return (
            Literal(one["@value"], datatype=NamedNode(full(one["@type"]))) if "@type" in one else Literal(one["@value"])
        )

    written = serialize(
        (
            Triple(term({"@id": id}), NamedNode(full("rdf:type" if key == "@type" else key)), term(one))
            for id, node in graph.items()
            for key, held in node.items()
            if key != "@id"
            for one in ([{"@id": full(kind)} for kind in held] if key == "@type" else held)
        ),
        format=RdfFormat.N_TRIPLES,
    )
    assert written is not None
    return written.decode()


def _canonical(data: bytes, form: Any, base: str | None = None) -> str:
    from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

    dataset = Dataset(parse(data, form, base_iri=base, lenient=True))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    written = serialize(dataset, format=RdfFormat.N_QUADS)
    assert written is not None
    return "".join(sorted(written.decode().splitlines(keepends=True)))


def _examples() -> list[Path]:
    return sorted(path for path in EXAMPLES.glob("*/*") if path.suffix in FORMS and path.name != BROKEN)


@needs_standards
@pytest.mark.parametrize("path", _examples(), ids=lambda path: path.name)
def test_an_official_example_says_what_another_reader_of_rdf_finds(path: Path) -> None:
    from pyoxigraph import RdfFormat

    forms = {TURTLE: RdfFormat.TURTLE, RDF_XML: RdfFormat.RDF_XML, JSON_LD: RdfFormat.JSON_LD}
    form, data = FORMS[path.suffix], path.read_bytes()
    found = read_graph(data, form, "https://base.example/")
    # This other reader makes statements of names that no context gives a meaning to.
    expected = "".join(
        line for line in _canonical(data, forms[form], "https://base.example/").splitlines(True) if " <__" not in line
    )
    assert _canonical(_lines(found).encode(), RdfFormat.N_TRIPLES) == expected
    assert found


@needs_standards
def test_an_example_with_a_mistake_is_refused_at_its_line() -> None:
    with pytest.raises(ReadingError) as error:
        read_graph((EXAMPLES / "hvd" / BROKEN).read_bytes(), TURTLE)
    assert (error.value.code, error.value.what) == ("rdf.form", "line 2")


@needs_standards
def test_the_same_in_three_forms_is_the_same_graph_with_the_same_names() -> None:
    folder = DCAT / "examples" / "dcat-ap-de"
    for name in ("ADVANCED", "SIMPLE"):
        found = [
            read_graph((folder / f"v2.0-dcat_ap_de-RefImp_{kind}_{name}{suffix}").read_bytes(), form)
            for kind, suffix, form in (
                ("TTL", ".ttl", TURTLE),
                ("RDF", ".rdf", RDF_XML),
                ("JSONLD", ".jsonld", JSON_LD),
            )
        ]
        # One of the three writes the digits of checksums in capitals.
        names = [{id for id, node in graph.items() if "spdx:Checksum" not in node.get("@type", ())} for graph in found]
        assert names[0] == names[1] == names[2]
        assert sum(id.startswith("_:") for id in names[0]) >= 1


def test_values_are_kept_as_they_are_written() -> None:
    node = read_graph(TTL, TURTLE)["https://a.example/d"]
    assert node["@type"] == ["dcat:Dataset"]
    assert node["dct:title"] == [{"@value": "Ladepunkte", "@language": "de"}, {"@value": "Bäume"}]
    assert node["dct:identifier"] == [
        {"@value": "007", "@type": "xsd:integer"},
        {"@value": "4.50", "@type": "xsd:decimal"},
    ]


def test_rdflib_is_left_as_it_was() -> None:
    import rdflib

    read_graph(b'<urn:a> <urn:b> "1" .', N_TRIPLES)
    (literal,) = rdflib.Graph().parse(data='<urn:a> <urn:b> "1" .', format="nt").objects()
    assert type(literal) is rdflib.Literal


def test_names_of_nodes_without_one_follow_from_what_they_say() -> None:
    found = read_graph(TTL, TURTLE)
    turned = TTL.replace(b'[ a vcard:Kind ; vcard:fn "Amt" ], ', b"").replace(
        b"dct:language (", b'dcat:contactPoint [ vcard:fn "Amt" ; a vcard:Kind ] ; dct:language ('
    )
    again = read_graph(turned, TURTLE)
    assert turned != TTL
    assert found.keys() == again.keys()
    assert sum(id.startswith("_:") for id in found) == 4


def test_shuffled_statements_make_the_same_names() -> None:
    lines = [
        f'_:d{n} <urn:says> "{n % 3}" .\n_:d{n} <urn:next> _:d{n + 1} .\n<urn:x{n % 5}> <urn:has> _:d{n} .\n'
        for n in range(40)
    ]
    first = read_graph("".join(lines).encode(), N_TRIPLES)
    random.Random(7).shuffle(lines)
    again = read_graph("".join(lines).encode(), N_TRIPLES)
    assert sorted(_lines(first).splitlines()) == sorted(_lines(again).splitlines())
    assert len(first) == 45


def test_nodes_that_nobody_can_tell_apart_stay_two() -> None:
    found = read_graph(b"<urn:a> <urn:p> [ <urn:q> 1 ], [ <urn:q> 1 ] .", TURTLE)
    assert len(found["urn:a"]["urn:p"]) == 2
    assert len(found) == 3


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"<> a <http://www.w3.org/ns/dcat#Catalog> ; <http://purl.org/dc/terms/title> 'x' .", TURTLE),
        (b'{"@id":"","@type":"http://www.w3.org/ns/dcat#Catalog","http://purl.org/dc/terms/title":"x"}', JSON_LD),
    ],
)
def test_a_document_about_itself_has_a_node_without_a_name_where_nobody_knows_its_address(
    data: bytes, form: str
) -> None:
    (id,) = read_graph(data, form)
    assert id.startswith("_:")
    assert list(read_graph(data, form, "https://a.example/c")) == ["https://a.example/c"]


def test_a_relative_reference_to_nothing_is_text_and_not_lost() -> None:
    found = read_graph(b"<urn:a> <http://www.w3.org/ns/dcat#accessURL> <daten.csv> .", TURTLE)
    assert found["urn:a"]["dcat:accessURL"] == [{"@value": "daten.csv"}]


def test_the_context_of_dcat_ap_is_known_by_its_url() -> None:
    document = (
        '{"@context":"%s","@type":"Dataset","@id":"urn:d","title":"x","publisher":"urn:p",'
        '"datasetDistribution":{"@type":"Distribution","accessUrl":"https://a.example/","byteSize":"3","title":"y"}}'
    )
    found = read_graph((document % DCAT_AP[0]).encode(), JSON_LD)
    assert found["urn:d"]["dct:publisher"] == [{"@id": "urn:p"}]
    (distribution,) = found["urn:d"]["dcat:distribution"]
    assert found[distribution["@id"]]["dcat:byteSize"] == [{"@value": "3", "@type": "xsd:nonNegativeInteger"}]


def test_a_catalogue_of_the_protocol_is_read_with_its_own_context() -> None:
    document = (
        '{"@context":["%s"],"@type":"Catalog","@id":"urn:c","participantId":"did:web:a.example","dataset":[{'
        '"@type":"Dataset","@id":"urn:d","dct:title":"x","hasPolicy":[{"@type":"Offer","@id":"urn:o","permission":'
        '[{"action":"odrl:use"}]}],"distribution":[{"@type":"Distribution","format":"HttpData-PULL"}]}]}'
    )
    found = read_graph((document % DSPACE).encode(), JSON_LD)
    assert found["urn:c"]["dcat:dataset"] == [{"@id": "urn:d"}]
    assert found["urn:o"]["@type"] == ["odrl:Offer"]
    (permission,) = found["urn:o"]["odrl:permission"]
    assert found[permission["@id"]]["odrl:action"] == [{"@id": full("odrl:use")}]
    (distribution,) = found["urn:d"]["dcat:distribution"]
    assert found[distribution["@id"]]["dct:format"] == [{"@value": "HttpData-PULL"}]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_document_is_read_in_the_charset_that_it_says(charset: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{charset.removesuffix("-sig")}"?>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/">'
        '<rdf:Description rdf:about="urn:a"><dct:title>Straßenbäume</dct:title></rdf:Description></rdf:RDF>'
    )
    found = read_graph(text.encode(charset), RDF_XML)
    assert found["urn:a"]["dct:title"] == [{"@value": "Straßenbäume"}]
    plain = text.partition("?>")[2]
    assert read_graph(plain.encode(charset), f'application/rdf+xml; charset="{charset}"') == found


def test_what_is_utf_8_is_read_as_that_whatever_it_says_of_itself() -> None:
    found = read_graph("<urn:a> <urn:b> 'Straße' .".encode(), "text/turtle; charset=iso-8859-1")
    assert found["urn:a"]["urn:b"] == [{"@value": "Straße"}]
