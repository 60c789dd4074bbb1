"""The three readers of databases, against the tests that every reader passes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.ports import Reader
from connector.data.queries.model import Budget, Selection
from connector.data.sources.sql import paging
from connector.data.sources.sql.mariadb import MariadbReader
from connector.data.sources.sql.postgres import PostgresReader
from connector.data.sources.sql.sqlite import SqliteReader
from connector.errors import SourceError
from connector.records import Silo
from tests.connector.data.sources.sql.silos import answered, around, every, rows_of, silo
from tests.harness.proxy import Proxy
from tests.ports.reader import ReaderContract
from tests.servers import mariadb, postgres

SELECTION = Selection(collection="air", fields=("id", "district", "pm10", "measured_at"))
COLUMNS = (
    "id INTEGER PRIMARY KEY, district varchar(20), pm10 decimal(9,3), measured_at timestamp NULL, operator varchar(200)"
)
PAGED = "CREATE TABLE paged (name varchar(20) NOT NULL, n int NOT NULL, note varchar(20), PRIMARY KEY (name, n))"
NAMES = ["a", "B", "b c", "''", "ß", "z,", "x\ny", '"']
KEYS = [f"('{name}', {n}, '{name}{n}')" for name in NAMES for n in (-2, 0, 10)]
ROWS = [f"({n}, '0531500{n}', {n}.125, '2026-10-25 0{n % 10}:30:00', 'Secret Name')" for n in range(7, 12)]


class DatabaseContract(ReaderContract):
    """What is the same for all of them. `execute` changes the database as its owner."""

    last = 11
    behind: str = "id"

    def execute(self, sql: str) -> Any:
        raise NotImplementedError

    async def add(self, count: int) -> None:
        first, self.last = self.last + 1, self.last + count
        rows = [f"({n}, '05315', 1, '2026-10-25 00:00:00', '{'x' * 100}')" for n in range(first, self.last + 1)]
        self.execute(f"INSERT INTO air VALUES {', '.join(rows)}")
        self.execute(f"UPDATE air SET id = -{self.last} WHERE id = {self.last}")

    async def drop(self, field: str) -> None:
        self.execute(f"ALTER TABLE air DROP COLUMN {field}")

    async def grow(self, field: str) -> None:
        self.execute(f"ALTER TABLE air ADD COLUMN {field} varchar(20)")

    async def test_a_slow_reader_holds_no_transaction_between_pages(self, reader: Reader, silo: Silo) -> None:
        selection = Selection(collection="air", fields=("id", "pm10"))
        await self.add(60_000)
        shape = await reader.describe(silo, selection)
        async with aclosing(reader.read(silo, selection, shape, every(shape), Budget())) as pieces:
            body = await anext(pieces)
            while await self.held():
                await asyncio.sleep(0.01)
            async for piece in pieces:
                body += piece
        assert len(rows_of(body)) == 60_000 + len(ROWS) + 1

    async def held(self) -> int:
        """Transactions that are open."""
        return await self.busy()

    @pytest.mark.parametrize("first", [1, 3, 1000])
    async def test_pages_give_what_one_statement_gives(
        self, reader: Reader, silo: Silo, first: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "FIRST", first)
        monkeypatch.setattr(paging, "_MOST", first)
        self.execute(PAGED)
        self.execute(f"INSERT INTO paged VALUES {', '.join(KEYS)}")
        selection = Selection(collection="paged", fields=("name", "n", "note"))
        shape = await reader.describe(silo, selection)
        whole = every(shape)
        found = rows_of(await answered(reader, silo, selection, shape, whole))
        # What is read twice is read at once.
        at_once = msgspec.structs.replace(whole, twice=True)
        assert found == rows_of(await answered(reader, silo, selection, shape, at_once))
        assert len(found) == len(KEYS) + 1
        for limit in (0, 1, 3, 7):
            some = msgspec.structs.replace(whole, limit=limit)
            assert rows_of(await answered(reader, silo, selection, shape, some)) == found[: limit + 1]
        with pytest.raises(SourceError):
            async for _ in reader.read(silo, selection, shape, whole, Budget(rows=5)):
                pass

    async def test_pages_of_numbers_give_all_of_them(
        self, reader: Reader, silo: Silo, selection: Selection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "FIRST", 2)
        monkeypatch.setattr(paging, "_MOST", 2)
        await self.add(30)
        shape = await reader.describe(silo, selection)
        rows = rows_of(await answered(reader, silo, selection, shape, every(shape)))
        assert len(rows) == 30 + len(ROWS) + 1 == len({row[0] for row in rows})

    async def test_what_is_read_twice_is_the_same_twice(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        twice = msgspec.structs.replace(every(shape), twice=True)
        assert shape.snapshot
        first = await answered(reader, silo, selection, shape, twice)
        self.execute("DELETE FROM air WHERE id = 8")
        assert await answered(reader, silo, selection, shape, twice) == first
        # It was over with the second time: what comes now is another access.
        assert len(await answered(reader, silo, selection, shape, twice)) < len(first)

    async def test_two_who_read_twice_do_not_share(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        one, other = (msgspec.structs.replace(every(shape), twice=True, now=now) for now in (1, 2))
        first = await answered(reader, silo, selection, shape, one)
        self.execute("DELETE FROM air WHERE id = 8")
        second = await answered(reader, silo, selection, shape, other)
        assert len(second) < len(first)
        assert await answered(reader, silo, selection, shape, one) == first
        assert await answered(reader, silo, selection, shape, other) == second

    async def test_a_view_has_the_key_that_the_settings_name(self, reader: Reader, silo: Silo) -> None:
        self.execute("CREATE VIEW latest AS SELECT id, district, pm10 FROM air")
        view = Selection(collection="latest", fields=("pm10", "district", "id"))
        assert (await reader.describe(silo, view)).key == ()
        keyed = msgspec.structs.replace(
            silo, id="keyed", settings={**silo.settings, "keys": "other=x, latest=district+id"}
        )
        assert not list(reader.check(keyed))
        shape = await reader.describe(keyed, view)
        assert shape.key == ("district", "id")
        _, *rows = rows_of(await answered(reader, keyed, view, shape, every(shape)))
        assert rows == sorted(rows, key=lambda row: row[1])
        wrong = msgspec.structs.replace(silo, id="wrong", settings={**silo.settings, "keys": "latest=nothing"})
        with pytest.raises(SourceError) as caught:
            await reader.describe(wrong, view)
        assert caught.value.reason.code == "source.drift"
        assert list(reader.check(msgspec.structs.replace(silo, settings={**silo.settings, "keys": "latest"})))


@asynccontextmanager
async def fault_proxy(silo: Silo) -> AsyncIterator[tuple[Proxy, Silo]]:
    """A fault proxy before a server."""
    proxy = Proxy(silo.settings["port"])
    await proxy.start()
    try:
        yield proxy, msgspec.structs.replace(silo, id="behind", settings={**silo.settings, "port": proxy.port})
    finally:
        await proxy.close()


class TestPostgres(DatabaseContract):
    secret = postgres.READER
    slow_to_read = 60_000

    @pytest.fixture(autouse=True)
    def _database(self, postgres_database: postgres.Database) -> None:
        self.database = postgres_database
        self.execute(f"CREATE TABLE air ({COLUMNS}); INSERT INTO air VALUES {', '.join(ROWS)}")
        self.told = 0

    @pytest.fixture
    def silo(self, tmp_path: Path) -> Silo:
        return silo("postgres", self.database.reader_url, tmp_path)

    @pytest.fixture
    async def reader(self) -> AsyncIterator[Reader]:
        made = PostgresReader(around())
        yield made
        await made.close()

    @pytest.fixture
    def selection(self) -> Selection:
        return SELECTION

    def execute(self, sql: str) -> Any:
        return self.database.execute(sql)

    async def asked(self) -> list[str]:
        every = [f"{one.text} {one.detail}" for one in self.database.statements()]
        new, self.told = every[self.told :], len(every)
        return new

    async def busy(self) -> int:
        where = "usename = 'reader' AND datname = current_database() AND state <> 'idle'"
        sql = f"SELECT count(*) FROM pg_stat_activity WHERE {where}"
        return int(self.database.server.execute(sql, self.database.name))

    def proxied(self) -> Any:
        return fault_proxy(self._silo)

    @pytest.fixture(autouse=True)
    def _own_silo(self, silo: Silo) -> None:
        self._silo = silo


class TestMariadb(DatabaseContract):
    secret = mariadb.READER
    slow_to_read = 60_000

    @pytest.fixture(autouse=True)
    def _database(self, mariadb_database: mariadb.Schema) -> None:
        self.database = mariadb_database
        self.execute(f"CREATE TABLE air ({COLUMNS}); INSERT INTO air VALUES {', '.join(ROWS)}")
        self.told = 0

    @pytest.fixture
    def silo(self, tmp_path: Path) -> Silo:
        return silo("mariadb", self.database.reader_url, tmp_path)

    @pytest.fixture
    async def reader(self) -> AsyncIterator[Reader]:
        made = MariadbReader(around())
        yield made
        await made.close()

    @pytest.fixture
    def selection(self) -> Selection:
        return SELECTION

    def execute(self, sql: str) -> Any:
        return self.database.execute(sql)

    async def asked(self) -> list[str]:
        every = self.database.statements()
        new, self.told = every[self.told :], len(every)
        return new

    async def busy(self) -> int:
        sql = (
            f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader' AND db = '{self.database.name}'"
        )
        for _ in range(100):
            if not int(self.database.execute(sql)):
                return 0
            await asyncio.sleep(0.01)
        return int(self.database.execute(sql))

    def proxied(self) -> Any:
        return fault_proxy(self._silo)

    @pytest.fixture(autouse=True)
    def _own_silo(self, silo: Silo) -> None:
        self._silo = silo


class TestSqlite(DatabaseContract):
    slow_to_read = 60_000

    async def held(self) -> int:
        """The record of changes can be emptied only where nobody reads an older state."""
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                connection.execute("INSERT INTO air VALUES (0, '', 0, NULL, '')")
                connection.execute("DELETE FROM air WHERE id = 0")
            busy, pages, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return int(busy or pages != moved)
        finally:
            connection.close()

    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path) -> None:
        self.path = tmp_path / "a i#r?.db"
        self.execute("PRAGMA journal_mode = WAL")
        self.execute(f"CREATE TABLE air ({COLUMNS})")
        self.execute(f"INSERT INTO air VALUES {', '.join(ROWS)}")

    @pytest.fixture
    def silo(self) -> Silo:
        return Silo(id="air", kind="sqlite", settings={"path": str(self.path)}, created=0, created_by="me")

    @pytest.fixture
    async def reader(self) -> AsyncIterator[Reader]:
        made = SqliteReader(around())
        yield made
        await made.close()

    @pytest.fixture
    def selection(self) -> Selection:
        return SELECTION

    def execute(self, sql: str) -> Any:
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                return connection.execute(sql).fetchall()
        finally:
            connection.close()
