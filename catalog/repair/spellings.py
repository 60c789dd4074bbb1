"""Names that are spelled in another way today: old namespaces, addresses of lists, properties that have a successor.

What lives here: renaming properties, classes and ids; nothing here looks at what a value means. What does not: values
(`values`). Sources: DCAT-AP.de 1.0 to 3.0 (deprecated properties and what takes their place), DCAT 2 and 3, Dublin
Core (the elements of 1.1 as terms), schema.org, vCard 4 (RDF).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from catalog.graph import Value, full, short
from catalog.repair import addresses
from catalog.repair.forms import Draft

_NAMESPACES: Final = (
    (re.compile(r"https?://(?:www\.)?dcat-ap\.de/def/dcatde/[0-9][0-9._]*/?#?(?=[A-Za-z])"), "dcatde:"),
    (
        re.compile(r"https?://www\.dcat-ap\.de/def/dcatde/(?=[A-Za-z])|https://dcat-ap\.de/def/dcatde/(?=[A-Za-z])"),
        "dcatde:",
    ),
    (re.compile(r"https?://data\.europa\.eu/(?:r5r#|88u/|r5r/)(?=[A-Za-z])"), "dcatap:"),
    (re.compile(r"https://schema\.org/(?=[A-Za-z])"), "schema:"),
    (re.compile(r"https?://www\.w3\.org/ns/dcat/(?=[A-Za-z])|https://www\.w3\.org/ns/dcat#"), "dcat:"),
    (re.compile(r"https://purl\.org/dc/terms/"), "dct:"),
    (
        re.compile(
            r"https?://purl\.org/dc/elements/1\.1/(?=(?:title|description|publisher|creator|contributor|language|"
            r"format|identifier|rights|source|relation|type|subject)$)"
        ),
        "dct:",
    ),
    (re.compile(r"http://xmlns\.com/foaf/spec/#?(?=[A-Za-z])"), "foaf:"),
    (re.compile(r"http://www\.w3\.org/2006/vcard/ns/(?=[A-Za-z])"), "vcard:"),
)
_LISTS: Final = (
    (
        re.compile(r"https?://(?:www\.)?dcat-ap\.de/def/(?=(?:licenses|contributors|politicalGeocoding)/)"),
        "http://dcat-ap.de/def/",
    ),
    (
        re.compile(
            r"https://(?:www\.)?publications\.europa\.eu/resource/authority/"
            r"|https?://(?:www\.)?publications\.europa\.eu/mdr/(?:resource/)?authority/"
        ),
        "http://publications.europa.eu/resource/authority/",
    ),
    (re.compile(r"https://data\.europa\.eu/(?=(?:bna|nuts|eli|r5r)/)"), "http://data.europa.eu/"),
)

_EVERYWHERE: Final[Mapping[str, str]] = {
    "dcatde:originator": "geodcatap:originator",
    "dcatde:maintainer": "geodcatap:custodian",
    "dcatde:plannedAvailability": "dcatap:availability",
    "dcatde:legalBasis": "dcatap:applicableLegislation",
    "dcatde:legalbasisText": "dcatap:applicableLegislation",
    "dcatde:qualityProcessURI": "foaf:page",
    "dcatde:geocodingText": "dcatde:geocodingDescription",
    "dcatde:geocodingURI": "dcatde:politicalGeocodingURI",
    "dcatde:licenseAttributionText": "dcatde:licenseAttributionByText",
    "dct:hasVersion": "dcat:hasVersion",
    "dct:isVersionOf": "dcat:isVersionOf",
}
_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "dct:PeriodOfTime": {
        "schema:startDate": "dcat:startDate",
        "schema:endDate": "dcat:endDate",
        "schema:startTime": "dcat:startDate",
        "schema:endTime": "dcat:endDate",
        "dcatap:startDate": "dcat:startDate",
        "dcatap:endDate": "dcat:endDate",
        "dct:startDate": "dcat:startDate",
        "dct:endDate": "dcat:endDate",
        "dcatde:startDate": "dcat:startDate",
        "dcatde:endDate": "dcat:endDate",
    },
    "vcard:Kind": {
        "vcard:email": "vcard:hasEmail",
        "vcard:url": "vcard:hasURL",
        "vcard:tel": "vcard:hasTelephone",
        "foaf:mbox": "vcard:hasEmail",
        "foaf:homepage": "vcard:hasURL",
        "foaf:phone": "vcard:hasTelephone",
        "schema:email": "vcard:hasEmail",
        "schema:url": "vcard:hasURL",
        "schema:telephone": "vcard:hasTelephone",
        "schema:name": "vcard:fn",
        "vcard:organization-name": "vcard:fn",
        "foaf:name": "vcard:fn",
        "rdfs:label": "vcard:fn",
    },
    "foaf:Agent": {
        "vcard:fn": "foaf:name",
        "vcard:organization-name": "foaf:name",
        "schema:name": "foaf:name",
        "rdfs:label": "foaf:name",
        "skos:prefLabel": "foaf:name",
        "dct:title": "foaf:name",
        "foaf:givenName": "foaf:name",
        "vcard:hasEmail": "foaf:mbox",
        "schema:email": "foaf:mbox",
        "schema:url": "foaf:homepage",
        "vcard:hasURL": "foaf:homepage",
    },
    "dcat:Dataset": {
        "owl:versionInfo": "dcat:version",
        "rdfs:label": "dct:title",
        "skos:prefLabel": "dct:title",
        "schema:name": "dct:title",
        "foaf:name": "dct:title",
        "dct:abstract": "dct:description",
        "schema:description": "dct:description",
        "rdfs:comment": "dct:description",
        "schema:keywords": "dcat:keyword",
        "schema:publisher": "dct:publisher",
        "schema:datePublished": "dct:issued",
        "schema:dateModified": "dct:modified",
        "schema:license": "dct:license",
        "schema:distribution": "dcat:distribution",
        "schema:dateCreated": "dct:created",
        "schema:creator": "dct:creator",
        "schema:identifier": "dct:identifier",
        "schema:inLanguage": "dct:language",
        "schema:spatialCoverage": "dct:spatial",
        "schema:temporalCoverage": "dct:temporal",
        "schema:version": "dcat:version",
        "schema:url": "dcat:landingPage",
        "dcat:themes": "dcat:theme",
        "dcat:keywords": "dcat:keyword",
        "foaf:homepage": "dcat:landingPage",
    },
    "dcat:Distribution": {
        "rdfs:label": "dct:title",
        "schema:name": "dct:title",
        "schema:contentUrl": "dcat:downloadURL",
        "schema:url": "dcat:accessURL",
        "schema:description": "dct:description",
        "schema:encodingFormat": "dcat:mediaType",
        "schema:contentSize": "dcat:byteSize",
        "schema:datePublished": "dct:issued",
        "schema:dateModified": "dct:modified",
        "schema:license": "dct:license",
        "dct:abstract": "dct:description",
        "rdfs:comment": "dct:description",
        "dcat:size": "dcat:byteSize",
        "dct:extent": "dcat:byteSize",
        "dcat:accessUrl": "dcat:accessURL",
        "dcat:downloadUrl": "dcat:downloadURL",
        "dcat:license": "dct:license",
        "dcat:format": "dct:format",
    },
    "dcat:DataService": {
        "rdfs:label": "dct:title",
        "schema:name": "dct:title",
        "dcat:endpointUrl": "dcat:endpointURL",
        "dcat:accessURL": "dcat:endpointURL",
        "foaf:homepage": "foaf:page",
    },
    "dcat:Catalog": {
        "schema:name": "dct:title",
        "schema:description": "dct:description",
        "schema:publisher": "dct:publisher",
        "schema:dataset": "dcat:dataset",
    },
    "dct:Location": {"schema:name": "skos:prefLabel"},
    "adms:Identifier": {
        "skos:prefLabel": "skos:notation",
        "schema:value": "skos:notation",
        "dct:identifier": "skos:notation",
        "rdfs:label": "skos:notation",
        "rdf:value": "skos:notation",
    },
}
CLASSES: Final[Mapping[str, str]] = {
    "schema:Dataset": "dcat:Dataset",
    "schema:DataDownload": "dcat:Distribution",
    "schema:DataCatalog": "dcat:Catalog",
}
"""What pages call the same things as catalogues do."""
_ONLY_IF_MISSING: Final = frozenset(
    {
        "rdfs:label",
        "skos:prefLabel",
        "schema:name",
        "foaf:name",
        "vcard:fn",
        "vcard:organization-name",
        "dct:title",
        "foaf:givenName",
        "dct:abstract",
        "rdfs:comment",
        "schema:description",
        "vcard:hasEmail",
        "vcard:hasURL",
        "foaf:mbox",
        "foaf:homepage",
        "foaf:phone",
        "schema:value",
        "dct:identifier",
        "rdf:value",
        "dct:extent",
        "dcat:accessURL",
    }
)
"""Properties of their own right: they are asked only where the one that is wanted is not there, and stay."""


def spelled(name: str) -> str:
    """A name in today's spelling."""
    iri = full(name)
    for pattern, prefix in _NAMESPACES:
        found = pattern.match(iri)
        if found:
            return short(full(f"{prefix}{iri[found.end() :]}"))
    return name


def id_of(iri: str) -> str:
    """An IRI as it is spelled today and can be written."""
    for pattern, stem in _LISTS:
        found = pattern.match(iri)
        if found:
            iri = stem + iri[found.end() :]
    return iri if iri.startswith("_:") else addresses.tidy(iri)


def respell(draft: Draft) -> None:
    """Every name and every IRI of a graph."""
    graph = draft.graph
    for id in list(graph):
        node = graph[id]
        for name in [one for one in node if not one.startswith("@")]:
            _respell_values(draft, id, name)
            if (today := spelled(name)) != name:
                draft.told("namespace", id, name, name, today)
                _move(draft, id, name, today)
        node["@type"] = list(dict.fromkeys(spelled(one) for one in node.get("@type", ())))
    for id in [one for one in graph if id_of(one) != one]:
        _rename(draft, id, id_of(id))


def _respell_values(draft: Draft, id: str, name: str) -> None:
    held = draft.graph[id][name]
    values: list[Value] = [{"@id": id_of(one["@id"])} if "@id" in one else one for one in held]
    for old, new in zip(held, values, strict=True):
        if old != new:
            draft.told("iri", id, name, old["@id"], new["@id"])
    if values != held:
        draft.put(id, name, values)


def _rename(draft: Draft, id: str, today: str) -> None:
    """Ids of nodes follow the values that name them; two that were one by today's spelling are one."""
    node = draft.graph.pop(id)
    target = draft.graph.setdefault(today, {"@id": today, "@type": []})
    target["@type"] = list(dict.fromkeys([*target["@type"], *node["@type"]]))
    for name, held in node.items():
        for one in held if not name.startswith("@") else ():
            draft.add(today, name, one)


def succeed(draft: Draft, id: str, kinds: list[str]) -> None:
    """Put the properties of a node that have a successor in its place."""
    node = draft.graph[id]
    for old, new in _EVERYWHERE.items():
        if old in node:
            draft.told("property", id, old, old, new)
            _move(draft, id, old, new)
    for kind in kinds:
        for old, new in _OF.get(kind, {}).items():
            if old not in node or (old.startswith("vcard:has") and {"vcard:Kind", kind} <= {*kinds}):
                continue
            if old in _ONLY_IF_MISSING:
                if new not in node:
                    draft.told("property", id, old, old, new)
                    draft.put(id, new, node[old])
            else:
                draft.told("property", id, old, old, new)
                _move(draft, id, old, new)


def _move(draft: Draft, id: str, old: str, new: str) -> None:
    for value in draft.graph[id].pop(old):
        draft.add(id, new, value)
