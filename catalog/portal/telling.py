"""What is said of a dataset -> properties of its node: each rule writes fields, and owns the properties they are in.

What lives here: the rules, for datasets and distributions. What does not: reading (`understanding`), which rule has to
be followed when (`metadata`), the catalogue around datasets (`dcat_ap_de`). Sources: DCAT-AP.de 3.0, DCAT-AP HVD 3.0,
GeoDCAT-AP 3.0 (reference systems as dct:conformsTo), mobilityDCAT-AP 1.0; places as municipalities' feeds write them:
dct:spatial, a dct:Location, locn:adminUnitL2, an official key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from catalog.graph import Graph, Node, Value
from catalog.model import Agent, Contact, Form, Metadata
from catalog.portal import names
from catalog.portal.geometry import wkt
from policies import instants
from policies.places import GEOCODING, KINDS, NUTS

Properties = dict[str, list[Value]]

_KIND: Final = {digits: kind for kind, digits in KINDS.items()}
_CRS_TYPE: Final = "http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem"
_OLD: Final = "http://dcat-ap.de/def/dcatde/1.0/"
_OLD_DCATAP: Final = "http://data.europa.eu/r5r#"
_OLDER_PLACES: Final = (
    "dcatde:politicalGeocodingURI",
    "dcatde:geocodingDescription",
    _OLD + "politicalGeocodingURI",
    _OLD + "geocodingText",
)


class Telling:
    """A graph that is being written: new nodes get names that it does not have. `kept` is what agents and contacts
    that stay as they are are called in it."""

    def __init__(self, graph: Graph, kept: Mapping[Agent | Contact, Value]) -> None:
        self.graph, self.kept = graph, kept
        self._drawn = 0

    def node(self, properties: Properties, *types: str) -> Value:
        """A new node without an IRI."""
        while (id := f"_:n{self._drawn}") in self.graph:
            self._drawn += 1
        self.graph[id] = {"@id": id, "@type": list(types), **_filled(properties)}
        return {"@id": id}

    def named(self, id: str, properties: Properties, *types: str) -> Value:
        """A node with an IRI; what was said of it otherwise stays."""
        old = self.graph.get(id, {"@id": id})
        self.graph[id] = {"@id": id, "@type": _united(old, types), **_rest(old), **_filled(properties)}
        return {"@id": id}


class Rule(NamedTuple):
    """Which fields are told in which properties, and how."""

    fields: tuple[str, ...]
    owned: tuple[str, ...]
    tell: Callable[[Telling, Any], Properties]


def follow(rules: Iterable[Rule], telling: Telling, node: Node, said: Metadata | Form) -> Node:
    """A node with what rules tell in place of what they own."""
    for rule in rules:
        told = _filled(rule.tell(telling, said))
        node = {name: held for name, held in node.items() if name not in rule.owned} | told
    return node


def _filled(properties: Properties) -> Properties:
    """Without those that have no value; no value twice."""
    return {
        name: [one for at, one in enumerate(held) if one not in held[:at]] for name, held in properties.items() if held
    }


def _rest(node: Node) -> Node:
    return {name: held for name, held in node.items() if name not in ("@id", "@type")}


def _united(node: Node, types: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*node.get("@type", ()), *types]))


def by_language(texts: Mapping[str, str]) -> list[Value]:
    """Texts as literals."""
    return [literal(text, language) for language, text in texts.items() if text]


def literal(text: str, language: str = "") -> Value:
    """A text as a literal, with its language where it has one."""
    return {"@value": text, "@language": language.lower()} if language else {"@value": text}


def link(text: str) -> Value:
    """An address as an IRI; what is none stays a literal, for rules to find."""
    return {"@id": text} if names.is_iri(text) else {"@value": text}


def instant(at: int | None) -> list[Value]:
    """An instant as xsd:dateTime."""
    return [] if at is None else [{"@value": instants.stamp(at), "@type": "xsd:dateTime"}]


def _links(texts: Iterable[str]) -> list[Value]:
    return [link(text) for text in texts if text]


def _codes(texts: Iterable[str], authority: str) -> list[Value]:
    return [names.value(text, authority) for text in texts if text]


def _keywords(keywords: Mapping[str, tuple[str, ...]]) -> list[Value]:
    return [literal(word, language) for language, words in keywords.items() for word in words if word]


def _agent(telling: Telling, agent: Agent) -> Value:
    if agent in telling.kept:
        return telling.kept[agent]
    properties = {
        "foaf:name": [literal(agent.name)] if agent.name else [],
        "dct:type": _codes([agent.kind], names.PUBLISHER_TYPE),
        "foaf:mbox": _links(_prefixed("mailto:", agent.email)),
        "foaf:homepage": _links([agent.homepage]),
    }
    if names.is_iri(agent.id):
        return telling.named(agent.id, properties, "foaf:Agent")
    return telling.node(properties, "foaf:Agent")


def _agents(telling: Telling, agents: Iterable[Agent | None]) -> list[Value]:
    return [_agent(telling, agent) for agent in agents if agent is not None and agent != Agent()]


def _contact(telling: Telling, contact: Contact) -> Value:
    if contact in telling.kept:
        return telling.kept[contact]
    properties = {
        "vcard:fn": [literal(contact.name)] if contact.name else [],
        "vcard:hasEmail": _links(_prefixed("mailto:", contact.email)),
        "vcard:hasTelephone": _links(_prefixed("tel:", "-".join(contact.telephone.split()))),
        "vcard:hasURL": _links([contact.url]),
    }
    return telling.node(properties, "vcard:Kind", "vcard:Organization" if contact.organisation else "vcard:Individual")


def _prefixed(scheme: str, text: str) -> list[str]:
    return [scheme + text] if text else []


def _spatial(telling: Telling, said: Metadata) -> Properties:
    """One location a place; names and the box go to the first of them."""
    count = max(len(said.places), len(said.place_names), 1 if said.box else 0)
    return {"dct:spatial": [_location(telling, said, at) for at in range(count)]}


def _location(telling: Telling, said: Metadata, at: int) -> Value:
    key = said.places[at] if at < len(said.places) else ""
    properties: Properties = {
        "skos:prefLabel": [literal(name) for name in said.place_names[at : at + 1]],
        "dcat:bbox": [{"@value": wkt(said.box), "@type": "gsp:wktLiteral"}] if said.box and not at else [],
    }
    if key.isdigit() and len(key) in _KIND:
        properties["locn:adminUnitL2"] = [{"@id": f"{GEOCODING}{_KIND[len(key)]}/{key}"}]
    elif key:
        return telling.named(NUTS + key, properties, "dct:Location")
    return telling.node(properties, "dct:Location")


def _temporal(telling: Telling, said: Metadata) -> Properties:
    period: Properties = {
        "dcat:startDate": [{"@value": said.since, "@type": "xsd:date"}] if said.since else [],
        "dcat:endDate": [{"@value": said.until, "@type": "xsd:date"}] if said.until else [],
    }
    if not said.since and not said.until:
        return {}
    return {"dct:temporal": [telling.node(period, "dct:PeriodOfTime")]}


def _standards(telling: Telling, said: Metadata) -> Properties:
    held = [_standard(telling, one, {}) for one in said.conforms_to if one]
    systems = [_standard(telling, one, {"dct:type": [{"@id": _CRS_TYPE}]}) for one in said.reference_systems if one]
    return {"dct:conformsTo": [*held, *systems]}


def _standard(telling: Telling, text: str, properties: Properties) -> Value:
    if names.is_iri(text):
        return telling.named(text, properties, "dct:Standard")
    return telling.node({"dct:title": [literal(text)], **properties}, "dct:Standard")


def _provenance(telling: Telling, said: Metadata) -> Properties:
    labels = by_language(said.provenance)
    return {"dct:provenance": [telling.node({"rdfs:label": labels}, "dct:ProvenanceStatement")]} if labels else {}


def _rights(telling: Telling, form: Form) -> Properties:
    if not form.rights or names.is_iri(form.rights):
        return {"dct:rights": _links([form.rights])}
    return {"dct:rights": [telling.node({"rdfs:label": [literal(form.rights)]}, "dct:RightsStatement")]}


def _decimal(number: float | None) -> list[Value]:
    """xsd:decimal knows no exponent."""
    return [] if number is None else [{"@value": format(Decimal(repr(number)), "f"), "@type": "xsd:decimal"}]


def _size(number: int | None) -> list[Value]:
    return [] if number is None else [{"@value": str(number), "@type": "xsd:nonNegativeInteger"}]


def _texts(field: str, name: str, *older: str) -> Rule:
    return Rule((field,), (name, *older), lambda _, said: {name: by_language(getattr(said, field))})


def _plain(field: str, name: str, *older: str) -> Rule:
    return Rule(
        (field,), (name, *older), lambda _, said: {name: [literal(one) for one in [getattr(said, field)] if one]}
    )


def _at(field: str, name: str) -> Rule:
    return Rule((field,), (name,), lambda _, said: {name: instant(getattr(said, field))})


def _one_link(field: str, name: str, *older: str) -> Rule:
    return Rule((field,), (name, *older), lambda _, said: {name: _links([getattr(said, field)])})


def _many_links(field: str, name: str, *older: str) -> Rule:
    return Rule((field,), (name, *older), lambda _, said: {name: _links(getattr(said, field))})


def _one_code(field: str, name: str, authority: str, *older: str) -> Rule:
    return Rule((field,), (name, *older), lambda _, said: {name: _codes([getattr(said, field)], authority)})


def _many_codes(field: str, name: str, authority: str) -> Rule:
    return Rule((field,), (name,), lambda _, said: {name: _codes(getattr(said, field), authority)})


def _persons(field: str, name: str, *older: str) -> Rule:
    return Rule((field,), (name, *older), lambda telling, said: {name: _agents(telling, getattr(said, field))})


DATASET: Final[tuple[Rule, ...]] = (
    _texts("title", "dct:title"),
    _texts("description", "dct:description"),
    Rule(("keywords",), ("dcat:keyword",), lambda _, said: {"dcat:keyword": _keywords(said.keywords)}),
    _many_codes("themes", "dcat:theme", names.THEME),
    Rule(
        ("publisher",), ("dct:publisher",), lambda telling, said: {"dct:publisher": _agents(telling, [said.publisher])}
    ),
    _persons("creators", "dct:creator"),
    _persons("originators", "geodcatap:originator", "dcatde:originator", _OLD + "originator"),
    _persons("custodians", "geodcatap:custodian", "dcatde:maintainer", _OLD + "maintainer"),
    Rule(
        ("contacts",),
        ("dcat:contactPoint",),
        lambda telling, said: {"dcat:contactPoint": [_contact(telling, one) for one in said.contacts]},
    ),
    _one_code("licence", "dct:license", names.LICENCE),
    _plain("attribution", "dcatde:licenseAttributionByText"),
    _one_code("access", "dct:accessRights", names.ACCESS),
    _one_code("availability", "dcatap:availability", names.AVAILABILITY, _OLD_DCATAP + "availability"),
    _one_code("frequency", "dct:accrualPeriodicity", names.FREQUENCY),
    _at("issued", "dct:issued"),
    _at("modified", "dct:modified"),
    _many_codes("languages", "dct:language", names.LANGUAGE),
    Rule(
        ("places", "place_names", "box"),
        ("dct:spatial", *_OLDER_PLACES),
        _spatial,
    ),
    _one_code("level", "dcatde:politicalGeocodingLevelURI", names.LEVEL),
    Rule(("since", "until"), ("dct:temporal",), _temporal),
    Rule(
        ("identifiers",),
        ("dct:identifier", "adms:identifier"),
        lambda _, said: {"dct:identifier": [literal(one) for one in said.identifiers if one]},
    ),
    _one_link("contributor", "dcatde:contributorID", _OLD + "contributorID"),
    _one_link("landing_page", "dcat:landingPage"),
    _many_links("documentation", "foaf:page"),
    Rule(("conforms_to", "reference_systems"), ("dct:conformsTo",), _standards),
    Rule(("provenance",), ("dct:provenance",), _provenance),
    _many_codes("hvd", "dcatap:hvdCategory", names.HVD),
    _many_links("legislation", "dcatap:applicableLegislation", _OLD_DCATAP + "applicableLegislation"),
    Rule(
        ("resolution_metres",),
        ("dcat:spatialResolutionInMeters",),
        lambda _, said: {"dcat:spatialResolutionInMeters": _decimal(said.resolution_metres)},
    ),
    _one_code("mobility_theme", "mobilitydcatap:mobilityTheme", names.MOBILITY_THEME),
)
"""Every field of `Metadata` but its forms."""

FORM: Final[tuple[Rule, ...]] = (
    _texts("title", "dct:title"),
    _one_link("access_url", "dcat:accessURL"),
    _one_link("download_url", "dcat:downloadURL"),
    _one_code("format", "dct:format", names.FORMAT),
    _one_code("media_type", "dcat:mediaType", names.MEDIA_TYPE),
    _one_code("licence", "dct:license", names.LICENCE),
    _plain("attribution", "dcatde:licenseAttributionByText", _OLD + "licenseAttributionByText"),
    _one_code("availability", "dcatap:availability", names.AVAILABILITY, _OLD_DCATAP + "availability"),
    _at("modified", "dct:modified"),
    Rule(("bytes",), ("dcat:byteSize",), lambda _, form: {"dcat:byteSize": _size(form.bytes)}),
    Rule(("rights",), ("dct:rights",), _rights),
    _one_code("mobility_standard", "mobilitydcatap:mobilityDataStandard", names.MOBILITY_STANDARD),
)
"""Every field of `Form` but its id."""
