"""What is said of datasets, as a graph of plain JSON: the one form between RDF, rules, repairs and the portal's view.

What lives here: the form, its names, and looking into it. What does not: reading RDF into it (`contexts`, in the
worker's process), judging it (`profile`), mending it (`repair`), writing it as RDF (`portal`), what it means to people
(`model`). Source: JSON-LD 1.1, flattened form, with one fixed table of prefixes.

A graph is its nodes by id: an IRI, or `_:` and a name for one without. A node is a dict: `@id`, `@type` (a list of
names), and its properties by name, each a list of values without repetition. A value is `{"@id": id}`,
`{"@value": text}`, that with `@language` (lower case) or with `@type` (a name; never xsd:string). Names are written
with the prefixes below where one fits and are full IRIs elsewhere; ids are never shortened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Value = dict[str, str]
Node = dict[str, Any]
Graph = dict[str, Node]

PREFIXES: Final[Mapping[str, str]] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatde": "http://dcat-ap.de/def/dcatde/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geodcatap": "http://data.europa.eu/930/",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "mobilitydcatap": "https://w3id.org/mobilitydcat-ap#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The only prefixes there are. `dcatap` is the form with a slash: that of the official context."""

_BY_NAMESPACE: Final = {namespace: prefix for prefix, namespace in PREFIXES.items()}


def short(iri: str) -> str:
    """The name of an IRI: with its prefix where it has one, and itself elsewhere."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    prefix = _BY_NAMESPACE.get(iri[:cut])
    return f"{prefix}:{iri[cut:]}" if prefix is not None and cut < len(iri) else iri


def full(name: str) -> str:
    """The IRI of a name."""
    prefix, colon, rest = name.partition(":")
    return PREFIXES[prefix] + rest if colon and prefix in PREFIXES else name


def of_type(graph: Graph, name: str) -> Iterator[Node]:
    """The nodes of a type, in the order of the graph."""
    return (node for node in graph.values() if name in node.get("@type", ()))


def values(node: Node, name: str) -> list[Value]:
    """The values of a property, none where it has none."""
    found: list[Value] = node.get(name, [])
    return found


def ids(node: Node, name: str) -> list[str]:
    """The ids that a property names."""
    return [one["@id"] for one in values(node, name) if "@id" in one]


def texts(node: Node, name: str) -> list[str]:
    """The literals of a property as text, whatever their type or language."""
    return [one["@value"] for one in values(node, name) if "@value" in one]


def reached(graph: Graph, root: str) -> Graph:
    """The part of a graph that is told of one node: it, and every node that it names, however far; other datasets and
    catalogues that it names are not gone into, the series that it is of is."""
    found: Graph = {}
    open = [root]
    series = frozenset(ids(graph.get(root, {}), "dcat:inSeries"))
    while open:
        id = open.pop()
        node = graph.get(id)
        if node is None or id in found or (found and id not in series and _BORDERS & set(node.get("@type", ()))):
            continue
        found[id] = node
        open += reversed(
            [
                one["@id"]
                for held in node.values()
                if isinstance(held, list)
                for one in held
                if isinstance(one, dict) and "@id" in one
            ]
        )
    return found


_BORDERS: Final = frozenset({"dcat:Catalog", "dcat:Dataset", "dcat:DatasetSeries", "dcat:CatalogRecord"})
