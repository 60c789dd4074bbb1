"""What belongs to which collection, as far as a document says so.

What lives here: reading `partOf` out of nodes. What does not: what membership means for a rule (`collections`,
`conflicts`). Source: ODRL Information Model 2.2, 2.2.2 and 2.3.2 (`partOf`, `source`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from policies.model import ODRL
from policies.nodes import Graph, Node

_PART_OF: Final = ODRL + "partOf"
_UID: Final = ODRL + "uid"


def members(nodes: Iterable[Node]) -> Mapping[str, tuple[str, ...]]:
    """IRI -> the collections that it is part of; each thing under its own name and under its `uid`."""
    graph = Graph(nodes)
    found: dict[str, list[str]] = {}
    for node in graph:
        for value in node.get(_PART_OF, ()):
            if "@id" in value:
                for name in _names(node):
                    found.setdefault(name, []).extend(_names(graph.get(value["@id"])))
        for name in _names(node)[1:]:
            found.setdefault(name, []).append(node["@id"])
            found.setdefault(node["@id"], []).append(name)
    return {name: tuple(dict.fromkeys(wholes)) for name, wholes in found.items()}


def _names(node: Node) -> list[str]:
    """The node's own name, and its `uid` where that is another."""
    named = [value["@id"] for value in node.get(_UID, ()) if "@id" in value and value["@id"] != node["@id"]]
    return [node["@id"], *named]
