"""Geometries from one writing into another and back."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.data.formats import geometries

NUMBER = st.one_of(st.integers(-180, 180), st.decimals(-180, 180, places=6).map(lambda one: one.normalize() + 0))
POSITION = st.tuples(NUMBER, NUMBER).map(list) | st.tuples(NUMBER, NUMBER, NUMBER).map(list)
FLAT = st.tuples(NUMBER, NUMBER).map(list)


def geometry(position: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    line = st.lists(position, min_size=2, max_size=4)
    rings = st.lists(line, min_size=1, max_size=2)
    shapes = {
        "Point": position,
        "MultiPoint": st.lists(position, min_size=1, max_size=3),
        "LineString": line,
        "MultiLineString": rings,
        "Polygon": rings,
        "MultiPolygon": st.lists(rings, min_size=1, max_size=2),
    }
    simple = st.one_of(
        st.fixed_dictionaries({"type": st.just(name), "coordinates": found}) for name, found in shapes.items()
    )
    several = st.fixed_dictionaries({"type": st.just("GeometryCollection"), "geometries": st.lists(simple, max_size=2)})
    return simple | several


@given(geometry(FLAT) | geometry(st.tuples(NUMBER, NUMBER, NUMBER).map(list)))
def test_texts_come_back_with_every_digit(found: dict[str, Any]) -> None:
    assert geometries.read(geometries.text(found)) == found


@given(geometry(FLAT))
def test_octets_come_back_as_doubles(found: dict[str, Any]) -> None:
    assert geometries.of_binary(geometries.binary(found)) == _doubles(found)


def _doubles(one: Any) -> Any:
    if isinstance(one, dict):
        return {name: _doubles(value) for name, value in one.items()}
    if isinstance(one, list):
        return [_doubles(value) for value in one]
    return float(one) if isinstance(one, (int, Decimal)) else one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("point(7.60 51)", {"type": "Point", "coordinates": [Decimal("7.60"), 51]}),
        (" SRID=4326;POINT ( 7 51 ) ", {"type": "Point", "coordinates": [7, 51]}),
        ("POINT Z (1 2 3)", {"type": "Point", "coordinates": [1, 2, 3]}),
        ("POINT M (1 2 3)", {"type": "Point", "coordinates": [1, 2]}),
        ("POINT ZM (1 2 3 4)", {"type": "Point", "coordinates": [1, 2, 3]}),
        ("POINT EMPTY", {"type": "Point", "coordinates": []}),
        ("MULTIPOINT (1 2, 3 4)", {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
        ("MULTIPOINT ((1 2), (3 4))", {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
        ("GEOMETRYCOLLECTION EMPTY", {"type": "GeometryCollection", "geometries": []}),
    ],
)
def test_well_known_texts(text: str, expected: Any) -> None:
    assert geometries.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "POINT", "POINT (1)", "POINT (1 2", "POINT (1 2))", "POINT (a b)", "CIRCLE (1 2)", "POINT (1 2) x"),
        *("POINT (1,2)", "POINT (1e999 2)", "LINESTRING (1 2; 3 4)", "POINT (nan 1)"),
        "GEOMETRYCOLLECTION (" * 9 + "POINT (1 2)" + ")" * 9,
    ],
)
def test_what_is_no_well_known_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        geometries.read(text)


@pytest.mark.parametrize(
    "found",
    [
        *(None, "x", {}, {"type": "Point"}, {"type": "Point", "coordinates": [1]}),
        *({"type": "Point", "coordinates": ["a", 1]}, {"type": "Circle", "coordinates": [1, 2]}),
        {"type": "Polygon", "coordinates": [[1, 2]]},
    ],
)
def test_what_is_no_geometry(found: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        geometries.text(found)
    with pytest.raises(ValueError, match=r"\w"):
        geometries.binary(found)


@given(st.binary(max_size=60))
def test_any_octets_are_a_geometry_or_none(data: bytes) -> None:
    for found in (data, b"\x01" + struct.pack("<I", 6) + data):
        try:
            geometries.of_binary(found)
        except ValueError:
            continue


def test_the_extended_form_and_heights_are_read() -> None:
    extended = struct.pack("<BIIddd", 1, 1 | 0x20000000 | 0x80000000, 4326, 7, 51, 60)
    assert geometries.of_binary(extended) == {"type": "Point", "coordinates": [7.0, 51.0, 60.0]}
    iso = struct.pack(">BIddd", 0, 1001, 7, 51, 60)
    assert geometries.of_binary(iso) == {"type": "Point", "coordinates": [7.0, 51.0, 60.0]}
