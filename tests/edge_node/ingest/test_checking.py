"""Checking what comes in: many at once and one by one agree; what is put aside says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.readings.model import MOST_VALUE, Kind
from edge_node.config import FieldSettings
from edge_node.ingest.checking import EARLIEST, Shape, writable
from edge_node.ports import Reading
from edge_node.sentences import TEMPLATES

NOW = 1_800_000_000_000_000
FIELDS = {
    "level": FieldSettings(places=2, min=-40, max=60),
    "count": FieldSettings(places=0),
    "state": FieldSettings(kind=Kind.TEXT),
    "open.now": FieldSettings(kind=Kind.FLAG),
}
SHAPE = Shape(FIELDS)
VALUE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(-70, 70),
    st.floats(-70, 70),
    st.booleans(),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=1),
)
GOOD: dict[str, st.SearchStrategy[Any]] = {
    "level": st.one_of(st.none(), st.integers(-40, 60), st.floats(-40, 60)),
    "count": st.one_of(st.none(), st.integers(-(MOST_VALUE // 2), MOST_VALUE // 2)),
    "state": st.one_of(st.none(), st.text(max_size=3)),
    "open.now": st.one_of(st.none(), st.booleans()),
}
TIME = st.one_of(st.none(), st.integers(EARLIEST - 5, NOW + 2 * 86_400_000_000))


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"thing": draw(st.text(min_size=0, max_size=3)), "at": draw(TIME)}
    for name, good in GOOD.items():
        if draw(st.booleans()):
            made[name] = draw(good if draw(st.integers(0, 9)) else VALUE)
    return made


@given(st.lists(rows(), min_size=1, max_size=5), st.booleans())
@settings(max_examples=300, deadline=None)
def test_many_at_once_and_one_by_one_agree(found: list[dict[str, Any]], sure: bool) -> None:
    at_once = SHAPE.json(msgspec.json.encode(found), NOW, sure=sure)
    readings = [
        Reading(one["thing"], {name: value for name, value in one.items() if name not in ("thing", "at")}, one["at"])
        for one in found
    ]
    singly = SHAPE.readings(readings, NOW, sure=sure)
    assert (at_once.rows, at_once.timeless) == (singly.rows, singly.timeless)
    assert [one.code for one in at_once.aside] == [one.code for one in singly.aside]
    taken, aside = len(at_once.rows.times), len(at_once.aside)
    assert taken + aside >= len(found)  # nothing disappears


def test_values_are_kept_in_their_smallest_steps() -> None:
    found = SHAPE.json(
        b'{"thing":"a","at":1700000000000001,"level":12.345,"count":7.0,"state":"x","open.now":true}', NOW, sure=True
    )
    assert found.rows.columns == [[1234], [7], ["x"], [True]] or found.rows.columns == [[1235], [7], ["x"], [True]]
    assert (found.rows.things, found.rows.times) == (["a"], [1_700_000_000_000_001])


@pytest.mark.parametrize(
    "text", ["2026-10-20T12:00:00.25+02:00", "2026-10-20T10:00:00.250Z", "2026-10-20 10:00:00.25Z"]
)
def test_instants_of_rfc_3339(text: str) -> None:
    moment = datetime(2026, 10, 20, 12, 0, 0, 250_000, timezone(timedelta(hours=2)))
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for more in (b"", b',"count":"x"'):  # at once, and one by one
        body = b'[{"thing":"a","at":"%s","level":1%s}]' % (text.encode(), more)
        assert SHAPE.json(body, NOW, sure=True).rows.times == [expected]


@pytest.mark.parametrize(
    "at", ['"2026-10-20T12:00:00"', '"now"', "true", "1.5", "[]", str(EARLIEST - 1), str(NOW + 86_400_000_001)]
)
def test_instants_that_are_none(at: str) -> None:
    found = SHAPE.json(b'[{"thing":"a","at":%s,"level":1}]' % at.encode(), NOW, sure=True)
    wanted = "reading.time" if at.isdigit() else "reading.instant"
    assert ([one.code for one in found.aside], found.rows.times) == ([wanted], [])


def test_while_the_clock_is_not_set_times_ahead_are_taken() -> None:
    found = SHAPE.json(b'[{"thing":"a","at":%d,"level":1}]' % (NOW * 2), NOW, sure=False)
    assert found.rows.times == [NOW * 2]


def test_readings_without_a_time_get_that_of_now() -> None:
    found = SHAPE.json(b'[{"thing":"a","level":1},{"thing":"b","at":1700000000000000,"level":1}]', NOW, sure=True)
    assert (found.rows.times, found.timeless) == ([NOW, 1_700_000_000_000_000], [0])


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, -(10**5000), "1", b"1", True], ids=lambda value: str(type(value))
)
def test_what_is_no_number(value: Any) -> None:
    found = SHAPE.readings([Reading("a", {"count": value, "level": 1})], NOW, sure=True)
    assert [one.code for one in found.aside] in (["reading.kind"], ["reading.range"])
    assert found.rows.columns[:2] == [[100], [None]]


@pytest.mark.parametrize("places", range(10))
def test_the_largest_number_can_be_written(places: int) -> None:
    shape = Shape({"x": FieldSettings(places=places)})
    largest = MOST_VALUE // 2 / 10**places
    found = shape.readings(
        [Reading("a", {"x": value}) for value in (largest, -largest, largest * 1.01)], NOW, sure=True
    )
    assert (len(found.rows.times), len(found.aside)) == (2, 1)
    assert writable(found.rows) is None


def test_what_is_put_aside_is_shown_by_its_beginning_and_told() -> None:
    found = SHAPE.json(msgspec.json.encode([{"thing": "a", "level": 1, "state": "x" * 1000}]), NOW, sure=True)
    [one] = found.aside
    assert one.code == "reading.kind"
    assert len(one.sample) == 256


def test_every_code_is_told() -> None:
    import ast
    import inspect

    from edge_node.ingest import checking

    texts = {one.value for one in ast.walk(ast.parse(inspect.getsource(checking))) if isinstance(one, ast.Constant)}
    codes = {one for one in texts if isinstance(one, str) and one.startswith("reading.")}
    assert len(codes) == 7
    assert codes <= set(TEMPLATES)
