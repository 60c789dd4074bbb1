"""Looking into a database that nobody runs on: nothing is changed, damage is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connector.errors import StoreError
from connector.store.inspection import Inspection
from connector.store.sqlite import SqliteStore
from tests.ports.store import Clock, entry, sign_head


async def made(folder: Path, entries: int = 3) -> Path:
    """A database with a log."""
    path = folder / "state.db"
    store = SqliteStore.open(path, clock=Clock(), sign_head=sign_head)
    for n in range(entries):
        await store.write(lambda tx, n=n: tx.record(entry(str(n))))
    await store.close()
    return path


async def test_a_whole_one_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = await made(tmp_path)
    before = path.read_bytes()
    looked = Inspection(path)
    assert looked.damage() is None
    assert len(await looked.read(lambda view: view.log())) == 3
    looked.close()
    assert path.read_bytes() == before


async def test_a_long_log_is_judged_by_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.store.inspection.LAST", 4)
    path = await made(tmp_path, 9)
    assert Inspection(path).damage() is None
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM audit WHERE leaf_index = 8")
    found = Inspection(path).damage()
    assert found is not None
    assert found.code == "store.log_damaged"


async def test_a_log_without_its_head_is_damage(tmp_path: Path) -> None:
    path = await made(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM own_head")
    found = Inspection(path).damage()
    assert found is not None
    assert found.code == "store.log_damaged"


async def test_what_is_no_database_or_a_newer_one_is_refused(tmp_path: Path) -> None:
    path = await made(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match=r"store\.newer"):
        Inspection(path)
    path = tmp_path / "other.db"
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(StoreError, match=r"store\.damaged"):
        Inspection(path)
