"""The only room of RDF: what a JSON-LD document says under contexts that are known, and whether it fits shapes.

What lives here: refusing contexts, JSON-LD to RDF (PyLD), the canonical form (RDFC-1.0, by pyoxigraph), the nodes that
the canonical form tells of in the spelling of `rules`, SHACL (pyshacl). What does not: the contexts (`terms`), the
process that all of this runs in and its limits (`worker`): none of it may run in a node's own process.

INVARIANT: what is evaluated is what was canonicalised. Nodes are read from the canonical form, not from the document; a
document with a name that no context gives a meaning to is refused, because RDF would pass over it in silence.
Sources: JSON-LD 1.1; RDF Dataset Canonicalization 1.0; SHACL; Verifiable Credentials Data Model 2.0, 5.3 and B.1.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from catalog.descriptions.rules import PREFIXES
from catalog.rdf import terms

JsonObject = dict[str, Any]

MAX_QUADS: Final = 20_000
"""Statements of one document."""
MAX_BLANK: Final = 2_000
"""Nodes without a name in one document."""
MAX_DEPTH: Final = 64

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BASE: Final = "https://relative.invalid/"
_BLANK: Final = "urn:blank:"
_SUBJECT: Final = terms.CRED + "credentialSubject"
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_NAMESPACE = re.compile(r"(?:https?://|urn:)[^\s\"<>\\^`{|}]*[#/:?]", re.ASCII)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)


_KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@list", "@set", "@graph"})


def _names(context: Mapping[str, Any]) -> Iterator[str]:
    """The terms of a context, also of those that it brings along."""
    for name, meaning in context.items():
        yield name
        if isinstance(meaning, dict) and isinstance(meaning.get("@context"), dict):
            yield from _names(meaning["@context"])


_RESERVED: Final = frozenset(_names(terms.CONTEXTS[terms.V2])) | frozenset(_names(terms.CONTEXTS[terms.V1])) - {
    "cred",
    "sec",
    "xsd",
}
"""What a document's own context may never name."""


class ContextError(Exception):
    """A document that means nothing certain. `code` says why, `what` names the place or the URL."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code, self.what = code, what


class Meaning(Struct, frozen=True):
    """What a document says: `canonical` N-Quads, and its `nodes` in the spelling of `rules`; `subjects` are the ids of
    those that credentials are about, and everything that they tell of."""

    canonical: str
    nodes: tuple[JsonObject, ...]
    subjects: tuple[str, ...]


def read(document: JsonObject) -> Meaning:
    """What a JSON-LD document says.

    Raises `ContextError`: `jsonld.unknown`, `jsonld.inline`, `jsonld.digest`, `jsonld.keyword`, `jsonld.dropped`,
    `jsonld.large`, `jsonld.form`.
    """
    admit(document)
    quads = _quads(document)
    canonical = canonical_form(quads)
    nodes = _nodes(canonical)
    subjects = _subjects(nodes)
    mark = sha256(canonical.encode()).hexdigest()[:16]
    return Meaning(canonical, tuple(_plain(nodes[id], id, mark) for id in subjects), tuple(subjects))


# --- contexts ---------------------------------------------------------------------------------------------------------


def admit(document: JsonObject) -> None:
    """Return if every context in it is one of the table, or names prefixes that nobody else names. Raises as `read`."""
    _resources(document)
    used, own = set[str](), dict[str, str]()
    open: list[tuple[Any, int]] = [(document, 0)]
    while open:
        value, depth = open.pop()
        if depth > MAX_DEPTH:
            raise ContextError("jsonld.large", "depth")
        if isinstance(value, list):
            open.extend((item, depth + 1) for item in value)
        for key, item in value.items() if isinstance(value, dict) else ():
            if key == "@context":
                for one in item if isinstance(item, list) else [item]:
                    _admit_context(one, used, own)
            elif item is None or (key.startswith("@") and key not in _KEYWORDS) or (key == "@graph" and depth):
                # Null says nothing, other keywords move what is said to where nobody looks for it.
                raise ContextError("jsonld.keyword", key[:64])
            else:
                open.append((item, depth + 1))
    if named := next(
        (name for url in used for name, iri in own.items() if terms.CONTEXTS[url].get(name, iri) != iri), ""
    ):
        raise ContextError("jsonld.inline", named)


def _admit_context(one: Any, used: set[str], own: dict[str, str]) -> None:
    """A context by its URL, or one of the document's own: that names namespaces and nothing else."""
    if isinstance(one, str):
        if one not in terms.CONTEXTS:
            raise ContextError("jsonld.unknown", one[:256])
        used.add(one)
        return
    if not isinstance(one, dict):
        raise ContextError("jsonld.inline", type(one).__name__)
    for name, meaning in one.items():
        if not _PREFIX.fullmatch(name) or not isinstance(meaning, str) or not _NAMESPACE.fullmatch(meaning):
            raise ContextError("jsonld.inline", name[:64])
        if name in _RESERVED or own.setdefault(name, meaning) != meaning:
            raise ContextError("jsonld.inline", name)


def _resources(document: JsonObject) -> None:
    """A credential may say which bytes its contexts had (VCDM 2.0, 5.3): then they are those that are known here."""
    given = document.get("relatedResource", [])
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict) or one.get("id") not in terms.CONTEXTS:
            continue
        pin = terms.PINS.get(one["id"])
        if pin is None or one.get("digestSRI") != sri(bytes.fromhex(pin)):
            raise ContextError("jsonld.digest", one["id"])


def sri(digest: bytes) -> str:
    """A SHA-256 digest as Subresource Integrity writes it."""
    return "sha256-" + b64encode(digest).decode()


def _load(url: str, options: Mapping[str, Any]) -> JsonObject:
    """PyLD's loader: the table and nothing else."""
    if url not in terms.CONTEXTS:
        raise ContextError("jsonld.unknown", url[:256])
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": terms.CONTEXTS[url]},
    }


# --- RDF --------------------------------------------------------------------------------------------------------------


def _quads(document: JsonObject) -> str:
    """The statements of a document as N-Quads. Raises `ContextError`."""
    from pyld import jsonld

    dropped: list[str] = []
    options = {"documentLoader": _load, "processingMode": "json-ld-1.1", "base": _BASE}
    try:
        expanded = jsonld.expand(document, options, on_property_dropped=lambda name: dropped.append(str(name)))
        _certain(expanded)
        if dropped:
            raise ContextError("jsonld.dropped", dropped[0][:64])
        quads = jsonld.to_rdf(expanded, {**options, "format": "application/n-quads"})
    except jsonld.JsonLdError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ContextError):
                raise cause from None
            cause = getattr(cause, "cause", None) or cause.__cause__
        code = getattr(error, "code", "") or ""
        raise ContextError(
            "jsonld.inline" if "protected" in code or "redefinition" in code else "jsonld.form", code
        ) from None
    assert isinstance(quads, str)
    return quads


def _certain(expanded: Any) -> None:
    """Every id, type and property is an absolute IRI: a relative one would be left out of RDF in silence."""
    open = [expanded]
    while open:
        value = open.pop()
        if isinstance(value, list):
            open.extend(value)
        elif isinstance(value, dict) and "@value" not in value:
            ids = [value["@id"]] if "@id" in value else []
            for iri in (*ids, *value.get("@type", ())):
                if not isinstance(iri, str) or not (_ABSOLUTE.fullmatch(iri) or iri.startswith("_:")) or _BASE in iri:
                    raise ContextError("jsonld.dropped", str(iri)[:64])
            open.extend(item for key, item in value.items() if key not in ("@id", "@type"))


def canonical_form(quads: str, sha384: bool = False) -> str:
    """RDFC-1.0 of N-Quads, sorted. Takes time that grows exponentially with blank nodes that look alike: it is for the
    caller to end it. Raises `ContextError` `jsonld.large`, `jsonld.form`."""
    from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

    try:
        found = list(parse(quads.encode(), RdfFormat.N_QUADS))
    except (SyntaxError, ValueError) as error:
        raise ContextError("jsonld.form", "n-quads") from error
    blank = {
        part.value
        for quad in found
        for part in (quad.subject, quad.object, quad.graph_name)
        if isinstance(part, BlankNode)
    }
    if len(found) > MAX_QUADS or len(blank) > MAX_BLANK:
        raise ContextError("jsonld.large", str(len(found)))
    dataset = Dataset(found)
    algorithms = CanonicalizationAlgorithm
    dataset.canonicalize(algorithms.RDFC_1_0_SHA_384 if sha384 else algorithms.RDFC_1_0)
    written = serialize(dataset, format=RdfFormat.N_QUADS)
    assert written is not None
    return "".join(sorted(written.decode().splitlines(keepends=True)))


# --- nodes ------------------------------------------------------------------------------------------------------------


def _nodes(canonical: str) -> dict[str, dict[str, list[Any]]]:
    """Id -> property IRI -> values, from the canonical form."""
    from pyoxigraph import Literal, RdfFormat, parse

    nodes: dict[str, dict[str, list[Any]]] = {}
    for quad in parse(canonical.encode(), RdfFormat.N_QUADS):
        held = nodes.setdefault(_id(quad.subject), {})
        value: Any = quad.object
        held.setdefault(quad.predicate.value, []).append(
            _literal(value) if isinstance(value, Literal) else {"id": _id(value)}
        )
    return nodes


def _id(term: Any) -> str:
    return term.value if str(term).startswith("<") else str(term)


def _literal(value: Any) -> Any:
    if value.language:
        return {"@value": value.value, "@language": value.language}
    datatype = _short(value.datatype.value)
    return value.value if datatype == "xsd:string" else {"@value": value.value, "@type": datatype}


def _short(iri: str) -> str:
    """An IRI with the prefix of its namespace, where there is one."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def _subjects(nodes: Mapping[str, Mapping[str, list[Any]]]) -> list[str]:
    """Ids of what credentials are about, and of what hangs on it; of every node where there is no credential."""
    starts = [value["id"] for held in nodes.values() for value in held.get(_SUBJECT, ()) if isinstance(value, dict)]
    seen: dict[str, None] = {}
    open = [one for one in starts if one in nodes] if starts else list(nodes)
    while open:
        id = open.pop()
        if id in seen:
            continue
        seen[id] = None
        open.extend(_linked(nodes, nodes[id].values()))
    return list(seen)


def _linked(nodes: Mapping[str, Any], values: Iterable[list[Any]]) -> Iterator[str]:
    for held in values:
        yield from (one["id"] for one in held if isinstance(one, dict) and one.get("id") in nodes)


def _plain(held: Mapping[str, list[Any]], id: str, mark: str) -> JsonObject:
    """A node as `rules` reads it: flat, others by reference. Nodes without a name have one for this document alone, so
    that several documents can be judged together."""
    node: JsonObject = {"id": _marked(id, mark)}
    if kinds := held.get(_RDF + "type"):
        node["type"] = [_short(one["id"]) for one in kinds if isinstance(one, dict)]
    for key, values in held.items():
        if key != _RDF + "type":
            node[_short(key)] = [_reference(value, mark) for value in values]
    return node


def _reference(value: Any, mark: str) -> Any:
    return {"id": _marked(value["id"], mark)} if isinstance(value, dict) and "id" in value else value


def _marked(id: str, mark: str) -> str:
    return f"_:{mark}-{id[2:]}" if id.startswith("_:") else id


# --- shapes -----------------------------------------------------------------------------------------------------------


class Shapes:
    """Official shapes and classes, read from files once."""

    def __init__(self, shapes: bytes, classes: bytes = b"") -> None:
        from rdflib import Graph

        self._shapes, self._classes = Graph(), Graph()
        self._shapes.parse(data=shapes, format="turtle")
        self._classes.parse(data=classes, format="turtle")

    def check(self, canonical: str, subjects: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
        """What does not fit: node, property, kind of constraint, of the statements about these subjects."""
        from pyshacl.graph_abstraction import DataGraph
        from rdflib import Graph

        data = Graph()
        data.parse(data=_triples(canonical, set(subjects)), format="nt")
        data += self._classes
        _, found, _ = _reporting()(DataGraph.from_rdflib(data), shacl_graph=self._shapes).run()
        return tuple(sorted(found))


def _triples(canonical: str, subjects: set[str]) -> bytes:
    """The statements about these subjects as N-Triples; nodes without a name get one, so that they can be told of."""
    from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse, serialize

    def named(term: Any) -> Any:
        return NamedNode(_BLANK + term.value) if isinstance(term, BlankNode) else term

    wanted = (quad for quad in parse(canonical.encode(), RdfFormat.N_QUADS) if _id(quad.subject) in subjects)
    written = serialize(
        (Triple(named(q.subject), q.predicate, named(q.object)) for q in wanted), None, RdfFormat.N_TRIPLES
    )
    return written or b""


def _reporting() -> Any:
    """pyshacl's validator with a report of three words a finding: the one of its own copies the shape with each, lists
    of thousands of values and all, in a time that grows with their square."""
    from pyshacl.validator import Validator
    from rdflib import Namespace

    shacl = Namespace("http://www.w3.org/ns/shacl#")

    def finding(result: tuple[Any, Any, Any]) -> tuple[str, str, str]:
        said = {key: value[1] if isinstance(value, tuple) else value for _, key, value in result[2]}
        node = str(said[shacl.focusNode])
        component = str(said[shacl.sourceConstraintComponent]).rpartition("#")[2]
        return node.replace(_BLANK, "_:"), _short(str(said.get(shacl.resultPath, ""))), component

    class Plain(Validator):
        @classmethod
        def create_validation_report(cls, sg: Any, conforms: bool, results: list[Any]) -> tuple[Any, str]:
            return {finding(result) for result in results}, ""

    return Plain
