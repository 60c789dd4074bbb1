"""Files with rows, read where they lie: German tables, features, lines, columns; changes while they are read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from connector.data.ports import Around, Reader
from connector.data.queries import fitting, reading
from connector.data.queries.model import Budget, Kind, Pushed, Selection, Shape, Work
from connector.data.sources import beneath, tables
from connector.data.sources.tables import FilesReader
from connector.errors import NodeError, OurError, SourceError
from connector.records import Silo
from connector.system import SystemClock
from tests.ports.reader import ReaderContract, decoded, everything, whole

HEADING = "Zähler;Bezirk;Zeitpunkt;Tag;Wert;PLZ;versteckt"
ROWS = [
    ("1", "Nord", "01.07.2026 14:35", "01.07.2026", "1.234,50", "04509", "a"),
    ("2", "Süd", "01.07.2026 15:00", "02.07.2026", "0,10", "04509", "b"),
    ("3", "Süd; Ost", "01.12.2026 00:00", "31.12.2026", "", "80331", "c"),
]


def silo(path: Path, **settings: str) -> Silo:
    return Silo(id="akten", kind="files", settings={"path": str(path), **settings}, created=0, created_by="op")


def made(closed: Path) -> FilesReader:
    def no_secret(settings: Any, name: str) -> str:
        raise AssertionError(name)

    return FilesReader(Around(clock=SystemClock(), peer=None, secret=no_secret, closed=(closed,)))  # type: ignore[arg-type]


@pytest.fixture
def reader(tmp_path: Path) -> FilesReader:
    own = tmp_path / "own"
    own.mkdir()
    return made(own)


def german(path: Path, encoding: str = "cp1252") -> Path:
    lines = [HEADING, *(";".join(f'"{one}"' if ";" in one else one for one in row) for row in ROWS)]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


class TestContract(ReaderContract):
    """The suite, over a German table."""

    @pytest.fixture
    def reader(self, tmp_path: Path) -> Reader:
        (tmp_path / "own").mkdir()
        return made(tmp_path / "own")

    @pytest.fixture
    def silo(self, tmp_path: Path) -> Silo:
        folder = tmp_path / "data"
        folder.mkdir()
        self.path = german(folder / "zaehler.csv")
        (folder / "leer.csv").write_text("a,b\n")
        return silo(folder)

    @pytest.fixture
    def selection(self) -> Selection:
        return Selection(collection="zaehler.csv", fields=("Zähler", "Bezirk", "Zeitpunkt", "Wert"))

    def rewritten(self, change: Callable[[list[str]], list[str]]) -> None:
        lines = self.path.read_text("cp1252").splitlines()
        new = self.path.with_name(".new")
        new.write_bytes("\r\n".join([*change(lines), ""]).encode("cp1252"))
        new.rename(self.path)

    async def grow(self, field: str) -> None:
        self.rewritten(lambda lines: [lines[0] + ";" + field, *(line + ";x" for line in lines[1:])])

    async def drop(self, field: str) -> None:
        self.rewritten(lambda lines: [lines[0].replace(field, "weg"), *lines[1:]])

    async def busy(self) -> int:
        return sum(str(self.path.parent) in os.readlink(f"/proc/self/fd/{fd}") for fd in _descriptors())


def _descriptors() -> list[str]:
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        found.append(fd)
    return found


def files_open(folder: Path) -> int:
    return sum(str(folder) in os.readlink(f"/proc/self/fd/{fd}") for fd in _descriptors())


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
async def test_a_german_table_leaves_as_everybody_reads_it(reader: FilesReader, tmp_path: Path, encoding: str) -> None:
    where = silo(german(tmp_path / "z.csv", encoding))
    shape = await reader.describe(where, Selection(collection="z.csv"))
    assert {field.name: field.kind for field in shape.fields} == {
        "Zähler": Kind.NUMBER,
        "Bezirk": Kind.TEXT,
        "Zeitpunkt": Kind.INSTANT,
        "Tag": Kind.DATE,
        "Wert": Kind.NUMBER,
        "PLZ": Kind.TEXT,
        "versteckt": Kind.TEXT,
    }
    assert shape.time == "Zeitpunkt"
    body = await whole(reader, where, Selection(collection="z.csv"), shape)
    assert body.decode().split("\r\n") == [
        "Zähler,Bezirk,Zeitpunkt,Tag,Wert,PLZ,versteckt",
        "1,Nord,2026-07-01T12:35:00Z,2026-07-01,1234.50,04509,a",
        "2,Süd,2026-07-01T13:00:00Z,2026-07-02,0.10,04509,b",
        "3,Süd; Ost,2026-11-30T23:00:00Z,2026-12-31,,80331,c",
        "",
    ]


async def test_a_field_can_be_said_to_be_text(reader: FilesReader, tmp_path: Path) -> None:
    where = silo(german(tmp_path / "z.csv"), texts="Zähler, Tag")
    shape = await reader.describe(where, Selection(collection="z.csv"))
    assert [field.kind for field in shape.fields][:4] == [Kind.TEXT, Kind.TEXT, Kind.INSTANT, Kind.TEXT]


async def test_a_value_of_another_kind_ends_it(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,v\n" + "1,2\n" * 2000 + "1,viel\n")
    shape = await reader.describe(silo(path), Selection(collection="t.csv"))
    with pytest.raises(SourceError) as caught:
        await whole(reader, silo(path), Selection(collection="t.csv"), shape)
    assert caught.value.reason.code == "source.broken"
    assert caught.value.reason.params["problem"] == "v: a value is not of its kind"


@pytest.mark.parametrize("line", ["1,2,3", "1", '1,"2'])
async def test_a_row_of_another_width_ends_it(reader: FilesReader, tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"n,v\n1,2\n{line}\n")
    where, selection = silo(path, texts="n,v"), Selection(collection="t.csv")
    with pytest.raises(SourceError) as caught:
        await whole(reader, where, selection, await reader.describe(where, selection))
    assert caught.value.reason.code == "source.broken"


FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": n,
            "geometry": {"type": "Point", "coordinates": [7.6 + n, 51.9]},
            "properties": {"name": f"Baum {n}", "höhe": 12.50, "gesehen": "2026-07-01T14:00:00+02:00"},
        }
        for n in range(3)
    ],
}  # fmt: skip


async def test_features_stay_features_with_what_is_asked_for(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "b.geojson"
    path.write_text(msgspec.json.encode(FEATURES).decode().replace("12.5,", "12.50,"))
    selection = Selection(collection="b.geojson", fields=("id", "geometry", "höhe", "gesehen"))
    shape = await reader.describe(silo(path), selection)
    assert shape.features
    assert [field.kind for field in shape.fields] == [Kind.NUMBER, Kind.GEOMETRY, Kind.NUMBER, Kind.INSTANT]
    assert (shape.geometry, shape.time) == ("geometry", "gesehen")
    body = await whole(reader, silo(path), selection, shape)
    assert b'"h\xc3\xb6he":12.50' in body
    assert decoded(shape, body, ()) == [
        {"id": n, "geometry": FEATURES["features"][n]["geometry"], "höhe": 12.5, "gesehen": "2026-07-01T12:00:00Z"}  # type: ignore[index]
        for n in range(3)
    ]
    bare = await whole(reader, silo(path), selection, shape, Pushed(fields=("höhe",)))
    assert b"coordinates" not in bare
    assert b'"id"' not in bare


async def test_an_id_among_the_properties_is_not_lost(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "b.geojson"
    features = [{"type": "Feature", "geometry": None, "properties": {"id": n, "name": "Brunnen"}} for n in range(2)]
    path.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": features}))
    selection = Selection(collection="b.geojson")
    shape = await reader.describe(silo(path), selection)
    body = await whole(reader, silo(path), selection, shape)
    assert [msgspec.json.decode(line)["id"] for line in body.splitlines()] == [0, 1]
    bare = await whole(reader, silo(path), selection, shape, Pushed(fields=("name",)))
    assert b'"id"' not in bare


async def test_places_in_another_reference_system_are_refused(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "b.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    path.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "crs": crs, "features": FEATURES["features"]}))
    with pytest.raises(SourceError) as caught:
        await reader.describe(silo(path), Selection(collection="b.geojson"))
    assert "25832" in caught.value.reason.params["problem"]


async def test_a_large_collection_of_features_is_never_whole_in_memory(
    reader: FilesReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.geojson"
    one = msgspec.json.encode(FEATURES["features"][0])  # type: ignore[index]
    path.write_bytes(b'{"type":"FeatureCollection","features":[' + b",".join([one] * 20_000) + b"]}")
    read: list[int] = []
    monkeypatch.setattr(beneath, "read", counting(beneath.read, read))
    selection = Selection(collection="b.geojson")
    shape = await reader.describe(silo(path), selection)
    read.clear()
    async with aclosing(reader.read(silo(path), selection, shape, everything(shape), Budget())) as pieces:
        assert await anext(pieces)
    assert max(read) <= tables.PIECE
    assert sum(read) < path.stat().st_size / 2
    assert files_open(tmp_path) == 0


def counting(read: Callable[..., bytes], counts: list[int]) -> Callable[..., bytes]:
    def counted(*args: Any) -> bytes:
        data = read(*args)
        counts.append(len(data))
        return data

    return counted


@pytest.mark.parametrize("name", ["z.json", "z.ndjson"])
async def test_objects_leave_with_the_members_that_are_asked_for(
    reader: FilesReader, tmp_path: Path, name: str
) -> None:
    rows = [{"a": 1, "b": {"c": [1]}, "d": "x"}, {"a": 2.5, "e": True}, {"d": None, "a": 3}]
    encoded = [msgspec.json.encode(row) for row in rows]
    path = tmp_path / name
    path.write_bytes(b"[" + b",\n".join(encoded) + b"]" if name == "z.json" else b"\n".join(encoded))
    shape = await reader.describe(silo(path), Selection(collection=name))
    assert {field.name: field.kind for field in shape.fields} == {
        "a": Kind.NUMBER,
        "b": Kind.JSON,
        "d": Kind.TEXT,
        "e": Kind.BOOLEAN,
    }
    body = await whole(reader, silo(path), Selection(collection=name), shape, Pushed(fields=("a", "e")))
    assert [msgspec.json.decode(line) for line in body.splitlines()] == [
        {"a": 1, "e": None},
        {"a": 2.5, "e": True},
        {"a": 3, "e": None},
    ]


# --- Parquet ----------------------------------------------------------------------------------------------------------

GROUPS, IN_GROUP = 40, 5_000


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty groups, an hour of a day each; one wide column that nobody asks for."""
    path = tmp_path_factory.mktemp("parquet") / "werte.parquet"
    count = GROUPS * IN_GROUP
    table = pyarrow.table(
        {
            "n": pyarrow.array(range(count), pyarrow.int64()),
            "t": pyarrow.array([(1_800_000_000 + n) * 1_000_000 for n in range(count)], pyarrow.timestamp("us", "UTC")),
            "v": pyarrow.array([n / 8 for n in range(count)], pyarrow.float64()),
            "bezirk": pyarrow.array([f"{n // IN_GROUP:05d}" for n in range(count)]),
            "breit": pyarrow.array([f"{n * 7919 % 1_000_003:040d}" for n in range(count)]),
        }
    )  # fmt: skip
    pyarrow.parquet.write_table(table, path, row_group_size=IN_GROUP, compression="none", use_dictionary=False)
    return path


def needed(path: Path, fields: set[str], groups: set[int]) -> int:
    told = pyarrow.parquet.ParquetFile(path).metadata
    chunks = (
        told.row_group(group).column(n)
        for group in groups
        for n in range(told.num_columns)
        if told.row_group(group).column(n).path_in_schema in fields
    )
    return told.serialized_size + sum(chunk.total_compressed_size for chunk in chunks)


@pytest.mark.parametrize(
    ("question", "groups"),
    [
        ("filter=n >= 20000 AND n < 30000&properties=n,v", {4, 5}),
        ("filter=bezirk IN ('00007', '00030')&properties=n,v,bezirk", {7, 30}),
        ("datetime=2027-01-15T08:00:00Z/2027-01-15T09:00:00Z&properties=n,t", {0}),
        ("properties=v", set(range(GROUPS))),
    ],
)
async def test_no_more_is_read_than_is_needed(
    reader: FilesReader, columns: Path, monkeypatch: pytest.MonkeyPatch, question: str, groups: set[int]
) -> None:
    where, selection = silo(columns), Selection(collection=columns.name)
    shape = await reader.describe(where, selection)
    asked = reading.read(question.replace(" ", "%20"))
    split = reader.split(where, shape, Work(query=fitting.fit(asked, shape, None)))
    read: list[int] = []
    monkeypatch.setattr(beneath, "read", counting(beneath.read, read))
    body = await whole(reader, where, selection, shape, split.pushed)
    assert body.count(b"\n") == len(groups) * IN_GROUP
    least = needed(columns, set(split.pushed.fields), groups)
    assert sum(read) <= 1.2 * least, (sum(read), least)


async def test_values_of_parquet_keep_what_they_are(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "w.parquet"
    table = pyarrow.table(
        {
            "i": pyarrow.array([2**62, None]),
            "f": pyarrow.array([0.1, float("nan")]),
            "d": pyarrow.array([1, 2], pyarrow.decimal128(20, 3)),
            "t": pyarrow.array([1_782_900_000_000_000, None], pyarrow.timestamp("us")),
            "day": pyarrow.array([20_000, 20_001], pyarrow.date32()),
            "b": [True, None],
            "s": [["x"], []],
        }
    )
    pyarrow.parquet.write_table(table, path)
    shape = await reader.describe(silo(path), Selection(collection="w.parquet"))
    body = await whole(reader, silo(path), Selection(collection="w.parquet"), shape)
    assert body.splitlines() == [
        b'{"i":4611686018427387904,"f":0.1,"d":1.000,"t":"2026-07-01T08:00:00Z","day":"2024-10-04","b":true,"s":["x"]}',
        b'{"i":null,"f":null,"d":2.000,"t":null,"day":"2024-10-05","b":null,"s":[]}',
    ]


@pytest.mark.parametrize("name", ["x.parquet", "x.geojson", "x.csv", "x.ndjson", "x.json"])
@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe\x00", b"PAR1xxxxPAR1", b"{", b"[1]", b"\xef\xbb\xbf"])
async def test_what_is_none_of_its_form_is_broken(reader: FilesReader, tmp_path: Path, name: str, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    caught: list[str] = []
    try:
        shape = await reader.describe(silo(path), Selection(collection=name))
        body = await whole(reader, silo(path), Selection(collection=name), shape)
        assert body.count(b"\n") <= (name == "x.csv")
    except SourceError as error:
        caught.append(str(error))
    assert not [one for one in caught if "source.broken" not in one or str(tmp_path) in one]
    assert files_open(tmp_path) == 0


# --- changes ----------------------------------------------------------------------------------------------------------


def numbered(path: Path, first: str, count: int = 60_000) -> None:
    path.write_text("n,von\n" + "".join(f"{n},{first}\n" for n in range(count)))


async def test_a_file_that_is_replaced_goes_on_as_it_was(reader: FilesReader, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    numbered(path, "alt")
    where, selection = silo(path), Selection(collection="t.csv")
    shape = await reader.describe(where, selection)
    body = b""
    async with aclosing(reader.read(where, selection, shape, everything(shape), Budget())) as pieces:
        async for piece in pieces:
            if not body:
                numbered(tmp_path / ".neu", "neu")
                (tmp_path / ".neu").rename(path)
            body += piece
    assert b"neu" not in body
    assert body.count(b"alt") == 60_000
    assert b"alt" not in await whole(reader, where, selection, shape)


@pytest.mark.parametrize("how", ["append", "overwrite", "truncate"])
async def test_a_file_that_is_written_to_ends_the_reading(reader: FilesReader, tmp_path: Path, how: str) -> None:
    path = tmp_path / "t.csv"
    numbered(path, "alt")
    where, selection = silo(path), Selection(collection="t.csv")
    shape = await reader.describe(where, selection)
    body = b""
    with pytest.raises(OurError) as caught:
        async with aclosing(reader.read(where, selection, shape, everything(shape), Budget())) as pieces:
            async for piece in pieces:
                if not body:
                    changed(path, how)
                body += piece
    assert caught.value.reason.code in {"data.changed", "source.broken"}
    assert b"neu" not in body
    assert files_open(tmp_path) == 0


def changed(path: Path, how: str) -> None:
    if how == "truncate":
        os.truncate(path, 1000)
        return
    with path.open("r+b") as file:
        file.seek(0, io.SEEK_END if how == "append" else io.SEEK_SET)
        file.write(b"60001,neu\n" * 10_000)


@pytest.mark.parametrize("name", ["..", "../t.csv", ".t.csv", "/etc/passwd", "u.csv", "own", "link.csv", "t.txt", ""])
async def test_only_files_of_the_folder_are_collections(reader: FilesReader, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    numbered(folder / "ok.csv", "x", 3)
    numbered(folder / ".t.csv", "x", 3)
    numbered(tmp_path / "t.csv", "x", 3)
    (folder / "link.csv").symlink_to(tmp_path / "t.csv")
    assert list(await reader.collections(silo(folder))) == ["ok.csv"]
    with pytest.raises(SourceError) as caught:
        await reader.describe(silo(folder), Selection(collection=name))
    assert caught.value.reason.code == "source.drift"


def test_the_nodes_own_directory_is_never_shared(reader: FilesReader, tmp_path: Path) -> None:
    assert reader.check(silo(tmp_path / "own"))
    assert reader.check(silo(tmp_path))
    assert reader.check(silo(tmp_path / "none.csv"))
    assert reader.check(silo(german(tmp_path / "z.csv"), zone="Mars/Olympus"))
    assert not reader.check(silo(german(tmp_path / "z.csv"), zone="Europe/Vienna", texts="a,b"))


async def test_a_path_that_is_gone_is_unreachable(reader: FilesReader, tmp_path: Path) -> None:
    where = silo(german(tmp_path / "z.csv"))
    shape: Shape = await reader.describe(where, Selection(collection="z.csv"))
    (tmp_path / "z.csv").unlink()
    with pytest.raises(NodeError) as caught:
        await whole(reader, where, Selection(collection="z.csv"), shape)
    assert caught.value.reason.code == "source.unreachable"
