"""Levels: a few named steps, each of which includes those before it.

What lives here: comparing them. What does not: their names (`vocabulary`). Whoever is at a level is at no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from policies.claims import Claim
from policies.model import Operator
from policies.numbers import order
from policies.sampled import Sampled


class Levels(Sampled):
    """Levels by IRI, from the lowest to the highest; `read` takes the local name as well. INVARIANT: exact."""

    def __init__(self, levels: Iterable[str]) -> None:
        self._rank = {iri: place for place, iri in enumerate(levels)}
        self._short = {iri.rpartition(":")[2]: iri for iri in self._rank}

    def read(self, text: str) -> str:
        """The IRI of a level. Raises `ValueError`."""
        found = self._short.get(text, text)
        if found not in self._rank:
            raise ValueError("no such level")
        return found

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        rank = self._rank.get(fact) if isinstance(fact, str) else None
        ranks = [self._rank.get(one) for one in right]
        if rank is None or None in ranks:
            return None
        match operator:
            case Operator.IS_ANY_OF:
                return rank in ranks
            case Operator.IS_NONE_OF:
                return rank not in ranks
            case _:
                return order(operator, Decimal(rank), Decimal(ranks[0] or 0)) if len(ranks) == 1 else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """All levels."""
        return tuple(self._rank)
