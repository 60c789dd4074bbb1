"""PostgreSQL with PostGIS as a silo: read by COPY, in a transaction that can only read.

What lives here: connections, the catalogue, COPY as pieces of bytes, errors as ours. What does not: statements
(`statement`), what PostgreSQL can do of a chain (`postgres_steps`). Source: manual of PostgreSQL 15, COPY and 20.

INVARIANT: every statement runs in a session whose transactions read only, at the level of one snapshot and with a time
limit kept by the server. Whoever stops reading stops the statement there.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from connector.data.ports import Around, Setting
from connector.data.queries.model import Budget, Event, Kind, Pushed, Selection, Shape, Split, Work
from connector.data.silos import limits
from connector.data.silos.secrets import Secret
from connector.data.sources.sql import postgres_steps, splitting
from connector.data.sources.sql import settings as common
from connector.data.sources.sql.encryption import encryption
from connector.data.sources.sql.paging import Paging, pages_by
from connector.data.sources.sql.postgres_words import Postgres, is_tame, kind_of
from connector.data.sources.sql.quoting import identifier, literal
from connector.data.sources.sql.statement import Table, statement
from connector.data.sources.sql.values import Column
from connector.errors import SourceError
from connector.records import Silo
from policies.model import Reason
from policies.transforms.fields import is_field

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

_CONNECT_SECONDS: Final = 10
_SPARE: Final = 4
"""Sessions beside those of the questions that a silo answers at once: to describe it, and for what is read twice."""
_BETWEEN_SECONDS: Final = 60
"""How long a snapshot waits for the second time that it is read."""
_QUEUE: Final = 32
"""Pieces that wait for their reader, some 64 KiB each: a page that fits ends its transaction without him."""
_PIECE: Final = 1 << 20
_SESSION: Final = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "standard_conforming_strings": "on",
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "synchronize_seqscans": "off",
    "idle_in_transaction_session_timeout": "3600000",
    "application_name": "allmende",
}
_PAGED: Final = frozenset({"int2", "int4", "int8"})
_COLLECTIONS: Final = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
  AND has_any_column_privilege(c.oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname COLLATE "C" LIMIT 1000
"""
_COLUMNS: Final = """
SELECT a.attname::text AS name, COALESCE(b.typname, t.typname)::text AS type,
       a.attnotnull OR t.typnotnull AS filled,
       CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END AS modifier,
       array_position(i.indkey::int2[], a.attnum) AS place
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY a.attnum
"""
_POSTGIS: Final = """
SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'
"""
_MAY_WRITE: Final = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR has_schema_privilege($1, 'CREATE') OR EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'f', 'p')
    AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
FROM pg_roles WHERE rolname = current_user
"""
ABLE: Final = splitting.Able(
    Kind.TEXT,
    Kind.NUMBER,
    Kind.BOOLEAN,
    Kind.INSTANT,
    Kind.DATE,
    like=True,
    does=postgres_steps.does,
    within=True,
    asks_after=True,
)


_Key = tuple[bytes, Selection, Pushed]


class _Waiting(NamedTuple):
    """A transaction that was read in once and will be once more."""

    session: AsyncExitStack
    connection: Any
    timer: asyncio.TimerHandle


class PostgresReader:
    """Reads databases of PostgreSQL; see `connector.data.ports.Reader`."""

    kind = "postgres"
    settings: Sequence[Setting] = (
        *common.SERVER,
        Setting("schema", "schema of the tables (public)", "Schema der Tabellen (public)", example="public"),
        *common.COMMON,
    )

    def __init__(self, around: Around) -> None:
        self._around = around
        self._pools: dict[str, tuple[Silo, asyncpg.Pool]] = {}
        self._making = asyncio.Lock()
        self._waiting: dict[_Key, _Waiting] = {}
        self._ending: set[asyncio.Future[None]] = set()

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with the settings."""
        return common.check(silo.settings, self.settings)

    async def collections(self, silo: Silo) -> Sequence[str]:
        """Tables and views of the schema."""
        async with self._session(silo) as connection:
            return [row[0] for row in await connection.fetch(_COLLECTIONS, _schema(silo)) if is_field(row[0])]

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """Columns, primary key, time and place."""
        async with self._session(silo) as connection:
            table = await _table(connection, silo, selection.collection)
        return common.shape(table.columns, table.key, selection, silo.settings, snapshot=True)

    async def concerns(self, silo: Silo) -> Sequence[Reason]:
        """Says where the account may write."""
        async with self._session(silo) as connection:
            may_write = await connection.fetchval(_MAY_WRITE, _schema(silo))
        return (Reason("source.may_write"),) if may_write else ()

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Who does which part."""
        return splitting.split(shape, work, ABLE)

    async def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows; see `Reader.read`."""
        paging, rows = Paging(self._around.clock), -1  # the headings are none
        while paging.more:
            pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
            copying = asyncio.create_task(self._copy(silo, selection, shape, pushed, budget, pieces, paging))
            try:
                while (piece := await _next(pieces, copying, budget.idle)) is not None:
                    rows += piece.count(b"\n")
                    if rows > budget.rows:
                        raise SourceError("source.budget", of="rows")
                    for start in range(0, len(piece), _PIECE):
                        yield piece[start : start + _PIECE]
            finally:
                copying.cancel()
                await asyncio.gather(copying, return_exceptions=True)

    async def _copy(
        self,
        silo: Silo,
        selection: Selection,
        shape: Shape,
        pushed: Pushed,
        budget: Budget,
        pieces: asyncio.Queue[bytes | None],
        paging: Paging,
    ) -> None:
        last = b""

        async def put(piece: bytes) -> None:
            nonlocal last
            last = piece
            await pieces.put(piece)

        async with self._session_of(silo, selection, pushed) as connection:
            limit = common.seconds(silo.settings, budget.seconds)
            await connection.execute(f"SET LOCAL statement_timeout = {limit * 1000}")
            table = await _table(connection, silo, selection.collection)
            words = Postgres(common.zone(silo.settings), await _postgis(connection, table))
            page = paging.page(table, shape, pushed)
            made = statement(table, shape, pushed, words, literal, page)
            told = await connection.copy_from_query(made.sql, output=put, format="csv", header=paging.first)
        rows = int(told.rpartition(" ")[2])
        paging.ended(page, table, rows, _last(made.names, last) if page is not None and rows else {})
        await pieces.put(None)

    async def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Tables are not watched: no shape of them is live."""
        raise SourceError("source.broken", problem="it cannot be watched")
        yield

    async def close(self) -> None:
        """Ends all connections."""
        for waiting in self._waiting.values():
            waiting.timer.cancel()
            with suppress(SourceError):
                await waiting.session.aclose()
        self._waiting.clear()
        for _, pool in self._pools.values():
            pool.terminate()
        self._pools.clear()

    @asynccontextmanager
    async def _session(self, silo: Silo) -> AsyncIterator[Any]:
        """A connection in a transaction that reads one snapshot. Raises `SourceError`."""
        try:
            pool = await self._pool(silo)
            async with (
                pool.acquire(timeout=_CONNECT_SECONDS) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection
        except (OSError, ValueError, errors().InterfaceError, errors().PostgresError) as error:
            raise told(error) from None

    @asynccontextmanager
    async def _session_of(self, silo: Silo, selection: Selection, pushed: Pushed) -> AsyncIterator[Any]:
        """As `_session`; what is read twice is read in one transaction, which waits for the second time."""
        if not pushed.twice:
            async with self._session(silo) as connection:
                yield connection
            return
        key = (msgspec.json.encode(silo), selection, pushed)
        if (waiting := self._waiting.pop(key, None)) is not None:
            waiting.timer.cancel()
            async with waiting.session:
                yield waiting.connection
            return
        async with AsyncExitStack() as session:
            connection = await session.enter_async_context(self._session(silo))
            yield connection
            timer = asyncio.get_running_loop().call_later(_BETWEEN_SECONDS, self._forget, key)
            self._waiting[key] = _Waiting(session.pop_all(), connection, timer)

    def _forget(self, key: _Key) -> None:
        """Nobody has come a second time."""
        if (waiting := self._waiting.pop(key, None)) is not None:
            ending = asyncio.ensure_future(waiting.session.aclose())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _pool(self, silo: Silo) -> asyncpg.Pool:
        async with self._making:
            known = self._pools.get(silo.id)
            if known is not None and known[0] == silo:
                return known[1]
            if known is not None:
                known[1].terminate()
            pool = await _package().create_pool(
                min_size=0,
                max_size=limits.at_once(silo.settings) + _SPARE,
                server_settings=_SESSION,
                **_connecting(silo.settings, silo.settings, self._around.secret),
            )
            self._pools[silo.id] = (silo, pool)
            return pool


def _connecting(address: Mapping[str, Any], settings: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
    made = {
        "host": str(address["host"]),
        "port": int(address.get("port", 5432)),
        "database": str(address["database"]),
        "user": str(address["user"]),
        "ssl": encryption(common.sslmode(address), address.get("ca")),
        "timeout": _CONNECT_SECONDS,
        "statement_cache_size": 0,
    }
    if "password_file" in settings or "password_credential" in settings:
        made["password"] = lambda: secret(settings, "password")
    return made


async def connect(address: Mapping[str, Any], settings: Mapping[str, Any], secret: Secret, seconds: int) -> Any:
    """A connection by itself, that may write; each statement ends after so many seconds."""
    return await _package().connect(**_connecting(address, settings, secret), command_timeout=seconds)


def _last(names: Sequence[str], piece: bytes) -> dict[str, str]:
    """The last row of a piece; each row comes in a message of its own (manual, 55.7), so none is in two pieces."""
    *_, row = csv.reader(io.StringIO(piece.decode(), newline=""), strict=True)
    return dict(zip(names, row, strict=True))


async def _next(pieces: asyncio.Queue[bytes | None], copying: asyncio.Task[None], idle: float) -> bytes | None:
    """The next piece, None at the end; raises what the copying raised."""
    if pieces.empty() and not copying.done():
        getting = asyncio.create_task(pieces.get())
        try:
            await asyncio.wait({getting, copying}, timeout=idle, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
        finally:
            getting.cancel()
        if not copying.done():
            raise SourceError("source.slow")
    if not pieces.empty():
        return pieces.get_nowait()
    await copying
    return None


async def _table(connection: Any, silo: Silo, name: str) -> Table:
    """What the catalogue says of a table. Raises `SourceError` `source.drift` where there is none."""
    rows = await connection.fetch(_COLUMNS, _schema(silo), name)
    columns = tuple(_column(row) for row in rows if is_field(row["name"]))
    if not columns:
        raise SourceError("source.drift", field=name[:100])
    key = sorted((row["place"], row["name"], row["type"]) for row in rows if row["place"] is not None)
    place = f"{identifier(_schema(silo))}.{identifier(name)}"
    paged = pages_by([one for _, _, one in key], _PAGED)
    named = common.key(silo.settings, name, [one for _, one, _ in key], columns)
    return Table(place=place, columns=columns, key=named, paged=paged)


def _column(row: Any) -> Column:
    kind, modifier = kind_of(row["type"]), row["modifier"]
    precision = ((modifier - 4) >> 16) & 0xFFFF if row["type"] == "numeric" and modifier >= 4 else None
    # Source: PostGIS, liblwgeom.h, TYPMOD_GET_SRID.
    srid = ((modifier & 0x0FFFFF00) - (modifier & 0x10000000)) >> 8 if kind is Kind.GEOMETRY and modifier >= 0 else 0
    return Column(
        name=row["name"],
        type=row["type"],
        kind=kind,
        nullable=not row["filled"],
        exact=is_tame(row["type"], precision),
        srid=srid,
    )


async def _postgis(connection: Any, table: Table) -> str:
    """Where PostGIS' functions are, as far as they are needed."""
    if all(one.kind is not Kind.GEOMETRY for one in table.columns):
        return ""
    return str(await connection.fetchval(_POSTGIS) or "")


def _schema(silo: Silo) -> str:
    return str(silo.settings.get("schema", "public"))


def _package() -> Any:
    try:
        import asyncpg
    except ImportError:
        raise SourceError("source.package", package="allmende[postgres]") from None
    return asyncpg


def errors() -> Any:
    """What the client library raises. Raises `SourceError` `source.package`."""
    return _package().exceptions


def told(error: Exception) -> SourceError:
    """What a database said, without its words: they may hold values."""
    found = errors()
    match error:
        case found.UndefinedTableError() | found.UndefinedColumnError():
            return SourceError("source.drift", field=str(getattr(error, "column_name", "") or "")[:100])
        case found.InvalidAuthorizationSpecificationError() | found.InsufficientPrivilegeError():
            return SourceError("source.refused")
        case found.InvalidCatalogNameError():
            return SourceError("source.refused", problem="there is no such database")
        case found.QueryCanceledError() | TimeoutError():
            return SourceError("source.slow")
        case found.OperatorInterventionError() | found.PostgresConnectionError() | found.TooManyConnectionsError():
            return SourceError("source.unreachable")
        case found.PostgresError():
            return SourceError("source.broken", problem=f"SQLSTATE {error.sqlstate}")
    return SourceError("source.unreachable")
