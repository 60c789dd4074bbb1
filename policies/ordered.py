"""Ordered values: instants, counts and other whole numbers, compared through the span of integers that a value covers.

What lives here: when a comparison holds, and what follows from several of them, by intervals. What does not: reading
and writing values (`instants`, `operands`). Source: ODRL 2.2, operators lt, lteq, gt, gteq, eq, neq.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf

from policies.claims import Claim
from policies.model import Operator

Bound = int | float
Interval = tuple[Bound, Bound]
"""Half-open: from the first up to but excluding the second."""

_COMPARING = frozenset({Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ, Operator.EQ})


class Ordered:
    """Values on a line. A value covers `span(value)`: one point, or a whole day. No fact lies below `least` or above
    `most`.

    `given`: the fact is always known, so that something may follow from nothing.
    """

    def __init__(
        self, span: Callable[[str], tuple[int, int]], least: Bound = -inf, most: Bound = inf, given: bool = True
    ) -> None:
        self._span, self._whole, self._given = span, (least, most + 1), given

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, int) or len(right) != 1:
            return None
        start, end = self._span(right[0])
        match operator:
            case Operator.LT:
                return fact < start
            case Operator.LTEQ:
                return fact < end
            case Operator.GT:
                return fact >= end
            case Operator.GTEQ:
                return fact >= start
            case Operator.EQ:
                return start <= fact < end
            case Operator.NEQ:
                return not start <= fact < end
            case _:
                return None

    def allowed(self, operator: Operator, right: tuple[str, ...]) -> Interval | None:
        """The facts for which `operator right` holds, where these lie in one piece; None where they do not."""
        if len(right) != 1 or operator not in _COMPARING:
            return None
        return self._inside(Claim("", operator, right[0]))[0]

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool:
        """Does the claim hold for every value for which all premises hold? Exact."""
        if not premises and not self._given:
            return False
        rest = self.values(premises)
        for low, high in self._outside(claim):
            if any(max(low, start) < min(high, end) for start, end in rest):
                return False
        return True

    def possible(self, premises: Sequence[Claim]) -> bool:
        """Is there a value for which all premises hold? Exact."""
        return bool(self.values(premises))

    def witness(self, premises: Sequence[Claim]) -> str | None:
        """Canonical text of a point where all premises hold. Exact."""
        for start, end in self.values(premises):
            return str(start if isinstance(start, int) else end - 1 if isinstance(end, int) else 0)
        return None

    def around(self, values: Iterable[str]) -> Iterator[int]:
        """Points that stand for all others, as far as these values go: the values, and both sides of their edges."""
        spans = [self._span(value) for value in values]
        inside = [point for start, end in spans for point in (start, end - 1)]
        outside = [point for start, end in spans for point in (start - 1, end)]
        least, end = self._whole
        yield from (point for point in (*inside, *outside, 1) if least <= point < end)

    def values(self, premises: Sequence[Claim]) -> list[Interval]:
        """Where all premises hold."""
        found: list[Interval] = [self._whole]
        for premise in premises:
            allowed = self._inside(premise)
            found = [
                (max(low, start), min(high, end))
                for low, high in found
                for start, end in allowed
                if max(low, start) < min(high, end)
            ]
        return found

    def _inside(self, claim: Claim) -> list[Interval]:
        start, end = self._span(claim.right)
        low: Bound = {Operator.GT: end, Operator.GTEQ: start, Operator.EQ: start}.get(claim.operator, -inf)
        high: Bound = {Operator.LT: start, Operator.LTEQ: end, Operator.EQ: end}.get(claim.operator, inf)
        return [(low, high)] if claim.holds else [part for part in ((-inf, low), (high, inf)) if part[0] < part[1]]

    def _outside(self, claim: Claim) -> list[Interval]:
        return self._inside(Claim(claim.left, claim.operator, claim.right, not claim.holds))
