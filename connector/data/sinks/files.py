"""Rows into files: lines of JSON or CSV, one file a day or one a batch.

What lives here: appending so that each row is there once, whatever happens. What does not: batches (`subscribing`).

Beside the files lies the position (`.allmende-SUBSCRIPTION.json`): the number of the last batch, its watermark, the
file that grows and how long it was then. INVARIANT: what is behind that length was written by a batch that did not come
to its end, and is cut off before anything is written.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from connector.data.ports import Around, Batch, Setting
from connector.errors import SourceError
from connector.ports import Fault, no_fault

FORMS: Final = ("ndjson", "csv")
EACH: Final = ("day", "batch")


class _Position(Struct, frozen=True):
    """What is there for good. `columns` are those of the file that grows; `part` counts a day's files, of which there
    are several where rows have come with other columns."""

    number: int
    watermark: str
    file: str = ""
    size: int = 0
    columns: tuple[str, ...] = ()
    part: int = 1


class FilesSink:
    """See `ports.Sink`."""

    kind = "files"
    at_least_once = False
    settings: Sequence[Setting] = (
        Setting("path", "The folder to write to.", "Der Ordner, in den geschrieben wird.", needed=True),
        Setting("format", "ndjson or csv.", "ndjson oder csv.", example="csv"),
        Setting("each", "A new file each day or each batch.", "Eine neue Datei je Tag (day) oder Lieferung (batch)."),
    )

    def __init__(self, around: Around, *, fault: Fault = no_fault) -> None:
        self._clock, self._closed, self._fault = around.clock, around.closed, fault
        self._turns: dict[str, asyncio.Lock] = {}

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings}
        wrong = [f"{name}: unknown setting" for name in sorted(settings.keys() - known)]
        path = Path(str(settings.get("path") or "."))
        if not path.is_absolute():
            wrong.append("path: the path must be absolute")
        elif any(_within(path, closed) for closed in self._closed):
            wrong.append("path: this folder is the node's own")
        elif path.exists() and not path.is_dir():
            wrong.append("path: is no folder")
        if settings.get("format", "ndjson") not in FORMS:
            wrong.append("format: is neither ndjson nor csv")
        if settings.get("each", "day") not in EACH:
            wrong.append("each: is neither day nor batch")
        return wrong

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """As the port says."""
        found = await asyncio.to_thread(self._position, _folder(settings), subscription)
        return None if found is None else Batch(found.number, (), found.watermark)

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says; a batch that is there already is left as it is."""
        today = f"{datetime.fromtimestamp(self._clock.now() / 1e6, UTC):%Y-%m-%d}"
        async with self._turns.setdefault(subscription, asyncio.Lock()):
            await asyncio.to_thread(self._write, settings, subscription, batch, today)

    async def close(self) -> None:
        """As the port says; nothing is open."""

    def _position(self, folder: Path, subscription: str) -> _Position | None:
        try:
            return msgspec.json.decode((folder / _beside(subscription)).read_bytes(), type=_Position)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError):
            raise SourceError("sink.unreadable") from None

    def _write(self, settings: Mapping[str, Any], subscription: str, batch: Batch, today: str) -> None:
        folder = _folder(settings)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            before = self._position(folder, subscription) or _Position(0, "")
            if batch.number <= before.number:
                return
            put = self._alone if settings.get("each") == "batch" else self._behind
            after = put(folder, str(settings.get("format", "ndjson")), subscription, batch, before, today)
            _durably(folder / _beside(subscription), msgspec.json.encode(after), self._fault)
        except OSError:
            raise SourceError("sink.unwritable") from None
        self._fault("sink.kept")

    def _alone(
        self, folder: Path, form: str, subscription: str, batch: Batch, before: _Position, today: str
    ) -> _Position:
        """A file of its own, which is there whole or not at all."""
        if batch.rows:
            columns = _columns(batch.rows) if form == "csv" else ()
            body = _heading(columns) + b"".join(_line(row, columns) for row in batch.rows)
            _durably(folder / f"{_tail(subscription)}-{batch.number:010d}.{form}", body, self._fault)
        return _Position(batch.number, batch.watermark)

    def _behind(
        self, folder: Path, form: str, subscription: str, batch: Batch, before: _Position, today: str
    ) -> _Position:
        """Behind what is there, in the file of the day. A clock that goes back does not take up a former file."""
        place = before
        if not before.file or before.file[:10] < today:
            place = _Position(0, "", f"{today}-{_tail(subscription)}.{form}")
        for columns, rows in _alike(batch.rows, place.columns) if form == "csv" else [((), batch.rows)]:
            if form == "csv" and place.columns and columns != place.columns:
                part = place.part + 1
                place = _Position(0, "", f"{place.file[:10]}-{_tail(subscription)}-{part}.csv", part=part)
            heading = _heading(columns) if not place.size else b""
            body = heading + b"".join(_line(row, columns) for row in rows)
            self._append(folder / place.file, place.size, body)
            place = msgspec.structs.replace(place, size=place.size + len(body), columns=columns)
        return msgspec.structs.replace(place, number=batch.number, watermark=batch.watermark)

    def _append(self, path: Path, size: int, body: bytes) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        try:
            os.ftruncate(handle, size)
            os.lseek(handle, size, os.SEEK_SET)
            half = len(body) // 2
            _all(handle, body[:half])
            self._fault("sink.half")
            _all(handle, body[half:])
            os.fsync(handle)
        finally:
            os.close(handle)
        self._fault("sink.written")


def _folder(settings: Mapping[str, Any]) -> Path:
    return Path(str(settings["path"]))


def _within(path: Path, closed: Path) -> bool:
    return path.resolve().is_relative_to(closed.resolve()) or closed.resolve().is_relative_to(path.resolve())


def _tail(subscription: str) -> str:
    return "".join(sign for sign in subscription if sign.isalnum())[-12:]


def _beside(subscription: str) -> str:
    return f".allmende-{_tail(subscription)}.json"


def _columns(rows: Sequence[bytes]) -> tuple[str, ...]:
    """All columns of rows, in the order in which they come."""
    return tuple(dict.fromkeys(name for row in rows for name in _object(row)))


def _alike(rows: Sequence[bytes], columns: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[bytes]]]:
    """Runs of rows with the same columns, as far as possible those that are there."""
    runs: list[tuple[tuple[str, ...], list[bytes]]] = []
    for row in rows:
        now = runs[-1][0] if runs else columns
        own = tuple(_object(row))
        fits = now if now and set(own) == set(now) else own
        if not runs or fits != now:
            runs.append((fits, []))
        runs[-1][1].append(row)
    return runs


def _object(row: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(row)
    return found if isinstance(found, dict) else {"value": found}


def _heading(columns: Sequence[str]) -> bytes:
    return _cells(columns) if columns else b""


def _line(row: bytes, columns: Sequence[str]) -> bytes:
    """A row as a line; without columns as it is."""
    if not columns:
        return row + b"\n"
    found = _object(row)
    return _cells([_cell(found.get(name)) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _cells(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    # The library quotes of all line ends those alone that stand in its own.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n").encode() + b"\n"


def _all(handle: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _durably(path: Path, body: bytes, fault: Fault) -> None:
    """A file that is there whole or not at all."""
    half = path.with_name(path.name + ".new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    try:
        _all(handle, body)
        os.fsync(handle)
    finally:
        os.close(handle)
    fault("sink.renaming")
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    fault("sink.renamed")
