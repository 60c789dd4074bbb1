"""The parameters of a URL: what is read, what is refused and where, and what a question may cost."""

from __future__ import annotations

import contextlib
import time
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data import formats
from connector.data.queries import filtering, fitting, holding, reading, writing
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
from connector.data.queries.reading import Asked, Span
from connector.errors import MessageError
from connector.sentences import sentence
from tests.connector.data.queries.conditions import OBJECTS, ROWS, TREE, conditions

DAY = 86_400_000_000


def refusal(query: str, **more: str) -> dict[str, str]:
    with pytest.raises(MessageError) as caught:
        reading.read(query, **more)  # type: ignore[arg-type]
    for language in ("de", "en"):
        told = sentence(caught.value.reason, language)  # type: ignore[arg-type]
        assert caught.value.reason.code not in told
        assert "?" not in told
    return {"code": caught.value.reason.code, **caught.value.reason.params}


def test_nothing_is_asked() -> None:
    assert reading.read("") == Asked() == reading.read({})


def test_everything_at_once() -> None:
    asked = reading.read(
        "properties=a,b&filter=a%20%3D%201&filter-lang=cql2-text&datetime=2026-07-01&bbox=7,51,8,52&limit=5"
        "&resolution=PT1H,100&f=csv&explain=true",
        others=frozenset({"explain"}),
    )
    assert asked == Asked(
        properties=("a", "b"),
        where=Compare("a", Comparison.EQ, 1),
        datetime=Span(1_782_856_800_000_000, 1_782_943_199_999_999, (date(2026, 7, 1), date(2026, 7, 1))),
        bbox=(7.0, 51.0, 8.0, 52.0),
        limit=5,
        resolution=("PT1H", "100"),
        form=formats.CSV,
    )


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("2026-07-01T00:00:00Z", 1_782_864_000_000_000, 1_782_864_000_000_000),
        ("2026-07-01t02:00:00+02:00", 1_782_864_000_000_000, 1_782_864_000_000_000),
        ("2026-07-01T00:00:00Z/..", 1_782_864_000_000_000, None),
        ("../2026-07-01T00:00:00Z", None, 1_782_864_000_000_000),
        ("/2026-07-01T00:00:00Z", None, 1_782_864_000_000_000),
        ("2026-03-29/2026-03-29", 1_774_738_800_000_000, 1_774_738_800_000_000 + DAY - DAY // 24 - 1),
        ("2026-10-25", 1_792_879_200_000_000, 1_792_879_200_000_000 + DAY + DAY // 24 - 1),
    ],
)
def test_spans_of_time(text: str, start: int | None, stop: int | None) -> None:
    found = reading.span(text)
    assert (found.start, found.stop) == (start, stop)


@pytest.mark.parametrize(
    "text",
    ["", "/", "../..", "2026-07-01T00:00:00", "2026-13-01", "2026-07-01/x", "9999-01-01"],
)
def test_what_is_no_span(text: str) -> None:
    assert refusal("datetime=" + quote(text))["code"] == "query.value"


def test_a_span_that_ends_before_it_begins() -> None:
    assert refusal("datetime=" + quote("2026-07-02/2026-07-01"))["code"] == "query.span"


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("", (7.0, 51.0, 8.0, 52.0)),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", (7.0, 51.0, 8.0, 52.0)),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", (51.0, 7.0, 52.0, 8.0)),
    ],
)
def test_the_order_of_axes_is_that_of_the_reference_system(crs: str, box: reading.Box) -> None:
    assert reading.box("7,51,8,52", crs) == box


def test_a_box_may_go_over_the_antimeridian_and_no_further() -> None:
    assert reading.box("170,-10,-170,10") == (170.0, -10.0, -170.0, 10.0)
    for text in ("170,10,-170,-10", "0,0,181,1", "0,-91,1,1"):
        assert refusal("bbox=" + text)["code"] == "query.box"


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        ("bbox=1,2,3", "query.value", None),
        ("bbox=1,2,3,4,5,6", "query.value", None),
        ("bbox=1,2,3,nan", "query.value", None),
        ("bbox=1,2,3,1e999", "query.value", None),
        ("bbox=1,2,3,4&bbox-crs=EPSG:25832", "query.crs", None),
        ("bbox-crs=EPSG:4326", "query.alone", None),
        ("filter-lang=cql2-text", "query.alone", None),
        ("filter=a%3D1&filter-lang=cql2-json", "query.language", None),
        ("limit=0", "query.value", None),
        ("limit=-1", "query.value", None),
        ("limit=٣", "query.value", None),
        ("limit=99999999999999", "query.value", None),
        ("limit=1&limit=2", "query.twice", None),
        ("page=2", "query.parameter", None),
        ("properties=", "query.value", None),
        ("properties=a,,b", "query.value", None),
        ("properties=a%00", "query.value", None),
        ("resolution=PT7M", "query.value", None),
        ("resolution=PT1H,P1D", "query.value", None),
        ("resolution=fine", "query.value", None),
        ("f=xml", "query.form", None),
        ("f=%FF", "query.unreadable", None),
        ("nonsense", "query.unreadable", None),
        ("filter=", "query.filter", "1"),
        ("filter=a%20%3D", "query.filter", "4"),
        ("filter=a%20%3D%20%23", "query.filter", "5"),
        ("filter=a%3D12345678901234567890", "query.number", "3"),
        ("filter=a%3D0.1000000000000000055", "query.number", "3"),
        ("filter=a%3D9007199254740993", "query.number", "3"),
        ("filter=a%3D1e400", "query.number", "3"),
        ("filter=" + "(" * 13 + "a%3D1" + ")" * 13, "query.complex", "13"),
        ("filter=" + "NOT%20" * 3 + "a%3D1", "query.complex", "9"),
        ("filter=a%3Db", "query.quotes", None),
        ("filter=a", "query.operator", None),
        ("filter=TRUE", "query.operator", None),
        ("filter=1%3D1", "query.operator", None),
        ("filter=a%2B1%3D2", "query.operator", None),
        ("filter=CASEI(a)%3D'x'", "query.operator", None),
        ("filter=S_INTERSECTS(g,POLYGON((0%200,1%200,1%201,0%200)))", "query.operator", None),
        ("filter=S_INTERSECTS(g,BBOX(0,0,1,1,2,2))", "query.operator", None),
        ("filter=S_INTERSECTS(g,BBOX(0,5,1,1))", "query.box", None),
        ("filter=S_WITHIN(g,BBOX(0,0,1,1))", "query.operator", None),
        ("filter=T_AFTER(t,DATE('2026-01-01'))", "query.operator", None),
        ("filter=t%3ETIMESTAMP('gestern')", "query.value", None),
        ("filter=t%3EDATE('2026-01-01T00:00:00Z')", "query.value", None),
        ("filter=ST_Buffer(a)%3D1", "query.operator", None),
    ],
)
def test_what_is_refused_and_where(query: str, code: str, place: str | None) -> None:
    told = refusal(query)
    assert told["code"] == code
    assert place is None or told["place"] == place
    assert "parameter" in told or code == "query.unreadable"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a = 1.10", Compare("a", Comparison.EQ, 1.1)),
        ("5 < a", Compare("a", Comparison.GT, 5)),
        ("a <> 'it''s'", Compare("a", Comparison.NEQ, "it's")),
        ("\"a b\" = 'ü'", Compare("a b", Comparison.EQ, "ü")),
        ("a BETWEEN 1 AND 2", All((Compare("a", Comparison.GTEQ, 1), Compare("a", Comparison.LTEQ, 2)))),
        ("a NOT IN (1, 2)", Not(OneOf("a", (1, 2)))),
        ("a IS NOT NULL", Not(Missing("a"))),
        ("a LIKE 'x%' OR NOT a = TRUE", Any_((Like("a", "x%"), Not(Compare("a", Comparison.EQ, True))))),
        ("t >= TIMESTAMP('2026-07-01T02:00:00+02:00')", Compare("t", Comparison.GTEQ, "2026-07-01T00:00:00Z")),
        ("t >= TIMESTAMP('1926-07-01T02:00:00+02:00')", Compare("t", Comparison.GTEQ, "1926-07-01T00:00:00Z")),
        ("S_INTERSECTS(g, BBOX(1, 2, 3, 4.5))", Within("g", (1.0, 2.0, 3.0, 4.5))),
        ("a = -5", Compare("a", Comparison.EQ, -5)),
    ],
)
def test_filters(text: str, condition: Condition) -> None:
    assert filtering.condition(text) == condition


@settings(max_examples=150)
@given(conditions(), ROWS)
def test_what_is_written_is_read_again(condition: Condition, row: dict[str, Any]) -> None:
    text = writing.text(condition, OBJECTS)
    if text.count("NOT (") > 10:
        return  # more within each other than anybody may ask
    found = fitting.where(text, OBJECTS)
    # What is joined by the same word may be joined in another way.
    assert holding.holds(found, OBJECTS, TREE)(row) is holding.holds(condition, OBJECTS, TREE)(row)


@settings(max_examples=150)
@given(st.text(st.sampled_from("a=1()'\"<>,.%_ \\NOTANDRLIKEBTWS-+*/\n😀"), max_size=60))
def test_no_text_does_anything_but_a_refusal(text: str) -> None:
    with contextlib.suppress(MessageError):
        filtering.condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "a=1 AND " * 2000 + "a=1",
        "(" * 4000,
        "NOT " * 1000 + "a=1",
        "a IN (" + "1," * 1900 + "1)",
        "a=" + "-" * 4000 + "1",
        "a=" + "1+" * 1900 + "1",
        "'" * 4001,
        "f(" * 12 + "1" + ")" * 12 + "=1",
        "a LIKE '" + "%_" * 2000 + "'",
    ],
)
def test_a_question_costs_no_more_than_reading_it(text: str) -> None:
    started = time.process_time()
    with pytest.raises(MessageError):
        filtering.condition(text + " AND b = b")
    assert time.process_time() - started < 2


def test_a_long_filter_is_refused_unread() -> None:
    assert refusal(urlencode({"filter": "a='" + "x" * 8192 + "'"}))["code"] == "query.long"
    assert refusal("filter=a%3D'" + "x" * 4096 + "'")["code"] == "query.long"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", ""),
        ("*/*", ""),
        ("text/html", ""),
        ("text/csv", formats.CSV),
        ("application/json;q=0.5, text/csv;q=0.4", formats.JSON),
        ("application/geo+json, */*;q=0.1", formats.GEOJSON),
        ("*/*, text/csv;q=0.1", ""),
        ("text/csv;q=0", ""),
        ("text/csv;q=x", ""),
    ],
)
def test_the_header_counts_where_there_is_no_parameter(accept: str, form: str) -> None:
    assert reading.read("", accept=accept).form == form
    assert reading.read("f=parquet", accept=accept).form == formats.PARQUET


def test_words_of_the_language_can_be_fields() -> None:
    shape = Shape(fields=(Field("like"), Field("date", Kind.DATE), Field("größe", Kind.NUMBER), Field("a-b")))
    for condition in (
        Compare("like", Comparison.EQ, "x"),
        Compare("date", Comparison.LT, "2026-01-01"),
        Compare("größe", Comparison.LT, 5),
        Missing("a-b"),
    ):
        assert fitting.where(writing.text(condition, shape), shape) == condition
