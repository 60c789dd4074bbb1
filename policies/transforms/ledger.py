"""What was told before, and what may still be told: thresholds and noise that hold over any sequence of answers.

What lives here: the rules as a pure function over what one consumer has been told of one dataset, in all its contracts.
What does not: keeping it (`connector.data.egress`), making cells (`cells`).

Why answers cannot be subtracted from one another to get at somebody:
1. *One division.* The first answer fixes how rows are divided into cells: filters, groups, their coarseness, what is
   told of a cell. Another division of the same data for the same consumer is refused, whatever contract asks for it. So
   any two cells that are ever told are the same or have no row in common, and no sum of cells contains another cell.
2. *Told once.* What was told of a cell is told again unchanged, whatever has become of its rows since. So there are
   never two versions of a cell whose difference would be what came or went between them. (Where rows leave one by one,
   a group of which anything has changed since it was told is not told again.)
3. *Never below the threshold.* A cell is told for the first time when as many stand behind it as the contract asks, and
   a contract that asks for more does not get cells that had fewer. A cell that is held back is not mentioned; how many
   there are is not said, and no totals are made that contain one.
4. *Closed windows.* Where cells are windows of time, one is told when it has ended and its delay is over: what is told
   once should not be told half.
So every answer is a selection of cells that have no row in common, each with a value of its own that never changes.
Whatever is computed from a sequence of answers is computed from those values, and behind each of them stand at least
as many as the threshold says. This is about one consumer: two who put together what they were told may know more.

Noise is drawn when a cell is told for the first time, costs epsilon from a budget over all contracts, and is told again
unchanged too: asking twice gives no second sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from policies.model import PolicyError, Reason
from policies.transforms.numbers import positive, write

MOST: Final = 500_000
"""Cells that are remembered of one dataset for one consumer."""


class Told(Struct, frozen=True):
    """What was told of a cell: how many stood behind it, and its statistics as they were written, or the fingerprint of
    the rows that left one by one."""

    units: int
    values: tuple[str, ...]


class Fresh(Struct, frozen=True):
    """A cell as it is now. `ended`: its window is over, or it has none."""

    units: int
    values: tuple[str, ...]
    ended: bool = True


class Terms(Struct, frozen=True):
    """What a chain asks of a release. `division` is the digest of how it divides the rows; `repeats`: values are told
    again as they were told (statistics); else the rows themselves leave, and only unchanged ones again. `sensitivities`
    are those of the statistics where noise of `epsilon` out of `budget` is drawn."""

    division: str
    least: int
    repeats: bool
    epsilon: str = ""
    budget: str = ""
    sensitivities: tuple[str, ...] = ()


class Before(Struct, frozen=True):
    """What one consumer has been told of one dataset: `cells` as far as they are asked about, `count` of them in all.
    `spent` is of the noise budget."""

    division: str = ""
    cells: Mapping[str, Told] = {}
    spent: str = "0"
    count: int = 0


class Answer(Struct, frozen=True):
    """An answer: what is told of which cell, which of these are new, and the ledger's own head after it."""

    told: Mapping[str, Told]
    news: Mapping[str, Told]
    division: str
    spent: str


Draw = Callable[[Decimal, Decimal, Decimal], Decimal]
"""(value, sensitivity, epsilon) -> the value with noise."""


def settle(before: Before, fresh: Mapping[str, Fresh], terms: Terms, draw: Draw | None = None) -> Answer:
    """What may be told now. Pure but for `draw`, which is called for new cells alone.

    Raises `PolicyError`: `release.division`, `release.budget`, `release.many`, `transform.noise` (nobody draws).
    """
    if before.division not in ("", terms.division):
        raise PolicyError(Reason("release.division"))
    told, news = {}, {}
    for key, cell in fresh.items():
        if (known := before.cells.get(key)) is not None:
            if known.units >= terms.least and (terms.repeats or known.values == cell.values):
                told[key] = known
        elif cell.ended and cell.units >= terms.least:
            news[key] = Told(cell.units, cell.values)
    if max(before.count, len(before.cells)) + len(news) > MOST:
        raise PolicyError(Reason("release.many", {"limit": str(MOST)}))
    spent = before.spent
    if news and terms.epsilon:
        spent = _spent(before.spent, terms)
        news = {key: _noisy(cell, terms, draw) for key, cell in news.items()}
    return Answer({**told, **news}, news, terms.division, spent)


def _spent(so_far: str, terms: Terms) -> str:
    """What will have been spent. INVARIANT: never more than the budget."""
    total = Decimal(so_far) + positive(terms.epsilon)
    if total > positive(terms.budget):
        raise PolicyError(Reason("release.budget", {"budget": terms.budget, "spent": so_far}))
    return write(total)


def _noisy(cell: Told, terms: Terms, draw: Draw | None) -> Told:
    """The cell with noise in every statistic; these share its epsilon."""
    if draw is None:
        raise PolicyError(Reason("transform.noise"))
    share = positive(terms.epsilon) / len(terms.sensitivities)
    values = tuple(
        write(draw(Decimal(value), Decimal(sensitivity), share))
        for value, sensitivity in zip(cell.values, terms.sensitivities, strict=True)
    )
    return Told(cell.units, values)
