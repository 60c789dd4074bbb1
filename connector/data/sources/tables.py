"""Files with rows as silos (`files`): CSV as German offices write it, GeoJSON, JSON, lines of JSON, Parquet.

What lives here: one file or a folder of them as collections, read where they lie. What does not: opening safely
(`beneath`), guessing kinds (`kinds`), Parquet (`columns`), reading texts as rows (`policies.transforms.media`).

Tables leave as `text/csv` with commas and decimal points, days and instants in ISO 8601 and UTC; the others as lines of
JSON. A file is one version from the first byte to the last: one that is replaced while it is read goes on as it was,
one that is written to ends the reading (`data.changed`). No row is ever made of two versions.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

import msgspec

from connector.data import formats
from connector.data.ports import Around, Setting
from connector.data.queries import splitting
from connector.data.queries.model import Budget, Event, Field, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.sources import beneath, columns, kinds
from connector.data.sources.files import check_path
from connector.data.sources.kinds import RowError
from connector.errors import SourceError, UnknownError
from connector.records import Silo
from policies.instants import ZONE
from policies.model import PolicyError
from policies.transforms import media, times
from policies.transforms.delimited import Delimited

PIECE: Final = 1 << 18
_FIRST: Final = 1 << 16
_BATCH: Final = 1024
_MOST: Final = 1000
_KEPT: Final = 256
_TYPES: Final[Mapping[str, str]] = {
    ".csv": formats.CSV,
    ".tsv": formats.CSV,
    ".ndjson": formats.NDJSON,
    ".jsonl": formats.NDJSON,
    ".json": formats.JSON,
    ".geojson": formats.GEOJSON,
    ".parquet": formats.PARQUET,
}
_UNREADABLE: Final = (ValueError, ArithmeticError, RecursionError, csv.Error)
_encode = msgspec.json.Encoder(decimal_format="number").encode
T = TypeVar("T")


class FilesReader:
    """Reads files with rows in place. Nothing stays open between two questions."""

    kind = "files"
    settings: Sequence[Setting] = (
        Setting(
            "path",
            "a file with rows, or a folder of them (csv, tsv, geojson, json, ndjson, jsonl, parquet)",
            "eine Datei mit Zeilen oder ein Ordner davon (csv, tsv, geojson, json, ndjson, jsonl, parquet)",
            needed=True,
            example="/srv/data/counts.csv",
        ),
        Setting(
            "zone",
            "the clock of times without an offset (Europe/Berlin where nothing is said)",
            "die Uhr von Zeiten ohne Versatz (ohne Angabe Europe/Berlin)",
            example="Europe/Berlin",
        ),
        Setting(
            "texts",
            "fields that are text whatever they look like, with commas between them",
            "Felder, die Text sind, wie immer sie aussehen, mit Kommas dazwischen",
            example="plz,hausnummer",
        ),
    )

    def __init__(self, around: Around) -> None:
        self._closed = tuple(path.resolve() for path in around.closed)
        self._encodings: dict[beneath.Version, str] = {}

    def check(self, silo: Silo) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings}
        found = [f"{name}: unknown setting" for name in sorted(set(silo.settings) - known)]
        found += check_path({"path": silo.settings.get("path")}, self._closed, Path.exists)
        try:
            times.zone(_zone(silo))
        except ValueError:
            found.append("zone: no such zone")
        if not isinstance(silo.settings.get("texts", ""), str):
            found.append("texts: names with commas between them")
        return found

    async def collections(self, silo: Silo) -> Sequence[str]:
        """As the port says: the names of files."""
        return await asyncio.to_thread(_names, silo)

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """As the port says; kinds are told from the first rows, but for Parquet."""
        return await asyncio.to_thread(self._described, silo, selection)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Parquet leaves groups of rows out by what it says of them; all is left to the node."""
        return splitting.split(shape, work, (lambda part: False) if shape.guessed else columns.can_prune)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """As the port says, in the order of the file."""
        pieces = self._pieces(silo, selection, shape, pushed, budget)
        try:
            while (piece := await _beside(lambda: next(pieces, None))) is not None:
                yield piece
        finally:
            pieces.close()

    def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Files are never `live`. Raises `SourceError`."""
        raise SourceError("source.broken", silo=silo.id, problem="files cannot be watched")

    async def close(self) -> None:
        """Nothing is open."""

    def _described(self, silo: Silo, selection: Selection) -> Shape:
        with _opened(silo, selection.collection) as file, _told(silo):
            if file.media_type == formats.PARQUET:
                found = columns.described(file)
            else:
                found = kinds.shape(self._body(file), _texts(silo))
        return _chosen(silo, found, selection.fields)

    def _body(self, file: File) -> media.Body:
        """The file as rows; how its letters are written is found out once for each version."""
        if file.media_type != formats.CSV:
            return media.body(file.media_type, file.opened)
        known = self._encodings.get(file.version, "")
        body = Delimited(file.opened, known)
        if not known:
            if len(self._encodings) >= _KEPT:
                self._encodings.clear()
            self._encodings[file.version] = body.encoding
        return body

    def _pieces(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> Generator[bytes, None, None]:
        fields = tuple(field for name in pushed.fields if (field := shape.field(name)) is not None)
        with _opened(silo, selection.collection) as file, _told(silo):
            if file.media_type == formats.PARQUET:
                yield from _lines(columns.rows(file, fields, pushed.where, _zone(silo)), budget)
                return
            body = self._body(file)
            if not body.schema.tree:
                yield from _table(silo, body, fields, budget)
            else:
                objects = _features(body, fields, silo) if shape.features else _objects(body, fields, silo)
                yield from _lines(objects, budget)


class File:
    """An open file of one version."""

    def __init__(self, file: int, version: beneath.Version, media_type: str) -> None:
        self.version, self.media_type, self._file = version, media_type, file

    def read(self, start: int, length: int) -> bytes:
        """Bytes of this version and no other. Raises `OurError`."""
        data = beneath.read(self._file, start, length)
        beneath.check_unchanged(self._file, self.version)
        return data

    def opened(self) -> Iterator[bytes]:
        """The bytes from the beginning, as often as it is called."""
        at = 0
        while at < self.version.size:
            data = self.read(at, min(PIECE if at else _FIRST, self.version.size - at))
            at += len(data)
            yield data
        beneath.check_unchanged(self._file, self.version)


@contextmanager
def _opened(silo: Silo, collection: str) -> Iterator[File]:
    """A collection's file. Raises `SourceError`: `source.drift` where there is none of this name."""
    path = str(silo.settings["path"])
    media_type = _TYPES.get(PurePosixPath(collection).suffix.lower())
    gone = SourceError("source.drift", silo=silo.id, field="", problem=f"no collection {collection[:100]}")
    if media_type is None or "/" in collection:
        raise gone
    try:
        if os.path.isdir(path):
            root = beneath.open_root(path)
            try:
                file, version = beneath.open_member(root, collection)
            finally:
                os.close(root)
        elif PurePosixPath(path).name == collection:
            file, version = beneath.open_file(path)
        else:
            raise gone
    except UnknownError:
        raise gone from None
    except SourceError as error:
        raise error if error is gone else SourceError("source.unreachable", silo=silo.id) from None
    try:
        yield File(file, version, media_type)
    finally:
        os.close(file)


@contextmanager
def _told(silo: Silo) -> Iterator[None]:
    """What a file does wrong as an error of its silo, without a word of what stands in it."""
    try:
        yield
    except PolicyError as error:
        raise SourceError("source.broken", silo=silo.id, problem=error.reason.code) from None
    except RowError as error:
        raise SourceError("source.broken", silo=silo.id, problem=str(error)) from None
    except _UNREADABLE:
        raise SourceError("source.broken", silo=silo.id, problem="a row cannot be read") from None


def _names(silo: Silo) -> list[str]:
    """Files with rows. Raises `SourceError`."""
    path = str(silo.settings["path"])
    try:
        if not os.path.isdir(path):
            os.stat(path)
            return [PurePosixPath(path).name]
        with os.scandir(path) as entries:
            found = [one.name for one in entries if beneath.is_named(one.name) and one.is_file(follow_symlinks=False)]
    except OSError:
        raise SourceError("source.unreachable", silo=silo.id) from None
    return sorted(name for name in found if PurePosixPath(name).suffix.lower() in _TYPES)[:_MOST]


def _zone(silo: Silo) -> str:
    return str(silo.settings.get("zone") or ZONE)


def _texts(silo: Silo) -> frozenset[str]:
    return frozenset(part.strip() for part in str(silo.settings.get("texts", "")).split(","))


def _chosen(silo: Silo, shape: Shape, names: Sequence[str]) -> Shape:
    """The shape with these fields alone, all where none is named. Raises `SourceError` `source.drift`."""
    _there(silo, names, [field.name for field in shape.fields])
    if not names:
        return shape
    kept = tuple(field for name in names if (field := shape.field(name)) is not None)
    return msgspec.structs.replace(
        shape,
        fields=kept,
        time=shape.time if shape.time in names else "",
        geometry=shape.geometry if shape.geometry in names else "",
    )


def _there(silo: Silo, names: Iterable[str], known: Sequence[str]) -> None:
    if missing := [name for name in names if name not in known]:
        raise SourceError("source.drift", silo=silo.id, field=", ".join(missing)[:200], problem="is not there")


def _table(silo: Silo, body: media.Body, fields: Sequence[Field], budget: Budget) -> Iterator[bytes]:
    """The lines of a table, a heading first."""
    names = [field.name for field in fields]
    _there(silo, names, body.schema.columns)
    at = [body.schema.columns.index(name) for name in names]
    width = len(body.schema.columns)
    made = tuple(kinds.writers(fields, body.schema, _zone(silo)).items())

    def cells(row: list[str]) -> list[str]:
        if len(row) != width:
            raise RowError("another number of values than of columns")
        found = [row[n] for n in at]
        for n, write in made:
            if found[n]:
                found[n] = _cell(write, found[n], names[n])
        return found

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    with closing(iter(body)) as rows:  # type: ignore[type-var]
        left = map(cells, _counted((row for row in rows if row), budget))
        while True:
            writer.writerows(islice(left, _BATCH))
            if not (text := out.getvalue()):
                return
            yield from _cut(text.encode())
            out.seek(0)
            out.truncate()


def _cell(write: Callable[[str], str], text: str, name: str) -> str:
    if text.isspace():
        return ""
    try:
        return write(text)
    except (ValueError, ArithmeticError, RecursionError):
        raise RowError(f"{name[:60]}: a value is not of its kind") from None


def _objects(body: media.Body, fields: Sequence[Field], silo: Silo) -> Iterator[Any]:
    """Objects with these members alone."""
    take = _members(fields, _zone(silo))
    for row in body:
        if not isinstance(row, dict):
            raise RowError("a row is no object")
        yield take(row)


def _features(body: media.Body, fields: Sequence[Field], silo: Silo) -> Iterator[Any]:
    """Features with these properties alone."""
    names = {field.name for field in fields}
    take = _members([field for field in fields if field.name not in ("id", "geometry")], _zone(silo))
    for row in body:
        properties = row.get("properties")
        inner = properties if isinstance(properties, dict) else {}
        made: dict[str, Any] = {"type": "Feature"}
        if "id" in names and ("id" in row or "id" in inner):
            made["id"] = row["id"] if "id" in row else inner["id"]  # Many files have it among the properties alone.
        made["geometry"] = row.get("geometry") if "geometry" in names else None
        made["properties"] = take(inner)
        yield made


def _members(fields: Sequence[Field], zone: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Members by their kind; one that is not there is null. It raises `ValueError` for a value of another kind."""
    checks = [(field.name, _JSON[field.kind]) for field in fields]
    utc = kinds.utc(zone)
    instants = [field.name for field in fields if field.kind is Kind.INSTANT]

    def take(row: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        for name, check in checks:
            value = row.get(name)
            if value is not None and not check(value):
                raise RowError(f"{name[:60]}: a value is not of its kind")
            made[name] = value
        for name in instants:
            if made[name] is not None:
                made[name] = _cell(utc, str(made[name]), name) or None
        return made

    return take


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, bool, dict, list))


_JSON: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.NUMBER: _is_number,
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.INSTANT: lambda value: isinstance(value, str),
    Kind.DATE: lambda value: isinstance(value, str),
    Kind.GEOMETRY: lambda value: isinstance(value, dict),
    Kind.JSON: lambda value: True,
}


def _lines(objects: Iterable[Any], budget: Budget) -> Iterator[bytes]:
    """Lines of JSON, many at once."""
    lines = bytearray()
    for one in _counted(objects, budget):
        lines += _encode(one) + b"\n"
        if len(lines) >= PIECE:
            yield from _cut(bytes(lines))
            lines.clear()
    yield from _cut(bytes(lines))


def _cut(data: bytes) -> Iterator[bytes]:
    """Pieces that are not larger than any reader may give."""
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def _counted(rows: Iterable[T], budget: Budget) -> Iterator[T]:
    for n, row in enumerate(rows, 1):
        if n > budget.rows:
            raise SourceError("source.budget", of="rows")
        yield row


async def _beside(work: Callable[[], T]) -> T:
    """Do something beside the loop. INVARIANT: it is over when this returns or raises, also when it is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
