"""What is kept of the readings that devices deliver: which are there, and where they lie.

What lives here: two records. What does not: the readings themselves, which lie in files
(`connector.data.readings.keeping`). A `scope` is the agreement under which readings come, or "" for those of this
node's own devices: what came under one contract is never mixed with what came under another.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

Numbers = tuple[tuple[int, int], ...]
"""Whole numbers as (from, to), both included."""


class DeviceReadings(Struct, frozen=True, kw_only=True):
    """What came from a device; `id` is the scope, a blank and the device's DID. By the number of a series: `held` are
    the numbers of readings that are here, `gone` those that will never come, as the device says, `why` its last reason.
    `legend` is all that it has said its numbers mean, as one legend (MessagePack), `known` that legend's number,
    `proved` the SHA-256 of the newest messages of it that were kept. `latest` is when something came last; `fresh`
    readings came since the audit log said so, at `noted` (microseconds UTC)."""

    id: str
    scope: str
    device: str
    known: int = 0
    legend: bytes = b""
    held: Mapping[int, Numbers] = {}
    gone: Mapping[int, Numbers] = {}
    why: Mapping[int, str] = {}
    proved: tuple[bytes, ...] = ()
    latest: int = 0
    fresh: int = 0
    noted: int = 0


class ReadingFile(Struct, frozen=True, array_like=True):
    """A file of a log: its `number`, how many `bytes` of it count, the number of its first reading in the log, how many
    it has, the earliest and latest instant in it, and when the last of it came (0: it was not noted)."""

    number: int
    bytes: int
    first: int
    readings: int
    begin: int
    end: int
    came: int = 0


class ReadingLog(Struct, frozen=True, kw_only=True):
    """All readings of one series in one scope, from whichever device, in the order in which they came and numbered so
    from 1; `id` is the scope, a blank and the series. `epoch` names this numbering. Files in front may be gone."""

    id: str
    scope: str
    series: str
    epoch: int
    files: tuple[ReadingFile, ...] = ()
    next: int = 1


def readings_id(scope: str, name: str) -> str:
    """The id of a record about a device or a series in a scope."""
    return f"{scope} {name}"
