"""Catalogues in the form of the Dataspace Protocol: plain JSON objects in its strict form, from simple values.

What lives here: dataset, distribution, service, catalogue, and what else is said of a dataset as members of it. What
does not: which datasets are shown (`visibility`), the context and type of a message (its codec), the view that portals
harvest (`portal`). Source: Dataspace Protocol 2025-1, catalog-schema.json and dataset-schema.json: the protocol's own
members without prefixes, no empty arrays, offers without a target.

The protocol's context has no terms for title, description and the rest, and a message may bring no context of its own.
A reader that expands JSON-LD loses plain `title` and keeps `dct:title`, so what is said of a dataset stands under names
with the prefixes that the context has (dct, dcat, odrl, xsd) and under full IRIs elsewhere. Plain `title` and
`description` are written only where that says neither: a reader that takes both spellings for one refuses a member that
comes twice. The files of a dataset are told as `FILES` and not as distributions: those are forms of transfer here, and
a reader of the protocol may refuse one without a service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from catalog.graph import Graph, Node, Value, full, short, values

JsonObject = dict[str, Any]

FILES: Final = "urn:allmende:files"
"""The distributions of DCAT that a dataset has: where its files are to be had."""
MOST_NODES: Final = 500
"""Nodes that are told of one dataset."""
DEEPEST: Final = 10
ROOM: Final = 200_000
"""Bytes of what is told of one dataset beside its offers, as far as files can be left out."""

_PREFIXES: Final = frozenset({"dct", "dcat", "odrl", "xsd"})
"""Those of the protocol's context."""
_PROTOCOL: Final = "dspace:"
"""The one prefix of the protocol's context that is no name's here: what begins with it would become another IRI."""
_EXPANDED: Final = (_PROTOCOL, *(f"{one}:" for one in sorted(_PREFIXES)))
"""What an IRI must not begin with where the context is known: it would be taken for a name."""
_FORMS: Final = "dcat:distribution"
_APART: Final = frozenset({_FORMS, "dcat:accessService", "dcat:dataset"})
"""What the protocol itself says of a dataset, beside all of ODRL: nothing else may."""


def service(endpoint: str, id: str) -> JsonObject:
    """The DSP endpoint at which contracts are negotiated."""
    return {"@id": id, "@type": "DataService", "endpointURL": endpoint}


def distribution(format: str, service: Mapping[str, Any]) -> JsonObject:
    """A form in which a dataset is transferred, negotiated at `service`."""
    return {"@type": "Distribution", "format": format, "accessService": dict(service)}


def dataset(
    *,
    id: str,
    title: str,
    description: str = "",
    offers: Iterable[Mapping[str, Any]],
    formats: Iterable[str],
    service: Mapping[str, Any],
    described: str = "",
    rows: Mapping[str, Any] | None = None,
    said: Mapping[str, Any] | None = None,
) -> JsonObject:
    """A dataset with its offers; `described` is the URL of its self-description, `rows` says which fields leave and
    what can be asked of them, `said` what else is said of it (`members`).

    Raises `ValueError` where there is no offer or no format: it must have both.
    """
    found: JsonObject = {
        **(said or {}),
        "@id": id,
        "@type": "Dataset",
        "hasPolicy": [_offer(offer) for offer in offers],
        "distribution": [distribution(format, service) for format in formats],
    }
    for name, text in (("title", title), ("description", description)):
        if text and f"dct:{name}" not in found:
            found[name] = text
    if described:
        found["describedBy"] = described
    if rows:
        found["rows"] = dict(rows)
    if not found["hasPolicy"] or not found["distribution"]:
        raise ValueError("a dataset has at least one offer and one distribution")
    return found


def members(graph: Graph, root: str) -> JsonObject:
    """What a graph says of the dataset `root`, as members of it: nodes inside one another, at the first place that
    names them. Bounded: what is deeper or more than anybody needs is left out."""
    node = graph.get(root)
    if node is None:
        return {}
    telling = _Telling(graph, root)
    found = telling.properties(node, 0)
    if files := list(_files(telling, values(node, _FORMS), ROOM - len(msgspec.json.encode(found)))):
        found[FILES] = files
    return found


def _files(telling: _Telling, forms: Iterable[Value], room: int) -> Iterator[JsonObject]:
    """The files that there is room for: readers keep nothing but the title of a dataset that is too large."""
    for one in forms:
        told = telling.value(one, 0) if telling.left else {}
        room -= len(msgspec.json.encode(told))
        if room < 0:
            return
        if told:
            yield told


class _Telling:
    """One graph on its way into nested objects. A node with an IRI is told once; one without is part of what names
    it."""

    def __init__(self, graph: Graph, root: str) -> None:
        self._graph = graph
        self._open = {root}
        self.left = MOST_NODES

    def properties(self, node: Node, depth: int) -> JsonObject:
        """The properties of a node by their names."""
        found: JsonObject = {}
        for name, held in node.items():
            if (key := _key(name)) and (told := [one for one in (self.value(one, depth) for one in held) if one != {}]):
                found[key] = told[0] if len(told) == 1 else told
        return found

    def value(self, value: Value, depth: int) -> Any:
        """A literal, a reference, or the node itself."""
        if "@id" in value:
            return self._node(value["@id"], depth + 1)
        if "@type" in value:
            return {**value, "@type": _name(value["@type"])}
        return dict(value) if "@language" in value else value["@value"]

    def _node(self, id: str, depth: int) -> JsonObject:
        node = self._graph.get(id)
        if ":" not in id or id.startswith(_EXPANDED):
            return {}
        blank = id.startswith("_:")
        # The name of a node without an IRI means nothing elsewhere, and another dataset of the page may have it too.
        named: JsonObject = {} if blank else {"@id": id}
        if node is None or id in self._open or depth > DEEPEST or not self.left:
            return named
        self.left -= 1
        self._open.add(id)
        types = [_name(one) for one in node.get("@type", ())]
        found = {**named, **({"@type": types} if types else {}), **self.properties(node, depth)}
        if blank:
            self._open.discard(id)
        return found


@lru_cache(maxsize=1_024)
def _key(name: str) -> str:
    """Under which key a property is told; empty for one that is the protocol's to tell, or is no property."""
    known = short(full(name))
    return "" if ":" not in known or known in _APART or known.startswith(("odrl:", _PROTOCOL)) else _name(known)


def _name(name: str) -> str:
    """A name as a reader of the protocol's context understands it."""
    return name if name.partition(":")[0] in _PREFIXES else full(name)


def catalog(
    *,
    id: str,
    participant: str,
    service: Mapping[str, Any],
    datasets: Iterable[Mapping[str, Any]] = (),
    described: str = "",
) -> JsonObject:
    """A participant's catalogue, or one page of it; without `dataset` where there is none to show. `described` is the
    URL of the self-description of the service that offers it."""
    found: JsonObject = {"@id": id, "@type": "Catalog", "participantId": participant, "service": [dict(service)]}
    if listed := [dict(one) for one in datasets]:
        found["dataset"] = listed
    if described:
        found["describedBy"] = described
    return found


def _offer(offer: Mapping[str, Any]) -> JsonObject:
    """An offer as a catalogue may hold it: the dataset that it hangs on is its target."""
    return {key: value for key, value in offer.items() if key != "target"}
