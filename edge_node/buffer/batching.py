"""Putting readings into other batches: small ones together, delivered ones away, every second one of a thing.

What lives here: sealed batches to sealed batches. What does not: which, and where they stand. Numbers stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.data.readings.model import MOST_ROWS, Batch, Rows
from connector.data.readings.ranges import Ranges, covers
from edge_node.buffer.model import Sealed, Sealing
from edge_node.errors import KeepingError


def together(found: Sequence[Sealed], rows: int, sealing: Sealing, *, thin: bool = False) -> Iterator[Sealed]:
    """The same readings in batches of up to `rows`, those of a series in order; one that has no neighbour stays as it
    is. `thin`: every second reading of a thing is left out. A batch that cannot be read goes through as it is: whoever
    it is delivered to can read it no better, and nothing is lost here."""
    for run in _runs(found, rows):
        if len(run) == 1 and not thin:
            yield run[0]
            continue
        try:
            joined = _joined([_opened(one, sealing) for one in run])
        except KeepingError:
            yield from run
            continue
        yield sealing.batch(_thinned(joined) if thin else joined)


def without(found: Sequence[Sealed], delivered: Mapping[int, Ranges]) -> list[Sealed]:
    """The batches that not all have been delivered of."""
    return [one for one in found if not covers(delivered.get(one.series, ()), one.first, one.last)]


def _runs(found: Sequence[Sealed], rows: int) -> Iterator[list[Sealed]]:
    """Neighbours that fit into one batch."""
    open_runs: dict[int, list[Sealed]] = {}
    for one in found:
        run = open_runs.setdefault(one.series, [])
        if run and not _fits(run, one, rows):
            yield run
            run = open_runs[one.series] = []
        run.append(one)
    yield from (run for run in open_runs.values() if run)


def _fits(run: list[Sealed], one: Sealed, rows: int) -> bool:
    count = one.last - run[0].first + 1
    return run[-1].last + 1 == one.first and run[-1].unsure == one.unsure and count <= min(rows, MOST_ROWS)


def _opened(one: Sealed, sealing: Sealing) -> Batch:
    found = sealing.opened(one.data)
    if not isinstance(found, Batch) or (found.series, found.first, found.last) != (one.series, one.first, one.last):
        raise KeepingError("buffer.seal")
    return found


def _joined(batches: Sequence[Batch]) -> Batch:
    """Neighbours as one. The legend of the newest explains all: numbers keep their meaning."""
    first, last = batches[0], batches[-1]
    if any(len(batch.rows.columns) != len(first.rows.columns) for batch in batches):
        raise KeepingError("buffer.seal")
    rows = Rows([], [], [[] for _ in first.rows.columns])
    for batch in batches:
        rows.times += batch.rows.times
        rows.things += batch.rows.things
        for column, more in zip(rows.columns, batch.rows.columns, strict=True):
            column += more
    whole = last.last - first.first + 1 == len(rows.times)
    legend = max(batch.legend for batch in batches)
    return Batch(first.series, legend, first.first, rows, first.unsure, 0 if whole else last.last - first.first + 1)


def _thinned(batch: Batch) -> Batch:
    """Every second reading of each thing, beginning with its first here, so that none vanishes."""
    odd: dict[int, bool] = {}
    chosen: list[int] = []
    for place, thing in enumerate(batch.rows.things):
        odd[thing] = not odd.get(thing, False)
        if odd[thing]:
            chosen.append(place)
    rows = Rows(
        [batch.rows.times[place] for place in chosen],
        [batch.rows.things[place] for place in chosen],
        [[column[place] for place in chosen] for column in batch.rows.columns],
    )
    span = batch.last - batch.first + 1
    return Batch(batch.series, batch.legend, batch.first, rows, batch.unsure, 0 if span == len(chosen) else span)
