"""What was told before, and what may still be told: thresholds and noise that hold over any sequence of answers.

What lives here: the rules as a pure function over what one consumer has been told of one dataset, in all its contracts.
What does not: keeping it (`connector.data.ledgers`), making cells (`cells`).

Why answers cannot be subtracted from one another to get at somebody:
1. *One division.* The first answer fixes how rows are divided into cells: filters, groups, their coarseness, what is
   told of a cell. Another division of the same data for the same consumer is refused, whatever contract asks for it.
   So of one state of the data no two cells have a row in common, and no sum of cells contains another cell.
2. *Told once.* What was told of a cell is told again unchanged, whatever has become of its rows since. So there are
   never two versions of a cell whose difference would be what came or went between them. (Where rows leave one by one,
   a group of which anything has changed since it was told is not told again.)
3. *One state.* Where cells are windows of time, all cells of a window come from one state of the data; without windows
   all cells do. A cell is told for the first time only while every cell of its window that was told before is still
   there with the same rows. So nobody who has moved on from a told cell is counted a second time in a new one.
4. *Never below the threshold.* A cell is told for the first time when as many stand behind it as the contract asks, and
   a contract that asks for more does not get cells that had fewer. Of a statistic over a field in which some rows have
   nothing, these rows are a group too: there are none of them, or as many as the threshold asks. A cell that is held
   back is not mentioned; how many there are is not said, and no totals are made that contain one.
5. *Closed windows.* A window of time is told when it has ended and its delay is over: what is told once should not be
   told half.
6. *One ledger.* It is one and the same for all contracts of a consumer, for all files of a folder, and for all datasets
   that are made of the same source, also after a dataset was given another one. What was told of it in two separate
   ledgers, before they turned out to be about the same, is told no further (`release.overlap`). A file of a folder is
   a state of its own: of a cell that another file has told, nothing is said unless its rows are the same.
So every answer is a selection of cells that have no row in common, each with a value of its own that never changes.
Whatever is computed from a sequence of answers is computed from those values, and behind each of them stand at least
as many as the threshold says.

What this does not promise: It is about one consumer; two who put together what they were told may know more. It is
about rows (or values of the unit): who knows all members of a group but one knows that one, and who has put rows into
the data can count without them. It takes the time of an event for something that is not rewritten later, and two
sources of different places for different data: whoever cuts one register into two files shares them as one folder, not
as two datasets. A contract without a threshold is not held to one: what its owner gives away there row by row, or in
groups of any size, is given away. Statistics of a group can say much about its members where these are all alike.

Noise is drawn when a cell is told for the first time, costs epsilon from a budget over all contracts, and is told again
unchanged too: asking twice gives no second sample. It hides how much a row adds to a cell, not which cells there are.
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
    """What was told of a cell: how many stood behind it, its statistics as they were written (none where the rows left
    one by one), the fingerprint of its rows, and the file of a folder that they were in."""

    units: int
    values: tuple[str, ...]
    print: str = ""
    part: str = ""


class Fresh(Struct, frozen=True):
    """A cell as it is now. `ended`: its window, which `window` names, is over, or it has none."""

    units: int
    values: tuple[str, ...]
    print: str = ""
    window: str = ""
    ended: bool = True


class Terms(Struct, frozen=True):
    """What a chain asks of a release. `division` is the digest of how it divides the rows; `repeats`: values are told
    again as they were told (statistics); else the rows themselves leave, and only unchanged ones again. `sensitivities`
    are those of the statistics where noise of `epsilon` out of `budget` is drawn. `part` is the file of a folder."""

    division: str
    least: int
    repeats: bool
    epsilon: str = ""
    budget: str = ""
    sensitivities: tuple[str, ...] = ()
    part: str = ""


class Before(Struct, frozen=True):
    """What one consumer has been told of one dataset: `cells` as far as they are asked about, `count` of them in all.
    `windows` says how many cells of a window. `spent` is of the noise budget. `mixed`: it was told in two ledgers."""

    division: str = ""
    cells: Mapping[str, Told] = {}
    spent: str = "0"
    count: int = 0
    windows: Mapping[str, int] = {}
    mixed: bool = False


class Answer(Struct, frozen=True):
    """An answer: what is told of which cell, which of these are new, and the ledger's own head after it."""

    told: Mapping[str, Told]
    news: Mapping[str, Told]
    division: str
    spent: str


Draw = Callable[[Decimal, Decimal, Decimal], Decimal]
"""(value, sensitivity, epsilon) -> the value with noise."""


def settle(
    before: Before, fresh: Mapping[str, Fresh], terms: Terms, draw: Draw | None = None, *, only_again: bool = False
) -> Answer:
    """What may be told now; with `only_again` nothing that was not told before. Pure but for `draw`, which is called
    for new cells alone.

    Raises `PolicyError`: `release.overlap`, `release.division`, `release.budget`, `release.many`, `transform.noise`
    (nobody draws).
    """
    if before.mixed:
        raise PolicyError(Reason("release.overlap"))
    if before.division not in ("", terms.division):
        raise PolicyError(Reason("release.division"))
    told = {key: known for key, cell in fresh.items() if (known := _again(before.cells.get(key), cell, terms))}
    news = {} if only_again else _news(before, fresh, terms)
    if max(before.count, len(before.cells)) + len(news) > MOST:
        raise PolicyError(Reason("release.many", {"limit": str(MOST)}))
    spent = before.spent
    if news and terms.epsilon:
        spent = _spent(before.spent, terms)
        news = {key: _noisy(cell, terms, draw) for key, cell in news.items()}
    return Answer({**told, **news}, news, terms.division, spent)


def _again(known: Told | None, cell: Fresh, terms: Terms) -> Told | None:
    """What was told of a cell, where it may be told again."""
    if known is None or known.units < terms.least:
        return None
    stays = known.print == cell.print or (terms.repeats and known.part == terms.part)
    return known if stays else None


def _news(before: Before, fresh: Mapping[str, Fresh], terms: Terms) -> dict[str, Told]:
    """The cells that may be told for the first time."""
    there: dict[str, int] = {}
    for key, cell in fresh.items():
        known = before.cells.get(key)
        if known is not None and known.print == cell.print:
            there[cell.window] = there.get(cell.window, 0) + 1
    return {
        key: Told(cell.units, cell.values, cell.print, terms.part)
        for key, cell in fresh.items()
        if key not in before.cells
        and cell.ended
        and cell.units >= terms.least
        # INVARIANT: what is told of a window is told of one state of it. Noise alone needs no such state.
        and (terms.least == 1 or there.get(cell.window, 0) == before.windows.get(cell.window, 0))
    }


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
    return Told(cell.units, values, cell.print, cell.part)
