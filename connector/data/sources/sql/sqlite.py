"""A file of SQLite as a silo, opened so that nothing of it can be written.

What lives here: connections, the catalogue, errors as ours. What does not: statements (`statement`), threads
(`threads`). Source: sqlite.org, uri (`mode=ro`), pragma_table_xinfo.

One SELECT is one snapshot of the file. It ends when nobody reads it any more, or when its time is over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.sources.sql import settings as common
from connector.data.sources.sql import splitting, text_steps, threads
from connector.data.sources.sql.paging import Paging
from connector.data.sources.sql.quoting import Handed
from connector.data.sources.sql.sqlite_words import SQLite, kind_of
from connector.data.sources.sql.statement import Table, statement
from connector.data.sources.sql.values import Column
from connector.errors import SourceError
from connector.ports import Clock
from connector.records import Silo
from policies.transforms.fields import is_field

_THREADS: Final = 16
_STEPS: Final = 20_000
"""Steps of SQLite's machine between two looks at the clock."""
_COLLECTIONS: Final = """
SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY name LIMIT 1000
"""
_COLUMNS: Final = 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid'
_ABLE: Final = splitting.Able(Kind.TEXT, Kind.NUMBER, like=False, does=text_steps.does)
T = TypeVar("T")


class SqliteReader:
    """Reads files of SQLite; see `connector.data.ports.Reader`."""

    kind = "sqlite"
    settings: Sequence[Setting] = (
        Setting("path", "the file of the database", "die Datei der Datenbank", needed=True, example="/srv/air.db"),
        *common.COMMON,
    )

    def __init__(self, around: Around) -> None:
        self._around = around
        self._threads = ThreadPoolExecutor(_THREADS, "sqlite")
        self._held = threads.Held(self._threads)

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with the settings."""
        wrong = common.check(silo.settings, self.settings)
        path = Path(str(silo.settings.get("path", "")))
        if not path.is_absolute():
            wrong.append("path is absolute")
        elif any(path.resolve().is_relative_to(one.resolve()) for one in self._around.closed):
            wrong.append("path lies in a folder that is never shared")
        return wrong

    async def collections(self, silo: Silo) -> Sequence[str]:
        """Tables and views."""
        rows = await self._asked(silo, lambda connection: connection.execute(_COLLECTIONS).fetchall())
        return [row[0] for row in rows if is_field(row[0])]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """Columns, primary key and time."""
        table = await self._asked(silo, lambda connection: _table(connection, silo, selection.collection))
        return common.shape(table.columns, table.key, selection, silo.settings, snapshot=True)

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Who does which part."""
        return splitting.split(shape, work, _ABLE)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows; see `Reader.read`."""
        ending = _Ending(self._around.clock, common.seconds(silo.settings, budget.seconds))
        held = self._held.of((msgspec.json.encode(silo), selection, pushed)) if pushed.twice else None

        def make() -> Iterator[bytes]:
            paging, most = Paging(self._around.clock), budget.rows
            while paging.more:
                ending.begin()
                with (
                    threads.once_or_twice(held, lambda: self._opened(silo, lambda: False)) as connection,
                    telling(),
                ):
                    connection.set_progress_handler(ending, _STEPS)
                    if not connection.in_transaction:
                        connection.execute("BEGIN")
                    table = _table(connection, silo, selection.collection)
                    say, page = Handed("?{}"), paging.page(table, shape, pushed)
                    made = statement(table, shape, pushed, SQLite(common.zone(silo.settings)), say, page)
                    rows = threads.Counted(connection.execute(made.sql, say.values).fetchmany)
                    yield from threads.table(made.names, made.values, rows, most, headed=paging.first)
                most -= rows.rows
                paging.ended(page, table, rows.rows, dict(zip(made.names, rows.last, strict=False)))
                yield threads.PAUSE

        def stop() -> None:
            ending.stopped = True

        pieces = threads.Stream(self._threads, make, stop).pieces(budget)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Files of SQLite are not watched: no shape of them is live."""
        raise SourceError("source.broken", problem="it cannot be watched")
        yield

    async def close(self) -> None:
        """Ends the threads, and what waits to be read again."""
        self._held.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _asked(self, silo: Silo, ask: Callable[[sqlite3.Connection], T]) -> T:
        limit = self._around.clock.monotonic() + common.seconds(silo.settings, common.SECONDS)

        def work() -> T:
            with self._opened(silo, lambda: self._around.clock.monotonic() > limit) as connection, telling():
                return ask(connection)

        return await threads.run(self._threads, work)

    def _opened(self, silo: Silo, is_over: Callable[[], bool]) -> closing[sqlite3.Connection]:
        if wrong := self.check(silo):
            raise SourceError("source.refused", problem=wrong[0])
        path = str(silo.settings["path"])
        if not Path(path).is_file():
            raise SourceError("source.unreachable", problem="there is no such file")
        with telling():
            connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False, timeout=10)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.set_progress_handler(is_over, _STEPS)
        return closing(connection)


class _Ending:
    """Says when a statement is over: after so many seconds, or when nobody reads any more."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds, self._limit, self.stopped = clock, seconds, 0.0, False

    def begin(self) -> None:
        """A statement begins."""
        self._limit = self._clock.monotonic() + self._seconds

    def __call__(self) -> bool:
        """Is it over?"""
        return self.stopped or self._clock.monotonic() > self._limit


@contextmanager
def telling() -> Iterator[None]:
    """Errors of SQLite as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(error) from None


def _told(error: sqlite3.Error) -> SourceError:
    """What SQLite said, without its words."""
    code = getattr(error, "sqlite_errorname", "")
    if code == "SQLITE_INTERRUPT":
        return SourceError("source.slow")
    if code in ("SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR"):
        return SourceError("source.unreachable", problem=code)
    if code in ("SQLITE_PERM", "SQLITE_AUTH"):
        return SourceError("source.refused")
    return SourceError("source.broken", problem=code or "no answer that can be read")


def _table(connection: sqlite3.Connection, silo: Silo, name: str) -> Table:
    """What the catalogue says of a table. Raises `SourceError` `source.drift` where there is none."""
    rows = [row for row in connection.execute(_COLUMNS, (name,)) if is_field(row[0])]
    columns = tuple(
        Column(name=row[0], type=row[1], kind=kind_of(row[1]), nullable=not row[2] and not row[3]) for row in rows
    )
    if not columns:
        raise SourceError("source.drift", field=name[:100])
    key = sorted((row[3], row[0]) for row in rows if row[3])
    # Only such a key is a whole number and never nothing (lang_createtable, 5).
    paged = [row[1].upper() for row in rows if row[3]] == ["INTEGER"]
    named = common.key(silo.settings, name, [one for _, one in key], columns)
    return Table(place=SQLite("UTC").name(name), columns=columns, key=named, paged=paged)
