"""ONE registry of left operands: parse, evaluate, compare, explain, lint and the documentation read it.

What lives here: the operands by IRI, finding one. What does not: what an operand consists
of (`operand`), the operands themselves (`access` and the other modules of this package), sentences (`sentences`).
Source: ODRL Vocabulary 2.2, left operands.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    "Values",
    "Vector",
    "find",
    "generic",
]

OPERANDS: Final[Mapping[str, Operand]] = {
    operand.iri: operand
    for room in (access, timing, asset, municipal, parameters, parties)
    for operand in room.OPERANDS
}
"""Every left operand that is understood, by IRI."""

ALWAYS_KNOWN: Final = frozenset(
    {ACTION, ASSIGNEE, TARGET, COUNT} | {operand.iri for operand in OPERANDS.values() if operand.origin is Origin.CLOCK}
)
"""What no access can leave open."""

ACTION_VALUES: Final = Taxonomy(ACTIONS)
_NAMES: Final = Taxonomy({})

VALUES: Final[Mapping[str, Values]] = {
    **{iri: operand.values for iri, operand in OPERANDS.items()},
    ACTION: ACTION_VALUES,
    ASSIGNEE: _NAMES,
    TARGET: _NAMES,
}
"""Operands and the parts of a rule that are compared like them: action, assignee, target."""


def find(iri: str) -> Operand | None:
    """The operand with this full IRI; None where nobody knows it."""
    return OPERANDS.get(iri)


def generic(iri: str, datatype: str) -> Operand:
    """An operand that nobody knows, judged by the datatype (full IRI, or "") of its value alone.

    Raises `ValueError` for a datatype whose values cannot be compared here.
    """
    return foreign.operand(iri, datatype)
