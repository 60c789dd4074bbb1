"""Rows into tables of PostgreSQL, MariaDB and SQLite.

What lives here: three databases' words for `tables`, connections, and one batch in one transaction. What does not:
which statements a batch needs (`tables`), batches themselves (`connector.data.consuming.subscribing`).

MariaDB ends a transaction where a table is made; so tables and columns come first everywhere, and rows and position
together behind them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from connector.data.ports import Around, Batch, Setting
from connector.data.queries.model import Kind
from connector.data.sinks.tables import POSITIONS, Ask, Asking, Rows, Target, looking, writing
from connector.data.sources.sql import mariadb, mariadb_words, postgres, postgres_words, sqlite, sqlite_words
from connector.data.sources.sql import settings as common
from connector.data.sources.sql.quoting import identifier
from connector.errors import SourceError
from connector.ports import Fault, no_fault

_SECONDS: Final = 60
_TABLE: Final = (
    Setting("table", "The table to write to.", "Die Tabelle, in die geschrieben wird.", needed=True, example="air"),
    Setting("key", "Fields that tell rows apart; else rows are only added.", "Schlüsselfelder, sonst nur anfügen."),
)
_SERVER: Final = (
    Setting("url", "Where the database is.", "Wo die Datenbank ist.", needed=True, example="//me@db.local:5432/city"),
    Setting("schema", "Schema of the table (public).", "Schema der Tabelle (public).", example="public"),
    *(one for one in common.SERVER if one.name in ("password_file", "password_credential", "sslmode", "ca")),
)


def _target(settings: Mapping[str, Any]) -> Target:
    key = settings.get("key") or ()
    names = key.split(",") if isinstance(key, str) else key
    return Target(str(settings["table"]), tuple(str(one).strip() for one in names))


def _wrong(settings: Mapping[str, Any], known: Sequence[Setting]) -> list[str]:
    names = {one.name for one in known}
    wrong = [f"{name}: unknown setting" for name in sorted(settings.keys() - names)]
    wrong += [f"{one.name}: is needed" for one in known if one.needed and not settings.get(one.name)]
    if settings.get("sslmode", common.MODES[0]) not in common.MODES:
        wrong.append(f"sslmode: is none of {', '.join(common.MODES)}")
    if str(settings.get("table", "")).lower() == POSITIONS:
        wrong.append("table: positions are kept there")
    return wrong


def _address(settings: Mapping[str, Any], port: int) -> dict[str, Any]:
    """Settings of a server out of its URL. Raises `SourceError` `source.address`."""
    url = str(settings["url"])
    try:
        parts = urlsplit(url if "://" in url else f"sql:{url}")
        made = {"host": parts.hostname or "", "port": parts.port or port, "user": unquote(parts.username or "")}
    except ValueError:
        raise SourceError("source.address") from None
    database = unquote(parts.path.removeprefix("/"))
    if not made["host"] or not made["user"] or not database or parts.password is not None:
        raise SourceError("source.address")
    rest = {name: value for name, value in settings.items() if name in ("sslmode", "ca")}
    return {**made, "database": database, **rest}


def _on_server(settings: Mapping[str, Any], known: Sequence[Setting]) -> list[str]:
    wrong = _wrong(settings, known)
    if settings.get("url"):
        try:
            _address(settings, 1)
        except SourceError:
            wrong.append("url: is not USER@HOST/DATABASE, without a password")
    return wrong


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


class _PostgresWords:
    def __init__(self, schema: str) -> None:
        self._schema = schema
        self.positions = (
            f"CREATE TABLE IF NOT EXISTS {self.table(POSITIONS)} "
            "(subscription text PRIMARY KEY, number bigint NOT NULL, watermark text NOT NULL)"
        )

    def name(self, text: str) -> str:
        return identifier(text)

    def table(self, text: str) -> str:
        return f"{identifier(self._schema)}.{identifier(text)}"

    def mark(self, n: int, type_name: str = "") -> str:
        return f"CAST(${n}::text AS {type_name})" if type_name else f"${n}::text"

    def columns(self, table: str) -> Ask:
        sql = (
            "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = $1::text AND c.relname = $2::text AND a.attnum > 0 AND NOT a.attisdropped"
        )
        return Ask(sql, (self._schema, table))

    def kind(self, type_name: str) -> Kind:
        bare = type_name.partition("(")[0]
        return postgres_words.kind_of(_POSTGRES.get(bare, bare))

    def type(self, kind: Kind, is_key: bool) -> str:
        return {Kind.NUMBER: "numeric", Kind.BOOLEAN: "boolean"}.get(kind, "text")

    def upsert(self, table: str, columns: Sequence[str], marks: Sequence[str], key: Sequence[str]) -> str:
        return _on_conflict(table, columns, marks, key)

    def locked(self) -> str:
        return " FOR UPDATE"

    def first(self, insert: str) -> str:
        return f"{insert} ON CONFLICT DO NOTHING"


_POSTGRES: Final = {
    "bigint": "int8",
    "integer": "int4",
    "smallint": "int2",
    "boolean": "bool",
    "double precision": "float8",
    "real": "float4",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
}


def _on_conflict(table: str, columns: Sequence[str], marks: Sequence[str], key: Sequence[str]) -> str:
    changed = ", ".join(f"{one} = excluded.{one}" for one in columns if one not in key)
    then = f"DO UPDATE SET {changed}" if changed else "DO NOTHING"
    into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})"  # noqa: S608 - quoted
    return f"{into} ON CONFLICT ({', '.join(key)}) {then}"


class PostgresSink:
    """See `ports.Sink`."""

    kind = "postgres"
    at_least_once = False
    settings: Sequence[Setting] = (*_SERVER, *_TABLE)

    def __init__(self, around: Around, *, fault: Fault = no_fault) -> None:
        self._around, self._fault = around, fault

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        return _on_server(settings, self.settings)

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """As the port says."""
        words, found = _PostgresWords(str(settings.get("schema", "public"))), list[Batch]()
        await self._run(settings, looking(words, subscription, found))
        return found[0] if found else None

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says; a batch that is there already is left as it is."""
        words = _PostgresWords(str(settings.get("schema", "public")))
        await self._run(settings, writing(words, _target(settings), subscription, batch))

    async def close(self) -> None:
        """As the port says; nothing is open."""

    async def _run(self, settings: Mapping[str, Any], asking: Asking) -> None:
        errors, address = postgres.errors(), _address(settings, 5432)
        try:
            connection = await postgres.connect(address, settings, self._around.secret, _SECONDS)
            try:
                await self._all(connection, asking)
            finally:
                connection.terminate()
        except (OSError, ValueError, errors.InterfaceError, errors.PostgresError) as error:
            raise postgres.told(error) from None

    async def _all(self, connection: Any, asking: Asking) -> None:
        found: Rows | None = None
        while (asked := _following(asking, found)) is not None:
            found = []
            if asked.begins:
                await connection.execute("BEGIN")
            elif asked.ends:
                self._fault("sink.rows")
                await connection.execute("COMMIT")
                self._fault("sink.kept")
            elif asked.every:
                await connection.executemany(asked.sql, [tuple(map(_text, one)) for one in asked.every])
            else:
                found = await connection.fetch(asked.sql, *map(_text, asked.values))


def _text(value: Any) -> str | None:
    """A value as a text that PostgreSQL reads as the column's type."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _following(asking: Asking, found: Rows | None) -> Ask | None:
    """What is asked next, None at the end."""
    try:
        return next(asking) if found is None else asking.send(found)
    except StopIteration:
        return None


def _all(execute: Any, many: Any, asking: Asking, fault: Fault, begin: str) -> None:
    """Everything that is asked, of a client that blocks."""
    found: Rows | None = None
    while (asked := _following(asking, found)) is not None:
        found = []
        if asked.begins:
            execute(begin, ())
        elif asked.ends:
            fault("sink.rows")
            execute("COMMIT", ())
            fault("sink.kept")
        elif asked.every:
            many(asked.sql, asked.every)
        else:
            found = execute(asked.sql, asked.values)


# --- MariaDB ----------------------------------------------------------------------------------------------------------


class _MariadbWords:
    positions = (
        f"CREATE TABLE IF NOT EXISTS `{POSITIONS}` (subscription varchar(190) COLLATE utf8mb4_bin PRIMARY KEY, "
        "number bigint NOT NULL, watermark longtext NOT NULL) CHARACTER SET utf8mb4 ENGINE InnoDB"
    )

    def name(self, text: str) -> str:
        return identifier(text, "`").replace("%", "%%")

    def table(self, text: str) -> str:
        return self.name(text)

    def mark(self, n: int, type_name: str = "") -> str:
        return "%s"

    def columns(self, table: str) -> Ask:
        where = "WHERE table_schema = DATABASE() AND BINARY table_name = BINARY %s"
        return Ask(f"SELECT column_name, column_type FROM information_schema.columns {where}", (table,))  # noqa: S608

    def kind(self, type_name: str) -> Kind:
        return mariadb_words.kind_of(type_name.partition("(")[0].partition(" ")[0].lower(), type_name)

    def type(self, kind: Kind, is_key: bool) -> str:
        if kind is Kind.TEXT:
            return f"{'varchar(190)' if is_key else 'longtext'} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        return {Kind.NUMBER: "double", Kind.BOOLEAN: "tinyint(1)"}[kind]

    def upsert(self, table: str, columns: Sequence[str], marks: Sequence[str], key: Sequence[str]) -> str:
        changed = ", ".join(f"{one} = VALUES({one})" for one in columns if one not in key) or f"{key[0]} = {key[0]}"
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})"  # noqa: S608 - quoted
        return f"{into} ON DUPLICATE KEY UPDATE {changed}"

    def locked(self) -> str:
        return " FOR UPDATE"

    def first(self, insert: str) -> str:
        return insert.replace("INSERT", "INSERT IGNORE", 1)


class MariadbSink:
    """See `ports.Sink`."""

    kind = "mariadb"
    at_least_once = False
    settings: Sequence[Setting] = (*(one for one in _SERVER if one.name != "schema"), *_TABLE)

    def __init__(self, around: Around, *, fault: Fault = no_fault) -> None:
        self._around, self._fault = around, fault

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        return _on_server(settings, self.settings)

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """As the port says."""
        words, found = _MariadbWords(), list[Batch]()
        await asyncio.to_thread(self._run, settings, looking(words, subscription, found))
        return found[0] if found else None

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says; a batch that is there already is left as it is."""
        asking = writing(_MariadbWords(), _target(settings), subscription, batch)
        await asyncio.to_thread(self._run, settings, asking)

    async def close(self) -> None:
        """As the port says; nothing is open."""

    def _run(self, settings: Mapping[str, Any], asking: Asking) -> None:
        pymysql, address = mariadb.package(), _address(settings, 3306)
        try:
            with (
                closing(mariadb.connect(address, settings, self._around.secret, _SECONDS)) as connection,
                connection.cursor() as cursor,
            ):

                def execute(sql: str, values: Sequence[Any]) -> Rows:
                    cursor.execute(sql, tuple(values))
                    found: Rows = cursor.fetchall()
                    return found

                _all(execute, cursor.executemany, asking, self._fault, "START TRANSACTION")
        except (OSError, ValueError, pymysql.err.Error) as error:
            raise mariadb.told(error) from None


# --- SQLite -----------------------------------------------------------------------------------------------------------


class _SqliteWords:
    positions = (
        f'CREATE TABLE IF NOT EXISTS "{POSITIONS}" '
        "(subscription TEXT PRIMARY KEY, number INTEGER NOT NULL, watermark TEXT NOT NULL)"
    )

    def name(self, text: str) -> str:
        return identifier(text)

    def table(self, text: str) -> str:
        return identifier(text)

    def mark(self, n: int, type_name: str = "") -> str:
        return "?"

    def columns(self, table: str) -> Ask:
        return Ask("SELECT name, type FROM pragma_table_xinfo(?)", (table,))

    def kind(self, type_name: str) -> Kind:
        return sqlite_words.kind_of(type_name)

    def type(self, kind: Kind, is_key: bool) -> str:
        return {Kind.NUMBER: "NUMERIC", Kind.BOOLEAN: "BOOLEAN"}.get(kind, "TEXT")

    def upsert(self, table: str, columns: Sequence[str], marks: Sequence[str], key: Sequence[str]) -> str:
        return _on_conflict(table, columns, marks, key)

    def locked(self) -> str:
        return ""

    def first(self, insert: str) -> str:
        return f"{insert} ON CONFLICT DO NOTHING"


class SqliteSink:
    """See `ports.Sink`."""

    kind = "sqlite"
    at_least_once = False
    settings: Sequence[Setting] = (
        Setting("path", "The file of the database.", "Die Datei der Datenbank.", needed=True, example="/srv/air.db"),
        *_TABLE,
    )

    def __init__(self, around: Around, *, fault: Fault = no_fault) -> None:
        self._closed, self._fault = around.closed, fault

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        wrong, path = _wrong(settings, self.settings), Path(str(settings.get("path") or "."))
        if not path.is_absolute():
            wrong.append("path: the path must be absolute")
        elif any(path.resolve().is_relative_to(one.resolve()) for one in self._closed):
            wrong.append("path: this folder is the node's own")
        return wrong

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """As the port says."""
        words, found = _SqliteWords(), list[Batch]()
        await asyncio.to_thread(self._run, settings, looking(words, subscription, found))
        return found[0] if found else None

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says; a batch that is there already is left as it is."""
        asking = writing(_SqliteWords(), _target(settings), subscription, batch)
        await asyncio.to_thread(self._run, settings, asking)

    async def close(self) -> None:
        """As the port says; nothing is open."""

    def _run(self, settings: Mapping[str, Any], asking: Asking) -> None:
        if wrong := self.check(settings):
            raise SourceError("source.refused", problem=wrong[0])
        with sqlite.telling(), closing(sqlite3.connect(str(settings["path"]), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            _all(lambda sql, values: connection.execute(sql, values).fetchall(), connection.executemany, asking,
                 self._fault, "BEGIN IMMEDIATE")  # fmt: skip
