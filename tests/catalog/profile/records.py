"""Records for the tests of the rules: one of our own that has all there is, the official examples, and mutants of both.

A mutant is a record with one to three things changed, right or wrong; its ids are its own, so that many can be judged
in one graph.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any

from catalog.graph import Graph, Node, Value, full
from catalog.profile import vocabularies as lists
from catalog.profile.facts import CLASSES, DEPRECATED, EITHER, FACTS, HASH
from catalog.rdf.reading import read_graph
from tests.catalog.dcat_samples import EXAMPLES

DATASET = "https://daten.beispiel.example/datasets/ladesaeulen"
AUTHORITY = lists.AUTHORITY


def iri(text: str) -> Value:
    """A value that names something."""
    return {"@id": text}


def text(said: str, language: str = "", datatype: str = "") -> Value:
    """A literal."""
    value = {"@value": said}
    if language:
        value["@language"] = language
    if datatype:
        value["@type"] = datatype
    return value


def node(id: str, kind: str, **held: Any) -> Node:
    """A node of one class; names with `__` for the colon, values as they are or one alone."""
    found: Node = {"@id": id, "@type": [kind]}
    for name, values in held.items():
        found[name.replace("__", ":")] = values if isinstance(values, list) else [values]
    return found


def record() -> Graph:
    """A usual dataset with two distributions, and nothing wrong with it."""
    nodes = [
        node(
            DATASET,
            "dcat:Dataset",
            dct__title=[text("Ladesäulen", "de"), text("Charging points", "en")],
            dct__description=[text("Alle Ladesäulen der Stadt.", "de")],
            dct__publisher=iri("_:publisher"),
            dct__identifier=text("ladesaeulen"),
            dct__issued=text("2024-01-01", datatype="xsd:date"),
            dct__modified=text("2026-01-01T00:00:00Z", datatype="xsd:dateTime"),
            dct__language=iri(AUTHORITY + "language/DEU"),
            dct__accrualPeriodicity=iri(AUTHORITY + "frequency/DAILY"),
            dct__accessRights=iri(AUTHORITY + "access-right/PUBLIC"),
            dct__spatial=iri("_:place"),
            dct__temporal=iri("_:time"),
            dcat__keyword=[text("ladesäule", "de"), text("verkehr", "de"), text("strom", "de")],
            dcat__theme=[iri(AUTHORITY + "data-theme/TRAN"), iri(AUTHORITY + "data-theme/ENER")],
            dcat__contactPoint=iri("_:contact"),
            dcat__distribution=[iri(DATASET + "/1"), iri(DATASET + "/2")],
            dcatde__contributorID=iri(lists.CONTRIBUTORS.iri("openNRW")),
            dcatde__politicalGeocodingLevelURI=iri(lists.LEVELS.iri("municipality")),
        ),
        node(
            "_:publisher", "foaf:Organization", foaf__name=text("Stadt"), dct__type=iri(lists.PUBLISHERS.iri("Company"))
        ),
        node("_:contact", "vcard:Organization", vcard__fn=text("Amt"), vcard__hasEmail=iri("mailto:amt@stadt.example")),
        node(
            "_:place", "dct:Location", dcat__bbox=text("POLYGON((6 51, 7 51, 7 52, 6 51))", datatype="gsp:wktLiteral")
        ),
        node("_:time", "dct:PeriodOfTime", dcat__startDate=text("2024-01-01", datatype="xsd:date")),
        *(distribution(number) for number in (1, 2)),
    ]
    return {one["@id"]: one for one in nodes}


def distribution(number: int) -> Node:
    """One of the usual dataset's."""
    return node(
        f"{DATASET}/{number}",
        "dcat:Distribution",
        dct__title=text("CSV", "de"),
        dcat__accessURL=iri("https://daten.beispiel.example/ladesaeulen.csv"),
        dct__license=iri(lists.LICENCES.iri("dl-by-de/2.0")),
        dct__format=iri(lists.FILE_TYPES.iri("CSV")),
        dcat__mediaType=iri(lists.MEDIA_TYPES + "text/csv"),
        dcatap__availability=iri(lists.AVAILABILITY.iri("STABLE")),
        dcatde__licenseAttributionByText=text("Stadt", "de"),
        dcat__byteSize=text("12", datatype="xsd:nonNegativeInteger"),
    )


def everything() -> Graph:
    """A node of every class that is judged, with every property that is demanded anything of, right or wrong."""
    found = {}
    for number, (about, facts) in enumerate(FACTS.items()):
        one = node(f"urn:whole:{number}", about)
        for name, must in facts.items():
            one[name] = [text("x")] if must.form == "literal" else [iri(f"urn:whole:{number + 1}")]
        found[one["@id"]] = one
    return found


BROKEN = ("example-bees_wasps_dataset.ttl",)
"""Of the official examples: no Turtle."""


@cache
def examples() -> dict[str, Graph]:
    """The official examples by the names of their files, read once: nobody changes them."""
    found = {}
    for path in sorted(EXAMPLES.rglob("*")):
        media = {".ttl": "text/turtle", ".rdf": "application/rdf+xml"}.get(path.suffix)
        if media is not None and path.name not in BROKEN:
            found[path.name] = read_graph(path.read_bytes(), media, f"https://{path.stem}.example/")
    return found


# --- mutants ----------------------------------------------------------------------------------------------------------

LITERALS = [
    text("x"),
    text(""),
    text("x", "de"),
    text("5", datatype="xsd:integer"),
    text("5", datatype="xsd:nonNegativeInteger"),
    text("-5", datatype="xsd:nonNegativeInteger"),
    text("many", datatype="xsd:nonNegativeInteger"),
    text("10.0", datatype="xsd:decimal"),
    text("ten", datatype="xsd:decimal"),
    text("10", datatype="xsd:float"),
    text("P1D", datatype="xsd:duration"),
    text("PT15M", datatype="xsd:duration"),
    text("one day", datatype="xsd:duration"),
    text("0aFF", datatype="xsd:hexBinary"),
    text("0aF", datatype="xsd:hexBinary"),
    text("xyz", datatype="xsd:hexBinary"),
    text("2026-02-31", datatype="xsd:date"),
    text("01.02.2026", datatype="xsd:dateTime"),
    text("2026-01-01", datatype="xsd:date"),
    text("http://www.iana.org/assignments/media-types/text/csv"),
    text(lists.LANGUAGES.iri("DEU")),
    text("http://purl.org/adms/status/Completed"),
    text("mailto:amt@stadt.example"),
]
IRIS = [
    "urn:nowhere",
    "https://elsewhere.example/theme/1",
    "http://www.iana.org/assignments/media-types/text/csv",
    "HTTPS://www.iana.org/assignments/media-types/text/csv",
    "https://www.iana.org/assignments/",
    "http://publications.europa.eu/resource/authority/language/GER",
    "http://publications.europa.eu/resource/authority/file-type/csv",
    "https://publications.europa.eu/resource/authority/data-theme/ENER",
    "http://publications.europa.eu/resource/authority/data-theme/",
    "http://purl.org/adms/status/Completed",
    "http://dcat-ap.de/def/hashAlgorithms/md/5",
    "http://dcat-ap.de/def/licenses/unheard-of",
    "mailto:amt@stadt.example",
    "_:nothing",
    *(one.iri(min(one.known, default="openNRW")) for one in lists.VOCABULARIES),
]
OTHER = ["owl:versionInfo", "rdfs:comment", "skos:inScheme", HASH, "dcatap:availability", *DEPRECATED]
KINDS = sorted({*FACTS, *(one for below in CLASSES.values() for one in below), "skos:Concept", "dcat:Resource"})
KINDS += ["dct:Agent", "time:Instant", "dcat:Role", "spdx:ChecksumAlgorithm", "http://example.org/Other"]


def mutants(count: int, seed: int, records: list[Graph]) -> Iterator[Graph]:
    """So many of these records, changed; always the same of a seed."""
    chance = Random(seed)
    for number in range(count):
        graph = renamed(chance.choice(records), f"m{number}")
        for _ in range(chance.randint(1, 3)):
            chance.choice(CHANGES)(graph, chance)
        yield graph


def renamed(graph: Graph, mark: str) -> Graph:
    """The same with ids of its own."""
    names = {id: f"_:{mark}{id[2:]}" if id.startswith("_:") else f"{id}#{mark}" for id in graph}

    def value(one: Any) -> Any:
        return {"@id": names.get(one["@id"], one["@id"])} if isinstance(one, dict) and "@id" in one else one

    found = {}
    for id, old in graph.items():
        held = {name: [value(one) for one in values] for name, values in old.items() if name != "@id"}
        found[names[id]] = {"@id": names[id], **held}
    return copy.deepcopy(found)


def _node(graph: Graph, chance: Random) -> Node:
    return graph[chance.choice(list(graph))] if graph else {}


def _name(one: Node, chance: Random) -> str:
    """A property: one that it has, or one that something is demanded of."""
    here: list[str] = [name for name in one if not name.startswith("@")]
    asked: list[str] = [name for kind in one.get("@type", ()) for name in (*FACTS.get(kind, ()), *EITHER.get(kind, ()))]
    return chance.choice((here or OTHER, asked or OTHER, here or OTHER, OTHER)[chance.randrange(4)])


def _value(graph: Graph, chance: Random) -> Value:
    kind = chance.randrange(3)
    if kind == 0:
        return dict(chance.choice(LITERALS))
    return iri(chance.choice(IRIS) if kind == 1 or not graph else chance.choice(list(graph)))


def _put(one: Node, name: str, values: list[Value]) -> None:
    """Without repetition, as the form of graphs has it."""
    one[name] = [value for number, value in enumerate(values) if value not in values[:number]]


def _drop(graph: Graph, chance: Random) -> None:
    one = _node(graph, chance)
    one.pop(_name(one, chance), None)


def _replace(graph: Graph, chance: Random) -> None:
    one = _node(graph, chance)
    _put(one, _name(one, chance), [_value(graph, chance)])


def _add(graph: Graph, chance: Random) -> None:
    one = _node(graph, chance)
    name = _name(one, chance)
    _put(one, name, [*one.get(name, []), *(_value(graph, chance) for _ in range(chance.randint(1, 2)))])


def _turn(graph: Graph, chance: Random) -> None:
    """What was text becomes an IRI, and the other way round."""
    one = _node(graph, chance)
    name = _name(one, chance)
    turned = [text(value["@id"]) if "@id" in value else iri("urn:was:text") for value in one.get(name, [])]
    _put(one, name, turned or [_value(graph, chance)])


def _classify(graph: Graph, chance: Random) -> None:
    """Another class, one more, or none."""
    one = _node(graph, chance)
    if one:
        kinds = [[], [chance.choice(KINDS)], [*one.get("@type", ()), chance.choice(KINDS)]][chance.randrange(3)]
        one["@type"] = list(dict.fromkeys(kinds))


def _nest(graph: Graph, chance: Random) -> None:
    """A value that is a node told in full, with or without a name."""
    one = _node(graph, chance)
    id = f"{chance.choice(['_:nested', 'urn:nested:'])}{chance.randrange(1 << 40)}"
    name = _name(one, chance)
    _put(one, name, [*one.get(name, []), iri(id)])
    graph[id] = node(id, chance.choice(KINDS))
    for _ in range(chance.randrange(4)):
        graph[id][_name(graph[id], chance)] = [_value(graph, chance)]


def _join(graph: Graph, chance: Random) -> None:
    """A concept of their own that says to be of a list."""
    one = _node(graph, chance)
    id = f"urn:concept:{chance.randrange(1 << 40)}"
    graph[id] = node(id, "skos:Concept", skos__inScheme=iri(chance.choice(lists.VOCABULARIES).scheme))
    one[_name(one, chance)] = [iri(id)]


def _derive(graph: Graph, chance: Random) -> None:
    """A class of their own below one or two others, and a node of it."""
    one = _node(graph, chance)
    name, other = (f"urn:class:{chance.randrange(1 << 40)}" for _ in range(2))
    graph[name] = node(name, "rdfs:Class", rdfs__subClassOf=iri(other))
    graph[other] = node(other, "rdfs:Class", rdfs__subClassOf=iri(full(chance.choice(KINDS))))
    if one:
        one["@type"] = [name]


def _forget(graph: Graph, chance: Random) -> None:
    """A node that is named and not told."""
    if graph:
        del graph[chance.choice(list(graph))]


def _repeat(graph: Graph, chance: Random) -> None:
    """One more of the kind: a dataset, a distribution, a contact."""
    one = copy.deepcopy(_node(graph, chance))
    if one:
        one["@id"] = f"{one['@id']}x{chance.randrange(1 << 40)}"
        graph[one["@id"]] = one


CHANGES: list[Callable[[Graph, Random], None]] = [
    _drop,
    _drop,
    _replace,
    _replace,
    _add,
    _add,
    _turn,
    _classify,
    _nest,
    _join,
    _derive,
    _forget,
    _repeat,
]
