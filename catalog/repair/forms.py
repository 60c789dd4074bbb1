"""What a repair is, what could not be repaired, and the graph that is being mended.

What lives here: the forms, and keeping count of what was changed. What does not: deciding what a value should be
(`values`, `wholes`), the order in which it is done (`mending`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from catalog.graph import Graph, Node, Value, ids, of_type
from policies.model import Reason

LONGEST: Final = 300
"""Characters of a value as a repair shows it."""


class Repair(Struct, frozen=True):
    """One thing that was changed: by which rule, at which property (`name`) of which node, from what to what ("" for
    nothing). Nodes are called what they are called after it."""

    rule: str
    node: str
    name: str
    before: str
    after: str

    @property
    def reason(self) -> Reason:
        """What was done, for sentences."""
        told = {"property": self.name, "node": self.node, "before": self.before, "after": self.after}
        return Reason(f"repair.{self.rule}", told)


class Lack(Struct, frozen=True):
    """What nobody but a person can say: `rule` is why, `value` what stood there and was of no use."""

    rule: str
    node: str
    name: str
    value: str = ""

    @property
    def reason(self) -> Reason:
        """What is needed, for sentences."""
        return Reason(f"lack.{self.rule}", {"property": self.name, "node": self.node, "value": self.value})


class Mended(Struct, frozen=True):
    """A graph after its repairs, what they were, and what is left to people."""

    graph: Graph
    repairs: tuple[Repair, ...]
    left: tuple[Lack, ...]


class Draft:
    """A graph that is being mended. INVARIANT: the graph that was given is never changed, and nothing is changed here
    without being told of."""

    def __init__(self, graph: Graph) -> None:
        self.graph: Graph = {id: _copied(node) for id, node in graph.items()}
        self.repairs: list[Repair] = []
        self.left: dict[Lack, None] = {}
        self._drawn = 0
        self._statements: dict[tuple[str, str], str] = {}
        self._catalogs: list[str] | None = None
        self._listing: dict[str, dict[str, list[str]]] = {}
        self._telling: dict[str, list[str]] | None = None

    def catalogs(self) -> list[str]:
        """The ids of the catalogues, as they were when it was first asked."""
        if self._catalogs is None:
            self._catalogs = [node["@id"] for node in of_type(self.graph, "dcat:Catalog")]
        return self._catalogs

    def listing(self, name: str) -> dict[str, list[str]]:
        """Which catalogues name what by a property, as they did when it was first asked."""
        if name not in self._listing:
            found = self._listing[name] = {}
            for id in self.catalogs():
                for one in ids(self.graph.get(id, {}), name):
                    found.setdefault(one, []).append(id)
        return self._listing[name]

    def telling(self, service: str) -> list[str]:
        """The datasets with a distribution through a service, as they were when it was first asked of any."""
        if self._telling is None:
            self._telling = {}
            for dataset in of_type(self.graph, "dcat:Dataset"):
                for form in ids(dataset, "dcat:distribution"):
                    for one in ids(self.graph.get(form, {}), "dcat:accessService"):
                        self._telling.setdefault(one, []).append(dataset["@id"])
        return self._telling.get(service, [])

    def told(self, rule: str, node: str, name: str, before: str, after: str) -> None:
        """A repair was made."""
        self.repairs.append(Repair(rule, node, name, before[:LONGEST], after[:LONGEST]))

    def lacking(self, rule: str, node: str, name: str, value: str = "") -> None:
        """Something is left to people."""
        self.left[Lack(rule, node, name, value[:LONGEST])] = None

    def fresh(self, properties: Mapping[str, list[Value]], *types: str) -> Value:
        """A new node without a name."""
        while (id := f"_:r{self._drawn}") in self.graph:
            self._drawn += 1
        self.graph[id] = {"@id": id, "@type": list(types), **{name: list(held) for name, held in properties.items()}}
        return {"@id": id}

    def statement(self, text: Value, name: str, *types: str) -> Value:
        """The node of a class that says this text; the same for the same text."""
        key = (types[0], repr(sorted(text.items())))
        if self._statements.get(key) not in self.graph:
            self._statements[key] = self.fresh({name: [text]}, *types)["@id"]
        return {"@id": self._statements[key]}

    def add(self, id: str, name: str, value: Value) -> None:
        """A value more, if it does not stand there."""
        held = self.graph[id].setdefault(name, [])
        if value not in held:
            held.append(value)

    def put(self, id: str, name: str, values: list[Value]) -> None:
        """Other values; none takes the property away."""
        distinct = [one for at, one in enumerate(values) if one not in values[:at]]
        if distinct:
            self.graph[id][name] = distinct
        else:
            self.graph[id].pop(name, None)

    def mended(self) -> Mended:
        """The graph as it is now; nodes without a name that nothing names any more are gone."""
        return Mended(_reachable(self.graph), tuple(self.repairs), tuple(self.left))


def _copied(node: Node) -> Node:
    return {name: list(held) if isinstance(held, list) else held for name, held in node.items()}


def named(node: Node) -> list[str]:
    """The ids that a node names, with repetitions."""
    return [
        one["@id"]
        for held in node.values()
        if isinstance(held, list)
        for one in held
        if isinstance(one, dict) and "@id" in one
    ]


def _reachable(graph: Graph) -> Graph:
    """Without blank nodes that are named by none of the others and say of themselves no class of their own."""
    kept = {id for id in graph if not id.startswith("_:") or _MAIN & set(graph[id].get("@type", ()))}
    open = list(kept)
    while open:
        for id in named(graph[open.pop()]):
            if id in graph and id not in kept:
                kept.add(id)
                open.append(id)
    return {id: node for id, node in graph.items() if id in kept}


_MAIN: Final = frozenset(
    {
        "dcat:Catalog",
        "dcat:Dataset",
        "dcat:DatasetSeries",
        "dcat:DataService",
        "dcat:CatalogRecord",
        "dcat:Distribution",
    }
)


def shown(value: Value) -> str:
    """A value as a repair shows it."""
    return value["@id"] if "@id" in value else value["@value"]
