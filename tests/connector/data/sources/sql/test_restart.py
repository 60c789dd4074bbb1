"""Servers of databases that are killed in the middle of an answer, and started again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.data.queries.model import Budget, Selection
from connector.data.sources.sql.postgres import PostgresReader
from connector.errors import SourceError
from tests.connector.data.sources.sql.silos import answered, around, every, rows_of, silo
from tests.servers import keeping, postgres

SELECTION = Selection(collection="air", fields=("id", "note"))
ROWS = 200_000


@contextmanager
def server_in(folder: Path) -> Iterator[postgres.Postgres]:
    """A PostgreSQL of its own, which the test may stop."""
    postgres.required()
    with postgres.running(folder, folder) as facts:
        yield postgres.Postgres(**facts)


async def test_a_server_that_is_stopped_at_once_is_unreachable_and_found_again(tmp_path: Path) -> None:
    with keeping.folder_of(postgres.USER) as folder, server_in(folder) as server:
        server.execute(f"CREATE DATABASE city TEMPLATE {postgres.TEMPLATE} OWNER city")
        city = postgres.Database(server, "city")
        city.execute(
            f"""CREATE TABLE air (id int PRIMARY KEY, note text);
            INSERT INTO air SELECT n, repeat('x', 100) FROM generate_series(1, {ROWS}) n; CHECKPOINT""",
            "postgres",
        )
        server.execute("GRANT SELECT ON air TO reader", city.name)
        reader, air = PostgresReader(around()), silo("postgres", city.reader_url, tmp_path)
        shape = await reader.describe(air, SELECTION)
        pieces = reader.read(air, SELECTION, shape, every(shape), Budget())
        assert await anext(pieces)
        control = [f"{server.programs}/pg_ctl", "-D", str(folder / "data")]
        subprocess.run(keeping.as_user(postgres.USER, [*control, "stop", "-m", "immediate"]), check=True, cwd=folder)
        with pytest.raises(SourceError) as caught:
            async for _ in pieces:
                pass
        assert caught.value.reason.code == "source.unreachable"
        with pytest.raises(SourceError) as caught:
            await reader.describe(air, SELECTION)
        assert caught.value.reason.code == "source.unreachable"
        options = f"-p {server.port} -k {folder}"
        start = [*control, "-w", "-l", str(folder / "again.log"), "-o", options, "start"]
        subprocess.run(keeping.as_user(postgres.USER, start), check=True, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            assert len(rows_of(await answered(reader, air, SELECTION, shape, every(shape)))) == ROWS + 1
        finally:
            await reader.close()
            stop = [*control, "stop", "-m", "fast"]
            subprocess.run(keeping.as_user(postgres.USER, stop), check=True, cwd=folder, stdout=subprocess.DEVNULL)
