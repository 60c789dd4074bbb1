"""The JSON-LD contexts that are known here: what the terms of a credential mean, as tables of our own.

What lives here: one table a context URL, and the SHA-256 of the official bytes that a credential may name. What does
not: reading JSON-LD by them (`contexts`), the rules of classes (`rules`). Sources: Verifiable Credentials Data Model
2.0 and 1.1, Bitstring Status List 1.0 and StatusList2021, JsonWebSignature2020, Gaia-X ontology 2511; tests compare the
meaning of every term with the official files.

INVARIANT: nothing is ever fetched. A URL that is not in `CONTEXTS` is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Context = dict[str, Any]

CRED: Final = "https://www.w3.org/2018/credentials#"
_SEC: Final = "https://w3id.org/security#"
_STATUS: Final = "https://www.w3.org/ns/credentials/status#"
_LIST_2021: Final = "https://w3id.org/vc/status-list#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_SCHEMA: Final = "https://schema.org/"
_JOSE: Final = "https://www.iana.org/assignments/jose#"
_JWT: Final = "https://www.iana.org/assignments/jwt#"

V2: Final = "https://www.w3.org/ns/credentials/v2"
V1: Final = "https://www.w3.org/2018/credentials/v1"
UNDEFINED: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"
JWS_2020: Final = "https://w3id.org/security/suites/jws-2020/v1"
STATUS_V1: Final = "https://www.w3.org/ns/credentials/status/v1"
STATUS_2021: Final = "https://w3id.org/vc/status-list/2021/v1"
GX: Final = "https://w3id.org/gaia-x/2511#"
GX_DEVELOPMENT: Final = "https://w3id.org/gaia-x/development#"
TAGUS: Final = "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"


def _scoped(terms: Context) -> Context:
    """A context that a type brings along; what it says cannot be changed further down."""
    return {"@protected": True, "id": "@id", "type": "@type", **terms}


def _type(iri: str, terms: Context, **also: Any) -> Context:
    return {"@id": iri, "@context": _scoped(terms), **also}


def _nodes(namespace: str, *names: str) -> Context:
    """Terms whose values are nodes."""
    return {name: {"@id": namespace + name, "@type": "@id"} for name in names}


def _texts(namespace: str, *names: str) -> Context:
    return {name: namespace + name for name in names}


def _typed(datatype: str, namespace: str, *names: str) -> Context:
    return {name: {"@id": namespace + name, "@type": datatype} for name in names}


_DATE: Final = _XSD + "dateTime"
_GRAPH: Final = {"@id": _SEC + "proof", "@type": "@id", "@container": "@graph"}


def _purposes(*relations: tuple[str, str]) -> Context:
    return _type(
        _SEC + "proofPurpose",
        {name: {"@id": _SEC + iri, "@type": "@id", "@container": "@set"} for name, iri in relations},
        **{"@type": "@vocab"},
    )


_RELATIONS: Final = (
    ("assertionMethod", "assertionMethod"),
    ("authentication", "authenticationMethod"),
    ("capabilityDelegation", "capabilityDelegationMethod"),
    ("capabilityInvocation", "capabilityInvocationMethod"),
    ("keyAgreement", "keyAgreementMethod"),
)
_PROOF: Final = {
    **_texts(_SEC, "challenge", "domain", "nonce"),
    "created": {"@id": "http://purl.org/dc/terms/created", "@type": _DATE},
    "expires": {"@id": _SEC + "expiration", "@type": _DATE},
    "proofPurpose": _purposes(*_RELATIONS),
    **_nodes(_SEC, "verificationMethod"),
}
_NAMED: Final = _texts(_SCHEMA, "description", "name")

_V2_CREDENTIAL: Final = _type(
    CRED + "VerifiableCredential",
    {
        **_nodes(CRED, "confidenceMethod", "credentialSchema", "credentialStatus", "credentialSubject", "evidence"),
        **_nodes(CRED, "issuer", "refreshService", "relatedResource", "renderMethod", "termsOfUse"),
        **_typed(_DATE, CRED, "validFrom", "validUntil"),
        **_NAMED,
        "proof": _GRAPH,
    },
)
_V2_PRESENTATION: Final = _type(
    CRED + "VerifiablePresentation",
    {
        **_nodes(CRED, "holder", "termsOfUse"),
        "proof": _GRAPH,
        "verifiableCredential": {
            "@id": CRED + "verifiableCredential",
            "@type": "@id",
            "@container": "@graph",
            "@context": None,
        },
    },
)
_V2_ENTRY: Final = _type(
    _STATUS + "BitstringStatusListEntry",
    {
        **_nodes(_STATUS, "statusListCredential", "statusReference"),
        **_texts(_STATUS, "statusListIndex", "statusPurpose"),
        "statusMessage": _type(_STATUS + "statusMessage", _texts(_STATUS, "message", "status")),
        # The official context writes this datatype with https, though XML Schema does not.
        **_typed("https://www.w3.org/2001/XMLSchema#integer", _STATUS, "statusSize"),
    },
)
_V2_PROOF: Final = _type(
    _SEC + "DataIntegrityProof",
    {
        **_PROOF,
        **_typed(_SEC + "cryptosuiteString", _SEC, "cryptosuite"),
        **_nodes(_SEC, "previousProof"),
        **_typed(_SEC + "multibase", _SEC, "proofValue"),
    },
)
_V2_TOKEN: Final = {
    **_texts(_JWT, "...", "_sd_alg"),
    **_typed("@json", _JWT, "_sd"),
    **_nodes(_JWT, "aud"),
    **_nodes(_JOSE, "iss", "jku", "kid", "sub", "x5u"),
    **_typed("https://www.w3.org/2001/XMLSchema#nonNegativeInteger", _JWT, "exp", "iat", "nbf"),
    "cnf": {
        "@id": _JWT + "cnf",
        "@context": {"@protected": True, **_nodes(_JWT, "kid"), **_typed("@json", _JWT, "jwk")},
    },
}
_V2: Final[Context] = _scoped(
    {
        **_NAMED,
        "digestMultibase": {"@id": _SEC + "digestMultibase", "@type": _SEC + "multibase"},
        **_typed(CRED + "sriString", CRED, "digestSRI"),
        "mediaType": {"@id": _SCHEMA + "encodingFormat"},
        "VerifiableCredential": _V2_CREDENTIAL,
        "VerifiablePresentation": _V2_PRESENTATION,
        **_texts(CRED, "EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation", "JsonSchemaCredential"),
        "JsonSchema": _type(CRED + "JsonSchema", _typed("@json", CRED, "jsonSchema")),
        **_texts(_STATUS, "BitstringStatusListCredential"),
        "BitstringStatusList": _type(
            _STATUS + "BitstringStatusList",
            {**_typed(_SEC + "multibase", _STATUS, "encodedList"), **_texts(_STATUS, "statusPurpose", "ttl")},
        ),
        "BitstringStatusListEntry": _V2_ENTRY,
        "DataIntegrityProof": _V2_PROOF,
        **_V2_TOKEN,
    }
)

_V1: Final[Context] = _scoped(
    {
        "@version": 1.1,
        "VerifiableCredential": _type(
            CRED + "VerifiableCredential",
            {
                "cred": CRED,
                "sec": _SEC,
                "xsd": _XSD,
                **_nodes(CRED, "credentialStatus", "credentialSubject", "evidence", "holder", "issuer", "termsOfUse"),
                "credentialSchema": _type(
                    CRED + "credentialSchema",
                    {"cred": CRED, **_texts(CRED, "JsonSchemaValidator2018")},
                    **{"@type": "@id"},
                ),
                "refreshService": _type(
                    CRED + "refreshService",
                    {"cred": CRED, **_texts(CRED, "ManualRefreshService2018")},
                    **{"@type": "@id"},
                ),
                **_typed(_DATE, CRED, "expirationDate", "issued", "issuanceDate", "validFrom", "validUntil"),
                "proof": _GRAPH,
            },
        ),
        "VerifiablePresentation": _type(
            CRED + "VerifiablePresentation",
            {
                "cred": CRED,
                "sec": _SEC,
                **_nodes(CRED, "holder"),
                "proof": _GRAPH,
                "verifiableCredential": {
                    "@id": CRED + "verifiableCredential",
                    "@type": "@id",
                    "@container": "@graph",
                },
            },
        ),
        "proof": _GRAPH,
    }
)

_JWS_2020: Final[Context] = {
    **_typed("@json", _SEC, "privateKeyJwk"),
    "JsonWebKey2020": _type(_SEC + "JsonWebKey2020", _typed("@json", _SEC, "publicKeyJwk")),
    "JsonWebSignature2020": _type(_SEC + "JsonWebSignature2020", {**_PROOF, **_texts(_SEC, "jws")}),
}

_STATUS_2021: Final[Context] = {
    "@protected": True,
    # The older names of people's words: with http.
    "StatusList2021Credential": _type(
        _LIST_2021 + "StatusList2021Credential", _texts("http://schema.org/", "description", "name")
    ),
    "StatusList2021": _type(_LIST_2021 + "StatusList2021", _texts(_LIST_2021, "statusPurpose", "encodedList")),
    "StatusList2021Entry": _type(
        _LIST_2021 + "StatusList2021Entry",
        {**_texts(_LIST_2021, "statusPurpose", "statusListIndex"), **_nodes(_LIST_2021, "statusListCredential")},
    ),
}

_GX_NODES: Final = """
    compliantCredentials dataAccountExport dataLicense dataProductConfigurationParameters dataProductDescription
    dataRightsHolders dependsOn digitalServiceLegalDocuments digitalServiceOfferingContactInformation
    digitalServiceOfferingProvider digitalServiceOfferingTermsAndConditions digitalServiceUsageDataPolicy
    digitalServiceUsageTermsAndConditions endpoint gps headquartersAddress involvedParties legalAddress legalDocuments
    parentOrganizationOf postalAddress providedBy providerContactInformation registrationNumber
    serviceOfferingTermsAndConditions servicePolicy standardConformity subOrganisationOf
    """


def gaia_x(namespace: str) -> Context:
    """The terms that the rules know, in the ontology of this namespace; every other name is a name in it as well."""
    return {
        "@vocab": namespace,
        "gx": namespace,
        "cred": CRED,
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcterms": "http://purl.org/dc/terms/",
        "odrl": "http://www.w3.org/ns/odrl/2/",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": _XSD,
        **_NAMED,
        **_nodes(namespace, *_GX_NODES.split()),
        **_typed(_XSD + "anyURI", namespace, "endpointURL", "standardReference", "url"),
        **_typed(CRED + "sriString", CRED, "digestSRI"),
        "dataSets": "dcat:Dataset",
        "leiCode": _SCHEMA + "leiCode",
        "taxId": _SCHEMA + "taxID",
        "title": "dcterms:title",
        "locality": "vcard:locality",
        "postalCode": "vcard:postal-code",
        "region": "vcard:region",
        "streetAddress": "vcard:street-address",
    }


CONTEXTS: Final[Mapping[str, Context]] = {
    V2: _V2,
    V1: _V1,
    UNDEFINED: {"@vocab": "https://www.w3.org/ns/credentials/undefined-term#"},
    JWS_2020: _JWS_2020,
    STATUS_V1: _scoped(
        {
            name: _V2[name]
            for name in ("BitstringStatusListCredential", "BitstringStatusList", "BitstringStatusListEntry")
        }
    ),
    STATUS_2021: _STATUS_2021,
    GX: gaia_x(GX),
    GX_DEVELOPMENT: gaia_x(GX_DEVELOPMENT),
    # What older descriptions name as their context is the shapes' own file, of which only these prefixes count.
    TAGUS: {
        "gx": TAGUS,
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "sh": "http://www.w3.org/ns/shacl#",
        "xsd": _XSD,
    },
}
"""Every context that is known, by its URL."""

KNOWN: Final = frozenset(CONTEXTS)
"""Their URLs: what the credentials of a description may name."""

PINS: Final[Mapping[str, str]] = {
    V2: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    V1: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    UNDEFINED: "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    STATUS_V1: "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
    STATUS_2021: "6dd06a52bedb771e059c1083ba8ba7848dce22f6b4a8cfa0b98ba3fc188870e4",
}
"""SHA-256 of the official bytes: a credential that names the digest of its context counts only with just this one."""
