"""What the buffer knows, in memory: which segments there are, which numbers come next, who has what.

What lives here: reading it, and how a change that is durable alters it. What does not: making changes durable
(`committing`, `tidying`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from msgspec import msgpack, structs

from connector.data.readings.model import Gap
from connector.data.readings.ranges import Ranges, joined, size, touches
from edge_node.buffer import room, upkeep
from edge_node.buffer.files import Files
from edge_node.buffer.index import Change, Row
from edge_node.buffer.model import DAMAGED, BufferStatus, Limits, Sealed
from edge_node.buffer.recovery import NUMBERS, Found
from edge_node.buffer.tail import parts
from edge_node.buffer.upkeep import Loss

SPOILED: Final = "buffer.spoiled"
"""Under this name the count of what was put aside is kept."""
WORN: Final = "buffer.worn"
"""Under this name the bytes that were ever written are kept; what came after the last change is missing after a cut."""


class State:
    """INVARIANT: it is read and changed on the event loop alone; a segment's file is there while `rows` names it."""

    def __init__(self, found: Found, files: Files, limits: Limits, clock: Callable[[], int]) -> None:
        self._files, self.clock, self.limits = files, clock, limits
        self.tail = found.tail
        self.rows: dict[int, Row] = {}
        self.bytes = 0
        """Of closed segments."""
        for row in found.rows.values():
            self.know(row)
        self.numbers = found.numbers
        self.next = dict(found.numbers)
        """The same behind what is still being written."""
        self.held, self.gaps, self.kept = found.known.held, found.known.gaps, found.known.kept
        self.loose = {number for number, row in found.rows.items() if row.revision == 0}
        """Closed segments as they were written; nobody has looked yet whether to put their batches together."""
        self.needed: room.Needed = {}
        self.suspect = ""
        self.spoiled = int(self.kept.get(SPOILED, b"0"))
        self.synced = self.written = self.commits = 0
        self._worn = int(self.kept.get(WORN, b"0"))
        self.dirty: set[tuple[str, int]] = set()
        self.damage: set[int] = set()
        """Segments whose damage is known and not yet written down, and the reports of it."""
        self.unwritten: set[int] = set()
        self._gone = set(found.gone)
        self._gap_numbers = count(max(self.gaps, default=0) + 1)
        self._cache: tuple[str, list[Sealed]] | None = None

    # Segments.

    def know(self, row: Row) -> None:
        """A segment as it is now."""
        self.bytes += row.bytes - (self.rows[row.number].bytes if row.number in self.rows else 0)
        self.rows[row.number] = row

    def forget(self, rows: Sequence[Row]) -> None:
        """The database knows these as gone."""
        for row in rows:
            known = self.rows.pop(row.number, None)
            self.bytes -= known.bytes if known is not None else 0
            self.loose.discard(row.number)
            self._gone.add(row.number)

    @property
    def used(self) -> int:
        """Bytes of all segments."""
        return self.bytes + (0 if self.tail.closed else self.tail.size)

    def batches(self, row: Row) -> list[Sealed]:
        """What a closed segment holds. Damage is known at once."""
        if self._cache is None or self._cache[0] != row.name:
            self._cache = None  # one segment in memory, not two
            found, lost = upkeep.scanned(self._files, row)
            batches = upkeep.batches_of(found)
            self._cache = (row.name, batches)
            if lost:
                self.know(structs.replace(row, parts=parts(batches)))
                self.damage.add(row.number)
                self.told(self.report(lost, DAMAGED), written=False)
        return self._cache[1]

    def let_go(self) -> None:
        """Nobody asks for the last of these soon: a segment is a megabyte."""
        self._cache = None

    def places(self, series: int, wanted: Ranges, newest: bool) -> Iterator[list[Sealed]]:
        """The segments that may hold such readings, one after the other, each read when it is its turn."""
        rows = [
            row
            for row in sorted(self.rows.values(), key=lambda row: row.number)
            if any(touches(wanted, *pair) for part in row.parts if part.series == series for pair in part.ranges)
        ]
        tail = [] if self.tail.closed else [self.tail.batches]
        if newest:
            yield from tail
        for row in reversed(rows) if newest else rows:
            yield self.batches(row)
        if not newest:
            yield from tail

    def series(self) -> dict[int, Ranges]:
        """The numbers that are kept, by series."""
        found: dict[int, list[tuple[int, int]]] = {}
        for row in self.rows.values():
            for part in row.parts:
                found.setdefault(part.series, []).extend(part.ranges)
        for part in () if self.tail.closed else parts(self.tail.batches):
            found.setdefault(part.series, []).extend(part.ranges)
        return {series: joined(pairs) for series, pairs in found.items()}

    def have(self) -> dict[int, Ranges]:
        """By series, what all have that are to have it."""
        return {series: room.delivered(series, self.held, self.needed) for series in self.needed}

    # Gaps.

    def report(self, lost: Sequence[Loss], why: str) -> dict[int, Gap | None]:
        """Reports of losses; `told` makes them known."""
        return upkeep.reports(self.gaps, lost, why, self.clock(), self._gap_numbers)

    def told(self, gaps: Mapping[int, Gap | None], *, written: bool) -> None:
        """These reports are to be known, `None` not any more."""
        for number, gap in gaps.items():
            if gap is None:
                self.gaps.pop(number, None)
            else:
                self.gaps[number] = gap
        self.unwritten.difference_update(gaps) if written else self.unwritten.update(gaps)

    # Changes.

    def whole(self, change: Change) -> Change:
        """A change, with all that waits for one."""
        held: dict[tuple[str, int], Ranges | None] = {key: self.held.get(key) for key in self.dirty}
        rows: dict[int, Row | None] = {number: self.rows[number] for number in self.damage if number in self.rows}
        rows |= dict.fromkeys(self._gone)
        counted = {NUMBERS: msgpack.encode(self.numbers), SPOILED: str(self.spoiled).encode()}
        counted[WORN] = str(self._worn + self.written).encode()
        gaps = {number: self.gaps.get(number) for number in self.unwritten}
        return Change(
            rows={**rows, **change.rows},
            held={**held, **change.held},
            gaps={**gaps, **change.gaps},
            kept={**counted, **change.kept},
        )

    def apply(self, change: Change) -> None:
        """What `whole` gave is durable, and waits no more, unless it is something else by now."""
        self.told(change.gaps, written=True)
        self.dirty -= {key for key, ranges in change.held.items() if self.held.get(key) == ranges}
        self.damage -= {number for number, row in change.rows.items() if self.rows.get(number) == row}
        self._gone -= {number for number, row in change.rows.items() if row is None}
        for name, value in change.kept.items():
            if value is None:
                self.kept.pop(name, None)
            else:
                self.kept[name] = value

    def status(self) -> BufferStatus:
        """How it stands."""
        used, tail = self.used, self.tail
        spans = [(row.first, row.last, row.bytes) for row in self.rows.values()]
        if tail.first and not tail.closed:
            spans.append((tail.first, tail.last, tail.size))
        return BufferStatus(
            bytes=used,
            limit=self.limits.bytes,
            readings=sum(size(ranges) for ranges in self.series().values()),
            segments=len(self.rows) + 1,
            oldest=min((first for first, _, _ in spans), default=0),
            synced=self.synced,
            hours=room.hours(spans, self.clock(), max(0, self.limits.bytes - used)),
            written=self.written,
            worn=self._worn + self.written,
            commits=self.commits,
            gaps=len(self.gaps),
            lost=sum(size(gap.ranges) for gap in self.gaps.values()),
            thinned=sum(size(part.ranges) for row in self.rows.values() if row.level for part in row.parts),
            spoiled=self.spoiled,
            suspect=self.suspect,
        )
