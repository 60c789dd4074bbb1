"""Graph -> N-Triples 1.1, a line a statement.

What lives here: the text. What does not: choosing what is said. The graph is made fit first (`fitness`).
"""

from __future__ import annotations

from typing import Final

from catalog.graph import Graph, full
from catalog.portal.fitness import fit
from catalog.portal.turtle import named, valued

MEDIA_TYPE: Final = "application/n-triples"
_TYPE: Final = f"<{full('rdf:type')}>"


def write(graph: Graph) -> bytes:
    """The graph as text."""
    lines = []
    for node in fit(graph).values():
        subject = named(node["@id"])
        lines += [f"{subject} {_TYPE} {_iri(one)} .\n" for one in node["@type"]]
        for name, held in node.items():
            if not name.startswith("@"):
                lines += [f"{subject} {_iri(name)} {valued(one, _iri)} .\n" for one in held]
    return "".join(lines).encode()


def _iri(name: str) -> str:
    return f"<{full(name)}>"
