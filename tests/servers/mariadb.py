"""MariaDB, and its own record of every statement it was asked.

Accounts: `root` (through the socket), `city` (may write, password `CITY`), `reader` (may only read, password `READER`).
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.servers.keeping import as_user, found, free_port, need, process, until

USER: Final = "mysql"
CITY: Final = "city-secret"
READER: Final = "reader-secret"
LET_GO: Final = 10
"""Seconds within which whoever reads in a database has let go of it when its test is over."""

_ACCOUNTS: Final = f"""
CREATE USER city@'%' IDENTIFIED BY '{CITY}';
CREATE USER reader@'%' IDENTIFIED BY '{READER}';
GRANT ALL ON *.* TO city@'%';
GRANT SELECT ON *.* TO reader@'%';
"""
_ENTRY: Final = re.compile(r"^(?:\d{6} +\d+:\d\d:\d\d)?\t+ *(\d+) (Connect|Query|Execute|Prepare|Init DB|Quit)\t?(.*)$")


class MariaDB(Struct, frozen=True):
    """A running server."""

    port: int
    socket: str
    log: str
    host: str = "127.0.0.1"

    def execute(self, sql: str, database: str = "") -> str:
        """Do this as root, through the socket; what the client prints, a row a line, fields apart by tabs."""
        command = [str(found("mariadb")), "--no-defaults", f"--socket={self.socket}", "-uroot", "-N", "-B"]
        done = subprocess.run(
            [*command, *([database] if database else [])], input=sql, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def database(self, name: str) -> Iterator[Schema]:
        """A fresh database, gone at the end."""
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        try:
            yield Schema(self, name)
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        """What still reads in it is ended, and said: it would be waited for, without an end. Raises `RuntimeError`."""
        drop = f"SET lock_wait_timeout = {LET_GO}; DROP DATABASE `{name}`"
        try:
            self.execute(drop)
        except RuntimeError:
            for one in self.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'").split():
                with contextlib.suppress(RuntimeError):
                    self.execute(f"KILL {one}")
            self.execute(drop)
            raise


class Schema(Struct, frozen=True):
    """A database of its own for one test."""

    server: MariaDB
    name: str

    @property
    def city_url(self) -> str:
        """As `city`, who may write."""
        return f"mysql://city:{CITY}@{self.server.host}:{self.server.port}/{self.name}"

    @property
    def reader_url(self) -> str:
        """As `reader`, who may only read."""
        return f"mysql://reader:{READER}@{self.server.host}:{self.server.port}/{self.name}"

    def execute(self, sql: str) -> str:
        """Do this as root."""
        return self.server.execute(sql, self.name)

    def statements(self, user: str = "reader") -> list[str]:
        """What this user has asked in this database until now, in order (its record is written before it answers)."""
        mine: set[str] = set()
        said: list[str] = []
        for line in Path(self.server.log).read_text(encoding="utf-8", errors="replace").splitlines():
            entry = _ENTRY.match(line)
            if entry is None:
                said[-1:] = [f"{said[-1]}\n{line}"] if said else []
                continue
            number, what, text = entry.groups()
            if what == "Connect":
                (mine.add if text.startswith(f"{user}@") and f" on {self.name}" in text else mine.discard)(number)
            elif number in mine and what in ("Query", "Execute"):
                said.append(text)
        return said


@contextlib.contextmanager
def running(folder: Path, _common: Path) -> Iterator[dict[str, Any]]:
    """Start it."""
    data, port, log = folder / "data", free_port(), folder / "server.log"
    install = [str(found("mariadb-install-db")), "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    install += ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
    subprocess.run(as_user(USER, install), check=True, cwd=folder, stdout=subprocess.DEVNULL)
    folder.chmod(0o755)
    server = MariaDB(port, str(folder / "socket"), str(folder / "statements.log"))
    with process(as_user(USER, _command(server, data, folder)), log, signal.SIGTERM, cwd=folder) as started:
        until(lambda: _answers(server), started, log)
        server.execute(_ACCOUNTS)
        yield {one: getattr(server, one) for one in server.__struct_fields__}


def _command(server: MariaDB, data: Path, folder: Path) -> list[str]:
    return [
        str(found("mariadbd")),
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={server.socket}",
        f"--port={server.port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=32M",
        "--general-log=1",
        f"--general-log-file={server.log}",
        f"--pid-file={folder / 'pid'}",
    ]


def _answers(server: MariaDB) -> bool:
    try:
        return server.execute("SELECT 1") == "1\n"
    except RuntimeError:
        return False


def required() -> None:
    """Skip where it is not installed."""
    need("mariadbd", "mariadb-server")
    need("mariadb-install-db", "mariadb-server")
    need("mariadb", "mariadb-client")
