"""A directory with the town's files in it, and no node anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connector.cli.policy import town


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALLMENDE_NODE", raising=False)
    monkeypatch.setenv("ALLMENDE_LANG", "en")
    town.write(tmp_path)
    return tmp_path
