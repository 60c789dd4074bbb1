"""Rows of foreign services: values by their kind, each row once, pieces, the budget."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.data.queries.model import Budget, Field, Kind
from connector.data.sources import lines
from connector.errors import SourceError


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        (Kind.TEXT, "a", "a"),
        (Kind.TEXT, 1.5, "1.5"),
        (Kind.TEXT, True, "true"),
        (Kind.NUMBER, "17", 17),
        (Kind.NUMBER, " 1.5 ", 1.5),
        (Kind.BOOLEAN, "0", False),
        (Kind.BOOLEAN, True, True),
        (Kind.INSTANT, "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00Z"),
        (Kind.INSTANT, "2026-03-01 01:00:00.25Z", "2026-03-01T01:00:00.25Z"),
        (Kind.DATE, "2026-03-01Z", "2026-03-01"),
        (Kind.DATE, "2026-03-01T00:00:00Z", "2026-03-01"),
        (Kind.GEOMETRY, {"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [1, 2]}),
        (Kind.JSON, [1], [1]),
        (Kind.NUMBER, None, None),
    ],
)
def test_values(kind: Kind, value: Any, right: Any) -> None:
    assert lines.cast(Field("a", kind), value) == right


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, {"a": 1}),
        (Kind.NUMBER, "1,5"),
        (Kind.NUMBER, "nan"),
        (Kind.NUMBER, float("inf")),
        (Kind.NUMBER, True),
        (Kind.BOOLEAN, "maybe"),
        (Kind.INSTANT, "2026-03-01T01:00:00"),
        (Kind.INSTANT, "yesterday"),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "2026-02-03T10:00:00Z"),
        (Kind.GEOMETRY, "POINT(1 2)"),
        (Kind.GEOMETRY, {"type": 1}),
    ],
)
def test_what_is_not_of_its_kind_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(SourceError) as caught:
        lines.cast(Field("a", kind), value)
    assert caught.value.reason.code == "source.broken"
    assert "a:" in caught.value.reason.params["problem"]


def test_a_zone_says_what_times_mean() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert lines.cast(Field("a", Kind.INSTANT), "2026-07-01T02:00:00", berlin) == "2026-07-01T00:00:00Z"
    assert lines.cast(Field("a", Kind.INSTANT), "2026-01-01 02:00", berlin) == "2026-01-01T01:00:00Z"


async def pages(*given: list[tuple[str, dict[str, Any]]]) -> AsyncGenerator[lines.Page, None]:
    for page in given:
        yield page


async def test_each_row_once_in_pieces() -> None:
    long = "x" * (lines.PIECE + 10)
    given = pages([("1", {"a": 1}), ("2", {"a": long})], [("1", {"a": 1}), ("", {"a": 3}), ("", {"a": 3})])
    found = [piece async for piece in lines.written(given, Budget())]
    assert all(0 < len(piece) <= lines.PIECE for piece in found)
    assert b"".join(found).count(b"\n") == 4


async def test_the_budget_of_rows() -> None:
    with pytest.raises(SourceError) as caught:
        _ = [piece async for piece in lines.written(pages([("1", {}), ("2", {}), ("3", {})]), Budget(rows=2))]
    assert caught.value.reason.code == "source.budget"


def test_what_is_remembered_is_bounded() -> None:
    repeated = lines.Repeated(most=2)
    assert [repeated(one) for one in ("a", "b", "a", "c", "a")] == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 2.5], Kind.NUMBER),
        (["2026-01-01"], Kind.DATE),
        (["2026-01-01T00:00:00Z"], Kind.INSTANT),
        (["2026-01-01", "x"], Kind.TEXT),
        ([True], Kind.BOOLEAN),
        ([{"type": "Point", "coordinates": []}], Kind.GEOMETRY),
        ([{"a": 1}, 2], Kind.JSON),
        ([None], Kind.TEXT),
    ],
)
def test_kinds_as_they_look(values: list[Any], kind: Kind) -> None:
    assert lines.guessed(values) is kind
