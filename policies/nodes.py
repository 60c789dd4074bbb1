"""Nodes: what a graph says about policies, as plain values without a library of RDF.

What lives here: the shape of a node and looking into one. What does not: where nodes come from (`compact` for JSON-LD,
`catalog.turtle` for Turtle) and what they mean (`graph`). Source: JSON-LD 1.1, expanded and flattened document form.

A node is a `dict`: `@id` (an IRI, or `_:` and a label), `@type` (a list of IRIs), and for every property its full IRI
with a list of values. A value is `{"@id": ...}`, `{"@value": text, "@type": IRI}` (or `@language`), or
`{"@list": [...]}` of these. Texts of literals are their lexical form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

Node = dict[str, Any]
Lookup = Callable[[str], "Sequence[Node] | None"]
"""The nodes of another document by the IRI of a policy in it; None where it cannot be had."""

GraphReader = Callable[[bytes], Sequence[Node]]
"""Turtle (or what else the caller knows to read) -> nodes. Raises `PolicyError`."""

XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


class Graph:
    """Nodes by id, in the order of the document; what is said of one id in several places is one node."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: dict[str, Node] = {}
        self.add(nodes)

    def add(self, nodes: Iterable[Node]) -> None:
        """Take more nodes in."""
        for node in nodes:
            held = self.nodes.setdefault(node["@id"], {"@id": node["@id"]})
            for key, values in node.items():
                if key != "@id":
                    there = held.setdefault(key, [])
                    there.extend(value for value in values if value not in there)

    def get(self, id: str) -> Node:
        """The node of that id; one without properties where nothing is said of it."""
        return self.nodes.get(id) or {"@id": id}

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())
