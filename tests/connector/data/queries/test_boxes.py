"""Geometries and boxes, beside the library of CQL2, which has an engine of its own for them."""

from __future__ import annotations

from typing import Any

import cql2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.queries import boxes

NUMBER = st.integers(-6, 6).map(float)
POSITION = st.tuples(NUMBER, NUMBER).map(list)


@st.composite
def rings(draw: st.DrawFn) -> list[list[float]]:
    """A triangle that has an area, or a box."""
    if draw(st.booleans()):
        west, south = draw(POSITION)
        width, height = draw(st.integers(1, 8)), draw(st.integers(1, 8))
        corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
        return [[west + x, south + y] for x, y in corners]
    one, two, three = (draw(POSITION) for _ in range(3))
    area = (two[0] - one[0]) * (three[1] - one[1]) - (three[0] - one[0]) * (two[1] - one[1])
    return [one, two, three, one] if area else [one, [one[0] + 1, one[1]], [one[0], one[1] + 1], one]


def holed(ring: list[list[float]]) -> list[list[list[float]]]:
    """The ring, and a hole in its middle of half its size."""
    corners = ring[:-1]
    x, y = (sum(corner[n] for corner in corners) / len(corners) for n in (0, 1))
    return [ring, [[(a + x) / 2, (b + y) / 2] for a, b in ring]]


GEOMETRIES = st.one_of(
    POSITION.map(lambda found: {"type": "Point", "coordinates": found}),
    st.lists(POSITION, min_size=1, max_size=3).map(lambda found: {"type": "MultiPoint", "coordinates": found}),
    st.lists(POSITION, min_size=2, max_size=4, unique_by=tuple).map(
        lambda found: {"type": "LineString", "coordinates": found}
    ),
    rings().map(lambda found: {"type": "Polygon", "coordinates": [found]}),
    rings().map(lambda found: {"type": "Polygon", "coordinates": holed(found)}),
)
BOXES = st.tuples(NUMBER, NUMBER, st.integers(1, 8), st.integers(1, 8)).map(
    lambda found: (found[0], found[1], found[0] + found[2], found[1] + found[3])
)


@settings(max_examples=250)
@given(GEOMETRIES, BOXES)
def test_a_box_meets_what_it_does_for_the_library(geometry: Any, box: boxes.Box) -> None:
    sides = ", ".join(map(repr, box))
    expected = cql2.Expr(f"S_INTERSECTS(geometry, BBOX({sides}))").matches(
        {"type": "Feature", "geometry": geometry, "properties": {}}
    )
    assert boxes.meets(geometry, box) is expected
    assert boxes.meets({"type": "GeometryCollection", "geometries": [geometry]}, box) is expected


@pytest.mark.parametrize(
    ("longitude", "expected"),
    [(179.0, True), (-179.0, True), (180.0, True), (-180.0, True), (0.0, False), (169.0, False)],
)
def test_a_box_goes_over_the_antimeridian(longitude: float, expected: bool) -> None:
    assert boxes.meets({"type": "Point", "coordinates": [longitude, 0.5]}, (170.0, 0.0, -170.0, 1.0)) is expected


def test_what_lies_nowhere_meets_nothing() -> None:
    for empty in (
        {"type": "Point", "coordinates": []},
        {"type": "Point"},
        {"type": "Polygon", "coordinates": []},
        {"type": "GeometryCollection", "geometries": []},
    ):
        assert not boxes.meets(empty, (-180.0, -90.0, 180.0, 90.0))


@pytest.mark.parametrize(
    "broken",
    [
        None,
        5,
        {},
        {"type": "Circle"},
        {"type": "LineString", "coordinates": [[1]]},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point", "coordinates": [None, 1]},
    ],
)
def test_what_is_no_geometry_is_told(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        boxes.meets(broken, (0.0, 0.0, 1.0, 1.0))
