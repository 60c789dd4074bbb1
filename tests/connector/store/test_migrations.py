"""connector/store/migrations.py: made whole or not at all, and repeatable after a failure half way."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from connector.records import INDEXED
from connector.store import migrations, schema
from tests.connector.store.test_schema import LAYOUTS


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_step_to_every_version() -> None:
    assert len(migrations.STEPS) == schema.VERSION


def test_the_first_step_makes_what_version_1_had() -> None:
    text = "\n".join([*schema.FIXED, *schema.of_kinds(migrations.FIRST)])
    assert hashlib.sha256(text.encode()).hexdigest() == LAYOUTS[1]


def test_the_second_step_makes_what_version_2_had() -> None:
    kinds = [kind for kind in INDEXED if kind not in migrations.SINCE_THIRD]
    text = "\n".join([*schema.FIXED, *schema.of_kinds(kinds)])
    assert hashlib.sha256(text.encode()).hexdigest() == LAYOUTS[2]


def test_a_database_of_version_2_goes_on_as_version_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", migrations.STEPS[:2])
        older.setattr(schema, "VERSION", 2)
        migrations.create(str(path))
    assert "statement" not in tables(path)
    migrations.migrate(str(path))
    assert (tables(path) >= set(schema.tables()), version(path)) == (True, schema.VERSION)


def test_a_new_database_has_every_table(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    migrations.create(str(path))
    assert tables(path) >= set(schema.tables())
    assert version(path) == schema.VERSION
    assert [one.name for one in tmp_path.iterdir()] == ["state.db"]


def test_a_draft_that_was_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "state.db.new").write_bytes(b"half a draft")
    migrations.create(str(tmp_path / "state.db"))
    assert version(tmp_path / "state.db") == schema.VERSION


class HalfWayError(Exception):
    """Raised in the middle of a step."""


def test_a_failure_half_way_leaves_the_old_database_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    migrations.create(str(path))
    before = tables(path)
    broken = True

    def second(database: Any) -> None:
        database["extra"].create({"id": str}, pk="id")
        if broken:
            raise HalfWayError

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, second))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(HalfWayError):
        migrations.migrate(str(path))
    assert (tables(path), version(path)) == (before, schema.VERSION - 1)
    broken = False
    migrations.migrate(str(path))
    assert (tables(path), version(path)) == (before | {"extra"}, schema.VERSION)


def test_a_failure_while_making_leaves_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(database: Any) -> None:
        raise HalfWayError

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
    with pytest.raises(HalfWayError):
        migrations.create(str(tmp_path / "state.db"))
    assert not (tmp_path / "state.db").exists()
