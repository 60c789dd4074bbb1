"""Judging of rows: which way a bound goes, medians of paired rounds, and the last line for machines."""

from __future__ import annotations

import msgspec
import pytest

from tests.bench.load import Load, drive
from tests.bench.rows import Goal, Report, encoded, machine, rounds, table

FAST = Goal("fast", "calls", "1/s", 0.5, at_least=True)
SLIM = Goal("slim", "memory", "MiB", 1.8)
QUICK = Goal("quick", "start", "ms", 130.0, absolute=True)


@pytest.mark.parametrize(
    ("goal", "value", "yardstick", "holds"),
    [
        (FAST, 50.0, 100.0, True),
        (FAST, 49.0, 100.0, False),
        (SLIM, 180.0, 100.0, True),
        (SLIM, 181.0, 100.0, False),
        (QUICK, 130.0, 1.0, True),
        (QUICK, 131.0, 1000.0, False),
    ],
)
def test_bounds(goal: Goal, value: float, yardstick: float, holds: bool) -> None:
    """At least, at most, and absolute ones."""
    row = goal.judged([value], [yardstick])
    assert row.holds is holds
    assert (row.ratio is None) is goal.absolute


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """A minute in which the machine is ten times slower for both changes nothing."""
    values, yardsticks = iter([100.0, 10.0, 100.0, 90.0, 12.0]), iter([200.0, 20.0, 200.0, 200.0, 20.0])
    row = rounds(FAST, 5, lambda: next(values), lambda: next(yardsticks))
    assert (row.value, row.yardstick, row.ratio) == (90.0, 200.0, 0.5)


def test_who_begins_changes_each_round() -> None:
    """Neither side always runs on a machine that the other has warmed."""
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return 1.0

    rounds(FAST, 3, lambda: side("ours"), lambda: side("theirs"))
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


def test_the_report_for_machines() -> None:
    """One line with every field."""
    said = msgspec.json.decode(encoded(Report("node", machine(), [FAST.judged([1.0], [1.0])])))
    assert said["name"] == "node"
    assert said["machine"]["cores"]
    assert set(said["rows"][0]) == {"id", "goal", "value", "unit", "yardstick", "ratio", "target", "holds"}
    assert "MISSED" in table(Report("node", {}, [FAST.judged([1.0], [3.0])]))


async def test_a_load_of_so_many_calls() -> None:
    """Exactly as many as asked for, after the warm-up."""
    made = 0

    async def call() -> None:
        nonlocal made
        made += 1

    done = await drive(call, Load(4, calls=10))
    assert done.calls == 10
    assert made == 13


async def test_a_failing_call_fails_the_load() -> None:
    """A fast error is no result."""

    async def call() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await drive(call, Load(1, calls=1))
