"""kill -9 of a process that takes readings in: what it acknowledged is there, and its numbers go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge_node.losses.killing import killed


def hold(directory: Path, kills: int) -> None:
    verdict = killed(directory, kills)
    assert verdict.wrong == []
    assert verdict.kills == kills
    assert verdict.acknowledged > 100 * kills


def test_no_acknowledged_reading_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    hold(tmp_path, 60)


@pytest.mark.long("edge")
def test_no_acknowledged_reading_is_lost_in_two_thousand_kills(tmp_path: Path) -> None:
    hold(tmp_path, 2000)
