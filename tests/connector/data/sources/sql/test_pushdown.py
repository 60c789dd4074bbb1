"""What a database does of a chain and a query, and then the node, gives what the node alone would have given."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pymysql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.ports import Reader
from connector.data.queries import splitting
from connector.data.queries.fitting import released
from connector.data.queries.model import Query, Selection, Shape, Split, Work
from connector.data.sources.sql.mariadb import MariadbReader
from connector.data.sources.sql.postgres import PostgresReader
from connector.data.sources.sql.sqlite import SqliteReader
from connector.errors import SourceError
from connector.records import Silo
from policies.model import PolicyError
from policies.transforms import Chain
from policies.transforms.steps import Aggregate
from tests.connector.data.sources.sql import asked
from tests.connector.data.sources.sql.silos import NOW, answered, around, every, node_way, rows_of, silo, written
from tests.servers import mariadb, postgres

COLUMNS = """id bigint PRIMARY KEY, district varchar(80), name text, n_int int, n_num numeric(12,3), n_f8 {double},
  flag boolean, at {instant}, day date"""
SELECTION = Selection(collection="air", fields=tuple(asked.COLUMNS))
Rows = list[tuple[Any, ...]]
Fill = Callable[[Rows], Awaitable[None]]


class Pushing:
    """A reader and a table that is filled anew for each example."""

    def __init__(self, reader: Reader, silo: Silo, shape: Shape, fill: Fill) -> None:
        self.reader, self.silo, self.shape, self._fill = reader, silo, shape, fill
        self.whole = 0
        """Accesses of which nothing was left to the node."""

    async def __call__(self, rows: Rows, chain: Chain | None, query: Query) -> None:
        """Both ways give the same."""
        await self._fill(rows)
        work = Work(chain=chain, query=query, now=NOW)
        split = self.reader.split(self.silo, self.shape, work)
        plain = await answered(self.reader, self.silo, SELECTION, self.shape, every(self.shape))
        wanted = _node_way(plain, self.shape, work)
        if split.left is None:
            self.whole += 1
        found = await self._pushed_way(split)
        if wanted is None and found is not None:
            # A field that does not leave, or a row that is left out, needs not be treated.
            assert not query.is_whole or split.left or chain is None or isinstance(chain.steps[-1], Aggregate)
        elif found is None and wanted is not None:
            # The node has not come to the row that cannot be treated: the limit was reached before.
            assert split.left is None and query.limit is not None
            assert _node_way(plain, self.shape, Work(chain=chain, now=NOW)) is None
        else:
            assert found == wanted

    async def _pushed_way(self, split: Split) -> list[list[str]] | None:
        try:
            body = await answered(self.reader, self.silo, SELECTION, self.shape, split.pushed)
        except SourceError as error:
            assert error.reason.code == "source.broken"  # noqa: PT017 - or it is another error
            return None
        if split.left is not None:
            return _node_way(body, splitting.given(split.pushed, self.shape), split.left)
        rows = rows_of(body)
        # Byte for byte, but for ends of lines; Python alone puts no carriage return in quotes.
        assert b"\r" in body or body == written(rows)
        return rows


def _node_way(plain: bytes, shape: Shape, work: Work) -> list[list[str]] | None:
    try:
        return node_way(plain, shape, work)
    except PolicyError:
        return None


@st.composite
def accesses(draw: st.DrawFn, shape: Shape) -> tuple[Rows, Chain | None, Query]:
    chain = draw(st.none() | asked.chains() | asked.chains())
    fields = {one.name: one.kind for one in released(shape, chain).fields}
    return draw(asked.rows()), chain, draw(asked.queries(fields))


def campaign(reader: Reader, silo: Silo, fill: Fill, examples: int) -> int:
    """So many accesses, one after the other in one loop; how many of them were the database's alone."""

    async def all_of_them() -> int:
        loop = asyncio.get_running_loop()
        shape = await reader.describe(silo, SELECTION)
        pushing = Pushing(reader, silo, shape, fill)

        def run() -> None:
            @settings(max_examples=examples, deadline=None, database=None)
            @given(accesses(shape))
            def one(access: tuple[Rows, Chain | None, Query]) -> None:
                asyncio.run_coroutine_threadsafe(pushing(*access), loop).result()

            one()

        try:
            await asyncio.to_thread(run)
        finally:
            await reader.close()
        return pushing.whole

    return asyncio.run(all_of_them())


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def in_postgres(database: postgres.Database, folder: Path, examples: int) -> int:
    columns = COLUMNS.format(double="float8", instant="timestamptz")
    database.execute(f"CREATE TABLE air ({columns}); CREATE INDEX ON air (district);")

    city: list[asyncpg.Connection] = []

    async def fill(rows: Rows) -> None:
        if not city:
            city.append(await asyncpg.connect(database.city_url))
        await city[0].execute("TRUNCATE air")
        await city[0].copy_records_to_table("air", records=rows)

    return campaign(PostgresReader(around()), silo("postgres", database.reader_url, folder), fill, examples)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def test_postgres_gives_what_the_node_gives(postgres_database: postgres.Database, tmp_path: Path) -> None:
    assert in_postgres(postgres_database, tmp_path, 40) >= 10


@pytest.mark.long("pushdown")
def test_postgres_gives_what_the_node_gives_long(postgres_database: postgres.Database, tmp_path: Path) -> None:
    assert in_postgres(postgres_database, tmp_path, 6000) >= 2000


# --- MariaDB ----------------------------------------------------------------------------------------------------------


def in_mariadb(schema: mariadb.Schema, folder: Path, examples: int) -> int:
    """Its column of texts has a collation that takes much for the same, and an index."""
    columns = COLUMNS.format(double="double", instant="datetime(6)")
    schema.execute(f"CREATE TABLE air ({columns}, INDEX (district))")
    city = silo("mariadb", schema.city_url, folder).settings
    connection = pymysql.connect(
        host=city["host"],
        port=city["port"],
        user="city",
        password=mariadb.CITY,
        database=schema.name,
        charset="utf8mb4",
        autocommit=True,
    )

    async def fill(rows: Rows) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM air")
            for row in rows:
                cursor.execute(f"INSERT INTO air VALUES ({', '.join(['%s'] * len(row))})", [_naive(one) for one in row])

    with closing(connection):
        reads = silo("mariadb", schema.reader_url, folder, zone="UTC")
        return campaign(MariadbReader(around()), reads, fill, examples)


def _naive(value: Any) -> Any:
    """A time without its offset, which is UTC; a number so that nothing of it is lost."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_mariadb_and_the_node_give_what_the_node_gives(mariadb_database: mariadb.Schema, tmp_path: Path) -> None:
    assert in_mariadb(mariadb_database, tmp_path, 40) >= 3


@pytest.mark.long("pushdown")
def test_mariadb_and_the_node_give_what_the_node_gives_long(mariadb_database: mariadb.Schema, tmp_path: Path) -> None:
    assert in_mariadb(mariadb_database, tmp_path, 3000) >= 250


# --- SQLite -----------------------------------------------------------------------------------------------------------


def in_sqlite(folder: Path, examples: int) -> int:
    path = folder / "air.db"
    columns = COLUMNS.format(double="double", instant="datetime").replace("varchar(80)", "varchar(80) COLLATE NOCASE")
    with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"CREATE TABLE air ({columns})")

        async def fill(rows: Rows) -> None:
            connection.execute("DELETE FROM air")
            marks = ", ".join("?" * len(asked.COLUMNS))
            told = [[_plain(one) if one is not None and _is_told(one) else one for one in row] for row in rows]
            connection.executemany(f"INSERT INTO air VALUES ({marks})", told)

        file = Silo(id="air", kind="sqlite", settings={"path": str(path)}, created=0, created_by="me")
        return campaign(SqliteReader(around()), file, fill, examples)


def _is_told(value: Any) -> bool:
    return not isinstance(value, (int, float, bool, str))


def test_sqlite_and_the_node_give_what_the_node_gives(tmp_path: Path) -> None:
    assert in_sqlite(tmp_path, 40) >= 3


@pytest.mark.long("pushdown")
def test_sqlite_and_the_node_give_what_the_node_gives_long(tmp_path: Path) -> None:
    assert in_sqlite(tmp_path, 3000) >= 250
