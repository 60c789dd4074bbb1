"""Graph -> N-Triples 1.1, a line a statement.

What lives here: the text. What does not: choosing what is said. The graph is made fit first (`fitness`).
"""

from __future__ import annotations

from typing import Final

from catalog.graph import Graph, Value, full
from catalog.portal.fitness import fit
from catalog.portal.turtle import quoted

MEDIA_TYPE: Final = "application/n-triples"
_TYPE: Final = full("rdf:type")


def write(graph: Graph) -> bytes:
    """The graph as text."""
    lines = []
    for node in fit(graph).values():
        subject = _id(node["@id"])
        lines += [f"{subject} <{_TYPE}> <{full(one)}> .\n" for one in node["@type"]]
        for name, held in node.items():
            if not name.startswith("@"):
                lines += [f"{subject} <{full(name)}> {_value(one)} .\n" for one in held]
    return "".join(lines).encode()


def _id(id: str) -> str:
    return id if id.startswith("_:") else f"<{id}>"


def _value(value: Value) -> str:
    if "@id" in value:
        return _id(value["@id"])
    text = quoted(value["@value"])
    if "@language" in value:
        return f"{text}@{value['@language']}"
    return f"{text}^^<{full(value['@type'])}>" if "@type" in value else text
