"""Rows into tables: once each, whatever happens, and nothing else than rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from connector.data.ports import Batch, Sink
from connector.data.sinks.sql import MariadbSink, PostgresSink, SqliteSink
from connector.errors import SourceError
from tests.connector.data.sources.sql.silos import around

HOSTILE = ['"; DROP TABLE air; --', "a'b", "a`b", "a\\", "%s", "$1", "{x}", "ß ü", "select"]
ME = "urn:uuid:01"


class Place:
    """A sink, its settings, and what stands in its table."""

    def __init__(self, make: Callable[..., Sink], settings: dict[str, Any], look: Callable[[str], list[Any]]) -> None:
        self.make, self.settings, self.look = make, {"table": "air", "key": "id", **settings}, look
        self.sink = make(around())

    async def write(self, number: int, *rows: Any, sink: Sink | None = None, **more: Any) -> None:
        batch = Batch(number, tuple(msgspec.json.encode(row) for row in rows), f"w{number}")
        await (sink or self.sink).write({**self.settings, **more}, ME, batch)


def _server(url: str, folder: Path) -> dict[str, str]:
    parts = urlsplit(url)
    password = folder / "password"
    password.write_text(parts.password or "")
    return {
        "url": f"//{parts.username}@{parts.hostname}:{parts.port}{parts.path}",
        "password_file": str(password),
    }


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        path = tmp_path / "air.db"

        def ask(sql: str) -> list[Any]:
            connection = sqlite3.connect(path)
            try:
                return [list(row) for row in connection.execute(sql)]
            finally:
                connection.close()

        return Place(SqliteSink, {"path": str(path)}, ask)
    database = request.getfixturevalue(f"{request.param}_database")
    between = "|" if request.param == "postgres" else "\t"
    look = lambda sql: [line.split(between) for line in database.execute(sql).splitlines()]  # noqa: E731
    if request.param == "mariadb":
        return Place(MariadbSink, _server(database.city_url, tmp_path), look)
    return Place(PostgresSink, _server(database.city_url, tmp_path), look)


def plain(rows: list[Any]) -> list[Any]:
    """Rows as texts, nothing as nothing."""
    return [["" if one in (None, "NULL") else str(one) for one in row] for row in rows]


async def test_a_table_is_made_and_rows_are_put_instead_of_those_with_their_key(place: Place) -> None:
    assert await place.sink.position(place.settings, ME) is None
    await place.write(1, {"id": "a", "n": 1}, {"id": "b", "n": 2.5, "good": True})
    await place.write(2, {"id": "a", "n": 3, "name": "x'y\\z"}, {"id": "c"}, {"id": "c", "n": -1})
    assert plain(place.look("SELECT id, n, name FROM air ORDER BY id")) == [
        ["a", "3", "x'y\\z" if isinstance(place.sink, (SqliteSink, PostgresSink)) else "x'y\\\\z"],
        ["b", "2.5", ""],
        ["c", "-1", ""],
    ]
    assert await place.sink.position(place.settings, ME) == Batch(2, (), "w2")
    assert await place.sink.position(place.settings, "another") is None


async def test_a_batch_that_is_there_is_left_as_it_is(place: Place) -> None:
    await place.write(1, {"n": 1}, key="")
    await place.write(1, {"n": 2}, key="")
    await place.write(2, {"n": 3}, key="")
    assert plain(place.look("SELECT n FROM air ORDER BY n")) == [["1"], ["3"]]


async def test_a_batch_without_rows_moves_the_position(place: Place) -> None:
    await place.write(1)
    assert await place.sink.position(place.settings, ME) == Batch(1, (), "w1")


@pytest.mark.parametrize("point", ["sink.rows", "sink.kept"])
async def test_who_is_ended_at_any_point_leaves_each_row_once(place: Place, point: str) -> None:
    class EndedError(Exception):
        pass

    def ended(at: str) -> None:
        if at == point:
            raise EndedError

    await place.write(1, {"n": 1}, key="")
    broken = place.make(around(), fault=ended)
    with pytest.raises(EndedError):
        await place.write(2, {"n": 2}, {"n": 3}, sink=broken, key="")
    position = await place.sink.position(place.settings, ME)
    rows = plain(place.look("SELECT n FROM air ORDER BY n"))
    assert (position and position.number, rows) == (
        (1, [["1"]]) if point == "sink.rows" else (2, [["1"], ["2"], ["3"]])
    )
    await place.write(2, {"n": 2}, {"n": 3}, key="")
    assert plain(place.look("SELECT n FROM air ORDER BY n")) == [["1"], ["2"], ["3"]]


async def test_another_type_is_drift_and_nothing_is_kept(place: Place) -> None:
    await place.write(1, {"id": "a", "n": 1, "name": "x"})
    for row in ({"id": "b", "n": "two"}, {"id": "b", "name": 3}, {"id": "b", "n": True}):
        with pytest.raises(SourceError) as caught:
            await place.write(2, {"id": "c", "n": 9}, row)
        assert caught.value.reason.code == "source.drift"
    assert plain(place.look("SELECT id FROM air")) == [["a"]]
    assert await place.sink.position(place.settings, ME) == Batch(1, (), "w1")


async def test_a_new_field_is_a_new_column(place: Place) -> None:
    await place.write(1, {"id": "a", "n": None})
    await place.write(2, {"id": "b", "n": 5, "more": {"x": [1]}})
    assert plain(place.look("SELECT id, n FROM air ORDER BY id")) == [["a", ""], ["b", "5"]]
    assert "x" in plain(place.look("SELECT more FROM air WHERE id = 'b'"))[0][0]


async def test_a_row_without_its_key_is_none(place: Place) -> None:
    with pytest.raises(SourceError):
        await place.write(1, {"n": 1})


async def test_features_are_rows_of_their_properties(place: Place) -> None:
    point = {"type": "Point", "coordinates": [7, 50]}
    await place.write(1, {"type": "Feature", "id": "f1", "geometry": point, "properties": {"n": 4}})
    assert plain(place.look("SELECT id, n FROM air")) == [["f1", "4"]]


async def test_names_and_values_are_never_a_statement(place: Place) -> None:
    await place.write(1, {"id": "a", **dict.fromkeys(HOSTILE, "x")})
    await place.write(2, {"id": "b", **{name: name for name in HOSTILE}})
    assert plain(place.look("SELECT id FROM air ORDER BY id")) == [["a"], ["b"]]
    for table in HOSTILE:
        await place.write(3, {"id": table}, table=table)
    assert plain(place.look("SELECT id FROM air ORDER BY id")) == [["a"], ["b"]]


@pytest.mark.parametrize("row", [b"[1]", b"{", b'{"id": "a\\u0000"}', b'{"id": "a", "": 1}', b'{"id": "a", " x": 1}'])
async def test_what_is_no_row_is_refused(place: Place, row: bytes) -> None:
    with pytest.raises(SourceError):
        await place.sink.write(place.settings, ME, Batch(1, (row,), "w"))


async def test_settings_are_checked(place: Place) -> None:
    assert list(place.sink.check(place.settings)) == []
    assert place.sink.check({**place.settings, "no such": 1})
    assert place.sink.check({**place.settings, "table": "allmende_positions"})
    where = "path" if "path" in place.settings else "url"
    assert place.sink.check({name: value for name, value in place.settings.items() if name != where})
    assert place.sink.check({**place.settings, where: "air.db" if where == "path" else "//me:secret@host/db"})


async def test_a_silo_that_is_away_is_unreachable(place: Place, tmp_path: Path) -> None:
    if "path" in place.settings:
        away = {"path": str(tmp_path / "no folder" / "air.db")}
    else:
        away = {"url": "//me@127.0.0.1:1/air"}
    with pytest.raises(SourceError) as caught:
        await place.write(1, {"id": "a"}, **away)
    assert caught.value.reason.code in ("source.unreachable", "source.refused")
