"""Numbers of series and things."""

from __future__ import annotations

import pytest

from connector.data.readings.legends import joined
from connector.data.readings.model import Field, Legend, Series
from edge_node.errors import FullError
from edge_node.ingest import naming
from edge_node.ingest.naming import Names

AIR, NOISE = Series("air", (Field("pm"),)), Series("noise", (Field("db"),))


def test_numbers_begin_at_one_and_stay() -> None:
    names = Names()
    assert (names.series(AIR), names.series(NOISE), names.series(AIR)) == (1, 2, 1)
    assert names.things(["b", "a", "b"]) == [1, 2, 1]
    assert names.things(["c", "a"]) == [3, 2]


def test_a_legend_says_what_was_not_written_yet() -> None:
    names = Names()
    assert (names.more(), names.number) == (None, 0)
    names.series(AIR)
    names.things(["a"])
    first = names.more()
    assert first == Legend(1, 0, ((1, AIR),), ((1, "a"),))
    assert names.number == 1
    names.things(["b"])  # while the first is being written
    names.wrote(first)
    assert names.more() == Legend(2, 1, (), ((2, "b"),))


def test_what_could_not_be_written_is_said_again() -> None:
    names = Names()
    names.things(["a"])
    assert names.more() == Legend(1, 0, (), ((1, "a"),))
    names.things(["b"])
    assert names.more() == Legend(1, 0, (), ((1, "a"), (2, "b")))


def test_numbers_go_on_after_a_start() -> None:
    names = Names(Legend(7, 0, ((3, AIR),), ((5, "a"),)))
    assert (names.series(AIR), names.series(NOISE)) == (3, 4)
    assert names.things(["a", "b"]) == [5, 6]
    more = names.more()
    assert more == Legend(8, 7, ((4, NOISE),), ((6, "b"),))
    assert joined(Legend(7, 0, ((3, AIR),), ((5, "a"),)), more).number == 8


def test_there_is_an_end_to_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "MOST_THINGS", 2)
    names = Names()
    names.things(["a"])
    assert names.nameable(["a", "b", "c", "b"]) == [0, 1, 3]
    with pytest.raises(FullError, match=r"intake\.things"):
        names.things(["a", "b", "c"])
    assert names.things(["a", "b"]) == [1, 2]
