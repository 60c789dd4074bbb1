"""A graph with the faults of real portals -> one that the profile takes, with every change told, and no fact made up.

What lives here: the order of repairs, what may be taken from elsewhere in the same document, and which of several
values stays. What does not: single values (`values`), nodes (`wholes`), spellings (`spellings`), judging what is left
(`catalog.profile.checks`).

A repair says the same in the profile's words, or less; it never says more. What is missing is taken from where the same
document tells it: the licence of the dataset for its distributions, the catalogue's publisher for what it lists, the
download for the access. A licence that nobody has said anywhere becomes `other-closed`, which is what GovData makes of
it: nobody is allowed anything by that; it is told as a repair, and it is told to people as lacking. Sources: DCAT-AP.de
3.0; DCAT 3, 6.8.3 (dcat:accessURL); GovData's rules for harvesting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from catalog import graph as graphs
from catalog.graph import Graph, Node, Value
from catalog.profile.facts import CLASSES, EITHER, FACTS, Must
from catalog.profile.vocabularies import CHECKSUMS, LICENCES
from catalog.repair import codes, days, spellings, values, wholes
from catalog.repair.forms import Draft, Mended, named, shown

CLOSED: Final = LICENCES.iri("other-closed")
_ROUNDS: Final = 4
"""Repairs make nodes that are looked at again; no chain of them is longer."""
_TAKES: Final = {one: kind for kind in FACTS for one in CLASSES.get(kind, (kind,))}
"""Class -> the class by whose facts it is judged."""
_FREE: Final = Must()
_PUBLISHER = re.compile(r"(?:[/#]|CI_RoleCode[_#:])publisher$|/relators/pbl$")
"""IRIs of the role of a publisher: INSPIRE's, ISO 19115's, those of MARC."""
_OLDEST: Final = ("dct:issued",)
_NEWEST: Final = ("dct:modified",)
_BESIDE: Final = {"dct:publisher": "prov:wasAttributedTo", "dct:license": "dct:rights"}
"""What is true as well of those of several values that cannot stay."""


class Told(Struct, frozen=True):
    """What the person who mends says where a record says nothing: who publishes (a name), under which licence (an
    IRI)."""

    publisher: str = ""
    licence: str = ""


def mend(graph: Graph, told: Told = Told()) -> Mended:  # noqa: B008 - an immutable value
    """The graph after all repairs that are certain. Total over every graph in its form; mending what was mended changes
    nothing more."""
    draft = Draft(graph)
    spellings.respell(draft)
    _classify(draft)
    for _ in range(_ROUNDS):
        before = len(draft.repairs)
        for id in list(draft.graph):
            if id in draft.graph:
                _node(draft, id)
        if len(draft.repairs) == before:
            break
    _fill(draft, told)
    _say_what_is_missing(draft)
    return draft.mended()


# --- classes ----------------------------------------------------------------------------------------------------------


def _classify(draft: Draft) -> None:
    """Nodes of no class that have a property which only one class has."""
    for id, node in draft.graph.items():
        if set(node.get("@type", ())) & _TAKES.keys():
            continue
        kind = next((kind for name, kind in spellings.CLASSES.items() if name in node.get("@type", ())), "")
        kind = kind or next((kind for name, kind in _TELLTALE.items() if name in node), "")
        if kind:
            draft.told("type", id, "@type", " ".join(node.get("@type", ())), kind)
            node["@type"] = [*node.get("@type", ()), kind]


_TELLTALE: Final = {
    "dcat:dataset": "dcat:Catalog",
    "dcat:distribution": "dcat:Dataset",
    "dcat:accessURL": "dcat:Distribution",
    "dcat:downloadURL": "dcat:Distribution",
    "dcat:endpointURL": "dcat:DataService",
}


def _kinds(node: Node) -> list[str]:
    return list(dict.fromkeys(_TAKES[one] for one in node.get("@type", ()) if one in _TAKES))


# --- one node ---------------------------------------------------------------------------------------------------------


def _node(draft: Draft, id: str) -> None:
    node = draft.graph[id]
    kinds = _kinds(node)
    spellings.succeed(draft, id, kinds)
    if "dcat:Dataset" in kinds:
        wholes.locate(draft, id)
    for name in [one for one in node if not one.startswith("@")]:
        _property(draft, id, name, kinds)
    for kind in kinds:
        complete = _COMPLETING.get(kind)
        if complete is not None:
            complete(draft, id)
    _choose(draft, id, kinds)


def _musts(kinds: list[str], name: str) -> list[Must]:
    return [FACTS[kind][name] for kind in kinds if name in FACTS[kind]] or [_FREE]


def _property(draft: Draft, id: str, name: str, kinds: list[str]) -> None:
    if name not in draft.graph[id]:
        return
    for must in _musts(kinds, name):
        held = list(draft.graph[id].get(name, ()))
        kind = must.kind or wholes.RANGES.get(name, "")
        new: list[Value] = []
        for value in held:
            new += _value(draft, id, name, must, kind if kinds else "", value)
        # What was moved to this very property while it was gone through stays.
        new += [one for one in draft.graph[id].get(name, ()) if one not in held]
        if new != held:
            draft.put(id, name, new)


def _value(draft: Draft, id: str, name: str, must: Must, kind: str, value: Value) -> list[Value]:
    if kind and kind != "spdx:ChecksumAlgorithm" and not (name == "dcat:dataset" and "@id" in value):
        return wholes.whole(draft, id, name, kind, value)
    if kind == "spdx:ChecksumAlgorithm":
        return _algorithm(draft, id, name, value)
    return values.fit(draft, id, name, must, value)


def _algorithm(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    said = shown(value)
    code = codes.code_of(CHECKSUMS, said)
    if code and code != said:
        draft.told("code", id, name, said, code)
        return [{"@id": code}]
    return [value] if "@id" in value else []


def _choose(draft: Draft, id: str, kinds: list[str]) -> None:
    """Of several values where one may stand: the latest change, the first issue, else the first that is told; the
    others go where they are true as well, or are told to people."""
    node = draft.graph[id]
    for kind in kinds:
        for name, must in FACTS[kind].items():
            held = node.get(name, [])
            if must.single and len(held) > 1:
                _choose_of(draft, id, name, held)


def _choose_of(draft: Draft, id: str, name: str, held: list[Value]) -> None:
    first = held[0]
    if name in _NEWEST:
        first = max(held, key=days.order)
    elif name in _OLDEST:
        first = min(held, key=days.order)
    rest = [one for one in held if one != first]
    beside = _BESIDE.get(name, "")
    if beside == "dct:rights" and draft.graph[id].get(beside):
        beside = ""
    for one in rest:
        if beside and "@id" in one:
            draft.told("single", id, name, shown(one), f"{beside} {shown(one)}")
            draft.add(id, beside, one)
            beside = beside if beside != "dct:rights" else ""
        else:
            draft.told("single", id, name, shown(one), shown(first))
            if name not in (*_NEWEST, *_OLDEST) and values.label_of(draft, shown(one)) != shown(first):
                draft.lacking("single", id, name, shown(one))
    draft.put(id, name, [first])


# --- what is missing, and is told elsewhere ---------------------------------------------------------------------------


def _complete_dataset(draft: Draft, id: str) -> None:
    node = draft.graph[id]
    if not node.get("dct:publisher"):
        _publish_by_role(draft, id)
    if not node.get("dct:publisher"):
        _publish(draft, id, "dcat:dataset")
    own = node.get("dct:license", [])
    licences = [one for one in own if "@id" in one]
    for form in graphs.ids(node, "dcat:distribution"):
        inner = draft.graph.get(form)
        if inner is None:
            continue
        if not inner.get("dct:license"):
            _license(draft, form, inner, licences)
        if not inner.get("dcat:accessURL"):
            _open(draft, form, inner, node)


def _publish(draft: Draft, id: str, listed: str) -> None:
    """The publisher of the one catalogue that lists it, or of the only one that there is."""
    catalogs = [one for one in map(draft.graph.get, draft.catalogs()) if one and one.get("dct:publisher")]
    naming = draft.listing(listed).get(id, [])
    listing = [one for one in catalogs if one["@id"] in naming] or (catalogs if len(catalogs) == 1 else [])
    publishers = {shown(one["dct:publisher"][0]): one["dct:publisher"][0] for one in listing}
    if len(publishers) == 1:
        iri, value = publishers.popitem()
        draft.told("publisher", id, "dct:publisher", "", iri)
        draft.put(id, "dct:publisher", [value])


def _publish_by_role(draft: Draft, id: str) -> None:
    """The one agent that the dataset names in the role of its publisher."""
    node = draft.graph[id]
    parts = [draft.graph.get(one, {}) for one in graphs.ids(node, "prov:qualifiedAttribution")]
    agents = {
        shown(agent): agent
        for part in parts
        if any(_PUBLISHER.search(role) for role in graphs.ids(part, "dcat:hadRole"))
        for agent in graphs.values(part, "prov:agent")
    }
    if len(agents) == 1:
        iri, value = agents.popitem()
        draft.told("publisher_by_role", id, "dct:publisher", "", values.label_of(draft, iri) or iri)
        node["dct:publisher"] = [value]


def _license(draft: Draft, id: str, form: Node, of_dataset: list[Value]) -> None:
    """The licence that the dataset has, or the rights of the distribution where those are one."""
    if len(of_dataset) == 1:
        draft.told("licence_of_dataset", id, "dct:license", "", shown(of_dataset[0]))
        form["dct:license"] = list(of_dataset)
        return
    for value in form.get("dct:rights", ()):
        said = shown(value)
        code = codes.code_of(LICENCES, values.label_of(draft, said) if said.startswith("_:") else said)
        if code:
            draft.told("licence_of_rights", id, "dct:license", said, code)
            form["dct:license"] = [{"@id": code}]
            return


def _open(draft: Draft, id: str, form: Node, dataset: Node) -> None:
    """Where the data are to be had: the download, the service, else the page on which the dataset is told of."""
    service = [
        one
        for key in graphs.ids(form, "dcat:accessService")
        for one in _links(draft.graph.get(key, {}), "dcat:endpointURL")
    ]
    page, landing = _links(form, "foaf:page"), _links(dataset, "dcat:landingPage")
    found = next(filter(None, (_links(form, "dcat:downloadURL"), service, page, landing)), None)
    if found is not None:
        draft.told("access", id, "dcat:accessURL", "", shown(found[0]))
        form["dcat:accessURL"] = found[:1]


def _links(node: Node, name: str) -> list[Value]:
    return [one for one in graphs.values(node, name) if not one.get("@id", "_:").startswith("_:")]


def _complete_service(draft: Draft, id: str) -> None:
    if not draft.graph[id].get("dct:publisher"):
        _publish(draft, id, "dcat:service")
    if not draft.graph[id].get("dct:publisher"):
        _publish_with(draft, id)
    wholes.name_service(draft, id)


def _publish_with(draft: Draft, id: str) -> None:
    """A service that is told of within datasets alone is theirs who publish these."""
    publishers = {
        shown(value): value
        for one in draft.telling(id)
        for value in graphs.values(draft.graph.get(one, {}), "dct:publisher")
    }
    if len(publishers) == 1:
        iri, value = publishers.popitem()
        draft.told("publisher", id, "dct:publisher", "", iri)
        draft.put(id, "dct:publisher", [value])


def _complete_agent(draft: Draft, id: str) -> None:
    wholes.name_agent(draft, id)


def _complete_place(draft: Draft, id: str) -> None:
    wholes.shape(draft, id)


def _complete_identifier(draft: Draft, id: str) -> None:
    node = draft.graph[id]
    if not node.get("skos:notation") and not id.startswith("_:"):
        draft.told("identifier", id, "skos:notation", "", id)
        node["skos:notation"] = [{"@value": id, "@type": "xsd:anyURI"}]


_COMPLETING: Final[dict[str, Callable[[Draft, str], None]]] = {
    "dcat:Dataset": _complete_dataset,
    "dcat:DataService": _complete_service,
    "foaf:Agent": _complete_agent,
    "dct:Location": _complete_place,
    "adms:Identifier": _complete_identifier,
}


def _fill(draft: Draft, told: Told) -> None:
    """What somebody has said for all records that do not say it themselves."""
    for id, node in list(draft.graph.items()):
        kinds = _kinds(node)
        if told.publisher and not node.get("dct:publisher") and {"dcat:Dataset", "dcat:DataService"} & set(kinds):
            draft.told("told", id, "dct:publisher", "", told.publisher)
            name = {"@value": told.publisher}
            node["dct:publisher"] = [draft.statement(name, "foaf:name", "foaf:Agent")]
        if told.licence and not node.get("dct:license") and "dcat:Distribution" in kinds:
            draft.told("told", id, "dct:license", "", told.licence)
            node["dct:license"] = [{"@id": told.licence}]


# --- what is of no use, and what is left to people --------------------------------------------------------------------


def _say_what_is_missing(draft: Draft) -> None:
    """Optional nodes that cannot be made whole go with the property that names them; of what a dataset must have,
    people are told."""
    naming: dict[str, list[str]] = {}
    for id, node in draft.graph.items():
        for other in named(node):
            naming.setdefault(other, []).append(id)
    for id in list(draft.graph):
        kinds = _kinds(draft.graph[id])
        if any(not _is_whole(draft, id, kind, naming.get(id, [])) for kind in kinds):
            _let_go(draft, id, naming.get(id, []))
    for id, node in draft.graph.items():
        for kind in _kinds(node):
            for name, must in FACTS[kind].items():
                if must.least and not node.get(name):
                    _missing(draft, id, node, kind, name)


def _is_whole(draft: Draft, id: str, kind: str, naming: list[str]) -> bool:
    node = draft.graph[id]
    if kind == "vcard:Kind" and not wholes.reach_contact(draft, id):
        return False
    if kind == "dcat:Distribution":
        return bool(node.get("dcat:accessURL")) or not any(
            id in graphs.ids(draft.graph.get(one, {}), "dcat:distribution") for one in naming
        )
    if kind in EITHER:
        return any(node.get(name) for name in EITHER[kind])
    if kind in ("spdx:Checksum", "adms:Identifier", "dcat:Relationship"):
        return all(node.get(name) for name, must in FACTS[kind].items() if must.least)
    if kind == "prov:Attribution":
        return all(_links(node, name) for name in ("dcat:hadRole", "prov:agent"))
    return kind != "foaf:Agent" or bool(node.get("foaf:name"))


_STAY: Final = {
    "dcat:Relationship": ("dct:relation", "dct:relation"),
    "prov:Attribution": ("prov:agent", "prov:wasAttributedTo"),
}
"""What is still true of a node that goes: what it named by the first, is named by the second."""


def _let_go(draft: Draft, id: str, naming: list[str]) -> None:
    gone = draft.graph[id]
    what = values.label_of(draft, id) or " ".join(text for one in list(gone) for text in _told(gone, one)) or id
    for other in dict.fromkeys(naming):
        node = draft.graph.get(other, {})
        for name in [one for one in node if not one.startswith("@")]:
            if not any(one.get("@id") == id for one in node[name]):
                continue
            draft.told("dropped", other, name, what, "")
            if what != id:
                draft.lacking("incomplete", other, name, what)
            draft.put(other, name, [one for one in node[name] if one.get("@id") != id])
            for kind in _kinds(gone):
                theirs, ours = _STAY.get(kind, ("", ""))
                for value in gone.get(theirs, []) if theirs else []:
                    draft.add(other, ours, value)
    del draft.graph[id]


def _told(node: Node, name: str) -> list[str]:
    return graphs.texts(node, name) if not name.startswith("@") else []


def _missing(draft: Draft, id: str, node: Node, kind: str, name: str) -> None:
    if kind == "dcat:Distribution" and name == "dct:license":
        draft.told("licence_closed", id, name, "", CLOSED)
        draft.lacking("licence", id, name)
        node[name] = [{"@id": CLOSED}]
    elif name == "dct:description" and (text := _described(draft, node)):
        draft.told("description", id, name, "", text["@value"])
        draft.lacking("description", id, name)
        node[name] = [text]
    else:
        draft.lacking("missing", id, name)


def _described(draft: Draft, node: Node) -> Value | None:
    """What is known of a dataset that nobody has described: what its only file is said to be, else what it is called.
    Nothing is told by it that the record does not tell."""
    forms = [draft.graph.get(one, {}) for one in graphs.ids(node, "dcat:distribution")]
    of_form = graphs.values(forms[0], "dct:description") if len(forms) == 1 else []
    said = [one for one in (*of_form, *graphs.values(node, "dct:title")) if one.get("@value", "").strip()]
    return said[0] if said else None


def roots(graph: Graph) -> list[str]:
    """The datasets of a graph, in its order; a version or a series of another is one of its own."""
    return [node["@id"] for node in graphs.of_type(graph, "dcat:Dataset") if "dcat:Catalog" not in node["@type"]]
