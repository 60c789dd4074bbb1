"""connector/data/durable.py: behind what is there, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.data import durable
from connector.errors import StoreError

SHORT = StoreError("readings.missing")


def test_what_stands_behind_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    durable.write(path, 0, b"one two", short=SHORT, folders=3)
    durable.write(path, 4, b"three", short=SHORT, folders=3)
    assert path.read_bytes() == b"one three"
    assert path.stat().st_mode & 0o777 == 0o600
    durable.write(path, 3, b"", short=SHORT, folders=3)
    assert path.read_bytes() == b"one"


def test_a_hole_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    with pytest.raises(StoreError) as caught:
        durable.write(path, 4, b"two", short=SHORT, folders=1)
    assert caught.value is SHORT
    assert path.read_bytes() == b"one"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"kept")
    (tmp_path / "file").symlink_to(other)
    with pytest.raises(StoreError) as caught:
        durable.write(tmp_path / "file", 0, b"lost", short=SHORT, folders=1)
    assert caught.value.reason.code == "store.io"
    assert other.read_bytes() == b"kept"
