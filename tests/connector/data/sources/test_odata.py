"""Conditions as `$filter` of SensorThings, and where its values are."""

from __future__ import annotations

import pytest

from connector.data.queries.model import All, Any_, Compare, Comparison, Condition, Kind, Like, Not, OneOf
from connector.data.sources import odata

SPAN = {"phenomenonTime": "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z"}
STREAM = {"observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement", "name": "PM10"}
INSTANTS = odata.observations("Datastreams(1)/Observations", STREAM, 1, {"phenomenonTime": "2026-01-01T00:00:00Z"})
SPANS = odata.observations("Datastreams(1)/Observations", STREAM, 1, SPAN)
SINCE = Compare("time", Comparison.GTEQ, "2026-01-01T00:00:00Z")
UNTIL = Compare("time", Comparison.LT, "2026-01-02T00:00:00Z")


@pytest.mark.parametrize(
    ("condition", "right"),
    [
        (SINCE, ["phenomenonTime ge 2026-01-01T00:00:00Z"]),
        (All((SINCE, UNTIL)), ["phenomenonTime ge 2026-01-01T00:00:00Z", "phenomenonTime lt 2026-01-02T00:00:00Z"]),
        (Compare("result", Comparison.GT, -1.5), ["result gt -1.5"]),
        (Compare("id", Comparison.EQ, 7), ["id eq 7"]),
        (OneOf("result", (1, 2)), ["(result eq 1 or result eq 2)"]),
        (Any_((SINCE, Compare("result", Comparison.EQ, 1))),
         ["(phenomenonTime ge 2026-01-01T00:00:00Z or result eq 1)"]),
        (Any_((SINCE, Compare("unit", Comparison.EQ, "x"))), []),
        (Compare("location", Comparison.EQ, "x"), []),
        (Like("datastream", "x%"), []),
        (Not(SINCE), []),
    ],
)  # fmt: skip
def test_filters(condition: Condition, right: list[str]) -> None:
    assert odata.filtered(condition, INSTANTS) == right


def test_nobody_asks_when_spans_end() -> None:
    assert "end" in SPANS.columns
    assert odata.filtered(All((SINCE, UNTIL)), SPANS) == ["phenomenonTime ge 2026-01-01T00:00:00Z"]


def test_quotes_are_doubled() -> None:
    things = odata.entities("Things", "x", {})
    assert things is not None
    assert odata.filtered(Compare("name", Comparison.EQ, "O'Hara' or 1 eq 1"), things) == [
        "name eq 'O''Hara'' or 1 eq 1'"
    ]


def test_what_is_the_same_everywhere_is_known() -> None:
    assert INSTANTS.columns["datastream"].fixed == "PM10"
    assert INSTANTS.columns["result"].field.kind is Kind.NUMBER
    assert odata.entities("Sensors", 1, {}) is None


@pytest.mark.parametrize(
    ("path", "right"),
    [(("a", 0, "b"), 1), (("a", 1, "b"), None), (("x",), None), (("a", "b"), None), ((), {"a": [{"b": 1}]})],
)
def test_values_within(path: tuple[str | int, ...], right: object) -> None:
    assert odata.within({"a": [{"b": 1}]}, path) == right
