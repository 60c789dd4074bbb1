"""Terms of a taxonomy: purposes and actions, where one may lie below another.

What lives here: identity (eq, isAnyOf ...) and belonging (isA) in three values, and what follows from several of them.
What does not: the tables (`vocabulary`). Source: ODRL 2.2, operators eq, neq, isA, isAnyOf, isNoneOf.

`eq` and the set operators ask for the very term; `isA` for it or a term below it. Belonging is definite only between
terms that are both in the table. A fact that is broader than the term asked for is undecided: it may or may not be
meant, so a permission does not apply and a prohibition cannot be ruled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from policies.claims import Claim
from policies.model import Operator

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f]+")
_LONGEST: Final = 512
_OTHER: Final = "urn:other"
"""Stands for every term that neither the table nor a claim names."""


class Taxonomy:
    """Terms by IRI. `table` maps a term to those directly above it; `prefix` is a spelling that `read` expands."""

    def __init__(self, table: Mapping[str, tuple[str, ...]], prefix: tuple[str, str] | None = None) -> None:
        self._above = {term: frozenset(_closure(term, table)) for term in table}
        self._prefix = prefix

    def read(self, text: str) -> str:
        """The full IRI. Raises `ValueError` for anything that is not an absolute IRI."""
        if len(text) > _LONGEST or not _IRI.fullmatch(text):
            raise ValueError("not an absolute IRI")
        if self._prefix is not None and text.startswith(self._prefix[0]):
            return self._prefix[1] + text[len(self._prefix[0]) :]
        return text

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str):
            return None
        match operator:
            case Operator.EQ | Operator.IS_ANY_OF:
                return fact in right
            case Operator.NEQ | Operator.IS_NONE_OF:
                return fact not in right
            case Operator.IS_A if len(right) == 1:
                return self._belongs(fact, right[0])
            case _:
                return None

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool:
        """Does the claim hold for every term for which all premises hold? Exact: terms that nothing names are alike."""
        if not premises:
            return False
        return all(self._is(claim, term) for term in self._matching(premises, claim))

    def possible(self, premises: Sequence[Claim]) -> bool:
        """Is there a term for which all premises hold?"""
        return bool(self._matching(premises, *premises))

    def terms(self) -> Iterable[str]:
        """The terms of the table."""
        return self._above

    def witness(self, premises: Sequence[Claim]) -> str | None:
        """A term for which all premises hold."""
        return min(self._matching(premises, *premises), default=None)

    def _matching(self, premises: Sequence[Claim], *others: Claim) -> list[str]:
        candidates = {*self._above, _OTHER, *(claim.right for claim in (*premises, *others))}
        for premise in premises:
            if premise.holds and premise.operator is Operator.EQ:
                candidates = {premise.right}
        return [term for term in candidates if all(self._is(premise, term) for premise in premises)]

    def _is(self, claim: Claim, term: str) -> bool:
        return self.holds(claim.operator, (claim.right,), term) is claim.holds

    def _belongs(self, fact: str, term: str) -> bool | None:
        if fact == term:
            return True
        above, above_term = self._above.get(fact), self._above.get(term)
        if above is None or above_term is None:
            return None
        if term in above:
            return True
        return None if fact in above_term else False


def _closure(term: str, table: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    todo = list(table[term])
    while todo:
        above = todo.pop()
        if above not in found:
            found.add(above)
            todo.extend(table[above])
    return found
