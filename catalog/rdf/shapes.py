"""The official shapes of DCAT-AP.de 3.0 as GovData composes them, judged by pyshacl: the second opinion on `profile`.

What lives here: putting the composition together from the files of a folder, and what it finds. What does not: our own
rules (`profile`), which find the same a hundred times as fast; the process that this runs in (`worker`): no node does
this by itself. Sources: SHACL; DCAT-AP 3.0.0 (SEMIC), DCAT-AP.de 3.0 with its messages and deactivations, additions,
deprecations, and controlled vocabularies.

What the files ask of the network is told here instead: which IRIs are of which list (`profile.vocabularies`), and
which classes are below which (FOAF, ORG, vCard). Three more things are put right: links to properties that say nothing
are left out, a shape of a class that nobody attached is left as it is, and what German files say of `dcatap:` with a
hash is asked of that with a slash as well.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from catalog.graph import PREFIXES, Graph, Value, full, short
from catalog.profile.facts import CLASSES, HASH
from catalog.profile.vocabularies import CHECKSUMS, VOCABULARIES

FILES: Final = (
    "dcat-ap-SHACL-DE.ttl",
    "dcat-ap-de-deprecated.ttl",
    "dcat-ap-spec-german-additions.ttl",
    "dcat-ap-de-controlledvocabularies.ttl",
)
SEMIC: Final = ("dcat-ap-SHACL-3.0.0.ttl", "dcat-ap-SHACL.ttl")
"""The European file: its first name here, and its own, which later releases have as well."""
_RELEASE: Final = b"releases/3.0.0/shacl"
_SHACL: Final = "http://www.w3.org/ns/shacl#"


class ShapesError(Exception):
    """The folder does not hold the composition: `missing` is the name of a file."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


class Told(Struct, frozen=True, order=True):
    """One result: `severity` is `violation`, `warning` or `info`, `path` a name, or several with `|` between, and
    `constraint` the name of SHACL's component without its last word (`MinCount`)."""

    severity: str
    node: str
    path: str
    constraint: str
    value: str


class Composition:
    """The shapes of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        """Reads the files wherever they are below the folder. Raises `ShapesError`."""
        from rdflib import Graph as Rdf

        # It tells of every literal that is none of its datatype, which is for the shapes to find.
        logging.getLogger("rdflib").setLevel(logging.CRITICAL)
        self._shapes = Rdf()
        for path in _files(folder):
            self._shapes.parse(path, format="turtle")
        _mend(self._shapes)

    def judge(self, graph: Graph) -> tuple[Told, ...]:
        """What the shapes find in a graph, each once, sorted."""
        from pyshacl.graph_abstraction import DataGraph

        _, found, _ = _reporting()(DataGraph.from_rdflib(_data(graph)), shacl_graph=self._shapes).run()
        return tuple(sorted(found))

    def demands(self) -> Iterator[tuple[str, str, str, str, str]]:
        """What the shapes demand: class, property, constraint, its value, severity; without what is deactivated."""
        from rdflib import URIRef

        graph = self._shapes
        for shape, kind in graph.subject_objects(URIRef(_SHACL + "targetClass")):
            for held in graph.objects(shape, URIRef(_SHACL + "property")):
                if not graph.value(held, URIRef(_SHACL + "deactivated")):
                    yield from (
                        (short(str(kind)), _path(graph, graph.value(held, URIRef(_SHACL + "path"))), *rest)
                        for rest in _constraints(graph, held)
                    )


# --- shapes -----------------------------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Path]:
    for name in FILES:
        yield _found(folder, name)
    for name in SEMIC:
        for path in sorted(folder.rglob(name)):
            if _RELEASE in path.read_bytes():
                yield path
                return
    raise ShapesError(SEMIC[0])


def _found(folder: Path, name: str) -> Path:
    path = min(folder.rglob(name), default=None)
    if path is None:
        raise ShapesError(name)
    return path


def _mend(shapes: Any) -> None:
    from rdflib import URIRef

    path, held, slash = URIRef(_SHACL + "path"), URIRef(_SHACL + "property"), URIRef(full("dcatap:availability"))
    for shape, one in list(shapes.subject_objects(held)):
        if (one, path, None) not in shapes:
            shapes.remove((shape, held, one))
        elif (one, path, URIRef(HASH)) in shapes:
            twin = URIRef(f"{one}/slash")
            shapes += [(twin, name, value) for name, value in shapes.predicate_objects(one) if name != path]
            shapes += [(shape, held, twin), (twin, path, slash)]


_CONSTRAINTS: Final = ("minCount", "maxCount", "nodeKind", "class", "datatype", "pattern", "not", "property")


def _constraints(graph: Any, held: Any) -> Iterator[tuple[str, str, str]]:
    from rdflib import URIRef

    severity = _severity(graph.value(held, URIRef(_SHACL + "severity")))
    for name in _CONSTRAINTS:
        for value in graph.objects(held, URIRef(_SHACL + name)):
            if name == "property":
                wanted = str(graph.value(value, URIRef(_SHACL + "hasValue")))
                yield "hasValue", wanted, _severity(graph.value(value, URIRef(_SHACL + "severity")))
            else:
                yield name, short(str(value)).removeprefix(_SHACL), severity


def _severity(name: Any) -> str:
    return str(name or _SHACL + "Violation").removeprefix(_SHACL).lower()


def _path(graph: Any, path: Any) -> str:
    from rdflib import BNode, URIRef

    if not isinstance(path, BNode):
        return short(str(path))
    several = graph.value(path, URIRef(_SHACL + "alternativePath"))
    return "|".join(short(str(one)) for one in graph.items(several))


# --- data -------------------------------------------------------------------------------------------------------------


def _data(graph: Graph) -> Any:
    """A graph with what the composition would import, as triples."""
    from rdflib import Graph as Rdf
    from rdflib import URIRef

    data, named = Rdf(), set(graph)
    for id, node in graph.items():
        about = _name(id)
        data += ((about, URIRef(_TYPE), URIRef(full(kind))) for kind in node.get("@type", ()))
        for name, values in node.items():
            if not name.startswith("@"):
                data += ((about, URIRef(full(name)), _term(value)) for value in values)
                named.update(value["@id"] for value in values if "@id" in value)
    data += _members(named)
    below = URIRef(PREFIXES["rdfs"] + "subClassOf")
    data += (
        (URIRef(full(one)), below, URIRef(full(kind))) for kind, all in CLASSES.items() for one in all if one != kind
    )
    return data


_TYPE: Final = PREFIXES["rdf"] + "type"


def _name(id: str) -> Any:
    from rdflib import BNode, URIRef

    return BNode(id[2:]) if id.startswith("_:") else URIRef(id)


def _term(value: Value) -> Any:
    from rdflib import Literal, URIRef

    if "@id" in value:
        return _name(value["@id"])
    datatype = URIRef(full(value["@type"])) if "@type" in value else None
    return Literal(value["@value"], lang=value.get("@language"), datatype=datatype, normalize=False)


def _members(named: set[str]) -> Iterator[tuple[Any, Any, Any]]:
    """What the lists themselves would say of the IRIs that a graph names."""
    from rdflib import URIRef

    of = URIRef(PREFIXES["skos"] + "inScheme")
    for iri in named:
        yield from ((URIRef(iri), of, URIRef(one.scheme)) for one in VOCABULARIES if one.holds(iri))
        if CHECKSUMS.holds(iri):
            yield URIRef(iri), URIRef(_TYPE), URIRef(full("spdx:ChecksumAlgorithm"))


# --- results ----------------------------------------------------------------------------------------------------------


def _reporting() -> Any:
    """pyshacl's validator with a report of a few words a finding: the one of its own copies a shape with each."""
    from pyshacl.validator import Validator

    def finding(shapes: Any, result: tuple[Any, Any, Any]) -> Told:
        said = {
            str(name).removeprefix(_SHACL): value[1] if isinstance(value, tuple) else value
            for _, name, value in result[2]
        }
        path = said.get("resultPath")
        return Told(
            _severity(said["resultSeverity"]),
            _text(said["focusNode"]),
            "" if path is None else _path(shapes, path),
            str(said["sourceConstraintComponent"]).removeprefix(_SHACL).removesuffix("ConstraintComponent"),
            _text(said["value"]) if "value" in said else "",
        )

    class Plain(Validator):
        @classmethod
        def create_validation_report(cls, sg: Any, conforms: bool, results: list[Any]) -> tuple[Any, str]:
            return {finding(sg.graph, result) for result in results}, ""

    return Plain


def _text(term: Any) -> str:
    from rdflib import BNode

    return f"_:{term}" if isinstance(term, BNode) else str(term)
