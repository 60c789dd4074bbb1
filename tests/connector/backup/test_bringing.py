"""Bringing a stopped node up to date: an older layout, one that is newer than the program, a node that runs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from connector import founding
from connector.backup.bringing import bring
from connector.errors import InputError, StoreError
from connector.store import migrations, schema
from connector.store.lock import DirectoryLock
from connector.system import SystemClock


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "node"
    founding.initialise(place, "http://127.0.0.1:8180", public_port=0, management_port=0, lab=True)
    return place


def layout(directory: Path) -> int:
    """As an update reads it: in the file itself (SQLite file format, 1.3)."""
    return int.from_bytes((directory / "state.db").read_bytes()[60:64], "big")


def test_an_older_layout_is_brought_up_to_date(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "state.db").unlink(missing_ok=True)
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", migrations.STEPS[:1])
        older.setattr(schema, "VERSION", 1)
        migrations.create(str(directory / "state.db"))
    assert layout(directory) == 1
    bring(directory, clock=SystemClock(), environment={})
    assert layout(directory) == schema.VERSION
    assert not list(directory.glob("state.db-*"))  # what is copied back is one file


def test_what_cannot_be_brought(directory: Path) -> None:
    bring(directory, clock=SystemClock(), environment={})
    migrations.create(str(directory / "state.db"))
    lock = DirectoryLock(str(directory))
    with pytest.raises(StoreError, match=r"store\.locked"):
        bring(directory, clock=SystemClock(), environment={})
    lock.release()
    with sqlite3.connect(directory / "state.db") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match=r"store\.newer"):
        bring(directory, clock=SystemClock(), environment={})
    with pytest.raises(InputError):
        bring(directory / "none", clock=SystemClock(), environment={})


def test_as_a_program_it_says_why_in_its_last_line(directory: Path) -> None:
    asked = [sys.executable, "-m", "connector.backup.bringing"]
    done = subprocess.run([*asked, str(directory / "none")], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("config.missing")
    assert subprocess.run([*asked, str(directory)], check=False, capture_output=True).returncode == 0
