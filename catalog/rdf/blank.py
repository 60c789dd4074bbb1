"""Names for nodes that have none: the same for the same content, whatever order and names a document had them in.

What lives here: names by content, in a time that grows with the statements alone. What does not: the canonical form of
RDF (`contexts`), which tells all graphs apart and may take for ever.

A name follows from what is said of a node, of those without a name that it is told with, and who tells of it, up to
`NEAR` steps away: a change elsewhere changes no name. Those that look alike so far are numbered by what they look like
from further away, and at last in the order of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from catalog.graph import Graph, Node, Value

NEAR: Final = 4
_FAR: Final = 64
_WORK: Final = 1_000_000
"""Looks at nodes in one document: of very many no more than the nearest are told apart."""

_Mentions = Mapping[str, list[tuple[str, str]]]


def named(graph: Graph) -> Graph:
    """The graph with every `_:` name replaced by one that follows from content."""
    names = _names(graph)
    return {names.get(id, id): _renamed(node, names) for id, node in graph.items()} if names else graph


def _names(graph: Graph) -> dict[str, str]:
    mentions: dict[str, list[tuple[str, str]]] = {}
    for id, node in graph.items():
        for key, value in _values(node):
            if value.get("@id", "").startswith("_:"):
                mentions.setdefault(value["@id"], []).append((id, key))
    marks = dict.fromkeys([*(id for id in graph if id.startswith("_:")), *mentions], "")
    near = marks = _looked(graph, mentions, marks, NEAR)
    rounds = min(_FAR, _WORK // (len(marks) or 1))
    far = _looked(graph, mentions, marks, rounds) if len(set(marks.values())) < len(marks) else marks
    names, seen = dict[str, str](), dict[str, int]()
    for id in sorted(near, key=far.__getitem__):
        seen[near[id]] = number = seen.get(near[id], 0) + 1
        names[id] = f"_:{near[id]}" if number == 1 else f"_:{near[id]}-{number}"
    return names


def _looked(graph: Graph, mentions: _Mentions, marks: dict[str, str], rounds: int) -> dict[str, str]:
    """For each node without a name a digest of what it looks like, from so many steps further away."""
    for _ in range(rounds):
        marks = {id: _mark(graph.get(id, {}), mentions.get(id, []), marks) for id in marks}
    return marks


def _mark(node: Node, mentions: list[tuple[str, str]], marks: Mapping[str, str]) -> str:
    told = sorted(
        "\x00".join((key, *(f"{name}\x00{marks.get(text, text)}" for name, text in value.items())))
        for key, value in _values(node)
    )
    by = sorted(f"{key}\x00{marks.get(id, id)}" for id, key in mentions)
    return sha256("\x01".join((*sorted(node.get("@type", ())), "", *told, "", *by)).encode()).hexdigest()[:20]


def _values(node: Node) -> list[tuple[str, Value]]:
    return [(key, value) for key, held in node.items() if key not in ("@id", "@type") for value in held]


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    renamed: dict[str, Any] = {
        key: held
        if key == "@type"
        else [{"@id": names[one["@id"]]} if one.get("@id") in names else one for one in held]
        for key, held in node.items()
        if key != "@id"
    }
    return {"@id": names.get(node["@id"], node["@id"]), **renamed}
