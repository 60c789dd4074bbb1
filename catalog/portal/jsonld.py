"""Graph -> JSON-LD 1.1, flattened, with prefixes in a context of its own: nobody has to fetch one.

What lives here: the document. What does not: choosing what is said. The graph is made fit first (`fitness`).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from catalog.graph import PREFIXES, Graph, Node, full
from catalog.portal.fitness import fit

MEDIA_TYPE: Final = "application/ld+json"


def write(graph: Graph) -> bytes:
    """The graph as JSON. A prefix that is the scheme of an IRI in it (`time:`) is not used: it would be taken for one
    there."""
    nodes = fit(graph)
    schemes = {id.partition(":")[0] for id in _ids(nodes)}
    prefixes = {name: iri for name, iri in PREFIXES.items() if name not in schemes}
    document = {"@context": prefixes, "@graph": [_node(node, prefixes) for node in nodes.values()]}
    return msgspec.json.encode(document)


def _ids(nodes: Graph) -> set[str]:
    """Everything that is written as an IRI in full."""
    found = set(nodes)
    for node in nodes.values():
        for name, held in node.items():
            if name == "@type":
                found.update(one for one in held if one.partition(":")[0] not in PREFIXES)
            elif name != "@id":
                found.update(one["@id"] for one in held if "@id" in one)
    return found


def _node(node: Node, prefixes: dict[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {"@id": node["@id"]}
    if node["@type"]:
        result["@type"] = [_name(one, prefixes) for one in node["@type"]]
    for name, held in node.items():
        if not name.startswith("@"):
            typed = [{**one, "@type": _name(one["@type"], prefixes)} if "@type" in one else one for one in held]
            result[_name(name, prefixes)] = typed
    return result


def _name(name: str, prefixes: dict[str, str]) -> str:
    return name if name.partition(":")[0] in prefixes else full(name)
