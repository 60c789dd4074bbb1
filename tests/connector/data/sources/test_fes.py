"""Conditions in FES 2.0."""

from __future__ import annotations

import pytest

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Shape,
    Within,
)
from connector.data.sources import fes, markup

SYSTEM = "urn:ogc:def:crs:EPSG::25832"
SHAPE = Shape(
    fields=(
        Field("district"),
        Field("size", Kind.NUMBER),
        Field("seen", Kind.INSTANT),
        Field("geometry", Kind.GEOMETRY),
    ),
    features=True,
    geometry="geometry",
)
NASTY = "]]><x a='1'>&amp;\"ö"


def written(condition: Condition, system: str = SYSTEM) -> str:
    return fes.written(condition, SHAPE, lambda name: f"<{name}>", system)


@pytest.mark.parametrize("condition", [Compare("district", Comparison.EQ, NASTY), Like("district", NASTY)])
def test_what_is_written_is_read_as_it_was(condition: Condition) -> None:
    root = markup.parsed(written(condition).encode())
    (operator,) = root
    assert [markup.text(one) for one in operator] == ["<district>", NASTY]


def test_the_order_of_axes_of_a_box() -> None:
    box = Within("geometry", (9.9, 48.3, 10.0, 48.4))
    assert "<gml:lowerCorner>5" in written(box)
    assert "<gml:lowerCorner>48.29" in written(box, "urn:ogc:def:crs:EPSG::4326")
    assert "<gml:lowerCorner>9.89" in written(box, "EPSG:4326")


@pytest.mark.parametrize(
    "condition",
    [
        Compare("seen", Comparison.GT, "2026-01-01T00:00:00Z"),
        Compare("district", Comparison.LT, "M"),
        Compare("district", Comparison.EQ, "a\x0bb"),
        OneOf("district", ()),
        Within("geometry", (170.0, 0.0, -170.0, 10.0)),
        Not(Within("geometry", (9.9, 48.3, 10.0, 48.4))),
        Not(All((Missing("size"), Missing("district")))),
        Compare("unknown", Comparison.EQ, "x"),
        All(()),
        Any_((Compare("size", Comparison.EQ, 1), Compare("seen", Comparison.EQ, "2026-01-01T00:00:00Z"))),
    ],
)
def test_what_services_do_differently_is_left_to_the_node(condition: Condition) -> None:
    assert not fes.can(condition, SHAPE)
    assert written(condition) == ""


def test_parts_that_can_be_asked_are() -> None:
    both = All((Compare("size", Comparison.GTEQ, 3), Compare("seen", Comparison.EQ, "2026-01-01T00:00:00Z")))
    assert written(both).count("PropertyIs") == 2
    assert "And" not in written(both)
    many = OneOf("district", tuple(f"district {n}" for n in range(1000)))
    assert "district 1" not in written(All((many, Compare("size", Comparison.EQ, 1))))
