"""A log that outlives the process, on a file system that is memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_node.collection import held
from edge_node.collection.held import Held, is_memory
from edge_node.errors import KeepingError

MOUNTS = r"""21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:19 / {0}/run rw,nosuid shared:5 - tmpfs tmpfs rw
23 22 8:2 / {0}/run/disk rw - ext4 /dev/sda2 rw
24 21 0:20 / {0}/with\040blank rw - ramfs ramfs rw
25 21 0:21 / {0}/covered rw - tmpfs tmpfs rw
26 21 8:3 / {0}/covered rw - ext4 /dev/sda3 rw
"""


@pytest.mark.parametrize(
    ("place", "memory"),
    [
        ("run", True), ("run/allmende", True), ("run/disk", False), ("run/disk/deep", False), ("runner", False),
        ("with blank", True), ("covered", False), ("", False), ("nowhere", False),
    ],
)  # fmt: skip
def test_what_is_memory(tmp_path: Path, place: str, memory: bool) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.replace("{0}", str(tmp_path)))
    if place != "nowhere":
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
    assert is_memory(tmp_path / place, mounts) is memory


def test_nobody_knows(tmp_path: Path) -> None:
    assert not is_memory(tmp_path, tmp_path / "nothing")


def test_frames_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "air.open"
    log = Held(path)
    assert list(log.load()) == []
    for frame in (b"one", b"", b"three" * 1000):
        log.add(frame)
    again = Held(path)
    assert list(again.load()) == [b"one", b"", b"three" * 1000]
    again.put(b"all")
    again.add(b"more")
    assert list(Held(path).load()) == [b"all", b"more"]
    assert oct(path.stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_frame_that_was_being_written_is_not_there(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "air.open"
    log = Held(path)
    log.add(b"one")
    log.add(b"three")
    os.truncate(path, path.stat().st_size - cut)
    again = Held(path)
    assert list(again.load()) == [b"one"]
    again.add(b"two")
    assert list(Held(path).load()) == [b"one", b"two"]


def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_MOST", 100)
    log = Held(tmp_path / "air.open")
    log.add(b"x" * 50)
    with pytest.raises(KeepingError):
        log.add(b"x" * 50)
    log.add(b"y")
    assert list(Held(tmp_path / "air.open").load()) == [b"x" * 50, b"y"]


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(KeepingError) as broken:
        Held(tmp_path / "no" / "air.open").add(b"x")
    assert broken.value.code == "windows.memory"
