"""Nodes of a class that a property demands: agents, contacts, places, periods, identifiers, and the rest.

What lives here: making one of a text, saying the class of one that does not say it, and what a property becomes whose
node is nowhere told. What does not: single values (`values`), the order (`mending`). That something a dct:publisher
names is a foaf:Agent is no new fact: the property says so. Sources: DCAT 3 (ranges; dcat:inSeries below
dct:isPartOf), Dublin Core (dct:source and others below dct:relation), PROV-DC (dct:publisher below
prov:wasAttributedTo).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from catalog import graph as graphs
from catalog.graph import Node, Value
from catalog.portal import geometry
from catalog.portal.names import is_iri
from catalog.profile.facts import CLASSES, FACTS
from catalog.repair import addresses, days
from catalog.repair.forms import Draft, shown
from catalog.repair.values import label_of
from policies.places import GEOCODING, KINDS

RANGES: Final[Mapping[str, str]] = {
    **{name: must.kind for facts in FACTS.values() for name, must in facts.items() if must.kind},
    "dct:rightsHolder": "foaf:Agent",
    "dct:source": "",
    "foaf:primaryTopic": "",
}
"""The class of what a property names, where it is the same wherever the property stands."""
WEAKER: Final[Mapping[str, str]] = {
    "dcat:inSeries": "dct:isPartOf",
    **dict.fromkeys(
        (
            "dct:source",
            "dcat:hasVersion",
            "adms:sample",
            "dcat:servesDataset",
            "dcat:accessService",
            "dcat:distribution",
        ),
        "dct:relation",
    ),
}
"""What is true of an IRI that a document names and does not tell of."""
_NOTHING: Final = frozenset({"@id", "@type", "dct:license"})
"""What a node has of which nothing is said; a licence may have been put there for want of one."""
LARGE: Final = 5_000
"""Nodes of a document in which nothing is looked for node by node."""
_KEY = re.compile(re.escape(GEOCODING) + r"([A-Za-z]+)/([0-9]+)", re.ASCII)
_ADDRESSES: Final = ("vcard:hasEmail", "vcard:hasURL", "vcard:hasTelephone")


def whole(draft: Draft, id: str, name: str, kind: str, value: Value) -> list[Value]:
    """What takes the place of a value that should be a node of a class."""
    if "@value" in value:
        return _of_text(draft, id, name, kind, value)
    node = draft.graph.get(value["@id"])
    if node is not None and not CLASSES.get(kind, frozenset((kind,))).isdisjoint(node.get("@type", ())):
        return [value]
    if node is None or set(node) <= _NOTHING:
        return _of_nothing(draft, id, name, kind, value)
    _declare(draft, node, kind, name)
    return [value]


def _declare(draft: Draft, node: Node, kind: str, name: str) -> None:
    draft.told("type", node["@id"], "@type", " ".join(node.get("@type", ())), kind)
    node["@type"] = [*node.get("@type", ()), kind]


def _of_nothing(draft: Draft, id: str, name: str, kind: str, value: Value) -> list[Value]:
    """An IRI, or a node without a name, of which nothing is said."""
    iri = value["@id"]
    if iri.startswith("_:"):
        draft.told("dropped", id, name, iri, "")
        return []
    if kind in ("foaf:Agent", "dct:Location", "adms:Identifier", "dcat:Role"):
        node = draft.graph.setdefault(iri, {"@id": iri, "@type": []})
        _declare(draft, node, kind, name)
        return [value]
    if kind == "vcard:Kind":
        return [_contact(draft, id, name, addresses.mail(iri) or iri, iri)]
    if name in WEAKER:
        draft.told("weaker", id, name, iri, WEAKER[name])
        draft.add(id, WEAKER[name], value)
        return []
    if name == "dct:temporal" or kind in ("dcat:Relationship", "spdx:Checksum"):
        draft.told("weaker", id, name, iri, "dct:relation")
        draft.add(id, "dct:relation", value)
        return []
    return [value]


def _of_text(draft: Draft, id: str, name: str, kind: str, value: Value) -> list[Value]:
    text = value["@value"].strip()
    if not text:
        draft.told("dropped", id, name, "", "")
        return []
    if is_iri(text) and text in draft.graph:
        draft.told("address", id, name, text, text)
        return [{"@id": text}]
    maker = _MAKERS.get(kind)
    if maker is not None:
        return maker(draft, id, name, value)
    link = addresses.web(text)
    if link:
        draft.told("address", id, name, text, link)
        return whole(draft, id, name, kind, {"@id": link})
    draft.told("dropped", id, name, text, "")
    draft.lacking("node", id, name, text)
    return []


# --- agents and contacts ----------------------------------------------------------------------------------------------


def _agent(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    text = value["@value"].strip()
    link = addresses.web(text)
    if link:
        draft.told("address", id, name, text, link)
        return whole(draft, id, name, "foaf:Agent", {"@id": link})
    draft.told("agent", id, name, text, "foaf:Agent")
    return [draft.statement({"@value": text, **_language(value)}, "foaf:name", "foaf:Agent")]


def _language(value: Value) -> Value:
    return {"@language": value["@language"]} if "@language" in value else {}


def name_agent(draft: Draft, id: str) -> None:
    """An agent without a name is called what it is known by: its address of mail, of the web, or its IRI. One that
    says nothing at all stays without, and goes with the property that names it."""
    node = draft.graph[id]
    if any(text.strip() for text in graphs.texts(node, "foaf:name")):
        return
    said = [shown(one) for key in ("foaf:mbox", "foaf:homepage") for one in graphs.values(node, key)]
    known = label_of(draft, id) or next(iter(said), "").removeprefix("mailto:") or ("" if id.startswith("_:") else id)
    if known:
        draft.told("agent_name", id, "foaf:name", "", known)
        node["foaf:name"] = [{"@value": known}]
        if known == id:
            draft.lacking("agent_name", id, "foaf:name", id)


def name_service(draft: Draft, id: str) -> None:
    """A service without a title is called what it is known by: its label, or its address."""
    node = draft.graph[id]
    known = label_of(draft, id) or next((shown(one) for one in graphs.values(node, "dcat:endpointURL")), "")
    if known and not node.get("dct:title"):
        draft.told("service_name", id, "dct:title", "", known)
        draft.lacking("agent_name", id, "dct:title", known)
        node["dct:title"] = [{"@value": known}]


def _contact_of_text(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    return [_contact(draft, id, name, value["@value"].strip(), value["@value"].strip())]


def _contact(draft: Draft, id: str, name: str, text: str, before: str) -> Value:
    """A contact of a text, with the address that the text holds."""
    reached: dict[str, list[Value]] = {}
    mail = addresses.mail(text) or addresses.mail_in(text)
    link = addresses.web(text)
    telephone = "" if mail or link else addresses.telephone(text)
    for key, found in zip(_ADDRESSES, (mail, link, telephone), strict=True):
        if found:
            reached[key] = [{"@id": found}]
    if mail != addresses.mail(text) or not reached:
        reached["vcard:fn"] = [{"@value": text}]
    draft.told("contact", id, name, before, "vcard:Kind")
    return draft.fresh(reached, "vcard:Kind")


def reach_contact(draft: Draft, id: str) -> bool:
    """Give a contact that has no address the one that is told with it: in its name, or of an agent of the same name.
    False where nobody has said one."""
    node = draft.graph[id]
    if any(node.get(key) for key in _ADDRESSES):
        return True
    called = [text.strip() for text in graphs.texts(node, "vcard:fn")]
    for text in called:
        if mail := addresses.mail_in(text):
            draft.told("contact", id, "vcard:hasEmail", text, mail)
            node["vcard:hasEmail"] = [{"@id": mail}]
            return True
    for other in draft.graph.values() if len(draft.graph) <= LARGE else ():
        if "foaf:name" in other and called and set(called) & set(graphs.texts(other, "foaf:name")):
            for theirs, ours in (("foaf:mbox", "vcard:hasEmail"), ("foaf:homepage", "vcard:hasURL")):
                if found := [one for one in graphs.values(other, theirs) if "@id" in one]:
                    draft.told("contact", id, ours, "", shown(found[0]))
                    node[ours] = found[:1]
                    return True
    if not id.startswith("_:") and id.startswith(("http://", "https://")):
        draft.told("contact", id, "vcard:hasURL", "", id)
        node["vcard:hasURL"] = [{"@id": id}]
        return True
    return False


# --- places and times -------------------------------------------------------------------------------------------------


def _place(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """A text about a place: a key, a geometry, an IRI, a name."""
    text = value["@value"].strip()
    link = addresses.web(text)
    if link:
        draft.told("address", id, name, text, link)
        return whole(draft, id, name, "dct:Location", {"@id": link})
    draft.told("place", id, name, text, "dct:Location")
    if geometry.box_of(text) is not None:
        return [draft.fresh({"locn:geometry": [value]}, "dct:Location")]
    return [draft.fresh({"skos:prefLabel": [{"@value": text, **_language(value)}]}, "dct:Location")]


def locate(draft: Draft, id: str) -> None:
    """What earlier versions told of the place by properties of its own is told by dct:spatial."""
    node = draft.graph[id]
    for value in node.pop("dcatde:politicalGeocodingURI", []):
        iri = _key_of(shown(value))
        if iri:
            draft.told("place", id, "dcatde:politicalGeocodingURI", shown(value), f"dct:spatial {iri}")
            draft.add(id, "dct:spatial", draft.statement({"@id": iri}, "locn:adminUnitL2", "dct:Location"))
        else:
            draft.add(id, "dct:spatial", value)
    for value in node.pop("dcatde:geocodingDescription", []):
        draft.told("place", id, "dcatde:geocodingDescription", shown(value), "dct:spatial")
        draft.add(id, "dct:spatial", value if "@id" in value else _place_named(draft, value))


def _place_named(draft: Draft, value: Value) -> Value:
    return draft.statement(value, "skos:prefLabel", "dct:Location")


def _key_of(said: str) -> str:
    """The IRI of an official key, also of bare digits that can be but one kind of key."""
    found = _KEY.fullmatch(said)
    if found:
        return said if KINDS.get(found[1]) == len(found[2]) else ""
    digits = re.sub(r"[\s/-]", "", said)
    kinds = {8: "municipalityKey", 12: "regionalKey"}
    return f"{GEOCODING}{kinds[len(digits)]}/{digits}" if digits.isdecimal() and len(digits) in kinds else ""


def shape(draft: Draft, id: str) -> None:
    """The geometry of a place: literals of locn:geometry become one node that holds them, each in its datatype, and
    the box around it is told where nobody has."""
    node = draft.graph[id]
    literals = [one for one in graphs.values(node, "locn:geometry") if "@value" in one]
    if literals:
        _gather(draft, id, node, literals)
    for key in ("dcat:bbox", "dcat:centroid"):
        held = graphs.values(node, key)
        typed = [_shape_of(one) or one for one in held]
        for old, new in zip(held, typed, strict=True):
            if old != new:
                draft.told("geometry", id, key, f"{shown(old)} ({old.get('@type', 'text')})", new["@type"])
        draft.put(id, key, typed[:1] if len({shown(one) for one in typed}) > 1 and _same_box(typed) else typed)


def _gather(draft: Draft, id: str, node: Node, literals: list[Value]) -> None:
    inner: dict[str, list[Value]] = {}
    box = None
    for one in literals:
        typed = _shape_of(one)
        box = box or geometry.box_of(one["@value"])
        if typed is None:
            draft.told("dropped", id, "locn:geometry", shown(one), "")
            draft.lacking("geometry", id, "locn:geometry", shown(one))
        else:
            inner.setdefault("gsp:asGeoJSON" if typed["@type"] == "gsp:geoJSONLiteral" else "gsp:asWKT", []).append(
                typed
            )
            draft.told("geometry", id, "locn:geometry", shown(one), "locn:Geometry")
    nodes = [one for one in graphs.values(node, "locn:geometry") if "@id" in one]
    draft.put(id, "locn:geometry", [*nodes, *([draft.fresh(inner, "locn:Geometry")] if inner else [])])
    if box is not None and "dcat:bbox" not in node:
        draft.told("geometry", id, "dcat:bbox", "", geometry.wkt(box))
        node["dcat:bbox"] = [{"@value": geometry.wkt(box), "@type": "gsp:wktLiteral"}]


def _shape_of(value: Value) -> Value | None:
    """A literal with the datatype of what it holds; None where it holds no geometry."""
    text = value.get("@value", "").strip()
    if text.startswith("{") and '"coordinates"' in text:
        return {"@value": text, "@type": "gsp:geoJSONLiteral"}
    if re.match(r"(?:<[^<>]*>\s*|SRID=\d+;\s*)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON|ENVELOPE|GEOMETRY)", text, re.I):
        return {"@value": text, "@type": "gsp:wktLiteral"}
    if text.startswith("<gml:") or value.get("@type") == "gsp:gmlLiteral":
        return {"@value": text, "@type": "gsp:gmlLiteral"}
    return None


def _same_box(values: list[Value]) -> bool:
    return len({geometry.box_of(shown(one)) for one in values}) == 1


def _period(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    ends = days.period(value["@value"])
    if ends is None:
        draft.told("dropped", id, name, shown(value), "")
        draft.lacking("period", id, name, shown(value))
        return []
    first, last = ends
    draft.told("period", id, name, shown(value), f"{shown(first) if first else ''} / {shown(last) if last else ''}")
    told = {"dcat:startDate": [first] if first else [], "dcat:endDate": [last] if last else []}
    return [draft.fresh({key: held for key, held in told.items() if held}, "dct:PeriodOfTime")]


def _identifier(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    draft.told("identifier", id, name, shown(value), "adms:Identifier")
    return [draft.fresh({"skos:notation": [{"@value": value["@value"]}]}, "adms:Identifier")]


_Maker = Callable[[Draft, str, str, Value], list[Value]]
_MAKERS: Final[Mapping[str, _Maker]] = {
    "foaf:Agent": _agent,
    "vcard:Kind": _contact_of_text,
    "dct:Location": _place,
    "dct:PeriodOfTime": _period,
    "adms:Identifier": _identifier,
}
