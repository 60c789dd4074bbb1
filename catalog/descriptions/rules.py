"""What a self-description must say: the facts of the official shapes for the classes in use, as look-ups.

What lives here: those facts as tables in our own words (ontology 2511), and judging descriptions by them in some tens
of microseconds, without RDF. What does not: the shapes themselves, which tests compare with these tables, descriptions
(`description`), sentences for findings.

Judged are subjects in the one spelling that `description` writes and `contexts` gives back: names with the prefixes
below, plain text for xsd:string, `@value` with `@type` for other literals, `id` for references. Whatever cannot be
judged is found fault with, never passed over: a class of the ontology without a table here, a node that is told twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from catalog.descriptions.countries import ALPHA_2, ALPHA_3, NUMERIC, REGIONS
from policies.model import Reason

VERSION: Final = "2511"
PREFIXES: Final[Mapping[str, str]] = {
    "gx": "https://w3id.org/gaia-x/2511#",
    "schema": "https://schema.org/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "cred": "https://www.w3.org/2018/credentials#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
MAX_NODES: Final = 10_000
"""Nodes that are looked at in one set of descriptions."""

_MIME = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*", re.ASCII)
_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}", re.ASCII)
_ALIASES: Final = {
    "name": "schema:name",
    "description": "schema:description",
    # The official context has no prefix for this vocabulary.
    "https://schema.org/leiCode": "schema:leiCode",
    "https://schema.org/taxID": "schema:taxID",
}
_KEYWORDS: Final = frozenset({"id", "type"})

JsonObject = Mapping[str, Any]
Types = Mapping[str, frozenset[str]]
Test = Callable[[Any, Types], bool]


class Finding(Struct, frozen=True):
    """One thing that is wrong: with which node (its id, or the place of one without), at which property, and why.

    `place` is a JSON pointer into what was judged. Codes: `description.missing`, `.several`, `.unknown`, `.value`,
    `.class`, `.twice`, `.large`.
    """

    code: str
    node: str
    place: str
    about: str = ""
    term: str = ""

    @property
    def reason(self) -> Reason:
        """As a reason, for sentences."""
        return Reason(self.code, {"place": self.place, "about": self.about, "term": self.term})


class Rule(Struct, frozen=True):
    """What a property may hold: at least so many values, at most one or any number, each of which passes the test."""

    test: Test
    least: int = 0
    single: bool = False


# --- values -----------------------------------------------------------------------------------------------------------


def _literal(datatype: str) -> Test:
    """Text with this datatype, which may be written in short or in full."""
    prefix, _, name = datatype.partition(":")
    names = {datatype, PREFIXES[prefix] + name}

    def test(value: Any, types: Types) -> bool:
        if type(value) is not dict or type(value.get("@value")) is not str:
            return False
        return value.get("@type") in names and len(value) == 2

    return test


_typed_text = _literal("xsd:string")
_uri = _literal("xsd:anyURI")
_digest = _literal("cred:sriString")


def _text(value: Any, types: Types) -> bool:
    return type(value) is str or _typed_text(value, types)


def _words(value: Any) -> str | None:
    return value if type(value) is str else value["@value"] if _typed_text(value, {}) else None


def _choice(words: frozenset[str]) -> Test:
    return lambda value, types: _words(value) in words


def _form(pattern: re.Pattern[str]) -> Test:
    return lambda value, types: pattern.fullmatch(_words(value) or "") is not None


def _either(*tests: Test) -> Test:
    return lambda value, types: any(test(value, types) for test in tests)


def _node(*kinds: str) -> Test:
    """A node, told here or elsewhere in the set, of one of these classes."""
    wanted = frozenset(kinds)

    def test(value: Any, types: Types) -> bool:
        if type(value) is not dict or "@value" in value:
            return False
        return not wanted.isdisjoint(types.get(value.get("id", ""), ()) or _types(value))

    return test


def _one(test: Test) -> Rule:
    return Rule(test, 1, True)


def _some(test: Test) -> Rule:
    return Rule(test, 1)


def _maybe(test: Test) -> Rule:
    return Rule(test, 0, True)


def _any(test: Test) -> Rule:
    return Rule(test)


# --- classes ----------------------------------------------------------------------------------------------------------

_NAMED: Final = {"schema:name": _maybe(_text), "schema:description": _maybe(_text)}
_COUNTRY: Final = _choice(ALPHA_2)
_LEGAL_PERSON: Final = _node("gx:LegalPerson")
_REGISTRATIONS: Final = (
    "gx:RegistrationNumber",
    "gx:LocalRegistrationNumber",
    "gx:VatID",
    "gx:LeiCode",
    "gx:EORI",
    "gx:EUID",
    "gx:TaxID",
    "gx:CountryCompanyNumber",
)
_DOCUMENTS: Final = """
    LegalDocument AccessControlManagement AssetsManagement BusinessContinuityMeasures ChangeAndConfigurationManagement
    ComplianceAssurance CopyrightAndIntellectualPropertyDocument CustomerAuditingRights CustomerDataAccessTerms
    CustomerDataProcessingTerms DataProtectionRegulationMeasures DevelopmentCycleSecurity DocumentChangeProcedures
    EmployeeResponsibilities EnvironmentalImpactReport GovernmentInvestigationManagement
    InformationSecurityOrganization InformationSecurityPolicies InformationSecurityRiskManagement LegallyBindingAct
    OperationalSecurity PhysicalSecurity ProcurementManagementSecurity ProductSecurity RoleAndResponsibilities
    SecurityIncidentManagement ServiceAgreementOffer UserDocumentationMaintenance
    """
_DOCUMENT: Final = _node(*(f"gx:{name}" for name in _DOCUMENTS.split()))
_LINKED: Final = {"gx:url": _one(_uri), "gx:hash": _one(_text)}
_DIGITAL: Final = {
    "gx:digitalServiceOfferingName": _one(_text),
    "gx:digitalServiceOfferingShortDescription": _one(_text),
    "gx:digitalServiceOfferingProvider": _one(_LEGAL_PERSON),
    "gx:digitalServiceOfferingIdentifier": _one(_text),
    "gx:digitalServiceOfferingLaunchDate": _one(_text),
    "gx:digitalServiceOfferingTermsAndConditions": _one(_node("gx:ServiceTermsAndConditions")),
    "gx:digitalServiceUsageTermsAndConditions": _one(_node("gx:UsageTermsAndConditions")),
    "gx:digitalServiceUsageDataPolicy": _one(_node("gx:TermsAndConditions")),
    "gx:digitalServiceLegalDocuments": _some(_DOCUMENT),
    "gx:digitalServiceOfferingEndDate": _maybe(_text),
    "gx:digitalServiceOfferingContactInformation": _maybe(_node("gx:ContactInformation")),
    "gx:keyword": _any(_text),
    **_NAMED,
}

CLASSES: Final[Mapping[str, Mapping[str, Rule]]] = {
    "gx:LegalPerson": {
        "gx:registrationNumber": _some(_node(*_REGISTRATIONS)),
        "gx:legalAddress": _one(_node("gx:Address")),
        "gx:headquartersAddress": _one(_node("gx:Address")),
        "gx:parentOrganizationOf": _any(_LEGAL_PERSON),
        "gx:subOrganisationOf": _any(_LEGAL_PERSON),
        **_NAMED,
    },
    "gx:Address": {
        "gx:countryCode": _one(_choice(ALPHA_2 | ALPHA_3 | NUMERIC)),
        "gx:countryName": _maybe(_text),
        "gx:gps": _any(_node("gx:GPSLocation")),
        "vcard:street-address": _maybe(_text),
        "vcard:postal-code": _maybe(_text),
        "vcard:locality": _maybe(_text),
        "vcard:region": _maybe(_choice(REGIONS)),
    },
    "gx:LocalRegistrationNumber": {"gx:local": _one(_text)},
    "gx:VatID": {"gx:vatID": _one(_text), "gx:countryCode": _maybe(_COUNTRY)},
    "gx:LeiCode": {
        "schema:leiCode": _one(_text),
        "gx:countryCode": _maybe(_COUNTRY),
        "gx:subdivisionCountryCode": _maybe(_form(_SUBDIVISION)),
    },
    "gx:EORI": {"gx:eori": _one(_text), "gx:country": _maybe(_text)},
    "gx:EUID": {"gx:euid": _one(_text)},
    "gx:TaxID": {"schema:taxID": _one(_text)},
    "gx:Issuer": {
        "gx:gaiaxTermsAndConditions": _one(
            _choice(
                frozenset(
                    {
                        "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3",
                        "067dcac5efd18c1927deb1ffed3feab6d0ad044c0a9a263e6d5d8bdc43224515",
                    }
                )
            )
        )
    },
    "gx:ServiceOffering": {
        "gx:providedBy": _one(_LEGAL_PERSON),
        "gx:serviceOfferingTermsAndConditions": _some(_node("gx:TermsAndConditions")),
        "gx:servicePolicy": _any(_node("gx:AccessUsagePolicy")),
        "gx:dependsOn": _any(_node("gx:ServiceOffering")),
        "gx:dataProtectionRegime": _any(
            _choice(frozenset({"GDPR2016", "LGPD2019", "PDPA2012", "CCPA2018", "VCDPA2021"}))
        ),
        "gx:dataAccountExport": _any(_node("gx:DataAccountExport")),
        "gx:keyword": _any(_text),
        "gx:provisionType": _maybe(_choice(frozenset({"private", "public", "hybrid"}))),
        "gx:endpoint": _maybe(_node("gx:Endpoint")),
        "gx:serviceScope": _maybe(_text),
        "gx:legalDocuments": _any(_DOCUMENT),
        "gx:cryptographicSecurityStandards": _any(
            _choice(frozenset({"FIPS186-5", "FIPS180-4", "RFC9142", "RFC5406", "RFC7296", "RFC8446", "RFC7515"}))
        ),
        "gx:providerContactInformation": _maybe(_node("gx:ContactInformation")),
        **_NAMED,
    },
    "gx:AccessUsagePolicy": {
        "gx:policyLanguage": _one(_choice(frozenset({"ODRL", "XACML", "Rego", "JSON", "Other"}))),
        "gx:policyDocument": _one(_either(_text, _uri)),
    },
    "gx:DataAccountExport": {
        "gx:requestType": _one(
            _choice(frozenset({"API", "email", "webform", "unregisteredLetter", "registeredLetter", "supportCenter"}))
        ),
        "gx:accessType": _one(_choice(frozenset({"digital", "physical"}))),
        "gx:formatType": _one(_form(_MIME)),
    },
    "gx:Endpoint": {
        "gx:endpointURL": _maybe(_uri),
        "gx:standardConformity": _some(_node("gx:StandardConformity")),
        "gx:formalDescription": _maybe(_text),
    },
    "gx:StandardConformity": {
        "dcterms:title": _one(_text),
        "gx:standardReference": _one(_uri),
        "gx:publisher": _maybe(_text),
    },
    "gx:TermsAndConditions": _LINKED,
    "gx:ServiceTermsAndConditions": _LINKED,
    "gx:UsageTermsAndConditions": _LINKED,
    "gx:LegalDocument": {
        "gx:url": _one(_uri),
        "gx:mimeTypes": _any(_form(_MIME)),
        "gx:governingLawCountries": _any(_COUNTRY),
        "gx:involvedParties": _any(_LEGAL_PERSON),
    },
    "gx:ContactInformation": {
        "gx:url": _one(_uri),
        "gx:postalAddress": _maybe(_node("gx:Address")),
        "gx:email": _maybe(_text),
        "gx:phoneNumber": _maybe(_text),
    },
    "gx:DataProduct": {
        "gx:dataProductDescription": _one(_node("gx:DataProductDescription")),
        "gx:dataRightsHolders": _any(_LEGAL_PERSON),
        **_DIGITAL,
    },
    "gx:DataProductDescription": {
        "dcat:Dataset": _some(_text),
        "gx:dataProductConfigurationParameters": _some(_node("gx:DataProductConfigurationParameter")),
        "gx:dataLicense": _maybe(_node("gx:DataLicense")),
    },
    "gx:DataProductConfigurationParameter": {
        "gx:parameterName": _one(_text),
        "gx:parameterDescription": _one(_text),
        "gx:parameterAdmissibleValues": _some(_text),
    },
    "gx:LabelCredential": {
        "gx:labelLevel": _one(_choice(frozenset({"SC", "L1", "L2", "L3"}))),
        "gx:engineVersion": _one(_text),
        "gx:rulesVersion": _one(_text),
        "gx:validatedCriteria": _some(_text),
        "gx:compliantCredentials": _some(_node("gx:CompliantCredential")),
    },
    "gx:CompliantCredential": {"gx:credentialType": _one(_text), "cred:digestSRI": _one(_digest)},
}
"""Every class that is judged: its properties, and no others may stand there."""

_REQUIRED: Final = {kind: tuple(path for path, rule in rules.items() if rule.least) for kind, rules in CLASSES.items()}


# --- judging ----------------------------------------------------------------------------------------------------------


def check(subjects: Sequence[JsonObject]) -> tuple[Finding, ...]:
    """What is wrong with a set of subjects that may refer to each other; empty where nothing is."""
    nodes = _collect(subjects)
    if nodes is None:
        return (Finding("description.large", "", "/"),)
    types: dict[str, frozenset[str]] = {}
    told: set[str] = set()
    found: list[Finding] = []
    for place, node in nodes:
        id = node.get("id")
        if id is not None and (kinds := _types(node)):
            types[id] = types.get(id, frozenset()) | kinds
        if id is not None and not _KEYWORDS.issuperset(node):
            if id in told:
                found.append(Finding("description.twice", id, place))
            told.add(id)
    for place, node in nodes:
        found.extend(_judge(place, node, types))
    return tuple(found)


def _collect(subjects: Sequence[JsonObject]) -> list[tuple[str, JsonObject]] | None:
    """Every node with its place; None where there are too many. No recursion: depth is the writer's choice."""
    nodes: list[tuple[str, JsonObject]] = []
    open: list[tuple[str, Any]] = [(f"/{number}", one) for number, one in enumerate(subjects)]
    while open:
        place, value = open.pop()
        if type(value) is dict:
            if "@value" in value:
                continue
            nodes.append((place, value))
            if len(nodes) > MAX_NODES:
                return None
            open.extend((f"{place}/{key}", item) for key, item in value.items() if type(item) in (dict, list))
        elif type(value) is list:
            open.extend((f"{place}/{n}", item) for n, item in enumerate(value) if type(item) in (dict, list))
    return nodes


def _types(node: JsonObject) -> frozenset[str]:
    kinds = node.get("type")
    if type(kinds) is str:
        return frozenset((kinds,))
    return frozenset(kind for kind in kinds if type(kind) is str) if type(kinds) is list else frozenset()


def _judge(place: str, node: JsonObject, types: Types) -> Iterator[Finding]:
    """A node by the tables of its classes. What belongs to other vocabularies has no table and is nobody's business."""
    id = node.get("id") or place
    for kind in _types(node):
        rules = CLASSES.get(kind)
        if rules is not None:
            yield from _properties(rules, kind, id, place, node, types)
        elif kind.startswith(("gx:", PREFIXES["gx"])):
            yield Finding("description.class", id, place, kind)


def _properties(
    rules: Mapping[str, Rule], kind: str, id: str, place: str, node: JsonObject, types: Types
) -> Iterator[Finding]:
    given = set()
    for key, value in node.items():
        if key in _KEYWORDS:
            continue
        path = _ALIASES.get(key, key)
        rule = rules.get(path)
        if rule is None:
            yield Finding("description.unknown", id, f"{place}/{key}", kind, path)
            continue
        values = value if type(value) is list else [value]
        if values and path in given:
            yield Finding("description.twice", id, f"{place}/{key}", kind, path)
        if values:
            given.add(path)
        if rule.single and len(values) > 1 and _different(values) > 1:
            yield Finding("description.several", id, f"{place}/{key}", kind, path)
        for one in values:
            if not rule.test(one, types):
                yield Finding("description.value", id, f"{place}/{key}", kind, path)
                break
    for path in _REQUIRED[kind]:
        if path not in given:
            yield Finding("description.missing", id, f"{place}/{path}", kind, path)


def _different(values: Sequence[Any]) -> int:
    """How many values these are: the same literal, or the same reference, twice is one."""
    keys = {value if type(value) is str else _key(value) for value in values}
    return len(keys)


def _key(value: Any) -> Any:
    if type(value) is not dict:
        return repr(value)
    return (value["@value"], value.get("@type")) if "@value" in value else value.get("id") or id(value)
