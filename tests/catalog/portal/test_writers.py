"""Turtle, RDF/XML, JSON-LD, N-Triples: what is written is read again by others' readers, all of them the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyld.jsonld
import pyoxigraph as ox
import pytest
import rdflib
import rdflib.compare
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.graph import PREFIXES, Graph, full
from catalog.portal import jsonld, ntriples, rdfxml, turtle
from catalog.portal.fitness import fit

HOSTILE = [
    '"',
    "\\",
    "\n",
    "\r",
    "\t",
    "<script>",
    "&amp;",
    "]]>",
    "\u2028",
    "ä",
    "\U0001f333",
    "\x00",
    "\x1b",
    "\ufffe",
]
HOSTILE += ["\ud800", "-->", "\\u0041", "@de", "'''", '"""', "\x7f", "\x85", "{}", "\u202e"]
_text = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=4)), max_size=5).map("".join)
_iris = [
    "https://a.example/",
    "https://a.example/b?c=d&e=f#g",
    "urn:x:y",
    "time:x",
    "dct:y",
    "mailto:a@b.example",
    "https://ä.example/ö",
    "http://a.example/<b>",
    "relative",
    "http://a b",
    "_:n0",
    "_:weird label",
    "javascript:alert('1')",
]
_id = st.sampled_from(_iris)
_names = ["dct:title", "dcat:keyword", "https://x.example/p", "https://x.example/1", "rdf:type", "dct:a.b", "x", "dct:"]
_names += ["https://x.example/a-b.c", "urn:p:q", "https://x.example/p<"]
_value = st.one_of(
    st.fixed_dictionaries({"@value": _text}),
    st.fixed_dictionaries(
        {"@value": _text, "@language": st.sampled_from(["de", "en-gb", "zh-hant-tw", "x y", "", "q"])}
    ),
    st.fixed_dictionaries({"@value": _text, "@type": st.sampled_from(["xsd:date", "https://x.example/T", "bad type"])}),
    st.fixed_dictionaries({"@id": _id}),
)
_node = st.dictionaries(st.sampled_from(_names), st.lists(_value, min_size=1, max_size=3), max_size=4)
_types = st.lists(st.sampled_from(["dcat:Dataset", "https://x.example/1", "time:Instant", "no type"]), max_size=2)
_graphs = st.dictionaries(_id, st.tuples(_types, _node), max_size=5).map(
    lambda nodes: {id: {"@id": id, "@type": types, **node} for id, (types, node) in nodes.items()}
)

Terms = set[tuple[Any, ...]]


def expected(graph: Graph) -> rdflib.Graph:
    """What a graph says, put together by hand."""
    result = rdflib.Graph()
    for node in fit(graph).values():
        subject = _term({"@id": node["@id"]})
        for one in node["@type"]:
            result.add((subject, rdflib.RDF.type, rdflib.URIRef(full(one))))
        for name, held in node.items():
            if not name.startswith("@"):
                for one in held:
                    result.add((subject, rdflib.URIRef(full(name)), _term(one)))
    return result


def _term(value: dict[str, str]) -> Any:
    if "@id" in value:
        id = value["@id"]
        return rdflib.BNode(id[2:]) if id.startswith("_:") else rdflib.URIRef(id)
    datatype = rdflib.URIRef(full(value["@type"])) if "@type" in value else None
    return rdflib.Literal(value["@value"], lang=value.get("@language"), datatype=datatype, normalize=False)


def by_oxigraph(format: ox.RdfFormat) -> Callable[[bytes], rdflib.Graph]:
    def read(data: bytes) -> rdflib.Graph:
        result = rdflib.Graph()
        for quad in ox.parse(data, format):
            result.add((_ox(quad.subject), _ox(quad.predicate), _ox(quad.object)))
        return result

    return read


def _ox(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    plain = term.language or term.datatype.value == PREFIXES["xsd"] + "string"
    datatype = None if plain else rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, lang=term.language, datatype=datatype, normalize=False)


def by_pyld(data: bytes) -> rdflib.Graph:
    quads = pyld.jsonld.to_rdf(json.loads(data), {"format": "application/n-quads"})
    return by_oxigraph(ox.RdfFormat.N_QUADS)(quads.encode())


def by_rdflib(format: str) -> Callable[[bytes], rdflib.Graph]:
    return lambda data: rdflib.Graph().parse(data=data, format=format)


READERS = [
    (turtle.write, by_oxigraph(ox.RdfFormat.TURTLE)),
    (ntriples.write, by_oxigraph(ox.RdfFormat.N_TRIPLES)),
    (rdfxml.write, by_oxigraph(ox.RdfFormat.RDF_XML)),
    (jsonld.write, by_pyld),
    (turtle.write, by_rdflib("turtle")),
    (ntriples.write, by_rdflib("nt")),
    (rdfxml.write, by_rdflib("xml")),
    (jsonld.write, by_rdflib("json-ld")),
]


@pytest.fixture(autouse=True)
def literals_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


@pytest.mark.parametrize(
    ("write", "read"), READERS, ids=["oxigraph-ttl", "oxigraph-nt", "oxigraph-xml", "pyld", "ttl", "nt", "xml", "json"]
)
@settings(max_examples=60, deadline=None)
@given(graph=_graphs)
def test_what_is_written_is_what_is_read(write: Any, read: Any, graph: Graph) -> None:
    assert rdflib.compare.isomorphic(read(write(graph)), expected(graph))


def test_what_no_form_can_say_is_left_out() -> None:
    graph: Graph = {
        "https://a.example/": {
            "@id": "https://a.example/",
            "@type": ["dcat:Dataset", "no type"],
            "dct:title": [{"@value": "a\x00b", "@language": "x y"}, {"@id": "http://a b"}, {"@id": "_:gone"}],
            "https://x.example/1": [{"@value": "no name"}],
        },
        "relative": {"@id": "relative", "@type": []},
    }
    assert fit(graph) == {
        "https://a.example/": {
            "@id": "https://a.example/",
            "@type": ["dcat:Dataset"],
            "dct:title": [{"@value": "a\ufffdb"}],
        }
    }


def test_a_scheme_that_looks_like_a_prefix_stays_one() -> None:
    graph: Graph = {"time:x": {"@id": "time:x", "@type": ["time:Instant"], "time:hasEnd": [{"@id": "dct:y"}]}}
    document = json.loads(jsonld.write(graph))
    assert not {"time", "dct"} & set(document["@context"])
    assert document["@graph"][0]["@type"] == [PREFIXES["time"] + "Instant"]
