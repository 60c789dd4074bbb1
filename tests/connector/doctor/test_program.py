"""Bounds of versions, as they stand in the program's own metadata."""

from __future__ import annotations

from importlib import metadata

import pytest

from connector.doctor import program


@pytest.mark.parametrize(
    ("version", "bounds", "holds"),
    [
        ("5.9.0", ">=5.9,<6", True),
        ("5.8.9", ">=5.9,<6", False),
        ("6", "<6,>=5.9", False),
        ("6.0.0", "<6", False),
        ("5.10", ">=5.9", True),
        ("2026.1.post1", ">=2025.2", True),
        ("1.0", "==1", True),
        ("1", "", True),
    ],
)
def test_within(version: str, bounds: str, holds: bool) -> None:
    assert program.within(version, bounds) is holds


def test_what_is_installed_here_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(program.packages()) == []

    def gone(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", gone)
    missing = {one.params["name"] for one in program.packages()}
    assert {"aiohttp", "cbor2"} <= missing
    assert "uvloop" not in missing, "one for some systems only may be away"
