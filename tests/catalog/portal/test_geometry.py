"""Boxes around geometries that are written as text."""

from __future__ import annotations

import pytest

from catalog.model import Box
from catalog.portal.geometry import box_of, wkt

ROSTOCK = Box(west=11.9, south=54.0, east=12.3, north=54.25)
POLYGON = "POLYGON((11.9 54.0,12.3 54.0,12.3 54.25,11.9 54.25,11.9 54.0))"
SWAPPED = "POLYGON((54.0 11.9,54.25 12.3,54.0 11.9))"


@pytest.mark.parametrize(
    "text",
    [
        POLYGON,
        POLYGON.lower().replace("polygon", "Polygon "),
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> " + POLYGON,
        "<http://www.opengis.net/def/crs/EPSG/0/4326> " + SWAPPED,
        "SRID=4326;" + POLYGON,
        "ENVELOPE(11.9, 12.3, 54.25, 54.0)",
        "MULTIPOINT Z ((11.9 54.0 3), (12.3 54.25 4))",
        '{"type":"Polygon","coordinates":[[[11.9,54.0],[12.3,54.25],[11.9,54.0]]]}',
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":'
        '{"type":"MultiPolygon","coordinates":[[[[11.9,54.0],[12.3,54.25]]]]}}]}',
    ],
)
def test_forms_of_one_box(text: str) -> None:
    assert box_of(text) == ROSTOCK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rostock",
        "POLYGON EMPTY",
        "POLYGON((1 2,3))",
        "<http://www.opengis.net/def/crs/EPSG/0/25833> POLYGON((300000 6000000,300001 6000001))",
        "POINT(1e999 0)",
        "POINT(181 0)",
        "ENVELOPE(1,2,3,4)",
        '{"coordinates":["a","b"]}',
        '{"geometry":' * 500 + "1" + "}" * 500,
        "[" * 100_000,
        "POINT(" + "1 " * 600_000 + ")",
    ],
)
def test_what_is_no_box_for_certain_is_none(text: str) -> None:
    assert box_of(text) is None


def test_a_box_is_read_as_it_was_written() -> None:
    across = Box(west=179.0, south=-1.0, east=-179.0, north=1.0)
    assert [box_of(wkt(one)) for one in (ROSTOCK, across)] == [ROSTOCK, across]
