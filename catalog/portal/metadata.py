"""What is said of a dataset: read from its graph, written as one, and changed in one without touching the rest.

What lives here: the three functions. What does not: which property means what (`understanding`), how it is written
(`telling`). Sources: as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from catalog import graph as graphs
from catalog.graph import Graph, Value
from catalog.model import Agent, Contact, Form, Metadata
from catalog.portal.telling import DATASET, FORM, Rule, Telling, follow
from catalog.portal.understanding import agent_of, contact_of, form_of, metadata_of

_AGENTS: Final = ("dct:publisher", "dct:creator", "geodcatap:originator", "geodcatap:custodian")


def read(graph: Graph, root: str) -> Metadata:
    """What a graph says of the dataset with that id: lenient and bounded; nothing where it has no such node."""
    return metadata_of(graph, root)


def write(metadata: Metadata, root: str) -> Graph:
    """The graph that says this of a dataset, and nothing else. A form without a licence has the dataset's."""
    graph: Graph = {root: {"@id": root, "@type": ["dcat:Dataset"]}}
    return _told(graph, root, _shared(metadata, ""), Metadata())


def change(graph: Graph, root: str, fields: Mapping[str, Any], before: Metadata | None = None) -> Graph:
    """A graph in which some fields of `Metadata` are told anew; what they do not speak of stays as it was, and the
    graph that was given too. A field that says what it said before changes nothing. A new licence is that of the
    distributions too, if they had the old one or none; a form is told apart by its id. `before` is what `read` says of
    it, where that is known.

    Raises `TypeError` for a field that there is none of.
    """
    before = read(graph, root) if before is None else before
    wanted = replace(before, **fields)
    if "licence" in fields:
        wanted = _shared(wanted, before.licence)
    own = graph.get(root, {"@id": root, "@type": ["dcat:Dataset"]})
    return graphs.reached(_told({**graph, root: own}, root, wanted, before), root)


def _told(graph: Graph, root: str, wanted: Metadata, before: Metadata) -> Graph:
    telling = Telling(graph, _kept(graph, root))
    node = follow(_differing(DATASET, wanted, before), telling, graph[root], wanted)
    if wanted.forms != before.forms:
        node = {**node, "dcat:distribution": [_form(telling, form) for form in wanted.forms]}
    graph[root] = {name: held for name, held in node.items() if held}
    return graph


def _form(telling: Telling, form: Form) -> Value:
    """A distribution: of one that is there only what differs is told."""
    old = telling.graph.get(form.id)
    if old is None:
        value = telling.named(form.id, {}, "dcat:Distribution") if form.id else telling.node({}, "dcat:Distribution")
        old, before = telling.graph[value["@id"]], Form()
    else:
        before = form_of(telling.graph, old)
    telling.graph[old["@id"]] = follow(_differing(FORM, form, before), telling, old, form)
    return {"@id": old["@id"]}


def _differing(rules: tuple[Rule, ...], wanted: Metadata | Form, before: Metadata | Form) -> list[Rule]:
    changed = {name for name in wanted.__struct_fields__ if getattr(wanted, name) != getattr(before, name)}
    return [rule for rule in rules if changed.intersection(rule.fields)]


def _shared(wanted: Metadata, old: str) -> Metadata:
    """With the dataset's licence on each form that has none of its own."""
    forms = (replace(form, licence=wanted.licence) if form.licence in ("", old) else form for form in wanted.forms)
    return replace(wanted, forms=tuple(forms))


def _kept(graph: Graph, root: str) -> dict[Agent | Contact, Value]:
    """The agents and contacts that a dataset has, with what they are called in its graph."""
    node = graph[root]
    kept: dict[Agent | Contact, Value] = {}
    for name in _AGENTS:
        for id in graphs.ids(node, name):
            kept[agent_of(graph, id)] = {"@id": id}
    for id in graphs.ids(node, "dcat:contactPoint"):
        if id in graph:
            kept[contact_of(graph, graph[id])] = {"@id": id}
    return kept
