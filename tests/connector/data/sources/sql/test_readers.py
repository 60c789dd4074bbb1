"""The three readers of databases, against the tests that every reader passes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.ports import Reader
from connector.data.queries.model import Selection
from connector.data.sources.sql.mariadb import MariadbReader
from connector.data.sources.sql.postgres import PostgresReader
from connector.data.sources.sql.sqlite import SqliteReader
from connector.records import Silo
from tests.connector.data.sources.sql.silos import around, silo
from tests.harness.proxy import Proxy
from tests.ports.reader import ReaderContract
from tests.servers import mariadb, postgres

SELECTION = Selection(collection="air", fields=("id", "district", "pm10", "measured_at"))
COLUMNS = (
    "id int PRIMARY KEY, district varchar(20), pm10 decimal(9,3), measured_at timestamp NULL, operator varchar(200)"
)
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
