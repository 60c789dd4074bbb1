"""What a CKAN portal says of a dataset in its own JSON -> a graph, word for word.

What lives here: which field of `package_show` is which property. What does not: asking a portal (the connector's
harvests), what a word means (`codes`): values come out as they went in, and are mended like everybody else's. Sources:
CKAN's action API (package_show, package_search), the fields and extras by which ckanext-dcat and GovData keep DCAT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from catalog.graph import Graph, Value
from catalog.portal.names import is_iri

MOST_RESOURCES: Final = 2_000
LONGEST: Final = 100_000

Package = Mapping[str, Any]

_LITERALS: Final[Mapping[str, str]] = {
    "issued": "dct:issued",
    "modified": "dct:modified",
    "frequency": "dct:accrualPeriodicity",
    "accrual_periodicity": "dct:accrualPeriodicity",
    "access_rights": "dct:accessRights",
    "identifier": "dct:identifier",
    "provenance": "dct:provenance",
    "version": "dcat:version",
    "dcat_version": "dcat:version",
    "version_notes": "adms:versionNotes",
    "dcat_type": "dct:type",
    "temporal_resolution": "dcat:temporalResolution",
    "spatial_resolution_in_meters": "dcat:spatialResolutionInMeters",
    "contributorID": "dcatde:contributorID",
    "politicalGeocodingLevelURI": "dcatde:politicalGeocodingLevelURI",
    "politicalGeocodingURI": "dcatde:politicalGeocodingURI",
    "geocodingText": "dcatde:geocodingDescription",
    "geocodingDescription": "dcatde:geocodingDescription",
    "legalbasisText": "dcatde:legalBasis",
    "qualityProcessURI": "dcatde:qualityProcessURI",
    "plannedAvailability": "dcatde:plannedAvailability",
    "availability": "dcatap:availability",
}
_LISTS: Final[Mapping[str, str]] = {
    "language": "dct:language",
    "theme": "dcat:theme",
    "conforms_to": "dct:conformsTo",
    "alternate_identifier": "adms:identifier",
    "documentation": "foaf:page",
    "is_referenced_by": "dct:isReferencedBy",
    "related_resource": "dct:relation",
    "source": "dct:source",
    "has_version": "dct:hasVersion",
    "is_version_of": "dct:isVersionOf",
    "applicable_legislation": "dcatap:applicableLegislation",
    "hvd_category": "dcatap:hvdCategory",
}
_OF_FORMS: Final[Mapping[str, str]] = {
    "access_url": "dcat:accessURL",
    "download_url": "dcat:downloadURL",
    "issued": "dct:issued",
    "modified": "dct:modified",
    "status": "adms:status",
    "rights": "dct:rights",
    "license": "dct:license",
    "compress_format": "dcat:compressFormat",
    "package_format": "dcat:packageFormat",
    "availability": "dcatap:availability",
    "plannedAvailability": "dcatde:plannedAvailability",
    "licenseAttributionByText": "dcatde:licenseAttributionByText",
    "temporal_resolution": "dcat:temporalResolution",
    "spatial_resolution_in_meters": "dcat:spatialResolutionInMeters",
}
_LISTS_OF_FORMS: Final[Mapping[str, str]] = {
    "language": "dct:language",
    "conforms_to": "dct:conformsTo",
    "documentation": "foaf:page",
    "applicable_legislation": "dcatap:applicableLegislation",
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NOT_TOLD: Final = frozenset({"notspecified", "not-specified", "other", "unknown", "none"})


def read(package: Package, base: str) -> Graph:
    """The graph of one package of the portal at `base`; its dataset's id is the address of its page, or its own `uri`.

    Total over JSON objects: what has another form than CKAN's is left out.
    """
    told = _Told(package, base)
    told.dataset()
    return told.graph


def root(package: Package, base: str) -> str:
    """The id of the dataset of a package."""
    uri = _text(_all(package), "uri")
    if is_iri(uri):
        return uri
    id, name = _text(package, "id"), _text(package, "name")
    return f"{base.rstrip('/')}/dataset/{name or id}" if base else _urn(id) or f"_:{name or id}"


def _urn(id: str) -> str:
    """The name of a thing whose id is a UUID, as CKAN's are, wherever it stands."""
    return f"urn:uuid:{id.lower()}" if _UUID.fullmatch(id.lower()) else ""


def packages(document: Any) -> list[Package]:
    """The packages of an answer of CKAN, or of a file with such answers: one package, a list of them, results of a
    search, whatever `result` holds them. None where it is no answer of CKAN."""
    held = document
    for key in ("result", "results"):
        if isinstance(held, dict) and key in held:
            held = held[key]
    found = held if isinstance(held, list) else [held]
    return [one for one in found if isinstance(one, dict) and "resources" in one and ("name" in one or "id" in one)]


class _Told:
    """One graph, as it is being told."""

    def __init__(self, package: Package, base: str) -> None:
        self._all, self._base, self._id = _all(package), base.rstrip("/"), root(package, base)
        self.graph: Graph = {}

    def _node(self, id: str, kind: str, properties: Mapping[str, list[Value]]) -> Value:
        held = {name: values for name, values in properties.items() if values}
        self.graph[id] = {"@id": id, "@type": [kind], **held}
        return {"@id": id}

    def dataset(self) -> None:
        """The dataset and all that it names."""
        said = self._all
        properties: dict[str, list[Value]] = {
            "dct:title": _texts(said, "title") or _texts(said, "name"),
            "dct:description": _texts(said, "notes") or _texts(said, "description"),
            "dcat:keyword": [*({"@value": one} for one in _tags(said)), *_words(said.get("keywords"))],
            "dcat:landingPage": _links(said, "url"),
        }
        for key, name in _LITERALS.items():
            properties.setdefault(name, []).extend(_texts(said, key))
        for key, name in _LISTS.items():
            properties.setdefault(name, []).extend(_each(said.get(key)))
        dates = {_text(one, "role"): one for one in _parts(said.get("dates"))}
        for name, role, key in (
            ("dct:issued", "veroeffentlicht", "metadata_created"),
            ("dct:modified", "aktualisiert", "metadata_modified"),
        ):
            properties[name] = properties[name] or _texts(dates.get(role, {}), "date") or _texts(said, key)
        properties.setdefault("dct:created", []).extend(_texts(dates.get("erstellt", {}), "date"))
        properties["dct:identifier"] = properties["dct:identifier"] or _texts(said, "id")
        properties["dcat:theme"] = properties["dcat:theme"] or [{"@value": one} for one in _names(said.get("groups"))]
        properties["dct:publisher"] = self._publisher()
        properties["dct:creator"] = self._agent("author", said.get("author"), said.get("author_email"))
        properties["geodcatap:custodian"] = self._agent(
            "maintainer", said.get("maintainer"), said.get("maintainer_email")
        )
        properties["dcat:contactPoint"] = self._contact()
        properties["dct:spatial"] = self._place()
        properties["dct:temporal"] = self._period()
        properties["dcat:distribution"] = [*self._forms()]
        self._node(self._id, "dcat:Dataset", properties)

    def _publisher(self) -> list[Value]:
        said = self._all
        organization = said.get("organization")
        held = organization if isinstance(organization, dict) else {}
        listed = _first(said.get("publisher")) or self._in_role("veroeffentlichende_stelle")
        name = _text(said, "publisher_name") or _text(listed, "name") or _text(held, "title") or _text(held, "name")
        uri = _text(said, "publisher_uri") or _text(listed, "uri")
        if not is_iri(uri) and held and not _text(said, "publisher_name") and not _text(listed, "name"):
            id = _text(held, "id") or _text(held, "name")
            uri = f"{self._base}/organization/{id}" if self._base else _urn(id)
        mail = _text(said, "publisher_email") or _text(listed, "email")
        page = _text(said, "publisher_url") or _text(listed, "url")
        kind = _text(said, "publisher_type") or _text(listed, "type")
        return self._agent("publisher", name, mail, page=page, kind=kind, uri=uri)

    def _in_role(self, role: str) -> Package:
        """Whom the metadata of GovData before DCAT-AP.de named in a role."""
        return next((one for one in _parts(self._all.get("contacts")) if _text(one, "role") == role), {})

    def _agent(
        self, role: str, name: Any, mail: Any = "", *, page: str = "", kind: str = "", uri: str = ""
    ) -> list[Value]:
        if not isinstance(name, str) or not name.strip():
            return []
        properties = {
            "foaf:name": [_literal(name)],
            "foaf:mbox": [_literal(mail)] if isinstance(mail, str) and mail.strip() else [],
            "foaf:homepage": [_literal(page)] if page else [],
            "dct:type": [_literal(kind)] if kind else [],
        }
        return [self._node(uri if is_iri(uri) else f"_:{role}", "foaf:Agent", properties)]

    def _contact(self) -> list[Value]:
        said = self._all
        points = [_first(said.get(key)) for key in ("contact", "contact_point", "contact_points")]
        listed = next(filter(None, points), {}) or self._in_role("ansprechpartner")
        name = (
            _text(said, "contact_name") or _text(listed, "name") or _text(said, "maintainer") or _text(said, "author")
        )
        mail = _text(said, "contact_email") or _text(listed, "email")
        mail = mail or _text(said, "maintainer_email") or _text(said, "author_email")
        if not mail:
            return []
        properties = {"vcard:fn": [_literal(name)] if name else [], "vcard:hasEmail": [_literal(mail)]}
        return [self._node("_:contact", "vcard:Kind", properties)]

    def _place(self) -> list[Value]:
        said, listed = self._all, _first(self._all.get("spatial_coverage"))
        shape = said.get("spatial") or listed.get("geom") or listed.get("bbox")
        if isinstance(shape, dict):
            shape = msgspec.json.encode(shape).decode()
        name = _text(said, "spatial_text") or _text(listed, "text")
        properties: dict[str, list[Value]] = {
            "locn:geometry": [_literal(shape)] if isinstance(shape, str) and shape.strip() else [],
            "skos:prefLabel": [_literal(name)] if name else [],
        }
        uri = _text(said, "spatial_uri") or _text(listed, "uri")
        if not is_iri(uri) and not any(properties.values()):
            return []
        return [self._node(uri if is_iri(uri) else "_:place", "dct:Location", properties)]

    def _period(self) -> list[Value]:
        said = self._all
        listed = _first(said.get("temporal_coverage")) or _first(said.get("temporals"))
        properties = {
            "dcat:startDate": _texts(said, "temporal_start")
            or _texts(said, "temporal_coverage_from")
            or _texts(listed, "start")
            or _texts(listed, "start_date"),
            "dcat:endDate": _texts(said, "temporal_end")
            or _texts(said, "temporal_coverage_to")
            or _texts(listed, "end")
            or _texts(listed, "end_date"),
        }
        return [self._node("_:period", "dct:PeriodOfTime", properties)] if any(properties.values()) else []

    def _forms(self) -> Iterator[Value]:
        resources = self._all.get("resources")
        for number, one in enumerate(resources[:MOST_RESOURCES] if isinstance(resources, list) else ()):
            if isinstance(one, dict):
                yield self._form(number, _all(one))

    def _form(self, number: int, one: Package) -> Value:
        uri = _text(one, "uri")
        id = _text(one, "id")
        own = (f"{self._id}/resource/{id}" if self._base and id else _urn(id)) or f"_:form{number}"
        properties: dict[str, list[Value]] = {
            "dct:title": _texts(one, "name") or _texts(one, "title"),
            "dct:description": _texts(one, "description"),
            "dcat:byteSize": _texts(one, "size"),
            "dcat:mediaType": _texts(one, "mimetype"),
            "dct:format": _texts(one, "format"),
        }
        for key, name in _OF_FORMS.items():
            properties.setdefault(name, []).extend(_texts(one, key))
        for key, name in _LISTS_OF_FORMS.items():
            properties.setdefault(name, []).extend(_each(one.get(key)))
        properties["dcat:accessURL"] = properties["dcat:accessURL"] or _texts(one, "url")
        properties["dct:license"] = properties["dct:license"] or self._licence()
        properties["dct:issued"] = properties["dct:issued"] or _texts(one, "created")
        properties["dct:modified"] = properties["dct:modified"] or _texts(one, "last_modified")
        return self._node(uri if is_iri(uri) else own, "dcat:Distribution", properties)

    def _licence(self) -> list[Value]:
        """The package's, by its id, its address, or its name: whichever says something."""
        said = self._all
        terms = _first(said.get("terms_of_use"))
        told = (_text(one, "license_id") for one in (said, terms))
        id = next((one for one in told if one and one.lower() not in _NOT_TOLD), "")
        return (
            _texts({"id": id}, "id")
            or _texts(said, "license_url")
            or _texts(terms, "license_url")
            or _texts(said, "license_title")
        )


def _all(one: Package) -> Package:
    """Its fields with its extras beside them; a field of its own comes before an extra of the same name."""
    extras = one.get("extras")
    if isinstance(extras, dict):
        extras = [{"key": key, "value": value} for key, value in extras.items()]
    held = {
        item["key"]: item.get("value")
        for item in (extras if isinstance(extras, list) else ())
        if isinstance(item, dict) and isinstance(item.get("key"), str)
    }
    return {**held, **{key: value for key, value in one.items() if value not in (None, "", [])}}


def _text(one: Package, key: str) -> str:
    value = one.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:LONGEST]


def _texts(one: Package, key: str) -> list[Value]:
    """A text as a literal; of a text in several languages each, with its language."""
    value = one.get(f"{key}_translated") or one.get(key)
    if isinstance(value, dict):
        return [
            {"@value": text.strip()[:LONGEST], "@language": language.lower()}
            for language, text in value.items()
            if isinstance(text, str) and text.strip() and isinstance(language, str) and 2 <= len(language) <= 8
        ]
    text = _text(one, key)
    return [_literal(text)] if text else []


def _literal(text: str) -> Value:
    return {"@id": text} if is_iri(text) and "://" in text else {"@value": text}


def _links(one: Package, key: str) -> list[Value]:
    return [_literal(text)] if (text := _text(one, key)) else []


def _each(value: Any) -> Iterator[Value]:
    """The texts of a list, also of one that is kept as text (`["a", "b"]`)."""
    value = _opened(value)
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one.strip():
            yield _literal(one.strip()[:LONGEST])


def _opened(value: Any) -> Any:
    """What a text of JSON holds, as extras keep lists and objects; any other value is itself."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def _parts(value: Any) -> list[Package]:
    """The objects of a repeating field, or the one of a field that does not repeat."""
    held = _opened(value)
    return [one for one in (held if isinstance(held, list) else [held]) if isinstance(one, dict)]


def _first(value: Any) -> Package:
    """The first of a repeating field, nothing where there is none."""
    return next(iter(_parts(value)), {})


def _words(value: Any) -> Iterator[Value]:
    """Keywords by their language, as Swiss portals keep them."""
    for language, words in value.items() if isinstance(value, dict) else ():
        for one in words if isinstance(words, list) and isinstance(language, str) else ():
            if isinstance(one, str) and one.strip() and 2 <= len(language) <= 8:
                yield {"@value": one.strip()[:LONGEST], "@language": language.lower()}


def _tags(said: Package) -> Iterator[str]:
    tags = said.get("tags")
    for one in tags if isinstance(tags, list) else ():
        text = _text(one, "display_name") or _text(one, "name") if isinstance(one, dict) else one
        if isinstance(text, str) and text.strip():
            yield text.strip()[:LONGEST]


def _names(groups: Any) -> Iterator[str]:
    """What the groups that it is in are called: their names, which are codes at GovData, else their titles."""
    for one in groups if isinstance(groups, list) else ():
        if isinstance(one, dict) and (text := _text(one, "name") or _text(one, "title")):
            yield text.upper() if len(text) == 4 else text
