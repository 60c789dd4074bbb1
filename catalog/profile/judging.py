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

Quick = Callable[[list[Value], Graph], bool]
"""May anything be wrong with these values? False is certain."""

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


def _is_typed(value: Value, datatype: str) -> bool:
    return value.get("@type") == datatype and _LEXICAL[datatype].fullmatch(value["@value"].strip()) is not None


def _is_of(value: Value, graph: Graph, wanted: frozenset[str]) -> bool:
    """Is it a node of one of these classes?"""
    node = graph.get(value.get("@id", ""))
    return node is not None and not wanted.isdisjoint(node.get("@type", ()))


def _is_listed(value: Value, graph: Graph, listed: Vocabulary) -> bool:
    """Is it of a list, by its IRI or as its node says?"""
    id = value.get("@id")
    if id is None:
        return False
    return listed.holds(id) or (id in graph and listed.scheme in ids(graph[id], "skos:inScheme"))


def _is_media(value: Value) -> bool:
    return not blank(value) and _MEDIA.match(told(value)) is not None


# --- one property -----------------------------------------------------------------------------------------------------


def _quick(must: Must) -> Quick:
    """The quick look at the values of one property."""
    if must.listed is not None:
        known = frozenset(map(must.listed.iri, must.listed.known))
        return _looking(must, lambda value, graph: value.get("@id") not in known)
    if must.media:
        return _looking(must, lambda value, graph: not value.get("@id", "").startswith(lists.MEDIA_TYPES))
    if must.kind:
        wanted = classes(must.kind)
        return _looking(must, lambda value, graph: not _is_of(value, graph, wanted))
    if must.datatype:
        datatype = must.datatype
        return _looking(must, lambda value, graph: not _is_typed(value, datatype))
    if must.form == LITERAL:
        return _looking_at_text(must.single)
    if must.form == NODE:
        return _looking_at_nodes(must.single)
    if must.form == IRI:
        return _looking(must, lambda value, graph: "@id" not in value or value["@id"].startswith("_:"))
    return lambda values, graph: must.single and len(values) > 1


def _looking(must: Must, wrong: Callable[[Value, Graph], bool]) -> Quick:
    single = must.single

    def look(values: list[Value], graph: Graph) -> bool:
        if len(values) == 1:
            return wrong(values[0], graph)
        return single or any(wrong(value, graph) for value in values)

    return look


def _looking_at_text(single: bool) -> Quick:
    def look(values: list[Value], graph: Graph) -> bool:
        if len(values) == 1:
            return "@value" not in values[0]
        return single or any("@value" not in value for value in values)

    return look


def _looking_at_nodes(single: bool) -> Quick:
    def look(values: list[Value], graph: Graph) -> bool:
        if len(values) == 1:
            return "@id" not in values[0]
        return single or any("@id" not in value for value in values)

    return look


def _faults(must: Must, value: Value, graph: Graph) -> Iterator[tuple[Fault, bool]]:
    """What is wrong with one value, and whether it is only wished for."""
    if must.form == LITERAL and "@value" not in value:
        yield Fault.LITERAL, False
    if must.form == NODE and "@id" not in value:
        yield Fault.NODE, False
    if must.form == IRI and ("@id" not in value or blank(value)):
        yield Fault.IRI, False
    if must.datatype and not _is_typed(value, must.datatype):
        yield Fault.DATATYPE, False
    if must.kind and not _is_of(value, graph, classes(must.kind)) and not _is_checksum(must, value):
        yield Fault.CLASS, "kind" in must.weak
    if must.listed is not None and not _is_listed(value, graph, must.listed):
        yield Fault.LIST, "listed" in must.weak
    if must.media and not _is_media(value):
        yield Fault.MEDIA, False


def _is_checksum(must: Must, value: Value) -> bool:
    """Algorithms are told by SPDX, not by the record that names one."""
    return must.kind == "spdx:ChecksumAlgorithm" and lists.CHECKSUMS.holds(value.get("@id", ""))


def classes(kind: str) -> frozenset[str]:
    return CLASSES.get(kind, frozenset((kind,)))


# --- one class --------------------------------------------------------------------------------------------------------


class Plan:
    """What is asked of a node of one class."""

    def __init__(self, about: str, facts: Mapping[str, Must], part: str = "", either: tuple[str, ...] = ()) -> None:
        self._about, self._part, self._either, self._facts = about, part, either, facts
        self._asked = "|".join(either)
        self._quick = {name: _quick(must) for name, must in facts.items()}
        self._required = tuple(name for name, must in facts.items() if must.least)
        self._old = DEPRECATED_OF.get(about, {}) if not part else {}

    def judge(self, id: str, node: Node, graph: Graph, found: list[Finding]) -> None:
        """Add what is wrong with a node to what was found."""
        quick = self._quick
        for name, values in node.items():
            look = quick.get(name)
            if look is not None and look(values, graph):
                found += self._slow(id, name, values, graph)
        for name in self._required:
            if not node.get(name):
                found.append(self._finding(Fault.MISSING, id, name))
        if self._either and not any(node.get(name) for name in self._either):
            found.append(self._finding(Fault.EITHER, id, self._asked))
        for name in self._old:
            if node.get(name):
                found.append(self._finding(Fault.DEPRECATED, id, name, weak=True))

    def _slow(self, id: str, name: str, values: list[Value], graph: Graph) -> Iterator[Finding]:
        must = self._facts[name]
        if must.single and len(values) > 1:
            yield self._finding(Fault.SEVERAL, id, name)
        for value in values:
            for fault, weak in _faults(must, value, graph):
                yield self._finding(fault, id, name, told(value), weak=weak)

    def _finding(self, fault: Fault, id: str, name: str, value: str = "", *, weak: bool = False) -> Finding:
        severity = Severity.WARNING if weak or self._part == "mobility" else Severity.VIOLATION
        return Finding(fault, severity, id, self._about, name, value, self._part)
