"""RDF of portals -> a graph of plain JSON (`catalog.graph`), lenient where people err, bounded in everything.

What lives here: rdflib's readers of Turtle, N-Triples, RDF/XML and JSON-LD with a sink of our own; which context of a
JSON-LD document is known (`terms_dcat`, `terms_web`); charsets; names for nodes that have none. What does not:
self-descriptions, which are signed and read strictly (`contexts`), rules (`profile`), repairs (`repair`). It runs in
the worker's process alone (`worker`), which ends it when it takes too long or too much memory.

INVARIANT: nothing is ever fetched: no context, no DTD, no entity. A context that is not known is refused by its URL,
unless everything is told without it.
Sources: RDF 1.1 Turtle, N-Triples and XML; JSON-LD 1.1; RFC 7303, 3 (charsets of XML).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final
from xml.sax import SAXException, expatreader, handler
from xml.sax.xmlreader import InputSource

import msgspec

from catalog.graph import Graph, Node, Value, short
from catalog.rdf import terms_dcat, terms_web
from catalog.rdf.blank import named
from catalog.rdf.sinks import Sink

MAX_STATEMENTS: Final = 500_000
MAX_NAME: Final = 16_384
"""Characters of an IRI: of a long prefix each name holds all of it."""
MAX_DEPTH: Final = 100
"""Of JSON within JSON."""

TURTLE, N_TRIPLES, RDF_XML, JSON_LD = (
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    "application/ld+json",
)
_FORMS: Final = {
    **dict.fromkeys((TURTLE, "application/x-turtle", "text/n3"), TURTLE),
    **dict.fromkeys((N_TRIPLES, "text/plain"), N_TRIPLES),
    **dict.fromkeys((RDF_XML, "application/xml", "text/xml"), RDF_XML),
    **dict.fromkeys((JSON_LD, "application/json"), JSON_LD),
}
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = _RDF + "type", _RDF + "first", _RDF + "rest", _RDF + "nil"
_STRING: Final = ("http://www.w3.org/2001/XMLSchema#string", _RDF + "langString")
_BASE: Final = "https://relative.invalid/"
_END_OF_LINE = re.compile(r"\r\n|\r|\n")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})", re.ASCII)
_DECLARED = re.compile(r"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})", re.ASCII)
_KNOWN = re.compile(r"(?i:us-ascii|utf-(8|16|32)(le|be)?|iso-8859-\d{1,2}|windows-125\d|cp125\d)", re.ASCII)


class ReadingError(Exception):
    """A document that is not read. `code` says why, `what` where or what it is about."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code, self.what = code, what


def read_graph(data: bytes, media_type: str, base: str = "") -> Graph:
    """What a document says, in the order in which its nodes are first told of; named graphs are not told apart.

    Relative IRIs are of `base`; without one, nodes that have them have no name, and others' are text. Raises
    `ReadingError`: `rdf.media_type`, `rdf.charset`, `rdf.form` (with the line where there is one), `rdf.context`,
    `rdf.entity`, `rdf.large` (with what there is too much of).
    """
    form = _FORMS.get(media_type.partition(";")[0].strip().lower())
    if form is None:
        raise ReadingError("rdf.media_type", media_type[:80])
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    text, sink = _text(data, media_type), _Sink()
    try:
        _READERS[form](text, base or _BASE, sink)
    except RecursionError:
        raise ReadingError("rdf.large", "depth") from None
    return named(_graph(sink.statements))


def _text(data: bytes, media_type: str) -> str:
    """A document as text. What is UTF-8 is read as that, whatever it says of itself: nothing else is so by chance.

    Raises `ReadingError` `rdf.charset` with the charset that it is said to have.
    """
    names = [one[1] for one in (_CHARSET.search(media_type), _DECLARED.match(data[:300].decode("latin-1"))) if one]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = ["utf-16"]
    for charset in ["utf-8-sig", *filter(_KNOWN.fullmatch, names)]:
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    raise ReadingError("rdf.charset", (names or ["utf-8"])[0])


# --- statements -------------------------------------------------------------------------------------------------------


class _Literal(str):
    """A literal as rdflib's readers make one, kept as it is written: rdflib's own would read each as what its type
    says, as XML and HTML too."""

    language: str | None
    datatype: str | None

    def __new__(cls, value: Any, lang: str | None = None, datatype: str | None = None) -> _Literal:
        found = super().__new__(cls, _lexical(value))
        found.language = lang or None
        found.datatype = str(datatype) if datatype and not lang else _native(value)
        return found

    def __add__(self, more: str) -> _Literal:
        """rdflib's reader of RDF/XML puts literals of XML together."""
        return _Literal(str(self) + more, self.language, self.datatype)


def _lexical(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _native(value: Any) -> str | None:
    """The type of a value that is no text, by JSON-LD 1.1, 8.2.2 of its API."""
    kinds = ((bool, "boolean"), (int, "integer"), (float, "double"))
    return next((f"http://www.w3.org/2001/XMLSchema#{name}" for kind, name in kinds if isinstance(value, kind)), None)


class _Sink:
    """Takes statements down, with the names that rdflib's readers of RDF/XML, JSON-LD and N-Triples call."""

    context_aware = False

    def __init__(self) -> None:
        self.statements: list[tuple[str, str, Value]] = []

    def bind(self, *args: Any, **options: Any) -> None:
        """Prefixes say nothing."""

    def triple(self, subject: Any, predicate: Any, told: Any) -> None:
        self.add((subject, predicate, told))

    def add(self, triple: tuple[Any, Any, Any]) -> None:
        subject, predicate, told = triple
        self.put(_id(subject), str(predicate), _value(told))

    def put(self, subject: str, predicate: str, value: Value) -> None:
        if len(self.statements) >= MAX_STATEMENTS:
            raise ReadingError("rdf.large", f"{MAX_STATEMENTS} statements")
        if len(subject) > MAX_NAME or len(predicate) > MAX_NAME or len(value.get("@id", "")) > MAX_NAME:
            raise ReadingError("rdf.large", "IRI")
        self.statements.append((subject, predicate, value))


def _id(term: Any) -> str:
    from rdflib import BNode

    return _fit("_:" + term if isinstance(term, BNode) else str(term))


def _value(term: Any) -> Value:
    return _literal(term, term.language, term.datatype) if isinstance(term, _Literal) else {"@id": _id(term)}


def _literal(text: str, language: str | None, datatype: str | None) -> Value:
    value = {"@value": _fit(str(text))}
    if language:
        value["@language"] = _fit(language.lower())
    elif datatype and datatype not in _STRING:
        value["@type"] = short(_fit(datatype))
    return value


def _fit(text: str) -> str:
    """Halves of characters and NUL can neither be written nor kept: a mark stands for them."""
    return text if text.isascii() and "\0" not in text else _UNFIT.sub("\ufffd", text)


def _graph(statements: list[tuple[str, str, Value]]) -> Graph:
    """The nodes that statements tell of."""
    subjects, graph = {subject for subject, _, _ in statements}, dict[str, Node]()
    held = set[tuple[str, ...]]()
    for subject, predicate, told in statements:
        value = _told(told, subjects)
        mark = (subject, predicate, *(part for pair in value.items() for part in pair))
        if mark in held:
            continue
        held.add(mark)
        id = _named(subject)
        node = graph.setdefault(id, {"@id": id})
        if predicate == _TYPE and "@id" in value and not value["@id"].startswith("_:"):
            node.setdefault("@type", []).append(short(value["@id"]))
        else:
            node.setdefault(short(predicate), []).append(value)
    return graph


def _named(id: str) -> str:
    return "_:" + id if id.startswith(_BASE) else id


def _told(value: Value, subjects: set[str]) -> Value:
    """A value; a relative IRI that nothing has is the text that it was."""
    id = value.get("@id", "")
    if not id.startswith(_BASE):
        return value
    return {"@id": _named(id)} if id in subjects else {"@value": id.removeprefix(_BASE)}


# --- readers ----------------------------------------------------------------------------------------------------------


class _TurtleSink(Sink):
    """Takes statements down, with the names that rdflib's reader of Turtle calls."""

    def __init__(self, sink: _Sink, double: type[str]) -> None:
        self._sink, self._double, self._blanks = sink, double, 0

    def newSymbol(self, *args: str) -> str:
        return _fit(args[0])

    def newBlankNode(self, arg: Any = None, uri: Any = None, why: Any = None) -> str:
        self._blanks += 1
        return f"_:n{self._blanks}"

    def newLiteral(self, s: str, dt: Any = None, lang: str | None = None) -> _Literal:
        return _Literal(s, lang, dt)

    def newList(self, items: list[Any], f: Any) -> str:
        names = [self.newBlankNode() for _ in items]
        for name, item, rest in zip(names, items, [*names[1:], _NIL], strict=True):
            self._sink.put(name, _FIRST, self._plain(item))
            self._sink.put(name, _REST, {"@id": rest})
        return names[0] if names else _NIL

    def makeStatement(self, quad: tuple[Any, Any, Any, Any], why: Any = None) -> None:
        _, predicate, subject, told = quad
        named = self._plain(subject)
        if "@id" not in named:
            raise ValueError("a literal is no subject")
        self._sink.put(named["@id"], self._plain(predicate)["@id"], self._plain(told))

    def _plain(self, term: Any) -> Value:
        if isinstance(term, _Literal):
            return _literal(term, term.language, term.datatype)
        if isinstance(term, self._double):
            return _literal(term, None, "http://www.w3.org/2001/XMLSchema#double")
        if isinstance(term, str):
            return {"@id": str(term)}
        if isinstance(term, tuple):
            return {"@id": _fit(str(term[1]))}
        return _value(_Literal(term, None, None if isinstance(term, bool | int) else _DECIMAL))


_DECIMAL: Final = "http://www.w3.org/2001/XMLSchema#decimal"
_STUMBLES: Final = (ValueError, TypeError, AttributeError, LookupError, AssertionError)
"""What rdflib raises for documents that it does not understand, beside errors of its own."""


def _turtle(text: str, base: str, sink: _Sink) -> None:
    from rdflib.plugins.parsers.notation3 import BadSyntax, SinkParser, sfloat

    parser: Any = SinkParser(_TurtleSink(sink, sfloat), baseURI=base, turtle=True)  # type: ignore[arg-type]
    try:
        parser.loadBuf(text)
    except (BadSyntax, *_STUMBLES) as error:
        raise ReadingError("rdf.form", f"line {getattr(error, 'lines', parser.lines) + 1}") from None


def _n_triples(text: str, base: str, sink: _Sink) -> None:
    from rdflib.exceptions import Error
    from rdflib.plugins.parsers import ntriples

    parser, read = ntriples.W3CNTriplesParser(sink), 0  # type: ignore[arg-type]
    try:
        # Its own way of finding lines looks at a line that is very long again with every part that it reads of it.
        with _plainly(ntriples):
            for line in _END_OF_LINE.split(text):
                read += 1
                parser.line = line
                parser.parseline()
    except (Error, *_STUMBLES):
        raise ReadingError("rdf.form", f"line {read}") from None


class _Xml(expatreader.ExpatParser):
    """Expat, which knows no entities but those of XML itself: who declares some is refused."""

    def reset(self) -> None:
        super().reset()
        expat: Any = self.__dict__["_parser"]
        expat.EntityDeclHandler = self._declared
        expat.ExternalEntityRefHandler = self._elsewhere

    def _declared(self, name: str, *rest: Any) -> None:
        raise ReadingError("rdf.entity", name[:80])

    def _elsewhere(self, context: Any, base: Any, system: str | None, public: Any) -> int:
        raise ReadingError("rdf.entity", (system or "")[:80])


def _rdf_xml(text: str, base: str, sink: _Sink) -> None:
    from rdflib.exceptions import Error
    from rdflib.plugins.parsers import rdfxml

    source, parser = InputSource(base), _Xml()
    source.setPublicId(base)
    # The declaration of a document that is text already says nothing.
    source.setEncoding("utf-8")
    source.setByteStream(BytesIO(text.encode("utf-8", "replace")))
    content: Any = rdfxml.RDFXMLHandler(sink)  # type: ignore[arg-type]
    content.setDocumentLocator(source)
    parser.start_namespace_decl("xml", "http://www.w3.org/XML/1998/namespace")
    parser.setFeature(handler.feature_namespaces, True)
    parser.setContentHandler(content)
    try:
        with _plainly(rdfxml):
            parser.parse(source)
    except (SAXException, Error, *_STUMBLES):
        raise ReadingError("rdf.form", f"line {parser.getLineNumber()}") from None


def _json_ld(text: str, base: str, sink: _Sink) -> None:
    from rdflib.exceptions import Error
    from rdflib.plugins.parsers import jsonld

    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise ReadingError("rdf.form", str(error)[:120]) from None
    try:
        with _plainly(jsonld):
            jsonld.to_rdf(_known(document), sink, base)  # type: ignore[arg-type]
    except (Error, *_STUMBLES):
        raise ReadingError("rdf.form") from None


_READERS: Final = {TURTLE: _turtle, N_TRIPLES: _n_triples, RDF_XML: _rdf_xml, JSON_LD: _json_ld}


@contextmanager
def _plainly(module: Any) -> Iterator[None]:
    """A reader of rdflib makes literals by the name `Literal` of its module: while a document is read it makes ours."""
    before = module.Literal
    module.Literal = _Literal
    try:
        yield
    finally:
        module.Literal = before


# --- contexts ---------------------------------------------------------------------------------------------------------


def _known(document: Any) -> Any:
    """A document of JSON-LD with each context in place of its URL. Raises `ReadingError` `rdf.context`, `rdf.large`."""
    # All are found before one is replaced: what is in a table is not looked through.
    holders = list(_objects(document))
    plain = _is_plain(document)
    for holder in holders:
        if "@import" in holder:
            raise ReadingError("rdf.context", str(holder["@import"])[:256])
        if "@context" in holder:
            holder["@context"] = _context(holder["@context"], plain)
    return document


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, contexts of its own and what is in them as well. Raises `ReadingError`."""
    open: list[tuple[Any, int]] = [(document, 0)]
    while open:
        value, depth = open.pop()
        if depth > MAX_DEPTH:
            raise ReadingError("rdf.large", "depth")
        if isinstance(value, dict):
            yield value
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        open += [(item, depth + 1) for item in inner if isinstance(item, dict | list)]


def _context(given: Any, plain: bool) -> Any:
    """A context without addresses. One that is not known is done without where the document says nothing by it."""
    if isinstance(given, list):
        return [_context(one, plain) for one in given]
    if not isinstance(given, str):
        return given
    known = terms_dcat.CONTEXTS.get(given) or terms_web.CONTEXTS.get(given)
    if known is None and not (plain and given.startswith(("http://", "https://"))):
        raise ReadingError("rdf.context", given[:256])
    return terms_web.PLAIN if known is None else known


def _is_plain(document: Any) -> bool:
    """Does a document of a catalogue name all its properties and classes in full, or with prefixes that mean the same
    everywhere?"""
    open: list[Any] = [document]
    of_catalogue = False
    while open:
        value = open.pop()
        if isinstance(value, list):
            open += value
        elif isinstance(value, dict):
            types = value.get("@type", [])
            names = [*value, *(types if isinstance(types, list) else [types])]
            if not all(isinstance(one, str) and _means_itself(one) for one in names):
                return False
            of_catalogue = of_catalogue or any(one.startswith("dcat:") for one in names)
            open += [held for key, held in value.items() if not key.startswith("@") or key == "@graph"]
    return of_catalogue


def _means_itself(name: str) -> bool:
    prefix, colon, rest = name.partition(":")
    return name.startswith("@") or (bool(colon) and (prefix in terms_web.PLAIN or rest.startswith("//")))
