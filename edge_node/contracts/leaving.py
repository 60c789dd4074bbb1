"""What is done to readings when they leave for a consumer: the rest of what the contract demands.

What lives here: which steps are still to be done to a series, doing them to a batch, and the names and numbers that a
consumer gets instead of the device's own. What does not: whether anything may leave (`decisions`), sealing and sending
(`sync`), steps done to columns (`treating`).

A step that collection has done in just the same way is not done again (`Series.done`). Statistics, thresholds and noise
need all of a group and what was told of it before; a device does not do them to a batch: collection has done them just
so, or nothing leaves. What is done, with which parameters, goes with the readings as `Series.done` of the legend that
the consumer gets.

A reading keeps its number. Of a batch that loses rows by a filter the rest goes, as one that stands for all of its
numbers; a consumer learns so how many readings a filter has taken out, and nothing else of them. Where anything is done
to readings, things get names and numbers of their own under each agreement: by the device's own numbers two consumers
could find out together which pseudonyms are one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from connector.data.readings.model import Batch, Legend, Rows, Series
from connector.data.readings.ranges import Ranges, joined
from edge_node.collection.duties import Keeping
from edge_node.collection.treating import AT, THING, Columns, Given, Treatment
from edge_node.contracts.decisions import Moment, Permit, Refusal
from policies.model import PolicyError, Reason
from policies.transforms import times
from policies.transforms.chain import of_steps
from policies.transforms.said import chain_of
from policies.transforms.steps import (
    ORDER,
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Noise,
    Pseudonymise,
    Replace,
    Sign,
    Step,
    Suppress,
    Threshold,
)
from policies.transforms.table import similar

_NAMES: Final = "leaving.names."
_KEYS: Final = "leaving.key."
_ALL: Final = "leaving.agreements"
_KEY: Final = 32
_EVER: Final = 1 << 62
_MOST_NAMES: Final = 20_000
_TOGETHER = (Aggregate, Threshold, Noise)
_CHANGING = (Suppress, Replace, Pseudonymise, CoarsenTime, CoarsenPlace)
_OVER_AND_OVER = (Delay, Sign, Pseudonymise)
"""What is done at every delivery: a time waited for, a seal, pseudonyms under the agreement's own key."""


class Left(Struct, frozen=True):
    """What becomes of a batch: `batches` to be sealed and sent, `withheld` numbers that the contract leaves out for
    good, `waiting` ones that are too young. `legend` is to be sealed and sent before (None: there is nothing new in
    it); where permits mask, the device's own legends are never sent."""

    batches: tuple[Batch, ...]
    withheld: Ranges = ()
    waiting: Ranges = ()
    legend: Legend | None = None


class Leaving:
    """A series on its way to a consumer. Raises `PolicyError` where a step cannot be done to it, or was not done
    before it was stored."""

    def __init__(self, permit: Permit, series: Series) -> None:
        self.permit = permit
        before = _done(series)
        asked = () if permit.chain is None else permit.chain.steps
        rest = _rest(asked, before, series)
        self.treatment = Treatment(rest, series.fields)
        delays = [one for one in before if isinstance(one, Delay)]
        self.delays = (*self.treatment.delays, *Treatment(delays, series.fields).delays)
        both = sorted(dict.fromkeys((*before, *asked)), key=lambda one: ORDER.index(type(one)))
        told = of_steps(both).text
        self.series = Series(series.name, self.treatment.fields, told if permit.masks else series.done)

    def bound(self, moment: Moment, *, unsure: bool = False) -> int:
        """Readings that were taken up to this instant may leave by now. Times that may be too early (`unsure`) say
        nothing but that they lie before the clock was set."""
        if not self.delays:
            return _EVER
        bound = min(times.before(moment.now, period, zone) for period, zone in self.delays)
        if unsure:
            return _EVER if moment.sure and moment.since <= bound else -1
        return bound

    def as_it_is(self, begin: int, end: int, moment: Moment, *, unsure: bool = False) -> bool:
        """May a sealed batch with readings taken between `begin` and `end` leave as it lies there? Otherwise it goes
        through `Departures.treat`, or waits (`bound`)."""
        return not self.permit.masks and self.permit.since <= begin and end <= self.bound(moment, unsure=unsure)


def leaving(permit: Permit, series: Series) -> Leaving | Refusal:
    """How a series leaves under a permit, or why it does not."""
    try:
        return Leaving(permit, series)
    except PolicyError as error:
        return Refusal(error.reason.code, error.reason.params)


def _done(series: Series) -> tuple[Step, ...]:
    """What was done before a series was stored. Raises `PolicyError`."""
    if not series.done:
        return ()
    found = chain_of(series.done)
    if found is None:
        raise PolicyError(Reason("leaving.done"))
    return found.steps


def _rest(asked: Sequence[Step], before: Sequence[Step], series: Series) -> list[Step]:
    """The steps that are still to be done. Raises `PolicyError` where one cannot be any more."""
    together = any(isinstance(step, _TOGETHER) for step in asked)
    names = {similar(name) for name in (THING, AT, *(field.name for field in series.fields))}
    gone = {similar(field) for step in before if isinstance(step, Suppress) for field in step.fields}
    rest: list[Step] = []
    for step in asked:
        if isinstance(step, _OVER_AND_OVER):
            rest.append(step)
        elif step in before:
            continue
        elif together:
            # A statistic over other rows, or of other values, is another statistic.
            raise PolicyError(Reason("leaving.collection", {"step": _name(step)}))
        elif isinstance(step, Suppress):
            left = tuple(one for one in step.fields if similar(one) in names or similar(one) not in gone)
            rest += [Suppress(left)] if left else []
        else:
            _looks_at_what_is_left(step, before)
            rest.append(step)
    return rest


def _looks_at_what_is_left(step: Step, before: Sequence[Step]) -> None:
    """A filter has to see values as they were: by a pseudonym nobody is left out."""
    if not isinstance(step, Keep):
        return
    changed = {similar(field) for one in before if isinstance(one, _CHANGING) for field in one.fields}
    if similar(step.field) in changed or any(isinstance(one, _TOGETHER) for one in before):
        raise PolicyError(Reason("leaving.collection", {"step": _name(step)}))


def _name(step: Step) -> str:
    return str(step.__struct_config__.tag)


class _Names(Struct):
    """What a consumer knows under an agreement: how many legends it was given, what the numbers of series mean (from 1
    on), each with the device's own number of it, and which number a thing has; `next` is that of the next thing.

    INVARIANT: two series of the device are two for the consumer, also where they are alike after what was done to them:
    the readings of each are counted from 1."""

    legend: int = 0
    series: list[tuple[int, Series]] = []
    things: dict[str, int] = {}
    next: int = 1


class Departures:
    """Batches on their way out, with the names and keys of each agreement, which outlive the process. `unfit` are
    readings that could not be treated, and went nowhere."""

    def __init__(self, kept: Keeping, draw: Callable[[int], bytes]) -> None:
        self._kept, self._draw = kept, draw
        self._names: dict[str, _Names] = {}
        self.unfit = 0

    async def treat(self, going: Leaving, batch: Batch, things: Mapping[int, str], moment: Moment) -> Left:
        """A batch as it leaves; `things` are the names of the device's own numbers. What the consumer is told of names
        is kept before this returns. Raises `PolicyError`."""
        parts, withheld, waiting = _cut(going, batch, moment)
        if not going.permit.masks:
            return Left(tuple(parts), withheld, waiting)
        agreement = going.permit.agreement
        given = Given(moment.now, await self._key(agreement) if going.treatment.needs_key else b"")
        names = self._known(agreement)
        before = len(names.series), names.next
        made = [self._treated(going, part, things, given, names) for part in parts]
        more: Legend | None = None
        if before != (len(names.series), names.next):
            more = _more(names, *before)
            await self._note(agreement)
            await self._kept.put(_NAMES + agreement, msgspec.msgpack.encode(names))
        left = [msgspec.structs.replace(one, legend=names.legend) for one in made if one is not None]
        out = [(part.first, part.last) for part, one in zip(parts, made, strict=True) if one is None]
        return Left(tuple(left), joined((*withheld, *out)), waiting, more)

    def legend(self, agreement: str) -> Legend:
        """All that a consumer is to know, as a legend that stands alone."""
        names = self._known(agreement)
        return Legend(names.legend, 0, _numbered(names.series, 0), _by_number(names.things, 1))

    def series(self, agreement: str) -> Mapping[int, int]:
        """The device's own number of each series by the number that a consumer knows it by."""
        return {number: own for number, (own, _) in enumerate(self._known(agreement).series, 1)}

    async def keep(self, agreements: Collection[str]) -> None:
        """Forget the names and keys of every other agreement: nobody can make its pseudonyms again. Raises
        `KeepingError`."""
        known = set(self._agreements())
        for agreement in known.difference(agreements):
            self._names.pop(agreement, None)
            await self._kept.put(_NAMES + agreement, None)
            await self._kept.put(_KEYS + agreement, None)
        if known.difference(agreements):
            await self._kept.put(_ALL, msgspec.msgpack.encode(sorted(known.intersection(agreements))))

    def _agreements(self) -> list[str]:
        found = self._kept.get(_ALL)
        return [] if found is None else msgspec.msgpack.decode(found, type=list[str])

    def _known(self, agreement: str) -> _Names:
        names = self._names.get(agreement)
        if names is None:
            found = self._kept.get(_NAMES + agreement)
            names = self._names[agreement] = _Names() if found is None else msgspec.msgpack.decode(found, type=_Names)
        return names

    async def _key(self, agreement: str) -> bytes:
        """The key of an agreement for pseudonyms; it never leaves the device."""
        found = self._kept.get(_KEYS + agreement)
        if found is None:
            found = self._draw(_KEY)
            await self._note(agreement)
            await self._kept.put(_KEYS + agreement, found)
        return found

    async def _note(self, agreement: str) -> None:
        """INVARIANT: what is kept of an agreement is found when it ends."""
        known = self._agreements()
        if agreement not in known:
            await self._kept.put(_ALL, msgspec.msgpack.encode([*known, agreement]))

    def _treated(
        self, going: Leaving, part: Batch, things: Mapping[int, str], given: Given, names: _Names
    ) -> Batch | None:
        """A batch as the consumer gets it, but for the legend's number; None where nothing of it is left."""
        rows = part.rows
        treated = going.treatment.run(Columns([things[n] for n in rows.things], rows.times, rows.columns), given)
        self.unfit += treated.unfit
        left = treated.rows
        if not left.times:
            return None
        numbers = [_number(names, thing) for thing in left.things]
        span = part.last - part.first + 1
        return Batch(
            series=_series(names, part.series, going.series),
            legend=0,
            first=part.first,
            rows=Rows(left.times, numbers, left.columns),
            unsure=part.unsure,
            span=0 if span == len(left.times) else span,
        )


def _cut(going: Leaving, batch: Batch, moment: Moment) -> tuple[list[Batch], Ranges, Ranges]:
    """What of a batch may leave now, in runs of numbers; what never may, and what not yet."""
    bound, since = going.bound(moment, unsure=batch.unsure), going.permit.since
    at = batch.rows.times
    if since <= min(at) and max(at) <= bound:
        return [batch], (), ()
    if batch.span:
        # Which numbers these rows have nobody knows: all of them wait, or none leaves.
        whole = ((batch.first, batch.last),)
        return ([], (), whole) if max(at) > bound else ([], whole, ())
    fates = ["waits" if one > bound else "goes" if one >= since else "stays" for one in at]
    runs: list[tuple[str, int, int]] = []
    for n, fate in enumerate(fates):
        if runs and runs[-1][0] == fate:
            runs[-1] = (fate, runs[-1][1], n + 1)
        else:
            runs.append((fate, n, n + 1))
    numbers = {
        fate: joined((batch.first + begin, batch.first + end - 1) for one, begin, end in runs if one == fate)
        for fate in ("waits", "stays")
    }
    return [_run(batch, begin, end) for one, begin, end in runs if one == "goes"], numbers["stays"], numbers["waits"]


def _run(batch: Batch, begin: int, end: int) -> Batch:
    rows = batch.rows
    part = Rows(rows.times[begin:end], rows.things[begin:end], [column[begin:end] for column in rows.columns])
    return msgspec.structs.replace(batch, first=batch.first + begin, rows=part)


def _number(names: _Names, thing: str) -> int:
    found = names.things.get(thing)
    if found is None:
        if len(names.things) >= _MOST_NAMES:
            # Pseudonyms of periods that are over: a thing that comes again gets another number.
            names.things.clear()
        found = names.things[thing] = names.next
        names.next += 1
    return found


def _series(names: _Names, own: int, series: Series) -> int:
    if (own, series) not in names.series:
        names.series.append((own, series))
    return names.series.index((own, series)) + 1


def _more(names: _Names, series: int, thing: int) -> Legend:
    """The next legend: what has come to it since there were so many series, and since that number was next."""
    names.legend += 1
    return Legend(names.legend, names.legend - 1, _numbered(names.series, series), _by_number(names.things, thing))


def _numbered(series: Sequence[tuple[int, Series]], after: int) -> tuple[tuple[int, Series], ...]:
    return tuple((number, one) for number, (_, one) in enumerate(series[after:], after + 1))


def _by_number(things: Mapping[str, int], first: int) -> tuple[tuple[int, str], ...]:
    return tuple((number, thing) for thing, number in things.items() if number >= first)
