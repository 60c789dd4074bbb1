"""Judging a graph by DCAT-AP.de 3.0, in some tens of microseconds a record and without RDF.

What lives here: which nodes are judged by what. What does not: judging one node (`judging`), the facts (`facts`),
mending (`repair`), sentences for findings (the connector's), the official shapes, by which tests and
`catalog check --full` judge (`catalog.shapes`). Sources: DCAT-AP.de 3.0, DCAT-AP HVD 3.0, mobilityDCAT-AP 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from catalog.graph import Graph, Node, ids
from catalog.profile.facts import (
    DEPRECATED,
    EITHER,
    FACTS,
    HVD_FACTS,
    MOBILITY,
    MOBILITY_FACTS,
    OLD_LISTS,
)
from catalog.profile.findings import Fault, Finding, Severity
from catalog.profile.judging import Plan, blank, classes, told
from catalog.profile.vocabularies import HVD

MAX_FINDINGS: Final = 10_000
"""Findings of one graph: whoever has more of them is told of these."""


def check(graph: Graph) -> tuple[Finding, ...]:
    """What is wrong with a graph; empty where nothing is. Total over every graph in its form; at most `MAX_FINDINGS`,
    in the order of its nodes and their properties."""
    found: list[Finding] = []
    for id, node in graph.items():
        for plan in _plans(node):
            plan.judge(id, node, graph, found)
        if not _ANYWHERE.isdisjoint(node):
            found += _anywhere(id, node)
        if "dcat:Dataset" in node.get("@type", ()):
            _besides(id, node, graph, found)
        if len(found) > MAX_FINDINGS:
            return tuple(found[:MAX_FINDINGS])
    return tuple(found)


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


# --- what is demanded besides -----------------------------------------------------------------------------------------

_VALUABLE: Final = {about: Plan(about, facts, "hvd") for about, facts in HVD_FACTS.items()}
_MOBILE: Final = {about: Plan(about, facts, "mobility") for about, facts in MOBILITY_FACTS.items()}


def is_valuable(node: Node) -> bool:
    """Does it say of itself that it is a high-value dataset?"""
    return HVD in ids(node, "dcatap:applicableLegislation")


def _besides(id: str, node: Node, graph: Graph, found: list[Finding]) -> None:
    """What other documents ask of a dataset that says that they apply to it, and of what it names."""
    if "dcatap:applicableLegislation" in node and is_valuable(node):
        _with_parts(_VALUABLE, id, node, graph, found)
    if any(name.startswith(MOBILITY) for name in node):
        _with_parts(_MOBILE, id, node, graph, found)


def _with_parts(plans: Mapping[str, Plan], id: str, node: Node, graph: Graph, found: list[Finding]) -> None:
    judged = {id}
    plans["dcat:Dataset"].judge(id, node, graph, found)
    for part in _parts(node, graph):
        if part not in judged and part in graph:
            judged.add(part)
            for kind in graph[part].get("@type", ()):
                if kind in plans:
                    plans[kind].judge(part, graph[part], graph, found)


def _parts(node: Node, graph: Graph) -> Iterator[str]:
    for form in ids(node, "dcat:distribution"):
        yield form
        for name in ("dcat:accessService", "dct:rights"):
            yield from ids(graph.get(form, {}), name)
    yield from ids(node, "dcat:contactPoint")
