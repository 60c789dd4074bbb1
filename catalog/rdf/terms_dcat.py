"""The JSON-LD contexts that portals' documents may name, as tables of our own.

What lives here: one table a context URL, and what is merged into others where they import it. What does not: contexts
of credentials (`terms`), reading by these (`reading`). Sources: DCAT-AP 3.0 and its profile for high-value datasets,
Dataspace Protocol 2025-1 (what a catalogue is told with); tests compare the meaning of every term with the official
files. Containers are left out: they say how a document is written, not what it means.

INVARIANT: nothing is ever fetched. A URL that is not in `CONTEXTS` is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from catalog.graph import full

Context = dict[str, Any]

_DCAT_AP: Final = "https://semiceu.github.io/DCAT-AP/releases/"
DCAT_AP: Final = tuple(f"{_DCAT_AP}{release}/context/dcat-ap.jsonld" for release in ("3.0.0", "3.0.1"))
HVD: Final = _DCAT_AP + "3.0.0-hvd/context/hvd.jsonld"
DSPACE: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
ODRL_PROFILE: Final = "https://w3id.org/dspace/2025/1/odrl-profile.jsonld"


def _each(names: str) -> list[str]:
    return names.split()


def _nodes(names: str) -> Context:
    """Terms whose values are nodes, by the last part of their names."""
    return {name.rpartition(":")[2]: {"@id": full(name), "@type": "@id"} for name in names.split()}


def _texts(names: str) -> Context:
    return {name.rpartition(":")[2]: full(name) for name in names.split()}


# --- DCAT-AP ----------------------------------------------------------------------------------------------------------

_SAID: Final[Context] = {
    **_nodes(
        "dct:accessRights dcat:accessService dcatap:applicableLegislation spdx:algorithm dcatap:availability"
        " spdx:checksum dct:conformsTo dcat:contactPoint dct:creator dcat:dataset dcat:endpointDescription dct:format"
        " locn:geometry dcat:hadRole dct:hasPart odrl:hasPolicy dcat:hasVersion foaf:homepage dcat:inSeries"
        " dct:isReferencedBy dcat:landingPage dct:language dcat:mediaType foaf:primaryTopic dct:provenance"
        " dct:publisher prov:qualifiedAttribution dcat:qualifiedRelation dcat:record dct:relation dct:rights"
        " adms:sample dcat:servesDataset dcat:service dct:source adms:status dcat:theme dct:type prov:wasGeneratedBy"
    ),
    **_texts(
        "dcat:bbox dcat:centroid dct:description dcat:endDate dct:identifier dcat:keyword foaf:name skos:notation"
        " dcat:startDate dct:title dcat:version adms:versionNotes"
    ),
    # Names of their own.
    **{
        term: {"@id": full(name), "@type": "@id"}
        for term, name in {
            "accessUrl": "dcat:accessURL",
            "applicationProfile": "dct:conformsTo",
            "beginning": "time:hasBeginning",
            "catalogue": "dcat:catalog",
            "changeType": "adms:status",
            "compressionFormat": "dcat:compressFormat",
            "datasetDistribution": "dcat:distribution",
            "documentation": "foaf:page",
            "downloadUrl": "dcat:downloadURL",
            "end": "time:hasEnd",
            "endpointUrl": "dcat:endpointURL",
            "frequency": "dct:accrualPeriodicity",
            "geographicalCoverage": "dct:spatial",
            "licence": "dct:license",
            "linkedSchemas": "dct:conformsTo",
            "otherIdentifier": "adms:identifier",
            "packagingFormat": "dcat:packageFormat",
            "relatedResource": "dct:relation",
            "sourceMetadata": "dct:source",
            "temporalCoverage": "dct:temporal",
            "themes": "dcat:themeTaxonomy",
        }.items()
    },
    "listingDate": full("dct:issued"),
    "modificationDate": full("dct:modified"),
    "preferredLabel": full("skos:prefLabel"),
    "releaseDate": full("dct:issued"),
    "byteSize": {"@id": full("dcat:byteSize"), "@type": full("xsd:nonNegativeInteger")},
    "checksumValue": {"@id": full("spdx:checksumValue"), "@type": full("xsd:hexBinary")},
    "spatialResolution": {"@id": full("dcat:spatialResolutionInMeters"), "@type": full("xsd:decimal")},
    "temporalResolution": {"@id": full("dcat:temporalResolution"), "@type": full("xsd:duration")},
}


def _class(name: str, terms: str) -> Context:
    """A class, with the terms that mean something in what is of it."""
    return {"@id": full(name), "@context": {term: _SAID[term] for term in terms.split()}}


_RESOURCE: Final = "applicableLegislation description publisher title"
_DATASET: Final = (
    _RESOURCE + " accessRights conformsTo contactPoint creator datasetDistribution documentation frequency"
    " geographicalCoverage hasVersion identifier inSeries isReferencedBy keyword landingPage language modificationDate"
    " otherIdentifier provenance qualifiedAttribution qualifiedRelation relatedResource releaseDate sample source"
    " spatialResolution temporalCoverage temporalResolution theme type version versionNotes wasGeneratedBy"
)
_CATALOGUE: Final = (
    _RESOURCE + " catalogue creator dataset geographicalCoverage hasPart homepage language licence modificationDate"
    " record releaseDate rights service temporalCoverage themes"
)
_SERVICE: Final = (
    _RESOURCE + " accessRights conformsTo contactPoint documentation endpointDescription endpointUrl format keyword"
    " landingPage licence servesDataset theme"
)
_DISTRIBUTION: Final = (
    "accessService accessUrl applicableLegislation availability byteSize checksum compressionFormat description"
    " documentation downloadUrl format hasPolicy language licence linkedSchemas mediaType modificationDate"
    " packagingFormat releaseDate rights spatialResolution status temporalResolution title"
)
_DATATYPES: Final = "dateTime decimal duration hexBinary nonNegativeInteger"
_DCAT_AP_TERMS: Final[Context] = {
    **_texts(
        "prov:Activity prov:Attribution spdx:ChecksumAlgorithm foaf:Document dct:Frequency locn:Geometry vcard:Kind"
        " dct:LinguisticSystem rdfs:Literal dct:MediaType dct:MediaTypeOrExtent odrl:Policy dct:ProvenanceStatement"
        " rdfs:Resource dct:RightsStatement dcat:Role dct:Standard"
    ),
    "CataloguedResource": full("dcat:Resource"),
    "LegalResource": "http://data.europa.eu/eli/ontology#LegalResource",
    "TemporalLiteral": full("rdfs:Literal"),
    "TimeInstant": full("time:Instant"),
    **{f"Xsd:{name}": full(f"xsd:{name}") for name in _each(_DATATYPES)},
    "Agent": _class("foaf:Agent", "name type"),
    "Catalogue": _class("dcat:Catalog", _CATALOGUE),
    "CatalogueRecord": _class(
        "dcat:CatalogRecord",
        "applicationProfile changeType description language listingDate modificationDate primaryTopic sourceMetadata"
        " title",
    ),
    "Checksum": _class("spdx:Checksum", "algorithm checksumValue"),
    "Concept": _class("skos:Concept", "preferredLabel"),
    "ConceptScheme": _class("skos:ConceptScheme", "title"),
    "DataService": _class("dcat:DataService", _SERVICE),
    "Dataset": _class("dcat:Dataset", _DATASET),
    "DatasetSeries": _class(
        "dcat:DatasetSeries",
        _RESOURCE + " contactPoint frequency geographicalCoverage modificationDate releaseDate temporalCoverage",
    ),
    "Distribution": _class("dcat:Distribution", _DISTRIBUTION),
    "Identifier": _class("adms:Identifier", "notation"),
    "LicenceDocument": _class("dct:LicenseDocument", "type"),
    "Location": _class("dct:Location", "bbox centroid geometry"),
    "PeriodOfTime": _class("dct:PeriodOfTime", "beginning end endDate startDate"),
    "Relationship": _class("dcat:Relationship", "hadRole relation"),
}

_HVD_TERMS: Final[Context] = {
    **{
        name[0].upper() + name[1:]: full(name)
        for name in _each(
            "dcat:Catalog dcat:CatalogRecord dcat:DataService dcat:Dataset dcat:DatasetSeries dcat:Distribution"
            " dcat:Resource dct:LicenseDocument dct:RightsStatement dct:Standard foaf:Document rdfs:Literal"
            " rdfs:Resource skos:Concept vcard:Kind"
        )
    },
    "Eli:LegalResource": "http://data.europa.eu/eli/ontology#LegalResource",
    **{
        name: {"@id": full(name), "@type": "@id"}
        for name in _each(
            "dcat:accessService dcat:accessURL dcat:contactPoint dcat:dataset dcat:distribution"
            " dcat:endpointDescription dcat:endpointURL dcat:inSeries dcat:record dcat:servesDataset dcat:service"
            " dcatap:applicableLegislation dcatap:hvdCategory dct:conformsTo dct:license dct:rights foaf:page"
            " foaf:primaryTopic vcard:hasEmail vcard:hasURL"
        )
    },
}

# --- Dataspace Protocol -----------------------------------------------------------------------------------------------

_DSP: Final = "https://w3id.org/dspace/2025/1/"
_ODRL: Final = full("odrl:")


def _words(names: str) -> Context:
    """Terms whose values are words of the vocabulary."""
    return {name.rpartition(":")[2]: {"@id": full(name), "@type": "@vocab"} for name in names.split()}


_ODRL_TERMS: Final[Context] = {
    "odrl": _ODRL,
    **{
        name: _ODRL + name
        for name in _each(
            "Policy Rule prohibit Agreement Assertion Offer Set Asset Action Permission Prohibition use Duty Constraint"
            " Operator RightOperand rightOperand LeftOperand eq gt gteq lt lteq neq isA hasPart isPartOf isAllOf"
            " isAnyOf isNoneOf or xone and andSequence"
        )
    },
    **_nodes(
        "odrl:profile odrl:hasPolicy odrl:target odrl:assignee odrl:assigner odrl:permission odrl:prohibition"
        " odrl:obligation odrl:duty odrl:constraint"
    ),
    **_words("odrl:action odrl:operator odrl:leftOperand"),
}


def _scoped(iri: str, terms: Context) -> Context:
    return {"@id": iri, "@context": {"@version": 1.1, "@protected": True, **terms}}


_DSPACE_TERMS: Final[Context] = {
    "@version": 1.1,
    "@protected": True,
    **{name: full(f"{name}:") for name in ("xsd", "dct", "dcat", "odrl")},
    "dspace": _DSP,
    "Catalog": _scoped(
        full("dcat:Catalog"),
        {
            **_texts("dcat:service dcat:catalog dcat:dataset dcat:distribution"),
            "participantId": {"@id": _DSP + "participantId", "@type": "@id"},
        },
    ),
    "Dataset": _scoped(
        full("dcat:Dataset"),
        {"@propagate": True, **_ODRL_TERMS, **_texts("dcat:distribution odrl:hasPolicy")},
    ),
    "Distribution": _scoped(full("dcat:Distribution"), {**_words("dct:format"), **_texts("dcat:accessService")}),
    "DataService": _scoped(full("dcat:DataService"), _texts("dcat:endpointDescription dcat:endpointURL")),
}

CONTEXTS: Final[Mapping[str, Context]] = {
    **dict.fromkeys(DCAT_AP, _DCAT_AP_TERMS),
    HVD: _HVD_TERMS,
    DSPACE: _DSPACE_TERMS,
    ODRL_PROFILE: _ODRL_TERMS,
}
