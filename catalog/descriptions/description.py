"""Self-descriptions: what a participant says of itself, its node and its data, as the subjects of credentials.

What lives here: the subjects as plain JSON in the terms of the Gaia-X ontology 2511 (Compliance Document 2.5.0; ICAM
25.11, chapter 5: ids of credentials and subjects differ), the questions that they answer, and what we say beyond them.
What does not: signing and serving (`connector.services.trust.descriptions`), whether a description is complete
(`rules`), RDF (`contexts`).

The official shapes are closed: a subject with one property more than they know is refused. What they have no word for
stands in a credential of its own, under names of ours. Every value is written so that it means the same with and
without the types that a context would add: `gx:url` says that it is a URI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

JsonObject = dict[str, Any]

GX: Final = "https://w3id.org/gaia-x/2511#"
"""Namespace and context of the ontology in use."""
OWN: Final = "urn:allmende:"
"""Namespace of our own terms."""
TERMS_HASH: Final = "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3"
"""SHA-256 of the Gaia-X terms and conditions that an issuer agrees to (ontology 2511, GaiaXTermsAndConditions)."""
DSP: Final = "https://docs.internationaldataspaces.org/ids-knowledgebase/dataspace-protocol"

PARTICIPANT, REGISTRATION, ISSUER, NODE, OWN_TERMS = "participant", "registration", "issuer", "node", "node-terms"
PRODUCT = "data-"
"""What the name of a dataset's description begins with."""


class Register(StrEnum):
    """Where a participant is registered. A municipality has its official key (AGS or ARS) and often nothing else."""

    MUNICIPALITY = "municipality"
    VAT = "vat"
    LEI = "lei"
    EORI = "eori"
    EUID = "euid"
    TAX = "tax"
    REGION = "region"
    """The members of a region: for who stands in no other register."""


_REGISTERS: Final[Mapping[Register, tuple[str, str]]] = {
    Register.MUNICIPALITY: ("gx:LocalRegistrationNumber", "gx:local"),
    Register.REGION: ("gx:LocalRegistrationNumber", "gx:local"),
    Register.VAT: ("gx:VatID", "gx:vatID"),
    Register.LEI: ("gx:LeiCode", "https://schema.org/leiCode"),
    Register.EORI: ("gx:EORI", "gx:eori"),
    Register.EUID: ("gx:EUID", "gx:euid"),
    Register.TAX: ("gx:TaxID", "https://schema.org/taxID"),
}


class Place(Struct, frozen=True, kw_only=True):
    """An address. `country` as ISO 3166-1, `region` as NUTS 2 (`DE13`); empty parts are left out."""

    country: str = ""
    region: str = ""
    locality: str = ""
    postcode: str = ""
    street: str = ""


class Party(Struct, frozen=True, kw_only=True):
    """Who describes itself. `seat` is where the law finds it, `office` its headquarters where that is elsewhere."""

    name: str = ""
    description: str = ""
    seat: Place = Place()
    office: Place | None = None
    register: Register = Register.MUNICIPALITY
    number: str = ""


class Text(Struct, frozen=True):
    """A document with legal meaning: where it is, and the SHA-256 of its bytes in hex."""

    url: str
    hash: str


class Product(Struct, frozen=True, kw_only=True):
    """A dataset as published: `id` and `name` are the catalogue's, `since` is xsd:dateTime."""

    id: str
    name: str
    title: str
    description: str
    since: str
    media_type: str
    formats: Sequence[str]
    terms: Text
    usage: Text


class Draft(Struct, frozen=True):
    """A credential before it is signed: the last segment of its URL, its type, and its subject with id and type."""

    name: str
    kind: str
    subject: JsonObject


class Describing(Struct, frozen=True):
    """A participant's place on the web. `root` is the node's public URL, `did` its identifier."""

    root: str
    did: str

    def url(self, name: str) -> str:
        """Where a description is, and the id of its credential."""
        return f"{self.root}/descriptions/{name}"

    def subject(self, name: str) -> str:
        """The id of what a description is about: never that of the credential."""
        return self.url(name) + "#subject"

    def participant(self, party: Party) -> Draft:
        """gx:LegalPerson. What is empty is left out, for the rules to find it missing."""
        seat = _address(party.seat)
        return self._draft(
            PARTICIPANT,
            "gx:LegalPerson",
            {
                **_named(party.name, party.description),
                "gx:registrationNumber": [{"id": self.subject(REGISTRATION)}],
                "gx:legalAddress": seat,
                "gx:headquartersAddress": seat if party.office is None else _address(party.office),
            },
        )

    def registration(self, party: Party) -> Draft:
        """The number under which the participant is registered, for whoever attests it."""
        kind, term = _REGISTERS[party.register]
        return self._draft(REGISTRATION, kind, {term: number(party)} if party.number else {})

    def issuer(self) -> Draft:
        """gx:Issuer: that the Gaia-X terms and conditions are agreed to."""
        return self._draft(ISSUER, "gx:Issuer", {"gx:gaiaxTermsAndConditions": TERMS_HASH})

    def node(self, party: Party, base: str, terms: Text) -> Draft:
        """gx:ServiceOffering: this node, with its DSP endpoint `base`."""
        endpoint = {
            "type": "gx:Endpoint",
            "gx:endpointURL": _uri(base),
            "gx:standardConformity": [
                {
                    "type": "gx:StandardConformity",
                    "dcterms:title": "Dataspace Protocol 2025-1",
                    "gx:standardReference": _uri(DSP),
                }
            ],
        }
        return self._draft(
            NODE,
            "gx:ServiceOffering",
            {
                **_named(f"{party.name or self.did}: data space connector", "Offers datasets under usage contracts."),
                "gx:providedBy": {"id": self.subject(PARTICIPANT)},
                "gx:serviceOfferingTermsAndConditions": [_text("gx:TermsAndConditions", terms)],
                "gx:servicePolicy": [
                    {
                        "type": "gx:AccessUsagePolicy",
                        "gx:policyLanguage": "ODRL",
                        "gx:policyDocument": _uri(base + "/catalog"),
                    }
                ],
                "gx:dataProtectionRegime": ["GDPR2016"],
                "gx:provisionType": "public",
                "gx:endpoint": endpoint,
            },
        )

    def own(self, party: Party, regions: Sequence[str]) -> Draft:
        """What the closed shapes have no word for, about the node's offering, under an id of its own."""
        said: JsonObject = {OWN + "about": {"id": self.subject(NODE)}, OWN + "participant": {"id": self.did}}
        if party.register is Register.MUNICIPALITY and party.number:
            said[OWN + "municipalityKey"] = party.number
        if regions:
            said[OWN + "memberOf"] = [{"id": one} for one in regions]
        return self._draft(OWN_TERMS, OWN + "NodeDescription", said)

    def product(self, product: Product) -> Draft:
        """gx:DataProduct with its gx:DataProductDescription."""
        title = product.title or product.name
        return self._draft(
            PRODUCT + product.name,
            "gx:DataProduct",
            {
                **_named(title, product.description),
                "gx:digitalServiceOfferingName": title,
                "gx:digitalServiceOfferingShortDescription": product.description or title,
                "gx:digitalServiceOfferingProvider": {"id": self.subject(PARTICIPANT)},
                "gx:digitalServiceOfferingIdentifier": product.id,
                "gx:digitalServiceOfferingLaunchDate": product.since,
                "gx:digitalServiceOfferingTermsAndConditions": _text("gx:ServiceTermsAndConditions", product.terms),
                "gx:digitalServiceUsageTermsAndConditions": _text("gx:UsageTermsAndConditions", product.usage),
                "gx:digitalServiceUsageDataPolicy": _text("gx:TermsAndConditions", product.usage),
                "gx:digitalServiceLegalDocuments": [{"type": "gx:LegalDocument", "gx:url": _uri(product.terms.url)}],
                "gx:dataProductDescription": _contents(product),
            },
        )

    def _draft(self, name: str, kind: str, said: JsonObject) -> Draft:
        return Draft(name, kind, {"id": self.subject(name), "type": kind, **said})


def number(party: Party) -> str:
    """A number as it is written in a description; one of a local register says which register it is of."""
    match party.register:
        case Register.MUNICIPALITY:
            return f"{'ARS' if len(party.number) == 12 else 'AGS'} {party.number}"
        case Register.REGION:
            return f"member {party.number}"
        case _:
            return party.number


def _contents(product: Product) -> JsonObject:
    parameters = (
        ("format", "How the data is transferred under a contract.", product.formats),
        ("media type", "Media type of the data.", (product.media_type,)),
    )
    return {
        "type": "gx:DataProductDescription",
        "dcat:Dataset": [product.id],
        "gx:dataProductConfigurationParameters": [
            {
                "type": "gx:DataProductConfigurationParameter",
                "gx:parameterName": name,
                "gx:parameterDescription": about,
                "gx:parameterAdmissibleValues": list(values),
            }
            for name, about, values in parameters
        ],
    }


def _named(name: str, description: str) -> JsonObject:
    return {key: value for key, value in (("name", name), ("description", description)) if value}


def _address(place: Place) -> JsonObject:
    parts = {
        "gx:countryCode": place.country,
        "vcard:region": place.region,
        "vcard:locality": place.locality,
        "vcard:postal-code": place.postcode,
        "vcard:street-address": place.street,
    }
    return {"type": "gx:Address", **{key: value for key, value in parts.items() if value}}


def _text(kind: str, text: Text) -> JsonObject:
    return {"type": kind, "gx:url": _uri(text.url), "gx:hash": text.hash}


def _uri(url: str) -> JsonObject:
    return {"@value": url, "@type": "xsd:anyURI"}
