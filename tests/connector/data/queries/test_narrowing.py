"""What a silo may be told: never less than what the node would let go of its rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.data.queries import fitting, holding, narrowing, reading, splitting
from connector.data.queries.model import Compare, Comparison, Condition, Field, Kind, OneOf, Query, Shape, Within, Work
from connector.errors import MessageError
from policies import instants
from policies.model import Operator, PolicyError
from policies.transforms import Chain, Given, Schema, media, places, times
from policies.transforms.chain import of_steps
from policies.transforms.steps import CoarsenPlace, CoarsenTime, Delay, Keep, Suppress, Threshold
from tests.connector.data.queries.chains import (
    DELAYS,
    GRIDS,
    KEEPS,
    NAMES,
    NOW,
    OBJECTS,
    QUESTIONS,
    ROW,
    ROWS,
    SHAPES,
    TABLE,
    ZONE,
    body,
    chains,
    plain,
)
from tests.policies.transforms.duties import Memory

MEDIA = st.sampled_from(sorted(SHAPES))
ASKED = QUESTIONS.map(reading.read)


def rows_of(chain: Chain | None, rows: list[dict[str, Any]], media_type: str, query: Query = Query()) -> list[Any]:  # noqa: B008 - frozen
    """What leaves. Raises `PolicyError`."""
    text = media.body(media_type, lambda: iter([body(rows, media_type)]))
    has = Given(now=NOW, key=b"k" * 32, settle=Memory().settle)
    return [*holding.over(text, SHAPES[media_type], Work(chain=chain, query=query, now=NOW), has).rows]


def _plain(row: Any) -> Any:
    return row if isinstance(row, dict) else [*row]


def raw(condition: Condition, row: dict[str, Any], media_type: str) -> bool:
    """Does it hold of the row as it stands in the silo?"""
    found = plain({"id": 0, **row}, media_type)
    if media_type == "text/csv":
        return holding.holds(condition, TABLE, Schema(NAMES))([str(found[name]) for name in NAMES])
    return holding.holds(condition, OBJECTS, Schema(tree=True))(found)


@settings(max_examples=150)
@given(st.lists(st.one_of(KEEPS, DELAYS), min_size=1, max_size=3), ROW, MEDIA, st.booleans())
def test_what_is_kept_is_asked_for(steps: list[Any], row: dict[str, Any], media_type: str, trimmed: bool) -> None:
    chain = of_steps(sorted(steps, key=lambda step: isinstance(step, Delay)))
    trimmed = trimmed and row["district"] == row["district"].strip()
    try:
        leaves = bool(rows_of(chain, [{"id": 0, **row}], media_type))
    except PolicyError:
        return
    found = narrowing.narrowing(chain, SHAPES[media_type], NOW, trimmed=trimmed)
    holds = found.where is None or raw(found.where, row, media_type)
    assert holds or not leaves, found
    if found.exact:
        assert holds is leaves, found


@settings(max_examples=150)
@given(chains(summaries=False), ROW, MEDIA, ASKED)
def test_what_is_asked_of_what_leaves_is_wider_before_it_leaves(
    chain: Chain, row: dict[str, Any], media_type: str, asked: reading.Asked
) -> None:
    shape = SHAPES[media_type]
    try:
        query = fitting.fit(asked, shape, chain)
    except MessageError:
        return
    assume(query.where is not None)
    assert query.where is not None
    wide = narrowing.widened(query.where, chain, shape)
    try:
        leaves = bool(rows_of(chain, [{"id": 0, **row}], media_type, Query(where=query.where)))
    except PolicyError:
        return
    if leaves and wide is not None:
        assert raw(wide, row, media_type)


@settings(max_examples=150)
@given(chains(), ROWS, MEDIA, ASKED, st.booleans())
def test_a_silo_that_narrows_changes_nothing(
    chain: Chain, rows: list[dict[str, Any]], media_type: str, asked: reading.Asked, able: bool
) -> None:
    """The split of readers that only narrow, played by a silo that does exactly what it is told."""
    shape = SHAPES[media_type]
    try:
        query = fitting.fit(asked, shape, chain)
        whole = rows_of(chain, rows, media_type, query)
    except (MessageError, PolicyError):
        return
    work = Work(chain=chain, query=query, now=NOW)
    split = splitting.split(shape, work, lambda part: able)
    where = split.pushed.where
    told = [row for row in rows if where is None or raw(where, row, media_type)]
    text = media.body(media_type, lambda: iter([body(told, media_type, split.pushed.fields)]))
    assert split.left is not None
    has = Given(now=NOW, key=b"k" * 32, settle=Memory().settle)
    left = holding.over(text, splitting.given(split.pushed, shape), split.left, has)
    assert [_plain(row) for row in left.rows] == [_plain(row) for row in whole]
    if any(isinstance(step, Threshold) for step in chain.steps):
        assert split.pushed.fields == NAMES
        assert where is None or splitting.fields_of(where) <= {"district", "kwh", "name", "time", "day"}
        assert where == splitting.split(shape, Work(chain=chain, now=NOW), lambda part: able).pushed.where


def test_a_field_that_none_of_the_narrowed_rows_has_is_no_mistake_in_the_contract() -> None:
    """The silo is asked for one district, whose rows have no remark: the shape says that there is such a field."""
    shape = Shape(fields=(Field("district"), Field("remark")))
    chain = of_steps([Suppress(("remark",))])
    text = media.body("application/x-ndjson", lambda: iter([b'{"district": "Mitte"}\n']))
    answer = holding.over(text, shape, Work(chain=chain, now=NOW), Given(now=NOW))
    assert list(answer.rows) == [{"district": "Mitte"}]
    unknown = media.body("application/x-ndjson", lambda: iter([b'{"district": "Mitte"}\n']))
    with pytest.raises(PolicyError):
        list(holding.over(unknown, Shape(fields=(Field("district"),)), Work(chain=chain, now=NOW), Given(now=NOW)).rows)


def micro(least: int, most: int) -> st.SearchStrategy[float]:
    """Degrees, to six decimals."""
    return st.integers(least * 10**6, most * 10**6).map(lambda one: one / 10**6)


ASIDE = st.sampled_from([0.0, 1e-6, 1e-4, 1e-3, 1e-2])
METRES = st.sampled_from(["100", "1000"])


@settings(max_examples=300)
@given(micro(-180, 180), micro(-89, 89) | micro(51, 52), st.tuples(ASIDE, ASIDE, ASIDE, ASIDE), METRES)
def test_a_cell_is_asked_for_as_a_whole(x: float, y: float, aside: tuple[float, ...], metres: str) -> None:
    """A box around the middle of a cell, however small, asks for what lies anywhere in the cell."""
    middle = places.point(int(metres))({"type": "Point", "coordinates": [x, y]})["coordinates"]
    west, south, east, north = aside
    box = (max(-180.0, middle[0] - west), middle[1] - south, min(180.0, middle[0] + east), middle[1] + north)
    found = narrowing.widened(Within("place", box), chain(CoarsenPlace(("place",), metres)), OBJECTS)
    assert found is not None
    assert holding.holds(found, OBJECTS, Schema(tree=True))({"place": {"type": "Point", "coordinates": [x, y]}})


INSTANT = st.one_of(
    st.integers(1_780_000_000, 1_800_000_000),
    # The hours around both changes of the clock in 2026.
    st.integers(1_774_738_800 - 7200, 1_774_738_800 + 14_400),
    st.integers(1_792_879_200, 1_792_879_200 + 21_600),
)


@settings(max_examples=300)
@given(INSTANT, INSTANT, st.sampled_from(list(Comparison)), GRIDS)
def test_a_window_is_asked_for_as_a_whole_at_any_time(at: int, other: int, comparison: Comparison, grid: str) -> None:
    asked = Compare("time", comparison, instants.stamp(other * 10**6))
    found = narrowing.widened(asked, chain(CoarsenTime(("time",), grid, ZONE)), OBJECTS)
    row = {"time": instants.stamp(at * 10**6)}
    coarse = {"time": times.Coarse(grid, ZONE)(row["time"])}
    if found is not None and holding.holds(asked, OBJECTS, Schema(tree=True))(coarse):
        assert holding.holds(found, OBJECTS, Schema(tree=True))(row)


@settings(max_examples=100)
@given(chains(), ROW, MEDIA, ASKED)
def test_what_commutes_means_the_same_before_and_behind(
    chain: Chain, row: dict[str, Any], media_type: str, asked: reading.Asked
) -> None:
    shape = SHAPES[media_type]
    try:
        query = fitting.fit(asked, shape, chain)
        leaves = rows_of(chain, [{"id": 0, **row}], media_type)
    except (MessageError, PolicyError):
        return
    if query.where is None or not leaves or not fitting.commutes(query.where, chain):
        return
    assert bool(rows_of(chain, [{"id": 0, **row}], media_type, Query(where=query.where))) is raw(
        query.where, row, media_type
    )


def chain(*steps: Any) -> Chain:
    return of_steps(steps)


@pytest.mark.parametrize(
    ("step", "condition"),
    [
        (Keep("district", Operator.EQ, ("05515",)), OneOf("district", ("05515",))),
        (Keep("kwh", Operator.GT, ("1.5",)), Compare("kwh", Comparison.GT, 1.5)),
        (Delay("PT1H", "time", ZONE), Compare("time", Comparison.LTEQ, "2026-09-21T13:13:20Z")),
        (Delay("P1M", "time", ZONE), Compare("time", Comparison.LTEQ, "2026-08-21T14:13:20Z")),
        (Delay("PT1H", "day", ZONE), Compare("day", Comparison.LTEQ, "2026-09-20")),
    ],
)
def test_what_a_contract_keeps_can_be_asked_for_exactly(step: Any, condition: Condition) -> None:
    assert narrowing.narrowing(chain(step), OBJECTS, NOW, trimmed=True) == narrowing.Narrowing(condition, True)


@pytest.mark.parametrize(
    "step",
    [
        Keep("kwh", Operator.NEQ, ("1",)),
        Keep("kwh", Operator.GT, ("0.1000000000000000055511151231257827",)),
        Keep("somewhere", Operator.EQ, ("x",)),
        Delay("PT1H", "name", ZONE),
    ],
)
def test_what_cannot_be_asked_for_is_not(step: Any) -> None:
    assert narrowing.narrowing(chain(step), OBJECTS, NOW) == narrowing.Narrowing(None, False)


def test_a_window_is_asked_for_as_a_whole() -> None:
    hourly = chain(CoarsenTime(("time",), "PT1H", ZONE))
    asked = Compare("time", Comparison.LTEQ, "2026-07-01T14:20:00Z")
    assert narrowing.widened(asked, hourly, OBJECTS) == Compare("time", Comparison.LT, "2026-07-01T15:00:00Z")
    twice = chain(CoarsenTime(("time",), "PT1H", ZONE), CoarsenTime(("time",), "P1D", ZONE))
    assert narrowing.widened(asked, twice, OBJECTS) is None


@pytest.mark.parametrize("box", [(170.0, 0.0, -170.0, 1.0), (-179.9, 0.0, 179.9, 1.0), (179.9, 0.0, 180.0, 1.0)])
def test_a_larger_box_stays_one(box: Any) -> None:
    found = narrowing.widened(Within("place", box), chain(CoarsenPlace(("place",), "100")), OBJECTS)
    assert isinstance(found, Within)
    assert all(-180 <= side <= 180 for side in found.box)
    point = {"type": "Point", "coordinates": [box[0], 0.5]}
    assert holding.holds(found, OBJECTS, Schema(tree=True))({"place": point})


def test_what_a_contract_takes_away_is_not_even_read() -> None:
    work = Work(chain=chain(Suppress(("name", "kwh")), CoarsenTime(("time",), "PT1H", ZONE)), now=NOW)
    split = splitting.split(OBJECTS, work, lambda part: True)
    assert split.pushed.fields == ("id", "district", "ags", "time", "day", "place")
    assert split.left is not None
    assert split.left.chain == chain(CoarsenTime(("time",), "PT1H", ZONE))
    assert [field.kind for field in splitting.given(split.pushed, OBJECTS).fields][-1] is Kind.GEOMETRY


def test_what_is_taken_away_is_taken_away_within_another_field_as_well() -> None:
    shape = Shape(fields=(Field("name"), Field("more", Kind.JSON), Field("n", Kind.NUMBER)))
    rows = b'{"name":"Anna","more":{"name":"Anna","x":[{"Name":"Anna"}]},"n":1}'
    for properties in (("more",), ("more", "n"), ()):
        work = Work(chain=chain(Suppress(("name",))), query=Query(properties=properties), now=NOW)
        split = splitting.split(shape, work, lambda part: True)
        assert split.left is not None
        text = media.body("application/x-ndjson", lambda: iter([rows]))
        left = holding.over(text, splitting.given(split.pushed, shape), split.left, Given(now=NOW))
        assert "Anna" not in str([*left.rows])
    bare = splitting.split(
        shape, Work(chain=chain(Suppress(("name",))), query=Query(properties=("n",))), lambda one: True
    )
    assert bare.pushed.fields == ("n",)


def test_the_split_can_be_told() -> None:
    work = Work(
        chain=chain(Keep("district", Operator.EQ, ("05515",)), Suppress(("name",))),
        query=Query(where=Compare("kwh", Comparison.GT, 1), properties=("kwh",), limit=5),
        now=NOW,
    )
    told = splitting.explained(splitting.split(OBJECTS, work, lambda part: True, trimmed=True), OBJECTS)
    assert told == {
        "silo": {"fields": ["district", "kwh"], "where": "(district IN ('05515') AND kwh > 1)"},
        "node": {
            "steps": [{"step": "filter", "field": "district", "operator": "eq", "values": ("05515",)}],
            "where": "kwh > 1",
            "properties": ["kwh"],
            "limit": 5,
        },
    }
