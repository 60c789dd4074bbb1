"""What a start finds: the files and the database as a stop, a kill or a power cut has left them, made one again.

What lives here: bringing both together, in an order in which another cut does no harm. What does not: anything after.

INVARIANT: an acknowledged reading is in a whole group of the open segment, or in a closed segment that the database
knows, or it is in a gap. A file of a segment that is to be replaced is deleted after the database knows its successor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, msgpack

from connector.data.readings.model import Gap
from connector.data.readings.ranges import Ranges, joined
from edge_node.buffer import segments
from edge_node.buffer.files import Files
from edge_node.buffer.index import Change, Index, Known, Part, Row
from edge_node.buffer.model import DAMAGED, Sealed
from edge_node.buffer.room import without
from edge_node.buffer.segments import LegendEntry, Scan, Start
from edge_node.buffer.tail import Tail, named, parts
from edge_node.errors import KeepingError

_CLOSED: Final = re.compile(r"(\d{12})\.(\d+)\.seg", re.ASCII)
_OPEN: Final = re.compile(r"(\d{12})\.open", re.ASCII)
UNFINISHED: Final = ".part"
"""How the name of a file ends that is being written."""
NUMBERS: Final = "buffer.numbers"
LEGEND: Final = "buffer.legend"


class Found(Struct):
    """What there is after a start. `numbers` are the next ones by series; `size` the bytes of the closed segments."""

    tail: Tail
    rows: dict[int, Row]
    known: Known
    numbers: dict[int, int]
    gone: list[int]
    """Segments that have been deleted and that the database still knows as such."""


class _Names(Struct):
    """The files of a directory, by what they are."""

    open: list[int]
    closed: dict[int, dict[int, str]]
    rest: list[str]


def recover(files: Files, index: Index, known: Known, *, new: bool, now: int) -> Found:
    """Everything brought together. `new`: the database knows nothing. Raises `KeepingError` `buffer.disk`."""
    try:
        return _recovered(files, index, known, new, now)
    except OSError as error:
        raise KeepingError("buffer.disk") from error


def _recovered(files: Files, index: Index, known: Known, new: bool, now: int) -> Found:
    names = _sorted(files.names())
    for name in names.rest:
        files.delete(name)
    rows = {number: row for number, row in known.rows.items() if not row.gone}
    tails = _tails(files, names, rows)
    lost = [hole for tail in tails if tail.damaged for hole in _between(parts(tail.batches), tail.start)]
    changed = _closed(files, names, known, rows, tails, lost)
    numbers = _numbers(known, rows.values(), tails)
    lost += _behind(numbers, rows.values(), tails) if not new else []
    tail = _tail(files, tails, rows, changed, known, numbers, now)
    change = Change(rows=changed, gaps=_gaps(known, lost, now), kept={NUMBERS: msgpack.encode(numbers)})
    # Written in any case: what was read from the database may be in the system's cache alone, if the process was killed
    # during a commit; with this one it is durable. Only then is anything deleted by it.
    index.write(change)
    known.gaps.update({number: gap for number, gap in change.gaps.items() if gap is not None})
    _clear(files, rows, tail, names)
    gone = [number for number, row in known.rows.items() if row.gone]
    return Found(tail, rows, known, numbers, gone)


def _tails(files: Files, names: _Names, rows: Mapping[int, Row]) -> list[Tail]:
    """Segments that were open, in order. One that the disk does not give back is put aside."""
    found = []
    for number in sorted(names.open):
        if number in rows and rows[number].revision in names.closed.get(number, {}):
            continue  # it has a successor
        try:
            found.append(Tail.recover(number, files))
        except OSError:
            files.rename(named(number), f"{number:012d}.bad")
    return found


def _sorted(names: Iterable[str]) -> _Names:
    found = _Names([], {}, [])
    for name in names:
        if (match := _OPEN.fullmatch(name)) is not None:
            found.open.append(int(match[1]))
        elif (match := _CLOSED.fullmatch(name)) is not None:
            found.closed.setdefault(int(match[1]), {})[int(match[2])] = name
        elif name.endswith(UNFINISHED):
            found.rest.append(name)
    return found


def _closed(
    files: Files,
    names: _Names,
    known: Known,
    rows: dict[int, Row],
    tails: list[Tail],
    lost: list[tuple[int, Ranges]],
) -> dict[int, Row | None]:
    """Closed segments that the database does not know are taken up; of those without a file it says what is lost."""
    changed: dict[int, Row | None] = {}
    for number, row in list(rows.items()):
        if row.revision not in names.closed.get(number, {}):
            lost += [(part.series, part.ranges) for part in row.parts]
            changed[number] = None
            del rows[number]
    open_ones = {tail.number for tail in tails}
    for number, revisions in names.closed.items():
        if number in known.rows or number in open_ones:
            continue
        rows[number] = changed[number] = _adopted(files, number, revisions, lost)
    return changed


def _adopted(files: Files, number: int, revisions: Mapping[int, str], lost: list[tuple[int, Ranges]]) -> Row:
    """The newest whole file of a segment, or its oldest; what is missing in it is lost."""
    revision, data, found = min(revisions), b"", Scan([], [], 0)
    for revision in sorted(revisions, reverse=True):
        data = read(files, revisions[revision])
        found = segments.scan(number, data)
        if found.closed:
            break
    lost += holes(found)
    return row_of(number, revision, len(data), found)


def read(files: Files, name: str) -> bytes:
    """A file; empty where the disk does not give it back."""
    try:
        return files.read(name)
    except OSError:
        return b""


def row_of(number: int, revision: int, size: int, found: Scan, level: int = 0) -> Row:
    """What stands in a segment's file, as the database keeps it."""
    batches = [entry for entry in found.entries() if isinstance(entry, Sealed)]
    instants = [group.at for group in found.groups] or [0]
    return Row(number, revision, size, instants[0], instants[-1], parts(batches), level)


def holes(found: Scan) -> list[tuple[int, Ranges]]:
    """Numbers that are missing between others of their series, where bytes of a segment are spoiled."""
    if not found.spoiled and found.closed:
        return []
    starts = [entry.numbers for entry in found.entries() if isinstance(entry, Start)]
    batches = [entry for entry in found.entries() if isinstance(entry, Sealed)]
    return _between(parts(batches), starts[0] if starts else {})


def _between(those: Iterable[Part], starts: Mapping[int, int]) -> list[tuple[int, Ranges]]:
    found = []
    for part in those:
        first = min(starts.get(part.series, part.ranges[0][0]), part.ranges[0][0])
        gap = without(((first, part.ranges[-1][1]),), part.ranges)
        if gap:
            found.append((part.series, gap))
    return found


def _numbers(known: Known, rows: Iterable[Row], tails: Iterable[Tail]) -> dict[int, int]:
    """The next number of every series: behind all that was ever seen of it, so that none is given twice."""
    body = known.kept.get(NUMBERS)
    numbers: dict[int, int] = msgpack.decode(body, type=dict[int, int]) if body else {}

    def seen(series: int, after: int) -> None:
        numbers[series] = max(numbers.get(series, 1), after)

    for tail in tails:
        for series, number in tail.start.items():
            seen(series, number)
        for one in tail.batches:
            seen(one.series, one.last + 1)
    for row in rows:
        for part in row.parts:
            seen(part.series, part.ranges[-1][1] + 1)
    for (_, series), ranges in known.held.items():
        if ranges:
            seen(series, ranges[-1][1] + 1)
    return numbers


def _behind(numbers: Mapping[int, int], rows: Iterable[Row], tails: Iterable[Tail]) -> list[tuple[int, Ranges]]:
    """Numbers that were given and are behind all that is there: the end of the open segment is damaged."""
    seen: dict[int, int] = {}
    for tail in tails:
        for series, number in tail.start.items():
            seen[series] = max(seen.get(series, 1), number)
    for part in (
        *(part for row in rows for part in row.parts),
        *(part for tail in tails for part in parts(tail.batches)),
    ):
        seen[part.series] = max(seen.get(part.series, 1), part.ranges[-1][1] + 1)
    return [
        (series, ((seen[series], number - 1),))
        for series, number in numbers.items()
        if number > seen.get(series, number)
    ]


def _tail(
    files: Files,
    tails: list[Tail],
    rows: dict[int, Row],
    changed: dict[int, Row | None],
    known: Known,
    numbers: Mapping[int, int],
    now: int,
) -> Tail:
    """The open segment; those before it are closed. Damaged or closed ones are not written to any more."""
    while tails and (len(tails) > 1 or tails[0].closed or tails[0].damaged):
        closed = tails.pop(0).close(now)
        rows[closed.number] = changed[closed.number] = closed
    if tails:
        return tails[0]
    newest = max((*rows, *known.rows), default=0)
    legends = _legends(files, rows, known)
    return Tail.begin(newest + 1, files, now, numbers, legends)


def _legends(files: Files, rows: Mapping[int, Row], known: Known) -> list[bytes]:
    """The legends of the newest closed segment, or what was kept of them."""
    for number in sorted(rows, reverse=True):
        found = segments.scan(number, read(files, rows[number].name))
        legends = [entry.data for entry in found.entries() if isinstance(entry, LegendEntry)]
        if legends:
            return legends
    return [known.kept[LEGEND]] if LEGEND in known.kept else []


def _gaps(known: Known, lost: Iterable[tuple[int, Ranges]], now: int) -> dict[int, Gap | None]:
    """Reports of what is lost, each numbered; nothing is told twice."""
    found: dict[int, Gap | None] = {}
    place = max(known.gaps, default=0)
    for series, ranges in lost:
        told = joined(pair for gap in known.gaps.values() if gap.series == series for pair in gap.ranges)
        fresh = without(ranges, told)
        if fresh:
            place += 1
            found[place] = Gap(place, series, fresh, DAMAGED, now)
    return found


def _clear(files: Files, rows: Mapping[int, Row], tail: Tail, names: _Names) -> None:
    """Delete what has a successor, or was forgotten, by what the database durably knows."""
    old = [
        named(number)
        for number in names.open
        if number in rows and rows[number].name in names.closed.get(number, {}).values()
    ]
    for number, revisions in names.closed.items():
        for name in revisions.values():
            if number not in rows or name != rows[number].name:
                old.append(name)
    for name in old:
        files.delete(name)
    if old:
        files.sync()
