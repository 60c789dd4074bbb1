"""Readings that are kept, for whoever reads them: by scope and series, in the order in which they came.

What lives here: opening logs, making rows of sealed messages, waiting for more. What does not: receiving
(`receiving`), what of it a question is about (`connector.data.sources.readings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from certs import cose
from certs.cose import CoseError
from connector.data.readings import keeping, legends
from connector.data.readings.keeping import Frame, Window
from connector.data.readings.model import Batch, FormError, Series, Value
from connector.data.readings.receiving import KIND, every, meaning
from connector.errors import SourceError
from connector.ports import Reading, Store
from connector.records import DeviceReadings, ReadingLog
from connector.records.readings import readings_id
from connector.services.changes import Changes

_WAIT: Final = 30.0
_MOST_DEVICES: Final = 100_000


class Said(Struct, frozen=True):
    """What the numbers of a device mean."""

    series: Mapping[int, Series]
    things: Mapping[int, str]


class Known(Struct, frozen=True):
    """A log as it is now, and what its devices have said."""

    log: ReadingLog
    said: Mapping[str, Said]


class Rows(Struct, frozen=True):
    """Readings of one device that came at once, in columns: numbered from `n` on in their log. Values are as they were
    sealed: numbers in steps of their field's last decimal place."""

    n: int
    device: str
    series: Series
    things: Sequence[str]
    times: Sequence[int]
    columns: Sequence[Sequence[Value]]
    unsure: bool


def fields(view: Reading, device: str) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """What an own device has said that its series consist of, by their names; of a series whose fields have changed
    what it is now."""
    found = view.get(DeviceReadings, readings_id("", device))
    legend = meaning(found) if found is not None else None
    return {
        series.name: [{"name": one.name, "unit": one.unit, "kind": one.kind.value} for one in series.fields]
        for _, series in (sorted(legend.series, key=lambda one: one[0]) if legend is not None else ())
    }


class Shelf:
    """Reads what `receiving.Receiving` keeps below the same `folder`."""

    def __init__(self, *, store: Store, folder: Path, changes: Changes) -> None:
        self._store, self._folder, self._changes = store, folder, changes

    async def series(self, scope: str) -> Sequence[str]:
        """The series of which something is here, in their order."""
        return sorted(log.series for log in await self._store.read(lambda view: every(view, scope)))

    async def known(self, scope: str, series: str) -> Known | None:
        """A log; None where nothing has come yet."""
        found = await self._store.read(
            lambda view: (
                view.get(ReadingLog, readings_id(scope, series)),
                view.select(DeviceReadings, limit=_MOST_DEVICES, scope=scope),
            )
        )
        log, devices = found
        if log is None:
            return None
        said = {one.device: legend for one in devices if (legend := meaning(one)) is not None}
        return Known(log, {device: Said(dict(one.series), dict(one.things)) for device, one in said.items()})

    async def growing(self, log: ReadingLog) -> None:
        """Returns when there is more than this in a log, or after a while."""

        async def ready() -> bool:
            now = await self._store.read(lambda view: view.get(ReadingLog, log.id))
            return now is None or now.next > log.next

        await self._changes.until(KIND, log.id, ready, _WAIT)

    def rows(self, known: Known, window: Window, device: str = "") -> Iterator[Rows]:
        """What may be wanted of a log, as it lies there; of one device, if it is named. Reads files: not on the loop.
        Raises `SourceError`."""
        for file in known.log.files:
            if window.misses(file.first, file.readings, file.begin, file.end):
                continue
            path = keeping.place(self._folder, known.log, file.number)
            for frame in keeping.frames(path, file.bytes, window):
                if not device or frame.body.device == device:
                    yield _rows(known, frame)


def _rows(known: Known, frame: Frame) -> Rows:
    """INVARIANT: the seal was verified when this was received; what the disk gives back is what was written."""
    try:
        batch = legends.decode(cose.read(frame.body.message).payload)
        said = known.said[frame.body.device]
        if not isinstance(batch, Batch):
            raise _broken()
        rows = batch.rows
        things = list(map(said.things.__getitem__, rows.things))
        series = said.series[batch.series]
        return Rows(frame.n, frame.body.device, series, things, rows.times, rows.columns, batch.unsure)
    except (CoseError, FormError, KeyError):
        raise _broken() from None


def _broken() -> SourceError:
    return SourceError("source.broken", problem="readings on disk are not as they were written")
