"""The catalogue as portals harvest it: DCAT-AP.de 3.0, with a page of the node where the protocol has an offer.

What lives here: what is added to what is told of a dataset, and the catalogue around them, pure. What does not: what is
told (`own`), writing it (`turtle` and its neighbours), pages for people (`landing`). Sources: DCAT-AP.de 3.0, DCAT-AP
HVD 3.0 (the law on each distribution too), mobilityDCAT-AP 1.0 (standard and rights of each), Hydra Core (paging as
harvesters of CKAN follow it).

An offer of the protocol has no address that data could be had at, and no licence: it becomes a distribution whose
access URL is the page of its terms. Where nothing is said of a licence, it is `other-closed`, as the portals themselves
have it; where nothing is said of access, it is what the terms make it.

What is added to a dataset is added for everybody: the catalogue that other nodes read says the same of it. Where there
are no pages of terms, its data are had where contracts are negotiated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from catalog.graph import Graph, Node, Value, ids, values
from catalog.model import Metadata, Texts
from catalog.portal import names
from catalog.portal.file_types import essence, file_type
from catalog.portal.metadata import change, read
from catalog.portal.own import House
from catalog.portal.telling import by_language, instant

CLOSED: Final = "other-closed"
_OF_TERMS: Final[Texts] = {"de": "Über den Datenraum, unter Bedingungen", "en": "Through the data space, under terms"}
_SERVICE: Final[Texts] = {"de": "Datenraum-Konnektor", "en": "Data space connector"}
_PROTOCOL: Final = "https://w3id.org/dspace/2025/1/"
_LIST: Final = names.THEME.rstrip("/")


class Terms(Struct, frozen=True, kw_only=True):
    """An offer to everybody: `page` is where its terms stand for people, "" where this node has no pages. `licence` is
    the IRI that the terms themselves name, "" where they name none; `restricted` is False where they ask for nothing.
    """

    id: str
    page: str
    restricted: bool
    licence: str = ""


class Exhibit(Struct, frozen=True, kw_only=True):
    """A dataset that is shown: what is told of it, its page ("" for none), its terms; `changed` microseconds UTC.
    `endpoint` is where contracts about it are negotiated, "" where it is offered to nobody; `media_types` are others in
    which its data may be asked for."""

    id: str
    graph: Graph
    page: str
    terms: tuple[Terms, ...]
    changed: int
    media_type: str = ""
    media_types: tuple[str, ...] = ()
    endpoint: str = ""
    titled: bool = True
    """Do distributions that offers become have a title?"""

    @property
    def access(self) -> str:
        """Where its data are to be had: at its first terms, or where those are negotiated."""
        return next((one.page for one in self.terms if one.page), self.endpoint)


class Shelf(Struct, frozen=True, kw_only=True):
    """The catalogue around datasets: its IRI, its page for people, where the protocol is spoken."""

    id: str
    page: str
    endpoint: str
    changed: int | None = None


class Sheet(Struct, frozen=True, kw_only=True):
    """One page of a catalogue: the addresses of pages, "" for one that there is not, and what there is in all."""

    id: str
    first: str
    last: str
    previous: str
    next: str
    total: int
    size: int


def dataset(exhibit: Exhibit) -> Graph:
    """The graph of one dataset as portals see it, and as it stands in the catalogue for other nodes."""
    said = read(exhibit.graph, exhibit.id)
    completed = _completed(said, exhibit)
    graph = change(exhibit.graph, exhibit.id, completed, said)
    law = _law(completed.get("legislation", said.legislation))
    offered, moving = _offered(said, exhibit), _moving(said, exhibit)
    links = {one["@id"]: one for one in values(graph[exhibit.id], "dcat:distribution") if "@id" in one}
    for at, id in enumerate(list(links)):
        name = f"{exhibit.page or exhibit.id}#form-{at + 1}" if id.startswith("_:") else id
        node = _licensed({**graph.pop(id, {"@type": ["dcat:Distribution"]}), "@id": name}, said, law)
        graph[name] = _reachable(node, exhibit, moving)
        links[id] = {"@id": name}
    graph[exhibit.id] = {**graph[exhibit.id], "dcat:distribution": [*links.values(), *({"@id": id} for id in offered)]}
    for id, node in offered.items():
        graph[id] = _licensed({**moving, **node}, said, law)
    for id in ids(moving, "dct:rights"):
        graph[id] = {"@id": id, "@type": ["dct:RightsStatement"], "dct:type": [{"@id": names.MOBILITY_CONTRACT}]}
    if not links and not offered:
        del graph[exhibit.id]["dcat:distribution"]
    return graph


def catalogue(shelf: Shelf, house: House, datasets: Iterable[tuple[str, Graph]], sheet: Sheet | None = None) -> Graph:
    """The catalogue with these datasets (IRI and graph) in one graph; with `sheet`, as one page of it."""
    graph: Graph = {}
    shown: list[Value] = []
    reserved = {shelf.id, f"{shelf.page}#connector", house.id}
    for at, (id, told) in enumerate(datasets):
        shown.append({"@id": id})
        _add(graph, _apart(told, f"d{at}"), id, reserved)
    service = _service(shelf, house)
    around = [_catalogue(shelf, house, shown, service["@id"]), service, _publisher(house)]
    for node in around:
        graph[node["@id"]] = {name: held for name, held in node.items() if held}
    if sheet is not None:
        graph[sheet.id] = _paged(sheet)
    return graph


def _completed(said: Metadata, exhibit: Exhibit) -> dict[str, Any]:
    """What portals want and nobody has told."""
    fields: dict[str, Any] = {}
    if not said.landing_page and exhibit.page:
        fields["landing_page"] = exhibit.page
    if not said.access and exhibit.access:
        fields["access"] = "RESTRICTED" if all(one.restricted for one in exhibit.terms) else "PUBLIC"
    if not said.identifiers:
        fields["identifiers"] = (exhibit.id,)
    if said.modified is None:
        fields["modified"] = exhibit.changed
    if said.hvd and names.HVD_LAW not in said.legislation:
        fields["legislation"] = (*said.legislation, names.HVD_LAW)
    return fields


def _law(legislation: Sequence[str]) -> list[Value]:
    """What has to stand on every distribution of a high-value dataset."""
    return [{"@id": names.HVD_LAW}] if names.HVD_LAW in legislation else []


def _moving(said: Metadata, exhibit: Exhibit) -> Node:
    """What has to stand on a distribution of mobility data that is had under an offer: by contract, and in the standard
    that all forms are told to have."""
    standards = {one.mobility_standard for one in said.forms if one.mobility_standard}
    if not (said.mobility_theme or standards) or not exhibit.access:
        return {}
    standard = [names.value(one, names.MOBILITY_STANDARD) for one in standards if len(standards) == 1]
    named = {"mobilitydcatap:mobilityDataStandard": standard} if standard else {}
    return {"dct:rights": [{"@id": f"{exhibit.page or exhibit.id}#rights"}], **named}


def _offered(said: Metadata, exhibit: Exhibit) -> Graph:
    """The distributions that offers become; none where a distribution that is told of has no address: it is that one
    which is offered."""
    if any(not form.access_url for form in said.forms):
        return {}
    found = [_of_offer(f"{one.page}#distribution", [one], exhibit) for one in exhibit.terms if one.page]
    if not found and exhibit.access:
        found = [_of_offer(f"{exhibit.id}#distribution", exhibit.terms, exhibit)]
    for first in found[:1]:
        others = {file_type(one): one for one in exhibit.media_types if file_type(one)}
        others.pop(file_type(exhibit.media_type), None)
        found += [{**first, "@id": f"{first['@id']}-{name.lower()}", **_form(one)} for name, one in others.items()]
    return {node["@id"]: node for node in found}


def _of_offer(id: str, terms: Sequence[Terms], exhibit: Exhibit) -> Node:
    """The data as they are had under these terms. A licence that not all of them name is none."""
    policies: list[Value] = [{"@id": one.page} for one in terms if one.page]
    licences = {one.licence for one in terms}
    return {
        "@id": id,
        "@type": ["dcat:Distribution"],
        **({"dct:title": by_language(_OF_TERMS)} if exhibit.titled else {}),
        "dcat:accessURL": policies[:1] or [{"@id": exhibit.access}],
        **({"odrl:hasPolicy": policies} if policies else {}),
        **({"dct:license": [{"@id": licences.pop()}]} if len(licences) == 1 and all(licences) else {}),
        **_form(exhibit.media_type),
    }


def _form(media_type: str) -> Node:
    """In which form data of a media type are, where that leaves no choice."""
    media, type = essence(media_type), file_type(media_type)
    if not type:
        return {}
    form: Node = {"dct:format": [{"@id": names.FORMAT + type}]}
    # What begins with x- is no registered type, so there is no address of it.
    return form if "/x-" in media else {**form, "dcat:mediaType": [{"@id": names.MEDIA_TYPE + media}]}


def _reachable(node: Node, exhibit: Exhibit, moving: Node) -> Node:
    """A distribution that has no address is had under the offers' terms, in the form that the node has it in."""
    if node.get("dcat:accessURL") or not exhibit.access:
        return node
    policies: list[Value] = [{"@id": one.page} for one in exhibit.terms if one.page]
    form = {} if node.get("dct:format") or node.get("dcat:mediaType") else _form(exhibit.media_type)
    named = {"odrl:hasPolicy": policies} if policies else {}
    return {**moving, **node, **form, "dcat:accessURL": [{"@id": exhibit.access}], **named}


def _licensed(node: Node, said: Metadata, law: list[Value]) -> Node:
    if not node.get("dct:license"):
        node = {**node, "dct:license": [names.value(said.licence or CLOSED, names.LICENCE)]}
    if said.attribution and not node.get("dcatde:licenseAttributionByText"):
        node = {**node, "dcatde:licenseAttributionByText": [{"@value": said.attribution}]}
    lacking = [one for one in law if one not in values(node, "dcatap:applicableLegislation")]
    if not lacking:
        return node
    return {**node, "dcatap:applicableLegislation": [*values(node, "dcatap:applicableLegislation"), *lacking]}


def _apart(graph: Graph, prefix: str) -> Graph:
    """With blank nodes that no other dataset has."""

    def renamed(id: str) -> str:
        return f"_:{prefix}{id[2:]}" if id.startswith("_:") else id

    def moved(name: str, held: Any) -> Any:
        if name == "@id":
            return renamed(held)
        return (
            held if name == "@type" else [{**one, "@id": renamed(one["@id"])} if "@id" in one else one for one in held]
        )

    return {renamed(id): {name: moved(name, held) for name, held in node.items()} for id, node in graph.items()}


def _add(graph: Graph, told: Graph, root: str, reserved: set[str]) -> None:
    """INVARIANT: what is told of one dataset says nothing of another, and nothing of the catalogue; of what both name
    (a publisher) both may say something."""
    for id, node in told.items():
        foreign = id != root and not {"dcat:Dataset", "dcat:Catalog"}.isdisjoint(node.get("@type", ()))
        if foreign or id in reserved or (id != root and "dcat:Dataset" in graph.get(id, {}).get("@type", ())):
            continue
        graph[id] = node if id == root or id not in graph else _united(graph[id], node)


def _united(one: Node, other: Node) -> Node:
    result = dict(one)
    for name, held in other.items():
        if name != "@id":
            result[name] = [*result.get(name, []), *(value for value in held if value not in result.get(name, []))]
    return result


def _catalogue(shelf: Shelf, house: House, shown: Sequence[Value], service: str) -> Node:
    german, english = f"Datenkatalog: {house.name}", f"Data catalogue: {house.name}"
    return {
        "@id": shelf.id,
        "@type": ["dcat:Catalog"],
        "dct:title": [{"@value": german, "@language": "de"}, {"@value": english, "@language": "en"}],
        "dct:description": [
            {"@value": f"Was {house.name} allen anbietet.", "@language": "de"},
            {"@value": f"What {house.name} offers to everybody.", "@language": "en"},
        ],
        "dct:publisher": [{"@id": house.id}],
        "dct:language": [{"@id": names.LANGUAGE + "DEU"}],
        "foaf:homepage": [{"@id": shelf.page}],
        "dcat:themeTaxonomy": [{"@id": _LIST}],
        "dct:modified": instant(shelf.changed),
        "dcat:service": [{"@id": service}],
        "dcat:dataset": list(shown),
    }


def _service(shelf: Shelf, house: House) -> Node:
    return {
        "@id": f"{shelf.page}#connector",
        "@type": ["dcat:DataService"],
        "dct:title": [{"@value": text, "@language": language} for language, text in _SERVICE.items()],
        "dcat:endpointURL": [{"@id": shelf.endpoint}],
        "dct:conformsTo": [{"@id": _PROTOCOL}],
        "dct:publisher": [{"@id": house.id}],
    }


def _publisher(house: House) -> Node:
    homepage: list[Value] = [{"@id": house.homepage}] if house.homepage else []
    return {
        "@id": house.id,
        "@type": ["foaf:Agent"],
        "foaf:name": [{"@value": house.name}],
        "foaf:homepage": homepage,
    }


def _paged(sheet: Sheet) -> Node:
    """Both of Hydra's forms: harvesters of CKAN and others look for one or the other."""
    addresses = {
        "first": sheet.first,
        "last": sheet.last,
        "previous": sheet.previous,
        "next": sheet.next,
    }
    node: Node = {
        "@id": sheet.id,
        "@type": ["hydra:PagedCollection", "hydra:PartialCollectionView"],
        "hydra:totalItems": [{"@value": str(sheet.total), "@type": "xsd:integer"}],
        "hydra:itemsPerPage": [{"@value": str(sheet.size), "@type": "xsd:integer"}],
    }
    for name, address in addresses.items():
        if address:
            node[f"hydra:{name}"] = [{"@id": address}]
            node[f"hydra:{name}Page"] = [{"@id": address}]
    return node
