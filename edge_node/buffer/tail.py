"""The open segment: what was taken in last, written at its end and synced.

What lives here: one file that grows, and what is in it, kept in memory because it is asked for at once. What does not:
closed segments, when this one is closed.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Final

from connector.data.readings.ranges import Ranges, joined
from edge_node.buffer import segments
from edge_node.buffer.files import Appending, Files
from edge_node.buffer.index import Part, Row
from edge_node.buffer.model import Sealed
from edge_node.buffer.segments import End, Entry, LegendEntry, Scan, Start
from edge_node.errors import FullError, KeepingError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def named(number: int) -> str:
    """The file of an open segment."""
    return f"{number:012d}.open"


class Tail:
    """INVARIANT: what `batches` holds is durable, and nothing else stands in the file below `size`."""

    def __init__(self, number: int, files: Files, file: Appending, found: Scan) -> None:
        self.number, self._files, self._file = number, files, file
        self.size = found.end
        self.batches: list[Sealed] = []
        self.legends: list[bytes] = []
        self.start: Mapping[int, int] = {}
        self.first = self.last = 0
        self.closed, self.damaged = found.closed, bool(found.spoiled)
        for group in found.groups:
            self._took(group.at, group.entries)

    @classmethod
    def begin(cls, number: int, files: Files, at: int, numbers: Mapping[int, int], legends: Sequence[bytes]) -> Tail:
        """A new segment, durable, with the legends that its readings are read with. Raises as `write`."""
        try:
            tail = cls(number, files, files.append(named(number)), Scan([], [], 0))
            entries: list[Entry] = [Start(dict(numbers)), *(LegendEntry(one) for one in legends)]
            size = tail.write(at, entries)
            files.sync()
        except OSError as error:
            raise (FullError if error.errno in _NO_ROOM else KeepingError)("buffer.disk") from error
        tail.took(at, entries, size)
        return tail

    @classmethod
    def recover(cls, number: int, files: Files) -> Tail:
        """The segment as a stop or power cut has left it. What stands behind the last whole group was never
        acknowledged and is cut off; where something before it is no group, it is `damaged`. Raises `OSError`."""
        data = files.read(named(number))
        found = segments.scan(number, data)
        file = files.append(named(number))
        if found.end < len(data):
            file.truncate(found.end)
        file.sync()  # what was read may not be durable yet: the process was killed between writing and syncing
        files.sync()
        return cls(number, files, file, found)

    def write(self, at: int, entries: Sequence[Entry]) -> int:
        """Returns the bytes written once they are durable; `took` makes them known. Raises `FullError` `buffer.disk`:
        nothing was written; `KeepingError` `buffer.disk`: nobody knows what was, and nothing more is to be."""
        data = segments.group(self.number, at, entries)
        try:
            self._file.write(data)
            self._file.sync()
        except OSError as error:
            self._undo(error)
        return len(data)

    def _undo(self, error: OSError) -> None:
        # After a failed fsync the system may have dropped the pages and say nothing the next time: only where there
        # was no room is the file known to be as it was, once the rest is cut off and that is durable.
        if error.errno not in _NO_ROOM:
            raise KeepingError("buffer.disk") from error
        try:
            self._file.truncate(self.size)
            self._file.sync()
        except OSError as again:
            raise KeepingError("buffer.disk") from again
        raise FullError("buffer.disk") from error

    def took(self, at: int, entries: Sequence[Entry], size: int) -> None:
        """These are durable, in so many bytes."""
        self.size += size
        self._took(at, entries)

    def _took(self, at: int, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry, Sealed):
                self.batches.append(entry)
                self.first, self.last = self.first or at, at
            elif isinstance(entry, LegendEntry):
                self.legends.append(entry.data)
            elif isinstance(entry, Start):
                self.start = entry.numbers

    def close(self, at: int) -> Row:
        """Write its end and give it the name of a closed one. Raises as `write`."""
        if not self.closed:
            entries = [End(len(self.batches))]
            self.size += self.write(at, entries)
            self.closed = True
        self._file.close()
        row = Row(self.number, 0, self.size, self.first or at, self.last or at, parts(self.batches))
        try:
            self._files.rename(named(self.number), row.name)
            self._files.sync()
        except OSError as error:
            raise KeepingError("buffer.disk") from error
        return row

    def stop(self) -> None:
        """Leave it as it is."""
        self._file.close()


def parts(batches: Sequence[Sealed]) -> tuple[Part, ...]:
    """What batches hold, by series."""
    found: dict[int, list[Sealed]] = {}
    for one in batches:
        found.setdefault(one.series, []).append(one)
    return tuple(
        Part(series, _ranges(those), min(one.begin for one in those), max(one.end for one in those))
        for series, those in sorted(found.items())
    )


def _ranges(batches: Sequence[Sealed]) -> Ranges:
    return joined((one.first, one.last) for one in batches)
