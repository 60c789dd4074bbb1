"""ONE registry of left operands: parse, evaluate, compare, explain, lint and the documentation read it.

What lives here: the operands by IRI, finding one, adding one by configuration. What does not: what an operand consists
of (`operand`), the operands themselves (`access` and the other modules of this package), sentences (`sentences`).
Source: ODRL Vocabulary 2.2, left operands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from policies.claims import ACTION, ASSIGNEE, TARGET
from policies.operands import access, asset, foreign, municipal, parameters, parties, timing
from policies.operands.access import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.operands.operand import (
    SET_OPERATORS,
    Assurance,
    Both,
    Fact,
    Operand,
    Origin,
    Phase,
    Place,
    Side,
    Unmet,
    Values,
    Vector,
)
from policies.taxonomy import Taxonomy
from policies.vocabulary import ACTIONS

__all__ = [
    "ACTION_VALUES",
    "ALWAYS_KNOWN",
    "COUNT",
    "DATE_TIME",
    "OPERANDS",
    "PURPOSE",
    "SET_OPERATORS",
    "SPATIAL",
    "VALUES",
    "Assurance",
    "Both",
    "Fact",
    "Operand",
    "Origin",
    "Phase",
    "Place",
    "Side",
    "Unmet",
    "Values",
    "Vector",
    "extend",
    "find",
    "generic",
    "lacking",
]

_known: dict[str, Operand] = {
    operand.iri: operand
    for room in (access, timing, asset, municipal, parameters, parties)
    for operand in room.OPERANDS
}

OPERANDS: Final[Mapping[str, Operand]] = _known
"""Every left operand that is understood, by IRI."""

ALWAYS_KNOWN: Final = frozenset(
    {ACTION, ASSIGNEE, TARGET, COUNT} | {operand.iri for operand in OPERANDS.values() if operand.origin is Origin.CLOCK}
)
"""What no access can leave open."""

ACTION_VALUES: Final = Taxonomy(ACTIONS)
_NAMES: Final = Taxonomy({})

_values: dict[str, Values] = {
    **{iri: operand.values for iri, operand in OPERANDS.items()},
    ACTION: ACTION_VALUES,
    ASSIGNEE: _NAMES,
    TARGET: _NAMES,
}
VALUES: Final[Mapping[str, Values]] = _values
"""Operands and the parts of a rule that are compared like them: action, assignee, target."""


def find(iri: str) -> Operand | None:
    """The operand with this full IRI; None where nobody knows it."""
    return OPERANDS.get(iri)


def generic(iri: str, datatype: str) -> Operand:
    """An operand that nobody knows, judged by the datatype (full IRI, or "") of its value alone.

    Raises `ValueError` for a datatype whose values cannot be compared here.
    """
    return foreign.operand(iri, datatype)


def extend(more: Iterable[Operand]) -> None:
    """Add operands, once, at start, as the configuration names them.

    Raises `ValueError` for one that lacks a part, or that would give a known IRI or name another meaning; then none is
    added.
    """
    added = {operand.iri: operand for operand in more}
    names = {operand.name for operand in _known.values()}
    for operand in added.values():
        if operand.iri in _known or operand.name in names:
            raise ValueError(f"operand {operand.iri} is known already")
        if missing := lacking(operand):
            raise ValueError(f"operand {operand.iri} lacks {', '.join(missing)}")
        names.add(operand.name)
    _known.update(added)
    _values.update({iri: operand.values for iri, operand in added.items()})


def lacking(operand: Operand) -> list[str]:
    """What an operand still lacks to be used: parts that are empty, operators without a phrase or without cases that
    hold and that do not, cases that come out otherwise than they say."""
    texts = {"name": operand.name, "iri": operand.iri}
    texts |= {f"{part} {n}": text for part in ("label", "meaning") for n, text in enumerate(getattr(operand, part))}
    found = [part for part, text in texts.items() if not text.strip()]
    found += [part for part in ("datatypes", "operators", "places", "vectors") if not getattr(operand, part)]
    for operator in sorted(operand.operators):
        both = operand.clauses.get(operator, ("", ""))
        if any(phrase.count("{}") != 1 for phrase in both):
            found.append(f"a phrase for {operator}")
        met = {vector.expected for vector in operand.vectors if vector.operator is operator}
        if not {True, False} <= met:
            found.append(f"cases for {operator}")
    return found + [f"the case {vector}" for vector in operand.vectors if not _comes_out(operand, vector)]


def _comes_out(operand: Operand, vector: Vector) -> bool:
    try:
        right = tuple(operand.read(text) for text in vector.right)
        found = operand.values.holds(vector.operator, right, operand.fact(vector.fact))
    except ValueError:
        return False
    return vector.operator in operand.operators and found is vector.expected
