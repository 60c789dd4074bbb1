"""Windows of statistics: the rows are those that a node makes of the same readings."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from connector.data.readings.model import Field, Kind
from edge_node.collection import windows
from edge_node.collection.treating import NOTHING, Columns, floor
from edge_node.collection.windows import GRACE, Windows
from edge_node.errors import FullError
from policies.instants import instant, stamp
from policies.model import PolicyError
from policies.transforms import Given, Schema, plan
from policies.transforms.chain import of_steps
from policies.transforms.steps import Aggregate, CoarsenTime, Step

HOUR = 3_600_000_000
BEGIN = instant("2026-10-24T22:00:00Z")
"""The hour that comes twice is among those behind it."""
FIELDS = (Field("temp", "Cel", 2), Field("n"), Field("road", kind=Kind.TEXT))
HOURLY = CoarsenTime(("at",), "PT1H", "Europe/Berlin")
ALL = ("count", "sum", "mean", "min", "max")


def steps(*groups: str, fields: tuple[str, ...] = ("temp", "n"), statistics: tuple[str, ...] = ALL) -> list[Step]:
    return [HOURLY, Aggregate(groups, fields, statistics)]


def drawn(count: int) -> Columns:
    draw = random.Random(count)
    return Columns(
        [f"box-{draw.randrange(3)}" for _ in range(count)],
        [BEGIN + draw.randrange(8 * 3600) * 1_000_000 for _ in range(count)],
        [
            [draw.choice([None, draw.randrange(-500, 3000)]) for _ in range(count)],
            [draw.randrange(9) for _ in range(count)],
            [draw.choice(["A1", "A2"]) for _ in range(count)],
        ],
    )


def coarse(rows: Columns) -> Columns:
    start = floor("PT1H", "Europe/Berlin")
    return Columns(rows.things, [start(at) for at in rows.times], rows.columns)


def add(made: Windows, rows: Columns, now: int = BEGIN) -> None:
    made.add(made.keys(rows), rows, now)


def told(made: Windows, now: int) -> Columns:
    keys = made.ended(now)
    rows = made.rows(keys)
    made.close(keys)
    return rows


@pytest.mark.parametrize("groups", [("at",), ("at", "thing"), ("at", "road", "thing"), ("/at", "thing")])
def test_as_a_node_does_it(groups: tuple[str, ...]) -> None:
    rows = drawn(500)
    made = Windows(steps(*groups), FIELDS)
    for begin in range(0, 500, 70):
        part = Columns(rows.things[begin : begin + 70], rows.times[begin : begin + 70],
                       [column[begin : begin + 70] for column in rows.columns])  # fmt: skip
        add(made, coarse(part))
    found = told(made, BEGIN + 12 * HOUR)
    objects = [
        {"thing": thing, "at": stamp(at), "temp": None if temp is None else Decimal(temp) / 100, "n": n, "road": road}
        for thing, at, temp, n, road in zip(rows.things, rows.times, *rows.columns, strict=True)
    ]
    expected = list(plan(of_steps(steps(*groups)), Schema(tree=True)).run(objects, Given(BEGIN)))
    names = [field.name for field in made.fields]
    got: dict[Any, Any] = {}
    for n, (thing, at) in enumerate(zip(found.things, found.times, strict=True)):
        row = {name: column[n] for name, column in zip(names, found.columns, strict=True)}
        got[(thing if "thing" in groups else NOTHING, stamp(at), row.get("road"))] = row
    assert len(got) == len(expected) == len(found.times)
    assert found.times == sorted(found.times)
    for one in expected:
        row = got[(one.get("thing", NOTHING), one.get("at", one.get("/at")), one.get("road"))]
        assert row["count"] == one["count"]
        for name, places in (("temp", 2), ("n", 0)):
            for statistic in ("sum", "min", "max"):
                assert scaled(row[f"{statistic}_{name}"], places) == one[f"{statistic}_{name}"]
            mean, exact = row[f"mean_{name}"], one[f"mean_{name}"]
            assert (mean is None) == (exact is None)
            if exact is not None:
                assert abs(Fraction(mean, 10 ** (places + 2)) - Fraction(exact)) <= Fraction(1, 2 * 10 ** (places + 2))


def scaled(value: Any, places: int) -> Any:
    return None if value is None else Decimal(value).scaleb(-places)


def test_means_are_rounded_to_the_nearest() -> None:
    made = Windows(steps("at", fields=("n",), statistics=("mean",)), (Field("n"),))
    for values, mean in (([1, 2], 150), ([1, 1, 2], 133), ([-1, -1, -2], -133), ([2, 2, 1], 167)):
        fresh = Windows(steps("at", fields=("n",), statistics=("mean",)), (Field("n"),))
        add(fresh, Columns(["a"] * len(values), [BEGIN] * len(values), [list(values)]))
        assert told(fresh, BEGIN + 2 * HOUR).columns == [[mean]]
    assert made.fields == (Field("mean_n", "", 2),)


def test_a_window_is_told_when_it_has_ended_and_quiet_has_come() -> None:
    made = Windows(steps("at", fields=(), statistics=("count",)), FIELDS)
    add(made, Columns(["a"], [BEGIN], [[1], [1], ["A1"]]), now=BEGIN)
    assert made.due() == BEGIN + HOUR + GRACE
    assert told(made, BEGIN + HOUR + GRACE - 1).times == []
    late = BEGIN + 3 * HOUR
    add(made, Columns(["a"], [BEGIN], [[1], [1], ["A1"]]), now=late)
    assert made.due() == late + GRACE
    assert told(made, late).times == []
    rows = told(made, late + GRACE)
    assert (rows.things, rows.times, rows.columns) == ([NOTHING], [BEGIN], [[2]])
    assert made.due() is None


def test_what_comes_for_a_told_window_is_counted_and_gone() -> None:
    made = Windows(steps("at", fields=(), statistics=("count",)), FIELDS)
    one = Columns(["a"], [BEGIN], [[1], [1], ["A1"]])
    add(made, one)
    told(made, BEGIN + 2 * HOUR)
    add(made, one)
    assert (made.late, made.open) == (1, {})


def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST", 3)
    made = Windows(steps("at", "thing", fields=(), statistics=("count",)), FIELDS)
    add(made, Columns(["a", "b"], [BEGIN] * 2, [[1, 1], [1, 1], ["", ""]]))
    more = Columns(["b", "c", "d"], [BEGIN] * 3, [[1] * 3, [1] * 3, [""] * 3])
    with pytest.raises(FullError) as full:
        made.keys(more)
    assert full.value.code == "windows.full"
    assert sum(cell.rows for cell in made.open.values()) == 2


def test_a_snapshot_goes_on() -> None:
    rows = coarse(drawn(400))
    whole, first, second = (Windows(steps("at", "thing"), FIELDS) for _ in range(3))
    add(whole, rows)
    halves = [Columns(rows.things[part], rows.times[part], [column[part] for column in rows.columns])
              for part in (slice(0, 200), slice(200, 400))]  # fmt: skip
    add(first, halves[0])
    second.restore(first.snapshot())
    add(second, halves[1])
    assert told(second, BEGIN + 20 * HOUR) == told(whole, BEGIN + 20 * HOUR)


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        (steps("thing"), "windows.endless"),
        ([Aggregate(("at",), (), ("count",))], "windows.endless"),
        (steps("at", fields=("road",)), "windows.kind"),
        (steps("at", fields=("thing",)), "windows.kind"),
        (steps("at", fields=("nothing",)), "transform.column"),
    ],
)
def test_what_cannot_be_done_refuses_beforehand(chain: list[Step], code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Windows(chain, FIELDS)
    assert refused.value.reason.code == code
