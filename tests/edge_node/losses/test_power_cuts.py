"""Power cuts: nothing that was acknowledged is lost, given a second number, or comes back as something else.

In the same run the two controls, which must be seen to lose: a database that syncs less, and a disk that never syncs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_node.losses.campaign import Life, Outcome

LIVES = 4
"""Cuts of one disk, one after the other."""
NORMAL = {"PRAGMA synchronous=FULL": "PRAGMA synchronous=NORMAL"}


@pytest.fixture
def bench() -> Iterator[Path]:
    """A folder in memory where there is one: what is durable is the model's business."""
    place = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=place if place.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def played(bench: Path, seeds: range, *, lying: bool = False, normal: bool = False) -> list[Outcome]:
    """As many disks as there are seeds."""
    pragmas = NORMAL if normal else None
    return [Life(seed, bench / f"{seed}", pragmas=pragmas, lying=lying).play(LIVES) for seed in seeds]


def hold(bench: Path, disks: int) -> None:
    """The claim, and both controls."""
    found = played(bench, range(disks))
    assert [(seed, one.wrong) for seed, one in enumerate(found) if one.wrong] == []
    assert sum(one.acknowledged for one in found) > 100 * disks
    for control in ({"normal": True}, {"lying": True}):
        losing = [one for one in played(bench, range(10_000, 10_025), **control) if one.wrong]
        assert len(losing) > 12, f"a control that does not lose: {control}"


def test_no_acknowledged_reading_is_lost_in_a_power_cut(bench: Path) -> None:
    hold(bench, 125)


@pytest.mark.long("edge")
def test_no_acknowledged_reading_is_lost_in_ten_thousand_power_cuts(bench: Path) -> None:
    hold(bench, 2500)
