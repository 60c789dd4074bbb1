"""Rows that are delivered again and again, delivered by their time: each delivery begins where the last one ended.

What lives here: where a delivery ends, which rows are in it, whether there are any, and putting one behind another in a
file. What does not: delivering (`data.delivery.delivering`), opening (`data.delivery.opening`), keeping
(`data.delivery.receiving`).

A delivery is about a closed span of time: from the end of the last one to some time ago, so that asked again after a
break it is about the same rows. How long ago is `SETTLE`, the time that a row has to come into its silo; one that comes
later with a time that was delivered already is not seen, nor is one whose time stays as it is when it is changed.

INVARIANT: times are compared as they leave. A contract that makes them coarser has a window delivered when it is over,
as a whole: when a delivery happens tells nothing finer than what it holds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from connector.data import formats
from connector.data.queries import naming
from connector.data.queries.fitting import released
from connector.data.queries.model import All as Both
from connector.data.queries.model import Any_, Compare, Comparison, Condition, Kind, Missing, Shape
from connector.ports import Content
from policies import instants
from policies.transforms import Chain, media
from policies.transforms.steps import Aggregate, CoarsenTime, Delay, Noise, Step, Threshold
from policies.transforms.times import ZONE, before, grid

SETTLE: Final = 60 * 10**6
"""Microseconds that a row has to come into its silo."""
SINCE, UNTIL = "Allmende-Since", "Allmende-Until"
"""The header fields of a delivery of rows by their time: from this instant on (not there with the first one), before
that one (RFC 3339)."""
_HEADING: Final = 1 << 20
_PIECE: Final = 1 << 20


def until(shape: Shape, chain: Chain | None, now: int) -> int | None:
    """Before which instant (microseconds UTC, as times leave) all rows can be delivered by now. None where rows are not
    delivered by their time: they have none that leaves or no key, or what leaves depends on how many there are."""
    left = released(shape, chain)
    time = left.field(left.time) if left.time else None
    if time is None or time.kind is not Kind.INSTANT or not shape.key:
        return None
    at: int | None = now - SETTLE
    for step in chain.steps if chain is not None else ():
        at = _behind(step, shape, at) if at is not None else None
    return at


def _behind(step: Step, shape: Shape, at: int) -> int | None:
    """The same behind one step. Each of them keeps the order of times, so what is before it was before it."""
    match step:
        case Aggregate() | Threshold() | Noise():
            return None
        case Delay(period=period, field=field, zone=zone):
            return before(at, period, zone or ZONE) if _names(field, shape) else None
        case CoarsenTime(fields=fields, resolution=resolution, zone=zone):
            met = any(_names(field, shape) for field in fields)
            return grid(resolution).start(at, zone) if met else at
        case _:
            return at


def _names(name: str, shape: Shape) -> bool:
    """Is this what a step calls the time of a row?"""
    return bool(name) and shape.time in {field.name for field in naming.whole(name, shape)}


def rows(time: str, since: int, until: int) -> Condition:
    """The rows of one delivery. Those without a time belong to the first."""
    ends = Compare(time, Comparison.LT, instants.stamp(until))
    if not since:
        return Any_((ends, Missing(time)))
    return Both((Compare(time, Comparison.GTEQ, instants.stamp(since)), ends))


def is_nothing(content: Content) -> bool:
    """Is there no row in it?"""
    if content.small is None:
        return False
    body = content.small().strip()
    return not body or (media.essence(content.media_type) == formats.CSV and b"\n" not in body)


def append(whole: Path, length: int, more: Path, media_type: str) -> int | None:
    """Put the rows of one file behind the first `length` bytes of another, for good; returns the new length. Doing it
    again does the same. None, with nothing done, where they cannot stand in one file. Raises `OSError`."""
    form = media.essence(media_type)
    with more.open("rb") as added, whole.open("r+b") as target:
        if form == formats.CSV:
            heading = _heading(added.read(_HEADING))
            if not heading or target.read(len(heading)) != heading:
                return None
            added.seek(len(heading))
        elif form != formats.NDJSON:
            return None
        target.seek(max(0, length - 1))
        ends = target.read(1) in (b"\n", b"")
        target.seek(length)
        target.truncate()
        target.write(b"" if ends else b"\n")
        while data := added.read(_PIECE):
            target.write(data)
        target.flush()
        os.fsync(target.fileno())
        return target.tell()


def _heading(text: bytes) -> bytes:
    """The first line of a table with its end; an end of line within quotation marks is none."""
    at = text.find(b"\n")
    while at >= 0 and text.count(b'"', 0, at) % 2:
        at = text.find(b"\n", at + 1)
    return text[: at + 1]
