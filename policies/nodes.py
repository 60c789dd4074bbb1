"""Nodes: what a graph says about policies, as plain values without a library of RDF.

What lives here: the shape of a node and looking into one. What does not: where nodes come from (`compact` for JSON-LD,
`catalog.rdf.turtle` for Turtle) and what they mean (`graph`). Source: JSON-LD 1.1, expanded and flattened document
form.

A node is a `dict`: `@id` (an IRI, or `_:` and a label), `@type` (a list of IRIs), and for every property its full IRI
with a list of values. A value is `{"@id": ...}`, `{"@value": text, "@type": IRI}` (or `@language`), or
`{"@list": [...]}` of these. Texts of literals are their lexical form. `@at`, where a reader knows it, has the place of
the node (under an empty key), of each property and of each value (`mark`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
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
        self._joined = 0
        # What is said already, and who names whom: a hostile document is as long as its author likes.
        self._said: set[tuple[str, str, str]] = set()
        self._naming: dict[tuple[str, str], list[Node]] = {}
        self.add(nodes)

    def add(self, nodes: Iterable[Node]) -> None:
        """Take more nodes in."""
        for node in nodes:
            held = self.nodes.setdefault(node["@id"], {"@id": node["@id"]})
            for key, values in node.items():
                if key == "@at":
                    held[key] = {**values, **held.get(key, {})}
                elif key != "@id":
                    held.setdefault(key, []).extend(value for value in values if self._new(held, key, value))

    def _new(self, node: Node, key: str, value: Any) -> bool:
        """Is that said for the first time?"""
        mark = (node["@id"], key, repr(value))
        if mark in self._said:
            return False
        self._said.add(mark)
        if isinstance(value, dict) and value.keys() == {"@id"}:
            self._naming.setdefault((key, value["@id"]), []).append(node)
        return True

    def join(self, nodes: Iterable[Node]) -> None:
        """Take in the nodes of another document: they add nothing to what this one says of its own nodes, and their
        labels are others."""
        self._joined += 1
        own = [node for node in nodes if node["@id"].startswith("_:") or node["@id"] not in self.nodes]
        self.add(_relabelled(node, f"_:{self._joined}-") for node in own)

    def get(self, id: str) -> Node:
        """The node of that id; one without properties where nothing is said of it."""
        return self.nodes.get(id) or {"@id": id}

    def referring(self, key: str, id: str) -> Iterator[Node]:
        """The nodes that name this one under a property."""
        return iter(self._naming.get((key, id), ()))

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())


LONGEST: Final = 2048
"""Characters of an IRI."""
_UNFIT: Final = re.compile(
    r"[\x00-\x20\x7f-\xa0<>\"{}|\\^`\u00ad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
    r"\U000e0000-\U000e0fff]"
)
"""What no IRI may hold, or nobody sees in it: blanks, controls, marks of direction (RFC 3987, 2.2 and 4.1)."""


def fit(iri: str) -> bool:
    """May that stand in the place of an IRI: not endless, and nothing in it that is not seen? Letters that look like
    others are letters: such a name is another name."""
    return 0 < len(iri) <= LONGEST and not _UNFIT.search(iri)


def lexical(number: Decimal) -> str:
    """A decimal as xsd:decimal writes it; one beyond all reason stays with its exponent, which no value reads."""
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) <= _DIGITS else str(number)


_DIGITS: Final = 64


def _relabelled(value: Any, mark: str) -> Any:
    """A node or a value of it, with the mark in front of every label."""
    if isinstance(value, list):
        return [_relabelled(one, mark) for one in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: item if key == "@at" else _relabelled(item, mark) for key, item in value.items()}
    if str(value.get("@id", "")).startswith("_:"):
        renamed["@id"] = mark + value["@id"][2:]
    return renamed


_PEOPLE: Final = (
    "http://purl.org/dc/terms/",
    "http://purl.org/dc/elements/1.1/",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://schema.org/",
    "https://schema.org/",
    "http://www.w3.org/ns/prov#",
    "http://xmlns.com/foaf/0.1/",
)
_EFFECTIVE: Final = frozenset({"http://purl.org/dc/terms/isReplacedBy", "http://purl.org/dc/elements/1.1/isReplacedBy"})


def metadata(key: str) -> bool:
    """Is it a property that tells people something and has no effect?"""
    return key.startswith(_PEOPLE) and key not in _EFFECTIVE


def place(node: Node, key: str = "") -> str:
    """Where a node, or a property of it, stands in the document; empty where nobody knows."""
    at: dict[str, str] = node.get("@at", {})
    return at.get(key) or (f"{at.get('', '')}" if at else "")


def mark(key: str, value: Any) -> str:
    """The key of `@at` under which the place of one value of a property stands."""
    return f"{key} {value!r}"


def spot(node: Node, key: str, value: Any) -> str:
    """Where one value of a property stands; where nobody knows, where the property does."""
    found: str | None = node.get("@at", {}).get(mark(key, value))
    return found or place(node, key)


def told(key: str, value: dict[str, Any]) -> tuple[str, str] | None:
    """A property that tells people something, as a remark; None for what is no literal and no IRI."""
    if "@list" in value or str(value.get("@id", "")).startswith("_:"):
        return None
    if "@id" in value:
        return f"{key}@id", value["@id"]
    if "@language" in value:
        return f"{key}@{value['@language']}", value["@value"]
    datatype = value.get("@type", XSD_STRING)
    return (key if datatype == XSD_STRING else f"{key}^^{datatype}"), value["@value"]
