"""Conditions as parameters of OGC API - Features, and what its documents tell."""

from __future__ import annotations

import pytest

from connector.data.queries import filtering
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
from connector.data.sources import asking
from connector.data.sources.features import Offer

SHAPE = Shape(
    fields=(
        Field("id"),
        Field("district"),
        Field("size", Kind.NUMBER),
        Field("seen", Kind.INSTANT),
        Field("geometry", Kind.GEOMETRY),
        Field("more", Kind.JSON),
    ),
    features=True,
    time="seen",
    geometry="geometry",
)
NAMES = frozenset({"district", "size", "seen"})
CQL2 = Offer(shape=SHAPE, queryables=NAMES, filters=True, advanced=True)
BASIC = Offer(shape=SHAPE, queryables=NAMES, filters=True)
PLAIN = Offer(shape=SHAPE, by_name=NAMES)
DISTRICT = Compare("district", Comparison.EQ, "O'Hara & Söhne")
SOME = OneOf("district", ("a", "b"))


@pytest.mark.parametrize(
    "condition",
    [
        DISTRICT,
        All((DISTRICT, Compare("size", Comparison.GT, 3))),
        Any_((DISTRICT, Missing("size"))),
        Not(DISTRICT),
        SOME,
        Like("district", "a%"),
        Compare("seen", Comparison.LT, "2026-01-01T00:00:00Z"),
    ],
)
def test_filters_in_cql2(condition: Condition) -> None:
    asked = asking.parameters(condition, SHAPE, CQL2)
    assert asked["filter-lang"] == "cql2-text"
    assert filtering.condition(asked["filter"]) == condition


def test_what_a_service_cannot_is_not_asked() -> None:
    assert asking.parameters(SOME, SHAPE, BASIC) == {}
    assert asking.parameters(Compare("id", Comparison.EQ, "1"), SHAPE, CQL2) == {}
    assert asking.parameters(Any_((DISTRICT, SOME)), SHAPE, BASIC) == {}
    assert asking.parameters(All((DISTRICT, SOME)), SHAPE, BASIC) == {
        "filter": "district = 'O''Hara & Söhne'",
        "filter-lang": "cql2-text",
    }
    assert not asking.is_plain(Missing("more"), SHAPE)
    assert not asking.is_plain(Within("more", (1, 2, 3, 4)), SHAPE)


def test_what_is_too_long_is_left_out() -> None:
    many = OneOf("district", tuple(f"district {n}" for n in range(1000)))
    assert asking.parameters(All((many, DISTRICT)), SHAPE, CQL2)["filter"] == "district = 'O''Hara & Söhne'"


@pytest.mark.parametrize("value", ["a*", "a,b", "%", "a|b"])
def test_by_name_only_what_means_itself(value: str) -> None:
    assert asking.parameters(DISTRICT, SHAPE, PLAIN) == {"district": "O'Hara & Söhne"}
    assert asking.parameters(Compare("district", Comparison.EQ, value), SHAPE, PLAIN) == {}
    assert asking.parameters(Not(DISTRICT), SHAPE, PLAIN) == {}
    assert asking.parameters(Compare("size", Comparison.EQ, 1.5), SHAPE, PLAIN) == {}


def test_the_first_value_of_a_field_is_not_replaced() -> None:
    both = All((DISTRICT, Compare("district", Comparison.EQ, "Mitte")))
    assert asking.parameters(both, SHAPE, PLAIN) == {"district": "O'Hara & Söhne"}


def test_times() -> None:
    since, until = (Compare("seen", one, "2026-01-01T00:00:00Z") for one in (Comparison.GT, Comparison.LTEQ))
    late = Compare("seen", Comparison.GTEQ, "2026-02-01T00:00:00Z")
    assert asking.parameters(since, SHAPE, PLAIN) == {"datetime": "2026-01-01T00:00:00Z/.."}
    assert asking.parameters(All((since, late)), SHAPE, PLAIN) == {"datetime": "2026-02-01T00:00:00Z/.."}
    assert asking.parameters(All((until, late)), SHAPE, PLAIN) == {}
    assert asking.parameters(Any_((since, until)), SHAPE, PLAIN) == {}


def test_a_box_has_room_for_what_two_corners_lose() -> None:
    west, south, east, north = asking.roomy((9.96, 48.38, 9.98, 48.40))
    assert 9.95 < west < 9.96
    assert 9.98 < east < 9.99
    assert 48.37 < south < 48.38
    assert 48.40 < north < 48.41
    assert asking.roomy((-180.0, -90.0, 180.0, 90.0)) == (-180.0, -90.0, 180.0, 90.0)
    over = asking.roomy((170.0, 0.0, -170.0, 10.0))
    assert over[0] < 170.0
    assert over[2] > -170.0


def test_fields_of_a_schema() -> None:
    schema = {
        "fid": {"type": "integer", "x-ogc-role": "id"},
        "place": {"format": "geometry-point", "x-ogc-role": "primary-geometry"},
        "day": {"type": ["string", "null"], "format": "date"},
        "tags": {"type": "array"},
        "odd": True,
    }
    assert [(one.name, one.kind) for one in asking.fields(schema)] == [
        ("id", Kind.NUMBER),
        ("geometry", Kind.GEOMETRY),
        ("day", Kind.DATE),
        ("tags", Kind.JSON),
        ("odd", Kind.JSON),
    ]


@pytest.mark.parametrize("api", [None, [], {}, {"paths": []}, {"paths": {"/collections/x/items": {"get": 1}}}])
def test_an_api_that_tells_nothing(api: object) -> None:
    assert asking.offered(api, "x") == frozenset()


def test_parameters_of_an_api() -> None:
    api = {
        "paths": {
            "/collections/{collectionId}/items": {
                "parameters": [{"name": "collectionId", "in": "path"}],
                "get": {
                    "parameters": [
                        {"name": "properties", "in": "query"},
                        {"$ref": "#/components/parameters/box"},
                        {"$ref": "https://elsewhere.example/sortby.yaml"},
                        7,
                    ]
                },
            }
        },
        "components": {"parameters": {"box": {"name": "bbox", "in": "query"}}},
    }
    assert asking.offered(api, "x") == {"properties", "bbox", "sortby"}
