"""A reader that expands JSON-LD with the protocol's own context loses nothing of what `catalog.dcat` says.

Judged by PyLD with the official files; what is compared is triples, so that a member that a reader drops, takes for a
name relative to the document, or reads as another kind of value is found.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pyld import jsonld
from rdflib import BNode, Graph, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

from catalog import dcat
from catalog.graph import Graph as Told
from catalog.graph import full
from catalog.portal import ntriples
from catalog.portal.metadata import write
from connector.protocol.messages import CONTEXT
from tests.catalog.portal.exhibits import exhibit
from tests.catalog.portal.test_metadata import FULL
from tests.catalog.test_dcat import OFFER, SERVICE
from tests.standards import DSP, needs_standards

pytestmark = needs_standards

ROOT = "https://stadt.example/datasets/x"
FILES = {
    CONTEXT: DSP / "context" / "dspace.jsonld",
    "https://w3id.org/dspace/2025/1/odrl-profile.jsonld": DSP / "context" / "odrl.jsonld",
}
OTHERS: Told = {
    ROOT: {
        "@id": ROOT,
        "@type": ["dcat:Dataset"],
        "dct:title": [{"@value": "Straßenbäume", "@language": "de"}],
        # Terms of the context without a prefix, words of JSON-LD and names of nothing stay what they are.
        "dct:type": [{"@value": "format"}, {"@value": "Offer"}, {"@value": "@id"}],
        "https://x.example/participantId": [{"@value": "1.50", "@type": "xsd:decimal"}],
        "https://x.example/p q": [{"@value": "no property"}],
        "dct:conformsTo": [{"@id": "urn:a:b"}, {"@id": "mailto:a@b.example"}, {"@id": "did:web:b.example"}],
        "adms:versionNotes": [{"@value": 'a\n"b" <c> \\ \U0001f333', "@language": "en"}],
        "dct:spatial": [{"@id": "_:place"}],
        "foaf:page": [{"@value": "true", "@type": "xsd:boolean"}],
    },
    "_:place": {"@id": "_:place", "@type": ["dct:Location"], "locn:geographicName": [{"@value": "Köln"}]},
}


def _official(url: str, options: Any) -> Any:
    return {"contextUrl": None, "documentUrl": url, "document": msgspec.json.decode(FILES[url].read_bytes())}


def expanded(said: Told) -> Graph:
    """The triples of a dataset of the protocol as PyLD has them, without offers and forms of transfer."""
    members = dcat.members(said, ROOT)
    document = dcat.dataset(
        id=ROOT, title="plain", offers=[OFFER], formats=["HttpData-PULL"], service=SERVICE, said=members
    )
    catalogue = dcat.catalog(id="urn:c", participant="did:web:x", service=SERVICE, datasets=[document])
    wire = msgspec.json.decode(msgspec.json.encode({"@context": [CONTEXT], **catalogue}))
    quads = jsonld.to_rdf(wire, {"documentLoader": _official, "format": "application/n-quads", "base": "https://base/"})
    graph = Graph()
    graph.parse(data=quads, format="nt")
    root, left = URIRef(ROOT), Graph()
    own: set[Node] = {root}
    for of in ("odrl:hasPolicy", "dcat:distribution"):
        assert list(graph.objects(root, URIRef(full(of))))
        graph.remove((root, URIRef(full(of)), None))
    open: list[Node] = [root]
    while open:
        for triple in graph.triples((open.pop(), None, None)):
            left.add(triple)
            if triple[2] not in own and isinstance(triple[2], URIRef | BNode):
                own.add(triple[2])
                open.append(triple[2])
    return left


def meant(said: Told) -> Graph:
    """The triples of a graph as they were told, its distributions under the name that they have in the protocol."""
    graph = dict(said)
    graph[ROOT] = {dcat.FILES if name == "dcat:distribution" else name: held for name, held in said[ROOT].items()}
    found = Graph()
    found.parse(data=ntriples.write(graph), format="nt")
    return found


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(write(FULL, ROOT), id="all-fields"),
        pytest.param(exhibit("x").graph, id="asset-alone"),
        pytest.param(OTHERS, id="others"),
    ],
)
def test_every_member_survives_expansion(said: Told) -> None:
    found, wanted = (set(to_canonical_graph(graph)) for graph in (expanded(said), meant(said)))
    assert sorted(found - wanted) == []
    assert sorted(wanted - found) == []


ODD: Told = {
    ROOT: {
        "@id": ROOT,
        "@type": ["dcat:Dataset"],
        "dspace:ACCEPTED": [{"@value": "x"}],
        "dct:type": [{"@id": one} for one in ("format", "dct:format", "dspace:ACCEPTED", "@id")],
    }
}


def test_what_would_become_something_else_is_left_out() -> None:
    assert {str(predicate) for _, predicate, _ in expanded(ODD)} == {full("rdf:type")}
