"""The JSON-LD contexts of other vocabularies that catalogues are told in: those of pages, and of portals of the ArcGIS
kind.

What lives here: one table a vocabulary, and the addresses under which documents name it. What does not: DCAT-AP and the
protocol (`terms_dcat`), which of it is which property of DCAT (`catalog.repair.spellings`). Sources: schema.org; the
Project Open Data Metadata Schema 1.1 (DCAT-US). Of schema.org only those terms are told apart whose values are links;
all others are named by its vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalog.graph import PREFIXES
from catalog.rdf.terms_dcat import Context

_LINKS: Final = "url license contentUrl sameAs image logo isBasedOn encoding includedInDataCatalog usageInfo"
_SCHEMA_ORG: Final[Context] = {
    "@vocab": PREFIXES["schema"],
    "schema": PREFIXES["schema"],
    "id": "@id",
    "type": "@type",
    **{name: {"@id": PREFIXES["schema"] + name, "@type": "@id"} for name in _LINKS.split()},
}
_DCAT_US: Final[Context] = {
    **{name: PREFIXES[name] for name in ("dcat", "dct", "foaf", "org", "skos", "vcard", "xsd")},
    "pod": "https://project-open-data.cio.gov/v1.1/schema#",
    **{name: f"dct:{name}" for name in ("description", "format", "identifier", "issued", "modified", "title")},
    **{
        name: f"dct:{name}" for name in ("accrualPeriodicity", "language", "publisher", "rights", "spatial", "temporal")
    },
    **{name: {"@id": f"dct:{name}", "@type": "@id"} for name in ("conformsTo", "isPartOf", "license", "references")},
    **{name: f"dcat:{name}" for name in ("contactPoint", "dataset", "distribution", "keyword", "mediaType", "theme")},
    **{name: {"@id": f"dcat:{name}", "@type": "@id"} for name in ("accessURL", "downloadURL", "landingPage")},
    **{name: f"pod:{name}" for name in ("accessLevel", "bureauCode", "dataQuality", "programCode", "systemOfRecords")},
    "describedBy": {"@id": "http://www.w3.org/2007/05/powder-s#describedby", "@type": "@id"},
    "describedByType": "pod:describedByType",
    "fn": "vcard:fn",
    "hasEmail": {"@id": "vcard:hasEmail", "@type": "@id"},
    "name": "skos:prefLabel",
    "subOrganizationOf": "org:subOrganizationOf",
}

CONTEXTS: Final[Mapping[str, Context]] = {
    **{
        f"{scheme}://{host}schema.org{end}": _SCHEMA_ORG
        for scheme in ("http", "https")
        for host in ("", "www.")
        for end in ("", "/", "/docs/jsonldcontext.json", "/docs/jsonldcontext.jsonld")
    },
    "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld": _DCAT_US,
}
PLAIN: Final[Context] = dict(PREFIXES) | {
    "dcterms": PREFIXES["dct"],
    "geo": PREFIXES["gsp"],
    "geosparql": PREFIXES["gsp"],
}
"""What a context that nobody here knows can at least be trusted with: prefixes that mean the same everywhere."""
