"""Graph -> what it says of a dataset: lenient, because portals write one thing in many ways, and bounded.

What lives here: which property means what, and the older and looser forms that are understood. What does not: judging
them (`profile`), mending them (`repair`), writing (`telling`). Sources: DCAT-AP 3.0, DCAT-AP.de 3.0 and 1.0 (older
names), GeoDCAT-AP 3.0, mobilityDCAT-AP 1.0. Nothing here raises: what cannot be understood is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from catalog import graph as graphs
from catalog.graph import Graph, Node
from catalog.model import Agent, Box, Contact, Form, Metadata
from catalog.portal import names
from catalog.portal.geometry import box_of
from policies import instants
from policies.places import GEOCODING, KINDS, NUTS

_LONG: Final = 20_000
_SHORT: Final = 1_000
_MANY: Final = 200
_MAX_FORMS: Final = 500
_OLD_DCATDE: Final = "http://dcat-ap.de/def/dcatde/1.0/"
_OLD_DCATAP: Final = "http://data.europa.eu/r5r#"
_CRS: Final = ("http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/", "urn:ogc:def:crs:")
_GLOSSARY_CRS: Final = "http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem"
_KEY = re.compile(rf"{re.escape(GEOCODING)}({'|'.join(KINDS)})/([0-9]{{1,12}})", re.ASCII)
_NUTS = re.compile(r"([A-Z]{2}[0-9A-Z]{0,3})", re.ASCII)
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*|Z|[+-]\d\d:\d\d)?)?)?", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?", re.ASCII)
_ZULU = re.compile(r"[1-8]\d{3}-\d\d-\d\dT[01]\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_BERLIN = ZoneInfo(instants.ZONE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


def metadata_of(graph: Graph, root: str) -> Metadata:
    """What a graph says of the dataset with that id; nothing where the graph does not have it."""
    node = graph.get(root, {"@id": root})
    forms = tuple(form_of(graph, graph[id]) for id in graphs.ids(node, "dcat:distribution")[:_MAX_FORMS] if id in graph)
    places = list(_located(graph, node))
    return Metadata(
        title=by_language(node, "dct:title", _SHORT),
        description=by_language(node, "dct:description", _LONG),
        keywords=_keywords(node),
        themes=codes(node, "dcat:theme", names.THEME),
        publisher=_first(_agents(graph, node, "dct:publisher")),
        creators=_agents(graph, node, "dct:creator"),
        originators=_agents(graph, node, "geodcatap:originator", "dcatde:originator", _OLD_DCATDE + "originator"),
        custodians=_agents(graph, node, "geodcatap:custodian", "dcatde:maintainer", _OLD_DCATDE + "maintainer"),
        contacts=tuple(
            contact_of(graph, graph[id]) for id in graphs.ids(node, "dcat:contactPoint")[:_MANY] if id in graph
        ),
        licence=_licence(graph, node, forms),
        attribution=_text(node, "dcatde:licenseAttributionByText"),
        access=_code(node, "dct:accessRights", names.ACCESS),
        availability=_availability(node),
        frequency=_code(node, "dct:accrualPeriodicity", names.FREQUENCY),
        issued=_instant(node, "dct:issued"),
        modified=_instant(node, "dct:modified"),
        languages=codes(node, "dct:language", names.LANGUAGE),
        places=_distinct(key for location in places for key in _keys(location)),
        place_names=_distinct(_called(node, places)),
        box=next((box for location in places for box in _boxes(location)), None),
        level=_code(node, "dcatde:politicalGeocodingLevelURI", names.LEVEL),
        since=_end(graph, node, ("dcat:startDate", "schema:startDate"), "time:hasBeginning"),
        until=_end(graph, node, ("dcat:endDate", "schema:endDate"), "time:hasEnd"),
        identifiers=_identifiers(graph, node),
        contributor=_word(node, "dcatde:contributorID", _OLD_DCATDE + "contributorID"),
        landing_page=_word(node, "dcat:landingPage"),
        documentation=_distinct(_words(node, "foaf:page")),
        conforms_to=_distinct(one for one in _standards(graph, node) if not _is_crs(graph, one)),
        provenance=_labelled(graph, node, "dct:provenance"),
        hvd=codes(node, "dcatap:hvdCategory", names.HVD),
        legislation=_distinct(_words(node, "dcatap:applicableLegislation", _OLD_DCATAP + "applicableLegislation")),
        reference_systems=_distinct(one for one in _standards(graph, node) if _is_crs(graph, one)),
        resolution_metres=_number(node, "dcat:spatialResolutionInMeters", float),
        mobility_theme=_code(node, "mobilitydcatap:mobilityTheme", names.MOBILITY_THEME),
        forms=forms,
    )


def form_of(graph: Graph, node: Node) -> Form:
    """What a distribution says."""
    return Form(
        id=node["@id"],
        title=by_language(node, "dct:title", _SHORT),
        access_url=_word(node, "dcat:accessURL"),
        download_url=_word(node, "dcat:downloadURL"),
        format=_code(node, "dct:format", names.FORMAT),
        media_type=_code(node, "dcat:mediaType", names.MEDIA_TYPE),
        licence=_code(node, "dct:license", names.LICENCE),
        attribution=_text(node, "dcatde:licenseAttributionByText", _OLD_DCATDE + "licenseAttributionByText"),
        availability=_availability(node),
        modified=_instant(node, "dct:modified"),
        bytes=_number(node, "dcat:byteSize", lambda text: int(float(text))),
        rights=_rights(graph, node),
        mobility_standard=_code(node, "mobilitydcatap:mobilityDataStandard", names.MOBILITY_STANDARD),
    )


def agent_of(graph: Graph, id: str) -> Agent:
    """Who an agent is: what its node says, or its IRI alone."""
    node = graph.get(id, {})
    return Agent(
        name=_text(node, "foaf:name", "vcard:fn", "rdfs:label", "skos:prefLabel", "dct:title"),
        id="" if id.startswith("_:") else id,
        kind=_code(node, "dct:type", names.PUBLISHER_TYPE),
        email=_address(node, "foaf:mbox", "vcard:hasEmail"),
        homepage=_word(node, "foaf:homepage"),
    )


def by_language(node: Node, name: str, longest: int) -> dict[str, str]:
    """The literals of a property by language: the first of each."""
    found: dict[str, str] = {}
    for one in graphs.values(node, name)[:_MANY]:
        if text := one.get("@value", "").strip():
            found.setdefault(one.get("@language", ""), text[:longest])
    return found


def codes(node: Node, name: str, authority: str) -> tuple[str, ...]:
    """The codes of a property, also of one that was written as text."""
    if name not in node:  # Most are not, and every entry of every catalogue is read.
        return ()
    return _distinct([names.code(one, authority) for one in _words(node, name)])


def _code(node: Node, name: str, authority: str) -> str:
    if name not in node:
        return ""
    word = _word(node, name)
    return names.code(word, authority) if word else ""


def _words(node: Node, *properties: str) -> list[str]:
    """Ids and texts of properties, blank nodes left out."""
    found = list[str]()
    for name in properties:
        for one in node.get(name, ())[:_MANY]:
            word = one.get("@id", one.get("@value", "")).strip()
            if word and not word.startswith("_:"):
                found.append(word[:_SHORT])
    return found


def _word(node: Node, *properties: str) -> str:
    """The first of them."""
    for name in properties:
        if name in node and (found := _words(node, name)):
            return found[0]
    return ""


def _text(node: Node, *properties: str) -> str:
    for name in properties:
        for one in node.get(name, ()):
            if text := one.get("@value", "").strip():
                return str(text[:_SHORT])
    return ""


def _keywords(node: Node) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for one in graphs.values(node, "dcat:keyword")[:_MANY]:
        if text := one.get("@value", "").strip():
            found.setdefault(one.get("@language", ""), {})[text[:_SHORT]] = None
    return {language: tuple(words) for language, words in found.items()}


def _agents(graph: Graph, node: Node, *properties: str) -> tuple[Agent, ...]:
    found = []
    for name in properties:
        for one in node.get(name, ())[:_MANY]:
            agent = agent_of(graph, one["@id"]) if "@id" in one else Agent(name=one.get("@value", "").strip()[:_SHORT])
            if agent != _NOBODY:
                found.append(agent)
    return _distinct(found)


_NOBODY: Final = Agent()


def contact_of(graph: Graph, node: Node) -> Contact:
    """Whom to ask."""
    return Contact(
        name=_text(node, "vcard:fn", "vcard:organization-name", "foaf:name"),
        email=_address(node, "vcard:hasEmail"),
        telephone=_telephone(graph, node),
        url=_word(node, "vcard:hasURL"),
        organisation="vcard:Individual" not in node.get("@type", ()),
    )


def _address(node: Node, *properties: str) -> str:
    return _word(node, *properties).removeprefix("mailto:")


def _telephone(graph: Graph, node: Node) -> str:
    """A `tel:` IRI, or a node with one as its value (vCard's own form)."""
    held = (graph.get(id, {}) for id in graphs.ids(node, "vcard:hasTelephone"))
    nested = (word for one in held for word in _words(one, "vcard:hasValue"))
    return (_word(node, "vcard:hasTelephone") or next(nested, "")).removeprefix("tel:")


def _licence(graph: Graph, node: Node, forms: tuple[Form, ...]) -> str:
    """The dataset's own licence, or the one that all its distributions have."""
    own = _code(node, "dct:license", names.LICENCE)
    shared = {form.licence for form in forms}
    return own or (shared.pop() if len(shared) == 1 else "")


def _availability(node: Node) -> str:
    return _code(node, "dcatap:availability", names.AVAILABILITY) or _code(
        node, _OLD_DCATAP + "availability", names.AVAILABILITY
    )


def _instant(node: Node, name: str) -> int | None:
    if name not in node:
        return None
    return next((at for text in graphs.texts(node, name)[:_MANY] if (at := instant_of(text)) is not None), None)


def instant_of(text: str) -> int | None:
    """Microseconds UTC of an xsd:dateTime, also of one without an offset (Europe/Berlin), and of a day, a month or a
    year (its beginning there). None for anything else."""
    text = text.strip()
    try:
        if _ZULU.fullmatch(text):  # as nearly everybody writes it, read by the parser that is written in C
            since = datetime.fromisoformat(text) - _EPOCH
            return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        if _LOCAL.fullmatch(text):
            local = datetime.fromisoformat(text).replace(tzinfo=_BERLIN)
            return int(local.astimezone(UTC).timestamp()) * 1_000_000 + local.microsecond
        if "T" in text:
            return instants.instant(text)
        day = day_of(text)
        return instants.span(day)[0] if day else None
    except (ValueError, OverflowError):
        return None


def day_of(text: str) -> str:
    """The day of a date, of an instant as it is written, or the first of a month or a year; "" for anything else."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return ""
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return ""
    return day.isoformat() if 1000 <= day.year <= 9998 else ""


def _located(graph: Graph, node: Node) -> Iterator[Node]:
    """The places that a dataset names; one without a node of its own is an empty one."""
    older = ("dcatde:politicalGeocodingURI", _OLD_DCATDE + "politicalGeocodingURI")
    for name in ("dct:spatial", *older):
        for one in graphs.values(node, name)[:_MANY]:
            id = one.get("@id", "")
            yield graph.get(id, {"@id": id, "skos:prefLabel": [one] if "@value" in one else []})


def _keys(location: Node) -> Iterator[str]:
    for iri in (location["@id"], *_words(location, "locn:adminUnitL2", "locn:adminUnitL1", "dct:identifier")):
        found = _KEY.fullmatch(iri.replace("https://", "http://", 1))
        if found and len(found[2]) == KINDS[found[1]]:
            yield found[2]
        nuts = _NUTS.fullmatch(names.code(iri, NUTS))
        if nuts:
            yield nuts[1]
        if iri == names.COUNTRY + "DEU":
            yield "DE"


def _called(node: Node, locations: list[Node]) -> Iterator[str]:
    for location in locations:
        yield from _literals(location, "skos:prefLabel", "locn:geographicName", "rdfs:label", "schema:name")
    yield from _literals(node, "dcatde:geocodingDescription", _OLD_DCATDE + "geocodingText")


def _literals(node: Node, *properties: str) -> Iterator[str]:
    return (text.strip()[:_SHORT] for name in properties for text in graphs.texts(node, name)[:_MANY] if text.strip())


def _boxes(location: Node) -> Iterator[Box]:
    for name in ("dcat:bbox", "locn:geometry", "gsp:asWKT", "gsp:asGeoJSON", "dcat:centroid"):
        for text in graphs.texts(location, name)[:_MANY]:
            if box := box_of(text):
                yield box


def _end(graph: Graph, node: Node, dates: tuple[str, ...], interval: str) -> str:
    """One end of the time that a dataset is about: of its first period that says one."""
    for id in graphs.ids(node, "dct:temporal")[:_MANY]:
        period = graph.get(id, {})
        moments = [graph.get(moment, {}) for moment in graphs.ids(period, interval)]
        held = [*_literals(period, *dates)]
        for moment in moments:
            held += _literals(moment, "time:inXSDDate", "time:inXSDDateTimeStamp", "time:inXSDDateTime")
        if day := next((day for text in held if (day := day_of(text))), ""):
            return day
    return ""


def _identifiers(graph: Graph, node: Node) -> tuple[str, ...]:
    others = (graph.get(id, {}) for id in graphs.ids(node, "adms:identifier"))
    return _distinct(
        [*_words(node, "dct:identifier"), *(word for one in others for word in _words(one, "skos:notation"))]
    )


def _standards(graph: Graph, node: Node) -> Iterator[str]:
    """What a dataset conforms to: by IRI, or by what a standard without one is called."""
    for one in graphs.values(node, "dct:conformsTo")[:_MANY]:
        id = one.get("@id", one.get("@value", ""))
        if id.startswith("_:"):
            id = _text(graph.get(id, {}), "rdfs:label", "dct:title")
        if id:
            yield id[:_SHORT]


def _is_crs(graph: Graph, id: str) -> bool:
    return id.startswith(_CRS) or _GLOSSARY_CRS in graphs.ids(graph.get(id, {}), "dct:type")


def _labelled(graph: Graph, node: Node, name: str) -> dict[str, str]:
    """The texts of a statement that a property names, or its own."""
    found = by_language(node, name, _LONG)
    for id in graphs.ids(node, name)[:_MANY]:
        for language, text in by_language(graph.get(id, {}), "rdfs:label", _LONG).items():
            found.setdefault(language, text)
    return found


def _rights(graph: Graph, node: Node) -> str:
    label = next(iter(_labelled(graph, node, "dct:rights").values()), "")
    return label or _word(node, "dct:rights")


def _number(node: Node, name: str, of: Callable[[str], _T]) -> _T | None:
    for text in graphs.texts(node, name)[:_MANY]:
        try:
            number = of(text.strip())
        except (ValueError, OverflowError):
            continue
        if 0 <= number < 1 << 63:  # type: ignore[operator]
            return number
    return None


def _distinct(values: Iterable[_T]) -> tuple[_T, ...]:
    found = tuple(values)
    return found if len(found) < 2 else tuple(dict.fromkeys(found))[:_MANY]


def _first(values: tuple[_T, ...]) -> _T | None:
    return values[0] if values else None
