"""One post: which readings of the buffer go next to whom, as sealed messages.

What lives here: choosing (the newest first, then the backlog from its oldest on), leaving out what is there already,
doing to readings what the contract demands, the legends that a consumer lacks, the manifest. What does not: whether
anything may go (`decisions`), sending and what is heard (`sync`).

To its own node a device sends what it keeps, as it keeps it. A consumer is told of no series and no thing that none of
its readings is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from connector.data.readings.legends import joined as with_more
from connector.data.readings.model import Batch, Gap, Gaps, Legend, Manifest, Part, Rows, Series
from connector.data.readings.ranges import Ranges, joined, missing, touches
from edge_node.buffer.model import THINNED, Sealed
from edge_node.contracts.decisions import Moment, Permit, Refusal
from edge_node.contracts.leaving import Departures, Leaving, leaving
from edge_node.errors import KeepingError, WithheldError
from edge_node.seal import Sealer

NEWEST: Final = 1 << 16
"""Bytes of the newest readings that go before the backlog."""


class Buffer(Protocol):
    """The buffer, as far as it is read; see `edge_node.buffer`."""

    def next(self, series: int) -> int: ...

    def legend(self) -> list[bytes]: ...

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]: ...

    def series(self) -> dict[int, Ranges]: ...

    def gaps(self, after: int = 0) -> list[Gap]: ...


class Words:
    """What the device's own numbers mean, and the legends that say so, as they lie in the buffer."""

    def __init__(self, buffer: Buffer, sealer: Sealer) -> None:
        self._buffer, self._sealer = buffer, sealer
        self._known: dict[bytes, Legend] = {}
        self._messages: list[bytes] = []
        self.legend = Legend(0)
        self.things: Mapping[int, str] = {}

    def look(self) -> None:
        """See what is in the buffer now. Raises `KeepingError`."""
        messages = self._buffer.legend()
        if messages == self._messages:
            return
        known = {message: self._known.get(message) or self._read(message) for message in messages}
        whole: Legend | None = None
        for legend in known.values():
            whole = with_more(whole, legend)
        self._known, self._messages = known, messages
        self.legend = whole or Legend(0)
        self.things = dict(self.legend.things)

    def _read(self, message: bytes) -> Legend:
        found = self._sealer.opened(message)
        if not isinstance(found, Legend):
            raise KeepingError("buffer.seal", why="legend")
        return found

    def series(self, name: str) -> dict[int, Series]:
        """The series of this name by number; all of them for ""."""
        return {number: one for number, one in self.legend.series if not name or one.name == name}

    def beyond(self, known: int) -> list[bytes]:
        """The messages that who knows the legend of this number lacks."""
        return [message for message, legend in self._known.items() if legend.number > known]


class Choice(Struct, frozen=True):
    """What of the device's own readings goes: batches, newest first, then the oldest ones."""

    batches: list[Sealed]


def choose(
    buffer: Buffer, wanted: Mapping[int, Ranges], tops: Mapping[int, int], most: int, *, backlog: bool
) -> Choice:
    """Batches of the wanted readings, by series, of about so many bytes. What is behind the `tops` (the newest reading
    that the other side has of a series) goes first, the newest of it; the rest where the `backlog` may go."""
    found: list[Sealed] = []
    for series, ranges in wanted.items():
        top = tops.get(series, 0)
        fresh = tuple((max(first, top + 1), last) for first, last in ranges if last > top)
        if fresh:
            found += buffer.read(series, fresh, min(NEWEST, most), newest=True)
    left = most - sum(len(one.data) for one in found)
    for series, ranges in wanted.items() if backlog else ():
        taken = joined((one.first, one.last) for one in found if one.series == series)
        rest = without(ranges, taken)
        if rest and left > 0:
            more = [one for one in buffer.read(series, rest, left) if not touches(taken, one.first, one.last)]
            found += more
            left -= sum(len(one.data) for one in more)
    return Choice(found)


def without(ranges: Ranges, taken: Ranges) -> Ranges:
    """The numbers of the first that are not in the second."""
    return tuple(piece for first, last in ranges for piece in missing(taken, first, last))


class Message(Struct, frozen=True):
    """A sealed batch on its way: its numbers at the device, and which series it is there and for its reader."""

    series: int
    told: int
    first: int
    last: int
    rows: int
    data: bytes


class Post(Struct):
    """What goes at once. `withheld` are numbers, by the device's series, that the contract leaves out for good,
    `waiting` those that are too young, `unclear` those of a batch that cannot be cut; `reported` are the series of
    which gaps are told, `gaps` is the last of those reports. `things` are told with it, and `more` is what has
    come to the names under the agreement."""

    legends: list[bytes] = []
    messages: list[Message] = []
    reports: list[bytes] = []
    manifest: bytes = b""
    withheld: dict[int, Ranges] = {}
    waiting: dict[int, Ranges] = {}
    unclear: dict[int, Ranges] = {}
    reported: list[int] = []
    gaps: int = 0
    things: set[int] = set()
    more: list[Legend] = []

    @property
    def body(self) -> bytes:
        """As it goes over the wire."""
        messages = (one.data for one in self.messages)
        return b"".join([*self.legends, *messages, *self.reports, self.manifest])

    @property
    def is_empty(self) -> bool:
        """Is there nothing to send?"""
        return not self.messages and not self.reports


def pieces(batch: Batch, wanted: Ranges) -> tuple[list[Batch], Ranges]:
    """The wanted readings of a batch, in runs of numbers; and the numbers of which nobody can say any more which
    readings they were, because the batch was thinned out."""
    whole = ((batch.first, batch.last),)
    parts = without(whole, without(whole, wanted))
    if parts == whole:
        return [batch], ()
    if batch.span:
        return [], parts
    return [_run(batch, first - batch.first, last - batch.first + 1) for first, last in parts], ()


def _run(batch: Batch, begin: int, end: int) -> Batch:
    rows = batch.rows
    part = Rows(rows.times[begin:end], rows.things[begin:end], [column[begin:end] for column in rows.columns])
    return replace(batch, first=batch.first + begin, rows=part)


class Packing:
    """Makes the posts for one other side. `permit` says under which agreement; `known` is the newest legend that it
    has."""

    def __init__(self, *, words: Words, sealer: Sealer, departures: Departures, clock: Callable[[], int]) -> None:
        self._words, self._sealer, self._departures, self._clock = words, sealer, departures, clock
        self._going: dict[int, tuple[Permit, Series, Leaving]] = {}
        self.known = 0
        self.told: set[int] = set()

    def forget(self) -> None:
        """The other side knows less than was thought."""
        self.known, self.told = 0, set()

    async def home(
        self, permit: Permit, choice: Choice, wanted: Mapping[int, Ranges], gaps: Sequence[Gap], moment: Moment
    ) -> Post:
        """For the device's own node: messages as they are kept, but for those of which it has a part, or may not have
        all yet (a delay at collection). Raises `WithheldError`, `PolicyError`."""
        post = Post(legends=self._words.beyond(self.known))
        for one in choice.batches:
            going = self._leaving(permit, one.series)
            whole = not without(((one.first, one.last),), wanted[one.series])
            if whole and going.as_it_is(one.begin, one.end, moment, unsure=one.unsure):
                post.messages.append(Message(one.series, one.series, one.first, one.last, one.count, one.data))
                continue
            for part in self._cut(one, wanted[one.series], one.series, post):
                left = await self._departures.treat(going, part, self._words.things, moment)
                _note(post.waiting, one.series, left.waiting)
                for batch in left.batches:
                    self._add(post, one.series, batch)
        self._report(post, gaps, {one: one for one in dict(self._words.legend.series)})
        return self._closed(post)

    async def contract(
        self, permit: Permit, choice: Choice, wanted: Mapping[int, Ranges], gaps: Sequence[Gap], moment: Moment
    ) -> Post:
        """For a consumer: what the contract leaves of it. Raises `WithheldError`, `PolicyError`."""
        post = Post()
        for one in choice.batches:
            going = self._leaving(permit, one.series)
            for part in self._cut(one, wanted[one.series], one.series, post):
                left = await self._departures.treat(going, part, self._words.things, moment)
                _note(post.withheld, one.series, left.withheld)
                _note(post.waiting, one.series, left.waiting)
                post.more += [left.legend] if left.legend is not None else []
                for batch in left.batches:
                    whole = batch is part and (part.first, part.last) == (one.first, one.last)
                    self._add(post, one.series, batch, one.data if whole else None)
        numbers = {own: told for told, own in self._departures.series(permit.agreement).items()}
        self._report(post, gaps, numbers if permit.masks else {one: one for one in wanted})
        self._teach(post, permit)
        return self._closed(post)

    def _leaving(self, permit: Permit, series: int) -> Leaving:
        meaning = dict(self._words.legend.series)[series]
        known = self._going.get(series)
        if known is not None and known[:2] == (permit, meaning):
            return known[2]
        found = leaving(permit, meaning)
        if isinstance(found, Refusal):
            raise WithheldError(found.code, **found.params)
        self._going[series] = (permit, meaning, found)
        return found

    def _cut(self, one: Sealed, wanted: Ranges, series: int, post: Post) -> list[Batch]:
        batch = self._sealer.opened(one.data)
        if not isinstance(batch, Batch):
            raise KeepingError("buffer.seal", why="batch")
        parts, unclear = pieces(batch, wanted)
        _note(post.unclear, series, unclear)
        return parts

    def _add(self, post: Post, own: int, batch: Batch, as_kept: bytes | None = None) -> None:
        data = self._sealer.batch(batch).data if as_kept is None else as_kept
        post.messages.append(Message(own, batch.series, batch.first, batch.last, len(batch.rows.times), data))
        post.things.update(batch.rows.things)

    def _teach(self, post: Post, permit: Permit) -> None:
        """The legend that a consumer needs for these messages, of these series and things alone."""
        if not post.messages and not post.reports:
            return
        if permit.masks:
            whole = self._departures.legend(permit.agreement)
            if whole.number > self.known:
                follows = self.known and [one.after for one in post.more] == [*range(self.known, whole.number)]
                post.legends = [self._sealer.legend(one) for one in (post.more if follows else [whole])]
            return
        fresh = post.things - self.told
        series = {one.told for one in post.messages} | set(post.reported)
        if not fresh and self.known >= self._words.legend.number:
            return
        meanings = dict(self._words.legend.series)
        legend = Legend(
            self._words.legend.number,
            0,
            tuple((number, meanings[number]) for number in sorted(series)),
            tuple((number, self._words.things[number]) for number in sorted(fresh)),
        )
        post.legends = [self._sealer.legend(legend)]

    def _report(self, post: Post, gaps: Sequence[Gap], numbers: Mapping[int, int]) -> None:
        """What will never come, of the series that the other side knows by these numbers."""
        found = [replace(gap, series=numbers[gap.series]) for gap in gaps if gap.series in numbers]
        for series, ranges in post.unclear.items():
            if ranges and series in numbers:
                found.append(Gap(0, numbers[series], ranges, THINNED, self._clock()))
                _note(post.withheld, series, ranges)
        if gaps:
            post.gaps = gaps[-1].number
        if found:
            post.reported = sorted({gap.series for gap in found})
            post.reports.append(self._sealer.document(Gaps(tuple(found))))

    def _closed(self, post: Post) -> Post:
        """With a manifest where a receipt needs one."""
        if len(post.messages) > 1:
            parts = (Part(one.told, one.first, one.rows, hashlib.sha256(one.data).digest()) for one in post.messages)
            post.manifest = self._sealer.document(Manifest(tuple(parts)))
        return post


def _note(into: dict[int, Ranges], series: int, ranges: Iterable[tuple[int, int]]) -> None:
    into[series] = joined((*into.get(series, ()), *ranges))
