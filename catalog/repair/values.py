"""One value of one property -> values that the profile takes, and never one that says more than the old one did.

What lives here: texts where IRIs are wanted and the other way round, codes, numbers, dates. What does not: nodes of a
class (`wholes`), how often a property may stand (`mending`). What a property demands is told by the profile's own
table (`catalog.profile.facts`). A value that means none of what is demanded goes to a property that says less and is
still true (a theme of one's own is a dct:subject), into a node that holds the text (a licence without an address is a
LicenseDocument with a label), or away: then that is said to people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from catalog import graph as graphs
from catalog.graph import Value
from catalog.profile import vocabularies as lists
from catalog.profile.facts import IRI, LITERAL, NODE, Must
from catalog.profile.vocabularies import Vocabulary
from catalog.repair import addresses, codes, days, plain
from catalog.repair.forms import Draft, shown

LABELS: Final = (
    "rdfs:label",
    "skos:prefLabel",
    "rdf:value",
    "dct:title",
    "foaf:name",
    "vcard:fn",
    "schema:name",
    "skos:notation",
    "dct:identifier",
)
"""In which property a node without a class says what it is."""

STATEMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "dct:license": ("dct:LicenseDocument", "rdfs:label"),
    "dct:rights": ("dct:RightsStatement", "rdfs:label"),
    "dct:provenance": ("dct:ProvenanceStatement", "rdfs:label"),
    "dct:conformsTo": ("dct:Standard", "dct:title"),
    "foaf:page": ("foaf:Document", "dct:title"),
    "dct:relation": ("rdfs:Resource", "rdfs:label"),
    "dct:isReferencedBy": ("rdfs:Resource", "rdfs:label"),
    "dct:type": ("skos:Concept", "skos:prefLabel"),
    "prov:wasGeneratedBy": ("prov:Activity", "rdfs:label"),
    "dcatap:applicableLegislation": ("http://data.europa.eu/eli/ontology#LegalResource", "dct:title"),
    "dcat:endpointDescription": ("rdfs:Resource", "rdfs:label"),
    "dcat:themeTaxonomy": ("skos:ConceptScheme", "dct:title"),
}
"""Properties whose value may be a node without a name: its class, and in which property it holds a text."""

MAILS: Final = frozenset({"vcard:hasEmail", "foaf:mbox"})
TELEPHONES: Final = frozenset({"vcard:hasTelephone"})
LINKS: Final = frozenset({"foaf:homepage", "vcard:hasURL", "dct:subject"})
"""Links of classes about which the profile says nothing."""
TEXTS: Final = frozenset({"dct:title", "dct:description", "adms:versionNotes", "rdfs:label", "skos:prefLabel"})
DATES: Final = frozenset(
    {
        "dct:issued",
        "dct:modified",
        "dct:created",
        "dcat:startDate",
        "dcat:endDate",
    }
)
_TYPED: Final = frozenset({"xsd:date", "xsd:dateTime", "xsd:gYear", "xsd:gYearMonth"})
_UNITS = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:bytes?|octets?|b)?", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(
    r"-?P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?",
    re.ASCII,
)
_COMMA = re.compile(r"-?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})", re.ASCII)
_METRES = re.compile(r"\s*(?:m|meter|metre|metres)$", re.IGNORECASE)


def fit(draft: Draft, id: str, name: str, must: Must, value: Value) -> list[Value]:
    """What takes the place of a value; itself where nothing is wrong with it, nothing where it is of no use."""
    if not shown(value).strip() and name not in ("dct:title", "dct:description"):
        return _dropped(draft, "empty", id, name, value, lost=False)
    if name in MAILS or name in TELEPHONES:
        return _reached(draft, id, name, value)
    if must.listed is not None:
        return _coded(draft, id, name, must, value)
    if must.media:
        return _media(draft, id, name, value)
    if must.datatype:
        return _measured(draft, id, name, must.datatype, value)
    if must.form == LITERAL and "@id" in value:
        return _texted(draft, id, name, value)
    if (must.form in (NODE, IRI) or name in LINKS) and "@value" in value and name != "locn:geometry":
        return _linked(draft, id, name, value)
    if must.form == IRI and value["@id"].startswith("_:"):
        return _named(draft, id, name, value)
    if name in DATES and "@value" in value:
        return _dated(draft, id, name, value)
    return _marked(draft, id, name, value) if "@value" in value and name in TEXTS else [value]


def label_of(draft: Draft, id: str) -> str:
    """What a node is called by itself, "" where it says nothing."""
    node = draft.graph.get(id, {})
    return next((text.strip() for name in LABELS for text in graphs.texts(node, name) if text.strip()), "")


def _changed(draft: Draft, rule: str, id: str, name: str, old: Value, new: Value) -> list[Value]:
    if new != old:
        draft.told(rule, id, name, shown(old), shown(new))
    return [new]


def _dropped(draft: Draft, rule: str, id: str, name: str, value: Value, *, lost: bool = True) -> list[Value]:
    draft.told("dropped", id, name, shown(value), "")
    if lost:
        draft.lacking(rule, id, name, shown(value))
    return []


# --- codes ------------------------------------------------------------------------------------------------------------


def _coded(draft: Draft, id: str, name: str, must: Must, value: Value) -> list[Value]:
    listed = must.listed
    assert listed is not None
    said = shown(value)
    if "@id" in value and (codes.code_of(listed, said) == said or _in_scheme(draft, said, listed)):
        return [value]
    if said.startswith("_:"):
        said = label_of(draft, said)
    found = [code] if (code := codes.code_of(listed, said)) else [] if must.single else codes.codes_of(listed, said)
    if found:
        draft.told("code", id, name, said, ", ".join(found))
        return [{"@id": one} for one in found]
    return _uncoded(draft, id, name, must, value)


def _in_scheme(draft: Draft, iri: str, listed: Vocabulary) -> bool:
    return listed.scheme in graphs.ids(draft.graph.get(iri, {}), "skos:inScheme")


def _uncoded(draft: Draft, id: str, name: str, must: Must, value: Value) -> list[Value]:
    """A value that no code means."""
    if name == "dcat:theme":
        return _themed(draft, id, value)
    if name == "dct:accessRights" and "dcat:Distribution" not in draft.graph[id].get("@type", ()):
        return _righted(draft, id, value)
    if "listed" in must.weak:
        if "@id" in value and not (must.form == IRI and value["@id"].startswith("_:")):
            return [value]
        return _linked(draft, id, name, value) if "@value" in value else _dropped(draft, "code", id, name, value)
    if name == "dct:format":
        _media_told(draft, id, value)
    return _dropped(draft, "code", id, name, value)


def _themed(draft: Draft, id: str, value: Value) -> list[Value]:
    """A theme of one's own is a subject, a word for one a keyword: both say that it is about this."""
    said = shown(value)
    word = label_of(draft, said) if said.startswith("_:") else said if "@value" in value else ""
    if word and not (link := addresses.web(word)):
        draft.told("theme", id, "dcat:theme", word, f"dcat:keyword {word}")
        draft.add(id, "dcat:keyword", value if "@value" in value else {"@value": word})
    elif "@id" in value and not said.startswith("_:"):
        draft.told("theme", id, "dcat:theme", said, f"dct:subject {said}")
        draft.add(id, "dct:subject", value)
    elif word:
        draft.told("theme", id, "dcat:theme", word, f"dct:subject {link}")
        draft.add(id, "dct:subject", {"@id": link})
    return []


def _righted(draft: Draft, id: str, value: Value) -> list[Value]:
    """What is told of access in words of one's own is told of the rights: the one property is below the other."""
    said = shown(value)
    if said.startswith("_:") and not label_of(draft, said):
        return _dropped(draft, "code", id, "dct:accessRights", value)
    draft.told("weaker", id, "dct:accessRights", label_of(draft, said) or said, "dct:rights")
    rights = value if "@id" in value else draft.statement(value, "rdfs:label", "dct:RightsStatement")
    draft.add(id, "dct:rights", rights)
    draft.lacking("code", id, "dct:accessRights", label_of(draft, said) or said)
    return []


def _media(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    said = shown(value)
    if said.startswith("_:"):
        said = label_of(draft, said)
    if "@id" in value and said.startswith((lists.MEDIA_TYPES, lists.MEDIA_TYPES.replace("https:", "http:"))):
        return [value]
    media = codes.media_type_of(said)
    if media:
        return _changed(draft, "media", id, name, {"@value": said}, {"@id": media})
    code = codes.code_of(lists.FILE_TYPES, said)
    if code and name == "dcat:mediaType" and not draft.graph[id].get("dct:format"):
        draft.told("media", id, name, said, f"dct:format {code}")
        draft.put(id, "dct:format", [{"@id": code}])
        return []
    return _dropped(draft, "code", id, name, {"@value": said or shown(value)}, lost=not code)


def _media_told(draft: Draft, id: str, value: Value) -> None:
    """A format that is a media type of no file type is told where media types are."""
    media = codes.media_type_of(shown(value))
    if media and not draft.graph[id].get("dcat:mediaType"):
        draft.told("media", id, "dct:format", shown(value), f"dcat:mediaType {media}")
        draft.put(id, "dcat:mediaType", [{"@id": media}])


# --- addresses --------------------------------------------------------------------------------------------------------


def _reached(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """Mail and telephone, also as vCard writes them: in a node of their own."""
    said = shown(value)
    if said.startswith("_:"):
        inner = draft.graph.get(said, {})
        held = [*graphs.values(inner, "vcard:hasValue"), *graphs.values(inner, "rdf:value")]
        if not held:
            return _dropped(draft, "address", id, name, value, lost=False)
        said = shown(held[0])
    new = addresses.telephone(said) if name in TELEPHONES else addresses.mail(said)
    if not new and "@id" in value and not value["@id"].startswith("_:"):
        return [value]
    new = new or (addresses.mail_in(said) if name in MAILS else "") or addresses.web(said)
    if not new:
        return _dropped(draft, "address", id, name, {"@value": said})
    return _changed(draft, "address", id, name, value, {"@id": new})


def _linked(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """A text where an IRI is wanted."""
    said = value["@value"]
    found = [link] if (link := addresses.web(said)) else addresses.webs(said)
    if found:
        draft.told("address", id, name, said, " ".join(found))
        return [{"@id": one} for one in found]
    if name in STATEMENTS:
        kind, label = STATEMENTS[name]
        draft.told("statement", id, name, said, kind)
        return [draft.statement({"@value": said, **_language(value)}, label, kind)]
    if name == "dct:references":
        draft.told("weaker", id, name, said, "dct:relation")
        draft.add(id, "dct:relation", draft.statement({"@value": said}, "rdfs:label", "rdfs:Resource"))
        return []
    return _dropped(draft, "address", id, name, value)


def _language(value: Value) -> Value:
    return {"@language": value["@language"]} if "@language" in value else {}


def _named(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """A node without a name where an IRI is wanted: what it holds, or a property that takes it."""
    inner = draft.graph.get(value["@id"], {})
    held = [*graphs.values(inner, "vcard:hasValue"), *graphs.values(inner, "rdf:value")]
    if held and (link := held[0].get("@id", "") or addresses.web(shown(held[0]))):
        return _changed(draft, "address", id, name, value, {"@id": link})
    if name == "dct:references":
        draft.told("weaker", id, name, label_of(draft, value["@id"]), "dct:relation")
        draft.add(id, "dct:relation", value)
        return []
    if name in ("prov:agent", "dcat:hadRole"):
        return [value]
    return _dropped(draft, "address", id, name, {"@value": label_of(draft, value["@id"])})


# --- texts, numbers, dates --------------------------------------------------------------------------------------------


def _texted(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """An IRI or a node where a text is wanted."""
    iri = value["@id"]
    text = label_of(draft, iri)
    if not iri.startswith("_:"):
        if name == "dcat:keyword" and not text:
            draft.told("weaker", id, name, iri, "dct:subject")
            draft.add(id, "dct:subject", value)
            return []
        return _changed(draft, "text", id, name, value, {"@value": text or iri})
    inner = draft.graph.get(iri, {})
    shape = next((held for key in ("gsp:asWKT", "gsp:asGeoJSON") for held in graphs.values(inner, key)), None)
    if shape is not None:
        return _changed(draft, "text", id, name, value, shape)
    return (
        _changed(draft, "text", id, name, value, {"@value": text})
        if text
        else _dropped(draft, "empty", id, name, value, lost=False)
    )


def _measured(draft: Draft, id: str, name: str, datatype: str, value: Value) -> list[Value]:
    said = shown(value).strip()
    if datatype == "xsd:hexBinary":
        said = re.sub(r"[\s:]|^0x", "", said)
        good = len(said) % 2 == 0 and re.fullmatch(r"[0-9A-Fa-f]+", said, re.ASCII) is not None
    elif datatype == "xsd:duration":
        good = _DURATION.fullmatch(said) is not None
    else:
        said = _number(said, whole=datatype == "xsd:nonNegativeInteger")
        good = bool(said)
    if not good:
        return _dropped(draft, "number", id, name, value)
    return _changed_type(draft, id, name, value, {"@value": said, "@type": datatype})


def _changed_type(draft: Draft, id: str, name: str, old: Value, new: Value) -> list[Value]:
    if new != old:
        draft.told(
            "number", id, name, f"{shown(old)} ({old.get('@type', 'text')})", f"{new['@value']} ({new['@type']})"
        )
    return [new]


def _number(said: str, *, whole: bool) -> str:
    """A number as XML Schema writes it; "" for what is none, or is not whole, or has a unit that says it is rounded."""
    if whole:
        units = _UNITS.fullmatch(said)
        said = units[1] if units else ("" if _COMMA.fullmatch(said) else said)
    else:
        said = _METRES.sub("", said)
        said = said.replace(",", ".") if _COMMA.fullmatch(said) else said
    try:
        number = Decimal(said)
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        return ""
    if whole:
        return str(int(number)) if number >= 0 and number == int(number) else ""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _dated(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """A date in a form that everybody reads; one that nobody can read stays a text, since what it says is not lost."""
    read = days.read(value["@value"])
    if read is None:
        draft.lacking("date", id, name, value["@value"])
        return (
            _changed(draft, "date", id, name, {**value}, {"@value": value["@value"]}) if "@type" in value else [value]
        )
    if value.get("@type") in _TYPED and value["@value"].strip() == read["@value"]:
        return [value] if value["@type"] == read["@type"] else _retyped(draft, id, name, value, read)
    return _retyped(draft, id, name, value, read)


def _retyped(draft: Draft, id: str, name: str, value: Value, read: Value) -> list[Value]:
    draft.told(
        "date", id, name, f"{value['@value']} ({value.get('@type', 'text')})", f"{read['@value']} ({read['@type']})"
    )
    return [read]


def _marked(draft: Draft, id: str, name: str, value: Value) -> list[Value]:
    """A text with marks of HTML."""
    text = value["@value"]
    if not plain.is_marked(text) or not (said := plain.plain(text)):
        return [value]
    return _changed(draft, "html", id, name, value, {"@value": said, **_language(value)})
