"""Forms of answers: what is written is read again as it was, also without rows, and numbers keep their digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data import formats
from connector.data.formats import writing
from connector.data.formats.parquet import GROUP
from connector.data.queries.model import Field, Kind, Shape
from connector.errors import MessageError, SourceError
from policies.model import PolicyError
from policies.transforms import Schema

FIELDS = (
    Field("text"),
    Field("zahl", Kind.NUMBER),
    Field("ja", Kind.BOOLEAN),
    Field("t", Kind.INSTANT),
    Field("tag", Kind.DATE),
    Field("ort", Kind.GEOMETRY),
    Field("mehr", Kind.JSON),
)
NAMES = tuple(field.name for field in FIELDS)
OBJECTS = Shape(fields=FIELDS, geometry="ort", time="t")
TABLE = Shape(fields=FIELDS, geometry="ort", time="t", media_type="text/csv")
FEATURES = Shape(fields=(*FIELDS[:5], Field("geometry", Kind.GEOMETRY)), features=True, geometry="geometry")
TREE = Schema(tree=True)
POINTED = Schema(NAMES, decimals=("", ".", "", "", "", "", ""))
COMMAS = Schema(NAMES, decimals=("", ",", "", "", "", "", ""), comma=True)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
ALL = sorted(formats.SHORT)

# Half of a surrogate pair is no text; NUL no database would give.
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.decimals(-1000, 1000, allow_nan=False, places=4),
    st.sampled_from([Decimal("0.10"), Decimal("0.1000000000000000055"), Decimal("1E+3")]),
)
POINTS = st.tuples(st.integers(-180, 180), st.integers(-90, 90)).map(
    lambda found: {"type": "Point", "coordinates": [*found]}
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXTS,
            "zahl": st.none() | NUMBERS,
            "ja": st.none() | st.booleans(),
            "t": st.none() | st.just("2026-07-01T14:00:00.25Z"),
            "tag": st.none() | st.just("2026-07-01"),
            "ort": st.none() | POINTS,
            "mehr": st.none() | st.just({"a": [1, "x", None]}),
        }
    ),
    max_size=5,
)


def written(form: str, shape: Shape, schema: Schema, rows: list[Any]) -> bytes:
    return b"".join(writing.written(form, shape, schema, rows))


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


@settings(max_examples=150)
@given(ROWS)
def test_objects_go_through_a_table_and_come_back(rows: list[dict[str, Any]]) -> None:
    heading, *cells = table(written("csv", OBJECTS, TREE, rows))
    assert heading == list(NAMES)
    again = written("ndjson", TABLE, POINTED, cells)
    back = [_decode(line) for line in again.splitlines()]
    # An empty text and none are one and the same in a table.
    assert back == [{**row, "text": row["text"] or None} for row in rows]


@settings(max_examples=150)
@given(ROWS)
def test_json_is_what_it_was(rows: list[dict[str, Any]]) -> None:
    assert _decode(written("json", OBJECTS, TREE, rows)) == rows
    assert [_decode(line) for line in written("ndjson", OBJECTS, TREE, rows).split(b"\n")[:-1]] == rows


@settings(max_examples=150)
@given(ROWS)
def test_objects_become_features_with_what_they_have(rows: list[dict[str, Any]]) -> None:
    made = _decode(written("geojson", OBJECTS, TREE, rows))
    assert made["type"] == "FeatureCollection"
    assert [{**one["properties"], "ort": one["geometry"]} for one in made["features"]] == rows
    assert all(one["type"] == "Feature" and "ort" not in one["properties"] for one in made["features"])


@settings(max_examples=100)
@given(ROWS)
def test_columns_hold_what_there_was(rows: list[dict[str, Any]]) -> None:
    data = written("parquet", OBJECTS, TREE, rows)
    found = pyarrow.parquet.read_table(io.BytesIO(data))
    assert found.column_names == list(NAMES)
    for name in ("text", "ja"):
        assert found.column(name).to_pylist() == [row[name] for row in rows]
    exact = all(row["zahl"] is None or Decimal(repr(float(row["zahl"]))) == row["zahl"] for row in rows)
    numbers = found.column("zahl").to_pylist()
    expected = [row["zahl"] if row["zahl"] is None else (float if exact else str)(row["zahl"]) for row in rows]
    assert numbers == expected


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize(("shape", "schema"), [(OBJECTS, TREE), (TABLE, POINTED), (FEATURES, TREE)])
def test_without_rows_it_is_a_whole_document(form: str, shape: Shape, schema: Schema) -> None:
    data = written(form, shape, schema, [])
    match form:
        case "csv":
            assert table(data) == [[field.name for field in shape.fields]]
        case "ndjson":
            assert data == b""
        case "json":
            assert _decode(data) == []
        case "geojson":
            assert _decode(data) == {"type": "FeatureCollection", "features": []}
        case _:
            found = pyarrow.parquet.read_table(io.BytesIO(data))
            assert found.column_names == [field.name for field in shape.fields]
            assert found.num_rows == 0


@pytest.mark.parametrize("form", ALL)
def test_no_part_of_it_is_a_whole_document_but_of_lines(form: str) -> None:
    made = writing.writer(form, OBJECTS, TREE)
    data = made.head() + b"".join(made.rows([dict.fromkeys(NAMES)] * 3))
    if form in ("json", "geojson"):
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(data)
    if form == "parquet":
        with pytest.raises((OSError, ValueError)):
            pyarrow.parquet.read_table(io.BytesIO(data))


@pytest.mark.parametrize("form", ALL)
def test_rows_come_while_they_are_written(form: str) -> None:
    """After many rows bytes have left, though more rows will come; nothing is held until the end."""
    taken = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal taken
        for n in range(10 * GROUP):
            taken = n
            yield {"text": "x" * 40, "zahl": n}

    made = writing.writer(form, Shape(fields=FIELDS[:2], geometry="ort"), TREE)
    made.head()
    left = made.rows(rows())
    piece = next(left)
    assert piece
    assert taken <= GROUP
    assert len(piece) < 4 * writing.PIECE


def test_rows_may_come_in_parts() -> None:
    for form in ALL:
        parts = [[{"text": "a"}], [], [{"text": "b"}, {"text": "c"}]]
        shape = Shape(fields=FIELDS[:1], geometry="ort")
        made = writing.writer(form, shape, TREE)
        data = made.head() + b"".join(piece for part in parts for piece in made.rows(part)) + made.tail()
        assert data == written(form, shape, TREE, [row for part in parts for row in part])


def test_a_german_table_becomes_one_for_everybody() -> None:
    shape = Shape(fields=FIELDS[:2], media_type="text/csv")
    schema = Schema(NAMES[:2], decimals=("", ","), comma=True)
    rows = [["a;b", "1.234,50"], ['sagt "ja"', ""], ["zwei\nZeilen", "viel"]]
    assert written("csv", shape, schema, rows) == (
        b'text,zahl\r\na;b,1234.50\r\n"sagt ""ja""",\r\n"zwei\nZeilen",viel\r\n'
    )
    assert [*map(_decode, written("ndjson", shape, schema, rows).splitlines())] == [
        {"text": "a;b", "zahl": Decimal("1234.50")},
        {"text": 'sagt "ja"', "zahl": None},
        {"text": "zwei\nZeilen", "zahl": "viel"},
    ]


def test_numbers_keep_their_digits() -> None:
    shape = Shape(fields=(Field("n", Kind.NUMBER),))
    row = _decode(b'{"n":0.1000000000000000055511151231257827}')
    assert written("ndjson", shape, TREE, [row]) == b'{"n":0.1000000000000000055511151231257827}\n'
    assert written("csv", shape, TREE, [row]) == b"n\r\n0.1000000000000000055511151231257827\r\n"


def test_two_numbers_are_a_point() -> None:
    shape = Shape(fields=(Field("lat", Kind.NUMBER), Field("lon", Kind.NUMBER)), media_type="text/csv")
    schema = Schema(("lat", "lon"), decimals=(",", ","), comma=True)
    made = _decode(written("geojson", shape, schema, [["51,90", "7,60"], ["", "7,60"]]))["features"]
    assert [one["geometry"] for one in made] == [
        {"type": "Point", "coordinates": [Decimal("7.60"), Decimal("51.90")]},
        None,
    ]


def test_features_go_through_a_table() -> None:
    row = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [7.5, 51]},
        "properties": {"text": "=1+1", "zahl": 5, "anderes": 1},
    }
    assert table(written("csv", FEATURES, TREE, [row])) == [
        ["text", "zahl", "ja", "t", "tag", "geometry"],
        ["=1+1", "5", "", "", "", "POINT (7.5 51)"],
    ]


# --- Parquet ----------------------------------------------------------------------------------------------------------


def test_groups_are_small_and_places_are_told() -> None:
    rows = [{"text": str(n), "ort": {"type": "Point", "coordinates": [7, 51]}} for n in range(2 * GROUP + 1)]
    data = written("parquet", Shape(fields=(FIELDS[0], FIELDS[5]), geometry="ort"), TREE, rows)
    file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
    assert [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)] == [GROUP, GROUP, 1]
    geo = msgspec.json.decode(file.schema_arrow.metadata[b"geo"])
    assert (geo["primary_column"], geo["columns"]["ort"]["encoding"]) == ("ort", "WKB")


def test_a_late_number_that_a_column_does_not_hold_ends_it() -> None:
    shape = Shape(fields=(Field("n", Kind.NUMBER),))
    rows = [{"n": 1}] * GROUP + [{"n": 2**60 + 1}]
    with pytest.raises(PolicyError):
        written("parquet", shape, TREE, rows)


def test_a_form_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SourceError) as caught:
        writing.writer("parquet", OBJECTS, TREE)
    assert caught.value.reason.params == {"package": "allmende[parquet]"}


def test_forms_by_name() -> None:
    assert formats.of("GeoJSON") == formats.of("application/geo+json; charset=utf-8") == formats.GEOJSON
    assert writing.writer("", TABLE, COMMAS).media_type == formats.CSV
    with pytest.raises(MessageError):
        formats.of("text/html")
