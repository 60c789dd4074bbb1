"""Formulas over tests whose outcome has three values: the form in which two policies are held against each other.

What lives here: formulas in negation normal form, each kept once; their denial; what remains of one when a variable is
settled. What does not: which tests there are and what they come out as (`worlds`), the search (`witness`).

A test belongs to one variable (an operand, the party, the clock ...). A leaf says which outcomes of a test it accepts.
So "the constraint definitely holds" and its denial, "it does not hold or cannot be said", are both plain formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from policies.work import Work

TRUE: Final = 0
FALSE: Final = 1

YES: Final = 1
NO: Final = 2
OPEN: Final = 4
ANY: Final = YES | NO | OPEN
"""Outcomes of a test, as a mask."""

_LEAF, _ALL, _SOME = 0, 1, 2


class Formulas:
    """Formulas, each under a number of its own; equal ones have the same. INVARIANT: `spend` bounds the work."""

    def __init__(self, work: Work | None = None) -> None:
        self._kinds: list[tuple[int, ...]] = [(_ALL,), (_SOME,)]
        self._over: list[int] = [0, 0]
        self._known: dict[tuple[int, ...], int] = {(_ALL,): TRUE, (_SOME,): FALSE}
        self._denied: dict[int, int] = {TRUE: FALSE, FALSE: TRUE}
        self.spend = (work or Work()).spend

    def leaf(self, variable: int, test: int, accepted: int) -> int:
        """That the test of a variable has one of the accepted outcomes."""
        if accepted in (0, ANY):
            return FALSE if accepted == 0 else TRUE
        return self._keep((_LEAF, variable, test, accepted), 1 << variable)

    def all(self, members: Iterable[int]) -> int:
        """That all of them hold."""
        return self._joined(_ALL, members, TRUE, FALSE)

    def some(self, members: Iterable[int]) -> int:
        """That at least one of them holds."""
        return self._joined(_SOME, members, FALSE, TRUE)

    def denial(self, node: int) -> int:
        """That the formula does not hold."""
        found = self._denied.get(node)
        if found is None:
            kind, *rest = self._kinds[node]
            if kind == _LEAF:
                found = self.leaf(rest[0], rest[1], ANY & ~rest[2])
            else:
                join = self.some if kind == _ALL else self.all
                found = join([self.denial(member) for member in rest])
            self._denied[node], self._denied[found] = found, node
        return found

    def about(self, node: int) -> list[int]:
        """The variables that it speaks of."""
        over, found = self._over[node], []
        while over:
            low = over & -over
            found.append(low.bit_length() - 1)
            over ^= low
        return found

    def alone(self, node: int) -> list[int]:
        """The variables of members that are leaves: they decide the most."""
        kind, *rest = self._kinds[node]
        if kind == _LEAF:
            return [rest[0]]
        return [self._kinds[member][1] for member in rest if self._kinds[member][0] == _LEAF]

    def given(self, node: int, variable: int, outcomes: Sequence[int], done: dict[int, int]) -> int:
        """What remains of it when the variable's tests come out so. `done` remembers, for these very outcomes."""
        if not self._over[node] >> variable & 1:
            return node
        found = done.get(node)
        if found is None:
            self.spend()
            kind, *rest = self._kinds[node]
            if kind == _LEAF:
                found = TRUE if outcomes[rest[1]] & rest[2] else FALSE
            else:
                parts = [self.given(member, variable, outcomes, done) for member in rest]
                found = self.all(parts) if kind == _ALL else self.some(parts)
            done[node] = found
        return found

    def _joined(self, kind: int, members: Iterable[int], empty: int, absorbing: int) -> int:
        flat: set[int] = set()
        for member in members:
            if member == absorbing:
                return absorbing
            if member == empty:
                continue
            if self._kinds[member][0] == kind:
                flat.update(self._kinds[member][1:])
            else:
                flat.add(member)
        flat = self._merged(flat, kind)
        self.spend(len(flat))
        if absorbing in flat:
            return absorbing
        if len(flat) == 1:
            return flat.pop()
        over = 0
        for member in flat:
            over |= self._over[member]
        return self._keep((kind, *sorted(flat)), over)

    def _merged(self, members: set[int], kind: int) -> set[int]:
        """Leaves about one test become one leaf."""
        leaves: dict[tuple[int, int], list[int]] = {}
        for member in members:
            sort, *rest = self._kinds[member]
            if sort == _LEAF:
                leaves.setdefault((rest[0], rest[1]), []).append(member)
        merged = set(members)
        for (variable, test), same in leaves.items():
            if len(same) > 1:
                accepted = ANY if kind == _ALL else 0
                for member in same:
                    mask = self._kinds[member][3]
                    accepted = accepted & mask if kind == _ALL else accepted | mask
                merged.difference_update(same)
                merged.add(self.leaf(variable, test, accepted))
        merged.discard(TRUE if kind == _ALL else FALSE)
        return merged

    def _keep(self, key: tuple[int, ...], over: int) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self._kinds)
            self._kinds.append(key)
            self._over.append(over)
        return found
