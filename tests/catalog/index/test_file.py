"""A file that is damaged, foreign or of another layout is begun anew; nothing is lost that cannot be had again."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from catalog.index import file
from catalog.index.engine import Index
from catalog.index.file import IndexFileError
from tests.catalog.index.entries import CITY, DAY, NOW, ask, entry, fill, filled, titles


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    filled(tmp_path, entry("Eins")).close()
    assert (tmp_path / "catalog.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"no database at all" * 900, b"SQLite format 3\x00" + b"\xff" * 9_000])
def test_what_is_no_index_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.db").write_bytes(content)
    index = Index.open(tmp_path / "catalog.db")
    assert index.new
    fill(index, entry("Eins"))
    assert titles(index) == ["Eins"]


def test_another_layout_is_replaced_and_an_older_database_of_others_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, entry("Eins")).close()
    monkeypatch.setattr(file, "LAYOUT", file.LAYOUT + 1)
    index = Index.open(tmp_path / "catalog.db")
    assert index.new and titles(index) == []
    index.close()
    assert not Index.open(tmp_path / "catalog.db").new
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE card (x)")
    other.close()
    assert Index.open(tmp_path / "other.db").new


def test_a_file_that_is_damaged_under_way_is_begun_anew(tmp_path: Path) -> None:
    index = filled(tmp_path, *(entry(f"Karte {number}") for number in range(200)))
    index.close()
    path = tmp_path / "catalog.db"
    content = bytearray(path.read_bytes())
    for at in range(4096 * 4, len(content)):
        content[at] = at * 7 % 251
    path.write_bytes(content)
    index = Index.open(path)
    assert ask(index, "karte").total == 0
    assert index.new or index.lost == 1
    fill(index, entry("Karte neu"))
    assert titles(index, "karte") == ["Karte neu"]
    assert index.digests(CITY) == {"urn:x:Karte neu": entry("Karte neu").digest}


@pytest.mark.parametrize("seed", range(16))
def test_no_damage_makes_more_than_an_empty_index_or_a_refusal(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    index = filled(tmp_path, *(entry(f"Karte {number}", text="Baum Haus") for number in range(60)))
    index.close()
    path = tmp_path / "catalog.db"
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 20, 400))):
        content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content[: draw.choice((len(content), len(content) // 2))])
    index = Index.open(path)
    for _ in range(2):
        for act in (
            lambda: ask(index, "karte"),
            lambda: index.entries("urn:x:Karte 1"),
            lambda: list(index.terms()),
            lambda: fill(index, *(entry(f"Karte {number}", text="neu") for number in range(60))),
            lambda: index.sweep(NOW, DAY, DAY),
        ):
            with suppress(IndexFileError):
                act()
    index.close()


def test_a_deleted_file_is_made_again_with_the_next_start(tmp_path: Path) -> None:
    filled(tmp_path, entry("Eins")).close()
    for path in tmp_path.iterdir():
        path.unlink()
    assert Index.open(tmp_path / "catalog.db").new


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndexFileError):
        Index.open(tmp_path / "missing" / "catalog.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(IndexFileError):
        Index.open(tmp_path / "folder.db")


def test_a_full_disk_refuses_a_crawl_and_keeps_what_is_there(tmp_path: Path) -> None:
    index = filled(tmp_path, entry("Eins"))
    pages = os.path.getsize(tmp_path / "catalog.db") // 4096

    def bound(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 4}").fetchone()

    index._write(bound)
    with pytest.raises(IndexFileError), index.crawl(CITY) as crawl:
        for number in range(400):
            crawl.put(entry(f"Karte {number}", text=f"wort{number} " * 5, id=os.urandom(300).hex()))
    assert titles(index) == ["Eins"]
    fill(index, entry("Zwei"))
    assert set(titles(index)) == {"Eins", "Zwei"}
