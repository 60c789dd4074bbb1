"""PostgreSQL's own record of what it was asked, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.queries.model import (
    Budget,
    Compare,
    Comparison,
    Kind,
    Pushed,
    Query,
    Selection,
    Shape,
    Within,
    Work,
)
from connector.data.sources.sql.postgres import PostgresReader
from connector.errors import SourceError
from connector.records import Silo
from policies.model import Operator
from policies.transforms.chain import of_steps
from policies.transforms.steps import CoarsenTime, Keep, Pseudonymise, Suppress, Threshold
from tests.connector.data.sources.sql.silos import NOW, answered, around, every, rows_of, silo
from tests.harness.proxy import Proxy
from tests.servers.postgres import Database

SELECTION = Selection(collection="air", fields=("id", "district", "pm10", "measured_at"))
ROWS, DISTRICTS = 20_000, 20


@pytest.fixture
def air(postgres_database: Database, tmp_path: Path) -> Silo:
    """A table of 20 districts, with an index by them."""
    postgres_database.execute(f"""
        CREATE TABLE air (id int PRIMARY KEY, district text NOT NULL, pm10 numeric(9,3),
          measured_at timestamptz NOT NULL, operator text);
        INSERT INTO air SELECT n, '053' || lpad((n % {DISTRICTS})::text, 2, '0'), n / 8.0,
          timestamptz '2026-10-25 00:00Z' + n * interval '1 minute', repeat('Secret Name ', 20)
          FROM generate_series(1, {ROWS}) n;
        CREATE INDEX ON air (district);
        ANALYZE air;
    """)
    return silo("postgres", postgres_database.reader_url, tmp_path)


@pytest.fixture
async def reader() -> AsyncIterator[PostgresReader]:
    made = PostgresReader(around())
    yield made
    await made.close()


KEPT = Keep("district", Operator.EQ, ("05307",))
COARSE = CoarsenTime(("measured_at",), "PT1H", "Europe/Berlin")


async def pushed(reader: PostgresReader, air: Silo, work: Work) -> tuple[Shape, Pushed]:
    shape = await reader.describe(air, SELECTION)
    return shape, reader.split(air, shape, work).pushed


@pytest.mark.parametrize("step", [COARSE, Pseudonymise(("id",))], ids=["pushed", "left to the node"])
async def test_a_district_contract_never_reads_another_district(
    reader: PostgresReader, air: Silo, postgres_database: Database, step: Any
) -> None:
    """Its own record has the predicates, the rows it fetched, and no other column."""
    work = Work(chain=of_steps([KEPT, Suppress(("pm10",)), step]), now=NOW)
    shape, asked = await pushed(reader, air, work)
    before = len(postgres_database.statements())
    fetched = await _fetched(reader, postgres_database)
    body = await answered(reader, air, SELECTION, shape, asked)
    assert len(rows_of(body)) == ROWS // DISTRICTS + 1
    copies = [one.text for one in postgres_database.statements()[before:] if one.text.startswith("COPY")]
    assert len(copies) == 1
    assert "'05307'" in copies[0] and '"measured_at"' in copies[0]
    assert "pm10" not in copies[0] and "operator" not in copies[0]
    assert await _fetched(reader, postgres_database) - fetched == ROWS // DISTRICTS


async def _fetched(reader: PostgresReader, database: Database) -> int:
    """Rows of the table that the server has read until now, by a scan of all or by an index; sessions tell it when they
    end."""
    await reader.close()
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND datname = current_database()"
    while int(database.server.execute(sessions, database.name)):
        await asyncio.sleep(0.01)
    sql = "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'air'"
    return int(database.server.execute(sql, database.name))


async def test_a_query_is_narrowed_at_the_source(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    since = Compare("measured_at", Comparison.GTEQ, "2026-11-07T00:00:00Z")
    work = Work(chain=of_steps([COARSE]), query=Query(properties=("pm10",), where=since, limit=5), now=NOW)
    shape, asked = await pushed(reader, air, work)
    assert rows_of(await answered(reader, air, SELECTION, shape, asked))[0] == ["pm10"]
    copy = _last_copy(postgres_database)
    assert "2026-11-07T00:00:00Z" in copy and "district" not in copy and "LIMIT 5" in copy


def _last_copy(database: Database) -> str:
    return [one.text for one in database.statements() if one.text.startswith("COPY")][-1]


async def test_bytes_from_the_source_are_those_that_are_needed(reader: PostgresReader, air: Silo) -> None:
    """Counted at a relay before the server, handshake and catalogue and all."""
    work = Work(chain=of_steps([Suppress(("pm10",)), COARSE]), now=NOW)
    async with relayed(air) as (relay, behind):
        shape, asked = await pushed(reader, behind, work)
        await answered(reader, behind, SELECTION, shape, msgspec.structs.replace(asked, limit=1))
        before = relay.replied
        body = await answered(reader, behind, SELECTION, shape, asked)
        # Each row stands in a message of its own: five octets more (manual, 55.7, CopyData).
        assert relay.replied - before <= 1.2 * len(body)


class Relay:
    """Passes on, and counts what comes back."""

    def __init__(self, port: int) -> None:
        self._port, self.replied = port, 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.suppress(OSError):
            await asyncio.gather(self._pass(reader, ours, back=False), self._pass(theirs, writer, back=True))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        try:
            while data := await reader.read(65_536):
                self.replied += len(data) * back
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def relayed(air: Silo) -> AsyncIterator[tuple[Relay, Silo]]:
    relay = Relay(air.settings["port"])
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield relay, msgspec.structs.replace(air, id="behind", settings={**air.settings, "port": port})
    finally:
        server.close()


async def test_a_session_can_only_read(
    reader: PostgresReader, air: Silo, tmp_path: Path, postgres_database: Database
) -> None:
    mighty = silo("postgres", postgres_database.city_url, tmp_path)
    assert [one.code for one in await reader.concerns(mighty)] == ["source.may_write"]
    assert list(await reader.concerns(air)) == []
    async with reader._session(mighty) as connection:
        for sql in ("DELETE FROM public.air", "CREATE TABLE public.x (y int)", "SET TRANSACTION READ WRITE"):
            with pytest.raises(Exception, match=r"read-only|set transaction|READ WRITE|read-write"):
                async with connection.transaction():
                    await connection.execute(sql)


async def test_a_statement_takes_no_longer_than_it_may(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    postgres_database.execute("CREATE VIEW slow AS SELECT id, pg_sleep(10)::text AS pause FROM air")
    settings = {**air.settings, "statement_seconds": 1}
    slow, selection = (
        msgspec.structs.replace(air, settings=settings),
        Selection(collection="slow", fields=("id", "pause")),
    )
    shape = await reader.describe(slow, selection)
    with pytest.raises(SourceError) as caught:
        await answered(reader, slow, selection, shape, every(shape))
    assert caught.value.reason.code == "source.slow"


async def test_a_server_that_starts_anew_is_found_again(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    """All its connections end in the middle of an answer; the next access has new ones."""
    shape = await reader.describe(air, SELECTION)
    postgres_database.execute("INSERT INTO air SELECT n, '05399', 1, now(), '' FROM generate_series(20001, 400000) n")
    pieces = reader.read(air, SELECTION, shape, every(shape), Budget())
    assert await anext(pieces)
    # In this database alone: others' servers stand on the same PostgreSQL.
    own = "usename = 'reader' AND datname = current_database()"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}"
    postgres_database.server.execute(end, postgres_database.name)
    with pytest.raises(SourceError) as caught:
        async for _ in pieces:
            pass
    assert caught.value.reason.code == "source.unreachable"
    assert (
        len(rows_of(await answered(reader, air, SELECTION, shape, msgspec.structs.replace(every(shape), limit=9))))
        == 10
    )


async def test_who_is_refused_learns_nothing(reader: PostgresReader, air: Silo, tmp_path: Path) -> None:
    (tmp_path / "reader.password").write_text("another-secret")
    with pytest.raises(SourceError) as caught:
        await reader.describe(air, SELECTION)
    assert caught.value.reason.code == "source.refused"
    assert "secret" not in str(caught.value)


async def test_geometries_are_in_degrees_longitude_first(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    postgres_database.execute("""
        CREATE TABLE places (id int PRIMARY KEY, name text, shape geometry(Point, 25832), any_shape geometry);
        INSERT INTO places VALUES (1, 'Köln', ST_Transform(ST_SetSRID(ST_MakePoint(6.95, 50.94), 4326), 25832),
          ST_SetSRID(ST_MakePoint(6.95, 50.94), 4326));
        INSERT INTO places VALUES (2, 'Bonn', ST_Transform(ST_SetSRID(ST_MakePoint(7.1, 50.73), 4326), 25832),
          ST_Transform(ST_SetSRID(ST_MakePoint(7.1, 50.73), 4326), 3857));
    """)
    selection = Selection(collection="places", fields=("id", "name", "shape", "any_shape"))
    shape = await reader.describe(air, selection)
    assert shape.geometry == "shape" and shape.field("shape").kind is Kind.GEOMETRY  # type: ignore[union-attr]
    split = reader.split(air, shape, Work(query=Query(where=Within("shape", (6.9, 50.9, 7.0, 51.0)))))
    assert split.left is not None and split.pushed.where is not None
    _, *rows = rows_of(await answered(reader, air, selection, shape, split.pushed))
    assert [row[1] for row in rows] == ["Köln"]
    _, *rows = rows_of(await answered(reader, air, selection, shape, every(shape)))
    for row, (east, north) in zip(rows, [(6.95, 50.94), (7.1, 50.73)], strict=True):
        for text in row[2:]:
            x, y = map(float, text.removeprefix("POINT(").removesuffix(")").split())
            assert abs(x - east) < 1e-6 and abs(y - north) < 1e-6


async def test_a_snapshot_holds_while_rows_change(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    shape = await reader.describe(air, SELECTION)
    pieces = reader.read(air, SELECTION, shape, every(shape), Budget())
    body = await anext(pieces)
    postgres_database.execute("DELETE FROM air")
    body += b"".join([piece async for piece in pieces])
    assert len(rows_of(body)) == ROWS + 1


async def test_what_is_read_twice_is_the_same_twice(
    reader: PostgresReader, air: Silo, postgres_database: Database
) -> None:
    steps = of_steps([KEPT, Threshold(2, ("district",))])
    shape, asked = await pushed(reader, air, Work(chain=steps, now=NOW))
    assert shape.snapshot and asked.twice
    first = await answered(reader, air, SELECTION, shape, asked)
    postgres_database.execute("DELETE FROM air WHERE id % 8 = 7")
    assert await answered(reader, air, SELECTION, shape, asked) == first
    # It was over with the second time: what comes now is another access.
    assert len(await answered(reader, air, SELECTION, shape, asked)) < len(first)
    assert await answered(reader, air, SELECTION, shape, asked) != first


async def test_many_may_ask_at_once(reader: PostgresReader, air: Silo) -> None:
    """More than there are connections; the first of them while there is none."""
    shapes = await asyncio.gather(*(reader.describe(air, SELECTION) for _ in range(30)))
    assert len(set(shapes)) == 1


async def test_a_proxy_that_says_nothing_is_slow(reader: PostgresReader, air: Silo) -> None:
    proxy = Proxy(air.settings["port"])
    await proxy.start()
    behind = msgspec.structs.replace(air, id="behind", settings={**air.settings, "port": proxy.port})
    try:
        shape = await reader.describe(behind, SELECTION)
        proxy.faults.silent = True
        await reader.close()
        with pytest.raises(SourceError) as caught:
            async with contextlib.aclosing(
                reader.read(behind, SELECTION, shape, every(shape), Budget(idle=0.2))
            ) as pieces:
                async for _ in pieces:
                    pass
        assert caught.value.reason.code == "source.slow"
    finally:
        await proxy.close()
