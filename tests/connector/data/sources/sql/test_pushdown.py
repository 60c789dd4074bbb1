"""What a database does of a chain and a query gives what the node would have given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.queries.fitting import released
from connector.data.queries.model import Pushed, Query, Selection, Shape, Work
from connector.data.sources.sql.postgres import PostgresReader
from connector.errors import SourceError
from connector.records import Silo
from policies.model import PolicyError
from policies.transforms import Chain
from policies.transforms.steps import Aggregate
from tests.connector.data.sources.sql import asked
from tests.connector.data.sources.sql.silos import NOW, answered, around, every, node_way, rows_of, silo, written
from tests.servers.postgres import Database

TABLE = """
CREATE TABLE air (
  id int8 PRIMARY KEY, district varchar(80), name text, n_int int4, n_num numeric(12,3), n_f8 float8, flag boolean,
  at timestamptz, day date
);
CREATE INDEX ON air (district);
"""
SELECTION = Selection(collection="air", fields=tuple(asked.COLUMNS))


class Pushing:
    """A reader of PostgreSQL and a table that is filled anew for each example."""

    def __init__(self, reader: PostgresReader, silo: Silo, shape: Shape, city: asyncpg.Connection) -> None:
        self._reader, self._silo, self._shape, self._city = reader, silo, shape, city
        self.pushed = 0

    async def __call__(self, rows: list[tuple[Any, ...]], chain: Chain | None, query: Query) -> None:
        """Both ways give the same."""
        await self._city.execute("TRUNCATE air")
        await self._city.copy_records_to_table("air", records=rows)
        reader, silo, shape = self._reader, self._silo, self._shape
        work = Work(chain=chain, query=query, now=NOW)
        split = reader.split(silo, shape, work)
        if split.left is not None:
            return
        self.pushed += 1
        plain = await answered(reader, silo, SELECTION, shape, every(shape))
        wanted, found = _node_way(plain, shape, work), await self._pushed_way(split.pushed)
        if wanted is None and found is not None:
            # A field that does not leave, or a row that the query leaves out, needs not be treated.
            assert not query.is_whole or chain is None or isinstance(chain.steps[-1], Aggregate)
        elif found is None and wanted is not None:
            # The node has not come to the row that cannot be treated: the limit was reached before.
            assert query.limit is not None
            assert _node_way(plain, shape, Work(chain=chain, now=NOW)) is None
        else:
            assert found is None or rows_of(found) == wanted
            # Python puts no carriage return in quotes, which then ends a line.
            assert found is None or b"\r" in found or found == written(wanted or [])

    async def _pushed_way(self, pushed: Pushed) -> bytes | None:
        try:
            return await answered(self._reader, self._silo, SELECTION, self._shape, pushed)
        except SourceError as error:
            assert error.reason.code == "source.broken"  # noqa: PT017 - or it is another error
            return None


def _node_way(plain: bytes, shape: Shape, work: Work) -> list[list[str]] | None:
    try:
        return node_way(plain, shape, work)
    except PolicyError:
        return None


@st.composite
def accesses(draw: st.DrawFn, shape: Shape) -> tuple[Any, Chain | None, Query]:
    chain = draw(asked.chains())
    fields = {one.name: one.kind for one in released(shape, chain).fields}
    return draw(asked.rows()), chain, draw(asked.queries(fields))


async def with_table(
    database: Database, folder: Path, work: Callable[[Pushing, Shape], Coroutine[Any, Any, None]]
) -> None:
    database.execute(TABLE)
    reader = PostgresReader(around())
    air = silo("postgres", database.reader_url, folder)
    city = await asyncpg.connect(database.city_url)
    try:
        shape = await reader.describe(air, SELECTION)
        await work(Pushing(reader, air, shape, city), shape)
    finally:
        await city.close()
        await reader.close()


def campaign(database: Database, folder: Path, examples: int) -> None:
    """So many accesses, one after the other in one loop; at least a third of them is pushed as a whole."""

    async def all_of_them(pushing: Pushing, shape: Shape) -> None:
        loop = asyncio.get_running_loop()

        def run() -> None:
            @settings(max_examples=examples, deadline=None, database=None)
            @given(accesses(shape))
            def one(access: tuple[Any, Chain | None, Query]) -> None:
                asyncio.run_coroutine_threadsafe(pushing(*access), loop).result()

            one()

        await asyncio.to_thread(run)
        assert pushing.pushed * 3 > examples

    asyncio.run(with_table(database, folder, all_of_them))


def test_postgres_gives_what_the_node_gives(postgres_database: Database, tmp_path: Path) -> None:
    campaign(postgres_database, tmp_path, 60)


@pytest.mark.long("pushdown")
def test_postgres_gives_what_the_node_gives_long(postgres_database: Database, tmp_path: Path) -> None:
    campaign(postgres_database, tmp_path, 6000)
