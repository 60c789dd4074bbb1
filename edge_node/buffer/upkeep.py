"""What is done to files beside appending: closing the open one, writing a segment anew, deleting.

What lives here: work for the buffer's thread, each piece in an order in which a power cut does no harm. What does not:
when it is done, and what the buffer holds in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from connector.data.readings.model import Gap, Legend
from connector.data.readings.ranges import Ranges, joined
from edge_node.buffer import segments
from edge_node.buffer.files import Files
from edge_node.buffer.index import Row
from edge_node.buffer.model import Sealed, Sealing
from edge_node.buffer.recovery import UNFINISHED, read
from edge_node.buffer.room import without
from edge_node.buffer.segments import End, LegendEntry, Scan, Start
from edge_node.buffer.tail import parts
from edge_node.errors import KeepingError

Treat = Callable[[list[Sealed]], Iterable[Sealed]]
"""Which batches a segment holds instead of those."""


class Loss(Struct, frozen=True):
    """Readings of a segment that are not there."""

    series: int
    ranges: Ranges


def scanned(files: Files, row: Row) -> tuple[Scan, list[Loss]]:
    """What a closed segment's file holds, and what should be there and is not."""
    found = segments.scan(row.number, read(files, row.name))
    there = {part.series: part.ranges for part in parts(batches_of(found))}
    missing = [Loss(part.series, without(part.ranges, there.get(part.series, ()))) for part in row.parts]
    return found, [loss for loss in missing if loss.ranges]


def batches_of(found: Scan) -> list[Sealed]:
    """The batches of a segment, in order."""
    return [entry for entry in found.entries() if isinstance(entry, Sealed)]


def gone(row: Row) -> Row:
    """What the database keeps of a segment until its file is surely deleted."""
    return structs.replace(row, bytes=0, parts=(), gone=True)


def delete(files: Files, rows: Iterable[Row]) -> None:
    """The files of segments that the database knows as gone. One that cannot be deleted now is at the next start."""
    for row in rows:
        try:
            files.delete(row.name)
        except OSError:
            continue


def rewritten(
    files: Files, row: Row, treat: Treat, *, level: int, record: Callable[[Row], None]
) -> Iterator[Row | None]:
    """Writes a segment anew, a batch at a time: gives `None` while there is more to do and then its new row, with
    which `record` was called when the new file was durable. Nobody may know the old row any more when it is asked to
    go on: it deletes the old file. Raises `OSError`, `KeepingError`; then the old one stands."""
    found, _ = scanned(files, row)
    revision = structs.replace(row, revision=row.revision + 1)
    name = revision.name + UNFINISHED
    file = files.append(name)
    made: list[Sealed] = []
    try:
        file.truncate(0)
        size = 0
        head = [entry for entry in found.entries() if isinstance(entry, Start | LegendEntry)]
        tail = End(len(batches_of(found)))
        for entries in _groups(head, treat(batches_of(found)), tail):
            data = segments.group(row.number, row.last, entries)
            file.write(data)
            size += len(data)
            made += [entry for entry in entries if isinstance(entry, Sealed)]
            yield None
        file.sync()
    finally:
        file.close()
    files.rename(name, revision.name)
    files.sync()
    done = structs.replace(revision, bytes=size, parts=parts(made), level=level)
    record(done)
    yield done
    delete(files, [row])


def _groups(
    head: Sequence[Start | LegendEntry], batches: Iterable[Sealed], end: End
) -> Iterator[Sequence[segments.Entry]]:
    yield head
    for one in batches:
        yield [one]
    yield [end]


def compacted(legends: Sequence[bytes], sealing: Sealing) -> list[bytes]:
    """Legends that add to each other as one that stands alone; as they are where they cannot be read."""
    if len(legends) < 2:
        return list(legends)
    try:
        found = [sealing.opened(one) for one in legends]
    except KeepingError:
        return list(legends)
    known = [one for one in found if isinstance(one, Legend)]
    series = {number: meaning for one in known for number, meaning in one.series}
    things = {number: meaning for one in known for number, meaning in one.things}
    newest = max(one.number for one in known)
    whole = Legend(newest, series=tuple(sorted(series.items())), things=tuple(sorted(things.items())))
    return [sealing.legend(whole)]


def reports(
    gaps: Mapping[int, Gap], losses: Iterable[Loss], why: str, at: int, numbers: Iterator[int]
) -> dict[int, Gap | None]:
    """Gap reports for these losses, numbered with the next of `numbers`. What was lost for the same reason in a series
    is told as one, under a new number, so that a long outage does not fill the disk with reports."""
    changed: dict[int, Gap | None] = {}
    for loss in losses:
        number, ranges = next(numbers), loss.ranges
        for old in [gap for gap in {**gaps, **changed}.values() if gap and (gap.series, gap.why) == (loss.series, why)]:
            ranges = joined((*ranges, *old.ranges))
            changed[old.number] = None
        changed[number] = Gap(number, loss.series, ranges, why, at)
    return changed
