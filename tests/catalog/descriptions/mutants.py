"""Descriptions with one thing wrong, or right in another way: every property of every class that the rules know.

A mutant is one node with an id of its own; what it refers to are whole nodes that all mutants share.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.descriptions.rules import CLASSES
from tests.catalog import samples

URI = {"@value": "https://a.example/x", "@type": "xsd:anyURI"}
HASH = "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3"
LITERALS: dict[str, Any] = {
    "text": "x",
    "empty text": "",
    "typed text": {"@value": "x", "@type": "http://www.w3.org/2001/XMLSchema#string"},
    "integer": 5,
    "float": 5.5,
    "truth": True,
    "uri": URI,
    "german": {"@value": "x", "@language": "de"},
    "date": {"@value": "2026-01-01", "@type": "xsd:date"},
    "country": "DE",
    "three letters": "DEU",
    "number": "276",
    "no country": "XX",
    "small": "de",
    "region": "DED2",
    "media type": "application/json",
    "unlisted media type": "application/x-unheard-of",
    "no media type": "json",
    "subdivision": "DE-SN",
    "unlisted subdivision": "DE-ZZ",
    "hash": HASH,
    "level": "SC",
    "choice": "digital",
    "digest": {"@value": "sha256-x", "@type": "https://www.w3.org/2018/credentials#sriString"},
}

DEVIATIONS = {
    "unlisted media type": "The rules know the form of a media type, not the registry of 1909 types.",
    "unlisted subdivision": "The rules know the form of a subdivision, not the list of 5046.",
    "class without a table": "The rules refuse what they cannot judge; the shapes of these classes are not compiled.",
    "of a narrower class": "The shape of ServiceOffering passes over properties of its sub-classes; the rules refuse.",
}
"""Where rules and shapes may differ, and why."""


def whole() -> dict[str, dict[str, Any]]:
    """A right node of every class, by class, all with ids; references go to `urn:whole:CLASS`."""
    found: dict[str, dict[str, Any]] = {}
    for one in [*samples.subjects(), *_others()]:
        _gather(one, found)
    return found


def _gather(node: dict[str, Any], found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    kind = node["type"]
    made: dict[str, Any] = {"id": f"urn:whole:{kind}", "type": kind}
    for key, value in node.items():
        if key not in ("id", "type"):
            made[key] = _moved(value, found)
    found.setdefault(kind, made)
    return {"id": made["id"]}


def _moved(value: Any, found: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_moved(item, found) for item in value]
    if not isinstance(value, dict) or "@value" in value:
        return value
    if "type" in value:
        return _gather(value, found)
    name = value["id"]
    kind = "gx:LegalPerson" if "participant" in name else "gx:LocalRegistrationNumber"
    return {"id": f"urn:whole:{kind}"}


def _others() -> Iterator[dict[str, Any]]:
    """Classes that our own descriptions do not have, or not always."""
    for register in samples.NUMBERS:
        party = samples.Party(register=register, number=samples.NUMBERS[register])
        yield samples.WHO.registration(party).subject
    document = {"type": "gx:LegalDocument", "gx:url": URI, "gx:mimeTypes": ["text/plain"]}
    yield document | {"gx:governingLawCountries": ["DE"], "gx:involvedParties": [{"id": "participant"}]}
    contact = {"type": "gx:ContactInformation", "gx:url": URI, "gx:email": "a@b.example", "gx:phoneNumber": "+49 1"}
    yield contact | {"gx:postalAddress": {"type": "gx:Address", "gx:countryCode": "DE"}}
    export = {"type": "gx:DataAccountExport", "gx:requestType": "API", "gx:accessType": "digital"}
    yield export | {"gx:formatType": "application/json"}
    digest = {"@value": "sha256-x", "@type": "https://www.w3.org/2018/credentials#sriString"}
    compliant = {"type": "gx:CompliantCredential", "gx:credentialType": "gx:LegalPerson", "cred:digestSRI": digest}
    label = {"type": "gx:LabelCredential", "gx:labelLevel": "SC", "gx:engineVersion": "1", "gx:rulesVersion": "1"}
    yield label | {"gx:validatedCriteria": ["https://a.example/P1"], "gx:compliantCredentials": [compliant]}


def mutants() -> Iterator[tuple[str, dict[str, Any]]]:
    """What was done, and the node that it was done to."""
    right = whole()
    for kind, node in right.items():
        rest = {key: value for key, value in node.items() if key != "id"}
        yield "nothing", rest
        yield "another class", rest | {"type": "gx:Address" if kind != "gx:Address" else "gx:EUID"}
        yield "two classes", rest | {"type": [kind, "gx:TermsAndConditions"]}
        yield "no class", {key: value for key, value in rest.items() if key != "type"}
        yield "unknown property", rest | {"gx:surprise": "x"}
        yield "foreign property", rest | {"https://b.example/surprise": "x"}
        for path in CLASSES[kind]:
            yield from _of_property(rest, path, right)
    offering = {key: value for key, value in right["gx:ServiceOffering"].items() if key != "id"}
    yield "of a narrower class", offering | {"gx:serviceType": "x"}
    yield "class without a table", {"type": "gx:GPSLocation", "gx:latitude": "1", "gx:longitude": "2"}


def _of_property(rest: dict[str, Any], path: str, right: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    key = path.removeprefix("schema:") if path in ("schema:name", "schema:description") else _full(path)
    without = {name: value for name, value in rest.items() if name != key}
    yield "left out", without
    yield "empty list", without | {key: []}
    for label, value in LITERALS.items():
        yield label, without | {key: value}
    yield "two texts", without | {key: ["x", "y"]}
    yield "one text twice", without | {key: ["x", "x"]}
    yield "two URIs", without | {key: [URI, URI | {"@value": "https://b.example"}]}
    yield "two countries", without | {key: ["DE", "AT"]}
    yield "nowhere", without | {key: {"id": "urn:nowhere"}}
    yield "a typed node", without | {key: {"id": "urn:whole:gx:Address"}}
    yield "two persons", without | {key: [{"id": "urn:whole:gx:LegalPerson"}, {"id": "urn:nowhere"}]}
    yield "a right node of each class", without | {key: [{"id": one["id"]} for one in right.values()]}
    for one in right.values():
        if one["type"] in _NEAR:
            yield f"a {one['type']}", without | {key: {"id": one["id"]}}


_NEAR = ("gx:TermsAndConditions", "gx:LegalPerson", "gx:VatID", "gx:LegalDocument", "gx:UsageTermsAndConditions")


def _full(key: str) -> str:
    return key.replace("schema:", "https://schema.org/")
