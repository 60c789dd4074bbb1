"""How finely a place is told: a distance in metres, a level of H3, or a kind of official key.

What lives here: reading them and comparing two of the same sort; the greater is the coarser. What does not: making a
place coarser (`transforms`). Sources: H3, resolutions 0 (coarsest) to 15; the kinds of keys of `places`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from policies.claims import Claim
from policies.model import Operator
from policies.numbers import Decimals, order, read_decimal
from policies.sampled import Sampled

_H3 = re.compile(r"h3:(\d{1,2})", re.ASCII)
KEYS: Final = ("municipality", "association", "district", "governmentDistrict", "state", "country")
"""Kinds of key, from the finest to the coarsest."""

_METRES: Final = Decimals("0")


def read(text: str) -> str:
    """Metres as a decimal, `h3:8`, or a kind of key. Raises `ValueError`."""
    if text in KEYS:
        return text
    if found := _H3.fullmatch(text):
        if int(found[1]) > 15:
            raise ValueError("H3 has the resolutions 0 to 15")
        return f"h3:{int(found[1])}"
    return _METRES.read(read_decimal(text))


class Grains(Sampled):
    """Grains of place; those of different sorts are not compared. INVARIANT: exact."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str) or len(right) != 1:
            return None
        (sort, size), (other, bound) = _size(fact), _size(right[0])
        return order(operator, size, bound) if sort == other else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """All kinds of key, all levels of H3, and the distances that matter."""
        metres = [claim for claim in claims if _size(claim.right)[0] == "m"]
        named = dict.fromkeys(claim.right for claim in claims)
        return (*named, *_METRES.samples(metres), *KEYS, *(f"h3:{level}" for level in range(16)))


def _size(canonical: str) -> tuple[str, Decimal]:
    """The sort, and how coarse it is within it."""
    if canonical in KEYS:
        return "key", Decimal(KEYS.index(canonical))
    if canonical.startswith("h3:"):
        return "h3", Decimal(-int(canonical[3:]))
    return "m", Decimal(canonical)
