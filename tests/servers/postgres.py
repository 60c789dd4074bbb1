"""PostgreSQL with PostGIS, and its own record of every statement it was asked.

Roles: `postgres` (trusted), `city` (may write, password `CITY`), `reader` (may only read, password `READER`).
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from tests.servers.keeping import PATIENCE, as_user, found, free_port, need, process, until

USER: Final = "postgres"
CITY: Final = "city-secret"
READER: Final = "reader-secret"
TEMPLATE: Final = "with_postgis"

_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_destination = 'jsonlog'
log_directory = '../log'
log_filename = 'statements.log'
log_file_mode = 0644
log_rotation_age = 0
log_rotation_size = 0
log_statement = 'all'
log_min_messages = 'log'
log_connections = on
"""
_ACCESS: Final = """
local all all trust
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""
_ROLES: Final = f"""
SET log_statement = 'none';
CREATE ROLE city LOGIN PASSWORD '{CITY}';
CREATE ROLE reader LOGIN PASSWORD '{READER}';
GRANT pg_read_all_data TO reader;
ALTER ROLE reader SET default_transaction_read_only = on;
CREATE DATABASE {TEMPLATE};
\\c {TEMPLATE}
CREATE EXTENSION postgis;
GRANT ALL ON SCHEMA public TO city;
"""


class Statement(Struct, frozen=True):
    """One line of the server's record. `text` is the statement, `detail` its parameters (`parameters: $1 = '...'`)."""

    text: str
    detail: str
    user: str
    database: str


class Postgres(Struct, frozen=True):
    """A running server."""

    port: int
    socket: str
    log: str
    programs: str
    host: str = "127.0.0.1"

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """Where a client finds it, over TCP."""
        return f"postgresql://{user}{':' + password if password else ''}@{self.host}:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres", user: str = "postgres") -> str:
        """Do this, through the socket; what psql prints, a row a line, fields apart by `|`."""
        command = [f"{self.programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-p", str(self.port)]
        done = subprocess.run(
            [*command, "-U", user, "-d", database], input=sql, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def database(self, name: str) -> Iterator[Database]:
        """A fresh database with PostGIS, gone at the end whoever is still connected."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER city')
        try:
            yield Database(self, name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def statements(self, database: str) -> list[Statement]:
        """All that the server was asked in a database until now, in order, by whomever."""
        mark = f"mark {time.monotonic_ns()}"
        self.execute(f"SELECT '{mark}'", database)
        last = time.monotonic() + PATIENCE
        while mark not in (written := Path(self.log).read_text(encoding="utf-8")):
            assert time.monotonic() < last, "the statement log stands still"
            time.sleep(0.005)
        whole = written[: written.rfind("\n")]  # another session may be in the middle of a line
        lines = (msgspec.json.decode(line) for line in whole.split("\n") if line)
        return [_statement(line) for line in lines if line.get("dbname") == database and _is_statement(line, mark)]


def _is_statement(line: dict[str, Any], mark: str) -> bool:
    message = line.get("message", "")
    return message.startswith(("statement: ", "execute ")) and mark not in message


def _statement(line: dict[str, Any]) -> Statement:
    return Statement(line["message"].partition(": ")[2], line.get("detail", ""), line.get("user", ""), line["dbname"])


class Database(Struct, frozen=True):
    """A database of its own for one test."""

    server: Postgres
    name: str

    @property
    def url(self) -> str:
        """As `postgres`, without a password."""
        return self.server.url(self.name)

    @property
    def city_url(self) -> str:
        """As `city`, who owns it, with the password."""
        return self.server.url(self.name, "city", CITY)

    @property
    def reader_url(self) -> str:
        """As `reader`, who may only read, with the password."""
        return self.server.url(self.name, "reader", READER)

    def execute(self, sql: str, user: str = "city") -> str:
        """Do this as the owner."""
        return self.server.execute(sql, self.name, user)

    def statements(self, user: str = "reader") -> list[Statement]:
        """What this user has asked here until now ("": whoever)."""
        return [one for one in self.server.statements(self.name) if user in ("", one.user)]


def programs() -> Path | None:
    """Where the newest server's programs are."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if debian:
        return debian[-1].parent
    return None if (plain := found("initdb")) is None else Path(plain).parent


@contextlib.contextmanager
def running(folder: Path, _common: Path) -> Iterator[dict[str, Any]]:
    """Start it."""
    where, data, port, log = programs(), folder / "data", free_port(), folder / "server.log"
    assert where is not None
    initdb = [f"{where}/initdb", "-D", str(data), "-U", "postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(as_user(USER, [*initdb, "--auth=trust"]), check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (data / "postgresql.auto.conf").write_text(_SETTINGS)
    (data / "pg_hba.conf").write_text(_ACCESS)
    folder.chmod(0o755)
    command = [f"{where}/postgres", "-D", str(data), "-p", str(port), "-k", str(folder)]
    server = Postgres(port, str(folder), str(folder / "log" / "statements.json"), str(where))
    with process(as_user(USER, command, "INT"), log, signal.SIGINT, cwd=folder) as started:
        until(lambda: _answers(server), started, log)
        server.execute(_ROLES)
        yield {one: getattr(server, one) for one in server.__struct_fields__}


def _answers(server: Postgres) -> bool:
    try:
        return server.execute("SELECT 1") == "1\n"
    except RuntimeError:
        return False


def required() -> None:
    """Skip where it is not installed."""
    if programs() is None:
        need("postgres", "postgresql")
    if not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        need("postgis", "postgresql-postgis")
