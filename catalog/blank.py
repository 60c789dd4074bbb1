"""Names for nodes that have none: the same for the same content, whatever order and names a document had them in.

What lives here: names by content, in a time that grows with the statements alone. What does not: the canonical form of
RDF (`contexts`), which tells all graphs apart and may take for ever; here, nodes that look alike from a few steps away
are numbered in the order of the document.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from catalog.graph import Graph, Node, Value

ROUNDS: Final = 8
"""Steps that a node is looked at from: chains of nodes without names that differ only further away look alike."""


def named(graph: Graph) -> Graph:
    """The graph with every `_:` name replaced by one that follows from what is said of its node and who says it."""
    blank = [id for id in graph if id.startswith("_:")]
    if not blank:
        return graph
    marks = _marks(graph, blank)
    names, seen = dict[str, str](), dict[str, int]()
    for id, mark in marks.items():
        seen[mark] = seen.get(mark, 0) + 1
        names[id] = f"_:{mark}" if seen[mark] == 1 else f"_:{mark}-{seen[mark]}"
    return {names.get(id, id): _renamed(node, names) for id, node in graph.items()}


def _marks(graph: Graph, blank: list[str]) -> dict[str, str]:
    """For each node without a name a digest of what it looks like, from near and then from ever further away."""
    mentions: dict[str, list[tuple[str, str]]] = {}
    for id, node in graph.items():
        for key, value in _values(node):
            if value.get("@id", "").startswith("_:"):
                mentions.setdefault(value["@id"], []).append((id, key))
    marks = dict.fromkeys([*blank, *mentions], "")
    count = 0
    for _ in range(ROUNDS):
        marks = {id: _mark(graph.get(id, {}), mentions.get(id, []), marks) for id in marks}
        if (found := len(set(marks.values()))) in (count, len(marks)):
            break
        count = found
    return marks


def _mark(node: Node, mentions: list[tuple[str, str]], marks: dict[str, str]) -> str:
    told = sorted(
        "\x00".join((key, *(f"{name}\x00{marks.get(text, text)}" for name, text in value.items())))
        for key, value in _values(node)
    )
    by = sorted(f"{key}\x00{marks.get(id, id)}" for id, key in mentions)
    return sha256("\x01".join((*sorted(node.get("@type", ())), "", *told, "", *by)).encode()).hexdigest()[:20]


def _values(node: Node) -> list[tuple[str, Value]]:
    return [(key, value) for key, held in node.items() if key not in ("@id", "@type") for value in held]


def _renamed(node: Node, names: dict[str, str]) -> Node:
    renamed: dict[str, Any] = {
        key: held
        if key == "@type"
        else [{"@id": names[one["@id"]]} if one.get("@id") in names else one for one in held]
        for key, held in node.items()
        if key != "@id"
    }
    return {"@id": names.get(node["@id"], node["@id"]), **renamed}
