"""What DCAT-AP.de 3.0 demands of every property of every class: the facts of its shapes, as tables in our own words.

What lives here: how often a property may stand, what its values are, and of which list; besides what DCAT-AP HVD 3.0
demands of high-value datasets and mobilityDCAT-AP 1.0 of those that speak of mobility. What does not: judging by them
(`checks`), the lists (`vocabularies`). A test reads the official files as GovData composes them and compares: nothing
is missing here and nothing is added, but for `OWN`.

The official German files write `dcatap:` with a hash, everybody else with a slash; what they say of availability is
demanded of both spellings, and the one with a slash is listed in `OWN`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from catalog.profile import vocabularies as lists
from catalog.profile.vocabularies import Vocabulary

LITERAL: Final = "literal"
NODE: Final = "node"
"""An IRI, or a node without one: not text."""
IRI: Final = "iri"


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Must(Struct, frozen=True):
    """What is demanded of one property. Empty fields demand nothing.

    `form` is one of the three above, `kind` the class of the nodes that it names, `datatype` that of its literals,
    `listed` the list that its values are of, `media` a media type of IANA. What `weak` names ("kind", "listed") is only
    wished for: it is told as a warning.
    """

    least: int = 0
    single: bool = False
    form: str = ""
    kind: str = ""
    datatype: str = ""
    listed: Vocabulary | None = None
    media: bool = False
    weak: tuple[str, ...] = ()


def _text(least: int = 0, *, single: bool = False, datatype: str = "") -> Must:
    return Must(least, single, LITERAL, datatype=datatype)


def _node(
    kind: str = "",
    least: int = 0,
    *,
    single: bool = False,
    listed: Vocabulary | None = None,
    media: bool = False,
    weak: tuple[str, ...] = (),
) -> Must:
    return Must(least, single, NODE, kind, listed=listed, media=media, weak=weak)


_IRI: Final = Must(form=IRI)
_DAY: Final = _text(single=True)
_AGENT: Final = _node("foaf:Agent")
_PLACE: Final = _node("dct:Location", weak=("kind",))
_LICENCE: Final = _node(single=True, listed=lists.LICENCES, weak=("listed",))
_MEDIA: Final = _node(single=True, media=True)
_RESOLUTIONS: Final = {
    "dcat:spatialResolutionInMeters": _text(single=True, datatype="xsd:decimal"),
    "dcat:temporalResolution": _text(single=True, datatype="xsd:duration"),
}
HASH: Final = "http://data.europa.eu/r5r#availability"
"""Availability as the German files spell it."""
_AVAILABLE: Final = Must(0, True, listed=lists.AVAILABILITY)
_AVAILABILITY: Final = {"dcatap:availability": _AVAILABLE, HASH: _AVAILABLE}

FACTS: Final[Mapping[str, Mapping[str, Must]]] = {
    "dcat:Catalog": {
        "dct:title": _text(1),
        "dct:description": _text(1),
        "dct:publisher": _node("foaf:Agent", 1, single=True),
        "dct:creator": _node("foaf:Agent", single=True),
        "dct:issued": _DAY,
        "dct:modified": _DAY,
        "dct:language": _node(listed=lists.LANGUAGES),
        "dct:license": _LICENCE,
        "dct:rights": _node(single=True),
        "dct:spatial": _PLACE,
        "dct:temporal": _node("dct:PeriodOfTime"),
        "dct:hasPart": _node("dcat:Catalog"),
        "dct:isPartOf": Must(single=True, kind="dcat:Catalog", weak=("kind",)),
        "dcat:catalog": _node("dcat:Catalog"),
        "dcat:dataset": _node("dcat:Dataset"),
        "dcat:record": _node("dcat:CatalogRecord"),
        "dcat:service": _node("dcat:DataService"),
        "dcat:themeTaxonomy": _node(),
        "dcatap:applicableLegislation": _node(),
        "foaf:homepage": _node(single=True),
        **_AVAILABILITY,
    },
    "dcat:CatalogRecord": {
        "adms:status": _node(single=True),
        "dct:conformsTo": _node(),
        "dct:description": _text(),
        "dct:issued": _DAY,
        "dct:language": _node(listed=lists.LANGUAGES),
        "dct:modified": _text(1, single=True),
        "dct:source": _node("dcat:CatalogRecord", single=True),
        "dct:title": _text(),
        "foaf:primaryTopic": _node("dcat:Resource", 1, single=True),
    },
    "dcat:Dataset": {
        "dct:title": _text(1),
        "dct:description": _text(1),
        "dct:publisher": _node("foaf:Agent", 1, single=True),
        "dct:creator": _AGENT,
        "dct:contributor": Must(kind="foaf:Agent"),
        "geodcatap:originator": Must(kind="foaf:Agent"),
        "geodcatap:custodian": Must(kind="foaf:Agent"),
        "dcat:contactPoint": _node("vcard:Kind"),
        "dcat:distribution": _node("dcat:Distribution"),
        "adms:sample": _node("dcat:Distribution"),
        "adms:identifier": _node("adms:Identifier"),
        "adms:versionNotes": _text(),
        "dcat:keyword": _text(),
        "dcat:theme": _node(listed=lists.THEMES),
        "dcat:landingPage": _node(),
        "dcat:hasVersion": _node("dcat:Dataset"),
        "dcat:inSeries": _node("dcat:DatasetSeries"),
        "dcat:qualifiedRelation": _node("dcat:Relationship"),
        "dcat:version": _text(single=True),
        "dcatap:applicableLegislation": _node(),
        "dcatde:contributorID": Must(form=IRI, listed=lists.CONTRIBUTORS, weak=("listed",)),
        "dcatde:politicalGeocodingLevelURI": Must(form=IRI, listed=lists.LEVELS, weak=("listed",)),
        "dct:accessRights": _node(single=True, listed=lists.ACCESS),
        "dct:accrualPeriodicity": _node(single=True, listed=lists.FREQUENCIES),
        "dct:conformsTo": _node(),
        "dct:identifier": _text(),
        "dct:isReferencedBy": _node(),
        "dct:issued": _DAY,
        "dct:language": _node(listed=lists.LANGUAGES),
        "dct:modified": _DAY,
        "dct:provenance": _node(),
        "dct:references": _IRI,
        "dct:relation": _node(),
        "dct:source": _node("dcat:Dataset"),
        "dct:spatial": _PLACE,
        "dct:temporal": _node("dct:PeriodOfTime"),
        "dct:type": _node(listed=lists.DATASET_TYPES, weak=("listed",)),
        "foaf:page": _node(),
        "prov:qualifiedAttribution": _node(),
        "prov:wasGeneratedBy": _node(),
        **_AVAILABILITY,
        **_RESOLUTIONS,
    },
    "dcat:DatasetSeries": {
        "dct:title": _text(1),
        "dct:description": _text(1),
        "dct:publisher": _node("foaf:Agent", single=True),
        "dcat:contactPoint": _node("vcard:Kind"),
        "dcatap:applicableLegislation": _node(),
        "dct:accrualPeriodicity": _node(single=True, listed=lists.FREQUENCIES),
        "dct:issued": _DAY,
        "dct:modified": _DAY,
        "dct:spatial": _PLACE,
        "dct:temporal": _node("dct:PeriodOfTime"),
    },
    "dcat:Distribution": {
        "dcat:accessURL": _node(least=1),
        "dct:license": Must(1, True, NODE, listed=lists.LICENCES, weak=("listed",)),
        "adms:status": _node(single=True, listed=lists.STATUS),
        "dcat:accessService": _node("dcat:DataService"),
        "dcat:byteSize": _text(single=True, datatype="xsd:nonNegativeInteger"),
        "dcat:compressFormat": _MEDIA,
        "dcat:downloadURL": _node(),
        "dcat:mediaType": _MEDIA,
        "dcat:packageFormat": _MEDIA,
        "dcatap:applicableLegislation": _node(),
        "dcatde:licenseAttributionByText": _text(),
        "dct:conformsTo": _node(),
        "dct:description": _text(),
        "dct:format": _node(single=True, listed=lists.FILE_TYPES),
        "dct:issued": _DAY,
        "dct:language": _node(listed=lists.LANGUAGES),
        "dct:modified": _DAY,
        "dct:rights": _node(single=True),
        "dct:title": _text(),
        "foaf:page": _node(),
        "odrl:hasPolicy": _node(single=True),
        "spdx:checksum": _node("spdx:Checksum", single=True),
        "dcatap:availability": _node(single=True, listed=lists.AVAILABILITY),
        HASH: Must(listed=lists.AVAILABILITY),
        **_RESOLUTIONS,
    },
    "dcat:DataService": {
        "dct:title": _text(1),
        "dcat:endpointURL": _node(least=1),
        "dct:publisher": _node("foaf:Agent", 1, single=True),
        "dcat:contactPoint": _node("vcard:Kind"),
        "dcat:endpointDescription": _node(),
        "dcat:keyword": _text(),
        "dcat:landingPage": _node(),
        "dcat:servesDataset": _node("dcat:Dataset"),
        "dcat:theme": _node(),
        "dcatap:applicableLegislation": _node(),
        "dct:accessRights": _node(single=True, listed=lists.ACCESS),
        "dct:conformsTo": _node(),
        "dct:description": _text(),
        "dct:format": _node(listed=lists.FILE_TYPES),
        "dct:license": _LICENCE,
        "foaf:page": _node(),
        **_AVAILABILITY,
    },
    "dcat:Relationship": {"dcat:hadRole": _node("dcat:Role", 1), "dct:relation": _node(least=1)},
    "adms:Identifier": {"skos:notation": _text(1, single=True)},
    "dct:LicenseDocument": {"dct:type": _node()},
    "dct:Location": {
        "dcat:bbox": _text(single=True),
        "dcat:centroid": _text(single=True),
        "locn:geometry": _node(single=True),
    },
    "dct:PeriodOfTime": {
        "dcat:startDate": _DAY,
        "dcat:endDate": _DAY,
        "time:hasBeginning": _node("time:Instant", single=True),
        "time:hasEnd": _node("time:Instant", single=True),
    },
    "foaf:Agent": {"foaf:name": _text(1), "dct:type": _node(single=True, listed=lists.PUBLISHERS)},
    "prov:Attribution": {"dcat:hadRole": Must(1, form=IRI), "prov:agent": Must(1, form=IRI)},
    "spdx:Checksum": {
        "spdx:algorithm": _node(least=1, single=True, kind="spdx:ChecksumAlgorithm", weak=("kind",)),
        "spdx:checksumValue": _text(1, single=True, datatype="xsd:hexBinary"),
    },
    "vcard:Kind": {
        "vcard:fn": _text(single=True),
        "vcard:hasEmail": _IRI,
        "vcard:hasURL": _IRI,
        "vcard:hasTelephone": _IRI,
    },
}
"""Every class that is judged. Properties that are not told here may stand there: nothing is demanded of them."""

EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "vcard:Kind": ("vcard:hasEmail", "vcard:hasURL", "vcard:hasTelephone"),
    "dct:PeriodOfTime": ("dcat:startDate", "dcat:endDate", "time:hasBeginning", "time:hasEnd"),
}
"""At least one of these must stand there."""

DEPRECATED: Final[Mapping[str, str]] = {
    "dcatde:politicalGeocodingURI": "dct:spatial",
    "dcatde:geocodingDescription": "dct:spatial",
    "dcatde:legalBasis": "dcatap:applicableLegislation",
    "dcatde:qualityProcessURI": "foaf:page",
    "dct:hasVersion": "dcat:hasVersion",
    "dct:isVersionOf": "dcat:isVersionOf",
    "dcatde:originator": "geodcatap:originator",
    "dcatde:maintainer": "geodcatap:custodian",
}
"""What should stand nowhere any more, and what takes its place."""
DEPRECATED_OF: Final[Mapping[str, Mapping[str, str]]] = {"dcat:Dataset": {"owl:versionInfo": "dcat:version"}}
"""The same, of one class alone."""
OLD_LISTS: Final[Mapping[str, str]] = {"adms:status": "purl", "spdx:algorithm": "dcat"}
"""Properties whose values came from lists that are not used any more, and what is in the names of those."""

CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "foaf:Agent": _names(
        "foaf:Agent foaf:Group foaf:Organization foaf:Person org:FormalOrganization org:Organization "
        "org:OrganizationalCollaboration org:OrganizationalUnit http://purl.org/goodrelations/v1#BusinessEntity"
    ),
    "vcard:Kind": _names("vcard:Kind vcard:Group vcard:Individual vcard:Location vcard:Organization"),
}
"""Classes with others below them (FOAF, ORG, vCard); every other class stands for itself."""

OWN: Final = frozenset(
    (about, "dcatap:availability", kind)
    for about in ("dcat:Catalog", "dcat:Dataset", "dcat:DataService", "dcat:Distribution")
    for kind in ("several", "list")
) - {("dcat:Distribution", "dcatap:availability", "several")}
"""What the official files mean and do not find, by class, property and fault."""

HVD_FACTS: Final[Mapping[str, Mapping[str, Must]]] = {
    "dcat:Dataset": {"dcatap:hvdCategory": _node(least=1, listed=lists.HVD_CATEGORIES)},
    "dcat:DatasetSeries": {"dcatap:hvdCategory": _node(least=1, listed=lists.HVD_CATEGORIES)},
    "dcat:Distribution": {
        "dcatap:applicableLegislation": _node(least=1),
        "dct:license": Must(listed=lists.HVD_LICENCES),
    },
    "dcat:DataService": {
        "dcatap:applicableLegislation": _node(least=1),
        "dcatap:hvdCategory": _node(least=1, listed=lists.HVD_CATEGORIES),
        "dcat:contactPoint": _node(least=1),
        "foaf:page": _node(least=1),
    },
}
"""What is demanded besides of whatever falls under Regulation 2023/138: what names it as its legislation, and the
distributions of such datasets with their services (DCAT-AP HVD 3.0; the regulation's article 4 (3) for licences)."""

MOBILITY: Final = "mobilitydcatap:"
MOBILITY_FACTS: Final[Mapping[str, Mapping[str, Must]]] = {
    "dcat:Dataset": {"mobilitydcatap:mobilityTheme": Must(1), "dcat:contactPoint": Must(1)},
    "dcat:Distribution": {"mobilitydcatap:mobilityDataStandard": Must(1, single=True), "dct:rights": Must(1)},
    "dct:RightsStatement": {"dct:type": Must(1, single=True)},
    "vcard:Kind": {"vcard:fn": Must(1), "vcard:hasEmail": Must(1)},
}
"""What is wished for besides of datasets that have a property of mobility, and of what they name (mobilityDCAT-AP
1.0)."""
