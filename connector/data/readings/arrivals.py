"""What devices have brought, for people: how many readings of which series are here, and which will never come.

What lives here: counting what `receiving` has written down. What does not: the readings themselves (`shelf`).

Readings are numbered without gaps, so that what is missing is known. It is on its way, or a report that the device has
signed says that it will never come, and why.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from connector.data.readings.ranges import Ranges, joined, missing, size
from connector.data.readings.receiving import meaning
from connector.ports import Reading
from connector.records import DeviceReadings


class Arrived(Struct, frozen=True, kw_only=True):
    """Of one series of a device: `here` readings, those that it had to thin out among them; `awaited` are missing
    before the newest; `gone` will never come, for the reason `why` (a code of the device) that it gave last."""

    series: str
    here: int
    awaited: int
    gone: int
    why: str


class Arrivals(Struct, frozen=True, kw_only=True):
    """What has come from one device, under a contract ("": it is this node's own). `latest` is when something last
    did."""

    id: str
    device: str
    contract: str
    latest: int
    series: tuple[Arrived, ...]


def arrivals(view: Reading, *, after: str = "", limit: int, contract: str | None = None) -> list[Arrivals]:
    """In the order of their ids; of one contract, where it is named."""
    where = {} if contract is None else {"scope": contract}
    return [_arrivals(one) for one in view.select(DeviceReadings, after=after, limit=limit, **where)]


def _arrivals(one: DeviceReadings) -> Arrivals:
    legend = meaning(one)
    names = {number: series.name for number, series in legend.series} if legend is not None else {}
    found: dict[str, list[int]] = {}
    for number in sorted(one.held.keys() | one.gone.keys()):
        found.setdefault(names.get(number, str(number)), []).append(number)
    series = tuple(_arrived(one, name, numbers) for name, numbers in sorted(found.items()))
    return Arrivals(id=one.id, device=one.device, contract=one.scope, latest=one.latest, series=series)


def _arrived(one: DeviceReadings, name: str, numbers: Sequence[int]) -> Arrived:
    """A series whose fields have changed has several numbers, and each counts its readings from 1."""
    counted = [_counted(one.held.get(number, ()), one.gone.get(number, ())) for number in numbers]
    here, awaited, gone = (sum(part) for part in zip(*counted, strict=True))
    why = next((one.why[number] for number in reversed(numbers) if number in one.why), "")
    return Arrived(series=name, here=here, awaited=awaited, gone=gone, why=why)


def _counted(held: Ranges, gone: Ranges) -> tuple[int, int, int]:
    known = joined((*held, *gone))
    awaited = sum(last - first + 1 for first, last in missing(known, 1, known[-1][1])) if known else 0
    never = sum(last - first + 1 for pair in gone for first, last in missing(joined(held), *pair))
    return size(joined(held)), awaited, never
