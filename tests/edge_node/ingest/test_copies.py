"""The window over what was taken last."""

from __future__ import annotations

import pytest

from edge_node.collection.treating import Columns
from edge_node.ingest.checking import Checked
from edge_node.ingest.copies import Copies, marks


def checked(*values: int, timeless: list[int] | None = None, ids: list[str] | None = None) -> Checked:
    rows = Columns(["a"] * len(values), [5] * len(values), [list(values)])
    return Checked(rows, [], timeless or [], ids or [])


def take(window: Copies, found: Checked) -> list[int]:
    """The places that are new, which are durable then."""
    places, made = window.fresh("s", found)
    window.wait(made)
    window.keep(made)
    return list(range(len(found.rows.times))) if places is None else places


def test_what_came_is_known() -> None:
    window = Copies()
    assert take(window, checked(10, 11)) == [0, 1]
    assert take(window, checked(11, 12, 10)) == [1]


def test_copies_within_what_comes_together() -> None:
    assert take(Copies(), checked(10, 11, 10, 10)) == [0, 1]


def test_series_are_apart() -> None:
    window = Copies()
    take(window, checked(10))
    assert window.fresh("other", checked(10))[0] is None


@pytest.mark.parametrize("pair", [(-1, -2), (-2, -1)])
def test_minus_one_and_minus_two_are_two(pair: tuple[int, int]) -> None:
    window = Copies()
    assert hash(pair[0]) == hash(pair[1])
    assert take(window, checked(pair[0])) == [0]
    assert take(window, checked(pair[1])) == [0]


def test_readings_to_which_the_device_gave_the_time() -> None:
    window = Copies()
    assert take(window, checked(10, 10, timeless=[0, 1])) == [0, 1]
    assert take(window, checked(10, 10, timeless=[0])) == [0, 1]  # nobody knows that the second one is one of those


def test_ids_tell_copies_apart_from_the_same() -> None:
    window = Copies()
    assert take(window, checked(10, 11, timeless=[0, 1], ids=["x", "y"])) == [0, 1]
    assert take(window, checked(12, 11, timeless=[0, 1], ids=["x", "z"])) == [1]


def test_what_was_not_kept_is_forgotten() -> None:
    window = Copies()
    _, made = window.fresh("s", checked(10))
    window.wait(made)
    assert window.fresh("s", checked(10))[0] == []
    window.forget(made)
    assert window.fresh("s", checked(10))[0] is None


def test_the_window_is_bounded_and_no_shorter_than_said() -> None:
    window = Copies(100)
    for value in range(1000):
        take(window, checked(value))
    assert len(window._new | window._old) <= 202
    assert window.fresh("s", checked(*range(900, 1000)))[0] == []


def test_marks_tell_series_things_times_and_values_apart() -> None:
    rows = [Columns([thing], [time], [[value]]) for thing in "ab" for time in (1, 2) for value in (3, None, "x")]
    assert len({marks(series, one)[0] for one in rows for series in "st"}) == 24
