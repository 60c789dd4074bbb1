"""What conditions mean for rows: beside SQLite, which has three truth values, and beside the library of CQL2."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any, assert_never

import cql2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.queries import holding, values, writing
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
    Query,
    Shape,
    Within,
    Work,
)
from policies.model import PolicyError
from policies.transforms import Given, Schema, media
from policies.transforms.chain import of_steps
from policies.transforms.steps import CoarsenTime, Suppress
from tests.connector.data.queries.conditions import (
    COLUMNS,
    FEATURES,
    FIELDS,
    OBJECTS,
    ROWS,
    TABLE,
    TREE,
    VALUES,
    cells,
    conditions,
    feature,
)

NOW = 1_790_000_000_000_000


def in_every_form(condition: Condition, row: dict[str, Any]) -> bool:
    """Does it hold, the same in a table, in an object and in a feature?"""
    found = {
        holding.holds(condition, TABLE, COLUMNS)(cells(row)),
        holding.holds(condition, OBJECTS, TREE)(row),
        holding.holds(condition, OBJECTS, TREE)({name: value for name, value in row.items() if value is not None}),
        holding.holds(condition, FEATURES, TREE)(feature(row)),
    }
    assert len(found) == 1, (condition, row)
    return found.pop()


class Sqlite:
    """Rows and conditions as SQL: an oracle with three truth values of its own."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("PRAGMA case_sensitive_like = on")
        self.arguments: list[Any] = []

    def holds(self, condition: Condition, row: dict[str, Any]) -> bool:
        self.arguments = []
        sql = self.sql(condition)
        columns = ", ".join(f"? AS {field.name}" for field in FIELDS)
        given_ = [self.value(field.name, row[field.name]) for field in FIELDS]
        # The row's values come first in the text.
        found = self.connection.execute(f"SELECT 1 FROM (SELECT {columns}) WHERE {sql}", [*given_, *self.arguments])
        return found.fetchone() is not None

    def value(self, name: str, value: Any) -> Any:
        return values.instant(value) if name == "t" and value is not None else value

    def take(self, name: str, value: Any) -> str:
        self.arguments.append(self.value(name, value))
        return "?"

    def sql(self, condition: Condition) -> str:
        match condition:
            case Compare(field=name, comparison=comparison, value=value):
                return f"{name} {comparison} {self.take(name, value)}"
            case OneOf(field=name, values=listed):
                return f"{name} IN ({', '.join(self.take(name, value) for value in listed)})"
            case Like(field=name, pattern=pattern):
                return f"{name} LIKE {self.take(name, self.escaped(pattern))} ESCAPE '\\'"
            case Missing(field=name):
                return f"{name} IS NULL"
            case All(parts=parts):
                return "(" + " AND ".join(map(self.sql, parts)) + ")"
            case Any_(parts=parts):
                return "(" + " OR ".join(map(self.sql, parts)) + ")"
            case Not(part=part):
                return f"(NOT {self.sql(part)})"
            case Within():
                raise AssertionError
            case _:
                assert_never(condition)

    @staticmethod
    def escaped(pattern: str) -> str:
        """SQLite takes the escape before any sign; so do we."""
        return pattern


@settings(max_examples=250)
@given(conditions(), ROWS)
def test_a_condition_means_what_it_does_in_sql(condition: Condition, row: dict[str, Any]) -> None:
    sqlite = Sqlite()
    with closing(sqlite.connection):
        assert in_every_form(condition, row) is sqlite.holds(condition, row)


@settings(max_examples=150)
@given(conditions(likes=False), st.fixed_dictionaries(VALUES))
def test_a_condition_means_what_it_does_for_the_library(condition: Condition, row: dict[str, Any]) -> None:
    plain = {**row, "n": float(row["n"])}
    expression = cql2.Expr(writing.text(condition, OBJECTS))
    try:
        expected = expression.matches({"type": "Feature", "geometry": None, "properties": plain})
    except Exception:
        # It does not compare some values with each other (days, truth values).
        return
    if any(name in writing.text(condition, OBJECTS) for name in ("t ", "day ", "IN")):
        return
    assert in_every_form(condition, row) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a%", "abc", True),
        ("a%", "Abc", False),
        ("%c", "abc", True),
        ("%b%", "abc", True),
        ("a_c", "abc", True),
        ("a_c", "ac", False),
        ("", "", True),
        ("%", "x\ny", True),
        ("_", "\n", True),
        (r"a\%", "a%", True),
        (r"a\%", "ab", False),
        (r"\\%", "\\x", True),
        ("%a%a%", "a", False),
        ("a%a", "a", False),
        ("%aab", "aaab", True),
        ("%_b", "b", False),
        ("(.*)%", "(.*)x", True),
    ],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    row = {"name": text}
    assert holding.holds(Like("name", pattern), OBJECTS, TREE)(row) is expected
    if text:
        assert holding.holds(Not(Like("name", pattern)), OBJECTS, TREE)(row) is not expected


def test_no_pattern_takes_long() -> None:
    pattern = "%a" * 2000 + "%b"
    assert not holding.holds(Like("name", pattern), OBJECTS, TREE)({"name": "a" * 100_000})


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Kind.NUMBER, "viel"), (Kind.NUMBER, True), (Kind.INSTANT, "gestern"), (Kind.DATE, "2026-02-30"), (Kind.TEXT, 5)],
)
def test_of_what_cannot_be_read_nothing_holds(kind: Kind, value: Any) -> None:
    shape = Shape(fields=(Field("x", kind),))
    literal: Any = {Kind.NUMBER: 1, Kind.INSTANT: "2026-01-01T00:00:00Z", Kind.DATE: "2026-01-01", Kind.TEXT: "a"}[kind]
    for comparison in Comparison:
        condition = Compare("x", comparison, literal)
        assert not holding.holds(condition, shape, TREE)({"x": value})
        assert not holding.holds(Not(condition), shape, TREE)({"x": value})
    assert not holding.holds(Missing("x"), shape, TREE)({"x": value})


@pytest.mark.parametrize(
    ("literal", "text", "expected"),
    [
        (0.1, "0.1", True),
        (0.1, "0.10", True),
        (0.1, "0.1000000000000000055511151231257827", False),
        (9007199254740993, "9007199254740993", True),
        (9007199254740992, "9007199254740993", False),
        (1, "1e0", True),
    ],
)
def test_numbers_are_compared_as_they_stand(literal: float, text: str, expected: bool) -> None:
    condition = Compare("n", Comparison.EQ, literal)
    body = media.body("application/x-ndjson", lambda: iter([f'{{"n":{text}}}'.encode()]))
    shape = Shape(fields=(Field("n", Kind.NUMBER),))
    found = holding.over(body, shape, Work(query=Query(where=condition)), Given(now=NOW))
    assert bool(list(found.rows)) is expected
    table = media.body("text/csv", lambda: iter([f"n,x\n{text},\n".encode()]))
    wide = Shape(fields=(Field("n", Kind.NUMBER), Field("x")), media_type="text/csv")
    found = holding.over(table, wide, Work(query=Query(where=condition)), Given(now=NOW))
    assert bool(list(found.rows)) is expected


def test_a_row_that_cannot_be_treated_ends_it_without_a_chain_as_well() -> None:
    body = media.body("text/csv", lambda: iter([b"a,b\n1,2\n3\n"]))
    shape = Shape(fields=(Field("a"), Field("b")), media_type="text/csv")
    rows = holding.over(body, shape, Work(), Given(now=NOW)).rows
    assert next(rows) == ["1", "2"]
    with pytest.raises(PolicyError) as caught:
        next(rows)
    assert caught.value.reason.code == "transform.row"


CSV = b"id;t;v;name\n1;2026-07-01T14:35:12Z;1,5;A\n2;2026-07-01T15:35:12Z;2,5;B\n3;2026-07-02T15:35:12Z;;C\n"
SHAPE = Shape(
    fields=(Field("id"), Field("t", Kind.INSTANT), Field("v", Kind.NUMBER), Field("name")),
    media_type="text/csv",
    time="t",
)
CHAIN = of_steps([Suppress(("name",)), CoarsenTime(("t",), "PT1H", "Europe/Berlin")])


def answer(query: Query) -> tuple[list[str], list[list[Any]]]:
    body = media.body("text/csv", lambda: iter([CSV]))
    made = holding.over(body, SHAPE, Work(chain=CHAIN, query=query, now=NOW), Given(now=NOW))
    assert made.schema.columns == tuple(field.name for field in made.shape.fields)
    return [field.name for field in made.shape.fields], [list(row) for row in made.rows]


def test_the_query_is_about_what_leaves() -> None:
    exactly = Compare("t", Comparison.EQ, "2026-07-01T14:35:12Z")
    assert answer(Query(where=exactly))[1] == []
    coarse = Compare("t", Comparison.EQ, "2026-07-01T14:00:00Z")
    assert answer(Query(where=coarse)) == (["id", "t", "v"], [["1", "2026-07-01T14:00:00Z", "1,5"]])


def test_fields_come_in_the_order_that_is_asked_for() -> None:
    assert answer(Query(properties=("v", "id"), limit=2)) == (["v", "id"], [["1,5", "1"], ["2,5", "2"]])


def test_the_limit_counts_rows_that_hold() -> None:
    where = Compare("v", Comparison.GT, 2)
    assert answer(Query(where=where, limit=1, properties=("id",)))[1] == [["2"]]


def test_a_coarser_resolution_is_in_the_zone_of_the_contract() -> None:
    _, rows = answer(Query(resolution="P1D"))
    assert [row[1] for row in rows] == ["2026-06-30T22:00:00Z", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"]


def test_places_become_coarser_in_every_form() -> None:
    point = {"type": "Point", "coordinates": [7.61234, 51.91234]}
    shape = Shape(fields=(Field("a"), Field("geometry", Kind.GEOMETRY)), features=True, geometry="geometry")
    work = Work(query=Query(resolution="1000"))
    found = list(holding.select([feature({"a": "x"}, point)], shape, TREE, work).rows)
    assert found[0]["geometry"]["coordinates"] not in ([7.61234, 51.91234], None)
    lonlat = Shape(fields=(Field("lon", Kind.NUMBER), Field("lat", Kind.NUMBER)), media_type="text/csv")
    schema = Schema(("lon", "lat"), decimals=(".", "."))
    row = next(holding.select([["7.61234", "51.91234"]], lonlat, schema, work).rows)
    assert [float(one) for one in row] == found[0]["geometry"]["coordinates"]
    wkt = Shape(fields=(Field("g", Kind.GEOMETRY),), media_type="text/csv", geometry="g")
    row = next(holding.select([["POINT (7.61234 51.91234)"]], wkt, Schema(("g",), decimals=("",)), work).rows)
    assert row == [f"POINT ({found[0]['geometry']['coordinates'][0]} {found[0]['geometry']['coordinates'][1]})"]
