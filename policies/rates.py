"""Rates: so many requests within a period, `100/PT1H`.

What lives here: reading them, comparing a number of requests with one. What does not: counting (`connector.data`). A
fact is how many requests there were within the period up to now, this one included, in the same notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from policies import durations
from policies.claims import Claim
from policies.model import Operator
from policies.numbers import order
from policies.sampled import Sampled

_RATE = re.compile(r"(\d{1,9})/(P[0-9A-Z.]{1,24})", re.ASCII)
_LONGEST: Final = 31 * durations.DAY


def read(text: str) -> str:
    """Canonical text. The period is of time alone, from a second to 31 days. Raises `ValueError`."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("not a number and a period")
    months, time = durations.length(durations.read(found[2]))
    if months or not durations.SECOND <= time <= _LONGEST:
        raise ValueError("not a period from a second to 31 days")
    return f"{int(found[1])}/{durations.write((0, time))}"


def split(canonical: str) -> tuple[int, int]:
    """How many, and within how many microseconds. Raises `ValueError`."""
    number, _, period = canonical.partition("/")
    return int(number), durations.length(period)[1]


class Rates(Sampled):
    """Rates over one period are compared by their number; over another period nothing is said. INVARIANT: exact."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str) or len(right) != 1:
            return None
        (number, period), (limit, over) = split(fact), split(right[0])
        return order(operator, Decimal(number), Decimal(limit)) if period == over else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """For each period the numbers that are named and their neighbours."""
        named = [claim.right.split("/") for claim in claims] or [["0", "PT1H"]]
        around = ((int(number) + step, period) for step in (0, 1, -1) for number, period in named)
        return dict.fromkeys(f"{number}/{period}" for number, period in around if number >= 0)
