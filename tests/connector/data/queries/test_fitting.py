"""Questions fitted to shapes: which fields leave, what they can be compared with, what cannot be asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.queries import fitting, reading, values
from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Not,
    Query,
    Shape,
    Within,
)
from connector.errors import MessageError
from connector.sentences import sentence
from policies.model import Operator, PolicyError
from policies.transforms import Chain, media, plan
from policies.transforms.chain import of_steps
from policies.transforms.steps import Aggregate, CoarsenPlace, CoarsenTime, Keep, Replace, Suppress
from tests.connector.data.queries.chains import NAMES, OBJECTS, SHAPES, TABLE, ZONE, body, chains

FEATURES = Shape(
    fields=(Field("id"), Field("a"), Field("t", Kind.INSTANT), Field("geometry", Kind.GEOMETRY)),
    features=True,
    key=("id",),
    time="t",
    geometry="geometry",
)


def names(shape: Shape) -> list[str]:
    return [field.name for field in shape.fields]


@settings(max_examples=200)
@given(chains(), st.sampled_from(sorted(SHAPES)))
def test_the_shape_is_that_of_what_leaves(chain: Chain, media_type: str) -> None:
    text = media.body(media_type, lambda: iter([body([], media_type)]))
    try:
        done = plan(chain, text.schema)
    except PolicyError:
        return
    left = fitting.released(SHAPES[media_type], chain)
    if media_type == "text/csv":
        assert tuple(names(left)) == done.columns == values.leaving(text.schema, done).columns
    assert left.time in ("", *names(left))
    assert left.geometry in ("", *names(left))
    assert set(left.key) <= set(names(left))


@pytest.mark.parametrize(
    ("steps", "left", "roles"),
    [
        ([Suppress(("t", "A"))], ["id", "geometry"], (("id",), "", "geometry")),
        ([Suppress(("/properties/t",))], ["id", "a", "geometry"], (("id",), "", "geometry")),
        ([Suppress(("properties",))], ["id", "geometry"], (("id",), "", "geometry")),
        ([Suppress(("/properties/a/b",))], ["id", "a", "t", "geometry"], (("id",), "t", "geometry")),
        ([Suppress(("id", "geometry"))], ["a", "t"], ((), "t", "")),
        ([Replace(("t",), "-")], ["id", "a", "t", "geometry"], (("id",), "", "geometry")),
        ([CoarsenTime(("t",), "PT1H", ZONE)], ["id", "a", "t", "geometry"], (("id",), "t", "geometry")),
        ([Aggregate(("/properties/a",), ("v",), ("count", "mean"))], ["/properties/a", "count", "mean_v"], None),
    ],
)
def test_features_leave_with_what_is_left_of_them(steps: list[Any], left: list[str], roles: Any) -> None:
    found = fitting.released(FEATURES, of_steps(steps))
    assert names(found) == left
    if roles is None:
        assert (found.features, found.geometry, found.media_type) == (False, "", "application/json")
    else:
        assert (found.key, found.time, found.geometry) == roles


def refusal(query: str, shape: Shape = OBJECTS, chain: Chain | None = None) -> dict[str, str]:
    with pytest.raises(MessageError) as caught:
        fitting.fit(reading.read(query), shape, chain)
    for told in (sentence(caught.value.reason, "de"), sentence(caught.value.reason, "en")):
        assert caught.value.reason.code not in told
        assert "?" not in told
    return {"code": caught.value.reason.code, **caught.value.reason.params}


def test_what_is_taken_away_is_answered_like_what_never_was() -> None:
    hidden = of_steps([Suppress(("name",))])
    for query in ("properties={}", "filter={}='x'", "filter={}%20IS%20NULL", "filter=NOT%20{}%20LIKE%20'x'"):
        one = refusal(query.format("name"), TABLE, hidden)
        other = refusal(query.format("nane"), TABLE, hidden)
        assert {**one, "field": ""} == {**other, "field": ""}
        assert "near" not in one


def test_a_name_that_is_close_is_offered_where_it_leaves() -> None:
    assert refusal("properties=distrikt")["near"] == "district"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("filter=kwh='1'", "query.kind"),
        ("filter=name=1", "query.kind"),
        ("filter=name=TIMESTAMP('2026-01-01T00:00:00Z')", "query.kind"),
        ("filter=name%20IN%20('a',1)", "query.kind"),
        ("filter=kwh%20LIKE%20'1%25'", "query.kind"),
        ("filter=day=TIMESTAMP('2026-01-01T00:00:00Z')", "query.kind"),
        ("filter=time='gestern'", "query.kind"),
        ("filter=place='POINT(1%201)'", "query.kind"),
        ("filter=S_INTERSECTS(name,BBOX(0,0,1,1))", "query.kind"),
        ("filter=name%20LIKE%20'x\\'", "query.value"),
        ("filter=kwh=TRUE", "query.kind"),
    ],
)
def test_literals_are_of_the_kind_of_their_field(query: str, code: str) -> None:
    assert refusal(query)["code"] == code


def test_truth_values_have_no_order() -> None:
    shape = Shape(fields=(Field("ok", Kind.BOOLEAN),))
    assert refusal("filter=ok%3ETRUE", shape)["code"] == "query.kind"
    assert fitting.fit(reading.read("filter=ok=TRUE"), shape, None).where == Compare("ok", Comparison.EQ, True)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("time > DATE('2026-07-01')", Compare("time", Comparison.GTEQ, "2026-07-01T22:00:00Z")),
        ("time < DATE('2026-07-01')", Compare("time", Comparison.LT, "2026-06-30T22:00:00Z")),
        (
            "time <> DATE('2026-07-01')",
            Not(
                All(
                    (
                        Compare("time", Comparison.GTEQ, "2026-06-30T22:00:00Z"),
                        Compare("time", Comparison.LT, "2026-07-01T22:00:00Z"),
                    )
                )
            ),
        ),
        ("time = '2026-07-01T14:00:00+02:00'", Compare("time", Comparison.EQ, "2026-07-01T12:00:00Z")),
    ],
)
def test_a_day_is_one_on_the_calendar(text: str, condition: Condition) -> None:
    assert fitting.where(text, OBJECTS) == condition


def test_datetime_and_bbox_become_conditions() -> None:
    found = fitting.fit(reading.read("datetime=2026-07-01T00:00:00Z/..&bbox=1,2,3,4&limit=2"), OBJECTS, None)
    assert found == Query(
        where=All((Compare("time", Comparison.GTEQ, "2026-07-01T00:00:00Z"), Within("place", (1.0, 2.0, 3.0, 4.0)))),
        limit=2,
    )
    days = Shape(fields=(Field("d", Kind.DATE),), time="d")
    assert fitting.fit(reading.read("datetime=2026-07-01/2026-07-02"), days, None).where == All(
        (Compare("d", Comparison.GTEQ, "2026-07-01"), Compare("d", Comparison.LTEQ, "2026-07-02"))
    )


def test_two_numbers_can_be_a_place() -> None:
    shape = Shape(fields=(Field("Breitengrad", Kind.NUMBER), Field("Längengrad", Kind.NUMBER)))
    found = fitting.fit(reading.read("bbox=170,2,-170,4&f=geojson"), shape, None).where
    assert isinstance(found, All)
    assert found.parts[0] == Any_(
        (Compare("Längengrad", Comparison.GTEQ, 170.0), Compare("Längengrad", Comparison.LTEQ, -170.0))
    )


HOURLY = of_steps([CoarsenTime(("time",), "PT1H", ZONE), CoarsenPlace(("place",), "100")])


@pytest.mark.parametrize(
    ("query", "shape", "chain", "code"),
    [
        ("datetime=2026-07-01", Shape(fields=(Field("a"),)), None, "query.time"),
        ("datetime=2026-07-01", OBJECTS, of_steps([Suppress(("time",))]), "query.time"),
        ("datetime=2026-07-01", OBJECTS, of_steps([Replace(("time",), "x")]), "query.time"),
        ("bbox=1,2,3,4", Shape(fields=(Field("a"),)), None, "query.place"),
        ("bbox=1,2,3,4", OBJECTS, of_steps([Suppress(("place",))]), "query.place"),
        ("f=geojson", OBJECTS, of_steps([Suppress(("place",))]), "query.form.places"),
        ("f=geojson", FEATURES, of_steps([Aggregate(("a",), (), ("count",))]), "query.form.places"),
        ("resolution=PT15M", OBJECTS, HOURLY, "query.finer"),
        ("resolution=50", OBJECTS, HOURLY, "query.finer"),
        ("resolution=150", OBJECTS, HOURLY, "query.finer"),
        ("resolution=PT1H", OBJECTS, of_steps([CoarsenTime(("time",), "P7D", ZONE)]), "query.finer"),
        ("resolution=district", OBJECTS, None, "query.place"),
        ("resolution=municipality", OBJECTS, of_steps([CoarsenPlace(("ags",), "district")]), "query.finer"),
        ("resolution=PT1H", Shape(fields=(Field("a"),)), None, "query.time"),
        ("resolution=100", Shape(fields=(Field("a"),)), None, "query.place"),
        ("filter=kwh%3E1", OBJECTS, of_steps([Aggregate(("district",), ("kwh",), ("sum",))]), "query.field"),
    ],
)
def test_what_cannot_be_asked(query: str, shape: Shape, chain: Chain | None, code: str) -> None:
    assert refusal(query, shape, chain)["code"] == code


@pytest.mark.parametrize("resolution", ["PT1H", "P1D", "100", "1000", "P1D,200"])
def test_coarser_than_the_contract_is_fine(resolution: str) -> None:
    assert fitting.fit(reading.read(f"resolution={resolution}"), OBJECTS, HOURLY).resolution == resolution


def test_statistics_can_be_asked_about() -> None:
    chain = of_steps([Keep("district", Operator.EQ, ("05515",)), Aggregate(("district",), ("kwh",), ("count", "sum"))])
    assert names(fitting.released(TABLE, chain)) == ["district", "count", "sum_kwh"]
    found = fitting.fit(reading.read("filter=sum_kwh%3E1&properties=count"), TABLE, chain)
    assert found.where == Compare("sum_kwh", Comparison.GT, 1)
    assert set(NAMES) - {"district"} not in set(found.properties)
