"""Turtle -> plain nodes, bounded: what `policies.graph` reads.

What lives here: rdflib's reader of Turtle with a sink of our own, which keeps the order of the text, the lines, and
the literals as they are written (a graph of rdflib keeps none of these). What does not: meaning. Source: RDF 1.1
Turtle.

It runs in the caller's process, for files of whoever calls; what comes from a peer is JSON and never gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from catalog.rdf.sinks import Sink
from policies.model import PolicyError, Reason
from policies.nodes import LONGEST, RDF, XSD_STRING, Node, fit, lexical, mark
from policies.vocabulary import XSD

MAX_BYTES: Final = 1 << 20
MAX_STATEMENTS: Final = 50_000

_BASE: Final = "https://relative.invalid/"
_NIL, _TYPE = RDF + "nil", RDF + "type"

Parsed = tuple[str, str, Any, int, int]
"""Subject, predicate, object, the line of the predicate and that of the object."""


def read_graph(data: bytes, media_type: str = "text/turtle", base: str = _BASE) -> list[Node]:
    """The nodes of a document, in the order of its text; `@at` of a node has the line that it is told of in.

    Raises `PolicyError`: `turtle.unreadable` with the line, `turtle.large`, `iri.relative`, `iri.unfit`, `form.unknown`
    for a media type other than Turtle or N-Triples.
    """
    if media_type not in ("text/turtle", "application/n-triples"):
        raise PolicyError(Reason("form.unknown", {"form": media_type[:64]}))
    if len(data) > MAX_BYTES:
        raise PolicyError(Reason("turtle.large", {"limit": str(MAX_BYTES)}))
    return _nodes(_statements(data, base))


def _refuse(code: str, line: int, **params: str) -> PolicyError:
    return PolicyError(Reason(code, params), f"line {line}")


class _Name(str):
    """An IRI, or `_:` and a label, as rdflib's reader passes it around, with the line that it was met on."""

    line: int = 0


class _Value(Struct, frozen=True):
    """A literal or a list, as a value of a node, with the line that it was met on."""

    value: dict[str, Any]
    line: int

    def __hash__(self) -> int:
        return id(self)


class _Sink(Sink):
    """Takes statements down as they come. Its names are those that rdflib's reader calls; `line` says which one it is
    on, `double` is its class for numbers in the notation of floating point, which are texts."""

    def __init__(self, double: type[str]) -> None:
        self.found: list[Parsed] = []
        self.line: Callable[[], int] = lambda: 1
        self._double = double
        self._blanks = 0

    def newSymbol(self, *args: str) -> _Name:
        if len(args[0]) > LONGEST:  # Of a long prefix each name holds all of it: none is kept.
            raise _refuse("iri.unfit", self.line(), iri=args[0][:200])
        return self._met(args[0])

    def newBlankNode(self, arg: Any = None, uri: Any = None, why: Any = None) -> _Name:
        self._blanks += 1
        return self._met(f"_:n{self._blanks}")

    def newLiteral(self, s: str, dt: Any = None, lang: str | None = None) -> _Value:
        plain = {"@value": s, "@language": lang} if lang else {"@value": s, "@type": str(dt or XSD_STRING)}
        return _Value(plain, self.line())

    def newList(self, items: list[Any], f: Any) -> _Value:
        first = getattr(items[0], "line", 0) if items else 0
        return _Value({"@list": [self._plain(item) for item in items]}, first or self.line())

    def makeStatement(self, quad: tuple[Any, Any, Any, Any], why: Any = None) -> None:
        _, predicate, subject, told = quad
        if len(self.found) >= MAX_STATEMENTS:
            raise _refuse("turtle.large", self.line(), limit=str(MAX_STATEMENTS))
        named = self._plain(subject)
        if "@id" not in named:
            raise _refuse("turtle.unreadable", self.line())
        there = getattr(told, "line", 0) or getattr(predicate, "line", 0) or self.line()
        here = getattr(predicate, "line", 0) or there
        self.found.append((named["@id"], self._plain(predicate)["@id"], self._plain(told), here, there))

    def _met(self, name: str) -> _Name:
        found = _Name(name)
        found.line = self.line()
        return found

    def _plain(self, term: Any) -> dict[str, Any]:
        """A term as a value of a node."""
        if isinstance(term, _Value):
            return term.value
        if isinstance(term, self._double):
            return {"@value": str(term), "@type": XSD + "double"}
        if isinstance(term, str):
            return {"@list": []} if term == _NIL else {"@id": str(term)}
        if isinstance(term, tuple):
            return {"@id": str(term[1])}
        if isinstance(term, bool):
            return {"@value": str(term).lower(), "@type": XSD + "boolean"}
        if isinstance(term, Decimal):
            return {"@value": lexical(term), "@type": XSD + "decimal"}
        return {"@value": str(term), "@type": XSD + "integer"}


def _statements(data: bytes, base: str) -> list[Parsed]:
    """The statements in the order in which they end in the text."""
    from rdflib.plugins.parsers.notation3 import BadSyntax, SinkParser, sfloat

    sink = _Sink(sfloat)
    parser: Any = SinkParser(sink, baseURI=base, turtle=True)  # type: ignore[arg-type]
    sink.line = lambda: int(parser.lines) + 1
    _guarded(lambda: parser.loadBuf(data.decode()), parser, BadSyntax)
    return sink.found


def _guarded(read: Callable[[], object], parser: Any, syntax: type[Exception]) -> None:
    """Whatever rdflib stumbles over is a document that cannot be read, at a line."""
    try:
        read()
    except PolicyError:
        raise
    except (syntax, ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError) as error:
        raise _refuse("turtle.unreadable", getattr(error, "lines", parser.lines) + 1) from None


def _nodes(statements: list[Parsed]) -> list[Node]:
    """One node for each subject. A node stands where the first thing is said of it or it is first referred to; what is
    nested stands behind what it is nested in."""
    nodes: dict[str, Node] = {}
    for subject, predicate, value, line, there in statements:
        _sound(subject, predicate, value, there)
        node = nodes.setdefault(subject, {"@id": subject, "@at": {"": f"line {line}"}})
        node["@at"].setdefault(predicate, f"line {line}")
        if predicate == _TYPE and "@id" in value:
            node["@at"].setdefault(mark("@type", value["@id"]), f"line {there}")
            node.setdefault("@type", []).append(value["@id"])
        else:
            node["@at"].setdefault(mark(predicate, value), f"line {there}")
            node.setdefault(predicate, []).append(value)
    for node in nodes.values():
        # A node begins on the first line on which something is said of it; statements come in the order of their ends.
        node["@at"][""] = min(node["@at"].values(), key=_line)
    return list(nodes.values())


def _line(place: str) -> int:
    return int(place.removeprefix("line "))


def _sound(subject: str, predicate: str, value: dict[str, Any], line: int) -> None:
    """Every name is an absolute IRI. Raises `PolicyError`."""
    for iri in (subject, predicate, *_names(value)):
        if iri.startswith(_BASE):
            raise _refuse("iri.relative", line, iri=iri.removeprefix(_BASE)[:200])
        if not fit(iri):
            raise _refuse("iri.unfit", line, iri=iri[:200])


def _names(value: dict[str, Any]) -> Iterator[str]:
    if "@id" in value:
        yield value["@id"]
    for item in value.get("@list", ()):
        yield from _names(item)
