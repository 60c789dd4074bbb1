"""A backup that somebody made to do harm, by who knows its passphrase: restoring it costs and changes nothing."""

from __future__ import annotations

import fcntl
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from connector.backup import backup, contents, exporting
from connector.backup.archive import Header, seal
from connector.backup.contents import End, File, Manifest
from connector.backup.importing import import_
from connector.backup.restore import restore
from connector.errors import InputError, NodeError
from connector.store.copying import Layout, Rows
from connector.system import SystemClock

SECRET = b"a passphrase for tests"
BEGINNING = Manifest(did="did:web:x.example", public_url="https://x.example", at=1, program="1")


def made(target: Path, items: Iterable[Any]) -> Path:
    with target.open("wb") as file:
        seal(file, SECRET, contents.written(items), header=Header(salt=bytes(16), n=1 << 14, r=1, p=1))
    return target


def code(act: Callable[[], object]) -> str:
    with pytest.raises(NodeError) as refused:
        act()
    return refused.value.reason.code


def bomb(size: int) -> Iterator[bytes]:
    """Few bytes that are many: one item of zeros behind its length."""
    squeeze = zstandard.ZstdCompressor(level=3).compressobj()
    whole = squeeze.compress((1 << 31).to_bytes(4, "big"))
    for _ in range(size // (1 << 20)):
        whole += squeeze.compress(bytes(1 << 20))
    yield whole + squeeze.flush()


def test_few_bytes_that_are_many_are_not_unpacked_at_once() -> None:
    parts = list(bomb(200 << 20))
    assert sum(map(len, parts)) < 64 * 1024
    tracemalloc.start()
    try:
        assert code(lambda: list(contents.read(parts))) == "backup.contents"
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '{}/elsewhere.db' AS x",
        "CREATE TABLE x.y (a)",
        "CREATE TRIGGER t AFTER INSERT ON counter BEGIN DELETE FROM counter; END",
        "PRAGMA journal_mode=WAL",
        "CREATE TABLE t AS SELECT 1",
    ],
)
@pytest.mark.parametrize("index", [False, True])
def test_a_layout_makes_tables_and_indexes_and_nothing_else(tmp_path: Path, statement: str, index: bool) -> None:
    told = statement.format(tmp_path)
    layout = Layout(1, () if index else (told,), (told,) if index else ())
    source = made(tmp_path / "x.backup", [BEGINNING, layout, End(rows=0)])
    assert code(lambda: restore(source, tmp_path / "n", SECRET, clock=SystemClock())) == "store.damaged"
    assert [one.name for one in tmp_path.iterdir()] == ["x.backup"]


@pytest.mark.parametrize(
    "item",
    [
        Rows("counter", ()),
        Rows("counter", ((),)),
        Rows("counter", (("a", 1 << 63),)),
        Rows("counter", (("a", 1), ("b",))),
        Rows("counter", (({"a": 1}, 1),)),
        File(path="a\0b", content=b""),
        File(path="a/../../b", content=b""),
        File(path="/b", content=b""),
        File(path="", content=b""),
        File(path="a" * 300, content=b""),
        File(path="state.db", content=b""),
    ],
)
def test_an_item_that_fits_nothing_is_refused_in_words(tmp_path: Path, item: Any) -> None:
    layout = Layout(1, ("CREATE TABLE counter (key TEXT PRIMARY KEY, n INTEGER)",), ())
    source = made(tmp_path / "x.backup", [BEGINNING, layout, item, End(rows=1)])
    assert code(lambda: restore(source, tmp_path / "n", SECRET, clock=SystemClock())) in (
        "backup.contents",
        "store.damaged",
        "store.failed",
        "restore.write",
    )
    assert [one.name for one in tmp_path.iterdir()] == ["x.backup"]


def test_a_backup_that_is_finished_just_now_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once: the first takes its name between the second's opening of the draft and its lock."""
    target = tmp_path / "x.backup"

    def renamed(descriptor: int, operation: int) -> None:
        (tmp_path / ".x.backup.partial").write_bytes(b"whole")
        (tmp_path / ".x.backup.partial").rename(target)

    monkeypatch.setattr(fcntl, "flock", renamed)
    with pytest.raises(InputError) as refused, backup._Draft(target):
        pass
    assert refused.value.reason.code == "backup.busy"
    assert target.read_bytes() == b"whole"


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "x.backup"
    with pytest.raises(InputError) as refused, backup._Draft(target) as draft:
        target.write_bytes(b"somebody's")
        draft.keep()
    assert refused.value.reason.code == "backup.exists"
    assert target.read_bytes() == b"somebody's"
    assert [one.name for one in tmp_path.iterdir()] == ["x.backup"]


def test_nobody_else_has_made_the_place_that_is_built_in(tmp_path: Path) -> None:
    source = made(tmp_path / "x.backup", [BEGINNING, End(rows=0)])
    (tmp_path / "theirs").mkdir()
    (tmp_path / ".n.restoring").symlink_to(tmp_path / "theirs")
    assert code(lambda: restore(source, tmp_path / "n", SECRET, clock=SystemClock())) == "restore.write"
    assert list((tmp_path / "theirs").iterdir()) == []
    (tmp_path / ".n.restoring").unlink()
    (tmp_path / ".n.restoring").mkdir()
    try:
        os.chown(tmp_path / ".n.restoring", os.getuid() + 1, -1)
    except PermissionError:
        return  # only root can give a directory away
    assert code(lambda: restore(source, tmp_path / "n", SECRET, clock=SystemClock())) == "restore.write"


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "../pipe", "a\0b", "folder", "a" * 5000])
def test_an_export_is_read_from_files_of_its_own(tmp_path: Path, name: str) -> None:
    """A pipe or a device would be read for ever."""
    for folder in (tmp_path, tmp_path / "export" / "folder"):
        folder.mkdir(parents=True, exist_ok=True)
    for pipe in (tmp_path / "pipe", tmp_path / "export" / "pipe"):
        os.mkfifo(pipe)
    manifest = exporting.Manifest(
        format=exporting.FORMAT,
        did="did:web:x.example",
        public_url="https://x.example",
        program="1",
        at=1,
        files={name: exporting.Written(sha256="0" * 64)},
    )
    (tmp_path / "export" / exporting.MANIFEST).write_bytes(msgspec.json.encode(manifest))
    found: list[str] = []
    act = threading.Thread(target=lambda: found.append(code(lambda: import_(tmp_path / "export", tmp_path / "n"))))
    act.daemon = True
    act.start()
    act.join(10)
    assert found == ["import.file"]
