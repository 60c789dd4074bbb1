"""The device's clock: never before what has passed, believed when somebody has set it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_node.buffer import moments
from edge_node.buffer.moments import KEEP_EVERY, Moments
from tests.edge_node.buffer.device import BEGIN, SECOND

DAY = 86_400 * SECOND


class Board:
    """A board's clocks, and whether the network has set them."""

    def __init__(self, wall: int = 0) -> None:
        self.wall, self.run, self.set = wall, 0, False

    def passes(self, microseconds: int) -> None:
        self.wall += microseconds
        self.run += microseconds

    def moments(self) -> Moments:
        return Moments(wall=lambda: self.wall, elapsed=lambda: self.run, is_set=lambda: self.set)


def test_a_clock_that_begins_anew_is_not_before_what_was_kept() -> None:
    board = Board(wall=0)
    clock = board.moments()
    clock.restore(str(BEGIN).encode())
    assert clock.now() == BEGIN
    board.passes(7 * SECOND)
    assert clock.now() == BEGIN + 7 * SECOND
    assert not clock.sure


def test_it_is_believed_once_the_network_has_set_it() -> None:
    board = Board(wall=0)
    clock = board.moments()
    clock.restore(str(BEGIN).encode())
    board.wall, board.set = BEGIN + DAY, True
    assert clock.sure
    assert clock.now() == BEGIN + DAY
    board.wall = BEGIN  # somebody sets it back
    assert clock.now() >= BEGIN + DAY


def test_what_says_it_is_set_and_is_behind_the_bound_is_not_believed() -> None:
    board = Board(wall=BEGIN - DAY)
    board.set = True
    clock = board.moments()
    clock.restore(str(BEGIN).encode())
    assert not clock.sure
    assert clock.now() == BEGIN


def test_the_node_is_believed_against_a_clock_that_is_behind_and_one_that_is_ahead() -> None:
    board = Board(wall=0)
    clock = board.moments()
    clock.told(BEGIN)
    assert clock.sure
    board.passes(SECOND)
    assert clock.now() == BEGIN + SECOND
    ahead = Board(wall=BEGIN + 400 * DAY).moments()
    ahead.restore(str(BEGIN + 300 * DAY).encode())
    ahead.told(BEGIN)
    assert ahead.now() == BEGIN


def test_the_bound_is_kept_now_and_then_and_never_from_a_clock_that_is_not_believed() -> None:
    board = Board(wall=BEGIN + 400 * DAY)
    clock = board.moments()
    clock.restore(str(BEGIN).encode())
    assert clock.to_keep() is None
    board.passes(KEEP_EVERY)
    assert clock.to_keep() == str(BEGIN + KEEP_EVERY).encode()
    assert clock.to_keep() is None
    clock.told(BEGIN + DAY)
    assert clock.to_keep() == str(BEGIN + DAY).encode()


@pytest.mark.parametrize("kept", [None, b"", b"later", b"-5", b"1e9"])
def test_what_is_no_bound_is_none(kept: bytes | None) -> None:
    clock = Board(wall=5).moments()
    clock.restore(kept)
    assert clock.now() == 5


def test_the_system_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_SYNCHRONIZED", tmp_path / "synchronized")
    assert moments.synchronized() in (True, False)
    monkeypatch.setattr(moments, "_confined", lambda: True)
    assert not moments.synchronized()
    (tmp_path / "synchronized").touch()
    assert moments.synchronized()


def test_since_when_it_is_believed() -> None:
    board = Board(wall=BEGIN)
    clock = board.moments()
    assert clock.since == 0
    board.passes(SECOND)
    board.set = True
    assert clock.sure
    assert clock.since == BEGIN + SECOND
    board.passes(SECOND)
    clock.told(BEGIN + DAY)
    assert clock.since == BEGIN + SECOND
    other = Board(wall=0).moments()
    other.told(BEGIN)
    assert other.since == BEGIN
