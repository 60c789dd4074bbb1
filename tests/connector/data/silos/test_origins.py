"""Which silos lead to the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.data.queries.model import Selection
from connector.data.silos import origins
from connector.data.sources import Sources
from connector.records import Asset, Silo
from connector.system import SystemClock


def origin(kind: str, collection: str, name: str = "one", /, **settings: Any) -> str:
    silo = Silo(id=name, kind=kind, settings=settings, created=0, created_by="a")
    return origins.origin(silo, Selection(collection=collection, fields=("a",), where="a > 1"))


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        ("postgres", {"host": "DB.city.", "database": "d"}, {"host": "db.city", "port": "5432", "database": "d"}),
        ("postgres", {"host": "localhost", "user": "a"}, {"host": "::1", "user": "b", "schema": "public"}),
        ("mariadb", {"host": "localhost"}, {"host": "127.0.0.1", "port": 3306, "sslmode": "disable"}),
        ("wfs", {"url": "https://geo.city/wfs/"}, {"url": "http://GEO.city:80/wfs", "user": "x"}),
        ("mqtt", {"host": "b"}, {"host": "b", "port": "1883"}),
    ],
)
def test_two_silos_that_lead_to_the_same_rows_are_one_source(
    kind: str, one: dict[str, Any], two: dict[str, Any]
) -> None:
    assert origin(kind, "trees", "one", **one) == origin(kind, "trees", "two", **two)
    assert origin(kind, "trees", "one", **one) != origin(kind, "wells", "one", **one)


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        ("postgres", {"host": "a"}, {"host": "b"}),
        ("postgres", {"host": "a", "database": "x"}, {"host": "a", "database": "y"}),
        ("postgres", {"host": "a", "schema": "x"}, {"host": "a", "schema": "y"}),
        ("features", {"url": "https://geo.city/a"}, {"url": "https://geo.city/b"}),
    ],
)
def test_others_are_two(kind: str, one: dict[str, Any], two: dict[str, Any]) -> None:
    assert origin(kind, "trees", **one) != origin(kind, "trees", **two)


def test_a_file_is_one_source_by_whatever_way(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "trees.csv").write_text("a\n1\n")
    (tmp_path / "link").symlink_to(folder)
    made = Asset(
        id="urn:x", name="x", title="x", kind="file", settings={"path": str(folder / "trees.csv")}, created=0,
        created_by="x",
    )  # fmt: skip
    by_itself = Sources(("file",), clock=SystemClock()).origin(made, "")
    assert origin("files", "trees.csv", path=str(folder)) == by_itself
    assert origin("files", "trees.csv", path=str(tmp_path / "link")) == by_itself
    assert origin("files", "trees.csv", path=str(folder / "trees.csv")) == by_itself


def test_tables_of_one_file_are_two(tmp_path: Path) -> None:
    path = str(tmp_path / "city.db")
    assert origin("sqlite", "Trees", path=path) == origin("sqlite", "trees", path=path)
    assert origin("sqlite", "trees", path=path) != origin("sqlite", "wells", path=path)


def test_a_silo_that_says_nothing_of_where_it_is_goes_by_its_name() -> None:
    assert origin("made", "trees", "one") == origin("made", "trees", "one") != origin("made", "trees", "two")
