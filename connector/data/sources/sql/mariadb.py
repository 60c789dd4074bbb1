"""MariaDB as a silo: read through a cursor on the server, in a transaction that can only read.

What lives here: connections, the catalogue, errors as ours. What does not: statements (`statement`), threads
(`threads`). Source: MariaDB 10.11 documentation (START TRANSACTION, max_statement_time, KILL, information_schema).

INVARIANT: every statement runs in a transaction that reads only, on one snapshot and with a time limit kept by the
server. Whoever stops reading has the statement stopped there, through a second connection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar

import msgspec

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.silos.secrets import Secret
from connector.data.sources.sql import settings as common
from connector.data.sources.sql import splitting, text_steps, threads
from connector.data.sources.sql.encryption import encryption
from connector.data.sources.sql.mariadb_words import MariaDB, kind_of
from connector.data.sources.sql.paging import Paging, pages_by
from connector.data.sources.sql.quoting import Handed, identifier
from connector.data.sources.sql.statement import Table, statement
from connector.data.sources.sql.values import Column
from connector.errors import SourceError
from connector.records import Silo
from policies.model import Reason
from policies.transforms.fields import is_field

_CONNECT_SECONDS: Final = 10
_THREADS: Final = 16
_SESSION: Final = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', max_statement_time = {seconds}, "
    "net_write_timeout = 3600, tx_isolation = 'REPEATABLE-READ', tx_read_only = {reads_only}"
)
_BEGIN: Final = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_COLLECTIONS: Final = """
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
ORDER BY CONVERT(table_name USING utf8mb4) COLLATE utf8mb4_bin LIMIT 1000
"""
_COLUMNS: Final = """
SELECT c.column_name, c.data_type, c.column_type, c.is_nullable, k.ordinal_position
FROM information_schema.columns c
LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema AND k.table_name = c.table_name
  AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'
WHERE c.table_schema = DATABASE() AND c.table_name = %s AND BINARY c.table_name = BINARY %s
ORDER BY c.ordinal_position
"""
_MAY_WRITE: Final = """
SELECT (SELECT COUNT(*) FROM information_schema.user_privileges u
        WHERE u.privilege_type NOT IN ('USAGE', 'SELECT', 'SHOW VIEW', 'PROCESS')
          AND u.grantee = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'"))
     + (SELECT COUNT(*) FROM information_schema.schema_privileges s
        WHERE s.privilege_type NOT IN ('SELECT', 'SHOW VIEW') AND DATABASE() LIKE s.table_schema
          AND s.grantee = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'"))
     + (SELECT COUNT(*) FROM information_schema.table_privileges t
        WHERE t.privilege_type NOT IN ('SELECT', 'SHOW VIEW') AND t.table_schema = DATABASE()
          AND t.grantee = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'"))
"""
_PAGED: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_REFUSED: Final = frozenset({1044, 1045, 1049, 1142, 1143, 1227, 1370, 1698})
_DRIFT: Final = frozenset({1054, 1146, 1356})
_SLOW: Final = frozenset({1317, 1969, 3024})
_ABLE: Final = splitting.Able(
    Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, like=True, does=text_steps.finds, wide=Kind.INSTANT
)
T = TypeVar("T")


class MariadbReader:
    """Reads databases of MariaDB; see `connector.data.ports.Reader`."""

    kind = "mariadb"
    settings: Sequence[Setting] = (*common.SERVER, *common.COMMON)

    def __init__(self, around: Around) -> None:
        self._around = around
        self._threads = ThreadPoolExecutor(_THREADS, "mariadb")
        self._held = threads.Held(self._threads)

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with the settings."""
        return common.check(silo.settings, self.settings)

    async def collections(self, silo: Silo) -> Sequence[str]:
        """Tables and views of the database."""
        rows = await self._asked(silo, lambda connection: _rows(connection, _COLLECTIONS))
        return [row[0] for row in rows if is_field(row[0])]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """Columns, primary key, time and place."""
        table = await self._asked(silo, lambda connection: _table(connection, silo, selection.collection))
        return common.shape(table.columns, table.key, selection, silo.settings, snapshot=table.snapshot)

    async def concerns(self, silo: Silo) -> Sequence[Reason]:
        """Says where the account may write."""
        rows = await self._asked(silo, lambda connection: _rows(connection, _MAY_WRITE))
        return (Reason("source.may_write"),) if int(rows[0][0]) else ()

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Who does which part."""
        return splitting.split(shape, work, _ABLE)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows; see `Reader.read`."""
        seconds = common.seconds(silo.settings, budget.seconds)
        working: list[Any] = []
        held = self._held.of((msgspec.json.encode(silo), selection, pushed)) if pushed.twice else None

        def make() -> Iterator[bytes]:
            paging, most = Paging(self._around.clock), budget.rows
            while paging.more:
                with threads.once_or_twice(held, lambda: self._opened(silo, seconds)) as connection:
                    table = _table(connection, silo, selection.collection)
                    say, page = Handed("%(v{})s"), paging.page(table, shape, pushed)
                    made = statement(table, shape, pushed, MariaDB(common.zone(silo.settings)), say, page)
                    working[:] = [connection.thread_id()]
                    with _streaming(connection) as cursor:
                        cursor.execute(made.sql, say.named)
                        rows = threads.Counted(cursor.fetchmany)
                        yield from threads.table(made.names, made.values, rows, most, headed=paging.first)
                    working.clear()
                most -= rows.rows
                paging.ended(page, table, rows.rows, dict(zip(made.names, rows.last, strict=False)))
                yield threads.PAUSE

        def stop() -> None:
            for number in [*working]:
                with self._opened(silo, _CONNECT_SECONDS) as connection:
                    _rows(connection, f"KILL {int(number)}")

        pieces = threads.Stream(self._threads, make, stop).pieces(budget)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Tables are not watched: no shape of them is live."""
        raise SourceError("source.broken", problem="it cannot be watched")
        yield

    async def close(self) -> None:
        """Ends the threads, and what waits to be read again."""
        self._held.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _asked(self, silo: Silo, ask: Callable[[Any], T]) -> T:
        def work() -> T:
            with self._opened(silo, common.seconds(silo.settings, common.SECONDS)) as connection:
                return ask(connection)

        return await threads.run(self._threads, work)

    @contextmanager
    def _opened(self, silo: Silo, seconds: int) -> Iterator[Any]:
        """A connection in a transaction that reads one snapshot. Raises `SourceError`."""
        try:
            with closing(
                connect(silo.settings, silo.settings, self._around.secret, seconds, reads_only=True)
            ) as connection:
                _rows(connection, _BEGIN)
                yield connection
        except (OSError, ValueError, package().err.Error) as error:
            raise told(error) from None


def connect(
    address: Mapping[str, Any], settings: Mapping[str, Any], secret: Secret, seconds: int, *, reads_only: bool = False
) -> Any:
    """A connection; each statement ends after so many seconds."""
    has_password = "password_file" in settings or "password_credential" in settings
    mode = common.sslmode(address)
    return package().connect(
        host=str(address["host"]),
        port=int(address.get("port", 3306)),
        user=str(address["user"]),
        password=secret(settings, "password") if has_password else "",
        database=str(address["database"]),
        charset="utf8mb4",
        ssl=encryption(mode, address.get("ca")) or None,
        ssl_disabled=mode == "disable",
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=seconds + _CONNECT_SECONDS,
        autocommit=True,
        conv=None if not reads_only else {},
        init_command=_SESSION.format(seconds=seconds, reads_only=int(reads_only)),
        program_name="allmende",
    )


@contextmanager
def _streaming(connection: Any) -> Iterator[Any]:
    """A cursor whose rows stay at the server. What is not read of it is not waited for: its connection ends."""
    cursor = connection.cursor(package().cursors.SSCursor)
    ended = False
    try:
        yield cursor
        ended = True
    finally:
        if ended:
            cursor.close()
        else:
            # The library would read on to the last row, be it when the result is collected.
            if cursor._result is not None:
                cursor._result.unbuffered_active = False
            connection._force_close()


def _rows(connection: Any, sql: str, values: tuple[str, ...] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _table(connection: Any, silo: Silo, name: str) -> Table:
    """What the catalogue says of a table. Raises `SourceError` `source.drift` where there is none."""
    rows = [row for row in _rows(connection, _COLUMNS, (name, name)) if is_field(row[0])]
    created = _created(connection, name) if rows else ""
    columns = tuple(
        Column(
            name=row[0],
            type=row[1].lower(),
            kind=Kind.JSON if _is_document(row[0], row[1], created) else kind_of(row[1].lower(), row[2]),
            nullable=row[3] == "YES",
        )
        for row in rows
    )
    if not columns:
        raise SourceError("source.drift", field=name[:100])
    key = sorted((int(row[4]), row[0], row[1].lower()) for row in rows if row[4] is not None)
    paged = pages_by([one for _, _, one in key], _PAGED)
    return Table(
        place=MariaDB("UTC").name(name),
        columns=columns,
        key=common.key(silo.settings, name, [one for _, one, _ in key], columns),
        paged=paged,
        snapshot=created is not None and ") ENGINE=InnoDB" in created,
    )


def _created(connection: Any, name: str) -> str | None:
    """How a table was made, None where we are not told. Asked so, because the server (10.11) has ended in the midst of
    queries for the same that join several tables of its catalogue."""
    try:
        return str(_rows(connection, f"SHOW CREATE TABLE {MariaDB('UTC').name(name)}", ())[0][1])
    except package().err.MySQLError as error:
        if error.args and error.args[0] in _REFUSED:
            return None
        raise


def _is_document(column: str, type_name: str, created: str | None) -> bool:
    """Does a column hold JSON, which the server keeps as a long text and checks? Where nobody says so, every such text
    may."""
    if created is None:
        return type_name.lower() == "longtext"
    return f"json_valid({identifier(column, '`')})" in created


def package() -> Any:
    """The client library. Raises `SourceError` `source.package`."""
    try:
        import pymysql  # type: ignore[import-untyped]
    except ImportError:
        raise SourceError("source.package", package="allmende[mariadb]") from None
    return pymysql


def told(error: Exception) -> SourceError:
    """What the database said, without its words: they may hold values."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in _REFUSED:
        return SourceError("source.refused")
    if number in _DRIFT:
        return SourceError("source.drift", field="")
    if number in _SLOW or isinstance(error, TimeoutError):
        return SourceError("source.slow")
    if isinstance(error, OSError) or number in (0, 1040, 1053, 1077, 1927) or 2000 <= number < 3000:
        return SourceError("source.unreachable")
    return SourceError("source.broken", problem=f"error {number}")
