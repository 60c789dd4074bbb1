"""A table in PostgreSQL to measure with: eight columns, and what a contract makes of it.

What lives here: making the table, the chain whose steps PostgreSQL can do, and psql's copy of the very query that the
node asks. What does not: measuring (`data`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from connector.data.queries.model import Field, Kind, Pushed, Selection, Shape, Work
from connector.data.sources.sql import splitting
from connector.data.sources.sql.postgres import ABLE
from connector.data.sources.sql.postgres_words import Postgres
from connector.data.sources.sql.quoting import literal
from connector.data.sources.sql.statement import Table, statement
from connector.data.sources.sql.values import Column
from policies.transforms import Chain
from policies.transforms.chain import of_steps
from policies.transforms.steps import CoarsenTime, Suppress

ROWS: Final = 1_000_000
NAME: Final = "air"
_COLUMNS: Final = (
    ("id", "int8", Kind.NUMBER),
    ("station", "text", Kind.TEXT),
    ("district", "text", Kind.TEXT),
    ("measured_at", "timestamptz", Kind.INSTANT),
    ("pm10", "numeric(9,2)", Kind.NUMBER),
    ("temperature", "float8", Kind.NUMBER),
    ("battery", "int4", Kind.NUMBER),
    ("operator", "text", Kind.TEXT),
)
SELECTION: Final = Selection(collection=NAME, fields=tuple(name for name, _, _ in _COLUMNS))
SHAPE: Final = Shape(
    fields=tuple(Field(name, kind, nullable=False) for name, _, kind in _COLUMNS), media_type="text/csv", key=("id",)
)


def made(execute: Callable[[str], object], rows: int = ROWS) -> None:
    """The table, with so many rows. `execute` does what it is told in a database."""
    columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind, _ in _COLUMNS)
    execute(f"""
        CREATE TABLE {NAME} ({columns}, PRIMARY KEY (id));
        INSERT INTO {NAME} SELECT n, 'station-' || n % 400, '053' || lpad((n % 400 / 20)::text, 2, '0') || '000',
          timestamptz '2026-01-01 00:00Z' + n * interval '20 seconds', (n % 10000) / 100.0, (n % 400) / 8.0 - 10,
          n % 101, 'Person ' || n % 997 FROM generate_series(1, {rows}) n;
        CREATE INDEX ON {NAME} (district);
        VACUUM (ANALYZE) {NAME};
    """)


def chain() -> Chain:
    """What the contract demands: no operator, times to the hour."""
    return of_steps([Suppress(("operator",)), CoarsenTime(("measured_at",), "PT1H", "Europe/Berlin")])


def query() -> str:
    """The query that a node asks under this chain."""
    split = splitting.split(SHAPE, Work(chain=chain()), ABLE)
    assert split.left is None
    return _said(split.pushed)


def plain() -> str:
    """The query that a node asks where it does everything itself."""
    return _said(Pushed(fields=SELECTION.fields))


def _said(pushed: Pushed) -> str:
    columns = tuple(
        Column(name=name, type=kind.partition("(")[0], kind=told, nullable=False, exact=True)
        for name, kind, told in _COLUMNS
    )
    table = Table(place=f'"public"."{NAME}"', columns=columns, key=("id",))
    return statement(table, SHAPE, pushed, Postgres("Europe/Berlin"), literal).sql


def psql(programs: str, url: str, sql: str) -> Sequence[str]:
    """The command that copies what a query gives as CSV to its output."""
    setup = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'"
    return [f"{programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", setup,
            "-c", f"\\copy ({sql}) to stdout csv header"]  # fmt: skip
