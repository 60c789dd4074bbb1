"""Documents in columns: what a contract takes away does not leave within them, whichever database they lie in."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from connector.data.ports import Reader
from connector.data.queries import splitting
from connector.data.queries.model import Kind, Query, Selection, Work
from connector.data.sources.sql.mariadb import MariadbReader
from connector.data.sources.sql.postgres import PostgresReader
from connector.data.sources.sql.sqlite import SqliteReader
from connector.records import Silo
from policies.model import PolicyError
from policies.transforms.chain import of_steps
from policies.transforms.steps import Replace, Suppress
from tests.connector.data.sources.sql.silos import NOW, answered, around, every, node_way, silo

SELECTION = Selection(collection="people", fields=("id", "name", "doc"))
TABLE = "CREATE TABLE people (id int PRIMARY KEY, name varchar(20), doc {json})"
DOC = '{"n":1.50,"Name":"Hidden","list":[{"name":"Hidden"},{"other":"kept","deep":{"NAME":["Hidden"]}}]}'
FILL = f"INSERT INTO people VALUES (1, 'Hidden', '{DOC}'), (2, NULL, NULL), (3, 'Hidden', '[{DOC}]')"


@pytest.fixture(params=["postgres", "postgres text", "mariadb", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Reader, Silo]:
    name, _, older = request.param.partition(" ")
    if name == "sqlite":
        path = tmp_path / "people.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(TABLE.format(json="json"))
            connection.execute(FILL)
        return SqliteReader(around()), Silo(
            id="people", kind="sqlite", settings={"path": str(path)}, created=0, created_by="me"
        )
    database = request.getfixturevalue(f"{name}_database")
    database.execute(f"{TABLE.format(json='json' if older or name == 'mariadb' else 'jsonb')}; {FILL}")
    reader = {"postgres": PostgresReader, "mariadb": MariadbReader}[name]
    return reader(around()), silo(name, database.reader_url, tmp_path)


@pytest.mark.parametrize("query", [Query(), Query(properties=("doc",)), Query(limit=3)])
@pytest.mark.parametrize("step", [Suppress(("name",)), Replace(("name",), "-")])
async def test_what_does_not_leave_does_not_leave_within_a_document(
    place: tuple[Reader, Silo], step: Suppress | Replace, query: Query
) -> None:
    reader, silo = place
    shape = await reader.describe(silo, SELECTION)
    assert shape.fields[2].kind is Kind.JSON
    split = reader.split(silo, shape, Work(chain=of_steps([step]), query=query, now=NOW))
    body = await answered(reader, silo, SELECTION, shape, split.pushed)
    assert split.left is not None
    heading, *rows = node_way(body, splitting.given(split.pushed, shape), split.left)
    assert len(rows) == 3
    assert "Hidden" not in str(rows)
    document = msgspec.json.decode(rows[0][heading.index("doc")])
    assert document["n"] == 1.5 and document["list"][1]["other"] == "kept"
    await reader.close()


async def test_a_document_that_leaves_as_nothing_is_the_database_s_work(place: tuple[Reader, Silo]) -> None:
    reader, silo = place
    shape = await reader.describe(silo, SELECTION)
    whole = of_steps([Suppress(("doc",)), Replace(("name",), "-")])
    split = reader.split(silo, shape, Work(chain=whole, now=NOW))
    body = await answered(reader, silo, SELECTION, shape, split.pushed)
    assert split.left is None and b"Hidden" not in body
    await reader.close()


async def test_a_document_that_nobody_can_read_does_not_leave(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(TABLE.format(json="json"))
        connection.execute("INSERT INTO people VALUES (1, 'x', '{\"name\": \"Hidden\"')")
    reader = SqliteReader(around())
    file = Silo(id="people", kind="sqlite", settings={"path": str(path)}, created=0, created_by="me")
    shape = await reader.describe(file, SELECTION)
    body = await answered(reader, file, SELECTION, shape, every(shape))
    assert list(csv.reader(io.StringIO(body.decode())))[1][2].startswith("{")
    with pytest.raises(PolicyError):
        node_way(body, shape, Work(chain=of_steps([Suppress(("name",))]), now=NOW))
    await reader.close()
