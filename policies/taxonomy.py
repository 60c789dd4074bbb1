"""Terms of a taxonomy: purposes, actions, legal bases, names; one may lie below another.

What lives here: identity (eq, isAnyOf ...) and belonging (isA, isPartOf, hasPart) in three values, and what follows
from several of them. What does not: the tables (`vocabulary`). Source: ODRL 2.2, operators.

`eq` and the set operators ask for the very term; `isA` and `isPartOf` for it or a term below it; `hasPart` for it or a
term above it. Belonging is definite only between terms that are both in the table. A fact that is broader than the term
asked for is undecided: it may or may not be meant, so a permission does not apply, and a prohibition cannot be ruled
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled, same

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f]+")
_LONGEST: Final = 512
_OTHER: Final = "urn:other"
"""Stands for every term that neither the table nor a claim names."""


def read_iri(text: str) -> str:
    """An absolute IRI as it is. Raises `ValueError`."""
    if len(text) > _LONGEST or not _IRI.fullmatch(text):
        raise ValueError("not an absolute IRI")
    return text


class Taxonomy(Sampled):
    """Terms by IRI. `table` maps a term to those directly above it; `prefix` is a spelling that `read` expands.

    INVARIANT: answers are exact: the terms of the table, those that claims name, and one that nothing names stand for
    all there are.
    """

    def __init__(self, table: Mapping[str, tuple[str, ...]], prefix: tuple[str, str] | None = None) -> None:
        self._above = {term: frozenset(_closure(term, table)) for term in table}
        self._prefix = prefix

    def read(self, text: str) -> str:
        """The full IRI. Raises `ValueError` for anything that is not an absolute IRI."""
        text = read_iri(text)
        if self._prefix is not None and text.startswith(self._prefix[0]):
            return self._prefix[1] + text[len(self._prefix[0]) :]
        return text

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str):
            return None
        match operator:
            case Operator.IS_A | Operator.IS_PART_OF if len(right) == 1:
                return self._belongs(fact, right[0])
            case Operator.HAS_PART if len(right) == 1:
                return self._includes(fact, right[0])
            case _:
                return same(operator, right, fact)

    def terms(self) -> Iterable[str]:
        """The terms of the table."""
        return self._above

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The terms of the table and of the claims, and one more."""
        return sorted({*self._above, _OTHER, *(claim.right for claim in claims)})

    def alike(self, value: str) -> Iterable[str]:
        """A term equals itself alone."""
        return (value,)

    def _belongs(self, fact: str, term: str) -> bool | None:
        if fact == term:
            return True
        above, above_term = self._above.get(fact), self._above.get(term)
        if above is None or above_term is None:
            return None
        if term in above:
            return True
        return None if fact in above_term else False

    def _includes(self, fact: str, term: str) -> bool | None:
        if fact == term:
            return True
        above_term = self._above.get(term)
        if above_term is None or fact not in self._above:
            return None
        return fact in above_term


def _closure(term: str, table: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    todo = list(table[term])
    while todo:
        above = todo.pop()
        if above not in found:
            found.add(above)
            todo.extend(table[above])
    return found
