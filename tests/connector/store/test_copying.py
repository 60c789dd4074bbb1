"""connector/store/copying.py: one moment of a database that is written to, and a new database from it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connector.errors import StoreError
from connector.store import copying, migrations
from connector.store.copying import Builder, Layout, Rows, copied


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    migrations.create(str(path))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executemany("INSERT INTO counter VALUES(?, ?)", [(f"key {n:04}", n) for n in range(1200)])
    connection.close()
    return path


def made(parts: list[Layout | Rows], target: Path) -> None:
    builder = Builder(str(target))
    for part in parts:
        builder.take(part)
    builder.finish()


def everything(path: Path) -> list[object]:
    with sqlite3.connect(path) as connection:
        listed = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        rows = [
            (name, connection.execute(f"SELECT * FROM {name}").fetchall())
            for kind, name, _ in listed
            if kind == "table"
        ]
    connection.close()
    return [listed, version, rows]


def test_a_copy_is_the_same_database(source: Path, tmp_path: Path) -> None:
    made(list(copied(str(source))), tmp_path / "copy.db")
    assert everything(tmp_path / "copy.db") == everything(source)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_what_is_written_meanwhile_is_not_in_it_and_is_not_held_up(source: Path, tmp_path: Path) -> None:
    parts = copied(str(source))
    seen = [next(parts)]
    writing = sqlite3.connect(source, timeout=0, isolation_level=None)
    while not isinstance(seen[-1], Rows):
        seen.append(next(parts))
    writing.execute("DELETE FROM counter WHERE n >= 600")
    writing.execute("INSERT INTO counter VALUES('late', 1)")
    made([*seen, *parts], tmp_path / "copy.db")
    (count,) = sqlite3.connect(tmp_path / "copy.db").execute("SELECT count(*) FROM counter").fetchone()
    (now,) = writing.execute("SELECT count(*) FROM counter").fetchone()
    writing.close()
    assert (count, now) == (1200, 601)


@pytest.mark.parametrize(
    "part",
    [
        Rows("counter; DROP TABLE counter", (("a", 1),)),
        Rows("nothing", (("a", 1),)),
        Rows("counter", (("a", 1, 2),)),
        Rows("counter", (("a", 1), ("a", 2))),
        Layout(2, ("CREATE NONSENSE",), ()),
    ],
)
def test_parts_that_fit_nothing_are_refused(source: Path, tmp_path: Path, part: Layout | Rows) -> None:
    layout = next(iter(copied(str(source))))
    builder = Builder(str(tmp_path / "copy.db"))
    builder.take(layout)
    with pytest.raises(StoreError):
        builder.take(part)
    builder.close()


def test_a_database_that_is_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        list(copied(str(tmp_path / "none.db")))
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        list(copied(str(tmp_path / "bad.db")))
    assert not (tmp_path / "none.db").exists()


def test_a_part_is_never_larger_than_what_is_read_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer may fill rows with the largest messages that are taken: 500 of them are no longer one part."""
    monkeypatch.setattr(copying, "LARGEST", 10_000)
    with sqlite3.connect(source) as connection:
        connection.executemany("INSERT INTO counter VALUES(?, ?)", [(f"{n:04}" * 1000, n) for n in range(20)])
    connection.close()
    parts = list(copied(str(source)))
    sizes = [sum(len(row[0]) for row in one.rows) for one in parts if isinstance(one, Rows) and one.table == "counter"]
    assert max(sizes) <= 10_000 + 4_000
    assert sum(len(one.rows) for one in parts if isinstance(one, Rows) and one.table == "counter") == 1220
    made(parts, tmp_path / "copy.db")
    assert everything(tmp_path / "copy.db") == everything(source)
