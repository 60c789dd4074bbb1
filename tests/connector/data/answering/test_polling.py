"""connector/data/polling.py: what came since, by time and key, whatever form rows have."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connector.data.answering.polling import polled, rows_of
from connector.data.queries.model import Compare, Event, Field, Kind, Pushed, Shape, Split, Work
from connector.errors import RefusedError
from policies import instants
from tests.connector.data.test_egress import duty, under
from tests.connector.data.watched import listening, shared, silo, watched
from tests.connector.data.world import agreement, started
from tests.harness import virtual

BERLIN = ZoneInfo("Europe/Berlin")
FIELDS = (Field("id", Kind.NUMBER), Field("at", Kind.INSTANT), Field("name"), Field("ok", Kind.BOOLEAN))
TABLE = Shape(fields=FIELDS, media_type="text/csv", key=("id",), time="at")
LINES = Shape(fields=FIELDS, key=("id",), time="at")


class Table:
    """A silo that gives all its rows, whatever it is asked."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self.rows, self.asked = shape, list[tuple[int, str, str, bool]](), list[Any]()

    def split(self, work: Work) -> Split:
        self.asked.append(work.query.where)
        return Split(pushed=Pushed(fields=("id",), where=work.query.where, limit=3), left=work)

    async def read(self, opened: Any, pushed: Pushed) -> AsyncGenerator[bytes, None]:
        assert pushed.fields == ("id", "at", "name", "ok")
        assert pushed.limit is None
        names = [one.name for one in FIELDS]
        if self.shape.media_type == "text/csv":
            yield b"id,at,name,ok\r\n"
            for id, at, name, ok in self.rows:
                quoted = '"' + name.replace('"', '""') + '"'
                yield f"{id},{at},{quoted},{str(ok).lower()}\r\n".encode()
        else:
            for row in self.rows:
                yield msgspec.json.encode(dict(zip(names, row, strict=True))) + b"\n"


def at(second: int) -> str:
    return f"2027-01-15T08:00:{second:02}Z"


@pytest.mark.parametrize("shape", [TABLE, LINES])
def test_each_row_is_told_once_in_the_order_of_time(shape: Shape) -> None:
    async def play() -> None:
        table, clock = Table(shape), virtual.VirtualClock()
        told: list[Event] = []

        async def take(after: str) -> None:
            async with aclosing(polled(table, table, None, after, clock)) as events:  # type: ignore[arg-type]
                async for event in events:
                    told.append(event)

        table.rows = [(1, "2027-01-15T07:59:59Z", "before", True)]
        task = asyncio.create_task(take(""))
        await clock.sleep(1)
        table.rows += [(3, at(3), 'ü "x",\ny', False), (2, at(2), "", True)]
        await clock.sleep(6)
        table.rows += [(4, at(3), "same instant", True)]
        await clock.sleep(6)
        ids = [msgspec.json.decode(event.row)["id"] for event in told if event.row]
        assert ids == [2, 3, 4]
        third = msgspec.json.decode(next(event.row for event in told if b'"id":3' in event.row))
        assert third == {"id": 3, "at": at(3), "name": 'ü "x",\ny', "ok": False}
        assert isinstance(table.asked[-1].parts[-1], Compare)
        assert table.asked[-1].parts[-1].value == at(3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        # Taken up again behind any of them, the rest follows.
        mark = next(event.watermark for event in told if b'"id":2' in event.row)
        told.clear()
        task = asyncio.create_task(take(mark))
        await clock.sleep(6)
        assert [msgspec.json.decode(event.row)["id"] for event in told if event.row] == [3, 4]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    virtual.run(play)


@pytest.mark.parametrize("changes", [{"time": ""}, {"key": ()}])
async def test_what_has_no_time_or_no_key_cannot_be_watched(changes: dict[str, Any]) -> None:
    table = Table(msgspec.structs.replace(LINES, **changes))
    with pytest.raises(RefusedError) as caught:
        await anext(polled(table, table, None, "", virtual.VirtualClock()))  # type: ignore[arg-type]
    assert caught.value.reason.code == "live.unwatchable"


async def test_rows_that_are_cut_anywhere_are_the_same() -> None:
    body = b'id,at,name,ok\n1,x,"a\nb",true\n2,,"c""d",\n'

    async def pieces(size: int) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    wanted = [{"id": 1, "at": "x", "name": "a\nb", "ok": True}, {"id": 2, "at": None, "name": 'c"d', "ok": None}]
    for size in (1, 2, 3, 7, 100):
        assert [dict(row) async for row in rows_of(TABLE, pieces(size))] == wanted


async def insert(database: Path, *rows: tuple[int, str]) -> None:
    """Beside the loop: a reader holds the file for the moment until the loop has taken its rows."""

    def work() -> None:
        with sqlite3.connect(database) as file:
            file.executemany("INSERT INTO air VALUES (?, ?, 2.5)", rows)

    await asyncio.to_thread(work)


async def test_a_database_is_watched_under_a_contract(tmp_path: Path) -> None:
    database = tmp_path / "air.db"
    with sqlite3.connect(database) as file:
        file.execute("CREATE TABLE air (id INTEGER PRIMARY KEY, at TIMESTAMP, value REAL)")
    records = (started(), agreement(), shared("sqlite", "air", "id", "at", "value"), silo("sqlite", path=str(database)))
    async with watched(tmp_path, *records) as w, listening(w) as heard:
        await heard.marked()
        await insert(database, (1, "2099-01-01 00:00:00"))
        await heard.until(1)
        assert heard.rows[0]["value"] == 2.5


def test_rows_that_are_too_young_are_told_when_they_are_old_enough() -> None:
    async def play() -> None:
        table, clock = Table(LINES), virtual.VirtualClock()
        told: list[Event] = []
        begun = instants.instant(at(0))
        start = clock.now()

        def newest_of(now: int) -> int:
            return begun + now - start - 10_000_000

        async def take() -> None:
            async with aclosing(polled(table, table, None, "", clock, 1.0, newest_of)) as events:  # type: ignore[arg-type]
                async for event in events:
                    told.append(event)

        table.rows = [(2, at(20), "later", True), (1, at(5), "", True), (0, "2027-01-15T07:59:40Z", "before", True)]
        task = asyncio.create_task(take())
        for seconds, ids in ((14, []), (2, [1]), (13, [1]), (2, [1, 2]), (60, [1, 2])):
            await clock.sleep(seconds)
            assert [msgspec.json.decode(event.row)["id"] for event in told if event.row] == ids
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    virtual.run(play)


def local(time: int) -> str:
    """An instant as a database without time zones has it here."""
    return f"{datetime.fromtimestamp(time // 10**6, BERLIN):%Y-%m-%d %H:%M:%S}"


async def test_a_delay_holds_rows_back_and_loses_none(tmp_path: Path) -> None:
    database = tmp_path / "air.db"
    with sqlite3.connect(database) as file:
        file.execute("CREATE TABLE air (id INTEGER PRIMARY KEY, at TIMESTAMP, value REAL)")
    asset = shared("sqlite", "air", "id", "at", "value")
    late = duty("delay", timeField="at", **{"http://www.w3.org/ns/odrl/2/delayPeriod": "PT1H"})
    records = (started(), under(late), asset, silo("sqlite", path=str(database)))
    async with watched(tmp_path, *records) as w, listening(w) as heard:
        await heard.marked()
        hour = 3600 * 10**6
        second = w.clock.now() // 10**6 * 10**6 + 10**6
        times = [second - hour // 2, second - hour]
        await insert(database, *((id, local(time)) for id, time in enumerate(times)))
        assert [row["id"] for row in await heard.until(1)] == [1]
        w.clock.ahead += hour // 2
        assert [row["id"] for row in await heard.until(2)] == [1, 0]
