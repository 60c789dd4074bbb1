"""edge_node/delivery/posting.py: what goes next, and how it is cut."""

from __future__ import annotations

from typing import Any

import pytest

from connector.data.readings.model import Batch, Rows
from connector.data.readings.ranges import Ranges
from edge_node.buffer.model import Sealed
from edge_node.delivery.posting import choose, pieces, without


def batch(first: int, last: int, span: int = 0) -> Batch:
    numbers = range(first, last + 1)
    return Batch(1, 1, first, Rows([n * 10 for n in numbers], [n % 3 for n in numbers], [list(numbers)]), span=span)


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        (((1, 100),), [(10, 19)]),
        (((12, 14),), [(12, 14)]),
        (((1, 10), (19, 30)), [(10, 10), (19, 19)]),
        (((12, 13), (15, 15)), [(12, 13), (15, 15)]),
        (((30, 40),), []),
    ],
)
def test_readings_that_are_there_are_left_out(wanted: Ranges, runs: list[tuple[int, int]]) -> None:
    parts, unclear = pieces(batch(10, 19), wanted)
    assert [(one.first, one.last) for one in parts] == runs
    assert unclear == ()
    for part in parts:
        assert part.rows.columns[0] == [*range(part.first, part.last + 1)]
        assert part.rows.times == [n * 10 for n in range(part.first, part.last + 1)]


def test_a_thinned_batch_is_not_cut() -> None:
    whole = batch(10, 14, span=10)
    assert pieces(whole, ((1, 100),)) == ([whole], ())
    assert pieces(whole, ((10, 12), (18, 30))) == ([], ((10, 12), (18, 19)))


def test_numbers_without_others() -> None:
    assert without(((1, 10), (20, 30)), ((5, 22), (25, 25))) == ((1, 4), (23, 24), (26, 30))
    assert without(((1, 10),), ()) == ((1, 10),)
    assert without((), ((1, 10),)) == ()


class Kept:
    """Batches of ten readings, 100 bytes each."""

    def __init__(self) -> None:
        self.asked: list[tuple[Ranges, bool]] = []

    def read(self, series: int, wanted: Ranges, most_bytes: int, *, newest: bool = False) -> list[Sealed]:
        self.asked.append((wanted, newest))
        every = [Sealed(series, at, 10, 0, 0, False, b"." * 100) for at in range(1, 1001, 10)]
        mine = [one for one in every if any(first <= one.last and one.first <= last for first, last in wanted)]
        count = max(1, most_bytes // 100)
        return mine[-count:] if newest else mine[:count]


def firsts(**more: Any) -> list[int]:
    kept: Any = Kept()
    settings: dict[str, Any] = {"wanted": {1: ((1, 1000),)}, "tops": {}, "most": 500, "backlog": True} | more
    wanted, tops, most = settings["wanted"], settings["tops"], settings["most"]
    return [one.first for one in choose(kept, wanted, tops, most, backlog=settings["backlog"]).batches]


def test_the_newest_go_before_the_oldest() -> None:
    assert firsts() == [951, 961, 971, 981, 991]
    assert firsts(wanted={1: ((1, 950),)}, tops={1: 1000}) == [1, 11, 21, 31, 41]
    assert firsts(wanted={1: ((1, 500), (991, 1000))}, tops={1: 990}) == [991, 1, 11, 21, 31]
    assert firsts(wanted={1: ((1, 500), (991, 1000))}, tops={1: 990}, backlog=False) == [991]
    assert firsts(wanted={1: ((1, 500),)}, tops={1: 990}, backlog=False) == []


def test_no_batch_goes_twice() -> None:
    found = firsts(wanted={1: ((1, 1000),)}, tops={1: 985}, most=100_000)
    assert len(found) == len(set(found)) == 100
