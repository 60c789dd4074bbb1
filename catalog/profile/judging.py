"""Judging one node by the facts of its class: the facts compiled to look-ups.

What lives here: the quick look at a property, the careful one, and the plan of a class. What does not: the facts
(`facts`), which nodes are judged by which plan (`checks`).

A record is nearly always right, property by property. So each property has a quick look that says "nothing wrong" and
knows no reasons; where it cannot say that, the same facts are gone through with care. Source: SHACL, 4 (what each
constraint means); XML Schema 1.1 part 2 (spellings of literals).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from catalog.graph import Graph, Node, Value, ids
from catalog.profile import vocabularies as lists
from catalog.profile.facts import CLASSES, DEPRECATED_OF, IRI, LITERAL, NODE, Must
from catalog.profile.findings import Fault, Finding, Severity
from catalog.profile.vocabularies import Vocabulary

# --- values -----------------------------------------------------------------------------------------------------------

Wrong = Callable[[Value, Graph], bool]
"""Is this wrong with a value?"""
Quick = Callable[[list[Value], Graph], bool]
"""May anything be wrong with these values? False is certain."""
Test = tuple[Fault, Severity, Wrong]

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_DURATION = re.compile(
    r"-?P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?",
    re.ASCII,
)
_COUNT = re.compile(r"\+?[0-9]+|-0+", re.ASCII)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)
_MEDIA = re.compile(r"https?://www\.iana\.org/assignments/media-types/", re.ASCII | re.IGNORECASE)
_LEXICAL: Final = {
    "xsd:decimal": _DECIMAL,
    "xsd:duration": _DURATION,
    "xsd:nonNegativeInteger": _COUNT,
    "xsd:hexBinary": _HEX,
}


def told(value: Value) -> str:
    return value["@id"] if "@id" in value else value["@value"]


def blank(value: Value) -> bool:
    return value.get("@id", "").startswith("_:")


def classes(kind: str) -> frozenset[str]:
    """A class and those below it."""
    return CLASSES.get(kind, frozenset((kind,)))


def _no_text(value: Value, graph: Graph) -> bool:
    return "@value" not in value


def _no_node(value: Value, graph: Graph) -> bool:
    return "@id" not in value


def _no_iri(value: Value, graph: Graph) -> bool:
    return "@id" not in value or value["@id"].startswith("_:")


def _not_typed(datatype: str) -> Wrong:
    spelling = _LEXICAL[datatype]

    def wrong(value: Value, graph: Graph) -> bool:
        return value.get("@type") != datatype or spelling.fullmatch(value["@value"].strip()) is None

    return wrong


def _not_of(kind: str) -> Wrong:
    """Is it no node of a class? Algorithms of checksums are told by SPDX, not by the record that names one."""
    wanted, elsewhere = classes(kind), kind == "spdx:ChecksumAlgorithm"

    def wrong(value: Value, graph: Graph) -> bool:
        node = graph.get(value.get("@id", ""))
        if node is not None and not wanted.isdisjoint(node.get("@type", ())):
            return False
        return not (elsewhere and lists.CHECKSUMS.holds(value.get("@id", "")))

    return wrong


def _not_listed(listed: Vocabulary) -> Wrong:
    """Is it neither of a list by its IRI nor as its node says?"""

    def wrong(value: Value, graph: Graph) -> bool:
        id = value.get("@id")
        if id is None:
            return True
        return not listed.holds(id) and (id not in graph or listed.scheme not in ids(graph[id], "skos:inScheme"))

    return wrong


def _no_media(value: Value, graph: Graph) -> bool:
    return blank(value) or _MEDIA.match(told(value)) is None


# --- one property -----------------------------------------------------------------------------------------------------

_FORMS: Final[Mapping[str, tuple[Fault, Wrong]]] = {
    LITERAL: (Fault.LITERAL, _no_text),
    NODE: (Fault.NODE, _no_node),
    IRI: (Fault.IRI, _no_iri),
}


def _tests(must: Must, part: str) -> Iterator[Test]:
    """Everything that is asked of each value of a property."""

    def grave(about: str = "") -> Severity:
        return Severity.WARNING if part == "mobility" or about in must.weak else Severity.VIOLATION

    if must.form:
        fault, wrong = _FORMS[must.form]
        yield fault, grave(), wrong
    if must.datatype:
        yield Fault.DATATYPE, grave(), _not_typed(must.datatype)
    if must.kind:
        yield Fault.CLASS, grave("kind"), _not_of(must.kind)
    if must.listed is not None:
        yield Fault.LIST, grave("listed"), _not_listed(must.listed)
    if must.media:
        yield Fault.MEDIA, grave(), _no_media


def _quick(must: Must, tests: tuple[Test, ...]) -> Quick:
    """The quick look at the values of one property."""
    if must.listed is not None:
        known = frozenset(map(must.listed.iri, must.listed.known))
        return _looking(must.single, lambda value, graph: value.get("@id") not in known)
    if must.media:
        return _looking(must.single, lambda value, graph: not value.get("@id", "").startswith(lists.MEDIA_TYPES))
    if not tests:
        return lambda values, graph: must.single and len(values) > 1
    if must.kind or must.datatype or must.form == IRI:
        # What passes the last test passes those before it: a node of a class is no text.
        return _looking(must.single, tests[-1][2])
    return _looking_for("@value" if must.form == LITERAL else "@id", must.single)


def _looking(single: bool, wrong: Wrong) -> Quick:
    def look(values: list[Value], graph: Graph) -> bool:
        if len(values) == 1:
            return wrong(values[0], graph)
        return single or any(wrong(value, graph) for value in values)

    return look


def _looking_for(name: str, single: bool) -> Quick:
    """Most properties: text, or no text."""

    def look(values: list[Value], graph: Graph) -> bool:
        if len(values) == 1:
            return name not in values[0]
        return single or any(name not in value for value in values)

    return look


# --- one class --------------------------------------------------------------------------------------------------------


class Plan:
    """What is asked of a node of one class."""

    def __init__(self, about: str, facts: Mapping[str, Must], part: str = "", either: tuple[str, ...] = ()) -> None:
        self._about, self._part, self._either, self._facts = about, part, either, facts
        self._asked = "|".join(either)
        self._tests = {name: tuple(_tests(must, part)) for name, must in facts.items()}
        self._quick = {name: _quick(must, self._tests[name]) for name, must in facts.items()}
        self._required = tuple(name for name, must in facts.items() if must.least)
        self._old = DEPRECATED_OF.get(about, {}) if not part else {}

    def judge(self, id: str, node: Node, graph: Graph, found: list[Finding]) -> None:
        """Add what is wrong with a node to what was found."""
        quick = self._quick
        for name, values in node.items():
            look = quick.get(name)
            if look is not None and look(values, graph):
                self._values(id, name, values, graph, found)
        for name in self._required:
            if not node.get(name):
                found.append(self._finding(Fault.MISSING, id, name))
        if self._either and not any(node.get(name) for name in self._either):
            found.append(self._finding(Fault.EITHER, id, self._asked))
        for name in self._old:
            if node.get(name):
                found.append(self._finding(Fault.DEPRECATED, id, name, weak=True))

    def _values(self, id: str, name: str, values: list[Value], graph: Graph, found: list[Finding]) -> None:
        """The careful look at a property."""
        if self._facts[name].single and len(values) > 1:
            found.append(self._finding(Fault.SEVERAL, id, name))
        for value in values:
            for fault, severity, wrong in self._tests[name]:
                if wrong(value, graph):
                    found.append(Finding(fault, severity, id, self._about, name, told(value), self._part))

    def _finding(self, fault: Fault, id: str, name: str, *, weak: bool = False) -> Finding:
        severity = Severity.WARNING if weak or self._part == "mobility" else Severity.VIOLATION
        return Finding(fault, severity, id, self._about, name, "", self._part)
