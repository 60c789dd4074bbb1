"""Judging a graph by DCAT-AP.de 3.0, in some tens of microseconds a record and without RDF.

What lives here: which nodes are judged by what. What does not: judging one node (`judging`), the facts (`facts`),
mending (`repair`), sentences for findings (the connector's), the official shapes, by which tests and
`catalog check --full` judge (`catalog.rdf.shapes`). Sources: DCAT-AP.de 3.0, DCAT-AP HVD 3.0, mobilityDCAT-AP 1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from catalog.graph import Graph, Node, ids, short
from catalog.profile.facts import (
    DEPRECATED,
    EITHER,
    FACTS,
    HVD_FACTS,
    MOBILITY,
    MOBILITY_FACTS,
    OLD_LISTS,
    Must,
)
from catalog.profile.findings import Fault, Finding, Severity
from catalog.profile.judging import Plan, blank, classes, told
from catalog.profile.vocabularies import HVD

MAX_FINDINGS: Final = 10_000
"""Findings of one graph: whoever has more of them is told of these."""


def check(graph: Graph) -> tuple[Finding, ...]:
    """What is wrong with a graph; empty where nothing is. Total over every graph in its form; at most `MAX_FINDINGS`,
    first what DCAT-AP.de demands in the order of the nodes, then what others do."""
    found: list[Finding] = []
    valuable, mobile = [], []
    if any(_BELOW in node for node in graph.values()):
        graph = _with_classes(graph)
    for id, node in graph.items():
        for plan in _plans(node):
            plan.judge(id, node, graph, found)
        if not _ANYWHERE.isdisjoint(node):
            found += _anywhere(id, node)
        if "dcatap:applicableLegislation" in node and is_valuable(node):
            valuable.append(id)
        if "dcat:Dataset" in node.get("@type", ()) and any(name.startswith(MOBILITY) for name in node):
            mobile.append(id)
        if len(found) > MAX_FINDINGS:
            return tuple(found[:MAX_FINDINGS])
    _besides(_VALUABLE, valuable, graph, found)
    _besides(_MOBILE, mobile, graph, found)
    return tuple(found[:MAX_FINDINGS])


# --- which nodes -----------------------------------------------------------------------------------------------------

_PLANS: Final[Mapping[str, Plan]] = {
    below: plan
    for about, facts in FACTS.items()
    for plan in (Plan(about, facts, either=EITHER.get(about, ())),)
    for below in classes(about)
}
_ANYWHERE: Final = frozenset(DEPRECATED) | frozenset(OLD_LISTS)


def _plans(node: Node) -> list[Plan]:
    """What a node is judged by, each once."""
    plans = [_PLANS[kind] for kind in node.get("@type", ()) if kind in _PLANS]
    return plans if len(plans) < 2 else list(dict.fromkeys(plans))


def _anywhere(id: str, node: Node) -> Iterator[Finding]:
    """What should stand nowhere any more."""
    for name in node:
        if name in DEPRECATED and node[name]:
            yield Finding(Fault.DEPRECATED, Severity.WARNING, id, "", name)
        elif name in OLD_LISTS:
            for value in node[name]:
                if not blank(value) and OLD_LISTS[name] in told(value):
                    yield Finding(Fault.OLD_LIST, Severity.WARNING, id, "", name, told(value))


# --- classes that the graph itself tells of ---------------------------------------------------------------------------

_BELOW: Final = "rdfs:subClassOf"
_KINDS: Final = frozenset(FACTS) | {must.kind for facts in FACTS.values() for must in facts.values() if must.kind}


def _with_classes(graph: Graph) -> Graph:
    """The same, where a graph brings an ontology along: nodes are also of the classes that theirs are below of."""
    above: dict[str, set[str]] = {}
    below: dict[str, list[str]] = {}
    for id, node in graph.items():
        for one in ids(node, _BELOW):
            below.setdefault(short(one), []).append(short(id))
    for kind in sorted(_KINDS):
        for one in _all_below(kind, below):
            above.setdefault(one, set()).add(kind)
    return {id: _with_types(node, above) for id, node in graph.items()}


def _all_below(kind: str, below: Mapping[str, list[str]]) -> set[str]:
    """Every class below one, however far, and itself."""
    found, open = set[str](), list(classes(kind))
    while open:
        one = open.pop()
        if one not in found:
            found.add(one)
            open += below.get(one, ())
    return found


def _with_types(node: Node, above: Mapping[str, set[str]]) -> Node:
    told = node.get("@type", [])
    more = sorted({kind for one in told for kind in above.get(one, ())} - set(told))
    return {**node, "@type": [*told, *more]} if more else node


# --- what is demanded besides -----------------------------------------------------------------------------------------


def _of_all(facts: Mapping[str, Mapping[str, Must]], part: str) -> Mapping[str, Plan]:
    plans = {about: Plan(about, demanded, part) for about, demanded in facts.items()}
    return {below: plan for about, plan in plans.items() for below in classes(about)}


_VALUABLE: Final = _of_all(HVD_FACTS, "hvd")
_MOBILE: Final = _of_all(MOBILITY_FACTS, "mobility")


def is_valuable(node: Node) -> bool:
    """Does it say of itself that it falls under the regulation about high-value datasets?"""
    return HVD in ids(node, "dcatap:applicableLegislation")


def _besides(plans: Mapping[str, Plan], begun: list[str], graph: Graph, found: list[Finding]) -> None:
    """What another document asks of nodes that say that it applies to them, and of what they name; each once."""
    # Each node is gone into once, however many name it.
    forms = _named(begun, ("dcat:distribution",), graph)
    parts = _named(forms, ("dcat:accessService", "dct:rights"), graph)
    for id in dict.fromkeys([*begun, *forms, *parts, *_named(begun, ("dcat:contactPoint",), graph)]):
        node = graph.get(id, {})
        for plan in dict.fromkeys(plans[kind] for kind in node.get("@type", ()) if kind in plans):
            plan.judge(id, node, graph, found)


def _named(begun: Iterable[str], names: tuple[str, ...], graph: Graph) -> dict[str, None]:
    """What these nodes name with these properties."""
    return dict.fromkeys(one for id in begun for name in names for one in ids(graph.get(id, {}), name))
