"""JSON-LD under the contexts that policies are written in -> nodes, without any library.

What lives here: the terms of ODRL's own context and of the Dataspace Protocol's, prefixes and plain terms of a
document's own context, nesting and lists. What does not: meaning (`graph`). Sources: JSON-LD 1.1; ODRL JSON-LD context;
Dataspace Protocol 2025-1, ODRL profile. Nothing is ever fetched: a context that is not known refuses the document.

A document without any context is read under ODRL's. Where ODRL's context slips (`neq` as `odrl:neg`, `dataType` as
`odrl:datatype`) it is read as it is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from policies.model import ODRL, PolicyError, Reason
from policies.nodes import LONGEST, RDF, Node, fit, lexical, mark
from policies.vocabulary import XSD

DSPACE: Final = "https://w3id.org/dspace/2025/1/"

CONTEXTS: Final = frozenset(
    {
        "http://www.w3.org/ns/odrl.jsonld",
        "https://www.w3.org/ns/odrl.jsonld",
        DSPACE + "context.jsonld",
        DSPACE + "odrl-profile.jsonld",
    }
)
"""The contexts by URL that are known here."""

PREFIXES: Final[Mapping[str, str]] = {
    "odrl": ODRL,
    "rdf": RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": XSD,
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "schema": "http://schema.org/",
    "cc": "http://creativecommons.org/ns#",
    "dspace": DSPACE,
}
"""The prefixes of those contexts."""

FUNCTIONS: Final = (
    *("assigner", "assignee", "attributedParty", "attributingParty", "compensatedParty", "compensatingParty"),
    *("consentingParty", "consentedParty", "informedParty", "informingParty", "trackingParty", "trackedParty"),
    *("contractingParty", "contractedParty"),
)
"""The functions of parties in ODRL 2.2, by local name."""

_NAMES: Final = (
    *("profile", "inheritFrom", "relation", "hasPolicy", "target", "output", "partOf", "source", "function"),
    *("assigneeOf", "assignerOf", "includedIn", "implies", "permission", "prohibition", "obligation", "duty"),
    *("consequence", "remedy", "constraint", "refinement", "rightOperandReference", "unit", "dataType", *FUNCTIONS),
)
_WORDS: Final = ("conflict", "action", "operator", "leftOperand")
_TEXTS: Final = ("rightOperand", "status", "and", "or", "xone", "andSequence")

DEPTH: Final = 64
VALUES: Final = 50_000
"""Values of one document."""
_SYNTAX: Final = frozenset({"@id", "@type", "@value", "@language", "@list", "@set", "@graph"})
"""Keywords that a document may give other names to."""
_KEYWORDS: Final = {"uid": "@id", "type": "@type", "@id": "@id", "@type": "@type", "id": "@id"}
_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*):(?!//)(.*)", re.DOTALL)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class _Term(Struct, frozen=True):
    """What a key stands for, and how its values are read: `@id`, `@vocab`, a datatype, or as they stand (empty)."""

    iri: str
    kind: str = ""


TERMS: Final[Mapping[str, _Term]] = {
    **{name: _Term(ODRL + name, "@id") for name in _NAMES},
    **{name: _Term(ODRL + name, "@vocab") for name in _WORDS},
    **{name: _Term(ODRL + name) for name in _TEXTS},
    "timestamp": _Term(DSPACE + "timestamp"),
}


def to_nodes(document: Any) -> list[Node]:
    """The nodes of a document, in its order; `@at` of a node has the places of it and of its properties.

    Raises `PolicyError`: `context.unknown`, `context.redefined`, `term.unknown`, `iri.*`, `form.*`, with a JSON pointer
    into the document as written.
    """
    reader = _Reader()
    for value, at in _documents(document):
        reader.document(value, at)
    return list(reader.nodes.values())


def _documents(document: Any) -> Iterator[tuple[Any, str]]:
    """The objects at the top of a document: itself, or each one of a list."""
    if isinstance(document, list):
        yield from ((one, f"/{n}") for n, one in enumerate(document))
    else:
        yield document, ""


def _refuse(place: str, code: str, **params: str) -> PolicyError:
    return PolicyError(Reason(code, {name: value[:200] for name, value in params.items()}), place)


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")[:200]


class _Scope(Struct, frozen=True):
    """What keys and prefixes mean in a document; `aliases` are its own names for keywords, `own` the vocabulary that it
    gives its keys."""

    terms: Mapping[str, _Term]
    prefixes: Mapping[str, str]
    vocab: str = ""
    aliases: Mapping[str, str] = {}
    own: str = ""


_DEFAULT: Final = _Scope(TERMS, PREFIXES, ODRL)


class _Reader:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._blanks, self._met = 0, 0
        self._labels: dict[str, str] = {}

    def document(self, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise _refuse(at, "form.object")
        scope = _scope(value["@context"], f"{at}/@context") if "@context" in value else _DEFAULT
        named = next((key for key in value if _keyword(key, scope) == "@graph"), "")
        if named and all(key == "@context" or _keyword(key, scope) in ("@graph", "@id") for key in value):
            graph = value[named]
            for n, one in enumerate(graph if isinstance(graph, list) else [graph]):
                self._node(one, scope, f"{at}/{_pointer(named)}/{n}", 1)
        else:
            self._node(value, scope, at, 0)

    def _node(self, value: Any, scope: _Scope, at: str, depth: int) -> dict[str, str]:
        """Take a node in and give the reference to it."""
        if not isinstance(value, dict):
            raise _refuse(at, "form.object")
        if depth > DEPTH:
            raise _refuse(at, "constraint.depth", limit=str(DEPTH))
        node = self._begin(value, scope, at)
        for key, item in value.items():
            place = f"{at}/{_pointer(key)}"
            keyword = _keyword(key, scope)
            if (key == "@context" and not depth) or keyword == "@id":
                continue
            if keyword == "@type":
                node["@at"].setdefault("@type", place)
                node.setdefault("@type", []).extend(self._types(item, scope, place, node["@at"]))
            elif key.startswith("@") or keyword:
                raise _refuse(place, "term.unknown", term=key)
            else:
                term = _term(key, scope, place)
                node["@at"].setdefault(term.iri, place)
                told = self._values(item, term, scope, place, depth, node["@at"])
                node.setdefault(term.iri, []).extend(told)
        return {"@id": node["@id"]}

    def _begin(self, value: dict[str, Any], scope: _Scope, at: str) -> Node:
        """The node that an object is about."""
        names = [key for key in value if _keyword(key, scope) == "@id"]
        if len(names) > 1:
            raise _refuse(f"{at}/{names[1]}", "value.several", operand="@id", operator="")
        id = self._name(value[names[0]], scope, f"{at}/{names[0]}") if names else self._blank()
        node = self.nodes.setdefault(id, {"@id": id, "@at": {"": at}})
        if node["@at"][""] != at and not node.keys() - {"@id", "@at"}:
            node["@at"][""] = at
        return node

    def _blank(self, label: str = "") -> str:
        if label in self._labels:
            return self._labels[label]
        self._blanks += 1
        id = f"_:n{self._blanks}"
        if label:
            self._labels[label] = id
        return id

    def _name(self, value: Any, scope: _Scope, at: str) -> str:
        if not isinstance(value, str) or not value:
            raise _refuse(at, "form.identifier", key="@id")
        if value.startswith("_:"):
            return self._blank(value)
        return _absolute(_expand(value, scope), at)

    def _types(self, value: Any, scope: _Scope, at: str, places: dict[str, str]) -> list[str]:
        found = []
        for n, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, dict) and len(one) == 1:
                one = one.get("@id", one.get("uid"))
            if not isinstance(one, str):
                raise _refuse(at, "policy.type", type=str(one), expected="@id")
            found.append(_sound(_word(one, scope), at))
            places.setdefault(mark("@type", found[-1]), f"{at}/{n}" if isinstance(value, list) else at)
        return found

    def _values(self, value: Any, term: _Term, scope: _Scope, at: str, depth: int, places: dict[str, str]) -> list[Any]:
        if depth > DEPTH:
            raise _refuse(at, "constraint.depth", limit=str(DEPTH))
        if isinstance(value, list):
            return [self._value(one, term, scope, f"{at}/{n}", depth, places) for n, one in enumerate(value)]
        value = _unaliased(value, scope)
        if isinstance(value, dict) and value.keys() == {"@set"}:
            return self._values(value["@set"], term, scope, f"{at}/@set", depth + 1, places)
        return [self._value(value, term, scope, at, depth, places)]

    def _value(
        self, value: Any, term: _Term, scope: _Scope, at: str, depth: int, places: dict[str, str]
    ) -> dict[str, Any]:
        found = self._meant(value, term, scope, at, depth, places)
        literal = isinstance(value, dict) and "@value" in value
        places.setdefault(mark(term.iri, found), f"{at}/@value" if literal else at)
        return found

    def _meant(
        self, value: Any, term: _Term, scope: _Scope, at: str, depth: int, places: dict[str, str]
    ) -> dict[str, Any]:
        self._met += 1
        if self._met > VALUES:
            raise _refuse(at, "form.many", limit=str(VALUES))
        value = _unaliased(value, scope)
        match value:
            case dict() if "@list" in value:
                if value.keys() != {"@list"} or not isinstance(value["@list"], list):
                    raise _refuse(at, "form.object")
                items = self._values(value["@list"], term, scope, f"{at}/@list", depth + 1, places)
                return {"@list": items}
            case dict() if "@value" in value:
                return _literal(value, scope, at)
            case dict():
                if term.kind == "@vocab" and len(value) == 1 and (key := next(iter(value))) in ("@id", "uid"):
                    return self._told(value[key], term, scope, at)
                return self._node(value, scope, at, depth + 1)
            case _:
                return self._told(value, term, scope, at)

    def _told(self, value: Any, term: _Term, scope: _Scope, at: str) -> dict[str, Any]:
        """A scalar, as the kind of its key says."""
        if isinstance(value, str) and term.kind == "@vocab":
            return {"@id": self._blank(value) if value.startswith("_:") else _sound(_word(value, scope), at)}
        if isinstance(value, str) and term.kind == "@id":
            return {"@id": self._name(value, scope, at)}
        return _scalar(value, term.kind if not term.kind.startswith("@") else "", at)


# --- terms ------------------------------------------------------------------------------------------------------------


def _keyword(key: str, scope: _Scope) -> str:
    if key in scope.aliases:
        return scope.aliases[key]
    return "" if key in scope.terms else _KEYWORDS.get(key, "@graph" if key == "@graph" else "")


def _unaliased(value: Any, scope: _Scope) -> Any:
    """An object with the keywords of values by their own names."""
    if not scope.aliases or not isinstance(value, dict):
        return value
    renamed = {key: scope.aliases.get(key, key) for key in value}
    if len(set(renamed.values())) < len(renamed):
        return value
    return {key if renamed[key] in ("@id", "@type") else renamed[key]: item for key, item in value.items()}


def _term(key: str, scope: _Scope, at: str) -> _Term:
    """What a key means. Raises `PolicyError` `term.unknown`: JSON-LD would pass over it in silence."""
    if key in scope.terms:
        return scope.terms[key]
    iri = scope.own + key if scope.own and ":" not in key else _expand(key, scope)
    if not _ABSOLUTE.fullmatch(iri) or not fit(iri):
        raise _refuse(at, "term.unknown", term=key)
    known = TERMS.get(iri.removeprefix(ODRL)) if iri.startswith(ODRL) else None
    return known or _Term(iri)


def _expand(name: str, scope: _Scope) -> str:
    """A full IRI, where the name has a prefix that is known; else as it stands."""
    found = _PREFIX.fullmatch(name)
    return scope.prefixes[found[1]] + found[2] if found and found[1] in scope.prefixes else name


def _absolute(iri: str, at: str) -> str:
    """An IRI that says itself what it is. Raises `PolicyError`."""
    if not _ABSOLUTE.match(iri):
        raise _refuse(at, "iri.relative", iri=iri)
    return _sound(iri, at)


def _sound(iri: str, at: str) -> str:
    if not fit(iri):
        raise _refuse(at, "iri.unfit", iri=iri)
    return iri


def _word(name: str, scope: _Scope) -> str:
    """A term of the vocabulary: of ODRL where it is a plain word."""
    if name in scope.terms:
        return scope.terms[name].iri
    iri = _expand(name, scope)
    if _ABSOLUTE.fullmatch(iri):
        return iri
    return scope.vocab + name


# --- values -----------------------------------------------------------------------------------------------------------


def _literal(value: dict[str, Any], scope: _Scope, at: str) -> dict[str, Any]:
    """`{"@value": ..., "@type": ...}`; ODRL's own context calls the latter `type`."""
    kinds = [key for key in value if _keyword(key, scope) == "@type"]
    for key in value:
        if key not in ("@value", "@language", *kinds[:1]):
            raise _refuse(f"{at}/{_pointer(key)}", "value.form", operand="@value")
    if "@language" in value:
        text = value["@value"]
        if not isinstance(text, str) or not isinstance(value["@language"], str) or kinds:
            raise _refuse(at, "value.form", operand="@value")
        return {"@value": text, "@language": value["@language"]}
    kind = value[kinds[0]] if kinds else ""
    if not isinstance(kind, str):
        raise _refuse(at, "value.form", operand="@type")
    return _scalar(value["@value"], _expand(kind, scope), at)


def _scalar(value: Any, datatype: str, at: str) -> dict[str, Any]:
    """A string, a number or a truth value as a literal in its lexical form."""
    match value:
        case str():
            return {"@value": value, "@type": datatype or XSD + "string"}
        case bool():
            return {"@value": "true" if value else "false", "@type": datatype or XSD + "boolean"}
        case int():
            return {"@value": str(value), "@type": datatype or XSD + "integer"}
        case Decimal() | float():
            return {"@value": lexical(Decimal(str(value))), "@type": datatype or XSD + "decimal"}
        case _:
            raise _refuse(at, "value.form", operand="@value")


# --- contexts ---------------------------------------------------------------------------------------------------------


def _scope(context: Any, at: str) -> _Scope:
    """What the contexts of a document say, one after the other."""
    terms: dict[str, _Term] = {}
    prefixes: dict[str, str] = {}
    vocab, fixed = "", False
    aliases: dict[str, str] = {}
    listed, top = isinstance(context, list), at
    for n, one in enumerate(context if listed else [context]):
        at = f"{top}/{n}" if listed else top
        if isinstance(one, str):
            if one not in CONTEXTS:
                raise _refuse(at, "context.unknown", context=one)
            terms.update(TERMS)
            prefixes.update(PREFIXES)
            vocab, fixed = ODRL, True
        elif isinstance(one, dict):
            vocab = _own(one, terms, prefixes, aliases, at) or vocab
        else:
            raise _refuse(at, "context.unknown", context=str(one))
    _unbent(terms, prefixes, fixed, top)
    return _Scope(terms, prefixes, ODRL if fixed else vocab, aliases, "" if fixed else vocab)


def _own(
    context: dict[str, Any], terms: dict[str, _Term], prefixes: dict[str, str], aliases: dict[str, str], at: str
) -> str:
    """A context of the document's own: namespaces, names for keywords, and terms with `@id` and `@type`. Gives its
    `@vocab`."""
    for name, meaning in context.items():
        if isinstance(meaning, str) and not name.startswith("@") and meaning[-1:] in ("#", "/", ":"):
            prefixes[name] = _lead(meaning, f"{at}/{_pointer(name)}")
    scope = _Scope(terms, prefixes)
    for name, meaning in context.items():
        match meaning:
            case _ if name == "@version" or (name == "@language" and meaning is None):
                continue
            case str() if name == "@vocab":
                continue
            case str() if name.startswith("@"):
                raise _refuse(f"{at}/{name}", "context.unknown", context=name)
            case str() if meaning in _SYNTAX and name not in terms:
                aliases[name] = meaning
            case str() if meaning.startswith("@"):
                raise _refuse(f"{at}/{_pointer(name)}", "context.unknown", context=name)
            case str():
                terms[name] = _Term(_expand(meaning, scope))
            case {"@id": str(iri), **rest} if not rest.keys() - {"@type", "@container"}:
                if iri.startswith("@"):
                    raise _refuse(f"{at}/{_pointer(name)}", "context.unknown", context=name)
                terms[name] = _Term(_expand(iri, scope), _expand(str(rest.get("@type", "")), scope))
                if rest.get("@container", "@set") != "@set":
                    raise _refuse(f"{at}/{_pointer(name)}", "context.unknown", context=name)
            case _:
                raise _refuse(f"{at}/{_pointer(name)}", "context.unknown", context=name)
    vocab = context.get("@vocab")
    return _lead(vocab, f"{at}/@vocab") if isinstance(vocab, str) else ""


def _lead(iri: str, at: str) -> str:
    """What other names begin with. Raises `PolicyError` where it is endless: each of them would hold all of it."""
    if len(iri) > LONGEST:
        raise _refuse(at, "iri.unfit", iri=iri)
    return iri


def _unbent(terms: Mapping[str, _Term], prefixes: Mapping[str, str], fixed: bool, at: str) -> None:
    """A document that names ODRL's context does not give ODRL's words another meaning."""
    if not fixed:
        return
    for name, term in TERMS.items():
        if terms[name].iri != term.iri:
            raise _refuse(at, "context.redefined", term=name)
    for name in ("odrl", "rdf", "xsd"):
        if prefixes[name] != PREFIXES[name]:
            raise _refuse(at, "context.redefined", term=name)
